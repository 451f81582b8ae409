"""Whom to remind: the approvers of each rule by its own period, whatever the others' are and whenever it is looked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from sharing.business_hours import BusinessHours
from sharing.reminding import due_reminders
from sharing.requests import Request
from sharing.rules import ApprovalRule, ApprovalRules, Scope
from sharing.states import RequestState
from tests.unit.test_messages import request_in

ASKED = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOURS = BusinessHours()


def rules(*periods: timedelta | None) -> ApprovalRules:
    """A rule for each account, and each with its own period."""
    scopes = [Scope(targets=frozenset({f"account-{number}"})) for number in range(len(periods))]
    named = [
        ApprovalRule(scope_of, frozenset({"U0SAM"}), frozenset(), "C0", remind_after=period, scope=scope)
        for scope, period in zip(scopes, periods, strict=True)
        for scope_of in sorted(scope.targets or ())
    ]
    last = ApprovalRule("default", frozenset({"U0SAM"}), frozenset(), "C0")
    return ApprovalRules((*named, last), hours=HOURS)


def waiting(count: int, **reminded: datetime) -> Request:
    asked = request_in(RequestState.AWAITING_APPROVAL, count)
    named = {name.replace("_", "-"): at for name, at in reminded.items()}
    return replace(asked, asked_at=ASKED, decisions=(), edits=(), reminded=named)


@given(
    period=some.integers(15, 600).map(lambda minutes: timedelta(minutes=minutes)),
    looks=some.lists(some.integers(1, 60 * 60), min_size=1, max_size=12),
)
def test_each_rule_is_reminded_once_for_the_periods_that_ended_whenever_it_is_looked(
    period: timedelta, looks: list[int]
) -> None:
    now, request, told = ASKED, waiting(1), 0
    for minutes in looks:
        now += timedelta(minutes=minutes)
        if now >= ASKED + timedelta(hours=72):
            return
        if due_reminders(rules(period), request, now):
            request, told = waiting(1, account_0=now), told + 1
            assert due_reminders(rules(period), request, now) == []
        elif HOURS.are_open(now):
            last = request.reminded.get("account-0", ASKED)
            assert HOURS.between(last, now) < period
    assert told <= HOURS.between(ASKED, now) // period


def test_a_rule_of_long_periods_isnt_reminded_with_one_of_short_ones() -> None:
    both = rules(timedelta(hours=1), timedelta(hours=3), None)
    at = ASKED + timedelta(hours=2)
    assert due_reminders(both, waiting(3), at) == ["account-0"]
    assert due_reminders(both, waiting(3, account_0=at), ASKED + timedelta(hours=3)) == ["account-0", "account-1"]
    assert due_reminders(both, waiting(3), ASKED + timedelta(hours=10)) == [], "nobody is at work"
    denied = replace(waiting(3), state=RequestState.DENIED)
    assert due_reminders(both, denied, at) == []
