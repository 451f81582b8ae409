"""Rate limits: so many calls a minute for each method, and one message a second for each channel.

docs.slack.dev/apis/web-api/rate-limits. Tiers say "at least so many"; the least is what is kept here.
"""

from collections import defaultdict, deque
from datetime import datetime, timedelta

_A_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)


class Rates:
    """What was called when."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[datetime]] = defaultdict(deque)
        self._posted: dict[str, datetime] = {}

    def wait_for(self, method: str, tier: int, channel: str | None, now: datetime) -> int:
        """Return the whole seconds after which the call may be made again; 0 if it may be made now, and is."""
        calls = self._calls[method]
        while calls and now - calls[0] >= _MINUTE:
            calls.popleft()
        if len(calls) >= _A_MINUTE[tier]:
            return int((calls[0] + _MINUTE - now).total_seconds()) + 1
        if method == "chat.postMessage" and channel is not None:
            if now - self._posted.get(channel, now - _SECOND) < _SECOND:
                return 1
            self._posted[channel] = now
        calls.append(now)
        return 0
