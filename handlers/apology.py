"""Apologies: the answer for an error nobody expected; a reference for the person, the whole story for the log."""

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App, BoltResponse
from slack_sdk import WebClient

from handlers import mrkdwn
from handlers.answers import tell_privately
from handlers.people import person_of
from handlers.speech import Language, speech

_log = logging.getLogger(__name__)


def apologise_on(app: App, channel: str) -> None:
    """Have every listener's unexpected error answered, in `channel` unless it was in another one."""
    app.error(_apology(channel))


def _apology(channel: str) -> Callable[..., BoltResponse]:
    def apologise(error: Exception, body: Mapping[str, Any], client: WebClient) -> BoltResponse:
        reference = secrets.token_hex(4)
        _log.error("unexpected error in a listener, reference %s", reference, exc_info=error)
        # Which language the person reads only Slack could say, and Slack may be what went wrong.
        text = speech(Language.ENGLISH)("unexpected", reference=mrkdwn.code(reference))
        if body.get("command"):
            return BoltResponse(status=200, body=text)
        if (body.get("user") or {}).get("id"):
            tell_privately(client, person_of(body), (body.get("channel") or {}).get("id") or channel, text)
        return BoltResponse(status=200, body="")

    return apologise
