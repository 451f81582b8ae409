"""The bot on a machine whose clock is minutes ahead: `python -m tests.process.late` takes the bot's own arguments."""

import sys
from datetime import datetime, timedelta

from bot import cli
from sharing.clock import utc_now


def minutes_ahead() -> datetime:
    return utc_now() + timedelta(minutes=3)


if __name__ == "__main__":
    cli.utc_now = minutes_ahead  # type: ignore[attr-defined]
    sys.exit(cli.main())
