"""Block Kit: limits, unknown keys and doubles (docs.slack.dev/reference/block-kit, a page for each)."""

from typing import Any

import pytest

from playground.slack import checks
from playground.slack.text import mrkdwn_as_text


def section(text: str = "oink", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str = "Oink", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": "oink"} | more


def option(value: str = "a") -> dict[str, Any]:
    return {"text": plain("A"), "value": value}


def confirm(**more: Any) -> dict[str, Any]:
    return {"title": plain("Sure?"), "text": plain("Really?"), "confirm": plain("Yes"), "deny": plain("No")} | more


def wrong(*blocks: dict[str, Any]) -> list[str]:
    return checks.wrong_with_blocks(list(blocks), "message")


GOOD = [
    {"type": "header", "text": plain("x" * 150)},
    section("x" * 3000),
    section(fields=[{"type": "mrkdwn", "text": "x" * 2000}] * 10),
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10},
    {"type": "actions", "elements": [button(action_id=f"a{number}") for number in range(25)]},
    {"type": "actions", "elements": [button("x" * 75, value="v" * 2000, style="primary", confirm=confirm())]},
    {"type": "divider"},
]

BAD = {
    "header over 150": {"type": "header", "text": plain("x" * 151)},
    "header in mrkdwn": {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    "section over 3000": section("x" * 3001),
    "empty section": {"type": "section"},
    "empty text": section(""),
    "field over 2000": section(fields=[{"type": "mrkdwn", "text": "x" * 2001}]),
    "eleven fields": section(fields=[{"type": "mrkdwn", "text": "x"}] * 11),
    "eleven in a context": {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11},
    "26 actions": {"type": "actions", "elements": [button(action_id=f"a{number}") for number in range(26)]},
    "button over 75": {"type": "actions", "elements": [button("x" * 76)]},
    "value over 2000": {"type": "actions", "elements": [button(value="x" * 2001)]},
    "action_id over 255": {"type": "actions", "elements": [button(action_id="x" * 256)]},
    "unknown style": {"type": "actions", "elements": [button(style="loud")]},
    "confirm over 300": {"type": "actions", "elements": [button(confirm=confirm(text=plain("x" * 301)))]},
    "confirm title over 100": {"type": "actions", "elements": [button(confirm=confirm(title=plain("x" * 101)))]},
    "one action_id twice": {"type": "actions", "elements": [button(), button()]},
    "101 options": section(
        accessory={"type": "static_select", "action_id": "a", "options": [option(str(n)) for n in range(101)]}
    ),
    "option value over 150": section(
        accessory={"type": "static_select", "action_id": "a", "options": [option("x" * 151)]}
    ),
    "unknown key": section(colour="pink"),
    "unknown block": {"type": "trough"},
    "unknown element": {"type": "actions", "elements": [{"type": "lever", "action_id": "a"}]},
    "alert in a message": {"type": "alert", "text": plain("Oink")},
}


@pytest.mark.parametrize("block", GOOD)
def test_what_slack_takes(block: dict[str, Any]) -> None:
    assert wrong(block) == []


@pytest.mark.parametrize("what", BAD)
def test_what_slack_rejects(what: str) -> None:
    assert wrong(BAD[what]) != []


def test_fifty_blocks_a_message_and_a_hundred_a_modal() -> None:
    divider = {"type": "divider"}
    assert wrong(*[divider] * 50) == []
    assert wrong(*[divider] * 51) != []
    assert checks.wrong_with_blocks([divider] * 100, "modal") == []
    assert checks.wrong_with_blocks([divider] * 101, "modal") != []


def test_a_block_id_stands_once() -> None:
    assert wrong(section(block_id="a"), section(block_id="b")) == []
    assert wrong(section(block_id="a"), section(block_id="a")) == ["blocks: block_id a is there twice"]


def test_too_much_text_in_all() -> None:
    assert not checks.too_much_text([section("x" * 2600)] * 5)
    assert checks.too_much_text([section("x" * 2601)] * 5)


def view(**more: Any) -> dict[str, Any]:
    field = {
        "type": "input",
        "block_id": "name",
        "label": plain("Name"),
        "element": {"type": "plain_text_input", "action_id": "value"},
    }
    return {"type": "modal", "title": plain("Pig"), "submit": plain("Oink"), "blocks": [field]} | more


@pytest.mark.parametrize(
    "bad",
    [
        {"title": plain("x" * 25)},
        {"submit": plain("x" * 25)},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"colour": "pink"},
        {"type": "drawer"},
        {"blocks": [section(colour="pink")]},
    ],
)
def test_what_slack_rejects_of_a_view(bad: dict[str, Any]) -> None:
    assert checks.wrong_with_view(view()) == []
    assert checks.wrong_with_view(view(**bad)) != []


def test_a_form_has_a_submit() -> None:
    without = {key: value for key, value in view().items() if key != "submit"}
    assert checks.wrong_with_view(without) == ["view: with input blocks a submit is needed"]


def test_stars_make_bold_and_inside_code_are_stars() -> None:
    assert mrkdwn_as_text("*may* `ReEncrypt*`, `kms:*`", str) == "may `ReEncrypt*`, `kms:*`"
