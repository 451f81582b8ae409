"""Doing things at the same moment, in threads of their own."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def at_once(deeds: Iterable[Callable[[], _T]]) -> list[_T]:
    """Do all of it at the same moment; return what came of each, or raise what the first of them raised."""
    waiting = list(deeds)
    barrier = threading.Barrier(len(waiting))

    def do(deed: Callable[[], _T]) -> _T:
        barrier.wait(timeout=20)
        return deed()

    with ThreadPoolExecutor(len(waiting)) as hands:
        return list(hands.map(do, waiting))
