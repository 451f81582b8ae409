"""Bad days: throttles, errors, lost answers, deaths; and the journal that tells of them."""

import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from playground.aws import Account, Crash, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import refused
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

THREE_ATTEMPTS = Config(retries={"mode": "standard", "total_max_attempts": 3})
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits between its attempts; nobody here does."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture
def target(aws: StrictAws) -> Account:
    return aws.account(TARGET)


@pytest.fixture
def image(aws: StrictAws, target: Account) -> str:
    image = aws.account(OWNER).image(REGION)
    aws.share(image, TARGET)
    return image


def ec2(account: Account, config: Config = THREE_ATTEMPTS) -> Any:
    return session(**account.user(f"user-{id(config)}").for_boto()).client("ec2", config=config)


def asked(image: str, **how: Any) -> dict[str, Any]:
    return {"Name": "a copy", "SourceImageId": image, "SourceRegion": REGION} | how


def test_botocore_tries_a_throttled_call_again(aws: StrictAws, target: Account) -> None:
    aws.faults.throttle("DescribeImages", times=2)
    ec2(target).describe_images(Owners=["self"])
    outcomes = [entry.outcome for entry in aws.journal.calls("DescribeImages")]
    assert outcomes == ["RequestLimitExceeded", "RequestLimitExceeded", "ok"]


def test_a_throttle_that_lasts_reaches_the_caller(aws: StrictAws, target: Account) -> None:
    aws.faults.throttle("DescribeImages", times=3)
    with refused("RequestLimitExceeded"):
        ec2(target).describe_images(Owners=["self"])
    aws.faults.throttle("ListKeys", times=3)
    with refused("ThrottlingException"):
        session(**target.user("kms").for_boto()).client("kms", config=THREE_ATTEMPTS).list_keys()


def test_a_failure_has_no_effect_and_strikes_as_often_as_asked(aws: StrictAws, target: Account, image: str) -> None:
    aws.faults.fail("CopyImage", code="ResourceLimitExceeded", message="too many", times=2)
    client = ec2(target)
    for _ in range(2):
        with refused("ResourceLimitExceeded", "too many"):
            client.copy_image(**asked(image))
    assert target.images(REGION) == []
    client.copy_image(**asked(image))
    assert len(target.images(REGION)) == 1


def test_a_fault_can_be_one_accounts_alone(aws: StrictAws, target: Account) -> None:
    aws.faults.fail("DescribeImages", code="InternalError", account_id=OWNER)
    ec2(target).describe_images(Owners=["self"])
    with refused("InternalError"):
        ec2(aws.account(OWNER)).describe_images(Owners=["self"])


def test_faults_strike_what_moto_answers_too(aws: StrictAws, target: Account) -> None:
    aws.faults.throttle("GetParameter", times=3)
    ssm = session(**target.user("ssm").for_boto()).client("ssm", config=THREE_ATTEMPTS)
    with refused("ThrottlingException"):
        ssm.get_parameter(Name="image")
    assert len(aws.journal.calls("GetParameter", outcome="ThrottlingException")) == 3


@pytest.mark.parametrize(
    ("service", "operation", "asked_for"),
    [
        ("ec2", "DescribeInstances", {}),
        ("ec2", "TerminateInstances", {"InstanceIds": ["i-0123456789abcdef0"], "DryRun": True}),
        ("ec2", "DescribeImageReferences", {"ImageIds": ["ami-0123456789abcdef0"], "IncludeAllResourceTypes": True}),
        ("ec2", "DescribeLaunchTemplateVersions", {"Versions": ["$Latest"]}),
        ("autoscaling", "DescribeAutoScalingGroups", {}),
        ("autoscaling", "DescribeLaunchConfigurations", {}),
        ("events", "PutRule", {"Name": "changes", "EventPattern": '{"source": ["aws.ec2"]}'}),
        ("ssm", "DescribeParameters", {}),
    ],
)
def test_the_journal_and_the_faults_see_every_call(
    aws: StrictAws, target: Account, service: str, operation: str, asked_for: dict[str, Any]
) -> None:
    client = session(**target.user("caller").for_boto()).client(service, config=ONCE)
    aws.faults.fail(operation, code="InternalError")
    with refused("InternalError"):
        getattr(client, xform_name(operation))(**asked_for)
    with suppress(ClientError):  # DryRunOperation
        getattr(client, xform_name(operation))(**asked_for)
    first, second = aws.journal.calls()
    assert {(each.service, each.operation, each.account_id) for each in (first, second)} == {
        (service, operation, TARGET)
    }
    assert first.outcome == "InternalError"
    assert second.outcome in ("ok", "DryRunOperation")


def test_botocore_hides_a_lost_answer_behind_its_own_token(aws: StrictAws, target: Account, image: str) -> None:
    aws.faults.lose_answer("CopyImage")
    made = ec2(target).copy_image(**asked(image))["ImageId"]
    assert [each.id for each in target.images(REGION)] == [made]
    first, second = aws.journal.calls("CopyImage")
    assert (first.answered, second.answered) == (False, True)
    assert first.parameters["ClientToken"] == second.parameters["ClientToken"]


def test_after_a_lost_answer_the_same_token_finds_the_copy(aws: StrictAws, target: Account, image: str) -> None:
    aws.faults.lose_answer("CopyImage")
    client = ec2(target, ONCE)
    with pytest.raises(ConnectionClosedError):
        client.copy_image(**asked(image, ClientToken="delivery-1"))
    (made,) = target.images(REGION)
    assert client.copy_image(**asked(image, ClientToken="delivery-1"))["ImageId"] == made.id
    assert client.copy_image(**asked(image, ClientToken="delivery-2"))["ImageId"] != made.id


def test_a_crash_before_a_call_leaves_nothing(aws: StrictAws, target: Account, image: str) -> None:
    aws.faults.crash_before("CopyImage")
    with pytest.raises(Crash):
        ec2(target).copy_image(**asked(image))
    assert target.images(REGION) == []
    assert len(aws.journal.calls("CopyImage")) == 1, "botocore's retries can't swallow it"


def test_a_crash_after_a_call_leaves_its_effect(aws: StrictAws, target: Account, image: str) -> None:
    aws.faults.crash_after("CopyImage", nth=2)
    client = ec2(target)
    client.copy_image(**asked(image))
    with pytest.raises(Crash):
        client.copy_image(**asked(image))
    assert len(target.images(REGION)) == 2


def test_over_http_a_crash_breaks_the_connection_and_calls_back(clock: ManualClock) -> None:
    aws, died = StrictAws(clock), threading.Event()
    account = aws.account(TARGET)
    with aws.serve(on_crash=lambda _: died.set()) as url:
        client = session(**account.user("bot").for_boto()).client("ec2", endpoint_url=url, config=ONCE)
        aws.faults.crash_after("DescribeImages")
        with pytest.raises(ConnectionClosedError):
            client.describe_images(Owners=["self"])
        assert died.is_set()
        aws.faults.lose_answer("DescribeImages")
        with pytest.raises(ConnectionClosedError):
            client.describe_images(Owners=["self"])
        assert client.describe_images(Owners=["self"])["Images"] == []


def test_a_slow_call_is_told_by_the_journal(aws: StrictAws, target: Account) -> None:
    aws.faults.delay("DescribeImages", timedelta(seconds=9))
    client = ec2(target)
    client.describe_images(Owners=["self"])
    client.describe_images(Owners=["self"])
    assert [entry.latency for entry in aws.journal.calls("DescribeImages")] == [timedelta(seconds=9), timedelta(0)]


def test_the_journal_says_who_did_what_when_and_what_came_of_it(
    aws: StrictAws, target: Account, image: str, clock: ManualClock
) -> None:
    role = target.role("copier")
    client = session(**target.session(role, "share").for_boto()).client("ec2")
    client.copy_image(**asked(image, ClientToken="delivery-1"))
    with refused("InvalidAMIID.NotFound"):
        client.describe_images(ImageIds=["ami-0123456789abcdef0"])
    copied, asked_for = aws.journal.calls()
    assert copied.caller == "arn:aws:sts::222222222222:assumed-role/copier/share"
    assert (copied.time, copied.account_id, copied.service, copied.region) == (clock(), TARGET, "ec2", REGION)
    assert copied.parameters == asked(image, ClientToken="delivery-1")
    assert copied.ok
    assert (asked_for.ok, asked_for.outcome) == (False, "InvalidAMIID.NotFound")
    assert aws.journal.operations() == ["CopyImage", "DescribeImages"]
    assert aws.journal.calls(outcome="ok") == [copied]
    assert aws.journal.calls(account_id=OWNER) == []
