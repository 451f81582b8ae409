"""Outages: what people see while something is away, what is tried again and how often, and how it ends."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff
from sqlalchemy import Connection, Engine, event, make_url, select
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - SQLAlchemy's own

from handlers.ballots import APPROVE
from handlers.following import REVOKE
from playground.aws import Disk
from playground.aws.faults import EVERY
from playground.company import target_policy
from sharing.store import KEY_STAYS_CLOSED, Store
from sharing.tables import requests
from tests.postgres import Cluster
from tests.stage import REGION, STAGING, Stage

HOUR = 3600
MANY_PAGES = 1_000_000
WRITES = ("CopyImage", "ModifyImageAttribute", "ModifySnapshotAttribute", "PutKeyPolicy")


@pytest.fixture
def image(stage: Stage) -> str:
    key = stage.images.key(REGION)
    return str(stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key)]))


@pytest.fixture
def asked(stage: Stage, image: str) -> str:
    stage.types(stage.mika, f"{image} to staging reason release 42")
    stage.work()
    return image


@pytest.fixture
def approved(stage: Stage, asked: str) -> str:
    stage.clicks(stage.sam, APPROVE)
    return asked


def ended_right(stage: Stage) -> None:
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert len({call.parameters["ClientToken"] for call in stage.aws.journal.calls("CopyImage")}) == 1
    for milestone in ("Approved by @sam", "Permissions are in place", "is complete"):
        assert sum(milestone in line for line in stage.thread) == 1, milestone


def nothing_given(stage: Stage, image: str) -> bool:
    return not stage.aws.image(image).launch_permission


def nobody_is_believed(stage: Stage, asked: str) -> None:
    """Sam clicks, and Mika types and reads that nobody can be known now."""
    stage.clicks(stage.sam, APPROVE)
    answer = stage.types(stage.mika, f"{asked} to prod")
    assert "Slack doesn't tell me just now who you are. Try again in a minute." in answer.ephemeral[0].as_text()


def last_said(stage: Stage) -> str:
    return stage.direct(stage.mika)[-1]


# Slack


def test_with_slack_away_nobody_is_believed_and_no_click_counts(stage: Stage, asked: str) -> None:
    stage.slack.faults.server_error(EVERY, times=100_000)
    nobody_is_believed(stage, asked)
    stage.passes(minutes=60)
    assert nothing_given(stage, asked)
    stage.slack.faults.clear()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    ended_right(stage)


def test_with_slack_away_for_an_hour_the_work_goes_on_and_is_told_afterwards(stage: Stage, approved: str) -> None:
    stage.slack.faults.server_error(EVERY, times=100_000)
    before = len(stage.slack.journal.calls())
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    tried = len(stage.slack.journal.calls()) - before
    assert tried <= HOUR / 15 * 2, "every quarter of a minute, and no more for each thing to tell"
    stage.slack.faults.clear()
    stage.passes(minutes=2)
    ended_right(stage)


def test_rate_limited_everywhere_it_waits_as_long_as_slack_says(stage: Stage, approved: str) -> None:
    stage.slack.faults.rate_limit(EVERY, retry_after=60, times=5)
    before = len(stage.slack.journal.calls())
    stage.passes(minutes=5)
    assert len(stage.slack.journal.calls()) - before <= 5 + 20
    stage.passes(minutes=40)
    ended_right(stage)


def test_rate_limited_everywhere_a_click_is_refused_with_words_or_counts_once(stage: Stage, asked: str) -> None:
    stage.slack.faults.rate_limit(EVERY, retry_after=30, times=100_000)
    nobody_is_believed(stage, asked)
    stage.passes(minutes=10)
    assert nothing_given(stage, asked)
    stage.slack.faults.clear()
    stage.passes(minutes=1)
    assert APPROVE in stage.approval.buttons
    stage.clicks(stage.sam, APPROVE, times=2)
    stage.work()
    stage.passes(minutes=40)
    ended_right(stage)


# AWS


@pytest.mark.parametrize("operation", WRITES)
def test_answers_that_never_come_after_the_deed_do_nothing_twice(stage: Stage, asked: str, operation: str) -> None:
    stage.aws.faults.lose_answer(operation, times=20)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=60)
    ended_right(stage)
    policy = stage.aws.image(asked).snapshots[0].key_arn
    assert len([one for one in stage.aws.key(policy).policy["Statement"] if "Ami" in one["Sid"]]) <= 2


@pytest.fixture
def two_on_one_key(stage: Stage) -> None:
    """Two shares of images under one key are approved, and nobody will know whether the first write arrived."""
    key = stage.images.key(REGION)
    for target in ("staging", "prod"):
        image = stage.images.image(REGION, devices=[Disk(gib=8, key=key)])
        stage.types(stage.mika, f"{image} to {target} no copy")
        stage.work()
    stage.aws.faults.lose_answer("PutKeyPolicy", times=1)
    for message in stage.slack.messages(stage.room):
        stage.clicks(stage.sam, APPROVE, message)


def completed(stage: Stage) -> list[bool]:
    return ["AMI share: completed" in one.as_text() for one in stage.slack.messages(stage.room)]


@pytest.mark.usefixtures("two_on_one_key")
def test_a_key_that_a_lost_answer_has_closed_is_gone_on_with_as_soon_as_it_opens(stage: Stage) -> None:
    stage.work()
    stage.passes(seconds=KEY_STAYS_CLOSED.total_seconds() - 15)
    assert completed(stage) == [True, False]
    stage.passes(seconds=30)
    assert all(completed(stage))


@pytest.mark.usefixtures("two_on_one_key")
def test_a_key_is_closed_by_a_lost_answer_though_the_database_was_away_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "close_key", the_database_is_away)
    with pytest.raises(OperationalError):
        stage.work()
    stage.passes(seconds=KEY_STAYS_CLOSED.total_seconds())
    assert completed(stage) == [True, False]
    stage.passes(minutes=2)
    assert all(completed(stage))


def the_database_is_away(*_: Any) -> None:
    raise OperationalError("", {}, Exception("away"))


@pytest.mark.parametrize(
    "trouble",
    [
        lambda stage: stage.aws.faults.throttle(EVERY, times=400),
        lambda stage: stage.aws.faults.fail(EVERY, code="InternalError", message="oops", status=500, times=400),
    ],
    ids=["throttled", "5xx"],
)
def test_with_aws_in_trouble_it_is_tried_for_an_hour_and_then_goes_on(
    stage: Stage, approved: str, trouble: Callable[[Stage], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # botocore waits between its own tries.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    trouble(stage)
    stage.passes(minutes=20, steps=60)
    assert nothing_given(stage, approved)
    stage.aws.faults.clear()
    stage.passes(minutes=50)
    ended_right(stage)


def test_with_aws_away_for_two_hours_it_stops_and_says_so_and_can_be_asked_again(
    stage: Stage, approved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    stage.aws.faults.fail(EVERY, code="ServiceUnavailable", message="back soon", status=503, times=1_000_000)
    before = len(stage.aws.journal.calls())
    stage.passes(minutes=150, steps=5)
    tried = [call.time for call in stage.aws.journal.calls()[before:]]
    assert len(set(tried)) == 25
    assert max(Counter(tried).values()) <= 8 * 2, "botocore's own tries of two reads, while its quota of them lasts"
    assert max(tried) - min(tried) > timedelta(minutes=85)
    assert "AWS stayed unavailable for too long. The last it said:" in last_said(stage)
    assert "back soon" in last_said(stage)
    assert "[Ask again…]" in last_said(stage)
    assert nothing_given(stage, approved)


def test_denied_halfway_it_says_what_may_be_there_and_it_can_be_taken_back(stage: Stage, asked: str) -> None:
    before = stage.aws.key(stage.aws.image(asked).snapshots[0].key_arn).policy["Statement"]
    stage.aws.faults.fail("ModifyImageAttribute", code="UnauthorizedOperation", message="not any more", status=403)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "failed while its permissions were being set. Some of them may be in place" in last_said(stage)
    assert "AWS refused ModifyImageAttribute: not any more" in last_said(stage)
    assert "[Ask again…] [Take back…]" in last_said(stage)
    stage.clicks(stage.mika, REVOKE, stage.slack.dms(stage.mika)[-1])
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    found = stage.aws.image(asked)
    assert [set(one.create_volume_permission) for one in found.snapshots] == [set()]
    assert stage.aws.key(found.snapshots[0].key_arn).policy["Statement"] == before


@pytest.mark.parametrize("loss", ["role", "rights"])
def test_a_target_that_is_lost_while_copying_is_told_of_and_holds_no_other_up(
    stage: Stage, image: str, loss: str
) -> None:
    whole = target_policy(STAGING)
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    if loss == "role":
        stage.staging.delete_role("ami-share-target")
        stage.start()
    else:
        stage.staging.set_role_policy("ami-share-target", whole | {"Statement": []})
    stage.passes(minutes=45)
    assert [copy.state for copy in stage.prod.images(REGION)] == ["available"]
    (progress,) = [line for line in stage.thread if "Copies" in line]
    assert "I can't look at this copy just now: AWS refused" in progress
    assert "⚠" not in progress, "nobody has to act on what may mend itself"
    if loss == "rights":
        stage.staging.set_role_policy("ami-share-target", whole)
        stage.passes(minutes=2)
        assert "is complete" in stage.thread[-1]
    else:
        stage.passes(hours=48, steps=600)
        assert "staging" in last_said(stage)
        assert "AWS refused AssumeRole" in last_said(stage)


def test_a_target_whose_ec2_stays_away_while_copying_holds_its_request_up_for_two_days_and_no_longer(
    stage: Stage, approved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    stage.work()
    stage.passes(minutes=1)
    stage.aws.faults.fail("DescribeImages", code="Unavailable", message="back soon", status=503, times=1_000_000)
    stage.passes(hours=47, steps=1800)
    told = last_said(stage)
    stage.passes(hours=2, steps=1800)
    assert [copy.source_image_id for copy in stage.staging.images(REGION)] == [approved]
    assert last_said(stage) != told, "what lasts so long isn't waited for any longer"
    assert "AWS could not do DescribeImages now" in last_said(stage)
    assert "back soon" in last_said(stage)
    assert "[Retry" in last_said(stage)


def test_a_failed_copy_that_cannot_be_cleared_away_for_two_days_is_told_of_by_why_it_failed(
    stage: Stage, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    whole = target_policy(STAGING)
    blunt = [each for each in whole["Statement"] if each["Sid"] != "LetEbsUseTheKeys"]
    stage.staging.set_role_policy("ami-share-target", whole | {"Statement": blunt})
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.aws.faults.fail("DeregisterImage", code="Unavailable", message="back soon", status=503, times=1_000_000)
    stage.passes(hours=100, steps=1800)
    assert "AWS ended the copy" in last_said(stage)
    assert "DeregisterImage" not in last_said(stage)


def test_a_source_whose_role_is_deleted_before_the_permissions_stops_with_what_to_do(
    stage: Stage, approved: str
) -> None:
    stage.images.delete_role("ami-share-source")
    stage.start()
    stage.work()
    assert "AssumeRole" in last_said(stage)
    assert nothing_given(stage, approved)


# The database


@contextmanager
def away(stage: Stage, cluster: Cluster) -> Iterator[None]:
    """The stage's database takes no connections, and has dropped those that there were."""
    name = make_url(stage.environment.database_url.get_secret_value()).database
    assert name is not None
    cluster.do("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    cluster.drop_connections(name)
    yield
    cluster.do("ALTER DATABASE {} ALLOW_CONNECTIONS true", name)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_with_the_database_away_nothing_is_begun_and_afterwards_all_goes_on(
    stage: Stage, asked: str, cluster: Cluster
) -> None:
    with away(stage, cluster):
        stage.clicks(stage.sam, APPROVE)
        assert "Something went wrong that I did not expect" in stage.private(stage.sam)[-1]
        answer = stage.types(stage.mika, f"{asked} to prod")
        assert "Something went wrong" in answer.ephemeral[0].as_text()
        with pytest.raises(OperationalError):
            stage.bot.worker.run_once()
        stage.clock.advance(timedelta(minutes=1))
        assert nothing_given(stage, asked)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    ended_right(stage)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("operation", [*WRITES, "DescribeImages"])
def test_a_database_that_goes_away_in_the_middle_of_a_step_costs_a_lease(
    stage: Stage, approved: str, cluster: Cluster, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strike, gone = stage.aws.faults.strike, away(stage, cluster)
    struck: list[str] = []

    def and_drop(service: str, called: str, account_id: str, moment: str) -> timedelta:
        if called == operation and moment == "after" and not struck:
            struck.append(called)
            gone.__enter__()
        return strike(service, called, account_id, moment)  # type: ignore[arg-type]

    monkeypatch.setattr(stage.aws.faults, "strike", and_drop)
    with pytest.raises(OperationalError):
        stage.work()
    gone.__exit__(None, None, None)
    stage.passes(minutes=45)
    ended_right(stage)


def test_a_database_with_no_connection_free_costs_leases_and_no_tries(
    stage: Stage, approved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strike, begin, armed = stage.aws.faults.strike, Engine.begin, []

    def and_take_all(service: str, called: str, account_id: str, moment: str) -> timedelta:
        if called == "DescribeImages" and moment == "after" and not armed:
            armed.append(called)
        return strike(service, called, account_id, moment)  # type: ignore[arg-type]

    def begins_unless_all_are_taken(engine: Engine) -> Any:
        if armed:
            armed.clear()
            raise TimeoutError("QueuePool limit of size 5 overflow 10 reached, connection timed out")
        return begin(engine)

    with monkeypatch.context() as patched:
        patched.setattr(stage.aws.faults, "strike", and_take_all)
        patched.setattr(Engine, "begin", begins_unless_all_are_taken)
        for _ in range(5):
            with pytest.raises(TimeoutError):
                stage.bot.worker.run_once()
            stage.clock.advance(timedelta(minutes=1))
    stage.passes(minutes=45)
    ended_right(stage)


@pytest.fixture
def disk(database: str) -> Iterator[Callable[[int], None]]:
    """Says by how many pages, small ones, the database's file may still grow."""
    path, limit = make_url(database).database or "", [MANY_PAGES]

    def keep_to_it(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit[0]}")

    def leave(pages: int) -> None:
        with closing(sqlite3.connect(path)) as connection:
            (taken,) = connection.execute("PRAGMA page_count").fetchone()
        limit[0] = taken + pages

    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM")
    event.listen(Engine, "begin", keep_to_it)
    yield leave
    event.remove(Engine, "begin", keep_to_it)


def times_too_full(stage: Stage) -> int:
    """Let half an hour pass; returns in how many of its minutes the disk was too full for a step."""
    failed = 0
    for _ in range(30):
        try:
            stage.passes(minutes=1)
        except OperationalError:
            failed += 1
    return failed


@pytest.mark.parametrize("pages", range(0, 10, 2))
def test_with_a_full_disk_nothing_is_given_that_could_not_be_recorded(
    disk: Callable[[int], None], stage: Stage, asked: str, unrecorded: list[str], pages: int
) -> None:
    stage.clicks(stage.sam, APPROVE)
    disk(pages)
    assert times_too_full(stage) > 20
    disk(MANY_PAGES)
    stage.passes(minutes=45)
    ended_right(stage)
    assert unrecorded == []


def test_with_a_full_disk_nobody_is_told_that_something_is_taken_in_which_is_not(
    disk: Callable[[int], None], stage: Stage, image: str
) -> None:
    disk(1)
    said = [stage.types(stage.mika, f"{image} to prod reason {'x' * 200}").ephemeral[0].as_text() for _ in range(10)]
    assert "Something went wrong" in said[-1]
    taken_in = {line.split("`")[3] for line in said if "Checking" in line}
    disk(MANY_PAGES)
    with stage.bot.store.transaction() as tx:
        assert set(tx.connection.scalars(select(requests.c.id))) == taken_in
