"""The HTTP entrance: Bolt's WSGI adapter, behind what Bolt itself would stumble over."""

import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier

from sharing.clock import Clock

LONGEST_BODY = 2_000_000
"""Bytes. A view holds 250,000 characters (docs.slack.dev/reference/views), and more once they are urlencoded."""

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Of a time or a length; a number of thousands of digits is one that Python won't read.
_DIGITS = 20
_BETWEEN_WARNINGS = timedelta(minutes=1)

_log = logging.getLogger(__name__)


@dataclass
class _Refusals:
    """Counts the requests that Slack didn't sign, and warns of them once a minute: anybody may send thousands."""

    clock: Clock
    count: Callable[[], None]
    _warned_at: datetime | None = None

    def add(self) -> None:
        self.count()
        now = self.clock()
        if self._warned_at is None or now - self._warned_at >= _BETWEEN_WARNINGS:
            self._warned_at = now
            _log.warning("a request wasn't signed with SLACK_SIGNING_SECRET, or is older than five minutes")


def entrance(app: App, signing_secret: SecretStr | None, clock: Clock, on_refusal: Callable[[], None]) -> WsgiApp:
    """Return the WSGI app that takes Slack's requests at `/slack/events`; `on_refusal` counts those of others.

    Bolt reads a request before it looks at the signature, and fails on what it can't read. So whatever Slack never
    signed is refused here, unread, and so is a body that is longer than any of Slack's; anybody may knock at this door.

    Raises:
        ValueError: there is no secret to know Slack's requests by.
    """
    if signing_secret is None:
        raise ValueError("without the signing secret nothing could be known to come from Slack")
    bolt = SlackRequestHandler(app)
    verifier = SignatureVerifier(signing_secret.get_secret_value())
    refusals = _Refusals(clock, on_refusal)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def refuse(status: str, why: bytes) -> Iterable[bytes]:
            start_response(status, [("Content-Type", "text/plain")])
            return [why]

        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit() and len(length) <= _DIGITS) or int(length) > LONGEST_BODY:
            return refuse("413 Content Too Large", b"too long for a request of Slack's")
        body = environ["wsgi.input"].read(int(length)) if int(length) else b""
        if not _is_signed(verifier, body, environ):
            refusals.add()
            return refuse("401 Unauthorized", b"not signed by Slack")
        try:
            answered: Iterable[bytes] = bolt(environ | {"wsgi.input": io.BytesIO(body)}, start_response)
        except Exception:
            _log.exception("a request with a good signature can't be read")
            return refuse("400 Bad Request", b"not a request of Slack's")
        return answered

    return answer


def _is_signed(verifier: SignatureVerifier, body: bytes, environ: dict[str, Any]) -> bool:
    timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
    signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
    # What isn't ASCII the verifier takes for a mistake of its caller's.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _DIGITS and signature.isascii()):
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return verifier.is_valid(text, timestamp, signature)
