"""A strict Slack: it signs and delivers like Slack, and rejects what Slack rejects."""

from playground.slack.errors import NothingToClick
from playground.slack.strict import Answer, StrictSlack
from playground.slack.workspace import Channel, Message, User, View

__all__ = ["Answer", "Channel", "Message", "NothingToClick", "StrictSlack", "User", "View"]
