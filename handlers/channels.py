"""Channels: whether the bot can write in those that the settings name, and what mends it where it can't.

They are looked at by `check`, at the start and from time to time. Whoever posts finds it out by themselves.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.trouble import SLACK_TROUBLE, code_of, concerns_all

_log = logging.getLogger(__name__)

NOT_IN_CHANNEL, ARCHIVED = "not_in_channel", "is_archived"
# Of a private channel that the bot isn't in, Slack says that there is none (docs.slack.dev/reference/methods).
CLOSED = frozenset({NOT_IN_CHANNEL, "channel_not_found", ARCHIVED})
"""The errors of a channel in which the bot can post nothing, until somebody there has mended it."""

_REMEDIES = {
    NOT_IN_CHANNEL: "the bot isn't in it: type /invite there and choose the bot",
    "channel_not_found": "it isn't there, or is private without the bot: type /invite there and choose the bot, "
    "or correct the id",
    ARCHIVED: "it is archived: unarchive it, or name another",
    "missing_scope": "the app may not look: give it the scopes channels:read and groups:read, as in "
    "deploy/slack/manifest.json, and install it anew",
}


@dataclass
class Channels:
    """The channels of the settings.

    Attributes:
        ids: by the setting that names each.
        closed: what was wrong when they were last looked at, by the setting; None before the first time.
    """

    client: WebClient
    ids: Mapping[str, str]
    closed: Mapping[str, str] | None = field(default=None)

    def look(self) -> Mapping[str, str]:
        """Return in which of them the bot can't write, by the setting, with what to do.

        Raises:
            SLACK_TROUBLE: Slack doesn't say.
        """
        found = {setting: self._remedy(channel) for setting, channel in self.ids.items()}
        self.closed = {setting: f"{self.ids[setting]}: {remedy}" for setting, remedy in found.items() if remedy}
        return self.closed

    def keep_looking(self) -> None:
        """Look, and log what has changed; a job calls it, at the start first."""
        before = self.closed or {}
        try:
            closed = self.look()
        except SLACK_TROUBLE as trouble:
            _log.warning("can't look at the channels of the settings: %s", trouble)
            return
        for setting in closed.keys() - before.keys():
            _log.error("nothing can be posted in the channel of %s: %s", setting, closed[setting])
        for setting in before.keys() - closed.keys():
            _log.info("the channel of %s can be posted in again", setting)

    def _remedy(self, channel: str) -> str | None:
        try:
            found = self.client.conversations_info(channel=channel)["channel"]
        except SlackApiError as error:
            if concerns_all(error):
                raise
            return _REMEDIES.get(code_of(error), f"Slack says {code_of(error)}")
        if found.get("is_archived"):
            return _REMEDIES[ARCHIVED]
        return None if found.get("is_member") else _REMEDIES[NOT_IN_CHANNEL]
