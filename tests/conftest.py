"""What every test may use."""

import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sharing.database import connect, upgrade
from tests import postgres
from tests.stage import Stage, put_up

Tried = Callable[[str, int], None]
# CI has so much time, and machines differ: what would begin later is left out, and counted.
_UNTIL = float(os.environ.get("TRY_UNTIL", "inf"))
FreshDatabase = Callable[[str], AbstractContextManager[str]]

# A busy machine is no fault of the code's. In CI, Hypothesis takes the same examples each time.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what was logged be sent on: the processes of a run speak UTF-8, which has no half of a surrogate pair."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried, over all tests and all processes, and what was left out."""
    tried: Counter[str] = Counter()
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("skipped")]:
        for what, count in report.user_properties:
            tried[what] += count
    if tried:
        terminalreporter.write_sep("-", "what was tried")
        for what, count in sorted(tried.items()):
            terminalreporter.write_line(f"{count:>7,}  {what}")


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Counts what a test tries, for the summary of the whole run."""
    return record_property


def leave_out_if_late(tried: Tried, what: str, seconds_before: float = 0) -> None:
    """Skip the test, and count it as `what`, so long before there is no time left to begin anything, or later."""
    if time.time() > _UNTIL - seconds_before:
        tried(what, 1)
        pytest.skip("no time is left")


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


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with all tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "bot.sqlite3"
    engine = connect(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> FreshDatabase:
    """Makes databases of a kind, `sqlite` or `postgresql`, each with all tables and nothing in them."""

    @contextmanager
    def fresh(kind: str) -> Iterator[str]:
        if kind == "sqlite":
            path = tmp_path / f"{uuid.uuid4()}.sqlite3"
            shutil.copy(migrated_sqlite, path)
            yield f"sqlite:///{path}"
            return
        cluster: postgres.Cluster = request.getfixturevalue("cluster")
        with cluster.database() as url:
            yield url

    return fresh


@pytest.fixture
def database(request: pytest.FixtureRequest, fresh_database: FreshDatabase) -> Iterator[str]:
    """The URL of the test's own database: SQLite, unless the test is marked with `postgres.ON_BOTH`."""
    with fresh_database(getattr(request, "param", "sqlite")) as url:
        yield url


@pytest.fixture
def stage(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage, fresh for each test."""
    with put_up(database, monkeypatch) as stage:
        yield stage
