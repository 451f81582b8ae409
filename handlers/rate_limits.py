"""Rate limits: how often Slack asked to wait, whoever's call it was. Nothing is tried again here."""

from collections.abc import Callable
from http import HTTPStatus

from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryHandler, RetryState


class RateLimits(RetryHandler):
    """Sees the answer to every call of a client, and of those that Bolt makes from it for each request."""

    def __init__(self, on_rate_limit: Callable[[], None]) -> None:
        super().__init__()
        self._on_rate_limit = on_rate_limit

    def can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the names are slack_sdk's
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        if response is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self._on_rate_limit()
        return False
