"""Doors: where requests come in, by HTTP or through Slack's socket. A door closes once what has come in is answered."""

import logging
import threading
from functools import partial
from typing import Any

import waitress
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from waitress import wasyncore

from bot.deadline import Deadline
from bot.entrance import LONGEST_BODY, WsgiApp
from bot.settings import ServerSettings
from handlers.trouble import SLACK_TROUBLE, passes_by_itself

_log = logging.getLogger(__name__)
# As often as slack_sdk tries to make a lost connection anew.
_AGAIN_SECONDS = 10


class HttpDoor:
    """A server at the address of the settings, with `threads` that wait for the answers of `app`."""

    def __init__(self, app: WsgiApp, settings: ServerSettings, threads: int) -> None:
        sockets: dict[int, Any] = {}
        self._server = waitress.create_server(
            app,
            map=sockets,
            host=settings.host,
            port=settings.port,
            threads=threads,
            max_request_body_size=LONGEST_BODY,
        )
        self._listening = [one for one in sockets.values() if one.accepting]

    def open(self) -> None:
        threading.Thread(target=self._server.run, name="http", daemon=True).start()

    def close(self, deadline: Deadline) -> None:
        """Let nobody in any more, and wait until everybody inside is answered."""
        for each in self._listening:
            # In the loop's own thread, which would fail over a socket that somebody else has closed.
            each.trigger.pull_trigger(partial(wasyncore.dispatcher.close, each))
        self._server.task_dispatcher.shutdown(timeout=deadline.left)


class SocketDoor:
    """A connection of Socket Mode."""

    def __init__(self, app: App, app_token: str | None) -> None:
        self._handler = SocketModeHandler(app, app_token)
        self._closing = threading.Event()
        self.is_connected = self._handler.client.is_connected

    def open(self) -> None:
        """Connect. While Slack is out of reach it goes on trying, and what needs no Slack goes on without.

        Raises:
            SlackApiError: Slack turns the app's token away (`apps.connections.open`).
        """
        try:
            self._handler.client.connect_to_new_endpoint()
        except SLACK_TROUBLE as trouble:
            if not passes_by_itself(trouble):
                raise
            _log.warning("not connected to Slack, trying again every %d s: %s", _AGAIN_SECONDS, trouble)
            threading.Thread(target=self._go_on_trying, name="socket", daemon=True).start()

    def _go_on_trying(self) -> None:
        while not (self.is_connected() or self._closing.wait(_AGAIN_SECONDS)):
            try:
                self._handler.client.connect_to_new_endpoint()
            except SLACK_TROUBLE as trouble:
                _log.warning("still not connected to Slack: %s", trouble)

    def close(self, deadline: Deadline) -> None:
        """Take nothing more, acknowledge what has been taken, and only then hang up."""
        self._closing.set()
        client = self._handler.client
        client.closed = True

        def hang_up() -> None:
            client.message_workers.shutdown()
            self._handler.close()

        deadline.meet(hang_up)
