"""Checks: what Slack rejects in messages, views and home tabs.

Three together, since each misses something: a schema for keys, types and lengths, slack_sdk's own models, and here what
concerns blocks together (docs.slack.dev/reference/block-kit, the pages of each block and element).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from playground.slack.schema import BLOCK

Json = dict[str, Any]

_BLOCKS_IN = {"message": 50, "modal": 100, "home": 100}
_TEXT_IN_ALL = 13_000  # undocumented, seen as msg_blocks_too_long (slackapi/bolt-js, issue 2509)
_METADATA = 16_000
_PLACES = {
    "input": {"modal", "home", "message"},
    "alert": {"modal"},
}
_validator = Draft202012Validator(BLOCK)


def wrong_with_blocks(blocks: Any, place: str) -> list[str]:
    """Return everything that is wrong with blocks that are to stand in a `message`, a `modal` or a `home` tab."""
    if not isinstance(blocks, list):
        return ["blocks: must be a list"]
    wrong = list(_schema(blocks))
    if wrong:
        return wrong
    if len(blocks) > _BLOCKS_IN[place]:
        wrong.append(f"blocks: {len(blocks)} are more than {_BLOCKS_IN[place]}")
    wrong += _models(blocks)
    wrong += _repeated(blocks)
    wrong += (
        f"blocks[{number}]: {block['type']} can't stand in a {place}"
        for number, block in enumerate(blocks)
        if place not in _PLACES.get(block["type"], {place})
    )
    return wrong


def too_much_text(blocks: Iterable[Json]) -> bool:
    """Whether all text together is more than Slack takes in a message."""
    return sum(len(part["text"]) for part in _texts(list(blocks))) > _TEXT_IN_ALL


def wrong_with_view(view: Json) -> list[str]:
    """Return everything that is wrong with a modal or a home tab."""
    if view.get("type") not in ("modal", "home"):
        return ["view: type must be modal or home"]
    known = {
        "type", "callback_id", "title", "submit", "close", "blocks", "private_metadata", "notify_on_close",
        "clear_on_close", "external_id", "submit_disabled",
    }  # fmt: skip
    wrong = [f"view: unknown field {key}" for key in view if key not in known]
    wrong += wrong_with_blocks(view.get("blocks"), view["type"])
    if wrong:
        return wrong
    if view["type"] == "modal" and "title" not in view:
        wrong.append("view: a modal needs a title")
    if view["type"] == "modal" and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
        wrong.append("view: with input blocks a submit is needed")
    try:
        View(**view).validate_json()
    except SlackObjectFormationError as error:
        wrong.append(f"view: {error}")
    return wrong


def wrong_with_options(options: Any) -> list[str]:
    """Return everything that is wrong with the options that the bot provides for a menu."""
    menu = {"type": "static_select", "action_id": "options", "options": options}
    return wrong_with_blocks([{"type": "actions", "elements": [menu]}], "modal") if options else []


def wrong_with_option_groups(groups: Any) -> list[str]:
    """Return everything that is wrong with such options in groups."""
    menu = {"type": "static_select", "action_id": "options", "option_groups": groups}
    return wrong_with_blocks([{"type": "actions", "elements": [menu]}], "modal")


def wrong_with_metadata(metadata: Any) -> str | None:
    """Return the error of `chat.postMessage` for metadata that Slack doesn't take."""
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        return "invalid_metadata_format"
    if len(json.dumps(metadata)) > _METADATA:
        return "metadata_too_large"
    return None


def _schema(blocks: list[Any]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        for error in sorted(_validator.iter_errors(block), key=str):
            path = "".join(f"[{part!r}]" for part in error.absolute_path)
            yield f"blocks[{number}]{path}: {error.message[:200]}"


def _models(blocks: list[Json]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        try:
            parsed = Block.parse(block)
            if parsed is not None:
                parsed.validate_json()
        except SlackObjectFormationError as error:
            yield f"blocks[{number}]: {error}"


def _repeated(blocks: list[Json]) -> Iterator[str]:
    block_ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    yield from (f"blocks: block_id {each} is there twice" for each, count in block_ids.items() if count > 1)
    for number, block in enumerate(blocks):
        action_ids = Counter(part["action_id"] for part in _dicts(block) if "action_id" in part)
        yield from (
            f"blocks[{number}]: action_id {each} is there twice" for each, count in action_ids.items() if count > 1
        )


def _texts(value: Any) -> Iterator[Json]:
    return (part for part in _dicts(value) if part.get("type") in ("mrkdwn", "plain_text"))


def _dicts(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _dicts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _dicts(each)
