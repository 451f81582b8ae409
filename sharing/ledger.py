"""The ledger: what each share rests on at its source, and what the bot has given there and not taken back.

The bot takes back only what it gave itself, and only once no share needs it any more: both are kept here, entry by
entry. Revocations and shares look at it behind one gate, so that neither decides on what the other is about to change.
"""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, func, insert, select
from sqlalchemy.engine import RowMapping

from aws_ops.audit import Books
from aws_ops.entries import Entry, On
from aws_ops.ids import AccountId, Region
from aws_ops.membership import Membership
from sharing.requests import RequestId, RequestKind
from sharing.states import RequestState, is_final
from sharing.tables import given, needs, requests
from sharing.transaction import Transaction

# A share that failed wholly needs nothing; one that is about to be carried out does.
_UNDER_WAY = requests.c.state.in_(
    [
        state.value
        for state in (RequestState.APPROVED, RequestState.PREPARING, RequestState.APPLYING, RequestState.COPYING)
    ]
)
# One that was to be taken back needs nothing any more, whether that has worked out or not.
_IN_FORCE = (requests.c.state == RequestState.COMPLETED.value) & requests.c.ended_by.is_(None)
_GATE = 0x616D69


class Ledger:
    """The ledger, within a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def gate(self) -> None:
        """Wait until no other transaction is behind the gate, and keep others out until this one ends."""
        if self._connection.dialect.name == "postgresql":  # SQLite has one writer at a time as it is
            self._connection.execute(select(func.pg_advisory_xact_lock(_GATE)))

    def set_needs(self, request_id: RequestId, entries: Set[Entry]) -> None:
        """Write down all that the share rests on, whether it is there already or has to be given."""
        self._connection.execute(delete(needs).where(needs.c.request_id == request_id))
        rows = [_columns(entry) | {"request_id": request_id} for entry in entries]
        if rows:
            self._connection.execute(insert(needs), rows)

    def needs_of(self, request_id: RequestId) -> frozenset[Entry]:
        return self._read(needs, needs.c.request_id == request_id)

    def needed_besides(self, request_id: RequestId, entries: Set[Entry]) -> Mapping[Entry, tuple[RequestId, ...]]:
        """Those of `entries` that other shares need, each with these."""
        others = select(requests.c.id).where(_UNDER_WAY | _IN_FORCE, requests.c.id != request_id)
        on = needs.c.resource.in_({entry.resource for entry in entries})
        rows = self._connection.execute(
            select(needs).where(on, needs.c.request_id.in_(others)).order_by(needs.c.request_id)
        )
        found: dict[Entry, tuple[RequestId, ...]] = {}
        for row in rows.mappings():
            if (entry := _entry(row)) in entries:
                found[entry] = (*found.get(entry, ()), RequestId(row["request_id"]))
        return found

    def set_readers(self, share: RequestId, entries: Iterable[Entry]) -> None:
        """Write down all the volume permissions that the share rests on from now on."""
        kept = {entry for entry in self.needs_of(share) if entry.on is not On.SNAPSHOT}
        self.set_needs(share, kept.union(entries))

    def books(self, known: frozenset[AccountId], memberships: tuple[Membership, ...] = ()) -> Books:
        """What is on record of everything."""
        shared, audited = (requests.c.kind == kind.value for kind in (RequestKind.SHARE, RequestKind.AUDIT))
        with_members = [one.share for one in memberships]
        apart = needs.c.request_id.in_(with_members) & (needs.c.on == On.SNAPSHOT.value)
        needed, mended, under_way = (
            self._read(needs, needs.c.request_id.in_(select(requests.c.id).where(which)), *besides)
            for which, *besides in ((_IN_FORCE & shared, ~apart), (_IN_FORCE & audited,), (_UNDER_WAY,))
        )
        given_by_bot = self._read(given)
        return Books(needed, under_way, given_by_bot, known, mended, memberships)

    def give(self, request_id: RequestId, entries: Iterable[Entry], now: datetime) -> None:
        """Write down that the bot is about to give the entries; whoever gave them before has given them no longer."""
        self.gate()  # two shares may be about to give the same
        wanted = set(entries)
        self.take(wanted)
        rows = [_columns(entry) | {"request_id": request_id, "at": now} for entry in wanted]
        if rows:
            self._connection.execute(insert(given), rows)

    def given(self, entries: Set[Entry]) -> frozenset[Entry]:
        """Those of `entries` that the bot gave, and hasn't taken back."""
        return self._read(given, given.c.resource.in_({entry.resource for entry in entries})) & entries

    def take(self, entries: Iterable[Entry]) -> None:
        """Write down that the entries have been taken back."""
        for entry in entries:
            self._connection.execute(delete(given).where(*_is(entry)))

    def givers(self, entries: Set[Entry]) -> dict[Entry, RequestId]:
        """Those of `entries` that nobody is about to give any more, each with the request that gave it."""
        at_rest = requests.c.state.in_([state.value for state in RequestState if is_final(state)])
        rows = self._connection.execute(
            select(given)
            .join(requests, requests.c.id == given.c.request_id)
            .where(given.c.resource.in_({entry.resource for entry in entries}), at_rest)
        ).mappings()
        found = {_entry(row): RequestId(row["request_id"]) for row in rows}
        return {entry: giver for entry, giver in found.items() if entry in entries}

    def forget(self, entries: Mapping[Entry, RequestId]) -> None:
        """Write down that entries are gone that the bot didn't take, unless somebody else has given them since."""
        self.gate()
        for entry, giver in entries.items():
            self._connection.execute(delete(given).where(*_is(entry), given.c.request_id == giver))

    def _read(self, table: Table, *where: object) -> frozenset[Entry]:
        return frozenset(map(_entry, self._connection.execute(select(table).where(*where)).mappings()))  # type: ignore[arg-type]


def _is(entry: Entry) -> tuple[ColumnElement[bool], ...]:
    return given.c.resource == entry.resource, given.c.grantee == entry.grantee, given.c.on == entry.on.value


def _columns(entry: Entry) -> dict[str, str]:
    return {
        "on": entry.on.value,
        "owner": entry.owner,
        "region": entry.region,
        "resource": entry.resource,
        "grantee": entry.grantee,
    }


def _entry(row: RowMapping) -> Entry:
    return Entry(On(row["on"]), AccountId(row["owner"]), Region(row["region"]), row["resource"], row["grantee"])
