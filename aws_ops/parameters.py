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

_NOTHING = ImageParameter(None)
_DATA_TYPE = "aws:ec2:image"  # Systems Manager User Guide, "Native parameter support for AMI IDs"


def read_parameter(ec2: EC2Client, ssm: Any, name: str) -> ImageParameter:
    """What the parameter points to, and how new that is; `name:3` is its third version.

    Raises:
        AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    try:
        with calling("GetParameter"):
            found = ssm.get_parameter(Name=name)["Parameter"]
    except NotFound:
        return _NOTHING
    image_id = ImageId(found["Value"])
    with calling("DescribeImages"):
        images = ec2.describe_images(Owners=["self"], Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
    tags = {tag["Key"]: tag.get("Value", "") for image in images for tag in image.get("Tags", []) if "Key" in tag}
    return ImageParameter(image_id, _moment(tags.get(SOURCE_CREATED_TAG, "")), int(found["Version"]))


def _moment(tag: str) -> datetime | None:
    """The time that a tag holds; people may edit it, and what is no time with a zone counts as not there."""
    try:
        moment = datetime.fromisoformat(tag)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def point_parameter(ec2: EC2Client, ssm: Any, change: PutImageParameter, image_id: ImageId) -> Note:
    """Let the parameter point to the copy, unless it points to a copy of a newer image already; return what was done.

    A parameter can't be written on a condition, but its versions are numbered (Systems Manager API, "PutParameter"):
    one between what was read and what was written is of somebody who wrote meanwhile, and is put back if it is newer.

    Raises:
        AwsBusy: AWS can't now; the same again later is right.
    """
    name = change.parameter
    try:
        before = read_parameter(ec2, ssm, name)
        if before.image_id == image_id:
            # Who set it may have died before that was on record: the version before says what it was then.
            before = read_parameter(ec2, ssm, f"{name}:{before.version - 1}") if before.version > 1 else _NOTHING
            return _set(name, before)
        if before.image_id and before.is_newer_than(change.source_created):
            return Note(NoteKind.PARAMETER_KEPT, details(parameter=name, newer=before.image_id))
        written = _write(ssm, name, image_id)
        if written > before.version + 1:
            before = read_parameter(ec2, ssm, f"{name}:{written - 1}")
            if before.image_id and before.image_id != image_id and before.is_newer_than(change.source_created):
                _write(ssm, name, before.image_id)
                return Note(NoteKind.PARAMETER_KEPT, details(parameter=name, newer=before.image_id))
    except AwsBusy:
        raise
    except AwsOpsError as refused:
        return Note(NoteKind.PARAMETER_NOT_SET, details(parameter=name), refused.why)
    return _set(name, before)


def _set(name: str, before: ImageParameter) -> Note:
    return Note(NoteKind.PARAMETER_SET, details(parameter=name, before=before.image_id or "nothing"))


def _write(ssm: Any, name: str, value: ImageId) -> int:
    """Let the parameter point to the image, and return the number of that version."""
    with calling("PutParameter"):
        written = ssm.put_parameter(Name=name, Value=value, Type="String", DataType=_DATA_TYPE, Overwrite=True)
    return int(written["Version"])
