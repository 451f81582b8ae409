"""What every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage, put_up


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage, fresh for each test."""
    with put_up(tmp_path, monkeypatch) as stage:
        yield stage
