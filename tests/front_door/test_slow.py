"""Slow: while Slack or AWS takes its time, people are answered within three seconds, and nothing is stored twice.

Slack's own time is real here: what it waits for, these tests wait for, which is a second for each.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from handlers.ballots import DENY, NARROW
from handlers.deciding_views import KEEP, REASON
from playground.slack.faults import EVERY
from tests.stage import REGION, Stage

LONG = 60


@pytest.fixture
def image(stage: Stage) -> str:
    found = str(stage.images.image(REGION, name="golden"))
    stage.bot.gallery.refresh()
    return found


@pytest.fixture
def slow(stage: Stage) -> Iterator[Any]:
    """Slack takes its time for whatever the bot asks it, from the moment this is called."""

    def begin(method: str = EVERY, seconds: float = LONG) -> None:
        stage.slack.faults.slow(method, seconds=seconds, times=1000)

    yield begin
    stage.slack.faults.clear()
    stage.listeners.drain()


def in_time(answer: Any) -> bool:
    return answer.status == 200 and not answer.timed_out


def requests_of(stage: Stage) -> int:
    """How many requests there are to work on."""
    count = 0
    while stage.bot.worker.run_once():
        count += 1
    return count


def test_a_command_is_answered_although_slack_doesnt_say_who_typed_it(stage: Stage, image: str, slow: Any) -> None:
    slow()
    answer = stage.slack.command(stage.mika, stage.room, "/ami-share", f"{image} to staging")
    assert in_time(answer)
    assert "Slack doesn't tell me just now who you are. Try again in a minute." in answer.ephemeral[0].as_text()
    stage.slack.faults.clear()
    stage.types(stage.mika, f"{image} to staging")
    assert requests_of(stage) == 1, "the second try alone"


def test_many_groups_of_requesters_take_no_longer(stage: Stage, image: str, slow: Any) -> None:
    groups = [stage.slack.user_group(f"team-{number}", [stage.mika]).id for number in range(6)]
    stage.add_settings(f'\n[[approval.rules]]\nname = "theirs"\nrequesters = {groups}\nusers = ["{stage.sam.id}"]\n')
    slow(seconds=0.6)
    answer = stage.slack.command(stage.mika, stage.room, "/ami-share", f"{image} to staging")
    assert in_time(answer)
    assert "which groups you are in" in answer.ephemeral[0].as_text()
    assert requests_of(stage) == 0


def test_the_form_is_answered_at_a_field_and_keeps_what_is_in_it(stage: Stage, image: str, slow: Any) -> None:
    stage.types(stage.mika, image)
    slow()
    answer = stage.slack.submit(stage.mika, {"targets": ["staging"], "reason": "x"})
    assert in_time(answer)
    assert "Try again in a minute" in answer.errors["image"]
    stage.slack.faults.clear()
    assert stage.submits(stage.mika, targets=["staging"], reason="x").errors == {}
    assert requests_of(stage) == 1


def test_what_was_stored_is_acknowledged_before_anybody_is_told(stage: Stage, image: str, slow: Any) -> None:
    stage.types(stage.mika, image)
    slow("chat.postEphemeral")
    assert in_time(stage.slack.submit(stage.mika, {"targets": ["staging"], "reason": "x"}))
    assert requests_of(stage) == 1


def test_a_form_that_comes_late_is_acknowledged_before(stage: Stage, slow: Any) -> None:
    slow("views.open")
    assert in_time(stage.slack.command(stage.mika, stage.room, "/ami-share", ""))


def test_a_trigger_that_ran_out_meanwhile_is_told_of(stage: Stage) -> None:
    stage.slack.faults.fail("views.open", error="expired_trigger_id")
    assert in_time(stage.types(stage.mika, ""))
    assert stage.private(stage.mika) == ["Slack didn't let me open the form just now. Try again in a minute."]


@pytest.mark.parametrize(("menu", "typed"), [("image", "golden"), ("targets", "staging")])
def test_a_menu_offers_nothing_rather_than_nothing_in_time(
    stage: Stage, image: str, slow: Any, menu: str, typed: str
) -> None:
    stage.types(stage.mika, "")
    slow()
    answer = stage.slack.suggest(stage.mika, menu, typed)
    assert in_time(answer)
    assert answer.options == []


@pytest.mark.parametrize("button", [DENY, NARROW])
def test_the_forms_of_those_who_decide_are_answered_in_time(stage: Stage, image: str, slow: Any, button: str) -> None:
    stage.types(stage.kim, f"{image} to staging, prod")
    stage.work()
    stage.clicks(stage.sam, button)
    slow()
    values = {"reason": " "} if button == DENY else {"keep": ["staging"]}
    assert in_time(stage.slack.submit(stage.sam, values))
    stage.slack.faults.clear()
    stage.listeners.drain()
    stage.work()
    assert "with staging, prod" in stage.approval.as_text().replace("*", "")


@pytest.mark.parametrize("button", [DENY, NARROW])
def test_the_forms_of_those_who_decide_keep_what_is_in_them(stage: Stage, image: str, slow: Any, button: str) -> None:
    stage.types(stage.kim, f"{image} to staging, prod")
    stage.work()
    stage.clicks(stage.sam, button)
    slow()
    values = {REASON: "not during the freeze"} if button == DENY else {KEEP: ["staging"]}
    ((field, said),) = stage.slack.submit(stage.sam, values).errors.items()
    assert field in values
    assert "Try again in a minute" in said
    stage.slack.faults.clear()
    assert stage.submits(stage.sam, **values).errors == {}
    stage.work()
    told = "Denied by @sam" if button == DENY else "@sam took prod out"
    assert any(told in line for line in stage.thread)


def test_the_first_to_come_waits_for_nothing_else(stage: Stage, image: str, slow: Any) -> None:
    stage.start()
    slow("auth.test")
    assert "Checking" in stage.types(stage.mika, f"{image} to staging").ephemeral[0].as_text()


def test_nobody_waits_for_an_aws_that_answers_nobody(stage: Stage, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answered = threading.Event(), threading.Event()

    def strike(*_: Any) -> timedelta:
        asked.set()
        answered.wait(LONG)
        return timedelta(0)

    stage.types(stage.mika, f"{image} to staging reason first")
    monkeypatch.setattr(stage.aws.faults, "strike", strike)
    worker = threading.Thread(target=stage.bot.worker.run_once)
    worker.start()
    try:
        assert asked.wait(LONG)
        assert "Checking" in stage.types(stage.mika, f"{image} to prod").ephemeral[0].as_text()
        stage.types(stage.mika, image)
        assert stage.slack.suggest(stage.mika, "image", "golden").options
        assert in_time(stage.submits(stage.mika, targets=["staging"], reason="third"))
        assert "Under way" in stage.types(stage.mika, "list").ephemeral[0].as_text()
    finally:
        answered.set()
        worker.join()
    assert requests_of(stage) == 2, "each once, besides the first"
