"""A stop: whatever AWS, Slack or the database is doing, the process ends within ten seconds, and another goes on."""

import ctypes
import signal
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from handlers.ballots import APPROVE
from playground.company import IMAGES, REGION, STAGING
from playground.neighbourhood import Neighbourhood, put_up
from tests import postgres
from tests.holding import Held, holding
from tests.process.patience import until
from tests.silence import wire

pytestmark = pytest.mark.timeout(120)

WITHIN_SECONDS = 11.0
"""Ten for what is under way, and one for the rest."""
AT_ONCE_SECONDS = 5.0
LONG = timedelta(seconds=25)


def ask(here: Neighbourhood) -> None:
    image = here.aws.account(IMAGES).image(REGION, name="golden")
    here.slack.command(here.company.mika, here.company.room, "/ami-share", f"{image} to staging")


def is_asked(here: Neighbourhood) -> bool:
    return bool(here.slack.messages(here.company.room))


def approve(here: Neighbourhood) -> None:
    (approval,) = here.slack.messages(here.company.room)
    here.slack.click(here.company.sam, approval, APPROVE)


def stops_in_time(here: Neighbourhood) -> None:
    stop = time.monotonic()
    here.stop_bot()
    assert time.monotonic() - stop < WITHIN_SECONDS
    assert here.bot is not None
    assert here.bot.returncode == 0


def test_it_stops_also_when_the_signal_reaches_another_thread_than_the_main_one(tmp_path: Path) -> None:
    with put_up(tmp_path) as here:
        here.start_bot()
        ask(here)
        assert here.bot is not None
        process = here.bot.pid
        other = next(int(one.name) for one in Path(f"/proc/{process}/task").iterdir() if int(one.name) != process)
        # Which of the threads gets the signal is up to the kernel (signal(7), "Signal mask and pending signals").
        assert ctypes.CDLL(None).tgkill(process, other, signal.SIGTERM) == 0
        assert here.bot.wait(timeout=AT_ONCE_SECONDS) == 0


def stops_as_soon_as_let_go(here: Neighbourhood, held: Held) -> None:
    """The process is told to stop while Slack holds a call of it; it waits for that one, and for nothing else."""
    held.wait()
    assert here.bot is not None
    here.bot.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        here.bot.wait(timeout=0.7)
    held.go.set()
    let_go = time.monotonic()
    assert here.bot.wait(timeout=WITHIN_SECONDS) == 0
    assert time.monotonic() - let_go < AT_ONCE_SECONDS


def ends_right(here: Neighbourhood) -> None:
    """The share comes to its end, and everything is told once."""
    until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(here.company.mika)), here)
    assert [copy.state for copy in here.aws.account(STAGING).images(REGION)] == ["available"]
    (approval,) = here.slack.messages(here.company.room)
    thread = [reply.as_text() for reply in here.slack.thread(here.company.room, approval.ts)]
    for milestone in ("Approved by @sam", "Permissions are in place", "is complete"):
        assert sum(milestone in line for line in thread) == 1, milestone
    assert here.slack.violations == []


@pytest.mark.parametrize("operation", ["ModifySnapshotAttribute", "CopyImage"])
def test_what_is_under_way_is_handed_back_within_ten_seconds(tmp_path: Path, operation: str) -> None:
    with put_up(tmp_path, copy_gib_per_second=100, aws_sleeps=True) as here:
        here.start_bot()
        ask(here)
        until(lambda: is_asked(here), here)
        here.aws.faults.delay(operation, LONG, times=1)
        approve(here)
        until(lambda: bool(here.aws.journal.calls(operation)), here)
        stops_in_time(here)
        here.start_bot()
        ends_right(here)


def test_a_message_that_is_being_posted_is_waited_for_and_not_posted_again(tmp_path: Path) -> None:
    with put_up(tmp_path, copy_gib_per_second=100) as here:
        here.start_bot()
        with holding(here.slack, "chat.postMessage") as held:
            ask(here)
            stops_as_soon_as_let_go(here, held)
        assert is_asked(here)
        here.start_bot()
        approve(here)
        ends_right(here)


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket-mode"])
def test_a_click_that_is_acknowledged_counts(tmp_path: Path, socket_mode: bool) -> None:
    with put_up(tmp_path, socket_mode=socket_mode, copy_gib_per_second=100) as here:
        here.start_bot()
        ask(here)
        until(lambda: is_asked(here), here)
        with holding(here.slack, "users.info") as held:
            approve(here)
            stops_as_soon_as_let_go(here, held)
        here.start_bot()
        ends_right(here)


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket-mode"])
def test_a_command_on_its_way_is_answered_before_the_door_closes(tmp_path: Path, socket_mode: bool) -> None:
    with put_up(tmp_path, socket_mode=socket_mode) as here:
        here.start_bot()
        answers = []

        def ask_for_help() -> None:
            answers.append(here.slack.command(here.company.mika, here.company.room, "/ami-share", "help"))

        with holding(here.slack, "users.info") as held:
            asking = threading.Thread(target=ask_for_help)
            asking.start()
            stops_as_soon_as_let_go(here, held)
            asking.join()
        ((shown,),) = [answer.ephemeral for answer in answers]
        assert "/ami-share IMAGE, … to ACCOUNT" in shown.as_text()


def test_a_database_that_says_nothing_holds_nothing_up(tmp_path: Path, cluster: postgres.Cluster) -> None:
    with cluster.database() as url, wire(cluster.folder) as way:
        name = make_url(url).database
        assert name is not None
        with put_up(tmp_path, copy_gib_per_second=100, database_url=way.url(name)) as here:
            here.start_bot()
            ask(here)
            until(lambda: is_asked(here), here)
            way.cut()
            approve(here)
            stops_in_time(here)
            way.mend()
            here.start_bot()
            approve(here)
            ends_right(here)
