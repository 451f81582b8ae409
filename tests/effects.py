"""Effects: everything that a process does to the world outside, counted, so that something can happen at any of them.

An outside effect is a call of AWS, a call of Slack, or a commit of something written to the database. What happens at
the one that is named is up to the test: the process ends there, or stands still, or another replica works meanwhile.
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
COMMIT = "commit"


class Death(BaseException):
    """The process has ended."""


@dataclass
class Effects:
    """Counts the effects of a process, and lets `deed` happen at the one with that number, or the first of that name.

    Attributes:
        deed: what happens there; None for the end of the process: whatever it still tries then ends in `Death`, as if
            it had been killed, and what it hasn't done by then, it never does.
        names: what each effect was, in their order.
    """

    at: int | str | None = None
    when: When = "before"
    deed: Callable[[], None] | None = None
    names: list[str] = field(default_factory=list)
    happened: bool = False
    _dead: bool = False
    _counting: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self) -> None:
        """Begin to count."""
        self._counting = True

    def revive(self) -> None:
        """A new process: nothing ends it again."""
        self._dead = self._counting = False

    def effect(self, name: str, do: Callable[[], Any]) -> Any:
        with self._lock:
            if self._dead:
                raise Death
            number = len(self.names) if self._counting else None
            if number is not None:
                self.names.append(name)
            strikes = number is not None and self.at in (number, name) and not self.happened
        # What others do meanwhile would wait for the rows that a transaction holds until its commit.
        before = self.when == "before" and not (name == COMMIT and self.deed is not None)
        if strikes and before:
            self._strike()
        done = do()
        if strikes and not before:
            self._strike()
        return done

    def _strike(self) -> None:
        self.happened = True
        if self.deed is None:
            self._dead = True
            raise Death
        # What others do meanwhile isn't this process's.
        self._counting = False
        self.deed()


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, effects: Effects) -> Iterator[None]:
    """Have every outside effect of everything in this process go through `effects`."""
    answer, api_call, commit = StrictAws.answer, BaseClient.api_call, DefaultDialect.do_commit

    def of_aws(aws: StrictAws, request: Any) -> Any:
        return effects.effect(f"AWS {operation(request)}", lambda: answer(aws, request))

    def of_slack(client: WebClient, api_method: str, **call: Any) -> Any:
        return effects.effect(f"Slack {api_method}", lambda: api_call(client, api_method, **call))

    def of_database(dialect: DefaultDialect, connection: Any) -> Any:
        wrote, thread.wrote = getattr(thread, "wrote", False), False
        return effects.effect(COMMIT, lambda: commit(dialect, connection)) if wrote else commit(dialect, connection)

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


def operation(request: HttpRequest) -> str:
    target = request.headers.get("x-amz-target", "")
    return target.rpartition(".")[2] or parse_qs(request.body.decode()).get("Action", ["?"])[0]
