"""A strict Slack: it signs and delivers like Slack, and rejects what Slack rejects."""

from playground.slack.strict import Answer, NothingToClick, StrictSlack
from playground.slack.workspace import Channel, Message, User, View

__all__ = ["Answer", "Channel", "Message", "NothingToClick", "StrictSlack", "User", "View"]
