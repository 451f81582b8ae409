"""Instances: what stays of a launch, who can see it, and its end. Nothing runs on them."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from playground.aws.calls import Call, resource_context, serves
from playground.aws.errors import AwsError
from playground.aws.filters import filtered, page, tag_list
from playground.aws.policies import Ask

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

_ID = re.compile(r"i-[0-9a-f]{8}(?:[0-9a-f]{9})?")
_SEEN_AFTER_ITS_END = timedelta(hours=1)  # "approximately one hour" (EC2 API, TerminateInstances)
_MOST_IN_A_CALL = 1_000  # EC2 API, TerminateInstances

InstanceState = Literal["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]

_CODES: dict[InstanceState, int] = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
_NEXT: dict[InstanceState, InstanceState] = {
    "pending": "running",
    "shutting-down": "terminated",
    "stopping": "stopped",
}


@dataclass(eq=False, kw_only=True)
class Instance:
    """An EC2 instance, in its state `since` then. It keeps the id of its image, whatever becomes of the image.

    `fault` is why it never gets to run, if so.
    """

    id: str
    owner: str
    region: str
    image_id: str
    reservation_id: str
    launched: datetime
    instance_type: str = "m1.small"
    state: InstanceState = "pending"
    since: datetime
    tags: dict[str, str] = field(default_factory=dict)
    fault: str | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:ec2:{self.region}:{self.owner}:instance/{self.id}"

    def enter(self, state: InstanceState, now: datetime) -> None:
        self.state, self.since = state, now

    def described(self) -> dict[str, Any]:
        ended = self.fault is not None and self.state == "terminated"
        reason = {"StateReason": {"Code": "Client.InternalError", "Message": self.fault}} if ended else {}
        return {
            **reason,
            "InstanceId": self.id,
            "ImageId": self.image_id,
            "InstanceType": self.instance_type,
            "LaunchTime": self.launched,
            "State": _told(self.state),
            "Tags": tag_list(self.tags),
        }


def _told(state: InstanceState) -> dict[str, Any]:
    return {"Code": _CODES[state], "Name": state}


def settle(aws: "StrictAws", now: datetime) -> None:
    """Let every instance under way arrive, and forget those whose end is long past."""
    for instance in list(aws.instances.values()):
        if instance.state in _NEXT and now >= instance.since + aws.instances_take:
            instance.enter("terminated" if instance.fault else _NEXT[instance.state], now)
        elif instance.state == "terminated" and now >= instance.since + _SEEN_AFTER_ITS_END:
            del aws.instances[instance.id]


def find(call: Call, instance_id: str) -> Instance:
    """Find an instance, whoever owns it. Raises `InvalidInstanceID.Malformed` or `InvalidInstanceID.NotFound`."""
    if not _ID.fullmatch(instance_id):
        raise AwsError("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
    instance = call.aws.instances.get(instance_id)
    if instance is None or instance.region != call.region:
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    return instance


@serves("ec2", "DescribeInstances")
def describe_instances(call: Call) -> dict[str, Any]:
    """The caller's own instances, narrowed by filters. Named ones must exist; another account's are left out."""
    call.authorize(Ask("ec2:DescribeInstances"))
    parameters = call.parameters
    named = parameters.get("InstanceIds")
    if named and "MaxResults" in parameters:  # that it is refused is documented, the code is not
        told = "The parameter instancesSet cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", told)
    everything = [find(call, each) for each in named] if named else call.aws.instances.values()
    mine = [each for each in everything if (each.owner, each.region) == (call.account_id, call.region)]
    chosen, token = page(filtered(mine, parameters.get("Filters", ()), _FILTERS), parameters)
    return {"Reservations": _reservations(chosen), "NextToken": token}


_FILTERS = {
    "image-id": lambda instance: instance.image_id,
    "instance-id": lambda instance: instance.id,
    "instance-state-name": lambda instance: instance.state,
    "instance-type": lambda instance: instance.instance_type,
    "owner-id": lambda instance: instance.owner,
    "reservation-id": lambda instance: instance.reservation_id,
}


def _reservations(chosen: list[Instance]) -> list[dict[str, Any]]:
    """Put instances that were launched together under one reservation; a page may cut one in two [inferred]."""
    ordered = sorted(chosen, key=lambda instance: instance.reservation_id)
    return [
        {"ReservationId": reservation_id, **_reservation(list(together))}
        for reservation_id, together in groupby(ordered, key=lambda instance: instance.reservation_id)
    ]


def _reservation(together: list[Instance]) -> dict[str, Any]:
    return {"OwnerId": together[0].owner, "Instances": [instance.described() for instance in together]}


@serves("ec2", "TerminateInstances")
def terminate_instances(call: Call) -> dict[str, Any]:
    """End instances, all or none. Ending one twice succeeds twice."""
    named = call.parameters["InstanceIds"]
    call.authorize(*(_on_instance(call, instance_id) for instance_id in named))
    if len(named) > _MOST_IN_A_CALL:
        raise AwsError("InvalidParameterValue", f"No more than {_MOST_IN_A_CALL} instances are allowed.")
    ending = [_find_own(call, instance_id) for instance_id in named]
    told = []
    for instance in ending:
        before = instance.state
        if before != "terminated":
            instance.enter("shutting-down", call.now)
        told.append(
            {
                "InstanceId": instance.id,
                "PreviousState": _told(before),
                "CurrentState": _told(instance.state),
            }
        )
    return {"TerminatingInstances": told}


def _find_own(call: Call, instance_id: str) -> Instance:
    instance = find(call, instance_id)
    if instance.owner != call.account_id:
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    return instance


def _on_instance(call: Call, instance_id: str) -> Ask:
    """Return the question whether the caller may do this to the instance, with the tags that policies can test."""
    instance = call.aws.instances.get(instance_id)
    context = resource_context(instance.owner, instance.tags) if instance is not None else {}
    arn = f"arn:aws:ec2:{call.region}:{call.account_id}:instance/{instance_id}"
    return Ask(f"ec2:{call.operation}", arn, context)
