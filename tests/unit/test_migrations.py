"""Migrations: they make what the tables say, from nothing and back, and once however many replicas start."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from sharing.database import connect, migrations, upgrade
from sharing.tables import metadata
from tests.at_once import at_once
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


def test_replicas_that_start_at_once_on_an_empty_database_make_them_once(empty: str) -> None:
    engines = [connect(empty) for _ in range(REPLICAS)]
    at_once([partial(upgrade, engine) for engine in engines])
    assert is_as_the_tables_say(engines[0])
    for engine in engines:
        engine.dispose()
