"""Reading: what is there, what can't be read, and that nothing is changed on the way."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from aws_ops.causes import CauseKind, because
from aws_ops.errors import AwsBusy
from aws_ops.facts import (
    Device,
    ExistingCopy,
    Facts,
    ImageFacts,
    ImageNotFound,
    KeyFacts,
    SnapshotFacts,
    SourceAccount,
    TargetFacts,
    Unreadable,
)
from aws_ops.ids import AccountId, Region
from aws_ops.reading import read_facts
from aws_ops.request import Mode, ShareRequest
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    PROD,
    REGION,
    SNAPSHOT,
    STAGING,
    STRANGER,
    a_key_arn,
    a_policy,
    a_request,
    a_role,
    a_source,
    a_target,
)
from tests.aws_ops.canned import CannedAws, a_healthy_aws, image, key_metadata

KEY = a_key_arn(GOLDEN)
SECOND_SOURCE = AccountId("888888888888")


@pytest.fixture
def aws() -> CannedAws:
    return a_healthy_aws()


def read(aws: CannedAws, request: ShareRequest | None = None, *more: SourceAccount) -> Facts:
    return read_facts(aws, [a_source(), *more], request or a_request())  # type: ignore[arg-type]


def another_source(aws: CannedAws, **answers: Any) -> SourceAccount:
    aws.refuse(SECOND_SOURCE, "DescribeImages", "InvalidAMIID.NotFound")
    for operation, answer in answers.items():
        aws.answers[SECOND_SOURCE, operation] = answer
    return SourceAccount("legacy", a_role(SECOND_SOURCE), (REGION, Region("us-east-1")))


def test_everything_is_read_and_nothing_is_written(aws: CannedAws) -> None:
    facts = read(aws, a_request(a_target(STAGING), a_target(PROD)))
    assert facts.images[IMAGE] == ImageFacts(
        image_id=IMAGE,
        owner=GOLDEN,
        region=REGION,
        name="golden",
        description="Golden image",
        state="available",
        state_reason="",
        created=datetime(2026, 11, 23, 10, tzinfo=UTC),
        architecture="x86_64",
        platform_details="Linux/UNIX",
        usage_operation="RunInstances",
        root_device_type="ebs",
        product_codes=(),
        tags={"team": "platform"},
        devices=(Device("/dev/xvda", SNAPSHOT), Device("/dev/xvdb", None)),
        launch_permission=frozenset({PROD}),
        launch_groups=frozenset({"all"}),
    )
    assert facts.snapshots == {
        SNAPSHOT: SnapshotFacts(
            snapshot_id=SNAPSHOT,
            owner=GOLDEN,
            state="completed",
            size_gib=8,
            storage_tier="standard",
            encrypted=True,
            key_arn=KEY,
            create_volume_permission=frozenset({PROD}),
        )
    }
    key = KeyFacts(KEY, "CUSTOMER", "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", policy=a_policy(), grants=())
    assert facts.keys == {KEY: key}
    assert set(facts.targets) == {(STAGING, REGION), (PROD, REGION)}
    assert facts.targets[STAGING, REGION] == TargetFacts(
        STAGING,
        REGION,
        role=None,
        key=KeyFacts(a_key_arn(STAGING), "CUSTOMER", "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    )
    assert all(operation.startswith(("Describe", "Get", "List")) for _, operation in aws.asked)
    assert Counter(aws.asked).most_common(1)[0][1] <= 2


def test_an_image_with_nothing_but_an_id_can_be_read(aws: CannedAws) -> None:
    aws.answers[GOLDEN, "DescribeImages"] = {"Images": [{"ImageId": IMAGE, "OwnerId": GOLDEN}]}
    facts = read(aws)
    assert isinstance(facts.images[IMAGE], ImageFacts)
    assert (facts.snapshots, facts.keys) == ({}, {})


# Where the image is --------------------------------------------------------------------------------------------------


def test_the_image_is_looked_for_everywhere(aws: CannedAws) -> None:
    aws.refuse(GOLDEN, "DescribeImages", "InvalidAMIID.NotFound")
    facts = read(aws, None, another_source(aws))
    searched = (("golden", REGION), ("legacy", REGION), ("legacy", "us-east-1"))
    assert facts == Facts({IMAGE: ImageNotFound(searched=searched)})


def test_an_image_that_is_seen_but_not_owned_names_its_owner(aws: CannedAws) -> None:
    aws.answers[GOLDEN, "DescribeImages"] = {"Images": [image(OwnerId=STRANGER)]}
    assert read(aws).images[IMAGE] == ImageNotFound(searched=(("golden", REGION),), owner=STRANGER)


def test_the_owner_counts_whoever_else_sees_it(aws: CannedAws) -> None:
    source = another_source(aws, DescribeImages={"Images": [image()]})
    facts = read_facts(aws, [source, a_source()], a_request())  # type: ignore[arg-type]
    assert isinstance(facts.images[IMAGE], ImageFacts)
    assert (facts.images[IMAGE].owner, facts.images[IMAGE].region) == (GOLDEN, REGION)


def test_places_that_cannot_be_searched_are_named(aws: CannedAws) -> None:
    aws.refuse(GOLDEN, "DescribeImages", "UnauthorizedOperation")
    found = read(aws).images[IMAGE]
    assert isinstance(found, ImageNotFound)
    assert found.searched == ()
    [place] = found.unreadable
    assert str(*place.why).startswith("golden eu-central-1: refused (operation DescribeImages")


# What can't be read --------------------------------------------------------------------------------------------------


def test_launch_permission_that_cannot_be_read_is_said_of_the_image(aws: CannedAws) -> None:
    aws.refuse(GOLDEN, "DescribeImageAttribute", "AuthFailure")
    found = read(aws).images[IMAGE]
    assert isinstance(found, ImageFacts)
    [part] = found.unreadable
    assert "DescribeImageAttribute" in str(*part.why)


@pytest.mark.parametrize("operation", ["DescribeSnapshots", "DescribeSnapshotAttribute"])
def test_a_snapshot_that_cannot_be_read(aws: CannedAws, operation: str) -> None:
    aws.refuse(GOLDEN, operation, "UnauthorizedOperation")
    facts = read(aws)
    unread = facts.snapshots[SNAPSHOT]
    assert isinstance(unread, Unreadable)
    assert operation in str(*unread.why)
    assert facts.keys == {}


def test_a_snapshot_that_is_gone(aws: CannedAws) -> None:
    aws.answers[GOLDEN, "DescribeSnapshots"] = {"Snapshots": []}
    assert read(aws).snapshots == {SNAPSHOT: Unreadable(because(CauseKind.ABSENT))}


def test_a_key_that_cannot_be_read(aws: CannedAws) -> None:
    aws.refuse(GOLDEN, "DescribeKey", "AccessDeniedException")
    assert isinstance(read(aws).keys[KEY], Unreadable)


@pytest.mark.parametrize("answer", ["refused", "garbled"])
def test_a_policy_that_cannot_be_read(aws: CannedAws, answer: str) -> None:
    if answer == "refused":
        aws.refuse(GOLDEN, "GetKeyPolicy", "AccessDeniedException")
    else:
        aws.answers[GOLDEN, "GetKeyPolicy"] = {"Policy": "<xml>"}
    key = read(aws).keys[KEY]
    assert isinstance(key, KeyFacts)
    assert isinstance(key.policy, Unreadable)


@pytest.mark.parametrize("known", [True, False])
def test_a_key_of_another_account_has_a_policy_only_if_that_account_is_known(aws: CannedAws, known: bool) -> None:
    arn = a_key_arn(SECOND_SOURCE)
    snapshot = {"SnapshotId": SNAPSHOT, "OwnerId": GOLDEN, "Encrypted": True, "KmsKeyId": arn}
    aws.answers[GOLDEN, "DescribeSnapshots"] = {"Snapshots": [snapshot]}
    aws.answers[GOLDEN, "DescribeKey"] = key_metadata(arn)
    source = another_source(
        aws, DescribeKey=key_metadata(arn), GetKeyPolicy={"Policy": a_policy().text}, ListGrants={"Grants": []}
    )
    key = read(aws, None, *([source] if known else [])).keys[arn]
    assert isinstance(key, KeyFacts)
    assert key.policy == (a_policy() if known else None)


def test_the_policy_of_a_key_of_aws_is_nobodys_business(aws: CannedAws) -> None:
    aws.answers[GOLDEN, "DescribeKey"] = key_metadata(KEY, manager="AWS")
    key = read(aws).keys[KEY]
    assert isinstance(key, KeyFacts)
    assert (key.manager, key.policy) == ("AWS", None)
    assert (GOLDEN, "GetKeyPolicy") not in aws.asked


# Targets -------------------------------------------------------------------------------------------------------------


def test_a_role_that_cannot_be_assumed_holds_back_no_other_target(aws: CannedAws) -> None:
    aws.refuse(STAGING, "AssumeRole", "AccessDenied")
    facts = read(aws, a_request(a_target(STAGING), a_target(PROD)))
    assert isinstance(facts.targets[STAGING, REGION].role, Unreadable)
    assert facts.targets[STAGING, REGION].key is None
    assert facts.targets[PROD, REGION].role is None


def test_sharing_asks_of_a_target_only_whether_it_would_see_the_image(aws: CannedAws) -> None:
    facts = read(aws, a_request(mode=Mode.SHARE))
    assert facts.targets == {(STAGING, REGION): TargetFacts(STAGING, REGION, role=None)}
    assert {operation for account, operation in aws.asked if account != GOLDEN} == {"GetAllowedImagesSettings"}


@pytest.mark.parametrize("code", ["NotFoundException", "AccessDeniedException"])
def test_a_targets_key_that_cannot_be_read(aws: CannedAws, code: str) -> None:
    aws.refuse(STAGING, "DescribeKey", code)
    assert isinstance(read(aws).targets[STAGING, REGION].key, Unreadable)


def test_a_target_without_a_key_for_the_region_is_not_asked_for_one(aws: CannedAws) -> None:
    assert read(aws, a_request(a_target(keys={Region("us-east-1"): "alias/ami"}))).targets[STAGING, REGION].key is None
    assert (STAGING, "DescribeKey") not in aws.asked


def test_images_of_a_target_that_cannot_be_read(aws: CannedAws) -> None:
    aws.refuse(STAGING, "DescribeImages", "UnauthorizedOperation")
    target = read(aws).targets[STAGING, REGION]
    assert target.role is None
    assert all("DescribeImages" in str(*part.why) for part in target.unreadable)


def test_copies_are_known_by_the_keys_of_all_their_snapshots(aws: CannedAws) -> None:
    def devices(*snapshots: str) -> list[dict[str, Any]]:
        return [{"DeviceName": one, "Ebs": {"SnapshotId": one}} for one in snapshots]

    def images(asked: dict[str, Any]) -> dict[str, Any]:
        [only] = asked["Filters"]
        assert asked["Owners"] == ["self"]
        if only["Name"] == "name":
            assert only["Values"] == ["golden*"]
            return {"Images": [{"ImageId": "ami-9", "Name": "golden"}, {"ImageId": "ami-8", "Name": "golden 2"}]}
        assert only == {"Name": "source-image-id", "Values": [IMAGE]}
        return {
            "Images": [
                {"ImageId": "ami-1", "State": "available", "BlockDeviceMappings": devices("snap-1", "snap-2")},
                {"ImageId": "ami-2", "State": "available", "BlockDeviceMappings": devices("snap-1", "snap-gone")},
                {
                    "ImageId": "ami-3",
                    "State": "pending",
                    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {}}],
                },
            ]
        }

    key = a_key_arn(STAGING)
    aws.answers[STAGING, "DescribeImages"] = images
    aws.answers[STAGING, "DescribeSnapshots"] = {
        "Snapshots": [{"SnapshotId": one, "KmsKeyId": key} for one in ("snap-1", "snap-2")]
    }
    target = read(aws).targets[STAGING, REGION]
    assert target.names_taken == {"golden", "golden 2"}
    assert [(copy.image_id, copy.state, copy.key_arns) for copy in target.copies] == [
        ("ami-1", "available", {key}),
        ("ami-2", "available", {key, None}),
        ("ami-3", "pending", frozenset()),
    ]
    assert all(isinstance(copy, ExistingCopy) for copy in target.copies)


@pytest.mark.parametrize(
    ("account", "operation"),
    [
        (GOLDEN, "DescribeImages"),
        (GOLDEN, "DescribeImageAttribute"),
        (GOLDEN, "DescribeSnapshotAttribute"),
        (GOLDEN, "GetKeyPolicy"),
        (STAGING, "AssumeRole"),
        (STAGING, "DescribeImages"),
    ],
)
def test_if_aws_is_busy_nothing_is_known(aws: CannedAws, account: AccountId, operation: str) -> None:
    aws.refuse(account, operation, "RequestLimitExceeded" if operation != "AssumeRole" else "Throttling")
    with pytest.raises(AwsBusy):
        read(aws)
