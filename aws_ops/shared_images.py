"""Shared images: which images of the source accounts are shared with whom now, whoever shared them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aws_ops.audit import SharedImage, SharedImages
from aws_ops.calls import calling
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.ids import AccountId, ImageId, Region, SnapshotId
from aws_ops.pace import Pace
from aws_ops.permissions import read_create_volume_permission, read_launch_permission

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef, ImageTypeDef

    from aws_ops.accounts import Accounts
    from aws_ops.facts import SourceAccount

_AT_ONCE = 16
_PAGE = 200
_BURST, _PER_SECOND = 50, 10  # half of what EC2 takes in an account and region: others are there, too


def find_shared_images(
    accounts: Accounts, sources: Sequence[SourceAccount], only: Sequence[ImageId] = ()
) -> SharedImages:
    """The images of the sources that anybody else may launch, whoever that is; of those in `only`, if it names some.

    What can't be looked at is left out: nothing is known of it then, so nothing is to be done there. AWS has no list of
    whom images are shared with, so each image is asked, ten a second in a place with more than fifty.

    Raises:
        AwsBusy: AWS can't say now.
    """
    places = [(source, region) for source in sources for region in source.regions]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="shared-images") as pool:
        looks = [
            _Place(source.role.account_id, region, accounts.ec2(source.role, region), Pace(_BURST, _PER_SECOND))
            for source, region in places
        ]
        listed = list(pool.map(lambda place: _listed(place.ec2, only), looks))
        wanted = [(place, image) for place, images in zip(looks, listed, strict=True) for image in images or ()]
        read = list(pool.map(lambda each: _read(*each), wanted))
    unlisted = {place.at for place, images in zip(looks, listed, strict=True) if images is None}
    unread = {place.at for (place, _), image in zip(wanted, read, strict=True) if image is None}
    return SharedImages(
        images=tuple(image for image in read if image is not None and image.is_shared),
        behind=frozenset(snapshot for _, image in wanted for snapshot in _snapshots_of(image)) if only else None,
        blind=frozenset(unlisted | unread),
    )


@dataclass(frozen=True)
class _Place:
    """One account in one region, and how fast it may be asked."""

    owner: AccountId
    region: Region
    ec2: EC2Client
    pace: Pace

    @property
    def at(self) -> tuple[AccountId, Region]:
        return self.owner, self.region


def _listed(ec2: EC2Client, only: Sequence[ImageId]) -> list[ImageTypeDef] | None:
    """The account's own images, None if it can't say; what isn't available can't be shared (EC2, DisableImage)."""
    found: dict[str, ImageTypeDef] = {}
    try:
        for chosen in _chosen(only):
            pages = ec2.get_paginator("describe_images").paginate(
                Owners=["self"],
                Filters=[{"Name": "state", "Values": ["available"]}, *chosen],
                PaginationConfig={"PageSize": _PAGE},
            )
            with calling("DescribeImages"):
                found |= {image["ImageId"]: image for page in pages for image in page.get("Images", [])}
    except AwsBusy:
        raise
    except AwsOpsError:
        return None
    return [found[image_id] for image_id in sorted(found)]


def _chosen(only: Sequence[ImageId]) -> Iterator[list[FilterTypeDef]]:
    if not only:
        yield []
    for start in range(0, len(only), _PAGE):
        yield [{"Name": "image-id", "Values": list(only[start : start + _PAGE])}]


def _read(place: _Place, image: ImageTypeDef) -> SharedImage | None:
    """The image as it is shared; None if it can't be read. Of one that isn't shared the snapshots aren't asked."""
    image_id = ImageId(image["ImageId"])
    try:
        place.pace.take_turn()
        permission = read_launch_permission(place.ec2, image_id)
        found = SharedImage(image_id, place.owner, place.region, permission.accounts, permission.groups, {})
        if not found.is_shared:
            return found
        return replace(found, snapshots={one: _readers(place, one) for one in _snapshots_of(image)})
    except AwsBusy:
        raise
    except AwsOpsError:
        return None


def _snapshots_of(image: ImageTypeDef) -> list[SnapshotId]:
    mappings = image.get("BlockDeviceMappings", [])
    ids = {mapping["Ebs"]["SnapshotId"] for mapping in mappings if mapping.get("Ebs", {}).get("SnapshotId")}
    return sorted(map(SnapshotId, ids))


def _readers(place: _Place, snapshot_id: SnapshotId) -> frozenset[AccountId]:
    place.pace.take_turn()
    return read_create_volume_permission(place.ec2, snapshot_id)
