"""Revoking: what a share gave is taken back, as far as the bot gave it and no other share needs it.

A revocation is a request of its own: asked for by a person it is approved like any other; the end date of a share, and
the end of its copies, were approved with it. Whatever takes access away comes before the copies are deregistered, and
the image's own list before those of its snapshots and keys.
"""

from dataclasses import dataclass
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.copies import discard
from aws_ops.entries import Entry, entries_of, removable
from aws_ops.held import read_held
from aws_ops.key_policy import withdraw_use
from aws_ops.permissions import remove_create_volume_permission, remove_launch_permission
from aws_ops.plan import (
    DeregisterCopy,
    Mode,
    Plan,
    Refused,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    Withdrawal,
    WithdrawKeyUse,
)
from aws_ops.revocation import plan_revocation
from sharing.applying import edit_key_policy, record
from sharing.claim import Claim
from sharing.estate import Estate
from sharing.ledger import Ledger
from sharing.requests import Request, RequestId, Trigger, revocation_of
from sharing.states import DeliveryState, RequestState
from sharing.transaction import Overtaken, Transaction


class NotRevocable(Exception):
    """The share isn't in a state in which it could be taken back."""

    def __init__(self, share: Request) -> None:
        super().__init__(f"{share.id} is {share.state.value}")
        self.share = share


@dataclass(frozen=True)
class Due:
    """What is to be taken back by a revocation: entries at the source, and copies in the targets."""

    share: Request
    entries: frozenset[Entry]
    copies: tuple[DeregisterCopy, ...]


def find_due(tx: Transaction, revocation: Request) -> Due:
    """Return what the bot gave for the share and no other share needs.

    Raises:
        NotRevocable: the share is under way, or has been taken back already.
    """
    share = tx.find(RequestId(str(revocation.of)))
    ending = share.state is RequestState.REVOKING and share.ended_by == revocation.id
    if not share.revocable and not ending:
        raise NotRevocable(share)
    ledger = Ledger(tx)
    needs = ledger.needs_of(share.id)
    entries = removable(ledger.given(needs), ledger.needed_besides(share.id, needs))
    return Due(share, entries, _copies_of(tx, share) if revocation.deregister else ())


def plan(claim: Claim, accounts: Accounts, estate: Estate) -> tuple[Plan | Refused, Due]:
    """Plan the revocation, and return with the plan what it was made from.

    Raises:
        NotRevocable: the share is under way, or has been taken back already.
        AwsBusy: AWS can't say now.
    """
    with claim.store.transaction() as tx:
        due = find_due(tx, claim.request)
    held = read_held(accounts, estate.sources, due.entries)
    return plan_revocation(due.share.approved_plan, due.entries, held, due.copies), due


def begin(tx: Transaction, revocation: Request, planned_for: Due, now: datetime) -> None:
    """Let the share be taken back from now on; no share that begins after this will count on what it gave.

    Raises:
        Overtaken: what is due isn't what was planned for.
        NotRevocable: the share is under way, or has been taken back already.
    """
    Ledger(tx).gate()
    due = find_due(tx, revocation)
    tx.refuse_overlap(revocation, due.entries)
    if (due.entries, due.copies) != (planned_for.entries, planned_for.copies):
        raise Overtaken(f"what {due.share.id} gave is needed by others than a moment ago")
    if due.share.state is not RequestState.REVOKING:
        _mark(tx, due.share, revocation, now)


def apply(claim: Claim, accounts: Accounts, estate: Estate) -> None:
    """Take back what the approved plan says, each change read back; then deregister the copies.

    Raises:
        KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: not now; the same again later is right.
        AwsOpsError: any other, AWS won't have it.
    """
    changes = claim.request.approved_plan.changes
    for change in changes:
        if isinstance(change, Withdrawal):
            withdraw(claim, accounts, estate, change)
    with claim.transaction() as (tx, request, now):
        share = tx.find(RequestId(str(request.of)))
        if share.state is RequestState.REVOKING:
            tx.audit(share.id, now, "bot", "revoked", {"by": request.id})
            tx.move(share, RequestState.REVOKED, now)
            tx.settle(request, now)
    for change in changes:
        if isinstance(change, DeregisterCopy):
            discard(accounts.ec2(estate.target(change.account_id).role, change.region), change.image_id)
            with claim.transaction() as (tx, request, now):
                details = {"account": change.account_id, "region": change.region, "image": change.image_id}
                tx.audit(request.id, now, "bot", "copy_deregistered", details)


def give_up(tx: Transaction, revocation: Request, now: datetime) -> None:
    """Let the share be what it was, if it wasn't taken back wholly."""
    share = tx.find(RequestId(str(revocation.of)))
    if share.state is RequestState.REVOKING and share.ended_by == revocation.id:
        tx.move(share, share.came_to, now)


def end_by_date(tx: Transaction, share: Request, now: datetime) -> None:
    """Take back what a share gave whose end date has come; that was approved with the share."""
    _end(tx, share, Trigger.END_DATE, now)


def end_with_copies(tx: Transaction, share: Request, now: datetime) -> None:
    """Take back what a share gave that was only for its copies; that was approved with the share."""
    if share.mode is Mode.COPY_THEN_UNSHARE:
        _end(tx, share, Trigger.COPIES_DONE, now)


def _end(tx: Transaction, share: Request, trigger: Trigger, now: datetime) -> None:
    if share.revocable and share.ended_by is None:
        origin = f"{trigger.value}:{share.id}"
        revocation = tx.add(revocation_of(share, share.requester, origin, trigger), now)
        _mark(tx, share, revocation, now)


def _mark(tx: Transaction, share: Request, revocation: Request, now: datetime) -> None:
    tx.move(share, RequestState.REVOKING, now, ended_by=revocation.id, ended_because=revocation.trigger.value)


def _copies_of(tx: Transaction, share: Request) -> tuple[DeregisterCopy, ...]:
    """The copies that were made for the share, and that it alone handed to somebody."""
    made = [
        delivery.image_id
        for delivery in share.deliveries
        if delivery.state is DeliveryState.COMPLETED and not delivery.reused and share.mode.copies and delivery.image_id
    ]
    kept = tx.delivered_besides(share.id, made)
    return tuple(
        DeregisterCopy(delivery.account_id, delivery.region, delivery.image_id)
        for delivery in share.deliveries
        if delivery.image_id in made and delivery.image_id not in kept and delivery.image_id
    )


def withdraw(claim: Claim, accounts: Accounts, estate: Estate, change: Withdrawal) -> None:
    """Take back one list's entries, and strike them from the ledger.

    Raises:
        KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: not now; the same again later is right.
        AwsOpsError: any other, AWS won't have it.
    """
    match change:
        case RemoveLaunchPermission():
            ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
            record(
                claim,
                "launch_permission_removed",
                change.image_id,
                remove_launch_permission(ec2, change.image_id, change.accounts),
            )
        case RemoveCreateVolumePermission():
            ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
            record(
                claim,
                "create_volume_permission_removed",
                change.snapshot_id,
                remove_create_volume_permission(ec2, change.snapshot_id, change.accounts),
            )
        case WithdrawKeyUse():
            edit_key_policy(claim, accounts, estate, change, withdraw_use)
    with claim.transaction() as (tx, _, _now):
        Ledger(tx).take(entries_of([change]))
