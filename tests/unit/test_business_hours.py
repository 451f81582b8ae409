"""Business hours: spans of them are real time within working days, whatever the clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.business_hours import BusinessHours
from sharing.reminding import next_reminder

TOKYO = BusinessHours(zone=ZoneInfo("Asia/Tokyo"))
ZONES = ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]


@st.composite
def any_hours(draw: st.DrawFn) -> BusinessHours:
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    opens, closes = sorted(draw(st.lists(st.integers(0, 24 * 4 - 1), min_size=2, max_size=2, unique=True)))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    return BusinessHours(days, time(opens // 4, opens % 4 * 15), time(closes // 4, closes % 4 * 15), zone)


YEAR = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda since: YEAR + since)
spans = st.timedeltas(timedelta(0), timedelta(hours=60))


@given(any_hours(), moments, spans)
def test_a_span_ends_in_business_hours_and_is_as_long_as_it_should_be(
    hours: BusinessHours, start: datetime, span: timedelta
) -> None:
    end = hours.after(start, span)
    assert end >= start
    assert hours.are_open(end)
    assert hours.between(start, end) == span
    local = end.astimezone(hours.zone)
    assert local.weekday() in hours.days


@given(any_hours(), moments, spans, spans)
def test_two_spans_one_after_the_other_are_as_long_as_both(
    hours: BusinessHours, start: datetime, first: timedelta, second: timedelta
) -> None:
    assert hours.after(hours.after(start, first), second) == hours.after(start, first + second)


@given(any_hours(), moments, st.timedeltas(timedelta(minutes=15), timedelta(hours=20)), spans)
def test_each_reminder_comes_in_business_hours_a_whole_number_of_periods_after_the_asking(
    hours: BusinessHours, asked: datetime, period: timedelta, later: timedelta
) -> None:
    now = asked + later
    due = next_reminder(hours, asked, period, now)
    assert due > now
    assert hours.are_open(due)
    assert hours.between(asked, due) % period == timedelta(0)
    assert hours.between(now, due) <= period


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02T09:00+09:00", 4, "2026-03-02T13:00+09:00"),
        ("2026-03-02T16:00+09:00", 4, "2026-03-03T11:00+09:00"),
        ("2026-03-06T17:00+09:00", 2, "2026-03-09T10:00+09:00"),
        ("2026-03-07T12:00+09:00", 0, "2026-03-09T09:00+09:00"),
        ("2026-03-02T09:00+09:00", 9, "2026-03-03T09:00+09:00"),
    ],
)
def test_nights_and_weekends_dont_count(start: str, hours: int, end: str) -> None:
    assert TOKYO.after(datetime.fromisoformat(start), timedelta(hours=hours)) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("day", "worked"),
    [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day: str, worked: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    hours = BusinessHours(frozenset(range(7)), time(0), time(23, 59), berlin)
    start = datetime.fromisoformat(day).replace(tzinfo=berlin)
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=berlin)
    assert hours.between(start, end) == timedelta(hours=worked, minutes=-1)
