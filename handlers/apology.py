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
from handlers.speech import in_every_language

_log = logging.getLogger(__name__)


def apologise_on(app: App, channel: str) -> None:
    """Have every listener's unexpected error answered, in `channel` unless it was in another one."""
    app.error(_apology(channel))


def _apology(channel: str) -> Callable[..., BoltResponse | None]:
    def apologise(
        error: Exception, body: Mapping[str, Any], client: WebClient, response: BoltResponse | None
    ) -> BoltResponse | None:
        if response is not None:
            # Bolt takes what is there once its time for an answer is over, and a 500 is what it has put there.
            response.status = 200
        reference = secrets.token_hex(4)
        _log.error("unexpected error in a listener, reference %s", reference, exc_info=error)
        # Which language the person reads only Slack could say, and Slack may be what went wrong.
        text = in_every_language("unexpected", reference=mrkdwn.code(reference))
        if response is not None and body.get("command"):
            return BoltResponse(status=200, body=text)
        try:
            person, where = person_of(body), (body.get("channel") or {}).get("id") or channel
        except (AttributeError, KeyError, TypeError):
            _log.warning("there is nobody to be told of %s: the request names nobody", reference)
        else:
            tell_privately(client, person, where, text)
        # Without a response here, the listener has acknowledged already, and Bolt takes no other.
        return response

    return apologise
