"""Pace: many calls in a row, no faster than AWS takes them.

EC2 counts the calls of everybody in an account and region together: of those that only read, 100 at once and 20 more
each second (EC2 API reference, "Request throttling"). Whoever takes them all is in the way of the others there.
"""

import threading
import time
from collections.abc import Callable


class Pace:
    """Lets some calls through at once, and then one after the other; for any number of threads.

    Args:
        burst: how many may go at once, after a rest.
        per_second: how many may go after that.
        clock: seconds that never go back.
        wait: is given the seconds to wait.
    """

    def __init__(
        self,
        burst: int,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._step = 1 / per_second
        self._credit = burst * self._step
        self._clock, self._wait = clock, wait
        self._lock = threading.Lock()
        self._last = clock() - self._credit

    def take_turn(self) -> None:
        """Wait until the next call may go."""
        with self._lock:
            now = self._clock()
            self._last = max(self._last, now - self._credit) + self._step
            seconds = self._last - now
        if seconds > 0:
            self._wait(seconds)
