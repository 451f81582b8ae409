"""A claim: a request in one worker's hands, until the lease lapses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sharing.clock import Clock
from sharing.requests import Request
from sharing.store import Store
from sharing.transaction import Transaction

# Longer than any one call to AWS with all its retries; each transaction under the claim begins it anew.
LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class Claim:
    """What a step needs: the request as it was claimed, and the way to write under the claim."""

    request: Request
    store: Store
    clock: Clock

    @contextmanager
    def transaction(self) -> Iterator[tuple[Transaction, Request, datetime]]:
        """Open a transaction with the request as it is now, and the time.

        Raises:
            LeaseLost: another worker has the request; nothing was written.
        """
        now = self.clock()
        with self.store.transaction() as tx:
            yield tx, tx.find_held(self.request, now + LEASE), now
