"""Plans: what has to change at AWS so that an image is usable where it was asked for.

`plan_share` is pure: the same request and facts always give the same plan, or the same refusals. The preview shows
the plan, the approval is for its digest, the apply plans again and runs only what was approved.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from aws_ops.facts import TargetAccount
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId


class Mode(StrEnum):
    """How the image reaches the target: as an encrypted copy of its own, or shared and launched from the original."""

    COPY = "copy"
    SHARE = "share"


@dataclass(frozen=True)
class ShareRequest:
    """Desired state: this image, usable in these accounts, that way."""

    image_id: ImageId
    mode: Mode
    targets: tuple[TargetAccount, ...]


@dataclass(frozen=True)
class AllowKeyUse:
    """The source key's policy lets `principals` use the key for EBS volumes. Only those who lack it are named."""

    key_arn: KeyArn
    principals: tuple[PrincipalArn, ...]
    kind: Literal["allow_key_use"] = "allow_key_use"


@dataclass(frozen=True)
class AddCreateVolumePermission:
    """The accounts may copy the snapshot and make volumes from it. Only those who lack it are named."""

    snapshot_id: SnapshotId
    accounts: tuple[AccountId, ...]
    kind: Literal["add_create_volume_permission"] = "add_create_volume_permission"


@dataclass(frozen=True)
class AddLaunchPermission:
    """The accounts may launch the image. Only those who lack it are named."""

    image_id: ImageId
    accounts: tuple[AccountId, ...]
    kind: Literal["add_launch_permission"] = "add_launch_permission"


@dataclass(frozen=True)
class CopyImage:
    """The target copies the image into its own account, encrypted under its own key.

    `source_key_arns` are the keys that the target must be able to use before the copy is started.
    """

    account_id: AccountId
    region: Region
    source_image_id: ImageId
    source_region: Region
    name: str
    description: str
    key_arn: KeyArn
    source_key_arns: tuple[KeyArn, ...]
    tags: tuple[tuple[str, str], ...]
    kind: Literal["copy_image"] = "copy_image"


Grant = AllowKeyUse | AddCreateVolumePermission | AddLaunchPermission
Change = Grant | CopyImage


@dataclass(frozen=True)
class ReuseCopy:
    """The target has a good copy of the image already; it is offered instead of a second one."""

    account_id: AccountId
    region: Region
    image_id: ImageId


class RefusalKind(StrEnum):
    """Why an image can't be shared as asked; the comment names the details that go with it."""

    IMAGE_NOT_FOUND = "image_not_found"  # image, searched
    IMAGE_NOT_OWNED = "image_not_owned"  # image, owner
    SOURCE_UNREADABLE = "source_unreadable"  # why
    IMAGE_STATE = "image_state"  # image, state, reason
    IMAGE_DISABLED = "image_disabled"  # image
    INSTANCE_STORE = "instance_store"  # image
    NO_SNAPSHOT = "no_snapshot"  # image
    MARKETPLACE_CODE = "marketplace_code"  # image, codes
    BILLING_PRODUCT = "billing_product"  # image, platform
    SNAPSHOT_UNREADABLE = "snapshot_unreadable"  # snapshot, why
    SNAPSHOT_STATE = "snapshot_state"  # snapshot, state
    SNAPSHOT_ARCHIVED = "snapshot_archived"  # snapshot
    AWS_MANAGED_KEY = "aws_managed_key"  # snapshots, key
    KEY_UNREADABLE = "key_unreadable"  # key, why
    KEY_FOREIGN = "key_foreign"  # key, account
    KEY_STATE = "key_state"  # key, state
    KEY_KIND = "key_kind"  # key, spec, usage
    POLICY_UNREADABLE = "policy_unreadable"  # key, why
    POLICY_DELETED_PRINCIPALS = "policy_deleted_principals"  # key, principals
    POLICY_DENIES = "policy_denies"  # key, statement, principals
    POLICY_TOO_LARGE = "policy_too_large"  # key, size, over
    POLICY_NOT_LATIN_1 = "policy_not_latin_1"  # key, characters
    TARGET_IS_SOURCE = "target_is_source"  # target
    ROLE_NOT_ASSUMABLE = "role_not_assumable"  # target, role, why
    NO_KEY_FOR_REGION = "no_key_for_region"  # target, region
    TARGET_KEY_UNREADABLE = "target_key_unreadable"  # target, key, why
    TARGET_KEY_STATE = "target_key_state"  # target, key, state
    TARGET_KEY_KIND = "target_key_kind"  # target, key, spec, usage
    NOTHING_TO_DO = "nothing_to_do"  # image, have ("staging: ami-…, prod: ami-…" or "" in share mode)


class CautionKind(StrEnum):
    """What an approver should know before saying yes; the comment names the details that go with it."""

    COPY_UNDER_OTHER_KEY = "copy_under_other_key"  # target, copy
    COPY_UNDER_WAY = "copy_under_way"  # target, copy
    NAME_TAKEN = "name_taken"  # target, name, instead
    TAGS_LEFT_OUT = "tags_left_out"  # tags
    POLICY_MAY_DENY = "policy_may_deny"  # key, statement, principals
    TARGET_KEY_AWS_MANAGED = "target_key_aws_managed"  # target
    IMAGE_PUBLIC = "image_public"  # image
    KEY_USE_LIMITED = "key_use_limited"  # target, principals (mode share: only they can launch from an encrypted image)


Details = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Refusal:
    """One reason not to go on. Words are made from it at the Slack edge, in the reader's language."""

    kind: RefusalKind
    details: Details


@dataclass(frozen=True)
class Caution:
    """One thing to know before approving."""

    kind: CautionKind
    details: Details


@dataclass(frozen=True)
class Plan:
    """The changes, in the order in which they show nothing before it can be used: keys, snapshots, image, copies."""

    image_id: ImageId
    owner: AccountId
    region: Region
    mode: Mode
    changes: tuple[Change, ...]
    reuses: tuple[ReuseCopy, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class Refused:
    """All that is wrong, at once."""

    refusals: tuple[Refusal, ...]
