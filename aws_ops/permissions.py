"""Permissions: let accounts launch an image, and copy the snapshots behind it.

Each is read before and after: an addition that can't be read back yet is said to be so, never taken for done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.errors import NotYetVisible
from aws_ops.ids import AccountId, ImageId, SnapshotId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_ec2 import EC2Client

_SNAPSHOT_CHANGES = 500  # a call (EC2, ModifySnapshotAttribute)


@dataclass(frozen=True)
class PermissionChange:
    """The accounts that had a permission before and after, and those it was given to; none if nothing was written."""

    before: frozenset[AccountId]
    after: frozenset[AccountId]
    added: frozenset[AccountId]


@dataclass(frozen=True)
class LaunchPermission:
    """Who may launch an image: accounts, and the ARNs of organizations and OUs or `all`."""

    accounts: frozenset[AccountId]
    groups: frozenset[str]


def read_launch_permission(ec2: EC2Client, image_id: ImageId) -> LaunchPermission:
    """Who may launch the image, besides its owner. Only the owner may ask.

    Raises:
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    with calling("DescribeImageAttribute"):
        answer = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    entries = answer.get("LaunchPermissions", [])
    return LaunchPermission(
        accounts=frozenset(AccountId(entry["UserId"]) for entry in entries if "UserId" in entry),
        groups=frozenset(
            group
            for entry in entries
            for group in (entry.get("Group"), entry.get("OrganizationArn"), entry.get("OrganizationalUnitArn"))
            if group
        ),
    )


def read_create_volume_permission(ec2: EC2Client, snapshot_id: SnapshotId) -> frozenset[AccountId]:
    """The accounts that may copy the snapshot, besides its owner. Only the owner may ask.

    Raises:
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    with calling("DescribeSnapshotAttribute"):
        answer = ec2.describe_snapshot_attribute(SnapshotId=snapshot_id, Attribute="createVolumePermission")
    entries = answer.get("CreateVolumePermissions", [])
    return frozenset(AccountId(entry["UserId"]) for entry in entries if "UserId" in entry)


def add_launch_permission(ec2: EC2Client, image_id: ImageId, accounts: Iterable[AccountId]) -> PermissionChange:
    """Let `accounts` launch the image; takes nothing from anybody. The owner's own id would never be listed.

    Raises:
        NotYetVisible: the change was accepted, but isn't shown yet; doing it again does no harm.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    before = read_launch_permission(ec2, image_id).accounts
    missing = sorted(frozenset(accounts) - before)
    if not missing:
        return PermissionChange(before, before, frozenset())
    with calling("ModifyImageAttribute"):
        ec2.modify_image_attribute(
            ImageId=image_id, LaunchPermission={"Add": [{"UserId": account} for account in missing]}
        )
    return _seen(image_id, before, read_launch_permission(ec2, image_id).accounts, missing)


def add_create_volume_permission(
    ec2: EC2Client, snapshot_id: SnapshotId, accounts: Iterable[AccountId]
) -> PermissionChange:
    """Let `accounts` copy the snapshot and make volumes from it; takes nothing from anybody.

    Raises:
        NotYetVisible: the change was accepted, but isn't shown yet; doing it again does no harm.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    before = read_create_volume_permission(ec2, snapshot_id)
    missing = sorted(frozenset(accounts) - before)
    if not missing:
        return PermissionChange(before, before, frozenset())
    for start in range(0, len(missing), _SNAPSHOT_CHANGES):
        with calling("ModifySnapshotAttribute"):
            ec2.modify_snapshot_attribute(
                SnapshotId=snapshot_id,
                Attribute="createVolumePermission",
                OperationType="add",
                UserIds=missing[start : start + _SNAPSHOT_CHANGES],
            )
    return _seen(snapshot_id, before, read_create_volume_permission(ec2, snapshot_id), missing)


def _seen(
    resource: ImageId | SnapshotId, before: frozenset[AccountId], after: frozenset[AccountId], added: list[AccountId]
) -> PermissionChange:
    if unseen := sorted(frozenset(added) - after):
        raise NotYetVisible(f"{resource} was shared with {', '.join(unseen)}, but AWS doesn't show it yet")
    return PermissionChange(before, after, frozenset(added))
