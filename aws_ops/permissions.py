"""Permissions: let accounts and organizations launch an image, accounts copy its snapshots, and take that back.

Each list is read before and after: a change that can't be read back yet is said to be so, never taken for done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from aws_ops.calls import calling
from aws_ops.causes import CauseKind, because
from aws_ops.errors import NotYetVisible
from aws_ops.ids import AccountId, ImageId, Launcher, SnapshotId, is_organization_arn, is_unit_arn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import LaunchPermissionTypeDef

_SNAPSHOT_CHANGES = 500  # a call (EC2, ModifySnapshotAttribute)


@dataclass(frozen=True)
class PermissionChange:
    """Who had a permission before and after, and those it was given to or taken from, if any."""

    before: frozenset[Launcher]
    after: frozenset[Launcher]
    changed: frozenset[Launcher]


BeforeWrite = Callable[[frozenset[Launcher], frozenset[Launcher]], None]
"""Is given the list as it is and those about to be added or removed, ahead of the write; if it raises, none happens."""

_Verb = Literal["Add", "Remove"]


@dataclass(frozen=True)
class LaunchPermission:
    """Who may launch an image: accounts, and the ARNs of organizations and OUs or `all`."""

    accounts: frozenset[AccountId]
    groups: frozenset[str]

    @property
    def launchers(self) -> frozenset[Launcher]:
        """All who are named, and so not `all`."""
        return self.accounts | frozenset(filter(is_organization_arn, self.groups))


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


def add_launch_permission(
    ec2: EC2Client, image_id: ImageId, launchers: Iterable[Launcher], before_write: BeforeWrite | None = None
) -> PermissionChange:
    """Let `launchers` launch the image; takes nothing from anybody. The owner's own id would never be listed.

    Args:
        ec2: a client of the image's owner, in its region.
        image_id: the image.
        launchers: the accounts, organizations and OUs to be on the list; those who aren't are written, all in one call.
        before_write: see `BeforeWrite`.

    Raises:
        NotYetVisible: the change was accepted, but isn't shown yet; doing it again does no harm.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    return _launch_list(ec2, image_id).change("Add", frozenset(launchers), before_write)


def remove_launch_permission(
    ec2: EC2Client, image_id: ImageId, launchers: Iterable[Launcher], before_write: BeforeWrite | None = None
) -> PermissionChange:
    """Take the launch permission from `launchers`, and from nobody else. Through an organization it may stay theirs.

    Raises:
        NotYetVisible: the change was accepted, but isn't shown yet; doing it again does no harm.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    return _launch_list(ec2, image_id).change("Remove", frozenset(launchers), before_write)


def add_create_volume_permission(
    ec2: EC2Client, snapshot_id: SnapshotId, accounts: Iterable[AccountId], before_write: BeforeWrite | None = None
) -> PermissionChange:
    """Let `accounts` copy the snapshot and make volumes from it; takes nothing from anybody.

    The arguments and errors are those of `add_launch_permission`.
    """
    return _snapshot_list(ec2, snapshot_id).change("Add", frozenset(accounts), before_write)


def remove_create_volume_permission(
    ec2: EC2Client, snapshot_id: SnapshotId, accounts: Iterable[AccountId], before_write: BeforeWrite | None = None
) -> PermissionChange:
    """Let `accounts` copy the snapshot no longer; takes it from nobody else. Their copies stay theirs.

    The errors are those of `remove_launch_permission`.
    """
    return _snapshot_list(ec2, snapshot_id).change("Remove", frozenset(accounts), before_write)


_Listed = TypeVar("_Listed", AccountId, Launcher)


@dataclass(frozen=True)
class _List(Generic[_Listed]):
    """A resource's list: the ways to read it, and to add to it or remove from it."""

    resource: str
    read: Callable[[], frozenset[_Listed]]
    write: Callable[[_Verb, list[_Listed]], None]

    def change(self, verb: _Verb, listed: frozenset[_Listed], before_write: BeforeWrite | None) -> PermissionChange:
        before = self.read()
        due = listed - before if verb == "Add" else listed & before
        if not due:
            return PermissionChange(before, before, due)
        if before_write:
            before_write(before, due)
        self.write(verb, sorted(due))
        after = self.read()
        if unseen := sorted(due - after if verb == "Add" else due & after):
            done = "shared with" if verb == "Add" else "taken back from"
            kind = CauseKind.PERMISSION_NOT_SHOWN if verb == "Add" else CauseKind.PERMISSION_STILL_SHOWN
            raise NotYetVisible(
                f"{self.resource} was {done} {', '.join(unseen)}, but AWS doesn't show it yet",
                because(kind, resource=self.resource, grantees=unseen),
            )
        return PermissionChange(before, after, due)


def _launch_list(ec2: EC2Client, image_id: ImageId) -> _List[Launcher]:
    def write(verb: _Verb, launchers: list[Launcher]) -> None:
        entries = [_launch_entry(launcher) for launcher in launchers]
        with calling("ModifyImageAttribute"):
            ec2.modify_image_attribute(
                ImageId=image_id, LaunchPermission={"Add": entries} if verb == "Add" else {"Remove": entries}
            )

    return _List(image_id, lambda: read_launch_permission(ec2, image_id).launchers, write)


def _launch_entry(launcher: Launcher) -> LaunchPermissionTypeDef:
    if not is_organization_arn(launcher):
        return {"UserId": launcher}
    return {"OrganizationalUnitArn": launcher} if is_unit_arn(launcher) else {"OrganizationArn": launcher}


def _snapshot_list(ec2: EC2Client, snapshot_id: SnapshotId) -> _List[AccountId]:
    def write(verb: _Verb, accounts: list[AccountId]) -> None:
        for start in range(0, len(accounts), _SNAPSHOT_CHANGES):
            with calling("ModifySnapshotAttribute"):
                ec2.modify_snapshot_attribute(
                    SnapshotId=snapshot_id,
                    Attribute="createVolumePermission",
                    OperationType="add" if verb == "Add" else "remove",
                    UserIds=accounts[start : start + _SNAPSHOT_CHANGES],
                )

    return _List(snapshot_id, lambda: read_create_volume_permission(ec2, snapshot_id), write)
