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
        "app_home": {"home_tab_enabled": True},
        "shortcuts": [
            {"name": "Oink", "type": "global", "callback_id": "oink", "description": "Oink"},
            {"name": "Feed", "type": "message", "callback_id": "feed", "description": "Feed the pig"},
        ],
    },
    "oauth_config": {
        "scopes": {"bot": ["commands", "chat:write", "channels:history", "im:write", "im:history", "users:read"]}
    },
    "settings": {
        "interactivity": {"is_enabled": True, "request_url": "https://pig.example/slack/events"},
        "event_subscriptions": {"request_url": "https://pig.example/slack/events", "bot_events": ["app_home_opened"]},
    },
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
