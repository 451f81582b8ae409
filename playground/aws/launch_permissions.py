"""Launch permission: who may launch an image. Only its owner changes it; a target can at most decline."""

import re
from typing import Any

from playground.aws import images
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError, NotServed
from playground.aws.ids import ACCOUNT
from playground.aws.images import PUBLIC, Image, LaunchPermission

_ORGANIZATION = re.compile(r"arn:aws:organizations::\d{12}:organization/o-[a-z0-9]{10,32}")
_UNIT = re.compile(r"arn:aws:organizations::\d{12}:ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")
_FLAT_FORM = {
    "UserIds": "UserId",
    "UserGroups": "Group",
    "OrganizationArns": "OrganizationArn",
    "OrganizationalUnitArns": "OrganizationalUnitArn",
}


@serves("ec2", "ModifyImageAttribute")
def modify_image_attribute(call: Call) -> dict[str, Any]:
    """Change one attribute of an image: description, IMDS support or launch permission, in either of its two forms."""
    parameters = call.parameters
    image_id = parameters["ImageId"]
    call.authorize(images.on_image(call, "ModifyImageAttribute", image_id))
    image = images.find_own(call, image_id)
    if image.state != "available":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")
    if "ProductCodes" in parameters:
        raise NotServed("ProductCodes, which AWS calls not supported")
    given = {"Description", "ImdsSupport", "LaunchPermission"} & set(parameters)
    attribute = parameters.get("Attribute")
    if len(given) + (attribute is not None and not given) != 1:
        raise AwsError("InvalidParameterCombination", "Fields for multiple attribute types specified")
    if "Description" in given or attribute == "description":
        image.description = parameters["Description"]["Value"] if given else parameters["Value"]
    elif "ImdsSupport" in given or attribute == "imdsSupport":
        image.imds_support = parameters["ImdsSupport"]["Value"] if given else parameters["Value"]
    elif "LaunchPermission" in given or attribute == "launchPermission":
        _change(call, image, *(_canonical_form(call) if given else _flat_form(call)))
    else:
        raise AwsError("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid.")
    return {}


def _canonical_form(call: Call) -> tuple[set[LaunchPermission], set[LaunchPermission]]:
    asked = call.parameters["LaunchPermission"]
    return _entries(asked.get("Add", ())), _entries(asked.get("Remove", ()))


def _entries(items: list[dict[str, str]]) -> set[LaunchPermission]:
    for item in items:
        if len(item) != 1:
            raise AwsError("InvalidParameterCombination", "A launch permission names exactly one user, group or ARN.")
    return {LaunchPermission(kind, value) for item in items for kind, value in item.items()}


def _flat_form(call: Call) -> tuple[set[LaunchPermission], set[LaunchPermission]]:
    entries = {
        LaunchPermission(kind, value)
        for parameter, kind in _FLAT_FORM.items()
        for value in call.parameters.get(parameter, ())
    }
    operation = call.parameters.get("OperationType")
    if operation not in ("add", "remove"):
        raise AwsError("MissingParameter", "The request must contain the parameter operationType")
    return (entries, set()) if operation == "add" else (set(), entries)


def _change(call: Call, image: Image, add: set[LaunchPermission], remove: set[LaunchPermission]) -> None:
    """Add and remove entries. An entry twice is no error and no duplicate [inferred; moto does so]."""
    for entry in add | remove:
        _refuse_malformed(entry)
    if add:
        _refuse_aws_managed_keys(call, image)
    if PUBLIC in add:
        if image.product_codes:
            raise AwsError("OperationNotPermitted", "Images with product codes cannot be made public.")
        if any(snapshot.encrypted for snapshot in image.snapshots):
            raise AwsError("InvalidParameter", "Images with encrypted snapshots cannot be made public.")
    entries = (image.launch.latest | add) - remove
    quota = call.aws.launch_permissions_per_image
    if sum(entry != PUBLIC for entry in entries) > quota:
        # The quota is documented (L-70015FFA), the code is not.
        raise AwsError("ResourceLimitExceeded", f"The maximum number of launch permissions ({quota}) has been reached.")
    image.launch.write(entries, call.now, call.aws.launch_permission_spreads_after)


def _refuse_malformed(entry: LaunchPermission) -> None:
    match entry.kind:
        case "UserId":
            is_good, item = ACCOUNT.fullmatch(entry.value), "userId"
        case "Group":
            is_good, item = re.fullmatch("all", entry.value), "group"
        case "OrganizationArn":
            is_good, item = _ORGANIZATION.fullmatch(entry.value), "organizationArn"
        case _:
            is_good, item = _UNIT.fullmatch(entry.value), "organizationalUnitArn"
    if not is_good:
        told = f'Invalid attribute item value "{entry.value}" for {item} item type.'
        raise AwsError("InvalidAMIAttributeItemValue", told)


def _refuse_aws_managed_keys(call: Call, image: Image) -> None:
    """Refuse to share an image with a single device under `aws/ebs`. The text is stratus-red-team's, from real AWS."""
    for snapshot in image.snapshots:
        if snapshot.is_under_aws_managed_key(call.aws):
            raise AwsError(
                "InvalidParameter",
                "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot",
            )


@serves("ec2", "ResetImageAttribute")
def reset_image_attribute(call: Call) -> dict[str, Any]:
    """Remove every launch permission, explicit and public."""
    call.authorize(images.on_image(call, "ResetImageAttribute", call.parameters["ImageId"]))
    image = images.find_own(call, call.parameters["ImageId"])
    assert call.parameters["Attribute"] == "launchPermission"
    image.launch.write(frozenset(), call.now, call.aws.launch_permission_spreads_after)
    return {}


@serves("ec2", "DescribeImageAttribute")
def describe_image_attribute(call: Call) -> dict[str, Any]:
    """For the owner only, as it was last written: who wrote it reads it back at once."""
    attribute = call.parameters["Attribute"]
    call.authorize(images.on_image(call, "DescribeImageAttribute", call.parameters["ImageId"]))
    _refuse_deregistered(call, call.parameters["ImageId"])
    image = images.find_own(call, call.parameters["ImageId"])
    match attribute:
        case "launchPermission":
            told: dict[str, Any] = {"LaunchPermissions": [{e.kind: e.value} for e in sorted(image.launch.latest)]}
        case "description":
            told = {"Description": {"Value": image.description}}
        case "imdsSupport":
            told = {"ImdsSupport": {"Value": image.imds_support}}
        case "deregistrationProtection":
            told = {"DeregistrationProtection": {"Value": image.deregistration_protection}}
        case "productCodes":
            codes = [{"ProductCodeId": code, "ProductCodeType": "marketplace"} for code in image.product_codes]
            told = {"ProductCodes": codes}
        case "blockDeviceMapping":
            raise AwsError("AuthFailure", "Unauthorized attempt to access restricted resource")
        case _:
            raise NotServed(f"the image attribute {attribute}")
    return {"ImageId": image.id, **told}


def _refuse_deregistered(call: Call, image_id: str) -> None:
    """Tell the owner of an image that was deregistered a while ago; later it is as if there had never been one."""
    image, since = call.aws.deregistered.get(image_id, (None, call.now))
    if image and image.owner == call.account_id and call.now - since < call.aws.deregistered_is_told_for:
        raise AwsError(
            "InvalidAMIID.Unavailable", f"The image ID '{image_id}' has been deregistered and is no longer available"
        )


@serves("ec2", "CancelImageLaunchPermission")
def cancel_image_launch_permission(call: Call) -> dict[str, Any]:
    """Decline an image that was shared with the caller's account by name; not through an organization, nor public."""
    image_id = call.parameters["ImageId"]
    call.authorize(images.on_image(call, "CancelImageLaunchPermission", image_id))
    image = images.find(call, image_id)
    mine = LaunchPermission("UserId", call.account_id)
    if mine not in image.launch.latest:
        raise AwsError("OperationNotPermitted", f"The image '{image_id}' is not shared with this account directly.")
    image.launch.write(image.launch.latest - {mine}, call.now, call.aws.launch_permission_spreads_after)
    return {"Return": True}
