"""Migrations: they make what the tables say, from nothing and back, and once however many replicas start."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from sharing.database import connect, migrations, upgrade
from sharing.tables import metadata
from tests.postgres import Cluster

REPLICAS = 5


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bot.sqlite3"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.empty_database() as url:
        yield url


@pytest.fixture
def engine(empty: str) -> Iterator[Engine]:
    engine = connect(empty)
    yield engine
    engine.dispose()


def is_as_the_tables_say(engine: Engine) -> bool:
    with engine.begin() as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_they_make_what_the_tables_say(engine: Engine) -> None:
    upgrade(engine)
    assert is_as_the_tables_say(engine)
    upgrade(engine)
    assert is_as_the_tables_say(engine), "a second start changes nothing"


def test_they_can_be_taken_back_and_made_again(engine: Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    assert sqlalchemy.inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert is_as_the_tables_say(engine)


def test_replicas_that_start_at_once_on_an_empty_database_make_them_once(empty: str, engine: Engine) -> None:
    spawning = multiprocessing.get_context("spawn")
    together = spawning.Barrier(REPLICAS)
    replicas = [spawning.Process(target=start, args=(empty, together)) for _ in range(REPLICAS)]
    for replica in replicas:
        replica.start()
    for replica in replicas:
        replica.join()
    assert [replica.exitcode for replica in replicas] == [0] * REPLICAS
    assert is_as_the_tables_say(engine)


def start(url: str, together: Barrier) -> None:
    """Bring the schema up to date as one replica of several does."""
    engine = connect(url)
    together.wait()
    upgrade(engine)
    engine.dispose()
