"""Digests: the good ends of several shares that somebody hears of at a time are told in one message."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handlers.ballots import APPROVE
from handlers.following import NOTIFY
from playground.aws import Disk
from playground.aws.faults import EVERY
from playground.company import target_policy
from sharing.postings import Postings
from sharing.tables import requests
from tests.effects import Death, Effects, When, counted
from tests.postgres import ON_BOTH
from tests.stage import REGION, STAGING, Stage

WINDOW = timedelta(seconds=120)


def ask(stage: Stage, *names: str, words: str = "to staging no copy", by: Any = None) -> list[str]:
    """Somebody, mika unless said otherwise, asks for a share of each image; returns the images."""
    images = [str(stage.images.image(REGION, name=name)) for name in names]
    for image in images:
        stage.types(by or stage.mika, f"{image} {words}")
        stage.work()
        stage.clock.advance(timedelta(seconds=1))
    return images


def approve(stage: Stage) -> None:
    """Sam approves all that waits for it, before the bot does anything."""
    for message in stage.slack.messages(stage.room):
        if APPROVE in message.buttons:
            stage.clicks(stage.sam, APPROVE, message)


def later(stage: Stage, **time: float) -> None:
    """Let time pass without a look at the copies, so that nobody knows when they will end."""
    stage.clock.advance(timedelta(**time))
    stage.work()


def ends(stage: Stage, person: Any) -> list[str]:
    """What somebody was told directly of shares that are complete."""
    return [text for text in stage.direct(person) if "complete" in text or "完了" in text]


@pytest.fixture
def held(stage: Stage) -> list[str]:
    """Two shares have ended while a copy of mika's is under way of which nobody knows when it ends; their images."""
    ask(stage, "long", words="to prod")
    approve(stage)
    stage.work()
    images = ask(stage, "first", "second")
    approve(stage)
    stage.work()
    assert ends(stage, stage.mika) == []
    return images


@ON_BOTH
def test_five_that_end_together_are_told_in_one_message(stage: Stage) -> None:
    images = ask(stage, "one", "two", "three", "four", "five")
    approve(stage)
    stage.work()
    (told,) = ends(stage, stage.mika)
    heading, *lines = told.splitlines()
    assert heading == "✔ 5 shares are complete:"
    assert [line.split("`")[3] for line in lines[:5]] == images, "as they were asked for"
    assert all(line.startswith("• `R-") and line.endswith("with staging") for line in lines[:5])
    assert lines[5] == "Ready to use:"
    for image in images:
        assert sum(image in line for line in lines[6:]) == 1
    stage.passes(minutes=10)
    stage.start()
    stage.passes(minutes=10)
    assert ends(stage, stage.mika) == [told], "once"
    assert sum("is complete" in line for each in threads(stage) for line in each) == 5, "in the threads as ever"


def threads(stage: Stage) -> list[list[str]]:
    return [
        [reply.as_text() for reply in stage.slack.thread(stage.room, message.ts)]
        for message in stage.slack.messages(stage.room)
    ]


def test_a_lone_end_is_told_at_once_whatever_others_have_under_way(stage: Stage) -> None:
    ask(stage, "theirs", words="to prod", by=stage.kim)
    approve(stage)
    stage.work()
    ask(stage, "own")
    approve(stage)
    stage.work()
    (told,) = ends(stage, stage.mika)
    assert "Your share (" in told


def test_one_that_waits_is_told_when_the_window_is_over_though_another_still_runs(
    stage: Stage, held: list[str]
) -> None:
    later(stage, seconds=WINDOW.total_seconds() - 5)
    assert ends(stage, stage.mika) == []
    later(stage, seconds=5)
    (told,) = ends(stage, stage.mika)
    assert "2 shares are complete" in told
    assert all(image in told for image in held)
    stage.passes(minutes=40)
    assert len(ends(stage, stage.mika)) == 2
    assert "Your share (" in ends(stage, stage.mika)[-1]


def test_none_waits_for_a_copy_that_is_known_to_take_longer(stage: Stage) -> None:
    images = [str(stage.images.image(REGION, name="long", devices=[Disk(gib=200)]))]
    stage.types(stage.mika, f"{images[0]} to prod")
    stage.work()
    approve(stage)
    stage.work()
    stage.passes(minutes=10)
    assert any("about" in line and "left" in line for line in stage.thread)
    ask(stage, "short")
    approve(stage)
    stage.work()
    (told,) = ends(stage, stage.mika)
    assert "Your share (" in told


@pytest.fixture
def failing(stage: Stage) -> None:
    """A copy of mika's is under way that will fail."""
    whole = target_policy(STAGING)
    blunt = whole | {"Statement": [each for each in whole["Statement"] if each["Sid"] != "LetEbsUseTheKeys"]}
    stage.staging.set_role_policy("ami-share-target", blunt)
    ask(stage, "bad", words="to staging")
    approve(stage)
    stage.work()


def until_it_fails(stage: Stage) -> None:
    while "failed" not in states(stage):
        stage.passes(seconds=15)


@pytest.mark.usefixtures("failing")
def test_one_that_failed_is_told_at_once_and_by_itself(stage: Stage) -> None:
    ask(stage, "long", words="to prod")
    approve(stage)
    until_it_fails(stage)
    assert "copying" in states(stage)
    assert "Your share (" in stage.direct(stage.mika)[-1]
    assert "failed." in stage.direct(stage.mika)[-1]


@pytest.mark.usefixtures("failing")
def test_none_waits_for_one_that_has_failed(stage: Stage) -> None:
    stage.replace_settings("[slack]\n", "[slack]\ndigest_seconds = 3600\n")
    images = ask(stage, "first", "second")
    approve(stage)
    stage.work()
    assert ends(stage, stage.mika) == []
    until_it_fails(stage)
    stage.passes(seconds=15)
    (told,) = ends(stage, stage.mika)
    assert "2 shares are complete" in told
    assert all(image in told for image in images)


def states(stage: Stage) -> list[str]:
    with stage.bot.store.transaction() as tx:
        return list(tx.connection.scalars(select(requests.c.state)))


def test_watchers_hear_of_all_in_one_message_and_in_their_language(stage: Stage) -> None:
    stage.reads(stage.kim, "ja-JP")
    ask(stage, "first", "second")
    ask(stage, "own", by=stage.kim)
    for message in stage.slack.messages(stage.room):
        stage.clicks(stage.kim, NOTIFY, message)
    approve(stage)
    stage.work()
    (told,) = ends(stage, stage.kim)
    heading, *lines = told.splitlines()
    assert heading == "✔ 3 件の共有が完了しました。"
    assert ["mika さんのリクエスト" in line for line in lines[:3]] == [True, True, False]
    assert lines[3] == "次のイメージを使えます。"
    (hers,) = ends(stage, stage.mika)
    assert "2 shares are complete" in hers
    assert "asked for by" not in hers


def test_the_channel_for_notifications_has_one_message_of_all(stage: Stage) -> None:
    news = stage.slack.channel("ami-news", [stage.kim])
    stage.replace_settings("[slack]\n", f'[slack]\nnotifications_channel = "{news.id}"\n')
    ask(stage, "first")
    ask(stage, "second", by=stage.kim)
    approve(stage)
    stage.work()
    (notice,) = stage.slack.messages(news)
    assert "2 shares are complete" in notice.as_text()
    assert "asked for by @mika" in notice.as_text()
    assert "asked for by @kim" in notice.as_text()
    assert "Your share (" in ends(stage, stage.mika)[0]
    assert "Your share (" in ends(stage, stage.kim)[0]


def test_each_is_told_by_itself_if_the_settings_say_so(stage: Stage) -> None:
    stage.replace_settings("[slack]\n", "[slack]\ndigest_seconds = 0\n")
    ask(stage, "first", "second")
    approve(stage)
    stage.work()
    assert ["Your share (" in told for told in ends(stage, stage.mika)] == [True, True]


def test_what_ended_while_slack_was_away_is_told_in_one_message(stage: Stage) -> None:
    ask(stage, "first", "second")
    approve(stage)
    stage.slack.faults.server_error(EVERY, times=100_000)
    for _ in range(30):
        later(stage, minutes=2)
    assert ends(stage, stage.mika) == []
    stage.slack.faults.clear()
    later(stage, minutes=2)
    (told,) = ends(stage, stage.mika)
    assert "2 shares are complete" in told


@ON_BOTH
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", ["commit", 1, 2, "Slack chat.postMessage", 5, 6])
def test_it_is_told_once_and_of_the_same_whoever_dies_on_the_way(
    stage: Stage, held: list[str], when: When, point: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = Effects(point, when)
    with counted(monkeypatch, effects):
        effects.watch()
        with pytest.raises(Death):
            later(stage, seconds=WINDOW.total_seconds())
        effects.revive()
        stage.start()
        later(stage, minutes=1)
    (told,) = ends(stage, stage.mika)
    assert "2 shares are complete" in told
    assert all(image in told for image in held)


@ON_BOTH
@pytest.mark.parametrize("point", range(6))
def test_another_replica_tells_none_a_second_time(
    stage: Stage, held: list[str], point: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_works() -> None:
        mine = stage.bot
        stage.start()
        stage.work()
        stage.bot = mine

    effects = Effects(point, "after", another_works)
    with counted(monkeypatch, effects):
        effects.watch()
        later(stage, seconds=WINDOW.total_seconds())
    assert effects.happened
    later(stage, minutes=2)
    (told,) = ends(stage, stage.mika)
    assert "2 shares are complete" in told


def test_without_what_a_digest_stands_for_written_down_an_end_is_told_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Postings.begin
    monkeypatch.setattr(Postings, "begin", lambda *known: begin(*known[:5]))
    images = ask(stage, "first", "second")
    approve(stage)
    stage.passes(minutes=1)
    assert max(sum(image in told for told in ends(stage, stage.mika)) for image in images) == 2
