"""Copies: start them, find them again, watch many at once, check them, and clear away what failed.

All of it is done in the account that owns the copy, with its own role.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.causes import CauseKind, Why, because
from aws_ops.errors import AwsRefused, NotFound, NotOwnCopy, NotYetVisible
from aws_ops.ids import ImageId, KeyArn, SnapshotId
from aws_ops.tags import DELIVERY_TAG, SOURCE_CREATED_TAG, SOURCE_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef, ImageTypeDef, SnapshotTypeDef, TagTypeDef

    from aws_ops.changes import CopyImage

__all__ = [
    "COOLDOWN",
    "DELIVERY_TAG",
    "CopyState",
    "CopyStatus",
    "SnapshotCopy",
    "discard",
    "faults_of",
    "find_copy",
    "is_protected_with_cooldown",
    "lift_protection",
    "start_copy",
    "watch",
]

# Real, and the same in every report of it (EC2, CopyImage; docs/aws-rules.md).
_NO_STORAGE = "permission to access the storage of this ami"
_FILTER_VALUES = 200  # a filter of a call (EC2, "Filter")
# Observed, not documented: so a pending copy whose snapshots aren't found this way has merely no percentage.
_MADE_FOR = re.compile(r"Copied for DestinationAmi (ami-[0-9a-f]+)")
_CLIENT_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")  # EC2 API reference, "Ensuring idempotency"


class CopyState(StrEnum):
    """What has become of a copy."""

    PENDING = "pending"
    AVAILABLE = "available"
    FAILED = "failed"
    GONE = "gone"  # deregistered or disabled by somebody


@dataclass(frozen=True)
class SnapshotCopy:
    """A snapshot of a copy. `percent` is None while AWS names none; `message` is AWS's, on failure."""

    snapshot_id: SnapshotId
    state: str
    percent: int | None
    size_gib: int
    encrypted: bool
    key_arn: KeyArn | None
    message: str = ""


@dataclass(frozen=True)
class CopyStatus:
    """How far a copy is.

    Attributes:
        percent: 0 to 100, weighted by size; None if it was started and AWS says no more.
        total_gib: the size of the snapshots seen so far, 0 if none was.
        reasons: why it failed, in AWS's words.
    """

    image_id: ImageId
    state: CopyState
    percent: int | None
    total_gib: int
    snapshots: tuple[SnapshotCopy, ...] = ()
    reasons: tuple[str, ...] = ()


def start_copy(ec2: EC2Client, order: CopyImage, *, client_token: str, delivery: str) -> ImageId:
    """Start the copy and return its id; with the same token and order, the same copy.

    Args:
        ec2: a client of the target, in the region of the copy.
        order: what to copy, under which key.
        client_token: 1 to 64 visible ASCII characters, stored by the caller beforehand: the one that botocore would
            make up doesn't survive a restart.
        delivery: what the copy is for; `find_copy` finds it by this, and so may a person, since it is a tag.

    Raises:
        ValueError: the token isn't one.
        NotYetVisible: the image, or what is behind it, isn't shared with the target, or the target doesn't see it yet.
        AwsBusy: among others, too many copies are under way at once.
        AccessDenied, AwsRefused: see `calls.calling`. A key that can't be used is no error here: such a copy
            fails later (EC2, CopyImage, "KmsKeyId").
    """
    if not _CLIENT_TOKEN.fullmatch(client_token):
        raise ValueError("a client token is 1 to 64 visible ASCII characters")
    created = [(SOURCE_CREATED_TAG, order.source_created.isoformat())] if order.source_created else []
    tags = _tags((*order.tags, (DELIVERY_TAG, delivery), (SOURCE_TAG, order.source_image_id), *created))
    with _until_it_is_seen(order), calling("CopyImage"):
        answer = ec2.copy_image(
            Name=order.name,
            Description=order.description,
            SourceImageId=order.source_image_id,
            SourceRegion=order.source_region,
            Encrypted=True,
            KmsKeyId=order.key_arn,
            ClientToken=client_token,
            TagSpecifications=[
                {"ResourceType": "image", "Tags": tags},
                {"ResourceType": "snapshot", "Tags": tags},
            ],
        )
    return ImageId(answer["ImageId"])


@contextmanager
def _until_it_is_seen(order: CopyImage) -> Iterator[None]:
    """Permissions take their time to arrive: until then the target is told that there is nothing, or no storage."""
    try:
        yield
    except NotFound as unseen:
        raise _not_seen(order, CauseKind.IMAGE_NOT_SEEN, unseen.said) from unseen
    except AwsRefused as refused:
        if _NO_STORAGE not in refused.said:
            raise
        raise _not_seen(order, CauseKind.STORAGE_NOT_SEEN, refused.said) from refused


def _not_seen(order: CopyImage, kind: CauseKind, said: str) -> NotYetVisible:
    what = order.source_image_id if kind is CauseKind.IMAGE_NOT_SEEN else f"what is behind {order.source_image_id}"
    why = because(kind, account=order.account_id, image=order.source_image_id, said=said)
    return NotYetVisible(f"{order.account_id} doesn't see {what} yet: {said}", why)


def find_copy(ec2: EC2Client, delivery: str, *, stalled_before: datetime | None = None) -> ImageId | None:
    """The copy that was started for the delivery before, if it is under way or done; a failed one isn't found.

    Nor is one that is under way since before `stalled_before`.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    images = list(_images(ec2, [{"Name": f"tag:{DELIVERY_TAG}", "Values": [delivery]}]))
    available = [image for image in images if _state_of(image) is CopyState.AVAILABLE]
    under_way = [image for image in images if _is_under_way(image, stalled_before)]
    ids = sorted(ImageId(image["ImageId"]) for image in available or under_way)
    return ids[0] if ids else None


def _is_under_way(image: ImageTypeDef, stalled_before: datetime | None) -> bool:
    created = image.get("CreationDate")
    stalled = created and stalled_before and datetime.fromisoformat(created) < stalled_before
    return _state_of(image) is CopyState.PENDING and not stalled


def watch(ec2: EC2Client, image_ids: Iterable[ImageId]) -> dict[ImageId, CopyStatus]:
    """How far the copies are, in a few calls however many they are. Ids that AWS doesn't know are simply missing.

    Args:
        ec2: a client of the account and region that the copies are made in.
        image_ids: the copies.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    images = [
        image
        for some in _chunks(sorted(set(image_ids)))
        for image in _images(ec2, [{"Name": "image-id", "Values": some}])
    ]
    behind = _snapshots_behind(ec2, images)
    statuses = (_status(image, behind.get(ImageId(image["ImageId"]), [])) for image in images)
    return {status.image_id: status for status in statuses}


def faults_of(status: CopyStatus, key_arn: KeyArn) -> Why:
    """What is wrong with a finished copy: nothing, if it is available and every snapshot is under `key_arn`."""
    faults: Why = ()
    if status.state is not CopyState.AVAILABLE:
        faults += because(CauseKind.NOT_AVAILABLE, image=status.image_id, state=status.state)
    if not status.snapshots:
        faults += because(CauseKind.NO_SNAPSHOTS, image=status.image_id)
    for snapshot in status.snapshots:
        if not snapshot.encrypted:
            faults += because(CauseKind.NOT_ENCRYPTED, snapshot=snapshot.snapshot_id)
        elif snapshot.key_arn != key_arn:
            under = str(snapshot.key_arn)
            faults += because(CauseKind.UNDER_OTHER_KEY, snapshot=snapshot.snapshot_id, key=under, intended=key_arn)
    return faults


def discard(ec2: EC2Client, image_id: ImageId) -> None:
    """Deregister a copy that the bot made and delete its snapshots; does nothing more if that was done.

    A pending copy is stopped by it (EC2 User Guide, "Stop a pending AMI copy"); a failed one would stay until
    deregistered. Snapshots that another image uses are kept. A copy that is protected from deregistration, as its
    source is, loses the protection first; with a cooldown that has to be done `COOLDOWN` before, by `lift_protection`.

    Raises:
        NotOwnCopy: the image isn't one of the bot's copies; it is left alone.
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    images = _own_copy(ec2, image_id)
    _lift_protection(ec2, images)
    if images:
        with _unless_gone(), calling("DeregisterImage"):
            ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    for snapshot in _snapshots(ec2, [{"Name": "description", "Values": [_made_for(image_id)]}]):
        if DELIVERY_TAG in _tags_of(snapshot):
            with _unless_gone(), calling("DeleteSnapshot"):
                ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])


COOLDOWN = timedelta(hours=24)
"""How long a protection with a cooldown holds on once it is lifted (EC2 User Guide, "Protect an AMI")."""


def is_protected_with_cooldown(ec2: EC2Client, image_id: ImageId) -> bool:
    """Whether the copy's protection from deregistration holds on for `COOLDOWN` after it is lifted.

    Once it is lifted AWS shows the copy as any other, and doesn't say until when it refuses to let it go.

    Raises:
        NotOwnCopy: the image isn't one of the bot's copies.
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    return any(image.get("DeregistrationProtection") == _WITH_COOLDOWN for image in _own_copy(ec2, image_id))


def lift_protection(ec2: EC2Client, image_id: ImageId) -> None:
    """Lift the copy's protection from deregistration, if it has one.

    Raises:
        NotOwnCopy: the image isn't one of the bot's copies; it is left alone.
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    _lift_protection(ec2, _own_copy(ec2, image_id))


_WITH_COOLDOWN = "enabled-with-cooldown"


def _own_copy(ec2: EC2Client, image_id: ImageId) -> list[ImageTypeDef]:
    """The image, if it is there; none if it is gone."""
    images = _images(ec2, [{"Name": "image-id", "Values": [image_id]}])
    if any(DELIVERY_TAG not in _tags_of(image) for image in images):
        raise NotOwnCopy(image_id, DELIVERY_TAG)
    return images


def _lift_protection(ec2: EC2Client, images: Sequence[ImageTypeDef]) -> None:
    for image in images:
        if image.get("DeregistrationProtection", "disabled") != "disabled":
            with _unless_gone(), calling("DisableImageDeregistrationProtection"):
                ec2.disable_image_deregistration_protection(ImageId=image["ImageId"])


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except NotFound:
        return
    except AwsRefused as refused:
        if refused.code not in {"InvalidAMIID.Unavailable", "InvalidSnapshot.InUse"}:
            raise


def _images(ec2: EC2Client, filters: Sequence[FilterTypeDef]) -> list[ImageTypeDef]:
    pages = ec2.get_paginator("describe_images").paginate(
        Owners=["self"], IncludeDisabled=True, Filters=filters, PaginationConfig={"PageSize": _FILTER_VALUES}
    )
    with calling("DescribeImages"):
        return [image for page in pages for image in page.get("Images", [])]


def _snapshots(ec2: EC2Client, filters: Sequence[FilterTypeDef]) -> list[SnapshotTypeDef]:
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=filters, PaginationConfig={"PageSize": _FILTER_VALUES}
    )
    with calling("DescribeSnapshots"):
        return [snapshot for page in pages for snapshot in page.get("Snapshots", [])]


def _snapshots_behind(ec2: EC2Client, images: Sequence[ImageTypeDef]) -> dict[ImageId, list[SnapshotCopy]]:
    """The snapshots of each image: by their ids where it shows them, by their descriptions while it doesn't."""
    image_of = {snapshot_id: ImageId(image["ImageId"]) for image in images for snapshot_id in _snapshot_ids(image)}
    silent = [image["ImageId"] for image in images if not _shows_all(image)]
    named = [
        (image_of[snapshot["SnapshotId"]], snapshot)
        for some in _chunks(sorted(image_of))
        for snapshot in _snapshots(ec2, [{"Name": "snapshot-id", "Values": some}])
    ]
    described = [
        (ImageId(made_for[1]), snapshot)
        for some in _chunks([_made_for(image_id) for image_id in silent])
        for snapshot in _snapshots(ec2, [{"Name": "description", "Values": some}])
        if (made_for := _MADE_FOR.match(snapshot.get("Description", "")))
    ]
    behind: dict[ImageId, dict[str, SnapshotCopy]] = defaultdict(dict)
    for image_id, snapshot in (*named, *described):
        behind[image_id][snapshot["SnapshotId"]] = _snapshot_copy(snapshot)
    return {image_id: [copies[one] for one in sorted(copies)] for image_id, copies in behind.items()}


def _snapshot_ids(image: ImageTypeDef) -> list[str]:
    ebs = (device.get("Ebs", {}) for device in image.get("BlockDeviceMappings", []))
    return [volume["SnapshotId"] for volume in ebs if volume.get("SnapshotId")]


def _shows_all(image: ImageTypeDef) -> bool:
    # A pending copy may show no SnapshotId, or not yet all; a finished one may have empty volumes, which have none.
    return bool(_snapshot_ids(image)) and _state_of(image) is CopyState.AVAILABLE


def _made_for(image_id: str) -> str:
    return f"Copied for DestinationAmi {image_id}*"


def _status(image: ImageTypeDef, snapshots: Sequence[SnapshotCopy]) -> CopyStatus:
    state = _state_of(image)
    reason = image.get("StateReason", {})
    said = reason.get("Message") or reason.get("Code")
    return CopyStatus(
        image_id=ImageId(image["ImageId"]),
        state=state,
        percent=100 if state is CopyState.AVAILABLE else _percent(snapshots),
        total_gib=sum(snapshot.size_gib for snapshot in snapshots),
        snapshots=tuple(snapshots),
        reasons=(
            *((said,) if said else ()),
            *(f"{snapshot.snapshot_id}: {snapshot.message}" for snapshot in snapshots if snapshot.message),
        ),
    )


def _state_of(image: ImageTypeDef) -> CopyState:
    match image.get("State"):
        case "available":
            return CopyState.AVAILABLE
        case "failed" | "error" | "invalid":
            return CopyState.FAILED
        case "deregistered" | "disabled":
            return CopyState.GONE
        case _:
            return CopyState.PENDING


def _percent(snapshots: Sequence[SnapshotCopy]) -> int | None:
    total = sum(snapshot.size_gib for snapshot in snapshots)
    if not total or all(snapshot.percent is None for snapshot in snapshots):
        return None
    return sum(snapshot.size_gib * (snapshot.percent or 0) for snapshot in snapshots) // total


def _snapshot_copy(snapshot: SnapshotTypeDef) -> SnapshotCopy:
    key = snapshot.get("KmsKeyId")
    state = snapshot.get("State", "pending")
    progress = snapshot.get("Progress", "").removesuffix("%")
    done = 100 if state == "completed" else None
    return SnapshotCopy(
        snapshot_id=SnapshotId(snapshot["SnapshotId"]),
        state=state,
        percent=int(progress) if progress.isdecimal() else done,
        size_gib=snapshot.get("VolumeSize", 0),
        encrypted=snapshot.get("Encrypted", False),
        key_arn=KeyArn(key) if key else None,
        message=snapshot.get("StateMessage", ""),
    )


def _tags(pairs: Iterable[tuple[str, str]]) -> list[TagTypeDef]:
    return [{"Key": key, "Value": value} for key, value in pairs]


def _tags_of(resource: ImageTypeDef | SnapshotTypeDef) -> set[str]:
    return {tag["Key"] for tag in resource.get("Tags", []) if "Key" in tag}


def _chunks(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _FILTER_VALUES):
        yield list(values[start : start + _FILTER_VALUES])
