"""What every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.stage import Stage, put_up


@pytest.fixture(autouse=True)
def _no_gaps_in_what_is_said(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test may pass in which a sentence lacked one of its details."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "handlers.speech"] == []


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server, started for the first test of this process that asks for it."""
    with postgres.run() as cluster:
        yield cluster


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of the test's own database: SQLite, unless the test is marked with `postgres.ON_BOTH`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path}/bot.sqlite3"
        return
    cluster: postgres.Cluster = request.getfixturevalue("cluster")
    with cluster.database() as url:
        yield url


@pytest.fixture
def stage(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage, fresh for each test."""
    with put_up(database, monkeypatch) as stage:
        yield stage
