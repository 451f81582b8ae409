"""Retention: the newest copies of a family are kept; older ones go once approved, and never one that something uses."""

from datetime import timedelta

import pytest

from handlers.following import NOTIFY
from playground.aws import Crash
from playground.company import target_policy
from sharing.requests import RequestId
from tests.front_door.test_taking_back import (
    APPROVE,
    approved_at_the_last_moment,
    points_parameters,
    request_id,
    restored,
    shared,
    taken_back,
)
from tests.postgres import ON_BOTH
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


@pytest.fixture
def trio(stage: Stage) -> list[str]:
    """Three golden images of which one is kept, all copied to staging."""
    stage.add_settings(RULES.replace("2", "1"))
    images = []
    for number in range(3):
        images.append(stage.images.image(REGION, name=f"golden-{number}"))
        shared(stage, f"{images[-1]} to staging", minutes=15)
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
    assert "2 copies are deregistered, and their snapshots are deleted" in stage.direct(stage.mika)[-1]
    first = stage.slack.messages(stage.room)[0]
    thread = [reply.as_text() for reply in stage.slack.thread(stage.room, first.ts)]
    assert any("was deregistered, as was approved" in line for line in thread)
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
    assert f"{before['golden-0']} in {STAGING} {REGION} stays:" in told
    assert instance in told
    assert "launch-template/" in told
    assert copies(stage) == before


def test_what_auto_scaling_launches_from_stays(stage: Stage, family: list[str]) -> None:
    stage.by_hand(STAGING, "autoscaling").create_launch_configuration(
        LaunchConfigurationName="old-web", ImageId=copies(stage)["golden-0"], InstanceType="t3.micro"
    )
    looked(stage)
    assert "launchConfigurationName/old-web use" in stage.approval.as_text()
    assert stage.approval.as_text().count("DeregisterImage") == 1


def test_what_an_auto_scaling_group_names_itself_stays(stage: Stage, family: list[str]) -> None:
    before = copies(stage)
    template = {"ImageId": before["golden-4"], "InstanceType": "t3.micro"}
    stage.by_hand(STAGING).create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template)
    overrides = [{"InstanceType": "t3.micro", "ImageId": before["golden-0"]}, {"InstanceType": "t3.small"}]
    web = {"LaunchTemplateSpecification": {"LaunchTemplateName": "web"}, "Overrides": overrides}
    plain = {"LaunchTemplate": {"LaunchTemplateName": "web"}}
    for name, way in {"web": {"MixedInstancesPolicy": {"LaunchTemplate": web}}, "plain": plain}.items():
        stage.by_hand(STAGING, "autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=0, MaxSize=2, AvailabilityZones=[f"{REGION}a"], **way
        )
    looked(stage)
    shown = stage.approval.as_text().replace("`", "")
    assert f"{before['golden-0']} in {STAGING} {REGION} stays: autoScalingGroupName/web use" in shown
    assert shown.count("DeregisterImage") == 1
    approved(stage)
    assert set(before) - set(copies(stage)) == {"golden-2"}


def test_what_comes_into_use_after_the_approval_stays_too(stage: Stage, family: list[str]) -> None:
    looked(stage)
    stage.staging.instance(REGION, copies(stage)["golden-0"])
    approved(stage)
    assert "golden-0" in copies(stage)
    assert "golden-2" not in copies(stage)
    told = stage.direct(stage.mika)[-1]
    assert "1 copy is deregistered, and its snapshots are deleted" in told
    assert f"{copies(stage)['golden-0']} in {STAGING} {REGION} stays:" in told


@pytest.mark.parametrize("asked_by", ["calendar", "mika"])
def test_what_was_asked_for_is_told_to_its_end_though_nothing_is_left_to_do(
    stage: Stage, family: list[str], asked_by: str
) -> None:
    if asked_by == "mika":
        looked(stage)
    else:
        stage.bot.calendar.run_once()
        stage.work()
    ec2 = stage.by_hand(STAGING)
    for name in ("golden-0", "golden-2"):
        ec2.deregister_image(ImageId=copies(stage)[name])
    if asked_by == "calendar":
        stage.clicks(stage.kim, NOTIFY)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    shown = stage.approval.as_text()
    assert "done" in shown.splitlines()[0]
    assert "Nothing at AWS has to change, or not any more." in shown
    assert "[Approve]" not in shown
    assert any("Approved by @sam" in line for line in stage.thread)
    assert "None of the copies is deregistered" in stage.thread[-1]
    told = stage.direct(stage.mika if asked_by == "mika" else stage.kim)[-1]
    assert "None of the copies is deregistered" in told
    assert "asked for by" not in told, "the calendar is nobody"


def test_what_the_calendar_asks_for_is_nobodys_to_cancel(stage: Stage, family: list[str]) -> None:
    stage.bot.calendar.run_once()
    stage.work()
    answer = stage.types(stage.mika, f"cancel {request_id(stage)}").ephemeral[0].as_text()
    assert answer == "Nobody asked for this, the calendar brought it up. Whoever may decide can deny it."
    assert "[Approve]" in stage.approval.as_text()


def test_copies_count_whatever_became_of_their_shares(stage: Stage) -> None:
    stage.add_settings(RULES.replace("2", "1"))
    for number, how in enumerate(["", "then unshare", "for 2h", ""]):
        image = stage.images.image(REGION, name=f"golden-{number}")
        share = shared(stage, f"{image} to staging {how}", minutes=15)
    taken_back(stage, share)
    stage.passes(hours=2, steps=600)
    assert set(copies(stage)) == {"golden-0", "golden-1", "golden-2", "golden-3"}
    looked(stage)
    assert stage.approval.as_text().count("DeregisterImage") == 3
    approved(stage)
    assert set(copies(stage)) == {"golden-3"}


def test_what_somebody_deregistered_is_not_counted_as_kept(stage: Stage, trio: list[str]) -> None:
    stage.by_hand(STAGING).deregister_image(ImageId=copies(stage)["golden-2"])
    looked(stage)
    approved(stage)
    assert set(copies(stage)) == {"golden-1"}


def test_an_account_that_cannot_say_what_is_used_loses_nothing(stage: Stage, family: list[str]) -> None:
    before = copies(stage)
    stage.aws.faults.fail("DescribeImageReferences", code="UnauthorizedOperation", times=9)
    assert "UnauthorizedOperation" in looked(stage)
    assert copies(stage) == before


@pytest.mark.parametrize("lacking", ["DescribeLaunchConfigurations", "DescribeAutoScalingGroups"])
def test_a_role_that_may_not_look_at_auto_scaling_loses_nothing(stage: Stage, family: list[str], lacking: str) -> None:
    before = copies(stage)
    policy = target_policy(STAGING)
    (reading,) = (each for each in policy["Statement"] if each["Sid"] == "Read")
    reading["Action"].remove(f"autoscaling:{lacking}")
    stage.staging.set_role_policy("ami-share-target", policy)
    told = looked(stage).replace("`", "")
    assert f"The copies in {STAGING} {REGION} stay, since I can't see whether something uses them" in told
    assert f"autoscaling:{lacking}" in told
    assert copies(stage) == before


def test_an_account_that_cannot_say_what_is_used_holds_no_other_up(stage: Stage) -> None:
    stage.add_settings(RULES.replace("2", "1"))
    for number in range(2):
        image = stage.images.image(REGION, name=f"golden-{number}")
        shared(stage, f"{image} to staging, prod", minutes=15)
    stage.aws.faults.fail("DescribeImageReferences", code="UnauthorizedOperation", times=2, account_id=STAGING)
    looked(stage)
    shown = stage.approval.as_text().replace("`", "")
    assert f"The copies in {STAGING} {REGION} stay, since I can't see whether something uses them" in shown
    assert "UnauthorizedOperation" in shown
    approved(stage)
    assert set(copies(stage)) == {"golden-0", "golden-1"}
    assert [copy.name for copy in stage.prod.images(REGION)] == ["golden-1"]


def test_a_copy_that_aws_does_not_let_go_holds_no_other_up(stage: Stage, trio: list[str]) -> None:
    before = copies(stage)
    looked(stage)
    stage.aws.faults.fail("DeregisterImage", code="OperationNotPermitted", message="it is AWS Backup's", times=1)
    approved(stage)
    assert set(copies(stage)) == {"golden-0", "golden-2"}
    told = stage.direct(stage.mika)[-1]
    assert "1 copy is deregistered" in told
    assert f"{before['golden-0']} in {STAGING} {REGION} is not deregistered" in told
    assert "it is AWS Backup's" in told
    assert looked(stage)
    approved(stage)
    assert set(copies(stage)) == {"golden-2"}, "it is shown again, and may go another day"


def test_a_copy_that_aws_does_not_let_go_can_be_shared_meanwhile(stage: Stage, trio: list[str]) -> None:
    kept = copies(stage)["golden-0"]
    looked(stage)
    for _ in range(20):
        stage.aws.faults.fail("DeregisterImage", code="OperationNotPermitted", message="it is AWS Backup's", times=1)
        stage.aws.faults.fail("DeregisterImage", code="ResourceLimitExceeded", times=1)
    stage.clicks(stage.sam, APPROVE)
    stage.passes(minutes=10)
    assert len(stage.aws.journal.calls("DeregisterImage")) > 4, "for the sake of the other it is tried again and again"
    shared(stage, f"{trio[0]} to staging, prod", minutes=10)
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert kept in told
    stage.aws.faults.clear()
    stage.passes(minutes=10)
    assert "golden-0" in copies(stage)


def test_a_copy_that_somebody_restores_can_be_shared_while_others_are_yet_to_go(stage: Stage, trio: list[str]) -> None:
    gone, later, _ = sorted(stage.staging.images(REGION), key=lambda copy: copy.name)
    stage.by_hand(STAGING).enable_image_deregistration_protection(ImageId=later.id, WithCooldown=True)
    looked(stage)
    approved(stage)
    assert set(copies(stage)) == {"golden-1", "golden-2"}
    restored(stage, gone)
    stage.passes(minutes=15, steps=60)
    shared(stage, f"{trio[0]} to staging, prod", minutes=10)
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert gone.id in told


def test_a_busy_account_holds_no_other_copy_up(stage: Stage, trio: list[str]) -> None:
    looked(stage)
    stage.aws.faults.fail("DeregisterImage", code="ResourceLimitExceeded", times=1)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert set(copies(stage)) == {"golden-0", "golden-2"}
    stage.passes(minutes=1)
    assert set(copies(stage)) == {"golden-2"}
    trail = [kind for _, _, kind, _ in stage.bot.store.audit_trail(RequestId(request_id(stage)))]
    assert trail.count("copy_deregistered") == 2


def test_if_none_can_go_it_has_failed_and_each_reason_is_said(stage: Stage, trio: list[str]) -> None:
    before = copies(stage)
    looked(stage)
    for why in ("it is AWS Backup's", "it is too good"):
        stage.aws.faults.fail("DeregisterImage", code="OperationNotPermitted", message=why, times=1)
    approved(stage)
    told = stage.direct(stage.mika)[-1]
    assert "failed" in told
    assert f"{before['golden-0']} ({STAGING} {REGION}): AWS refused DeregisterImage" in told
    assert "it is AWS Backup's" in told
    assert "it is too good" in told


@pytest.mark.parametrize("crash", [None, "before", "after"])
def test_a_copy_that_is_protected_with_a_cooldown_goes_a_day_later(
    stage: Stage, trio: list[str], crash: str | None
) -> None:
    protected = copies(stage)["golden-0"]
    stage.by_hand(STAGING).enable_image_deregistration_protection(ImageId=protected, WithCooldown=True)
    looked(stage)
    stage.clicks(stage.sam, APPROVE)
    if crash is not None:
        faults = stage.aws.faults
        die = faults.crash_before if crash == "before" else faults.crash_after
        die("DisableImageDeregistrationProtection")
        with pytest.raises(Crash):
            stage.work()
        stage.start()
    stage.passes(minutes=3)
    assert set(copies(stage)) == {"golden-0", "golden-2"}, "the others needn't wait"
    for told in (stage.direct(stage.mika)[-1], stage.thread[-1]):
        assert f"{protected} in {STAGING} {REGION} was protected from deregistration with a cooldown" in told
    stage.passes(hours=23.9, steps=1800)
    assert "golden-0" in copies(stage)
    stage.passes(hours=1, steps=600)
    assert "golden-0" not in copies(stage)
    assert "2 copies are deregistered" in stage.direct(stage.mika)[-1]
    assert len(stage.aws.journal.calls("DeregisterImage")) == 2, "AWS isn't asked for what it is known to refuse"


def test_what_a_share_is_about_to_hand_over_stays(stage: Stage, trio: list[str]) -> None:
    kept = copies(stage)["golden-0"]
    points_parameters(stage)
    looked(stage)
    retention = stage.approval
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=99)
    shared(stage, f"{trio[0]} to staging, prod", minutes=1)
    stage.aws.faults.clear()
    stage.clicks(stage.sam, APPROVE, retention)
    stage.work()  # the share tries again a little later
    stage.passes(minutes=40)
    assert set(copies(stage)) == {"golden-0", "golden-2"}
    value = stage.by_hand(STAGING, "ssm").get_parameter(Name="/golden/golden-0")["Parameter"]["Value"]
    assert value == kept


def test_what_a_share_has_handed_over_by_the_next_try_stays(stage: Stage, trio: list[str]) -> None:
    kept = copies(stage)["golden-0"]
    points_parameters(stage)
    looked(stage)
    retention = stage.approval
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=99)
    shared(stage, f"{trio[0]} to staging, prod", minutes=3)
    stage.aws.faults.clear()
    stage.aws.faults.fail("PutParameter", code="AccessDeniedException", times=9)  # EC2 would call it used otherwise
    stage.aws.faults.fail("DeregisterImage", code="ResourceLimitExceeded", times=99)
    stage.clicks(stage.sam, APPROVE, retention)
    stage.passes(minutes=20)
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told, "the share had begun before the retention, and came to its end after it began"
    assert kept in told
    assert set(copies(stage)) == {"golden-0", "golden-1", "golden-2"}
    stage.aws.faults.clear()
    stage.passes(minutes=20)
    assert set(copies(stage)) == {"golden-0", "golden-2"}
    assert f"{kept} in {STAGING} {REGION} stays: another share" in stage.direct(stage.mika)[-1]


@ON_BOTH
def test_what_a_share_hands_over_at_the_last_moment_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, trio: list[str]
) -> None:
    kept = copies(stage)["golden-0"]
    looked(stage)
    retention = stage.approval
    stage.types(stage.mika, f"{trio[0]} to staging, prod")
    stage.work()
    approved_at_the_last_moment(stage, monkeypatch, stage.approval, retention)
    assert set(copies(stage)) == {"golden-0", "golden-2"}
    assert any(f"{kept} in {STAGING} {REGION} stays: another share" in line for line in stage.direct(stage.mika))


def test_what_comes_into_use_while_it_waits_stays_too(stage: Stage, trio: list[str]) -> None:
    before = copies(stage)
    for name in ("golden-0", "golden-1"):
        ec2 = stage.by_hand(STAGING)
        ec2.enable_image_deregistration_protection(ImageId=before[name], WithCooldown=True)
    looked(stage)
    approved(stage)
    instance = stage.staging.instance(REGION, before["golden-0"])
    stage.passes(hours=25, steps=1800)
    assert set(copies(stage)) == {"golden-0", "golden-2"}
    told = stage.direct(stage.mika)[-1]
    assert "1 copy is deregistered, and its snapshots are deleted" in told
    assert f"{before['golden-0']} in {STAGING} {REGION} stays: by now" in told
    assert instance in told


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


def test_where_the_calendar_cannot_see_what_is_used_is_told_once(stage: Stage, trio: list[str]) -> None:
    before = len(stage.slack.messages(stage.room))
    stage.aws.faults.fail("DescribeImageReferences", code="UnauthorizedOperation", times=9)
    for _ in range(2):
        stage.clock.advance(timedelta(days=7))
        stage.bot.calendar.run_once()
        stage.work()
    (told,) = (message.as_text().replace("`", "") for message in stage.slack.messages(stage.room)[before:])
    assert "What the calendar's look for copies that aren't kept came to" in told
    assert f"The copies in {STAGING} {REGION} stay, since I can't see whether something uses them" in told


def test_that_something_uses_copies_is_nothing_to_call_people_for(stage: Stage, trio: list[str]) -> None:
    before = len(stage.slack.messages(stage.room))
    for copy in copies(stage).values():
        stage.by_hand(STAGING).run_instances(ImageId=copy, MinCount=1, MaxCount=1)
    stage.clock.advance(timedelta(days=7))
    stage.bot.calendar.run_once()
    stage.work()
    assert len(stage.slack.messages(stage.room)) == before


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
