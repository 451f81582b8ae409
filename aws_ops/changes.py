"""Changes: each thing that a plan does at AWS, as a value.

Doing them is the work of `keys.py`, `permissions.py` and `copies.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeVar

from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId


@dataclass(frozen=True)
class AllowKeyUse:
    """The source key's policy lets `principals` use the key for EBS volumes. Only those who lack it are named."""

    key_arn: KeyArn
    principals: tuple[PrincipalArn, ...]
    kind: Literal["allow_key_use"] = "allow_key_use"


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
    """The accounts may launch the image. Only those who lack it are named."""

    owner: AccountId
    region: Region
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
    source_image_id: ImageId
    image_id: ImageId


def beyond(change: Change, approved: Iterable[Change]) -> Change | None:
    """What of `change` no approved change covers: None if nothing, a grant narrowed to those not approved."""
    match change:
        case AllowKeyUse():
            same_key = (one for one in approved if isinstance(one, AllowKeyUse) and one.key_arn == change.key_arn)
            principals = _rest(change.principals, (one.principals for one in same_key))
            return replace(change, principals=principals) if principals else None
        case AddCreateVolumePermission():
            same_snapshot = (
                one
                for one in approved
                if isinstance(one, AddCreateVolumePermission) and one.snapshot_id == change.snapshot_id
            )
            accounts = _rest(change.accounts, (one.accounts for one in same_snapshot))
            return replace(change, accounts=accounts) if accounts else None
        case AddLaunchPermission():
            same_image = (
                one for one in approved if isinstance(one, AddLaunchPermission) and one.image_id == change.image_id
            )
            accounts = _rest(change.accounts, (one.accounts for one in same_image))
            return replace(change, accounts=accounts) if accounts else None
        case CopyImage():
            covered = {_what_matters(one) for one in approved if isinstance(one, CopyImage)}
            return None if _what_matters(change) in covered else change


_Name = TypeVar("_Name", AccountId, PrincipalArn)


def _rest(names: tuple[_Name, ...], approved: Iterable[tuple[_Name, ...]]) -> tuple[_Name, ...]:
    covered = frozenset(chain.from_iterable(approved))
    return tuple(name for name in names if name not in covered)


def _what_matters(copy: CopyImage) -> tuple[AccountId, Region, ImageId, KeyArn]:
    return copy.account_id, copy.region, copy.source_image_id, copy.key_arn
