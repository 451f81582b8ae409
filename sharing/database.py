"""The database: an engine over SQLite (the embedded default) or PostgreSQL, and the schema brought up to date."""

import sqlite3
from pathlib import Path
from typing import cast

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 30_000

DATABASE_AWAY = (OperationalError, InterfaceError)
"""What is raised when the database can't be reached, or can't write; the same again later may be right."""


def connect(url: str) -> Engine:
    """Return an engine for `url`, with SQLite set up so that several threads and processes may write in turn.

    A connection is tried before it is used again: a PostgreSQL that was restarted has dropped them all.
    """
    engine = sqlalchemy.create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date; safe to call at every start, and from several replicas at once."""
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


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    sqlite = cast("sqlite3.Connection", connection)
    # The driver's own BEGIN is deferred, and a deferred reader that turns writer fails at once with "database is
    # locked" instead of waiting (sqlite.org, "Transaction"); so BEGIN is ours, below.
    sqlite.isolation_level = None
    sqlite.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    sqlite.execute("PRAGMA journal_mode = WAL")
    sqlite.execute("PRAGMA synchronous = FULL")
    sqlite.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
