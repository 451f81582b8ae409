"""Text: what a person reads in mrkdwn and in blocks, without the markup; for tests and for the terminal."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Namer = Callable[[str], str]

_CONTROL = re.compile(r"<([^<>]+)>")
# A star inside code is a star.
_CODE_OR_BOLD = re.compile(r"`[^`\n]*`|(?<![\w*])\*(?P<bold>[^*\n]+)\*(?![\w*])")
_EMOJI = {
    ":white_check_mark:": "✔",
    ":x:": "✘",
    ":warning:": "⚠",
    ":no_entry:": "⛔",
    ":hourglass:": "⌛",
    ":hourglass_flowing_sand:": "⏳",
    ":arrows_counterclockwise:": "🔄",
    ":repeat:": "🔁",
    ":key:": "🔑",
    ":mag:": "🔍",
    ":moneybag:": "💰",
}


def mrkdwn_as_text(text: str, name_of: Namer) -> str:
    """Return mrkdwn as it is read: no stars, mentions as names, dates as dates, emoji as signs."""
    spelt = _CONTROL.sub(lambda found: _control(found[1], name_of), text)
    read = _CODE_OR_BOLD.sub(lambda found: found["bold"] or found[0], spelt)
    for code, sign in _EMOJI.items():
        read = read.replace(code, sign)
    return html.unescape(read)


def blocks_as_text(blocks: list[dict[str, Any]], name_of: Namer) -> str:
    """Return blocks as they are read from top to bottom, buttons in brackets."""
    return "\n".join(filter(None, (_block(block, name_of) for block in blocks)))


def _block(block: dict[str, Any], name_of: Namer) -> str:
    match block["type"]:
        case "header":
            return f"▌ {block['text']['text']}"
        case "section":
            lines = [_text(block["text"], name_of)] if "text" in block else []
            lines += [_field(field, name_of) for field in block.get("fields", [])]
            accessory = block.get("accessory")
            return "\n".join([*lines, _element(accessory)] if accessory else lines)
        case "context":
            return " ".join(_text(part, name_of) for part in block["elements"] if "text" in part)
        case "actions":
            return " ".join(_element(element) for element in block["elements"])
        case "input":
            return f"{block['label']['text']}: {_element(block['element'])}"
        case "divider":
            return "───"
        case "markdown":
            return str(block["text"])
        case _:
            return ""


def _field(field: dict[str, Any], name_of: Namer) -> str:
    """A field is a name above a value, or several; read aloud they stand on one line."""
    name, *values = _text(field, name_of).splitlines()
    return f"{name}: {', '.join(values)}" if values else name


def _text(part: dict[str, Any], name_of: Namer) -> str:
    return mrkdwn_as_text(part["text"], name_of) if part["type"] == "mrkdwn" else part["text"]


def _element(element: dict[str, Any]) -> str:
    match element["type"]:
        case "button":
            return f"[{element['text']['text']}]"
        case "plain_text_input":
            return f"[{element.get('placeholder', {}).get('text', '')}]"
        case _:
            options = element.get("options", [])
            return " ".join(f"( ) {option['text']['text']}" for option in options) or f"[{element['type']}]"


def _control(inside: str, name_of: Namer) -> str:
    target, _, label = inside.partition("|")
    match target[:1]:
        case "@" | "#":
            return name_of(target[1:])
        case "!":
            kind, _, rest = target[1:].partition("^")
            if kind == "date":
                at = datetime.fromtimestamp(int(rest.split("^")[0]), UTC)
                return at.strftime("%Y-%m-%d %H:%M UTC")
            return name_of(rest) if kind == "subteam" else f"@{kind}"
        case _:
            return label or target
