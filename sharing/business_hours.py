"""Business hours: when people are at work, and when a span of that time will have passed.

Pure. Working days are in local time and spans in real time, so that a day on which the clocks change counts as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class BusinessHours:
    """From `opens` to `closes`, that moment left out, on the weekdays `days` (0 is Monday), in the time of `zone`."""

    days: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(18)
    zone: ZoneInfo = _UTC

    def are_open(self, at: datetime) -> bool:
        """Whether people are at work at that moment."""
        return any(start <= at < end for start, end in self._from(at, stop=at))

    def after(self, start: datetime, span: timedelta) -> datetime:
        """Return the first moment of business, not before `start`, by which `span` of it has passed since; in UTC."""
        left = span
        for opens, closes in self._from(start):
            begin = max(opens, start)
            if begin + left < closes:
                return begin + left
            left -= closes - begin
        raise AssertionError("days never end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much business time lies between two moments; nothing if `end` isn't the later one."""
        spans = (min(closes, end) - max(opens, start) for opens, closes in self._from(start, stop=end))
        return sum((span for span in spans if span > timedelta(0)), timedelta(0))

    def _from(self, start: datetime, stop: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """The business days that end after `start`, and begin no later than `stop` if there is one; in UTC."""
        first = start.astimezone(self.zone).date()
        for number in count():
            opens, closes = self._on(first + timedelta(days=number))
            if stop is not None and opens > stop:
                return
            if opens.astimezone(self.zone).weekday() in self.days and start < closes and opens < closes:
                yield opens, closes

    def _on(self, day: date) -> tuple[datetime, datetime]:
        opens, closes = (datetime.combine(day, each, self.zone).astimezone(UTC) for each in (self.opens, self.closes))
        return opens, closes
