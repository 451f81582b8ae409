"""The page in the browser: who sees what, what is done there, and that nothing else is served."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.strict_slack.conftest import Here
from tests.strict_slack.test_blocks import button, plain, section, view


def get(here: Here, path: str) -> Any:
    with urllib.request.urlopen(f"{here.url}{path}") as answer:
        return answer.read().decode()


def state(here: Here, user_id: str) -> Any:
    return json.loads(get(here, f"/ui/state?as={user_id}"))


def post(here: Here, deed: dict[str, Any], content_type: str = "application/json") -> tuple[int, Any]:
    request = urllib.request.Request(f"{here.url}/ui/act", json.dumps(deed).encode(), {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def texts(shown: Any) -> list[str]:
    return [message["text"] for channel in shown["channels"] for message in channel["messages"]]


@pytest.mark.parametrize("path", ["/", "/page.js", "/blocks.js", "/mrkdwn.js", "/style.css"])
def test_the_page_is_served(here: Here, path: str) -> None:
    assert get(here, path)


@pytest.mark.parametrize("path", ["/../strict.py", "/%2e%2e/strict.py", "/web/page.js", "/etc/passwd", "/__init__.py"])
def test_nothing_else_is(here: Here, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        get(here, path)
    refused.value.close()


def test_everybody_sees_what_is_theirs_to_see(here: Here) -> None:
    here.client.chat_postMessage(channel=here.room.id, text="for the room")
    here.client.chat_postEphemeral(channel=here.room.id, user=here.mika.id, text="for mika alone")
    here.client.chat_postMessage(channel=here.sam.id, text="for sam directly")
    assert texts(state(here, here.mika.id)) == ["for the room", "for mika alone"]
    assert texts(state(here, here.sam.id)) == ["for sam directly"]


def test_text_arrives_as_it_is(here: Here) -> None:
    hostile = "<script>alert(1)</script> &amp; <!channel>"
    here.client.chat_postMessage(channel=here.room.id, text=hostile, blocks=[section(hostile)])
    (message,) = state(here, here.mika.id)["channels"][0]["messages"]
    assert message["blocks"][0]["text"]["text"] == hostile


def test_commands_and_clicks_reach_the_bot(here: Here) -> None:
    seen: list[bytes] = []

    def bot(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"oink"]

    here.slack.connect(bot)
    asked = {"as": here.mika.id, "kind": "command", "channel": here.room.id, "text": "/pig oink oink"}
    assert post(here, asked) == (200, {"ok": True, "errors": {}, "options": []})
    assert b"text=oink+oink" in seen[0]
    assert texts(state(here, here.mika.id)) == ["oink"]
    here.client.chat_postMessage(
        channel=here.room.id, text="Oink?", blocks=[{"type": "actions", "elements": [button()]}]
    )
    message = state(here, here.mika.id)["channels"][0]["messages"][-1]
    click = {"as": here.mika.id, "kind": "click", "channel": here.room.id, "ts": message["ts"], "action_id": "oink"}
    assert post(here, click)[0] == 200
    assert b"block_actions" in seen[1]


def test_a_choice_in_a_form_reaches_the_bot(here: Here) -> None:
    seen: list[bytes] = []

    def bot(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    here.slack.connect(bot)
    field = {"type": "multi_external_select", "action_id": "kind"}
    pigs = {"type": "input", "block_id": "kind", "label": plain("Kind"), "element": field, "dispatch_action": True}
    trigger = here.slack.app.new_trigger(here.mika.id, here.clock())
    here.client.views_open(trigger_id=trigger, view=view(blocks=[pigs]))
    assert post(here, {"as": here.mika.id, "kind": "choose", "block": "kind", "value": ["boar"]})[0] == 200
    assert b"selected_options" in seen[0]
    assert state(here, here.mika.id)["view"]["offered"] == {}
    assert post(here, {"as": here.mika.id, "kind": "choose", "block": "colour", "value": "pink"})[0] == 400


def test_deeds_that_make_no_sense_are_answered_plainly(here: Here) -> None:
    for deed in (
        {"as": "U0NOBODY", "kind": "command"},
        {"as": here.mika.id, "kind": "dance"},
        {"as": here.sam.id, "kind": "command", "channel": here.room.id, "text": "/pig"},
        {"as": here.mika.id, "kind": "command", "channel": here.room.id, "text": "hello"},
        {"as": here.mika.id, "kind": "click", "channel": here.room.id, "ts": "1.000001", "action_id": "oink"},
        {"as": here.mika.id, "kind": "submit", "values": {}},
    ):
        status, answer = post(here, deed)
        assert status == 400
        assert answer["error"]


def test_a_page_of_another_origin_can_t_act(here: Here) -> None:
    status, _ = post(here, {"as": here.mika.id, "kind": "close"}, content_type="text/plain")
    assert status == 415


def test_the_home_tab_and_its_buttons_are_there(here: Here) -> None:
    here.client.views_publish(user_id=here.mika.id, view={"type": "home", "blocks": [section("Home, sweet home")]})
    shown = state(here, here.mika.id)
    assert shown["has_home"]
    assert shown["home"]["blocks"][0]["text"]["text"] == "Home, sweet home"
    assert [each["callback_id"] for each in shown["shortcuts"]] == ["oink", "feed"]
    assert state(here, here.sam.id)["home"] is None
    status, answer = post(here, {"as": here.sam.id, "kind": "click", "view": "home", "action_id": "oink"})
    assert (status, answer["error"]) == (400, "there is no such view")
