"""Clocks to inject: one that stands still until a test moves it, one that runs faster than the wall's.

A clock is anything that answers the time now, in UTC, when called: `Callable[[], datetime]`.
"""

import time
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still; only `advance` moves it."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        if by < timedelta(0):
            raise ValueError("a clock does not go back")
        self._now += by


class SpeedClock:
    """Starts at the wall's time and runs `speed` times as fast."""

    def __init__(self, speed: float) -> None:
        self._start = datetime.now(UTC)
        self._started = time.monotonic()
        self._speed = speed

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._started) * self._speed)
