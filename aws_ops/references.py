"""References: what in an account uses an image, so that nobody takes it away from under them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aws_ops.calls import calling
from aws_ops.ids import ImageId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import ResourceTypeRequestTypeDef

    from aws_ops.retention import References

_IMAGES_A_CALL = 10  # EC2, DescribeImageReferences, "ImageIds"
_LOOKED_AT: Sequence[ResourceTypeRequestTypeDef] = [
    {
        "ResourceType": "ec2:Instance",
        "ResourceTypeOptions": [
            {"OptionName": "state-name", "OptionValues": ["pending", "running", "stopping", "stopped"]}
        ],
    },
    # All versions: an Auto Scaling group may be pinned to an old one.
    {
        "ResourceType": "ec2:LaunchTemplate",
        "ResourceTypeOptions": [{"OptionName": "version-depth", "OptionValues": ["10000"]}],
    },
    {"ResourceType": "ssm:Parameter"},
    {"ResourceType": "imagebuilder:ImageRecipe"},
    {"ResourceType": "imagebuilder:ContainerRecipe"},
]


def read_references(ec2: EC2Client, autoscaling: Any, image_ids: Sequence[ImageId]) -> References:
    """What in the clients' account and region uses the images.

    Instances that aren't terminated, launch templates in any version (and with them the Auto Scaling groups that launch
    by them), SSM parameters and Image Builder recipes are asked of EC2, which needs the caller's leave to look at each
    (EC2 User Guide, "Identify your resources referencing specified AMIs"); launch configurations, and groups that name
    an image themselves, of Auto Scaling.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    found: dict[ImageId, list[str]] = defaultdict(list)
    for start in range(0, len(image_ids), _IMAGES_A_CALL):
        pages = ec2.get_paginator("describe_image_references").paginate(
            ImageIds=list(image_ids[start : start + _IMAGES_A_CALL]), ResourceTypes=_LOOKED_AT
        )
        with calling("DescribeImageReferences"):
            for reference in (one for page in pages for one in page.get("ImageReferences", [])):
                found[ImageId(reference["ImageId"])].append(reference["Arn"])
    for image_id, user in (*_launch_configurations(autoscaling), *_groups(autoscaling)) if image_ids else ():
        if image_id in image_ids:
            found[image_id].append(user)
    return {image_id: tuple(sorted(users)) for image_id, users in found.items()}


def _launch_configurations(autoscaling: Any) -> Iterator[tuple[ImageId, str]]:
    with calling("DescribeLaunchConfigurations"):
        for page in autoscaling.get_paginator("describe_launch_configurations").paginate():
            for one in page["LaunchConfigurations"]:
                yield ImageId(one["ImageId"]), f"launchConfigurationName/{one['LaunchConfigurationName']}"


def _groups(autoscaling: Any) -> Iterator[tuple[ImageId, str]]:
    """The images that groups take instead of their launch template's (Auto Scaling API, LaunchTemplateOverrides)."""
    with calling("DescribeAutoScalingGroups"):
        for page in autoscaling.get_paginator("describe_auto_scaling_groups").paginate():
            for group in page["AutoScalingGroups"]:
                for image_id in _overriding(group):
                    yield image_id, f"autoScalingGroupName/{group['AutoScalingGroupName']}"


def _overriding(group: Any) -> set[ImageId]:
    overrides = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("Overrides", [])
    return {ImageId(one["ImageId"]) for one in overrides if "ImageId" in one}
