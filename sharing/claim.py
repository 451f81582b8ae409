"""A claim: a request in one worker's hands, until the lease lapses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sharing.clock import Clock
from sharing.requests import Request
from sharing.store import Store
from sharing.transaction import Transaction


@dataclass(frozen=True, eq=False)
class Claim:
    """What a step needs: the request as it was claimed, and the way to write under the claim.

    `lease` is how long the claim holds; each transaction under it begins it anew.
    """

    request: Request
    store: Store
    clock: Clock
    lease: timedelta

    @contextmanager
    def transaction(self) -> Iterator[tuple[Transaction, Request, datetime]]:
        """Open a transaction with the request as it is now, and the time.

        Raises:
            LeaseLost: another worker has the request; nothing was written.
        """
        now = self.clock()
        with self.store.transaction() as tx:
            yield tx, tx.find_held(self.request, now + self.lease), now

    def check(self) -> None:
        """Make sure that the request is still in this worker's hands.

        Raises:
            LeaseLost: another worker has it.
        """
        with self.transaction():
            pass

    def keep(self) -> None:
        """Begin the lease anew, during a call to AWS that takes long; does nothing if it is lost."""
        with self.store.transaction() as tx:
            tx.extend(self.request, self.clock() + self.lease)
