"""Time: what lapses does so after as much time as was said, whatever the calendar does meanwhile."""

from datetime import datetime, timedelta

import pytest
from botocore.retries.standard import ExponentialBackoff

from handlers.ballots import APPROVE
from handlers.following import ASK_FOR_PREVIEW
from playground.aws import Disk
from tests.stage import REGION, STAGING, Stage

# Summer time begins and ends; the 29th of February comes, and doesn't.
MOMENTS = [
    "2026-03-28T20:00+01:00",
    "2026-10-24T20:00+02:00",
    "2027-02-27T20:00+01:00",
    "2028-02-27T20:00+01:00",
    "2026-12-30T20:00+01:00",
]


@pytest.fixture(params=MOMENTS)
def then(stage: Stage, request: pytest.FixtureRequest) -> Stage:
    """The stage on the eve of such a day."""
    stage.clock.advance(datetime.fromisoformat(request.param) - stage.clock())
    return stage


def wait_until(stage: Stage, moment: datetime) -> None:
    stage.passes(seconds=(moment - stage.clock()).total_seconds(), steps=1800)


def asked(stage: Stage, words: str = "") -> str:
    image = stage.images.image(REGION, devices=[Disk(gib=4)])
    stage.types(stage.mika, f"{image} to staging {words}")
    stage.work()
    return str(image)


def test_an_approval_expires_after_its_hours_and_not_before(then: Stage) -> None:
    began = then.clock()
    image = asked(then)
    wait_until(then, began + timedelta(hours=72) - timedelta(seconds=1))
    assert "approval needed" in then.approval.as_text()
    then.clock.advance(timedelta(seconds=1))
    then.clicks(then.sam, APPROVE)
    assert "expired" in then.private(then.sam)[-1]
    then.work()
    assert "expired" in then.approval.as_text()
    assert then.aws.image(image).launch_permission == set()


def test_what_would_have_ended_by_now_is_not_approved_any_more(then: Stage) -> None:
    image = asked(then, "for 1h")
    then.passes(minutes=59, steps=600)
    assert "approval needed" in then.approval.as_text()
    then.clock.advance(timedelta(minutes=1))
    then.clicks(then.sam, APPROVE)
    assert "expired" in then.private(then.sam)[-1]
    then.work()
    assert "expired" in then.approval.as_text()
    assert then.aws.image(image).launch_permission == set()
    assert then.staging.images(REGION) == []


def test_what_was_approved_and_could_not_begin_before_its_end_never_does(stage: Stage) -> None:
    image = asked(stage, "for 1h")
    stage.clicks(stage.sam, APPROVE)
    stage.clock.advance(timedelta(hours=1))
    stage.work()
    assert stage.aws.image(image).launch_permission == set()
    assert stage.staging.images(REGION) == []
    assert "Its time was over before I could begin." in stage.direct(stage.mika)[-1]
    assert "[Ask again…]" in stage.thread[-1]


def test_what_was_held_up_until_its_end_gives_nothing_more_and_what_it_gave_is_taken_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    image = asked(stage, "for 1h")
    stage.clicks(stage.sam, APPROVE)
    stage.aws.faults.fail("ModifyImageAttribute", code="RequestLimitExceeded", status=503, times=10_000)
    stage.work()
    stage.passes(minutes=55, steps=60)
    assert [one.create_volume_permission for one in stage.aws.image(image).snapshots] == [{STAGING}]
    stage.aws.faults.clear()
    tried = len(stage.aws.journal.calls("ModifyImageAttribute"))
    stage.clock.advance(timedelta(minutes=6))
    stage.passes(minutes=30, steps=60)
    assert len(stage.aws.journal.calls("ModifyImageAttribute")) == tried
    assert stage.staging.images(REGION) == []
    assert any("Its time was over" in line for line in stage.direct(stage.mika))
    assert [one.create_volume_permission for one in stage.aws.image(image).snapshots] == [set()]


def test_a_copy_that_waits_for_its_turn_until_the_end_is_not_made(stage: Stage) -> None:
    image = asked(stage, "for 1d")
    stage.clicks(stage.sam, APPROVE)
    stage.aws.image_copies_at_once = 0
    stage.work()
    stage.passes(hours=24, steps=1800)
    stage.aws.image_copies_at_once = 20
    stage.passes(minutes=10, steps=60)
    assert stage.staging.images(REGION) == []
    assert any("Its time was over" in line for line in stage.thread)
    assert stage.aws.image(image).launch_permission == set(), "the end comes all the same"


def test_a_preview_whose_end_has_passed_is_asked_for_with_another_in_the_form(stage: Stage) -> None:
    image = stage.images.image(REGION, devices=[Disk(gib=4)])
    stage.types(stage.mika, f"plan {image} to staging no copy for 2d")
    stage.work()
    (preview,) = stage.slack.dms(stage.mika)
    stage.clock.advance(timedelta(days=3))
    stage.clicks(stage.mika, ASK_FOR_PREVIEW, preview)
    stage.work()
    assert stage.slack.messages(stage.room) == []
    assert "passed already" in stage.submits(stage.mika, reason="x").errors["until"]
    until = (stage.clock() + timedelta(days=2)).date()
    assert stage.submits(stage.mika, reason="x", until=str(until)).errors == {}
    stage.work()
    assert f"asks to share `{image}`" in stage.approval.as_text()


def test_a_share_ends_after_its_days_and_not_before(then: Stage) -> None:
    image = asked(then, "no copy for 3d")
    typed = then.clock()
    then.clicks(then.sam, APPROVE)
    then.work()
    wait_until(then, typed + timedelta(days=3) - timedelta(minutes=1))
    assert set(then.aws.image(image).launch_permission) == {STAGING}
    then.passes(minutes=2)
    assert then.aws.image(image).launch_permission == set()


def test_a_share_until_a_day_is_there_all_of_that_day(then: Stage) -> None:
    last = (then.clock() + timedelta(days=2)).date()
    image = asked(then, f"no copy until {last}")
    then.clicks(then.sam, APPROVE)
    then.work()
    wait_until(then, datetime.fromisoformat(f"{last}T23:59+00:00"))
    assert set(then.aws.image(image).launch_permission) == {STAGING}
    then.passes(minutes=2)
    assert then.aws.image(image).launch_permission == set()


@pytest.mark.parametrize(("day", "is_one"), [("2028-02-29", True), ("2027-02-29", False), ("2026-06-31", False)])
def test_days_that_there_are_and_days_that_there_are_not(stage: Stage, day: str, is_one: bool) -> None:
    answer = stage.types(stage.mika, f"{stage.images.image(REGION)} to staging no copy until {day}")
    stage.work()
    assert bool(stage.slack.messages(stage.room)) is is_one
    if not is_one:
        assert day in answer.ephemeral[0].as_text()


@pytest.mark.parametrize(
    ("asked_at", "reminded_at"),
    [
        # Friday afternoon to Monday: two of four hours are left, and Monday has summer time, or no more of it.
        ("2026-03-27T15:00+01:00", "2026-03-30T11:00+02:00"),
        ("2026-10-23T15:00+02:00", "2026-10-26T11:00+01:00"),
        ("2028-02-28T15:00+01:00", "2028-02-29T11:00+01:00"),
    ],
)
def test_a_reminder_comes_at_the_same_hour_of_the_clock_on_the_wall(
    stage: Stage, asked_at: str, reminded_at: str
) -> None:
    stage.replace_settings("[approval]", "[approval]\nremind_after_hours = 4\nexpires_after_hours = 200")
    stage.add_settings('\n[approval.business_hours]\ntimezone = "Europe/Berlin"\nfrom = "09:00"\nto = "17:00"\n')
    stage.clock.advance(datetime.fromisoformat(asked_at) - stage.clock())
    asked(stage)
    wait_until(stage, datetime.fromisoformat(reminded_at) - timedelta(minutes=1))
    assert not any("still waits" in line for line in stage.thread)
    stage.passes(minutes=2, steps=60)
    assert sum("still waits" in line for line in stage.thread) == 1


def test_a_lease_lapses_after_its_seconds(then: Stage) -> None:
    asked(then)
    then.clicks(then.sam, APPROVE)
    lease = timedelta(seconds=30)
    assert then.bot.store.claim(then.clock(), lease) is not None
    then.clock.advance(lease - timedelta(seconds=1))
    assert not then.bot.worker.run_once()
    then.clock.advance(timedelta(seconds=1))
    assert then.bot.worker.run_once()
