"""Forms of those who decide: why a request is denied, and which targets are to stay.

Pure. What a form is about comes back as it was given, but is the client's word all the same: the store decides what it
is worth.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticMultiSelectElement,
)
from slack_sdk.models.views import View

from handlers import mrkdwn
from handlers.ask import REASON_LIMIT
from handlers.speech import Speech
from sharing.approval import Ballot
from sharing.requests import RequestId

DENIAL = "ami_share_denial"
NARROWING = "ami_share_narrowing"
KEEP = "keep"
REASON, _VALUE = "reason", "value"
# A select holds 100 options (docs.slack.dev/reference/block-kit/block-elements/multi-select-menu-element), and a
# request no more targets.
_OPTIONS = 100


def denial_form(say: Speech, ballot: Ballot, channel: str) -> View:
    """Return the form that asks why a request is denied."""
    return View(
        type="modal",
        callback_id=DENIAL,
        private_metadata=_about(ballot, channel),
        title=say("denial-title"),
        submit=say("denial-submit"),
        close=say("form-close"),
        blocks=[
            SectionBlock(
                text=MarkdownTextObject(text=say("denial-read-by-requester", request=mrkdwn.code(ballot.request_id)))
            ),
            InputBlock(
                block_id=REASON,
                label=say("form-reason"),
                element=PlainTextInputElement(action_id=_VALUE, multiline=True, max_length=REASON_LIMIT),
            ),
        ],
    )


def read_denial_form(view: Mapping[str, Any]) -> tuple[Ballot, str, str]:
    """Return what is denied, in which channel it was clicked, and why it is denied."""
    reason = view["state"]["values"][REASON][_VALUE]["value"] or ""
    return *_read_about(view), " ".join(reason.split())[:REASON_LIMIT]


def narrow_form(say: Speech, ballot: Ballot, channel: str, targets: Iterable[str]) -> View:
    """Return the form that asks which of `targets` are to stay."""
    options = [Option(text=target[:75], value=target) for target in targets][:_OPTIONS]
    return View(
        type="modal",
        callback_id=NARROWING,
        private_metadata=_about(ballot, channel),
        title=say("narrow-title"),
        submit=say("narrow-submit"),
        close=say("form-close"),
        blocks=[
            SectionBlock(
                text=MarkdownTextObject(text=say("narrow-what", request=mrkdwn.code(ballot.request_id)), verbatim=True)
            ),
            InputBlock(
                block_id=KEEP,
                label=say("narrow-keep"),
                optional=True,
                element=StaticMultiSelectElement(
                    action_id=_VALUE, placeholder=say("narrow-choose"), options=options, initial_options=options
                ),
            ),
        ],
    )


def read_narrow_form(view: Mapping[str, Any]) -> tuple[Ballot, str, list[str]]:
    """Return what is narrowed, in which channel it was clicked, and which targets are to stay."""
    chosen = view["state"]["values"][KEEP][_VALUE]["selected_options"]
    return *_read_about(view), [option["value"] for option in chosen]


def _about(ballot: Ballot, channel: str) -> str:
    about = {"request": ballot.request_id, "plan_digest": ballot.plan_digest, "rule": ballot.rule}
    return json.dumps(about | {"channel": channel})


def _read_about(view: Mapping[str, Any]) -> tuple[Ballot, str]:
    about = json.loads(view["private_metadata"])
    return Ballot(RequestId(about["request"]), about["plan_digest"], about["rule"]), about["channel"]
