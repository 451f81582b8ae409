"""Launching instances, as far as launch permission and keys go: the one thing a shared image is for.

An instance whose caller may not use the key of a volume is accepted, and ends while it is pending.
"""

from typing import Any

from playground.aws import images, key_access
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError, NotServed
from playground.aws.instances import Instance

# EC2 User Guide, "Instance terminates immediately"; the words after the code are from reports (docs/aws-rules.md, 2.9).
_CLIENT_ERROR = "Client.InternalError: Client error on launch"


@serves("ec2", "RunInstances")
def run_instances(call: Call) -> dict[str, Any]:
    if "ImageId" not in call.parameters:
        raise NotServed("RunInstances without ImageId")
    image_id = call.parameters["ImageId"]
    call.authorize(images.on_image(call, "RunInstances", image_id))
    launched = _launched_before(call)
    if launched is None:
        _refuse_image(call, image_id)
        launched = _launch(call)
    return {
        "ReservationId": launched[0].reservation_id,
        "OwnerId": call.account_id,
        "Instances": [instance.described() for instance in launched],
    }


def _refuse_image(call: Call, image_id: str) -> None:
    image = call.aws.images.get(image_id)
    is_here = image is not None and image.region == call.region
    if image is not None and is_here and not images.may_launch(call.aws, image, call.account_id, call.now):
        raise AwsError("AuthFailure", f"Not authorized for images: [{image_id}]")
    found = images.find(call, image_id)
    if found.state != "available":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")


def _launched_before(call: Call) -> list[Instance] | None:
    """Find what an earlier call with the same token launched (EC2 API, "Ensuring idempotency")."""
    token = call.parameters.get("ClientToken")
    before, launched = call.aws.launch_tokens.get((call.account_id, call.region, token or ""), (None, None))
    if before is not None and dict(call.parameters) != before:
        told = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
        raise AwsError("IdempotentParameterMismatch", told)
    return launched


def _launch(call: Call) -> list[Instance]:
    aws, parameters = call.aws, call.parameters
    _ = parameters["MinCount"]
    reservation_id = aws.ids.ec2("r")
    fault = None if _may_read_volumes(call) else _CLIENT_ERROR
    launched = [
        Instance(
            id=aws.ids.ec2("i"),
            owner=call.account_id,
            region=call.region,
            image_id=parameters["ImageId"],
            reservation_id=reservation_id,
            launched=call.now,
            since=call.now,
            instance_type=parameters.get("InstanceType", "m1.small"),
            fault=fault,
        )
        for _ in range(parameters["MaxCount"])
    ]
    aws.instances |= {instance.id: instance for instance in launched}
    if "ClientToken" in parameters:
        aws.launch_tokens[call.account_id, call.region, parameters["ClientToken"]] = (parameters.given, launched)
    return launched


def _may_read_volumes(call: Call) -> bool:
    keys = {snapshot.key_arn for snapshot in call.aws.images[call.parameters["ImageId"]].snapshots}
    return all(
        key_access.may_read_through_ec2(call.aws, call.aws.keys[arn], call.caller, call.now) for arn in keys if arn
    )
