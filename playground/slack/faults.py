"""Faults: what may go wrong between the bot and Slack, one call or many, as a test asks for."""

import threading
from dataclasses import dataclass, field
from enum import Enum

EVERY = "*"
"""Every method, as a fault's."""


class Harm(Enum):
    """What a fault does to a call."""

    ERROR = "error"  # Slack says no
    RATE_LIMIT = "rate_limit"  # 429, with Retry-After
    SERVER_ERROR = "server_error"  # HTTP 503
    DROP = "drop"  # nothing happens, and the connection is closed
    LOSE_ANSWER = "lose_answer"  # it happens, and the connection is closed
    SLOW = "slow"  # it happens late


@dataclass
class Fault:
    """One thing that goes wrong, `left` times."""

    method: str
    harm: Harm
    left: int
    error: str = ""
    retry_after: int = 0
    seconds: float = 0


@dataclass
class Faults:
    """The faults to come."""

    pending: list[Fault] = field(default_factory=list)
    _cleared: threading.Event = field(default_factory=threading.Event)

    def fail(self, method: str, *, error: str, times: int = 1) -> None:
        self.pending.append(Fault(method, Harm.ERROR, times, error=error))

    def rate_limit(self, method: str, *, retry_after: int, times: int = 1) -> None:
        self.pending.append(Fault(method, Harm.RATE_LIMIT, times, retry_after=retry_after))

    def server_error(self, method: str, *, times: int = 1) -> None:
        self.pending.append(Fault(method, Harm.SERVER_ERROR, times))

    def drop(self, method: str, *, times: int = 1) -> None:
        self.pending.append(Fault(method, Harm.DROP, times))

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        self.pending.append(Fault(method, Harm.LOSE_ANSWER, times))

    def slow(self, method: str, *, seconds: float, times: int = 1) -> None:
        """Take so long for the next calls; what still waits when all is well again waits no longer."""
        self.pending.append(Fault(method, Harm.SLOW, times, seconds=seconds))

    def clear(self) -> None:
        """All is well again."""
        self.pending.clear()
        self._cleared.set()
        self._cleared = threading.Event()

    def dawdle(self, fault: Fault) -> None:
        """Wait as long as a slow call does."""
        self._cleared.wait(fault.seconds)

    def next_for(self, method: str) -> Fault | None:
        """Return the fault that strikes this call, and count it."""
        for fault in self.pending:
            if fault.method in (method, EVERY) and fault.left > 0:
                fault.left -= 1
                return fault
        return None
