"""Channels that can't be reached: everybody else hears all the same, and whoever can mend it hears how."""

import itertools
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot import cli
from handlers.ballots import APPROVE
from playground.slack.workspace import Channel
from tests.postgres import ON_BOTH
from tests.stage import REGION, Stage


@pytest.fixture
def image(stage: Stage) -> str:
    return str(stage.images.image(REGION, name="golden"))


def takes_the_bot_out(stage: Stage, channel: Channel) -> None:
    channel.members.discard(stage.slack.bot_user_id)


def invites_the_bot(stage: Stage, channel: Channel) -> None:
    channel.members.add(stage.slack.bot_user_id)


def warnings(stage: Stage) -> list[str]:
    return [text for text in stage.direct(stage.mika) if "I can't post in" in text]


@ON_BOTH
@pytest.mark.parametrize("private", [False, True])
def test_without_the_bot_in_the_channel_the_requester_hears_who_can_mend_it_and_all_is_told_once_it_is(
    stage: Stage, image: str, private: bool
) -> None:
    stage.room.private = private
    takes_the_bot_out(stage, stage.room)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    (warned,) = warnings(stage)
    assert "I can't post in #ami-approvals" in warned
    assert "anybody in it can invite me, by typing `/invite` there" in warned
    assert "waits for approval" in stage.direct(stage.mika)[0]
    stage.passes(hours=2, steps=60)
    assert len(warnings(stage)) == 1, "once"

    invites_the_bot(stage, stage.room)
    stage.passes(minutes=10)
    (asked,) = stage.slack.messages(stage.room)
    assert warnings(stage) == []
    assert any("I can post in #ami-approvals now" in text for text in stage.direct(stage.mika))
    stage.clicks(stage.sam, APPROVE, asked)
    stage.work()
    stage.passes(minutes=30)
    assert "is complete" in stage.thread[-1]


def test_it_is_tried_again_after_growing_pauses(stage: Stage, image: str) -> None:
    takes_the_bot_out(stage, stage.room)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.passes(hours=1, steps=5)
    tried = [call.at for call in stage.slack.journal.calls() if call.answer.get("error") == "not_in_channel"]
    pauses = [after - before for before, after in itertools.pairwise(tried)]
    assert pauses[0] <= timedelta(seconds=20)
    assert pauses == sorted(pauses)
    assert timedelta(minutes=8) < pauses[-1] <= timedelta(minutes=11)


def test_an_archived_channel_and_any_other_refusal_are_told_as_well(stage: Stage, image: str) -> None:
    stage.room.archived = True
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert "somebody has to unarchive it" in warnings(stage)[0]
    stage.room.archived = False
    stage.slack.faults.fail("chat.postMessage", error="restricted_action")
    stage.types(stage.mika, f"{image} to prod")
    stage.work()
    assert "Slack says `restricted_action`" in warnings(stage)[1]
    stage.passes(minutes=1)
    assert len(stage.slack.messages(stage.room)) == 2


def test_a_notifications_channel_without_the_bot_holds_no_other_message_up(stage: Stage, image: str) -> None:
    vault = stage.slack.channel("vault-approvals", members=[stage.sam])
    news = stage.slack.channel("ami-news", [stage.kim], bot_in=False)
    stage.replace_settings("[slack]\n", f'[slack]\nnotifications_channel = "{news.id}"\n')
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nchannel = "{vault.id}"\nusers = ["{stage.sam.id}"]\n'
    )
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    for action in (APPROVE, f"{APPROVE}:1"):
        stage.clicks(stage.sam, action, stage.slack.messages(vault)[-1])
    stage.work()
    stage.passes(minutes=40)
    for channel in (vault, stage.room):
        assert "AMI share: completed" in stage.slack.messages(channel)[-1].as_text()
    assert stage.slack.messages(news) == []
    invites_the_bot(stage, news)
    stage.passes(minutes=40)
    (told,) = stage.slack.messages(news)
    assert "is complete" in told.as_text()
    assert warnings(stage) == [], "that is none of the requester's business"


def test_a_channel_that_is_never_mended_is_given_up_in_the_end(stage: Stage, image: str) -> None:
    news = stage.slack.channel("ami-news", [stage.kim], bot_in=False)
    stage.replace_settings("[slack]\n", f'[slack]\nnotifications_channel = "{news.id}"\n')
    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(hours=72, steps=1800)
    before = len(stage.slack.journal.calls())
    assert sum(call.answer.get("error") == "not_in_channel" for call in stage.slack.journal.calls()) < 20
    stage.passes(hours=24, steps=1800)
    assert len(stage.slack.journal.calls()) == before


def test_a_bot_that_is_taken_out_later_tells_the_requester_all_the_same(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.room.private = True
    takes_the_bot_out(stage, stage.room)
    stage.work()
    stage.passes(minutes=40)
    assert "is complete" in stage.direct(stage.mika)[-1]
    invites_the_bot(stage, stage.room)
    stage.passes(hours=1, steps=60)
    assert "AMI share: completed" in stage.approval.as_text()
    for milestone in ("Approved by @sam", "Permissions are in place", "is complete"):
        assert sum(milestone in line for line in stage.thread) == 1, milestone


def test_a_requester_who_has_left_is_left_alone(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.slack.change_user(stage.mika, deleted=True)
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    assert [call for call in stage.slack.journal.calls("chat.update") if not call.answer["ok"]] == []


# Before anybody asks


@pytest.fixture
def settings_file(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    news = stage.slack.channel("ami-news", bot_in=False)
    path = tmp_path / "ami-share.toml"
    path.write_text(stage.company.settings.replace("[slack]\n", f'[slack]\nnotifications_channel = "{news.id}"\n'))
    stage.people["news"] = news
    for name, secret in {
        "SLACK_BOT_TOKEN": stage.slack.bot_token,
        "SLACK_SIGNING_SECRET": stage.slack.signing_secret,
        "SLACK_API_URL": stage.environment.slack_api_url,
    }.items():
        monkeypatch.setenv(name, secret)
    return path


def test_check_says_where_the_bot_is_not_invited(
    stage: Stage, settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    said = capsys.readouterr()
    assert "can be used: 1 sources, 2 targets" in said.out
    assert "slack.notifications_channel, C" in said.err
    assert "the bot isn't in it: type /invite there" in said.err
    assert "approvals_channel" not in said.err
    invites_the_bot(stage, stage.people["news"])
    assert cli.main(["check", "--settings", str(settings_file)]) == 0
    assert "the bot can write in its channels" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"archived": True}, "unarchive it"),
        ({"private": True}, "or is private without the bot"),
        ({"id": "C0GONE"}, "or correct the id"),
    ],
)
def test_check_says_what_mends_a_channel(
    stage: Stage, settings_file: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, object], remedy: str
) -> None:
    news = stage.people["news"]
    for name, value in wrong.items():
        setattr(news, name, value)
    stage.slack.workspace.channels = {each.id: each for each in stage.slack.workspace.channels.values()}
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    assert remedy in capsys.readouterr().err


def test_check_says_when_slack_or_a_scope_is_missing(
    stage: Stage, settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.slack.faults.server_error("conversations.info")
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    assert "Slack can't be asked" in capsys.readouterr().err
    stage.slack.app.scopes -= {"channels:read", "groups:read", "im:read"}
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    assert "give it the scopes channels:read and groups:read" in capsys.readouterr().err


def test_check_says_which_user_groups_are_gone_and_which_settings_name_them(
    stage: Stage, settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invites_the_bot(stage, stage.people["news"])
    groups = [stage.slack.user_group(name, [stage.kim]) for name in ("sre", "contractors")]
    sre, contractors = (group.id for group in groups)
    with settings_file.open("a") as file:
        file.write(f'\n[[approval.rules]]\nname = "c"\nrequesters = ["{contractors}", "{sre}"]\ngroups = ["{sre}"]\n')
    assert cli.main(["check", "--settings", str(settings_file)]) == 0
    for group in groups:
        del stage.slack.workspace.groups[group.id]
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    said = capsys.readouterr().err
    assert f"the user group {contractors} can't be used, of approval.rules.c.requesters: Slack has no such" in said
    assert f"the user group {sre} can't be used, of approval.rules.c.groups, approval.rules.c.requesters: " in said
    stage.slack.faults.server_error("usergroups.list")
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    assert "Slack can't be asked" in capsys.readouterr().err
    stage.slack.app.scopes -= {"usergroups:read"}
    assert cli.main(["check", "--settings", str(settings_file)]) == 3
    assert "give it the scope usergroups:read" in capsys.readouterr().err


def test_the_probe_says_which_user_group_is_gone_until_it_is_there_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def user_groups() -> str:
        found = stage.bot.probes.answer("/readyz")
        assert found is not None
        return str(json.loads(found[2])["checks"]["user groups"])

    group = stage.slack.user_group("platform", [stage.kim])
    stage.bot.user_groups.keep_looking()
    assert not stage.slack.journal.calls("usergroups.list"), "the settings name none"
    stage.replace_settings("[approval]\n", f'[approval]\ngroups = ["{group.id}"]\n')
    there = stage.slack.workspace.groups.pop(group.id)
    for _ in range(2):
        stage.bot.user_groups.keep_looking()
    (logged,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert f"the user group {group.id} can't be used, of approval.groups: Slack has no such user group" in logged
    assert user_groups().startswith(f"{group.id} of approval.groups: Slack has no such user group")
    stage.slack.faults.server_error("usergroups.list")
    stage.bot.user_groups.keep_looking()
    assert user_groups() != "ok", "what was known still holds while Slack is away"
    stage.slack.workspace.groups[group.id] = there
    stage.bot.user_groups.keep_looking()
    assert user_groups() == "ok"


def test_the_start_logs_it_once_and_the_probe_says_so_until_it_is_mended(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def channels() -> str:
        found = stage.bot.probes.answer("/readyz")
        assert found is not None
        return str(json.loads(found[2])["checks"]["channels"])

    takes_the_bot_out(stage, stage.room)
    for _ in range(2):
        stage.bot.channels.keep_looking()
    (logged,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert f"slack.approvals_channel: {stage.room.id}: the bot isn't in it" in logged
    assert (
        channels()
        == f"slack.approvals_channel = {stage.room.id}: the bot isn't in it: type /invite there and choose the bot"
    )
    stage.slack.faults.server_error("conversations.info")
    stage.bot.channels.keep_looking()
    assert "the bot isn't in it" in channels(), "what was known still holds while Slack is away"
    invites_the_bot(stage, stage.room)
    stage.bot.channels.keep_looking()
    assert channels() == "ok"
