"""Membership: who may read the snapshots of an image that organizations may launch, as their members come and go. Pure.

An organization's launch permission and its use of a key follow its members by themselves. Snapshots are shared account
by account (EC2, `CreateVolumePermission`), so whoever leaves keeps them and whoever joins lacks them.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from aws_ops.entries import Entry, On
from aws_ops.facts import SnapshotSharing, TargetOrganization, Unreadable
from aws_ops.ids import AccountId, OrganizationArn, Region, SnapshotId

Members = Mapping[OrganizationArn, frozenset[AccountId] | Unreadable]


@dataclass(frozen=True)
class Membership:
    """A share of snapshots with the members of organizations.

    Attributes:
        share: its id.
        organizations: those that it is for and that can be asked for their members.
        named: the accounts that it names one by one.
        snapshots: what it shares, each with its account and region.
        readers: the volume permissions that it rests on.
    """

    share: str
    organizations: tuple[TargetOrganization, ...]
    named: frozenset[AccountId]
    snapshots: frozenset[tuple[AccountId, Region, SnapshotId]]
    readers: frozenset[Entry]

    @property
    def names(self) -> list[str]:
        return [organization.name for organization in self.organizations]

    @property
    def resources(self) -> frozenset[str]:
        return frozenset(snapshot_id for _, _, snapshot_id in self.snapshots)

    def on(self, resources: Set[str]) -> "Membership":
        """The same, as far as it is about the resources."""
        return replace(
            self,
            snapshots=frozenset(one for one in self.snapshots if one[2] in resources),
            readers=frozenset(entry for entry in self.readers if entry.resource in resources),
        )

    def now(self, members: Members) -> frozenset[Entry]:
        """What it rests on with the members of now; what it did, if one of the organizations doesn't say."""
        known = {arn: accounts for arn, accounts in members.items() if isinstance(accounts, frozenset)}
        if any(organization.arn not in known for organization in self.organizations):
            return self.readers
        everybody = self.named.union(*(known[one.arn] for one in self.organizations))
        copying = (one for one in self.organizations if one.snapshots is SnapshotSharing.MEMBERS)
        entitled = frozenset[AccountId]().union(*(known[one.arn] for one in copying))
        return frozenset(entry for entry in self.readers if entry.grantee in everybody) | frozenset(
            Entry(On.SNAPSHOT, owner, region, snapshot_id, account)
            for owner, region, snapshot_id in self.snapshots
            for account in entitled - {owner}
        )
