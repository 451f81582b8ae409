"""Messages: what Slack is to show of a request, made from its stored state alone.

Pure. `publisher.py` compares this with what has been posted. Milestones are messages of their own, since an edit
notifies nobody; the approval message and the progress are edited in place.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock

from aws_ops.plan import Plan
from handlers import ballots, following, mrkdwn, phrases, results, wording
from handlers.layout import MESSAGE, Line, fit, joined, md, section, sections, size
from handlers.plan_view import in_words, plan_blocks
from handlers.speech import Speech
from sharing.requests import NOBODY, Edit, Person, Request, RequestId, RequestKind, Trigger, Verdict
from sharing.rules import ApprovalRules, Tally
from sharing.states import RequestState, is_final

# The message in whose thread the story of a request is told.
STORY = "approval"
# What tells the requester that the approval message can't be posted; with the channel's id after it.
UNREACHABLE = "unreachable"

_TEXT, _ROOM_FOR_TEXT = 3900, 3600
# Shares of the room in a message: what is left over is counted, and the details and the audit trail have it all.
_ROOM, _ROOM_FOR_DECISIONS, _ROOM_FOR_DECIDERS = 9000, 2000, 600
_ENCODED = 200


class Place(Enum):
    """Where a message goes: the approvals channel, the thread under an approval message, or the requester alone."""

    CHANNEL = "channel"
    THREAD = "thread"
    DIRECT = "direct"


class Pace(Enum):
    """How a message changes: never, at once whenever its request does, or no oftener than Slack likes.

    What never changes may be told together with what else its reader hears at the time.
    """

    ONCE = "once"
    TOGETHER = "together"
    AT_ONCE = "at_once"
    SLOWLY = "slowly"


@dataclass(frozen=True)
class Message:
    """One message of a request. `text` says the same as `blocks`, for notifications and screen readers.

    Attributes:
        channel: where it goes, unless its place says it.
        under: the key of the message that it is in the thread of, if its place is a thread.
        reader: whom it is for, if its place is a direct message.
        others: messages of other requests that it stands for, by their keys.
    """

    key: str
    place: Place
    pace: Pace
    text: str
    blocks: tuple[dict[str, Any], ...]
    channel: str | None = None
    under: str = STORY
    reader: Person | None = None
    others: Mapping[RequestId, str] = field(default_factory=dict)


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


def messages_of(
    request: Request,
    rules: ApprovalRules,
    audience: Audience,
    story: str | None = None,
    closed: Mapping[str, str | None] = MappingProxyType({}),
) -> list[Message]:
    """Return every message that should stand in Slack for `request` as it is now, in the order of posting.

    `story` is the address of the message that has the thread, once that is posted: the other channels link to it.
    `closed` are channels in which approval couldn't be asked when it should have been, with Slack's word for why; None
    for those in which it stands by now.
    """
    say = audience.to_all
    return [
        *_in_channel(say, request, rules),
        *_found_by_calendar(say, request, rules),
        *_in_thread(say, request, rules),
        *_to_requester(audience, request, rules, closed),
        *_to_watchers(audience, request),
        *_to_notifications(audience, request),
        *_in_other_channels(say, request, rules, story),
        *_reminders(say, request, rules),
    ]


def _in_channel(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    if _was_asked_for(request) and request.plan is not None:
        blocks = _approval_blocks(say, request, request.plan, rules)
        channel = _channels(request, rules)[0]
        text = _approval_text(say, request, request.plan, rules)
        message = _message(STORY, Place.CHANNEL, Pace.AT_ONCE, text, blocks)
        yield from (replace(each, channel=channel) for each in (message, *_not_ended(say, request)))


def _found_by_calendar(say: Speech, run: Request, rules: ApprovalRules) -> Iterator[Message]:
    """What the calendar's run came to that has nobody to tell: where it would have asked, and only what matters."""
    unasked = run.trigger is Trigger.CALENDAR and not _was_asked_for(run)
    if unasked and (run.news or run.state is RequestState.FAILED):
        lines = [phrases.end(say, run), *results.in_detail(say, run)]
        told = [say("calendar-found", kind=run.kind), *lines, *([say("calendar-only-news")] if run.news else [])]
        message = _lines(say, "found", Place.CHANNEL, told, buttons=following.what_next(say, run), of=run)
        yield replace(message, channel=rules.parts_of(run)[0].rule.channel)


def _not_ended(say: Speech, share: Request) -> Iterator[Message]:
    """That a share couldn't be ended as was approved. It is tried again daily, and told as long as it's news."""
    ending = share.ending
    if ending is None or ending.trigger.asks_first or not share.revocable:
        return
    why = _lasting([*ending.refusals, *(ending.plan.obstacles if ending.plan else ()), ending.failure])
    lines = [phrases.not_ended(say, share), *results.why_not(say, ending), *results.to_know(say, ending)]
    yield _lines(say, f"not-ended:{why}", Place.CHANNEL, lines, buttons=following.after_no_end(say, share), of=ending)


def _lasting(trouble: Iterable[object]) -> str:
    """A fingerprint of trouble, the same for as long as it is the same.

    EC2 says each time anew, in hundreds of letters, why it refuses (EC2, "UnauthorizedOperation": the encoded
    authorization failure message).
    """
    said = " ".join(word for each in trouble for word in repr(each).split() if len(word) < _ENCODED)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _in_other_channels(say: Speech, request: Request, rules: ApprovalRules, story: str | None) -> Iterator[Message]:
    if not _was_asked_for(request) or request.plan is None:
        return
    first, *others = _channels(request, rules)
    elsewhere = ballots.story_elsewhere(say, first, story)
    for channel in others:
        blocks = [*_approval_blocks(say, request, request.plan, rules), section(elsewhere)]
        text = f"{_approval_text(say, request, request.plan, rules)}\n{elsewhere}"
        message = _message(f"{STORY}:{channel}", Place.CHANNEL, Pace.AT_ONCE, text, blocks)
        yield replace(message, channel=channel)
        # Whoever decided there isn't in the thread of the first, and an edit notifies nobody.
        for told in _decisions(say, request, rules, elsewhere=True):
            yield replace(told, key=f"{told.key}:{channel}", under=message.key)


def _reminders(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    """Those to be reminded where they were asked: not everybody is in every channel.

    What was said to the approvers of a rule before their last reminder stands as it was posted.
    """
    if request.plan is None or request.state is not RequestState.AWAITING_APPROVAL:
        return
    first, *others = _channels(request, rules)
    waited_for: dict[tuple[datetime, str], list[Tally]] = {}
    for tally in rules.tallies_of(request):
        rule = tally.part.rule
        if tally.verdict is None and rule.name in request.reminded:
            # A rule may name another channel by now than it was asked in.
            where = rule.channel if rule.channel in others else first
            waited_for.setdefault((request.reminded[rule.name], where), []).append(tally)
    for (at, channel), tallies in sorted(waited_for.items(), key=lambda each: each[0]):
        if said := ballots.reminder(say, request, tallies):
            message = _line(say, f"reminder:{channel}:{at.isoformat()}", Place.THREAD, said)
            yield replace(message, under=STORY if channel == first else f"{STORY}:{channel}")


def _approval_text(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> str:
    """What the blocks say, for notifications and screen readers: something of all of it, however much there is."""
    deciders = _to_be_decided(say, request, rules)
    decided = joined(say, ballots.results(say, request), _ROOM_FOR_DECIDERS)
    below = "\n".join([*deciders, decided or _standing(say, request)])
    above = "\n".join(in_words(say, request, plan, rules, _ROOM_FOR_TEXT - len(below)))
    return f"{mrkdwn.cut(above, _ROOM_FOR_TEXT - len(below))}\n{below}"


def _to_be_decided(say: Speech, request: Request, rules: ApprovalRules) -> list[str]:
    """What the ballots of a request that waits for a decision say, if it does."""
    waits = request.state is RequestState.AWAITING_APPROVAL
    return [joined(say, ballots.to_be_decided(say, request, rules), _ROOM_FOR_DECIDERS)] if waits else []


def _channels(request: Request, rules: ApprovalRules) -> tuple[str, ...]:
    return request.asked_in or (rules.channel,)


def _in_thread(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Message]:
    if request.plan is None or not _was_asked_for(request):
        return
    yield from _decisions(say, request, rules)
    if request.state is RequestState.CANCELLED:
        yield _line(say, "cancelled", Place.THREAD, ballots.cancelled(say, request))
    lapsed_in_parts = any(vote.verdict is Verdict.LAPSED for vote in request.votes)
    if request.state is RequestState.EXPIRED and not lapsed_in_parts:
        yield _line(say, "expired", Place.THREAD, phrases.standing(say, request))
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
        yield _lines(say, "progress", Place.THREAD, lines, pace, of=request)
    yield from _trouble(say, request)
    for number, retry in enumerate(request.retries, 1):
        yield _line(say, f"retried:{number}", Place.THREAD, phrases.retried(say, request, retry))
    if request.came_to in _ENDS:
        nobodys = request.requester == NOBODY
        told = [f"{_whose(request)}{phrases.end(say, request, watched=nobodys)}", *results.in_detail(say, request)]
        key, what_next = _this_time(request, "end"), following.what_next(say, request)
        yield _lines(say, key, Place.THREAD, told, buttons=what_next, of=request)
    if request.state is RequestState.REVOKED:
        yield _lines(say, f"revoked:{request.ended_by}", Place.THREAD, _taken_back(say, request), of=request.ending)


def _taken_back(say: Speech, share: Request) -> list[str]:
    to_know = results.to_know(say, share.ending) if share.ending is not None else ()
    return [phrases.taken_back(say, share), *to_know]


def _trouble(say: Speech, request: Request) -> Iterator[Message]:
    """What went wrong with the copies: one message for all second tries, and one for those that failed together.

    A copy that fails later is a message of its own, since an edit would notify nobody.
    """
    pace = Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY
    again = [
        say("delivery-tried-again", name=phrases.name(say, request, one))
        for one in request.deliveries
        if request.is_second_try(one)
    ]
    if again:
        yield _lines(say, "again", Place.THREAD, again, pace, of=request)
    lines: dict[int, list[str]] = defaultdict(list)
    for delivery in request.failed:
        lines[delivery.failure_batch].append(phrases.failed(say, request, delivery))
    for retry in request.retries:
        for tried in retry.tries:
            lines[tried.failure_batch].append(phrases.failed_before(say, request, retry, tried))
    # Once it has ended, that is what the requester is called for.
    under_way = request.state in (RequestState.APPLYING, RequestState.COPYING)
    for batch, said in sorted(lines.items()):
        left = [each for each in request.failed if each.failure_batch == batch]
        whose = _whose(request) if left and under_way else ""
        told, what_next = [f"{whose}{said[0]}", *said[1:]], following.after_failures(say, request, left)
        yield _lines(say, f"failed:{batch}", Place.THREAD, told, Pace.AT_ONCE, buttons=what_next, of=request)


def _whose(request: Request) -> str:
    return "" if request.requester == NOBODY else f"{mrkdwn.person(request.requester.user_id)} "


def _this_time(request: Request, key: str) -> str:
    """The key of what is told each time that a request ends; what failed and is tried again ends anew."""
    return f"{key}:{len(request.retries)}" if request.retries else key


def _was_asked_for(request: Request) -> bool:
    """Whether there was something to approve: a look at AWS that finds nothing has no message of its own.

    What was asked for stays told, also if nothing is left to be done once it is approved.
    """
    if request.kind is RequestKind.PREVIEW:
        return False
    looked = request.kind in (RequestKind.AUDIT, RequestKind.RETIRE)
    found = request.plan is not None and bool(request.plan.changes)
    return request.trigger.asks_first and (found or not looked or request.asked_at is not None)


def _replanned(say: Speech, request: Request, rules: ApprovalRules, at: datetime) -> Message:
    """That it has to be decided anew, with the buttons for as long as it hasn't been."""
    waiting = request.state is RequestState.AWAITING_APPROVAL
    said = say("replanned", waiting="yes" if waiting else "no")
    ballot = ballots.waiting(say, request, rules) if waiting else ()
    text = "\n".join([said, *_to_be_decided(say, request, rules)])
    return _message(f"replanned:{at.isoformat()}", Place.THREAD, Pace.AT_ONCE, text, [section(said), *ballot])


def _decisions(say: Speech, request: Request, rules: ApprovalRules, *, elsewhere: bool = False) -> Iterator[Message]:
    """What was decided and what made that void, in the order in which it happened; `elsewhere` only the latter."""
    told = [
        (vote.at, 0, _line(say, f"decision:{number}", Place.THREAD, ballots.decided(say, request, vote)))
        for number, vote in enumerate(request.decisions)
        if not elsewhere or vote.verdict is Verdict.VOID
    ]
    for edit in request.edits:
        if not elsewhere or _voids(request, edit):
            line = _line(say, f"narrowed:{edit.at.isoformat()}", Place.THREAD, _narrowed(say, request, edit))
            told.append((edit.at, 1, line))
    if (again := request.replanned_at) is not None:
        told.append((again, 1, _replanned(say, request, rules, again)))
    yield from (message for _, _, message in sorted(told, key=lambda each: each[:2]))


def _narrowed(say: Speech, request: Request, edit: Edit) -> str:
    return ballots.narrowed(say, edit, void=_voids(request, edit))


def _voids(request: Request, edit: Edit) -> bool:
    return any(vote.at <= edit.at and vote.person != NOBODY for vote in request.decisions)


def _cut_down(say: Speech, request: Request) -> Iterator[Message]:
    """What the requester hears at once though the request goes on: what is out of it, and by whose word.

    By an edit of another message they wouldn't notice. What has ended the request is told with its end.
    """
    names = {"request": mrkdwn.code(request.id), "images": phrases.images(say, request)}
    for edit in request.edits:
        if edit.person != request.requester:
            lines = [say("cut-down-narrowed", **names), _narrowed(say, request, edit)]
            yield _lines(say, f"told:narrowed:{edit.at.isoformat()}", Place.DIRECT, lines)
    ended = request.state in (RequestState.DENIED, RequestState.EXPIRED)
    last = request.decisions[-1].at if ended and request.decisions else None
    for number, vote in enumerate(request.decisions):
        if vote.verdict.keeps_out and vote.at != last:
            lines = [say("cut-down-part", **names), ballots.decided(say, request, vote)]
            yield _lines(say, f"told:decision:{number}", Place.DIRECT, lines)


def _to_requester(
    audience: Audience, request: Request, rules: ApprovalRules, closed: Mapping[str, str | None]
) -> Iterator[Message]:
    if not request.trigger.asks_first or request.requester == NOBODY:
        return
    say = audience.speech_for(request.requester)
    told = [_asked(say, request, rules)] if request.plan is not None and _was_asked_for(request) else []
    told += [_unreachable(say, request, channel, why) for channel, why in closed.items()]
    told += _cut_down(say, request) if request.kind is RequestKind.SHARE else ()
    if request.kind is RequestKind.PREVIEW and request.state is RequestState.COMPLETED and request.plan is not None:
        told.append(_preview(say, request, request.plan, rules))
    elif request.waits:
        told.append(_waits(say, request, Place.DIRECT))
    elif _has_ended(request):
        told.append(_end(say, request, end_key(request, request.requester)))
    if request.state is RequestState.REVOKED:
        lines, key = _taken_back(say, request), f"told:revoked:{request.ended_by}"
        told.append(_lines(say, key, Place.DIRECT, lines, of=request.ending))
    yield from (replace(message, reader=request.requester) for message in told)


def _to_watchers(audience: Audience, request: Request) -> Iterator[Message]:
    cancelled = request.state is RequestState.CANCELLED
    for watcher in request.watchers if cancelled or _has_ended(request) else ():
        say = audience.speech_for(watcher)
        key = end_key(request, watcher)
        if cancelled:
            message = _lines(say, key, Place.DIRECT, [_watched(say, request), ballots.cancelled(say, request)])
        else:
            message = _end(say, request, key, watched=True)
        yield replace(message, reader=watcher)


def _to_notifications(audience: Audience, request: Request) -> Iterator[Message]:
    done = request.came_to in (RequestState.COMPLETED, RequestState.FAILED) and request.settled_at is not None
    if audience.notifications_channel is not None and request.kind is RequestKind.SHARE and done:
        told = _end(audience.to_all, request, end_key(request, None), watched=True)
        yield replace(told, place=Place.CHANNEL, channel=audience.notifications_channel)


def _waits(say: Speech, request: Request, place: Place) -> Message:
    """What it waits for while it is carried out; the key is the place's own, since each is a message."""
    key = "waits" if place is Place.THREAD else "told:waits"
    return _lines(say, key, place, [wording.note(say, note) for note in request.waits], Pace.AT_ONCE)


def _has_ended(request: Request) -> bool:
    return request.came_to in _ENDS or request.state in (RequestState.DENIED, RequestState.EXPIRED)


def _end(say: Speech, request: Request, key: str, *, watched: bool = False) -> Message:
    """How it ended, and what can be done about it; with whose request it was, for those who only watched it."""
    whose = [_watched(say, request)] if watched else []
    lines = [*whose, phrases.end(say, request, watched=watched), *results.in_detail(say, request)]
    what_next = following.what_next(say, request)
    pace = Pace.TOGETHER if is_told_together(request) else Pace.ONCE
    return _lines(say, key, Place.DIRECT, lines, pace, buttons=what_next, of=request)


def end_key(request: Request, reader: Person | None) -> str:
    """The key of what tells a reader of the end: the requester, a watcher, or if None the channel for notifications."""
    if reader is None:
        return _this_time(request, "notification")
    told = f"told:{request.came_to.value}"
    return _this_time(request, told if reader == request.requester else f"{told}:{reader.user_id}")


def is_told_together(request: Request) -> bool:
    """Whether the end of a request may be told together with those of others: of a share, one that calls nobody."""
    good = request.kind is RequestKind.SHARE and request.came_to is RequestState.COMPLETED
    return good and request.settled_at is not None and not following.concerns_somebody(request)


def digest(say: Speech, own: Message, request: Request, others: Sequence[Request]) -> Message:
    """Return `own`, which tells its reader of the end of `request`, as one that tells of the `others` as well."""
    shares = sorted([request, *others], key=lambda each: (each.created_at, each.id))
    told = _lines(say, own.key, own.place, list(results.of_shares(say, shares, own.reader)), own.pace)
    stands_for = {other.id: end_key(other, own.reader) for other in others}
    return replace(own, text=told.text, blocks=told.blocks, others=stands_for)


def _watched(say: Speech, request: Request) -> str:
    who = "nobody" if request.requester == NOBODY else mrkdwn.person(request.requester.user_id)
    return say("watched-end", who=who, request=mrkdwn.code(request.id))


def _preview(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Message:
    text = "\n".join([*in_words(say, request, plan, rules, _ROOM_FOR_TEXT), say("preview-nothing-asked")])
    return _message("preview", Place.DIRECT, Pace.ONCE, text, _preview_blocks(say, request, plan, rules))


_ENDS = frozenset({RequestState.COMPLETED, RequestState.FAILED, RequestState.REFUSED})


def _asked(say: Speech, request: Request, rules: ApprovalRules) -> Message:
    """What tells the requester that it waits, with the button to withdraw it for as long as that can be done."""
    text = phrases.asked(say, request, _channels(request, rules))
    blocks: list[Block] = [section(text)]
    if request.state in (RequestState.CHECKING, RequestState.AWAITING_APPROVAL):
        blocks.append(ballots.cancel_button(say, request))
    elif request.state is RequestState.CANCELLED:
        text = f"{text}\n{ballots.cancelled(say, request)}"
        blocks = [section(text)]
    return _message("asked", Place.DIRECT, Pace.AT_ONCE, text, blocks)


def _unreachable(say: Speech, request: Request, channel: str, why: str | None) -> Message:
    """What tells the requester that those asked in a channel can't see it, and who can mend that."""
    names = {"request": mrkdwn.code(request.id), "channel": mrkdwn.channel(channel)}
    said = say("reachable-again", **names) if why is None else say("unreachable", why=why, **names)
    return _lines(say, f"{UNREACHABLE}:{channel}", Place.DIRECT, [said], Pace.AT_ONCE)


def _standing(say: Speech, request: Request) -> str:
    return ballots.standing(say, request) or phrases.standing(say, request)


def _approval_blocks(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Iterator[Block]:
    below = list(_below_the_plan(say, request, rules))
    yield from plan_blocks(say, request, plan, MESSAGE - size(below), rules)
    yield from below


def _below_the_plan(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Block]:
    if request.state is RequestState.AWAITING_APPROVAL:
        yield from ballots.waiting(say, request, rules)
    decided = ballots.results(say, request)
    yield from sections(say, decided, _ROOM_FOR_DECISIONS)
    yield following.buttons(say, request)
    standing = [] if decided else [_standing(say, request)]
    yield ContextBlock(elements=[md(" · ".join([mrkdwn.code(request.id), *standing]))])


def _preview_blocks(say: Speech, request: Request, plan: Plan, rules: ApprovalRules) -> Iterator[Block]:
    yield from plan_blocks(say, request, plan, MESSAGE, rules)
    yield following.preview_buttons(say, request)
    yield ContextBlock(elements=[md(f"{mrkdwn.code(request.id)} · {say('preview-nothing-asked')}")])


def _line(say: Speech, key: str, place: Place, text: str) -> Message:
    return _lines(say, key, place, [text])


def _lines(
    say: Speech,
    key: str,
    place: Place,
    lines: Sequence[Line],
    pace: Pace = Pace.ONCE,
    *,
    buttons: Sequence[ButtonElement] = (),
    of: Request | None = None,
) -> Message:
    """Lines with `buttons`; or where there are too many lines, with the one to see all `of` the request."""
    fitted = fit(lines, _ROOM)
    blocks: list[Block] = list(fitted.sections(say))
    if buttons:
        blocks.append(ActionsBlock(elements=list(buttons)))
    elif fitted.left_out and of is not None:
        blocks.append(following.details(say, of))
    return _message(key, place, pace, joined(say, lines, _ROOM_FOR_TEXT), blocks)


def _message(key: str, place: Place, pace: Pace, text: str, blocks: Iterable[Block]) -> Message:
    return Message(key, place, pace, mrkdwn.cut(text, _TEXT), tuple(block.to_dict() for block in blocks))
