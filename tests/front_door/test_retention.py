"""Retention: the newest copies of a family are kept; older ones go once approved, and never one that something uses."""

from datetime import timedelta

import pytest

from playground.aws import Crash
from sharing.requests import RequestId
from tests.front_door.test_taking_back import APPROVE, request_id, shared
from tests.stage import REGION, STAGING, Stage

RULES = '\n[[retention]]\nimages = "golden-*"\nkeep = 2\n'


@pytest.fixture
def family(stage: Stage) -> list[str]:
    """Four golden images and one that isn't, each a week younger than the one before, all copied to staging."""
    stage.add_settings(RULES)
    images = []
    for number in range(5):
        name = "tools" if number == 1 else f"golden-{number}"
        images.append(stage.images.image(REGION, name=name))
        shared(stage, f"{images[-1]} to staging", minutes=15)
        stage.clock.advance(timedelta(days=7))
    return images


def copies(stage: Stage) -> dict[str, str]:
    """The copies in staging, by the name they bear."""
    return {copy.name: copy.id for copy in stage.staging.images(REGION)}


def looked(stage: Stage) -> str:
    assert "Looking for copies" in stage.types(stage.mika, "retire").ephemeral[0].as_text()
    stage.work()
    return stage.direct(stage.mika)[-1]


def approved(stage: Stage) -> None:
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)


def test_the_newest_stay_and_the_others_go_once_approved(stage: Stage, family: list[str]) -> None:
    before = copies(stage)
    assert "letting them go waits for approval" in looked(stage)
    shown = stage.approval.as_text()
    assert "AMI retention: copies that could go" in shown
    for name in ("golden-0", "golden-2"):
        assert f"DeregisterImage of {before[name]} in {STAGING}" in shown.replace("`", "")
    assert shown.count("DeregisterImage") == 2, "what no rule covers stays, however old"
    assert copies(stage) == before, "nothing goes before somebody says so"

    approved(stage)
    assert set(copies(stage)) == {"tools", "golden-3", "golden-4"}
    assert "The copies are deregistered" in stage.direct(stage.mika)[-1]
    first = stage.slack.messages(stage.room)[0]
    thread = [reply.as_text() for reply in stage.slack.thread(stage.room, first.ts)]
    assert any("was deregistered, since newer ones are kept" in line for line in thread)
    stage.types(stage.mika, "audit")
    stage.work()
    assert "is gone" not in stage.direct(stage.mika)[-1], "what was let go isn't missed"
    assert "No copy is beyond what is kept" in looked(stage)


def test_what_something_uses_stays_and_is_named(stage: Stage, family: list[str]) -> None:
    before = copies(stage)
    instance = stage.staging.instance(REGION, before["golden-0"])
    template = {"ImageId": before["golden-2"], "InstanceType": "t3.micro"}
    stage.by_hand(STAGING).create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template)
    told = looked(stage)
    assert "none that could go" in told
    assert f"{before['golden-0']} in {STAGING} {REGION} stays, though it is too old" in told
    assert instance in told
    assert "launch-template/" in told
    assert copies(stage) == before


def test_what_auto_scaling_launches_from_stays(stage: Stage, family: list[str]) -> None:
    stage.by_hand(STAGING, "autoscaling").create_launch_configuration(
        LaunchConfigurationName="old-web", ImageId=copies(stage)["golden-0"], InstanceType="t3.micro"
    )
    looked(stage)
    assert "launch configuration old-web use" in stage.approval.as_text()
    assert stage.approval.as_text().count("DeregisterImage") == 1


def test_what_comes_into_use_after_the_approval_stays_too(stage: Stage, family: list[str]) -> None:
    looked(stage)
    stage.staging.instance(REGION, copies(stage)["golden-0"])
    approved(stage)
    assert "golden-0" in copies(stage)
    assert "golden-2" not in copies(stage)


def test_an_account_that_cannot_say_what_is_used_loses_nothing(stage: Stage, family: list[str]) -> None:
    before = copies(stage)
    stage.aws.faults.fail("DescribeImageReferences", code="UnauthorizedOperation", times=9)
    assert "UnauthorizedOperation" in looked(stage)
    assert copies(stage) == before


def test_the_calendar_looks_too_and_is_quiet_if_there_is_nothing(stage: Stage, family: list[str]) -> None:
    stage.bot.calendar.run_once()
    stage.work()
    assert "The calendar asks to let the copies go" in stage.approval.as_text()
    approved(stage)
    assert set(copies(stage)) == {"tools", "golden-3", "golden-4"}
    shown = len(stage.slack.messages(stage.room))
    stage.clock.advance(timedelta(days=7))
    stage.bot.calendar.run_once()
    stage.work()
    assert len(stage.slack.messages(stage.room)) == shown


def test_the_calendar_looks_every_week_though_it_audits_never(stage: Stage, family: list[str]) -> None:
    stage.add_settings("\n[audit]\nevery_days = 0\n")
    before = len(stage.slack.messages(stage.room))
    for days in (0, 1, 6):
        stage.clock.advance(timedelta(days=days))
        stage.bot.calendar.run_once()
        stage.work()
    asked = [message.as_text() for message in stage.slack.messages(stage.room)[before:]]
    assert len(asked) == 2
    assert all("The calendar asks to let the copies go" in text for text in asked)


def test_a_rule_may_hold_in_a_group_of_accounts(stage: Stage) -> None:
    stage.add_settings('\n[[groups]]\nname = "some"\ntargets = ["staging"]\n' + RULES + 'targets = ["some"]\n')
    for number in range(3):
        shared(stage, f"{stage.images.image(REGION, name=f'golden-{number}')} to staging, prod", minutes=15)
        stage.clock.advance(timedelta(days=7))
    looked(stage)
    approved(stage)
    assert len(copies(stage)) == 2
    assert len(stage.prod.images(REGION)) == 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_while_copies_go_is_made_up_for(stage: Stage, family: list[str], when: str) -> None:
    looked(stage)
    stage.clicks(stage.sam, APPROVE)
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash("DeregisterImage", nth=1)
    with pytest.raises(Crash):
        stage.work()
    stage.start()
    stage.passes(minutes=2)
    assert set(copies(stage)) == {"tools", "golden-3", "golden-4"}
    trail = [kind for _, _, kind, _ in stage.bot.store.audit_trail(RequestId(request_id(stage)))]
    assert trail.count("copy_deregistered") == 2
