"""Languages: each person is answered in the language they read Slack in, a channel in the settings' one."""

import re

import pytest

from handlers.ballots import APPROVE, DENY
from tests.stage import REGION, Stage

# Words in a row that AWS, Slack or the command don't bring along; what stands in code is nobody's language.
_ENGLISH = re.compile(r"[A-Za-z']{2,}(?: [A-Za-z']{2,}){2,}")
_OF_OTHERS = ("Linux/UNIX", "release 42", "Amazon Linux")


@pytest.fixture
def image(stage: Stage) -> str:
    return str(stage.images.image(REGION, name="golden"))


def english_in(text: str) -> list[str]:
    for each in _OF_OTHERS:
        text = text.replace(each, "")
    return _ENGLISH.findall(re.sub(r"`[^`]*`", "", text))


def test_a_japanese_requester_is_answered_in_japanese_in_an_english_channel(stage: Stage, image: str) -> None:
    stage.reads(stage.mika, "ja-JP")
    answer = stage.types(stage.mika, f"{image} to staging reason release 42")
    assert answer.ephemeral[0].as_text().startswith(f"🔍 `{image}` を確認しています（リクエスト `R-")
    stage.work()
    assert "approval needed" in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    assert "Your share" in stage.thread[-1]
    told = stage.direct(stage.mika)
    assert "承認を待っています" in told[0]
    assert "が完了しました。次のイメージを使えます。" in told[-1]
    assert [line for text in told for line in english_in(text)] == []


def test_what_is_not_understood_is_said_in_the_reader_s_language(stage: Stage, image: str) -> None:
    stage.reads(stage.mika, "ja-JP")
    (said,) = stage.types(stage.mika, f"{image} to stagin in eu-wst-1 for ages").ephemeral
    text = said.as_text()
    assert text.startswith("入力を理解できませんでした。")
    assert "「stagin」は、共有先として設定されているアカウントではありません。「staging」のことですか？" in text
    assert "「ages」は期間ではありません。" in text
    assert english_in(text) == []
    (helped,) = stage.types(stage.mika, "help").ephemeral
    assert helped.as_text().startswith("AMI を他のアカウントと共有します")
    assert english_in(helped.as_text()) == []


def test_a_form_and_its_errors_are_in_the_reader_s_language(stage: Stage) -> None:
    stage.reads(stage.mika, "ja-JP")
    stage.types(stage.mika, "")
    form = stage.slack.open_view(stage.mika)
    assert form is not None
    assert form.body["title"]["text"] == "AMI を共有"
    errors = stage.submits(stage.mika, image=["golden"], targets=["staging"], reason="x").errors
    assert errors["image"].startswith("「golden」は AMI ID でも")


def test_one_who_may_not_decide_reads_why_in_their_language(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.reads(stage.kim, "ja-JP")
    stage.clicks(stage.kim, APPROVE)
    assert stage.private(stage.kim)[-1].startswith("このリクエストの承認者ではありません。")


def test_a_channel_may_speak_japanese(stage: Stage, image: str) -> None:
    stage.replace_settings("[slack]\n", '[slack]\nlanguage = "ja"\n')
    stage.types(stage.mika, f"{image} to staging, prod reason release 42")
    stage.work()
    assert "承認が必要です" in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    assert "AMI の共有: 完了" in stage.approval.as_text()
    said = [stage.approval.as_text(), stage.approval.text, *stage.thread]
    assert [line for text in said for line in english_in(text)] == []
    assert "Your share" in stage.direct(stage.mika)[-1], "Mika reads English"


def test_a_denial_s_form_is_in_the_decider_s_language(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.reads(stage.sam, "ja-JP")
    stage.clicks(stage.sam, DENY)
    form = stage.slack.open_view(stage.sam)
    assert form is not None
    assert form.body["title"]["text"] == "リクエストを却下"


def test_trouble_at_aws_is_told_in_japanese_too(stage: Stage) -> None:
    stage.replace_settings("[slack]\n", '[slack]\nlanguage = "ja"\n')
    stage.reads(stage.mika, "ja-JP")
    stage.types(stage.mika, "ami-0123456789abcdef0 to prod")
    stage.work()
    assert "共有元として設定されているどのアカウントにも見つかりません" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("operation", ["DescribeImages", "DescribeSnapshots", "DescribeKey", "CopyImage"])
def test_what_aws_refuses_is_told_in_japanese_around_its_own_words(stage: Stage, image: str, operation: str) -> None:
    stage.replace_settings("[slack]\n", '[slack]\nlanguage = "ja"\n')
    stage.reads(stage.mika, "ja-JP")
    stage.aws.faults.fail(operation, code="UnauthorizedOperation", message="You are not allowed this.", times=99)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    if operation == "CopyImage":
        stage.clicks(stage.sam, APPROVE)
        stage.work()
    told = stage.direct(stage.mika)[-1]
    assert f"AWS が {operation} を拒否しました（UnauthorizedOperation: 「You are not allowed this」）" in told
    assert english_in(re.sub(r"「[^」]*」", "", told)) == []
