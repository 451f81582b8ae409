"""Context: which request is being worked on, for whoever writes a log line meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NO_REQUEST = "-"

request_at_hand: ContextVar[str] = ContextVar("request_at_hand", default=NO_REQUEST)
"""The id of the request, or `NO_REQUEST`."""

_ABOUT = "about_request"


@contextmanager
def about(request_id: str) -> Iterator[None]:
    """Name the request that everything inside is about, and that an error is about which leaves it."""
    token = request_at_hand.set(request_id)
    try:
        yield
    except Exception as error:
        vars(error).setdefault(_ABOUT, request_id)
        raise
    finally:
        request_at_hand.reset(token)


def request_of(error: BaseException | None) -> str:
    """Return the id of the request that the error is about, or of the one at hand."""
    return getattr(error, _ABOUT, request_at_hand.get())
