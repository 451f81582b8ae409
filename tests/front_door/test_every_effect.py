"""Every effect: whatever happens between any two things that the bot does, what is asked for ends the same.

The process ends there; or it stands still until its lease has lapsed and another replica has done its work, and then
goes on; or another replica works at the same moment. `make test` tries a few points in one of the ways, others every
day; `make matrix` has the process end just before every point on one database and just after it on the other, which
change places every day, and in the day's way tries a whole part; `make torture` tries all of it.
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from aws_ops.copies import start_copy
from handlers.traces import Traces
from sharing import copying, database, store
from sharing.claim import Claim
from sharing.requests import Request
from sharing.store import Store
from sharing.tables import requests
from sharing.transaction import Transaction
from tests.conftest import Tried, leave_out_if_late
from tests.effects import COMMIT, Effects, When, counted
from tests.postgres import Cluster
from tests.scenarios import COPY, SCENARIOS, TWO_ON_ONE_KEY, End, Scenario, play
from tests.stage import IMAGES, PROD, Stage, put_up

TORTURE = os.environ.get("TORTURE", "")
ALL = bool(TORTURE)
PARTS = 6
# How many points of a part `make test` tries.
FEW = 2
SQLITE, POSTGRESQL = "sqlite", "postgresql"
PAST_THE_LEASE = timedelta(minutes=2)

pytestmark = pytest.mark.timeout(3600 if ALL else 120)

Deed = Callable[[Stage], None]


def dies(_: Stage) -> None:
    """Named, never called: the end of a process isn't its own deed."""


def stands_still_past_its_lease(stage: Stage) -> None:
    """Another replica does what is to be done, as this one's claims have lapsed; then this one goes on."""
    with other(stage):
        stage.passes(seconds=PAST_THE_LEASE.total_seconds(), steps=PAST_THE_LEASE.total_seconds())


def stands_still_for_long(stage: Stage) -> None:
    """Another replica does everything, what had to wait for this one as well; then this one goes on."""
    with other(stage):
        stage.passes(minutes=30, steps=60)


def another_works_meanwhile(stage: Stage) -> None:
    """Another replica does what it can get at the same moment."""
    with other(stage):
        stage.work()
        stage.bot.watch.run_once()
        stage.work()


@contextmanager
def other(stage: Stage) -> Iterator[None]:
    """Another replica has the stage for a while."""
    mine = stage.bot
    stage.start()
    yield
    stage.bot = mine


@dataclass(frozen=True)
class Player:
    """Plays a scenario, each time in a world of its own and on a database with nothing in it.

    `emptied` returns the URL of one of that kind, which has all tables. Its bots share its engine, and with it what
    SQLAlchemy has compiled: a tenth of the time.
    """

    emptied: Callable[[str], str]
    monkeypatch: pytest.MonkeyPatch
    connect: Callable[[str], Engine] = field(default_factory=lambda: cache(database.connect))

    def __call__(
        self, kind: str, scenario: Scenario, at: int | str | None = None, when: When = "before", deed: Deed = dies
    ) -> tuple[End, Effects]:
        url = self.emptied(kind)
        with self.monkeypatch.context() as patched:
            patched.setattr(database, "connect", self.connect)
            patched.setattr(database, "upgrade", lambda _: None)
            with put_up(url, patched) as stage:
                effects = Effects(at, when, None if deed is dies else partial(deed, stage))
                with counted(patched, effects):
                    return play(scenario, stage, effects), effects


@pytest.fixture
def run(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> Player:
    def emptied(kind: str) -> str:
        if kind == POSTGRESQL:
            cluster: Cluster = request.getfixturevalue("cluster")
            return cluster.emptied_database()
        for old in tmp_path.glob("bot.sqlite3*"):
            old.unlink()
        return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'bot.sqlite3')}"

    return Player(emptied, monkeypatch)


_undisturbed: dict[tuple[str, str], tuple[End, Effects]] = {}


def undisturbed(run: Player, kind: str, scenario: Scenario) -> tuple[End, Effects]:
    """Play it as it goes if nothing happens; the parts of one process compare with the same play."""
    if (kind, scenario.name) not in _undisturbed:
        _undisturbed[kind, scenario.name] = run(kind, scenario)
    return _undisturbed[kind, scenario.name]


WAYS = {
    "dies-before-on-sqlite": (SQLITE, "before", dies),
    "dies-after-on-postgresql": (POSTGRESQL, "after", dies),
    "stands-still-on-postgresql": (POSTGRESQL, "before", stands_still_past_its_lease),
    "another-works-on-postgresql": (POSTGRESQL, "before", another_works_meanwhile),
    "dies-after-on-sqlite": (SQLITE, "after", dies),
    "dies-before-on-postgresql": (POSTGRESQL, "before", dies),
}
HAPPENS: dict[Deed, str] = {
    dies: "the process ends",
    stands_still_past_its_lease: "the process stands still past its lease",
    another_works_meanwhile: "another replica works as well",
}
# Either pair ends the process just before and just after every effect; just after one is just before the next.
EACH_POINT = (
    {"dies-after-on-sqlite", "dies-before-on-postgresql"},
    {"dies-before-on-sqlite", "dies-after-on-postgresql"},
)


def has_its_turn(scenario: Scenario, way: str, part: int) -> bool:
    """Say whether this part of the points is tried today."""
    day = datetime.now(UTC).toordinal()
    if TORTURE == "every" or (ALL and way in EACH_POINT[day % len(EACH_POINT)]):
        return True
    today = day + SCENARIOS.index(scenario)
    return part == today % PARTS and way == [*WAYS][today // PARTS % len(WAYS)]


# In this order, so that if there is no time for all of it some points of each story are left out, and no whole story.
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("part", range(PARTS))
def test_it_ends_the_same_whatever_happens_at_any_effect(
    run: Player, scenario: Scenario, way: str, part: int, tried: Tried
) -> None:
    if not has_its_turn(scenario, way, part):
        pytest.skip("another day's part; make torture tries all of them")
    leave_out_if_late(tried, "parts of stories for which no time was left")
    kind, when, deed = WAYS[way]
    expected, in_order = undisturbed(run, kind, scenario)
    points = range(part, len(in_order.names), PARTS)
    points = points if ALL else points[datetime.now(UTC).toordinal() % 7 :: 7][:FEW]
    for point in points:
        end, effects = run(kind, scenario, point, when, deed)
        assert effects.happened or point > len(in_order.names) - 5, "it happened nowhere"
        where = f"{way}, {when} effect {point} of {len(in_order.names)}: {in_order.names[point]}"
        assert end == expected, where
        if deed is another_works_meanwhile:
            assert end.writes == expected.writes, f"{where}: two did the same"
    tried(f"outside effects just {when} which {HAPPENS[deed]}, on {kind}", len(points))


def test_without_the_look_for_an_earlier_post_a_message_is_there_twice(
    run: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = "Slack chat.postMessage"
    expected, _ = run(SQLITE, COPY)
    assert run(SQLITE, COPY, point, "after")[0] == expected
    monkeypatch.setattr(Traces, "find", lambda *_: iter(()))
    assert run(SQLITE, COPY, point, "after")[0] == expected, "it is found afterwards, and taken back"
    monkeypatch.setattr(Traces, "keep", lambda *_: None)
    assert run(SQLITE, COPY, point, "after")[0] != expected


def test_without_the_stored_token_and_the_look_by_tag_a_copy_is_made_twice(
    run: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = "AWS CopyImage"
    expected, _ = run(SQLITE, COPY)
    assert run(SQLITE, COPY, point, "after")[0] == expected
    monkeypatch.setattr(copying, "find_copy", lambda *_: None)
    assert run(SQLITE, COPY, point, "after")[0].images == expected.images, "the token alone still makes it one"

    def with_any_token(*about: Any, client_token: str, **more: Any) -> Any:
        return start_copy(*about, client_token=str(uuid.uuid4()), **more)

    monkeypatch.setattr(copying, "start_copy", with_any_token)
    made = run(SQLITE, COPY, point, "after")[0].images.total() - expected.images.total()
    assert made == 1, "the test sees what the guards are for"


def lets_anybody_write(*_: Any) -> bool:
    return True


def test_without_the_lock_per_key_one_writer_overwrites_the_other(run: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    point = "AWS PutKeyPolicy"
    expected, _ = run(POSTGRESQL, TWO_ON_ONE_KEY)
    assert run(POSTGRESQL, TWO_ON_ONE_KEY, point, deed=another_works_meanwhile)[0] == expected
    monkeypatch.setattr(Store, "lock_key", lets_anybody_write)
    assert run(POSTGRESQL, TWO_ON_ONE_KEY, point, deed=another_works_meanwhile)[0].keys != expected.keys


def test_without_a_dead_writers_lock_staying_closed_what_it_sent_overwrites_the_next(
    run: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = "AWS PutKeyPolicy"
    expected, _ = run(POSTGRESQL, TWO_ON_ONE_KEY)
    assert run(POSTGRESQL, TWO_ON_ONE_KEY, point, deed=stands_still_past_its_lease)[0] == expected
    monkeypatch.setattr(store, "KEY_STAYS_CLOSED", timedelta(0))
    assert run(POSTGRESQL, TWO_ON_ONE_KEY, point, deed=stands_still_past_its_lease)[0].keys != expected.keys


def test_without_the_fence_one_who_stood_still_overwrites_the_next(
    run: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, undisturbed = run(POSTGRESQL, TWO_ON_ONE_KEY)
    point = undisturbed.names.index("AWS PutKeyPolicy") - 2
    assert undisturbed.names[point : point + 2] == ["AWS GetKeyPolicy", COMMIT], "the last look, and the fence"
    assert run(POSTGRESQL, TWO_ON_ONE_KEY, point, "after", stands_still_for_long)[0] == expected
    monkeypatch.setattr(Claim, "check", lambda _: None)
    assert run(POSTGRESQL, TWO_ON_ONE_KEY, point, "after", stands_still_for_long)[0].keys != expected.keys


def somebody_writes_the_keys_policy(stage: Stage) -> None:
    """Somebody who isn't the bot adds a statement of their own."""
    kms = stage.by_hand(IMAGES, "kms")
    (key,) = (one.arn for one in stage.aws.keys.values() if one.account_id == IMAGES)
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    theirs = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": PROD}, "Action": "kms:DescribeKey"}
    policy["Statement"].append(theirs | {"Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


@pytest.mark.parametrize(("back", "what"), [(4, "AWS GetKeyPolicy"), (3, COMMIT), (0, "AWS PutKeyPolicy")])
def test_what_somebody_else_writes_into_a_keys_policy_meanwhile_is_kept(run: Player, back: int, what: str) -> None:
    expected, undisturbed = run(SQLITE, COPY)
    point = undisturbed.names.index("AWS PutKeyPolicy") - back
    assert undisturbed.names[point] == what
    end, effects = run(SQLITE, COPY, point, "after", somebody_writes_the_keys_policy)
    assert effects.happened
    assert ["'Theirs'" in statement for statement in end.keys - expected.keys] == [True]
    assert expected.keys <= end.keys, "and the bot's own is there"
    assert end == replace(expected, keys=end.keys)


def test_without_the_lease_two_do_the_same(run: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    point = "AWS ModifyImageAttribute"
    expected, _ = run(POSTGRESQL, COPY)
    assert run(POSTGRESQL, COPY, point, deed=another_works_meanwhile)[0].writes == expected.writes

    def claims_what_others_have(mine: Store, now: datetime, lease: timedelta) -> Any:
        with mine.transaction() as tx:
            tx.connection.execute(update(requests).values(lease_until=None))
        return claim(mine, now, lease)

    def holds(tx: Transaction, claimed: Request, _until: datetime) -> Request:
        return tx.find(claimed.id)

    claim = Store.claim
    monkeypatch.setattr(Store, "claim", claims_what_others_have)
    monkeypatch.setattr(Transaction, "find_held", holds)
    assert run(POSTGRESQL, COPY, point, deed=another_works_meanwhile)[0].writes != expected.writes
