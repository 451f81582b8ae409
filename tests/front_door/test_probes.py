"""Probes: what the bot says of itself, at the same door as Slack's requests."""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff
from sqlalchemy.exc import OperationalError

from bot.entrance import LONGEST_BODY
from bot.probes import probing
from handlers.ballots import APPROVE
from playground.aws import Disk
from playground.slack.faults import EVERY
from sharing.claim import Claim
from sharing.transaction import LeaseLost
from tests.postgres import ON_BOTH
from tests.stage import REGION, STAGING, Stage

ROOT = Path(__file__).parents[2]
HERE = {"channels": "ok", "user groups": "ok", "database": "ok", "work": "ok", "clock": "ok"}


def get(stage: Stage, path: str, method: str = "GET", **environ: Any) -> tuple[str, str]:
    status: list[str] = []

    def start_response(line: str, _headers: Any, _error: Any = None) -> None:
        status.append(line)

    door = probing(stage.bot.probes, stage.door)
    body = b"".join(door({"REQUEST_METHOD": method, "PATH_INFO": path, **environ}, start_response))
    return status[0], body.decode()


def checks(stage: Stage) -> tuple[str, dict[str, str]]:
    status, body = get(stage, "/readyz")
    return status, json.loads(body)["checks"]


def metrics(stage: Stage) -> str:
    """What the metrics are once the bot's job has felt its own pulse again."""
    stage.bot.probes.feel()
    return get(stage, "/metrics")[1]


def test_it_is_alive_whatever_else_is_wrong(stage: Stage) -> None:
    assert get(stage, "/healthz") == ("200 OK", "alive\n")


def test_it_is_ready_once_its_jobs_run_and_slack_answers(stage: Stage) -> None:
    status, found = checks(stage)
    assert status.startswith("503")
    assert found["scheduler"] == "no job has run lately"
    assert found["slack"] == "not tried yet"
    assert found["database"] == "not asked yet"
    stage.bot.probes.feel()
    assert checks(stage) == ("200 OK", {"scheduler": "ok", "slack": "ok", **HERE})


def test_it_is_not_ready_while_socket_mode_is_not_connected(stage: Stage) -> None:
    stage.bot.probes.feel()
    connected = False
    stage.bot.probes.pulse.connected = lambda: connected
    assert checks(stage) == (
        "503 Service Unavailable",
        {"scheduler": "ok", "slack": "ok", "socket": "not connected", **HERE},
    )
    connected = True
    assert checks(stage)[0] == "200 OK"


def checked(stage: Stage) -> dict[str, bool]:
    """What the metrics say of each check, with nobody asked meanwhile."""
    before = len(stage.slack.journal.calls())
    told = re.findall(r'^ami_share_check_ok\{check="(.+)"\} (.+)$', get(stage, "/metrics")[1], re.MULTILINE)
    assert len(stage.slack.journal.calls()) == before
    return {check: bool(float(value)) for check, value in told}


def test_each_check_is_a_metric_that_goes_with_it(stage: Stage) -> None:
    assert checked(stage) == {
        "scheduler": False,
        "slack": False,
        "channels": True,
        "user groups": True,
        "database": False,
    }
    stage.bot.probes.feel()
    stage.bot.probes.pulse.connected = lambda: True
    well = dict.fromkeys(["scheduler", "slack", "socket", *HERE], True)
    assert checked(stage) == well
    stage.bot.probes.pulse.connected = lambda: False
    stage.room.members.remove(stage.slack.bot_user_id)
    stage.bot.channels.keep_looking()
    stage.slack.faults.fail("auth.test", error="internal_error")
    stage.bot.probes.feel()
    assert checked(stage) == well | {"socket": False, "channels": False, "slack": False}
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.clock.advance(timedelta(minutes=3))
    assert checked(stage) == {check: why == "ok" for check, why in checks(stage)[1].items()}
    assert not checked(stage)["scheduler"]


def test_an_idle_bot_that_is_cut_off_from_slack_sets_an_alert_off(stage: Stage) -> None:
    rules = (ROOT / "deploy/prometheus-rules.yaml").read_text(encoding="utf-8")
    _, _, rule = rules.partition("AmiShareNotReady")
    assert "expr: min by (check) (ami_share_check_ok) == 0\n        for: 10m\n" in rule
    assert "/readyz" in rule
    stage.bot.probes.pulse.connected = lambda: False
    stage.bot.probes.feel()
    assert [check for check, ok in checked(stage).items() if not ok] == ["socket"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_it_is_not_ready_while_its_clock_is_off(stage: Stage) -> None:
    told = metrics(stage)
    assert "s from the database's: set it right (NTP)" in checks(stage)[1]["clock"], "the stage has a time of its own"
    assert "ami_share_clock_off_seconds -" in told or "ami_share_clock_off_seconds 1" in told


def test_it_is_not_ready_while_slack_or_the_scheduler_is_away(stage: Stage) -> None:
    stage.slack.faults.fail("auth.test", error="internal_error")
    stage.bot.probes.feel()
    assert "can't be reached" in checks(stage)[1]["slack"]
    stage.clock.advance(timedelta(minutes=3))
    assert checks(stage)[1]["scheduler"] == "no job has run lately"


def test_it_is_not_ready_while_work_waits_that_nobody_takes(stage: Stage) -> None:
    stage.bot.probes.feel()
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.clock.advance(timedelta(minutes=3))
    stage.bot.probes.feel()
    assert checks(stage)[1]["work"] == "something has waited for 180 s"


def test_it_is_not_ready_without_its_database_and_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Any:
        raise OperationalError("SELECT 1", {}, Exception("password=hunter2"))

    monkeypatch.setattr(stage.bot.store, "transaction", gone)
    assert "ami_share_database_up 0.0" in metrics(stage)
    status, found = checks(stage)
    assert status.startswith("503")
    assert found["database"] == "OperationalError", "no more than its kind: the text may hold a password"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_an_answer_waits_for_no_database(stage: Stage, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.bot.probes.feel()
    says_something = threading.Event()

    @contextmanager
    def hangs() -> Iterator[Any]:
        says_something.wait()
        yield

    monkeypatch.setattr(stage.bot.store, "transaction", hangs)
    feeling = threading.Thread(target=stage.bot.probes.feel)
    feeling.start()
    with ThreadPoolExecutor(1) as door:
        answer = door.submit(get, stage, path)
        try:
            assert answer.result(timeout=5)[0].startswith("200")
        finally:
            says_something.set()
            feeling.join()


def test_what_the_database_said_grows_old(stage: Stage) -> None:
    assert "ami_share_census_age_seconds 0.0" in metrics(stage)
    stage.clock.advance(timedelta(seconds=90))
    told = get(stage, "/metrics")[1]
    assert "ami_share_census_age_seconds 90.0" in told
    assert "ami_share_work_age_seconds" in told
    stage.clock.advance(timedelta(seconds=60))
    told = get(stage, "/metrics")[1]
    assert "ami_share_database_up 0.0" in told
    assert "ami_share_work_age_seconds" not in told, "nobody knows any more"
    assert checks(stage)[1]["database"] == "was last asked 150 s ago"


def test_metrics_tell_requests_calls_and_ages(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clock.advance(timedelta(minutes=10))
    told = metrics(stage)
    assert 'ami_share_requests{kind="share",state="awaiting_approval"} 1.0' in told
    assert 'ami_share_state_age_seconds{kind="share",state="awaiting_approval"} 600.0' in told
    assert 'ami_share_aws_calls_total{operation="DescribeImages",result="ok",service="ec2"}' in told
    assert "ami_share_outbox_age_seconds 0.0" in told
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    told = metrics(stage)
    assert 'ami_share_deliveries{state="completed"} 1.0' in told
    way = 'region="eu-central-1",source_region="eu-central-1"'
    assert f"ami_share_copy_seconds_count{{{way}}} 1.0" in told
    assert 'ami_share_state_seconds_count{kind="share",state="awaiting_approval"} 1.0' in told
    assert 'ami_share_state_seconds_bucket{kind="share",le="300.0",state="awaiting_approval"} 0.0' in told
    assert 'ami_share_state_seconds_bucket{kind="share",le="900.0",state="awaiting_approval"} 1.0' in told


def stuck(stage: Stage) -> bool:
    """Whether the alert for what is stuck at AWS fires, by its own expression."""
    rules = (ROOT / "deploy/prometheus-rules.yaml").read_text(encoding="utf-8")
    _, _, rule = rules.partition("AmiShareStuckAtAws")
    expression = re.search(r'expr: max by \(kind, state\) \((\w+)\{state=~"(.+)"\}\) > (.+)\n', rule)
    assert expression is not None
    metric, states, hours = expression.groups()
    assert hours == "6 * 3600"
    values = re.findall(rf'^{metric}\{{kind="\w+",state="(?:{states})"\}} (\S+)$', metrics(stage), re.MULTILINE)
    assert values, "something is under way"
    return max(map(float, values)) > 6 * 3600


def under_way(stage: Stage, text: str) -> None:
    """Somebody asks for it, and it is approved and begun."""
    stage.types(stage.mika, text)
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()


@ON_BOTH
def test_a_wait_for_a_turn_at_the_quota_is_not_being_stuck(stage: Stage) -> None:
    stage.aws.image_copies_at_once = 0
    under_way(stage, f"{stage.images.image(REGION)} to staging")
    stage.passes(hours=8, steps=600)
    assert 'ami_share_state_age_seconds{kind="share",state="copying"} 28800.0' in metrics(stage)
    assert not stuck(stage)
    stage.clock.advance(timedelta(hours=7))
    assert stuck(stage), "nobody asks for the turn any more"


def test_a_wait_for_a_turn_to_be_re_encrypted_is_not_being_stuck(stage: Stage) -> None:
    stage.images.key(REGION, alias="alias/golden")
    stage.replace_settings(
        'external_id = "ami-share-images"',
        f'external_id = "ami-share-images"\nreencrypt_keys = {{ {REGION} = "alias/golden" }}',
    )
    stage.aws.image_copies_at_once = 0
    managed = Disk(gib=8, key=stage.images.managed_key(REGION))
    under_way(stage, f"{stage.images.image(REGION, devices=[managed])} to staging")
    stage.passes(hours=8, steps=600)
    assert not stuck(stage)
    stage.clock.advance(timedelta(hours=7))
    assert stuck(stage)


def test_the_day_of_a_cooldown_is_not_being_stuck(stage: Stage) -> None:
    under_way(stage, f"{stage.images.image(REGION)} to staging")
    stage.passes(minutes=40)
    (copy,) = stage.staging.images(REGION)
    stage.by_hand(STAGING).enable_image_deregistration_protection(ImageId=copy.id, WithCooldown=True)
    share = stage.approval.as_text().splitlines()[-1].split("`")[1]
    under_way(stage, f"revoke {share} and deregister the copies")
    stage.passes(hours=20, steps=3600)
    assert 'ami_share_state_age_seconds{kind="revoke",state="applying"} 72000.0' in metrics(stage)
    assert not stuck(stage)
    stage.clock.advance(timedelta(hours=11))
    assert stuck(stage), "its time is over, and it doesn't go on"


def test_what_aws_does_not_do_for_hours_is_stuck(stage: Stage) -> None:
    # An error that botocore does not try again by itself.
    stage.aws.faults.fail("CopyImage", code="DependencyTimeoutException", times=99_999)
    under_way(stage, f"{stage.images.image(REGION)} to staging")
    stage.passes(hours=7, steps=1200)
    assert stuck(stage)


def test_a_bot_that_is_gone_is_an_alert_and_one_that_is_in_trouble_is_not_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (ROOT / "deploy/prometheus-rules.yaml").read_text(encoding="utf-8")
    (metric,) = re.findall(r"expr: absent\((\w+)\)$", rules, re.MULTILINE)

    def told() -> bool:
        return re.search(rf"^{metric} \S+$", get(stage, "/metrics")[1], re.MULTILINE) is not None

    def gone() -> Any:
        raise OperationalError("SELECT 1", {}, Exception())

    monkeypatch.setattr(stage.bot.store, "transaction", gone)
    stage.bot.probes.feel()
    assert told(), "a database that is away is another alert's"
    stage.clock.advance(timedelta(minutes=10))
    assert told(), "and so are jobs that stand still"


def outbox_age(stage: Stage) -> float:
    (age,) = re.findall(r"^ami_share_outbox_age_seconds (\S+)$", metrics(stage), re.MULTILINE)
    return float(age)


@ON_BOTH
def test_an_hour_without_slack_is_an_hour_in_which_nothing_was_told(stage: Stage) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    assert outbox_age(stage) == 0
    stage.clicks(stage.sam, APPROVE)
    stage.slack.faults.server_error(EVERY, times=100_000)
    stage.passes(hours=1, steps=60)
    assert outbox_age(stage) == pytest.approx(3600, abs=15), "however often it was tried meanwhile"
    stage.slack.faults.clear()
    stage.passes(seconds=30)
    assert outbox_age(stage) == 0


def test_one_message_that_can_t_be_posted_is_owed_though_the_others_are_told(stage: Stage) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging no copy")
    stage.work()
    stage.slack.faults.fail("conversations.open", error="internal_error", times=100_000)
    stage.clicks(stage.sam, APPROVE)
    stage.passes(minutes=20)
    assert "AMI share: completed" in stage.approval.as_text()
    assert outbox_age(stage) == pytest.approx(1200, abs=15)


def test_an_edit_that_waits_for_its_turn_is_owed_only_from_then_on(stage: Stage) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION, devices=[Disk(gib=200)])} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    ages = []
    for _ in range(60):
        stage.passes(seconds=2)
        ages.append(outbox_age(stage))
    assert max(ages) == 0
    stage.slack.faults.server_error("chat.update", times=100_000)
    stage.passes(minutes=5)
    assert outbox_age(stage) > 240


def test_what_aws_refuses_is_counted_by_its_code(stage: Stage) -> None:
    stage.aws.faults.fail("DescribeImages", code="UnauthorizedOperation", times=1)
    stage.bot.gallery.refresh()
    assert 'operation="DescribeImages",result="UnauthorizedOperation"' in metrics(stage)


def test_throttles_are_counted_that_botocore_s_own_tries_hide(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    stage.aws.faults.throttle("DescribeImages", times=3)
    stage.bot.gallery.refresh()
    told = metrics(stage)
    assert 'ami_share_aws_throttles_total{operation="DescribeImages",service="ec2"} 3.0' in told
    assert 'operation="DescribeImages",result="ok"' in told


def test_a_rate_limit_of_slack_s_is_counted(stage: Stage) -> None:
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.slack.faults.rate_limit("chat.postMessage", retry_after=5)
    stage.work()
    assert "ami_share_slack_rate_limits_total 1.0" in metrics(stage)
    stage.slack.faults.rate_limit("users.info", retry_after=5)
    stage.types(stage.mika, "list")
    stage.slack.faults.rate_limit("auth.test", retry_after=5)
    assert "ami_share_slack_rate_limits_total 3.0" in metrics(stage), "whoever it was that called"


def test_requests_signed_with_another_secret_are_counted_and_warned_of_once_a_minute(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def warnings() -> int:
        return caplog.text.count("wasn't signed with SLACK_SIGNING_SECRET, or is older than five minutes")

    assert "ami_share_refused_requests_total 0.0" in metrics(stage), "it is there before the first"
    stage.slack.signing_secret = "of-another-app"
    for _ in range(50):
        (told,) = stage.types(stage.mika, "list").ephemeral
        assert "dispatch_failed (401)" in told.text
    assert "ami_share_refused_requests_total 50.0" in metrics(stage)
    assert warnings() == 1
    stage.clock.advance(timedelta(seconds=61))
    stage.types(stage.mika, "list")
    assert warnings() == 2
    assert "user_name" not in caplog.text, "nothing of what came in is written down"
    stage.slack.signing_secret = "a-secret-of-the-tests"
    stage.types(stage.mika, "list")
    assert "ami_share_refused_requests_total 51.0" in metrics(stage)


def test_a_call_without_an_answer_is_counted_by_its_name(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    stage.aws.faults.lose_answer("DescribeImages", times=20)
    stage.bot.gallery.refresh()
    assert 'ami_share_aws_calls_total{operation="DescribeImages",result="no-answer",service="ec2"}' in metrics(stage)


def test_what_the_fence_stops_is_no_result_of_aws_s(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(claim: Claim) -> None:
        raise LeaseLost(claim.request.id)

    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    monkeypatch.setattr(Claim, "check", overtaken)
    stage.bot.worker.run_once()
    stage.bot.worker.run_once()
    told = metrics(stage)
    assert 'ami_share_lease_losses_total{what="work"} 1.0' in told
    assert "no-answer" not in told
    assert "LeaseLost" not in told


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/x", "/slack/events"])
def test_nothing_else_is_answered_without_slack_s_signature(stage: Stage, path: str) -> None:
    assert get(stage, path)[0].startswith(("401", "404"))


def test_a_body_longer_than_any_of_slack_s_is_refused_unread(stage: Stage) -> None:
    huge = {"HTTP_X_SLACK_REQUEST_TIMESTAMP": "1", "CONTENT_LENGTH": str(LONGEST_BODY + 1)}
    assert get(stage, "/slack/events", "POST", **huge)[0].startswith("413")


@pytest.mark.parametrize("file", ["docs/operations.md", "deploy/prometheus-rules.yaml"])
def test_every_metric_that_is_written_of_is_there(stage: Stage, file: str) -> None:
    known = set(re.findall(r"^# TYPE (\S+)", metrics(stage), re.MULTILINE))
    named = set(re.findall(r"ami_share_\w+", (ROOT / file).read_text(encoding="utf-8")))
    assert named
    assert named <= known | {f"{name}_total" for name in known}
    if file.startswith("docs"):
        written_of = {name.removesuffix("_total") for name in named}
        assert {name.removesuffix("_total") for name in known if not name.endswith("_created")} <= written_of
