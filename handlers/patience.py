"""Patience: how long Slack may take to say who somebody is while that person waits for an answer."""

import time
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

# Slack waits three seconds for an acknowledgement, and a trigger opens a form for as long
# (docs.slack.dev/interactivity/handling-user-interaction). What is acknowledged later is done all the same, though its
# person is told that it wasn't and asks again.
_SECONDS = 1


class _Hurried(WebClient):
    def __init__(self, client: WebClient) -> None:
        super().__init__(
            token=client.token,
            base_url=client.base_url,
            timeout=_SECONDS,
            ssl=client.ssl,
            proxy=client.proxy,
            retry_handlers=client.retry_handlers,
        )
        self._last_call = time.monotonic() + _SECONDS

    def api_call(self, api_method: str, **how: Any) -> SlackResponse:
        if time.monotonic() > self._last_call:
            raise TimeoutError(f"Slack has been too slow for {api_method} to be asked in time")
        return super().api_call(api_method, **how)


def hurried(client: WebClient) -> WebClient:
    """Return a client that answers or fails within two seconds, whatever it is asked for, and however often.

    Each call has a second, and none is begun after the first.
    """
    return _Hurried(client)
