"""Slack's mrkdwn: text from people and from AWS made safe to show, and the few forms the bot uses.

Slack gives meaning to `&`, `<` and `>` alone; escaped, no text can mention, link or forge
(docs.slack.dev/messaging/formatting-message-text, "Escaping text").
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

# What can't be seen can turn the direction of writing and so forge what is read (Unicode, UAX #9 and UTR #36).
_UNSEEN = frozenset({"Cc", "Cf"})
# These two join letters in Persian and Hindi, and pictures into one.
_JOINERS = "\u200c\u200d"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_FENCE = "```"
# What Slack reads as one: preformatted text, code, a mention or date or link, an escape, an emoji; else a character.
_READ_AS_ONE = re.compile(r"```.*?```|`[^`\n]+`|<[^<>]*>|&\w+;|:[a-z_]+:|.", re.DOTALL)


def escape(text: str) -> str:
    """Return `text` so that Slack shows it as it is, on one line, less what nobody could see."""
    return " ".join(_seen(text.translate(_ESCAPES)).split())


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of `text`."""
    return not escape(text).strip(f" {_JOINERS}")


def block(lines: Iterable[str]) -> str:
    """Return `lines` as preformatted text, columns kept, to be copied as they are."""
    return "\n".join([_FENCE, *(_seen(line.translate(_ESCAPES)).replace("`", "'") for line in lines), _FENCE])


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
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{in_utc(at)}>"


def in_utc(at: datetime) -> str:
    """Return a time as it is written where Slack doesn't know the reader's zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def cut(text: str, limit: int) -> str:
    """Return `text`, which is mrkdwn, cut to `limit` characters: between what Slack reads as one, never in it.

    Of preformatted text the rows that fit are kept; half a code, mention or date would be shown as something else.
    """
    if len(text) <= limit:
        return text
    kept, room = [], limit - 1
    for one in _READ_AS_ONE.findall(text):
        if len(one) > room:
            kept.append(_rows_of(one, room) if one.startswith(_FENCE) else "")
            break
        kept.append(one)
        room -= len(one)
    return "".join([*kept, "…"])


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield `text`, which is mrkdwn on one line, in pieces of `limit` characters at most, parted at spaces."""
    while len(text) > limit:
        kept = cut(text, limit).removesuffix("…")
        spaces = [one.end() for one in _READ_AS_ONE.finditer(kept) if one[0] == " "]
        end = spaces[-1] if spaces else len(kept) or limit
        yield text[:end].rstrip()
        text = text[end:]
    yield text


def _rows_of(block_of_rows: str, room: int) -> str:
    """The first rows of preformatted text, as many as `room` characters take; nothing if that is none."""
    rows = block_of_rows.splitlines()[1:-1]
    while rows and len("\n".join([_FENCE, *rows, _FENCE])) > room:
        rows.pop()
    return "\n".join([_FENCE, *rows, _FENCE]) if rows else ""


def _seen(text: str) -> str:
    """The text less what can't be seen; whatever leaves space or begins a line is a space."""
    plain = (" " if one.isspace() else one for one in text)
    return "".join(one for one in plain if one in _JOINERS or unicodedata.category(one) not in _UNSEEN)
