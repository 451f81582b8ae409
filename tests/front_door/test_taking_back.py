"""Taking back: what a share gave goes again, no more than that, and never what another share needs."""

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from aws_ops.copies import is_protected_with_cooldown
from aws_ops.plan import plan_share
from handlers.following import NOTIFY
from playground.aws import Crash, Disk
from sharing.requests import RequestId
from tests.effects import Effects, counted
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, PROD, REGION, STAGING, Stage

APPROVE = "ami_share_approve"


def shared(stage: Stage, text: str, minutes: float = 40) -> str:
    """Somebody asks, it is approved and done; return the request's id."""
    stage.types(stage.mika, text)
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=minutes)
    return request_id(stage)


def request_id(stage: Stage) -> str:
    """The id of the request that the newest approval message is for."""
    return stage.approval.as_text().splitlines()[-1].split("`")[1]


def taken_back(stage: Stage, share: str, how: str = "") -> None:
    stage.types(stage.mika, f"revoke {share} {how}")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)


@pytest.fixture
def key(stage: Stage) -> str:
    return stage.images.key(REGION)


@pytest.fixture
def image(stage: Stage, key: str) -> str:
    return stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key), Disk(gib=4)])


def lists(stage: Stage, image: str) -> list[set[str]]:
    """Who may launch the image, and who may copy each of its snapshots."""
    found = stage.aws.image(image)
    return [set(found.launch_permission), *(set(one.create_volume_permission) for one in found.snapshots)]


def refusing(stage: Stage, operation: str) -> None:
    """AWS lets the bot do this alone no longer, and says so in words of its own each time."""
    stage.aws.faults.clear()
    encoded = "".join(secrets.choice("ABCDEFGH") for _ in range(400))
    said = f"You are not authorized to perform this operation. Encoded authorization failure message: {encoded}"
    stage.aws.faults.fail(operation, code="UnauthorizedOperation", message=said, times=99)


def by_hand(stage: Stage, verb: str, image: str) -> None:
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={verb: [{"UserId": STAGING}]})


def test_a_share_that_is_being_taken_back_is_followed_by_its_revocation_alone(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    under_way = stage.approval
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    share = request_id(stage)
    stage.types(stage.mika, f"revoke {share}")
    stage.work()
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=99)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    of_share, _ = stage.slack.messages(stage.room)
    assert "being taken back" in of_share.as_text()
    assert NOTIFY not in of_share.buttons
    stage.clicks(stage.kim, NOTIFY, under_way)
    assert f"`{share}` has ended already" in stage.private(stage.kim)[-1]
    stage.clicks(stage.kim, NOTIFY)
    stage.aws.faults.clear()
    stage.passes(minutes=10)
    (told,) = stage.direct(stage.kim)
    assert "What the share gave is taken back" in told


def test_a_share_taken_back_leaves_aws_as_it_was(stage: Stage, image: str, key: str) -> None:
    policy = stage.aws.key(key).policy
    share = shared(stage, f"{image} to staging")
    assert stage.aws.key(key).policy != policy

    stage.types(stage.mika, f"revoke {share} reason the project is over")
    stage.work()
    asked = stage.approval.as_text()
    assert "Take an AMI share back: approval needed" in asked
    assert f"asks to take back what `{share}` gave: `{image}` with staging." in asked
    assert "the project is over" in asked
    assert f"1. launchPermission on {image} taken from {STAGING}" in asked.replace("`", "")
    assert lists(stage, image) == [{STAGING}] * 3, "nothing is taken before the approval"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)

    assert lists(stage, image) == [set()] * 3
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    order = [
        call.operation
        for call in stage.aws.journal.calls()
        if call.operation in ("PutKeyPolicy", "ModifySnapshotAttribute", "ModifyImageAttribute")
    ]
    assert order[4:] == ["ModifyImageAttribute", *["ModifySnapshotAttribute"] * 2, "PutKeyPolicy"]
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"], "copies stay, unless said otherwise"
    assert "Permissions are taken back and read back" in "\n".join(stage.thread)
    told = stage.direct(stage.mika)
    assert any("What the share gave is taken back" in line for line in told)
    assert any(f"What the share (`{share}`" in line and "somebody asked for it" in line for line in told)
    first = stage.slack.messages(stage.room)[0]
    assert "AMI share: taken back" in first.as_text()
    assert "somebody asked for it" in stage.slack.thread(stage.room, first.ts)[-1].as_text()


@ON_BOTH
def test_the_copies_go_as_well_if_that_is_asked(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging, prod")
    taken_back(stage, share, "and deregister the copies")
    assert stage.staging.images(REGION) == []
    assert stage.prod.images(REGION) == []
    assert len(stage.aws.journal.calls("DeregisterImage")) == 2
    assert "2 copies deregistered" in stage.direct(stage.mika)[-2] + stage.direct(stage.mika)[-1]


@ON_BOTH
@pytest.mark.parametrize("mode", ["", "then unshare"])
def test_a_copy_that_another_share_handed_over_too_stays(stage: Stage, image: str, mode: str) -> None:
    first = shared(stage, f"{image} to staging")
    shared(stage, f"{image} to staging, prod {mode}")
    (copy,) = stage.staging.images(REGION)
    taken_back(stage, first, "and deregister the copies")
    assert stage.staging.images(REGION) == [copy]
    assert len(stage.prod.images(REGION)) == 1


@ON_BOTH
def test_a_copy_goes_with_the_last_share_that_handed_it_over(stage: Stage, image: str) -> None:
    first = shared(stage, f"{image} to staging")
    second = shared(stage, f"{image} to staging, prod")
    taken_back(stage, first, "and deregister the copies")
    taken_back(stage, second, "and deregister the copies")
    assert stage.staging.images(REGION) == stage.prod.images(REGION) == []
    shares = [one for one in stage.slack.messages(stage.room) if "AMI share: taken back" in one.as_text()]
    for message in shares:
        thread = "\n".join(reply.as_text() for reply in stage.slack.thread(stage.room, message.ts))
        assert "was deregistered, as was approved" in thread


def points_parameters(stage: Stage) -> None:
    """From now on a parameter in staging points to the newest copy."""
    stage.replace_settings('name = "staging"', 'name = "staging"\nssm_parameter = "/golden/{name}"')


@ON_BOTH
def test_a_copy_that_another_share_is_about_to_hand_over_stays(stage: Stage, image: str) -> None:
    first = shared(stage, f"{image} to staging")
    (copy,) = stage.staging.images(REGION)
    points_parameters(stage)
    stage.types(stage.mika, f"revoke {first} and deregister the copies")
    stage.work()
    revocation = stage.approval
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=99)
    shared(stage, f"{image} to staging, prod", minutes=1)
    stage.aws.faults.clear()
    stage.clicks(stage.sam, APPROVE, revocation)
    stage.work()  # the share tries again a little later
    stage.passes(minutes=40)
    assert stage.staging.images(REGION) == [copy]
    value = stage.by_hand(STAGING, "ssm").get_parameter(Name="/golden/golden")["Parameter"]["Value"]
    assert value == copy.id


def approved_by_another_replica(stage: Stage, message: Any) -> None:
    """What the message asks for is approved, and another replica does what it can of it."""
    mine = stage.bot
    stage.start()
    stage.clicks(stage.sam, APPROVE, message)
    stage.work()
    stage.bot = mine


def wanted_and_let_go(stage: Stage, image: str) -> tuple[Any, Any, Any]:
    """A copy, and the messages of a share that would use it again and of a revocation that would deregister it."""
    first = shared(stage, f"{image} to staging")
    (copy,) = stage.staging.images(REGION)
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    share = stage.approval
    stage.types(stage.mika, f"revoke {first} and deregister the copies")
    stage.work()
    return copy, share, stage.approval


@ON_BOTH
@pytest.mark.parametrize("slower", ["revocation", "share"])
def test_a_copy_that_is_just_being_deregistered_is_not_handed_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, image: str, slower: str
) -> None:
    gone, share, revocation = wanted_and_let_go(stage, image)

    def planned_slowly(*given: Any) -> Any:
        planned = plan_share(*given)
        patched.undo()
        approved_by_another_replica(stage, revocation)
        return planned

    if slower == "revocation":
        deed = partial(approved_by_another_replica, stage, share)
        with counted(monkeypatch, effects := Effects("AWS DeregisterImage", deed=deed)):
            effects.watch()
            stage.clicks(stage.sam, APPROVE, revocation)
            stage.work()
    else:
        with monkeypatch.context() as patched:
            patched.setattr("sharing.shares.plan_share", planned_slowly)
            stage.clicks(stage.sam, APPROVE, share)
            stage.work()
    stage.passes(minutes=40)
    assert stage.staging.images(REGION) == []
    assert sum("is complete" in line for line in stage.direct(stage.mika)) == 1, "the first alone"
    (share,) = (message for message in stage.slack.messages(stage.room) if message.ts == share.ts)
    stage.clicks(stage.sam, APPROVE, share)
    stage.passes(minutes=40)
    (copy,) = stage.staging.images(REGION)
    assert copy.id != gone.id
    assert sum("is complete" in line for line in stage.direct(stage.mika)) == 2


def restored(stage: Stage, copy: Any) -> None:
    """Somebody takes a copy that was deregistered out of EC2's Recycle Bin, with its snapshots."""
    stage.aws.images[copy.id] = copy
    stage.aws.snapshots |= {snapshot.id: snapshot for snapshot in copy.snapshots}


@ON_BOTH
def test_a_copy_that_somebody_restores_can_be_shared_again(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    (copy,) = stage.staging.images(REGION)
    taken_back(stage, share, "and deregister the copies")
    assert stage.staging.images(REGION) == []
    restored(stage, copy)
    shared(stage, f"{image} to staging, prod", minutes=1)
    assert "AMI share: approved" in stage.approval.as_text(), "EC2 may list what has just gone"
    stage.passes(minutes=30)
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert copy.id in told
    assert stage.staging.images(REGION) == [copy]


def approved_at_the_last_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch, share: Any, goes: Any) -> None:
    """Let copies go, and a share that reuses one begin once it was seen that it could."""

    def looked_slowly(*given: Any) -> bool:
        found = is_protected_with_cooldown(*given)
        patched.undo()
        approved_by_another_replica(stage, share)
        return found

    with monkeypatch.context() as patched:
        patched.setattr("sharing.deregistering.is_protected_with_cooldown", looked_slowly)
        stage.clicks(stage.sam, APPROVE, goes)
        stage.work()
    stage.passes(minutes=40)


@ON_BOTH
def test_a_copy_that_is_handed_over_at_the_last_moment_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    copy, share, revocation = wanted_and_let_go(stage, image)
    approved_at_the_last_moment(stage, monkeypatch, share, revocation)
    assert stage.staging.images(REGION) == [copy]
    assert sum("is complete" in line for line in stage.direct(stage.mika)) == 2
    assert any(f"{copy.id} in {STAGING} {REGION} stays: another share" in line for line in stage.direct(stage.mika))


def test_a_copy_that_something_uses_is_not_deregistered(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging, prod")
    (used,) = stage.staging.images(REGION)
    instance = stage.staging.instance(REGION, used.id)
    stage.types(stage.mika, f"revoke {share} and deregister the copies")
    stage.work()
    shown = stage.approval.as_text().replace("`", "")
    assert f"{used.id} in {STAGING} {REGION} stays:" in shown
    assert instance in shown
    assert shown.count("DeregisterImage") == 1
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    assert lists(stage, image) == [set()] * 3
    assert stage.staging.images(REGION) == [used]
    assert stage.prod.images(REGION) == []


def test_an_account_that_cannot_say_what_uses_its_copies_keeps_them(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging, prod")
    stage.aws.faults.fail("DescribeImageReferences", code="UnauthorizedOperation", times=9, account_id=STAGING)
    taken_back(stage, share, "and deregister the copies")
    assert f"The copies in {STAGING} {REGION} stay" in stage.approval.as_text()
    assert lists(stage, image) == [set()] * 3
    assert len(stage.staging.images(REGION)) == 1
    assert stage.prod.images(REGION) == []


def test_a_copy_that_aws_does_not_let_go_holds_no_other_up(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging, prod")
    stage.aws.faults.fail("DeregisterImage", code="OperationNotPermitted", times=1, account_id=STAGING)
    taken_back(stage, share, "and deregister the copies")
    assert len(stage.staging.images(REGION)) == 1
    assert stage.prod.images(REGION) == []
    told = stage.direct(stage.mika)[-2] + stage.direct(stage.mika)[-1]
    assert "1 copy deregistered with the snapshots" in told
    assert f"in {STAGING} {REGION} is not deregistered: AWS refused DeregisterImage" in told


@ON_BOTH
def test_while_a_copy_is_protected_the_share_is_taken_back_and_can_be_asked_for_again(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    (copy,) = stage.staging.images(REGION)
    stage.by_hand(STAGING).enable_image_deregistration_protection(ImageId=copy.id, WithCooldown=True)
    taken_back(stage, share, "and deregister the copies")
    assert lists(stage, image) == [set()] * 3
    assert "Permissions are taken back and read back" in "\n".join(stage.thread)
    assert "was protected from deregistration with a cooldown" in stage.thread[-1]

    again = shared(stage, f"{image} to staging, prod", minutes=15)
    shared(stage, f"{image} to staging no copy", minutes=1)
    assert lists(stage, image) == [{STAGING, PROD}] * 3
    stage.passes(hours=25, steps=1800)
    assert lists(stage, image) == [{STAGING, PROD}] * 3, "what was given since isn't taken back"
    assert stage.staging.images(REGION) == [copy], "and the copy was handed over once more"
    assert any(f"{copy.id} in {STAGING} {REGION} stays: another share" in line for line in stage.direct(stage.mika))
    taken_back(stage, again, "and deregister the copies")
    assert stage.staging.images(REGION) == []


@ON_BOTH
def test_what_others_gave_stays_and_what_another_share_needs(stage: Stage, image: str, key: str) -> None:
    first_snapshot = stage.aws.image(image).snapshots[0].id
    stage.by_hand(IMAGES).modify_snapshot_attribute(
        SnapshotId=first_snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[STAGING]
    )
    first = shared(stage, f"{image} to staging")
    policy = stage.aws.key(key).policy
    second = shared(stage, f"{image} to prod, staging no copy")
    taken_back(stage, first)
    assert lists(stage, image) == [{STAGING, PROD}] * 3, "the second share needs all of it"
    assert len(stage.staging.images(REGION)) == 1

    taken_back(stage, second)
    assert lists(stage, image) == [set(), {STAGING}, set()], "what somebody gave by hand isn't the bot's to take"
    assert len(stage.aws.key(key).policy["Statement"]) == len(policy["Statement"]) - 2


def test_what_somebody_took_away_before_and_gives_again_later_is_theirs(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    by_hand(stage, "Remove", image)
    taken_back(stage, share)
    by_hand(stage, "Add", image)
    stage.types(stage.mika, "audit")
    stage.work()
    asked = stage.approval.as_text()
    assert "createVolumePermission" in asked, "the image is open by hand, its snapshots aren't"
    assert "taken from" not in asked
    again = shared(stage, f"{image} to staging no copy", minutes=1)
    taken_back(stage, again)
    assert lists(stage, image) == [{STAGING}, set(), set()]


@pytest.mark.parametrize("by_audit", [False, True])
def test_a_principal_that_was_deleted_since_is_swept_out_of_the_policy(stage: Stage, by_audit: bool) -> None:
    gone = stage.staging.user("gone").principal
    stage.replace_settings('name = "staging"\n', f'name = "staging"\nkey_principals = ["{gone.arn}"]\n')
    key = stage.images.key(REGION)
    policy = stage.aws.key(key).policy
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    share = shared(stage, f"{image} to staging for 1d no copy", minutes=1)
    stage.staging.delete_user("gone")
    if by_audit:
        refusing(stage, "PutKeyPolicy")
        stage.passes(hours=25, steps=1800)
        stage.aws.faults.clear()
        stage.types(stage.mika, "audit")
    else:
        stage.types(stage.mika, f"revoke {share}")
    stage.work()
    assert "name principals that no longer exist (AIDA" in stage.approval.as_text()
    assert f"loses: {gone.arn}" in stage.approval.as_text().replace("`", "")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]


def test_nothing_is_taken_back_twice(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    stage.types(stage.mika, f"revoke {share}")
    stage.work()
    early = stage.approval
    taken_back(stage, share)
    assert (
        f"is revoked already, by `{request_id(stage)}`"
        in stage.types(stage.mika, f"revoke {share}").ephemeral[0].as_text()
    )
    stage.clicks(stage.sam, APPROVE, early)
    stage.work()
    assert f"`{share}` is revoked: there is nothing I could take back" in stage.direct(stage.mika)[-1].replace(
        share, f"`{share}`"
    )


@ON_BOTH
def test_the_copies_of_a_share_that_was_taken_back_can_go_alone(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging, prod then unshare")
    answer = stage.types(stage.mika, f"revoke {share}").ephemeral[0].as_text()
    assert "is revoked already" in answer
    assert "Its copies are there; to have them deregistered, add `and deregister the copies`" in answer
    used = stage.staging.images(REGION)
    stage.staging.instance(REGION, used[0].id)
    taken_back(stage, share, "and deregister the copies")
    assert stage.prod.images(REGION) == []
    assert stage.staging.images(REGION) == used
    first = stage.slack.messages(stage.room)[0]
    assert "the source is closed again" in stage.slack.thread(stage.room, first.ts)[-1].as_text(), "that stays told"
    assert "1 copy deregistered with the snapshots" in stage.direct(stage.mika)[-1]


def test_what_cannot_be_taken_back_is_said_at_once(stage: Stage, image: str) -> None:
    assert "There is no request" in stage.types(stage.mika, "revoke R-00000000").ephemeral[0].as_text()
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    answer = stage.types(stage.mika, f"revoke {request_id(stage)}").ephemeral[0].as_text()
    assert "is awaiting approval. It can be taken back once it has ended." in answer


def test_copies_then_unshare_leaves_nothing_open(stage: Stage, image: str, key: str) -> None:
    policy = stage.aws.key(key).policy
    shared(stage, f"{image} to staging, prod then unshare")
    assert lists(stage, image) == [set()] * 3
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    for account in (stage.staging, stage.prod):
        assert [copy.state for copy in account.images(REGION)] == ["available"]
    assert len(stage.slack.messages(stage.room)) == 1, "what was approved with the share is not asked again"
    assert sum("is complete" in line for line in stage.thread) == 1
    assert "the copies are done, and the source is closed again" in stage.thread[-1]


@ON_BOTH
def test_a_share_ends_by_its_date(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging for 2d")
    assert "Until 2026-03-04" in stage.approval.as_text()
    stage.passes(hours=46, steps=3600)
    assert lists(stage, image) == [{STAGING}] * 3
    stage.passes(hours=2, steps=1800)
    assert lists(stage, image) == [set()] * 3
    assert "its time is over, as was approved" in stage.thread[-1]
    assert "its time is over" in stage.direct(stage.mika)[-1]
    assert len(stage.slack.messages(stage.room)) == 1


def test_an_end_that_was_approved_before_is_cancelled_by_nobody(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging no copy for 2d")
    stage.clock.advance(timedelta(days=2))
    assert stage.bot.worker.run_once()
    end = stage.bot.store.get(RequestId(share)).ended_by
    answer = stage.types(stage.mika, f"cancel {end}").ephemeral[0].as_text()
    assert "is not waiting for a decision" in answer
    stage.work()
    assert stage.aws.image(image).launch_permission == set()
    assert "is taken back" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("before", [timedelta(minutes=10), timedelta(hours=3)])
def test_a_share_of_an_image_that_its_owner_deregistered_ends_when_it_is_due(
    stage: Stage, image: str, key: str, before: timedelta
) -> None:
    policy = stage.aws.key(key).policy
    snapshots = stage.aws.image(image).snapshots
    shared(stage, f"{image} to staging for 1d no copy", minutes=1)
    stage.passes(hours=23, minutes=59, seconds=-before.total_seconds(), steps=1800)
    stage.by_hand(IMAGES).deregister_image(ImageId=image)
    stage.passes(hours=4, steps=1800)
    assert [snapshot.create_volume_permission for snapshot in snapshots] == [set()] * 2
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    assert "AMI share: taken back" in stage.slack.messages(stage.room)[0].as_text()
    assert len(stage.slack.messages(stage.room)) == 1, "nothing failed"


def test_an_end_that_cannot_be_kept_is_said_where_somebody_sees_it(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging for 1d")
    stage.aws.faults.fail("ModifyImageAttribute", code="UnauthorizedOperation", times=99)
    stage.passes(hours=25, steps=1800)
    assert "was to be taken back. That failed" in stage.approval.as_text()
    assert "UnauthorizedOperation" in stage.approval.as_text()
    assert "AMI share: completed" in stage.slack.messages(stage.room)[0].as_text(), "the share is what it was"
    assert len(stage.slack.messages(stage.room)) == 2, "said once"

    stage.aws.faults.clear()
    taken_back(stage, share)
    assert lists(stage, image) == [set()] * 3


@ON_BOTH
def test_an_end_that_failed_is_tried_again_every_day_and_told_as_long_as_it_is_news(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging for 1d")
    refusing(stage, "ModifyImageAttribute")
    stage.passes(hours=25, steps=1800)
    for _ in range(2):
        refusing(stage, "ModifyImageAttribute")  # in other words, as EC2 does
        stage.passes(hours=24, steps=3600)
    assert len(stage.slack.messages(stage.room)) == 2, "the same trouble is no news"
    refusing(stage, "DescribeImageAttribute")
    stage.passes(hours=24, steps=3600)
    assert len(stage.slack.messages(stage.room)) == 3
    assert "DescribeImageAttribute" in stage.approval.as_text()

    stage.aws.faults.clear()
    stage.passes(hours=25, steps=3600)
    assert lists(stage, image) == [set()] * 3
    assert len(stage.slack.messages(stage.room)) == 3
    first = stage.slack.messages(stage.room)[0]
    assert "its time is over, as was approved" in stage.slack.thread(stage.room, first.ts)[-1].as_text()
    assert sum("its time is over" in line for line in stage.direct(stage.mika)) == 1
    removed = len(stage.aws.journal.calls("ModifyImageAttribute"))
    stage.passes(hours=48, steps=3600)
    assert len(stage.aws.journal.calls("ModifyImageAttribute")) == removed
    assert "take a share back" not in stage.types(stage.mika, "list").ephemeral[0].as_text()


def test_copies_whose_source_could_not_be_closed_have_it_closed_a_day_later(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging then unshare", minutes=0.5)
    refusing(stage, "ModifyImageAttribute")
    stage.passes(minutes=30)
    assert lists(stage, image)[0] == {STAGING}
    assert "With the end of the copies" in stage.approval.as_text()
    stage.aws.faults.clear()
    stage.passes(hours=24, steps=1800)
    assert lists(stage, image) == [set()] * 3


@pytest.fixture
def beside_a_stranger(stage: Stage, key: str) -> Iterator[None]:
    """A statement of somebody else's in the key's policy names a principal that gets deleted in the test."""
    kms = stage.by_hand(IMAGES, "kms")
    policy = stage.aws.key(key).policy
    other = stage.staging.user("other").principal
    theirs = {"Effect": "Allow", "Principal": {"AWS": other.arn}, "Action": "kms:DescribeKey", "Resource": "*"}
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy | {"Statement": [*policy["Statement"], theirs]}))
    yield
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]


def mended(stage: Stage, key: str) -> None:
    """Somebody takes the dead principal out of the policy."""
    policy = stage.aws.key(key).policy
    living = [one for one in policy["Statement"] if "AIDA" not in json.dumps(one)]
    stage.by_hand(IMAGES, "kms").put_key_policy(KeyId=key, Policy=json.dumps(policy | {"Statement": living}))


@pytest.mark.usefixtures("beside_a_stranger")
def test_an_end_takes_back_what_it_can_and_says_what_is_left_and_why(stage: Stage, image: str, key: str) -> None:
    shared(stage, f"{image} to staging for 1d")
    stage.staging.delete_user("other")
    stage.passes(hours=25, steps=1800)
    assert lists(stage, image) == [set()] * 3, "one policy holds up nothing else"
    told = stage.approval.as_text()
    assert "Not all of it could be" in told
    assert f"Not all of it can be taken back. The policy of the key {key} names principals that no longer" in told
    stage.passes(hours=48, steps=3600)
    assert len(stage.slack.messages(stage.room)) == 2, "said once"
    first = stage.slack.messages(stage.room)[0]
    assert "AMI share: completed" in first.as_text(), "nobody says that it is taken back"

    mended(stage, key)
    stage.passes(hours=25, steps=3600)
    assert "AMI share: taken back" in stage.slack.messages(stage.room)[0].as_text()
    assert "its time is over, as was approved" in stage.slack.thread(stage.room, first.ts)[-1].as_text()


@pytest.mark.usefixtures("beside_a_stranger")
def test_what_somebody_takes_back_and_cannot_be_is_shown_before_and_told_after(
    stage: Stage, image: str, key: str
) -> None:
    share = shared(stage, f"{image} to staging")
    stage.staging.delete_user("other")
    stage.types(stage.mika, f"revoke {share}")
    stage.work()
    assert f"The policy of the key {key} names principals that no longer exist" in stage.approval.as_text()
    assert "loses" not in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert lists(stage, image) == [set()] * 3
    told = "\n".join(stage.direct(stage.mika))
    assert "What the share gave is taken back only in part" in told
    assert f"The policy of the key {key} names principals that no longer exist" in told

    stage.types(stage.mika, "audit")
    stage.work()
    assert f"for {STAGING}" not in stage.approval.as_text().replace("`", ""), "it is over all the same"
    mended(stage, key)
    taken_back(stage, share)
    assert "What the share gave is taken back (" in stage.direct(stage.mika)[-1] + stage.direct(stage.mika)[-2]


def test_what_aws_refuses_holds_up_nothing_else(stage: Stage, image: str, key: str) -> None:
    policy = stage.aws.key(key).policy
    share = shared(stage, f"{image} to staging")
    refusing(stage, "ModifyImageAttribute")
    taken_back(stage, share)
    assert lists(stage, image) == [{STAGING}, set(), set()]
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    assert "AWS refused ModifyImageAttribute" in stage.direct(stage.mika)[-1]


def test_a_share_that_nobody_could_end_early_ends_by_its_date(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging for 3d")
    refusing(stage, "ModifyImageAttribute")
    taken_back(stage, share)
    stage.aws.faults.clear()
    stage.passes(hours=48, steps=3600)
    assert lists(stage, image)[0] == {STAGING}, "somebody asked for it, and hears that it failed"
    stage.passes(hours=25, steps=3600)
    assert lists(stage, image) == [set()] * 3


def test_what_a_share_gave_that_could_not_be_ended_is_needed_by_nobody(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging for 1d")
    other = shared(stage, f"{image} to staging no copy", minutes=1)
    stage.types(stage.mika, f"revoke {other}")
    stage.work()
    assert "Nothing has to change at AWS: others need the same" in stage.approval.as_text()
    refusing(stage, "ModifyImageAttribute")
    stage.passes(hours=25, steps=1800)
    stage.aws.faults.clear()
    taken_back(stage, other)
    assert lists(stage, image) == [set()] * 3


def test_an_organization_keeps_what_it_has_and_that_is_said(stage: Stage, image: str) -> None:
    share = shared(stage, f"{image} to staging")
    organization = "arn:aws:organizations::111111111111:organization/o-exampleorg1"
    stage.by_hand(IMAGES).modify_image_attribute(
        ImageId=image, LaunchPermission={"Add": [{"OrganizationArn": organization}]}
    )
    stage.types(stage.mika, f"revoke {share}")
    stage.work()
    assert f"stays shared with {organization}" in stage.approval.as_text()


def test_an_end_says_who_has_access_all_the_same_and_why(stage: Stage) -> None:
    image = stage.images.image(REGION, name="plain", devices=[Disk(gib=8), Disk(gib=4)])
    first_snapshot = stage.aws.image(image).snapshots[0].id
    stage.by_hand(IMAGES).modify_snapshot_attribute(
        SnapshotId=first_snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[STAGING]
    )
    stage.types(stage.mika, f"{image} to staging, prod for 1d no copy")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.passes(minutes=1)
    first = stage.approval
    other = shared(stage, f"{image} to prod no copy", minutes=1)
    organization = "arn:aws:organizations::111111111111:organization/o-exampleorg1"
    stage.by_hand(IMAGES).modify_image_attribute(
        ImageId=image, LaunchPermission={"Add": [{"OrganizationArn": organization}, {"Group": "all"}]}
    )
    stage.passes(hours=25, steps=1800)
    for told in (stage.slack.thread(stage.room, first.ts)[-1].as_text(), stage.direct(stage.mika)[-1]):
        said = told.replace("`", "")
        assert "its time is over, as was approved" in said
        assert f"{STAGING} will still have access to {first_snapshot}: somebody else gave it" in said
        assert f"{PROD} will still have access to {image}, " in said
        assert f"it is needed for {other} as well" in said
        assert f"{image} stays shared with all, {organization}" in said


def test_what_others_give_while_it_is_taken_back_is_told(stage: Stage) -> None:
    image = stage.images.image(REGION, name="plain")
    share = shared(stage, f"{image} to staging no copy", minutes=1)
    stage.types(stage.mika, f"revoke {share}")
    stage.work()
    assert "stays shared" not in stage.approval.as_text()
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert f"{image} stays shared with all" in stage.direct(stage.mika)[-2].replace("`", "")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "operation", ["ModifyImageAttribute", "ModifySnapshotAttribute", "PutKeyPolicy", "DeregisterImage"]
)
def test_a_death_while_taking_back_is_made_up_for(
    stage: Stage, image: str, key: str, operation: str, when: str
) -> None:
    policy = stage.aws.key(key).policy
    share = shared(stage, f"{image} to staging")
    stage.types(stage.mika, f"revoke {share} and deregister the copies")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash(operation, nth=1)
    with pytest.raises(Crash):
        stage.work()

    stage.start()
    stage.passes(minutes=2)
    assert lists(stage, image) == [set()] * 3
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    assert stage.staging.images(REGION) == []
    assert sum("Permissions are taken back" in line for line in stage.thread) == 1
    assert sum("What the share gave is taken back" in line for line in stage.direct(stage.mika)) == 1


@ON_BOTH
def test_a_share_waits_for_a_revocation_that_takes_away_what_it_needs(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to staging then unshare", minutes=0.5)
    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    assert "Nothing has to change at AWS: all of it is there already." in stage.approval.as_text()
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=99)
    stage.passes(minutes=30)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "AMI share: approved" in stage.approval.as_text(), "it waits for the source to be closed"
    stage.aws.faults.clear()
    stage.passes(minutes=12)
    assert lists(stage, image) == [set()] * 3
    assert "please decide again" in stage.thread[-1]
    assert "for `222222222222`" in stage.approval.as_text(), "what it could count on is gone, and has to be given"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    assert lists(stage, image) == [{STAGING}] * 3


def test_what_a_share_counts_on_is_not_taken_back_under_it(stage: Stage, image: str) -> None:
    first = shared(stage, f"{image} to staging")
    shared(stage, f"{image} to staging no copy", minutes=1)
    taken_back(stage, first)
    assert lists(stage, image) == [{STAGING}] * 3
