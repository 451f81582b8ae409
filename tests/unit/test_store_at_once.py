"""The store in many hands at once: threads here, which to the database are no different from replicas."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from aws_ops.entries import Entry, On
from aws_ops.ids import AccountId, KeyArn, Region
from sharing.clock import CLOCKS_APART, utc_now
from sharing.database import connect, upgrade
from sharing.ledger import Ledger
from sharing.requests import Request, RequestId
from sharing.store import KEY_STAYS_CLOSED, Store
from tests.at_once import at_once
from tests.postgres import ON_BOTH
from tests.unit.test_store import KEY, LEASE, NEW, NOW

ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
DROP_THE_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
KEYS = [KeyArn(f"{KEY}-{number}") for number in range(10)]
ENTRIES = [
    Entry(On.IMAGE, AccountId("111111111111"), Region("eu-central-1"), f"ami-{number:017x}", "222222222222")
    for number in range(20)
]


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


def several(store: Store, count: int) -> list[Request]:
    return [store.add(replace(NEW, origin=f"command:{number}"), NOW) for number in range(count)]


@ON_BOTH
def test_each_request_is_claimed_by_one_worker(store: Store) -> None:
    stored = several(store, 40)

    def claim_all() -> list[RequestId]:
        return [claimed.id for claimed in iter(partial(store.claim, NOW, LEASE), None)]

    claimed = [request_id for ids in at_once([claim_all] * 8) for request_id in ids]
    assert Counter(claimed) == Counter(request.id for request in stored)
    assert {store.get(request.id).lease for request in stored} == {1}


@ON_POSTGRESQL
def test_whose_clock_is_off_gets_no_work(engine: Engine) -> None:
    store = Store(engine, clocks_apart=CLOCKS_APART)
    store.add(NEW, NOW)
    right, second = utc_now(), timedelta(seconds=1)
    for off in (CLOCKS_APART + second, timedelta(minutes=3)):
        assert store.claim(right + off, LEASE) is None
        assert store.claim(right - off, LEASE) is None
    assert store.claim(right + CLOCKS_APART - 5 * second, LEASE) is not None


@ON_BOTH
def test_a_lapsed_claim_is_taken_over_by_one_worker(store: Store) -> None:
    several(store, 1)
    for turn in range(10):
        claims = at_once([partial(store.claim, NOW + turn * LEASE, LEASE)] * 6)
        assert [one.lease for one in claims if one is not None] == [turn + 1]


@ON_BOTH
def test_a_key_has_one_writer_whoever_asks_at_once(store: Store) -> None:
    several(store, 6)
    holders = [claimed for _ in range(6) if (claimed := store.claim(NOW, LEASE))]
    for key in KEYS:
        locked = at_once([partial(store.lock_key, key, holder, NOW) for holder in holders])
        assert locked.count(True) == 1


@ON_BOTH
def test_a_dead_writers_key_goes_to_one(store: Store) -> None:
    several(store, 7)
    dead = store.claim(NOW, LEASE)
    assert dead is not None
    heirs = [claimed for _ in range(6) if (claimed := store.claim(NOW, timedelta(hours=1)))]
    for key in KEYS:
        assert store.lock_key(key, dead, NOW)
        assert not any(at_once([partial(store.lock_key, key, heir, NOW + LEASE) for heir in heirs]))
        later = NOW + LEASE + KEY_STAYS_CLOSED
        locked = at_once([partial(store.lock_key, key, heir, later) for heir in heirs])
        assert locked.count(True) == 1


@ON_BOTH
def test_one_click_that_arrives_many_times_at_once_makes_one_request(store: Store) -> None:
    for number in range(5):
        new = replace(NEW, origin=f"command:{number}")
        assert len({request.id for request in at_once([partial(store.add, new, NOW)] * 8)}) == 1


@ON_BOTH
def test_replicas_that_learn_of_a_standing_share_at_once_know_it_since_the_same_moment(store: Store) -> None:
    def learn(name: str, minutes: int) -> object:
        with store.transaction() as tx:
            return tx.standing_since(name, NOW + timedelta(minutes=minutes))

    for number in range(5):
        assert len(set(at_once([partial(learn, f"golden-{number}", minutes) for minutes in range(6)]))) == 1


@ON_BOTH
def test_two_shares_may_be_about_to_give_the_same(store: Store) -> None:
    requests = several(store, 6)

    def give(request: Request) -> None:
        with store.transaction() as tx:
            Ledger(tx).give(request.id, ENTRIES if request.id > requests[0].id else ENTRIES[::-1], NOW)

    for _ in range(5):
        at_once([partial(give, request) for request in requests])
        with store.transaction() as tx:
            assert Ledger(tx).given(set(ENTRIES)) == set(ENTRIES)
            Ledger(tx).take(ENTRIES)


@ON_POSTGRESQL
def test_whoever_only_reads_waits_for_nobody(store: Store) -> None:
    request = several(store, 1)[0]
    with store.transaction() as tx:
        tx.find(request.id)
        assert store.get(request.id) == request
        assert store.in_flight() == []
        assert store.claim(NOW, LEASE) is None, "what somebody changes at this moment is left for later"
    assert store.claim(NOW, LEASE) is not None


@ON_POSTGRESQL
def test_dropped_connections_are_made_anew(store: Store, database: str) -> None:
    at_once([partial(store.claim, NOW, LEASE)] * 4)
    several(store, 1)
    administrator = connect(database)
    with administrator.begin() as connection:
        dropped = connection.scalars(text(DROP_THE_OTHERS)).all()
    administrator.dispose()
    assert dropped
    assert all(dropped)
    assert store.claim(NOW, LEASE) is not None
