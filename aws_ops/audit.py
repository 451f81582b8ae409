"""Audits: what was approved beside what AWS says now, and what would bring them together. Pure.

What the bot gave and somebody needs is to be there; what it gave and nobody needs any more is not; an image that
people shared by hand is of no use to an account that may not read its snapshots. All else that is found is only told.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import MappingProxyType

from aws_ops.causes import Why
from aws_ops.cautions import Caution, CautionKind
from aws_ops.details import details
from aws_ops.entries import Entry, On, grants_of, in_order, missing, removable, withdrawals_of
from aws_ops.errors import KeyPolicyError
from aws_ops.facts import Unreadable
from aws_ops.held import Held
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId, parse_key_user
from aws_ops.key_policy import (
    KeyPolicy,
    allow_administration,
    allow_use,
    deleted_own_principals,
    withdraw_administration,
    withdraw_use,
)
from aws_ops.membership import Members, Membership
from aws_ops.plan import Plan, Readers, policies_before
from aws_ops.request import Mode


@dataclass(frozen=True)
class SharedImage:
    """An image as it is shared now, by whomever: who may launch it, and who may read each snapshot behind it."""

    image_id: ImageId
    owner: AccountId
    region: Region
    accounts: frozenset[AccountId]
    groups: frozenset[str]
    snapshots: Mapping[SnapshotId, frozenset[AccountId]]

    @property
    def is_shared(self) -> bool:
        return bool(self.groups or self.accounts - {self.owner})

    def readers_due(self, known: Set[AccountId], joining: Set[Entry], leaving: Set[Entry]) -> frozenset[Entry]:
        """The volume permissions of the `known` accounts that may launch the image, once some joined and some left.

        Without them the image could be launched there and not copied. The owner needs none, and is never listed.
        """
        joined, left = (
            {AccountId(entry.grantee) for entry in entries if entry.resource == self.image_id}
            for entries in (joining, leaving)
        )
        return frozenset(
            Entry(On.SNAPSHOT, self.owner, self.region, snapshot_id, account)
            for snapshot_id in self.snapshots
            for account in ((self.accounts | joined) & known) - left - {self.owner}
        )

    @property
    def readers(self) -> frozenset[Entry]:
        """Who may read the snapshots now."""
        return frozenset(
            Entry(On.SNAPSHOT, self.owner, self.region, snapshot_id, account)
            for snapshot_id, accounts in self.snapshots.items()
            for account in accounts
        )


@dataclass(frozen=True)
class SharedImages:
    """The images that were found to be shared.

    Attributes:
        behind: the snapshots of all images that were looked at, shared or not; None for those of all images there are.
        blind: the places in which something couldn't be looked at.
    """

    images: tuple[SharedImage, ...] = ()
    behind: frozenset[SnapshotId] | None = frozenset()
    blind: frozenset[tuple[AccountId, Region]] = frozenset()

    def tell_of(self, reader: Entry) -> bool:
        """Whether the image that a volume permission is for would be among them, if it were shared with the reader."""
        seen = self.behind is None or reader.resource in self.behind
        return seen and (reader.owner, reader.region) not in self.blind


@dataclass(frozen=True)
class LostCopy:
    """A copy that was handed over, and isn't there any more."""

    share: str
    account_id: AccountId
    region: Region
    image_id: ImageId


@dataclass(frozen=True)
class Books:
    """What the bot has on record of the part of the world that is looked at.

    Attributes:
        needed: what the shares in force rest on, but for what those of `memberships` let be read.
        under_way: what shares will rest on that are just being carried out; they see to it themselves.
        given: what the bot gave and hasn't taken back.
        known: the accounts that images may be shared with.
        mended: what audits gave for images that were shared by hand, and is needed for as long as these are.
        memberships: the shares in force of snapshots with the members of organizations.
    """

    needed: frozenset[Entry]
    under_way: frozenset[Entry]
    given: frozenset[Entry]
    known: frozenset[AccountId]
    mended: frozenset[Entry] = frozenset()
    memberships: tuple[Membership, ...] = ()

    def as_of(self, members: Members) -> "Books":
        """The same, with all that is needed as the organizations' members are now."""
        return replace(self, needed=self.needed.union(*(one.now(members) for one in self.memberships)))

    def on(self, resources: Set[str]) -> "Books":
        """The same, as far as it is about the resources."""
        needed, under_way, given, mended = (
            frozenset(entry for entry in entries if entry.resource in resources)
            for entries in (self.needed, self.under_way, self.given, self.mended)
        )
        about = tuple(one.on(resources) for one in self.memberships if not resources.isdisjoint(one.resources))
        return Books(needed, under_way, given, self.known, mended, about)


_NOBODY_ASKED: Members = MappingProxyType({})


def plan_audit(
    books: Books, held: Held, shared: SharedImages, lost: Sequence[LostCopy], members: Members = _NOBODY_ASKED
) -> Plan:
    """Decide what would bring AWS to what the books say: nothing, if it is so already.

    The plan rests on nothing but what it gives for images that were shared by hand: those become the bot's to keep, and
    to take back once people have taken back the image itself.
    A key's policy that KMS wouldn't store as it should be is told of, and left alone. Where an organization doesn't say
    who its members are, what they were given stays as it is.
    """
    books = books.as_of(members)
    there = held.entries | held.partial
    blind = held.gone | held.disabled | set(held.unreadable)
    lacking = frozenset(entry for entry in missing(books.needed, held.entries) if entry.resource not in blind)
    unneeded = removable(books.given, books.needed | books.under_way)
    left_over = unneeded & there
    due = frozenset[Entry]().union(*(image.readers_due(books.known, lacking, left_over) for image in shared.images))
    half = due - frozenset[Entry]().union(*(image.readers for image in shared.images)) - books.needed
    left_over -= due | {entry for entry in books.mended if not shared.tell_of(entry)}
    stuck = _stuck(held, lacking | half, left_over)
    lacking, left_over = (
        frozenset(one for one in entries if one.on not in _IN_POLICY or one.resource not in stuck)
        for entries in (lacking, left_over)
    )
    changes = (*grants_of(lacking | half), *withdrawals_of(left_over))
    return Plan(
        mode=Mode.SHARE,
        images=(),
        changes=changes,
        grants=grants_of(half),
        cautions=(
            *_of_stuck(stuck),
            *dict.fromkeys(_of_members(books, members, lacking | left_over)),
            *_cautions(books, held, shared.images, lost),
        ),
        gone=in_order(entry for entry in unneeded - there if entry.resource not in held.unreadable),
        policies=policies_before(changes, held.policies),
        readers=tuple(
            Readers(one.share, in_order(now)) for one in books.memberships if (now := one.now(members)) != one.readers
        ),
    )


_IN_POLICY = (On.KEY, On.ADMINISTRATION)


def _stuck(held: Held, joining: Set[Entry], leaving: Set[Entry]) -> dict[str, Why]:
    """The keys whose policies KMS wouldn't store once these joined and left, and why."""
    tried = ((key, _obstacle(key, policy, joining, leaving)) for key, policy in sorted(held.policies.items()))
    return {key: obstacle.why for key, obstacle in tried if obstacle is not None}


def _obstacle(key: KeyArn, policy: KeyPolicy, joining: Set[Entry], leaving: Set[Entry]) -> KeyPolicyError | None:
    def named(entries: Set[Entry], on: On) -> list[str]:
        return sorted(one.grantee for one in entries if (one.resource, one.on) == (key, on))

    try:
        wider = allow_use(policy, map(parse_key_user, named(joining, On.KEY)))
        wider = allow_administration(wider, map(PrincipalArn, named(joining, On.ADMINISTRATION)))
        narrower = withdraw_use(wider, map(parse_key_user, named(leaving, On.KEY)))
        withdraw_administration(narrower, map(PrincipalArn, named(leaving, On.ADMINISTRATION)))
    except KeyPolicyError as obstacle:
        return obstacle
    return None


def _of_stuck(stuck: Mapping[str, Why]) -> Iterator[Caution]:
    for key, why in stuck.items():
        yield Caution(CautionKind.CANNOT_BE_PUT_RIGHT, details(what=key), why)


def _of_members(books: Books, members: Members, changed: Set[Entry]) -> Iterator[Caution]:
    """Who has left and joined, as far as something changes for them; and who doesn't say."""
    for share in books.memberships:
        for one in share.organizations:
            if isinstance(why := members.get(one.arn), Unreadable):
                yield Caution(CautionKind.MEMBERS_NOT_COMPARED, details(organization=one.name), why.why)
        now = share.now(members)
        for kind, entries in (
            (CautionKind.MEMBERS_LEFT, share.readers - now),
            (CautionKind.MEMBERS_JOINED, now - share.readers),
        ):
            if accounts := sorted({entry.grantee for entry in entries & changed}):
                yield Caution(kind, details(organization=share.names, members=accounts))


def _cautions(books: Books, held: Held, shared: Sequence[SharedImage], lost: Sequence[LostCopy]) -> Iterator[Caution]:
    for resource, unread in sorted(held.unreadable.items()):
        yield Caution(CautionKind.NOT_LOOKED_AT, details(what=resource), unread.why)
    for resource in sorted(held.gone & {entry.resource for entry in books.needed}):
        yield Caution(CautionKind.SOURCE_GONE, details(what=resource))
    for image_id in sorted(held.disabled & {entry.resource for entry in books.needed}):
        yield Caution(CautionKind.SOURCE_DISABLED, details(image=image_id))
    for key, policy in sorted(held.policies.items()):
        if gone := deleted_own_principals(policy):
            yield Caution(CautionKind.OWN_PRINCIPALS_DELETED, details(key=key, principals=gone))
    for copy in lost:
        place = f"{copy.account_id} {copy.region}"
        yield Caution(CautionKind.COPY_LOST, details(copy=copy.image_id, place=place, share=copy.share))
    recorded = books.needed | books.under_way | books.given
    for image in sorted(shared, key=lambda image: image.image_id):
        groups = image.groups - {entry.grantee for entry in recorded if entry.resource == image.image_id}
        if strangers := sorted({*(image.accounts - books.known - {image.owner}), *groups}):
            yield Caution(CautionKind.SHARED_BEYOND, details(image=image.image_id, strangers=strangers))
