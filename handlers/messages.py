"""Messages: what Slack is to show of a request, made from its stored state alone.

Pure. `publisher.py` compares this with what has been posted. Milestones are messages of their own, since an edit
notifies nobody; the approval message and the progress are edited in place.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock

from aws_ops.plan import Plan
from handlers import ballots, following, mrkdwn, phrases, wording
from handlers.layout import md, section, sections
from handlers.plan_view import plan_blocks
from handlers.speech import Speech
from sharing.requests import NOBODY, Person, Request, RequestKind, Verdict
from sharing.rules import ApprovalRules
from sharing.states import DeliveryState, RequestState, is_final

# The message in whose thread the story of a request is told.
STORY = "approval"

_TEXT = 3900
# Shares of the room in a message: what is left over is counted, and the details and the audit trail have it all.
_ROOM, _ROOM_FOR_CHANGES = 9000, 4000
# Each part of a request that has several needs room, too.
_ROOM_FOR_CHANGES_BESIDES_PARTS, _ROOM_FOR_DECISIONS = 1000, 2000
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
        reader: whom it is for, if its place is a direct message.
    """

    key: str
    place: Place
    pace: Pace
    text: str
    blocks: tuple[dict[str, Any], ...]
    channel: str | None = None
    reader: Person | None = None


@dataclass(frozen=True)
class Audience:
    """Who is spoken to, and how.

    Attributes:
        to_all: the language of channels.
        speech_for: the language that a person reads.
        notifications_channel: where the end of every share is told as well, if anywhere.
    """

    to_all: Speech
    speech_for: Callable[[Person], Speech]
    notifications_channel: str | None = None


def messages_of(request: Request, rules: ApprovalRules, audience: Audience, story: str | None = None) -> list[Message]:
    """Return every message that should stand in Slack for `request` as it is now, in the order of posting.

    `story` is the address of the message that has the thread, once that is posted: the other channels link to it.
    """
    say = audience.to_all
    return [
        *_in_channel(say, request, rules),
        *_in_thread(say, request, rules),
        *_to_requester(audience, request, rules),
        *_to_watchers(audience, request),
        *_to_notifications(audience, request),
        *_in_other_channels(say, request, rules, story),
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
    if request.waits:
        yield _waits(say, request, Place.THREAD)
    if request.deliveries and request.settled_at is not None and request.mode.copies:
        lines = phrases.progress_of_all(say, request)
        pace = Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY
        yield _lines(say, "progress", Place.THREAD, lines, pace)
    yield from _trouble(say, request)
    if request.came_to in _ENDS:
        whose = "" if request.requester == NOBODY else f"{mrkdwn.person(request.requester.user_id)} "
        yield _lines(say, "end", Place.THREAD, [f"{whose}{phrases.end(say, request)}", *_result(say, request)])
    if request.state is RequestState.REVOKED:
        yield _line(say, f"revoked:{request.ended_by}", Place.THREAD, phrases.taken_back(say, request))


def _trouble(say: Speech, request: Request) -> Iterator[Message]:
    """What went wrong with the copies: one message for all that is tried again, and one for all that failed."""
    pace = Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY
    again = [
        say("delivery-tried-again", name=phrases.name(say, request, one))
        for one in request.deliveries
        if one.attempt > 1
    ]
    if again:
        yield _lines(say, "again", Place.THREAD, again, pace)
    failed = [
        say("delivery-trouble", name=phrases.name(say, request, one), why=wording.failure(say, one.failure))
        for one in request.deliveries
        if one.state is DeliveryState.FAILED and one.failure is not None
    ]
    if failed:
        yield _lines(say, "failed", Place.THREAD, failed, pace)


def _was_asked_for(request: Request) -> bool:
    """Whether there was something to approve: a look at AWS that finds nothing has no message of its own."""
    if request.kind is RequestKind.PREVIEW:
        return False
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


def _to_requester(audience: Audience, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    if not request.trigger.asks_first or request.requester == NOBODY:
        return
    say = audience.speech_for(request.requester)
    told = [_asked(say, request, rules)] if request.plan is not None and _was_asked_for(request) else []
    if request.kind is RequestKind.PREVIEW and request.state is RequestState.COMPLETED and request.plan is not None:
        told.append(_preview(say, request, request.plan, rules))
    elif request.waits:
        told.append(_waits(say, request, Place.DIRECT))
    elif _has_ended(request):
        told.append(_end(say, request, f"told:{request.came_to.value}", followed=following.can_be_asked_again(request)))
    if request.state is RequestState.REVOKED:
        told.append(_line(say, f"told:revoked:{request.ended_by}", Place.DIRECT, phrases.taken_back(say, request)))
    yield from (replace(message, reader=request.requester) for message in told)


def _to_watchers(audience: Audience, request: Request) -> Iterator[Message]:
    if not _has_ended(request):
        return
    for watcher in request.watchers:
        say = audience.speech_for(watcher)
        key = f"told:{request.came_to.value}:{watcher.user_id}"
        yield replace(_end(say, request, key, watched=True), reader=watcher)


def _to_notifications(audience: Audience, request: Request) -> Iterator[Message]:
    done = request.came_to in (RequestState.COMPLETED, RequestState.FAILED) and request.settled_at is not None
    if audience.notifications_channel is not None and request.kind is RequestKind.SHARE and done:
        told = _end(audience.to_all, request, "notification", watched=True)
        yield replace(told, place=Place.CHANNEL, channel=audience.notifications_channel)


def _waits(say: Speech, request: Request, place: Place) -> Message:
    """What it waits for while it is carried out; the key is the place's own, since each is a message."""
    key = "waits" if place is Place.THREAD else "told:waits"
    return _lines(say, key, place, [wording.note(say, note) for note in request.waits], Pace.AT_ONCE)


def _has_ended(request: Request) -> bool:
    return request.came_to in _ENDS or request.state in (RequestState.DENIED, RequestState.EXPIRED)


def _end(say: Speech, request: Request, key: str, *, watched: bool = False, followed: bool = False) -> Message:
    """How it ended; with whose request it was, for those who only watched it."""
    whose = say("watched-end", who=mrkdwn.person(request.requester.user_id), request=mrkdwn.code(request.id))
    lines = [*([whose] if watched else []), phrases.end(say, request), *_result(say, request)]
    message = _lines(say, key, Place.DIRECT, lines)
    if not followed:
        return message
    what_next = [following.again_button(say, request)]
    if request.revocable:
        what_next.append(following.revoke_button(say, request))
    return replace(message, blocks=(*message.blocks, ActionsBlock(elements=what_next).to_dict()))


def _preview(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Message:
    text = " ".join(filter(None, [phrases.asks(say, request), phrases.estimate(say, request)]))
    return _message("preview", Place.DIRECT, Pace.ONCE, text, _preview_blocks(say, request, plan, rules))


_ENDS = frozenset({RequestState.COMPLETED, RequestState.FAILED, RequestState.REFUSED})


def _asked(say: Speech, request: Request, rules: ApprovalRules) -> Message:
    """What tells the requester that it waits, with the button to withdraw it for as long as that can be done."""
    text = phrases.asked(say, request, _channels(request, rules)[0])
    blocks: list[Block] = [section(text)]
    if request.state in (RequestState.CHECKING, RequestState.AWAITING_APPROVAL):
        blocks.append(ballots.cancel_button(say, request))
    elif request.state is RequestState.CANCELLED:
        text = f"{text}\n{ballots.cancelled(say, request)}"
        blocks = [section(text)]
    return _message("asked", Place.DIRECT, Pace.AT_ONCE, text, blocks)


def _standing(say: Speech, request: Request) -> str:
    return ballots.standing(say, request) or phrases.standing(say, request)


def _approval_blocks(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Iterator[Block]:
    waiting = request.state is RequestState.AWAITING_APPROVAL
    parted = waiting and len(rules.parts_of(request)) > 1
    room = _ROOM_FOR_CHANGES_BESIDES_PARTS if parted else _ROOM_FOR_CHANGES
    yield from plan_blocks(say, request, plan, room, rules.environments)
    if waiting:
        yield from ballots.waiting(say, request, rules, phrases.confirm(say, request))
    decided = ballots.results(say, request)
    yield from sections(say, decided, _ROOM_FOR_DECISIONS)
    yield following.buttons(say, request)
    standing = [] if decided else [_standing(say, request)]
    yield ContextBlock(elements=[md(" · ".join([mrkdwn.code(request.id), *standing]))])


def _preview_blocks(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Iterator[Block]:
    yield from plan_blocks(say, request, plan, _ROOM_FOR_CHANGES, rules.environments)
    yield following.preview_buttons(say, request)
    yield ContextBlock(elements=[md(f"{mrkdwn.code(request.id)} · {say('preview-nothing-asked')}")])


def _result(say: Speech, request: Request) -> Iterator[str]:
    """The end in detail: what is wrong, or the images, ready to paste."""
    for refusal in request.refusals:
        yield f"• {wording.refusal(say, refusal)}"
    if request.failure is not None:
        yield f"• {wording.failure(say, request.failure)}"
    yield from (f"• {wording.note(say, note)}" for note in request.notes)
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


def _line(say: Speech, key: str, place: Place, text: str) -> Message:
    return _lines(say, key, place, [text])


def _lines(say: Speech, key: str, place: Place, lines: list[str], pace: Pace = Pace.ONCE) -> Message:
    return _message(key, place, pace, "\n".join(lines), sections(say, lines, _ROOM))


def _message(key: str, place: Place, pace: Pace, text: str, blocks: Iterable[Block]) -> Message:
    return Message(key, place, pace, mrkdwn.cut(text, _TEXT), tuple(block.to_dict() for block in blocks))
