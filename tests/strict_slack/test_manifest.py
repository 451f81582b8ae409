"""The manifest: what Slack would not take of it, and that the one we ship is taken."""

import copy

import pytest

from playground.company import manifest
from playground.slack.manifest import BadManifest, check_manifest

SHORTCUT = {"name": "Oink", "type": "global", "callback_id": "oink", "description": "Oink"}


def test_the_shipped_manifest_is_taken() -> None:
    check_manifest(manifest())
    check_manifest(manifest(socket_mode=True))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("display_information", "name"), "x" * 36, "display_information.name"),
        (("features", "bot_user", "display_name"), "x" * 81, "display_name"),
        (("features", "slash_commands"), [{"command": "ami", "description": "", "url": "https://x"}], "a command is /"),
        (("features", "slash_commands"), [{"command": "/ami", "description": ""}], "a url is needed"),
        (("oauth_config", "scopes", "bot"), ["chat:write"], "need the scope commands"),
        (("features", "shortcuts"), [SHORTCUT | {"name": "x" * 25}], "shortcut name: over 24"),
        (("features", "shortcuts"), [SHORTCUT | {"type": "any"}], "neither global nor for messages"),
        (("features", "shortcuts"), [SHORTCUT] * 11, "over 10 shortcuts"),
        (("settings", "event_subscriptions"), {"bot_events": ["app_home_opened"]}, "a request_url is needed"),
        (("settings", "interactivty"), {}, "unknown key interactivty"),
    ],
)
def test_what_slack_would_not_take(path: tuple[str, ...], value: object, said: str) -> None:
    document = copy.deepcopy(manifest())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(BadManifest, match=said):
        check_manifest(document)
