"""Events: what EventBridge put on a queue about images. Hints only: what they say is asked of AWS before it counts.

`EC2 AMI State Change` goes to the bus of the account that owns the image, and is sent at best effort (EC2 User Guide,
"Monitor AMI events using Amazon EventBridge"): an event may be lost, come twice, or come late.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aws_ops.calls import calling
from aws_ops.errors import MalformedId
from aws_ops.ids import AccountId, ImageId, Region, parse_account_id, parse_image_id

_AT_MOST = 10  # SQS, ReceiveMessage, "MaxNumberOfMessages"


@dataclass(frozen=True)
class ImageChange:
    """An image is said to have come into a state: available, failed, deregistered or disabled."""

    account_id: AccountId
    region: Region
    image_id: ImageId
    state: str


@dataclass(frozen=True)
class Message:
    """A message of a queue, and what it says of an image; None if it is about something else or makes no sense."""

    receipt: str
    change: ImageChange | None


def parse_event(body: str) -> ImageChange | None:
    """Return what an event says of an image; None for anything else, whatever it is."""
    try:
        event = json.loads(body)
        if (event["source"], event["detail-type"]) != ("aws.ec2", "EC2 AMI State Change"):
            return None
        detail = event["detail"]
        return ImageChange(
            account_id=parse_account_id(event["account"]),
            region=Region(str(event["region"])),
            image_id=parse_image_id(detail["ImageId"]),
            state=str(detail["State"]).lower(),
        )
    except (ValueError, KeyError, TypeError, RecursionError, MalformedId):
        return None


def receive(sqs: Any, queue_url: str, wait_seconds: int) -> Iterator[Message]:
    """Take messages from a queue; each comes again unless `delete` is called for it.

    Args:
        sqs: a client of the queue's account and region.
        queue_url: the queue.
        wait_seconds: how long to wait for a first message, 0 to 20.

    Raises:
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    with calling("ReceiveMessage"):
        answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=_AT_MOST, WaitTimeSeconds=wait_seconds)
    for message in answer.get("Messages", []):
        yield Message(message["ReceiptHandle"], parse_event(message.get("Body", "")))


def delete(sqs: Any, queue_url: str, message: Message) -> None:
    """Take a message off the queue for good.

    Raises:
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    with calling("DeleteMessage"):
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message.receipt)
