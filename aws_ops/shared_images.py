"""Shared images: which images of the source accounts are shared with whom now, whoever shared them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aws_ops.audit import SharedImage, SharedImages
from aws_ops.calls import calling
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.ids import AccountId, ImageId, Region, SnapshotId
from aws_ops.permissions import read_create_volume_permission, read_launch_permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import ImageTypeDef

    from aws_ops.accounts import Accounts
    from aws_ops.facts import SourceAccount

_AT_ONCE = 16
_PAGE = 200


def find_shared_images(
    accounts: Accounts, sources: Sequence[SourceAccount], known: Sequence[AccountId], only: Sequence[ImageId] = ()
) -> SharedImages:
    """The images of the sources that everybody or any `known` account may launch by its own id; or those in `only`.

    What can't be looked at is left out: nothing is known of it then, so nothing is to be done there.

    Raises:
        AwsBusy: AWS can't say now.
    """
    places = [(source, region) for source in sources for region in source.regions]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="shared-images") as pool:
        clients = {(source.role.account_id, region): accounts.ec2(source.role, region) for source, region in places}
        listed = list(pool.map(lambda place: _listed(clients[place], known, only), clients))
        wanted = [(place, image) for place, images in zip(clients, listed, strict=True) for image in images or ()]
        read = list(pool.map(lambda each: _read(clients[each[0]], each[0], each[1]), wanted))
    unlisted = {place for place, images in zip(clients, listed, strict=True) if images is None}
    unread = {place for (place, _), image in zip(wanted, read, strict=True) if image is None}
    found = tuple(image for image in read if image is not None)
    return SharedImages(found, whole=not only, blind=frozenset(unlisted | unread))


def _listed(ec2: EC2Client, known: Sequence[AccountId], only: Sequence[ImageId]) -> list[ImageTypeDef] | None:
    # For the owner, ExecutableUsers scopes by explicit launch permission (EC2, DescribeImages, "ExecutableUsers").
    by_user: list[dict[str, Any]] = [{"ExecutableUsers": [user]} for user in (*known, "all")]
    by_id: list[dict[str, Any]] = [
        {"Filters": [{"Name": "image-id", "Values": list(only[start : start + _PAGE])}]}
        for start in range(0, len(only), _PAGE)
    ]
    found: dict[str, ImageTypeDef] = {}
    try:
        for scope in by_id or by_user:
            pages = ec2.get_paginator("describe_images").paginate(
                Owners=["self"], PaginationConfig={"PageSize": _PAGE}, **scope
            )
            with calling("DescribeImages"):
                found |= {image["ImageId"]: image for page in pages for image in page.get("Images", [])}
    except AwsBusy:
        raise
    except AwsOpsError:
        return None
    return [found[image_id] for image_id in sorted(found)]


def _read(ec2: EC2Client, place: tuple[AccountId, Region], image: ImageTypeDef) -> SharedImage | None:
    mappings = image.get("BlockDeviceMappings", [])
    ids = sorted({mapping["Ebs"]["SnapshotId"] for mapping in mappings if mapping.get("Ebs", {}).get("SnapshotId")})
    image_id = ImageId(image["ImageId"])
    try:
        permission = read_launch_permission(ec2, image_id)
        snapshots = {SnapshotId(one): read_create_volume_permission(ec2, SnapshotId(one)) for one in ids}
    except AwsBusy:
        raise
    except AwsOpsError:
        return None
    return SharedImage(image_id, *place, permission.accounts, permission.groups, snapshots)
