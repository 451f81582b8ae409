"""Reading: fetch the facts that a plan is made from, in parallel, without changing anything.

What can't be read becomes `Unreadable` and is for the plan to judge. Only `AwsBusy` is raised: then nothing is known,
and the same reading may succeed later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from aws_ops.calls import calling
from aws_ops.errors import AwsBusy, AwsOpsError, NotFound
from aws_ops.facts import (
    Device,
    ExistingCopy,
    Facts,
    ImageFacts,
    ImageNotFound,
    KeyFacts,
    Role,
    SnapshotFacts,
    SourceAccount,
    TargetAccount,
    TargetFacts,
    Unreadable,
)
from aws_ops.ids import AccountId, ImageId, KeyArn, Region, SnapshotId, account_of, region_of
from aws_ops.keys import describe_key, read_policy
from aws_ops.names import common_start
from aws_ops.permissions import read_create_volume_permission, read_launch_permission
from aws_ops.request import Mode, ShareRequest

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import BlockDeviceMappingTypeDef, FilterTypeDef, ImageTypeDef, SnapshotTypeDef

    from aws_ops.accounts import Accounts

_AT_ONCE = 16
_PAGE = 200

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_Read = TypeVar("_Read")


def read_facts(accounts: Accounts, sources: Sequence[SourceAccount], request: ShareRequest) -> Facts:
    """Read all that a plan for `request` needs: the image in its source account, and what the targets say.

    Raises:
        AwsBusy: AWS can't say now.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reading") as pool:
        places = [(source, region) for source in sources for region in source.regions]
        looks = list(pool.map(lambda place: _look(accounts, place[0], place[1], request.image_id), places))
        owned = _owned(looks)
        if owned is None:
            return Facts(image=_not_found(looks))
        owner, found = owned
        ec2 = accounts.ec2(owner.role, found.region)
        # The targets are the slowest part, and need nothing more of the source: so they are asked first.
        targets = pool.map(lambda target: _read_target(accounts, target, found, request.mode), request.targets)
        image = pool.submit(_with_launch_permission, ec2, found)
        snapshots = _read_snapshots(pool, ec2, found)
        keys = _read_keys(pool, accounts, sources, owner, snapshots.values())
        return Facts(
            image=image.result(),
            snapshots=snapshots,
            keys=keys,
            targets={target.account_id: target for target in targets},
        )


@dataclass(frozen=True)
class _Look:
    """A look for the image in one place, and what was seen: the image, whoever owns it, or nothing."""

    source: SourceAccount
    region: Region
    saw: ImageFacts | Unreadable | None


def _look(accounts: Accounts, source: SourceAccount, region: Region, image_id: ImageId) -> _Look:
    saw = _or_unreadable(lambda: _see(accounts.ec2(source.role, region), region, image_id))
    if isinstance(saw, Unreadable):
        saw = Unreadable(f"{source.name} {region}: {saw.why}")
    return _Look(source, region, saw)


def _see(ec2: EC2Client, region: Region, image_id: ImageId) -> ImageFacts | None:
    try:
        with calling("DescribeImages"):
            answer = ec2.describe_images(ImageIds=[image_id], IncludeDisabled=True)
    except NotFound:
        return None
    return next((_image_facts(image, region) for image in answer.get("Images", [])), None)


def _owned(looks: Sequence[_Look]) -> tuple[SourceAccount, ImageFacts] | None:
    for look in looks:
        if isinstance(look.saw, ImageFacts) and look.saw.owner == look.source.role.account_id:
            return look.source, look.saw
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
    )


def _snapshot_of(device: BlockDeviceMappingTypeDef) -> SnapshotId | None:
    snapshot_id = device.get("Ebs", {}).get("SnapshotId")
    return SnapshotId(snapshot_id) if snapshot_id else None


def _with_launch_permission(ec2: EC2Client, image: ImageFacts) -> ImageFacts:
    permission = _or_unreadable(lambda: read_launch_permission(ec2, image.image_id))
    if isinstance(permission, Unreadable):
        return replace(image, unreadable=(permission,))
    return replace(image, launch_permission=permission.accounts, launch_groups=permission.groups)


def _read_snapshots(
    pool: ThreadPoolExecutor, ec2: EC2Client, image: ImageFacts
) -> dict[SnapshotId, SnapshotFacts | Unreadable]:
    ids = sorted({device.snapshot_id for device in image.devices if device.snapshot_id})
    described = _or_unreadable(lambda: _describe_snapshots(ec2, ids))
    if isinstance(described, Unreadable):
        return dict.fromkeys(ids, described)
    read = pool.map(lambda one: _snapshot_facts(ec2, one, described.get(one)), ids)
    return dict(zip(ids, read, strict=True))


def _snapshot_facts(
    ec2: EC2Client, snapshot_id: SnapshotId, snapshot: SnapshotTypeDef | None
) -> SnapshotFacts | Unreadable:
    if snapshot is None:
        return Unreadable("it doesn't exist, or may not be seen")
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
    owner: SourceAccount,
    snapshots: Iterable[SnapshotFacts | Unreadable],
) -> dict[KeyArn, KeyFacts | Unreadable]:
    arns = sorted({one.key_arn for one in snapshots if isinstance(one, SnapshotFacts) and one.key_arn})
    holders = {source.role.account_id: source for source in sources}
    read = pool.map(lambda arn: _key_facts(accounts, arn, owner, holders.get(account_of(arn))), arns)
    return dict(zip(arns, read, strict=True))


def _key_facts(
    accounts: Accounts, arn: KeyArn, owner: SourceAccount, holder: SourceAccount | None
) -> KeyFacts | Unreadable:
    """The key, and its policy if it is a customer's in an account that is known: `holder`."""
    kms = accounts.kms((holder or owner).role, region_of(arn))
    key = _or_unreadable(lambda: describe_key(kms, arn))
    if isinstance(key, Unreadable) or holder is None or key.manager == "AWS":
        return key
    return replace(key, policy=_or_unreadable(lambda: read_policy(kms, arn)))


def _read_target(accounts: Accounts, target: TargetAccount, image: ImageFacts, mode: Mode) -> TargetFacts:
    account_id = target.role.account_id
    role = _why_not_assumable(accounts, target.role)
    if role is not None or mode is Mode.SHARE:
        return TargetFacts(account_id, role=role)
    ec2, kms = accounts.ec2(target.role, image.region), accounts.kms(target.role, image.region)
    key = target.keys.get(image.region)
    copies = _or_unreadable(lambda: _read_copies(ec2, image.image_id))
    names = _or_unreadable(lambda: _read_names(ec2, image))
    return TargetFacts(
        account_id,
        role=None,
        key=_or_unreadable(lambda: describe_key(kms, key)) if key else None,
        copies=() if isinstance(copies, Unreadable) else copies,
        names_taken=frozenset() if isinstance(names, Unreadable) else names,
        unreadable=tuple(each for each in (copies, names) if isinstance(each, Unreadable)),
    )


def _why_not_assumable(accounts: Accounts, role: Role) -> Unreadable | None:
    try:
        accounts.assume(role)
    except AwsBusy:
        raise
    except AwsOpsError as error:
        return Unreadable(str(error))
    return None


def _read_copies(ec2: EC2Client, source: ImageId) -> tuple[ExistingCopy, ...]:
    copies = _own_images(ec2, {"Name": "source-image-id", "Values": [source]})
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
            image_id=ImageId(copy["ImageId"]),
            state=copy.get("State", ""),
            key_arns=frozenset(keys.get(snapshot_id) for snapshot_id in behind[copy["ImageId"]]),
        )
        for copy in copies
    )


def _read_names(ec2: EC2Client, image: ImageFacts) -> frozenset[str]:
    like = f"{common_start(image.name, image.image_id)}*"
    return frozenset(each.get("Name", "") for each in _own_images(ec2, {"Name": "name", "Values": [like]}))


def _own_images(ec2: EC2Client, only: FilterTypeDef) -> list[ImageTypeDef]:
    pages = ec2.get_paginator("describe_images").paginate(
        Owners=["self"], Filters=[only], PaginationConfig={"PageSize": _PAGE}
    )
    with calling("DescribeImages"):
        return [image for page in pages for image in page.get("Images", [])]


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
        return Unreadable(str(error))
