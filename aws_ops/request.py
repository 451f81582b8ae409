"""Requests: what is wanted of an image, before anybody looked at AWS."""

from dataclasses import dataclass
from enum import StrEnum

from aws_ops.facts import TargetAccount
from aws_ops.ids import ImageId, Region


class Mode(StrEnum):
    """How the image reaches the target.

    As an encrypted copy of its own, with or without the source's permissions staying; or shared, and launched from
    the original.
    """

    COPY = "copy"
    COPY_THEN_UNSHARE = "copy_then_unshare"
    SHARE = "share"

    @property
    def copies(self) -> bool:
        return self is not Mode.SHARE


@dataclass(frozen=True)
class ShareRequest:
    """Desired state: these images, usable in these accounts and regions, that way.

    Attributes:
        regions: none means each image's own.
        auto_scaling: in mode share, Auto Scaling is to launch from encrypted images as well.
    """

    image_ids: tuple[ImageId, ...]
    mode: Mode
    targets: tuple[TargetAccount, ...]
    regions: tuple[Region, ...] = ()
    auto_scaling: bool = False
