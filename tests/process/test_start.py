"""A start that can't be: the process ends, and says what is wrong without saying a secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.aws import StrictAws
from playground.company import furnish, manifest
from playground.neighbourhood import free_port
from playground.slack import StrictSlack
from sharing.clock import utc_now

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://bot:hunter2hunter2@127.0.0.1:{nobody}/ami", "refused"),
        ("sqlite:////no/such/folder/bot.sqlite3", "unable to open database file"),
        ("mysql://bot:hunter2hunter2@127.0.0.1/ami", "is of mysql, and must be one of sqlite, postgresql"),
        ("hunter2hunter2@here", "isn't a URL"),
    ],
)
def test_a_database_that_can_t_be_used_is_said_in_a_line(tmp_path: Path, url: str, said: str) -> None:
    settings = tmp_path / "ami-share.toml"
    company = furnish(StrictAws(utc_now), StrictSlack(manifest(), utc_now, signing_secret="a-secret"))
    settings.write_text(company.settings, encoding="utf-8")
    environment = os.environ | {
        "SLACK_BOT_TOKEN": "xoxb-1-x",
        "SLACK_SIGNING_SECRET": "s" * 20,
        "DATABASE_URL": url.format(nobody=free_port()),
    }
    started = subprocess.run(
        [sys.executable, "-m", "bot", "run", "--settings", str(settings)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert started.returncode in (1, 2)
    assert "DATABASE_URL" in started.stderr
    assert said in started.stderr
    assert "Traceback" not in started.stderr
    assert "hunter2" not in started.stderr
