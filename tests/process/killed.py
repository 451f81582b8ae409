"""The bot that kills itself: `python -m tests.process.killed NUMBER WHEN …`, then the bot's own arguments.

With the first request it begins to count what it does to the world outside, and at the effect of that number, just
`before` or just `after` it, the process is gone, as by `kill -9`.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from botocore.httpsession import URLLib3Session
from slack_sdk.web.base_client import BaseClient
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from bot import cli


def kill_at(number: int, when: str) -> None:
    """Have the process killed at its `number`th effect: a call of AWS, a call of Slack, or a commit."""
    effects, begun = itertools.count(), False

    def counted(do: Callable[..., Any]) -> Callable[..., Any]:
        def effect(*arguments: Any, **named: Any) -> Any:
            strikes = begun and next(effects) == number
            if strikes and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            done = do(*arguments, **named)
            if strikes:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return effect

    def begin(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal begun
        begun = begun or statement.startswith("INSERT INTO requests")

    event.listen(Engine, "before_cursor_execute", begin)
    for holder, name in ((URLLib3Session, "send"), (BaseClient, "api_call"), (DefaultDialect, "do_commit")):
        setattr(holder, name, counted(getattr(holder, name)))


if __name__ == "__main__":
    kill_at(int(sys.argv.pop(1)), sys.argv.pop(1))
    sys.exit(cli.main())
