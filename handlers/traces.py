"""Traces: a request's messages as they stand in Slack, known by the metadata that each of them carries."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.trouble import code_of
from sharing.requests import Request

EVENT_TYPE = "ami_share"
DELETED = "message_not_found"
# A message's ts is by Slack's clock, and may lie before the time at which its request was made by ours.
_CLOCKS_DIFFER = timedelta(minutes=10)
_PAGE = 200


def metadata(request: Request, key: str) -> dict[str, Any]:
    """Return what tells a message of `request` from every other one.

    Anybody in the workspace can read it: it names, and gives no right to anything.
    """
    return {"event_type": EVENT_TYPE, "event_payload": {"request": request.id, "message": key}}


@dataclass
class Traces:
    """Finds what the bot has posted, and takes back what it posted twice.

    A place is a channel, or the thread under `thread_ts` in it. Whatever Slack says against it is raised as it comes.
    """

    client: WebClient
    _bot_id: str | None = None

    def find(self, request: Request, key: str, channel: str, thread_ts: str | None) -> Iterator[str]:
        """Yield the `ts` of a message, for each time that it was posted."""
        return (ts for found, ts in self._all(request, channel, thread_ts) if found == key)

    def keep(self, request: Request, channel: str, thread_ts: str | None, kept: Mapping[str, str]) -> None:
        """Take back whatever stands there a second time; `kept` has each message's `ts`, by its key."""
        standing = [*self._all(request, channel, thread_ts)]
        self.remove(channel, {ts for key, ts in standing if kept.get(key, ts) != ts})

    def remove(self, channel: str, doubles: Set[str]) -> None:
        """Take back messages that were posted a second time, unless somebody has already."""
        for ts in doubles:
            try:
                self.client.chat_delete(channel=channel, ts=ts)
            except SlackApiError as error:
                if code_of(error) != DELETED:
                    raise

    def _all(self, request: Request, channel: str, thread_ts: str | None) -> Iterator[tuple[str, str]]:
        """Yield the key and `ts` of each of the request's messages in a place.

        Others' messages may carry the same metadata: anybody can read it, and any app can give it to its own.
        """
        own = self._own_bot_id()
        oldest = f"{(request.created_at - _CLOCKS_DIFFER).timestamp():.6f}"
        pages = (
            self.client.conversations_history(channel=channel, oldest=oldest, include_all_metadata=True, limit=_PAGE)
            if thread_ts is None
            else self.client.conversations_replies(
                channel=channel, ts=thread_ts, oldest=oldest, include_all_metadata=True, limit=_PAGE
            )
        )
        for page in pages:
            for found in page["messages"]:
                named = found.get("metadata") or {}
                if found.get("bot_id") == own and named.get("event_type") == EVENT_TYPE:
                    payload = named["event_payload"]
                    if payload["request"] == request.id:
                        yield payload["message"], cast("str", found["ts"])

    def _own_bot_id(self) -> str:
        """Return what Slack calls the bot as the author of a message, which stays the same."""
        if self._bot_id is None:
            # Unlike `user`, each message of an app has it (docs.slack.dev/reference/events/message/bot_message).
            self._bot_id = cast("str", self.client.auth_test()["bot_id"])
        return self._bot_id
