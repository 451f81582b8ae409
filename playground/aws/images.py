"""Images: what they are, who can see them, and how `DescribeImages` tells of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from playground.aws import allowed_images
from playground.aws.calls import Call, resource_context, serves
from playground.aws.delayed import Delayed
from playground.aws.errors import AwsError
from playground.aws.filters import filtered, page, tag_list
from playground.aws.policies import Ask
from playground.aws.snapshots import Snapshot

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

SHARED_TAG = "ec2:SharedTag/"  # such tags of an image are seen by whoever it is shared with (EC2 API, CopyImageTags)
_ID = re.compile(r"ami-[0-9a-f]{8}(?:[0-9a-f]{9})?")

ImageState = Literal["pending", "available", "failed", "error", "invalid", "transient", "disabled", "deregistered"]


class LaunchPermission(NamedTuple):
    """One entry of an image's launch permission, under AWS's name for its kind, such as `UserId`."""

    kind: str
    value: str


PUBLIC = LaunchPermission("Group", "all")


@dataclass
class Mapping:
    """A block device mapping: a volume made from a snapshot, or an instance store volume (`virtual_name`)."""

    device_name: str
    snapshot: Snapshot | None = None
    volume_type: str = "gp3"
    virtual_name: str | None = None

    def described(self, *, with_snapshot: bool) -> dict[str, Any]:
        if self.snapshot is None:
            return {"DeviceName": self.device_name, "VirtualName": self.virtual_name}
        return {
            "DeviceName": self.device_name,
            "Ebs": {
                "DeleteOnTermination": True,
                "SnapshotId": self.snapshot.id if with_snapshot else None,
                "VolumeSize": self.snapshot.size,
                "VolumeType": self.volume_type,
                "Encrypted": self.snapshot.encrypted,
            },
        }


@dataclass(kw_only=True)
class Image:
    """An AMI. Its `source_…` are set on copies, and on what was made from an instance: the image that it runs from."""

    id: str
    owner: str
    region: str
    name: str
    created: datetime
    mappings: list[Mapping]
    description: str | None = None
    state: ImageState = "available"
    failure: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    architecture: str = "x86_64"
    root_device_type: str = "ebs"
    platform_details: str = "Linux/UNIX"
    usage_operation: str = "RunInstances"
    product_codes: list[str] = field(default_factory=list)
    launch: Delayed[frozenset[LaunchPermission]] = field(default_factory=lambda: Delayed(frozenset()))
    deprecation_time: datetime | None = None
    deregistration_protection: str = "disabled"
    protected_until: datetime | None = None
    imds_support: str | None = None
    owner_alias: str | None = None
    source_image_id: str | None = None
    source_image_region: str | None = None
    source_instance_id: str | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:ec2:{self.region}::image/{self.id}"

    @property
    def snapshots(self) -> list[Snapshot]:
        return [mapping.snapshot for mapping in self.mappings if mapping.snapshot is not None]

    @property
    def launch_permission(self) -> set[str]:
        """The accounts named one by one, as the owner sees them."""
        return {entry.value for entry in self.launch.latest if entry.kind == "UserId"}

    def is_public(self, now: datetime) -> bool:
        return PUBLIC in self.launch.at(now)

    def is_deprecated(self, now: datetime) -> bool:
        return self.deprecation_time is not None and self.deprecation_time <= now

    def tags_seen_by(self, account_id: str) -> dict[str, str]:
        if account_id == self.owner:
            return self.tags
        return {key: value for key, value in self.tags.items() if key.startswith(SHARED_TAG)}


def explicitly_shared(aws: "StrictAws", image: Image, account_id: str, now: datetime) -> bool:
    """Say whether launch permission names the account, or an organization or unit that it belongs to."""
    wanted = {LaunchPermission("UserId", account_id)}
    organization = aws.organization_of(account_id)
    if organization is not None:
        wanted |= {LaunchPermission(kind, arn) for kind, arn in organization.arns_over(account_id)}
    return bool(wanted & image.launch.at(now))


def may_launch(aws: "StrictAws", image: Image, account_id: str, now: datetime) -> bool:
    return account_id == image.owner or image.is_public(now) or explicitly_shared(aws, image, account_id, now)


def is_visible(aws: "StrictAws", image: Image, account_id: str, now: datetime) -> bool:
    """Say whether an account can name the image at all: by permission, and by its own Allowed AMIs setting."""
    if not may_launch(aws, image, account_id, now):
        return False
    settings = aws.settings(account_id, image.region).allowed_images
    return settings.state != "enabled" or allowed_images.allows(settings, image, account_id, now)


Sight = Callable[["StrictAws", Image, str, datetime], bool]


def find(call: Call, image_id: str, region: str | None = None, sight: Sight = is_visible) -> Image:
    """Find an image that the caller can see.

    Raises:
        AwsError: `InvalidAMIID.Malformed`; or `InvalidAMIID.NotFound`, of images hidden by Allowed AMIs as well.
    """
    refuse_malformed(image_id)
    image = call.aws.images.get(image_id)
    if (
        image is None
        or image.region != (region or call.region)
        or not sight(call.aws, image, call.account_id, call.now)
    ):
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    return image


def refuse_malformed(image_id: str) -> None:
    if not _ID.fullmatch(image_id):
        raise AwsError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')


def find_own(call: Call, image_id: str) -> Image:
    """Find an image of the caller's; of any other that it can see, AWS says that the caller is not authorized."""
    image = find(call, image_id)
    if image.owner != call.account_id:
        raise AwsError("AuthFailure", f"Not authorized for image:{image_id}")
    return image


def on_image(call: Call, action: str, image_id: str) -> Ask:
    """Return the question whether the caller may do `action` to the image, with the tags that policies can test."""
    image = call.aws.images.get(image_id)
    context = resource_context(image.owner, image.tags) if image is not None else {}
    return Ask(f"ec2:{action}", f"arn:aws:ec2:{call.region}::image/{image_id}", context)


@serves("ec2", "DescribeImages")
def describe_images(call: Call) -> dict[str, Any]:
    """Visible images, narrowed by owners, by who may launch them, and by filters; named ones must exist."""
    call.authorize(Ask("ec2:DescribeImages"))
    parameters = call.parameters
    aws, me, now = call.aws, call.account_id, call.now
    named = parameters.get("ImageIds")
    with_disabled = bool(parameters.get("IncludeDisabled"))
    with_deprecated = bool(parameters.get("IncludeDeprecated"))
    if named:
        found = [find(call, image_id) for image_id in named]
    else:
        found = [
            image
            for image in aws.images.values()
            if image.region == call.region
            and is_visible(aws, image, me, now)
            and (with_disabled or image.state != "disabled")
            # Deprecated images show to their owners always, to others on request (EC2, DescribeImages).
            and (with_deprecated or image.owner == me or not image.is_deprecated(now))
        ]
    if "Owners" in parameters:
        owners = [me if owner == "self" else owner for owner in parameters["Owners"]]
        found = [image for image in found if image.owner in owners or image.owner_alias in owners]
    if "ExecutableUsers" in parameters:
        users = parameters["ExecutableUsers"]
        found = [image for image in found if any(_executable_by(call, image, user) for user in users)]
    chosen, token = page(
        filtered(found, parameters.get("Filters", ()), _FILTERS | _timed_filters(now), lambda i: i.tags_seen_by(me)),
        parameters,
    )
    return {"Images": [_described(call, image) for image in chosen], "NextToken": token}


def _executable_by(call: Call, image: Image, user: str) -> bool:
    """Read `ExecutableUsers`: of another account only the explicit entries count, not its organization's."""
    if user == "all":
        return image.is_public(call.now)
    if user in ("self", call.account_id):
        return explicitly_shared(call.aws, image, call.account_id, call.now)
    return LaunchPermission("UserId", user) in image.launch.at(call.now)


_FILTERS = {
    "architecture": lambda image: image.architecture,
    "block-device-mapping.device-name": lambda image: [mapping.device_name for mapping in image.mappings],
    "block-device-mapping.snapshot-id": lambda image: (
        [snapshot.id for snapshot in image.snapshots] if image.state == "available" else []
    ),
    "block-device-mapping.encrypted": lambda image: [snapshot.encrypted for snapshot in image.snapshots],
    "creation-date": lambda image: image.created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "description": lambda image: image.description or "",
    "image-id": lambda image: image.id,
    "image-type": lambda _: "machine",
    "name": lambda image: image.name,
    "owner-alias": lambda image: image.owner_alias or [],
    "owner-id": lambda image: image.owner,
    "product-code": lambda image: image.product_codes,
    "root-device-type": lambda image: image.root_device_type,
    "source-image-id": lambda image: image.source_image_id or [],
    "source-image-region": lambda image: image.source_image_region or [],
    "state": lambda image: image.state,
    "virtualization-type": lambda _: "hvm",
}


def _timed_filters(now: datetime) -> dict[str, Any]:
    return {"is-public": lambda image: image.is_public(now)}


def _described(call: Call, image: Image) -> dict[str, Any]:
    """Tell of an image as the caller sees it.

    While it is pending, its mappings lack their snapshots: they are found by the snapshots' descriptions.
    Observed by shipami ("We must wait for the image to be available in order to get the SnapshotIds").
    """
    now = call.now
    settings = call.aws.settings(call.account_id, image.region).allowed_images
    allowed = allowed_images.allows(settings, image, call.account_id, now) if settings.state != "disabled" else None
    root = image.mappings[0].device_name if image.mappings else None
    return {
        "ImageId": image.id,
        "Name": image.name,
        "Description": image.description,
        "State": image.state,
        # Nothing is known of StateReason.Code, so none is given: no one can come to depend on it.
        "StateReason": {"Message": image.failure} if image.failure else None,
        "OwnerId": image.owner,
        "ImageOwnerAlias": image.owner_alias,
        "ImageLocation": f"{image.owner}/{image.name}",
        "Public": image.is_public(now),
        "CreationDate": image.created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "DeprecationTime": image.deprecation_time and image.deprecation_time.strftime("%Y-%m-%dT%H:%M:00.000Z"),
        "Architecture": image.architecture,
        "ImageType": "machine",
        "Hypervisor": "xen",
        "VirtualizationType": "hvm",
        "EnaSupport": True,
        "RootDeviceType": image.root_device_type,
        "RootDeviceName": root,
        "BlockDeviceMappings": [
            mapping.described(with_snapshot=image.state not in ("pending", "failed")) for mapping in image.mappings
        ],
        "PlatformDetails": image.platform_details,
        "Platform": "windows" if "Windows" in image.platform_details else None,
        "UsageOperation": image.usage_operation,
        "ProductCodes": [{"ProductCodeId": code, "ProductCodeType": "marketplace"} for code in image.product_codes],
        "ImdsSupport": image.imds_support,
        "DeregistrationProtection": image.deregistration_protection if image.owner == call.account_id else None,
        "SourceImageId": image.source_image_id,
        "SourceImageRegion": image.source_image_region,
        "SourceInstanceId": image.source_instance_id,
        "ImageAllowed": allowed,
        "Tags": tag_list(image.tags_seen_by(call.account_id)),
    }
