"""A crash anywhere: the story of a share ends the same, wherever the process died on its way.

`make test` tries a few points, others every day; `make torture` tries all of them, on both databases.
"""

import os
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aws_ops.copies import start_copy
from handlers.ballots import APPROVE
from handlers.publisher import Publisher
from playground.aws import Disk
from sharing import copying
from sharing.tables import audit_events
from tests import postgres
from tests.crashes import Death, Mortality, When, mortal
from tests.stage import REGION, Stage, put_up

TORTURE = bool(os.environ.get("TORTURE"))
PARTS = 24
WHENS: tuple[When, ...] = ("before", "after")

pytestmark = pytest.mark.timeout(3600 if TORTURE else 120)


@dataclass(frozen=True)
class End:
    """What is left when all is over: at AWS, in Slack and on record; without the ids that differ from run to run."""

    copies: tuple[tuple[str, bool], ...]
    launch_permission: frozenset[str]
    create_volume_permission: tuple[frozenset[str], ...]
    key_statements: tuple[str, ...]
    asked: int
    thread: Counter[str]
    told: Counter[str]
    recorded: frozenset[str]


def blotted(text: str) -> str:
    return re.sub(r"(ami|snap)-[0-9a-f]+|R-[0-9A-Z]{8}|key/[0-9a-f-]+|\d{4}-\d\d-\d\d \d\d:\d\d", "…", text)


def story(stage: Stage, mortality: Mortality) -> End:
    """Mika asks, Sam approves, the copy is made; whoever dies on the way is followed by another."""
    key = stage.images.key(REGION)
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    stage.types(stage.mika, f"{image} to staging reason release 42")
    mortality.watch()
    while True:
        try:
            tell(stage)
            break
        except Death:
            mortality.revive()
            stage.start()
    snapshots = stage.aws.image(image).snapshots
    with stage.bot.store.transaction() as tx:
        kinds = frozenset(tx.connection.scalars(select(audit_events.c.kind)))
    return End(
        copies=tuple((copy.state, copy.name == "golden") for copy in stage.staging.images(REGION)),
        launch_permission=frozenset(stage.aws.image(image).launch_permission),
        create_volume_permission=tuple(frozenset(one.create_volume_permission) for one in snapshots),
        key_statements=tuple(sorted(str(one) for one in stage.aws.key(key).policy["Statement"])),
        asked=len(stage.slack.messages(stage.room)),
        thread=Counter(map(blotted, stage.thread)),
        told=Counter(map(blotted, stage.direct(stage.mika))),
        # That something is about to be given is on record before it is; a process may die before it says that it was.
        recorded=frozenset(kind for kind in kinds if not kind.endswith(("_added", "_changed"))),
    )


def tell(stage: Stage) -> None:
    stage.work()
    stage.passes(minutes=1)
    if "approval needed" in stage.approval.as_text():
        stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=45, steps=60)


Run = Callable[..., tuple[End, Mortality]]


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Tells the story once, in a world and on a database of its own, dying at a point or not at all."""

    @contextmanager
    def fresh() -> Iterator[str]:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path}/{uuid.uuid4()}.sqlite3"
            return
        cluster: postgres.Cluster = request.getfixturevalue("cluster")
        with cluster.database() as url:
            yield url

    def once(at: int | str | None = None, when: When = "before") -> tuple[End, Mortality]:
        mortality = Mortality(at, when)
        with (
            fresh() as url,
            monkeypatch.context() as patched,
            put_up(url, patched) as stage,
            mortal(patched, mortality),
        ):
            return story(stage, mortality), mortality

    return once


@pytest.mark.parametrize("part", range(PARTS))
def test_a_share_ends_the_same_wherever_its_process_dies(run: Run, part: int, request: pytest.FixtureRequest) -> None:
    if not TORTURE and ("postgresql" in request.node.name or part != datetime.now(UTC).toordinal() % PARTS):
        pytest.skip("another day's part; make torture tries all of them")
    expected, undisturbed = run()
    points = range(part, len(undisturbed.names), PARTS)
    for point, when in product(points if TORTURE else points[:3], WHENS):
        end, died = run(point, when)
        assert end == expected, f"died {when} effect {point} of {len(undisturbed.names)}: {died.names[-1]}"
    print(f"{request.node.name}: {len(points)} of {len(undisturbed.names)} effects, died before and after each")


def test_without_the_look_for_an_earlier_post_a_message_is_there_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = "Slack chat.postMessage"
    expected, _ = run()
    assert run(point, "after")[0] == expected
    monkeypatch.setattr(Publisher, "_find", lambda *_: None)
    assert run(point, "after")[0] != expected


def test_without_the_stored_token_and_the_look_by_tag_a_copy_is_made_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = "AWS CopyImage"
    expected, _ = run()
    assert run(point, "after")[0] == expected
    monkeypatch.setattr(copying, "find_copy", lambda *_: None)
    assert len(run(point, "after")[0].copies) == 1, "the token alone still makes it one"

    def with_any_token(*about: Any, client_token: str, **more: Any) -> Any:
        return start_copy(*about, client_token=str(uuid.uuid4()), **more)

    monkeypatch.setattr(copying, "start_copy", with_any_token)
    assert len(run(point, "after")[0].copies) == 2, "the test sees what the guards are for"
