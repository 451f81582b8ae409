"""The server: the Web API, the response URLs and Socket Mode, on an address of this machine."""

from __future__ import annotations

import json
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from playground.slack import page
from playground.slack.errors import NothingToClick, SlackRefuses
from playground.slack.faults import Fault, Harm
from playground.slack.journal import Call
from playground.slack.rates import Rates
from playground.slack.web_api import METHODS

if TYPE_CHECKING:
    from playground.slack.strict import StrictSlack

Json = dict[str, Any]

_NESTED = ("blocks", "view", "metadata", "attachments")


@contextmanager
def serve(slack: StrictSlack) -> Iterator[str]:
    """Serve until the end of the block; gives the address."""
    server = _Server(slack)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="strict-slack")
    thread.start()
    slack.base_url = f"http://127.0.0.1:{server.server_port}"
    try:
        with slack.sockets.listen() if slack.socket_mode else nullcontext():
            yield slack.base_url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The library's 5 would reset connections that the bot makes for many clicks at once; Slack takes them.
    request_queue_size = 128

    def __init__(self, slack: StrictSlack) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.slack = slack
        self.rates = Rates()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of whoever didn't wait for an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    # Headers and body in one packet: two small ones wait for each other (Nagle, delayed acknowledgement).
    wbufsize = -1

    def do_GET(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/ui/state":
            query = urllib.parse.parse_qs(address.query)
            self._answer(200, page.seen_by(self.server.slack, query.get("as", [""])[0]))
        elif found := page.static_file(address.path):
            self._send(200, *found)
        else:
            self._answer(404, {"ok": False})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.urlsplit(self.path).path
        if path.startswith("/api/"):
            self._api(path.removeprefix("/api/"), body)
        elif path.startswith("/response/"):
            said = self.server.slack.respond(path.removeprefix("/response/"), json.loads(body))
            self._answer(200 if said == "ok" else 404, {"ok": said == "ok", "error": said})
        elif path == "/ui/act":
            self._act(body)
        else:
            self._answer(404, {"ok": False})

    def _act(self, body: bytes) -> None:
        # A page of another origin can't send this type without asking first, and is not told yes.
        if self.headers.get("Content-Type") != "application/json":
            self._answer(415, {"ok": False, "error": "not JSON"})
            return
        try:
            self._answer(200, page.act(self.server.slack, json.loads(body)))
        except (page.BadAct, NothingToClick, ValueError) as wrong:
            self._answer(400, {"ok": False, "error": str(wrong)})

    def _api(self, method: str, body: bytes) -> None:
        slack = self.server.slack
        arguments = _arguments(body, self.headers.get("Content-Type", ""))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or arguments.get("token")
        fault = slack.faults.next_for(method)
        if fault and fault.harm is Harm.SLOW:
            slack.faults.dawdle(fault)
        wait = self._rate_limit(method, arguments)
        if fault and fault.harm is Harm.DROP:
            self.close_connection = True
            return
        if fault and fault.harm is Harm.SERVER_ERROR:
            self._answer(503, {"ok": False})
            return
        if wait or (fault and fault.harm is Harm.RATE_LIMIT):
            seconds = wait or (fault.retry_after if fault else 0)
            self._note(method, arguments, {"ok": False, "error": "ratelimited"})
            self._answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(seconds)})
            return
        answer = self._run(method, token, arguments, fault)
        self._note(method, arguments, answer)
        if fault and fault.harm is Harm.LOSE_ANSWER:
            self.close_connection = True
            return
        self._answer(200, answer)

    def _run(self, method: str, token: str | None, arguments: Json, fault: Fault | None) -> Json:
        if fault and fault.harm is Harm.ERROR:
            return {"ok": False, "error": fault.error}
        try:
            return {"ok": True} | self.server.slack.api.call(method, token, arguments)
        except SlackRefuses as refused:
            return {"ok": False, "error": refused.error} | refused.more

    def _rate_limit(self, method: str, arguments: Json) -> int:
        slack = self.server.slack
        if not slack.rate_limits or method not in METHODS:
            return 0
        return self.server.rates.wait_for(method, METHODS[method].tier, arguments.get("channel"), slack.clock())

    def _note(self, method: str, arguments: Json, answer: Json) -> None:
        slack = self.server.slack
        slack.journal.entries.append(Call(slack.clock(), method, arguments, answer))

    def _answer(self, status: int, answer: Json, headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(answer).encode(), headers)

    def _send(self, status: int, content_type: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        of_all = {"Content-Type": content_type, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        for name, value in (of_all | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the journal has it."""


def _arguments(body: bytes, content_type: str) -> Json:
    if content_type.startswith("application/json"):
        read: Json = json.loads(body or b"{}")
        return read
    fields: Json = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    return {name: json.loads(value) if name in _NESTED else value for name, value in fields.items()}
