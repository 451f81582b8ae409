"""Answers: what one person alone is told, and whether they are listened to at all."""

import logging
from collections.abc import Sequence
from typing import Any

from slack_sdk import WebClient
from slack_sdk.models.blocks import ActionsBlock

from handlers import mrkdwn, wording
from handlers.layout import section
from handlers.people import look_up
from handlers.speech import Language, Speech, in_every_language, speech
from handlers.trouble import SLACK_TROUBLE
from sharing.requests import Person, RequestId

_log = logging.getLogger(__name__)


def meet(client: WebClient, person: Person, team_id: str) -> tuple[Speech, str | None]:
    """Return how to speak to `person`, and why the bot doesn't listen to them at this moment, if it doesn't."""
    try:
        caller = look_up(client, person, team_id)
    except SLACK_TROUBLE:
        _log.exception("can't read who %s is", person.user_id)
        return speech(Language.ENGLISH), in_every_language("slack-silent-on-you")
    say = speech(caller.language)
    return say, None if caller.stranger is None else wording.stranger(say, caller.stranger)


def no_such(say: Speech, request_id: RequestId) -> str:
    return say("no-such-request", request=mrkdwn.code(request_id))


def tell_privately(
    client: WebClient, person: Person, channel: str, text: str, buttons: Sequence[ActionsBlock] = ()
) -> None:
    """Say it in `channel` to that person alone; where that can't be, or there is none, in a direct message.

    An ephemeral message reaches only members, and not in channels the bot isn't in
    (docs.slack.dev/reference/methods/chat.postEphemeral).
    """
    blocks = [each.to_dict() for each in (section(text), *buttons)] if buttons else None
    if _said_in_channel(client, person, channel, text, blocks):
        return
    try:
        opened = client.conversations_open(users=[person.user_id])
        client.chat_postMessage(
            channel=opened["channel"]["id"], text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
        )
    except SLACK_TROUBLE as trouble:
        # Somebody whose account is deactivated, or Slack is away: nothing else hangs on an answer.
        _log.warning("%s can't be told: %s", person.user_id, trouble)


def _said_in_channel(
    client: WebClient, person: Person, channel: str, text: str, blocks: list[dict[str, Any]] | None
) -> bool:
    if not channel:
        return False
    try:
        client.chat_postEphemeral(channel=channel, user=person.user_id, text=text, blocks=blocks)
    except SLACK_TROUBLE:
        return False
    return True
