"""The door for tests in the same process: botocore asks here instead of sending."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from playground.aws.errors import LostAnswer
from playground.aws.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws


@contextmanager
def in_process(aws: "StrictAws") -> Iterator[None]:
    """Let `aws` answer every session made inside the `with`, boto3's or botocore's, in any thread.

    Sessions take their handlers when they are made, so one made before is not reached; boto3's default session is set
    aside meanwhile. One made inside and used after raises rather than asking the real AWS.

    Raises:
        RuntimeError: another one is open. Sessions would ask both, and everything would be done twice.
    """
    if any(isinstance(handler, _Door) for _, handler, *_ in handlers.BUILTIN_HANDLERS):
        raise RuntimeError("another strict AWS is open in this process")
    door = _Door(aws)
    handler = ("before-send", door)
    handlers.BUILTIN_HANDLERS.append(handler)
    outer_session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = outer_session
        handlers.BUILTIN_HANDLERS.remove(handler)
        door.is_open = False


class _Door:
    """A handler of botocore's `before-send`: whatever it returns is taken for the answer."""

    def __init__(self, aws: "StrictAws") -> None:
        self._aws = aws
        self.is_open = True

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        if not self.is_open:
            raise RuntimeError("this session was made inside a strict AWS that is closed")
        try:
            answered = self._aws.answer(plain(request))
        except LostAnswer:
            raise ConnectionClosedError(endpoint_url=request.url) from None
        return as_botocore(request.url, answered)


class _Body(io.BytesIO):
    """An answer's body as urllib3 would stream it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def plain(request: AWSPreparedRequest) -> HttpRequest:
    """Read a request that botocore was about to send."""
    headers = {name.lower(): _bytes(value).decode() for name, value in request.headers.items()}
    return HttpRequest(request.method, request.url, headers, _bytes(request.body))


def as_botocore(url: str, answered: HttpResponse) -> AWSResponse:
    """Return an answer as botocore would have received it."""
    return AWSResponse(url, answered.status, HTTPHeaders.from_dict(answered.headers), _Body(answered.body))


def _bytes(value: Any) -> bytes:
    """Read what botocore holds as text, bytes, an open file or nothing."""
    if hasattr(value, "read"):
        value = value.read()
    return value.encode() if isinstance(value, str) else bytes(value or b"")
