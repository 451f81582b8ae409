"""The plan as people see it: in a message as far as there is room, and whole in a modal of its own. Pure."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

from slack_sdk.models.blocks import Block, HeaderBlock, PlainTextObject, SectionBlock
from slack_sdk.models.views import View

from aws_ops.key_policy import statements_for
from aws_ops.plan import AllowKeyUse, ImageSummary, Plan
from handlers import mrkdwn, phrases, wording
from handlers.layout import field, section, sections
from handlers.speech import Speech
from sharing.requests import Request, RequestKind

_PARAGRAPH = 1000
_ROOM_FOR_CAUTIONS, _ROOM_FOR_IMAGES = 1500, 1000
_IMAGES_IN_FULL = 3
_OLD = timedelta(days=90)
# A modal holds 100 blocks and 250,000 characters in all (docs.slack.dev/reference/views/modal-views).
_WHOLE = 200_000
_BLOCKS = 100
_ROWS = 20


def plan_blocks(
    say: Speech, request: Request, plan: Plan, room: int, environments: Mapping[str, str]
) -> Iterator[Block]:
    """Yield what is asked and why, the images, the warnings and the changes, with `room` characters for these.

    `environments` says which targets are of one, by name.
    """
    yield HeaderBlock(text=PlainTextObject(text=phrases.title(say, request)))
    yield section(mrkdwn.cut(phrases.asks(say, request), _PARAGRAPH))
    if request.reason:
        yield section(mrkdwn.quote(request.reason))
    if request.ticket:
        yield section(say("ticket", ticket=mrkdwn.code(request.ticket)))
    yield from (_about(say, image) for image in plan.images[:_IMAGES_IN_FULL])
    if len(plan.images) > _IMAGES_IN_FULL:
        rest = (phrases.image_in_short(say, image) for image in plan.images[_IMAGES_IN_FULL:])
        yield from sections(say, rest, _ROOM_FOR_IMAGES)
    yield from sections(say, warnings(say, request, plan, environments), _ROOM_FOR_CAUTIONS)
    yield from sections(say, changes(say, request, plan), room)
    if estimate := phrases.estimate(say, request):
        yield section(estimate)


def warnings(say: Speech, request: Request, plan: Plan, environments: Mapping[str, str]) -> list[str]:
    """Return what to know before saying yes, a line each; the age of an image counts from when it is asked for."""
    places: dict[str, list[str]] = {}
    for target in request.targets:
        if target in environments:
            places.setdefault(environments[target], []).append(f"*{mrkdwn.escape(target)}*")
    sensitive = (
        say("environment", targets=wording.row(say, names), environment=mrkdwn.escape(environment))
        for environment, names in places.items()
    )
    old = [image for image in plan.images if request.created_at - image.created >= _OLD]
    aged = (
        say("image-old", image=mrkdwn.code(image.image_id), days=(request.created_at - image.created).days)
        for image in old
        if request.kind in (RequestKind.SHARE, RequestKind.PREVIEW)
    )
    return [
        f":warning: {line}" for line in (*sensitive, *aged, *(wording.caution(say, each) for each in plan.cautions))
    ]


def changes(say: Speech, request: Request, plan: Plan) -> list[str]:
    """Return what will change, in its order, and what need not."""
    numbered = [f"{number}. {wording.change(say, change)}" for number, change in enumerate(plan.changes, 1)]
    reuses = [
        say(
            "plan-reuse",
            account=mrkdwn.code(reuse.account_id),
            copy=mrkdwn.code(reuse.image_id),
            region=mrkdwn.code(reuse.region),
        )
        for reuse in plan.reuses
    ]
    nothing = [] if numbered else [phrases.nothing_changes(say, request)]
    return [say("plan-repairs" if request.kind is RequestKind.AUDIT else "plan-changes"), *numbered, *reuses, *nothing]


def whole_plan(say: Speech, request: Request, environments: Mapping[str, str]) -> View:
    """Return the modal with everything that the plan holds, if there is one, and with how each delivery stands."""
    plan = request.plan
    planned = (
        [
            *(phrases.image_in_short(say, image) for image in plan.images),
            *warnings(say, request, plan, environments),
            *changes(say, request, plan),
            *(line for change in plan.changes if isinstance(change, AllowKeyUse) for line in _policy_gain(say, change)),
        ]
        if plan is not None
        else []
    )
    lines = [
        phrases.asks(say, request),
        *planned,
        *(phrases.progress(say, request, delivery) for delivery in request.deliveries),
    ]
    return View(
        type="modal",
        title=say("details-title"),
        close=say("details-close"),
        blocks=list(sections(say, lines, _WHOLE))[:_BLOCKS],
    )


def _policy_gain(say: Speech, change: AllowKeyUse) -> Iterator[str]:
    """What a key's policy gains, as the lines of a diff; the statements may name others already."""
    yield say("policy-gain", key=mrkdwn.code(change.key_arn))
    text = json.dumps(statements_for(change.users), indent=2, ensure_ascii=False)
    rows = [f"+ {row[2:]}" for row in text.splitlines()[1:-1]]
    for start in range(0, len(rows), _ROWS):
        yield mrkdwn.block(rows[start : start + _ROWS])


def _about(say: Speech, image: ImageSummary) -> SectionBlock:
    return SectionBlock(fields=[field(name, *lines) for name, lines in phrases.about_image(say, image).items()])
