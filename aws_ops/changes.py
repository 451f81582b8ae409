"""Changes: each thing that a plan does at AWS, as a value.

Doing them is the work of `keys.py`, `permissions.py` and `copies.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aws_ops.ids import (
    AccountId,
    ImageId,
    KeyArn,
    KeyUser,
    Launcher,
    OrganizationArn,
    OrganizationPath,
    PrincipalArn,
    Region,
    SnapshotId,
)


@dataclass(frozen=True)
class AllowKeyUse:
    """The source key's policy lets `principals` use the key for EBS volumes. Only those who lack it are named.

    `organizations` are those whose members may use it, each as far as its own account's IAM policies allow.
    """

    key_arn: KeyArn
    principals: tuple[PrincipalArn, ...]
    organizations: tuple[OrganizationPath, ...] = ()
    kind: Literal["allow_key_use"] = "allow_key_use"

    @property
    def users(self) -> tuple[KeyUser, ...]:
        return self.principals + self.organizations


@dataclass(frozen=True)
class AllowKeyAdministration:
    """The source key's policy lets `principals` make, list and revoke grants on the key, for whomever they like."""

    key_arn: KeyArn
    principals: tuple[PrincipalArn, ...]
    kind: Literal["allow_key_administration"] = "allow_key_administration"


@dataclass(frozen=True)
class CreateKeyGrant:
    """A KMS grant lets `principal` use the key for EBS volumes; the key's policy stays as it is."""

    key_arn: KeyArn
    principal: PrincipalArn
    kind: Literal["create_key_grant"] = "create_key_grant"


@dataclass(frozen=True)
class AddCreateVolumePermission:
    """The accounts may copy the snapshot and make volumes from it. Only those who lack it are named."""

    owner: AccountId
    region: Region
    snapshot_id: SnapshotId
    accounts: tuple[AccountId, ...]
    kind: Literal["add_create_volume_permission"] = "add_create_volume_permission"


@dataclass(frozen=True)
class AddLaunchPermission:
    """The accounts, and all members of the organizations and OUs, may launch it. Only those who lack it are named."""

    owner: AccountId
    region: Region
    image_id: ImageId
    accounts: tuple[AccountId, ...]
    organizations: tuple[OrganizationArn, ...] = ()
    kind: Literal["add_launch_permission"] = "add_launch_permission"

    @property
    def launchers(self) -> tuple[Launcher, ...]:
        return self.accounts + self.organizations


@dataclass(frozen=True)
class WithdrawKeyUse:
    """The bot's own statements in the key's policy no longer name them; other statements stay as they are."""

    key_arn: KeyArn
    principals: tuple[PrincipalArn, ...]
    organizations: tuple[OrganizationPath, ...] = ()
    kind: Literal["withdraw_key_use"] = "withdraw_key_use"

    @property
    def users(self) -> tuple[KeyUser, ...]:
        return self.principals + self.organizations


@dataclass(frozen=True)
class WithdrawKeyAdministration:
    """The bot's own statement on administration no longer names `principals`; grants that they made stay."""

    key_arn: KeyArn
    principals: tuple[PrincipalArn, ...]
    kind: Literal["withdraw_key_administration"] = "withdraw_key_administration"


@dataclass(frozen=True)
class RevokeKeyGrant:
    """The bot's own grant for `principal` is revoked; grants that others made stay."""

    key_arn: KeyArn
    principal: PrincipalArn
    kind: Literal["revoke_key_grant"] = "revoke_key_grant"


@dataclass(frozen=True)
class RemoveCreateVolumePermission:
    """The accounts may no longer copy the snapshot; what they made of it stays theirs."""

    owner: AccountId
    region: Region
    snapshot_id: SnapshotId
    accounts: tuple[AccountId, ...]
    kind: Literal["remove_create_volume_permission"] = "remove_create_volume_permission"


@dataclass(frozen=True)
class RemoveLaunchPermission:
    """The accounts and organizations may no longer launch the image; instances that run go on running."""

    owner: AccountId
    region: Region
    image_id: ImageId
    accounts: tuple[AccountId, ...]
    organizations: tuple[OrganizationArn, ...] = ()
    kind: Literal["remove_launch_permission"] = "remove_launch_permission"

    @property
    def launchers(self) -> tuple[Launcher, ...]:
        return self.accounts + self.organizations


@dataclass(frozen=True)
class CopyImage:
    """The target copies the image into its own account, encrypted under its own key.

    Attributes:
        source_key_arns: the keys that the target must be able to use before the copy is started.
        source_created: when the source was made.
        deprecate_at: when the copy is to count as deprecated, as its source does.
        protection: the source's protection from deregistration, which the copy gets as well.
        imds_support: the source's, which the copy must show as well.
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
    source_created: datetime | None = None
    deprecate_at: datetime | None = None
    protection: str = "disabled"
    imds_support: str = ""
    kind: Literal["copy_image"] = "copy_image"


@dataclass(frozen=True)
class PutImageParameter:
    """An SSM parameter of the target points to the copy, unless it points to one of a newer image by then.

    `source_created` is when the image was made that the copy is of.
    """

    account_id: AccountId
    region: Region
    source_image_id: ImageId
    parameter: str
    source_created: datetime | None = None
    kind: Literal["put_image_parameter"] = "put_image_parameter"


@dataclass(frozen=True)
class ReencryptImage:
    """A copy under a customer managed key is made in the image's own account; it is what gets shared, and it stays."""

    owner: AccountId
    region: Region
    source_image_id: ImageId
    name: str
    description: str
    key_arn: KeyArn
    tags: tuple[tuple[str, str], ...]
    imds_support: str = ""
    kind: Literal["reencrypt_image"] = "reencrypt_image"


@dataclass(frozen=True)
class ShareReencrypted:
    """`launchers` may launch the re-encrypted copy and `readers` copy its snapshots, whose ids aren't known yet."""

    source_image_id: ImageId
    launchers: tuple[Launcher, ...]
    readers: tuple[AccountId, ...]
    kind: Literal["share_reencrypted"] = "share_reencrypted"


@dataclass(frozen=True)
class DeregisterCopy:
    """The target's copy is deregistered, and its snapshots are deleted unless another image uses them."""

    account_id: AccountId
    region: Region
    image_id: ImageId
    kind: Literal["deregister_copy"] = "deregister_copy"


Grant = AllowKeyUse | AllowKeyAdministration | CreateKeyGrant | AddCreateVolumePermission | AddLaunchPermission
Withdrawal = (
    WithdrawKeyUse | WithdrawKeyAdministration | RevokeKeyGrant | RemoveCreateVolumePermission | RemoveLaunchPermission
)
Change = Grant | Withdrawal | ReencryptImage | ShareReencrypted | CopyImage | PutImageParameter | DeregisterCopy


@dataclass(frozen=True)
class ReuseCopy:
    """The target has a good copy of the image already; it is offered instead of a second one."""

    account_id: AccountId
    region: Region
    source_image_id: ImageId
    image_id: ImageId
