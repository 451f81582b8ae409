"""Slack's mrkdwn: text from people and from AWS made safe to show, and the few forms the bot uses.

Slack gives meaning to `&`, `<` and `>` alone; escaped, no text can mention, link or forge
(docs.slack.dev/messaging/formatting-message-text, "Escaping text").
"""

from collections.abc import Iterable
from datetime import UTC, datetime

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape(text: str) -> str:
    """Return `text` so that Slack shows it as it is, on one line."""
    return " ".join(text.translate(_ESCAPES).split())


def block(lines: Iterable[str]) -> str:
    """Return `lines` as preformatted text, columns kept, to be copied as they are."""
    return "\n".join(["```", *(line.translate(_ESCAPES).replace("`", "'") for line in lines), "```"])


def code(text: str) -> str:
    """Return `text` in the type of code. A backtick in it would end the code, so it becomes a quote."""
    return "`" + escape(text).replace("`", "'") + "`"


def codes(texts: Iterable[str]) -> str:
    """Return several texts in the type of code, with commas between them."""
    return ", ".join(code(text) for text in texts)


def quote(text: str) -> str:
    """Return `text` as a quotation of at most one line, so that it can't pass for the bot's own words."""
    return f">{cut(escape(text), 1000)}"


def person(user_id: str) -> str:
    return f"<@{user_id}>"


def people(users: Iterable[str], groups: Iterable[str]) -> str:
    """Return mentions of people and of user groups."""
    return ", ".join([*map(person, sorted(users)), *(f"<!subteam^{group}>" for group in sorted(groups))])


def channel(channel_id: str) -> str:
    return f"<#{channel_id}>"


def when(at: datetime) -> str:
    """Return a time that Slack shows in the reader's own zone."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def cut(text: str, limit: int) -> str:
    """Return escaped `text` cut to `limit` characters, never in the middle of an escape."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    start = kept.rfind("&")
    if start != -1 and ";" not in kept[start:]:
        kept = kept[:start]
    return kept + "…"
