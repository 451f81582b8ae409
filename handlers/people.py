"""People: who somebody is at this moment, as Slack says, and whether the bot listens to them.

Nothing is cached: a guest, a deleted user or one who left a group loses the right with the next click.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.speech import Language
from handlers.user_groups import members
from sharing.requests import Person


class Stranger(StrEnum):
    """Why the bot doesn't listen to somebody."""

    OTHER_WORKSPACE = "other_workspace"
    DELETED = "deleted"
    BOT = "bot"
    GUEST = "guest"
    UNKNOWN = "unknown"


def person_of(body: Mapping[str, Any]) -> Person:
    """Return who a signed payload is from: commands have flat ids, interactions have objects.

    Raises:
        AttributeError, KeyError, TypeError: it names nobody, as none of Slack's does.
    """
    if "user_id" in body:
        ids = body["team_id"], body["user_id"]
    else:
        user = body["user"]
        ids = user.get("team_id") or body["team"]["id"], user["id"]
    if not all(isinstance(one, str) and one for one in ids):
        raise TypeError(f"ids of a person are texts, and these are {ids}")
    return Person(*ids)


@dataclass(frozen=True)
class Caller:
    """Somebody who did something: the language they read, and why the bot doesn't listen to them, if so."""

    language: Language
    stranger: Stranger | None


def look_up(client: WebClient, person: Person, team_id: str) -> Caller:
    """Return who `person` is at this moment; nothing stands against a full member of the workspace.

    Reads `users.info` (docs.slack.dev/reference/objects/user-object).

    Raises:
        SLACK_TROUBLE: Slack couldn't say; the caller must refuse.
    """
    if person.team_id != team_id:
        return Caller(Language.ENGLISH, Stranger.OTHER_WORKSPACE)
    try:
        user = client.users_info(user=person.user_id, include_locale=True)["user"]
    except SlackApiError as error:
        if error.response.get("error") in ("user_not_found", "user_not_visible"):
            return Caller(Language.ENGLISH, Stranger.UNKNOWN)
        raise
    return Caller(Language.of_locale(user.get("locale")), _against(user, team_id))


def _against(user: Mapping[str, Any], team_id: str) -> Stranger | None:
    if user.get("is_stranger") or user.get("team_id") != team_id:
        return Stranger.OTHER_WORKSPACE
    if user.get("deleted"):
        return Stranger.DELETED
    if user.get("is_bot"):
        return Stranger.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Stranger.GUEST
    return None


def language_of(client: WebClient, person: Person) -> Language:
    """Return the language that `person` reads Slack in.

    Raises:
        SLACK_TROUBLE: Slack couldn't say.
    """
    return Language.of_locale(client.users_info(user=person.user_id, include_locale=True)["user"].get("locale"))


def groups_of(client: WebClient, person: Person, groups: Iterable[str]) -> frozenset[str]:
    """Return those of the user groups `groups` that `person` is in now.

    Raises:
        NoUserGroup: Slack has one of them no more.
        SLACK_TROUBLE: Slack couldn't say; the caller must refuse.
    """
    return frozenset(group for group in groups if person.user_id in members(client, group))
