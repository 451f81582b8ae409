"""The workspace: people, channels, groups, messages and views, as Slack keeps them. State only, no rules."""

import copy
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playground.slack.text import blocks_as_text, mrkdwn_as_text

Json = dict[str, Any]


@dataclass(frozen=True)
class User:
    """A person, or the app's bot. Ids are unique together with the team's."""

    id: str
    name: str
    team_id: str
    guest: bool = False
    deleted: bool = False
    bot: bool = False
    stranger: bool = False
    locale: str = "en-US"
    tz: str = "UTC"

    @property
    def bot_id(self) -> str | None:
        """What its messages name it by, if it is an app's bot."""
        return f"B{self.id[1:]}" if self.bot else None

    def profile(self) -> Json:
        """The user object of `users.info` (docs.slack.dev/reference/objects/user-object)."""
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": self.deleted,
            "is_bot": self.bot,
            "is_restricted": self.guest,
            "is_ultra_restricted": False,
            "is_stranger": self.stranger,
            "is_app_user": False,
            "tz": self.tz,
            "locale": self.locale,
        }


@dataclass
class Channel:
    """A channel, or a direct message with the bot."""

    id: str
    name: str
    members: set[str]
    private: bool = False
    direct_with: str | None = None
    archived: bool = False
    ext_shared: bool = False


@dataclass
class Message:
    """A message as it stands; `history` has what it said before each edit. `only_for` marks an ephemeral one."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    names: "Workspace" = field(repr=False)
    thread_ts: str | None = None
    metadata: Json | None = None
    only_for: str | None = None
    history: list["Message"] = field(default_factory=list, repr=False)
    at: datetime | None = None
    attachments: list[Json] = field(default_factory=list)

    @property
    def buttons(self) -> dict[str, Json]:
        """The elements that can be clicked, by `action_id`; the last one, if several have the same."""
        return {each["action_id"]: each for each in clickable(self.blocks)}

    def as_text(self) -> str:
        """What a person reads."""
        if self.blocks:
            return blocks_as_text(self.blocks, self.names.name_of)
        return mrkdwn_as_text(self.text, self.names.name_of)

    def edit(self, text: str, blocks: list[Json], metadata: Json | None) -> None:
        self.history.append(copy.copy(self))
        self.text, self.blocks = text, blocks
        if metadata is not None:
            self.metadata = metadata

    def as_json(self) -> Json:
        """The message object of `conversations.history`."""
        shown: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text, "blocks": self.blocks}
        if bot_id := self.names.users[self.user].bot_id:
            shown["bot_id"] = bot_id
        if self.attachments:
            shown["attachments"] = self.attachments
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        return shown


@dataclass
class View:
    """A modal somebody has open, or their App Home.

    Attributes:
        offered: the options that the bot suggested, by value.
        entered: what somebody put in so far, by `block_id` and `action_id`.
    """

    id: str
    user: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    offered: dict[str, Json] = field(default_factory=dict)
    entered: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        return list(self.body["blocks"])

    @property
    def inputs(self) -> dict[str, Json]:
        """The blocks that something can be put into, by `block_id`."""
        return {block["block_id"]: block for block in self.blocks if block["type"] == "input"}

    def take_over(self, old: "View") -> None:
        """Keep what was put in before an update, where the fields have the same ids.

        docs.slack.dev/reference/methods/views.update, "Preserving input entry".
        """
        here = {(block_id, block["element"]["action_id"]) for block_id, block in self.inputs.items()}
        self.entered = {field: value for field, value in old.entered.items() if field in here}
        self.offered = old.offered

    def as_text(self, names: "Workspace") -> str:
        """What a person reads."""
        return blocks_as_text(self.blocks, names.name_of)


def clickable(blocks: list[Json]) -> Iterator[Json]:
    """The elements that can be clicked, each with the `block_id` of the block it is in."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            if "action_id" in element:
                yield element | {"block_id": block.get("block_id", "")}


class Workspace:
    """Everything there is in the workspace. `lock` is held around each read and write."""

    def __init__(self, team_id: str) -> None:
        self.team_id = team_id
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, tuple[str, list[str]]] = {}
        self.messages: list[Message] = []
        self.views: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def new_id(self, kind: str) -> str:
        """Return an id like Slack's: a letter and capitals."""
        return f"{kind}0{next(self._numbers):08X}"

    def new_ts(self, now: datetime) -> str:
        """Return a message's id: its time in microseconds, never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(now.timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    def name_of(self, identity: str) -> str:
        """Return how a person or channel is shown."""
        if identity in self.users:
            return f"@{self.users[identity].name}"
        if identity in self.channels:
            return f"#{self.channels[identity].name}"
        if identity in self.groups:
            return f"@{self.groups[identity][0]}"
        return identity

    def direct_channel(self, user_id: str, bot_id: str) -> Channel:
        """Return the direct channel of a person and the bot, opening it if there is none."""
        for channel in self.channels.values():
            if channel.direct_with == user_id:
                return channel
        channel = Channel(self.new_id("D"), self.users[user_id].name, {user_id, bot_id}, direct_with=user_id)
        self.channels[channel.id] = channel
        return channel

    def in_channel(self, channel_id: str) -> Iterator[Message]:
        return (each for each in self.messages if each.channel == channel_id and each.only_for is None)

    def find(self, channel_id: str, ts: str) -> Message | None:
        return next((each for each in self.in_channel(channel_id) if each.ts == ts), None)
