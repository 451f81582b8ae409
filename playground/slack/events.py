"""Events: told to the bot, and told again if it doesn't take them.

Three times more: at once, after a minute, after five (docs.slack.dev/apis/events-api, "Retries").
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]

_AFTER = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))


@dataclass
class Undelivered:
    """An event that the bot hasn't taken yet: how often it was sent again, when it is next, and why."""

    body: Json
    due: datetime
    reason: str
    retries: int = 0

    def headers(self) -> dict[str, str]:
        return {"X-Slack-Retry-Num": str(self.retries), "X-Slack-Retry-Reason": self.reason}


@dataclass
class Retries:
    """The events that are to be sent again."""

    waiting: list[Undelivered] = field(default_factory=list)

    def put_off(self, event: Undelivered, now: datetime) -> None:
        """Let the event wait for its next time; after the third it is dropped."""
        if event.retries < len(_AFTER):
            event.due = now + _AFTER[event.retries]
            event.retries += 1
            self.waiting.append(event)

    def take_due(self, now: datetime) -> list[Undelivered]:
        due = [event for event in self.waiting if event.due <= now]
        self.waiting = [event for event in self.waiting if event.due > now]
        return due
