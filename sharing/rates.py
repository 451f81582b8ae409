"""Rates: how often something may be done over all replicas, and when its turn comes.

Pure. A rate is spent up to a moment, which is all that has to be stored of it; every use moves that on by one interval.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Rate:
    """Once in `every`, and `burst` times at once after a rest."""

    every: timedelta
    burst: int

    def turn(self, spent_until: datetime, now: datetime) -> datetime:
        """Return when the next use has its turn, not before `now`."""
        return max(now, spent_until - (self.burst - 1) * self.every)

    def spend(self, spent_until: datetime, now: datetime) -> datetime:
        """Return until when the rate is spent with one more use, whether that had its turn or not."""
        return max(now, spent_until) + self.every
