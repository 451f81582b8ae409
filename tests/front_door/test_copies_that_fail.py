"""Copies that fail: what is tried again, what is cleared away, what is said, and that the others go on."""

from datetime import timedelta

import pytest

from playground.aws import Disk
from playground.company import target_policy
from tests.stage import REGION, STAGING, Stage

APPROVE = "ami_share_approve"


@pytest.fixture
def key(stage: Stage) -> str:
    key: str = stage.images.key(REGION)
    return key


@pytest.fixture
def image(stage: Stage, key: str) -> str:
    image: str = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    return image


def approve(stage: Stage, image: str, to: str = "staging") -> None:
    stage.types(stage.mika, f"{image} to {to}")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()


def without(document: dict, sid: str) -> dict:
    return document | {"Statement": [each for each in document["Statement"] if each["Sid"] != sid]}


def test_a_role_that_may_not_use_the_source_key_is_said_in_words_and_the_others_go_on(stage: Stage, image: str) -> None:
    whole = target_policy(STAGING)
    stage.staging.set_role_policy("ami-share-target", without(whole, "LetEbsUseTheKeys"))
    approve(stage, image, "staging, prod")
    stage.passes(minutes=60)

    assert stage.staging.images(REGION) == [], "failed copies are cleared away"
    assert [copy.state for copy in stage.prod.images(REGION)] == ["available"]
    assert len(stage.aws.journal.calls("CopyImage")) == 3, "staging was tried twice: its key had only just been opened"
    (failed,) = [line for line in stage.thread if "staging" in line and "failed. AWS ended the copy" in line]
    assert "Given key ID is not accessible" in failed
    assert "its IAM policy names both" in failed
    told = stage.direct(stage.mika)[-1]
    assert "done for 1 of 2 accounts" in told
    assert "Given key ID is not accessible" in told


def test_a_key_that_was_only_just_opened_gets_a_second_try(stage: Stage, image: str) -> None:
    whole = target_policy(STAGING)
    stage.staging.set_role_policy("ami-share-target", without(whole, "LetEbsUseTheKeys"))
    approve(stage, image)
    stage.passes(minutes=1)
    assert any("I cleaned it up and try once more" in line for line in stage.thread)
    stage.staging.set_role_policy("ami-share-target", whole)
    stage.passes(minutes=30)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    first, second = stage.aws.journal.calls("CopyImage")
    assert first.parameters["ClientToken"] != second.parameters["ClientToken"]


def test_a_policy_that_spreads_slowly_is_waited_for(stage: Stage, image: str) -> None:
    stage.aws.policy_spreads_after = timedelta(minutes=3)
    approve(stage, image)
    stage.passes(minutes=2)
    assert stage.aws.journal.calls("CopyImage") == [], "no copy before the target can use the key"
    assert any("waiting to start" in line for line in stage.thread)
    stage.passes(minutes=40)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert len(stage.aws.journal.calls("CopyImage")) == 1


def test_permissions_that_spread_slowly_are_waited_for(stage: Stage, image: str) -> None:
    stage.aws.launch_permission_spreads_after = timedelta(minutes=2)
    stage.aws.volume_permission_spreads_after = timedelta(minutes=4)
    approve(stage, image)
    stage.passes(minutes=3)
    assert stage.staging.images(REGION) == []
    assert any("waiting to start" in line for line in stage.thread)
    stage.passes(minutes=40)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert len({call.parameters["ClientToken"] for call in stage.aws.journal.calls("CopyImage")}) == 1


def test_permissions_that_never_arrive_end_with_what_aws_says(stage: Stage, image: str) -> None:
    stage.aws.volume_permission_spreads_after = timedelta(days=1)
    approve(stage, image)
    stage.passes(minutes=20)
    assert "You do not have permission to access the storage of this ami" in stage.direct(stage.mika)[-1]


def test_a_key_that_never_opens_ends_with_what_to_look_at(stage: Stage, image: str) -> None:
    whole = target_policy(STAGING, source="555555555555")
    stage.staging.set_role_policy("ami-share-target", whole)
    approve(stage, image)
    stage.passes(minutes=20)
    told = stage.direct(stage.mika)[-1]
    assert "could not use the source key" in told
    assert "Its own IAM policy must allow kms:DescribeKey" in told.replace("`", "")
    assert stage.aws.journal.calls("CopyImage") == []


def test_a_source_region_that_the_target_has_not_enabled_is_not_waited_for(stage: Stage, image: str) -> None:
    def no_longer_believed() -> None:
        stage.aws.faults.fail("DescribeKey", code="UnrecognizedClientException", times=999, account_id=STAGING)

    # Its own region's key is read for the plan, with the same call; this is about the source's key alone.
    stage.aws.faults.meanwhile("ModifyImageAttribute", no_longer_believed)
    approve(stage, image)
    assert "is the region enabled in the account?" in stage.direct(stage.mika)[-1]


def test_a_copy_that_somebody_deregisters_is_missed(stage: Stage, image: str) -> None:
    approve(stage, image)
    stage.passes(seconds=30)
    (copy,) = stage.staging.images(REGION)
    stage.aws.deregister(copy.id)
    stage.passes(minutes=10)
    assert "somebody deregistered it" in stage.direct(stage.mika)[-1]


def test_a_copy_that_is_not_as_intended_is_not_called_good(stage: Stage, image: str) -> None:
    approve(stage, image)
    stage.clock.advance(timedelta(hours=1))
    (copy,) = stage.staging.images(REGION)
    copy.snapshots[0].key_arn = stage.staging.key(REGION)
    stage.passes(minutes=1)
    told = stage.direct(stage.mika)[-1]
    assert "is not as it must be" in told
    assert "don't use it" in told
    assert [left.id for left in stage.staging.images(REGION)] == [copy.id], "it is left for somebody to look at"


def test_a_full_queue_of_copies_is_waited_for(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("CopyImage", code="ResourceLimitExceeded", message="too many copies", times=3)
    approve(stage, image)
    stage.passes(minutes=30)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    tokens = {call.parameters["ClientToken"] for call in stage.aws.journal.calls("CopyImage")}
    assert len(tokens) == 1


def test_one_busy_moment_after_a_long_wait_for_its_turn_costs_no_copy(stage: Stage, image: str) -> None:
    stage.aws.image_copies_at_once = 0
    approve(stage, image)
    stage.passes(hours=25, steps=1800)
    stage.aws.image_copies_at_once = 20
    stage.aws.faults.lose_answer("DescribeKey", times=99)
    stage.passes(minutes=2)
    stage.aws.faults.clear()
    stage.passes(minutes=30)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]


def test_a_lost_answer_makes_no_second_copy(stage: Stage, image: str) -> None:
    stage.aws.faults.lose_answer("CopyImage", times=20)
    approve(stage, image)
    stage.passes(minutes=2)
    stage.passes(minutes=30)
    assert len(stage.staging.images(REGION)) == 1
    assert "complete" in stage.direct(stage.mika)[-1]


def test_a_refusal_at_the_last_moment_fails_with_aws_s_own_words(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("PutKeyPolicy", code="AccessDeniedException", message="not this key", times=1)
    approve(stage, image)
    told = stage.direct(stage.mika)[-1]
    assert "failed" in told
    assert "AWS refused PutKeyPolicy: not this key" in told
    assert stage.aws.image(image).launch_permission == set(), "nothing is visible that could not be used"


def test_throttling_costs_time_and_nothing_else(stage: Stage, image: str) -> None:
    for operation in ("ModifyImageAttribute", "DescribeImages", "PutKeyPolicy"):
        stage.aws.faults.fail(operation, code="RequestLimitExceeded", message="slow down", status=503, times=1)
    approve(stage, image)
    stage.passes(minutes=40)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
