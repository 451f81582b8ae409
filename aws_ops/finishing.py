"""Finishing: what a verified copy gets besides, since CopyImage doesn't carry it, and the parameter that points to it.

All of it may be done again and changes nothing then. A copy is good without it: what is refused is said, not raised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_ops.calls import calling
from aws_ops.details import Details, details
from aws_ops.errors import AwsBusy, AwsOpsError, NotFound
from aws_ops.tags import SOURCE_CREATED_TAG

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

    from aws_ops.changes import CopyImage, PutImageParameter
    from aws_ops.ids import ImageId

# EC2 takes future times only, and rounds them to the minute (EnableImageDeprecation, "DeprecateAt"): the copy of what
# is deprecated already is so a little later.
_SOON = timedelta(minutes=5)
_UNPROTECTED = ("", "disabled")
_DATA_TYPE = "aws:ec2:image"  # Systems Manager User Guide, "Native parameter support for AMI IDs"


class NoteKind(StrEnum):
    """What is to be said of a copy that is good all the same; the comment names the details that go with it."""

    NOT_DEPRECATED = "not_deprecated"  # why
    NOT_PROTECTED = "not_protected"  # why
    IMDS_V2_NOT_REQUIRED = "imds_v2_not_required"  # why
    PARAMETER_NOT_SET = "parameter_not_set"  # parameter, why
    PARAMETER_SET = "parameter_set"  # parameter, before
    PARAMETER_KEPT = "parameter_kept"  # parameter, newer


@dataclass(frozen=True)
class Note:
    """One thing to say of a copy."""

    kind: NoteKind
    details: Details


def finish_copy(ec2: EC2Client, order: CopyImage, image_id: ImageId, now: datetime) -> tuple[Note, ...]:
    """Give the copy its source's deprecation, protection and IMDS support; return what couldn't be done.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """

    def deprecate() -> None:
        if order.deprecate_at is not None:
            with calling("EnableImageDeprecation"):
                ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=max(order.deprecate_at, now + _SOON))

    def protect() -> None:
        if order.protection not in _UNPROTECTED:
            with calling("EnableImageDeregistrationProtection"):
                ec2.enable_image_deregistration_protection(
                    ImageId=image_id, WithCooldown=order.protection == "enabled-with-cooldown"
                )

    tried = (
        _tried(deprecate, NoteKind.NOT_DEPRECATED),
        _tried(protect, NoteKind.NOT_PROTECTED),
        _tried(lambda: keep_imds_support(ec2, image_id, order.imds_support), NoteKind.IMDS_V2_NOT_REQUIRED),
    )
    return tuple(note for note in tried if note)


def keep_imds_support(ec2: EC2Client, image_id: ImageId, wanted: str) -> None:
    """Make sure that the copy shows its source's `ImdsSupport`, if that has any.

    AWS doesn't say whether CopyImage carries it, and what an image shows can't be taken from it again (EC2,
    ModifyImageAttribute, "ImdsSupport"): so it is looked at, and set where it is missing.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    if wanted and _imds_support_of(ec2, image_id) != wanted:
        with calling("ModifyImageAttribute"):
            ec2.modify_image_attribute(ImageId=image_id, ImdsSupport={"Value": wanted})


def _imds_support_of(ec2: EC2Client, image_id: ImageId) -> str:
    with calling("DescribeImages"):
        images = ec2.describe_images(ImageIds=[image_id])["Images"]
    return next((image.get("ImdsSupport", "") for image in images), "")


def point_parameter(ec2: EC2Client, ssm: Any, change: PutImageParameter, order: CopyImage, image_id: ImageId) -> Note:
    """Let the parameter point to the copy, unless it points to a copy of a newer image already; return what was done.

    A parameter can't be written on a condition, but its versions are numbered (Systems Manager API, "PutParameter"):
    one between what was read and what was written is of somebody who wrote meanwhile, and is put back if it is newer.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """
    name = change.parameter
    try:
        before, version = _value_of(ssm, name)
        if before == image_id:
            return Note(NoteKind.PARAMETER_SET, details(parameter=name, before=before))
        if before and _is_newer(ec2, before, order):
            return Note(NoteKind.PARAMETER_KEPT, details(parameter=name, newer=before))
        written = _write(ssm, name, image_id)
        if written > version + 1:
            before, _ = _value_of(ssm, f"{name}:{written - 1}")
            if before and before != image_id and _is_newer(ec2, before, order):
                _write(ssm, name, before)
                return Note(NoteKind.PARAMETER_KEPT, details(parameter=name, newer=before))
    except AwsBusy:
        raise
    except AwsOpsError as refused:
        return Note(NoteKind.PARAMETER_NOT_SET, details(parameter=name, why=str(refused)))
    return Note(NoteKind.PARAMETER_SET, details(parameter=name, before=before or "nothing"))


def _tried(step: Callable[[], None], kind: NoteKind) -> Note | None:
    try:
        step()
    except AwsBusy:
        raise
    except AwsOpsError as refused:
        return Note(kind, details(why=str(refused)))
    return None


def _value_of(ssm: Any, name: str) -> tuple[str, int]:
    """What the parameter says, and the number of that version; `""` and 0 if there is none."""
    try:
        with calling("GetParameter"):
            found = ssm.get_parameter(Name=name)["Parameter"]
    except NotFound:
        return "", 0
    return str(found["Value"]), int(found["Version"])


def _write(ssm: Any, name: str, value: str) -> int:
    with calling("PutParameter"):
        written = ssm.put_parameter(Name=name, Value=value, Type="String", DataType=_DATA_TYPE, Overwrite=True)
    return int(written["Version"])


def _is_newer(ec2: EC2Client, image_id: str, order: CopyImage) -> bool:
    """Whether the image is the bot's copy of an image that was made after the order's."""
    with calling("DescribeImages"):
        images = ec2.describe_images(Owners=["self"], Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
    tags = {tag["Key"]: tag.get("Value", "") for image in images for tag in image.get("Tags", []) if "Key" in tag}
    made = tags.get(SOURCE_CREATED_TAG)
    return bool(made and order.source_created and datetime.fromisoformat(made) > order.source_created)
