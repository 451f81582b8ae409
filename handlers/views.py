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
from handlers import mrkdwn
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
from sharing.estate import Estate

SHARE = "ami_share_form"

IMAGE = "image"
_TARGETS, _REGIONS, _MODE, _UNTIL, _REASON = "targets", "regions", "mode", "until", "reason"
_CHOICES = "choices"
_AUTO_SCALING = "auto_scaling"
_VALUE = "value"
# A select holds 100 options (docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element).
_OPTIONS = 100


def share_form(estate: Estate, channel: str) -> View:
    """Return the form that asks for what the command asks for; it remembers the channel it was opened in."""
    targets = [
        Option(text=target.name[:75], value=target.name, description=f"account {target.role.account_id}")
        for target in estate.targets
    ] + [
        Option(text=one.name[:75], value=one.name, description=f"{one.arn.split('/')[-1]}: share only"[:75])
        for one in estate.organizations
    ]
    regions = [Option(text=region, value=region) for region in estate.regions[:_OPTIONS]]
    copy = Option(
        text="Encrypted copy (recommended)",
        value=Mode.COPY.value,
        description="The target gets an image of its own, under its own key",
    )
    hand_over = Option(
        text="Encrypted copy, then unshare",
        value=Mode.COPY_THEN_UNSHARE.value,
        description="As above, and the source's permissions go once the copies are done",
    )
    share = Option(
        text="Share only",
        value=Mode.SHARE.value,
        description="The target launches from the original; nothing is copied",
    )
    auto_scaling = Option(
        text="Auto Scaling may launch from it",
        value=_AUTO_SCALING,
        description="The target's service-linked role gets a grant on an encrypted image's keys",
    )
    return View(
        type="modal",
        callback_id=SHARE,
        private_metadata=channel,
        title="Share an AMI",
        submit="Ask for approval",
        close="Cancel",
        blocks=[
            InputBlock(
                block_id=IMAGE,
                label="Image",
                hint="The id of an image that one of our source accounts owns, or several with commas between them",
                element=PlainTextInputElement(action_id=_VALUE, placeholder="ami-0123456789abcdef0", max_length=1200),
            ),
            InputBlock(
                block_id=_TARGETS,
                label="Share with",
                element=StaticMultiSelectElement(
                    action_id=_VALUE, placeholder="Choose accounts", options=targets[:_OPTIONS]
                ),
            ),
            InputBlock(
                block_id=_REGIONS,
                label="In regions",
                optional=True,
                hint="Only for copies to other regions; left empty, it is the image's own",
                element=StaticMultiSelectElement(action_id=_VALUE, placeholder="Choose regions", options=regions),
            ),
            InputBlock(
                block_id=_MODE,
                label="How",
                element=RadioButtonsElement(action_id=_VALUE, options=[copy, hand_over, share], initial_option=copy),
            ),
            InputBlock(
                block_id=_CHOICES,
                label="With “Share only”",
                optional=True,
                element=CheckboxesElement(action_id=_VALUE, options=[auto_scaling]),
            ),
            InputBlock(
                block_id=_UNTIL,
                label="Until",
                optional=True,
                hint="At the end of this day (UTC) the permissions are taken back; copies stay",
                element=DatePickerElement(action_id=_VALUE, placeholder="Choose a day"),
            ),
            InputBlock(
                block_id=_REASON,
                label="Reason",
                optional=True,
                hint="The approvers read it",
                element=PlainTextInputElement(action_id=_VALUE, multiline=True, max_length=REASON_LIMIT),
            ),
        ],
    )


def read_share_form(values: Mapping[str, Any], estate: Estate, now: datetime) -> Ask | dict[str, str]:
    """Return what the form asks for, or what is wrong with it, by the `block_id` of the field."""
    wrong: dict[str, list[str]] = {IMAGE: [], _TARGETS: [], _REGIONS: [], _UNTIL: [], _CHOICES: []}
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
        wrong[IMAGE].append("Name at least one image, like ami-0123456789abcdef0.")
    wrong[IMAGE] += too_many(ask)
    wrong[_TARGETS] += not_copied(ask, estate)
    wrong[_CHOICES] += at_odds(ask)
    errors = {field: " ".join(problems)[:2000] for field, problems in wrong.items() if problems}
    return errors or ask


def _chosen(values: Mapping[str, Any], field: str) -> list[str]:
    return [option["value"] for option in values[field][_VALUE]["selected_options"]]


def help_text(command: str, estate: Estate) -> str:
    """Return what the command can do, with an example that works here."""
    names = ", ".join(mrkdwn.code(target.name) for target in estate.targets[:_OPTIONS])
    organizations = ", ".join(mrkdwn.code(one.name) for one in estate.organizations[:_OPTIONS])
    share = f"{command} ami-0123456789abcdef0 to {estate.targets[0].name}"
    lines = [
        "*Share an AMI with other accounts*",
        mrkdwn.code(f"{command} IMAGE, … to ACCOUNT, … [in REGION, …] [until DATE] [no copy] [reason …]"),
        f"• {mrkdwn.code(f'{share} reason release 42')}: each account gets an encrypted copy of its own, once approved",
        f"• {mrkdwn.code(f'{share} in {estate.regions[0]}')}: the copies are made in that region, or in several",
        f"• {mrkdwn.code(f'{share} no copy')}: each account may launch the original; nothing is copied",
        f"• {mrkdwn.code(f'{share} no copy with auto scaling')}: its Auto Scaling may launch an encrypted one as well",
        f"• {mrkdwn.code(f'{share} then unshare')}: once the copies are done, the source's permissions are taken back",
        f"• {mrkdwn.code(f'{share} for 30d')} or {mrkdwn.code('until 2026-12-31')}: taken back at the end of that time",
        f"• {mrkdwn.code(f'{command} revoke R-7K2M9QXA [and deregister the copies]')}: takes it back, once approved",
        f"• {mrkdwn.code(f'{command} audit')}: compares AWS with what was approved, and offers to put it right",
        f"• {mrkdwn.code(f'{command} audit R-7K2M9QXA')} or {mrkdwn.code('audit ami-…')}: looks at that alone",
        f"• {mrkdwn.code(f'{command} retire')}: shows the copies that are beyond what is kept, to be deregistered",
        f"• {mrkdwn.code(command)} alone opens a form",
        f"Accounts: {names}",
        *([f"Organizations ({mrkdwn.code('no copy')} alone): {organizations}"] if organizations else []),
        f"Regions: {', '.join(mrkdwn.code(region) for region in estate.regions)}",
    ]
    return "\n".join(lines)
