"""Answers: what one person alone is told, and whether they are listened to at all."""

import logging

from slack_sdk import WebClient

from handlers import wording
from handlers.people import stand
from handlers.trouble import SLACK_TROUBLE
from sharing.requests import Person

_log = logging.getLogger(__name__)


def not_heard(client: WebClient, person: Person, team_id: str) -> str | None:
    """Return why the bot doesn't listen to `person` at this moment, or None if it does."""
    try:
        found = stand(client, person, team_id)
    except SLACK_TROUBLE:
        _log.exception("can't read who %s is", person.user_id)
        return "Slack doesn't tell me just now who you are. Try again in a minute."
    return None if found is None else wording.stranger(found)


def tell_privately(client: WebClient, person: Person, channel: str, text: str) -> None:
    """Say it in `channel` to that person alone; where that can't be, in a direct message.

    An ephemeral message reaches only members, and not in channels the bot isn't in
    (docs.slack.dev/reference/methods/chat.postEphemeral).
    """
    try:
        client.chat_postEphemeral(channel=channel, user=person.user_id, text=text)
    except SLACK_TROUBLE:
        opened = client.conversations_open(users=[person.user_id])
        client.chat_postMessage(channel=opened["channel"]["id"], text=text, unfurl_links=False, unfurl_media=False)
