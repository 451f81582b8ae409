"""States: only the ways in the table are taken, and every state can be left or is an end."""

import pytest

from sharing.states import (
    DeliveryState,
    IllegalTransition,
    RequestState,
    check_delivery_way,
    check_request_way,
    is_final,
)

DEAD_ENDS = {
    RequestState.REFUSED,
    RequestState.DENIED,
    RequestState.EXPIRED,
    RequestState.CANCELLED,
    RequestState.REVOKED,
}
ENDS = DEAD_ENDS | {RequestState.COMPLETED, RequestState.FAILED}


@pytest.mark.parametrize("state", RequestState)
def test_ends_are_ends(state: RequestState) -> None:
    assert is_final(state) == (state in ENDS)


@pytest.mark.parametrize("state", RequestState)
def test_nothing_is_applied_that_was_not_approved(state: RequestState) -> None:
    # What has ended was approved before: `retrying.py` sees to it, since one may also fail before anybody approved.
    if state in (RequestState.APPROVED, RequestState.COMPLETED, RequestState.FAILED):
        check_request_way(state, RequestState.APPLYING)
    else:
        with pytest.raises(IllegalTransition):
            check_request_way(state, RequestState.APPLYING)


@pytest.mark.parametrize("end", sorted(DEAD_ENDS))
@pytest.mark.parametrize("to", RequestState)
def test_there_is_no_way_out_of_a_dead_end(end: RequestState, to: RequestState) -> None:
    with pytest.raises(IllegalTransition, match=f"no way from {end.value}"):
        check_request_way(end, to)


@pytest.mark.parametrize("end", sorted(ENDS - DEAD_ENDS))
@pytest.mark.parametrize("to", RequestState)
def test_a_share_that_has_ended_can_only_be_taken_back_or_tried_again(end: RequestState, to: RequestState) -> None:
    if to is RequestState.APPLYING:
        check_request_way(end, to)
        check_request_way(to, end)
    elif to is RequestState.REVOKING:
        check_request_way(end, to)
        check_request_way(to, end)
        check_request_way(to, RequestState.REVOKED)
    else:
        with pytest.raises(IllegalTransition):
            check_request_way(end, to)


def test_a_failed_copy_is_cleared_away_before_the_second_try() -> None:
    check_delivery_way(DeliveryState.COPYING, DeliveryState.CLEARING)
    check_delivery_way(DeliveryState.CLEARING, DeliveryState.WAITING)
    with pytest.raises(IllegalTransition):
        check_delivery_way(DeliveryState.COPYING, DeliveryState.WAITING)


def test_a_failed_delivery_begins_anew_and_a_good_one_never_does() -> None:
    check_delivery_way(DeliveryState.FAILED, DeliveryState.WAITING)
    for good in (DeliveryState.COMPLETED, DeliveryState.RETIRED):
        with pytest.raises(IllegalTransition):
            check_delivery_way(good, DeliveryState.WAITING)
