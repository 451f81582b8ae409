"""The doors, the wire, and what lies behind: nothing that is asked for is silently ignored."""

import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import boto3
import botocore.session
import pytest

from playground.aws import Account, Disk, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import refused
from tests.strict_aws.targets import OWNER, REGION, TARGET, session


@pytest.fixture
def owner(aws: StrictAws) -> Account:
    return aws.account(OWNER)


def client(account: Account, service: str) -> Any:
    return session(**account.user(f"user-{service}").for_boto()).client(service)


def test_a_parameter_that_no_one_serves_is_refused(aws: StrictAws, owner: Account) -> None:
    image = owner.image(REGION)
    with refused("InvalidAction", "does not serve SnapshotCopyCompletionDurationMinutes of CopyImage"):
        client(owner, "ec2").copy_image(
            Name="a copy", SourceImageId=image, SourceRegion=REGION, SnapshotCopyCompletionDurationMinutes=15
        )


@pytest.mark.parametrize("operation", ["create_image", "register_image", "describe_import_snapshot_tasks"])
def test_an_operation_that_no_one_serves_is_refused(owner: Account, operation: str) -> None:
    how: dict[str, dict[str, Any]] = {
        "create_image": {"InstanceId": "i-0123456789abcdef0", "Name": "image"},
        "register_image": {"Name": "image"},
    }
    with refused("InvalidAction", "does not serve"):
        getattr(client(owner, "ec2"), operation)(**how.get(operation, {}))
    with refused("InvalidAction"):
        client(owner, "kms").encrypt(KeyId="alias/x", Plaintext=b"x")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("Action=DescribeImages&Version=2016-11-15&Bogus=1", "UnknownParameter"),
        ("Action=DescribeImages&Version=2016-11-15&Filter.1.Nonsense=1", "UnknownParameter"),
        ("Action=DescribeNothing&Version=2016-11-15", "InvalidAction"),
        ("Action=DeregisterImage&Version=2016-11-15", "MissingParameter"),
        ("Action=DescribeImages&Version=2016-11-15&MaxResults=many", "MalformedQueryString"),
        ("Action=DescribeImages&Version=2016-11-15&Filter=flat", "MalformedQueryString"),
        ("Action=ResetImageAttribute&Version=2016-11-15&ImageId=x&Attribute=nonsense", "InvalidParameterValue"),
    ],
)
def test_what_the_model_does_not_know_is_refused(owner: Account, aws: StrictAws, fields: str, code: str) -> None:
    """Sent by hand, since botocore would not send it."""
    key = owner.user("by-hand").access_key_id
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20260302/{REGION}/ec2/aws4_request, SignedHeaders=host, Signature=0"
    with aws.serve() as url:
        request = urllib.request.Request(url, fields.encode(), {"Authorization": scope})
        with pytest.raises(urllib.error.HTTPError) as told:
            urllib.request.urlopen(request)
        with told.value as answer:
            assert f"<Code>{code}</Code>" in answer.read().decode()


def test_an_unsigned_request_is_refused(aws: StrictAws) -> None:
    with aws.serve() as url, pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(url)
    with told.value as answer:
        assert "MissingAuthenticationToken" in answer.read().decode()


def test_every_kind_of_session_made_inside_is_reached(aws: StrictAws, owner: Account) -> None:
    user = owner.user("anyone")
    keys = user.for_boto()
    low_level = botocore.session.Session().create_client("sts", region_name=REGION, **keys)
    for sts in (boto3.client("sts", REGION, **keys), boto3.Session(**keys).client("sts", REGION), low_level):
        assert sts.get_caller_identity()["Arn"] == user.arn


def test_the_door_closes_behind_its_sessions(clock: ManualClock) -> None:
    aws = StrictAws(clock)
    with aws.in_process():
        sts = session(**aws.account(OWNER).user("late").for_boto()).client("sts")
        with pytest.raises(RuntimeError, match="another strict AWS is open"), StrictAws(clock).in_process():
            pass
    with pytest.raises(RuntimeError, match="closed"):
        sts.get_caller_identity()


def test_many_threads(aws: StrictAws, owner: Account) -> None:
    image, ec2 = owner.image(REGION), client(owner, "ec2")
    start = threading.Barrier(4)

    def share(number: int) -> None:
        start.wait()
        for each in range(10):
            account_id = f"{number}{each:011d}"
            ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": account_id}]})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(share, range(1, 5)))
    assert len(aws.image(image).launch_permission) == 40


@pytest.mark.parametrize("door", ["in process", "over HTTP"])
def test_moto_answers_for_the_rest_account_by_account(clock: ManualClock, door: str) -> None:
    aws = StrictAws(clock)
    with aws.serve() as url, aws.in_process() if door == "in process" else nullcontext():
        endpoint = None if door == "in process" else url
        one, other = (
            session(**aws.account(each).user("admin").for_boto()).client("ssm", endpoint_url=endpoint)
            for each in (OWNER, TARGET)
        )
        one.put_parameter(Name="image", Value="ami-1", Type="String")
        assert f":{OWNER}:" in one.get_parameter(Name="image")["Parameter"]["ARN"]
        with refused("ParameterNotFound"):
            other.get_parameter(Name="image")
        assert aws.journal.operations() == ["PutParameter", "GetParameter", "GetParameter"]


def test_moto_starts_afresh_for_each(clock: ManualClock) -> None:
    for _ in range(2):
        aws = StrictAws(clock)
        with aws.in_process():
            ssm = session(**aws.account(OWNER).user("admin").for_boto()).client("ssm")
            ssm.put_parameter(Name="image", Value="ami-1", Type="String")


@pytest.mark.parametrize("call", ["describe_images", "describe_snapshots"])
def test_pages(owner: Account, call: str) -> None:
    for _ in range(12):
        owner.image(REGION, devices=[Disk(8)])
    ec2 = client(owner, "ec2")
    whose = {"Owners": ["self"]} if call == "describe_images" else {"OwnerIds": ["self"]}
    pages = list(ec2.get_paginator(call).paginate(**whose, PaginationConfig={"PageSize": 5}))
    what: Callable[[dict[str, Any]], list[Any]] = lambda page: page["Images" if "images" in call else "Snapshots"]  # noqa: E731
    assert [len(what(page)) for page in pages] == [5, 5, 2]
    assert len({str(each) for page in pages for each in what(page)}) == 12


def test_filters(owner: Account) -> None:
    golden = owner.image(REGION, name="golden-1", tags={"team": "base"})
    owner.image(REGION, name="silver-1", tags={"team": "other"}, state="failed")
    ec2 = client(owner, "ec2")

    def found(**filters: str) -> list[str]:
        asked = [{"Name": name.replace("__", ":"), "Values": [value]} for name, value in filters.items()]
        return [each["ImageId"] for each in ec2.describe_images(Filters=asked)["Images"]]

    for filters in (
        {"name": "gold*"},
        {"tag__team": "base"},
        {"state": "available"},
        {"name": "*-1", "tag-key": "team", "state": "available"},
    ):
        assert found(**filters) == [golden], filters
    assert found(name="gold") == []
    with refused("InvalidParameterValue", "The filter 'nonsense' is invalid"):
        found(nonsense="x")


def test_filters_narrow_named_images_too(owner: Account) -> None:
    """moto ignores filters and owners where ids are given."""
    image, ec2 = owner.image(REGION, name="golden"), client(owner, "ec2")
    name = [{"Name": "name", "Values": ["silver"]}]
    assert ec2.describe_images(ImageIds=[image], Filters=name)["Images"] == []
    assert ec2.describe_images(ImageIds=[image], Owners=[TARGET])["Images"] == []
