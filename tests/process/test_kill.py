"""The bot as a process: killed at any moment of a request, started again, and the story is whole.

`make test` tries a few moments, others each day; `make test-all` has a row of them.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.ballots import APPROVE
from playground.aws import Disk
from playground.company import IMAGES, PROD, REGION, STAGING
from playground.neighbourhood import Neighbourhood, put_up
from playground.slack.errors import NothingToClick
from tests.conftest import FreshDatabase, Tried
from tests.process.patience import until

pytestmark = pytest.mark.timeout(360)

# Of the effects of a share to two accounts; there are about two hundred.
POINTS = 12 if os.environ.get("TORTURE") else 2
STEP = 168 // POINTS
# Whoever asks again before the next process is up has asked twice; on a busy machine that takes half a minute.
PATIENCE_SECONDS = 45.0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Neighbourhood]:
    with put_up(tmp_path, copy_gib_per_second=4) as here:
        here.start_bot()
        yield here
        assert here.slack.violations == []


@pytest.mark.parametrize(
    "moment",
    [
        "GetKeyPolicy",
        "PutKeyPolicy",
        "ModifySnapshotAttribute",
        "ModifyImageAttribute",
        "CopyImage",
        "DescribeSnapshots",
    ],
)
def test_killed_after_the_approval_and_started_again(here: Neighbourhood, moment: str) -> None:
    mika, sam, room = here.company.mika, here.company.sam, here.company.room
    key = here.aws.account(IMAGES).key(REGION)
    image = here.aws.account(IMAGES).image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    here.slack.command(mika, room, "/ami-share", f"{image} to staging, prod")
    until(lambda: bool(here.slack.messages(room)), here)
    before = len(here.aws.journal.calls(moment))
    (approval,) = here.slack.messages(room)
    here.slack.click(sam, approval, "ami_share_approve")
    until(lambda: len(here.aws.journal.calls(moment)) > before, here)
    here.kill_bot()

    here.start_bot()
    until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)), here)

    for account in (STAGING, PROD):
        assert [copy.state for copy in here.aws.account(account).images(REGION)] == ["available"]
    assert len({call.parameters["ClientToken"] for call in here.aws.journal.calls("CopyImage")}) == 2
    thread = [reply.as_text() for reply in here.slack.thread(room, approval.ts)]
    for milestone in ("Approved by @sam", "Permissions are in place", "Copies", "is complete"):
        assert sum(milestone in line for line in thread) == 1, milestone
    assert len(here.slack.messages(room)) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("turn", range(POINTS))
def test_killed_at_any_effect_and_started_again(
    tmp_path: Path, fresh_database: FreshDatabase, kind: str, turn: int, tried: Tried
) -> None:
    number = turn * STEP + datetime.now(UTC).toordinal() % STEP
    when = ("before", "after")[(turn + (kind == "sqlite")) % 2]
    with fresh_database(kind) as url, put_up(tmp_path, copy_gib_per_second=4, database_url=url) as here:
        here.start_bot("-m", "tests.process.killed", str(number), when)
        first, mika, sam, room = here.bot, here.company.mika, here.company.sam, here.company.room
        assert first is not None
        key = here.aws.account(IMAGES).key(REGION)
        image = here.aws.account(IMAGES).image(REGION, name="golden", devices=[Disk(gib=8, key=key)])

        def stands_up_again() -> None:
            if here.bot is not None and here.bot.poll() is not None:
                here.start_bot()

        def people_do(what: Callable[[], object], sign: Callable[[], bool]) -> None:
            """Somebody does something, and again from time to time until they see that it has arrived."""
            deadline = time.monotonic() + 200
            while not sign():
                what()
                again = time.monotonic() + PATIENCE_SECONDS
                while not sign() and time.monotonic() < again:
                    stands_up_again()
                    time.sleep(0.05)
                assert time.monotonic() < deadline, here.log.read_text()

        def asks() -> None:
            here.slack.command(mika, room, "/ami-share", f"{image} to staging, prod")

        def approves() -> None:
            for message in here.slack.messages(room):
                with suppress(NothingToClick):
                    here.slack.click(sam, message, APPROVE)

        people_do(asks, lambda: bool(here.slack.messages(room)))
        people_do(approves, lambda: all(APPROVE not in message.buttons for message in here.slack.messages(room)))
        people_do(lambda: None, lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)))

        assert first.returncode == -signal.SIGKILL, "it was not killed"
        for account in (STAGING, PROD):
            assert [copy.state for copy in here.aws.account(account).images(REGION)] == ["available"]
        (approval,) = here.slack.messages(room)
        thread = [reply.as_text() for reply in here.slack.thread(room, approval.ts)]
        for milestone in ("Approved by @sam", "Permissions are in place", "is complete"):
            assert sum(milestone in line for line in thread) == 1, milestone
        assert here.slack.violations == []
        tried(f"times that a process was killed just {when} an effect", 1)
