"""The states of a request and of its deliveries, and the ways between them. A way that isn't here is no way."""

from enum import StrEnum


class RequestState(StrEnum):
    """Where a request stands."""

    CHECKING = "checking"
    REFUSED = "refused"
    AWAITING_APPROVAL = "awaiting_approval"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    APPROVED = "approved"
    PREPARING = "preparing"
    APPLYING = "applying"
    COPYING = "copying"
    COMPLETED = "completed"
    FAILED = "failed"
    REVOKING = "revoking"
    REVOKED = "revoked"


class DeliveryState(StrEnum):
    """Where the delivery to one account and region stands."""

    WAITING = "waiting"
    COPYING = "copying"
    CLEARING = "clearing"
    COMPLETED = "completed"
    FAILED = "failed"
    RETIRED = "retired"


_S = RequestState
_D = DeliveryState

_REQUEST_WAYS: dict[RequestState, frozenset[RequestState]] = {
    # Straight to approved: what an approval has provided for, as the end of a share by its date, is not asked again.
    # Straight to completed: an audit that finds nothing to put right.
    _S.CHECKING: frozenset({_S.REFUSED, _S.AWAITING_APPROVAL, _S.APPROVED, _S.COMPLETED, _S.FAILED, _S.CANCELLED}),
    # Back to checking when an approver has narrowed it: it is planned anew, and asked for anew.
    _S.AWAITING_APPROVAL: frozenset({_S.CHECKING, _S.APPROVED, _S.DENIED, _S.EXPIRED, _S.CANCELLED, _S.FAILED}),
    # Back to the approvers when AWS has changed so that the plan would grant more than they saw.
    _S.APPROVED: frozenset({_S.PREPARING, _S.APPLYING, _S.AWAITING_APPROVAL, _S.REFUSED, _S.FAILED}),
    # Images are re-encrypted in their own account first; then everything is looked at once more.
    _S.PREPARING: frozenset({_S.APPROVED, _S.FAILED}),
    _S.APPLYING: frozenset({_S.COPYING, _S.COMPLETED, _S.FAILED}),
    _S.COPYING: frozenset({_S.COMPLETED, _S.FAILED}),
    # What a share gave is taken back by another request; if that fails, the share is what it was. Back to applying when
    # somebody has failed copies tried again: the same plan, permissions first.
    _S.COMPLETED: frozenset({_S.REVOKING, _S.APPLYING}),
    _S.FAILED: frozenset({_S.REVOKING, _S.APPLYING}),
    _S.REVOKING: frozenset({_S.REVOKED, _S.COMPLETED, _S.FAILED}),
    **{end: frozenset() for end in (_S.REFUSED, _S.DENIED, _S.EXPIRED, _S.CANCELLED, _S.REVOKED)},
}

_DELIVERY_WAYS: dict[DeliveryState, frozenset[DeliveryState]] = {
    _D.WAITING: frozenset({_D.COPYING, _D.COMPLETED, _D.FAILED}),
    _D.COPYING: frozenset({_D.COMPLETED, _D.CLEARING, _D.FAILED}),
    # Back to waiting for the one second try of a copy that failed because its key had only just been opened.
    _D.CLEARING: frozenset({_D.WAITING, _D.FAILED}),
    # Its copy was deregistered, once that was approved.
    _D.COMPLETED: frozenset({_D.RETIRED}),
    # Back to waiting when somebody has it tried again.
    _D.FAILED: frozenset({_D.WAITING}),
    _D.RETIRED: frozenset(),
}


class IllegalTransition(Exception):
    """A request or delivery was to go a way that isn't in the table; always a mistake of the program."""

    def __init__(self, current: RequestState | DeliveryState, to: RequestState | DeliveryState) -> None:
        super().__init__(f"there is no way from {current.value} to {to.value}")


def check_request_way(current: RequestState, to: RequestState) -> None:
    """Raise `IllegalTransition` unless a request may go from `current` to `to`."""
    if to not in _REQUEST_WAYS[current]:
        raise IllegalTransition(current, to)


def check_delivery_way(current: DeliveryState, to: DeliveryState) -> None:
    """Raise `IllegalTransition` unless a delivery may go from `current` to `to`."""
    if to not in _DELIVERY_WAYS[current]:
        raise IllegalTransition(current, to)


def is_final(state: RequestState | DeliveryState) -> bool:
    """Whether nothing more happens by itself; a share that has ended well or badly can still be taken back."""
    if isinstance(state, DeliveryState):
        return state in _DELIVERY_ENDS
    return state in _ENDS


_DELIVERY_ENDS = frozenset({_D.COMPLETED, _D.FAILED, _D.RETIRED})
_ENDS = frozenset({_S.REFUSED, _S.DENIED, _S.EXPIRED, _S.CANCELLED, _S.COMPLETED, _S.FAILED, _S.REVOKED})
