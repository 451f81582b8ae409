"""Views: the form behind `/ami-share`, and the help.

Pure: builds what Slack shows, and reads back what was put in.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticMultiSelectElement,
)
from slack_sdk.models.views import View

from aws_ops.plan import Mode
from handlers import mrkdwn, wording
from handlers.command import (
    REASON_LIMIT,
    Ask,
    at_odds,
    not_copied,
    read_date,
    read_images,
    read_regions,
    read_targets,
    too_many,
)
from handlers.problems import Problem, ProblemKind, problem
from handlers.speech import Speech
from sharing.estate import Estate

SHARE = "ami_share_form"

IMAGE = "image"
_TARGETS, _REGIONS, _MODE, _UNTIL, _REASON = "targets", "regions", "mode", "until", "reason"
_CHOICES = "choices"
_AUTO_SCALING = "auto_scaling"
_VALUE = "value"
# A select holds 100 options (docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element).
_OPTIONS = 100
# Characters of an option's text, and of its description (docs.slack.dev/reference/block-kit/composition-objects).
_WORD = 75


def share_form(say: Speech, estate: Estate, channel: str) -> View:
    """Return the form that asks for what the command asks for; it remembers the channel it was opened in."""
    targets = [
        Option(
            text=target.name[:_WORD],
            value=target.name,
            description=say("form-target-account", account=target.role.account_id)[:_WORD],
        )
        for target in estate.targets
    ] + [
        Option(
            text=one.name[:_WORD],
            value=one.name,
            description=say("form-target-organization", organization=one.arn.split("/")[-1])[:_WORD],
        )
        for one in estate.organizations
    ]
    regions = [Option(text=region, value=region) for region in estate.regions[:_OPTIONS]]
    modes = {mode: _option(say, f"form-mode-{mode.value.replace('_', '-')}", mode.value) for mode in Mode}
    return View(
        type="modal",
        callback_id=SHARE,
        private_metadata=channel,
        title=say("form-title"),
        submit=say("form-submit"),
        close=say("form-close"),
        blocks=[
            InputBlock(
                block_id=IMAGE,
                label=say("form-image"),
                hint=say("form-image-hint"),
                element=PlainTextInputElement(action_id=_VALUE, placeholder="ami-0123456789abcdef0", max_length=1200),
            ),
            InputBlock(
                block_id=_TARGETS,
                label=say("form-targets"),
                element=StaticMultiSelectElement(
                    action_id=_VALUE, placeholder=say("form-targets-placeholder"), options=targets[:_OPTIONS]
                ),
            ),
            InputBlock(
                block_id=_REGIONS,
                label=say("form-regions"),
                optional=True,
                hint=say("form-regions-hint"),
                element=StaticMultiSelectElement(
                    action_id=_VALUE, placeholder=say("form-regions-placeholder"), options=regions
                ),
            ),
            InputBlock(
                block_id=_MODE,
                label=say("form-mode"),
                element=RadioButtonsElement(
                    action_id=_VALUE, options=list(modes.values()), initial_option=modes[Mode.COPY]
                ),
            ),
            InputBlock(
                block_id=_CHOICES,
                label=say("form-choices"),
                optional=True,
                element=CheckboxesElement(action_id=_VALUE, options=[_option(say, "form-auto-scaling", _AUTO_SCALING)]),
            ),
            InputBlock(
                block_id=_UNTIL,
                label=say("form-until"),
                optional=True,
                hint=say("form-until-hint"),
                element=DatePickerElement(action_id=_VALUE, placeholder=say("form-until-placeholder")),
            ),
            InputBlock(
                block_id=_REASON,
                label=say("form-reason"),
                optional=True,
                hint=say("form-reason-hint"),
                element=PlainTextInputElement(action_id=_VALUE, multiline=True, max_length=REASON_LIMIT),
            ),
        ],
    )


def _option(say: Speech, name: str, value: str) -> Option:
    return Option(text=say(name), value=value, description=say(f"{name}-description"))


def read_share_form(say: Speech, values: Mapping[str, Any], estate: Estate, now: datetime) -> Ask | dict[str, str]:
    """Return what the form asks for, or what is wrong with it, by the `block_id` of the field."""
    wrong: dict[str, list[Problem]] = {IMAGE: [], _TARGETS: [], _REGIONS: [], _UNTIL: [], _CHOICES: []}
    until = values[_UNTIL][_VALUE]["selected_date"]
    typed = values[IMAGE][_VALUE]["value"] or ""
    ask = Ask(
        image_ids=read_images(typed, wrong[IMAGE]),
        targets=read_targets(_chosen(values, _TARGETS), estate, wrong[_TARGETS]),
        regions=read_regions(_chosen(values, _REGIONS), estate, wrong[_REGIONS]),
        mode=Mode(values[_MODE][_VALUE]["selected_option"]["value"]),
        ends_at=read_date(until, now, wrong[_UNTIL]) if until else None,
        reason=" ".join((values[_REASON][_VALUE]["value"] or "").split())[:REASON_LIMIT],
        auto_scaling=_AUTO_SCALING in _chosen(values, _CHOICES),
    )
    if not ask.image_ids and not wrong[IMAGE]:
        wrong[IMAGE].append(problem(ProblemKind.NO_IMAGE))
    wrong[IMAGE] += too_many(ask)
    wrong[_TARGETS] += not_copied(ask, estate)
    wrong[_CHOICES] += at_odds(ask)
    errors = {
        field: " ".join(wording.problem(say, each) for each in problems)[:2000]
        for field, problems in wrong.items()
        if problems
    }
    return errors or ask


def _chosen(values: Mapping[str, Any], field: str) -> list[str]:
    return [option["value"] for option in values[field][_VALUE]["selected_options"]]


def help_text(say: Speech, command: str, estate: Estate) -> str:
    """Return what the command can do, with examples that work here."""
    share = f"{command} ami-0123456789abcdef0 to {estate.targets[0].name}"
    usages = {
        "copy": f"{share} reason release 42",
        "regions": f"{share} in {estate.regions[0]}",
        "no-copy": f"{share} no copy",
        "auto-scaling": f"{share} no copy with auto scaling",
        "then-unshare": f"{share} then unshare",
        "end": f"{share} for 30d",
        "revoke": f"{command} revoke R-7K2M9QXA [and deregister the copies]",
        "audit": f"{command} audit",
        "audit-one": f"{command} audit R-7K2M9QXA",
        "retire": f"{command} retire",
        "form": command,
    }
    syntax = f"{command} IMAGE, … to ACCOUNT, … [in REGION, …] [until DATE] [no copy] [reason …]"
    organizations = wording.row(say, (mrkdwn.code(one.name) for one in estate.organizations[:_OPTIONS]))
    lines = [
        say("help-title"),
        mrkdwn.code(syntax),
        *(f"• {say(f'help-{name}', usage=mrkdwn.code(usage))}" for name, usage in usages.items()),
        say("help-accounts", names=wording.row(say, (mrkdwn.code(one.name) for one in estate.targets[:_OPTIONS]))),
        *([say("help-organizations", names=organizations)] if organizations else []),
        say("help-places", names=wording.row(say, map(mrkdwn.code, estate.regions))),
    ]
    return "\n".join(lines)
