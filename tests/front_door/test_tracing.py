"""Tracing: every line that is logged while something is done about a request names it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from bot.engine import Alarm, Engine
from bot.logs import LogFormat, log_handler
from bot.settings import ServerSettings
from handlers.ballots import APPROVE
from playground.aws import Disk
from playground.company import target_policy
from sharing.claim import Claim
from sharing.context import NO_REQUEST, request_at_hand
from sharing.transaction import LeaseLost
from tests.stage import REGION, STAGING, Stage


@contextmanager
def lines() -> Iterator[list[dict[str, str]]]:
    """What is logged inside, once it is over; what this thread did before, at the door, is no context of it."""
    written, found = io.StringIO(), list[dict[str, str]]()
    handler, root = log_handler(LogFormat.JSON, (), written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    request_at_hand.set(NO_REQUEST)
    yield found
    root.setLevel(level)
    root.removeHandler(handler)
    found += map(json.loads, written.getvalue().splitlines())


@pytest.fixture
def image(stage: Stage) -> str:
    image: str = stage.images.image(REGION, devices=[Disk(gib=8, key=stage.images.key(REGION))])
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    return image


def request_id(stage: Stage) -> str:
    return str(stage.approval.as_text().splitlines()[-1].split("`")[1])


def test_a_click_s_lines_name_its_request_and_the_next_one_s_don_t(stage: Stage, image: str) -> None:
    stage.slack.faults.server_error("users.info", times=2)
    with lines() as found:
        stage.clicks(stage.sam, APPROVE)
        stage.opens_home(stage.sam)
    silent = [line for line in found if "can't read who" in line["message"]]
    assert [line["request_id"] for line in silent] == [request_id(stage), "-"]


def test_a_command_s_lines_name_the_request_that_was_typed(stage: Stage, image: str) -> None:
    stage.slack.faults.server_error("users.info")
    with lines() as found:
        stage.types(stage.mika, f"status {request_id(stage)}")
    assert {line["request_id"] for line in found if "can't read who" in line["message"]} == {request_id(stage)}


def test_the_lines_of_a_copy_that_is_watched_name_its_request(stage: Stage, image: str) -> None:
    whole = target_policy(STAGING)
    blunt = whole | {"Statement": [each for each in whole["Statement"] if each["Sid"] != "LetEbsUseTheKeys"]}
    stage.staging.set_role_policy("ami-share-target", blunt)
    stage.clicks(stage.sam, APPROVE)
    stage.aws.faults.fail("DeregisterImage", code="InternalError", status=500, times=8)
    with lines() as found:
        stage.work()
        stage.passes(minutes=2)
    assert {line["request_id"] for line in found if "cleared away later" in line["message"]} == {request_id(stage)}


def test_the_line_of_copies_that_can_t_be_looked_at_is_there_for_each_request(stage: Stage, image: str) -> None:
    first = request_id(stage)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    second = request_id(stage)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.staging.set_role_policy("ami-share-target", target_policy(STAGING) | {"Statement": []})
    with lines() as found:
        stage.bot.watch.run_once()
    said = [line["request_id"] for line in found if "copies can't be looked at" in line["message"]]
    assert sorted(said) == sorted([first, second])


def test_the_line_of_a_step_that_the_database_ended_names_its_request(
    stage: Stage, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_claim: Claim) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))

    stage.clicks(stage.sam, APPROVE)
    monkeypatch.setattr(Claim, "check", gone)
    engine = Engine(stage.bot, ServerSettings(workers=1), Alarm())
    with lines() as found:
        while engine._tried(stage.bot.worker.run_once):
            pass
    (failed,) = [line for line in found if line["message"] == "a step failed"]
    assert failed["request_id"] == request_id(stage)
    assert "the server closed the connection" in failed["exc_info"]


def test_the_lines_of_a_publisher_in_trouble_name_their_request(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, APPROVE)
    stage.slack.faults.fail("chat.update", error="internal_error")
    stage.slack.faults.drop("chat.postMessage", times=9)
    with lines() as found:
        stage.work()
        stage.passes(seconds=30)
    said = [line for line in found if line["logger"] == "handlers.publisher"]
    assert {line["message"].split(": ", 1)[1].split(" (")[0] for line in said} == {
        "Slack refused", "Slack is out of reach"
    }  # fmt: skip
    assert {line["request_id"] for line in said} == {request_id(stage)}


def test_the_line_of_a_worker_that_was_overtaken_names_its_request(
    stage: Stage, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(claim: Claim) -> None:
        raise LeaseLost(claim.request.id)

    stage.clicks(stage.sam, APPROVE)
    stage.bot.worker.run_once()
    monkeypatch.setattr(Claim, "check", overtaken)
    with lines() as found:
        stage.bot.worker.run_once()
    assert [line["request_id"] for line in found if "overtaken" in line["message"]] == [request_id(stage)]
