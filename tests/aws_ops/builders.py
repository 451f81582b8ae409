"""Accounts, images, keys and facts with sensible defaults, so that a test names only what matters to it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_ops.causes import CauseKind, because
from aws_ops.cautions import Caution
from aws_ops.changes import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    Change,
    CopyImage,
    CreateKeyGrant,
    DeregisterCopy,
    PutImageParameter,
    ReencryptImage,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    ShareReencrypted,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from aws_ops.entries import Entry, On, entries_of, on_image, on_key, on_snapshot
from aws_ops.facts import (
    Device,
    ExistingCopy,
    Facts,
    ImageFacts,
    ImageParameter,
    KeyFacts,
    Role,
    SnapshotFacts,
    SnapshotSharing,
    SourceAccount,
    TargetAccount,
    TargetFacts,
    TargetOrganization,
)
from aws_ops.held import Held
from aws_ops.ids import (
    AccountId,
    ImageId,
    KeyArn,
    OrganizationArn,
    OrganizationPath,
    PrincipalArn,
    Region,
    RoleArn,
    SnapshotId,
    is_organization_arn,
    parse_key_user,
)
from aws_ops.key_grants import KeyGrant, grant_name, grants_for, operations_for, own_grantees
from aws_ops.key_policy import (
    KeyPolicy,
    allow_administration,
    allow_use,
    lacking,
    own_administrators,
    own_users,
    parse,
    withdraw_administration,
    withdraw_use,
)
from aws_ops.refusals import Refusal
from aws_ops.request import Mode, ShareRequest

REGION = Region("eu-central-1")
GOLDEN = AccountId("111111111111")
STAGING = AccountId("222222222222")
PROD = AccountId("333333333333")
MANAGEMENT = AccountId("777777777777")
STRANGER = AccountId("999999999999")
IMAGE = ImageId("ami-0123456789abcdef0")
SNAPSHOT = SnapshotId("snap-0123456789abcdef0")


def a_role(account: AccountId) -> Role:
    return Role(RoleArn(f"arn:aws:iam::{account}:role/ami-share"), account, external_id="apples")


def a_principal(account: AccountId, name: str = "role/ami-share") -> PrincipalArn:
    return PrincipalArn(f"arn:aws:iam::{account}:{name}")


def a_key_arn(account: AccountId, name: str = "main") -> KeyArn:
    return KeyArn(f"arn:aws:kms:{REGION}:{account}:key/{name}")


def a_source() -> SourceAccount:
    return SourceAccount("golden", a_role(GOLDEN), (REGION,))


def a_target(account: AccountId = STAGING, **changes: Any) -> TargetAccount:
    name = {STAGING: "staging", PROD: "prod"}.get(account, f"account {account}")
    target = TargetAccount(
        name, a_role(account), keys={REGION: "alias/ami"}, key_principals=(a_principal(account, "root"),)
    )
    return replace(target, **changes)


def a_request(*targets: TargetAccount, mode: Mode = Mode.COPY) -> ShareRequest:
    return ShareRequest((IMAGE,), mode, targets or (a_target(),))


def a_policy(*statements: dict[str, Any]) -> KeyPolicy:
    """A key policy that hands the key to its account's administrators, and says `statements` besides."""
    administrators = {
        "Sid": "Enable IAM policies",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{GOLDEN}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return parse(json.dumps({"Version": "2012-10-17", "Statement": [administrators, *statements]}))


def a_denial(**changes: Any) -> dict[str, Any]:
    return {
        "Sid": "No strangers",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
    } | changes


def an_image(**changes: Any) -> ImageFacts:
    image = ImageFacts(
        image_id=IMAGE,
        owner=GOLDEN,
        region=REGION,
        name="golden 2026-11-23",
        description="Golden image",
        state="available",
        state_reason="",
        created=datetime(2026, 11, 23, tzinfo=UTC),
        architecture="x86_64",
        platform_details="Linux/UNIX",
        usage_operation="RunInstances",
        root_device_type="ebs",
        product_codes=(),
        tags={"team": "platform"},
        devices=(Device("/dev/xvda", SNAPSHOT),),
        launch_permission=frozenset(),
    )
    return replace(image, **changes)


def a_snapshot(snapshot_id: SnapshotId = SNAPSHOT, **changes: Any) -> SnapshotFacts:
    key_arn = changes.get("key_arn", a_key_arn(GOLDEN))
    snapshot = SnapshotFacts(
        snapshot_id=snapshot_id,
        owner=GOLDEN,
        state="completed",
        size_gib=8,
        storage_tier="standard",
        encrypted=key_arn is not None,
        key_arn=key_arn,
        create_volume_permission=frozenset(),
    )
    return replace(snapshot, **changes)


def a_key(arn: KeyArn | None = None, **changes: Any) -> KeyFacts:
    key = KeyFacts(
        arn=arn or a_key_arn(GOLDEN),
        manager="CUSTOMER",
        state="Enabled",
        spec="SYMMETRIC_DEFAULT",
        usage="ENCRYPT_DECRYPT",
        policy=a_policy(),
        grants=(),
    )
    return replace(key, **changes)


def a_grant(principal: PrincipalArn, **changes: Any) -> KeyGrant:
    """The bot's own grant for the principal."""
    grant = KeyGrant(
        grant_id=f"id of {grant_name(principal)}",
        name=grant_name(principal),
        grantee=principal,
        operations=frozenset(operations_for(principal)),
    )
    return replace(grant, **changes)


def target_facts(account: AccountId = STAGING, **changes: Any) -> TargetFacts:
    return replace(TargetFacts(account, REGION, role=None, key=a_key(a_key_arn(account), policy=None)), **changes)


def some_facts(
    image: Any = None,
    snapshots: Iterable[SnapshotFacts] | None = None,
    keys: Iterable[KeyFacts] | None = None,
    targets: Iterable[TargetFacts] | None = None,
) -> Facts:
    """An image (or several) with one snapshot under the golden account's key, and both targets in good order."""
    snapshots = [a_snapshot()] if snapshots is None else snapshots
    keys = [a_key()] if keys is None else keys
    found = image if isinstance(image, list) else [an_image() if image is None else image]
    targets = [target_facts(STAGING), target_facts(PROD)] if targets is None else targets
    return Facts(
        images={one.image_id if isinstance(one, ImageFacts) else IMAGE: one for one in found},
        snapshots={snapshot.snapshot_id: snapshot for snapshot in snapshots},
        keys={key.arn: key for key in keys},
        targets={(target.account_id, target.region): target for target in targets},
    )


_EDITS: dict[type[Any], Callable[[KeyPolicy, Iterable[Any]], KeyPolicy]] = {
    AllowKeyUse: allow_use,
    WithdrawKeyUse: withdraw_use,
    AllowKeyAdministration: allow_administration,
    WithdrawKeyAdministration: withdraw_administration,
}


def after(change: Change, facts: Facts) -> Facts:
    """The facts as they would be read once `change` was made."""
    match change:
        case AllowKeyUse() | WithdrawKeyUse() | AllowKeyAdministration() | WithdrawKeyAdministration():
            key = facts.keys[change.key_arn]
            named = [parse_key_user(entry.grantee) for entry in entries_of([change])]
            edited = replace(key, policy=_EDITS[type(change)](key.policy, named))
            return replace(facts, keys={**facts.keys, change.key_arn: edited})
        case CreateKeyGrant() | RevokeKeyGrant():
            key = facts.keys[change.key_arn]
            rest = tuple(grant for grant in key.grants if grant not in grants_for(key.grants, change.principal))
            made = (a_grant(change.principal),) if isinstance(change, CreateKeyGrant) else ()
            return replace(facts, keys={**facts.keys, change.key_arn: replace(key, grants=(*rest, *made))})
        case AddCreateVolumePermission() | RemoveCreateVolumePermission():
            snapshot = facts.snapshots[change.snapshot_id]
            gives = isinstance(change, AddCreateVolumePermission)
            shared = replace(
                snapshot, create_volume_permission=_changed(snapshot.create_volume_permission, change.accounts, gives)
            )
            return replace(facts, snapshots={**facts.snapshots, change.snapshot_id: shared})
        case AddLaunchPermission() | RemoveLaunchPermission():
            image = next(one for one in facts.images.values() if one.image_id == change.image_id)
            gives = isinstance(change, AddLaunchPermission)
            shared = replace(
                image,
                launch_permission=_changed(image.launch_permission, change.accounts, gives),
                launch_groups=_changed(image.launch_groups, change.organizations, gives),
            )
            return replace(facts, images={**facts.images, image.asked_as: shared})
        case ReencryptImage():
            return _after_reencryption(change, facts)
        case ShareReencrypted():
            product = facts.images[change.source_image_id]
            for snapshot_id in {device.snapshot_id for device in product.devices if device.snapshot_id}:
                readers = AddCreateVolumePermission(product.owner, product.region, snapshot_id, change.readers)
                facts = after(readers, facts)
            accounts = tuple(one for one in change.launchers if not is_organization_arn(one))
            organizations = tuple(filter(is_organization_arn, change.launchers))
            launches = AddLaunchPermission(product.owner, product.region, product.image_id, accounts, organizations)
            return after(launches, facts)
        case CopyImage():
            place = change.account_id, change.region
            target = facts.targets[place]
            [source_id] = {
                one.image_id for one in facts.images.values() if change.source_image_id in (one.image_id, one.asked_as)
            }
            copy = ExistingCopy(source_id, _copy_of(*place, source_id), "available", frozenset({change.key_arn}))
            there = replace(target, copies=(*target.copies, copy), names_taken=target.names_taken | {change.name})
            return replace(facts, targets={**facts.targets, place: there})
        case PutImageParameter():
            place = change.account_id, change.region
            target = facts.targets[place]
            origin = facts.images[change.source_image_id].origin
            ids = {origin.image_id, facts.images[change.source_image_id].image_id}
            [copy, *_] = (one for one in target.copies if one.source_image_id in ids)
            before = target.parameters.get(change.parameter, ImageParameter(None))
            kept = before.is_newer_than(origin.created)
            now = before if kept else ImageParameter(copy.image_id, origin.created)
            there = replace(target, parameters={**target.parameters, change.parameter: now})
            return replace(facts, targets={**facts.targets, place: there})
        case DeregisterCopy():
            raise NotImplementedError("no share deregisters anything")


def _after_reencryption(change: ReencryptImage, facts: Facts) -> Facts:
    """The re-encrypted copy stands for the image, and nobody else has any of it yet."""
    image = facts.images[change.source_image_id]
    snapshots = {
        device.snapshot_id: replace(
            facts.snapshots[device.snapshot_id],
            snapshot_id=SnapshotId(f"snap-of-copy-{device.snapshot_id}-{image.image_id}"),
            encrypted=True,
            key_arn=change.key_arn,
            create_volume_permission=frozenset(),
        )
        for device in image.devices
    }
    product = replace(
        image,
        image_id=_copy_of(image.owner, image.region, image.image_id),
        name=change.name,
        created=image.created + timedelta(days=30),
        deprecation_time=None,
        deregistration_protection="disabled",
        tags=dict(change.tags),
        devices=tuple(replace(one, snapshot_id=snapshots[one.snapshot_id].snapshot_id) for one in image.devices),
        launch_permission=frozenset(),
        launch_groups=frozenset(),
        stands_for=image,
    )
    return replace(
        facts,
        images={**facts.images, image.image_id: product},
        snapshots=facts.snapshots | {one.snapshot_id: one for one in snapshots.values()},
        reencryptions={one: what for one, what in facts.reencryptions.items() if one != image.image_id},
    )


def _copy_of(account: AccountId, region: Region, image_id: ImageId) -> ImageId:
    return ImageId(f"ami-copy-{account}-{region}-{image_id}")


def _changed(before: frozenset[Any], listed: Iterable[str], gives: bool) -> frozenset[Any]:
    return before | set(listed) if gives else before - set(listed)


def a_unit(**changes: Any) -> TargetOrganization:
    """An OU whose snapshots are shared with its members."""
    unit = TargetOrganization(
        "workloads",
        OrganizationArn(f"arn:aws:organizations::{MANAGEMENT}:ou/o-exampleorg1/ou-exam-12345678"),
        OrganizationPath("o-exampleorg1/r-exam/ou-exam-12345678/*"),
        a_role(MANAGEMENT),
        SnapshotSharing.MEMBERS,
    )
    return replace(unit, **changes)


def an_organization(**changes: Any) -> TargetOrganization:
    """An organization that nobody may ask for its members."""
    organization = TargetOrganization(
        "whole-org",
        OrganizationArn(f"arn:aws:organizations::{MANAGEMENT}:organization/o-exampleorg1"),
        OrganizationPath("o-exampleorg1"),
    )
    return replace(organization, **changes)


def held_in(facts: Facts) -> Held:
    """What would be read of the lists that the facts show."""
    policies = {arn: key.policy for arn, key in facts.keys.items() if isinstance(key.policy, KeyPolicy)}
    entries: frozenset[Entry] = frozenset()
    partial: frozenset[Entry] = frozenset()
    for arn, policy in policies.items():
        named = own_users(policy)
        half = frozenset(lacking(policy, named))
        entries |= on_key(arn, named - half)
        partial |= on_key(arn, half)
        entries |= on_key(arn, own_administrators(policy), On.ADMINISTRATION)
        entries |= on_key(arn, own_grantees(facts.keys[arn].grants), On.GRANT)
    for one in facts.snapshots.values():
        entries |= on_snapshot(GOLDEN, REGION, one.snapshot_id, one.create_volume_permission)
    for image in facts.images.values():
        entries |= on_image(GOLDEN, REGION, image.image_id, image.launch_permission | image.launch_organizations)
    groups = {image.image_id: image.launch_groups for image in facts.images.values()}
    return Held(entries, partial, policies, groups)


NO_ENTRY = because(CauseKind.REFUSED, operation="DescribeImages", code="UnauthorizedOperation", said="no entry")
"""Why something couldn't be read."""


def told(of: Refusal | Caution) -> dict[str, Any]:
    """The details of it, and why it is so."""
    return dict(of.details) | ({"why": of.why} if of.why else {})
