"""The bot, logging all that it can: `python -m tests.process.talkative FORMAT`, then the bot's own arguments."""

import logging
import sys
from typing import Any

from bot import cli
from bot.logs import LogFormat

_LIBRARIES = ("alembic", "apscheduler", "botocore", "slack_bolt", "slack_sdk", "urllib3")

if __name__ == "__main__":
    log_format, log_handler, build = LogFormat(sys.argv.pop(1)), cli.log_handler, cli.build

    def handler_of_that_format(_: LogFormat, *arguments: Any) -> logging.Handler:
        return log_handler(log_format, *arguments)

    def build_and_say_everything(*arguments: Any, **options: Any) -> Any:
        # The command line and the wiring have quietened them by then.
        bot = build(*arguments, **options)
        for name in (None, *_LIBRARIES):
            logging.getLogger(name).setLevel(logging.DEBUG)
        return bot

    cli.log_handler = handler_of_that_format  # type: ignore[attr-defined]
    cli.build = build_and_say_everything  # type: ignore[attr-defined]
    sys.exit(cli.main())
