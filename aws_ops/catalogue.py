"""The catalogue: which images of a source account bear a name like a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.ids import ImageId
from aws_ops.tags import DELIVERY_TAG, REENCRYPTION

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

_PAGE = 200


@dataclass(frozen=True)
class Listed:
    """An available image of the account.

    Attributes:
        encrypted: any of its volumes is.
        delivery: what it was made for, if it is a copy of the bot's own making.
    """

    image_id: ImageId
    name: str
    created: datetime
    encrypted: bool = False
    delivery: str | None = None

    @property
    def stands_in(self) -> bool:
        """Whether it is only there to be shared in place of an image that can't be: nobody asks for it by itself."""
        return self.delivery is not None and self.delivery.startswith(REENCRYPTION)


def list_images(ec2: EC2Client, pattern: str) -> list[Listed]:
    """The available images of the client's account whose names match `pattern`, oldest first.

    `*` and `?` mean the same to EC2's filter and here; upper and lower case differ.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    pages = ec2.get_paginator("describe_images").paginate(
        Owners=["self"],
        Filters=[{"Name": "name", "Values": [pattern]}, {"Name": "state", "Values": ["available"]}],
        PaginationConfig={"PageSize": _PAGE},
    )
    with calling("DescribeImages"):
        images = [image for page in pages for image in page.get("Images", [])]
    listed = [
        Listed(
            ImageId(image["ImageId"]),
            image.get("Name", ""),
            datetime.fromisoformat(image["CreationDate"]),
            encrypted=any(
                device.get("Ebs", {}).get("Encrypted", False) for device in image.get("BlockDeviceMappings", [])
            ),
            delivery=next((tag.get("Value") for tag in image.get("Tags", []) if tag.get("Key") == DELIVERY_TAG), None),
        )
        for image in images
        if image.get("CreationDate") and fnmatchcase(image.get("Name", ""), pattern)
    ]
    return sorted(listed, key=lambda image: (image.created, image.image_id))
