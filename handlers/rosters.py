"""Rosters: who was in a user group a little while ago, for what people are shown.

What they may do is another matter, and is asked anew at each click (`people.py`). That shares its rate with this:
`usergroups.users.list` may be called 20 times a minute (Tier 2, docs.slack.dev/apis/web-api/rate-limits).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slack_sdk import WebClient

from handlers.trouble import SLACK_TROUBLE
from handlers.user_groups import NoUserGroup, members
from sharing.clock import Clock

_log = logging.getLogger(__name__)

_HOLDS = timedelta(minutes=5)
# Homes are brought up to date every 15 seconds: with as many at a time, clicks are left nearly half of the rate.
_AT_A_TIME = 3


@dataclass
class Rosters:
    """Looks a group up when its members are asked for, and remembers them for some minutes."""

    client: WebClient
    clock: Clock
    _known: dict[str, tuple[datetime, frozenset[str]]] = field(default_factory=dict)

    def of(self, groups: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return the members of each of `groups`, as far as they are known; nobody for one that is gone.

        Of many groups a few are looked up at a time, those first that nobody has for longest.
        """
        named, since = sorted(groups), self.clock() - _HOLDS
        stale = [group for group in named if group not in self._known or self._known[group][0] <= since]
        unknown_first = sorted(stale, key=lambda group: (group in self._known, self._known.get(group, (since,))[0]))
        try:
            for group in unknown_first[:_AT_A_TIME]:
                self._known[group] = self.clock(), self._look_up(group)
        except SLACK_TROUBLE as trouble:
            _log.warning("can't read who is in the user groups: %s", trouble)
        return {group: self._known[group][1] for group in named if group in self._known}

    def _look_up(self, group: str) -> frozenset[str]:
        try:
            return members(self.client, group)
        except NoUserGroup as gone:
            _log.warning("%s", gone)
            return frozenset()
