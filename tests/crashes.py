"""Crashes: a process that ends just before or just after one outside effect, whichever of them all that is.

An outside effect is a call of AWS, a call of Slack, or a commit of something written to the database. Each is counted.
From the one that is named on, everything that the process still tries ends in `Death`, as if it had been killed: what
it has not done by then, it never does. `kill -9` of a real process is tried in `tests/process`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.web.base_client import BaseClient
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from playground.aws import StrictAws
from playground.aws.wire import HttpRequest

When = Literal["before", "after"]


class Death(BaseException):
    """The process has ended."""


@dataclass
class Mortality:
    """Counts the effects of a process, and ends it at the one with that number, or the first with that name.

    Attributes:
        names: what each effect was, in their order.
    """

    at: int | str | None = None
    when: When = "before"
    names: list[str] = field(default_factory=list)
    dead: bool = False
    _awake: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self) -> None:
        """Begin to count."""
        self._awake = True

    def revive(self) -> None:
        """A new process: nothing ends it again."""
        self.dead, self._awake = False, False

    def effect(self, name: str, do: Callable[[], Any]) -> Any:
        with self._lock:
            if self.dead:
                raise Death
            number = len(self.names) if self._awake else None
            if number is not None:
                self.names.append(name)
            ends = number is not None and self.at in (number, name)
            if ends and self.when == "before":
                self.dead = True
                raise Death
        done = do()
        if ends:
            self.dead = True
            raise Death
        return done


@contextmanager
def mortal(monkeypatch: pytest.MonkeyPatch, mortality: Mortality) -> Iterator[None]:
    """Have every outside effect in this process go through `mortality`."""
    answer, api_call, commit = StrictAws.answer, BaseClient.api_call, DefaultDialect.do_commit

    def of_aws(aws: StrictAws, request: Any) -> Any:
        return mortality.effect(f"AWS {_operation(request)}", lambda: answer(aws, request))

    def of_slack(client: WebClient, api_method: str, **call: Any) -> Any:
        return mortality.effect(f"Slack {api_method}", lambda: api_call(client, api_method, **call))

    def of_database(dialect: DefaultDialect, connection: Any) -> Any:
        wrote, thread.wrote = getattr(thread, "wrote", False), False
        return mortality.effect("commit", lambda: commit(dialect, connection)) if wrote else commit(dialect, connection)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            thread.wrote = True

    thread = threading.local()
    event.listen(Engine, "before_cursor_execute", note)
    with monkeypatch.context() as patched:
        patched.setattr(StrictAws, "answer", of_aws)
        patched.setattr(BaseClient, "api_call", of_slack)
        patched.setattr(DefaultDialect, "do_commit", of_database)
        yield
    event.remove(Engine, "before_cursor_execute", note)


def _operation(request: HttpRequest) -> str:
    target = request.headers.get("x-amz-target", "")
    return target.rpartition(".")[2] or parse_qs(request.body.decode()).get("Action", ["?"])[0]
