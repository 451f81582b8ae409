"""Refusals: everything that stands against sharing an image as asked, found at once and before anything is changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from aws_ops.case import NOT_READ, Case, Way, root_of
from aws_ops.causes import CauseKind, Why, because
from aws_ops.denials import denials
from aws_ops.details import Details, details
from aws_ops.errors import DeletedPrincipals, KeyPolicyError, PolicyNotLatin1, PolicyTooLarge
from aws_ops.facts import (
    ImageFacts,
    ImageNotFound,
    KeyFacts,
    SnapshotFacts,
    SnapshotSharing,
    SourceAccount,
    TargetAccount,
    TargetOrganization,
    Unreadable,
)
from aws_ops.ids import KeyArn, KeyUser, Launcher, PrincipalArn, account_of
from aws_ops.key_grants import auto_scaling_role
from aws_ops.key_policy import KeyPolicy, obstacles


class RefusalKind(StrEnum):
    """Why an image can't be shared as asked; the comment names the details that go with it, and `why` if it has one."""

    IMAGE_NOT_FOUND = "image_not_found"  # image, searched
    IMAGE_NOT_OWNED = "image_not_owned"  # image, owner
    SOURCE_UNREADABLE = "source_unreadable"  # why
    IMAGE_STATE = "image_state"  # image, state, reason
    IMAGE_DISABLED = "image_disabled"  # image
    INSTANCE_STORE = "instance_store"  # image
    NO_SNAPSHOT = "no_snapshot"  # image
    MARKETPLACE_CODE = "marketplace_code"  # image, codes
    BILLING_PRODUCT = "billing_product"  # image, platform
    SNAPSHOT_UNREADABLE = "snapshot_unreadable"  # snapshot, why
    SNAPSHOT_STATE = "snapshot_state"  # snapshot, state
    SNAPSHOT_ARCHIVED = "snapshot_archived"  # snapshot
    AWS_MANAGED_KEY = "aws_managed_key"  # snapshots, key
    KEY_UNREADABLE = "key_unreadable"  # key, why
    KEY_FOREIGN = "key_foreign"  # key, account
    KEY_STATE = "key_state"  # key, state
    KEY_KIND = "key_kind"  # key, spec, usage
    KEY_EXPIRED = "key_expired"  # key, when (the source's, or a target's)
    POLICY_UNREADABLE = "policy_unreadable"  # key, why
    GRANTS_UNREADABLE = "grants_unreadable"  # key, why
    AUTO_SCALING_ROLE_MISSING = "auto_scaling_role_missing"  # principal, account
    POLICY_DELETED_PRINCIPALS = "policy_deleted_principals"  # key, principals
    POLICY_DENIES = "policy_denies"  # key, statement, principals
    POLICY_TOO_LARGE = "policy_too_large"  # key, size, over
    POLICY_NOT_LATIN_1 = "policy_not_latin_1"  # key, characters
    TARGET_IS_SOURCE = "target_is_source"  # target
    ROLE_NOT_ASSUMABLE = "role_not_assumable"  # target, role, why
    TARGET_UNREADABLE = "target_unreadable"  # target, why
    NO_KEY_FOR_REGION = "no_key_for_region"  # target, region
    TARGET_KEY_UNREADABLE = "target_key_unreadable"  # target, key, why
    TARGET_KEY_STATE = "target_key_state"  # target, key, state
    TARGET_KEY_KIND = "target_key_kind"  # target, key, spec, usage
    OTHER_PARTITION = "other_partition"  # target, partition
    SHARED_ELSEWHERE = "shared_elsewhere"  # image, home, region
    SHARING_QUOTA = "sharing_quota"  # image, entries, limit
    ORGANIZATION_CANT_COPY = "organization_cant_copy"  # organization
    MEMBERS_UNREADABLE = "members_unreadable"  # organization, why
    NOTHING_TO_DO = "nothing_to_do"  # image, have ("staging: ami-… (eu-west-1), …")
    COPY_WITHOUT_IMDS_V2 = "copy_without_imds_v2"  # target, copy (beside that there is nothing to do)


@dataclass(frozen=True)
class Refusal:
    """One reason not to go on. Words are made from it at the Slack edge, in the reader's language."""

    kind: RefusalKind
    details: Details
    why: Why = ()


# KMS does everything with a key that is `Updating` as well (KMS developer guide, "Key states of AWS KMS keys").
_USABLE = {"Enabled", "Updating"}
_INCLUDED_IN_THE_PRICE_OR_OWNED = {
    "",  # not said
    "RunInstances",
    "RunInstances:0800",  # Windows, own license
    "RunInstances:00g0",  # RHEL, own subscription
}
"""Usage operations that carry no license paid by the hour (EC2 User Guide, "AMI billing information fields")."""


def refusals(case: Case) -> tuple[Refusal, ...]:
    """All that stands against the request, each reason once: images, snapshots, keys, accounts, organizations, so."""
    images = chain.from_iterable(_of_image(case, image) for image in case.needy_images)
    snapshots = chain.from_iterable(_of_snapshots(case, image) for image in case.needy_images)
    ways = chain.from_iterable(_of_way(case, way) for way in case.ways)
    members = chain.from_iterable(_of_organization(case, one) for one in case.organizations.values())
    sources = (*images, *snapshots, *_of_reencryptions(case), *_of_keys(case))
    found = (*_of_absent(case), *sources, *ways, *members)
    return tuple(dict.fromkeys(found))


def nothing_to_do(case: Case) -> Iterator[Refusal]:
    """The refusal of a request whose every target has what it asks for, and what is wrong with what they have."""
    reuses = (case.reuses[way] for way in case.ways if way in case.reuses)
    have = (f"{case.targets[one.account_id].name}: {one.image_id} ({one.region})" for one in reuses)
    yield _refusal(RefusalKind.NOTHING_TO_DO, image=case.images, have=have)
    for way in case.lenient:
        target, copy = case.targets[way.account_id].name, case.reuses[way].image_id
        yield _refusal(RefusalKind.COPY_WITHOUT_IMDS_V2, target=target, copy=copy)


def _of_absent(case: Case) -> Iterator[Refusal]:
    """Why there is no image to share."""
    for image_id in sorted(set(case.request.image_ids) - set(case.images)):
        found = case.facts.images.get(image_id) or ImageNotFound(searched=())
        if isinstance(found, ImageNotFound) and not found.owner:
            searched = sorted(f"{account} {region}" for account, region in found.searched)
            yield _refusal(RefusalKind.IMAGE_NOT_FOUND, image=image_id, searched=searched)
        elif isinstance(found, ImageNotFound):
            yield _refusal(RefusalKind.IMAGE_NOT_OWNED, image=image_id, owner=found.owner or "")
        if isinstance(found, ImageNotFound):
            yield from (_refusal(RefusalKind.SOURCE_UNREADABLE, place.why) for place in found.unreadable)


def _of_image(case: Case, image: ImageFacts) -> Iterator[Refusal]:
    yield from (_refusal(RefusalKind.SOURCE_UNREADABLE, part.why) for part in image.unreadable)
    if image.state == "disabled":
        yield _refusal(RefusalKind.IMAGE_DISABLED, image=image.image_id)
    elif image.state != "available":
        yield _refusal(RefusalKind.IMAGE_STATE, image=image.image_id, state=image.state, reason=image.state_reason)
    if image.root_device_type == "instance-store":
        yield _refusal(RefusalKind.INSTANCE_STORE, image=image.image_id)
    elif not case.snapshots_of(image):
        yield _refusal(RefusalKind.NO_SNAPSHOT, image=image.image_id)
    # Both may be shared and launched; only CopyImage by another account refuses them.
    if case.copying and image.product_codes:
        yield _refusal(RefusalKind.MARKETPLACE_CODE, image=image.image_id, codes=sorted(image.product_codes))
    if case.copying and image.usage_operation not in _INCLUDED_IN_THE_PRICE_OR_OWNED:
        yield _refusal(RefusalKind.BILLING_PRODUCT, image=image.image_id, platform=image.platform_details)
    yield from _of_quota(case, image)


def _of_quota(case: Case, image: ImageFacts) -> Iterator[Refusal]:
    """AWS counts accounts, organizations and OUs, but not `all`; a re-encrypted copy begins with nobody."""
    anew = case.reencryption_of(image) is not None
    listed = frozenset[Launcher]() if anew else image.launch_permission | image.launch_organizations
    wanted, limit = case.launchers_of(image), case.owner_of(image).sharing_quota
    entries = len(listed | wanted)
    if wanted - listed and entries > limit:
        yield _refusal(RefusalKind.SHARING_QUOTA, image=image.image_id, entries=str(entries), limit=str(limit))


def _of_snapshots(case: Case, image: ImageFacts) -> Iterator[Refusal]:
    for snapshot_id, snapshot in case.snapshots_of(image).items():
        if isinstance(snapshot, Unreadable):
            yield _refusal(RefusalKind.SNAPSHOT_UNREADABLE, snapshot.why, snapshot=snapshot_id)
            continue
        if snapshot.state != "completed":
            yield _refusal(RefusalKind.SNAPSHOT_STATE, snapshot=snapshot_id, state=snapshot.state)
        if snapshot.storage_tier == "archive":
            yield _refusal(RefusalKind.SNAPSHOT_ARCHIVED, snapshot=snapshot_id)
        if snapshot.encrypted and not snapshot.key_arn:
            why = because(CauseKind.KEY_NOT_NAMED)
            yield _refusal(RefusalKind.SNAPSHOT_UNREADABLE, why, snapshot=snapshot_id)


def _of_reencryptions(case: Case) -> Iterator[Refusal]:
    for image in case.needy_images:
        reencryption = case.reencryption_of(image)
        if reencryption is not None and isinstance(reencryption.key, Unreadable):
            key = case.owner_of(image).reencrypt_keys[image.region]
            yield _refusal(RefusalKind.KEY_UNREADABLE, reencryption.key.why, key=key)


def _of_keys(case: Case) -> Iterator[Refusal]:
    for arn, key in case.keys.items():
        if isinstance(key, Unreadable) and account_of(arn) not in case.holders:
            yield _refusal(RefusalKind.KEY_FOREIGN, key=arn, account=account_of(arn))
        elif isinstance(key, Unreadable):
            yield _refusal(RefusalKind.KEY_UNREADABLE, key.why, key=arn)
        elif key.manager == "AWS":
            yield _refusal(RefusalKind.AWS_MANAGED_KEY, snapshots=_snapshots_under(case, arn), key=arn)
        else:
            yield from _of_key(case, key)


def _of_key(case: Case, key: KeyFacts) -> Iterator[Refusal]:
    if key.state not in _USABLE:
        yield _refusal(RefusalKind.KEY_STATE, key=key.arn, state=key.state)
    yield from _of_expiry(case, key)
    if not _suits_ebs(key):
        yield _refusal(RefusalKind.KEY_KIND, key=key.arn, spec=key.spec, usage=key.usage)
    if account_of(key.arn) not in case.holders:
        yield _refusal(RefusalKind.KEY_FOREIGN, key=key.arn, account=account_of(key.arn))
    elif isinstance(key.policy, KeyPolicy):
        yield from _of_policy(case, key.arn, key.policy)
    else:
        yield _refusal(RefusalKind.POLICY_UNREADABLE, (key.policy or NOT_READ).why, key=key.arn)
    if isinstance(key.grants, Unreadable) and case.grantees_of(key.arn):
        yield _refusal(RefusalKind.GRANTS_UNREADABLE, key.grants.why, key=key.arn)
    for principal in sorted(key.strangers & case.auto_scalers_of(key.arn)):
        yield _refusal(RefusalKind.AUTO_SCALING_ROLE_MISSING, principal=principal, account=account_of(principal))


def _of_policy(case: Case, key: KeyArn, policy: KeyPolicy) -> Iterator[Refusal]:
    for obstacle in obstacles(policy, case.users_by_policy(key), case.administrators_of(key)):
        yield refusal_of(key, obstacle)
    for statement, principals in denied(case, key, policy, certain=True).items():
        yield _refusal(RefusalKind.POLICY_DENIES, key=key, statement=statement, principals=principals)


def refusal_of(key: KeyArn, obstacle: KeyPolicyError) -> Refusal:
    """The refusal of a change to the key's policy that KMS wouldn't store."""
    match obstacle:
        case DeletedPrincipals():
            return _refusal(RefusalKind.POLICY_DELETED_PRINCIPALS, key=key, principals=obstacle.unique_ids)
        case PolicyNotLatin1():
            return _refusal(RefusalKind.POLICY_NOT_LATIN_1, key=key, characters=obstacle.characters)
        case PolicyTooLarge():
            over = str(obstacle.size - obstacle.limit)
            return _refusal(RefusalKind.POLICY_TOO_LARGE, key=key, size=str(obstacle.size), over=over)
        case _:
            return _refusal(RefusalKind.POLICY_UNREADABLE, obstacle.why, key=key)


def denied(case: Case, key: KeyArn, policy: KeyPolicy, *, certain: bool) -> dict[str, list[KeyUser]]:
    """The statements of `policy` that certainly (or else perhaps) deny its users the key, and whom they deny it."""
    members: Iterable[KeyUser] = (organization.path for organization in case.organizations.values())
    users = sorted(frozenset(members).union(*(_acting(case, target) for target in case.served_by(key))))
    found: dict[str, list[KeyUser]] = {}
    for user in users:
        statements = {denial.statement for denial in denials(policy, user) if denial.certain is certain}
        for statement in statements:
            found.setdefault(statement, []).append(user)
    return dict(sorted(found.items()))


def _acting(case: Case, target: TargetAccount) -> frozenset[PrincipalArn]:
    """Whom the key must serve: in copy mode the role that copies, whoever else is let in; else everybody let in."""
    if case.copying:
        return frozenset({PrincipalArn(target.role.arn)})
    return case.key_users(target) | ({auto_scaling_role(root_of(target))} if case.request.auto_scaling else set())


def _of_way(case: Case, way: Way) -> Iterator[Refusal]:
    image, target = case.images[way.image_id], case.targets[way.account_id]
    if way.account_id == image.owner:
        yield _refusal(RefusalKind.TARGET_IS_SOURCE, target=target.name)
    elif _partition(target) != _partition_of(case, image):
        yield _refusal(RefusalKind.OTHER_PARTITION, target=target.name, partition=_partition(target))
    elif case.copying:
        yield from _of_copying_way(case, way)
    elif way.region != image.region:
        yield _refusal(RefusalKind.SHARED_ELSEWHERE, image=image.image_id, home=image.region, region=way.region)


def _of_organization(case: Case, organization: TargetOrganization) -> Iterator[Refusal]:
    name = organization.name
    if case.copying:
        yield _refusal(RefusalKind.ORGANIZATION_CANT_COPY, organization=name)
        return
    for image in case.images.values():
        if _partition(organization) != _partition_of(case, image):
            yield _refusal(RefusalKind.OTHER_PARTITION, target=name, partition=_partition(organization))
        elsewhere = (region for region in case.regions_of(image) if region != image.region)
        for region in elsewhere:
            yield _refusal(RefusalKind.SHARED_ELSEWHERE, image=image.image_id, home=image.region, region=region)
    if organization.snapshots is SnapshotSharing.MEMBERS:
        members = case.members_of(organization)
        if not isinstance(members, frozenset):
            why = members.why if members else because(CauseKind.NOBODY_MAY_ASK)
            yield _refusal(RefusalKind.MEMBERS_UNREADABLE, why, organization=name)


def _partition(target: TargetAccount | SourceAccount | TargetOrganization) -> str:
    """AWS itself, or one of its islands: `aws`, `aws-cn`, `aws-us-gov` (IAM, "ARN format")."""
    arn = target.arn if isinstance(target, TargetOrganization) else target.role.arn
    return arn.split(":")[1]


def _partition_of(case: Case, image: ImageFacts) -> str:
    return _partition(case.owner_of(image))


def _of_copying_way(case: Case, way: Way) -> Iterator[Refusal]:
    facts, target = case.about(way), case.targets[way.account_id]
    named_key = target.keys.get(way.region)
    if facts.role is not None:
        why = facts.role.why
        yield _refusal(RefusalKind.ROLE_NOT_ASSUMABLE, why, target=target.name, role=target.role.arn)
    yield from (_refusal(RefusalKind.TARGET_UNREADABLE, part.why, target=target.name) for part in facts.unreadable)
    if named_key is None:
        yield _refusal(RefusalKind.NO_KEY_FOR_REGION, target=target.name, region=way.region)
    elif isinstance(facts.key, Unreadable):
        yield _refusal(RefusalKind.TARGET_KEY_UNREADABLE, facts.key.why, target=target.name, key=named_key)
    elif facts.key is not None:
        yield from _of_target_key(target, facts.key)
        yield from _of_expiry(case, facts.key)
    elif facts.role is None:
        yield _refusal(RefusalKind.TARGET_KEY_UNREADABLE, NOT_READ.why, target=target.name, key=named_key)


def _of_target_key(target: TargetAccount, key: KeyFacts) -> Iterator[Refusal]:
    if key.state not in _USABLE:
        yield _refusal(RefusalKind.TARGET_KEY_STATE, target=target.name, key=key.arn, state=key.state)
    if not _suits_ebs(key):
        yield _refusal(RefusalKind.TARGET_KEY_KIND, target=target.name, key=key.arn, spec=key.spec, usage=key.usage)


def _of_expiry(case: Case, key: KeyFacts) -> Iterator[Refusal]:
    if key.valid_to is not None and case.facts.read_at is not None and key.valid_to <= case.facts.read_at:
        yield _refusal(RefusalKind.KEY_EXPIRED, key=key.arn, when=f"{key.valid_to:%Y-%m-%d}")


def _suits_ebs(key: KeyFacts) -> bool:
    """EBS takes symmetric encryption keys only (EBS user guide, "Requirements for EBS encryption")."""
    return (key.spec, key.usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")


def _snapshots_under(case: Case, key: KeyArn) -> list[str]:
    behind = [one for image in case.needy_images for one in case.snapshots_of(image).values()]
    return sorted({one.snapshot_id for one in behind if isinstance(one, SnapshotFacts) and one.key_arn == key})


def _refusal(kind: RefusalKind, why: Why = (), /, **parts: str | Iterable[str]) -> Refusal:
    return Refusal(kind, details(**parts), why)
