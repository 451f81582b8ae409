"""The journal: every call that reached this AWS, in order, with who made it and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One call. `outcome` is "ok" or AWS's error code; `answered` is false if the caller never heard it."""

    time: datetime
    account_id: str | None
    caller: str | None
    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    outcome: str
    message: str = ""
    answered: bool = True
    latency: timedelta = timedelta(0)

    @property
    def ok(self) -> bool:
        return self.outcome == "ok"


class Journal:
    """The entries, oldest first, and the questions that tests ask of them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def calls(
        self, operation: str | None = None, *, account_id: str | None = None, outcome: str | None = None
    ) -> list[Entry]:
        """List the calls of an operation, all of them if none is named, of one account, with one outcome."""
        return [
            entry
            for entry in self.entries
            if operation in (None, entry.operation)
            and account_id in (None, entry.account_id)
            and outcome in (None, entry.outcome)
        ]

    def operations(self) -> list[str]:
        """Name the operations called, in order: what a test of an order of work compares."""
        return [entry.operation for entry in self.entries]

    def clear(self) -> None:
        self.entries.clear()
