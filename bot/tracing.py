"""Tracing: what a listener logs names the request that the click, form or command is about."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

from slack_bolt import App, BoltResponse

from sharing.context import NO_REQUEST, request_at_hand

_REQUEST_ID = re.compile(r"\bR-[0-9A-Z]{8}\b")


class CarryingExecutor(ThreadPoolExecutor):
    """A pool whose tasks see the context of whoever submitted them, and can be waited for."""

    def __init__(self, max_workers: int, thread_name_prefix: str) -> None:
        super().__init__(max_workers, thread_name_prefix)
        self._under_way: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        task = super().submit(copy_context().run, fn, *args, **kwargs)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def finish(self, seconds: float) -> int:
        """Wait for what is under way, for so long at most; return how much still is."""
        return len(wait(tuple(self._under_way), seconds).not_done)


def trace_on(app: App) -> None:
    """Name the request at hand before a listener runs; the app's listeners must run in a `CarryingExecutor`."""
    app.use(_name_request)


def _name_request(body: Mapping[str, Any], next: Callable[[], BoltResponse]) -> None:  # noqa: A002 - Bolt injects by name
    # Bolt's middleware doesn't enclose the listener, so the name stands until the next request in this thread.
    found = [match[0] for match in map(_REQUEST_ID.search, _texts(body)) if match]
    request_at_hand.set(found[0] if found else NO_REQUEST)
    next()


def _texts(body: Mapping[str, Any]) -> list[str]:
    """Where a request is named: what was typed, a button's value, what a form carries."""
    actions, view = body.get("actions") or [{}], body.get("view") or {}
    places = [body.get("text"), actions[0].get("value"), view.get("private_metadata")]
    return [text for text in places if isinstance(text, str)]
