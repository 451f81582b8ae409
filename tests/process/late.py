"""The bot on a machine whose clock is off: `python -m tests.process.late SECONDS …`, then the bot's own arguments."""

import sys
from datetime import datetime, timedelta

from bot import cli
from sharing.clock import utc_now

if __name__ == "__main__":
    ahead = timedelta(seconds=float(sys.argv.pop(1)))

    def by_its_clock() -> datetime:
        return utc_now() + ahead

    cli.utc_now = by_its_clock  # type: ignore[attr-defined]
    sys.exit(cli.main())
