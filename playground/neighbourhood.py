"""The neighbourhood: both stand-ins at their own addresses, and the bot as a process of its own between them.

The bot is started as in production, with a settings file and environment variables; only the addresses differ.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playground.aws import StrictAws
from playground.company import Company, furnish, manifest
from playground.slack import StrictSlack
from sharing.clock import utc_now

_ROOT = Path(__file__).parent.parent
# Made up, in the currency that is set aside for testing (ISO 4217).
_PRICES = """
[prices]
currency = "XTS"
storage_per_gib_month = 0.05
transfer_per_gib = 0.02
"""

_SERVER = """
[server]
port = {port}
lease_seconds = 2
watch_seconds = 0.5
publish_seconds = 0.2
"""


@dataclass
class Neighbourhood:
    """Slack, AWS and the company, at work; the bot can be started, killed and started again."""

    aws: StrictAws
    slack: StrictSlack
    company: Company
    slack_url: str
    aws_url: str
    folder: Path
    database_url: str
    port: int
    bot: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the bot's process wrote."""
        return self.folder / "bot.log"

    def start_bot(self, *program: str) -> None:
        """Start the bot's process, on the database as it is, and wait until it listens; for `program`, see `launch`."""
        self.bot = self.launch(self.port, *program)
        self._wait_for_the_bot(self.bot)

    def launch(self, port: int, *program: str) -> subprocess.Popen[bytes]:
        """Return a process of the bot that listens at `port`, as soon as it has come so far.

        `program` is what Python is to run; the bot itself unless told otherwise.
        """
        settings = self.folder / f"ami-share-{port}.toml"
        settings.write_text(self.company.settings + _PRICES + _SERVER.format(port=port), encoding="utf-8")
        environment = os.environ | {
            "AWS_ACCESS_KEY_ID": self.company.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.company.secret_access_key,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "DATABASE_URL": self.database_url,
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_APP_TOKEN": self.slack.app_token,
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *(program or ("-m", "bot")), "run", "--settings", str(settings)],
                cwd=_ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill_bot(self) -> None:
        """Kill the bot's process, as a power cut would."""
        if self.bot is not None:
            self.bot.kill()
            self.bot.wait()

    def stop_bot(self) -> None:
        """Ask the bot's process to stop, and wait until it has."""
        if self.bot is not None:
            self.bot.terminate()
            self.bot.wait(timeout=20)

    def _wait_for_the_bot(self, bot: subprocess.Popen[bytes]) -> None:
        while bot.poll() is None:
            if self._is_reached():
                return
        raise RuntimeError(f"the bot did not start:\n{self.log.read_text(encoding='utf-8')}")

    def _is_reached(self) -> bool:
        if self.slack.socket_mode:
            return self.slack.sockets.wait_for_connection(seconds=0.2)
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def put_up(
    folder: Path,
    *,
    socket_mode: bool = False,
    copy_gib_per_second: float = 2,
    database_url: str = "",
    aws_sleeps: bool = False,
) -> Iterator[Neighbourhood]:
    """Put up the neighbourhood, its files in `folder`; everything is stopped at the end.

    Copies take seconds instead of many minutes; all else is at its usual pace. Without a `database_url` the database is
    one of those files. With `aws_sleeps`, faults that make AWS slow really do.
    """
    aws = StrictAws(utc_now)
    aws.copy_gib_per_second = copy_gib_per_second
    slack = StrictSlack(manifest(socket_mode=socket_mode), utc_now, signing_secret="the-playground-s-own")
    company = furnish(aws, slack)
    with ExitStack() as stack:
        slack_url = stack.enter_context(slack.serve())
        aws_url = stack.enter_context(aws.serve(sleeps=aws_sleeps))
        database_url = database_url or f"sqlite:///{folder / 'bot.sqlite3'}"
        here = Neighbourhood(aws, slack, company, slack_url, aws_url, folder, database_url, free_port())
        slack.connect(f"http://127.0.0.1:{here.port}/slack/events")
        stack.callback(here.stop_bot)
        yield here


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
