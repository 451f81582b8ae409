"""The database: an engine over SQLite (the embedded default) or PostgreSQL, and the schema brought up to date."""

import sqlite3
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Dialect, Engine, NullPool, QueuePool, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, TimeoutError  # noqa: A004 - SQLAlchemy's own
from sqlalchemy.pool import ConnectionPoolEntry

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 30_000
_BUSY_AGAIN_SECONDS = 0.02

DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, TimeoutError)
"""What is raised when the database can't be reached, says nothing or can't write; the same later may be right.

`InternalError` is a transaction that PostgreSQL has ended, or a server that only reads since another took over.
"""


@dataclass(frozen=True)
class Patience:
    """For how long the database is waited for, in seconds.

    Attributes:
        connect: until PostgreSQL has taken in a connection; its driver makes less than 2 into 2.
        free: until one of the connections is free that others use.
        statement: until PostgreSQL has done what it was told, or has been given a row that another transaction holds.
        answer: until an answer of PostgreSQL's arrives, whatever keeps it.
        idle: until PostgreSQL ends a transaction in which nothing happens: that of a process that stands still.
    """

    connect: int = 5
    free: float = 10
    statement: float = 15
    answer: float = 20
    idle: float = 60


PATIENCE = Patience()


def connect(url: str, patience: Patience = PATIENCE) -> Engine:
    """Return an engine for `url`, with SQLite set up so that several threads and processes may write in turn.

    A connection is tried before it is used again: a PostgreSQL that was restarted has dropped them all. Nothing waits
    for the database without end: what it can't do by then raises one of `DATABASE_AWAY`.
    """
    engine = sqlalchemy.create_engine(url, pool_pre_ping=True, poolclass=QueuePool, pool_timeout=patience.free)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    elif engine.dialect.driver == "psycopg":
        event.listen(engine, "do_connect", partial(_connect_impatiently, patience))
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date, however long that takes.

    Safe to call at every start, and from several replicas at once.
    """
    if engine.dialect.name == "postgresql":
        engine = sqlalchemy.create_engine(
            engine.url, poolclass=NullPool, connect_args={"connect_timeout": PATIENCE.connect}
        )
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtext('ami-share-migrations'))"))
        command.upgrade(migrations(connection), "head")


def migrations(connection: Connection) -> Config:
    """Return Alembic's configuration, to run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _connect_impatiently(
    patience: Patience,
    _dialect: Dialect,
    _entry: ConnectionPoolEntry,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
) -> DBAPIConnection:
    from sharing.postgresql import ImpatientConnection  # noqa: PLC0415 - its driver needn't be installed for SQLite

    connection = ImpatientConnection.connect(*arguments, **{"connect_timeout": patience.connect} | options)
    connection.answer_seconds = patience.answer
    for setting, seconds in (
        ("statement_timeout", patience.statement),
        ("idle_in_transaction_session_timeout", patience.idle),
    ):
        connection.execute("SELECT set_config(%s, %s, false)", (setting, f"{seconds * 1000:.0f}"))
    connection.commit()
    return cast("DBAPIConnection", connection)


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    sqlite = cast("sqlite3.Connection", connection)
    # The driver's own BEGIN is deferred, and a deferred reader that turns writer fails at once with "database is
    # locked" instead of waiting (sqlite.org, "Transaction"); so BEGIN is ours, below.
    sqlite.isolation_level = None
    sqlite.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    _write_ahead(sqlite)
    sqlite.execute("PRAGMA synchronous = FULL")
    sqlite.execute("PRAGMA foreign_keys = ON")


def _write_ahead(sqlite: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log. A file that has one already is left as it is."""
    # The first to open an empty file changes it. SQLite doesn't wait for locks to do so, whatever `busy_timeout` says.
    deadline = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            sqlite.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_AGAIN_SECONDS)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
