"""Holding: Slack takes a call and does nothing about it until it is let go, so that something can happen meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playground.slack import StrictSlack

_SECONDS = 20


@dataclass
class Held:
    """Calls that are held: `arrived` once there is one, and gone on with once they `go`."""

    arrived: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        assert self.arrived.wait(_SECONDS), "it was never called"


@contextmanager
def holding(slack: StrictSlack, method: str) -> Iterator[Held]:
    """Hold every call of `method`, until it is let go or the block ends."""
    held, call = Held(), slack.api.call

    def slow(called: str, token: str | None, arguments: dict[str, Any]) -> Any:
        if called == method:
            held.arrived.set()
            held.go.wait(_SECONDS)
        return call(called, token, arguments)

    slack.api.call = slow  # type: ignore[method-assign]
    try:
        yield held
    finally:
        held.go.set()
        slack.api.call = call  # type: ignore[method-assign]
