"""Facts: what AWS says now about an image, what stands behind it, and the accounts it is to reach.

Values only; `reading.py` fetches them and `plan.py` decides on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aws_ops.causes import Why
from aws_ops.ids import (
    AccountId,
    ImageId,
    KeyArn,
    OrganizationArn,
    OrganizationPath,
    PrincipalArn,
    Region,
    RoleArn,
    SnapshotId,
    is_organization_arn,
)
from aws_ops.key_grants import KeyGrant
from aws_ops.key_policy import KeyPolicy


@dataclass(frozen=True)
class Role:
    """The role the bot takes on in an account.

    `external_id` goes with AssumeRole; the role's trust policy may ask for it (IAM, "confused deputy").
    """

    arn: RoleArn
    account_id: AccountId
    external_id: str | None = None


class KeyAccess(StrEnum):
    """How others are let use a key: by statements of the bot's in its policy, or by KMS grants."""

    POLICY = "policy"
    GRANT = "grant"


@dataclass(frozen=True)
class SourceAccount:
    """An account whose images may be shared, and the regions they are looked for in; none if it only holds keys.

    Attributes:
        reencrypt_keys: for each region the account's own customer managed key, as id, alias or ARN, that images under
            an AWS managed key are re-encrypted under before they are shared.
        key_access: how others are let use its keys, but for those in `key_access_of`.
        sharing_quota: how many accounts, organizations and OUs each of its images may be shared with: AWS's quota
            "AMI sharing", which can be raised (EC2 User Guide, "AMI quotas").
    """

    name: str
    role: Role
    regions: tuple[Region, ...]
    reencrypt_keys: Mapping[Region, str] = field(default_factory=dict)
    key_access: KeyAccess = KeyAccess.POLICY
    key_access_of: Mapping[KeyArn, KeyAccess] = field(default_factory=dict)
    sharing_quota: int = 1_000


@dataclass(frozen=True)
class TargetAccount:
    """An account that images may be shared with.

    Attributes:
        keys: the target's own KMS key per region, as id, alias (`alias/…`) or ARN; copies are encrypted under it.
        key_principals: who there may use the source's key.
        parameter: the name, as a template, of the SSM parameter that is to point to the newest copy; None for none.
        key_administrators: who there may make and revoke grants on it for anybody; nobody unless the settings say so.
    """

    name: str
    role: Role
    keys: Mapping[Region, str]
    key_principals: tuple[PrincipalArn, ...]
    parameter: str | None = None
    key_administrators: tuple[PrincipalArn, ...] = ()


class SnapshotSharing(StrEnum):
    """What becomes of the snapshots of an image that an organization may launch: they can be shared by account only."""

    NEVER = "never"
    MEMBERS = "members"


@dataclass(frozen=True)
class TargetOrganization:
    """An organization, or an organizational unit of one, whose members may launch images.

    Attributes:
        path: what the condition of a key's policy knows its members by.
        role: who may ask Organizations for the members; None if nobody does.
        snapshots: whether the snapshots are shared with the members, account by account; that needs the role.
    """

    name: str
    arn: OrganizationArn
    path: OrganizationPath
    role: Role | None = None
    snapshots: SnapshotSharing = SnapshotSharing.NEVER


@dataclass(frozen=True)
class Unreadable:
    """A fact that couldn't be read, and why."""

    why: Why


@dataclass(frozen=True)
class Device:
    """One block device of an image; `snapshot_id` is None for instance store and empty volumes."""

    name: str
    snapshot_id: SnapshotId | None


@dataclass(frozen=True)
class ImageFacts:
    """An image as its owner sees it.

    Attributes:
        state: AWS's word: pending, available, invalid, deregistered, transient, failed, error or disabled.
        product_codes: AWS Marketplace product codes.
        usage_operation: what the launch is billed as; anything beyond `RunInstances` is a license paid by the hour
            (EC2 User Guide, "AMI billing information fields").
        launch_permission: the accounts that may launch it; organizations, OUs and `all` are in `launch_groups`.
        unreadable: what of the image couldn't be read; the permissions are empty if it was them.
        deprecation_time: when it counts as deprecated, if ever.
        deregistration_protection: AWS's word: disabled, enabled-with-cooldown, enabled-without-cooldown.
        imds_support: AWS's word: v2.0 if instances launched from it must use IMDSv2, else empty.
        stands_for: the image that was asked for, if this is its re-encrypted copy in the same account.
        reencrypts: the image of the same account that the bot made it from, to be shared in its place.
    """

    image_id: ImageId
    owner: AccountId
    region: Region
    name: str
    description: str
    state: str
    state_reason: str
    created: datetime
    architecture: str
    platform_details: str
    usage_operation: str
    root_device_type: str
    product_codes: tuple[str, ...]
    tags: Mapping[str, str]
    devices: tuple[Device, ...]
    launch_permission: frozenset[AccountId]
    launch_groups: frozenset[str] = frozenset()
    unreadable: tuple[Unreadable, ...] = ()
    deprecation_time: datetime | None = None
    deregistration_protection: str = "disabled"
    imds_support: str = ""
    stands_for: "ImageFacts | None" = None
    reencrypts: ImageId | None = None

    @property
    def origin(self) -> "ImageFacts":
        """The image that people asked for: what it is called, and what goes with its copies, is this one's."""
        return self.stands_for or self

    @property
    def asked_as(self) -> ImageId:
        """The id under which people asked for it."""
        return self.origin.image_id

    def demands_no_more_than(self, copy: "ImageFacts | ExistingCopy") -> bool:
        """Whether the copy requires IMDSv2 if this does; what requires it on its own can't be made to stop."""
        return not self.imds_support or copy.imds_support == self.imds_support

    @property
    def launch_organizations(self) -> frozenset[OrganizationArn]:
        """The organizations and OUs that may launch it."""
        return frozenset(filter(is_organization_arn, self.launch_groups))


@dataclass(frozen=True)
class SnapshotFacts:
    """A snapshot behind the image, as its owner sees it.

    `size_gib` is the volume's; `key_arn` is None if unencrypted.
    """

    snapshot_id: SnapshotId
    owner: AccountId
    state: str
    size_gib: int
    storage_tier: str
    encrypted: bool
    key_arn: KeyArn | None
    create_volume_permission: frozenset[AccountId]


@dataclass(frozen=True)
class KeyFacts:
    """A KMS key, in KMS's own words (`DescribeKey`).

    `policy` and `grants` are None where nobody asked for them: a key's policy can only be read in its own account.
    `strangers` are those of the principals asked about whom KMS doesn't know, so that nothing can be granted to them.
    `valid_to` is when imported key material expires, if it does.
    """

    arn: KeyArn
    manager: str
    state: str
    spec: str
    usage: str
    policy: KeyPolicy | Unreadable | None = None
    grants: tuple[KeyGrant, ...] | Unreadable | None = None
    strangers: frozenset[PrincipalArn] = frozenset()
    valid_to: datetime | None = None


@dataclass(frozen=True)
class Reencryption:
    """What it takes to re-encrypt an image in its own account.

    Attributes:
        key: the key to do it under.
        names_taken: names of the account's own images that begin like this one's.
    """

    key: KeyFacts | Unreadable
    names_taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ExistingCopy:
    """An image in the target account that was copied from `source_image_id`; `imds_support` is as in `ImageFacts`."""

    source_image_id: ImageId
    image_id: ImageId
    state: str
    key_arns: frozenset[KeyArn | None]
    imds_support: str = ""


@dataclass(frozen=True)
class ImageParameter:
    """What an SSM parameter that is to point to the newest copy points to.

    Attributes:
        image_id: None if there is no such parameter.
        source_created: when the source of that image was made; None if it is no copy of the bot's.
        version: the number of what was read; 0 if there is no such parameter.
    """

    image_id: ImageId | None
    source_created: datetime | None = None
    version: int = 0

    def is_newer_than(self, created: datetime | None) -> bool:
        """Whether it points to the copy of an image that was made after that."""
        return bool(self.source_created and created and self.source_created > created)


@dataclass(frozen=True)
class TargetFacts:
    """What a target account says, in one region.

    Attributes:
        role: None if the role could be assumed, else why not.
        key: the key that copies are to be encrypted under.
        copies: images that are copies of one of the source images already.
        names_taken: names of the target's own images that begin like one of the source images'.
        parameters: by name, those that are to point to copies which are there already.
        unreadable: what couldn't be read although the role could be assumed.
    """

    account_id: AccountId
    region: Region
    role: Unreadable | None
    key: KeyFacts | Unreadable | None = None
    copies: tuple[ExistingCopy, ...] = ()
    names_taken: frozenset[str] = frozenset()
    parameters: Mapping[str, ImageParameter | Unreadable] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()


Criterion = Mapping[str, object]
"""A criterion of Allowed AMIs in AWS's own words: the name of each part, and what it wants."""


@dataclass(frozen=True)
class AllowedImages:
    """Which foreign images exist for an account in one region, by its own setting "Allowed AMIs".

    Attributes:
        state: AWS's word: `disabled`, `audit-mode` or `enabled`.
        criteria: any one of them suffices; with none, no foreign image does.
        managed_by: `account`, or `declarative-policy`: then its organization alone can change it.
    """

    state: str
    criteria: tuple[Criterion, ...] = ()
    managed_by: str = "account"


@dataclass(frozen=True)
class ImageNotFound:
    """No configured account owns the image.

    Attributes:
        searched: where it was looked for.
        owner: the account that owns it, if the image is visible but foreign.
        unreadable: places that couldn't be searched.
    """

    searched: tuple[tuple[str, Region], ...]
    owner: AccountId | None = None
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True)
class Facts:
    """All that a plan is made from, read at one time.

    Attributes:
        images: by the id they were asked for by; a re-encrypted copy stands there for its original.
        keys: an entry for each key behind a snapshot, and for those to re-encrypt under.
        reencryptions: the images under an AWS managed key that have no re-encrypted copy yet, but may get one.
        members: the active accounts of each organization or OU whose members may be asked for.
        allowed_images: each target's own setting, in each region that an image is in.
        read_at: when all this was so.
    """

    images: Mapping[ImageId, ImageFacts | ImageNotFound]
    snapshots: Mapping[SnapshotId, SnapshotFacts | Unreadable] = field(default_factory=dict)
    keys: Mapping[KeyArn, KeyFacts | Unreadable] = field(default_factory=dict)
    targets: Mapping[tuple[AccountId, Region], TargetFacts] = field(default_factory=dict)
    reencryptions: Mapping[ImageId, Reencryption] = field(default_factory=dict)
    members: Mapping[OrganizationArn, frozenset[AccountId] | Unreadable] = field(default_factory=dict)
    allowed_images: Mapping[tuple[AccountId, Region], AllowedImages | Unreadable] = field(default_factory=dict)
    read_at: datetime | None = None
