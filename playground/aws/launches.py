"""Launching instances, as far as launch permission goes: the one thing a shared image is for.

The instance itself is not played, and neither is the start of its encrypted volumes.
"""

from typing import Any

from playground.aws import images
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError


@serves("ec2", "RunInstances")
def run_instances(call: Call) -> dict[str, Any]:
    image_id = call.parameters["ImageId"]
    call.authorize(images.on_image(call, "RunInstances", image_id))
    image = call.aws.images.get(image_id)
    is_here = image is not None and image.region == call.region
    if image is not None and is_here and not images.may_launch(call.aws, image, call.account_id, call.now):
        raise AwsError("AuthFailure", f"Not authorized for images: [{image_id}]")
    found = images.find(call, image_id)
    if found.state != "available":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")
    _ = call.parameters["MinCount"], call.parameters.get("InstanceType"), call.parameters.get("ClientToken")
    instances = [
        {"InstanceId": call.aws.ids.ec2("i"), "ImageId": image_id, "State": {"Code": 0, "Name": "pending"}}
        for _ in range(call.parameters["MaxCount"])
    ]
    return {"ReservationId": call.aws.ids.ec2("r"), "OwnerId": call.account_id, "Instances": instances}
