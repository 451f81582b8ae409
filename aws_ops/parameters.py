"""Parameters: an SSM parameter that points to the newest copy of a family; read, and set.

Setting it may be done again and changes nothing then. A copy is good without it: what is refused is said, not raised.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_ops.calls import calling
from aws_ops.details import details
from aws_ops.errors import AwsBusy, AwsOpsError, NotFound
from aws_ops.facts import ImageParameter
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import ImageId
from aws_ops.tags import SOURCE_CREATED_TAG

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

    from aws_ops.changes import PutImageParameter

_DATA_TYPE = "aws:ec2:image"  # Systems Manager User Guide, "Native parameter support for AMI IDs"


def read_parameter(ec2: EC2Client, ssm: Any, name: str) -> ImageParameter:
    """What the parameter points to, and how new that is.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    try:
        with calling("GetParameter"):
            image_id = ImageId(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except NotFound:
        return ImageParameter(None)
    with calling("DescribeImages"):
        images = ec2.describe_images(Owners=["self"], Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
    tags = {tag["Key"]: tag.get("Value", "") for image in images for tag in image.get("Tags", []) if "Key" in tag}
    made = tags.get(SOURCE_CREATED_TAG)
    return ImageParameter(image_id, datetime.fromisoformat(made) if made else None)


def point_parameter(ec2: EC2Client, ssm: Any, change: PutImageParameter, image_id: ImageId) -> Note:
    """Let the parameter point to the copy, unless it points to a copy of a newer image already; return what was done.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """
    try:
        before = read_parameter(ec2, ssm, change.parameter)
        if before.image_id != image_id and before.is_newer_than(change.source_created):
            return Note(
                NoteKind.PARAMETER_KEPT, details(parameter=change.parameter, newer=before.image_id or "nothing")
            )
        if before.image_id != image_id:
            with calling("PutParameter"):
                ssm.put_parameter(
                    Name=change.parameter, Value=image_id, Type="String", DataType=_DATA_TYPE, Overwrite=True
                )
    except AwsBusy:
        raise
    except AwsOpsError as refused:
        return Note(NoteKind.PARAMETER_NOT_SET, details(parameter=change.parameter, why=str(refused)))
    return Note(NoteKind.PARAMETER_SET, details(parameter=change.parameter, before=before.image_id or "nothing"))
