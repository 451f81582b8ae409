"""Watching: all copies in flight, asked for at once, one batch per account and region.

`judge` decides what a copy's status means; the rest fetches and writes down. Why a copy failed is written down before
it is cleared away, so that a crash loses neither the reason nor the image.
"""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aws_ops.accounts import Accounts
from aws_ops.causes import Why
from aws_ops.copies import CopyState, CopyStatus, discard, faults_of, watch
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.estimates import about, minutes_left
from aws_ops.facts import Role
from aws_ops.fence import fenced
from aws_ops.finishing import Note, NoteKind, finish_copy
from aws_ops.ids import AccountId, ImageId, Region
from sharing.applying import tried_anew
from sharing.clock import Clock
from sharing.context import about as about_request
from sharing.copying import order_for, parameters_for, pointed
from sharing.database import DATABASE_AWAY
from sharing.estate import Estate, UnknownAccount
from sharing.requests import Delivery, Failure, FailureKind, Request, named
from sharing.states import DeliveryState
from sharing.store import Flight, Store
from sharing.transaction import LeaseLost, failure_columns, in_trail

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

_log = logging.getLogger(__name__)

_AT_A_TIME = 16
# EC2 is eventually consistent: a copy only just started may not be listed yet.
MISSING_FOR = timedelta(minutes=5)
STALLED_AFTER = timedelta(hours=48)
_SECOND_TRY_AFTER = timedelta(minutes=1)


def judge(delivery: Delivery, status: CopyStatus | None, now: datetime) -> Delivery:
    """Return the delivery as it stands now that its copy's status is known; None means that AWS doesn't list it."""
    image = str(delivery.image_id)
    age = now - (delivery.started_at or now)
    match status:
        case None | CopyStatus(state=CopyState.GONE):
            return delivery if age < MISSING_FOR else _failed(delivery, FailureKind.COPY_GONE, now, image=image)
        case CopyStatus(state=CopyState.PENDING):
            if not _takes_too_long(delivery, now):
                left = minutes_left(status.percent, age.total_seconds() / 60, delivery.expected_minutes)
                left = None if left is None else about(left)
                return replace(delivery, percent=status.percent, minutes_left=left, failure=None)
            hours = str(int(STALLED_AFTER.total_seconds() // 3600))
            return _failed(delivery, FailureKind.COPY_STALLED, now, image=image, hours=hours)
        case CopyStatus(state=CopyState.FAILED):
            said = "; ".join(status.reasons)
            failure = Failure(FailureKind.COPY_FAILED, {"image": image, "said": said})
            return replace(delivery, state=DeliveryState.CLEARING, failure=failure)
        case _:
            faults = faults_of(status, delivery.key_arn) if delivery.key_arn else ()
            if faults:
                return _failed(delivery, FailureKind.COPY_WRONG, now, faults, image=image)
            return replace(delivery, state=DeliveryState.COMPLETED, percent=100, failure=None, finished_at=now)


def unseen(delivery: Delivery, why: Why, now: datetime) -> Delivery:
    """Return the delivery whose copy can't be looked at, with the reason; given up only if that lasts.

    Of one that has failed already, and isn't cleared away yet, the first reason stays.
    """
    lasts = _takes_too_long(delivery, now)
    if delivery.state is DeliveryState.CLEARING:
        return replace(delivery, state=DeliveryState.FAILED, finished_at=now) if lasts else delivery
    if lasts:
        return _failed(delivery, FailureKind.AWS_REFUSED, now, why)
    return replace(delivery, failure=Failure(FailureKind.AWS_REFUSED, {}, why))


def after_clearing(request: Request, delivery: Delivery, now: datetime) -> Delivery:
    """Return what comes after a failed copy: a second one if the request itself had only just opened the key."""
    if delivery.attempt > 1 or not request.opens_key_for(delivery):
        return replace(delivery, state=DeliveryState.FAILED, finished_at=now)
    return tried_anew(request.id, delivery, now + _SECOND_TRY_AFTER, now)


@dataclass(frozen=True)
class CopyWatch:
    """Follows every copy in flight. Two replicas doing it at once do no harm."""

    store: Store
    accounts: Accounts
    estate: Estate
    clock: Clock

    def run_once(self) -> None:
        """Look at every copy in flight, and write down what has changed."""
        batches = self._batches()
        if not batches:
            return
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="watch") as pool:
            list(pool.map(self._try_to_look, batches.values()))

    def look(self, account_id: AccountId, region: Region) -> None:
        """Look at the copies in flight in one place, where something is said to have happened."""
        if flights := self._batches().get((account_id, region)):
            self._try_to_look(flights)

    def _batches(self) -> dict[tuple[AccountId, Region], list[Flight]]:
        batches: dict[tuple[AccountId, Region], list[Flight]] = defaultdict(list)
        for flight in self.store.in_flight():
            batches[flight.delivery.account_id, flight.delivery.region].append(flight)
        return batches

    def _try_to_look(self, flights: Sequence[Flight]) -> None:
        """Look at one account's copies in one region; its trouble is no other's."""
        try:
            self._look(flights)
        except AwsBusy as busy:
            _log_for_each(flights, logging.INFO, "copies are looked at later: %s", busy)
            now = self.clock()
            for flight in flights:
                if _takes_too_long(flight.delivery, now):
                    self._write_down(flight, unseen(flight.delivery, busy.why, now))
        except (AwsOpsError, UnknownAccount) as trouble:
            _log_for_each(flights, logging.WARNING, "copies can't be looked at: %s", trouble)
            for flight in flights:
                self._write_down(flight, unseen(flight.delivery, trouble.why, self.clock()))
        except Exception:
            _log.exception("copies can't be looked at")

    def _look(self, flights: Sequence[Flight]) -> None:
        first = flights[0].delivery
        role = self.estate.target(first.account_id).role
        ec2 = self.accounts.ec2(role, first.region)
        copying = [flight.delivery for flight in flights if flight.delivery.state is DeliveryState.COPYING]
        ids = [delivery.image_id for delivery in copying if delivery.image_id]
        statuses = watch(ec2, ids) if ids else {}
        for flight in flights:
            image_id = flight.delivery.image_id
            self._follow(ec2, flight, statuses.get(image_id) if image_id else None)

    def _follow(self, ec2: EC2Client, flight: Flight, status: CopyStatus | None) -> None:
        with about_request(flight.request.id):
            try:
                with fenced(lambda: self._check(flight)):
                    if flight.delivery.state is DeliveryState.COPYING:
                        self._judge(flight, status)
                    elif flight.delivery.image_id:
                        self._clear(ec2, flight, flight.delivery.image_id)
            except LeaseLost:
                _log.info("another replica was faster at a copy of %s", flight.request.id)
            except (AwsOpsError, UnknownAccount, *DATABASE_AWAY):
                raise  # it is every flight's trouble
            except Exception:
                self._own_mistake(flight)

    def _own_mistake(self, flight: Flight) -> None:
        """Log it; a copy that can't be followed for that long is given up, whatever comes of that in turn."""
        reference, now = secrets.token_hex(4), self.clock()
        _log.exception("a copy of %s can't be followed, reference %s", flight.request.id, reference)
        if not _takes_too_long(flight.delivery, now):
            return
        try:
            self._write_down(flight, _failed(flight.delivery, FailureKind.UNEXPECTED, now, reference=reference))
        except DATABASE_AWAY:
            raise
        except Exception:
            _log.exception("a copy of %s can't be given up", flight.request.id)

    def _check(self, flight: Flight) -> None:
        """Make sure that the delivery still stands as it was seen: what follows from that is written to AWS next.

        Raises:
            LeaseLost: another replica has taken it further.
        """
        if flight.delivery not in self.store.get(flight.request.id).deliveries:
            raise LeaseLost(flight.request.id)

    def _judge(self, flight: Flight, status: CopyStatus | None) -> None:
        after = judge(flight.delivery, status, self.clock())
        self._write_down(flight, self._finished(flight, after) if after.state is DeliveryState.COMPLETED else after)

    def _clear(self, ec2: EC2Client, flight: Flight, image_id: ImageId) -> None:
        try:
            discard(ec2, image_id)
        except AwsBusy as busy:
            if not _takes_too_long(flight.delivery, self.clock()):
                _log.info("a failed copy is cleared away later: %s", busy)
                return
            _log.warning("a failed copy stays behind: %s", busy)
        except AwsOpsError as refused:
            _log.warning("a failed copy stays behind: %s", refused)
        self._write_down(flight, after_clearing(flight.request, flight.delivery, self.clock()))

    def _finished(self, flight: Flight, good: Delivery) -> Delivery:
        """Give a good copy what goes with it; if AWS can't now, the copy is looked at again later.

        If that lasts, the copy is good without: it must not keep its request from coming to an end.
        """
        order, image_id = order_for(flight.request, good), good.image_id
        if order is None or image_id is None:
            return good
        role, now = self.estate.target(good.account_id).role, self.clock()
        is_last_try = _takes_too_long(good, now)
        try:
            ec2 = self.accounts.ec2(role, good.region)
            notes = finish_copy(ec2, order, image_id, now, is_last_try=is_last_try)
            notes += self._pointed(role, flight.request, good, is_last_try=is_last_try)
        except AwsBusy as busy:
            _log.info("a copy is finished later: %s", busy)
            return flight.delivery
        return replace(good, notes=notes)

    def _pointed(self, role: Role, request: Request, good: Delivery, *, is_last_try: bool) -> tuple[Note, ...]:
        try:
            return pointed(self.accounts, role, request, good)
        except AwsBusy as busy:
            if not is_last_try:
                raise
            return tuple(
                Note(NoteKind.PARAMETER_NOT_SET, (("parameter", one.parameter),), busy.why)
                for one in parameters_for(request, good)
            )

    def _write_down(self, flight: Flight, after: Delivery) -> None:
        before, now = flight.delivery, self.clock()
        if after == before:
            return
        with self.store.transaction() as tx:
            request = tx.find(flight.request.id)
            if before not in request.deliveries:
                return  # another replica was here first
            if after.state is not before.state:
                details = named(after) | {"image": before.image_id}
                failure = failure_columns(after.failure) if after.state is not DeliveryState.COMPLETED else None
                notes = [{"kind": note.kind.value, **in_trail(note)} for note in after.notes]
                said = details | {"failure": failure, "notes": notes}
                tx.audit(request.id, now, "bot", f"delivery_{after.state.value}", said)
            tx.change_delivery(request, before, after, now)


def _log_for_each(flights: Sequence[Flight], level: int, said: str, trouble: Exception) -> None:
    """Say it of each request by itself: whoever looks for what happened to one finds it by the request's id."""
    for request_id in sorted({flight.request.id for flight in flights}):
        with about_request(request_id):
            _log.log(level, said, trouble)


def _takes_too_long(delivery: Delivery, now: datetime) -> bool:
    return now - (delivery.started_at or now) >= STALLED_AFTER


def _failed(delivery: Delivery, kind: FailureKind, now: datetime, why: Why = (), **details: str) -> Delivery:
    return replace(delivery, state=DeliveryState.FAILED, failure=Failure(kind, details, why), finished_at=now)
