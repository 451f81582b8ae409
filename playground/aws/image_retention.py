"""The end of images: deregistering, disabling, deprecating, and protection from it."""

from datetime import timedelta
from typing import Any

from playground.aws import images, snapshots
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError
from playground.aws.images import Image

_COOLDOWN = timedelta(hours=24)
_LONGEST_DEPRECATION = timedelta(days=3652)  # ten years (EC2 API, EnableImageDeprecation)


def _own_image(call: Call) -> Image:
    call.authorize(images.on_image(call, call.operation, call.parameters["ImageId"]))
    return images.find_own(call, call.parameters["ImageId"])


@serves("ec2", "DeregisterImage")
def deregister_image(call: Call) -> dict[str, Any]:
    """Remove an image; a copy under way stops. Snapshots that another image uses are kept."""
    image = _own_image(call)
    is_cooling_down = image.protected_until is not None and call.now < image.protected_until
    if image.deregistration_protection != "disabled" or is_cooling_down:
        # That it fails is documented, the code is not.
        raise AwsError("OperationNotPermitted", f"The image '{image.id}' is protected from deregistration.")
    call.aws.copies.stop(image)
    call.aws.remove(image)
    call.aws.image_events.tell(image, "deregistered", call.request_id)
    results = []
    if call.parameters.get("DeleteAssociatedSnapshots"):
        for snapshot in image.snapshots:
            is_used = bool(snapshots.images_using(call.aws, snapshot))
            if not is_used:
                call.aws.snapshots.pop(snapshot.id, None)
            results.append({"SnapshotId": snapshot.id, "ReturnCode": "skipped" if is_used else "success"})
    return {"Return": True, "DeleteSnapshotResults": results}


@serves("ec2", "DisableImage")
def disable_image(call: Call) -> dict[str, Any]:
    """Take an image out of use. All launch permissions go, and `EnableImage` does not bring them back."""
    image = _own_image(call)
    if image.state != "available":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not available")
    image.state = "disabled"
    image.launch.write(frozenset(), call.now)
    call.aws.image_events.tell(image, "disabled", call.request_id)
    return {"Return": True}


@serves("ec2", "EnableImage")
def enable_image(call: Call) -> dict[str, Any]:
    image = _own_image(call)
    if image.state != "disabled":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not disabled")
    image.state = "available"
    call.aws.image_events.tell(image, "available", call.request_id)
    return {"Return": True}


@serves("ec2", "EnableImageDeprecation")
def enable_image_deprecation(call: Call) -> dict[str, Any]:
    image = _own_image(call)
    when = call.parameters["DeprecateAt"]
    if not call.now < when <= call.now + _LONGEST_DEPRECATION:
        raise AwsError("InvalidParameterValue", f"Value ({when.isoformat()}) for parameter DeprecateAt is invalid.")
    image.deprecation_time = when
    return {"Return": True}


@serves("ec2", "DisableImageDeprecation")
def disable_image_deprecation(call: Call) -> dict[str, Any]:
    _own_image(call).deprecation_time = None
    return {"Return": True}


@serves("ec2", "EnableImageDeregistrationProtection")
def enable_image_deregistration_protection(call: Call) -> dict[str, Any]:
    image = _own_image(call)
    with_cooldown = call.parameters.get("WithCooldown")
    image.deregistration_protection = "enabled-with-cooldown" if with_cooldown else "enabled-without-cooldown"
    return {"Return": image.deregistration_protection}


@serves("ec2", "DisableImageDeregistrationProtection")
def disable_image_deregistration_protection(call: Call) -> dict[str, Any]:
    """Lift the protection; if it was enabled with a cooldown, it holds for 24 hours more."""
    image = _own_image(call)
    if image.deregistration_protection == "enabled-with-cooldown":
        image.protected_until = call.now + _COOLDOWN
    image.deregistration_protection = "disabled"
    return {"Return": image.deregistration_protection}
