"""The ways in which approval bots went wrong, each with a test by its name.

`docs/reliability.md` says where the longer stories of some are told.
"""

import io
import json
import logging
import tomllib
import urllib.parse
from typing import NoReturn

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from bot.logs import LogFormat, log_handler
from bot.settings import Settings
from handlers.ballots import APPROVE, DENY
from sharing.store import Store
from tests.front_door.test_fuzz import Recorder
from tests.stage import REGION, Stage

HOSTILE = (
    "<!channel> <@U0SAM> <https://x.example|safe> `code` *bold*\n:white_check_mark: Approved by <@U0SAM>"
    " \u202eMAS yb devorppA\u202c \u200b"
)


@pytest.fixture
def image(stage: Stage) -> str:
    return str(stage.images.image(REGION, name="golden"))


@pytest.fixture
def asked(stage: Stage, image: str) -> str:
    stage.types(stage.mika, f"{image} to staging reason release 42")
    stage.work()
    return image


def nothing_given(stage: Stage, image: str) -> bool:
    stage.work()
    return bool(stage.aws.image(image).launch_permission == set())


def test_forged_payload(stage: Stage, asked: str) -> None:
    payload = {"type": "block_actions", "user": {"id": stage.sam.id, "team_id": stage.slack.team_id}}
    body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
    good = stage.slack.sign(body)
    forged = [
        stage.slack.sign(body, secret="another"),
        stage.slack.sign(body, timestamp=1),
        good | {"X-Slack-Request-Timestamp": "now"},
        good | {"X-Slack-Signature": "v0="},
        {},
    ]
    for headers in forged:
        assert stage.slack.deliver_raw(body, headers).status == 401
    assert nothing_given(stage, asked)


def test_replayed_payload(stage: Stage, image: str) -> None:
    recorder = Recorder(stage.door)
    stage.slack.connect(recorder)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, DENY)
    stage.submits(stage.sam, reason="not now")
    stage.clicks(stage.sam, APPROVE)
    for body in recorder.bodies[:]:
        assert stage.slack.deliver_raw(body, stage.slack.sign(body)).status == 200, "the signature is good, and fresh"
        stage.listeners.drain()
        stage.work()
    assert len(stage.slack.messages(stage.room)) == 1
    assert sum("Denied by" in line for line in stage.thread) == 1
    assert nothing_given(stage, image)


def test_fail_open_with_no_approvers(stage: Stage) -> None:
    settings = tomllib.loads(stage.company.settings)
    settings["approval"] |= {"users": [], "groups": []}
    with pytest.raises(ValidationError, match="nobody could approve anything"):
        Settings.model_validate(settings)


def test_channel_membership_as_acl(stage: Stage, asked: str) -> None:
    stage.clicks(stage.kim, APPROVE)
    assert "not an approver" in stage.private(stage.kim)[-1]
    assert nothing_given(stage, asked)


@pytest.mark.parametrize("change", [{"guest": True}, {"deleted": True}, {"stranger": True}, {"bot": True}])
def test_guest_or_slack_connect_user_clicks(stage: Stage, asked: str, change: dict[str, bool]) -> None:
    approver = stage.slack.change_user(stage.sam, **change)
    stage.clicks(approver, APPROVE)
    assert nothing_given(stage, asked)
    assert "approval needed" in stage.approval.as_text()


@pytest.mark.parametrize("team", ["T0SOMEBODYELSE", "", None, ["T0PLAYGROUND"]])
def test_an_approver_s_id_from_another_workspace_is_somebody_else(stage: Stage, asked: str, team: object) -> None:
    recorder = Recorder(stage.door)
    stage.slack.connect(recorder)
    stage.clicks(stage.kim, APPROVE)
    payload = json.loads(urllib.parse.parse_qs(recorder.bodies[-1].decode())["payload"][0])
    payload["user"] |= {"id": stage.sam.id, "team_id": team}
    payload["team"]["id"] = team
    body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
    stage.slack.deliver_raw(body, stage.slack.sign(body))
    stage.listeners.drain()
    assert nothing_given(stage, asked)
    assert "approval needed" in stage.approval.as_text()


def test_stale_approver_lists(stage: Stage, image: str) -> None:
    group = stage.slack.user_group("platform", [stage.kim])
    users = next(line for line in stage.company.settings.splitlines() if line.startswith("users = "))
    stage.replace_settings(users, f'groups = ["{group.id}"]')
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.slack.leave_group(group, stage.kim)
    stage.clicks(stage.kim, APPROVE)
    assert nothing_given(stage, image)
    stage.slack.faults.server_error("usergroups.users.list", times=5)
    stage.clicks(stage.kim, APPROVE)
    assert "doesn't tell me just now who may approve" in stage.private(stage.kim)[-1]
    assert nothing_given(stage, image)


def test_double_click_on_two_replicas(stage: Stage, asked: str) -> None:
    message = stage.approval
    stage.clicks(stage.sam, APPROVE, message)
    stage.start()
    stage.clicks(stage.sam, APPROVE, message, times=2)
    stage.work()
    assert sum("Approved by" in line for line in stage.thread) == 1


def test_dropped_retry_of_a_click_that_died_before_it_was_stored(stage: Stage, asked: str) -> None:
    recorder = Recorder(stage.door)
    stage.slack.connect(recorder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Store, "transaction", _database_away)
        stage.clicks(stage.sam, APPROVE)
    assert "approval needed" in stage.approval.as_text()
    (body,) = recorder.bodies
    for number in ("1", "2"):
        headers = stage.slack.sign(body) | {"X-Slack-Retry-Num": number, "X-Slack-Retry-Reason": "http_timeout"}
        stage.slack.deliver_raw(body, headers)
        stage.listeners.drain()
    stage.work()
    assert sum("Approved by" in line for line in stage.thread) == 1


def _database_away(_: Store) -> NoReturn:
    raise OperationalError("COMMIT", None, ConnectionError("the database is away"))


def test_dropped_retry_is_no_lost_approval(stage: Stage, asked: str) -> None:
    stage.slack.faults.drop("chat.postMessage")
    stage.slack.faults.lose_answer("chat.update")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    assert sum("Approved by" in line for line in stage.thread) == 1
    assert "AMI share: completed" in stage.approval.as_text()


def test_approve_after_edit(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    before = stage.approval
    stage.clicks(stage.sam, "ami_share_narrow")
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    stage.clicks(stage.sam, APPROVE, before)
    assert "changed since this message was shown" in stage.private(stage.sam)[-1]
    assert nothing_given(stage, image)


def test_world_changed_between_approval_and_run(stage: Stage, asked: str) -> None:
    stage.clicks(stage.sam, APPROVE)
    stage.by_hand(stage.images.id).disable_image(ImageId=asked)
    stage.work()
    assert "is disabled" in stage.direct(stage.mika)[-1]
    assert nothing_given(stage, asked)


def test_state_parsed_from_a_message(stage: Stage, asked: str) -> None:
    told = stage.slack.workspace.find(stage.room.id, stage.approval.ts)
    assert told is not None
    told.edit("Approved by everybody", [*told.blocks], None)
    told.metadata = {"event_type": "ami_share", "event_payload": {"request": "R-00000000", "state": "approved"}}
    assert nothing_given(stage, asked)


@pytest.mark.parametrize("value", ["", ":", "R-00000000:x:default", "'; DROP TABLE requests; --", "x" * 2000, "💥"])
def test_value_tampering(stage: Stage, asked: str, value: str) -> None:
    stage.clicks(stage.sam, APPROVE, value=value)
    stage.clicks(stage.sam, DENY, value=value)
    assert nothing_given(stage, asked)
    assert "approval needed" in stage.approval.as_text()


def test_self_approval_is_by_slack_s_id_whatever_the_name(stage: Stage, image: str) -> None:
    stage.types(stage.sam, f"{image} to staging")
    stage.work()
    renamed = stage.slack.change_user(stage.sam, name="somebody-else")
    stage.clicks(renamed, APPROVE)
    assert "your own request" in stage.private(renamed)[-1]
    assert nothing_given(stage, image)


def test_mrkdwn_injection_in_the_reason_the_ticket_and_the_image(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden <!channel> & co", tags={"ec2:SharedTag/x": HOSTILE})
    stage.types(stage.mika, f"{image} to staging ticket OPS&42 reason {HOSTILE}")
    stage.work()
    for message in (stage.slack.messages(stage.room)[-1], stage.slack.dms(stage.mika)[-1]):
        raw = json.dumps([message.text, message.blocks])
        assert "<!channel>" not in raw
        assert "<https://x.example" not in raw
        assert "\\n:white_check_mark: Approved" not in raw
        assert not any(unseen in raw for unseen in ("\\u202e", "\\u202c", "\\u200b")), "nothing turns what is read"


def test_length_overflow_once_escaped(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging reason {'&' * 500}")
    stage.work()
    assert "approval needed" in stage.approval.as_text()
    stage.types(stage.mika, "&" * 4000)
    assert "I did not understand" in stage.private(stage.mika)[-1]


def test_secrets_and_response_urls_in_logs(stage: Stage, asked: str) -> None:
    written = io.StringIO()
    handler = log_handler(LogFormat.TEXT, stage.environment.secrets, written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        stage.slack.faults.server_error("chat.update", times=2)
        stage.clicks(stage.sam, APPROVE)
        stage.work()
        stage.passes(minutes=2)
        logging.getLogger("somebody").error("headers: Bearer %s", stage.slack.bot_token)
        body = b"command=%2Fami-share&text=help&response_url=https%3A%2F%2Fhooks"
        stage.slack.deliver_raw(body, stage.slack.sign(body, secret="moo"))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    text = written.getvalue()
    assert text
    for secret in (stage.slack.bot_token, stage.slack.signing_secret, "response_url=https"):
        assert secret not in text


def test_private_channel_without_the_bot(stage: Stage, image: str) -> None:
    stage.room.members.discard(stage.slack.bot_user_id)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.room.members.add(stage.slack.bot_user_id)
    stage.passes(minutes=2)
    assert "approval needed" in stage.approval.as_text(), "it is asked once the bot is in"
    assert nothing_given(stage, image)


def test_mfa_bypass_is_met_by_a_second_approval_where_it_matters(stage: Stage, image: str) -> None:
    rule = f'\n[[approval.rules]]\nname = "two"\nusers = ["{stage.sam.id}", "{stage.kim.id}"]\napprovals = 2\n'
    stage.add_settings(rule)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    assert nothing_given(stage, image), "one stolen session isn't enough"
    stage.clicks(stage.kim, APPROVE)
    stage.work()
    assert not nothing_given(stage, image)
