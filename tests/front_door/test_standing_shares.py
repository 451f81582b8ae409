"""Standing shares: a new image of a family appears, and approval is asked; at once, if there are events."""

import json
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Disk
from tests.front_door.test_taking_back import APPROVE
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, REGION, STAGING, Stage


@pytest.fixture
def standing(stage: Stage) -> Stage:
    """Golden images go to staging, on behalf of mika; the bot has known of that for a minute."""
    stage.add_settings(
        f"""
[[standing]]
name = "golden-to-staging"
source = "images"
images = "golden-*"
targets = ["staging"]
on_behalf_of = "{stage.mika.id}"
reason = "the base of everything"
"""
    )
    stage.bot.standing.run_once()
    stage.clock.advance(timedelta(minutes=1))
    return stage


def look(stage: Stage) -> None:
    stage.bot.standing.run_once()
    stage.work()


def test_a_new_image_of_the_family_is_asked_for_and_shared(standing: Stage) -> None:
    stage = standing
    image = stage.images.image(REGION, name="golden-7")
    look(stage)
    asked = stage.approval.as_text()
    assert f"On behalf of @mika, a standing share asks to share `{image}` with staging" in asked
    assert ">golden-to-staging: the base of everything" in asked
    assert stage.aws.image(image).launch_permission == set(), "nothing is done before the approval"
    stage.clicks(stage.mika, APPROVE)
    assert "your own request" in stage.private(stage.mika)[-1]
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=20)
    assert [copy.source_image_id for copy in stage.staging.images(REGION)] == [image]
    assert "is complete" in stage.direct(stage.mika)[-1]


@ON_BOTH
def test_it_is_asked_once_however_often_and_by_whom_it_is_seen(standing: Stage) -> None:
    stage = standing
    stage.images.image(REGION, name="golden-7")
    look(stage)
    look(stage)
    stage.start()
    look(stage)
    assert len(stage.slack.messages(stage.room)) == 1


def test_it_falls_under_the_rule_for_a_group_that_its_requester_is_in(standing: Stage) -> None:
    stage = standing
    contractors = stage.slack.user_group("contractors", [stage.mika])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "strict"\nrequesters = ["{contractors.id}"]\nusers = ["{stage.kim.id}"]\n'
    )
    stage.images.image(REGION, name="golden-7")
    stage.slack.faults.fail("usergroups.users.list", error="fatal_error", times=1)
    look(stage)
    assert stage.slack.messages(stage.room) == [], "a stricter rule may be for them"
    look(stage)
    assert "To be decided by @kim." in stage.approval.as_text()


def test_it_may_be_with_groups_and_organizations_and_for_auto_scaling(stage: Stage) -> None:
    stage.add_settings(
        f"""
[[groups]]
name = "everybody"
targets = ["staging", "sandboxes"]

[[standing]]
name = "golden-to-everybody"
source = "images"
images = "golden-*"
targets = ["everybody"]
mode = "share"
auto_scaling = true
on_behalf_of = "{stage.mika.id}"
"""
    )
    stage.bot.standing.run_once()
    stage.clock.advance(timedelta(minutes=1))
    image = stage.images.image(REGION, name="golden-7")
    look(stage)
    asked = stage.approval.as_text()
    assert "with staging, sandboxes, to be launched from the original, with no copy, by Auto Scaling as well" in asked
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    (organization,) = stage.aws.organizations
    (sandboxes,) = (unit for unit in organization.units if unit.name == "Sandboxes")
    assert {entry.value for entry in stage.aws.image(image).launch.latest} == {STAGING, sandboxes.arn}


def test_others_and_what_was_there_before_are_left_alone(stage: Stage) -> None:
    stage.images.image(REGION, name="golden-old")
    stage.clock.advance(timedelta(minutes=1))
    stage.add_settings(
        '\n[[standing]]\nname = "s"\nsource = "images"\nimages = "golden-?"\ntargets = ["staging"]\n'
        f'on_behalf_of = "{stage.mika.id}"\n'
    )
    look(stage)
    stage.clock.advance(timedelta(minutes=1))
    stage.images.image(REGION, name="Golden-1")
    stage.images.image(REGION, name="golden-10")
    stage.images.image(REGION, name="tools")
    look(stage)
    assert stage.slack.messages(stage.room) == []


def test_what_the_bot_made_itself_is_not_asked_for(standing: Stage) -> None:
    stage = standing
    stage.images.key(REGION, alias="alias/golden")
    stage.replace_settings(
        'external_id = "ami-share-images"',
        f'external_id = "ami-share-images"\nreencrypt_keys = {{ {REGION} = "alias/golden" }}',
    )
    image = stage.images.image(REGION, name="golden-7", devices=[Disk(gib=8, key=stage.images.managed_key(REGION))])
    look(stage)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.aws.copy_gib_per_second = 0.02
    for _ in range(9):
        stage.passes(minutes=5, steps=60)
        look(stage)
    (product,) = (each for each in stage.images.images(REGION) if each.source_image_id == image)
    assert product.name.startswith("golden-7")
    assert len(stage.slack.messages(stage.room)) == 1
    assert not any("nothing to do" in told for told in stage.direct(stage.mika))
    assert "is complete" in stage.direct(stage.mika)[-1]
    stage.bot.gallery.refresh()
    assert [each.image.image_id for each in stage.bot.gallery.find("golden", 9)] == [image], "it can't be picked either"


def test_an_image_is_taken_up_when_it_becomes_available(standing: Stage) -> None:
    stage = standing
    image = stage.images.image(REGION, name="golden-7", state="pending")
    look(stage)
    assert stage.slack.messages(stage.room) == []
    stage.aws.image(image).state = "available"
    look(stage)
    assert image in stage.approval.as_text()


def test_one_that_cannot_be_shared_is_told_once(standing: Stage) -> None:
    stage = standing
    stage.images.image(REGION, name="golden-7", product_codes=["abc"])
    look(stage)
    look(stage)
    assert sum("AWS Marketplace codes" in line for line in stage.direct(stage.mika)) == 1


def test_a_place_that_cannot_be_looked_at_holds_nothing_else_up(standing: Stage) -> None:
    stage = standing
    image = stage.images.image(REGION, name="golden-7")
    stage.aws.faults.fail("DescribeImages", code="UnauthorizedOperation", times=1)
    look(stage)
    look(stage)
    assert image in stage.approval.as_text()


class Bus:
    """A rule and a queue for events about images, in one account."""

    def __init__(self, stage: Stage, account_id: str) -> None:
        self.sqs = stage.by_hand(account_id, "sqs")
        self.url = self.sqs.create_queue(QueueName="ami-share-events")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{account_id}:ami-share-events"
        events = stage.by_hand(account_id, "events")
        pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 AMI State Change"]}
        rule = events.put_rule(Name="ami-share-events", EventPattern=json.dumps(pattern))["RuleArn"]
        events.put_targets(Rule="ami-share-events", Targets=[{"Id": "queue", "Arn": arn}])
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def send(self, body: Any) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    @property
    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)


@pytest.fixture
def bus(standing: Stage) -> Bus:
    """Events of the source's images reach the bot."""
    bus = Bus(standing, IMAGES)
    standing.add_settings(f'\n[[events]]\naccount = "images"\nregion = "{REGION}"\nurl = "{bus.url}"\n')
    return bus


def hear(stage: Stage) -> None:
    for listener in stage.bot.listeners:
        listener.listen_once(wait_seconds=0)
    stage.work()


def test_an_event_makes_it_at_once(standing: Stage, bus: Bus) -> None:
    image = standing.images.image(REGION, name="golden-7")
    hear(standing)
    assert image in standing.approval.as_text()
    assert bus.left == 0


def test_a_finished_copy_is_noticed_by_its_event(standing: Stage) -> None:
    stage = standing
    bus = Bus(stage, STAGING)
    stage.add_settings(f'\n[[events]]\naccount = "staging"\nregion = "{REGION}"\nurl = "{bus.url}"\n')
    image = stage.images.image(REGION, name="tools")
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.clock.advance(timedelta(minutes=20))
    stage.staging.images(REGION)
    stage.by_hand(STAGING).describe_images(Owners=["self"])
    hear(stage)
    assert "is complete" in stage.direct(stage.mika)[-1], "though the clock of the watch hasn't struck"


def test_lost_events_only_make_it_later_and_doubled_ones_do_no_harm(standing: Stage, bus: Bus) -> None:
    standing.aws.events_are_lost = True
    lost = standing.images.image(REGION, name="golden-7")
    hear(standing)
    assert standing.slack.messages(standing.room) == []
    look(standing)
    assert lost in standing.approval.as_text()
    standing.aws.events_are_lost = False
    standing.aws.events_come_twice = True
    standing.images.image(REGION, name="golden-8")
    hear(standing)
    assert len(standing.slack.messages(standing.room)) == 2


def test_a_forged_event_is_only_a_reason_to_look(standing: Stage, bus: Bus) -> None:
    event = {
        "source": "aws.ec2",
        "detail-type": "EC2 AMI State Change",
        "account": IMAGES,
        "region": REGION,
        "detail": {"ImageId": "ami-0123456789abcdef0", "State": "available"},
    }
    for body in (
        "nonsense",
        "[]",
        '{"source": "aws.ec2"}',
        event,
        event | {"region": "mars"},
        event | {"account": "1"},
    ):
        bus.send(body)
    hear(standing)
    assert standing.slack.messages(standing.room) == []
    assert bus.left == 0, "what makes no sense doesn't come again"


def test_a_queue_that_cannot_be_read_is_no_disaster(standing: Stage, bus: Bus) -> None:
    standing.aws.faults.fail("ReceiveMessage", code="AccessDenied", times=1)
    assert not standing.bot.listeners[0].listen_once(wait_seconds=0)
    standing.images.image(REGION, name="golden-7")
    assert standing.bot.listeners[0].listen_once(wait_seconds=0)
