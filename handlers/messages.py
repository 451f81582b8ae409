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

from aws_ops.plan import AddCreateVolumePermission, AddLaunchPermission, AllowKeyUse, ImageSummary, Mode, Plan
from handlers import mrkdwn, wording
from sharing.approval import ApprovalRule
from sharing.requests import Decision, Delivery, Request, Verdict
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
_WORDS = 12
_BAR = 20
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
    if request.plan is None:
        return
    text = f"{_asks(request)} {_standing(request)}"
    yield _message("approval", Place.CHANNEL, Pace.AT_ONCE, text, _approval_blocks(request, request.plan, rule))


def _in_thread(request: Request) -> Iterator[Message]:
    if request.plan is None:
        return
    yield from _decisions(request)
    if request.granted_at is not None:
        yield _line("granted", Place.THREAD, _granted(request.plan))
    if request.granted_at is not None and request.mode is Mode.COPY:
        lines = [_progress(request, delivery) for delivery in request.deliveries]
        pace = Pace.AT_ONCE if is_final(request.state) else Pace.SLOWLY
        yield _lines("progress", Place.THREAD, ["*Copies*", *lines], pace)
    for delivery in request.deliveries:
        where = f"{delivery.source_image_id}:{delivery.target}:{delivery.region}"
        if delivery.attempt > 1:
            yield _line(
                f"again:{where}",
                Place.THREAD,
                f":repeat: The first copy for {_name(request, delivery)} failed, most likely because the key had only "
                "just been opened. I cleaned it up and try once more.",
            )
        if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
            yield _line(
                f"failed:{where}",
                Place.THREAD,
                f":warning: {_name(request, delivery)} failed. {wording.failure(delivery.failure)}",
            )
    if request.state in _ENDS:
        yield _lines(
            "end", Place.THREAD, [f"{mrkdwn.person(request.requester.user_id)} {_end(request)}", *_result(request)]
        )


def _decisions(request: Request) -> Iterator[Message]:
    """What was decided, and that it had to be decided anew, in the order in which it happened."""
    again = request.replanned_at
    told = [_line(f"decision:{number}", Place.THREAD, _decided(each)) for number, each in enumerate(request.decisions)]
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
    if request.plan is not None:
        yield _line(
            "asked",
            Place.DIRECT,
            f":hourglass_flowing_sand: Your request {mrkdwn.code(request.id)} to share "
            f"{_images(request)} with {_targets(request)} waits for approval in "
            f"{mrkdwn.channel(approvals_channel)}.",
        )
    if request.state in _ENDS or request.state in (RequestState.DENIED, RequestState.EXPIRED):
        yield _lines(f"told:{request.state.value}", Place.DIRECT, [_end(request), *_result(request)])


_ENDS = frozenset({RequestState.COMPLETED, RequestState.FAILED, RequestState.REFUSED})


def _approval_blocks(request: Request, plan: Plan, rule: ApprovalRule) -> Iterator[Block]:
    yield HeaderBlock(text=PlainTextObject(text=_title(request)))
    yield _section(mrkdwn.cut(_asks(request), _PARAGRAPH))
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
    yield from _sections(["*What will change, in this order*", *changes, *reuses], _ROOM_FOR_CHANGES)
    if request.state is RequestState.AWAITING_APPROVAL:
        approvers = mrkdwn.people(rule.users - {request.requester.user_id}, rule.groups)
        yield _section(f"To be decided by {approvers}." if approvers else ":warning: Nobody else may decide on this.")
        yield _buttons(request)
    yield ContextBlock(elements=[_md(f"{mrkdwn.code(request.id)} · {_standing(request)}")])


def _buttons(request: Request) -> ActionsBlock:
    targets = ", ".join(request.targets)
    verb = "copied to" if request.mode is Mode.COPY else "shared with"
    return ActionsBlock(
        # A new id with each plan: Slack keeps what it knows of a block under its id.
        block_id=f"decide:{request.id}:{request.revision}",
        elements=[
            ButtonElement(
                text="Approve",
                action_id=APPROVE,
                value=approval_value(request),
                style="primary",
                accessibility_label=f"Approve request {request.id}",
                confirm=ConfirmObject(
                    title="Approve this share?",
                    text=PlainTextObject(
                        text=_cut_plain(f"{', '.join(request.image_ids)} will be {verb}: {targets}.", 300)
                    ),
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


def _title(request: Request) -> str:
    return {
        RequestState.AWAITING_APPROVAL: "AMI share: approval needed",
        RequestState.APPROVED: "AMI share: approved",
        RequestState.APPLYING: "AMI share: being applied",
        RequestState.COPYING: "AMI share: copies under way"
        if request.mode is Mode.COPY
        else "AMI share: being applied",
        RequestState.COMPLETED: "AMI share: completed",
        RequestState.DENIED: "AMI share: denied",
        RequestState.EXPIRED: "AMI share: expired",
        RequestState.REFUSED: "AMI share: no longer possible",
        RequestState.FAILED: "AMI share: failed",
    }[request.state]


def _asks(request: Request) -> str:
    how = (
        "as encrypted copies of their own"
        if request.mode is Mode.COPY
        else "to be launched from the original, with no copy"
    )
    return (
        f"{mrkdwn.person(request.requester.user_id)} asks to share {_images(request)} with {_targets(request)}, {how}."
    )


def _images(request: Request) -> str:
    return _some(list(map(mrkdwn.code, request.image_ids)))


def _targets(request: Request) -> str:
    names = _some([f"*{mrkdwn.escape(name)}*" for name in request.targets])
    return f"{names} in {_some(list(map(mrkdwn.code, request.regions)))}" if request.regions else names


def _some(words: list[str]) -> str:
    """The words in a sentence; of too many, the first ones and how many more there are."""
    if len(words) <= _WORDS:
        return ", ".join(words)
    return f"{', '.join(words[: _WORDS - 1])} and {len(words) - _WORDS + 1} more"


def _standing(request: Request) -> str:
    match request.state:
        case RequestState.AWAITING_APPROVAL if request.expires_at is not None:
            return f"Waiting for a decision; expires {mrkdwn.when(request.expires_at)}."
        case RequestState.EXPIRED:
            return ":hourglass: Nobody decided in time."
        case _ if request.decisions:
            return _decided(request.decisions[-1])
        case state:
            return f"Now {state.value.replace('_', ' ')}."


def _decided(decision: Decision) -> str:
    sign, verb = (
        (":white_check_mark:", "Approved") if decision.verdict is Verdict.APPROVED else (":no_entry:", "Denied")
    )
    line = f"{sign} {verb} by {mrkdwn.person(decision.person.user_id)}, {mrkdwn.when(decision.at)}."
    return f"{line}\n{mrkdwn.quote(decision.reason)}" if decision.reason else line


def _granted(plan: Plan) -> str:
    done = []
    keys = sum(isinstance(change, AllowKeyUse) for change in plan.changes)
    snapshots = sum(isinstance(change, AddCreateVolumePermission) for change in plan.changes)
    if keys:
        done.append(f"key policy of {_count(keys, 'key')} opened")
    if snapshots:
        done.append(f"`createVolumePermission` given on {_count(snapshots, 'snapshot')}")
    if any(isinstance(change, AddLaunchPermission) for change in plan.changes):
        done.append("`launchPermission` given")
    return f":key: Permissions are in place and read back: {'; '.join(done) or 'nothing was missing'}."


def _progress(request: Request, delivery: Delivery) -> str:
    name = _name(request, delivery)
    match delivery.state:
        case DeliveryState.COMPLETED if delivery.reused:
            return f":white_check_mark: {name}: had {_image(delivery)} already"
        case DeliveryState.COMPLETED:
            return f":white_check_mark: {name}: {_image(delivery)} is ready, and encrypted as intended"
        case DeliveryState.FAILED:
            return f":x: {name}: failed"
        case DeliveryState.CLEARING:
            return f":x: {name}: the copy failed and is being cleared away"
        case DeliveryState.WAITING:
            return f":hourglass_flowing_sand: {name}: waiting to start"
        case DeliveryState.COPYING if delivery.percent is None:
            return f":arrows_counterclockwise: {name}: {_image(delivery)} started"
        case DeliveryState.COPYING:
            percent = delivery.percent or 0
            bar = "█" * (percent * _BAR // 100) + "░" * (_BAR - percent * _BAR // 100)
            return f":arrows_counterclockwise: {name}: {_image(delivery)} `{bar}` {percent} %"


def _end(request: Request) -> str:
    what = f"{mrkdwn.code(request.id)}, {_images(request)}"
    failed = sum(delivery.state is DeliveryState.FAILED for delivery in request.deliveries)
    match request.state:
        case RequestState.COMPLETED if failed:
            return (
                f":warning: Your share ({what}) is done for {len(request.deliveries) - failed} of "
                f"{_count(len(request.deliveries), _kind_of_delivery(request))}; the rest failed."
            )
        case RequestState.COMPLETED:
            return f":white_check_mark: Your share ({what}) is complete. Ready to use:"
        case RequestState.FAILED:
            return f":x: Your share ({what}) failed."
        case RequestState.REFUSED:
            return f":no_entry: I can't share {_images(request)} with {_targets(request)} ({mrkdwn.code(request.id)}):"
        case RequestState.DENIED:
            return f":no_entry: Your share ({what}) was denied."
        case _:
            return f":hourglass: Your share ({what}) expired: nobody decided in time. Ask again if it is still needed."


def _result(request: Request) -> Iterator[str]:
    """The end in detail: what is wrong, or the images, ready to paste."""
    for refusal in request.refusals:
        yield f"• {wording.refusal(refusal)}"
    if request.failure is not None:
        yield f"• {wording.failure(request.failure)}"
    if request.state is RequestState.DENIED:
        yield from (_decided(decision) for decision in request.decisions[-1:])
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
    for delivery in request.deliveries:
        if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
            yield f"• {_name(request, delivery)}: {wording.failure(delivery.failure)}"


def _name(request: Request, delivery: Delivery) -> str:
    place = f"{mrkdwn.code(delivery.account_id)}, {mrkdwn.code(delivery.region)}"
    which = f" {mrkdwn.code(delivery.source_image_id)}" if len(request.image_ids) > 1 else ""
    return f"*{mrkdwn.escape(delivery.target)}* ({place}){which}"


def _image(delivery: Delivery) -> str:
    return mrkdwn.code(delivery.image_id or "")


def _about(image: ImageSummary) -> SectionBlock:
    return SectionBlock(
        fields=[
            _field("Image", mrkdwn.escape(image.name), mrkdwn.code(image.image_id)),
            _field("Made", mrkdwn.when(image.created)),
            _field("Owner", f"{mrkdwn.code(image.owner)} in {mrkdwn.code(image.region)}"),
            _field(
                "What it is",
                f"{mrkdwn.escape(image.platform_details)}, {mrkdwn.escape(image.architecture)}, {image.size_gib} GiB",
                _encryption(image),
            ),
        ]
    )


def _in_short(image: ImageSummary) -> str:
    return (
        f"• {mrkdwn.code(image.image_id)} {mrkdwn.escape(image.name)}, made {mrkdwn.when(image.created)}, "
        f"{image.size_gib} GiB, {_encryption(image)}"
    )


def _encryption(image: ImageSummary) -> str:
    return "not encrypted" if not image.key_arns else f"encrypted under {mrkdwn.codes(image.key_arns)}"


def _kind_of_delivery(request: Request) -> str:
    """What there is one of for each delivery, as people would count them."""
    accounts = {delivery.account_id for delivery in request.deliveries}
    return "account" if len(accounts) == len(request.deliveries) else "delivery"


def _count(number: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun != "key" else f"{noun}s"
    return f"{number} {noun}" if number == 1 else f"{number} {plural}"


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
