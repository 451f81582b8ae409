"""Changes: each thing that a plan does at AWS, as a value.

Doing them is the work of `keys.py`, `permissions.py` and `copies.py`.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class DeregisterCopy:
    """The target's copy is deregistered, and its snapshots are deleted unless another image uses them."""

    account_id: AccountId
    region: Region
    image_id: ImageId
    kind: Literal["deregister_copy"] = "deregister_copy"


Grant = AllowKeyUse | AddCreateVolumePermission | AddLaunchPermission
Withdrawal = WithdrawKeyUse | RemoveCreateVolumePermission | RemoveLaunchPermission
Change = Grant | Withdrawal | CopyImage | DeregisterCopy


@dataclass(frozen=True)
class ReuseCopy:
    """The target has a good copy of the image already; it is offered instead of a second one."""

    account_id: AccountId
    region: Region
    source_image_id: ImageId
    image_id: ImageId
