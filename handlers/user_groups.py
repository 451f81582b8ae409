"""User groups: who is in one at this moment, and whether Slack has those that the settings name.

The latter is looked at by `check`, at the start and from time to time: what hangs on a group that is gone stands still.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.trouble import SLACK_TROUBLE, code_of, concerns_all

_log = logging.getLogger(__name__)

# One that is disabled isn't listed either (docs.slack.dev/reference/methods/usergroups.list).
_GONE = "Slack has no such user group, or it is disabled: enable it again, or name another"
_REMEDIES = {
    "missing_scope": "the app may not look: give it the scope usergroups:read, as in deploy/slack/manifest.json, and "
    "install it anew",
    "plan_upgrade_required": "this workspace's plan has no user groups: name people instead",
}


class NoUserGroup(Exception):
    """Slack doesn't say who is in a user group, and won't until somebody has mended that; says which and why."""

    def __init__(self, group: str, code: str) -> None:
        super().__init__(f"Slack doesn't say who is in the user group {group}: {code}")
        self.group = group


def members(client: WebClient, group: str) -> frozenset[str]:
    """Return the ids of those who are in a user group now.

    Raises:
        NoUserGroup: it is gone, or can't be seen.
        SLACK_TROUBLE: Slack couldn't say.
    """
    try:
        return frozenset(client.usergroups_users_list(usergroup=group)["users"])
    except SlackApiError as error:
        if concerns_all(error):
            raise
        raise NoUserGroup(group, code_of(error)) from error


@dataclass
class UserGroups:
    """The user groups of the settings.

    Attributes:
        named: the settings that name each, by its id.
        gone: what was wrong when they were last looked at, by the id; None before the first time.
    """

    client: WebClient
    named: Mapping[str, str]
    gone: Mapping[str, str] | None = field(default=None)

    def look(self) -> Mapping[str, str]:
        """Return which of them Slack doesn't have, by the id, with the settings that name it and what to do.

        Raises:
            SLACK_TROUBLE: Slack doesn't say.
        """
        wrong = self._wrong() if self.named else {}
        self.gone = {group: f"{self.named[group]}: {remedy}" for group, remedy in wrong.items()}
        return self.gone

    def keep_looking(self) -> None:
        """Look, and log what has changed; a job calls it, at the start first."""
        before = self.gone or {}
        try:
            gone = self.look()
        except SLACK_TROUBLE as trouble:
            _log.warning("can't look at the user groups of the settings: %s", trouble)
            return
        for group in gone.keys() - before.keys():
            _log.error("the user group %s can't be used, of %s", group, gone[group])
        for group in before.keys() - gone.keys():
            _log.info("the user group %s can be used again", group)

    def _wrong(self) -> dict[str, str]:
        """What is wrong with which. All are asked for at once: the rate is that of clicks on Approve."""
        try:
            there = {group["id"] for group in self.client.usergroups_list()["usergroups"]}
        except SlackApiError as error:
            if code_of(error) not in _REMEDIES:
                raise
            return dict.fromkeys(self.named, _REMEDIES[code_of(error)])
        return {group: _GONE for group in self.named if group not in there}
