"""Listening: events about images let the bot look at once where something is said to have happened.

Nothing in an event is believed: it only says where to look. Without any the bot finds out by itself, later.
"""

import logging
from dataclasses import dataclass

from aws_ops.accounts import Accounts
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.events import ImageChange, delete, receive
from aws_ops.facts import Role
from aws_ops.ids import Region
from sharing.estate import Estate
from sharing.standing import StandingShares
from sharing.watching import CopyWatch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Queue:
    """A queue that EventBridge puts events on, and the role that may read it."""

    role: Role
    region: Region
    url: str


@dataclass(frozen=True)
class Listener:
    """Reads one queue."""

    queue: Queue
    accounts: Accounts
    estate: Estate
    standing: StandingShares
    watch: CopyWatch

    def listen_once(self, wait_seconds: int) -> bool:
        """Take what is on the queue, waiting up to `wait_seconds` for it; say whether the queue could be read."""
        try:
            sqs = self.accounts.sqs(self.queue.role, self.queue.region)
            for message in receive(sqs, self.queue.url, wait_seconds):
                if message.change is not None:
                    self._look(message.change)
                delete(sqs, self.queue.url, message)
        except AwsBusy as busy:
            _log.info("queue %s is read later: %s", self.queue.url, busy)
            return False
        except AwsOpsError as trouble:
            _log.warning("queue %s can't be read: %s", self.queue.url, trouble)
            return False
        return True

    def _look(self, change: ImageChange) -> None:
        if any(source.role.account_id == change.account_id for source in self.estate.sources):
            self.standing.look(change.account_id, change.region)
        if any(target.role.account_id == change.account_id for target in self.estate.targets):
            self.watch.look(change.account_id, change.region)
