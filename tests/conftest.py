"""What every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage, put_up


@pytest.fixture(autouse=True)
def _no_gaps_in_what_is_said(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test may pass in which a sentence lacked one of its details."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "handlers.speech"] == []


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage, fresh for each test."""
    with put_up(tmp_path, monkeypatch) as stage:
        yield stage
