"""People: who somebody is at this moment, as Slack says, and whether the bot listens to them.

Nothing is cached: a guest, a deleted user or one who left a group loses the right with the next click.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sharing.requests import Person


class Stranger(StrEnum):
    """Why the bot doesn't listen to somebody."""

    OTHER_WORKSPACE = "other_workspace"
    DELETED = "deleted"
    BOT = "bot"
    GUEST = "guest"
    UNKNOWN = "unknown"


def person_of(body: Mapping[str, Any]) -> Person:
    """Return who a signed payload is from: commands have flat ids, interactions have objects."""
    if "user_id" in body:
        return Person(body["team_id"], body["user_id"])
    user = body["user"]
    return Person(user.get("team_id") or body["team"]["id"], user["id"])


def stand(client: WebClient, person: Person, team_id: str) -> Stranger | None:
    """Return what stands against listening to `person`, or None for a full member of the workspace.

    Reads `users.info` (docs.slack.dev/reference/objects/user-object).

    Raises:
        SLACK_TROUBLE: Slack couldn't say; the caller must refuse.
    """
    if person.team_id != team_id:
        return Stranger.OTHER_WORKSPACE
    try:
        user = client.users_info(user=person.user_id)["user"]
    except SlackApiError as error:
        if error.response.get("error") in ("user_not_found", "user_not_visible"):
            return Stranger.UNKNOWN
        raise
    if user.get("is_stranger") or user.get("team_id") != team_id:
        return Stranger.OTHER_WORKSPACE
    if user.get("deleted"):
        return Stranger.DELETED
    if user.get("is_bot"):
        return Stranger.BOT
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Stranger.GUEST
    return None


def groups_of(client: WebClient, person: Person, groups: Iterable[str]) -> frozenset[str]:
    """Return those of the user groups `groups` that `person` is in now.

    Raises:
        SLACK_TROUBLE: Slack couldn't say; the caller must refuse.
    """
    return frozenset(
        group for group in groups if person.user_id in client.usergroups_users_list(usergroup=group)["users"]
    )
