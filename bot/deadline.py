"""Deadlines: by when all of it must be over, however much is waited for on the way."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Deadline:
    """A moment of `time.monotonic`."""

    at: float

    @classmethod
    def within(cls, seconds: float) -> Self:
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """How many seconds are left; 0 once it is over."""
        return max(0.0, self.at - time.monotonic())

    def meet(self, do: Callable[[], object]) -> bool:
        """Do it, and say whether it was done in time; what wasn't is left behind, in a thread of its own."""
        thread = threading.Thread(target=do, daemon=True)
        thread.start()
        thread.join(self.left)
        return not thread.is_alive()
