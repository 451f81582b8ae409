"""When a request needs the worker next: derived from its state, so that no wake-up can be lost."""

from datetime import datetime

from sharing.requests import Request
from sharing.states import DeliveryState, RequestState, is_final

_AT_ONCE = frozenset({RequestState.CHECKING, RequestState.APPROVED, RequestState.PREPARING, RequestState.APPLYING})

_AT_REST = frozenset({RequestState.COMPLETED, RequestState.FAILED})


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
    if request.state in _AT_REST and request.begun_at is not None and request.ended_by is None:
        return request.ends_at
    return None
