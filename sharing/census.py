"""The census: how many requests there are in each state, and how long things have waited. Reads, and holds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, func, or_, select

from sharing.clock import ahead_of_database
from sharing.states import RequestState, is_final
from sharing.store import Store
from sharing.tables import deliveries, requests
from sharing.transaction import Transaction


@dataclass(frozen=True)
class Census:
    """Numbers as of one moment; ages are in seconds.

    Attributes:
        requests: how many there are, by kind and state.
        oldest: for how long the one that is longest in an open state has been there, by kind and state.
        stuck: the same, from when AWS's own rules held it up no longer.
        deliveries: how many there are, by state.
        work_age: for how long the oldest work that is due has not been taken by any worker.
        outbox_age: for how long the oldest change has not been told; an edit that waits for its turn counts from then.
        clock_off: by how much the clock is ahead of the database's, if that is on a machine of its own.
    """

    requests: Mapping[tuple[str, str], int]
    oldest: Mapping[tuple[str, str], float]
    stuck: Mapping[tuple[str, str], float]
    deliveries: Mapping[str, int]
    work_age: float
    outbox_age: float
    clock_off: float


def take_census(store: Store, now: datetime) -> Census:
    """Count."""
    with store.transaction() as tx:
        by_state = tx.connection.execute(
            select(
                requests.c.kind,
                requests.c.state,
                func.count().label("count"),
                func.min(requests.c.state_since).label("first"),
                func.min(_FREE_SINCE).label("free"),
            ).group_by(requests.c.kind, requests.c.state)
        ).mappings()
        rows = by_state.all()
        states = tx.connection.execute(
            select(deliveries.c.state, func.count().label("count")).group_by(deliveries.c.state)
        ).mappings()
        free = or_(requests.c.lease_until.is_(None), requests.c.lease_until <= now)
        return Census(
            requests={(row["kind"], row["state"]): row["count"] for row in rows},
            oldest=_ages(rows, "first", now),
            stuck=_ages(rows, "free", now),
            deliveries={row["state"]: row["count"] for row in states},
            work_age=_age(tx, requests.c.due_at, now, free),
            outbox_age=_age(tx, requests.c.untold_since, now),
            clock_off=ahead_of_database(tx.connection, now).total_seconds(),
        )


# Since when nothing but the bot has kept a request from going on.
_FREE_SINCE = case(
    (requests.c.held_up_until > requests.c.state_since, requests.c.held_up_until), else_=requests.c.state_since
)


def _ages(rows: Sequence[RowMapping], since: str, now: datetime) -> dict[tuple[str, str], float]:
    """The ages of what is in an open state, by kind and state; nothing is younger than now."""
    return {
        (row["kind"], row["state"]): max(now - row[since], timedelta(0)).total_seconds()
        for row in rows
        if row[since] is not None and not is_final(RequestState(row["state"]))
    }


def _age(tx: Transaction, since: ColumnElement[Any], now: datetime, *which: ColumnElement[bool]) -> float:
    oldest = tx.connection.scalar(select(func.min(since)).where(since <= now, *which))
    return 0.0 if oldest is None else (now - oldest).total_seconds()
