"""Newer versions: what this one can't read of theirs is waited for where it has to be, and stands in no one's way."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from playground.aws import Disk
from sharing.tables import requests
from tests.front_door.test_auditing import audited, by_calendar, by_hand, put_right
from tests.front_door.test_retention import RULES, approved, copies, looked
from tests.front_door.test_taking_back import APPROVE, lists, request_id, shared
from tests.postgres import ON_BOTH
from tests.stage import REGION, STAGING, Stage

STRANGER = "888888888888"


@pytest.fixture
def images(stage: Stage) -> list[str]:
    """Three golden images, each younger than the one before."""
    key, images = stage.images.key(REGION), []
    for number in range(3):
        images.append(stage.images.image(REGION, name=f"golden-{number}", devices=[Disk(gib=8, key=key)]))
        stage.clock.advance(timedelta(days=1))
    return images


def written(stage: Stage, request: str, **columns: Any) -> None:
    """Somebody writes into the request past the bot of this version."""
    with stage.bot.store.transaction() as tx:
        tx.connection.execute(update(requests).where(requests.c.id == request).values(columns))


def by_a_newer_version(stage: Stage, request: str) -> None:
    written(stage, request, trigger="of_the_next_version")


def by_this_version(stage: Stage, request: str) -> None:
    written(stage, request, trigger="person")


@ON_BOTH
def test_a_share_waits_for_what_may_take_away_what_it_needs(
    stage: Stage, images: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    first = shared(stage, f"{images[0]} to staging no copy", minutes=1)
    stage.types(stage.mika, f"revoke {first}")
    stage.work()
    revocation = request_id(stage)
    stage.aws.faults.fail("ModifyImageAttribute", code="ResourceLimitExceeded", times=99)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    by_a_newer_version(stage, revocation)
    stage.aws.faults.clear()
    shared(stage, f"{images[1]} to staging no copy", minutes=20)
    assert "AMI share: approved" in stage.approval.as_text()
    assert lists(stage, images[1])[0] == set()
    assert f"request {revocation} can't be read" in caplog.text
    by_this_version(stage, revocation)
    stage.passes(minutes=20)
    assert lists(stage, images[0])[0] == set()
    assert lists(stage, images[1])[0] == {STAGING}
    assert "is complete" in stage.direct(stage.mika)[-1]


def test_an_audit_of_everything_keeps_what_they_need(stage: Stage, images: list[str]) -> None:
    theirs, _ = (shared(stage, f"{image} to staging", minutes=15) for image in images[:2])
    before = [lists(stage, image) for image in images]
    by_a_newer_version(stage, theirs)
    for image in images[:2]:
        by_hand(stage, "Remove", image)
    assert "waits for approval" in audited(stage)
    put_right(stage)
    assert [lists(stage, image) for image in images] == before, "what theirs needs is in the ledger"
    assert "AWS is as it was approved again" in stage.direct(stage.mika)[-1]


def test_an_audit_of_an_image_waits_for_their_share_of_it(stage: Stage, images: list[str]) -> None:
    theirs = shared(stage, f"{images[0]} to staging no copy", minutes=1)
    by_a_newer_version(stage, theirs)
    by_hand(stage, "Remove", images[0])
    told = stage.direct(stage.mika)
    audited(stage, images[0])
    stage.passes(minutes=20)
    assert stage.direct(stage.mika) == told, "neither that all is well nor that it isn't"
    by_this_version(stage, theirs)
    stage.passes(minutes=10)
    assert "audit" in stage.direct(stage.mika)[-1].lower()
    assert "waits for approval" in stage.direct(stage.mika)[-1]


def test_copies_of_theirs_stay_and_no_other_goes_for_them(stage: Stage, images: list[str]) -> None:
    stage.add_settings(RULES.replace("2", "1"))
    *_, newest = (shared(stage, f"{image} to staging", minutes=15) for image in images)
    by_a_newer_version(stage, newest)
    looked(stage)
    approved(stage)
    assert set(copies(stage)) == {"golden-1", "golden-2"}, "golden-1 is the newest of those that can be read"


@ON_BOTH
def test_a_copy_that_goes_is_gone_for_their_share_as_well(stage: Stage, images: list[str]) -> None:
    for image in images[:2]:
        shared(stage, f"{image} to staging", minutes=15)
    theirs = shared(stage, f"{images[0]} to staging, prod", minutes=15)
    stage.add_settings(RULES.replace("2", "1"))
    by_a_newer_version(stage, theirs)
    looked(stage)
    approved(stage)
    assert set(copies(stage)) == {"golden-1"}
    assert "1 copy is deregistered" in stage.direct(stage.mika)[-1]
    by_this_version(stage, theirs)
    assert "is gone" not in audited(stage), "what was let go isn't missed"


def test_what_the_calendar_told_and_cannot_be_read_is_told_once_more(stage: Stage, images: list[str]) -> None:
    by_hand(stage, "Add", images[0], STRANGER)
    (told,) = by_calendar(stage)
    assert by_calendar(stage) == []
    with stage.bot.store.transaction() as tx:
        tx.connection.execute(update(requests).values(plan='{"of": "the next version"}'))
    (again,) = by_calendar(stage)
    assert f"{images[0]} is shared with {STRANGER} as well" in told
    assert f"{images[0]} is shared with {STRANGER} as well" in again
