"""The clock: injected everywhere, so that tests and the playground decide what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

Clock = Callable[[], datetime]

CLOCKS_APART = timedelta(seconds=30)
"""How far a process's clock may be from the database's; one that is further off takes no work."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def ahead_of_database(connection: Connection, now: datetime) -> timedelta:
    """Return by how much `now` is ahead of the database's clock; nothing where that is this machine's own."""
    if connection.dialect.name == "sqlite":
        return timedelta(0)
    there: datetime | None = connection.scalar(select(func.clock_timestamp()))
    return now - there if there is not None else timedelta(0)
