"""Finishing: what a verified copy gets besides, since CopyImage doesn't carry it.

All of it may be done again and changes nothing then. A copy is good without it: what is refused is said, not raised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.causes import Why
from aws_ops.details import Details
from aws_ops.errors import AwsBusy, AwsOpsError

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

    from aws_ops.changes import CopyImage
    from aws_ops.ids import ImageId

# EC2 takes future times only, and rounds them to the minute (EnableImageDeprecation, "DeprecateAt"): the copy of what
# is deprecated already is so a little later.
_SOON = timedelta(minutes=5)
_UNPROTECTED = ("", "disabled")


class NoteKind(StrEnum):
    """What is to be said besides; the comment names the details that go with it, and `why` if it has one.

    The first are of a copy that is good all the same, the others of a request: a copy that was to go and is there.
    """

    NOT_DEPRECATED = "not_deprecated"  # why
    NOT_PROTECTED = "not_protected"  # why
    IMDS_V2_NOT_REQUIRED = "imds_v2_not_required"  # why
    PARAMETER_NOT_SET = "parameter_not_set"  # parameter, why
    PARAMETER_SET = "parameter_set"  # parameter, before
    PARAMETER_KEPT = "parameter_kept"  # parameter, newer
    STILL_USED = "still_used"  # copy, place, users
    HANDED_OVER_SINCE = "handed_over_since"  # copy, place
    NOT_DEREGISTERED = "not_deregistered"  # copy, place, why
    NOT_PUT_RIGHT = "not_put_right"  # what, why (an audit)
    PROTECTED_FOR_NOW = "protected_for_now"  # copy, place, until (ISO 8601)


@dataclass(frozen=True)
class Note:
    """One thing to say, and why where the kind needs it."""

    kind: NoteKind
    details: Details
    why: Why = ()


def finish_copy(
    ec2: EC2Client, order: CopyImage, image_id: ImageId, now: datetime, *, is_last_try: bool = False
) -> tuple[Note, ...]:
    """Give the copy its source's deprecation, protection and IMDS support; return what couldn't be done.

    Raises:
        AwsBusy: AWS can't now; the same again later is right. Where it is the last try, that is returned as well.
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

    def keep_support() -> None:
        keep_imds_support(ec2, image_id, order.imds_support)

    raised = () if is_last_try else (AwsBusy,)
    tried = (
        _tried(deprecate, NoteKind.NOT_DEPRECATED, raised),
        _tried(protect, NoteKind.NOT_PROTECTED, raised),
        _tried(keep_support, NoteKind.IMDS_V2_NOT_REQUIRED, raised),
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


def _tried(step: Callable[[], None], kind: NoteKind, raised: tuple[type[AwsOpsError], ...]) -> Note | None:
    try:
        step()
    except raised:
        raise
    except AwsOpsError as refused:
        return Note(kind, (), refused.why)
    return None
