"""Ends: for how long the good end of a share waits for others, so that whoever hears of both hears of them at once.

Pure.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sharing.requests import Request
from sharing.states import RequestState, is_final

UNDER_WAY = (RequestState.APPROVED, RequestState.APPLYING, RequestState.COPYING)
"""The states in which the end of a share may be near."""


def waits_until(ended: Request, under_way: Iterable[Request], window: timedelta, now: datetime) -> datetime | None:
    """Return until when the end of a share waits for that of any `under_way`; None if there is nothing to wait for.

    It waits no longer than `window`; and not once it is being taken back, which would be told before it.
    """
    until = ended.state_since + window
    if ended.state is not RequestState.COMPLETED or until <= now:
        return None
    return until if any(_may_end_by(until, share, now) for share in under_way) else None


def _may_end_by(time: datetime, share: Request, now: datetime) -> bool:
    running = [each for each in share.deliveries if not is_final(each.state)]
    return all(now + timedelta(minutes=each.minutes_left or 0) <= time for each in running)
