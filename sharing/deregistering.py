"""Deregistering: copies that were approved to go do go, each by itself, and none that somebody needs by then.

What keeps one of them holds none of the others up; it is noted with the request, and told.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from aws_ops.accounts import Accounts
from aws_ops.causes import Why, at
from aws_ops.copies import COOLDOWN, CopyState, discard, is_protected_with_cooldown, lift_protection, watch
from aws_ops.details import Details, details
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import ImageId
from aws_ops.plan import DeregisterCopy
from aws_ops.references import read_references
from aws_ops.retention import Place, References, Use
from sharing.claim import Claim
from sharing.errand import PartsRefused
from sharing.estate import Estate, UnknownAccount
from sharing.ledger import Ledger
from sharing.requests import Request
from sharing.transaction import Transaction, in_trail

_log = logging.getLogger(__name__)

# AWS's clock may be behind, and counts from when it hears of it.
_A_LITTLE_LATER = timedelta(minutes=5)


def read_use(accounts: Accounts, estate: Estate, copies: Iterable[DeregisterCopy]) -> Use:
    """Ask each account and region what uses its copies; one that can't say is named, with the reason.

    Raises:
        AwsBusy: one can't say now.
    """
    users: dict[ImageId, tuple[str, ...]] = {}
    unread: dict[Place, Why] = {}
    for place, image_ids in _by_place(copies):
        try:
            users |= _users(accounts, estate, place, image_ids)
        except AwsBusy:
            raise
        except (AwsOpsError, UnknownAccount) as trouble:
            unread[place] = trouble.why
    return Use(users, unread)


def read_gone(accounts: Accounts, estate: Estate, copies: Iterable[DeregisterCopy]) -> frozenset[ImageId]:
    """Return the copies that somebody has deregistered; what can't be looked at counts as there.

    Raises:
        AwsBusy: AWS can't say now.
    """
    gone: set[ImageId] = set()
    for (account_id, region), image_ids in _by_place(copies):
        try:
            found = watch(accounts.ec2(estate.target(account_id).role, region), image_ids)
        except AwsBusy:
            raise
        except (AwsOpsError, UnknownAccount) as trouble:
            _log.warning("copies in %s %s can't be looked at: %s", account_id, region, trouble)
            continue
        gone |= {one for one in image_ids if one not in found or found[one].state is CopyState.GONE}
    return frozenset(gone)


def _by_place(copies: Iterable[DeregisterCopy]) -> list[tuple[Place, list[ImageId]]]:
    places: dict[Place, list[ImageId]] = defaultdict(list)
    for copy in copies:
        places[copy.account_id, copy.region].append(copy.image_id)
    return sorted(places.items())


def deregister_copies(claim: Claim, accounts: Accounts, estate: Estate) -> bool:
    """Deregister the copies of the approved plan that can go now; say whether that is all there was to do.

    If not, the request rests until the next of them can go. Done again, what is gone is left alone.

    Raises:
        AwsBusy: some of them not now; the same again later is right.
        PartsRefused: none of them could go.
    """
    orders = [change for change in claim.request.approved_plan.changes if isinstance(change, DeregisterCopy)]
    with claim.transaction() as (tx, _, _now):
        left = tx.made(order.image_id for order in orders)
    stay: list[Note] = []
    busy: dict[ImageId, AwsBusy] = {}
    for order in (one for one in orders if one.image_id in left):
        try:
            stay += _let_go(claim, accounts, estate, order)
        except AwsBusy as trouble:
            busy[order.image_id] = trouble
        except (AwsOpsError, UnknownAccount) as trouble:
            stay.append(Note(NoteKind.NOT_DEREGISTERED, _where(order), trouble.why))
    refused = [note for note in stay if note.kind is NoteKind.NOT_DEREGISTERED]
    if orders and len(refused) == len(orders):
        _write_down(claim, [], busy)
        raise PartsRefused(cause for note in refused for cause in _why_of(note))
    waits = _write_down(claim, stay, busy)
    if busy:
        raise next(iter(busy.values()))
    return not waits


def _why_of(note: Note) -> Why:
    about = dict(note.details)
    return at(f"{about['copy']} ({about['place']})", note.why)


def _write_down(claim: Claim, stay: Sequence[Note], busy: Collection[ImageId]) -> bool:
    """Note why copies stay; of those that AWS was too busy for, what was known before.

    If some are only protected for now, rest until the first of them isn't, and say so.
    """
    with claim.transaction() as (tx, request, now):
        for note in stay:
            # A refusal is the answer to a record of its own, each time: that the copy was about to go.
            if note not in request.notes or note.kind is NoteKind.NOT_DEREGISTERED:
                tx.audit(request.id, now, "bot", "copy_kept", {"because": note.kind.value, **in_trail(note)})
        notes = (*stay, *(wait for wait in request.waits if _copy_of(wait) in busy))
        noted = tx.set_notes(request, notes, now) if notes != request.notes else request
        if noted.waits:
            first = min(map(_until, noted.waits))
            tx.rest(noted, first)
            tx.hold_up(noted, first)
        return bool(noted.waits)


def _let_go(claim: Claim, accounts: Accounts, estate: Estate, order: DeregisterCopy) -> list[Note]:
    """Deregister one copy, or return why it stays."""
    image_id, where = order.image_id, _where(order)
    with claim.transaction() as (tx, request, now):
        if _is_handed_over(tx, request, image_id):
            return [Note(NoteKind.HANDED_OVER_SINCE, where)]
    if users := _users(accounts, estate, (order.account_id, order.region), [image_id]).get(image_id):
        return [Note(NoteKind.STILL_USED, (*where, *details(users=users)))]
    ec2 = accounts.ec2(estate.target(order.account_id).role, order.region)
    if is_protected_with_cooldown(ec2, image_id):
        begun = _begin_to_wait(claim, order)
        lift_protection(ec2, image_id)
        return [begun]
    if (wait := _waits_for(request, order)) is not None and now < _until(wait):
        return [wait]
    gone = {"account": order.account_id, "region": order.region, "image": image_id}
    with claim.transaction() as (tx, request, now):
        Ledger(tx).gate()  # a share that begins after this doesn't count on the copy any more
        if _is_handed_over(tx, request, image_id):
            return [Note(NoteKind.HANDED_OVER_SINCE, where)]
        tx.audit(request.id, now, "bot", "copy_deregistration", gone)
    discard(ec2, image_id)
    with claim.transaction() as (tx, request, now):
        tx.audit(request.id, now, "bot", "copy_deregistered", gone)
        tx.retire(image_id, now)
    return []


def _is_handed_over(tx: Transaction, request: Request, image_id: ImageId) -> bool:
    """Whether a share counts on the copy; to one that isn't kept any longer, only those that began since."""
    if request.of is not None:
        return bool(tx.handed_over_besides(request.of, [image_id]))
    return request.begun_at is not None and bool(tx.reused_since(request.begun_at, [image_id]))


def _begin_to_wait(claim: Claim, order: DeregisterCopy) -> Note:
    """Write down until when the copy is protected, before that is lifted: AWS doesn't say it afterwards."""
    with claim.transaction() as (tx, request, now):
        until = now + COOLDOWN + _A_LITTLE_LATER
        wait = Note(NoteKind.PROTECTED_FOR_NOW, (*_where(order), ("until", until.isoformat())))
        others = [note for note in request.notes if note != _waits_for(request, order)]
        tx.set_notes(request, [*others, wait], now)
    return wait


def _users(accounts: Accounts, estate: Estate, place: Place, image_ids: list[ImageId]) -> References:
    account_id, region = place
    role = estate.target(account_id).role
    return read_references(accounts.ec2(role, region), accounts.autoscaling(role, region), image_ids)


def _waits_for(request: Request, order: DeregisterCopy) -> Note | None:
    return next((wait for wait in request.waits if _copy_of(wait) == order.image_id), None)


def _copy_of(note: Note) -> str:
    return dict(note.details)["copy"]


def _until(wait: Note) -> datetime:
    return datetime.fromisoformat(dict(wait.details)["until"])


def _where(order: DeregisterCopy) -> Details:
    return details(copy=order.image_id, place=f"{order.account_id} {order.region}")
