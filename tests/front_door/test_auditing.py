"""Audits: what differs from what was approved is found and put right, once somebody says so; the rest is only told."""

import json
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Crash, Disk
from tests.front_door.test_taking_back import APPROVE, lists, request_id, shared, taken_back
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, PROD, REGION, STAGING, Stage

STRANGER = "888888888888"


@pytest.fixture
def key(stage: Stage) -> str:
    return stage.images.key(REGION)


@pytest.fixture
def image(stage: Stage, key: str) -> str:
    return stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key), Disk(gib=4)])


def audited(stage: Stage, what: str = "") -> str:
    """Somebody asks for an audit; return what they are told."""
    assert "Comparing AWS with what was approved" in stage.types(stage.mika, f"audit {what}").ephemeral[0].as_text()
    stage.work()
    return stage.direct(stage.mika)[-1]


def put_right(stage: Stage) -> None:
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)


def by_hand(stage: Stage, verb: str, image: str, account: str = STAGING) -> None:
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={verb: [{"UserId": account}]})


def snapshot_by_hand(stage: Stage, verb: str, snapshot: str, account: str = STAGING) -> None:
    stage.by_hand(IMAGES).modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType=verb, UserIds=[account]
    )


def test_where_nothing_differs_nothing_is_shown(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging")
    writes = len(stage.aws.journal.calls("ModifyImageAttribute"))
    assert "AWS is as it was approved" in audited(stage)
    assert len(stage.slack.messages(stage.room)) == 1
    assert len(stage.aws.journal.calls("ModifyImageAttribute")) == writes


def test_what_somebody_took_away_is_given_again(stage: Stage, image: str, key: str) -> None:
    share = shared(stage, f"{image} to staging, prod")
    policy = stage.aws.key(key).policy
    by_hand(stage, "Remove", image)
    snapshot_by_hand(stage, "remove", stage.aws.image(image).snapshots[1].id, PROD)
    stage.by_hand(IMAGES, "kms").put_key_policy(KeyId=key, Policy=_without_own(policy))

    assert "waits for approval" in audited(stage, share)
    shown = stage.approval.as_text()
    assert "AMI audit: AWS differs from what was approved" in shown
    assert "An audit for @mika compared AWS with what was approved in" in shown
    assert f"launchPermission on {image} for {STAGING}" in shown.replace("`", "")
    assert f"for {PROD}" in shown.replace("`", "")
    assert f"Key policy of {key} gains" in shown.replace("`", "")
    assert "[Put it right]" in shown
    assert lists(stage, image)[0] == {PROD}, "nothing is done before somebody says so"

    put_right(stage)
    assert lists(stage, image) == [{STAGING, PROD}] * 3
    assert len(stage.aws.key(key).policy["Statement"]) == len(policy["Statement"])
    assert "AWS is as it was approved again" in stage.direct(stage.mika)[-1]
    assert "AMI audit: put right" in stage.approval.as_text()
    assert "AWS is as it was approved (" in audited(stage)


def test_what_was_given_again_for_a_share_goes_with_it(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging no copy")
    for snapshot in stage.aws.image(image).snapshots:
        snapshot_by_hand(stage, "remove", snapshot.id)
    audited(stage)
    put_right(stage)
    assert lists(stage, image) == [{STAGING}] * 3
    taken_back(stage, share)
    assert lists(stage, image) == [set()] * 3


def test_what_a_failed_share_left_behind_is_taken_back(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("CopyImage", code="InvalidRequest", message="no such luck", times=9)
    shared(stage, f"{image} to staging", minutes=5)
    assert lists(stage, image) == [{STAGING}] * 3
    audited(stage)
    assert f"launchPermission on {image} taken from {STAGING}" in stage.approval.as_text().replace("`", "")
    put_right(stage)
    assert lists(stage, image) == [set()] * 3


def test_what_a_failed_share_left_behind_and_somebody_took_away_is_not_the_bots_any_more(
    stage: Stage, image: str
) -> None:
    stage.aws.faults.fail("CopyImage", code="InvalidRequest", message="no such luck", times=9)
    shared(stage, f"{image} to staging", minutes=5)
    for snapshot in stage.aws.image(image).snapshots:
        snapshot_by_hand(stage, "remove", snapshot.id)
    by_hand(stage, "Remove", image)
    audited(stage)
    by_hand(stage, "Add", image)
    audited(stage)
    assert f"launchPermission on {image} taken from" not in stage.approval.as_text().replace("`", "")


def test_an_image_shared_by_hand_without_its_snapshots_is_found_and_mended(stage: Stage) -> None:
    image = stage.images.image(REGION, name="by-hand", devices=[Disk(gib=8), Disk(gib=4)])
    by_hand(stage, "Add", image)
    by_hand(stage, "Add", image, STRANGER)
    assert "waits for approval" in audited(stage, image)
    shown = stage.approval.as_text()
    assert shown.count("createVolumePermission") == 2
    assert f"is shared with {STRANGER} as well; I know nothing of that" in shown
    put_right(stage)
    assert lists(stage, image) == [{STAGING, STRANGER}, {STAGING}, {STAGING}]
    audit = request_id(stage)
    told = audited(stage)
    assert "AWS is as it was approved (" in told, "what was mended is the bot's to keep"
    assert STRANGER in told, "a stranger's access is told, and left alone"

    taken_back(stage, audit)
    assert lists(stage, image) == [{STAGING, STRANGER}, set(), set()]
    assert not any("failed" in line for line in stage.direct(stage.mika)), "nor did it fail, since it was taken back"


def test_an_image_that_only_strangers_may_launch_is_found(stage: Stage) -> None:
    theirs = "arn:aws:organizations::555555555555:organization/o-strangers01"
    images = {entry: stage.images.image(REGION, name=f"for {entry[-3:]}") for entry in (STRANGER, theirs)}
    by_hand(stage, "Add", images[STRANGER], STRANGER)
    to_theirs = {"Add": [{"OrganizationArn": theirs}]}
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=images[theirs], LaunchPermission=to_theirs)
    stage.images.image(REGION, name="for nobody")
    told = audited(stage)
    for entry, image in images.items():
        assert f"{image} is shared with {entry} as well; I know nothing of that" in told
    assert told.count("as well; I know nothing of that") == 2


@pytest.mark.parametrize("operation", ["ModifyImageAttribute", "ModifySnapshotAttribute"])
def test_what_should_have_ended_is_to_be_taken_back_and_never_given_again(
    stage: Stage, image: str, operation: str
) -> None:
    shared(stage, f"{image} to staging for 1d")
    stage.aws.faults.fail(operation, code="UnauthorizedOperation", times=99)
    stage.passes(hours=25, steps=1800)
    stage.aws.faults.clear()
    assert "waits for approval" in audited(stage)
    asked = stage.approval.as_text()
    assert f"taken from {STAGING}" in asked.replace("`", "")
    assert f"for {STAGING}" not in asked.replace("`", "")
    put_right(stage)
    assert lists(stage, image) == [set()] * 3
    assert "AWS is as it was approved (" in audited(stage)


@pytest.mark.parametrize("what", ["", "image"])
def test_what_was_mended_is_taken_back_once_the_image_is_shared_no_longer(stage: Stage, what: str) -> None:
    image = stage.images.image(REGION, name="by-hand", devices=[Disk(gib=8), Disk(gib=4)])
    by_hand(stage, "Add", image)
    audited(stage, image)
    put_right(stage)
    share = shared(stage, f"{stage.images.image(REGION, name='other')} to staging no copy", minutes=1)
    by_hand(stage, "Remove", image)
    assert "AWS is as it was approved (" in audited(stage, share), "there nobody looks at the image"
    stage.aws.faults.fail("DescribeImages", code="UnauthorizedOperation", times=9)
    assert "AWS is as it was approved (" in audited(stage), "nobody knows"
    stage.aws.faults.clear()

    assert "waits for approval" in audited(stage, image if what else "")
    asked = stage.approval.as_text().replace("`", "")
    assert asked.count(f"taken from {STAGING}") == 2
    first = stage.aws.image(image).snapshots[0].id
    snapshot_by_hand(stage, "remove", first)
    put_right(stage)
    assert lists(stage, image) == [set()] * 3
    assert "AWS is as it was approved (" in audited(stage)


@ON_BOTH
def test_what_a_failed_share_left_behind_is_found_by_its_image(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("CopyImage", code="InvalidRequest", message="no such luck", times=9)
    shared(stage, f"{image} to staging", minutes=5)
    assert "waits for approval" in audited(stage, image)
    asked = stage.approval.as_text().replace("`", "")
    assert f"launchPermission on {image} taken from {STAGING}" in asked
    assert "loses" in asked
    put_right(stage)
    assert lists(stage, image) == [set()] * 3


def test_a_copy_that_is_gone_is_told(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    (copy,) = stage.staging.images(REGION)
    stage.by_hand(STAGING).deregister_image(ImageId=copy.id)
    told = audited(stage)
    assert f"The copy {copy.id} in {STAGING} {REGION} is gone, though {share} handed it over" in told
    assert "Nothing has to be put right" in told


def test_what_is_gone_at_the_source_is_told_and_not_asked_for(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    stage.by_hand(IMAGES).deregister_image(ImageId=image)
    told = audited(stage, share)
    assert f"{image} is gone, though a share rests on it" in told
    assert len(stage.slack.messages(stage.room)) == 1


def test_what_is_disabled_at_the_source_is_told_and_not_asked_for(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    stage.by_hand(IMAGES).disable_image(ImageId=image)
    told = audited(stage, share)
    assert f"{image} is disabled, though a share rests on it" in told
    assert len(stage.slack.messages(stage.room)) == 1
    stage.by_hand(IMAGES).enable_image(ImageId=image)
    assert "waits for approval" in audited(stage, share)
    put_right(stage)
    assert lists(stage, image)[0] == {STAGING}

    stage.by_hand(IMAGES).disable_image(ImageId=image)
    taken_back(stage, share)
    assert lists(stage, image) == [set()] * 3
    assert "What the share gave is taken back" in stage.direct(stage.mika)[-1]


def test_an_image_that_lacks_nothing_is_asked_nothing_more(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    asked = len(stage.aws.journal.calls("DescribeImages"))
    audited(stage, share)
    in_target = 1
    assert len(stage.aws.journal.calls("DescribeImages")) == asked + in_target


def test_the_calendar_asks_once_a_week_and_says_only_what_matters(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging")
    said = len(stage.direct(stage.mika))
    stage.bot.calendar.run_once()
    stage.work()
    assert len(stage.slack.messages(stage.room)) == 1, "nothing differs, and nobody asked"

    by_hand(stage, "Remove", image)
    stage.bot.calendar.run_once()
    stage.work()
    assert len(stage.slack.messages(stage.room)) == 1, "once a week, however often it is looked at"
    stage.clock.advance(timedelta(days=7))
    stage.bot.calendar.run_once()
    stage.start().calendar.run_once()
    stage.work()
    assert "The audit by the calendar compared AWS" in stage.approval.as_text()
    assert len(stage.slack.messages(stage.room)) == 2
    put_right(stage)
    assert lists(stage, image)[0] == {STAGING}
    assert len(stage.direct(stage.mika)) == said, "whoever shared it needn't hear of it"


@ON_BOTH
def test_only_one_share_is_compared_if_that_is_asked(stage: Stage, image: str) -> None:
    other = stage.images.image(REGION, name="other")
    first, _ = shared(stage, f"{image} to staging"), shared(stage, f"{other} to staging")
    by_hand(stage, "Remove", other)
    assert "AWS is as it was approved" in audited(stage, first)
    assert "waits for approval" in audited(stage, other)


def test_what_is_no_share_in_force_is_not_audited(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    taken_back(stage, share)
    assert "is no share in force (it is revoked)" in stage.types(stage.mika, f"audit {share}").ephemeral[0].as_text()
    assert "There is no request" in stage.types(stage.mika, "audit R-00000000").ephemeral[0].as_text()
    assert "After “audit” comes nothing, images" in stage.types(stage.mika, "audit golden").ephemeral[0].as_text()


def without_the_bot(stage: Stage, key: str) -> None:
    """Somebody takes the bot's statements out of the key's policy, and leaves in it somebody who is gone by now."""
    kms = stage.by_hand(IMAGES, "kms")
    gone = stage.staging.user("gone").principal
    theirs = {"Effect": "Allow", "Principal": {"AWS": gone.arn}, "Action": "kms:DescribeKey", "Resource": "*"}
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    kept = [each for each in policy["Statement"] if not each.get("Sid", "").startswith("AmiShareBot")]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy | {"Statement": [*kept, theirs]}))
    stage.staging.delete_user("gone")


def test_a_policy_that_kms_would_not_store_is_told_and_holds_nothing_else_up(
    stage: Stage, image: str, key: str
) -> None:
    shared(stage, f"{image} to staging no copy", minutes=1)
    without_the_bot(stage, key)
    told = audited(stage)
    assert "AWS isn't as it was approved" in told
    assert f"{key} can't be put right: the key policy names deleted principals" in told
    by_hand(stage, "Remove", image)
    audited(stage)
    assert f"{key} can't be put right" in stage.approval.as_text()
    put_right(stage)
    assert lists(stage, image) == [{STAGING}] * 3


def test_what_aws_refuses_holds_nothing_else_up(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging no copy", minutes=1)
    first, second = (snapshot.id for snapshot in stage.aws.image(image).snapshots)
    for snapshot in (first, second):
        snapshot_by_hand(stage, "remove", snapshot)
    by_hand(stage, "Remove", image)
    audited(stage)
    stage.aws.faults.fail("ModifySnapshotAttribute", code="UnauthorizedOperation", times=1)
    put_right(stage)
    found = stage.aws.image(image)
    assert found.launch_permission == {STAGING}
    assert sorted(len(snapshot.create_volume_permission) for snapshot in found.snapshots) == [0, 1]
    told = stage.direct(stage.mika)[-1]
    assert "is put right, but for this" in told
    assert "is not put right: AWS refused ModifySnapshotAttribute" in told
    audited(stage)
    put_right(stage)
    assert lists(stage, image) == [{STAGING}] * 3


def test_what_aws_does_not_take_now_holds_nothing_else_up(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("CopyImage", code="InvalidRequest", message="no such luck", times=9)
    shared(stage, f"{image} to staging", minutes=5)
    other = stage.images.image(REGION, name="other")
    shared(stage, f"{other} to staging no copy", minutes=1)
    by_hand(stage, "Remove", other)
    stage.aws.faults.clear()
    audited(stage)
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=1)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert lists(stage, other)[0] == set(), "it comes first, and AWS doesn't take it"
    assert lists(stage, image) == [set()] * 3, "what is to be taken back is, all the same"
    stage.passes(minutes=2)
    assert lists(stage, other)[0] == {STAGING}
    assert "AWS is as it was approved again" in stage.direct(stage.mika)[-1]


def test_if_nothing_can_be_put_right_the_audit_has_failed(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging no copy", minutes=1)
    by_hand(stage, "Remove", image)
    audited(stage)
    stage.aws.faults.fail("ModifyImageAttribute", code="UnauthorizedOperation", times=1)
    put_right(stage)
    told = stage.direct(stage.mika)[-1]
    assert "The audit" in told
    assert "failed" in told
    assert "AWS refused ModifyImageAttribute" in told


def test_what_cannot_be_read_is_told(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    stage.aws.faults.fail("DescribeImageAttribute", code="UnauthorizedOperation", times=9)
    assert f"I can't look at {image}" in audited(stage, share)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["ModifyImageAttribute", "ModifySnapshotAttribute"])
def test_a_death_while_putting_right_is_made_up_for(stage: Stage, image: str, operation: str, when: str) -> None:
    shared(stage, f"{image} to staging")
    by_hand(stage, "Remove", image)
    snapshot_by_hand(stage, "remove", stage.aws.image(image).snapshots[0].id)
    audited(stage)
    stage.clicks(stage.sam, APPROVE)
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash(operation, nth=1)
    with pytest.raises(Crash):
        stage.work()
    stage.start()
    stage.passes(minutes=2)
    assert lists(stage, image) == [{STAGING}] * 3
    assert sum("as it was approved again" in line for line in stage.thread) == 1


def _without_own(policy: dict[str, Any]) -> str:
    statements = [one for one in policy["Statement"] if not one.get("Sid", "").startswith("AmiShareBot")]
    return json.dumps(policy | {"Statement": statements})


def by_calendar(stage: Stage) -> list[str]:
    """A week later the calendar has it look; return what the approvals channel shows since."""
    before = len(stage.slack.messages(stage.room))
    stage.clock.advance(timedelta(days=7))
    stage.bot.calendar.run_once()
    stage.work()
    return [message.as_text() for message in stage.slack.messages(stage.room)[before:]]


@ON_BOTH
def test_what_the_calendar_finds_and_asks_nobody_about_is_told_once(stage: Stage, image: str) -> None:
    assert by_calendar(stage) == []
    by_hand(stage, "Add", image, STRANGER)
    (told,) = by_calendar(stage)
    assert "What the calendar's audit came to" in told
    assert f"{image} is shared with {STRANGER} as well; I know nothing of that" in told
    assert "I say this again only when something is added to it" in told
    assert "[Details]" in told
    assert by_calendar(stage) == [], "they know"
    stage.start()
    by_hand(stage, "Add", image, "777777777777")
    (told,) = by_calendar(stage)
    assert f"{image} is shared with 777777777777, {STRANGER} as well" in told
    for stranger in (STRANGER, "777777777777"):
        by_hand(stage, "Remove", image, stranger)
        assert len(by_calendar(stage)) == (stranger == STRANGER), "one stranger alone is another finding"
    by_hand(stage, "Add", image, STRANGER)
    assert len(by_calendar(stage)) == 1, "it is back"


def test_what_stood_beside_what_was_asked_is_known(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging no copy", minutes=1)
    by_hand(stage, "Add", image, STRANGER)
    by_hand(stage, "Remove", image)
    (asked,) = by_calendar(stage)
    assert "AWS differs from what was approved" in asked
    assert STRANGER in asked
    put_right(stage)
    assert by_calendar(stage) == []


def test_why_something_cannot_be_looked_at_is_no_news_by_itself(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging no copy", minutes=1)
    for message, told in (("encoded: 4f2a", 1), ("encoded: 77b1", 0)):
        stage.aws.faults.fail("DescribeSnapshotAttribute", code="UnauthorizedOperation", message=message, times=9)
        found = by_calendar(stage)
        assert len(found) == told
        assert all("I can't look at snap-" in each for each in found)
        stage.aws.faults.clear()


def test_a_drift_that_cannot_be_mended_is_told_of_by_the_calendar(stage: Stage, image: str, key: str) -> None:
    shared(stage, f"{image} to staging no copy", minutes=1)
    without_the_bot(stage, key)
    (told,) = by_calendar(stage)
    assert "AWS isn't as it was approved" in told
    assert f"{key} can't be put right: the key policy names deleted principals" in told
    assert by_calendar(stage) == []


def test_a_run_of_the_calendar_that_fails_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("sharing.auditing.plan_audit", mistaken)
    stage.clock.advance(timedelta(days=7))
    stage.bot.calendar.run_once()
    stage.passes(minutes=5)
    (told,) = (message.as_text() for message in stage.slack.messages(stage.room))
    assert "What the calendar's audit came to" in told
    assert "failed" in told
