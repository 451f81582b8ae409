"""Finishing: what a verified copy gets besides, since CopyImage doesn't carry it, and the parameter that points to it.

All of it may be done again and changes nothing then. A copy is good without it: what is refused is said, not raised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
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

_UNPROTECTED = ("", "disabled")
_DATA_TYPE = "aws:ec2:image"  # Systems Manager User Guide, "Native parameter support for AMI IDs"


class NoteKind(StrEnum):
    """What is to be said besides; the comment names the details that go with it.

    The first are of a copy that is good all the same, the others of a request: a copy that was to go and is there.
    """

    NOT_DEPRECATED = "not_deprecated"  # why
    NOT_PROTECTED = "not_protected"  # why
    PARAMETER_NOT_SET = "parameter_not_set"  # parameter, why
    PARAMETER_SET = "parameter_set"  # parameter, before
    PARAMETER_KEPT = "parameter_kept"  # parameter, newer
    STILL_USED = "still_used"  # copy, place, users
    HANDED_OVER_SINCE = "handed_over_since"  # copy, place
    NOT_DEREGISTERED = "not_deregistered"  # copy, place, why
    PROTECTED_FOR_NOW = "protected_for_now"  # copy, place, until (ISO 8601)


@dataclass(frozen=True)
class Note:
    """One thing to say."""

    kind: NoteKind
    details: Details


def finish_copy(ec2: EC2Client, order: CopyImage, image_id: ImageId, now: datetime) -> tuple[Note, ...]:
    """Give the copy its source's deprecation and protection; return what couldn't be done.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """

    def deprecate() -> None:
        if order.deprecate_at is not None and order.deprecate_at > now:  # EC2 takes future times only
            with calling("EnableImageDeprecation"):
                ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=order.deprecate_at)

    def protect() -> None:
        if order.protection not in _UNPROTECTED:
            with calling("EnableImageDeregistrationProtection"):
                ec2.enable_image_deregistration_protection(
                    ImageId=image_id, WithCooldown=order.protection == "enabled-with-cooldown"
                )

    tried = (_tried(deprecate, NoteKind.NOT_DEPRECATED), _tried(protect, NoteKind.NOT_PROTECTED))
    return tuple(note for note in tried if note)


def point_parameter(ec2: EC2Client, ssm: Any, change: PutImageParameter, order: CopyImage, image_id: ImageId) -> Note:
    """Let the parameter point to the copy, unless it points to a copy of a newer image already; return what was done.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """
    try:
        before = _value_of(ssm, change.parameter)
        if before and before != image_id and _is_newer(ec2, before, order):
            return Note(NoteKind.PARAMETER_KEPT, details(parameter=change.parameter, newer=before))
        if before != image_id:
            with calling("PutParameter"):
                ssm.put_parameter(
                    Name=change.parameter, Value=image_id, Type="String", DataType=_DATA_TYPE, Overwrite=True
                )
    except AwsBusy:
        raise
    except AwsOpsError as refused:
        return Note(NoteKind.PARAMETER_NOT_SET, details(parameter=change.parameter, why=str(refused)))
    return Note(NoteKind.PARAMETER_SET, details(parameter=change.parameter, before=before or "nothing"))


def _tried(step: Callable[[], None], kind: NoteKind) -> Note | None:
    try:
        step()
    except AwsBusy:
        raise
    except AwsOpsError as refused:
        return Note(kind, details(why=str(refused)))
    return None


def _value_of(ssm: Any, name: str) -> str | None:
    try:
        with calling("GetParameter"):
            return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except NotFound:
        return None


def _is_newer(ec2: EC2Client, image_id: str, order: CopyImage) -> bool:
    """Whether the image is the bot's copy of an image that was made after the order's."""
    with calling("DescribeImages"):
        images = ec2.describe_images(Owners=["self"], Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
    tags = {tag["Key"]: tag.get("Value", "") for image in images for tag in image.get("Tags", []) if "Key" in tag}
    made = tags.get(SOURCE_CREATED_TAG)
    return bool(made and order.source_created and datetime.fromisoformat(made) > order.source_created)
