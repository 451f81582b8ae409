"""The playground's own story, as the README promises it: exit status 0, within a minute."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(120)
def test_the_story_comes_out_right_within_a_minute() -> None:
    started = time.monotonic()
    played = subprocess.run(
        [sys.executable, "-m", "playground", "--script"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert time.monotonic() - started < 60
    for told in (
        "1. A plain share",
        "2. An unencrypted image",
        "3. An encrypted image",
        "To be decided by @sam",
        "at most",
    ):
        assert told in played.stdout
    assert played.stdout.count("» AWS:") == 6
