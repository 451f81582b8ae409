"""The transcript: the conversation as the people in it see it, for a terminal.

Every message stands as it is now, in the order of posting; replies stand under their thread.
"""

import textwrap
from collections.abc import Iterable

from playground.slack.strict import StrictSlack
from playground.slack.workspace import Message

_WIDTH = 110


def render(slack: StrictSlack) -> str:
    """Return the whole conversation, channel by channel."""
    workspace = slack.workspace
    with workspace.lock:
        messages = list(workspace.messages)
    lines: list[str] = []
    for channel in workspace.channels.values():
        here = [each for each in messages if each.channel == channel.id]
        if not here:
            continue
        title = (
            f"Direct messages: {slack.app.bot.name} and {channel.name}" if channel.direct_with else f"#{channel.name}"
        )
        lines += ["", f"━━ {title} " + "━" * (_WIDTH - len(title) - 4)]
        for message in here:
            if message.thread_ts is None:
                lines += _message(message, slack, indent=0)
                for reply in here:
                    if reply.thread_ts == message.ts:
                        lines += _message(reply, slack, indent=4)
    return "\n".join(lines[1:])


def _message(message: Message, slack: StrictSlack, indent: int) -> Iterable[str]:
    who = slack.workspace.users[message.user].name
    at = f" {message.at:%H:%M:%S}" if message.at else ""
    alone = f"  (only {slack.workspace.users[message.only_for].name} sees this)" if message.only_for else ""
    edited = "  (edited)" if message.history and not message.blocks else ""
    yield ""
    yield " " * indent + f"{who}{at}{alone}{edited}"
    for line in message.as_text().splitlines():
        yield from textwrap.wrap(
            line.replace("`", ""),
            _WIDTH,
            initial_indent=" " * (indent + 2),
            subsequent_indent=" " * (indent + 4),
            drop_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        )
