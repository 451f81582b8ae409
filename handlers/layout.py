"""Layout: lines of mrkdwn put into as few blocks as can be, within Slack's limits. Pure."""

from collections.abc import Iterable, Iterator

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from handlers import mrkdwn
from handlers.speech import Speech

# Slack's limits are 3,000 characters a section and about 13,000 a message (docs.slack.dev/reference/block-kit).
SECTION = 2900
_FIELD = 300


def sections(say: Speech, lines: Iterable[str], room: int) -> Iterator[SectionBlock]:
    """Put lines of `room` characters in all into as few sections as can be; what is too much is counted."""
    pending: list[str] = []
    left_out = 0
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            left_out += 1
            continue
        if pending and sum(map(len, pending)) + len(pending) + len(line) > SECTION:
            yield section("\n".join(pending))
            pending = []
        pending.append(mrkdwn.cut(line, SECTION))
    if left_out:
        pending.append(say("more-lines", count=left_out))
    if pending:
        yield section("\n".join(pending))


def section(text: str) -> SectionBlock:
    return SectionBlock(text=md(mrkdwn.cut(text, SECTION)))


def field(name: str, *lines: str) -> MarkdownTextObject:
    return md(mrkdwn.cut("\n".join([f"*{name}*", *lines]), _FIELD))


def md(text: str) -> MarkdownTextObject:
    # verbatim: Slack makes no links or mentions of its own from what people typed.
    return MarkdownTextObject(text=text, verbatim=True)
