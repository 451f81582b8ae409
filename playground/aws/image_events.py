"""Events of images: `EC2 AMI State Change`, on the default bus of the account that owns the image.

Rules and their targets, queues and their messages stand in moto; what is between them is done here, because moto
delivers for rules that are disabled, to queues whose policy does not let EventBridge in, and adds fields of its own.
After the EC2 User Guide's "Monitor AMI events using Amazon EventBridge". Nobody is asked anything as long as no rule
was made in the account and region.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from playground.aws.errors import NotServed
from playground.aws.event_patterns import matches, refuse_unplayed
from playground.aws.policies import Ask, Policy, Statement, Verdict, principals, verdict

if TYPE_CHECKING:
    from playground.aws.images import Image
    from playground.aws.strict import StrictAws

State = Literal["available", "failed", "deregistered", "disabled"]
_SERVICE = "events.amazonaws.com"
_UNPLAYED = {"Input", "InputPath", "InputTransformer"}  # of a target; what else it may have is for other services


@dataclass(frozen=True)
class ImageEvent:
    """One event as it was put on a bus. `account_id` owns the image, and the bus."""

    account_id: str
    region: str
    image_id: str
    state: State
    body: Mapping[str, Any]


class ImageEvents:
    """What was put on the buses, oldest first, and where somebody listens.

    `put` holds the events that were lost as well: see `Rules.events_are_lost`.
    """

    def __init__(self, aws: "StrictAws") -> None:
        self._aws = aws
        self._listened_to: set[tuple[str, str]] = set()
        self.put: list[ImageEvent] = []

    def tell(self, image: "Image", state: State, request_id: str | None = None) -> None:
        """Put an event on the owner's bus, and let its rules send it on.

        Args:
            image: the image as it is after the change.
            state: what it has become.
            request_id: of the call that did it, or began it; a new one if the image changed by other means.
        """
        aws = self._aws
        if not aws.events_are_sent:
            return
        body = {
            "version": "0",
            "id": aws.ids.uuid("event"),
            "detail-type": "EC2 AMI State Change",
            "source": "aws.ec2",
            "account": image.owner,
            "time": aws.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": image.region,
            "resources": [image.arn],
            "detail": {
                "RequestId": request_id or aws.ids.uuid("request"),
                "ImageId": image.id,
                "State": state,
                "ErrorMessage": (image.failure or "") if state == "failed" else "",
            },
        }
        self.put.append(ImageEvent(image.owner, image.region, image.id, state, body))
        if (image.owner, image.region) in self._listened_to and not aws.events_are_lost:
            self._deliver(image.owner, image.region, body)

    def heard(self, operation: str, asked: Mapping[str, Any], account_id: str, region: str) -> None:
        """Take note of a call to EventBridge before moto answers it.

        Raises:
            NotServed: a pattern or a target that would be ignored by the way events go here, or a forged event.
        """
        if operation == "PutRule":
            refuse_unplayed(json.loads(asked.get("EventPattern", "{}")))
            self._listened_to.add((account_id, region))
        elif operation == "PutTargets":
            for target in asked.get("Targets", ()):
                if ":sqs:" not in target["Arn"]:
                    raise NotServed(f"targets of events other than queues: {target['Arn']}")
                if _UNPLAYED & set(target):
                    raise NotServed(f"{_UNPLAYED & set(target)} of a target of events")
        elif operation == "PutEvents" and any(each["Source"].startswith("aws.") for each in asked["Entries"]):
            raise NotServed("PutEvents of a source that is AWS's own")  # AWS refuses the entry, moto would deliver it

    def _deliver(self, account_id: str, region: str, body: Mapping[str, Any]) -> None:
        events = self._aws.moto.client("events", region, account_id)
        for rule in events.get_paginator("list_rules").paginate().build_full_result()["Rules"]:
            pattern = json.loads(rule.get("EventPattern", "null"))
            if rule["State"] == "DISABLED" or pattern is None or not matches(pattern, body):
                continue
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                self._send(target, body, rule["Arn"])

    def _send(self, target: Mapping[str, Any], body: Mapping[str, Any], rule_arn: str) -> None:
        """Put the event on a queue. One that is gone, or closed to the rule, loses it: nobody is told."""
        _, _, _, region, owner, name = target["Arn"].split(":")
        if region != rule_arn.split(":")[3]:
            return
        sqs = self._aws.moto.client("sqs", region, owner)
        try:
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except sqs.exceptions.QueueDoesNotExist:
            return
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
        if self._aws.queues_need_a_policy and not self._lets_in(json.loads(told.get("Policy", "{}")), target, rule_arn):
            return
        group = target.get("SqsParameters", {})
        for _ in range(2 if self._aws.events_come_twice else 1):
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body), **group)

    def _lets_in(self, policy: Policy, target: Mapping[str, Any], rule_arn: str) -> bool:
        """Ask the queue's policy; in another account it speaks of a role of the rule's, which must agree.

        Sources: EventBridge User Guide, "Using resource-based policies": "Amazon SQS permissions", and "Sending events
        to an AWS service in another account".
        """
        account_id = rule_arn.split(":")[4]
        context = {"aws:SourceArn": [rule_arn], "aws:SourceAccount": [account_id]}
        sending = Ask("sqs:SendMessage", target["Arn"], context)
        if account_id == target["Arn"].split(":")[4]:
            return verdict([policy], sending, _names_eventbridge) is Verdict.ALLOW
        role = self._aws.identities.role(target.get("RoleArn", ""))
        if role is None or role.account_id != account_id:
            return False
        named = {("AWS", each) for each in (role.arn, f"arn:aws:iam::{account_id}:root", account_id, "*")}
        allowed = [
            verdict([role.trust], Ask("sts:AssumeRole", role.arn, context), _names_eventbridge),
            verdict(role.policies, Ask("sqs:SendMessage", target["Arn"])),
            verdict([policy], sending, lambda statement: not named.isdisjoint(principals(statement))),
        ]
        return set(allowed) == {Verdict.ALLOW}


def _names_eventbridge(statement: Statement) -> bool:
    return not {("Service", _SERVICE), ("AWS", "*")}.isdisjoint(principals(statement))
