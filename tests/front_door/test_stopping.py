"""Stopping: what can't be waited for any longer. `tests/process/test_stop.py` stops a whole process."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.deadline import Deadline
from bot.engine import Alarm, Engine
from bot.settings import ServerSettings
from tests.holding import holding
from tests.stage import REGION, Stage


@pytest.fixture
def engine(stage: Stage) -> Engine:
    """The jobs of a process; but for the calendar's, which would ask for an audit at once."""
    stage.add_settings("\n[audit]\nevery_days = 0\n")
    engine = Engine(stage.bot, ServerSettings(workers=1, publish_seconds=0.1), Alarm())
    engine.start()
    return engine


def test_a_message_that_is_still_being_posted_is_left_to_its_lease(
    stage: Stage, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    next_one = stage.start()
    with holding(stage.slack, "chat.postMessage") as held:
        stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
        held.wait()
        engine.rest()
        engine.finish(Deadline.within(0.1))
        engine.hand_back(Deadline.within(5))
        assert not next_one.publisher.run_once(), "it may arrive at any moment"
    engine.finish(Deadline.within(5))
    stage.clock.advance(timedelta(minutes=1))
    stage.work()
    assert len(stage.slack.messages(stage.room)) == 1
    assert "a message is still being posted" in caplog.text


def test_a_clock_that_is_set_back_keeps_no_job_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(stage.bot, ServerSettings(workers=1), Alarm())
    engine.keep_time()
    assert caplog.text == ""
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr("bot.engine.utc_now", lambda: an_hour_ago)
    engine.keep_time()
    assert "the clock was set back: publish runs now" in caplog.text
    caplog.clear()
    engine.keep_time()
    assert caplog.text == "", "they are due now"


def test_listeners_are_waited_for_and_counted_if_they_take_too_long(stage: Stage) -> None:
    with holding(stage.slack, "users.info") as held:
        stage.slack.open_home(stage.sam)
        held.wait()
        assert stage.listeners.finish(0.1) == 1
        held.go.set()
        assert stage.listeners.finish(5) == 0
