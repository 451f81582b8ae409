"""Trouble with Slack: every way in which a call of its Web API can fail, and whether all calls would fail like it.

slack_sdk raises its own errors for answers, and lets those of the connection through as they are; and those of Python,
where an argument has half a character, which JSON can hold and a request can't, or an answer is half a JSON.
"""

from http.client import HTTPException
from json import JSONDecodeError

from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_TROUBLE = (SlackClientError, OSError, HTTPException, JSONDecodeError, UnicodeEncodeError)

RATE_LIMITED = "ratelimited"
_UNKNOWN = "unknown_error"
# Slack itself is in trouble, or the app is: no other message would fare better ("Common errors" of each method).
_OF_SLACK = frozenset(
    {RATE_LIMITED, _UNKNOWN, "fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)
_OF_EVERYTHING = _OF_SLACK | frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "org_login_required"}
    | {"accesslimited", "team_access_not_granted", "team_added_to_org"}
)


def code_of(error: SlackApiError) -> str:
    """Return what Slack calls the error; an answer that names none is as good as none at all."""
    return str(error.response.get("error", _UNKNOWN))


def passes_by_itself(trouble: Exception) -> bool:
    """Whether it is Slack or the way there that is in trouble, and the same call may do later."""
    return not isinstance(trouble, SlackApiError) or code_of(trouble) in _OF_SLACK


def concerns_all(error: SlackApiError) -> bool:
    """Whether the next call would fail as well, whatever it is about."""
    return code_of(error) in _OF_EVERYTHING
