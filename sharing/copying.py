"""Copying: a waiting delivery gets its copy as soon as the target can use the source's keys; then the request ends.

Deliveries go side by side, and none waits for another. What is in flight is followed by `watching.py`.
"""

import logging
import secrets
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aws_ops.accounts import Accounts
from aws_ops.copies import find_copy, start_copy
from aws_ops.errors import AwsBusy, AwsOpsError, NotYetVisible
from aws_ops.estimates import about
from aws_ops.facts import Role
from aws_ops.finishing import Note
from aws_ops.ids import region_of
from aws_ops.keys import can_use
from aws_ops.parameters import point_parameter
from aws_ops.plan import CopyImage, PutImageParameter
from sharing.applying import delivery_name
from sharing.claim import Claim
from sharing.database import DATABASE_AWAY
from sharing.estate import Estate, UnknownAccount
from sharing.requests import Delivery, Failure, FailureKind, Request, named
from sharing.revoking import end_with_copies
from sharing.states import DeliveryState, RequestState, is_final
from sharing.transaction import LeaseLost, Transaction, in_trail

_log = logging.getLogger(__name__)

_AT_A_TIME = 8
# A policy change usually spreads within seconds, "in some cases several minutes" (KMS developer guide, "Eventual
# consistency"); past this it isn't the spreading any more.
KEY_USABLE_WITHIN = timedelta(minutes=15)
# Permissions on images and snapshots spread too (EC2, "Eventual consistency"); "really slow" is minutes.
SEEN_WITHIN = timedelta(minutes=15)
_KEY_PAUSE = timedelta(seconds=5)
_BUSY_PAUSE = timedelta(seconds=30)
_BUSY_FOR_AT_MOST = timedelta(hours=24)


def start_copies(claim: Claim, accounts: Accounts, estate: Estate) -> None:
    """Start the copy of every delivery that waits and is due; write down each as soon as it is known."""
    now = claim.clock()
    due = [
        delivery
        for delivery in claim.request.deliveries
        if delivery.state is DeliveryState.WAITING and (delivery.due_at is None or delivery.due_at <= now)
    ]
    if not due:
        return
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="copies") as pool:
        tries = {
            # In this thread's context, with its fence and the request that log lines are about.
            pool.submit(copy_context().run, _try, accounts, estate, claim.request, delivery, now): delivery
            for delivery in due
        }
        for tried in as_completed(tries):
            _write_down(claim, tries[tried], tried.result())


def finish(claim: Claim) -> None:
    """End the request once all its deliveries have ended; it has failed only if nobody can use anything."""
    with claim.transaction() as (tx, request, now):
        if request.state is RequestState.COPYING and all(is_final(each.state) for each in request.deliveries):
            _end(tx, request, now)


def fail_retried(tx: Transaction, request: Request, failure: Failure, now: datetime) -> None:
    """End a request whose permissions couldn't be made sure of once more: what waited for them has failed.

    What had come to a good end before is as good as it was.
    """
    for delivery in request.deliveries:
        if delivery.state is DeliveryState.WAITING:
            request = _change(tx, request, delivery, _failed(delivery, failure, now), now)
    _end(tx, request, now)


def _end(tx: Transaction, request: Request, now: datetime) -> None:
    to = RequestState.COMPLETED if request.any_good else RequestState.FAILED
    tx.audit(request.id, now, "bot", to.value, {})
    end_with_copies(tx, tx.move(request, to, now), now)


@dataclass(frozen=True)
class _Tried:
    """A delivery as it stands after a try; `in_line` at the quota of copies at once, where it waits for its turn."""

    delivery: Delivery
    in_line: bool = False


def _try(accounts: Accounts, estate: Estate, request: Request, delivery: Delivery, now: datetime) -> _Tried:
    """Do what can be done for the delivery now."""
    if request.time_is_over(now):
        return _Tried(_failed(delivery, Failure(FailureKind.TIME_OVER, {}), now))
    try:
        return _Tried(_start(accounts, estate.target(delivery.target).role, request, delivery, now))
    except (LeaseLost, *DATABASE_AWAY):
        raise
    except UnknownAccount as gone:
        return _Tried(_failed(delivery, Failure(FailureKind.ACCOUNT_REMOVED, {"account": gone.wanted}), now))
    except AwsBusy as busy:
        # At the quota of copies at once, a copy waits for its turn, however long the others take.
        in_line = busy.code == "ResourceLimitExceeded"
        if in_line:
            return _Tried(replace(delivery, due_at=now + _BUSY_PAUSE, waiting_since=now), in_line)
        if now - delivery.waiting_since < _BUSY_FOR_AT_MOST:
            return _Tried(replace(delivery, due_at=now + _BUSY_PAUSE))
        return _Tried(_failed(delivery, Failure(FailureKind.AWS_BUSY, {}, busy.why), now))
    except NotYetVisible as unseen:
        if now - _opened(request, delivery) < SEEN_WITHIN:
            return _Tried(replace(delivery, due_at=now + _KEY_PAUSE))
        return _Tried(_failed(delivery, Failure(FailureKind.AWS_REFUSED, {}, unseen.why), now))
    except AwsOpsError as refused:
        return _Tried(_failed(delivery, Failure(FailureKind.AWS_REFUSED, {}, refused.why), now))
    except Exception:
        reference = secrets.token_hex(4)
        _log.exception("request %s: unexpected error at %s, reference %s", request.id, delivery.target, reference)
        return _Tried(_failed(delivery, Failure(FailureKind.UNEXPECTED, {"reference": reference}), now))


def _start(accounts: Accounts, role: Role, request: Request, delivery: Delivery, now: datetime) -> Delivery:
    order = order_for(request, delivery)
    if order is None:
        notes = pointed(accounts, role, request, delivery)
        return replace(delivery, state=DeliveryState.COMPLETED, notes=notes, due_at=None, finished_at=now)
    closed = [key for key in order.source_key_arns if not can_use(accounts.kms(role, region_of(key)), key)]
    if closed:
        if now - _opened(request, delivery) < KEY_USABLE_WITHIN:
            return replace(delivery, due_at=now + _KEY_PAUSE)
        minutes = str(int(KEY_USABLE_WITHIN.total_seconds() // 60))
        failure = Failure(FailureKind.KEY_NEVER_USABLE, {"key": ", ".join(closed), "minutes": minutes})
        return _failed(delivery, failure, now)
    ec2 = accounts.ec2(role, delivery.region)
    name = delivery_name(request.id, delivery, delivery.attempt)
    # An earlier try may have started the copy and died before writing it down.
    image_id = find_copy(ec2, name) or start_copy(ec2, order, client_token=delivery.client_token, delivery=name)
    return replace(
        delivery,
        state=DeliveryState.COPYING,
        image_id=image_id,
        minutes_left=about(delivery.expected_minutes) if delivery.expected_minutes else None,
        due_at=None,
        started_at=now,
    )


def _opened(request: Request, delivery: Delivery) -> datetime:
    """Since when the delivery can have had all that it needs."""
    return max(delivery.waiting_since, request.settled_at or delivery.waiting_since)


def order_for(request: Request, delivery: Delivery) -> CopyImage | None:
    """Return the copy that the plan wants for the delivery; None where the original is shared and nothing copied."""
    plan = request.approved_plan
    source = next(image.image_id for image in plan.images if image.asked_as == delivery.source_image_id)
    way = (source, delivery.account_id, delivery.region)
    copies = (change for change in plan.changes if isinstance(change, CopyImage))
    return next((copy for copy in copies if (copy.source_image_id, copy.account_id, copy.region) == way), None)


def pointed(accounts: Accounts, role: Role, request: Request, delivery: Delivery) -> tuple[Note, ...]:
    """Let the parameters of the delivery's target that the plan names point to its image.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """
    changes = parameters_for(request, delivery)
    if not changes or delivery.image_id is None:
        return ()
    ec2, ssm = accounts.ec2(role, delivery.region), accounts.ssm(role, delivery.region)
    return tuple(point_parameter(ec2, ssm, change, delivery.image_id) for change in changes)


def parameters_for(request: Request, delivery: Delivery) -> list[PutImageParameter]:
    """Return the parameters that the plan wants to point to the delivery's image."""
    way = (delivery.source_image_id, delivery.account_id, delivery.region)
    parameters = (change for change in request.approved_plan.changes if isinstance(change, PutImageParameter))
    return [one for one in parameters if (one.source_image_id, one.account_id, one.region) == way]


def _failed(delivery: Delivery, failure: Failure, now: datetime) -> Delivery:
    return replace(delivery, state=DeliveryState.FAILED, failure=failure, due_at=None, finished_at=now)


def _write_down(claim: Claim, before: Delivery, tried: _Tried) -> None:
    with claim.transaction() as (tx, request, now):
        _change(tx, request, before, tried.delivery, now)
        if tried.in_line:
            tx.hold_up(request, now + _BUSY_PAUSE)


def _change(tx: Transaction, request: Request, before: Delivery, after: Delivery, now: datetime) -> Request:
    if after.state is not before.state:
        details: dict[str, Any] = named(after) | {"image": after.image_id}
        if after.failure is not None:
            details |= {"failure": after.failure.kind.value, **in_trail(after.failure)}
        if after.notes:
            details |= {"notes": [{"kind": note.kind.value, **in_trail(note)} for note in after.notes]}
        tx.audit(request.id, now, "bot", f"delivery_{after.state.value}", details)
    return tx.change_delivery(request, before, after, now)
