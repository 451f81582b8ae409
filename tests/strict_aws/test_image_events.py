"""Events of images: who hears of what, and what keeps them from being heard.

Rules without another source are the EC2 User Guide's, "Monitor AMI events using Amazon EventBridge".
"""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Account, Disk, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

HOUR = timedelta(hours=1)
CHANGES = {"source": ["aws.ec2"], "detail-type": ["EC2 AMI State Change"]}


class Listener:
    """An account with a rule for events, and the queue that they go to."""

    def __init__(
        self,
        account: Account,
        *,
        pattern: dict[str, Any] | None = None,
        queue_of: Account | None = None,
        let_in: bool = True,
        url: str | None = None,
        region: str = REGION,
    ) -> None:
        speaking = session(**account.user("listener").for_boto())
        reading = session(**(queue_of or account).user("reader").for_boto())
        self.events = speaking.client("events", region, endpoint_url=url)
        self.sqs = reading.client("sqs", region, endpoint_url=url)
        self.queue = self.sqs.create_queue(QueueName="changes")["QueueUrl"]
        self.queue_arn = f"arn:aws:sqs:{region}:{(queue_of or account).id}:changes"
        self.rule_arn = self.events.put_rule(Name="changes", EventPattern=json.dumps(pattern or CHANGES))["RuleArn"]
        self.events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": self.queue_arn}])
        if let_in:
            self.open_queue(self.rule_arn)

    def open_queue(self, rule_arn: str, principal: dict[str, str] | None = None) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": principal or {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy})

    def heard(self, **how: Any) -> list[dict[str, Any]]:
        """Take every event out of the queue."""
        events = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, **how).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                events.append(json.loads(message["Body"]))
        return events

    def states(self) -> list[tuple[str, str]]:
        return [(event["detail"]["ImageId"], event["detail"]["State"]) for event in self.heard()]


@pytest.fixture
def owner(aws: StrictAws) -> Account:
    return aws.account(OWNER)


@pytest.fixture
def target(aws: StrictAws) -> Account:
    return aws.account(TARGET)


def ec2(account: Account) -> Any:
    return session(**account.user("admin").for_boto()).client("ec2")


def copy(aws: StrictAws, account: Account, **how: Any) -> tuple[str, str]:
    """Start a copy of a fresh image that is shared; return its id and the id of the request."""
    image = aws.account(OWNER).image(REGION, **how)
    aws.share(image, account.id)
    made = ec2(account).copy_image(Name="a copy", SourceImageId=image, SourceRegion=REGION)
    return made["ImageId"], made["ResponseMetadata"]["RequestId"]


@rule("2.8", READ)
def test_a_copy_that_is_done_is_told_to_the_account_it_belongs_to(
    aws: StrictAws, clock: ManualClock, owner: Account, target: Account
) -> None:
    source, listener = Listener(owner), Listener(target)
    made, request_id = copy(aws, target)
    assert listener.heard() == [], "nothing is told of a copy under way"
    clock.advance(HOUR)
    (event,) = listener.heard()
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "EC2 AMI State Change",
        "source": "aws.ec2",
        "account": TARGET,
        "time": clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:ec2:{REGION}::image/{made}"],
        "detail": {"RequestId": request_id, "ImageId": made, "State": "available", "ErrorMessage": ""},
    }
    assert listener.heard() == [], "once"
    assert made not in dict(source.states())


@rule("2.8", READ)
def test_a_copy_that_fails_says_why(aws: StrictAws, clock: ManualClock, owner: Account, target: Account) -> None:
    listener = Listener(target)
    made, _ = copy(aws, target, devices=[Disk(8, key=owner.key(REGION))])
    clock.advance(HOUR)
    (event,) = listener.heard()
    assert (event["detail"]["ImageId"], event["detail"]["State"]) == (made, "failed")
    assert event["detail"]["ErrorMessage"] == aws.image(made).failure


@rule("2.8", READ)
def test_the_end_of_an_image_is_told(owner: Account) -> None:
    image = owner.image(REGION)
    listener, admin = Listener(owner), ec2(owner)
    admin.disable_image(ImageId=image)
    admin.enable_image(ImageId=image)
    admin.deregister_image(ImageId=image)
    assert listener.states() == [(image, "disabled"), (image, "available"), (image, "deregistered")]


@rule("2.8", READ)
def test_an_image_made_by_other_means_is_told_too(aws: StrictAws, owner: Account, target: Account) -> None:
    """By CreateImage or RegisterImage of somebody else, which tests stand for; so is its end."""
    listener = Listener(owner)
    target.image(REGION)
    owner.image("us-east-1")
    owner.image(REGION, state="pending")
    made, failed = owner.image(REGION), owner.image(REGION, state="failed")
    aws.deregister(made)
    assert listener.states() == [(made, "available"), (failed, "failed"), (made, "deregistered")]


@rule("2.8", READ)
@pytest.mark.parametrize(
    ("detail", "heard"),
    [
        ({"State": ["available"]}, ["available"]),
        ({"State": [{"anything-but": ["available"]}]}, ["deregistered"]),
        ({"State": [{"prefix": "avail"}, {"suffix": "registered"}]}, ["available", "deregistered"]),
        ({"Nonsense": [{"exists": False}]}, ["available", "deregistered"]),
        ({"Nonsense": [{"anything-but": "x"}]}, []),
    ],
)
def test_a_rule_hears_what_its_pattern_asks_for(
    aws: StrictAws, owner: Account, detail: dict[str, Any], heard: list[str]
) -> None:
    """EventBridge User Guide, "Event patterns"."""
    listener = Listener(owner, pattern=CHANGES | {"detail": detail})
    aws.deregister(owner.image(REGION))
    assert [state for _, state in listener.states()] == heard


@rule("2.8", READ)
def test_a_pattern_can_name_the_image_by_its_arn(owner: Account) -> None:
    image = owner.image(REGION)
    listener = Listener(owner, pattern={"resources": [{"suffix": image}]})
    owner.image(REGION)
    ec2(owner).disable_image(ImageId=image)
    assert listener.states() == [(image, "disabled")]


@rule("2.8", READ)
def test_a_rule_that_is_disabled_or_gone_hears_nothing(owner: Account) -> None:
    listener = Listener(owner)
    listener.events.disable_rule(Name="changes")
    owner.image(REGION)
    assert listener.heard() == []
    listener.events.enable_rule(Name="changes")
    image = owner.image(REGION)
    assert listener.states() == [(image, "available")]
    listener.events.remove_targets(Rule="changes", Ids=["queue"])
    listener.events.delete_rule(Name="changes")
    owner.image(REGION)
    assert listener.heard() == []


@rule("2.8", READ)
def test_the_queue_lets_eventbridge_in_by_its_policy(aws: StrictAws, owner: Account) -> None:
    """EventBridge User Guide, "Using resource-based policies": "Amazon SQS permissions"."""
    listener = Listener(owner, let_in=False)
    owner.image(REGION)
    assert listener.heard() == []
    listener.open_queue(f"arn:aws:events:{REGION}:{OWNER}:rule/another")
    owner.image(REGION)
    assert listener.heard() == []
    listener.open_queue(f"arn:aws:events:{REGION}:*:rule/changes")
    image = owner.image(REGION)
    assert listener.states() == [(image, "available")]


def test_the_policy_can_be_left_out_behind_its_switch(aws: StrictAws, owner: Account) -> None:
    aws.queues_need_a_policy = False
    listener = Listener(owner, let_in=False)
    image = owner.image(REGION)
    assert listener.states() == [(image, "available")]


@rule("2.8", READ)
def test_a_queue_of_another_account_is_reached_by_a_role(owner: Account, target: Account) -> None:
    """EventBridge User Guide, "Sending events to an AWS service in another account"."""
    listener = Listener(target, queue_of=owner)
    target.image(REGION)
    assert listener.states() == [], "a rule of another account needs a role, whatever the queue's policy says"
    role = target.role("sender", trusted=["events.amazonaws.com"])
    untrusting = target.role("untrusting", trusted=[target.root])

    def send_as(arn: str) -> str:
        queue = {"Id": "queue", "Arn": listener.queue_arn, "RoleArn": arn}
        listener.events.put_targets(Rule="changes", Targets=[queue])
        return target.image(REGION)

    send_as(role)
    assert listener.states() == [], "the queue's policy must name the role"
    listener.open_queue(listener.rule_arn, principal={"AWS": target.root})
    send_as(untrusting)
    assert listener.states() == [], "the role must trust EventBridge"
    image = send_as(role)
    owner.image(REGION)
    assert listener.states() == [(image, "available")]


@rule("2.8", READ)
def test_the_role_needs_a_policy_of_its_own(owner: Account, target: Account) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:*:another"}
    narrow = {"Version": "2012-10-17", "Statement": [statement]}
    role = target.role("sender", trusted=["events.amazonaws.com"], policy=narrow)
    listener = Listener(target, queue_of=owner)
    listener.open_queue(listener.rule_arn, principal={"AWS": role})
    listener.events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": listener.queue_arn, "RoleArn": role}])
    target.image(REGION)
    assert listener.states() == []
    target.set_role_policy("sender", {**narrow, "Statement": [statement | {"Resource": listener.queue_arn}]})
    image = target.image(REGION)
    assert listener.states() == [(image, "available")]


@rule("2.8", READ)
def test_a_queue_that_is_gone_loses_the_event(aws: StrictAws, owner: Account) -> None:
    listener = Listener(owner)
    listener.sqs.delete_queue(QueueUrl=listener.queue)
    owner.image(REGION)
    assert [event.state for event in aws.image_events.put] == ["available"]


@rule("2.8", READ)
def test_events_can_be_lost_and_come_twice(aws: StrictAws, owner: Account) -> None:
    """ "Events are generated on a best effort basis"; EventBridge delivers "at least once"."""
    listener = Listener(owner)
    aws.events_are_lost = True
    lost = owner.image(REGION)
    aws.events_are_lost = False
    aws.events_come_twice = True
    twice = owner.image(REGION)
    first, second = listener.heard()
    assert first == second
    assert first["detail"]["ImageId"] == twice
    assert [event.image_id for event in aws.image_events.put] == [lost, twice]
    aws.events_are_sent = False
    owner.image(REGION)
    assert listener.heard() == []
    assert len(aws.image_events.put) == 2


def test_without_a_rule_moto_is_not_asked(aws: StrictAws, clock: ManualClock, target: Account) -> None:
    copy(aws, target)
    clock.advance(HOUR)
    aws.deregister(aws.account(OWNER).image(REGION))
    assert aws._moto is None
    assert [event.state for event in aws.image_events.put] == ["available", "available", "available", "deregistered"]


@rule("2.8", INFERRED)
def test_a_copy_stopped_on_its_way_is_told_as_deregistered(aws: StrictAws, clock: ManualClock, target: Account) -> None:
    listener = Listener(target)
    made, _ = copy(aws, target)
    aws.deregister(made)
    clock.advance(HOUR)
    assert listener.states() == [(made, "deregistered")]


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": f"arn:aws:sns:{REGION}:{OWNER}:topic"},
        {"Arn": f"arn:aws:sqs:{REGION}:{OWNER}:changes", "InputPath": "$.detail"},
    ],
)
def test_targets_that_no_one_serves_are_refused(owner: Account, target: dict[str, str]) -> None:
    events = Listener(owner).events
    with refused("InvalidAction", "does not serve"):
        events.put_targets(Rule="changes", Targets=[{"Id": "other", **target}])


@pytest.mark.parametrize(
    "detail", [{"State": [{"cidr": "10.0.0.0/8"}]}, {"$or": [{"State": ["failed"]}]}, {"State": [{"prefix": ["a"]}]}]
)
def test_patterns_that_no_one_serves_are_refused(owner: Account, detail: dict[str, Any]) -> None:
    with refused("InvalidAction", "in an event pattern"):
        Listener(owner, pattern={"detail": detail})


def test_nobody_forges_an_event_of_aws(owner: Account) -> None:
    """AWS refuses such an entry (EventBridge API reference, PutEvents); moto would deliver it."""
    entry = {"Source": "aws.ec2", "DetailType": "EC2 AMI State Change", "Detail": "{}"}
    with refused("InvalidAction", "a source that is AWS's own"):
        Listener(owner).events.put_events(Entries=[entry])


@pytest.mark.parametrize("door", ["in process", "over HTTP"])
def test_both_doors_and_the_journal(clock: ManualClock, door: str) -> None:
    aws = StrictAws(clock)
    with aws.serve() as url, aws.in_process() if door == "in process" else nullcontext():
        listener = Listener(aws.account(OWNER), url=None if door == "in process" else url)
        image = aws.account(OWNER).image(REGION)
        assert listener.states() == [(image, "available")]
        made = ["CreateQueue", "PutRule", "PutTargets", "SetQueueAttributes"]
        assert aws.journal.operations() == [*made, "ReceiveMessage", "DeleteMessage", "ReceiveMessage"]


def test_nobody_waits_for_messages(owner: Account) -> None:
    """moto would wait, with everything else standing still. Twenty seconds, and the test would end by its timeout."""
    listener = Listener(owner)
    for _ in range(4):
        assert listener.heard(WaitTimeSeconds=20) == []


def test_faults_strike_queues_too(aws: StrictAws, owner: Account) -> None:
    listener = Listener(owner)
    aws.faults.fail("ReceiveMessage", code="OverLimit")
    with refused("OverLimit"):
        listener.heard()
    assert listener.heard() == []
