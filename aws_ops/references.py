"""References: what in an account uses an image, so that nobody takes it away from under them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aws_ops.calls import calling
from aws_ops.ids import ImageId

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    (EC2 User Guide, "Identify your resources referencing specified AMIs"); launch configurations of Auto Scaling.

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
    if image_ids:
        with calling("DescribeLaunchConfigurations"):
            configurations = [
                one
                for page in autoscaling.get_paginator("describe_launch_configurations").paginate()
                for one in page["LaunchConfigurations"]
            ]
        for one in configurations:
            if one["ImageId"] in image_ids:
                found[ImageId(one["ImageId"])].append(f"launchConfigurationName/{one['LaunchConfigurationName']}")
    return {image_id: tuple(sorted(users)) for image_id, users in found.items()}
