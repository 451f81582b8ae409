"""Tags of images and snapshots: the owner's, with the keys that AWS keeps for itself refused."""

from typing import Any

from playground.aws import images, snapshots
from playground.aws.calls import Call, request_context, serves
from playground.aws.errors import AwsError, NotServed
from playground.aws.filters import tag_dict
from playground.aws.images import Image
from playground.aws.policies import Ask, Context
from playground.aws.snapshots import Snapshot

_MOST = 50  # tags a resource (EC2 User Guide, "Tag restrictions")


def refuse_reserved(tags: dict[str, str]) -> None:
    for key in tags:
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")


@serves("ec2", "CreateTags")
def create_tags(call: Call) -> dict[str, Any]:
    tags = tag_dict(call.parameters["Tags"])
    call.authorize(
        *(_on_resource(call, resource_id, request_context(tags)) for resource_id in call.parameters["Resources"])
    )
    refuse_reserved(tags)
    resources = [_own_resource(call, resource_id) for resource_id in call.parameters["Resources"]]
    for resource in resources:
        if len(resource.tags | tags) > _MOST:
            raise AwsError("TagLimitExceeded", f"The maximum number of Tags for a resource, {_MOST}, has been reached.")
    for resource in resources:
        resource.tags |= tags
    return {}


@serves("ec2", "DeleteTags")
def delete_tags(call: Call) -> dict[str, Any]:
    """Delete tags by key, or by key and value; without any named, all of them."""
    call.authorize(*(_on_resource(call, resource_id, {}) for resource_id in call.parameters["Resources"]))
    wanted = call.parameters.get("Tags")
    for resource in [_own_resource(call, resource_id) for resource_id in call.parameters["Resources"]]:
        named = wanted if wanted is not None else [{"Key": key} for key in resource.tags]
        for tag in named:
            if tag.get("Value", resource.tags.get(tag["Key"])) == resource.tags.get(tag["Key"]):
                resource.tags.pop(tag["Key"], None)
    return {}


def _own_resource(call: Call, resource_id: str) -> Image | Snapshot:
    match resource_id.partition("-")[0]:
        case "ami":
            return images.find_own(call, resource_id)
        case "snap":
            return snapshots.find_own(call, resource_id)
        case _:
            raise NotServed(f"tags of {resource_id}")


def _on_resource(call: Call, resource_id: str, context: Context) -> Ask:
    on = images.on_image if resource_id.startswith("ami-") else snapshots.on_snapshot
    ask = on(call, call.operation, resource_id)
    return Ask(ask.action, ask.resource, {**ask.context, **context})
