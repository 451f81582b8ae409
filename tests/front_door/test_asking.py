"""Asking: what the command and the form take, and what they answer."""

import pytest

from tests.stage import Stage

IMAGE = "ami-0123456789abcdef0"


def requests_of(stage: Stage) -> int:
    """How many requests there are to work on."""
    count = 0
    while stage.bot.worker.run_once():
        count += 1
    return count


def test_help_says_what_there_is(stage: Stage) -> None:
    (shown,) = stage.types(stage.mika, "help").ephemeral
    assert "/ami-share IMAGE, … to ACCOUNT" in shown.as_text()
    assert "staging" in shown.as_text()


def test_what_is_not_understood_is_said_to_the_asker_alone_with_the_right_form(stage: Stage) -> None:
    (shown,) = stage.types(stage.mika, "ami-12 to stagin, <!channel>").ephemeral
    text = shown.as_text()
    assert "“ami-12” is not understood" in text
    assert "Did you mean “staging”?" in text
    assert "/ami-share ami-0123456789abcdef0 to staging reason release 42" in text
    assert "&lt;!channel&gt;" in shown.text, "what was typed is shown, not obeyed"
    assert stage.slack.messages(stage.room) == []
    assert requests_of(stage) == 0


def test_the_form_asks_for_the_same(stage: Stage) -> None:
    image = stage.images.image("eu-central-1", name="golden")
    stage.types(stage.mika, "")
    answer = stage.submits(stage.mika, image=[image], targets=["staging", "prod"], mode="copy", reason="release 42")
    assert answer.errors == {}
    assert any(f"Checking `{image}`" in text for text in stage.private(stage.mika))
    stage.work()
    assert "staging, prod" in stage.approval.as_text().replace("*", "")
    assert "release 42" in stage.approval.as_text()


def test_a_mistake_in_the_form_is_shown_at_its_field(stage: Stage) -> None:
    stage.types(stage.mika, "")
    answer = stage.submits(stage.mika, image=["golden"], targets=["staging"], mode="copy", reason="release 42")
    assert set(answer.errors) == {"image"}
    assert "“golden” is neither an AMI id nor the name" in answer.errors["image"]
    assert stage.slack.open_view(stage.mika) is not None, "nothing that was typed is lost"


@pytest.mark.parametrize("blank", ["   ", "\n \t", "\u3000", "\u200b \u202e"])
def test_a_reason_that_nobody_can_see_is_none(stage: Stage, blank: str) -> None:
    image = stage.images.image("eu-central-1", name="golden")
    stage.types(stage.mika, "")
    answer = stage.submits(stage.mika, image=[image], targets=["staging"], reason=blank)
    assert answer.errors == {"reason": "Say why: the approvers read it."}
    assert requests_of(stage) == 0
    stage.reads(stage.mika, "ja-JP")
    assert (
        "理由を入力してください"
        in stage.submits(stage.mika, image=[image], targets=["staging"], reason=blank).errors["reason"]
    )


def test_guests_and_outsiders_are_not_heard(stage: Stage) -> None:
    for person, said in (
        (stage.slack.user("guest", guest=True), "Guests can't ask"),
        (stage.slack.user("outsider", stranger=True), "members of my own workspace"),
    ):
        (shown,) = stage.types(person, f"{IMAGE} to staging").ephemeral
        assert said in shown.as_text()
    assert requests_of(stage) == 0


def test_when_slack_cant_say_who_asks_nothing_is_taken(stage: Stage) -> None:
    stage.slack.faults.fail("users.info", error="fatal_error", times=1)
    (shown,) = stage.types(stage.mika, f"{IMAGE} to staging").ephemeral
    assert "Try again in a minute" in shown.as_text()
    assert requests_of(stage) == 0


def test_an_unexpected_error_has_a_reference_and_no_traceback(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.bot.store, "add", None)
    (shown,) = stage.types(stage.mika, f"{IMAGE} to staging").ephemeral
    assert "under reference" in shown.as_text()
    assert "Traceback" not in shown.as_text()


def test_a_forged_request_is_refused(stage: Stage) -> None:
    body = f"command=%2Fami-share&text={IMAGE}+to+staging&user_id={stage.mika.id}&team_id={stage.slack.team_id}"
    for headers in (
        stage.slack.sign(body.encode(), secret="not-the-secret"),
        stage.slack.sign(body.encode(), timestamp=int(stage.clock().timestamp()) - 3600),
        stage.slack.sign(body.encode()) | {"X-Slack-Request-Timestamp": "yesterday"},
        {},
    ):
        answer = stage.slack.deliver_raw(body.encode(), headers)
        assert answer.status in (401, 403), headers
    assert requests_of(stage) == 0
