"""Entries: one grantee on one resource's list, the smallest thing that can be given and taken back.

Grants and withdrawals name many grantees at once, as AWS's calls do; what was given, what is needed and what AWS holds
are compared entry by entry. Pure.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from aws_ops.changes import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    CreateKeyGrant,
    Grant,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    Withdrawal,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
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
    account_of,
    is_organization_arn,
    is_organization_path,
    region_of,
)


class On(StrEnum):
    """What a list belongs to; in the order in which access is given, so that nothing shows before it can be used.

    A key has three: who may use it by the bot's statements in its policy, who may administer it by them, and who may
    use it by a grant of the bot's.
    """

    KEY = "key"
    ADMINISTRATION = "administration"
    GRANT = "grant"
    SNAPSHOT = "snapshot"
    IMAGE = "image"


@dataclass(frozen=True)
class Entry:
    """One grantee on the list of one resource.

    Attributes:
        owner: the resource's account.
        resource: a key ARN, a snapshot id or an image id.
        grantee: an account id on a snapshot; on an image that, or the ARN of an organization or OU; on a key a
            principal's ARN, or the path of an organization.
    """

    on: On
    owner: AccountId
    region: Region
    resource: str
    grantee: str


def on_key(key: KeyArn, users: Iterable[KeyUser], on: On = On.KEY) -> frozenset[Entry]:
    """The entries on one of the key's three lists."""
    return frozenset(Entry(on, account_of(key), region_of(key), key, user) for user in users)


def on_snapshot(
    owner: AccountId, region: Region, snapshot_id: SnapshotId, accounts: Iterable[AccountId]
) -> frozenset[Entry]:
    return frozenset(Entry(On.SNAPSHOT, owner, region, snapshot_id, account) for account in accounts)


def on_image(owner: AccountId, region: Region, image_id: ImageId, launchers: Iterable[Launcher]) -> frozenset[Entry]:
    return frozenset(Entry(On.IMAGE, owner, region, image_id, launcher) for launcher in launchers)


def entries_of(changes: Iterable[Grant | Withdrawal]) -> frozenset[Entry]:
    """What the changes give, or take back."""
    return frozenset[Entry]().union(*map(_entries, changes))


def grants_of(entries: Set[Entry]) -> tuple[Grant, ...]:
    """The grants that give the entries: keys first, images last, one for each list; a KMS grant has one grantee."""
    return tuple(_grant(*group) for group in _grouped(entries, list(On)))


def withdrawals_of(entries: Set[Entry]) -> tuple[Withdrawal, ...]:
    """The withdrawals that take the entries back: images first, keys last; otherwise as `grants_of`."""
    return tuple(_withdrawal(*group) for group in _grouped(entries, list(reversed(On))))


def missing(needed: Set[Entry], held: Set[Entry]) -> frozenset[Entry]:
    """What has to be given, so that what is needed is there."""
    return frozenset(needed - held)


def removable(given: Set[Entry], needed: Set[Entry]) -> frozenset[Entry]:
    """What may be taken back: what the bot itself has given, and nobody needs any more."""
    return frozenset(given - needed)


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, always in the same order."""
    return tuple(sorted(entries, key=lambda entry: (entry.on, entry.resource, entry.grantee)))


def _entries(change: Grant | Withdrawal) -> frozenset[Entry]:
    match change:
        case AllowKeyUse() | WithdrawKeyUse():
            return on_key(change.key_arn, change.users)
        case AllowKeyAdministration() | WithdrawKeyAdministration():
            return on_key(change.key_arn, change.principals, On.ADMINISTRATION)
        case CreateKeyGrant() | RevokeKeyGrant():
            return on_key(change.key_arn, [change.principal], On.GRANT)
        case AddCreateVolumePermission() | RemoveCreateVolumePermission():
            return on_snapshot(change.owner, change.region, change.snapshot_id, change.accounts)
        case AddLaunchPermission() | RemoveLaunchPermission():
            return on_image(change.owner, change.region, change.image_id, change.launchers)


_Group = tuple[Entry, tuple[str, ...]]


def _grouped(entries: Set[Entry], order: list[On]) -> Iterator[_Group]:
    """One entry for each list, and all its grantees; a KMS grant is a list of one."""

    def place(entry: Entry) -> tuple[int, str, str, str, str]:
        alone = entry.grantee if entry.on is On.GRANT else ""
        return order.index(entry.on), entry.owner, entry.region, entry.resource, alone

    for _, together in groupby(sorted(entries, key=lambda entry: (place(entry), entry.grantee)), key=place):
        group = list(together)
        yield group[0], tuple(entry.grantee for entry in group)


def _grant(on: Entry, grantees: tuple[str, ...]) -> Grant:
    match on.on:
        case On.KEY:
            return AllowKeyUse(KeyArn(on.resource), *_users(grantees))
        case On.ADMINISTRATION:
            return AllowKeyAdministration(KeyArn(on.resource), tuple(map(PrincipalArn, grantees)))
        case On.GRANT:
            return CreateKeyGrant(KeyArn(on.resource), PrincipalArn(on.grantee))
        case On.SNAPSHOT:
            accounts = tuple(map(AccountId, grantees))
            return AddCreateVolumePermission(on.owner, on.region, SnapshotId(on.resource), accounts)
        case On.IMAGE:
            return AddLaunchPermission(on.owner, on.region, ImageId(on.resource), *_launchers(grantees))


def _withdrawal(on: Entry, grantees: tuple[str, ...]) -> Withdrawal:
    match on.on:
        case On.KEY:
            return WithdrawKeyUse(KeyArn(on.resource), *_users(grantees))
        case On.ADMINISTRATION:
            return WithdrawKeyAdministration(KeyArn(on.resource), tuple(map(PrincipalArn, grantees)))
        case On.GRANT:
            return RevokeKeyGrant(KeyArn(on.resource), PrincipalArn(on.grantee))
        case On.SNAPSHOT:
            accounts = tuple(map(AccountId, grantees))
            return RemoveCreateVolumePermission(on.owner, on.region, SnapshotId(on.resource), accounts)
        case On.IMAGE:
            return RemoveLaunchPermission(on.owner, on.region, ImageId(on.resource), *_launchers(grantees))


def _users(grantees: tuple[str, ...]) -> tuple[tuple[PrincipalArn, ...], tuple[OrganizationPath, ...]]:
    principals = tuple(PrincipalArn(one) for one in grantees if not is_organization_path(one))
    return principals, tuple(one for one in grantees if is_organization_path(one))


def _launchers(grantees: tuple[str, ...]) -> tuple[tuple[AccountId, ...], tuple[OrganizationArn, ...]]:
    accounts = tuple(AccountId(one) for one in grantees if not is_organization_arn(one))
    return accounts, tuple(one for one in grantees if is_organization_arn(one))
