"""Patience: the bot's own process keeps the wall's time, so its deeds are waited for."""

import time
from collections.abc import Callable

from playground.neighbourhood import Neighbourhood

_SECONDS = 60


def until(happened: Callable[[], bool], here: Neighbourhood) -> None:
    """Wait until it has happened; what the bot logged is shown if it doesn't."""
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline, here.log.read_text()
        time.sleep(0.02)
