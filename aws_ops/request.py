"""Requests: what is wanted of an image, before anybody looked at AWS."""

from dataclasses import dataclass
from enum import StrEnum

from aws_ops.facts import TargetAccount, TargetOrganization
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


class Carried(StrEnum):
    """What of an image, besides its name, description and tags, goes with its copies if the settings say so.

    `ImdsSupport` goes with every copy, whatever the settings say: without it instances would be less safe. What an
    image boots by (`BootMode`, `TpmSupport`, `UefiData`) is CopyImage's to carry, since a copy is "identical but
    distinct" (EC2 User Guide, "Copy an AMI"); nobody else could: ModifyImageAttribute doesn't know it.
    """

    DEPRECATION = "deprecation"
    DEREGISTRATION_PROTECTION = "deregistration_protection"


@dataclass(frozen=True)
class CopyRules:
    """How copies are made.

    Attributes:
        name: their name, as a template (`names.rendered`).
        carry: what goes with them.
    """

    name: str = "{name}"
    carry: frozenset[Carried] = frozenset(Carried)


@dataclass(frozen=True)
class ShareRequest:
    """Desired state: these images, usable in these accounts and organizations and in these regions, that way.

    Attributes:
        regions: none means each image's own.
        auto_scaling: in mode share, Auto Scaling is to launch from encrypted images as well.
        many_accounts: from how many other accounts on a key on whoever opens it once more should know of them.
    """

    image_ids: tuple[ImageId, ...]
    mode: Mode
    targets: tuple[TargetAccount, ...]
    regions: tuple[Region, ...] = ()
    organizations: tuple[TargetOrganization, ...] = ()
    rules: CopyRules = CopyRules()
    auto_scaling: bool = False
    many_accounts: int = 3
