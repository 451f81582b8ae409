"""Postings: what people have been shown of each request, so that the publisher can tell what is missing.

What is shown follows the stored state: a publisher claims a request whose people know less than the store does,
compares, and writes down each message as it stands. Where the messages go is no matter of this floor.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

from sqlalchemy import ColumnElement, and_, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from sharing.ends import UNDER_WAY
from sharing.rates import Rate
from sharing.requests import Person, Request, RequestId, RequestKind
from sharing.states import RequestState
from sharing.store import Store
from sharing.tables import postings, rates, requests, watchers
from sharing.transaction import UNREADABLE, LeaseLost, Transaction, to_be_told

_log = logging.getLogger(__name__)

# What is gathered at a time, of each kind.
_MOST = 100
# What a publisher sent before it died, or before it stood still, has arrived by then: it waits ten seconds for Slack.
_ARRIVES_WITHIN = timedelta(seconds=30)
_ENDED = (RequestState.COMPLETED, RequestState.REVOKING, RequestState.REVOKED)
_NONE: Mapping[RequestId, str] = MappingProxyType({})


@dataclass(frozen=True)
class Posting:
    """One message of a request.

    Attributes:
        key: which one it is; unique within the request.
        channel: where it is, or is to be.
        ts: its id there; None while it isn't known whether it was posted, empty if it was given up, or is told in the
            message of another request.
        content_digest: what it says.
        shown_at: when it was posted or last changed.
        refusal: why it couldn't be posted or changed when that was last tried; None if it could.
        tries: how often that was tried since it last went well.
        again_at: when it may be tried again; if nothing stands against it, when the turn comes that it has reserved.
        others: the other requests whose end it tells as well.
    """

    key: str
    channel: str
    ts: str | None = None
    content_digest: str | None = None
    shown_at: datetime | None = None
    refusal: str | None = None
    tries: int = 0
    again_at: datetime | None = None
    others: Sequence[RequestId] = ()

    @property
    def has_turn(self) -> bool:
        """Whether it has reserved a turn to be changed in."""
        return self.refusal is None and self.again_at is not None


@dataclass(frozen=True)
class Untold:
    """A request in one publisher's hands, with what has been posted of it.

    Attributes:
        retell_at: when all of it is to be told once more, since it was taken over from another publisher; None if it
            wasn't. What that one sent last may arrive after what is said now.
    """

    request: Request
    lease: int
    postings: Mapping[str, Posting]
    retell_at: datetime | None = None


@dataclass(frozen=True)
class Others:
    """What else somebody hears of the end of, besides a request.

    Attributes:
        under_way: the shares that are being carried out.
        ended: those that came to a good end, and of which not all may have been told.
        begun: the messages of those which are posted, or are another's to post; by request and key.
    """

    under_way: tuple[Request, ...]
    ended: tuple[Request, ...]
    begun: frozenset[tuple[RequestId, str]]


class ToldElsewhere(Exception):
    """What was about to be posted has been begun meanwhile, in this request's message or in another's."""


class Postings:
    """The publisher's view of the store. `lease` is how long a request stays a dead publisher's."""

    def __init__(self, store: Store, lease: timedelta) -> None:
        self._store = store
        self._lease = lease

    def claim(self, now: datetime) -> Untold | None:
        """Take the request that has waited longest for telling, or return None."""
        with self._store.transaction() as tx:
            free = or_(requests.c.tell_lease_until.is_(None), requests.c.tell_lease_until <= now)
            found = tx.connection.execute(
                select(requests.c.id, requests.c.tell_lease, requests.c.tell_lease_until, requests.c.retell_at)
                .where(requests.c.tell_at <= now, free)
                .order_by(requests.c.tell_at)
                .limit(1)
                .with_for_update(skip_locked=True, key_share=True)
            ).one_or_none()
            if found is None:
                return None
            request_id, lease = found.id, found.tell_lease + 1
            # Whoever had it and ended its claim has had Slack's answer to all that it sent.
            retell_at = found.retell_at if found.tell_lease_until is None else now + _ARRIVES_WITHIN
            tx.connection.execute(
                update(requests)
                .where(requests.c.id == request_id)
                .values(tell_lease=lease, tell_lease_until=now + self._lease, retell_at=retell_at)
            )
            rows = tx.connection.execute(select(*_COLUMNS).where(postings.c.request_id == request_id)).mappings()
            try:
                request = tx.find(RequestId(request_id))
            except UNREADABLE:
                # It keeps its lease, so that others have their turn.
                _log.exception("request %s can't be told", request_id)
                return None
            return Untold(request, lease, {row["key"]: Posting(**row) for row in rows}, retell_at)

    def others(self, request_id: RequestId, reader: Person | None) -> Others:
        """Return the other shares that `reader` is told of the end of; everybody's, if there is no single reader."""
        others = and_(requests.c.kind == RequestKind.SHARE.value, requests.c.id != request_id, _told_to(reader))
        with self._store.transaction() as tx:
            under_way = tx.look(and_(others, requests.c.state.in_([each.value for each in UNDER_WAY])), _MOST)
            # Nothing is due of those of which all is told.
            untold = requests.c.tell_at.is_not(None), requests.c.state.in_([each.value for each in _ENDED])
            ended = tx.look(and_(others, *untold), _MOST)
            known = select(postings.c.request_id, postings.c.key).where(
                postings.c.request_id.in_([each.id for each in ended])
            )
            begun = frozenset((RequestId(one), key) for one, key in tx.connection.execute(known))
        return Others(tuple(under_way), tuple(ended), begun)

    def read(self, request_ids: Sequence[RequestId]) -> list[Request]:
        """Return the requests as they are at this moment."""
        with self._store.transaction() as tx:
            return [tx.read(request_id) for request_id in request_ids]

    def begin(
        self, untold: Untold, key: str, channel: str, now: datetime, others: Mapping[RequestId, str] = _NONE
    ) -> None:
        """Write down that a message is about to be posted: whoever finds it without a `ts` looks for it first.

        `others` are messages of other requests, by their keys, that it stands for: nobody posts them any more.

        Raises:
            LeaseLost: another publisher has the request.
            ToldElsewhere: one of them has been begun already.
        """
        its = {"request_id": untold.request.id, "key": key, "channel": channel, "ts": None, "others": list(others)}
        theirs = [its | {"request_id": one, "key": other, "ts": "", "others": []} for one, other in others.items()]
        try:
            with self._store.transaction() as tx:
                self._hold(tx, untold, now)
                # In the same order by everybody: two that begin the same would wait for each other.
                in_order = sorted([its, *theirs], key=lambda each: str(each["request_id"]))
                tx.connection.execute(insert(postings), in_order)
        except IntegrityError:
            raise ToldElsewhere(untold.request.id) from None

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
            # The request first, as everybody does: two that lock in opposite orders would wait for each other.
            again = to_be_told(now) | {"revision": requests.c.revision + 1}
            tx.connection.execute(update(requests).where(requests.c.id == request_id).values(again))
            it = (postings.c.request_id == request_id, postings.c.key == key)
            tx.connection.execute(update(postings).where(*it).values(content_digest=None))
            return cast("str | None", tx.connection.scalar(select(postings.c.ts).where(*it)))

    def retell(self, untold: Untold, now: datetime) -> Untold:
        """Have all of it told once more, whatever it was said to show; return it as it is then.

        Raises:
            LeaseLost: another publisher has the request.
        """
        with self._store.transaction() as tx:
            self._hold(tx, untold, now)
            tx.connection.execute(update(requests).where(requests.c.id == untold.request.id).values(retell_at=None))
            its = postings.c.request_id == untold.request.id
            tx.connection.execute(update(postings).where(its).values(content_digest=None))
        unsure = {key: replace(posting, content_digest=None) for key, posting in untold.postings.items()}
        return replace(untold, postings=unsure, retell_at=None)

    def told(self, untold: Untold, again_at: datetime | None) -> None:
        """End the claim: all is told but an edit that has to wait for its turn at `again_at`, if there is one.

        Until then, or until it is told once more, nothing is owed. What has changed since is owed since it changed, and
        due at once.
        """
        with self._store.transaction() as tx:
            times = [each for each in (again_at, untold.retell_at) if each is not None]
            self._end(tx, untold, min(times, default=None))
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


def _told_to(reader: Person | None) -> ColumnElement[bool]:
    """Whether somebody is told of a request's end, as who asked for it or watches it."""
    if reader is None:
        return true()
    asked = and_(requests.c.team_id == reader.team_id, requests.c.user_id == reader.user_id)
    watched = watchers.c.team_id == reader.team_id, watchers.c.user_id == reader.user_id
    return or_(asked, requests.c.id.in_(select(watchers.c.request_id).where(*watched)))


_COLUMNS = [postings.c[each.name] for each in fields(Posting)]
