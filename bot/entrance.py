"""The HTTP entrance: Bolt's WSGI adapter, behind what Bolt itself would stumble over."""

from collections.abc import Callable, Iterable
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler

LONGEST_BODY = 2_000_000
"""Bytes. A view holds 250,000 characters (docs.slack.dev/reference/views), and more once they are urlencoded."""

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def entrance(app: App) -> WsgiApp:
    """Return the WSGI app that takes Slack's requests at `/slack/events`.

    Bolt reads the timestamp of a signature as a number before it knows who sent it, and fails on anything else; such a
    request is refused here as what it is, one that Slack never signed. So is a body that is longer than any of Slack's.
    """
    bolt = SlackRequestHandler(app)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        if not (timestamp.isascii() and timestamp.isdigit()):
            start_response("401 Unauthorized", [("Content-Type", "text/plain")])
            return [b"not signed by Slack"]
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > LONGEST_BODY:
            start_response("413 Content Too Large", [("Content-Type", "text/plain")])
            return [b"too long for a request of Slack's"]
        answered: Iterable[bytes] = bolt(environ, start_response)
        return answered

    return answer
