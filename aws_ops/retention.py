"""Retention: of each family of images, the newest copies are kept; older ones may go, unless something uses them. Pure.

A family is all images whose name matches a pattern. A copy is as old as the image it was made from.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from aws_ops.causes import Why
from aws_ops.cautions import Caution, CautionKind
from aws_ops.changes import DeregisterCopy
from aws_ops.details import details
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.plan import Plan
from aws_ops.request import Mode

References = Mapping[ImageId, tuple[str, ...]]
"""What uses an image, by ARN or name; images that nothing uses need not be there."""

Place = tuple[AccountId, Region]


@dataclass(frozen=True)
class Use:
    """What uses copies, and of which places that can't be said, with the reason."""

    users: References
    unread: Mapping[Place, Why]

    def users_of(self, copy: DeregisterCopy) -> tuple[str, ...]:
        return self.users.get(copy.image_id, ())


@dataclass(frozen=True)
class RetentionRule:
    """How much of a family is kept.

    Attributes:
        images: a pattern of the source images' names, with `*`, `?` and `[…]`; upper and lower case differ.
        keep: how many source images' copies each account keeps in each region; at least 1.
        accounts: where it holds; None for everywhere.
    """

    images: str
    keep: int
    accounts: frozenset[AccountId] | None = None

    def covers(self, copy: "KeptCopy") -> bool:
        here = self.accounts is None or copy.account_id in self.accounts
        return here and fnmatchcase(copy.source_name, self.images)


@dataclass(frozen=True)
class KeptCopy:
    """A copy that the bot made and that is still there, with the name and age of the image it was made from."""

    account_id: AccountId
    region: Region
    image_id: ImageId
    source_image_id: ImageId
    source_name: str
    source_created: datetime


def superfluous(rules: Sequence[RetentionRule], copies: Sequence[KeptCopy]) -> tuple[KeptCopy, ...]:
    """The copies that no rule keeps; what no rule covers stays. Oldest first, by account and region."""
    kept = {copy for rule in rules for copy in _kept_by(rule, copies)}
    due = {copy for rule in rules for copy in copies if rule.covers(copy)} - kept
    return tuple(sorted(due, key=lambda copy: (copy.account_id, copy.region, copy.source_created, copy.image_id)))


def plan_retention(due: Sequence[DeregisterCopy], use: Use) -> Plan:
    """Decide which of the superfluous copies go: those that nothing uses. Of the others it is said why they stay."""
    return Plan(mode=Mode.SHARE, images=(), changes=unused(due, use), cautions=staying(due, use))


def unused(copies: Sequence[DeregisterCopy], use: Use) -> tuple[DeregisterCopy, ...]:
    """Those of the copies that nothing uses; of a place that can't be asked, none."""
    return tuple(one for one in copies if (one.account_id, one.region) not in use.unread and not use.users_of(one))


def staying(copies: Sequence[DeregisterCopy], use: Use) -> tuple[Caution, ...]:
    """Why the other copies stay: what uses them, or that their place can't be asked."""
    unread = (
        Caution(CautionKind.USE_UNREAD, details(place=f"{account_id} {region}"), why)
        for (account_id, region), why in use.unread.items()
    )
    used = (
        Caution(
            CautionKind.COPY_IN_USE,
            details(copy=copy.image_id, place=f"{copy.account_id} {copy.region}", users=use.users_of(copy)),
        )
        for copy in copies
        if use.users_of(copy)
    )
    return *unread, *used


def _kept_by(rule: RetentionRule, copies: Sequence[KeptCopy]) -> Iterator[KeptCopy]:
    places: dict[Place, list[KeptCopy]] = defaultdict(list)
    for copy in copies:
        if rule.covers(copy):
            places[copy.account_id, copy.region].append(copy)
    for here in places.values():
        newest = sorted({(copy.source_created, copy.source_image_id) for copy in here}, reverse=True)[: rule.keep]
        yield from (copy for copy in here if (copy.source_created, copy.source_image_id) in newest)
