"""Delivery: signed requests to the bot, as Slack sends them, and what comes back.

docs.slack.dev/authentication/verifying-requests-from-slack; docs.slack.dev/interactivity.
"""

import hashlib
import hmac
import io
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

Json = dict[str, Any]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_FORM = "application/x-www-form-urlencoded"
_LONGEST_WAIT_SECONDS = 30
# The status of an answer that never came, as when the bot is ended over it, or isn't there.
NO_ANSWER = 0


@dataclass(frozen=True)
class Reply:
    """What the bot answered, and how long it took."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Json:
        """The body as JSON; empty if there is none, and text as `text`, as Slack takes it."""
        text = self.body.decode()
        if not text:
            return {}
        try:
            read = json.loads(text)
        except ValueError:
            return {"text": text}
        return read if isinstance(read, dict) else {"text": text}


class Door(Protocol):
    """A way to the bot; an `OSError` if nobody is there, or goes before there is an answer."""

    def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]: ...


class WsgiDoor:
    """The bot's own WSGI app, in this process."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        status: list[int] = []

        def start_response(line: str, _headers: Any, _error: Any = None) -> None:
            status.append(int(line.split(maxsplit=1)[0]))

        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/slack/events",
            "QUERY_STRING": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.get("Content-Type", _FORM),
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }
        answer = b"".join(self._app(environ, start_response))
        return status[0], answer


class HttpDoor:
    """The bot behind an address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        request = urllib.request.Request(self._url, data=body, headers={"Content-Type": _FORM} | headers)
        try:
            with urllib.request.urlopen(request, timeout=_LONGEST_WAIT_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


def signed(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """Return the headers that Slack signs `body` with."""
    base = f"v0:{timestamp}:".encode() + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def form(fields: Json) -> bytes:
    return urllib.parse.urlencode(fields).encode()


def send(door: Door, body: bytes, headers: dict[str, str]) -> Reply:
    """Send a request and time the answer; its status is `NO_ANSWER` if there was none."""
    started = time.monotonic()
    try:
        status, answer = door.send(body, headers)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        status, answer = NO_ANSWER, b""
    return Reply(status, answer, time.monotonic() - started)
