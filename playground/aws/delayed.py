"""Values that take effect some time after they were written: AWS is eventually consistent.

KMS: "typically less than a few seconds ... in some cases several minutes" (KMS developer guide, "Testing your
permissions"); EC2 says the same of its API (EC2 API reference, "Eventual consistency").
"""

from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Delayed(Generic[T]):
    """A value with a past: `latest` is what was written last, `at(moment)` what AWS acts upon then."""

    def __init__(self, value: T) -> None:
        self._written: list[tuple[datetime, T]] = [(_BEGINNING, value)]

    @property
    def latest(self) -> T:
        return self._written[-1][1]

    def at(self, moment: datetime) -> T:
        return next(value for since, value in reversed(self._written) if since <= moment)

    def write(self, value: T, now: datetime, delay: timedelta = timedelta(0)) -> None:
        """Let `value` take effect `delay` after `now`, and forget what no moment from now on can see."""
        current = self.at(now)
        waiting = [(since, old) for since, old in self._written if since > now]
        self._written = [(_BEGINNING, current), *waiting, (now + delay, value)]
