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
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId, account_of, region_of


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
        grantee: a principal's ARN on a key, an account id elsewhere.
    """

    on: On
    owner: AccountId
    region: Region
    resource: str
    grantee: str


def entries_of(changes: Iterable[Grant | Withdrawal]) -> frozenset[Entry]:
    """What the changes give, or take back."""
    return frozenset(entry for change in changes for entry in _entries(change))


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


def _entries(change: Grant | Withdrawal) -> Iterator[Entry]:
    match change:
        case AllowKeyUse(key_arn=key) | WithdrawKeyUse(key_arn=key):
            for principal in change.principals:
                yield Entry(On.KEY, account_of(key), region_of(key), key, principal)
        case AllowKeyAdministration(key_arn=key) | WithdrawKeyAdministration(key_arn=key):
            for principal in change.principals:
                yield Entry(On.ADMINISTRATION, account_of(key), region_of(key), key, principal)
        case CreateKeyGrant(key_arn=key) | RevokeKeyGrant(key_arn=key):
            yield Entry(On.GRANT, account_of(key), region_of(key), key, change.principal)
        case AddCreateVolumePermission() | RemoveCreateVolumePermission():
            for account in change.accounts:
                yield Entry(On.SNAPSHOT, change.owner, change.region, change.snapshot_id, account)
        case AddLaunchPermission() | RemoveLaunchPermission():
            for account in change.accounts:
                yield Entry(On.IMAGE, change.owner, change.region, change.image_id, account)


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
            return AllowKeyUse(KeyArn(on.resource), tuple(map(PrincipalArn, grantees)))
        case On.ADMINISTRATION:
            return AllowKeyAdministration(KeyArn(on.resource), tuple(map(PrincipalArn, grantees)))
        case On.GRANT:
            return CreateKeyGrant(KeyArn(on.resource), PrincipalArn(on.grantee))
        case On.SNAPSHOT:
            accounts = tuple(map(AccountId, grantees))
            return AddCreateVolumePermission(on.owner, on.region, SnapshotId(on.resource), accounts)
        case On.IMAGE:
            accounts = tuple(map(AccountId, grantees))
            return AddLaunchPermission(on.owner, on.region, ImageId(on.resource), accounts)


def _withdrawal(on: Entry, grantees: tuple[str, ...]) -> Withdrawal:
    match on.on:
        case On.KEY:
            return WithdrawKeyUse(KeyArn(on.resource), tuple(map(PrincipalArn, grantees)))
        case On.ADMINISTRATION:
            return WithdrawKeyAdministration(KeyArn(on.resource), tuple(map(PrincipalArn, grantees)))
        case On.GRANT:
            return RevokeKeyGrant(KeyArn(on.resource), PrincipalArn(on.grantee))
        case On.SNAPSHOT:
            accounts = tuple(map(AccountId, grantees))
            return RemoveCreateVolumePermission(on.owner, on.region, SnapshotId(on.resource), accounts)
        case On.IMAGE:
            accounts = tuple(map(AccountId, grantees))
            return RemoveLaunchPermission(on.owner, on.region, ImageId(on.resource), accounts)
