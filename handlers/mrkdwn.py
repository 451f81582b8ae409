"""Slack's mrkdwn: text from people and from AWS made safe to show, and the few forms the bot uses.

Slack gives meaning to `&`, `<` and `>` alone; escaped, no text can mention, link or forge
(docs.slack.dev/messaging/formatting-message-text, "Escaping text").
"""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

# What can't be seen can turn the direction of writing and so forge what is read (Unicode, UAX #9 and UTR #36).
_UNSEEN = frozenset({"Cc", "Cf"})
# These two join letters in Persian and Hindi, and pictures into one.
_JOINERS = "\u200c\u200d"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape(text: str) -> str:
    """Return `text` so that Slack shows it as it is, on one line, less what nobody could see."""
    return _seen(" ".join(text.translate(_ESCAPES).split()))


def block(lines: Iterable[str]) -> str:
    """Return `lines` as preformatted text, columns kept, to be copied as they are."""
    return "\n".join(["```", *(_seen(line.translate(_ESCAPES)).replace("`", "'") for line in lines), "```"])


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


def _seen(text: str) -> str:
    return "".join(one for one in text if one in _JOINERS or unicodedata.category(one) not in _UNSEEN)
