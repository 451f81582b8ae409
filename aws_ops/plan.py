"""Plans: what has to change at AWS so that images are usable where they were asked for.

`plan_share` is pure: the same request and facts always give the same plan, or the same refusals. The preview shows
the plan, the approval is for its digest, the apply plans again and runs only what was approved.

What a plan is made of has modules of its own, and can be had from here as well: `request`, `changes`, `refusals`,
`cautions`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from aws_ops.case import Case, Way
from aws_ops.cautions import Caution, CautionKind, cautions
from aws_ops.changes import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    Change,
    CopyImage,
    CreateKeyGrant,
    DeregisterCopy,
    Grant,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    ReuseCopy,
    RevokeKeyGrant,
    Withdrawal,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from aws_ops.details import Details
from aws_ops.entries import Entry, entries_of, grants_of, missing, withdrawals_of
from aws_ops.facts import Facts, ImageFacts, KeyFacts, SnapshotFacts, SourceAccount
from aws_ops.ids import AccountId, ImageId, KeyArn, Region
from aws_ops.key_grants import own_grantees
from aws_ops.key_policy import KeyPolicy, lacking, own_administrators
from aws_ops.refusals import Refusal, RefusalKind, nothing_to_do, refusals
from aws_ops.request import Mode, ShareRequest
from aws_ops.tags import carried_over

__all__ = [
    "AddCreateVolumePermission",
    "AddLaunchPermission",
    "AllowKeyAdministration",
    "AllowKeyUse",
    "Caution",
    "CautionKind",
    "Change",
    "CopyImage",
    "CreateKeyGrant",
    "DeregisterCopy",
    "Details",
    "Grant",
    "ImageSummary",
    "Mode",
    "Plan",
    "Refusal",
    "RefusalKind",
    "Refused",
    "RemoveCreateVolumePermission",
    "RemoveLaunchPermission",
    "ReuseCopy",
    "RevokeKeyGrant",
    "ShareRequest",
    "WithdrawKeyAdministration",
    "WithdrawKeyUse",
    "Withdrawal",
    "digest",
    "dump",
    "exceeds",
    "load",
    "plan_share",
]


@dataclass(frozen=True)
class ImageSummary:
    """What an image is, for whoever is to approve. `key_arns` are the keys its snapshots are under, if any."""

    image_id: ImageId
    owner: AccountId
    region: Region
    name: str
    created: datetime
    architecture: str
    platform_details: str
    size_gib: int
    key_arns: tuple[KeyArn, ...]


@dataclass(frozen=True)
class Plan:
    """The changes, in the order in which they show nothing before it can be used: keys, snapshots, images, copies.

    Attributes:
        images: what is shared.
        grants: all that the share rests on at the source, whether it has to be made or is there already.
        reuses: the copies that are there already, and are used instead of new ones.
    """

    mode: Mode
    images: tuple[ImageSummary, ...]
    changes: tuple[Change, ...]
    grants: tuple[Grant, ...] = ()
    reuses: tuple[ReuseCopy, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class Refused:
    """All that is wrong, at once."""

    refusals: tuple[Refusal, ...]


def plan_share(request: ShareRequest, sources: Sequence[SourceAccount], facts: Facts) -> Plan | Refused:
    """Decide what has to change so that the images are usable as requested, or say all that stands against it.

    The order in the request makes no difference. Changes name only those who lack something, so that a plan made
    after them has none. Both modes share the snapshots: who may launch an image may read what is on it anyway,
    and an image whose snapshots aren't shared can't be copied (EC2 User Guide, "How Amazon EC2 AMI copy works"). In
    share mode nothing is done as the target, so its role and its key are not asked about. A plan whose grants are all
    there already has no changes; it is a plan all the same, since somebody may take them back one day.
    """
    case = Case(request, tuple(sources), facts)
    if against := refusals(case):
        return Refused(against)
    grants = grants_of(entries_of(_grants(case)))
    changes = (*grants_of(missing(entries_of(grants), _held(case))), *_copies(case))
    if not changes and not grants:
        return Refused((nothing_to_do(case),))
    return Plan(
        mode=request.mode,
        images=tuple(_summary(case, image) for image in case.images.values()),
        changes=changes,
        grants=grants,
        reuses=tuple(case.reuses.values()),
        cautions=cautions(case),
    )


def digest(plan: Plan) -> str:
    """A fingerprint of what the plan would do, 64 hexadecimal digits; what it only says is no part of it."""
    done = _PLAN.dump_python(plan, mode="json", exclude={"images", "grants", "reuses", "cautions"})
    return hashlib.sha256(json.dumps(done, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def exceeds(plan: Plan, approved: Plan) -> tuple[Change, ...]:
    """What `plan` would do that `approved` doesn't cover; grants and withdrawals name only those not approved.

    A copy is covered by one of the same image into the same account and region under the same key: its name and its
    tags may differ, since they give nobody anything.
    """
    given = entries_of(one for one in approved.changes if isinstance(one, Grant))
    taken = entries_of(one for one in approved.changes if isinstance(one, Withdrawal))
    others = {_what_matters(one) for one in approved.changes if isinstance(one, CopyImage | DeregisterCopy)}
    grants = grants_of(entries_of(one for one in plan.changes if isinstance(one, Grant)) - given)
    withdrawals = withdrawals_of(entries_of(one for one in plan.changes if isinstance(one, Withdrawal)) - taken)
    rest = (one for one in plan.changes if isinstance(one, CopyImage | DeregisterCopy))
    return (*grants, *withdrawals, *(one for one in rest if _what_matters(one) not in others))


def _what_matters(change: CopyImage | DeregisterCopy) -> tuple[str, ...]:
    if isinstance(change, CopyImage):
        return change.kind, change.account_id, change.region, change.source_image_id, change.key_arn
    return change.kind, change.account_id, change.region, change.image_id


def dump(plan: Plan) -> str:
    """The plan as JSON, for a store; `load` reads it."""
    return _PLAN.dump_json(plan).decode()


def load(text: str) -> Plan:
    """The plan that `dump` wrote.

    Raises:
        ValueError: it isn't one, or was written by a version of the bot that planned otherwise.
    """
    return _PLAN.validate_json(text)


_PLAN = TypeAdapter(Plan)


def _summary(case: Case, image: ImageFacts) -> ImageSummary:
    snapshots = [one for one in case.snapshots_of(image).values() if isinstance(one, SnapshotFacts)]
    return ImageSummary(
        image_id=image.image_id,
        owner=image.owner,
        region=image.region,
        name=image.name,
        created=image.created,
        architecture=image.architecture,
        platform_details=image.platform_details,
        size_gib=sum(snapshot.size_gib for snapshot in snapshots),
        key_arns=case.keys_of(image),
    )


def _grants(case: Case) -> Iterator[Grant]:
    """All that has to be granted, by whomever and whenever."""
    for key in case.keys:
        yield AllowKeyUse(key, tuple(case.users_by_policy(key)))
        yield AllowKeyAdministration(key, tuple(case.administrators_of(key)))
        yield from (CreateKeyGrant(key, principal) for principal in case.grantees_of(key))
    for image in case.needy_images:
        accounts = tuple(case.accounts_for(image))
        for snapshot_id in case.snapshots_of(image):
            yield AddCreateVolumePermission(image.owner, image.region, snapshot_id, accounts)
        yield AddLaunchPermission(image.owner, image.region, image.image_id, accounts)


def _held(case: Case) -> frozenset[Entry]:
    """What AWS shows already of what may be needed."""
    return entries_of(_held_of(case))


def _held_of(case: Case) -> Iterator[Grant]:
    for arn, key in case.keys.items():
        if isinstance(key, KeyFacts) and isinstance(key.policy, KeyPolicy):
            without = set(lacking(key.policy, case.users_of(arn)))
            yield AllowKeyUse(arn, tuple(case.users_of(arn) - without))
            yield AllowKeyAdministration(arn, tuple(own_administrators(key.policy)))
        if isinstance(key, KeyFacts) and isinstance(key.grants, tuple):
            yield from (CreateKeyGrant(arn, principal) for principal in own_grantees(key.grants))
    for image in case.needy_images:
        for snapshot_id, snapshot in case.snapshots_of(image).items():
            if isinstance(snapshot, SnapshotFacts):
                accounts = tuple(snapshot.create_volume_permission)
                yield AddCreateVolumePermission(image.owner, image.region, snapshot_id, accounts)
        yield AddLaunchPermission(image.owner, image.region, image.image_id, tuple(image.launch_permission))


def _copies(case: Case) -> Iterator[CopyImage]:
    for way in case.needy if case.copying else ():
        if key := case.key_for(way):
            yield _copy_for(case, way, key)


def _copy_for(case: Case, way: Way, key: KeyFacts) -> CopyImage:
    image = case.images[way.image_id]
    return CopyImage(
        account_id=way.account_id,
        region=way.region,
        source_image_id=image.image_id,
        source_region=image.region,
        name=case.names[way],
        description=image.description or f"Copy of {image.image_id} of account {image.owner}",
        key_arn=key.arn,
        source_key_arns=case.keys_of(image),
        tags=carried_over(image.tags).kept,
    )
