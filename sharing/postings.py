"""Postings: what people have been shown of each request, so that the publisher can tell what is missing.

What is shown follows the stored state: a publisher claims a request whose people know less than the store does,
compares, and writes down each message as it stands. Where the messages go is no matter of this floor.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import insert, or_, select, update

from sharing.rates import Rate
from sharing.requests import Request, RequestId
from sharing.store import Store
from sharing.tables import postings, rates, requests
from sharing.transaction import LeaseLost, Transaction, to_be_told


@dataclass(frozen=True)
class Posting:
    """One message of a request.

    Attributes:
        key: which one it is; unique within the request.
        channel: where it is, or is to be.
        ts: its id there; None while it isn't known whether it was posted, empty if it was given up.
        content_digest: what it says.
        shown_at: when it was posted or last changed.
        refusal: why it couldn't be posted or changed when that was last tried; None if it could.
        tries: how often that was tried since it last went well.
        again_at: when it may be tried again; if nothing stands against it, when the turn comes that it has reserved.
    """

    key: str
    channel: str
    ts: str | None = None
    content_digest: str | None = None
    shown_at: datetime | None = None
    refusal: str | None = None
    tries: int = 0
    again_at: datetime | None = None

    @property
    def has_turn(self) -> bool:
        """Whether it has reserved a turn to be changed in."""
        return self.refusal is None and self.again_at is not None


@dataclass(frozen=True)
class Untold:
    """A request in one publisher's hands, with what has been posted of it."""

    request: Request
    lease: int
    postings: Mapping[str, Posting]


class Postings:
    """The publisher's view of the store. `lease` is how long a request stays a dead publisher's."""

    def __init__(self, store: Store, lease: timedelta) -> None:
        self._store = store
        self._lease = lease

    def claim(self, now: datetime) -> Untold | None:
        """Take the request that has waited longest for telling, or return None."""
        with self._store.transaction() as tx:
            free = or_(requests.c.tell_lease_until.is_(None), requests.c.tell_lease_until <= now)
            request_id = tx.connection.scalar(
                select(requests.c.id)
                .where(requests.c.tell_at <= now, free)
                .order_by(requests.c.tell_at)
                .limit(1)
                .with_for_update(skip_locked=True, key_share=True)
            )
            if request_id is None:
                return None
            lease = tx.connection.scalar(
                update(requests)
                .where(requests.c.id == request_id)
                .values(tell_lease=requests.c.tell_lease + 1, tell_lease_until=now + self._lease)
                .returning(requests.c.tell_lease)
            )
            rows = tx.connection.execute(select(*_COLUMNS).where(postings.c.request_id == request_id)).mappings()
            return Untold(tx.find(RequestId(request_id)), lease or 0, {row["key"]: Posting(**row) for row in rows})

    def begin(self, untold: Untold, key: str, channel: str, now: datetime) -> None:
        """Write down that a message is about to be posted: whoever finds it without a `ts` looks for it first.

        Raises:
            LeaseLost: another publisher has the request.
        """
        with self._store.transaction() as tx:
            self._hold(tx, untold, now)
            tx.connection.execute(insert(postings).values(request_id=untold.request.id, key=key, channel=channel))

    def shown(self, untold: Untold, posting: Posting, now: datetime) -> None:
        """Write down how a message now stands, or what stands against it.

        Raises:
            LeaseLost: another publisher has the request.
        """
        with self._store.transaction() as tx:
            self._hold(tx, untold, now)
            tx.connection.execute(
                update(postings)
                .where(postings.c.request_id == untold.request.id, postings.c.key == posting.key)
                .values(asdict(posting))
            )

    def reserve_edit(self, untold: Untold, key: str, rate: Rate, now: datetime) -> datetime:
        """Reserve the next turn for an edit that can wait, and return when that is; written down if it isn't now.

        Raises:
            LeaseLost: another publisher has the request.
        """
        with self._store.transaction() as tx:
            self._hold(tx, untold, now)
            turn = self._spend(tx, rate, now)
            if turn > now:
                it = (postings.c.request_id == untold.request.id, postings.c.key == key)
                tx.connection.execute(update(postings).where(*it).values(again_at=turn))
            return turn

    def count_edit(self, rate: Rate, now: datetime) -> None:
        """Count an edit that doesn't wait for a turn: those that can wait do so for it, too."""
        with self._store.transaction() as tx:
            self._spend(tx, rate, now)

    def _spend(self, tx: Transaction, rate: Rate, now: datetime) -> datetime:
        edits = rates.c.name == "edits"
        spent_until: datetime = tx.connection.scalars(select(rates.c.spent_until).where(edits).with_for_update()).one()
        tx.connection.execute(update(rates).where(edits).values(spent_until=rate.spend(spent_until, now)))
        return rate.turn(spent_until, now)

    def overtaken(self, request_id: RequestId, key: str, now: datetime) -> str | None:
        """Note that a message may have been changed by one who had been overtaken; return its `ts`, if it is known.

        What it says is unknown then, so it is said again; after whoever is telling now, who can't know.
        """
        with self._store.transaction() as tx:
            it = (postings.c.request_id == request_id, postings.c.key == key)
            tx.connection.execute(update(postings).where(*it).values(content_digest=None))
            again = to_be_told(now) | {"revision": requests.c.revision + 1}
            tx.connection.execute(update(requests).where(requests.c.id == request_id).values(again))
            return cast("str | None", tx.connection.scalar(select(postings.c.ts).where(*it)))

    def told(self, untold: Untold, again_at: datetime | None) -> None:
        """End the claim: all is told but an edit that has to wait for its turn at `again_at`, if there is one.

        Until then nothing is owed. What has changed since is owed since it changed, and due at once.
        """
        with self._store.transaction() as tx:
            self._end(tx, untold, again_at)
            mine = update(requests).where(requests.c.id == untold.request.id, requests.c.tell_lease == untold.lease)
            tx.connection.execute(mine.values(untold_since=requests.c.tell_at))

    def put_off(self, untold: Untold, again_at: datetime) -> None:
        """End the claim: what is owed still is, and is tried again at `again_at`; at once if there is more by now."""
        with self._store.transaction() as tx:
            self._end(tx, untold, again_at)

    def _end(self, tx: Transaction, untold: Untold, again_at: datetime | None) -> None:
        mine = update(requests).where(requests.c.id == untold.request.id, requests.c.tell_lease == untold.lease)
        tx.connection.execute(mine.values(tell_lease_until=None))
        as_it_was = requests.c.revision == untold.request.revision
        tx.connection.execute(mine.where(as_it_was).values(tell_at=again_at))

    def _hold(self, tx: Transaction, untold: Untold, now: datetime) -> None:
        held = tx.connection.execute(
            update(requests)
            .where(requests.c.id == untold.request.id, requests.c.tell_lease == untold.lease)
            .values(tell_lease_until=now + self._lease)
        )
        if not held.rowcount:
            raise LeaseLost(untold.request.id)


_COLUMNS = [postings.c[each.name] for each in fields(Posting)]
