"""Deciding: who may, what they see, and that one decision stands."""

import json
from datetime import timedelta
from typing import Any

import pytest

from aws_ops.ids import PrincipalArn
from aws_ops.key_policy import allow_use, parse
from playground.aws import Disk
from tests.postgres import ON_BOTH
from tests.stage import REGION, STAGING, Stage

APPROVE, DENY = "ami_share_approve", "ami_share_deny"


@pytest.fixture
def image(stage: Stage) -> str:
    """An image that Mika asked to share with staging, and that waits for approval."""
    image: str = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    return image


def test_nobody_approves_a_request_of_their_own(stage: Stage, image: str) -> None:
    stage.clicks(stage.mika, APPROVE)
    stage.work()
    assert "This is your own request" in stage.private(stage.mika)[-1]
    assert "[Approve]" in stage.approval.as_text()
    assert stage.aws.image(image).launch_permission == set()


def test_being_in_the_channel_gives_no_right(stage: Stage, image: str) -> None:
    stage.clicks(stage.kim, APPROVE)
    assert "You are not an approver" in stage.private(stage.kim)[-1]
    assert "@sam" in stage.private(stage.kim)[-1], "who may is said"
    stage.clicks(stage.kim, DENY)
    assert stage.slack.open_view(stage.kim) is None
    stage.work()
    assert stage.aws.image(image).launch_permission == set()


@ON_BOTH
def test_a_denial_has_a_reason_and_ends_it(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, DENY)
    stage.submits(stage.sam, reason="not <!channel> before Monday")
    stage.work()
    assert "Denied by @sam" in stage.approval.as_text()
    assert "[Approve]" not in stage.approval.as_text()
    assert "was denied" in stage.direct(stage.mika)[-1]
    assert "before Monday" in stage.direct(stage.mika)[-1]
    assert "&lt;!channel&gt;" in stage.slack.dms(stage.mika)[-1].text
    stage.passes(minutes=5)
    assert stage.aws.image(image).launch_permission == set()


@pytest.mark.parametrize("blank", ["  \n ", "\u200b"])
def test_a_denial_without_a_reason_to_be_seen_is_asked_for_one(stage: Stage, image: str, blank: str) -> None:
    stage.clicks(stage.sam, DENY)
    assert stage.submits(stage.sam, reason=blank).errors == {"reason": "Say why: the requester reads it."}
    stage.work()
    assert "[Deny…]" in stage.approval.as_text()
    stage.submits(stage.sam, reason="not before Monday")
    stage.work()
    assert "Denied by @sam" in stage.approval.as_text()


def test_the_first_of_two_decisions_stands(stage: Stage, image: str) -> None:
    shown = stage.approval
    stage.clicks(stage.sam, APPROVE, times=2)
    stage.work()
    stage.clicks(stage.sam, DENY, shown)
    assert "decided already: approved by @sam" in stage.private(stage.sam)[-1]
    stage.passes(minutes=30)
    assert len(stage.staging.images(REGION)) == 1
    assert len(stage.aws.journal.calls("CopyImage")) == 1


def test_a_click_on_an_old_plan_decides_nothing(stage: Stage, image: str) -> None:
    request, _, digest = stage.approval.buttons[APPROVE]["value"].partition(":")
    stage.clicks(stage.sam, APPROVE, value=f"{request}:{'0' * len(digest)}")
    assert "The plan has changed" in stage.private(stage.sam)[-1]
    stage.clicks(stage.sam, APPROVE, value=f"R-00000000:{digest}")
    assert "There is no request" in stage.private(stage.sam)[-1]
    stage.clicks(stage.sam, APPROVE, value="nonsense")
    stage.work()
    assert stage.aws.image(image).launch_permission == set()


def test_what_was_approved_is_what_runs(stage: Stage) -> None:
    key = stage.images.key(REGION)
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    role = f"arn:aws:iam::{STAGING}:role/ami-share-target"
    open_policy = _opened(stage.aws.key(key).policy, role)
    closed = stage.aws.key(key).policy
    stage.aws.key(key).policy = open_policy
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert "Key policy" not in stage.approval.as_text(), "the key is open already, so the approval isn't for opening it"

    stage.aws.key(key).policy = closed
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "please decide again" in stage.thread[-1]
    assert "[Approve]" in stage.thread[-1], "what a person has to do can be done where it is said"
    assert "Key policy" in stage.approval.as_text()
    assert "[Approve]" in stage.approval.as_text()
    assert stage.aws.journal.calls("PutKeyPolicy") == []

    (asked_again,) = [each for each in stage.slack.thread(stage.room, stage.approval.ts) if "decide" in each.as_text()]
    stage.clicks(stage.sam, APPROVE, asked_again)
    stage.work()
    assert not any("please decide again" in line for line in stage.thread)
    stage.passes(minutes=30)
    assert len(stage.staging.images(REGION)) == 1


@ON_BOTH
def test_a_request_nobody_decides_on_expires(stage: Stage, image: str) -> None:
    shown = stage.approval
    stage.passes(hours=71, steps=3600)
    assert "[Approve]" in stage.approval.as_text()
    stage.passes(hours=2, steps=3600)
    assert "expired" in stage.approval.as_text()
    assert "[Approve]" not in stage.approval.as_text()
    assert "expired: nobody decided in time" in stage.direct(stage.mika)[-1]
    assert "Nobody decided in time." in stage.thread[-1]
    stage.clicks(stage.sam, APPROVE, shown)
    assert "This request has expired" in stage.private(stage.sam)[-1]
    assert stage.aws.image(image).launch_permission == set()


def test_when_slack_cant_say_who_clicks_nothing_is_decided(stage: Stage, image: str) -> None:
    stage.slack.faults.fail("users.info", error="fatal_error", times=1)
    stage.clicks(stage.sam, APPROVE)
    assert "Try again in a minute" in stage.private(stage.sam)[-1]
    stage.work()
    assert stage.aws.image(image).launch_permission == set()


def _opened(policy: dict[str, Any], role: str) -> Any:
    return json.loads(allow_use(parse(json.dumps(policy)), [PrincipalArn(role)]).text)


def test_a_decision_counts_where_the_clock_is_behind_that_of_whoever_asked(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging")
    stage.start(ahead=timedelta(minutes=3))
    stage.work()
    stage.start()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert APPROVE not in stage.approval.buttons
    assert sum("Approved by @sam" in line for line in stage.thread) == 1
