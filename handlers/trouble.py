"""Trouble with Slack: every way in which a call of its Web API can fail.

slack_sdk raises its own errors for answers, and lets those of the connection through as they are; and that of Python,
where an argument has half a character, which JSON can hold and a request can't.
"""

from http.client import HTTPException

from slack_sdk.errors import SlackClientError

SLACK_TROUBLE = (SlackClientError, OSError, HTTPException, UnicodeEncodeError)
