"""Locks: what only one request may do at a time, across replicas, such as changing a key's policy."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from aws_ops.errors import Unanswered
from aws_ops.ids import KeyArn
from sharing.claim import Claim


class KeyInOtherHands(Exception):
    """Somebody else is changing the policy of the same key at this moment, or may be.

    Attributes:
        opens_at: until when the key stays closed, since something that was sent may still arrive; None if whoever has
            it is at work.
    """

    def __init__(self, said: str, opens_at: datetime | None) -> None:
        super().__init__(said)
        self.opens_at = opens_at


@contextmanager
def locked(claim: Claim, key_arn: KeyArn, doing: str, writes: Sequence[str] = ()) -> Iterator[None]:
    """Be the only request that is at the key; `doing` says what for, to whoever reads the log of another.

    A write of the key's policy that got no answer may arrive yet: for as long as that the key stays closed to all but
    the same `writes` of the same request.

    Raises:
        KeyInOtherHands: another request is at it, or what this one wrote before may arrive yet.
    """
    digest = hashlib.sha256("\n".join(writes).encode()).hexdigest()
    if not claim.store.lock_key(key_arn, claim.request, claim.clock(), digest):
        raise KeyInOtherHands(f"another request is {doing}, or may be", claim.store.key_opens_at(key_arn))
    let_go = claim.store.unlock_key
    try:
        yield
    except Unanswered as lost:
        if lost.operation == "PutKeyPolicy":
            let_go = claim.store.close_key
        raise
    finally:
        let_go(key_arn, claim.request, claim.clock())
