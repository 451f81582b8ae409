"""Messages: what Slack is to show of a request, made from its stored state alone.

Pure. `publisher.py` compares this with what has been posted. Milestones are messages of their own, since an edit
notifies nobody; the approval message and the progress are edited in place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from aws_ops.plan import ImageSummary, Plan
from handlers import ballots, mrkdwn, phrases, wording
from handlers.speech import Speech
from sharing.requests import NOBODY, Delivery, Request, RequestKind, Verdict
from sharing.rules import ApprovalRules
from sharing.states import DeliveryState, RequestState, is_final

# The message in whose thread the story of a request is told.
STORY = "approval"

# Slack's limits are 3,000 characters a section and about 13,000 a message (docs.slack.dev/reference/block-kit).
_SECTION = 2900
_PARAGRAPH = 1000
_FIELD = 300
_TEXT = 3900
# Shares of the room in a message: what is left over is counted, and the audit trail has it all.
_ROOM, _ROOM_FOR_CAUTIONS, _ROOM_FOR_CHANGES, _ROOM_FOR_IMAGES = 9000, 1500, 4000, 1000
# Each part of a request that has several needs room, too.
_ROOM_FOR_CHANGES_BESIDES_PARTS, _ROOM_FOR_DECISIONS = 1000, 2000
_IMAGES_IN_FULL = 3
# Rows of preformatted text that fit a section, however long the names are.
_ROWS = 20


class Place(Enum):
    """Where a message goes: the approvals channel, the thread under the approval message, or the requester alone."""

    CHANNEL = "channel"
    THREAD = "thread"
    DIRECT = "direct"


class Pace(Enum):
    """How a message changes: never, at once whenever its request does, or no oftener than Slack likes."""

    ONCE = "once"
    AT_ONCE = "at_once"
    SLOWLY = "slowly"


@dataclass(frozen=True)
class Message:
    """One message of a request. `text` says the same as `blocks`, for notifications and screen readers.

    Attributes:
        channel: where it goes, unless its place says it.
    """

    key: str
    place: Place
    pace: Pace
    text: str
    blocks: tuple[dict[str, Any], ...]
    channel: str | None = None


def messages_of(
    request: Request, rules: ApprovalRules, story: str | None = None, *, to_all: Speech, to_requester: Speech
) -> list[Message]:
    """Return every message that should stand in Slack for `request` as it is now, in the order of posting.

    `story` is the address of the message that has the thread, once that is posted: the other channels link to it.
    What stands in channels is said in `to_all`'s language, what the requester is told directly in their own.
    """
    return [
        *_in_channel(to_all, request, rules),
        *_in_thread(to_all, request, rules),
        *_to_requester(to_requester, request, rules),
        *_in_other_channels(to_all, request, rules, story),
    ]


def _in_channel(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    if _was_asked_for(request) and request.plan is not None:
        blocks = _approval_blocks(say, request, request.plan, rules)
        yield _approval(say, request, STORY, _channels(request, rules)[0], blocks)
    elif not request.trigger.asks_first and request.state in (RequestState.FAILED, RequestState.REFUSED):
        yield _lines(say, "trouble", Place.CHANNEL, [phrases.trouble(say, request), *_result(say, request)])


def _in_other_channels(say: Speech, request: Request, rules: ApprovalRules, story: str | None) -> Iterator[Message]:
    if not _was_asked_for(request) or request.plan is None:
        return
    first, *others = _channels(request, rules)
    for channel in others:
        blocks = [
            *_approval_blocks(say, request, request.plan, rules),
            ballots.story_elsewhere(say, first, story),
        ]
        yield _approval(say, request, f"{STORY}:{channel}", channel, blocks)


def _approval(say: Speech, request: Request, key: str, channel: str, blocks: Iterable[Block]) -> Message:
    said = (phrases.asks(say, request), phrases.estimate(say, request), _standing(say, request))
    text = " ".join(filter(None, said))
    return replace(_message(key, Place.CHANNEL, Pace.AT_ONCE, text, blocks), channel=channel)


def _channels(request: Request, rules: ApprovalRules) -> tuple[str, ...]:
    return request.asked_in or (rules.channel,)


def _in_thread(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    if request.plan is None or not _was_asked_for(request):
        return
    yield from _decisions(say, request)
    if request.reminders and (said := ballots.reminder(say, request, rules)):
        yield _line(say, f"reminder:{request.reminders}", Place.THREAD, said)
    if request.state is RequestState.CANCELLED:
        yield _line(say, "cancelled", Place.THREAD, ballots.cancelled(say, request))
    if request.preparations:
        lines = [phrases.prepared(say, asked, made) for asked, made in request.preparations.items()]
        yield _lines(say, "preparing", Place.THREAD, lines, Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY)
    if request.settled_at is not None:
        yield _line(say, "settled", Place.THREAD, phrases.settled(say, request.plan))
    if request.deliveries and request.settled_at is not None and request.mode.copies:
        lines = [phrases.progress(say, request, delivery) for delivery in request.deliveries]
        pace = Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY
        yield _lines(say, "progress", Place.THREAD, [say("copies"), *lines], pace)
    for delivery in request.deliveries:
        yield from _trouble_with(say, request, delivery)
    if request.came_to in _ENDS:
        whose = "" if request.requester == NOBODY else f"{mrkdwn.person(request.requester.user_id)} "
        yield _lines(say, "end", Place.THREAD, [f"{whose}{phrases.end(say, request)}", *_result(say, request)])
    if request.state is RequestState.REVOKED:
        yield _line(say, f"revoked:{request.ended_by}", Place.THREAD, phrases.taken_back(say, request))


def _trouble_with(say: Speech, request: Request, delivery: Delivery) -> Iterator[Message]:
    where, name = (
        f"{delivery.source_image_id}:{delivery.target}:{delivery.region}",
        phrases.name(say, request, delivery),
    )
    if delivery.attempt > 1:
        yield _line(
            say,
            f"again:{where}",
            Place.THREAD,
            say("delivery-tried-again", name=name),
        )
    if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
        yield _line(
            say,
            f"failed:{where}",
            Place.THREAD,
            say("delivery-trouble", name=name, why=wording.failure(say, delivery.failure)),
        )


def _was_asked_for(request: Request) -> bool:
    """Whether there was something to approve: a look at AWS that finds nothing has no message of its own."""
    looked = request.kind in (RequestKind.AUDIT, RequestKind.RETIRE)
    found = request.plan is not None and bool(request.plan.changes)
    return request.trigger.asks_first and (found or not looked)


def _decisions(say: Speech, request: Request) -> Iterator[Message]:
    """What was decided and what made that void, in the order in which it happened."""
    told = [
        (vote.at, 0, _line(say, f"decision:{number}", Place.THREAD, ballots.decided(say, request, vote)))
        for number, vote in enumerate(request.decisions)
    ]
    for edit in request.edits:
        void = any(vote.at <= edit.at and vote.person != NOBODY for vote in request.decisions)
        line = _line(say, f"narrowed:{edit.at.isoformat()}", Place.THREAD, ballots.narrowed(say, edit, void=void))
        told.append((edit.at, 1, line))
    if (again := request.replanned_at) is not None:
        line = _line(
            say,
            f"replanned:{again.isoformat()}",
            Place.THREAD,
            say("replanned"),
        )
        told.append((again, 1, line))
    yield from (message for _, _, message in sorted(told, key=lambda each: each[:2]))


def _to_requester(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    if not request.trigger.asks_first or request.requester == NOBODY:
        return
    if request.plan is not None and _was_asked_for(request):
        yield _asked(say, request, rules)
    if request.came_to in _ENDS or request.state in (RequestState.DENIED, RequestState.EXPIRED):
        yield _lines(
            say, f"told:{request.came_to.value}", Place.DIRECT, [phrases.end(say, request), *_result(say, request)]
        )
    if request.state is RequestState.REVOKED:
        yield _line(say, f"told:revoked:{request.ended_by}", Place.DIRECT, phrases.taken_back(say, request))


_ENDS = frozenset({RequestState.COMPLETED, RequestState.FAILED, RequestState.REFUSED})


def _asked(say: Speech, request: Request, rules: ApprovalRules) -> Message:
    """What tells the requester that it waits, with the button to withdraw it for as long as that can be done."""
    text = phrases.asked(say, request, _channels(request, rules)[0])
    blocks: list[Block] = [_section(text)]
    if request.state in (RequestState.CHECKING, RequestState.AWAITING_APPROVAL):
        blocks.append(ballots.cancel_button(say, request))
    elif request.state is RequestState.CANCELLED:
        text = f"{text}\n{ballots.cancelled(say, request)}"
        blocks = [_section(text)]
    return _message("asked", Place.DIRECT, Pace.AT_ONCE, text, blocks)


def _standing(say: Speech, request: Request) -> str:
    return ballots.standing(say, request) or phrases.standing(say, request)


def _approval_blocks(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Iterator[Block]:
    yield HeaderBlock(text=PlainTextObject(text=phrases.title(say, request)))
    yield _section(mrkdwn.cut(phrases.asks(say, request), _PARAGRAPH))
    if request.reason:
        yield _section(mrkdwn.quote(request.reason))
    yield from (_about(say, image) for image in plan.images[:_IMAGES_IN_FULL])
    if len(plan.images) > _IMAGES_IN_FULL:
        yield from _sections(
            say, (phrases.image_in_short(say, image) for image in plan.images[_IMAGES_IN_FULL:]), _ROOM_FOR_IMAGES
        )
    cautions = [f":warning: {wording.caution(say, caution)}" for caution in plan.cautions]
    yield from _sections(say, cautions, _ROOM_FOR_CAUTIONS)
    waiting = request.state is RequestState.AWAITING_APPROVAL
    parted = waiting and len(rules.parts_of(request)) > 1
    room = _ROOM_FOR_CHANGES_BESIDES_PARTS if parted else _ROOM_FOR_CHANGES
    changes = [f"{number}. {wording.change(say, change)}" for number, change in enumerate(plan.changes, 1)]
    reuses = [
        say(
            "plan-reuse",
            account=mrkdwn.code(reuse.account_id),
            copy=mrkdwn.code(reuse.image_id),
            region=mrkdwn.code(reuse.region),
        )
        for reuse in plan.reuses
    ]
    nothing = [] if changes else [phrases.nothing_changes(say, request)]
    how = say("plan-repairs" if request.kind is RequestKind.AUDIT else "plan-changes")
    yield from _sections(say, [how, *changes, *reuses, *nothing], room)
    if estimate := phrases.estimate(say, request):
        yield _section(estimate)
    if waiting:
        yield from ballots.waiting(say, request, rules, phrases.confirm(say, request))
    decided = ballots.results(say, request)
    yield from _sections(say, decided, _ROOM_FOR_DECISIONS)
    standing = [] if decided else [_standing(say, request)]
    yield ContextBlock(elements=[_md(" · ".join([mrkdwn.code(request.id), *standing]))])


def _result(say: Speech, request: Request) -> Iterator[str]:
    """The end in detail: what is wrong, or the images, ready to paste."""
    for refusal in request.refusals:
        yield f"• {wording.refusal(say, refusal)}"
    if request.failure is not None:
        yield f"• {wording.failure(say, request.failure)}"
    if request.kind in (RequestKind.AUDIT, RequestKind.RETIRE) and request.plan is not None:
        yield from (f":warning: {wording.caution(say, caution)}" for caution in request.plan.cautions)
    if request.state is RequestState.DENIED:
        votes = (vote for vote in request.decisions if vote.verdict is not Verdict.APPROVED)
        yield from (ballots.decided(say, request, vote) for vote in list(votes)[-1:])
    done = [delivery for delivery in request.deliveries if delivery.state is DeliveryState.COMPLETED]
    if done:
        width, home = max(len(delivery.target) for delivery in done), max(len(delivery.region) for delivery in done)
        several = len(request.image_ids) > 1
        rows = [
            f"{d.target:<{width}}  {d.account_id}  {d.region:<{home}}  {d.image_id}"
            + (f"  {say('from-image', image=d.source_image_id)}" if several and d.image_id != d.source_image_id else "")
            for d in done
        ]
        for start in range(0, len(rows), _ROWS):
            yield mrkdwn.block(rows[start : start + _ROWS])
    yield from (phrases.opened(say, launch) for launch in request.opened_to)
    for delivery in request.deliveries:
        for note in delivery.notes:
            yield f"• {phrases.name(say, request, delivery)}: {wording.note(say, note)}"
        if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
            yield f"• {phrases.name(say, request, delivery)}: {wording.failure(say, delivery.failure)}"


def _about(say: Speech, image: ImageSummary) -> SectionBlock:
    return SectionBlock(fields=[_field(name, *lines) for name, lines in phrases.about_image(say, image).items()])


def _line(say: Speech, key: str, place: Place, text: str) -> Message:
    return _lines(say, key, place, [text])


def _lines(say: Speech, key: str, place: Place, lines: list[str], pace: Pace = Pace.ONCE) -> Message:
    return _message(key, place, pace, "\n".join(lines), _sections(say, lines, _ROOM))


def _message(key: str, place: Place, pace: Pace, text: str, blocks: Iterable[Block]) -> Message:
    return Message(key, place, pace, mrkdwn.cut(text, _TEXT), tuple(block.to_dict() for block in blocks))


def _sections(say: Speech, lines: Iterable[str], room: int) -> Iterator[SectionBlock]:
    """Put lines of `room` characters in all into as few sections as can be; what is too much is counted."""
    pending: list[str] = []
    left_out = 0
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            left_out += 1
            continue
        if pending and sum(map(len, pending)) + len(pending) + len(line) > _SECTION:
            yield _section("\n".join(pending))
            pending = []
        pending.append(mrkdwn.cut(line, _SECTION))
    if left_out:
        pending.append(say("more-lines", count=left_out))
    if pending:
        yield _section("\n".join(pending))


def _field(name: str, *lines: str) -> MarkdownTextObject:
    return _md(mrkdwn.cut("\n".join([f"*{name}*", *lines]), _FIELD))


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=_md(mrkdwn.cut(text, _SECTION)))


def _md(text: str) -> MarkdownTextObject:
    # verbatim: Slack makes no links or mentions of its own from what people typed.
    return MarkdownTextObject(text=text, verbatim=True)


def _cut_plain(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
