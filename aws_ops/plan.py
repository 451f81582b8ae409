"""Plans: what has to change at AWS so that images are usable where they were asked for.

`plan_share` is pure: the same request and facts always give the same plan, or the same refusals. The preview shows
the plan, the approval is for its digest, the apply plans again and runs only what was approved.

What a plan is made of has modules of its own, and can be had from here as well: `request`, `changes`, `refusals`,
`cautions`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
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
    PutImageParameter,
    ReencryptImage,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    ReuseCopy,
    RevokeKeyGrant,
    ShareReencrypted,
    Withdrawal,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from aws_ops.details import Details
from aws_ops.entries import (
    Entry,
    On,
    entries_of,
    grants_of,
    missing,
    on_image,
    on_key,
    on_snapshot,
    withdrawals_of,
)
from aws_ops.facts import Facts, ImageFacts, ImageParameter, KeyFacts, SnapshotFacts, SourceAccount
from aws_ops.ids import AccountId, ImageId, KeyArn, Region, SnapshotId
from aws_ops.key_grants import own_grantees
from aws_ops.key_policy import (
    KeyPolicy,
    allow_administration,
    allow_use,
    lacking,
    own_administrators,
    with_own_statements_alone,
    withdraw_administration,
    withdraw_use,
)
from aws_ops.names import copy_name
from aws_ops.refusals import Refusal, RefusalKind, nothing_to_do, refusals
from aws_ops.request import Carried, Mode, ShareRequest
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
    "PolicyBefore",
    "PutImageParameter",
    "Readers",
    "ReencryptImage",
    "Refusal",
    "RefusalKind",
    "Refused",
    "RemoveCreateVolumePermission",
    "RemoveLaunchPermission",
    "ReuseCopy",
    "RevokeKeyGrant",
    "ShareReencrypted",
    "ShareRequest",
    "WithdrawKeyAdministration",
    "WithdrawKeyUse",
    "Withdrawal",
    "digest",
    "dump",
    "exceeds",
    "load",
    "plan_share",
    "policies_after",
    "policies_before",
]


@dataclass(frozen=True)
class ImageSummary:
    """What an image is, for whoever is to approve.

    Attributes:
        name, created: of the image that was asked for.
        key_arns: the keys its snapshots are under, if any.
        stands_for: the image that was asked for, if this is its re-encrypted copy.
    """

    image_id: ImageId
    owner: AccountId
    region: Region
    name: str
    created: datetime
    architecture: str
    platform_details: str
    size_gib: int
    key_arns: tuple[KeyArn, ...]
    snapshot_ids: tuple[SnapshotId, ...] = ()
    stands_for: ImageId | None = None

    @property
    def asked_as(self) -> ImageId:
        """The id under which people asked for it."""
        return self.stands_for or self.image_id


@dataclass(frozen=True)
class PolicyBefore:
    """The bot's own statements in the policy of a key that a plan changes, as they were when it was made."""

    key_arn: KeyArn
    own: KeyPolicy


@dataclass(frozen=True)
class Readers:
    """All the volume permissions that a share with organizations rests on, once they are as their members are now."""

    share: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Plan:
    """The changes, in the order in which they show nothing before it can be used: keys, snapshots, images, copies.

    Attributes:
        images: what is shared.
        grants: all that the share rests on at the source, whether it has to be made or is there already.
        reuses: the copies that are there already, and are used instead of new ones.
        gone: what was given and AWS doesn't hold any more: somebody else took it away.
        policies: what the changes of key policies start from, to be shown; nothing rests on it.
        left: what is to be taken back and can't be; `obstacles` are why.
        readers: of an audit, what shares rest on whose organizations' members have changed.
    """

    mode: Mode
    images: tuple[ImageSummary, ...]
    changes: tuple[Change, ...]
    grants: tuple[Grant, ...] = ()
    reuses: tuple[ReuseCopy, ...] = ()
    cautions: tuple[Caution, ...] = ()
    gone: tuple[Entry, ...] = ()
    policies: tuple[PolicyBefore, ...] = ()
    left: tuple[Entry, ...] = ()
    obstacles: tuple[Refusal, ...] = ()
    readers: tuple[Readers, ...] = ()


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
    needed = _needed(case)
    grants = grants_of(needed)
    changes = (
        *_reencryptions(case),
        *grants_of(missing(needed, _held(case))),
        *_shares_of_reencrypted(case),
        *_copies(case),
        *_parameters(case),
    )
    if not changes and not grants:
        return Refused(tuple(nothing_to_do(case)))
    return Plan(
        mode=request.mode,
        images=tuple(_summary(case, image) for image in case.images.values()),
        changes=changes,
        grants=grants,
        reuses=tuple(case.reuses.values()),
        cautions=cautions(case),
        policies=policies_before(changes, _policies(case)),
    )


def policies_before(changes: Iterable[Change], policies: Mapping[KeyArn, KeyPolicy]) -> tuple[PolicyBefore, ...]:
    """Return what of the keys' `policies` the changes start from, for those that they change."""
    keys = dict.fromkeys(change.key_arn for change in changes if isinstance(change, _OfPolicy))
    return tuple(PolicyBefore(key, with_own_statements_alone(policies[key])) for key in keys if key in policies)


def policies_after(plan: Plan) -> dict[KeyArn, tuple[KeyPolicy, KeyPolicy]]:
    """Return the bot's own statements for each key whose policy the plan changes, before and after.

    A plan that was stored by a version of the bot which didn't note them counts as if there had been none.
    """
    before = {one.key_arn: one.own for one in plan.policies}
    found: dict[KeyArn, tuple[KeyPolicy, KeyPolicy]] = {}
    for change in plan.changes:
        if isinstance(change, _OfPolicy):
            first, last = found.get(change.key_arn, (before.get(change.key_arn, _NO_STATEMENTS),) * 2)
            found[change.key_arn] = first, _carried_out(change, last)
    return found


_OfPolicy = AllowKeyUse | AllowKeyAdministration | WithdrawKeyUse | WithdrawKeyAdministration
_NO_STATEMENTS = KeyPolicy('{"Version":"2012-10-17","Statement":[]}')


def _carried_out(change: _OfPolicy, policy: KeyPolicy) -> KeyPolicy:
    match change:
        case AllowKeyUse():
            return allow_use(policy, change.users)
        case AllowKeyAdministration():
            return allow_administration(policy, change.principals)
        case WithdrawKeyUse():
            return withdraw_use(policy, change.users)
        case WithdrawKeyAdministration():
            return withdraw_administration(policy, change.principals)


def digest(plan: Plan) -> str:
    """A fingerprint of what the plan would do, 64 hexadecimal digits; what it only says is no part of it."""
    said = {"images", "grants", "reuses", "cautions", "gone", "policies", "left", "obstacles", "readers"}
    done = _PLAN.dump_python(plan, mode="json", exclude=said)
    return hashlib.sha256(json.dumps(done, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def exceeds(plan: Plan, approved: Plan) -> tuple[Change, ...]:
    """What `plan` would do that `approved` doesn't cover; grants and withdrawals name only those not approved.

    A copy is covered by one of the same image into the same account and region under the same key: its name and its
    tags may differ, since they give nobody anything.
    """
    stand_ins = _stand_ins(plan)
    promised = {promise for one in approved.changes if isinstance(one, ShareReencrypted) for promise in _promises(one)}
    given = entries_of(one for one in approved.changes if isinstance(one, Grant))
    taken = entries_of(one for one in approved.changes if isinstance(one, Withdrawal))
    gives = entries_of(one for one in plan.changes if isinstance(one, Grant)) - given
    takes = entries_of(one for one in plan.changes if isinstance(one, Withdrawal)) - taken
    return (
        *grants_of({entry for entry in gives if _as_promise(entry, stand_ins) not in promised}),
        *withdrawals_of(takes),
        *_deeds_beyond(plan, approved),
    )


def _deeds_beyond(plan: Plan, approved: Plan) -> Iterator[Change]:
    """What neither gives nor takes entries."""
    covered = {matter for one in approved.changes for matter in _matters(one, _stand_ins(approved))}
    for one in plan.changes:
        if not set(_matters(one, _stand_ins(plan))) <= covered:
            yield _to_others(one, covered) if isinstance(one, ShareReencrypted) else one


def _to_others(change: ShareReencrypted, covered: Set[tuple[str, ...]]) -> ShareReencrypted:
    """The promise to those alone whom what is `covered` doesn't name."""
    on_image_of, on_snapshot_of = ((change.kind, on, change.source_image_id) for on in (On.IMAGE, On.SNAPSHOT))
    return replace(
        change,
        launchers=tuple(one for one in change.launchers if (*on_image_of, one) not in covered),
        readers=tuple(one for one in change.readers if (*on_snapshot_of, one) not in covered),
    )


def _matters(change: Change, stand_ins: Mapping[str, ImageId]) -> tuple[tuple[str, ...], ...]:
    """What must have been approved of a deed; a re-encrypted copy counts as the image that it stands for."""
    match change:
        case CopyImage():
            asked = stand_ins.get(change.source_image_id, change.source_image_id)
            return ((change.kind, change.account_id, change.region, asked, change.key_arn),)
        case PutImageParameter():
            return ((change.kind, change.account_id, change.region, change.source_image_id, change.parameter),)
        case DeregisterCopy():
            return ((change.kind, change.account_id, change.region, change.image_id),)
        case ReencryptImage():
            return ((change.kind, change.owner, change.region, change.source_image_id, change.key_arn),)
        case ShareReencrypted():
            return tuple((change.kind, *promise) for promise in _promises(change))
        case _:
            return ()


def _promises(change: ShareReencrypted) -> Iterator[tuple[str, ...]]:
    """What is given on the re-encrypted copy of an image, and what on its snapshots, one grantee at a time."""
    yield from ((On.IMAGE, change.source_image_id, launcher) for launcher in change.launchers)
    yield from ((On.SNAPSHOT, change.source_image_id, reader) for reader in change.readers)


def _as_promise(entry: Entry, stand_ins: Mapping[str, ImageId]) -> tuple[str, ...]:
    return entry.on, stand_ins.get(entry.resource, ""), entry.grantee


def _stand_ins(plan: Plan) -> dict[str, ImageId]:
    """The re-encrypted copies and their snapshots, each with the image that was asked for."""
    return {
        resource: image.stands_for
        for image in plan.images
        if image.stands_for
        for resource in (image.image_id, *image.snapshot_ids)
    }


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
        name=image.origin.name,
        created=image.origin.created,
        architecture=image.architecture,
        platform_details=image.platform_details,
        size_gib=sum(snapshot.size_gib for snapshot in snapshots),
        key_arns=case.keys_of(image),
        snapshot_ids=tuple(case.snapshots_of(image)),
        stands_for=image.asked_as if image.stands_for else None,
    )


def _reencryptions(case: Case) -> Iterator[ReencryptImage]:
    for image in case.needy_images:
        reencryption = case.reencryption_of(image)
        if reencryption is not None and isinstance(reencryption.key, KeyFacts):
            yield ReencryptImage(
                owner=image.owner,
                region=image.region,
                source_image_id=image.image_id,
                name=copy_name(image.name, image.image_id, reencryption.names_taken | {image.name}),
                description=image.description or f"Re-encrypted copy of {image.image_id}",
                key_arn=reencryption.key.arn,
                tags=carried_over(image.tags).kept,
                imds_support=image.imds_support,
            )


def _shares_of_reencrypted(case: Case) -> Iterator[ShareReencrypted]:
    for image in case.needy_images:
        if case.reencryption_of(image) is not None:
            launchers, readers = sorted(case.launchers_of(image)), sorted(case.readers_of(image))
            yield ShareReencrypted(image.image_id, launchers=tuple(launchers), readers=tuple(readers))


def _needed(case: Case) -> frozenset[Entry]:
    """All that has to be there, by whomever and whenever it was granted."""
    keys = (
        on_key(key, case.users_by_policy(key))
        | on_key(key, case.administrators_of(key), On.ADMINISTRATION)
        | on_key(key, case.grantees_of(key), On.GRANT)
        for key in case.keys
    )
    # What a re-encrypted copy needs isn't known before it is there.
    images = (image for image in case.needy_images if case.reencryption_of(image) is None)
    return frozenset[Entry]().union(*keys, *(_needed_of(case, image) for image in images))


def _needed_of(case: Case, image: ImageFacts) -> frozenset[Entry]:
    readers = case.readers_of(image)
    snapshots = (on_snapshot(image.owner, image.region, one, readers) for one in case.snapshots_of(image))
    return on_image(image.owner, image.region, image.image_id, case.launchers_of(image)).union(*snapshots)


def _held(case: Case) -> frozenset[Entry]:
    """What AWS shows already of what may be needed."""
    return frozenset[Entry]().union(*_held_of(case))


def _held_of(case: Case) -> Iterator[frozenset[Entry]]:
    for arn, key in case.keys.items():
        if isinstance(key, KeyFacts) and isinstance(key.policy, KeyPolicy):
            yield on_key(arn, case.users_of(arn) - set(lacking(key.policy, case.users_of(arn))))
            yield on_key(arn, own_administrators(key.policy), On.ADMINISTRATION)
        if isinstance(key, KeyFacts) and isinstance(key.grants, tuple):
            yield on_key(arn, own_grantees(key.grants), On.GRANT)
    for image in case.needy_images:
        for snapshot_id, snapshot in case.snapshots_of(image).items():
            if isinstance(snapshot, SnapshotFacts):
                yield on_snapshot(image.owner, image.region, snapshot_id, snapshot.create_volume_permission)
        launchers = image.launch_permission | image.launch_organizations
        yield on_image(image.owner, image.region, image.image_id, launchers)


def _policies(case: Case) -> dict[KeyArn, KeyPolicy]:
    """The key policies that could be read."""
    read = {arn: key.policy for arn, key in case.keys.items() if isinstance(key, KeyFacts)}
    return {arn: policy for arn, policy in read.items() if isinstance(policy, KeyPolicy)}


def _copies(case: Case) -> Iterator[CopyImage]:
    for way in case.needy if case.copying else ():
        if key := case.key_for(way):
            yield _copy_for(case, way, key)


def _copy_for(case: Case, way: Way, key: KeyFacts) -> CopyImage:
    image = case.images[way.image_id]
    origin = image.origin
    return CopyImage(
        account_id=way.account_id,
        region=way.region,
        source_image_id=image.image_id,
        source_region=image.region,
        name=case.names[way],
        description=origin.description or f"Copy of {image.image_id} of account {image.owner}",
        key_arn=key.arn,
        source_key_arns=case.keys_of(image),
        tags=carried_over(origin.tags).kept,
        source_created=origin.created,
        deprecate_at=origin.deprecation_time if Carried.DEPRECATION in case.request.rules.carry else None,
        protection=origin.deregistration_protection
        if Carried.DEREGISTRATION_PROTECTION in case.request.rules.carry
        else "disabled",
        imds_support=origin.imds_support,
    )


def _parameters(case: Case) -> Iterator[PutImageParameter]:
    """The parameters that are to point to the copies that are made, and those that don't yet to the ones reused."""
    ways = [way for way in case.ways if case.copying and case.parameter_for(way)]
    for way in ways:
        name, created = case.parameter_for(way), case.images[way.image_id].origin.created
        newest = max((one for one in ways if _same_parameter(case, one, way)), key=lambda one: _age(case, one))
        if way in case.needy or (way == newest and not _points_well(case, way)):
            yield PutImageParameter(way.account_id, way.region, way.image_id, name, created)


def _same_parameter(case: Case, one: Way, other: Way) -> bool:
    place = (one.account_id, one.region) == (other.account_id, other.region)
    return place and case.parameter_for(one) == case.parameter_for(other)


def _age(case: Case, way: Way) -> tuple[datetime, ImageId]:
    return case.images[way.image_id].origin.created, way.image_id


def _points_well(case: Case, way: Way) -> bool:
    """Whether the parameter points to the copy that is reused, or to one of a newer image."""
    there = case.about(way).parameters.get(case.parameter_for(way))
    return isinstance(there, ImageParameter) and (
        there.image_id == case.reuses[way].image_id or there.is_newer_than(case.images[way.image_id].origin.created)
    )
