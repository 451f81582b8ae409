"""The transcript: the conversation as the people in it see it, told in a terminal as it happens."""

import difflib
import textwrap
from collections.abc import Iterator

from playground.slack.strict import StrictSlack
from playground.slack.workspace import Message

_WIDTH = 110


class Transcript:
    """Tells what is new since it was last asked: messages whole, edits by the lines that changed."""

    def __init__(self, slack: StrictSlack) -> None:
        self._slack = slack
        self._told: dict[tuple[str, str], list[str]] = {}

    def news(self) -> Iterator[str]:
        """Yield the lines to print."""
        with self._slack.workspace.lock:
            shown = [(message, self._lines(message)) for message in self._slack.workspace.messages]
        for message, lines in shown:
            before = self._told.get((message.channel, message.ts))
            self._told[message.channel, message.ts] = lines
            if before is None:
                yield from ("", *self._indented(message, self._head(message), lines))
            elif before != lines:
                changed = [line[2:] for line in difflib.ndiff(before, lines) if line.startswith("+ ")]
                gone = [line[2:] for line in difflib.ndiff(before, lines) if line.startswith("- [")]
                changed += [f"(gone: {line})" for line in gone]
                yield from ("", *self._indented(message, f"{self._head(message)}, edited", changed))

    @staticmethod
    def _lines(message: Message) -> list[str]:
        return message.as_text().replace("`", "").splitlines()

    def _head(self, message: Message) -> str:
        workspace = self._slack.workspace
        channel = workspace.channels[message.channel]
        where = f"to {channel.name} directly" if channel.direct_with else f"in #{channel.name}"
        if message.thread_ts:
            where += ", in the thread"
        if message.only_for:
            where += f", to {workspace.users[message.only_for].name} alone"
        return f"{workspace.users[message.user].name} {where}"

    @staticmethod
    def _indented(message: Message, head: str, lines: list[str]) -> Iterator[str]:
        margin = "      " if message.thread_ts else "  "
        yield f"{margin[2:]}● {head}"
        for line in lines:
            yield from textwrap.wrap(
                line,
                _WIDTH,
                initial_indent=margin,
                subsequent_indent=margin + "  ",
                drop_whitespace=False,
                break_long_words=False,
                break_on_hyphens=False,
            )
