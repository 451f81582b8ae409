"""Rates: whatever comes when, turns keep their distance, and after a rest a few come at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from sharing.rates import Rate

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
RATE = Rate(timedelta(seconds=2.5), 8)


def turns(pauses: list[float]) -> list[datetime]:
    """When those have their turn that come so many seconds after each other."""
    now, spent_until, given_out = START, START - timedelta(days=1), []
    for pause in pauses:
        now += timedelta(seconds=pause)
        given_out.append(RATE.turn(spent_until, now))
        assert given_out[-1] >= now
        spent_until = RATE.spend(spent_until, now)
    return given_out


@given(some.lists(some.floats(0, 30), max_size=80))
def test_turns_keep_to_the_rate_whatever_comes_when(pauses: list[float]) -> None:
    given_out = turns(pauses)
    assert given_out == sorted(given_out)
    for one, later in zip(given_out, given_out[RATE.burst :], strict=False):
        assert later - one >= RATE.every


def test_after_a_rest_a_few_come_at_once_and_the_others_one_by_one() -> None:
    given_out = turns([0] * 10)
    assert given_out[:8] == [START] * 8
    assert given_out[8:] == [START + RATE.every, START + 2 * RATE.every]
