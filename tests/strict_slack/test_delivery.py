"""Delivery: signatures, the three seconds, triggers, forms and response URLs (docs.slack.dev/interactivity)."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltResponse, Respond
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from playground.slack import NothingToClick
from tests.strict_slack.conftest import Here
from tests.strict_slack.test_blocks import button, plain, view


@pytest.fixture
def pig(here: Here) -> App:
    """A Bolt app, connected."""
    app = App(
        client=here.client,
        signing_secret=here.slack.signing_secret,
        token_verification_enabled=False,
        process_before_response=True,
    )
    here.slack.connect(SlackRequestHandler(app))
    return app


def on_command(app: App, listener: Callable[..., Any]) -> None:
    app.command("/pig")(listener)


def test_a_command_is_answered_to_the_one_who_typed_it(here: Here, pig: App) -> None:
    on_command(pig, lambda ack, body: ack(f"You said {body['text']}"))
    (shown,) = here.slack.command(here.mika, here.room, "/pig", "oink").ephemeral
    assert shown.text == "You said oink"
    assert here.slack.messages(here.room) == []


def test_a_wrong_signature_an_old_one_and_none_are_refused_by_bolt(here: Here, pig: App) -> None:
    on_command(pig, lambda ack: ack("oink"))
    body = b"command=%2Fpig&text=oink"
    assert here.slack.deliver_raw(body, here.slack.sign(body)).status == 200
    assert here.slack.deliver_raw(body, here.slack.sign(body, secret="moo")).status == 401
    assert here.slack.deliver_raw(body, here.slack.sign(body, timestamp=int(time.time()) - 301)).status == 401
    assert here.slack.deliver_raw(body, {}).status == 401


def test_a_late_answer_is_a_time_out(here: Here, pig: App) -> None:
    on_command(pig, lambda ack: ack("oink"))
    here.slack.ack_within = 0
    answer = here.slack.command(here.mika, here.room, "/pig", "oink")
    assert answer.timed_out
    assert "operation_timeout" in answer.ephemeral[0].text


def test_where_nobody_answers_whoever_typed_is_told_so_by_slack(here: Here) -> None:
    here.slack.connect("http://127.0.0.1:9/slack/events")
    (shown,) = here.slack.command(here.mika, here.room, "/pig", "oink").ephemeral
    assert "dispatch_failed" in shown.text


def test_commands_don_t_work_in_threads(here: Here, pig: App) -> None:
    (shown,) = here.slack.command(here.mika, here.room, "/pig", "oink", thread_ts="1.000001").ephemeral
    assert "is not supported in threads" in shown.text


def test_a_trigger_opens_one_view_within_three_seconds(here: Here, pig: App) -> None:
    triggers: list[str] = []

    def keep(ack: Ack, body: dict[str, Any]) -> None:
        triggers.append(body["trigger_id"])
        ack()

    def opening() -> str:
        try:
            here.client.views_open(trigger_id=triggers[-1], view=view())
        except SlackApiError as refused:
            return str(refused.response["error"])
        return "opened"

    on_command(pig, keep)
    here.slack.command(here.mika, here.room, "/pig", "")
    assert opening() == "opened"
    assert opening() == "exchanged_trigger_id"
    here.slack.command(here.mika, here.room, "/pig", "")
    here.clock.advance(timedelta(seconds=4))
    assert opening() == "expired_trigger_id"


def form(here: Here, pig: App, answer: dict[str, Any], **more: Any) -> None:
    """Let Mika open a form whose submission is answered with `answer`."""

    def open_form(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=view(callback_id="form", **more))
        ack()

    on_command(pig, open_form)
    pig.view("form")(lambda ack: ack(**answer))
    here.slack.command(here.mika, here.room, "/pig", "")


def test_a_form_that_is_taken_closes(here: Here, pig: App) -> None:
    form(here, pig, {})
    assert here.slack.submit(here.mika, {"name": "Piggy"}).errors == {}
    assert here.slack.open_view(here.mika) is None


def test_slack_itself_asks_for_what_is_required(here: Here, pig: App) -> None:
    form(here, pig, {})
    assert set(here.slack.submit(here.mika, {"name": ""}).errors) == {"name"}
    with pytest.raises(NothingToClick, match="no fields"):
        here.slack.submit(here.mika, {"colour": "pink"})


def test_errors_go_to_input_blocks_alone(here: Here, pig: App) -> None:
    form(here, pig, {"response_action": "errors", "errors": {"name": "Too short", "colour": "Not pink"}})
    assert here.slack.submit(here.mika, {"name": "P"}).errors["name"] == "Too short"
    assert here.slack.violations == ["view errors: no input block colour"]


def test_a_view_in_answer_is_checked_too(here: Here, pig: App) -> None:
    form(here, pig, {"response_action": "update", "view": view(title=plain("x" * 25))})
    here.slack.submit(here.mika, {"name": "P"})
    assert any("title" in each for each in here.slack.violations)


def test_a_click_says_who_where_and_what(here: Here, pig: App) -> None:
    seen: list[dict[str, Any]] = []

    def keep(ack: Ack, body: dict[str, Any]) -> None:
        seen.append(body)
        ack()

    pig.action("oink")(keep)
    blocks = [{"type": "actions", "elements": [button(value="42")]}]
    here.client.chat_postMessage(channel=here.room.id, text="Oink?", blocks=blocks)
    (message,) = here.slack.messages(here.room)
    here.slack.click(here.mika, message, "oink")
    here.slack.click(here.mika, message, "oink", value="43")
    assert [body["actions"][0]["value"] for body in seen] == ["42", "43"]
    assert seen[0]["user"]["id"] == here.mika.id
    assert seen[0]["container"]["message_ts"] == message.ts
    with pytest.raises(NothingToClick):
        here.slack.click(here.mika, message, "moo")


def test_a_response_url_takes_five_answers_within_half_an_hour(here: Here, pig: App) -> None:
    responds: list[Respond] = []

    def keep(ack: Ack, respond: Respond) -> None:
        responds.append(respond)
        ack()

    on_command(pig, keep)
    here.slack.command(here.mika, here.room, "/pig", "")
    for _ in range(5):
        assert responds[0]("oink").status_code == 200
    assert responds[0]("oink").status_code == 404
    assert len(here.slack.ephemerals(here.mika)) == 5

    here.slack.command(here.mika, here.room, "/pig", "")
    here.clock.advance(timedelta(minutes=31))
    assert responds[1]("oink").status_code == 404


def test_an_answer_for_all_to_see_is_flagged(here: Here, pig: App) -> None:
    on_command(pig, lambda ack: ack(text="oink", response_type="in_channel"))
    here.slack.command(here.mika, here.room, "/pig", "")
    assert here.slack.violations == ["response: posted for the whole channel to see"]


def test_a_menu_s_options_come_from_the_bot_and_are_checked(here: Here, pig: App) -> None:
    menu = {"type": "external_select", "action_id": "menu", "min_query_length": 1}
    block = {"type": "input", "block_id": "pig", "label": plain("Pig"), "element": menu}
    form(here, pig, {}, blocks=[block])
    offered = [{"text": plain("Piggy"), "value": "1"}]
    pig.options("menu")(lambda ack, payload: ack(options=offered if payload["value"] == "pi" else [{"text": "?"}]))
    assert here.slack.suggest(here.mika, "pig", "pi").options == offered
    assert here.slack.violations == []
    here.slack.suggest(here.mika, "pig", "moo")
    assert here.slack.violations


def test_an_event_that_is_not_taken_comes_again_three_times(here: Here) -> None:
    seen: list[str | None] = []

    def bot(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_X_SLACK_RETRY_NUM"))
        start_response("500 Oink", [])
        return [b""]

    here.slack.connect(bot)
    here.slack.open_home(here.mika)
    here.slack.deliver_due_retries()
    here.slack.deliver_due_retries()
    assert seen == [None, "1"], "the second retry waits for a minute"
    here.clock.advance(timedelta(minutes=1))
    here.slack.deliver_due_retries()
    here.clock.advance(timedelta(minutes=5))
    here.slack.deliver_due_retries()
    here.clock.advance(timedelta(hours=1))
    here.slack.deliver_due_retries()
    assert seen == [None, "1", "2", "3"]


def test_a_home_is_opened_and_published(here: Here, pig: App) -> None:
    def publish(event: dict[str, Any], client: WebClient) -> None:
        home = {"type": "home", "blocks": [{"type": "section", "text": plain("Home, sweet home")}]}
        client.views_publish(user_id=event["user"], view=home)

    pig.event("app_home_opened")(publish)
    assert here.slack.open_home(here.mika).status == 200
    home = here.slack.home(here.mika)
    assert home is not None
    assert home.body["blocks"][0]["text"]["text"] == "Home, sweet home"


def test_of_several_buttons_in_a_home_the_one_meant_is_clicked(here: Here, pig: App) -> None:
    rows = [
        {"type": "section", "text": plain(name), "accessory": button(value=name)}
        for name in ("Piggy", "Babe", "Napoleon")
    ]
    pig.event("app_home_opened")(
        lambda event, client: client.views_publish(user_id=event["user"], view={"type": "home", "blocks": rows})
    )
    clicked: list[tuple[str, str]] = []

    def on_click(ack: Ack, action: dict[str, Any], body: dict[str, Any]) -> None:
        ack()
        clicked.append((action["value"], body["container"]["type"]))

    pig.action("oink")(on_click)
    here.slack.open_home(here.mika)
    home = here.slack.home(here.mika)
    assert home is not None
    here.slack.click(here.mika, home, "oink", of="Babe")
    assert clicked == [("Babe", "view")]
    with pytest.raises(NothingToClick):
        here.slack.click(here.mika, home, "oink", of="Wilbur")


def test_a_shortcut_opens_a_form_from_anywhere_or_from_a_message(here: Here, pig: App) -> None:
    fed: list[str] = []

    def open_form(ack: Ack, shortcut: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=view())

    def feed(ack: Ack, shortcut: dict[str, Any]) -> None:
        ack()
        fed.append(shortcut["message"]["text"])

    pig.global_shortcut("oink")(open_form)
    pig.message_shortcut("feed")(feed)
    assert here.slack.use_shortcut(here.mika, "oink").status == 200
    assert here.slack.open_view(here.mika) is not None
    here.slack.use_shortcut(here.mika, "feed", here.slack.say(here.sam, here.room, "apples"))
    assert fed == ["apples"]
    with pytest.raises(NothingToClick):
        here.slack.use_shortcut(here.mika, "feed")


def test_what_a_form_arrives_with_is_submitted_unless_somebody_changes_it(here: Here, pig: App) -> None:
    name = {"type": "plain_text_input", "action_id": "value", "initial_value": "Piggy"}
    kind = {
        "type": "multi_external_select",
        "action_id": "kind",
        "initial_options": [{"text": plain("Boar"), "value": "boar"}],
    }
    blocks = [
        {"type": "input", "block_id": "name", "label": plain("Name"), "element": name},
        {"type": "input", "block_id": "kind", "label": plain("Kind"), "element": kind},
    ]
    seen: list[dict[str, Any]] = []
    on_command(pig, lambda ack, body, client: (client.views_open(trigger_id=body["trigger_id"], view=arriving), ack()))
    arriving = view(callback_id="form", blocks=blocks)

    def take(ack: Ack, view: dict[str, Any]) -> None:
        ack()
        seen.append(view["state"]["values"])

    pig.view("form")(take)
    here.slack.command(here.mika, here.room, "/pig", "")
    here.slack.submit(here.mika, {})
    here.slack.command(here.mika, here.room, "/pig", "")
    here.slack.submit(here.mika, {"name": "Babe", "kind": []})
    assert [each["name"]["value"]["value"] for each in seen] == ["Piggy"]
    assert [each["value"] for each in seen[0]["kind"]["kind"]["selected_options"]] == ["boar"]


def herd(**of_kind: Any) -> dict[str, Any]:
    """A form with a name, and a kind that the bot is told of while it is chosen."""
    name = {"type": "plain_text_input", "action_id": "value"}
    kind = {"type": "multi_external_select", "action_id": "kind"} | of_kind
    blocks = [
        {"type": "input", "block_id": "name", "label": plain("Name"), "element": name},
        {"type": "input", "block_id": "kind", "label": plain("Kind"), "element": kind, "dispatch_action": True},
    ]
    return view(callback_id="form", blocks=blocks)


def test_a_field_tells_what_is_chosen_only_if_it_asks_for_that(here: Here, pig: App) -> None:
    told: list[dict[str, Any]] = []
    on_command(pig, lambda ack, body, client: (client.views_open(trigger_id=body["trigger_id"], view=herd()), ack()))
    pig.action("kind")(lambda ack, body: (ack(), told.append(body)))
    here.slack.command(here.mika, here.room, "/pig", "")
    here.slack.choose(here.mika, "name", "Babe")
    assert told == []
    here.slack.choose(here.mika, "kind", ["boar"])
    (body,) = told
    assert [each["value"] for each in body["actions"][0]["selected_options"]] == ["boar"]
    assert (body["actions"][0]["block_id"], body["container"]["type"]) == ("kind", "view")
    assert body["view"]["state"]["values"]["name"]["value"]["value"] == "Babe"
    with pytest.raises(NothingToClick):
        here.slack.choose(here.mika, "colour", "pink")


def test_an_update_keeps_what_is_in_fields_of_the_same_ids(here: Here, pig: App) -> None:
    on_command(pig, lambda ack, body, client: (client.views_open(trigger_id=body["trigger_id"], view=herd()), ack()))
    seen: list[dict[str, Any]] = []
    pig.action("kind")(lambda ack: ack())
    pig.view("form")(lambda ack, view: (ack(), seen.append(view["state"]["values"])))
    here.slack.command(here.mika, here.room, "/pig", "")
    here.slack.choose(here.mika, "name", "Babe")
    here.slack.choose(here.mika, "kind", ["boar"])
    before = here.slack.open_view(here.mika)
    assert before is not None
    here.client.views_update(view_id=before.id, hash=before.hash, view=herd(action_id="kind_of_pig"))
    with pytest.raises(SlackApiError, match="hash_conflict"):
        here.client.views_update(view_id=before.id, hash=before.hash, view=herd())
    assert set(here.slack.submit(here.mika, {}).errors) == {"kind"}, "what has another id is empty"
    here.slack.submit(here.mika, {"kind": ["sow"]})
    assert seen[0]["name"]["value"]["value"] == "Babe"


def test_options_may_come_in_groups_but_not_both_ways(here: Here, pig: App) -> None:
    on_command(pig, lambda ack, body, client: (client.views_open(trigger_id=body["trigger_id"], view=herd()), ack()))
    boars = {"label": plain("Boars"), "options": [{"text": plain("Boar"), "value": "boar"}]}
    answers = [{"option_groups": [boars, boars]}, {"option_groups": [boars], "options": []}]
    pig.options("kind")(lambda: BoltResponse(status=200, body=json.dumps(answers.pop(0))))
    here.slack.command(here.mika, here.room, "/pig", "")
    assert [each["value"] for each in here.slack.suggest(here.mika, "kind", "b").options] == ["boar", "boar"]
    assert here.slack.violations == []
    here.slack.suggest(here.mika, "kind", "b")
    assert here.slack.violations.pop() == "options: there are groups as well"
