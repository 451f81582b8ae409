"""Instances: what a launch leaves behind. Rules without another source are the EC2 API reference's."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from playground.aws import StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, Target, session

UNKNOWN = "i-0123456789abcdef0"


def ec2(aws: StrictAws, account_id: str = OWNER, **how: Any) -> Any:
    return session(**aws.account(account_id).user("admin").for_boto()).client("ec2", **how)


def launch(client: Any, image: str, count: int = 1, **how: Any) -> list[str]:
    made = client.run_instances(ImageId=image, MinCount=count, MaxCount=count, InstanceType="t3.micro", **how)
    return [instance["InstanceId"] for instance in made["Instances"]]


def seen(client: Any, **asked: Any) -> dict[str, str]:
    """Return the state of each instance that is listed."""
    listed = client.describe_instances(**asked)["Reservations"]
    return {each["InstanceId"]: each["State"]["Name"] for reservation in listed for each in reservation["Instances"]}


def by(name: str, *values: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": list(values)}]


@rule("2.5", READ)
def test_a_launch_is_pending_and_runs_some_time_later(aws: StrictAws, clock: ManualClock) -> None:
    aws.instances_take = timedelta(seconds=30)
    owner = ec2(aws)
    (made,) = launch(owner, aws.account(OWNER).image(REGION))
    assert seen(owner, InstanceIds=[made]) == {made: "pending"}
    clock.advance(timedelta(seconds=30))
    assert seen(owner, InstanceIds=[made]) == {made: "running"}


@rule("2.5", READ)
def test_what_was_made_from_an_instance_names_it_and_the_image_that_it_runs_from(aws: StrictAws) -> None:
    """EC2 User Guide, "Identify the source AMI used to create a new AMI"; EC2 API reference, Image."""
    owner, account = ec2(aws), aws.account(OWNER)
    golden = account.image(REGION)
    instance = account.instance(REGION, golden)
    app = account.image(REGION, from_instance=instance)
    (shown,) = owner.describe_images(Filters=by("source-image-id", golden))["Images"]
    assert (shown["ImageId"], shown["SourceImageId"]) == (app, golden)
    assert shown["SourceInstanceId"] == instance
    copy = owner.copy_image(Name="a copy", SourceImageId=app, SourceRegion=REGION)["ImageId"]
    (shown,) = owner.describe_images(ImageIds=[copy])["Images"]
    assert shown["SourceImageId"] == app
    assert "SourceInstanceId" not in shown, "CreateImage alone gives it"


@rule("2.5", READ)
def test_without_a_delay_it_runs_at_the_next_call(aws: StrictAws) -> None:
    owner, image = ec2(aws), aws.account(OWNER).image(REGION)
    answer = owner.run_instances(ImageId=image, MinCount=1, MaxCount=2)
    assert [each["State"] for each in answer["Instances"]] == [{"Code": 0, "Name": "pending"}] * 2
    (reservation,) = owner.describe_instances()["Reservations"]
    assert (reservation["ReservationId"], reservation["OwnerId"]) == (answer["ReservationId"], OWNER)
    assert [each["State"] for each in reservation["Instances"]] == [{"Code": 16, "Name": "running"}] * 2
    assert {each["ImageId"] for each in reservation["Instances"]} == {image}


@rule("2.5", READ)
def test_instances_belong_to_who_launched_them_and_stay_in_their_region(aws: StrictAws) -> None:
    image = aws.account(OWNER).image(REGION)
    aws.account(TARGET)
    aws.share(image, TARGET)
    owner, target = ec2(aws), ec2(aws, TARGET)
    (mine,), (theirs,) = launch(owner, image), launch(target, image)
    assert list(seen(owner)) == [mine]
    assert list(seen(target)) == [theirs]
    assert seen(owner, InstanceIds=[theirs]) == {}, "one that you do not own is not included"
    elsewhere = session(**aws.account(OWNER).user("elsewhere").for_boto()).client("ec2", "us-east-1")
    assert seen(elsewhere) == {}


@rule("2.5", READ)
def test_filters_by_image_and_state(aws: StrictAws) -> None:
    account, owner = aws.account(OWNER), ec2(aws)
    golden, silver = account.image(REGION), account.image(REGION)
    running, stopped = account.instance(REGION, golden), account.instance(REGION, golden, state="stopped")
    account.instance(REGION, silver)
    assert set(seen(owner, Filters=by("image-id", golden))) == {running, stopped}
    both = by("image-id", golden) + by("instance-state-name", "pending", "running")
    assert seen(owner, Filters=both) == {running: "running"}
    with refused("InvalidParameterValue", "The filter 'nonsense' is invalid"):
        owner.describe_instances(Filters=by("nonsense", "x"))


@rule("2.5", READ)
def test_pages_of_instances(aws: StrictAws) -> None:
    account, owner = aws.account(OWNER), ec2(aws)
    image = account.image(REGION)
    launch(owner, image, count=12)
    pages = owner.get_paginator("describe_instances").paginate(
        Filters=by("image-id", image), PaginationConfig={"PageSize": 5}
    )
    ids = [[each["InstanceId"] for r in page["Reservations"] for each in r["Instances"]] for page in pages]
    assert [len(each) for each in ids] == [5, 5, 2]
    assert len({each for one_page in ids for each in one_page}) == 12
    with refused("InvalidParameterCombination"):
        owner.describe_instances(InstanceIds=ids[0], MaxResults=5)


@rule("2.5", READ)
def test_the_end_of_an_instance_shows_for_an_hour(aws: StrictAws, clock: ManualClock) -> None:
    owner = ec2(aws)
    made = aws.account(OWNER).instance(REGION, aws.account(OWNER).image(REGION))
    (change,) = owner.terminate_instances(InstanceIds=[made])["TerminatingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "shutting-down")
    assert seen(owner) == {made: "terminated"}
    (again,) = owner.terminate_instances(InstanceIds=[made])["TerminatingInstances"]
    assert again["CurrentState"] == {"Code": 48, "Name": "terminated"}, "terminating twice succeeds twice"
    clock.advance(timedelta(hours=1))
    assert seen(owner) == {}
    with refused("InvalidInstanceID.NotFound"):
        owner.describe_instances(InstanceIds=[made])


@rule("2.5", READ)
def test_all_are_terminated_or_none(aws: StrictAws) -> None:
    account, owner = aws.account(OWNER), ec2(aws)
    mine = account.instance(REGION, account.image(REGION))
    theirs = aws.account(TARGET).instance(REGION, account.image(REGION))
    for wrong in (UNKNOWN, theirs):
        with refused("InvalidInstanceID.NotFound", f"The instance ID '{wrong}' does not exist"):
            owner.terminate_instances(InstanceIds=[mine, wrong])
    assert aws.instance(mine).state == aws.instance(theirs).state == "running"


@rule("2.5", INFERRED)
def test_neither_deregistering_nor_unsharing_ends_an_instance(aws: StrictAws) -> None:
    image = aws.account(OWNER).image(REGION)
    owner, target = ec2(aws), ec2(aws, TARGET)
    aws.share(image, TARGET)
    (made,) = launch(target, image)
    owner.modify_image_attribute(ImageId=image, LaunchPermission={"Remove": [{"UserId": TARGET}]})
    owner.deregister_image(ImageId=image)
    assert seen(target, Filters=by("image-id", image)) == {made: "running"}


@rule("2.4", READ)
def test_the_same_token_launches_once(aws: StrictAws) -> None:
    """EC2 API reference, "Ensuring idempotency"."""
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    owner, image = ec2(aws, config=once), aws.account(OWNER).image(REGION)
    aws.faults.lose_answer("RunInstances")
    with pytest.raises(ConnectionClosedError):
        launch(owner, image, ClientToken="launch-1")
    (made,) = launch(owner, image, ClientToken="launch-1")
    assert list(seen(owner)) == [made]
    with refused("IdempotentParameterMismatch"):
        launch(owner, image, count=2, ClientToken="launch-1")
    assert [entry.answered for entry in aws.journal.calls("RunInstances")] == [False, True, True]


@rule("2.10", READ)
def test_a_policy_tells_whose_instances_may_be_ended(aws: StrictAws) -> None:
    account = aws.account(OWNER)
    made, other = (account.instance(REGION, account.image(REGION)) for _ in range(2))
    arn = f"arn:aws:ec2:{REGION}:{OWNER}:instance/{made}"
    statement = {"Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": arn}
    narrow = account.user("narrow", {"Version": "2012-10-17", "Statement": [statement]})
    client = session(**narrow.for_boto()).client("ec2")
    with refused("UnauthorizedOperation"):
        client.terminate_instances(InstanceIds=[other])
    with refused("UnauthorizedOperation"):
        client.describe_instances()
    client.terminate_instances(InstanceIds=[made])
    assert aws.instance(made).state == "terminated"


@pytest.mark.parametrize("operation", ["stop_instances", "start_instances", "reboot_instances"])
def test_what_else_happens_to_instances_is_not_left_to_moto(aws: StrictAws, operation: str) -> None:
    made = aws.account(OWNER).instance(REGION, aws.account(OWNER).image(REGION))
    with refused("InvalidAction", "does not serve"):
        getattr(ec2(aws), operation)(InstanceIds=[made])


@pytest.mark.moto_is_right
@rule("2.5", READ)
def test_an_unknown_instance(where: Target) -> None:
    with refused("InvalidInstanceID.NotFound", UNKNOWN):
        where.owner.ec2.describe_instances(InstanceIds=[UNKNOWN])
    with refused("InvalidInstanceID.NotFound", UNKNOWN):
        where.owner.ec2.terminate_instances(InstanceIds=[UNKNOWN])
