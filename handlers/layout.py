"""Layout: lines of mrkdwn put into as few blocks as can be, within Slack's limits. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from slack_sdk.models.blocks import Block, MarkdownTextObject, SectionBlock

from handlers import mrkdwn
from handlers.speech import Speech

# Slack's limits are 3,000 characters a section and about 13,000 a message (docs.slack.dev/reference/block-kit).
SECTION = 2900
MESSAGE = 12_500
_FIELD = 300
_SECTIONS = 40
# How many characters the lists in a line may take, as long as there is room; and how few, once there is little.
IN_A_LIST = 300
_IN_A_LIST = (IN_A_LIST, 150, 50)
ALL = 1_000_000
_LEAST = 40


@dataclass(frozen=True)
class Rows:
    """Preformatted rows, to be copied as they are."""

    rows: tuple[str, ...]


Line = str | Rows

ShownIn = Callable[[int], str]
"""A line, given how many characters each list in it may take."""


@dataclass(frozen=True)
class Fitted:
    """What fits: the text of each section, and how many lines and rows don't."""

    texts: tuple[str, ...]
    left_out: int

    def sections(self, say: Speech) -> Iterator[SectionBlock]:
        """Yield the sections; what is left out is counted at the end."""
        yield from map(section, self.texts)
        if self.left_out:
            yield section(say("more-lines", count=self.left_out))


class _Page:
    """Sections being filled, with so many characters in all and so many sections."""

    def __init__(self, room: int, most: int) -> None:
        self.texts: list[str] = []
        self.room, self._most = room, most

    def takes(self, text: str) -> bool:
        """Put the text onto the page, if there is room for it; a long line goes over several sections."""
        parts = [text] if text.startswith("```") else list(mrkdwn.pieces(text, SECTION))
        joins = bool(self.texts) and len(self.texts[-1]) + 1 + len(parts[0]) <= SECTION
        if len(text) + 1 > self.room or len(self.texts) + len(parts) - joins > self._most:
            return False
        self.room -= len(text) + 1
        if joins:
            self.texts[-1] += f"\n{parts.pop(0)}"
        self.texts += parts
        return True


def fit(lines: Iterable[Line], room: int, most: int = _SECTIONS) -> Fitted:
    """Put lines of `room` characters in all into at most `most` sections, as few as can be."""
    page = _Page(room, most)
    left_out = 0
    for line in lines:
        left_out += _rows_left_out(page, line.rows) if isinstance(line, Rows) else not page.takes(line)
    return Fitted(tuple(page.texts), left_out)


def _rows_left_out(page: _Page, rows: tuple[str, ...]) -> int:
    """Put rows onto the page, as many as fit into a section at a time; return how many there was no room for."""
    while (count := _rows_in(rows, min(SECTION, page.room - 1))) and page.takes(mrkdwn.block(rows[:count])):
        rows = rows[count:]
    return len(rows)


def _rows_in(rows: tuple[str, ...], room: int) -> int:
    """How many of the rows preformatted text of `room` characters holds."""
    bare = len(mrkdwn.block([]))
    return sum(bare + size <= room for size in accumulate(len(mrkdwn.block([row])) - bare for row in rows))


def sections(say: Speech, lines: Iterable[Line], room: int) -> Iterator[SectionBlock]:
    """Put lines of `room` characters in all into as few sections as can be; what is too much is counted."""
    return fit(lines, room).sections(say)


def joined(say: Speech, lines: Iterable[Line], room: int) -> str:
    """Return the lines as one text of about `room` characters; what is too much is counted."""
    fitted = fit(lines, room)
    more = [say("more-lines", count=fitted.left_out)] if fitted.left_out else []
    return "\n".join([*fitted.texts, *more])


def of_each_kind(say: Speech, kinds: Sequence[Sequence[ShownIn]], room: int) -> list[str]:
    """Return lines of `room` characters in all, of each kind one at least, in order.

    Lists in them are shortened first, then lines that are like one before left out and counted, then lines cut.
    """
    for in_a_list in _IN_A_LIST:
        lines = _with_room(say, [[line(in_a_list) for line in kind] for kind in kinds], room)
        if sum(len(line) + 1 for line in lines) <= room:
            return lines
    longest = max(_LEAST, _longest(list(map(len, lines)), room - len(lines)))
    return [mrkdwn.cut(line, longest) for line in lines]


def _longest(sizes: Sequence[int], room: int) -> int:
    """How long the longest may be so that all have room; those that are shorter leave theirs to the others."""
    for shorter, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - shorter)
        if size > share:
            return share
        room -= size
    return max(sizes, default=0)


def _with_room(say: Speech, kinds: Sequence[Sequence[str]], room: int) -> list[str]:
    """Of each kind the first line, and as many of the others as there is room for; the rest is counted."""
    counted = sum(len(say("more-like-this", line="", count=len(kind))) for kind in kinds if len(kind) > 1)
    left = room - counted - sum(len(kind[0]) + 1 for kind in kinds)
    shown: list[str] = []
    for kind in kinds:
        count = 1
        while count < len(kind) and len(kind[count]) + 1 <= left:
            left -= len(kind[count]) + 1
            count += 1
        *others, last = kind[:count]
        more = len(kind) - count
        shown += [*others, say("more-like-this", line=last, count=more) if more else last]
    return shown


def size(blocks: Iterable[Block]) -> int:
    """Return how many characters of text the blocks have, as Slack counts them for a message."""
    return _size([block.to_dict() for block in blocks])


def _size(part: Any) -> int:
    if isinstance(part, list):
        return sum(map(_size, part))
    if not isinstance(part, dict):
        return 0
    own = len(part["text"]) if part.get("type") in ("mrkdwn", "plain_text") else 0
    return own + sum(map(_size, part.values()))


def section(text: str) -> SectionBlock:
    return SectionBlock(text=md(mrkdwn.cut(text, SECTION)))


def field(name: str, *lines: str) -> MarkdownTextObject:
    return md(mrkdwn.cut("\n".join([f"*{name}*", *lines]), _FIELD))


def md(text: str) -> MarkdownTextObject:
    # verbatim: Slack makes no links or mentions of its own from what people typed.
    return MarkdownTextObject(text=text, verbatim=True)
