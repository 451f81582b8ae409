"""Many requests in flight: what Slack allows in a minute is enough for all, and what people wait for comes first."""

from datetime import timedelta

import pytest

from playground.aws.accounts import Disk
from tests.stage import REGION, Stage

APPROVE, REQUESTS = "ami_share_approve", 16


@pytest.fixture
def crowded(stage: Stage) -> Stage:
    """A good many shares being copied, before a Slack that counts calls from now on."""
    for number in range(REQUESTS):
        image = stage.images.image(REGION, name=f"golden-{number}", devices=[Disk(gib=30)])
        stage.types(stage.mika, f"{image} to staging")
        stage.work()
        stage.clicks(stage.sam, APPROVE)
        stage.work()
    stage.clock.advance(timedelta(minutes=2))
    stage.slack.rate_limits = True
    return stage


def lives(stage: Stage, seconds: int) -> None:
    """Let time pass by the second, looking at the copies as often as a bot does."""
    for second in range(seconds):
        stage.clock.advance(timedelta(seconds=1))
        if second % 15 == 0:
            stage.bot.watch.run_once()
        stage.work()


def refused(stage: Stage, method: str) -> int:
    return sum(call.answer.get("error") == "ratelimited" for call in stage.slack.journal.calls(method))


def test_edits_of_many_requests_keep_to_slacks_rate_and_each_gets_its_turn(crowded: Stage) -> None:
    before = len(crowded.slack.journal.calls("chat.update"))
    lives(crowded, 75)
    edits = crowded.slack.journal.calls("chat.update")[before:]
    assert refused(crowded, "chat.update") == 0
    assert len({call.arguments["ts"] for call in edits}) >= REQUESTS, "nobody's progress stands still"


def test_a_milestone_doesnt_wait_for_edits(crowded: Stage) -> None:
    lives(crowded, 5)
    crowded.types(crowded.mika, f"{crowded.images.image(REGION, name='urgent')} to staging")
    lives(crowded, 3)
    assert "urgent" in crowded.approval.as_text()
    crowded.slack.faults.rate_limit("chat.update", retry_after=60)
    crowded.clicks(crowded.sam, APPROVE)
    lives(crowded, 10)
    assert any("Approved by @sam" in line for line in crowded.thread), "though edits have to wait"
    assert "[Approve]" in crowded.approval.as_text()
    lives(crowded, 65)
    assert "[Approve]" not in crowded.approval.as_text()
