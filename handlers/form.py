"""The form behind `/ami-share`: asks for what the command asks for, and arrives with what is known already.

Pure: builds what Slack shows, and reads back what was put in.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    DatePickerElement,
    ExternalDataMultiSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticMultiSelectElement,
)
from slack_sdk.models.views import View

from aws_ops.errors import MalformedId
from aws_ops.ids import ImageId
from aws_ops.plan import Mode
from handlers import mrkdwn, recipients, wording
from handlers.ask import (
    REASON_LIMIT,
    TICKET_LIMIT,
    Ask,
    Images,
    at_odds,
    checked_end,
    last_day,
    not_copied,
    read_date,
    read_image_id,
    read_images,
    read_key,
    read_regions,
    read_targets,
    read_ticket,
    too_many,
)
from handlers.problems import Problem, ProblemKind, problem
from handlers.speech import Speech
from sharing.estate import Estate
from sharing.gallery import Gallery, Picture
from sharing.requests import RequestKind

SHARE = "ami_share_form"
IMAGES, TARGETS = "ami_share_images", "ami_share_targets"

IMAGE = "image"
_TARGETS, _KEYS = "targets", "keys"
_REGIONS, _MODE, _UNTIL, _REASON = "regions", "mode", "until", "reason"
_CHOICES, _KEY, _TICKET = "choices", "key", "ticket"
_AUTO_SCALING = "auto_scaling"
_VALUE = "value"
# A select holds 100 options (docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element).
_OPTIONS = 100
# Characters of an option's text, and of its description (docs.slack.dev/reference/block-kit/composition-objects).
_WORD = 75
_KEY_LENGTH = 256


def share_form(
    say: Speech,
    estate: Estate,
    gallery: Gallery,
    draft: Ask,
    *,
    channel: str,
    now: datetime,
    kind: RequestKind = RequestKind.SHARE,
) -> View:
    """Return the form, holding what `draft` says; it remembers the channel that its answer goes to, and its `kind`."""
    modes = {mode: _named(say, f"form-mode-{mode.value.replace('_', '-')}", mode.value) for mode in Mode}
    regions = {one: Option(text=one, value=one) for one in estate.regions[:_OPTIONS]}
    # More than may be asked for aren't put in at all: the first hundred would pass for the whole.
    targets = draft.targets if len(draft.targets) <= _OPTIONS else ()
    typed = _typed_end(draft, now)
    auto_scaling = [_named(say, "form-auto-scaling", _AUTO_SCALING)]
    return View(
        type="modal",
        callback_id=SHARE,
        private_metadata=json.dumps(
            {"channel": channel, "kind": kind.value, "until": typed.isoformat() if typed else None}
        ),
        title=say("form-title"),
        submit=say("form-submit-preview" if kind is RequestKind.PREVIEW else "form-submit"),
        close=say("form-close"),
        blocks=[
            InputBlock(
                block_id=IMAGE,
                label=say("form-image"),
                hint=say("form-image-hint"),
                element=ExternalDataMultiSelectElement(
                    action_id=IMAGES,
                    placeholder=say("form-image-placeholder"),
                    min_query_length=0,
                    initial_options=[_picked(say, gallery, one, now) for one in draft.image_ids[:_OPTIONS]] or None,
                ),
            ),
            InputBlock(
                block_id=_TARGETS,
                label=say("form-targets"),
                hint=say("form-targets-hint"),
                # So that the keys of what is chosen can be shown at once.
                dispatch_action=True,
                element=ExternalDataMultiSelectElement(
                    action_id=TARGETS,
                    placeholder=say("form-targets-placeholder"),
                    min_query_length=0,
                    initial_options=recipients.picked(say, estate, targets) or None,
                ),
            ),
            *filter(None, [recipients.keys_of(say, estate, targets, _KEYS)]),
            InputBlock(
                block_id=_REGIONS,
                label=say("form-regions"),
                optional=True,
                hint=say("form-regions-hint"),
                element=StaticMultiSelectElement(
                    action_id=_VALUE,
                    placeholder=say("form-regions-placeholder"),
                    options=list(regions.values()),
                    initial_options=[regions[one] for one in draft.regions if one in regions] or None,
                ),
            ),
            InputBlock(
                block_id=_MODE,
                label=say("form-mode"),
                element=RadioButtonsElement(
                    action_id=_VALUE, options=list(modes.values()), initial_option=modes[draft.mode]
                ),
            ),
            InputBlock(
                block_id=_CHOICES,
                label=say("form-choices"),
                optional=True,
                element=CheckboxesElement(
                    action_id=_VALUE,
                    options=auto_scaling,
                    initial_options=auto_scaling if draft.auto_scaling else None,
                ),
            ),
            InputBlock(
                block_id=_UNTIL,
                label=say("form-until"),
                optional=True,
                hint=say("form-until-hint") if typed is None else say("form-until-typed", when=mrkdwn.in_utc(typed)),
                element=DatePickerElement(
                    action_id=_VALUE,
                    placeholder=say("form-until-placeholder"),
                    initial_date=last_day(draft.ends_at).isoformat() if draft.ends_at else None,
                ),
            ),
            InputBlock(
                block_id=_REASON,
                label=say("form-reason"),
                hint=say("form-reason-hint"),
                element=PlainTextInputElement(
                    action_id=_VALUE, multiline=True, max_length=REASON_LIMIT, initial_value=draft.reason or None
                ),
            ),
            InputBlock(
                block_id=_TICKET,
                label=say("form-ticket"),
                optional=True,
                element=PlainTextInputElement(
                    action_id=_VALUE, max_length=TICKET_LIMIT, initial_value=draft.ticket or None
                ),
            ),
            InputBlock(
                block_id=_KEY,
                label=say("form-key"),
                optional=True,
                hint=say("form-key-hint"),
                element=PlainTextInputElement(
                    action_id=_VALUE, placeholder="alias/…", max_length=_KEY_LENGTH, initial_value=draft.key
                ),
            ),
        ],
    )


def read_channel(view: Mapping[str, Any]) -> str:
    """Return the channel that the form's answer goes to; it decides nothing else."""
    return str(json.loads(view["private_metadata"])["channel"])


def read_kind(view: Mapping[str, Any]) -> RequestKind:
    """Return what the form asks for: a share, unless it was opened for a preview, which asks nobody."""
    kind = json.loads(view["private_metadata"]).get("kind")
    return RequestKind.PREVIEW if kind == RequestKind.PREVIEW else RequestKind.SHARE


def with_keys(say: Speech, view: Mapping[str, Any], estate: Estate) -> dict[str, Any] | None:
    """Return the form as it stands, `view`, with the keys of the targets that are chosen now; None if it has these.

    What has been put into it stays, since every field keeps its ids
    (docs.slack.dev/reference/methods/views.update, "Preserving input entry").
    """
    chosen = _chosen(view["state"]["values"], _TARGETS, TARGETS)
    keys = recipients.keys_of(say, estate, read_targets(chosen, estate, []), _KEYS)
    shown = [keys.to_dict()] if keys else []
    before = [block for block in view["blocks"] if block["block_id"] == _KEYS]
    if [_words_of(block) for block in before] == [_words_of(block) for block in shown]:
        return None
    blocks = [block for block in view["blocks"] if block["block_id"] != _KEYS]
    place = 1 + next(number for number, block in enumerate(blocks) if block["block_id"] == _TARGETS)
    parts = ("type", "callback_id", "private_metadata", "title", "submit", "close")
    return {part: view[part] for part in parts} | {"blocks": [*blocks[:place], *shown, *blocks[place:]]}


def _words_of(block: Mapping[str, Any]) -> list[str]:
    return [part["text"] for part in block["elements"]]


def read_share_form(
    say: Speech, view: Mapping[str, Any], estate: Estate, images: Images, now: datetime
) -> Ask | dict[str, str]:
    """Return what the form asks for, or what is wrong with it, by the `block_id` of the field."""
    values = view["state"]["values"]
    fields = (IMAGE, _TARGETS, _REGIONS, _UNTIL, _CHOICES, _REASON, _KEY, _TICKET)
    wrong: dict[str, list[Problem]] = {field: [] for field in fields}
    key, ticket = _typed(values, _KEY), _typed(values, _TICKET)
    ask = Ask(
        image_ids=read_images(_chosen(values, IMAGE, IMAGES), images, wrong[IMAGE]),
        targets=read_targets(_chosen(values, _TARGETS, TARGETS), estate, wrong[_TARGETS]),
        regions=read_regions(_chosen(values, _REGIONS), estate, wrong[_REGIONS]),
        mode=Mode(values[_MODE][_VALUE]["selected_option"]["value"]),
        ends_at=_read_end(view, now, wrong[_UNTIL]),
        reason=_typed(values, _REASON)[:REASON_LIMIT],
        auto_scaling=_AUTO_SCALING in _chosen(values, _CHOICES),
        key=read_key(key, wrong[_KEY]) if key else None,
        ticket=read_ticket(ticket, wrong[_TICKET]) if ticket else "",
    )
    if not ask.image_ids and not wrong[IMAGE]:
        wrong[IMAGE].append(problem(ProblemKind.NO_IMAGE))
    if mrkdwn.is_blank(ask.reason):
        # Slack asks for something to be there, and takes spaces for it.
        wrong[_REASON].append(problem(ProblemKind.NO_REASON))
    for each in too_many(ask):
        wrong[_TARGETS if each.kind is ProblemKind.TOO_MANY_TARGETS else IMAGE].append(each)
    wrong[_TARGETS] += not_copied(ask, estate)
    for each in at_odds(ask):
        wrong[_KEY if each.kind is ProblemKind.KEY_NEEDS_COPY else _CHOICES].append(each)
    errors = {
        field: say("sentence-separator").join(wording.problem(say, each) for each in problems)[:2000]
        for field, problems in wrong.items()
        if problems
    }
    return errors or ask


def _read_end(view: Mapping[str, Any], now: datetime, problems: list[Problem]) -> datetime | None:
    """The end of the day that is picked, or what was typed before, if that is the day of it."""
    day = view["state"]["values"][_UNTIL][_VALUE]["selected_date"]
    if not day:
        return None
    until = json.loads(view["private_metadata"]).get("until")
    typed = datetime.fromisoformat(until) if until else None
    if typed is not None and typed > now and last_day(typed).isoformat() == day:
        return checked_end(typed, now, problems)
    return read_date(day, now, problems)


def _typed_end(draft: Ask, now: datetime) -> datetime | None:
    """The end, if the field can't say it: a day is all that can be picked, and ends at midnight."""
    end = draft.ends_at
    return end if end is not None and end > now and end.astimezone(UTC).time() != time(0) else None


def suggestions(say: Speech, gallery: Gallery, typed: str, now: datetime) -> list[dict[str, Any]]:
    """Return the images that may be meant by `typed`; an id that isn't known, as of a new image, is one of them."""
    found = [_picture(say, one, now) for one in gallery.find(typed, _OPTIONS)]
    try:
        image_id = read_image_id(typed)
    except MalformedId:
        image_id = None
    if image_id is not None and not found:
        found = [_unknown(say, image_id)]
    return [option.to_dict() for option in found]


def _picked(say: Speech, gallery: Gallery, image_id: ImageId, now: datetime) -> Option:
    picture = gallery.get(image_id)
    return _unknown(say, image_id) if picture is None else _picture(say, picture, now)


def _picture(say: Speech, picture: Picture, now: datetime) -> Option:
    about = say(
        "form-picture",
        image=picture.image.image_id,
        days=max(0, (now - picture.image.created).days),
        encrypted="yes" if picture.image.encrypted else "no",
        source=picture.source,
        region=picture.region,
    )
    name = picture.image.name or picture.image.image_id
    return Option(text=name[:_WORD], value=picture.image.image_id, description=about[:_WORD])


def _unknown(say: Speech, image_id: ImageId) -> Option:
    return Option(text=image_id, value=image_id, description=say("form-picture-unknown"))


def _named(say: Speech, name: str, value: str) -> Option:
    return Option(text=say(name), value=value, description=say(f"{name}-description"))


def _chosen(values: Mapping[str, Any], field: str, action: str = _VALUE) -> list[str]:
    return [option["value"] for option in values[field][action]["selected_options"]]


def _typed(values: Mapping[str, Any], field: str) -> str:
    return " ".join((values[field][_VALUE]["value"] or "").split())
