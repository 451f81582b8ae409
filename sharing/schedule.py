"""When a request needs the worker next: derived from its state, so that no wake-up can be lost."""

from datetime import datetime, timedelta

from aws_ops.request import Mode
from sharing.requests import Request
from sharing.states import DeliveryState, RequestState, is_final

_AT_ONCE = frozenset({RequestState.CHECKING, RequestState.APPROVED, RequestState.PREPARING, RequestState.APPLYING})

_AT_REST = frozenset({RequestState.COMPLETED, RequestState.FAILED})

# What stands in the way of an end is most often a right that somebody has to mend.
_END_AGAIN_AFTER = timedelta(days=1)


def next_due(request: Request, now: datetime) -> datetime | None:
    """Return when the worker is to look at `request` next, or None if only somebody else can move it on."""
    if request.state in _AT_ONCE:
        return now
    if request.state is RequestState.AWAITING_APPROVAL:
        return request.expires_at
    if request.state is RequestState.COPYING:
        if all(is_final(delivery.state) for delivery in request.deliveries):
            return now
        waiting = [d.due_at or now for d in request.deliveries if d.state is DeliveryState.WAITING]
        return min(waiting, default=None)
    if request.state in _AT_REST and request.begun_at is not None:
        return _next_end(request)
    return None


def _next_end(share: Request) -> datetime | None:
    """Return when a share is to be taken back as was approved with it: again and again, while that doesn't work out."""
    if share.ended_by is None:
        return share.ends_at
    again = share.state_since + _END_AGAIN_AFTER
    if share.mode is Mode.COPY_THEN_UNSHARE:
        return again
    # Somebody may have asked for it earlier, which failed.
    return again if share.ends_at is not None and share.ends_at <= share.state_since else share.ends_at
