"""Socket Mode: the bot connects, and gets by websocket what it would get by HTTP.

docs.slack.dev/apis/events-api/using-socket-mode. Nothing is signed; the app-level token that opened the connection is
the boundary. Each payload goes to one of the connections, whichever.
"""

import itertools
import json
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAck
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from playground.slack.delivery import Reply

Json = dict[str, Any]

_CONNECTIONS = 10
_LONGEST_WAIT_SECONDS = 30
_OK, _NOBODY_THERE = 200, 0


class Sockets:
    """The connections of one app, and what is on its way through them."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._open: list[ServerConnection] = []
        self._waiting: dict[str, Future[Json]] = {}
        self._turn = itertools.count()
        self._changed = threading.Condition()
        self.url = ""

    @contextmanager
    def listen(self) -> Iterator[None]:
        """Take connections until the end of the block."""
        server: Server = serve(self._hold, "127.0.0.1", 0)
        port = server.socket.getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/link/?ticket={uuid.uuid4()}&app_id={self._app_id}"
        thread = threading.Thread(target=server.serve_forever, name="strict-slack-sockets")
        thread.start()
        try:
            yield
        finally:
            with self._changed:
                open_now = list(self._open)
            for connection in open_now:
                connection.close()
            server.shutdown()
            thread.join()

    def wait_for_connection(self, seconds: float) -> bool:
        """Return whether the bot is connected, at the latest after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._open), seconds)

    def deliver(self, kind: str, payload: Json) -> Reply:
        """Send a payload to one of the connections and wait for its acknowledgement."""
        started = time.monotonic()
        while connection := self._next():
            with suppress(ConnectionClosed):
                return self._deliver_by(connection, kind, payload, started)
        return Reply(_NOBODY_THERE, b"", time.monotonic() - started)

    def _next(self) -> ServerConnection | None:
        with self._changed:
            return self._open[next(self._turn) % len(self._open)] if self._open else None

    def _deliver_by(self, connection: ServerConnection, kind: str, payload: Json, started: float) -> Reply:
        """Send a payload by one connection; raises ConnectionClosed, and forgets it, if it is not there any more."""
        envelope_id = str(uuid.uuid4())
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind in ("slash_commands", "interactive"),
        }
        acknowledged: Future[Json] = Future()
        self._waiting[envelope_id] = acknowledged
        try:
            connection.send(json.dumps(envelope))
        except ConnectionClosed:
            self._forget(connection)
            raise
        try:
            answer = self._wait(acknowledged, connection)
        finally:
            self._waiting.pop(envelope_id, None)
        if answer is None:
            return Reply(_NOBODY_THERE, b"", time.monotonic() - started)
        body = json.dumps(answer["payload"]).encode() if answer.get("payload") else b""
        return Reply(_OK, body, time.monotonic() - started)

    def _wait(self, acknowledged: Future[Json], connection: ServerConnection) -> Json | None:
        """Return the acknowledgement; None if it takes too long, or the connection is gone."""
        for _ in range(_LONGEST_WAIT_SECONDS):
            with suppress(NoAck):
                return acknowledged.result(1)
            with self._changed:
                if connection not in self._open:
                    return None
        return None

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to make place for a new one, as Slack does every few hours."""
        with self._changed:
            asked = list(self._open)
            self._open.clear()
        for connection in asked:
            with suppress(ConnectionClosed):
                connection.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))
            connection.close()

    def _hold(self, connection: ServerConnection) -> None:
        """Greet a connection and take its acknowledgements until it closes."""
        with self._changed:
            if len(self._open) >= _CONNECTIONS:
                return
            self._open.append(connection)
            hello = {
                "type": "hello",
                "num_connections": len(self._open),
                "connection_info": {"app_id": self._app_id},
                "debug_info": {"approximate_connection_time": 18_060},
            }
            connection.send(json.dumps(hello))
            self._changed.notify_all()
        try:
            for message in connection:
                self._acknowledge(json.loads(message))
        except ConnectionClosed:
            pass
        finally:
            self._forget(connection)

    def _forget(self, connection: ServerConnection) -> None:
        with self._changed:
            self._open = [each for each in self._open if each is not connection]

    def _acknowledge(self, answer: Json) -> None:
        waiting = self._waiting.get(str(answer.get("envelope_id")))
        if waiting is not None:
            waiting.set_result(answer)
