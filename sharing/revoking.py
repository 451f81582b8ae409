"""Revoking: what a share gave is taken back, as far as the bot gave it and no other share needs it.

A revocation is a request of its own: asked for by a person it is approved like any other; the end date of a share, and
the end of its copies, were approved with it. Whatever takes access away comes before the copies are deregistered, and
the image's own list before those of its snapshots and keys.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.entries import Entry, entries_of, removable
from aws_ops.errors import AwsOpsError
from aws_ops.held import Held, read_held
from aws_ops.ids import account_of, region_of
from aws_ops.key_grants import revoke_grants
from aws_ops.key_policy import withdraw_administration, withdraw_use
from aws_ops.permissions import remove_create_volume_permission, remove_launch_permission
from aws_ops.plan import (
    Change,
    DeregisterCopy,
    Mode,
    Plan,
    Refused,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    Withdrawal,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from aws_ops.retention import staying, unused
from aws_ops.revocation import openings, plan_revocation, witnessed
from sharing.applying import NOT_NOW, about_to_take, edit_key_policy, record
from sharing.claim import Claim
from sharing.deregistering import deregister_copies, read_use
from sharing.errand import PartsRefused, complete
from sharing.estate import Estate
from sharing.ledger import Ledger
from sharing.requests import Request, RequestId, Trigger, revocation_of
from sharing.states import DeliveryState, RequestState
from sharing.transaction import Transaction


class NotRevocable(Exception):
    """The share isn't in a state in which it could be taken back."""

    def __init__(self, share: Request) -> None:
        super().__init__(f"{share.id} is {share.state.value}")
        self.share = share


@dataclass(frozen=True)
class Due:
    """What is to be taken back by a revocation: entries at the source, and copies in the targets.

    Attributes:
        needs: all that the share rests on, each with the other requests that need it.
    """

    share: Request = field(compare=False)
    entries: frozenset[Entry]
    copies: tuple[DeregisterCopy, ...]
    needs: Mapping[Entry, tuple[RequestId, ...]] = field(compare=False)

    @property
    def looked_at(self) -> frozenset[Entry]:
        return self.entries | openings(self.needs)

    @property
    def nobody_elses(self) -> frozenset[Entry]:
        """What nobody else needs: `entries`, and what others gave, or an audit is about to."""
        return frozenset(entry for entry, others in self.needs.items() if not others)


@dataclass(frozen=True)
class Revocations:
    """The errand of taking a share back."""

    accounts: Accounts
    estate: Estate

    def ends_with(self, plan: Plan) -> bool:  # noqa: ARG002
        return False

    def books(self, tx: Transaction, request: Request) -> Due:
        """Return what the bot gave for the share and no other share needs.

        Raises:
            NotRevocable: the share is under way, or has been taken back already, and no copies of it are to go.
        """
        share = tx.find(_share_of(request))
        copies = _copies_of(tx, share) if request.deregister else ()
        if share.state is RequestState.REVOKED and copies:
            return Due(share, frozenset(), copies, {})
        ending = share.state is RequestState.REVOKING and share.ended_by == request.id
        if not share.revocable and not ending:
            raise NotRevocable(share)
        ledger = Ledger(tx)
        needs = ledger.needs_of(share.id)
        besides = ledger.needed_besides(share.id, needs)
        entries = removable(ledger.given(needs), besides.keys())
        return Due(share, entries, copies, {entry: besides.get(entry, ()) for entry in needs})

    def plan(self, request: Request, books: Due) -> Plan | Refused:  # noqa: ARG002
        held = read_held(self.accounts, self.estate.sources, books.looked_at)
        use = read_use(self.accounts, self.estate, books.copies)
        copies = unused(books.copies, use)
        planned = plan_revocation(books.share.approved_plan, books.entries, held, copies, books.needs)
        if isinstance(planned, Refused):
            return planned
        return replace(planned, cautions=(*planned.cautions, *staying(books.copies, use)))

    def learn(self, tx: Transaction, books: Due, plan: Plan) -> None:
        """What is gone already is struck from the ledger once the rest is."""

    def announce(self, tx: Transaction, request: Request) -> None:
        """It counts on nothing."""

    def begin(self, tx: Transaction, request: Request, now: datetime) -> RequestState:
        """Let the share be taken back from now on; none that begins after this will count on what it gave."""
        due = self.books(tx, request)
        tx.refuse_overlap(request, due.nobody_elses)
        if due.share.revocable:
            _mark(tx, due.share, request, now)
        return RequestState.APPLYING

    def carry_out(self, claim: Claim) -> None:
        if claim.request.settled_at is None:  # later, somebody may have been given the same again
            self._take_back(claim)
        if deregister_copies(claim, self.accounts, self.estate):
            complete(claim)

    def _take_back(self, claim: Claim) -> None:
        withdraw_all(claim, self.accounts, self.estate, claim.request.approved_plan.changes)
        with claim.transaction() as (tx, request, _):
            needs = Ledger(tx).needs_of(_share_of(request))
        held = read_held(self.accounts, self.estate.sources, openings(needs))
        with claim.transaction() as (tx, request, now):
            self._close(tx, request, held, now)

    def _close(self, tx: Transaction, revocation: Request, held: Held, now: datetime) -> None:
        """End the share, unless something of it is left, with what is `held` all the same.

        What others took away before is nobody's to take back, should it be given again one day.
        """
        ledger = Ledger(tx)
        ledger.gate()
        share = tx.find(_share_of(revocation))
        if share.state is RequestState.REVOKING:
            due = self.books(tx, revocation)
            plan = witnessed(revocation.approved_plan, due.needs, held)
            ledger.take(due.entries & set(plan.gone))
            tx.set_plan(revocation, plan, revocation.estimate)
            left = sorted({entry.resource for entry in plan.left})
            tx.audit(share.id, now, "bot", "revoked", {"by": revocation.id, "left": left})
            tx.move(share, share.came_to if plan.left else RequestState.REVOKED, now)
        tx.settle(revocation, now)

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """Let the share be what it was, if it wasn't taken back wholly."""
        share = tx.find(_share_of(request))
        if share.state is RequestState.REVOKING and share.ended_by == request.id:
            tx.move(share, share.came_to, now)


def _share_of(revocation: Request) -> RequestId:
    return RequestId(str(revocation.of))


def end_when_due(tx: Transaction, share: Request, now: datetime) -> None:
    """Take back what a share gave whose end date has come, or whose end didn't work out before.

    That was approved with the share.
    """
    _end(tx, share, Trigger.END_DATE if share.time_is_over(now) else Trigger.COPIES_DONE, now)


def end_with_copies(tx: Transaction, share: Request, now: datetime) -> None:
    """Take back what a share gave that was only for its copies; that was approved with the share."""
    if share.mode is Mode.COPY_THEN_UNSHARE:
        _end(tx, share, Trigger.COPIES_DONE, now)


def _end(tx: Transaction, share: Request, trigger: Trigger, now: datetime) -> None:
    if share.revocable:
        origin = f"{trigger.value}:{share.id}"
        if tries := len(tx.origins_like(origin)):
            origin = f"{origin}:{tries + 1}"
        revocation = tx.add(revocation_of(share, share.requester, origin, trigger), now)
        _mark(tx, share, revocation, now)


def _mark(tx: Transaction, share: Request, revocation: Request, now: datetime) -> None:
    tx.move(share, RequestState.REVOKING, now, ended_by=revocation.id, ended_because=revocation.trigger.value)


def _copies_of(tx: Transaction, share: Request) -> tuple[DeregisterCopy, ...]:
    """The bot's copies that were handed over by the share, and by no other that still counts on them."""
    handed_over = [delivery for delivery in share.deliveries if delivery.state is DeliveryState.COMPLETED]
    ids = {delivery.image_id for delivery in handed_over if delivery.image_id and share.mode.copies}
    due = tx.made(ids) - tx.handed_over_besides(share.id, ids)
    return tuple(
        DeregisterCopy(delivery.account_id, delivery.region, delivery.image_id)
        for delivery in handed_over
        if delivery.image_id in due and delivery.image_id
    )


def withdraw_all(claim: Claim, accounts: Accounts, estate: Estate, changes: Iterable[Change]) -> None:
    """Take back what the withdrawals among `changes` name, as far as AWS lets it be: one that fails holds up no other.

    Raises:
        KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: not all now; the same again later is right.
        PartsRefused: AWS won't have some of it.
    """
    passing: list[Exception] = []
    refused: list[AwsOpsError] = []
    for change in changes:
        if isinstance(change, Withdrawal):
            try:
                withdraw(claim, accounts, estate, change)
            except NOT_NOW as trouble:
                passing.append(trouble)
            except AwsOpsError as trouble:
                refused.append(trouble)
    if passing:
        raise passing[0]
    if refused:
        raise PartsRefused(cause for trouble in refused for cause in trouble.why)


def withdraw(claim: Claim, accounts: Accounts, estate: Estate, change: Withdrawal) -> None:
    """Take back one list's entries, and strike them from the ledger."""
    match change:
        case RemoveLaunchPermission():
            ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
            record(
                claim,
                "launch_permission_removed",
                change.image_id,
                remove_launch_permission(ec2, change.image_id, change.launchers, about_to_take(claim, change)),
            )
        case RemoveCreateVolumePermission():
            ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
            record(
                claim,
                "create_volume_permission_removed",
                change.snapshot_id,
                remove_create_volume_permission(ec2, change.snapshot_id, change.accounts, about_to_take(claim, change)),
            )
        case WithdrawKeyUse():
            edit_key_policy(claim, accounts, estate, change, withdraw_use)
        case WithdrawKeyAdministration():
            edit_key_policy(claim, accounts, estate, change, withdraw_administration)
        case RevokeKeyGrant():
            _revoke_key_grant(claim, accounts, estate, change)
    with claim.transaction() as (tx, _, _now):
        Ledger(tx).take(entries_of([change]))


def _revoke_key_grant(claim: Claim, accounts: Accounts, estate: Estate, change: RevokeKeyGrant) -> None:
    kms = accounts.kms(estate.source(account_of(change.key_arn)).role, region_of(change.key_arn))

    def before_write(grants: tuple[str, ...]) -> None:
        with claim.transaction() as (tx, request, now):
            details = {"key": change.key_arn, "loses": [change.principal], "grants": list(grants)}
            tx.audit(request.id, now, "bot", "key_grant_change", details)

    gone = revoke_grants(kms, change.key_arn, change.principal, before_write=before_write)
    if gone is not None:
        with claim.transaction() as (tx, request, now):
            details = {"key": change.key_arn, "principal": change.principal, "grants": list(gone.before)}
            tx.audit(request.id, now, "bot", "key_grant_revoked", details)
