"""The HTTP entrance: Bolt's WSGI adapter, behind what Bolt itself would stumble over."""

import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier

LONGEST_BODY = 2_000_000
"""Bytes. A view holds 250,000 characters (docs.slack.dev/reference/views), and more once they are urlencoded."""

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Of a time or a length; a number of thousands of digits is one that Python won't read.
_DIGITS = 20

_log = logging.getLogger(__name__)


def entrance(app: App, signing_secret: SecretStr | None) -> WsgiApp:
    """Return the WSGI app that takes Slack's requests at `/slack/events`.

    Bolt reads a request before it looks at the signature, and fails on what it can't read. So whatever Slack never
    signed is refused here, unread, and so is a body that is longer than any of Slack's; anybody may knock at this door.

    Raises:
        ValueError: there is no secret to know Slack's requests by.
    """
    if signing_secret is None:
        raise ValueError("without the signing secret nothing could be known to come from Slack")
    bolt = SlackRequestHandler(app)
    verifier = SignatureVerifier(signing_secret.get_secret_value())

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def refuse(status: str, why: bytes) -> Iterable[bytes]:
            start_response(status, [("Content-Type", "text/plain")])
            return [why]

        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit() and len(length) <= _DIGITS) or int(length) > LONGEST_BODY:
            return refuse("413 Content Too Large", b"too long for a request of Slack's")
        body = environ["wsgi.input"].read(int(length)) if int(length) else b""
        if not _is_signed(verifier, body, environ):
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
