"""Reading: fetch the facts that a plan is made from, in parallel, without changing anything.

What can't be read becomes `Unreadable` and is for the plan to judge. Only `AwsBusy` is raised: then nothing is known,
and the same reading may succeed later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from aws_ops.calls import calling
from aws_ops.causes import CauseKind, at, because
from aws_ops.errors import AwsBusy, AwsOpsError, NotFound
from aws_ops.facts import (
    AllowedImages,
    Device,
    ExistingCopy,
    Facts,
    ImageFacts,
    ImageNotFound,
    ImageParameter,
    KeyFacts,
    Reencryption,
    Role,
    SnapshotFacts,
    SourceAccount,
    TargetAccount,
    TargetFacts,
    TargetOrganization,
    Unreadable,
)
from aws_ops.ids import (
    AccountId,
    ImageId,
    KeyArn,
    OrganizationArn,
    PrincipalArn,
    Region,
    SnapshotId,
    account_of,
    region_of,
    root_of,
)
from aws_ops.key_grants import auto_scaling_role, knows, read_grants
from aws_ops.keys import describe_key, read_policy
from aws_ops.members import read_members
from aws_ops.membership import Members
from aws_ops.names import common_start, parameter_name, rendered
from aws_ops.parameters import read_parameter
from aws_ops.permissions import read_create_volume_permission, read_launch_permission
from aws_ops.request import CopyRules, ShareRequest
from aws_ops.tags import DELIVERY_TAG, REENCRYPTION

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import BlockDeviceMappingTypeDef, ImageTypeDef, SnapshotTypeDef
    from types_boto3_kms import KMSClient

    from aws_ops.accounts import Accounts

_AT_ONCE = 16
_PAGE = 200

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_Read = TypeVar("_Read")


def read_facts(
    accounts: Accounts, sources: Sequence[SourceAccount], request: ShareRequest, now: datetime | None = None
) -> Facts:
    """Read all that a plan for `request` needs: the images in their source accounts, and what the targets say.

    Without `now`, ages can't be told.

    Raises:
        AwsBusy: AWS can't say now.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reading") as pool:
        asked = {organization.arn: organization.role for organization in request.organizations if organization.role}
        members = pool.map(lambda one: _members(accounts, asked[one], one), asked)
        found = _find_images(pool, accounts, sources, request.image_ids)
        owned = {image_id: one for image_id, one in found.items() if isinstance(one, _Owned)}
        snapshots = _read_snapshots(pool, accounts, list(owned.values()))
        grantees = _auto_scalers(request)
        keys = _read_keys(pool, accounts, sources, list(owned.values()), snapshots, grantees=grantees)
        reencryptions, stand_ins = _read_reencryptions(pool, accounts, owned, snapshots, keys, grantees=grantees)
        owned |= stand_ins
        snapshots |= _read_snapshots(pool, accounts, list(stand_ins.values()))
        keys |= _read_keys(pool, accounts, sources, list(stand_ins.values()), snapshots, grantees=grantees)
        keys |= {one.key.arn: one.key for one in reencryptions.values() if isinstance(one.key, KeyFacts)}
        places = _places(request, [one.image for one in owned.values()])
        looks = [(target, region) for target in request.targets for region in places]
        targets = pool.map(lambda look: _read_target(accounts, look[0], look[1], places[look[1]], request), looks)
        shown = pool.map(lambda one: _with_launch_permission(one.ec2(accounts), one.image), owned.values())
        homes = sorted({one.image.region for one in owned.values()})
        settings = [(target, region) for target in request.targets for region in homes]
        allowed = pool.map(lambda look: _read_allowed_images(accounts, look[0].role, look[1]), settings)
        return Facts(
            images={image_id: one for image_id, one in found.items() if isinstance(one, ImageNotFound)}
            | {image.asked_as: image for image in shown},
            snapshots=snapshots,
            keys=keys,
            targets={(target.account_id, target.region): target for target in targets},
            reencryptions=reencryptions,
            members=dict(zip(asked, members, strict=True)),
            allowed_images={
                (target.role.account_id, region): one for (target, region), one in zip(settings, allowed, strict=True)
            },
            read_at=now,
        )


def read_members_of(accounts: Accounts, organizations: Iterable[TargetOrganization]) -> Members:
    """Ask who belongs to each of the organizations and OUs that can be asked.

    Raises:
        AwsBusy: one can't say now.
    """
    return {one.arn: _members(accounts, one.role, one.arn) for one in organizations if one.role}


def _members(accounts: Accounts, role: Role, organization: OrganizationArn) -> frozenset[AccountId] | Unreadable:
    return _or_unreadable(lambda: read_members(accounts.organizations(role), organization))


def _places(request: ShareRequest, images: Sequence[ImageFacts]) -> dict[Region, list[ImageFacts]]:
    """The regions that images are to get to, and which of them are to get where."""
    if request.regions:
        return {region: list(images) for region in sorted(set(request.regions))}
    homes = sorted({image.region for image in images})
    return {home: [image for image in images if image.region == home] for home in homes}


@dataclass(frozen=True)
class _Owned:
    """An image, and the source account that owns it."""

    source: SourceAccount
    image: ImageFacts

    def ec2(self, accounts: Accounts) -> EC2Client:
        return accounts.ec2(self.source.role, self.image.region)


def _find_images(
    pool: ThreadPoolExecutor, accounts: Accounts, sources: Sequence[SourceAccount], image_ids: Sequence[ImageId]
) -> dict[ImageId, _Owned | ImageNotFound]:
    places = [(source, region) for source in sources for region in source.regions]
    wanted = [(image_id, *place) for image_id in dict.fromkeys(image_ids) for place in places]
    looks = list(pool.map(lambda look: _look(accounts, look[1], look[2], look[0]), wanted))
    of_image = {one: [look for look in looks if look.image_id == one] for one in image_ids}
    return {one: _owned(of_image[one]) or _not_found(of_image[one]) for one in of_image}


@dataclass(frozen=True)
class _Look:
    """A look for the image in one place, and what was seen: the image, whoever owns it, or nothing."""

    image_id: ImageId
    source: SourceAccount
    region: Region
    saw: ImageFacts | Unreadable | None


def _look(accounts: Accounts, source: SourceAccount, region: Region, image_id: ImageId) -> _Look:
    saw = _or_unreadable(lambda: _see(accounts.ec2(source.role, region), region, image_id))
    if isinstance(saw, Unreadable):
        saw = Unreadable(at(f"{source.name} {region}", saw.why))
    return _Look(image_id, source, region, saw)


def _see(ec2: EC2Client, region: Region, image_id: ImageId) -> ImageFacts | None:
    try:
        with calling("DescribeImages"):
            answer = ec2.describe_images(ImageIds=[image_id], IncludeDisabled=True)
    except NotFound:
        return None
    return next((_image_facts(image, region) for image in answer.get("Images", [])), None)


def _owned(looks: Sequence[_Look]) -> _Owned | None:
    for look in looks:
        if isinstance(look.saw, ImageFacts) and look.saw.owner == look.source.role.account_id:
            return _Owned(look.source, look.saw)
    return None


def _not_found(looks: Sequence[_Look]) -> ImageNotFound:
    return ImageNotFound(
        searched=tuple((look.source.name, look.region) for look in looks if not isinstance(look.saw, Unreadable)),
        owner=next((look.saw.owner for look in looks if isinstance(look.saw, ImageFacts)), None),
        unreadable=tuple(look.saw for look in looks if isinstance(look.saw, Unreadable)),
    )


def _image_facts(image: ImageTypeDef, region: Region) -> ImageFacts:
    devices = image.get("BlockDeviceMappings", [])
    return ImageFacts(
        image_id=ImageId(image["ImageId"]),
        owner=AccountId(image.get("OwnerId", "")),
        region=region,
        name=image.get("Name", ""),
        description=image.get("Description", ""),
        state=image.get("State", ""),
        state_reason=image.get("StateReason", {}).get("Message", ""),
        created=datetime.fromisoformat(image["CreationDate"]) if image.get("CreationDate") else _LONG_AGO,
        architecture=image.get("Architecture", ""),
        platform_details=image.get("PlatformDetails", ""),
        usage_operation=image.get("UsageOperation", ""),
        root_device_type=image.get("RootDeviceType", ""),
        product_codes=tuple(code.get("ProductCodeId", "") for code in image.get("ProductCodes", [])),
        tags={tag["Key"]: tag.get("Value", "") for tag in image.get("Tags", []) if "Key" in tag},
        devices=tuple(Device(device.get("DeviceName", ""), _snapshot_of(device)) for device in devices),
        launch_permission=frozenset(),
        deprecation_time=datetime.fromisoformat(image["DeprecationTime"]) if image.get("DeprecationTime") else None,
        deregistration_protection=image.get("DeregistrationProtection", "disabled"),
        imds_support=image.get("ImdsSupport", ""),
        reencrypts=_reencrypted(image),
    )


def _reencrypted(image: ImageTypeDef) -> ImageId | None:
    """What the bot made the image from to be shared in its place; the source is AWS's own word, the purpose a tag's."""
    source = image.get("SourceImageId", "")
    purposes = (tag.get("Value", "") for tag in image.get("Tags", []) if tag.get("Key") == DELIVERY_TAG)
    made = any(purpose.startswith(f"{REENCRYPTION}{source}/") for purpose in purposes)
    return ImageId(source) if source and made else None


def _snapshot_of(device: BlockDeviceMappingTypeDef) -> SnapshotId | None:
    snapshot_id = device.get("Ebs", {}).get("SnapshotId")
    return SnapshotId(snapshot_id) if snapshot_id else None


def _with_launch_permission(ec2: EC2Client, image: ImageFacts) -> ImageFacts:
    permission = _or_unreadable(lambda: read_launch_permission(ec2, image.image_id))
    if isinstance(permission, Unreadable):
        return replace(image, unreadable=(permission,))
    return replace(image, launch_permission=permission.accounts, launch_groups=permission.groups)


def _read_snapshots(
    pool: ThreadPoolExecutor, accounts: Accounts, owned: Collection[_Owned]
) -> dict[SnapshotId, SnapshotFacts | Unreadable]:
    described = pool.map(lambda found: _described_behind(found.ec2(accounts), found.image), owned)
    wanted = {
        snapshot_id: (found.ec2(accounts), seen)
        for found, behind in zip(owned, described, strict=True)
        for snapshot_id, seen in behind.items()
    }
    read = pool.map(lambda one: _snapshot_facts(wanted[one][0], one, wanted[one][1]), wanted)
    return dict(zip(wanted, read, strict=True))


def _described_behind(ec2: EC2Client, image: ImageFacts) -> dict[SnapshotId, SnapshotTypeDef | Unreadable | None]:
    ids = sorted({device.snapshot_id for device in image.devices if device.snapshot_id})
    described = _or_unreadable(lambda: _describe_snapshots(ec2, ids))
    if isinstance(described, Unreadable):
        return dict.fromkeys(ids, described)
    return {one: described.get(one) for one in ids}


def _snapshot_facts(
    ec2: EC2Client, snapshot_id: SnapshotId, snapshot: SnapshotTypeDef | Unreadable | None
) -> SnapshotFacts | Unreadable:
    if snapshot is None:
        return Unreadable(because(CauseKind.ABSENT))
    if isinstance(snapshot, Unreadable):
        return snapshot
    permission = _or_unreadable(lambda: read_create_volume_permission(ec2, snapshot_id))
    if isinstance(permission, Unreadable):
        return permission
    return SnapshotFacts(
        snapshot_id=snapshot_id,
        owner=AccountId(snapshot.get("OwnerId", "")),
        state=snapshot.get("State", ""),
        size_gib=snapshot.get("VolumeSize", 0),
        storage_tier=snapshot.get("StorageTier", "standard"),
        encrypted=snapshot.get("Encrypted", False),
        key_arn=_key_of(snapshot),
        create_volume_permission=permission,
    )


def _read_keys(
    pool: ThreadPoolExecutor,
    accounts: Accounts,
    sources: Sequence[SourceAccount],
    owned: Collection[_Owned],
    snapshots: Mapping[SnapshotId, SnapshotFacts | Unreadable],
    *,
    grantees: Collection[PrincipalArn],
) -> dict[KeyArn, KeyFacts | Unreadable]:
    holders = {source.role.account_id: source for source in sources}
    behind = [
        (found.source, snapshots[device.snapshot_id])
        for found in owned
        for device in found.image.devices
        if device.snapshot_id
    ]
    readers = {
        snapshot.key_arn: holders.get(account_of(snapshot.key_arn), owner)
        for owner, snapshot in behind
        if isinstance(snapshot, SnapshotFacts) and snapshot.key_arn
    }
    read = pool.map(lambda arn: _key_facts(accounts, arn, readers[arn], grantees), readers)
    return dict(zip(readers, read, strict=True))


def _auto_scalers(request: ShareRequest) -> list[PrincipalArn]:
    """The service-linked roles that are to get grants: AWS makes them with the first Auto Scaling group."""
    asked = request.auto_scaling and not request.mode.copies
    return [auto_scaling_role(root_of(target.role.arn)) for target in request.targets if asked]


def _key_facts(
    accounts: Accounts, arn: KeyArn, reader: SourceAccount, grantees: Collection[PrincipalArn]
) -> KeyFacts | Unreadable:
    """The key, and its policy and grants if it is a customer's in the reader's own account."""
    kms = accounts.kms(reader.role, region_of(arn))
    key = _or_unreadable(lambda: describe_key(kms, arn))
    if isinstance(key, Unreadable) or reader.role.account_id != account_of(arn) or key.manager == "AWS":
        return key
    return _looked_into(kms, key, grantees)


def _looked_into(kms: KMSClient, key: KeyFacts, grantees: Collection[PrincipalArn]) -> KeyFacts:
    return replace(
        key,
        policy=_or_unreadable(lambda: read_policy(kms, key.arn)),
        grants=_or_unreadable(lambda: read_grants(kms, key.arn)),
        strangers=frozenset(one for one in grantees if not knows(kms, key.arn, one)),
    )


def _read_reencryptions(
    pool: ThreadPoolExecutor,
    accounts: Accounts,
    owned: Mapping[ImageId, _Owned],
    snapshots: Mapping[SnapshotId, SnapshotFacts | Unreadable],
    keys: Mapping[KeyArn, KeyFacts | Unreadable],
    *,
    grantees: Collection[PrincipalArn],
) -> tuple[dict[ImageId, Reencryption], dict[ImageId, _Owned]]:
    """What it takes to re-encrypt the images under AWS managed keys; and the copies that stand for them already."""
    due = {
        image_id: one
        for image_id, one in owned.items()
        if one.image.region in one.source.reencrypt_keys and _is_under_managed_key(one.image, snapshots, keys)
    }
    read = pool.map(lambda one: _reencryption(accounts, one, grantees), due.values())
    found = dict(zip(due, read, strict=True))
    return (
        {image_id: one for image_id, one in found.items() if isinstance(one, Reencryption)},
        {image_id: one for image_id, one in found.items() if isinstance(one, _Owned)},
    )


def _is_under_managed_key(
    image: ImageFacts,
    snapshots: Mapping[SnapshotId, SnapshotFacts | Unreadable],
    keys: Mapping[KeyArn, KeyFacts | Unreadable],
) -> bool:
    behind = [snapshots.get(device.snapshot_id) for device in image.devices if device.snapshot_id]
    under = [keys.get(one.key_arn) for one in behind if isinstance(one, SnapshotFacts) and one.key_arn]
    return any(isinstance(key, KeyFacts) and key.manager == "AWS" for key in under)


def _reencryption(accounts: Accounts, owned: _Owned, grantees: Collection[PrincipalArn]) -> Reencryption | _Owned:
    """The re-encrypted copy of the image, if there is a good one; else what it takes to make one.

    That it was copied from the image is AWS's own word (`SourceImageId`), whoever made it: nobody can forge that.
    """
    image, role = owned.image, owned.source.role
    name = owned.source.reencrypt_keys[image.region]
    kms, ec2 = accounts.kms(role, image.region), owned.ec2(accounts)
    described = _or_unreadable(lambda: describe_key(kms, name))
    if isinstance(described, Unreadable):
        return Reencryption(described)
    key = _looked_into(kms, described, grantees)
    copies = _or_unreadable(lambda: _read_copies(ec2, [image.image_id]))
    names = _or_unreadable(lambda: _read_names(ec2, [image], CopyRules()))
    for copy in () if isinstance(copies, Unreadable) else sorted(copies, key=lambda copy: copy.image_id):
        if copy.state == "available" and copy.key_arns == {key.arn}:
            stand_in = _or_unreadable(lambda copy=copy: _see(ec2, image.region, copy.image_id))  # type: ignore[misc]
            if isinstance(stand_in, ImageFacts) and image.demands_no_more_than(stand_in):
                return _Owned(owned.source, replace(stand_in, stands_for=image))
    return Reencryption(key, frozenset() if isinstance(names, Unreadable) else names)


def _read_target(
    accounts: Accounts, target: TargetAccount, region: Region, images: Sequence[ImageFacts], request: ShareRequest
) -> TargetFacts:
    account_id = target.role.account_id
    role = _why_not_assumable(accounts, target.role)
    if role is not None or not request.mode.copies:
        return TargetFacts(account_id, region, role=role)
    ec2, kms = accounts.ec2(target.role, region), accounts.kms(target.role, region)
    key = target.keys.get(region)
    copies = _or_unreadable(
        lambda: _read_copies(ec2, sorted({one for i in images for one in (i.image_id, i.asked_as)}))
    )
    names = _or_unreadable(lambda: _read_names(ec2, images, request.rules))
    return TargetFacts(
        account_id,
        region,
        role=None,
        key=_or_unreadable(lambda: describe_key(kms, key)) if key else None,
        copies=() if isinstance(copies, Unreadable) else copies,
        names_taken=frozenset() if isinstance(names, Unreadable) else names,
        parameters=_read_parameters(accounts, target, region, images, copies),
        unreadable=tuple(each for each in (copies, names) if isinstance(each, Unreadable)),
    )


def _read_parameters(
    accounts: Accounts,
    target: TargetAccount,
    region: Region,
    images: Sequence[ImageFacts],
    copies: tuple[ExistingCopy, ...] | Unreadable,
) -> dict[str, ImageParameter | Unreadable]:
    """What the target's parameters point to, for the images that it has copies of."""
    if target.parameter is None or isinstance(copies, Unreadable):
        return {}
    ec2, ssm = accounts.ec2(target.role, region), accounts.ssm(target.role, region)
    copied = {copy.source_image_id for copy in copies}
    names = {parameter_name(target.parameter, one) for one in images if {one.image_id, one.asked_as} & copied}
    return {name: _or_unreadable(lambda name=name: read_parameter(ec2, ssm, name)) for name in sorted(names)}  # type: ignore[misc]


def _read_allowed_images(accounts: Accounts, role: Role, region: Region) -> AllowedImages | Unreadable:
    """What the account's own setting says, in the region that the images are in."""
    if (closed := _why_not_assumable(accounts, role)) is not None:
        return closed
    return _or_unreadable(lambda: _allowed_images(accounts.ec2(role, region)))


def _allowed_images(ec2: EC2Client) -> AllowedImages:
    with calling("GetAllowedImagesSettings"):
        answer = ec2.get_allowed_images_settings()
    criteria = (
        {part: wanted for part, wanted in criterion.items() if wanted} for criterion in answer.get("ImageCriteria", [])
    )
    return AllowedImages(
        state=answer.get("State", "disabled"), criteria=tuple(criteria), managed_by=answer.get("ManagedBy", "account")
    )


def _why_not_assumable(accounts: Accounts, role: Role) -> Unreadable | None:
    try:
        accounts.assume(role)
    except AwsBusy:
        raise
    except AwsOpsError as error:
        return Unreadable(error.why)
    return None


def _read_copies(ec2: EC2Client, sources: Sequence[ImageId]) -> tuple[ExistingCopy, ...]:
    """The account's images that hold what the sources hold.

    What was made from an instance of a source names it as well (EC2 User Guide, "Identify the source AMI used to create
    a new AMI"), but holds whatever the instance had by then; the instance is named for such images alone (EC2 API,
    Image, "SourceInstanceId").
    """
    copies = [one for one in _own_images(ec2, "source-image-id", sources) if not one.get("SourceInstanceId")]
    behind = {
        copy["ImageId"]: [
            snapshot_id for device in copy.get("BlockDeviceMappings", []) if (snapshot_id := _snapshot_of(device))
        ]
        for copy in copies
    }
    snapshots = _describe_snapshots(ec2, sorted({snapshot_id for ids in behind.values() for snapshot_id in ids}))
    keys = {snapshot_id: _key_of(snapshot) for snapshot_id, snapshot in snapshots.items()}
    return tuple(
        ExistingCopy(
            source_image_id=ImageId(copy.get("SourceImageId", "")),
            image_id=ImageId(copy["ImageId"]),
            state=copy.get("State", ""),
            key_arns=frozenset(keys.get(snapshot_id) for snapshot_id in behind[copy["ImageId"]]),
            imds_support=copy.get("ImdsSupport", ""),
        )
        for copy in copies
    )


def _read_names(ec2: EC2Client, images: Sequence[ImageFacts], rules: CopyRules) -> frozenset[str]:
    starts = sorted({f"{common_start(rendered(rules.name, image), image.image_id)}*" for image in images})
    return frozenset(each.get("Name", "") for each in _own_images(ec2, "name", starts))


def _own_images(ec2: EC2Client, filter_name: str, values: Sequence[str]) -> list[ImageTypeDef]:
    found: list[ImageTypeDef] = []
    for start in range(0, len(values), _PAGE):
        pages = ec2.get_paginator("describe_images").paginate(
            Owners=["self"],
            Filters=[{"Name": filter_name, "Values": values[start : start + _PAGE]}],
            PaginationConfig={"PageSize": _PAGE},
        )
        with calling("DescribeImages"):
            found += [image for page in pages for image in page.get("Images", [])]
    return found


def _describe_snapshots(ec2: EC2Client, ids: Sequence[SnapshotId]) -> dict[SnapshotId, SnapshotTypeDef]:
    """The snapshots that may be seen; by a filter, since one unknown id among `SnapshotIds` would fail the call."""
    described: dict[SnapshotId, SnapshotTypeDef] = {}
    for start in range(0, len(ids), _PAGE):
        pages = ec2.get_paginator("describe_snapshots").paginate(
            Filters=[{"Name": "snapshot-id", "Values": ids[start : start + _PAGE]}],
            PaginationConfig={"PageSize": _PAGE},
        )
        with calling("DescribeSnapshots"):
            described |= {SnapshotId(one["SnapshotId"]): one for page in pages for one in page.get("Snapshots", [])}
    return described


def _key_of(snapshot: SnapshotTypeDef) -> KeyArn | None:
    key = snapshot.get("KmsKeyId")
    return KeyArn(key) if key else None


def _or_unreadable(read: Callable[[], _Read]) -> _Read | Unreadable:
    try:
        return read()
    except AwsBusy:
        raise
    except AwsOpsError as error:
        return Unreadable(error.why)
