"""The journal: every call of the Web API, with what was asked and what was answered."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call."""

    at: datetime
    method: str
    arguments: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Journal:
    """All calls, oldest first."""

    entries: list[Call] = field(default_factory=list)

    def calls(self, method: str | None = None) -> list[Call]:
        return [call for call in self.entries if method in (None, call.method)]
