"""Tracing: every line that is logged while something is done about a request names it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.logs import LogFormat, log_handler
from handlers.ballots import APPROVE
from playground.aws import Disk
from playground.company import target_policy
from tests.stage import REGION, STAGING, Stage


@contextmanager
def lines() -> Iterator[list[dict[str, str]]]:
    """What is logged inside, once it is over."""
    written, found = io.StringIO(), list[dict[str, str]]()
    handler, root = log_handler(LogFormat.JSON, (), written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
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
