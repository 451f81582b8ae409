"""Auditing: what the shares in force rest on is compared with what AWS says, and what differs is put right.

An audit is a request of its own. It looks at one share, at some images or at everything; finds nothing and ends, or
asks for approval of what would put it right, and does that. Besides people, the calendar asks for one.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aws_ops.accounts import Accounts
from aws_ops.audit import Books, LostCopy, SharedImages, plan_audit
from aws_ops.copies import CopyState, watch
from aws_ops.details import details
from aws_ops.entries import Entry, On, entries_of, missing
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.facts import SnapshotSharing, TargetAccount, TargetOrganization
from aws_ops.finishing import Note, NoteKind
from aws_ops.held import find_disabled, read_held
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.membership import Membership
from aws_ops.plan import Grant, Plan, Withdrawal
from aws_ops.reading import read_members_of
from aws_ops.request import Mode
from aws_ops.shared_images import find_shared_images
from sharing.applying import NOT_NOW, apply_grant
from sharing.claim import Claim
from sharing.clock import Clock
from sharing.errand import PartsRefused, complete
from sharing.estate import Estate, UnknownAccount
from sharing.ledger import Ledger
from sharing.requests import NOBODY, Delivery, NewRequest, Person, Request, RequestId, RequestKind, Trigger
from sharing.retiring import retirement
from sharing.revoking import withdraw
from sharing.states import DeliveryState, RequestState
from sharing.store import Store
from sharing.transaction import Transaction

_log = logging.getLogger(__name__)

_EPOCH = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def audit_of(
    requester: Person, origin: str, image_ids: Iterable[ImageId] = (), share: RequestId | None = None
) -> NewRequest:
    """Return the request to look at one share, at some images, or with neither at everything."""
    return NewRequest(
        origin=origin,
        requester=requester,
        image_ids=tuple(image_ids),
        mode=Mode.SHARE,
        targets=(),
        regions=(),
        reason="",
        kind=RequestKind.AUDIT,
        of=share,
        trigger=Trigger.CALENDAR if requester == NOBODY else Trigger.PERSON,
    )


@dataclass(frozen=True)
class AuditCalendar:
    """Asks for what has its time once in each period, counted in `every` from a Monday.

    Two replicas asking at once do no harm: it is the same audit.

    Attributes:
        audits: everything is compared with what was approved.
        retires: copies that aren't kept are looked for.
    """

    store: Store
    clock: Clock
    every: timedelta
    audits: bool
    retires: bool

    def run_once(self) -> None:
        """Ask for what is due in this period, if nobody has."""
        now = self.clock()
        period = f"calendar:{self.every.days}d:{(now - _EPOCH) // self.every}"
        if self.audits:
            self.store.add(audit_of(NOBODY, period), now)
        if self.retires:
            self.store.add(retirement(NOBODY, f"{period}:retire"), now)


@dataclass(frozen=True)
class Scope:
    """What an audit looks at, and what the bot has on record of it.

    Attributes:
        shares: those whose copies are looked for.
        images: those that are looked at, if not all; re-encrypted copies stand for some of those asked for.
        givers: which request gave what, of those that won't give it again.
    """

    shares: tuple[Request, ...] = field(compare=False)
    images: tuple[ImageId, ...] = field(compare=False)
    books: Books
    givers: Mapping[Entry, RequestId] = field(compare=False)


@dataclass(frozen=True)
class Audits:
    """The errand of comparing and putting right."""

    accounts: Accounts
    estate: Estate

    def ends_with(self, plan: Plan) -> bool:
        return not plan.changes

    def books(self, tx: Transaction, request: Request) -> Scope:
        ledger = Ledger(tx)
        known = frozenset(target.role.account_id for target in self.estate.targets)
        in_force = tx.in_force()
        everything = ledger.books(known, tuple(_memberships(ledger, in_force, self.estate)))
        mended = {entry.resource for entry in everything.mended}
        if request.of is not None:
            about = [tx.read(request.of)]
            books = everything.on(_resources(ledger, about))
        elif request.image_ids:
            about = tx.shares_of(request.image_ids)
            books = everything.on(_resources(ledger, about) | mended)
        else:
            about, books = in_force, everything
        shares = tuple(share for share in about if share.state is RequestState.COMPLETED)
        return Scope(shares, _looked_at(request, about), books, ledger.givers(books.given))

    def plan(self, request: Request, books: Scope) -> Plan:
        record, sources = books.books, self.estate.sources
        organizations = {one.arn: one for share in record.memberships for one in share.organizations}
        members = read_members_of(self.accounts, organizations.values())
        needed = record.as_of(members).needed
        held = read_held(self.accounts, sources, needed | record.given)
        held = replace(held, disabled=find_disabled(self.accounts, sources, missing(needed, held.entries)))
        shared = SharedImages() if request.of else find_shared_images(self.accounts, sources, books.images)
        lost = _lost_copies(self.accounts, self.estate, books.shares)
        return plan_audit(record, held, shared, lost, members)

    def learn(self, tx: Transaction, books: Scope, plan: Plan) -> None:
        """What somebody took away isn't the bot's any more: whoever gives it again by hand may keep it."""
        Ledger(tx).forget({entry: books.givers[entry] for entry in plan.gone if entry in books.givers})

    def announce(self, tx: Transaction, request: Request) -> None:
        """It counts on nothing."""

    def begin(self, tx: Transaction, request: Request, now: datetime) -> RequestState:  # noqa: ARG002
        """Make sure that nobody else is at what is about to be put right; what it gives is kept from now on."""
        plan = request.approved_plan
        tx.refuse_overlap(request, entries_of(one for one in plan.changes if isinstance(one, Grant | Withdrawal)))
        Ledger(tx).set_needs(request.id, entries_of(plan.grants))
        for share in plan.readers:
            Ledger(tx).set_readers(RequestId(share.share), share.entries)
        return RequestState.APPLYING

    def carry_out(self, claim: Claim) -> None:
        """Put right what can be, whatever can't be now or at all; what AWS refuses is noted.

        Raises:
            KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: not all now; the same again later is right.
            PartsRefused: AWS won't have any of it.
        """
        changes = [one for one in claim.request.approved_plan.changes if isinstance(one, Grant | Withdrawal)]
        passing: list[Exception] = []
        refused: list[Note] = []
        for change in changes:
            try:
                refused += self._put_right(claim, change)
            except NOT_NOW as trouble:
                passing.append(trouble)
        if passing:
            raise passing[0]
        if changes and len(refused) == len(changes):
            raise PartsRefused(cause for note in refused for cause in note.why)
        if refused:
            with claim.transaction() as (tx, request, now):
                tx.set_notes(request, refused, now)
        complete(claim)

    def _put_right(self, claim: Claim, change: Grant | Withdrawal) -> list[Note]:
        """Make one change, or return why it can't be made.

        Raises:
            KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: it can't be made now.
        """
        try:
            if isinstance(change, Withdrawal):
                withdraw(claim, self.accounts, self.estate, change)
            else:
                apply_grant(claim, self.accounts, self.estate, change)
        except NOT_NOW:
            raise
        except (AwsOpsError, UnknownAccount) as refused:
            what = {entry.resource for entry in entries_of([change])}
            return [Note(NoteKind.NOT_PUT_RIGHT, details(what=what), refused.why)]
        return []

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """What was put right so far stays."""


def _memberships(ledger: Ledger, shares: Iterable[Request], estate: Estate) -> Iterator[Membership]:
    """The shares in force that, by the settings, let members of organizations read snapshots.

    None that names somebody whom the settings don't know any more: nobody could say who is in it.
    """
    for share in shares:
        try:
            recipients = [estate.recipient(name) for name in share.targets]
        except UnknownAccount:
            continue
        organizations = tuple(one for one in recipients if isinstance(one, TargetOrganization) and one.role)
        if share.ended_by is None and any(one.snapshots is SnapshotSharing.MEMBERS for one in organizations):
            yield Membership(
                share=share.id,
                organizations=organizations,
                named=frozenset(one.role.account_id for one in recipients if isinstance(one, TargetAccount)),
                snapshots=frozenset(
                    (image.owner, image.region, snapshot_id)
                    for image in share.approved_plan.images
                    for snapshot_id in image.snapshot_ids
                ),
                readers=frozenset(entry for entry in ledger.needs_of(share.id) if entry.on is On.SNAPSHOT),
            )


def _resources(ledger: Ledger, shares: Iterable[Request]) -> frozenset[str]:
    """What the shares rest on, or did, however they ended."""
    return frozenset(entry.resource for share in shares for entry in ledger.needs_of(share.id))


def _looked_at(request: Request, shares: Iterable[Request]) -> tuple[ImageId, ...]:
    """The images that were asked for, with the re-encrypted copies that were shared in their place."""
    images = {image for share in shares if share.plan for image in share.plan.images}
    stand_ins = {image.image_id for image in images if image.asked_as in request.image_ids}
    return tuple(sorted({*request.image_ids, *stand_ins}))


def _lost_copies(accounts: Accounts, estate: Estate, shares: Sequence[Request]) -> list[LostCopy]:
    """The copies that were handed over and aren't there any more; what can't be looked at counts as there."""
    places: dict[tuple[AccountId, Region], list[tuple[Request, Delivery]]] = defaultdict(list)
    for share in shares:
        for delivery in share.deliveries:
            if delivery.state is DeliveryState.COMPLETED and share.mode.copies:
                places[delivery.account_id, delivery.region].append((share, delivery))
    lost = []
    for (account_id, region), handed_over in sorted(places.items()):
        ids = [delivery.image_id for _, delivery in handed_over if delivery.image_id]
        try:
            found = watch(accounts.ec2(estate.target(account_id).role, region), ids)
        except AwsBusy:
            raise
        except (AwsOpsError, UnknownAccount) as trouble:
            _log.warning("copies in %s %s can't be looked at: %s", account_id, region, trouble)
            continue
        there = {image_id for image_id, status in found.items() if status.state is not CopyState.GONE}
        lost += [
            LostCopy(share.id, account_id, region, delivery.image_id)
            for share, delivery in handed_over
            if delivery.image_id and delivery.image_id not in there
        ]
    return lost
