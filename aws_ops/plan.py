"""Plans: what has to change at AWS so that images are usable where they were asked for.

`plan_share` is pure: the same request and facts always give the same plan, or the same refusals. The preview shows
the plan, the approval is for its digest, the apply plans again and runs only what was approved.

What a plan is made of has modules of its own, and can be had from here as well: `request`, `changes`, `refusals`,
`cautions`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from aws_ops.case import Case, Way
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
from aws_ops.facts import Facts, ImageFacts, KeyFacts, SnapshotFacts, SourceAccount
from aws_ops.ids import AccountId, ImageId, KeyArn, Region
from aws_ops.key_policy import KeyPolicy, lacking
from aws_ops.refusals import Refusal, RefusalKind, nothing_to_do, refusals
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
    share mode nothing is done as the target, so its role and its key are not asked about.
    """
    case = Case(request, tuple(sources), facts)
    if against := refusals(case):
        return Refused(against)
    grants = tuple(_grants(case))
    changes = (*(change for grant in grants if (change := _missing(case, grant))), *_copies(case))
    if not changes:
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
    """All that has to be granted, by whomever and whenever: keys first, the images last."""
    for key in case.keys:
        yield AllowKeyUse(key, tuple(sorted(case.users_of(key))))
    snapshots = {one: image for image in case.needy_images for one in case.snapshots_of(image)}
    for snapshot_id, image in sorted(snapshots.items(), key=lambda pair: pair[0]):
        sharing = (other for other in case.needy_images if snapshot_id in case.snapshots_of(other))
        accounts = frozenset(account for other in sharing for account in case.accounts_for(other))
        yield AddCreateVolumePermission(image.owner, image.region, snapshot_id, tuple(sorted(accounts)))
    for image in case.needy_images:
        yield AddLaunchPermission(image.owner, image.region, image.image_id, tuple(sorted(case.accounts_for(image))))


def _missing(case: Case, grant: Grant) -> Grant | None:
    """What of `grant` AWS doesn't show yet; None if nothing."""
    match grant:
        case AllowKeyUse():
            key = case.keys[grant.key_arn]
            policy = key.policy if isinstance(key, KeyFacts) else None
            principals = lacking(policy, grant.principals) if isinstance(policy, KeyPolicy) else grant.principals
            return replace(grant, principals=principals) if principals else None
        case AddCreateVolumePermission():
            snapshot = case.facts.snapshots[grant.snapshot_id]
            held = snapshot.create_volume_permission if isinstance(snapshot, SnapshotFacts) else frozenset()
            accounts = _without(grant.accounts, held)
            return replace(grant, accounts=accounts) if accounts else None
        case AddLaunchPermission():
            accounts = _without(grant.accounts, case.images[grant.image_id].launch_permission)
            return replace(grant, accounts=accounts) if accounts else None


def _without(accounts: tuple[AccountId, ...], held: frozenset[AccountId]) -> tuple[AccountId, ...]:
    return tuple(account for account in accounts if account not in held)


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
