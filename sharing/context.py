"""Context: which request is being worked on, for whoever writes a log line meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NO_REQUEST = "-"

request_at_hand: ContextVar[str] = ContextVar("request_at_hand", default=NO_REQUEST)
"""The id of the request, or `NO_REQUEST`."""


@contextmanager
def about(request_id: str) -> Iterator[None]:
    """Name the request that everything inside is about."""
    token = request_at_hand.set(request_id)
    try:
        yield
    finally:
        request_at_hand.reset(token)
