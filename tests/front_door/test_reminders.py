"""Reminders: whose decision is waited for hears of it again, in business hours, until it is there."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from sharing.tables import requests
from tests.postgres import ON_BOTH
from tests.stage import REGION, Stage

APPROVE, NARROW = "ami_share_approve", "ami_share_narrow"


@pytest.fixture
def reminding(stage: Stage) -> Stage:
    """Approvers are reminded after four hours of Tokyo's working day; it is Monday, 18:00 there."""
    stage.replace_settings("[approval]", "[approval]\nremind_after_hours = 4\nexpires_after_hours = 200")
    stage.add_settings('\n[approval.business_hours]\ntimezone = "Asia/Tokyo"\n')
    assert stage.clock().isoformat() == "2026-03-02T09:00:00+00:00"
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging, prod")
    stage.work()
    return stage


def reminders(stage: Stage) -> list[str]:
    return [line for line in stage.thread if "still waits for your decision" in line]


def wait_until(stage: Stage, moment: str) -> None:
    stage.passes(seconds=(datetime.fromisoformat(moment) - stage.clock()).total_seconds(), steps=1800)


def test_approvers_are_reminded_after_so_much_business_time_and_again(reminding: Stage) -> None:
    wait_until(reminding, "2026-03-03T12:59+09:00")
    assert reminders(reminding) == []
    wait_until(reminding, "2026-03-03T13:00+09:00")
    (said,) = reminders(reminding)
    assert "@sam: this still waits for your decision; it expires 2026-03-10" in said
    assert "@mika" not in said
    wait_until(reminding, "2026-03-03T16:59+09:00")
    assert len(reminders(reminding)) == 1
    wait_until(reminding, "2026-03-04T08:59+09:00")
    assert len(reminders(reminding)) == 2
    wait_until(reminding, "2026-03-04T12:00+09:00")
    assert len(reminders(reminding)) == 3


def test_what_a_newer_version_wrote_keeps_nobody_from_being_reminded_of_the_rest(
    reminding: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    with reminding.bot.store.transaction() as tx:
        tx.connection.execute(update(requests).values(trigger="of_the_next_version", tell_at=None, due_at=None))
    reminding.types(reminding.mika, f"{reminding.images.image(REGION)} to staging")
    reminding.work()
    wait_until(reminding, "2026-03-03T13:00+09:00")
    assert len(reminders(reminding)) == 1
    assert "nobody is reminded of it" in caplog.text


def test_nobody_is_reminded_of_what_is_decided(reminding: Stage) -> None:
    reminding.clicks(reminding.sam, APPROVE)
    wait_until(reminding, "2026-03-05T18:00+09:00")
    assert reminders(reminding) == []


def test_a_reminder_that_is_late_waits_for_the_next_working_day(reminding: Stage) -> None:
    reminding.clock.advance(timedelta(hours=22))  # a bot that was away until Tuesday, 16:00
    reminding.clock.advance(timedelta(hours=5))
    reminding.passes(minutes=5)
    assert reminders(reminding) == []
    wait_until(reminding, "2026-03-04T09:00+09:00")
    assert len(reminders(reminding)) == 1


@ON_BOTH
def test_two_replicas_remind_once(reminding: Stage) -> None:
    reminding.clock.advance(datetime.fromisoformat("2026-03-03T13:00+09:00") - reminding.clock())
    for _ in range(2):
        reminding.start().reminders.run_once()
    reminding.work()
    assert len(reminders(reminding)) == 1


def test_who_has_approved_isnt_reminded_and_narrowing_begins_anew(reminding: Stage) -> None:
    reminding.replace_settings("[approval]", "[approval]\napprovals = 2")
    ana = reminding.slack.user("ana")
    reminding.replace_settings(f'"{reminding.sam.id}"', f'"{reminding.sam.id}", "{ana.id}"')
    wait_until(reminding, "2026-03-03T12:00+09:00")
    reminding.clicks(reminding.sam, NARROW)
    reminding.submits(reminding.sam, keep=["staging"])
    reminding.work()
    reminding.clicks(ana, APPROVE)
    wait_until(reminding, "2026-03-03T15:59+09:00")
    assert reminders(reminding) == []
    wait_until(reminding, "2026-03-03T16:00+09:00")
    (said,) = reminders(reminding)
    assert "@sam: this" in said
    assert "@ana" not in said


def test_each_rules_approvers_are_reminded_where_they_were_asked_and_as_often_as_it_says(stage: Stage) -> None:
    vault = stage.slack.channel("prod-approvals", members=[stage.kim])
    stage.replace_settings("[approval]", "[approval]\nremind_after_hours = 2")
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nchannel = "{vault.id}"\n'
        f'users = ["{stage.kim.id}"]\nremind_after_hours = 3\n'
    )
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging, prod")
    stage.work()
    (elsewhere,) = stage.slack.messages(vault)

    def heard() -> tuple[list[str], list[str]]:
        there = [reply.as_text() for reply in stage.slack.thread(vault, elsewhere.ts)]
        return reminders(stage), [line for line in there if "still waits for your decision" in line]

    stage.passes(hours=2, steps=1800)
    here, there = heard()
    assert ["@sam" in line for line in here] == [True]
    assert there == []
    stage.passes(hours=1, steps=1800)
    here, there = heard()
    assert len(here) == 1
    assert ["@kim" in line for line in there] == [True]
    assert not any("@sam" in line for line in there)
    assert not any("@kim" in line for line in here)
    stage.clicks(stage.sam, f"{APPROVE}:1")
    stage.passes(hours=3, steps=1800)
    here, there = heard()
    assert (len(here), len(there)) == (1, 2)


def test_nobody_is_reminded_unless_the_rule_says_so(stage: Stage) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    stage.passes(hours=70, steps=7200)
    assert reminders(stage) == []
