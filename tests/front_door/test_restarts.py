"""Restarts: a process that dies at any moment is followed by one that goes on, and nothing is done twice."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from sqlalchemy import update

from handlers.messages import STORY
from handlers.traces import EVENT_TYPE
from playground.aws import Crash, Disk
from sharing.claim import Claim
from sharing.postings import Postings
from sharing.requests import RequestKind
from sharing.tables import requests
from sharing.transaction import LeaseLost
from tests.effects import Death
from tests.postgres import ON_BOTH
from tests.stage import REGION, Stage

APPROVE = "ami_share_approve"
MILESTONES = ("Approved by @sam", "Permissions are in place", "Copies", "is complete")


def whole_story(stage: Stage) -> None:
    """One copy, every milestone once, and the requester told once."""
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    for milestone in MILESTONES:
        assert sum(milestone in line for line in stage.thread) == 1, milestone
    assert sum("is complete" in text for text in stage.direct(stage.mika)) == 1
    assert len(stage.slack.messages(stage.room)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "operation", ["PutKeyPolicy", "ModifySnapshotAttribute", "ModifyImageAttribute", "DescribeKey", "CopyImage"]
)
def test_a_death_at_aws(stage: Stage, operation: str, when: str) -> None:
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=stage.images.key(REGION))])
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash(operation, nth=1)
    with pytest.raises(Crash):
        stage.work()

    stage.start()
    stage.passes(minutes=40)
    whole_story(stage)
    asked = [call.parameters["ClientToken"] for call in stage.aws.journal.calls("CopyImage")]
    assert len(set(asked)) == 1, "whoever asks again, asks with the same token"
    if (operation, when) == ("CopyImage", "after"):
        assert len(asked) == 1, "a copy that was started is found by its tag before another is asked for"


@ON_BOTH
def test_a_death_between_posting_and_knowing_it(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging")
    stage.slack.faults.lose_answer("chat.postMessage", times=1)
    stage.work()
    stage.passes(minutes=1)
    assert len(stage.slack.messages(stage.room)) == 1, "the post whose answer was lost is found, not made again"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=30)
    whole_story(stage)


def test_a_post_is_found_though_slack_s_clock_is_behind_the_bot_s(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.start(ahead=timedelta(minutes=3))
    stage.types(stage.mika, f"{image} to staging")
    stage.slack.faults.lose_answer("chat.postMessage", times=1)
    stage.work()
    stage.passes(minutes=1)
    assert len(stage.slack.messages(stage.room)) == 1


@ON_BOTH
@pytest.mark.parametrize("posted", [True, False])
def test_another_app_s_copy_of_a_message_is_not_taken_for_it(stage: Stage, posted: bool) -> None:
    (answer,) = stage.types(stage.mika, f"{stage.images.image(REGION)} to staging").ephemeral
    (request,) = re.findall(r"R-\w{8}", answer.text)
    strike = stage.slack.faults.lose_answer if posted else stage.slack.faults.drop
    strike("chat.postMessage", times=1)
    stage.work()
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"request": request, "message": STORY}}
    other = stage.slack.user("other-app", bot=True)
    stage.slack.say(other, stage.room, "Approved, all is well", metadata=metadata)
    stage.slack.say(stage.kim, stage.room, "what is this?", metadata=metadata)
    stage.start()
    stage.passes(minutes=1)

    authors = [message.user for message in stage.slack.messages(stage.room)]
    own, others = stage.slack.bot_user_id, [other.id, stage.kim.id]
    assert authors == ([own, *others] if posted else [*others, own]), "the bot's stands once, and the others' as well"
    (message,) = (message for message in stage.slack.messages(stage.room) if message.user == own)
    stage.clicks(stage.sam, APPROVE, message)
    stage.work()
    assert stage.slack.violations == []
    (message,) = (message for message in stage.slack.messages(stage.room) if message.user == own)
    assert "approval needed" not in message.as_text(), "it is edited as ever"


@pytest.mark.parametrize("harm", ["drop", "rate_limit", "error"])
def test_a_post_is_found_once_slack_says_who_the_bot_is(stage: Stage, harm: str) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.slack.faults.lose_answer("chat.postMessage", times=1)
    stage.work()
    match harm:
        case "drop":
            stage.slack.faults.drop("auth.test", times=2)
        case "rate_limit":
            stage.slack.faults.rate_limit("auth.test", retry_after=5, times=2)
        case _:
            stage.slack.faults.fail("auth.test", error="some_error", times=2)
    stage.passes(minutes=2)
    assert len(stage.slack.messages(stage.room)) == 1
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "approval needed" not in stage.approval.as_text(), "what could not be found then is known now"
    assert sum(call.answer["ok"] for call in stage.slack.journal.calls("auth.test")) == 1, "asked until it is known"


def test_slack_away_for_an_hour_loses_nothing(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.slack.faults.fail("chat.postMessage", error="service_unavailable", times=100_000)
    stage.slack.faults.fail("chat.update", error="service_unavailable", times=100_000)
    stage.work()
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    stage.slack.faults.clear()
    stage.passes(minutes=2)
    whole_story(stage)


def test_rate_limits_are_kept(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging")
    stage.slack.faults.rate_limit("chat.postMessage", retry_after=30, times=1)
    stage.work()
    assert stage.slack.messages(stage.room) == []
    before = len(stage.slack.journal.calls("chat.postMessage"))
    stage.types(stage.mika, f"{image} to prod")
    stage.passes(seconds=15)
    assert len(stage.slack.journal.calls("chat.postMessage")) == before, "not before Retry-After is over"
    stage.passes(seconds=30)
    assert len(stage.slack.messages(stage.room)) == 2


def test_a_requester_who_has_left_holds_nothing_up(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging")
    stage.slack.change_user(stage.mika, deleted=True)
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=30)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert "is complete" in stage.thread[-1]
    tries = len(stage.slack.journal.calls("conversations.open"))
    stage.passes(minutes=5)
    assert len(stage.slack.journal.calls("conversations.open")) == tries, "it isn't tried for ever"


@ON_BOTH
def test_a_worker_that_was_overtaken_writes_nothing(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging")
    store = stage.bot.store
    slow = store.claim(stage.clock(), timedelta(seconds=30))
    assert slow is not None
    assert store.claim(stage.clock(), timedelta(seconds=30)) is None, "a claim is one worker's alone"
    stage.clock.advance(timedelta(seconds=31))
    stage.work()
    with pytest.raises(LeaseLost), Claim(slow, store, stage.clock, timedelta(seconds=30)).transaction():
        pass


def test_what_a_stopping_bot_hands_back_goes_on_at_once_and_it_writes_no_more(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging")
    planning, go_on = threading.Event(), threading.Event()
    errand = stage.bot.worker.errands[RequestKind.SHARE]

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(errand, name)

        def plan(self, *about: Any) -> Any:
            planning.set()
            go_on.wait(timeout=20)
            return errand.plan(*about)

    old = replace(stage.bot.worker, errands={RequestKind.SHARE: Slow()})  # type: ignore[dict-item]
    thread = threading.Thread(target=old.run_once)
    thread.start()
    assert planning.wait(timeout=20)
    assert not stage.bot.worker.run_once(), "it is in the stopping one's hands"
    old.hand_back()
    stage.work()
    assert "approval needed" in stage.approval.as_text()
    go_on.set()
    thread.join(timeout=20)
    stage.work()
    assert len(stage.slack.messages(stage.room)) == 1


def test_new_rules_hold_though_one_that_runs_by_the_old_ones_looked_first(stage: Stage) -> None:
    old, vault = stage.bot, stage.slack.channel("vault", members=[stage.kim])
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    new = stage.add_settings(
        f'\n[[approval.rules]]\nname = "s"\ntargets = ["staging"]\nchannel = "{vault.id}"\nusers = ["{stage.kim.id}"]\n'
    )
    stage.bot = old
    stage.work()
    stage.bot = new
    stage.passes(minutes=10)
    assert stage.slack.messages(vault) == [], "who ran before has taken up what was to be looked at anew"
    new.reconsider()
    stage.work()
    (shown,) = stage.slack.messages(vault)
    assert "To be decided by @kim." in shown.as_text()


def test_what_changes_while_it_is_told_is_told_again(stage: Stage) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    bot = stage.bot
    bot.reconsider()
    bot.worker.run_once()
    telling = Postings(bot.store, timedelta(minutes=1))
    untold = telling.claim(stage.clock())
    assert untold is not None
    bot.reconsider()
    telling.told(untold, None)
    assert telling.claim(stage.clock()) is not None


def test_what_a_newer_version_wrote_holds_up_nothing_else(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    first, second = (stage.images.image(REGION, name=name) for name in ("first", "second"))
    stage.types(stage.mika, f"{first} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.opens_home(stage.mika)
    with stage.bot.store.transaction() as tx:
        tx.connection.execute(update(requests).values(trigger="of_the_next_version", due_at=stage.clock()))
        tx.connection.execute(update(requests).values(tell_at=stage.clock()))
    stage.clock.advance(timedelta(seconds=1))
    stage.types(stage.mika, f"{second} to prod")
    for _ in range(3):
        stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.passes(minutes=40)
    assert [copy.source_image_id for copy in stage.prod.images(REGION)] == [second]
    assert second in stage.direct(stage.mika)[-1]
    assert "complete" in stage.direct(stage.mika)[-1]
    assert second in stage.opens_home(stage.mika)
    assert "can't be worked on" in caplog.text
    assert "can't be told" in caplog.text


def test_a_message_that_somebody_deleted_is_posted_again(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    stage.slack.workspace.messages.remove(stage.approval)
    stage.start()
    stage.bot.store.reconsider(stage.clock())
    stage.replace_settings("[slack]", '[slack]\nlanguage = "ja"')
    stage.work()
    (again,) = stage.slack.messages(stage.room)
    stage.clicks(stage.sam, APPROVE, again)
    stage.work()
    stage.passes(minutes=30)
    assert stage.staging.images(REGION)


def dies_saying(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, method: str, wanted: str = "staging"
) -> Callable[[], object]:
    """Have an approved share told by one who dies over such a call, and then by another.

    The call is still under way then; returns what has it arrive.
    """
    stage.types(stage.mika, f"{stage.images.image(REGION)} to {wanted}")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    under_way: list[dict[str, Any]] = []

    def send(_client: WebClient, **call: Any) -> None:
        under_way.append(call)
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(WebClient, method, send)
        with pytest.raises(Death):
            stage.work()
    stage.start()
    stage.passes(seconds=31)
    return lambda: getattr(stage.bot.publisher.client, method)(**under_way.pop())


@ON_BOTH
def test_an_edit_of_a_dead_one_that_arrives_after_its_heirs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive = dies_saying(stage, monkeypatch, "chat_update", "staging no copy")
    assert "AMI share: completed" in stage.approval.as_text()
    arrive()
    assert "AMI share: completed" not in stage.approval.as_text()
    stage.passes(minutes=1)
    assert "AMI share: completed" in stage.approval.as_text(), "it says for ever what hasn't been true for long"
    edits = len(stage.slack.journal.calls("chat.update"))
    stage.passes(minutes=10)
    assert len(stage.slack.journal.calls("chat.update")) == edits, "once is enough"


@ON_BOTH
def test_a_message_of_a_dead_one_that_arrives_after_its_heirs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive = dies_saying(stage, monkeypatch, "chat_postMessage")
    arrive()
    assert sum("Approved by @sam" in line for line in stage.thread) == 2
    stage.passes(minutes=40)
    whole_story(stage)
