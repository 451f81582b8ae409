"""Copies: what is ordered, how they are watched, and what is left of those that failed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from aws_ops.causes import CauseKind, because
from aws_ops.changes import CopyImage
from aws_ops.copies import (
    DELIVERY_TAG,
    CopyState,
    CopyStatus,
    SnapshotCopy,
    discard,
    faults_of,
    find_copy,
    start_copy,
    watch,
)
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.ids import ImageId, SnapshotId
from tests.aws_ops.builders import GOLDEN, IMAGE, REGION, STAGING, a_key_arn

KEY = a_key_arn(STAGING)
COPY = ImageId("ami-11111111111111111")
OTHER = ImageId("ami-22222222222222222")
ORDER = CopyImage(
    account_id=STAGING,
    region=REGION,
    source_image_id=IMAGE,
    source_region=REGION,
    name="golden",
    description="Golden image",
    key_arn=KEY,
    source_key_arns=(a_key_arn(GOLDEN),),
    tags=(("team", "platform"),),
)


@pytest.fixture
def stub(ec2: Any) -> Iterator[Stubber]:
    with Stubber(ec2) as stub:
        yield stub
        stub.assert_no_pending_responses()


def image(image_id: ImageId = COPY, state: str = "available", *snapshots: str, **more: Any) -> dict[str, Any]:
    devices = [{"DeviceName": f"/dev/sd{number}", "Ebs": {"SnapshotId": one}} for number, one in enumerate(snapshots)]
    return {"ImageId": image_id, "State": state, "BlockDeviceMappings": devices} | more


def snapshot(snapshot_id: str, made_for: ImageId = COPY, **more: Any) -> dict[str, Any]:
    description = f"Copied for DestinationAmi {made_for} from SourceAmi {IMAGE} for SourceSnapshot snap-0. Task created"
    return {"SnapshotId": snapshot_id, "Description": description, "State": "pending", "VolumeSize": 10} | more


DELIVERED = [{"Key": DELIVERY_TAG, "Value": "d-1"}]


def answers_images(stub: Stubber, *images: dict[str, Any], filters: Any = ANY) -> None:
    stub.add_response(
        "describe_images",
        {"Images": list(images)},
        {"Owners": ["self"], "IncludeDisabled": True, "Filters": filters, "MaxResults": ANY},
    )


def answers_snapshots(stub: Stubber, *snapshots: dict[str, Any], filters: Any = ANY) -> None:
    stub.add_response(
        "describe_snapshots",
        {"Snapshots": list(snapshots)},
        {"OwnerIds": ["self"], "Filters": filters, "MaxResults": ANY},
    )


# Starting ------------------------------------------------------------------------------------------------------------


def test_a_copy_is_ordered_in_full(ec2: Any, stub: Stubber) -> None:
    tags = [
        {"Key": "team", "Value": "platform"},
        {"Key": "ami-share:delivery", "Value": "d-1"},
        {"Key": "ami-share:source-image", "Value": IMAGE},
    ]
    order = {
        "Name": "golden",
        "Description": "Golden image",
        "SourceImageId": IMAGE,
        "SourceRegion": REGION,
        "Encrypted": True,
        "KmsKeyId": KEY,
        "ClientToken": "token-1",
        "TagSpecifications": [
            {"ResourceType": "image", "Tags": tags},
            {"ResourceType": "snapshot", "Tags": tags},
        ],
    }
    stub.add_response("copy_image", {"ImageId": COPY}, order)
    assert start_copy(ec2, ORDER, client_token="token-1", delivery="d-1") == COPY


@pytest.mark.parametrize("token", ["", "x" * 65, "ü", "two words"])
def test_a_token_that_aws_would_not_take_is_not_sent(ec2: Any, stub: Stubber, token: str) -> None:
    with pytest.raises(ValueError, match="client token"):
        start_copy(ec2, ORDER, client_token=token, delivery="d-1")


def test_too_many_copies_at_once_is_a_matter_of_time(ec2: Any, stub: Stubber) -> None:
    stub.add_client_error("copy_image", "ResourceLimitExceeded")
    with pytest.raises(AwsBusy):
        start_copy(ec2, ORDER, client_token="token-1", delivery="d-1")


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ([], None),
        (["failed"], None),
        (["deregistered", "pending"], OTHER),
        (["pending", "available"], OTHER),
        (["available", "pending"], COPY),
    ],
)
def test_an_earlier_attempt_is_found_unless_it_failed(
    ec2: Any, stub: Stubber, states: list[str], found: ImageId | None
) -> None:
    images = [image(image_id, state) for image_id, state in zip([COPY, OTHER], states, strict=False)]
    answers_images(stub, *images, filters=[{"Name": "tag:ami-share:delivery", "Values": ["d-1"]}])
    assert find_copy(ec2, "d-1") == found


@pytest.mark.parametrize(("state", "found"), [("pending", None), ("available", COPY)])
def test_one_that_has_been_under_way_for_too_long_is_not_found(
    ec2: Any, stub: Stubber, state: str, found: ImageId | None
) -> None:
    begun = datetime(2026, 3, 2, 9, tzinfo=UTC)
    old = {**image(COPY, state), "CreationDate": "2026-03-02T09:00:00.000Z"}
    for stalled_before, expected in ((begun, COPY), (begun + timedelta(seconds=1), found)):
        answers_images(stub, old, filters=[{"Name": "tag:ami-share:delivery", "Values": ["d-1"]}])
        assert find_copy(ec2, "d-1", stalled_before=stalled_before) == expected


# Watching ------------------------------------------------------------------------------------------------------------


def test_nothing_to_watch_takes_no_call(ec2: Any, stub: Stubber) -> None:
    assert watch(ec2, []) == {}


def test_many_copies_are_watched_in_three_calls_and_the_lost_are_missing(ec2: Any, stub: Stubber) -> None:
    lost = ImageId("ami-33333333333333333")
    answers_images(
        stub,
        image(COPY, "available", "snap-1"),
        image(OTHER, "pending"),
        filters=[{"Name": "image-id", "Values": [COPY, OTHER, lost]}],
    )
    answers_snapshots(
        stub,
        snapshot("snap-1", State="completed", Progress="100%", Encrypted=True, KmsKeyId=KEY),
        filters=[{"Name": "snapshot-id", "Values": ["snap-1"]}],
    )
    answers_snapshots(
        stub,
        snapshot("snap-2", OTHER, Progress="40%"),
        filters=[{"Name": "description", "Values": [f"Copied for DestinationAmi {OTHER}*"]}],
    )
    done = SnapshotCopy(SnapshotId("snap-1"), "completed", 100, 10, encrypted=True, key_arn=KEY)
    going = SnapshotCopy(SnapshotId("snap-2"), "pending", 40, 10, encrypted=False, key_arn=None)
    assert watch(ec2, [lost, OTHER, COPY, COPY]) == {
        COPY: CopyStatus(COPY, CopyState.AVAILABLE, 100, 10, (done,)),
        OTHER: CopyStatus(OTHER, CopyState.PENDING, 40, 10, (going,)),
    }


def test_a_filter_takes_two_hundred_copies(ec2: Any, stub: Stubber) -> None:
    for count in (200, 50):
        answers_images(stub, filters=[{"Name": "image-id", "Values": [ANY] * count}])
    assert watch(ec2, [ImageId(f"ami-{number:017x}") for number in range(250)]) == {}


@pytest.mark.parametrize(
    ("snapshots", "percent"),
    [
        ([], None),
        ([{}], None),
        ([{"Progress": ""}], None),
        ([{"Progress": "?"}], None),
        ([{"Progress": "80%"}], 80),
        ([{"Progress": "50%", "VolumeSize": 30}, {"Progress": "10%", "VolumeSize": 10}], 40),
        ([{"Progress": "50%"}, {}], 25),
        ([{"State": "completed"}, {"Progress": "50%"}], 75),
    ],
)
def test_progress_is_weighted_by_size(
    ec2: Any, stub: Stubber, snapshots: list[dict[str, Any]], percent: int | None
) -> None:
    answers_images(stub, {"ImageId": COPY})
    answers_snapshots(stub, *(snapshot(f"snap-{number}", **one) for number, one in enumerate(snapshots)))
    assert watch(ec2, [COPY])[COPY].percent == percent


def test_a_failed_copy_says_why_in_awss_words(ec2: Any, stub: Stubber) -> None:
    answers_images(stub, image(COPY, "failed", StateReason={"Code": "Client", "Message": "Copy failed"}))
    answers_snapshots(stub, snapshot("snap-1", State="error", StateMessage="Given key ID is not accessible"))
    status = watch(ec2, [COPY])[COPY]
    assert status.state is CopyState.FAILED
    assert status.reasons == ("Copy failed", "snap-1: Given key ID is not accessible")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", CopyState.PENDING),
        ("transient", CopyState.PENDING),
        ("error", CopyState.FAILED),
        ("invalid", CopyState.FAILED),
        ("deregistered", CopyState.GONE),
        ("disabled", CopyState.GONE),
    ],
)
def test_every_state_means_something(ec2: Any, stub: Stubber, word: str, state: CopyState) -> None:
    answers_images(stub, image(COPY, word))
    answers_snapshots(stub)
    assert watch(ec2, [COPY])[COPY].state is state


# Checking ------------------------------------------------------------------------------------------------------------


def a_status(state: CopyState = CopyState.AVAILABLE, *keys: Any) -> CopyStatus:
    snapshots = tuple(
        SnapshotCopy(SnapshotId(f"snap-{number}"), "completed", 100, 10, encrypted=key is not None, key_arn=key)
        for number, key in enumerate(keys)
    )
    return CopyStatus(COPY, state, 100, 10, snapshots)


def test_a_copy_is_good_if_every_snapshot_is_under_the_key() -> None:
    assert faults_of(a_status(CopyState.AVAILABLE, KEY, KEY), KEY) == ()


def test_every_fault_of_a_copy_is_named() -> None:
    other = a_key_arn(STAGING, "other")
    assert faults_of(a_status(CopyState.PENDING, KEY, None, other), KEY) == (
        *because(CauseKind.NOT_AVAILABLE, image=COPY, state="pending"),
        *because(CauseKind.NOT_ENCRYPTED, snapshot="snap-1"),
        *because(CauseKind.UNDER_OTHER_KEY, snapshot="snap-2", key=other, intended=KEY),
    )
    assert faults_of(a_status(), KEY) == because(CauseKind.NO_SNAPSHOTS, image=COPY)


# Clearing away -------------------------------------------------------------------------------------------------------


def test_a_copy_goes_with_its_snapshots(ec2: Any, stub: Stubber) -> None:
    answers_images(stub, image(COPY, "failed", Tags=DELIVERED))
    stub.add_response("deregister_image", {}, {"ImageId": COPY, "DeleteAssociatedSnapshots": True})
    answers_snapshots(
        stub,
        snapshot("snap-1", Tags=DELIVERED),
        snapshot("snap-2"),
        snapshot("snap-3", Tags=DELIVERED),
        filters=[{"Name": "description", "Values": [f"Copied for DestinationAmi {COPY}*"]}],
    )
    stub.add_client_error("delete_snapshot", "InvalidSnapshot.InUse", expected_params={"SnapshotId": "snap-1"})
    stub.add_response("delete_snapshot", {}, {"SnapshotId": "snap-3"})
    discard(ec2, COPY)


def test_what_is_gone_already_is_no_trouble(ec2: Any, stub: Stubber) -> None:
    answers_images(stub)
    answers_snapshots(stub)
    discard(ec2, COPY)
    answers_images(stub, image(COPY, "failed", Tags=DELIVERED))
    stub.add_client_error("deregister_image", "InvalidAMIID.Unavailable")
    answers_snapshots(stub, snapshot("snap-1", Tags=DELIVERED))
    stub.add_client_error("delete_snapshot", "InvalidSnapshot.NotFound")
    discard(ec2, COPY)


def test_what_the_bot_did_not_make_it_does_not_remove(ec2: Any, stub: Stubber) -> None:
    answers_images(stub, image(COPY, "available", "snap-1"))
    with pytest.raises(AwsOpsError, match="not the bot's to remove"):
        discard(ec2, COPY)
