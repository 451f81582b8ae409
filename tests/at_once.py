"""Doing things at the same moment, in threads of their own."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")
# Long before pytest's own limit, which can't end a wait for threads that wait for each other.
_SECONDS = 20


def at_once(deeds: Iterable[Callable[[], _T]]) -> list[_T]:
    """Do all of it at the same moment; return what came of each.

    Raises:
        TimeoutError: they wait for each other.
        Exception: what the first of them raised.
    """
    waiting = [(deed, Future[_T]()) for deed in deeds]
    barrier = threading.Barrier(len(waiting))

    def do(deed: Callable[[], _T], result: Future[_T]) -> None:
        try:
            barrier.wait(_SECONDS)
            result.set_result(deed())
        except Exception as error:
            result.set_exception(error)

    for deed, result in waiting:
        threading.Thread(target=do, args=[deed, result], daemon=True).start()
    return [result.result(_SECONDS) for _, result in waiting]
