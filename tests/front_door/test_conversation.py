"""The conversation around a share: previews, names, drafts, lists, shortcuts, and being told."""

import json
from datetime import timedelta
from typing import Any

import pytest

from handlers.asking import FILL_IN, FORM_SHORTCUT, MESSAGE_SHORTCUT
from handlers.ballots import APPROVE, DENY
from handlers.following import AGAIN, ASK_FOR_PREVIEW, DETAILS, NOTIFY, REVOKE, STOP_NOTIFYING
from playground.aws import Disk
from sharing.board import read_board
from sharing.requests import RequestKind
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, PROD, REGION, STAGING, Stage


@pytest.fixture
def image(stage: Stage) -> str:
    found = str(stage.images.image(REGION, name="golden-2026-11"))
    stage.bot.gallery.refresh()
    return found


def said(answer: Any) -> str:
    (message,) = answer.ephemeral
    return str(message.as_text())


def dm(stage: Stage, person: Any) -> Any:
    return stage.slack.dms(person)[-1]


def form(stage: Stage, person: Any) -> dict[str, Any]:
    view = stage.slack.open_view(person)
    assert view is not None
    return {block["block_id"]: block["element"] for block in view.body["blocks"] if block["type"] == "input"}


def share(stage: Stage, text: str) -> str:
    """Mika asks, Sam approves, and it is done; returns the request's id."""
    answer = said(stage.types(stage.mika, text))
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    return answer.split("request `")[1].split("`")[0]


def test_a_preview_is_shown_to_the_asker_alone_and_changes_nothing(stage: Stage, image: str) -> None:

    assert "You alone will see it" in said(stage.types(stage.mika, f"plan {image} to staging reason look"))
    stage.work()
    shown = dm(stage, stage.mika).as_text()
    assert "What sharing" in shown
    assert "`launchPermission` on" in shown
    assert stage.slack.messages(stage.room) == [], "nobody was asked"


def test_what_a_preview_showed_can_be_asked_for_once(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"plan {image} to staging reason look ticket")
    stage.types(stage.mika, f"plan {image} to staging ticket OPS-42 reason look")
    stage.work()
    preview = dm(stage, stage.mika)
    stage.clicks(stage.mika, ASK_FOR_PREVIEW, preview, times=2)
    stage.work()
    (asked,) = stage.slack.messages(stage.room)
    assert "Ticket: `OPS-42`" in asked.as_text()
    assert ">look" in asked.as_text()


def test_what_a_preview_showed_can_be_asked_for_in_the_form_once_that_is_over(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"plan {image} to staging reason look")
    stage.work()
    preview = dm(stage, stage.mika)
    stage.clicks(stage.mika, ASK_FOR_PREVIEW, preview)
    stage.work()
    stage.clicks(stage.mika, ASK_FOR_PREVIEW, preview)
    assert "AMI share: approval needed" in stage.private(stage.mika)[-1]
    (request,) = read_board(stage.bot.store).waiting
    stage.types(stage.mika, f"cancel {request.id}")
    stage.work()
    stage.clicks(stage.mika, ASK_FOR_PREVIEW, preview)
    assert stage.submits(stage.mika).errors == {}
    stage.work()
    assert len(stage.slack.messages(stage.room)) == 2
    assert ">look" in stage.approval.as_text()


def test_an_id_is_an_id_whatever_an_image_is_called(stage: Stage, image: str) -> None:
    stage.images.image(REGION, name=image)
    stage.bot.gallery.refresh()
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert f"asks to share `{image}` with" in stage.approval.as_text()
    stage.types(stage.mika, "")
    stage.submits(stage.mika, image=[image], targets=["staging"], reason="x")
    stage.work()
    assert f"asks to share `{image}` with" in stage.approval.as_text()


def test_what_is_looked_at_is_told_as_it_is(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    (request,) = read_board(stage.bot.store).running
    assert "fewer targets" not in said(stage.types(stage.mika, f"status {request.id}"))
    stage.work()
    stage.types(stage.mika, "audit")
    audit = next(one for one in read_board(stage.bot.store).running if one.kind is RequestKind.AUDIT).id
    assert "compares AWS with what was approved." in said(stage.types(stage.mika, f"status {audit}"))
    stage.work()
    told = said(stage.types(stage.mika, f"status {audit}"))
    assert "AMI audit: compared" in told
    assert "differ" not in told


def test_the_answer_names_the_channel_in_which_it_is_asked_for(stage: Stage, image: str) -> None:
    vault = stage.slack.channel("vault", members=[stage.sam])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "s"\ntargets = ["staging"]\nchannel = "{vault.id}"\nusers = ["{stage.sam.id}"]\n'
    )
    assert "I ask for approval in #vault;" in said(stage.types(stage.mika, f"{image} to staging"))
    assert "I ask for approval in #ami-approvals;" in said(stage.types(stage.mika, f"{image} to prod"))


def test_the_answer_names_the_channel_of_a_rule_for_the_account_that_the_image_is_in(stage: Stage, image: str) -> None:
    vault = stage.slack.channel("vault", members=[stage.sam])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "s"\nsources = ["images"]\nchannel = "{vault.id}"\nusers = ["{stage.sam.id}"]\n'
    )
    stage.bot.gallery.refresh()
    assert "I ask for approval in #vault;" in said(stage.types(stage.mika, f"{image} to staging no copy"))
    stage.work()
    (asked,) = stage.slack.messages(vault)
    stage.clicks(stage.sam, APPROVE, asked)
    stage.work()
    share = asked.as_text().splitlines()[-1].split("`")[1]
    assert "I ask for approval in #vault;" in said(stage.types(stage.mika, f"revoke {share}"))


def test_a_list_shows_as_many_as_slack_does(stage: Stage, image: str) -> None:
    for number in range(150):
        stage.types(stage.mika, f"{image} to staging reason {number}")
    shown = said(stage.types(stage.mika, "list all"))
    assert 100 < shown.count("• `R-") < 150
    assert f"… and {150 - shown.count('• `R-')} more" in shown
    assert len(shown) < 40_000


@pytest.mark.parametrize(("hours", "until"), [(2, "2026-03-02 11:00 UTC"), (20, "2026-03-03 05:00 UTC")])
def test_an_end_that_was_typed_stays_in_the_form_till_another_day_is_picked(
    stage: Stage, image: str, hours: int, until: str
) -> None:
    answer = stage.types(stage.mika, f"{image} to stagin no copy for {hours}h reason x")
    stage.clicks(stage.mika, FILL_IN, answer.ephemeral[0])
    view = stage.slack.open_view(stage.mika)
    assert view is not None
    assert f"until {until}" in str(view.blocks)
    assert stage.submits(stage.mika, targets=["staging"]).errors == {}
    stage.work()
    assert f"Until {until}" in stage.approval.as_text()
    stage.clicks(stage.mika, FILL_IN, answer.ephemeral[0])
    assert stage.submits(stage.mika, targets=["staging"], until="2026-03-08").errors == {}
    stage.work()
    assert "Until 2026-03-09 00:00 UTC" in stage.approval.as_text()


def test_a_preview_that_can_t_be_says_why(stage: Stage) -> None:
    stage.types(stage.mika, "plan ami-0123456789abcdef0 to staging")
    stage.work()
    assert "isn't in any account I may share from" in dm(stage, stage.mika).as_text()


def test_an_image_is_known_by_its_name_once_it_was_seen(stage: Stage, image: str) -> None:
    assert image in said(stage.types(stage.mika, "golden-2026-11 to staging"))
    newer = str(stage.images.image(REGION, name="golden-2026-12"))
    assert "Did you mean “golden-2026-11”?" in said(stage.types(stage.mika, "golden-2026-12 to staging"))
    stage.bot.gallery.refresh()
    assert newer in said(stage.types(stage.mika, "golden-2026-12 to staging"))


def test_copies_are_under_the_key_that_was_asked_for(stage: Stage, image: str) -> None:
    key = stage.staging.key(REGION, alias="alias/special")
    stage.types(stage.mika, f"{image} to staging copy with alias/special")
    stage.work()
    assert f"encrypted under `{key}`" in stage.approval.as_text()


def test_a_group_stands_for_its_accounts(stage: Stage, image: str) -> None:
    stage.add_settings('\n[[groups]]\nname = "everywhere"\ntargets = ["staging", "prod"]\n')
    stage.types(stage.mika, f"{image} to everywhere")
    stage.work()
    assert "with staging, prod" in stage.approval.as_text().replace("*", "")


def test_the_form_arrives_with_what_was_typed(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} reason release 42")
    fields = form(stage, stage.mika)
    assert [each["value"] for each in fields["image"]["initial_options"]] == [image]
    assert fields["image"]["initial_options"][0]["text"]["text"] == "golden-2026-11"
    assert fields["reason"]["initial_value"] == "release 42"
    assert stage.submits(stage.mika, targets=["prod"]).errors == {}
    stage.work()
    assert "with prod" in stage.approval.as_text().replace("*", "")


def test_what_made_sense_of_a_mistake_is_in_the_form(stage: Stage, image: str) -> None:
    answer = stage.types(stage.mika, f"{image} to stagin, prod no copy reason release 42")
    assert "Did you mean “staging”?" in said(answer)
    stage.clicks(stage.mika, FILL_IN, answer.ephemeral[0])
    fields = form(stage, stage.mika)
    assert [each["value"] for each in fields["targets"]["initial_options"]] == ["prod"]
    assert fields["mode"]["initial_option"]["value"] == "share"


def test_all_of_what_was_typed_is_in_the_form(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} until 2026-12-31 no copy ticket OPS-42 in us-east-1")
    fields = form(stage, stage.mika)
    assert fields["until"]["initial_date"] == "2026-12-31"
    assert fields["mode"]["initial_option"]["value"] == "share"
    assert fields["ticket"]["initial_value"] == "OPS-42"
    assert [each["value"] for each in fields["regions"]["initial_options"]] == ["us-east-1"]


def test_a_mistake_is_said_before_a_form_opens_and_its_form_has_the_rest(stage: Stage, image: str) -> None:
    answer = stage.types(stage.mika, f"{image} until tomorrow ticket OPS-42")
    assert "“tomorrow” is no date" in said(answer)
    assert stage.slack.open_view(stage.mika) is None
    stage.clicks(stage.mika, FILL_IN, answer.ephemeral[0])
    assert form(stage, stage.mika)["ticket"]["initial_value"] == "OPS-42"


def test_what_was_misspelt_is_shown_as_it_should_be_and_does_nothing(stage: Stage, image: str) -> None:
    told = said(stage.types(stage.mika, f"pln {image} to STAGING nocopy"))
    assert "I don't understand “pln”. Did you mean “plan”?" in told
    assert f"Like this: `/ami-share plan {image} to staging no copy`" in told
    assert stage.bot.worker.run_once() is False


def test_the_help_of_one_verb_is_told_in_the_language_of_whoever_asks(stage: Stage) -> None:
    told = said(stage.types(stage.mika, "help revoke"))
    assert "takes back what a share gave" in told
    assert "/ami-share revoke R-7K2M9QXA and deregister the copies" in told
    assert "/ami-share list" not in told
    stage.reads(stage.mika, "ja-JP")
    assert "共有で与えた許可とキーの使用権を取り消します" in said(stage.types(stage.mika, "revoke help"))


def submit_of(stage: Stage, person: Any) -> str:
    view = stage.slack.open_view(person)
    assert view is not None
    return str(view.body["submit"]["text"])


def test_a_form_opened_from_a_plan_asks_for_the_preview_alone(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"plan {image}")
    assert submit_of(stage, stage.mika) == "Preview"
    assert stage.submits(stage.mika, targets=["staging"], reason="look").errors == {}
    assert "You alone will see it" in stage.private(stage.mika)[-1]
    stage.work()
    assert "What sharing" in dm(stage, stage.mika).as_text()
    assert stage.slack.messages(stage.room) == [], "nobody was asked"


def test_so_does_one_that_mends_a_mistaken_plan(stage: Stage, image: str) -> None:
    stage.reads(stage.mika, "ja-JP")
    answer = stage.types(stage.mika, f"plan {image} to stagin, prod")
    stage.clicks(stage.mika, FILL_IN, answer.ephemeral[0])
    assert submit_of(stage, stage.mika) == "プレビュー"
    assert stage.submits(stage.mika, reason="look").errors == {}
    stage.work()
    assert "prod" in dm(stage, stage.mika).as_text()
    assert stage.slack.messages(stage.room) == [], "nobody was asked"


def test_a_form_that_forgot_what_it_is_for_asks_for_a_share(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"plan {image}")
    view = stage.slack.open_view(stage.mika)
    assert view is not None
    view.body["private_metadata"] = json.dumps({"channel": stage.room.id, "kind": "revoke"})
    stage.submits(stage.mika, targets=["staging"], reason="look")
    stage.work()
    assert "approval needed" in stage.approval.as_text()


def test_images_are_picked_by_typing(stage: Stage, image: str) -> None:
    stage.types(stage.mika, "")
    (offered,) = stage.slack.suggest(stage.mika, "image", "GOLDEN 2026").options
    assert (offered["text"]["text"], offered["value"]) == ("golden-2026-11", image)
    assert offered["description"]["text"].startswith(f"{image} · 0 d · not encrypted · images")
    assert stage.slack.suggest(stage.mika, "image", "nothing like it").options == []
    (unknown,) = stage.slack.suggest(stage.mika, "image", "ami-0123456789abcdef0").options
    assert unknown["value"] == "ami-0123456789abcdef0"


def test_the_gallery_keeps_what_it_knew_while_aws_is_away(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("DescribeImages", code="UnauthorizedOperation", times=9)
    stage.bot.gallery.refresh()
    stage.types(stage.mika, "")
    assert stage.slack.suggest(stage.mika, "image", "golden").options


def test_a_shortcut_opens_the_form_and_its_answer_comes_directly(stage: Stage, image: str) -> None:
    stage.slack.use_shortcut(stage.mika, FORM_SHORTCUT)
    stage.listeners.drain()
    assert stage.submits(stage.mika, image=[image], targets=["staging"], reason="x").errors == {}
    assert "Checking" in dm(stage, stage.mika).as_text()


def test_a_message_s_images_are_offered_to_be_shared(stage: Stage, image: str) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"Built `{image}` in 4 min"}}]
    pipeline = stage.slack.say(stage.kim, stage.room, "Build 42 is done", blocks)
    stage.slack.use_shortcut(stage.mika, MESSAGE_SHORTCUT, pipeline)
    stage.listeners.drain()
    assert [each["value"] for each in form(stage, stage.mika)["image"]["initial_options"]] == [image]


def test_a_message_s_images_are_found_where_a_line_begins_with_one(stage: Stage) -> None:
    in_a_field, attached = (str(stage.images.image(REGION, name=name)) for name in ("golden", "vault"))
    blocks = [{"type": "section", "fields": [{"type": "mrkdwn", "text": f"*AMI:*\n{in_a_field}"}]}]
    attachments = [{"color": "#36a64f", "text": f"Built\n{attached}\tin 4 min"}]
    pipeline = stage.slack.say(stage.kim, stage.room, "Build 42 is done", blocks, attachments)
    stage.slack.use_shortcut(stage.mika, MESSAGE_SHORTCUT, pipeline)
    stage.listeners.drain()
    offered = form(stage, stage.mika)["image"]["initial_options"]
    assert [each["value"] for each in offered] == [in_a_field, attached]


def test_a_message_without_images_is_answered_privately(stage: Stage) -> None:
    chat = stage.slack.say(stage.kim, stage.room, "lunch?")
    stage.slack.use_shortcut(stage.mika, MESSAGE_SHORTCUT, chat)
    stage.listeners.drain()
    assert "I find no AMI id" in stage.private(stage.mika)[-1]


def test_list_and_status_show_what_is_open_and_until_when(stage: Stage, image: str) -> None:
    assert said(stage.types(stage.mika, "list")) == "You have no requests. `list all` shows everybody's."
    done = share(stage, f"{image} to staging for 30d")
    stage.types(stage.mika, f"{image} to prod")
    stage.work()
    listed = said(stage.types(stage.mika, "list"))
    waiting, shared = listed.split("Shared now")
    assert waiting.startswith("Waiting for a decision")
    assert f"`{image}` → prod" in waiting.replace("*", "")
    assert f"`{done}`" in shared
    assert "until 2026-04-01" in shared
    assert "Shared now" in said(stage.types(stage.sam, "list all"))
    assert "no requests" in said(stage.types(stage.sam, "list"))
    status = said(stage.types(stage.sam, f"status {done}"))
    assert "AMI share: completed" in status
    assert "is ready, and encrypted as intended" in status
    assert "There is no request" in said(stage.types(stage.sam, "status R-00000000"))


def test_the_requester_can_cancel_by_command_and_nobody_else(stage: Stage, image: str) -> None:
    asked = said(stage.types(stage.mika, f"{image} to staging")).split("request `")[1].split("`")[0]
    stage.work()
    assert "Only @mika can cancel" in said(stage.types(stage.kim, f"cancel {asked}"))
    assert "is withdrawn" in said(stage.types(stage.mika, f"cancel {asked}"))
    stage.work()
    assert "cancelled" in stage.approval.as_text()
    assert "was cancelled by @mika" in said(stage.types(stage.mika, f"cancel {asked}"))


@ON_BOTH
def test_watchers_and_a_channel_are_told_of_the_end(stage: Stage, image: str) -> None:
    news = stage.slack.channel("ami-news", [stage.kim])
    stage.replace_settings("[slack]\n", f'[slack]\nnotifications_channel = "{news.id}"\n')
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.reads(stage.kim, "ja-JP")
    stage.clicks(stage.kim, NOTIFY)
    assert "ダイレクトメッセージでお知らせします" in stage.private(stage.kim)[-1]
    stage.clicks(stage.kim, NOTIFY)
    assert "すでに設定されています" in stage.private(stage.kim)[-1]
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    (told,) = stage.direct(stage.kim)
    assert "mika さんのリクエスト" in told
    assert "が完了しました" in told
    (notice,) = stage.slack.messages(news)
    assert "is complete. Ready to use:" in notice.as_text()
    assert "Your share" not in notice.as_text(), "it isn't theirs"
    assert "The share (" in notice.as_text()


@ON_BOTH
def test_watchers_are_told_of_a_cancellation_unless_they_stopped_watching(stage: Stage, image: str) -> None:
    asked = said(stage.types(stage.mika, f"{image} to staging")).split("request `")[1].split("`")[0]
    stage.work()
    stage.clicks(stage.kim, NOTIFY)
    stage.clicks(stage.sam, NOTIFY)
    confirmation = stage.slack.ephemerals(stage.sam)[-1]
    for _ in range(2):
        stage.clicks(stage.sam, STOP_NOTIFYING, confirmation)
        assert f"You won't be told of the end of `{asked}`" in stage.private(stage.sam)[-1]
    stage.types(stage.mika, f"cancel {asked}")
    stage.work()
    (told,) = stage.direct(stage.kim)
    assert f"`{asked}`, asked for by @mika" in told
    assert "Cancelled by @mika" in told
    assert stage.direct(stage.sam) == []
    stage.clicks(stage.sam, STOP_NOTIFYING, confirmation)
    assert "has ended already" in stage.private(stage.sam)[-1]


def test_a_click_too_many_on_notify_me_undoes_nothing(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    for _ in range(2):
        stage.clicks(stage.kim, NOTIFY)
    stage.clicks(stage.sam, "ami_share_deny")
    stage.submits(stage.sam, reason="not now")
    stage.work()
    (told,) = stage.direct(stage.kim)
    assert "The share (" in told
    assert "was denied" in told


def test_details_show_everything_in_a_modal(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging, prod reason release 42")
    stage.work()
    stage.clicks(stage.kim, DETAILS)
    view = stage.slack.open_view(stage.kim)
    assert view is not None
    text = view.as_text(stage.slack.workspace)
    for account in (STAGING, PROD):
        assert f"`CopyImage` of `{image}` by `{account}`" in text


def test_details_show_what_a_key_s_policy_gains_as_a_diff(stage: Stage) -> None:
    key = stage.images.key(REGION)
    image = stage.images.image(REGION, devices=[Disk(key=key)])
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, DETAILS)
    view = stage.slack.open_view(stage.sam)
    assert view is not None
    text = view.as_text(stage.slack.workspace)
    assert '+  "Sid": "AmiShareBotUse"' in text
    assert f'+      "arn:aws:iam::{STAGING}:role/ami-share-target"' in text
    assert '+      "kms:GrantIsForAWSResource": "true"' in text
    assert not any(line.startswith("- ") for line in text.splitlines())


def test_where_statements_are_there_already_the_diff_shows_what_alone_is_added_and_what_goes(stage: Stage) -> None:
    image = stage.images.image(REGION, devices=[Disk(key=stage.images.key(REGION))])
    share(stage, f"{image} to staging no copy")
    stage.types(stage.mika, f"{image} to prod no copy")
    stage.work()
    added = _diff(stage)
    prod, staging = (f'"arn:aws:iam::{account}:role/ami-share-target"' for account in (PROD, STAGING))
    assert [line for line in added if line.startswith("+ ")] == [f"+      {prod}"] * 2, "in both statements"
    assert [line for line in added if line.startswith("- ")] == []
    assert f"       {staging}" in added, "among those who are there"

    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.clicks(stage.mika, REVOKE)
    stage.work()
    gone = _diff(stage)
    assert [line for line in gone if line.startswith("- ")] == [f"-      {prod}"] * 2
    assert [line for line in gone if line.startswith("+ ")] == []


def _diff(stage: Stage) -> list[str]:
    """What the details of the newest approval show of the key's policy."""
    stage.clicks(stage.sam, DETAILS)
    view = stage.slack.open_view(stage.sam)
    assert view is not None
    text = str(view.as_text(stage.slack.workspace))
    return [line for line in text.splitlines() if line[:2] in ("+ ", "- ", "  ")]


def test_what_failed_can_be_asked_for_again(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging reason release 42")
    stage.work()
    stage.clock.advance(timedelta(hours=73))
    stage.work()
    stage.clicks(stage.mika, AGAIN, dm(stage, stage.mika))
    fields = form(stage, stage.mika)
    assert [each["value"] for each in fields["targets"]["initial_options"]] == ["staging"]
    assert fields["reason"]["initial_value"] == "release 42"


def test_a_share_is_taken_back_by_its_button_once_approved(stage: Stage, image: str) -> None:
    share(stage, f"{image} to staging no copy")
    stage.clicks(stage.kim, REVOKE)
    stage.work()
    assert "Take an AMI share back: approval needed" in stage.approval.as_text()
    stage.clicks(stage.sam, DENY)
    stage.submits(stage.sam, reason="still needed")
    stage.work()


def test_a_key_that_many_use_already_stands_out(stage: Stage) -> None:
    key = stage.images.key(REGION)
    image = stage.images.image(REGION, devices=[Disk(key=key)])
    others = [f"arn:aws:iam::{number}:root" for number in ("777777777777", "888888888888", "999999999999")]
    for other in others:
        stage.aws.account(other.split(":")[4])
    policy = stage.aws.key(key).policy
    open_to = {"Effect": "Allow", "Principal": {"AWS": others}, "Action": "kms:Decrypt", "Resource": "*"}
    stage.aws.key(key).policy = policy | {"Statement": [*policy["Statement"], open_to]}
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert f"Other accounts use the key {key} already, 3 in all" in stage.approval.as_text()


def test_the_environment_and_the_age_of_an_image_stand_out(stage: Stage, image: str) -> None:
    stage.replace_settings('name = "prod"\n', 'name = "prod"\nenvironment = "production"\n')
    stage.clock.advance(timedelta(days=120))
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    text = stage.approval.as_text().replace("*", "")
    assert "⚠ In the environment production: prod." in text
    assert f"⚠ `{image}` is 120 days old." in text
    assert "Made: 2026-03-02 09:00 UTC, 120 days old" in text


def test_the_settings_say_what_stands_out(stage: Stage) -> None:
    stage.replace_settings('name = "prod"\n', 'name = "prod"\nenvironment = "production"\n')
    stage.replace_settings('name = "staging"\n', 'name = "staging"\nenvironment = "Staging-eu"\n')
    stage.add_settings(
        '\n[warnings]\nimage_older_than_days = 5\nkey_used_by_accounts = 1\nenvironments = ["staging*"]\n'
    )
    key = stage.images.key(REGION)
    image = stage.images.image(REGION, devices=[Disk(key=key)])
    policy = stage.aws.key(key).policy
    other = {"AWS": stage.aws.account("777777777777").root}
    open_to = {"Effect": "Allow", "Principal": other, "Action": "kms:Decrypt", "Resource": "*"}
    stage.aws.key(key).policy = policy | {"Statement": [*policy["Statement"], open_to]}
    stage.clock.advance(timedelta(days=6))
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    lines = stage.approval.as_text().splitlines()
    assert "⚠ In the environment Staging-eu: staging." in lines
    assert "In the environment production: prod." in lines, "named, and no warning"
    assert f"⚠ `{image}` is 6 days old." in lines
    assert any(line.startswith(f"⚠ Other accounts use the key {key} already, 1 in all") for line in lines)


def test_a_public_image_stands_out(stage: Stage, image: str) -> None:
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert f"⚠ {image} is public: everybody can launch it already." in stage.approval.as_text().splitlines()
    assert f"{image} is public" in stage.approval.text, "notifications and screen readers say so, too"
