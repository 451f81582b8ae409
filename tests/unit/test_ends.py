"""Ends: how long one waits for others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.ends import UNDER_WAY, waits_until
from sharing.requests import Request
from sharing.states import DeliveryState, RequestState
from tests.unit.test_messages import NOW, request_in

WINDOW = timedelta(minutes=2)
ENDED = request_in(RequestState.COMPLETED)


def copying(*minutes_left: int | None) -> Request:
    """A share with a copy under way for each of so many minutes still."""
    share = request_in(RequestState.COPYING)
    (one,) = share.deliveries
    copies = (replace(one, state=DeliveryState.COPYING, minutes_left=left) for left in minutes_left)
    return replace(share, deliveries=tuple(copies))


def test_it_waits_for_nothing_if_nothing_is_under_way() -> None:
    assert waits_until(ENDED, [], WINDOW, NOW) is None


@pytest.mark.parametrize("share", [copying(2), copying(None), copying(1, 2), copying()])
def test_it_waits_for_what_may_end_by_then(share: Request) -> None:
    assert waits_until(ENDED, [copying(3), share], WINDOW, NOW) == NOW + WINDOW


@pytest.mark.parametrize("share", [copying(3), copying(None, 3)])
def test_it_doesnt_wait_for_what_is_known_to_take_longer(share: Request) -> None:
    assert waits_until(ENDED, [share], WINDOW, NOW) is None


def test_it_doesnt_wait_once_it_is_being_taken_back() -> None:
    assert waits_until(replace(ENDED, state=RequestState.REVOKING), [copying(None)], WINDOW, NOW) is None


@given(
    st.lists(st.lists(st.none() | st.integers(0, 300), max_size=4), max_size=4),
    st.timedeltas(timedelta(0), timedelta(hours=1)),
    st.timedeltas(timedelta(0), timedelta(hours=2)),
)
def test_it_never_waits_longer_than_the_window(
    under_way: list[list[int | None]], window: timedelta, since: timedelta
) -> None:
    until = waits_until(ENDED, [copying(*left) for left in under_way], window, NOW + since)
    assert until is None or NOW + since < until <= NOW + window


def test_what_waits_for_a_decision_is_waited_for_by_nobody() -> None:
    assert RequestState.AWAITING_APPROVAL not in UNDER_WAY
