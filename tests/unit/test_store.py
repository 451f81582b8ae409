"""The store: what must not happen twice or be undone isn't."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from aws_ops.fence import SIGNATURE_HOLDS
from aws_ops.ids import ImageId, KeyArn
from aws_ops.plan import Mode
from sharing.clock import CLOCKS_APART
from sharing.database import connect, upgrade
from sharing.postings import Posting, Postings
from sharing.requests import NewRequest, Person, Preparation, Request
from sharing.states import DeliveryState, RequestState
from sharing.store import KEY_STAYS_CLOSED, Store
from sharing.tables import audit_events, requests
from tests.postgres import ON_BOTH
from tests.unit.test_messages import request_in

pytestmark = ON_BOTH

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)
KEY = KeyArn("arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab")
NEW = NewRequest(
    origin="command:1",
    requester=Person("T0", "U0MIKA"),
    image_ids=(ImageId("ami-0123456789abcdef0"),),
    mode=Mode.COPY,
    targets=("staging",),
    regions=(),
    reason="release 42",
)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


def claims(store: Store, *leases: timedelta) -> list[Request]:
    """As many requests, each claimed for that long from now on, in this order."""
    for number in range(len(leases)):
        store.add(replace(NEW, origin=f"command:{number}"), NOW)
    claimed = [request for lease in leases if (request := store.claim(NOW, lease)) is not None]
    assert len(claimed) == len(leases)
    return claimed


def test_one_click_makes_one_request_however_often_it_arrives(store: Store) -> None:
    assert store.add(NEW, NOW).id == store.add(NEW, NOW).id
    assert store.claim(NOW, LEASE) is not None
    assert store.claim(NOW, LEASE) is None


def test_a_preparation_of_a_version_before_is_as_old_as_its_request_can_be(store: Store, engine: Engine) -> None:
    request = store.add(NEW, NOW)
    (image,) = NEW.image_ids
    with engine.begin() as connection:
        connection.execute(sqlalchemy.update(requests).values(preparations={image: {"image": image, "percent": 5}}))
    assert store.get(request.id).preparations == {image: Preparation(image, 5, NOW)}


def test_a_claim_lapses(store: Store) -> None:
    store.add(NEW, NOW)
    first = store.claim(NOW, LEASE)
    assert store.claim(NOW + LEASE - timedelta(seconds=1), LEASE) is None
    second = store.claim(NOW + LEASE, LEASE)
    assert first is not None
    assert second is not None
    assert second.lease == first.lease + 1


def test_one_writer_at_a_time_for_each_key(store: Store) -> None:
    one, two = claims(store, LEASE, LEASE)
    assert store.lock_key(KEY, one, NOW)
    assert store.lock_key(KEY, one, NOW), "the holder may go on"
    assert not store.lock_key(KEY, two, NOW)
    store.unlock_key(KEY, two, NOW)
    assert not store.lock_key(KEY, two, NOW), "only the holder lets others in"
    store.unlock_key(KEY, one, NOW)
    assert store.lock_key(KEY, two, NOW)


def test_a_dead_writers_key_stays_closed_while_what_it_sent_may_arrive(store: Store) -> None:
    one, two = claims(store, LEASE, HOUR)
    assert store.lock_key(KEY, one, NOW)
    lapsed = NOW + LEASE
    assert not store.lock_key(KEY, two, lapsed)
    assert store.key_opens_at(KEY) == lapsed + KEY_STAYS_CLOSED
    assert not store.lock_key(KEY, two, lapsed + KEY_STAYS_CLOSED - timedelta(seconds=1))
    assert store.lock_key(KEY, two, lapsed + KEY_STAYS_CLOSED)
    assert store.key_opens_at(KEY) is None
    store.unlock_key(KEY, one, lapsed)
    store.unlock_key(KEY, two, lapsed)
    assert store.lock_key(KEY, one, NOW)


def test_whoever_takes_a_request_over_may_write_at_once_and_leaves_the_key_closed_to_others(store: Store) -> None:
    stopped, two = claims(store, LEASE, HOUR)
    assert store.lock_key(KEY, stopped, NOW)
    lapsed = NOW + LEASE
    heir = store.claim(lapsed, LEASE)
    assert heir is not None
    assert store.lock_key(KEY, heir, lapsed)
    store.unlock_key(KEY, heir, lapsed)
    store.unlock_key(KEY, stopped, lapsed)
    assert not store.lock_key(KEY, two, lapsed), "what the stopped one has sent would overwrite what this one writes"
    assert store.lock_key(KEY, two, lapsed + KEY_STAYS_CLOSED)


def test_whoever_got_no_answer_may_write_again_at_once_and_leaves_the_key_closed_to_others(store: Store) -> None:
    one, two = claims(store, LEASE, HOUR)
    assert store.lock_key(KEY, one, NOW)
    store.close_key(KEY, two, NOW + LEASE)
    store.close_key(KEY, one, NOW)
    store.unlock_key(KEY, one, NOW)
    assert store.lock_key(KEY, one, NOW)
    store.unlock_key(KEY, one, NOW)
    assert not store.lock_key(KEY, two, NOW + KEY_STAYS_CLOSED - timedelta(seconds=1)), "only the holder closes it"
    assert store.lock_key(KEY, two, NOW + KEY_STAYS_CLOSED)


def test_a_closed_key_is_closed_to_its_holder_too_but_for_what_it_was_at(store: Store) -> None:
    store.add(NEW, NOW)
    one = store.claim(NOW, LEASE)
    assert one is not None
    assert store.lock_key(KEY, one, NOW, "use")
    store.close_key(KEY, one, NOW)
    assert not store.lock_key(KEY, one, NOW, "administration"), "what was sent would undo it"
    assert store.lock_key(KEY, one, NOW, "use")
    lapsed = NOW + LEASE
    heir = store.claim(lapsed, LEASE)
    assert heir is not None
    for later in (lapsed, lapsed + LEASE):
        assert not store.lock_key(KEY, heir, later, "administration")
    opens_at = lapsed + KEY_STAYS_CLOSED
    assert store.key_opens_at(KEY) == opens_at
    assert store.lock_key(KEY, heir, lapsed, "use")
    store.unlock_key(KEY, heir, lapsed)
    assert not store.lock_key(KEY, heir, opens_at - timedelta(seconds=1), "administration")
    assert store.lock_key(KEY, heir, opens_at, "administration")


def test_a_closed_key_opens_in_time_however_often_its_holder_comes_back(store: Store) -> None:
    one, two = claims(store, LEASE, HOUR)
    assert store.lock_key(KEY, one, NOW)
    store.close_key(KEY, one, NOW)
    for minutes in (2, 4):
        again = store.claim(NOW + timedelta(minutes=minutes), LEASE)
        assert again is not None
        assert again.id == one.id
        assert store.lock_key(KEY, again, NOW + timedelta(minutes=minutes))
        store.unlock_key(KEY, again, NOW + timedelta(minutes=minutes))
    assert store.key_opens_at(KEY) == NOW + KEY_STAYS_CLOSED
    assert store.lock_key(KEY, two, NOW + KEY_STAYS_CLOSED)


def test_a_key_stays_closed_long_enough_whatever_clocks_the_three_have(store: Store) -> None:
    stopped, finder, next_one = claims(store, LEASE, HOUR, HOUR)
    assert store.lock_key(KEY, stopped, NOW)
    # The stopped one signed at the last moment of its lease, by a clock that is ahead.
    signed_until = NOW + LEASE + CLOCKS_APART + SIGNATURE_HOLDS
    assert not store.lock_key(KEY, finder, NOW + LEASE - CLOCKS_APART), "as its own clock, which is behind, says"
    assert not store.lock_key(KEY, finder, NOW + LEASE)
    almost = signed_until - timedelta(seconds=1)
    assert not store.lock_key(KEY, next_one, almost + CLOCKS_APART), "as the third clock, which is ahead, says"


@pytest.mark.parametrize("deed", [audit_events.update().values(kind="other"), audit_events.delete()])
def test_the_audit_trail_is_only_ever_added_to(store: Store, engine: Engine, deed: sqlalchemy.Update) -> None:
    request = store.add(NEW, NOW)
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.execute(deed)
    assert [kind for _, _, kind, _ in store.audit_trail(request.id)] == ["requested"]


def test_a_copy_that_is_let_go_is_retired_wherever_it_was_handed_over(store: Store) -> None:
    (copy,) = request_in(RequestState.COMPLETED).deliveries
    handed_over = replace(copy, state=DeliveryState.COMPLETED)
    shares = [store.add(replace(NEW, origin=f"command:{number}"), NOW) for number in range(3)]
    for share in shares:
        with store.transaction() as tx:
            tx.add_deliveries(share, [handed_over], NOW)
    with store.transaction() as tx:
        tx.retire(ImageId(str(copy.image_id)), NOW)
    assert [store.get(share.id).deliveries for share in shares] == [
        (replace(copy, state=DeliveryState.RETIRED),)
    ] * len(shares)


def test_what_no_database_can_hold_is_left_out_of_a_reason(store: Store) -> None:
    assert store.add(replace(NEW, reason="release\0 42 📦"), NOW).reason == "release 42 📦"


def test_a_message_that_one_who_was_overtaken_may_have_changed_is_told_again_after_whoever_tells_now(
    store: Store,
) -> None:
    added = store.add(NEW, NOW)
    with store.transaction() as tx:
        tx.move(added, RequestState.AWAITING_APPROVAL, NOW)
    postings = Postings(store, LEASE)
    overtaken = postings.claim(NOW)
    assert overtaken is not None
    postings.begin(overtaken, "approval", "C1", NOW)
    telling = postings.claim(NOW + LEASE)
    assert telling is not None
    postings.shown(telling, Posting("approval", "C1", "1.1", "as it should be", NOW), NOW + LEASE)
    assert postings.overtaken(overtaken.request.id, "approval", NOW + LEASE) == "1.1"
    postings.told(telling, None)
    again = postings.claim(NOW + LEASE)
    assert again is not None, "or what the overtaken one wrote stands for ever"
    assert again.postings["approval"].content_digest is None
    postings.told(again, None)
    assert postings.claim(NOW + LEASE) is None
