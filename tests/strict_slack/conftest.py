"""A workspace with two people and a channel, and slack_sdk's client for the app in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_sdk import WebClient

from playground.clock import ManualClock
from playground.slack import Channel, StrictSlack, User

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Guinea pig"},
    "features": {
        "bot_user": {"display_name": "guinea-pig"},
        "slash_commands": [{"command": "/pig", "url": "https://pig.example/slack/events", "description": "Oink"}],
    },
    "oauth_config": {
        "scopes": {"bot": ["commands", "chat:write", "channels:history", "im:write", "im:history", "users:read"]}
    },
    "settings": {"interactivity": {"is_enabled": True, "request_url": "https://pig.example/slack/events"}},
}


@dataclass(frozen=True)
class Here:
    """The workspace, and who and what is in it."""

    slack: StrictSlack
    clock: ManualClock
    client: WebClient
    mika: User
    sam: User
    room: Channel
    url: str


@pytest.fixture
def here() -> Iterator[Here]:
    clock = ManualClock()
    slack = StrictSlack(MANIFEST, clock, signing_secret="oink")
    mika, sam = slack.user("mika"), slack.user("sam")
    room = slack.channel("pigs", members=[mika])
    with slack.serve() as url:
        client = WebClient(token=slack.bot_token, base_url=f"{url}/api/", retry_handlers=[])
        yield Here(slack, clock, client, mika, sam, room, url)
