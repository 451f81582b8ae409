"""Messages: what Slack is to show of a request, made from its stored state alone.

Pure. `publisher.py` compares this with what has been posted. Milestones are messages of their own, since an edit
notifies nobody; the approval message and the progress are edited in place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from aws_ops.plan import ImageSummary, Plan
from handlers import mrkdwn, phrases, wording
from sharing.approval import ApprovalRule
from sharing.requests import NOBODY, Delivery, Request, RequestKind
from sharing.states import DeliveryState, RequestState, is_final

APPROVE = "ami_share_approve"
DENY = "ami_share_deny"

# Slack's limits are 3,000 characters a section and about 13,000 a message (docs.slack.dev/reference/block-kit).
_SECTION = 2900
_PARAGRAPH = 1000
_FIELD = 300
_TEXT = 3900
# Shares of the room in a message: what is left over is counted, and the audit trail has it all.
_ROOM, _ROOM_FOR_CAUTIONS, _ROOM_FOR_CHANGES, _ROOM_FOR_IMAGES = 9000, 1500, 4000, 1000
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
    """One message of a request. `text` says the same as `blocks`, for notifications and screen readers."""

    key: str
    place: Place
    pace: Pace
    text: str
    blocks: tuple[dict[str, Any], ...]


def messages_of(request: Request, approvals_channel: str, rule: ApprovalRule) -> list[Message]:
    """Return every message that should stand in Slack for `request` as it is now, in the order of posting."""
    return [*_in_channel(request, rule), *_in_thread(request), *_to_requester(request, approvals_channel)]


def approval_value(request: Request) -> str:
    """Return what the buttons carry: which request, and which plan. It is looked up, never trusted."""
    return f"{request.id}:{request.plan_digest}"


def _in_channel(request: Request, rule: ApprovalRule) -> Iterator[Message]:
    said = (phrases.asks(request), phrases.estimate(request), phrases.standing(request))
    text = " ".join(filter(None, said))
    if _was_asked_for(request) and request.plan is not None:
        yield _message("approval", Place.CHANNEL, Pace.AT_ONCE, text, _approval_blocks(request, request.plan, rule))
    elif not request.trigger.asks_first and request.state in (RequestState.FAILED, RequestState.REFUSED):
        yield _lines("trouble", Place.CHANNEL, [phrases.trouble(request), *_result(request)])


def _in_thread(request: Request) -> Iterator[Message]:
    if request.plan is None or not _was_asked_for(request):
        return
    yield from _decisions(request)
    if request.preparations:
        lines = [phrases.prepared(asked, made) for asked, made in request.preparations.items()]
        yield _lines("preparing", Place.THREAD, lines, Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY)
    if request.settled_at is not None:
        yield _line("settled", Place.THREAD, phrases.settled(request.plan))
    if request.deliveries and request.settled_at is not None and request.mode.copies:
        lines = [phrases.progress(request, delivery) for delivery in request.deliveries]
        pace = Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY
        yield _lines("progress", Place.THREAD, ["*Copies*", *lines], pace)
    for delivery in request.deliveries:
        yield from _trouble_with(request, delivery)
    if request.came_to in _ENDS:
        whose = "" if request.requester == NOBODY else f"{mrkdwn.person(request.requester.user_id)} "
        yield _lines("end", Place.THREAD, [f"{whose}{phrases.end(request)}", *_result(request)])
    if request.state is RequestState.REVOKED:
        yield _line(f"revoked:{request.ended_by}", Place.THREAD, phrases.taken_back(request))


def _trouble_with(request: Request, delivery: Delivery) -> Iterator[Message]:
    where, name = f"{delivery.source_image_id}:{delivery.target}:{delivery.region}", phrases.name(request, delivery)
    if delivery.attempt > 1:
        yield _line(
            f"again:{where}",
            Place.THREAD,
            f":repeat: The first copy for {name} failed, most likely because the key had only just been opened. "
            "I cleaned it up and try once more.",
        )
    if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
        yield _line(f"failed:{where}", Place.THREAD, f":warning: {name} failed. {wording.failure(delivery.failure)}")


def _was_asked_for(request: Request) -> bool:
    """Whether there was something to approve: a look at AWS that finds nothing has no message of its own."""
    looked = request.kind in (RequestKind.AUDIT, RequestKind.RETIRE)
    found = request.plan is not None and bool(request.plan.changes)
    return request.trigger.asks_first and (found or not looked)


def _decisions(request: Request) -> Iterator[Message]:
    """What was decided, and that it had to be decided anew, in the order in which it happened."""
    again = request.replanned_at
    told = [
        _line(f"decision:{number}", Place.THREAD, phrases.decided(each))
        for number, each in enumerate(request.decisions)
    ]
    before = sum(again is not None and each.at <= again for each in request.decisions)
    yield from told[:before]
    if again is not None:
        yield _line(
            f"replanned:{again.isoformat()}",
            Place.THREAD,
            ":warning: AWS has changed since the approval, and more would have to be granted now than was approved. "
            "The message above shows the plan as it is now: please decide again.",
        )
    yield from told[before:]


def _to_requester(request: Request, approvals_channel: str) -> Iterator[Message]:
    if not request.trigger.asks_first or request.requester == NOBODY:
        return
    if request.plan is not None and _was_asked_for(request):
        yield _line("asked", Place.DIRECT, phrases.asked(request, approvals_channel))
    if request.came_to in _ENDS or request.state in (RequestState.DENIED, RequestState.EXPIRED):
        yield _lines(f"told:{request.came_to.value}", Place.DIRECT, [phrases.end(request), *_result(request)])
    if request.state is RequestState.REVOKED:
        yield _line(f"told:revoked:{request.ended_by}", Place.DIRECT, phrases.taken_back(request))


_ENDS = frozenset({RequestState.COMPLETED, RequestState.FAILED, RequestState.REFUSED})


def _approval_blocks(request: Request, plan: Plan, rule: ApprovalRule) -> Iterator[Block]:
    yield HeaderBlock(text=PlainTextObject(text=phrases.title(request)))
    yield _section(mrkdwn.cut(phrases.asks(request), _PARAGRAPH))
    if request.reason:
        yield _section(mrkdwn.quote(request.reason))
    yield from map(_about, plan.images[:_IMAGES_IN_FULL])
    if len(plan.images) > _IMAGES_IN_FULL:
        yield from _sections(map(_in_short, plan.images[_IMAGES_IN_FULL:]), _ROOM_FOR_IMAGES)
    cautions = [f":warning: {wording.caution(caution)}" for caution in plan.cautions]
    yield from _sections(cautions, _ROOM_FOR_CAUTIONS)
    changes = [f"{number}. {wording.change(change)}" for number, change in enumerate(plan.changes, 1)]
    reuses = [
        f"• {mrkdwn.code(reuse.account_id)} has a good copy already, {mrkdwn.code(reuse.image_id)} in "
        f"{mrkdwn.code(reuse.region)}: no other is made"
        for reuse in plan.reuses
    ]
    nothing = [] if changes else [phrases.nothing_changes(request)]
    how = "What would put it right" if request.kind is RequestKind.AUDIT else "What will change"
    yield from _sections([f"*{how}, in this order*", *changes, *reuses, *nothing], _ROOM_FOR_CHANGES)
    if estimate := phrases.estimate(request):
        yield _section(estimate)
    if request.state is RequestState.AWAITING_APPROVAL:
        approvers = mrkdwn.people(rule.users - {request.requester.user_id}, rule.groups)
        yield _section(f"To be decided by {approvers}." if approvers else ":warning: Nobody else may decide on this.")
        yield _buttons(request)
    yield ContextBlock(elements=[_md(f"{mrkdwn.code(request.id)} · {phrases.standing(request)}")])


_QUESTIONS = {
    RequestKind.SHARE: "Approve this share?",
    RequestKind.REVOKE: "Take it back?",
    RequestKind.AUDIT: "Put it right?",
    RequestKind.RETIRE: "Let these copies go?",
}


def _buttons(request: Request) -> ActionsBlock:
    return ActionsBlock(
        # A new id with each plan: Slack keeps what it knows of a block under its id.
        block_id=f"decide:{request.id}:{request.revision}",
        elements=[
            ButtonElement(
                text="Put it right" if request.kind is RequestKind.AUDIT else "Approve",
                action_id=APPROVE,
                value=approval_value(request),
                style="primary",
                accessibility_label=f"Approve request {request.id}",
                confirm=ConfirmObject(
                    title=_QUESTIONS[request.kind],
                    text=PlainTextObject(text=_cut_plain(phrases.confirm(request), 300)),
                    confirm="Approve",
                    deny="Not yet",
                ),
            ),
            ButtonElement(
                text="Deny…",
                action_id=DENY,
                value=approval_value(request),
                style="danger",
                accessibility_label=f"Deny request {request.id}",
            ),
        ],
    )


def _result(request: Request) -> Iterator[str]:
    """The end in detail: what is wrong, or the images, ready to paste."""
    for refusal in request.refusals:
        yield f"• {wording.refusal(refusal)}"
    if request.failure is not None:
        yield f"• {wording.failure(request.failure)}"
    if request.kind in (RequestKind.AUDIT, RequestKind.RETIRE) and request.plan is not None:
        yield from (f":warning: {wording.caution(caution)}" for caution in request.plan.cautions)
    if request.state is RequestState.DENIED:
        yield from (phrases.decided(decision) for decision in request.decisions[-1:])
    done = [delivery for delivery in request.deliveries if delivery.state is DeliveryState.COMPLETED]
    if done:
        width, home = max(len(delivery.target) for delivery in done), max(len(delivery.region) for delivery in done)
        several = len(request.image_ids) > 1
        rows = [
            f"{d.target:<{width}}  {d.account_id}  {d.region:<{home}}  {d.image_id}"
            + (f"  from {d.source_image_id}" if several and d.image_id != d.source_image_id else "")
            for d in done
        ]
        for start in range(0, len(rows), _ROWS):
            yield mrkdwn.block(rows[start : start + _ROWS])
    yield from map(phrases.opened, request.opened_to)
    for delivery in request.deliveries:
        for note in delivery.notes:
            yield f"• {phrases.name(request, delivery)}: {wording.note(note)}"
        if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
            yield f"• {phrases.name(request, delivery)}: {wording.failure(delivery.failure)}"


def _about(image: ImageSummary) -> SectionBlock:
    return SectionBlock(
        fields=[
            _field("Image", mrkdwn.escape(image.name), *_ids(image)),
            _field("Made", mrkdwn.when(image.created)),
            _field("Owner", f"{mrkdwn.code(image.owner)} in {mrkdwn.code(image.region)}"),
            _field(
                "What it is",
                f"{mrkdwn.escape(image.platform_details)}, {mrkdwn.escape(image.architecture)}, {image.size_gib} GiB",
                _encryption(image),
            ),
        ]
    )


def _ids(image: ImageSummary) -> list[str]:
    instead = [f"in place of {mrkdwn.code(image.stands_for)}"] if image.stands_for else []
    return [mrkdwn.code(image.image_id), *instead]


def _in_short(image: ImageSummary) -> str:
    return (
        f"• {mrkdwn.code(image.image_id)} {mrkdwn.escape(image.name)}, made {mrkdwn.when(image.created)}, "
        f"{image.size_gib} GiB, {_encryption(image)}"
    )


def _encryption(image: ImageSummary) -> str:
    return "not encrypted" if not image.key_arns else f"encrypted under {mrkdwn.codes(image.key_arns)}"


def _line(key: str, place: Place, text: str) -> Message:
    return _lines(key, place, [text])


def _lines(key: str, place: Place, lines: list[str], pace: Pace = Pace.ONCE) -> Message:
    return _message(key, place, pace, "\n".join(lines), _sections(lines, _ROOM))


def _message(key: str, place: Place, pace: Pace, text: str, blocks: Iterable[Block]) -> Message:
    return Message(key, place, pace, mrkdwn.cut(text, _TEXT), tuple(block.to_dict() for block in blocks))


def _sections(lines: Iterable[str], room: int) -> Iterator[SectionBlock]:
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
        pending.append(f"… and {left_out} more")
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
