"""Errors: the Web API's, by Slack's own names, and people's."""

from typing import Any


class SlackRefuses(Exception):
    """A call that Slack answers with `ok: false`.

    Attributes:
        error: Slack's name for it.
        more: what else the answer holds (`needed`, `response_metadata`, …).
    """

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


class NothingToClick(Exception):
    """Somebody was to click or fill in what isn't there."""
