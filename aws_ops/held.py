"""Held: what AWS holds now of the entries that were given or are needed, read at their source.

What is gone holds nothing. What can't be read is named, and is for the plan to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.causes import CauseKind, because
from aws_ops.entries import Entry, On
from aws_ops.errors import AwsBusy, AwsOpsError, NotFound
from aws_ops.facts import SourceAccount, Unreadable
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId
from aws_ops.key_grants import grants_for, own_grantees, read_grants
from aws_ops.key_policy import KeyPolicy, deleted_own_principals, lacking, own_administrators, own_users
from aws_ops.keys import read_policy
from aws_ops.permissions import read_create_volume_permission, read_launch_permission

if TYPE_CHECKING:
    from collections.abc import Set

    from types_boto3_ec2 import EC2Client
    from types_boto3_kms import KMSClient

    from aws_ops.accounts import Accounts

_AT_ONCE = 16


@dataclass(frozen=True)
class Held:
    """What AWS holds on the resources that were looked at.

    Attributes:
        entries: all that is there whole.
        partial: users that only one of the bot's two statements on a key names, or none of them while they name
            principals that were deleted, any of which may have been this one; or whose grant isn't as it was made or
            is for one who is gone: no use, but to be taken back.
        policies: the policies of the keys.
        groups: by image, who may launch it otherwise than by account id: organizations, OUs, `all`.
        gone: the resources that don't exist any more.
        disabled: the images that can't be shared until somebody enables them, as far as it was asked.
        unreadable: what couldn't be read, by resource.
    """

    entries: frozenset[Entry] = frozenset()
    partial: frozenset[Entry] = frozenset()
    policies: Mapping[KeyArn, KeyPolicy] = field(default_factory=dict)
    groups: Mapping[ImageId, frozenset[str]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    unreadable: Mapping[str, Unreadable] = field(default_factory=dict)


@dataclass(frozen=True)
class _Resource:
    """What has a list of entries; `grantees` are those that are asked about."""

    on: On
    owner: AccountId
    region: Region
    name: str
    grantees: tuple[str, ...]

    def entry(self, grantee: str) -> Entry:
        return Entry(self.on, self.owner, self.region, self.name, grantee)


def read_held(accounts: Accounts, sources: Sequence[SourceAccount], entries: Set[Entry]) -> Held:
    """Read the lists that `entries` are on, all of each list.

    Raises:
        AwsBusy: AWS can't say now.
    """
    resources = tuple(_resources(entries))
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="held") as pool:
        parts = list(pool.map(lambda resource: _read(accounts, sources, resource), resources))
    return Held(
        entries=frozenset[Entry]().union(*(part.entries for part in parts)),
        partial=frozenset[Entry]().union(*(part.partial for part in parts)),
        policies={key: policy for part in parts for key, policy in part.policies.items()},
        groups={image: groups for part in parts for image, groups in part.groups.items()},
        gone=frozenset[str]().union(*(part.gone for part in parts)),
        unreadable={name: why for part in parts for name, why in part.unreadable.items()},
    )


def find_disabled(accounts: Accounts, sources: Sequence[SourceAccount], lacking: Iterable[Entry]) -> frozenset[str]:
    """The images on which entries are lacking because they are disabled, which takes all (EC2 API, DisableImage).

    Of one that can't be looked at it isn't known.

    Raises:
        AwsBusy: AWS can't say now.
    """
    roles = {source.role.account_id: source.role for source in sources}
    images = {(one.owner, one.region, ImageId(one.resource)) for one in lacking if one.on is On.IMAGE}
    return frozenset(
        image_id
        for owner, region, image_id in sorted(images)
        if owner in roles and _is_disabled(accounts.ec2(roles[owner], region), image_id)
    )


def _is_disabled(ec2: EC2Client, image_id: ImageId) -> bool:
    try:
        with calling("DescribeImages"):
            answer = ec2.describe_images(ImageIds=[image_id], IncludeDisabled=True)
    except AwsBusy:
        raise
    except AwsOpsError:
        return False
    return any(image.get("State") == "disabled" for image in answer.get("Images", []))


def _resources(entries: Iterable[Entry]) -> Iterable[_Resource]:
    grantees: dict[tuple[On, AccountId, Region, str], list[str]] = defaultdict(list)
    for one in sorted(entries, key=str):
        grantees[one.on, one.owner, one.region, one.resource].append(one.grantee)
    return (_Resource(*which, tuple(whom)) for which, whom in grantees.items())


def _read(accounts: Accounts, sources: Sequence[SourceAccount], resource: _Resource) -> Held:
    role = next((source.role for source in sources if source.role.account_id == resource.owner), None)
    if role is None:
        why = because(CauseKind.NO_LONGER_SOURCE, account=resource.owner)
        return Held(unreadable={resource.name: Unreadable(why)})
    match resource.on:
        case On.KEY:
            return _or_why_not(resource, lambda: _key(accounts.kms(role, resource.region), resource))
        case On.ADMINISTRATION:
            return _or_why_not(resource, lambda: _administration(accounts.kms(role, resource.region), resource))
        case On.GRANT:
            return _or_why_not(resource, lambda: _grants(accounts.kms(role, resource.region), resource))
        case On.SNAPSHOT:
            return _or_why_not(resource, lambda: _snapshot(accounts.ec2(role, resource.region), resource))
        case On.IMAGE:
            return _or_why_not(resource, lambda: _image(accounts.ec2(role, resource.region), resource))


def _or_why_not(resource: _Resource, read: Callable[[], Held]) -> Held:
    try:
        return read()
    except NotFound:
        return Held(gone=frozenset({resource.name}))
    except AwsBusy:
        raise
    except AwsOpsError as error:
        return Held(unreadable={resource.name: Unreadable(error.why)})


def _key(kms: KMSClient, resource: _Resource) -> Held:
    policy = read_policy(kms, KeyArn(resource.name))
    named = own_users(policy)
    half = frozenset(lacking(policy, named))
    return Held(
        entries=frozenset(map(resource.entry, named - half)),
        partial=frozenset(map(resource.entry, half)) | _perhaps_deleted(policy, resource, named),
        policies={KeyArn(resource.name): policy},
    )


def _administration(kms: KMSClient, resource: _Resource) -> Held:
    policy = read_policy(kms, KeyArn(resource.name))
    named = own_administrators(policy)
    return Held(
        entries=frozenset(map(resource.entry, named)),
        partial=_perhaps_deleted(policy, resource, named),
        policies={KeyArn(resource.name): policy},
    )


def _perhaps_deleted(policy: KeyPolicy, resource: _Resource, named: Set[str]) -> frozenset[Entry]:
    # KMS shows a deleted principal by its unique id, which doesn't say who it was (IAM, "Principal").
    gone = [one for one in resource.grantees if one not in named] if deleted_own_principals(policy) else []
    return frozenset(map(resource.entry, gone))


def _grants(kms: KMSClient, resource: _Resource) -> Held:
    grants = read_grants(kms, KeyArn(resource.name))
    whole = own_grantees(grants)
    asked = map(PrincipalArn, resource.grantees)
    return Held(
        entries=frozenset(map(resource.entry, whole)),
        partial=frozenset(resource.entry(one) for one in asked if one not in whole and grants_for(grants, one)),
    )


def _snapshot(ec2: EC2Client, resource: _Resource) -> Held:
    accounts = read_create_volume_permission(ec2, SnapshotId(resource.name))
    return Held(entries=frozenset(map(resource.entry, accounts)))


def _image(ec2: EC2Client, resource: _Resource) -> Held:
    permission = read_launch_permission(ec2, ImageId(resource.name))
    return Held(
        entries=frozenset(map(resource.entry, permission.launchers)),
        groups={ImageId(resource.name): permission.groups},
    )
