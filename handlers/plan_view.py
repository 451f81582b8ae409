"""The plan as people see it: in a message as far as there is room, and whole in a modal of its own. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from slack_sdk.models.blocks import Block, HeaderBlock, PlainTextObject, SectionBlock
from slack_sdk.models.views import View

from aws_ops.plan import ImageSummary, Plan, ReuseCopy
from handlers import changes, layout, mrkdwn, phrases, results
from handlers.layout import ALL, field, joined, section, sections, size
from handlers.policy_view import policy_diffs
from handlers.speech import Speech
from handlers.warnings import warnings
from sharing.requests import Delivery, Request, RequestKind
from sharing.rules import ApprovalRules

_PARAGRAPH, _SENTENCE = 1000, 300
_ROOM_FOR_IMAGES, _ROOM_FOR_WARNINGS, _ROOM_FOR_CHANGES, _ROOM_FOR_REUSES = 1000, 3500, 4000, 200
_IMAGES_IN_FULL = 3
# Before the changes get any: one line for each kind of them, cut if need be.
_LEAST_FOR_CHANGES = 900
_NUMBER = len("100. ")
# A modal holds 100 blocks and 250,000 bytes of JSON in all (docs.slack.dev/reference/views/modal-views).
_WHOLE = 140_000
_BLOCKS = 100


def plan_blocks(say: Speech, request: Request, plan: Plan, room: int, rules: ApprovalRules) -> Iterator[Block]:
    """Yield what is asked and why, the images, the warnings and the changes, of `room` characters in all.

    Something of each kind of warning and of change is there.
    """
    head, estimate = list(_head(say, request, plan)), phrases.estimate(say, request)
    room -= size(head) + len(estimate)
    warned = warnings(say, request, plan, rules, min(_ROOM_FOR_WARNINGS, room - _LEAST_FOR_CHANGES))
    room -= sum(len(line) + 1 for line in warned)
    yield from head
    yield from sections(say, warned, _ROOM_FOR_WARNINGS)
    yield from sections(say, changes_in(say, request, plan, min(_ROOM_FOR_CHANGES, room)), _ROOM_FOR_CHANGES)
    if estimate:
        yield section(estimate)


def in_words(say: Speech, request: Request, plan: Plan, rules: ApprovalRules, room: int) -> list[str]:
    """Return what `plan_blocks` shows as lines of about `room` characters in all, for where blocks aren't seen."""
    ticket = [say("ticket", ticket=mrkdwn.code(request.ticket))] if request.ticket else []
    reason = [mrkdwn.cut(mrkdwn.quote(request.reason), _SENTENCE)] if request.reason else []
    images = [phrases.image_in_short(say, image, request.created_at) for image in plan.images]
    head = [
        phrases.title(say, request),
        mrkdwn.cut(phrases.asks(say, request), 2 * _SENTENCE),
        *reason,
        *ticket,
        *filter(None, [joined(say, images, _SENTENCE)]),
    ]
    estimate = [phrases.estimate(say, request)] if phrases.estimate(say, request) else []
    room -= sum(len(line) + 1 for line in (*head, *estimate))
    warned = warnings(say, request, plan, rules, room // 2)
    room -= sum(len(line) + 1 for line in warned)
    return [*head, *warned, *changes_in(say, request, plan, room), *estimate]


def _head(say: Speech, request: Request, plan: Plan) -> Iterator[Block]:
    yield HeaderBlock(text=PlainTextObject(text=phrases.title(say, request)))
    yield section(mrkdwn.cut(phrases.asks(say, request), _PARAGRAPH))
    if request.reason:
        yield section(mrkdwn.quote(request.reason))
    if request.ticket:
        yield section(say("ticket", ticket=mrkdwn.code(request.ticket)))
    yield from (_about(say, image, request.created_at) for image in plan.images[:_IMAGES_IN_FULL])
    if len(plan.images) > _IMAGES_IN_FULL:
        rest = (phrases.image_in_short(say, image, request.created_at) for image in plan.images[_IMAGES_IN_FULL:])
        yield from sections(say, rest, _ROOM_FOR_IMAGES)


def changes_in(say: Speech, request: Request, plan: Plan, room: int) -> list[str]:
    """Return what will change in lines of `room` characters in all: of very many, those of a kind in one line."""
    if (whole := _if_all_fit(every_change(say, request, plan), room)) is not None:
        return whole
    title = _title(say, request)
    last = say("plan-in-short", count=len(plan.changes))
    kinds = changes.of_each_kind(say, plan.changes)
    reuses = [[partial(_reuse, say, one) for one in plan.reuses]] if plan.reuses else []
    reused = layout.of_each_kind(say, reuses, _ROOM_FOR_REUSES)
    room -= sum(len(line) + 1 for line in (title, last, *reused)) + _NUMBER * sum(map(len, kinds))
    return [title, *_numbered(layout.of_each_kind(say, kinds, room)), *reused, *_nothing(say, request, plan), last]


def _if_all_fit(lines: Iterable[str], room: int) -> list[str] | None:
    """The lines, unless they take more than `room` characters; of very many the rest need not be made."""
    fitting: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return None
        fitting.append(line)
    return fitting


def every_change(say: Speech, request: Request, plan: Plan) -> Iterator[str]:
    """Yield what will change, in its order, and what need not."""
    looked = request.kind in (RequestKind.AUDIT, RequestKind.RETIRE)
    if plan.changes or not looked:
        yield _title(say, request)
    yield from _numbered(changes.change(say, one) for one in plan.changes)
    yield from (_reuse(say, one) for one in plan.reuses)
    yield from _nothing(say, request, plan)


def _title(say: Speech, request: Request) -> str:
    return say("plan-repairs" if request.kind is RequestKind.AUDIT else "plan-changes")


def _nothing(say: Speech, request: Request, plan: Plan) -> list[str]:
    return [] if plan.changes else [phrases.nothing_changes(say, request)]


def _numbered(lines: Iterable[str]) -> Iterator[str]:
    return (f"{number}. {line}" for number, line in enumerate(lines, 1))


def _reuse(say: Speech, reuse: ReuseCopy, _in_a_list: int = ALL) -> str:
    account, region = mrkdwn.code(reuse.account_id), mrkdwn.code(reuse.region)
    return say("plan-reuse", account=account, copy=mrkdwn.code(reuse.image_id), region=region)


def whole_plan(say: Speech, request: Request, rules: ApprovalRules) -> View:
    """Return the modal with everything that the plan holds, if there is one, and with how each delivery stands.

    As far as a modal goes: what is beyond that is counted.
    """
    plan = request.plan
    planned = (
        [
            *(phrases.image_in_short(say, image, request.created_at) for image in plan.images),
            *warnings(say, request, plan, rules),
            *every_change(say, request, plan),
            *policy_diffs(say, plan),
        ]
        if plan is not None
        else []
    )
    lines = [
        phrases.asks(say, request),
        *results.why_not(say, request),
        *planned,
        *(line for one in request.deliveries for line in _delivery(say, request, one)),
    ]
    return View(
        type="modal",
        title=say("details-title"),
        close=say("details-close"),
        blocks=list(layout.fit(lines, _WHOLE, _BLOCKS - 1).sections(say)),
    )


def _delivery(say: Speech, request: Request, delivery: Delivery) -> Iterator[str]:
    yield phrases.progress(say, request, delivery)
    yield from results.of_delivery(say, request, delivery)


def _about(say: Speech, image: ImageSummary, at: datetime) -> SectionBlock:
    return SectionBlock(fields=[field(name, *lines) for name, lines in phrases.about_image(say, image, at).items()])
