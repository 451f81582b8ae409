"""Plans: what has to change at AWS so that an image is usable where it was asked for.

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

from aws_ops.case import Case
from aws_ops.cautions import Caution, CautionKind, cautions
from aws_ops.changes import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    Change,
    CopyImage,
    Grant,
    ReuseCopy,
    beyond,
)
from aws_ops.details import Details
from aws_ops.facts import Facts, ImageNotFound, KeyFacts, SnapshotFacts, SourceAccount, TargetAccount
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region
from aws_ops.key_policy import KeyPolicy, lacking
from aws_ops.names import copy_name
from aws_ops.refusals import Refusal, RefusalKind, absence, all_served, nothing_to_do, refusals
from aws_ops.request import Mode, ShareRequest
from aws_ops.tags import carried_over

__all__ = [
    "AddCreateVolumePermission",
    "AddLaunchPermission",
    "AllowKeyUse",
    "Caution",
    "CautionKind",
    "Change",
    "CopyImage",
    "Details",
    "Grant",
    "ImageSummary",
    "Mode",
    "Plan",
    "Refusal",
    "RefusalKind",
    "Refused",
    "ReuseCopy",
    "ShareRequest",
    "digest",
    "dump",
    "exceeds",
    "load",
    "plan_share",
]


@dataclass(frozen=True)
class ImageSummary:
    """What the image is, for whoever is to approve. `key_arns` are the keys its snapshots are under, if any."""

    name: str
    created: datetime
    architecture: str
    platform_details: str
    size_gib: int
    key_arns: tuple[KeyArn, ...]


@dataclass(frozen=True)
class Plan:
    """The changes, in the order in which they show nothing before it can be used: keys, snapshots, image, copies."""

    image_id: ImageId
    owner: AccountId
    region: Region
    mode: Mode
    image: ImageSummary
    changes: tuple[Change, ...]
    reuses: tuple[ReuseCopy, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class Refused:
    """All that is wrong, at once."""

    refusals: tuple[Refusal, ...]


def plan_share(request: ShareRequest, sources: Sequence[SourceAccount], facts: Facts) -> Plan | Refused:
    """Decide what has to change so that the image is usable as requested, or say all that stands against it.

    The order of the request's targets makes no difference. Grants name only those who lack them, so that a plan made
    after the grants has none. Both modes share the snapshots: who may launch an image may read what is on it anyway,
    and an image whose snapshots aren't shared can't be copied (EC2 User Guide, "How Amazon EC2 AMI copy works"). In
    share mode nothing is done as the target, so its role and its key are not asked about.
    """
    if isinstance(facts.image, ImageNotFound):
        return Refused(tuple(absence(request.image_id, facts.image)))
    case = Case(request, tuple(sources), facts, facts.image)
    if served := all_served(case):
        return Refused((served,))
    if against := refusals(case):
        return Refused(against)
    changes = (*_grants(case), *_copies(case))
    if not changes:
        return Refused((nothing_to_do(request.image_id, have=()),))
    return Plan(
        image_id=case.image.image_id,
        owner=case.image.owner,
        region=case.image.region,
        mode=request.mode,
        image=_summary(case),
        changes=changes,
        reuses=tuple(case.reuses.values()),
        cautions=cautions(case),
    )


def digest(plan: Plan) -> str:
    """A fingerprint of what the plan would do, 64 hexadecimal digits; what it only says is no part of it."""
    done = _PLAN.dump_python(plan, mode="json", exclude={"image", "reuses", "cautions"})
    return hashlib.sha256(json.dumps(done, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def exceeds(plan: Plan, approved: Plan) -> tuple[Change, ...]:
    """What `plan` would do that `approved` doesn't cover; a grant names only those who weren't approved.

    A copy is covered by one of the same image into the same account and region under the same key: its name and its
    tags may differ, since they give nobody anything.
    """
    rest = (beyond(change, approved.changes) for change in plan.changes)
    return tuple(change for change in rest if change is not None)


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


def _summary(case: Case) -> ImageSummary:
    image = case.image
    snapshots = [one for one in case.snapshots.values() if isinstance(one, SnapshotFacts)]
    return ImageSummary(
        name=image.name,
        created=image.created,
        architecture=image.architecture,
        platform_details=image.platform_details,
        size_gib=sum(snapshot.size_gib for snapshot in snapshots),
        key_arns=tuple(case.keys),
    )


def _grants(case: Case) -> Iterator[Grant]:
    accounts = frozenset(target.role.account_id for target in case.needy)
    users = frozenset[PrincipalArn]().union(*(case.key_users(target) for target in case.needy))
    for arn, key in case.keys.items():
        policy = key.policy if isinstance(key, KeyFacts) else None
        if isinstance(policy, KeyPolicy) and (principals := lacking(policy, users)):
            yield AllowKeyUse(arn, principals)
    for snapshot_id, snapshot in case.snapshots.items():
        held = snapshot.create_volume_permission if isinstance(snapshot, SnapshotFacts) else frozenset()
        if without := _sorted(accounts - held):
            yield AddCreateVolumePermission(snapshot_id, without)
    if without := _sorted(accounts - case.image.launch_permission):
        yield AddLaunchPermission(case.image.image_id, without)


def _sorted(accounts: frozenset[AccountId]) -> tuple[AccountId, ...]:
    return tuple(sorted(accounts))


def _copies(case: Case) -> Iterator[CopyImage]:
    for target in case.needy if case.copying else ():
        if key := case.key_for(target):
            yield _copy_for(case, target, key)


def _copy_for(case: Case, target: TargetAccount, key: KeyFacts) -> CopyImage:
    image = case.image
    return CopyImage(
        account_id=target.role.account_id,
        region=image.region,
        source_image_id=image.image_id,
        source_region=image.region,
        name=copy_name(image.name, image.image_id, case.about(target).names_taken),
        description=image.description or f"Copy of {image.image_id} of account {image.owner}",
        key_arn=key.arn,
        source_key_arns=tuple(case.keys),
        tags=carried_over(image.tags).kept,
    )
