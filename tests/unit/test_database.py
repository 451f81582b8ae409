"""The database: nothing waits for it without end, and what it can't do in time counts as its being away."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError

from sharing.database import DATABASE_AWAY, Patience, connect, upgrade
from tests import postgres
from tests.silence import Wire, wire

POOL = 15
ALONE = "SELECT pg_advisory_xact_lock(hashtext('ami-share-migrations'))"


@contextmanager
def engine_for(url: str, patience: Patience) -> Iterator[Engine]:
    engine = connect(url, patience)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def way(cluster: postgres.Cluster, database: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the test's own PostgreSQL, and the URL through it."""
    with wire(cluster.folder) as way:
        yield way, way.url(str(make_url(database).database))


def ask(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.execute(text("SELECT 42")).scalar_one())


@pytest.mark.timeout(10)
def test_a_server_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with wire() as way, engine_for(way.url("bot"), Patience(connect=2)) as engine, pytest.raises(DATABASE_AWAY):
        ask(engine)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_that_falls_silent_is_given_up_and_found_again(way: tuple[Wire, str]) -> None:
    line, url = way
    with engine_for(url, Patience(connect=2, answer=0.3)) as engine:
        assert ask(engine) == 42
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            line.cut()
            with pytest.raises(DATABASE_AWAY):
                connection.execute(text("SELECT 2"))
        with pytest.raises(DATABASE_AWAY):
            ask(engine)
        line.mend()
        assert ask(engine) == 42


@postgres.ON_BOTH
def test_a_pool_in_which_nothing_is_free_is_given_up(database: str) -> None:
    with engine_for(database, Patience(free=0.1)) as engine, ExitStack() as others:
        for _ in range(POOL):
            others.enter_context(engine.connect())
        with pytest.raises(DATABASE_AWAY):
            ask(engine)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_row_that_another_transaction_holds_is_not_waited_for_without_end(database: str) -> None:
    with engine_for(database, Patience(statement=0.1)) as engine, engine.begin() as holder:
        holder.execute(text(ALONE))
        with pytest.raises(OperationalError, match="statement timeout"), engine.begin() as other:
            other.execute(text(ALONE))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_transaction_in_which_nothing_happens_lets_go_of_what_it_holds(database: str) -> None:
    with engine_for(database, Patience(idle=0.2)) as engine:
        stands_still = engine.connect()
        stands_still.execute(text(ALONE))
        with engine.begin() as other:
            other.execute(text(ALONE))
        with pytest.raises(DATABASE_AWAY):
            stands_still.execute(text("SELECT 1"))
        stands_still.invalidate()
        stands_still.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_migrations_take_as_long_as_they_take(database: str) -> None:
    with engine_for(database, Patience(statement=0.1, answer=0.2)) as engine:
        with engine.begin() as another_replica:
            another_replica.execute(text(ALONE))
            mine = threading.Thread(target=upgrade, args=[engine])
            mine.start()
            mine.join(0.5)
            assert mine.is_alive(), "it waits for its turn"
        mine.join(10)
        assert not mine.is_alive()


def test_an_empty_file_that_another_replica_is_writing_to_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        waited: list[float] = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 2:
                another.execute("COMMIT")

        monkeypatch.setattr(time, "sleep", wait)
        engine = connect(f"sqlite:///{tmp_path}/bot.sqlite3")
        with engine.connect() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        engine.dispose()
        assert len(waited) == 2
