"""The fence: whoever may have been overtaken is stopped at the last moment before a write.

A process can be stopped between deciding to write and writing, and go on long after another took its work over. So the
question whether the work is still its own is asked when the request is already signed. A request that is stopped even
later comes too late: AWS refuses what arrives longer after its signing than `SIGNATURE_HOLDS`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

SIGNATURE_HOLDS = timedelta(minutes=5)
"""How long after its time stamp a request may reach AWS, "in most cases" (IAM user guide, "Signature Version 4")."""

_READS = ("Describe", "Get", "List", "AssumeRole", "ReceiveMessage")

_may_write: ContextVar[Callable[[], None] | None] = ContextVar("may_write", default=None)


@contextmanager
def fenced(may_write: Callable[[], None]) -> Iterator[None]:
    """Have `may_write` called before each write to AWS inside; if it raises, the write isn't sent."""
    token = _may_write.set(may_write)
    try:
        yield
    finally:
        _may_write.reset(token)


def fence(client: Any) -> None:
    """Put the fence around a client's writes."""

    def before_send(event_name: str, **_: Any) -> None:
        may_write = _may_write.get()
        if may_write is not None and not event_name.rpartition(".")[2].startswith(_READS):
            may_write()

    client.meta.events.register_first("before-send", before_send)
