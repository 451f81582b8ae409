"""The store: requests and all that belongs to them, in the database.

Work is claimed by lease: a claim lapses by itself, so that another worker goes on where a dead one stopped.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from aws_ops.fence import SIGNATURE_HOLDS
from aws_ops.ids import KeyArn
from sharing.clock import CLOCKS_APART, ahead_of_database
from sharing.requests import Delivery, NewRequest, Request, RequestId
from sharing.states import DeliveryState, RequestState
from sharing.tables import audit_events, deliveries, key_locks, requests
from sharing.transaction import UNREADABLE, Observer, Transaction, to_be_told

_log = logging.getLogger(__name__)

KEY_STAYS_CLOSED = SIGNATURE_HOLDS + 3 * CLOCKS_APART
"""For how long nobody else is let at a key whose writer was overtaken, or got no answer: something may be on its way.

Three clocks have a part in it, any of which may be off: the stopped writer's, by which it signed; that of whoever finds
it gone; and that of whoever writes next.
"""

# The lease of a lock that was let go, and stays closed; those of claims begin with 1.
_LET_GO = 0

_FLYING = (DeliveryState.COPYING, DeliveryState.CLEARING)


@dataclass(frozen=True)
class Flight:
    """A copy in flight: the delivery it is for, and the request that belongs to."""

    request: Request
    delivery: Delivery


class Store:
    """Everything that is remembered.

    `clocks_apart` is how far this process's clock may be from the database's for it to be given work; None for any.
    """

    def __init__(self, engine: Engine, observer: Observer | None = None, clocks_apart: timedelta | None = None) -> None:
        self._engine = engine
        self._observer = observer
        self._clocks_apart = clocks_apart

    def close(self) -> None:
        """Close the connections to the database that nobody uses at the moment."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction; it is committed at the end, or rolled back on any exception."""
        with self._engine.begin() as connection:
            yield Transaction(connection, self._observer)

    def add(self, new: NewRequest, now: datetime) -> Request:
        """Store a new request, due at once; the same `origin` again returns the one that is there."""
        try:
            with self.transaction() as tx:
                return tx.add(new, now)
        except IntegrityError:
            with self.transaction() as tx:
                stored = tx.connection.scalar(select(requests.c.id).where(requests.c.origin == new.origin))
                if stored is None:
                    raise
                return tx.read(RequestId(stored))

    def get(self, request_id: RequestId) -> Request:
        """Return the request as it is now.

        Raises:
            NoSuchRequest: there is none with that id.
        """
        with self.transaction() as tx:
            return tx.read(request_id)

    def claim(self, now: datetime, lease_for: timedelta) -> Request | None:
        """Take the request that has been due longest and is in nobody's hands, or return None.

        The claim is a lease: it lapses `lease_for` from `now`, and another worker goes on from the stored state.
        Whose clock is off gets none: for how long a key must stay closed is reckoned by several processes' clocks.
        """
        with self.transaction() as tx:
            if self._clocks_apart is not None and abs(ahead_of_database(tx.connection, now)) > self._clocks_apart:
                return None
            free = or_(requests.c.lease_until.is_(None), requests.c.lease_until <= now)
            request_id = tx.connection.scalar(
                select(requests.c.id)
                .where(requests.c.due_at <= now, free)
                .order_by(requests.c.due_at)
                .limit(1)
                .with_for_update(skip_locked=True, key_share=True)
            )
            if request_id is None:
                return None
            tx.connection.execute(
                update(requests)
                .where(requests.c.id == request_id)
                .values(lease=requests.c.lease + 1, lease_until=now + lease_for)
            )
            try:
                return tx.find(RequestId(request_id))
            except UNREADABLE:
                # It keeps its lease, so that others have their turn.
                _log.exception("request %s can't be worked on", request_id)
                return None

    def reconsider(self, now: datetime) -> None:
        """Have every request that waits for approval looked at and told again: the settings may have changed."""
        with self.transaction() as tx:
            waiting = select(requests.c.id).where(requests.c.state == RequestState.AWAITING_APPROVAL.value)
            # In one order, so that replicas that start at once don't wait for each other.
            ids = tx.connection.scalars(waiting.order_by(requests.c.id).with_for_update(key_share=True)).all()
            again = to_be_told(now) | {"due_at": now, "revision": requests.c.revision + 1}
            tx.connection.execute(update(requests).where(requests.c.id.in_(ids)).values(again))

    def in_flight(self) -> list[Flight]:
        """Return every delivery whose copy is being made, or cleared away because it failed."""
        flying = select(deliveries.c.request_id).where(deliveries.c.state.in_(_FLYING))
        with self.transaction() as tx:
            found = tx.look(requests.c.id.in_(flying), None)
        return [
            Flight(request, delivery)
            for request in found
            for delivery in request.deliveries
            if delivery.state in _FLYING
        ]

    def lock_key(self, key_arn: KeyArn, claimed: Request, now: datetime, writes: str = "") -> bool:
        """Let the claim be the one that changes the key's policy, across replicas; False if another one is.

        A claim that lapsed under the lock may belong to a process that was only stopped, and what it had sent by then
        may arrive yet. So the key stays closed for as long as AWS would take that; the request that held the lock may
        go on at once with what it was at: `writes`, of at most 64 characters, stands for that.
        """
        try:
            with self.transaction() as tx:
                held = tx.connection.execute(
                    select(key_locks, requests.c.lease.label("newest_lease"), requests.c.lease_until)
                    .join(requests, requests.c.id == key_locks.c.request_id)
                    .where(key_locks.c.key_arn == key_arn)
                    .with_for_update(of=key_locks)
                )
                mine = {"request_id": claimed.id, "lease": claimed.lease, "writes": writes}
                row = held.mappings().one_or_none()
                if row is None:
                    tx.connection.execute(insert(key_locks).values(key_arn=key_arn, **mine))
                    return True
                may, left = _passes(row, mine, now)
                tx.connection.execute(update(key_locks).where(key_locks.c.key_arn == key_arn).values(left))
                return may
        except IntegrityError:
            return False  # two found it free at once, and the other was first

    def key_opens_at(self, key_arn: KeyArn) -> datetime | None:
        """Until when the key is closed, by what `lock_key` found; None if its holder is at work."""
        with self.transaction() as tx:
            closed_until = select(key_locks.c.closed_until).where(key_locks.c.key_arn == key_arn)
            return tx.connection.execute(closed_until).scalar_one_or_none()

    def unlock_key(self, key_arn: KeyArn, claimed: Request, now: datetime) -> None:
        """Let the next writer in, as soon as nobody before can write any more; harmless if the lock was lost.

        A key that stays closed isn't closed for longer because its holder comes back: nothing is on its way from here.
        """
        with self.transaction() as tx:
            held = _held_by(claimed, key_arn)
            open_to_all = or_(key_locks.c.closed_until.is_(None), key_locks.c.closed_until <= now)
            tx.connection.execute(delete(key_locks).where(*held, open_to_all))
            tx.connection.execute(update(key_locks).where(*held).values(lease=_LET_GO))

    def close_key(self, key_arn: KeyArn, claimed: Request, now: datetime) -> None:
        """Let go, and keep others out for as long as what was sent may arrive; harmless if the lock was lost."""
        with self.transaction() as tx:
            held = update(key_locks).where(*_held_by(claimed, key_arn))
            tx.connection.execute(held.values(closed_until=now + KEY_STAYS_CLOSED, lease=_LET_GO))

    def audit_trail(self, request_id: RequestId) -> list[tuple[datetime, str, str, Mapping[str, Any]]]:
        """Return what happened to the request, oldest first: when, who, what, and the details."""
        with self.transaction() as tx:
            rows = tx.connection.execute(
                select(audit_events).where(audit_events.c.request_id == request_id).order_by(audit_events.c.id)
            ).mappings()
            return [(row["at"], row["actor"], row["kind"], row["details"]) for row in rows]


def _held_by(claimed: Request, key_arn: KeyArn) -> tuple[ColumnElement[bool], ...]:
    mine = (key_locks.c.request_id == claimed.id, key_locks.c.lease == claimed.lease)
    return (key_locks.c.key_arn == key_arn, *mine)


def _passes(lock: RowMapping, mine: Mapping[str, Any], now: datetime) -> tuple[bool, dict[str, Any]]:
    """Say whether a claim may have the lock, which is `mine` then, and what becomes of the row."""
    closed_until: datetime | None = lock["closed_until"]
    if lock["request_id"] == mine["request_id"]:
        if lock["lease"] not in (mine["lease"], _LET_GO):
            closed_until = now + KEY_STAYS_CLOSED
        is_open = closed_until is None or closed_until <= now
        if is_open or lock["writes"] in (None, mine["writes"]):
            return True, {**mine, "closed_until": closed_until}
        return False, {"lease": _LET_GO, "closed_until": closed_until}
    if lock["lease"] == lock["newest_lease"] and lock["lease_until"] is not None and lock["lease_until"] > now:
        return False, {"closed_until": closed_until}
    if closed_until is None:  # its holder is found gone just now
        return False, {"closed_until": now + KEY_STAYS_CLOSED}
    return (True, {**mine, "closed_until": None}) if closed_until <= now else (False, {"closed_until": closed_until})
