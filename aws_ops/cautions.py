"""Cautions: what an approver should know of a plan that can go ahead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain

from aws_ops.allowed_images import Shown, meets
from aws_ops.case import Case, Way, root_of
from aws_ops.causes import Why
from aws_ops.details import Details, details
from aws_ops.facts import (
    AllowedImages,
    ImageFacts,
    KeyFacts,
    SnapshotSharing,
    TargetAccount,
    TargetOrganization,
    Unreadable,
)
from aws_ops.ids import KeyArn, PrincipalArn, account_of
from aws_ops.key_grants import auto_scaling_role
from aws_ops.key_policy import KeyPolicy, deleted_own_principals, foreign_accounts, lacking, own_administrators
from aws_ops.refusals import denied
from aws_ops.request import Carried
from aws_ops.tags import carried_over


class CautionKind(StrEnum):
    """What an approver should know before saying yes; the comment names its details, and `why` if it has one."""

    COPY_UNDER_OTHER_KEY = "copy_under_other_key"  # target, copy
    COPY_UNDER_WAY = "copy_under_way"  # target, copy
    NAME_TAKEN = "name_taken"  # target, name, instead
    TAGS_LEFT_OUT = "tags_left_out"  # tags
    POLICY_MAY_DENY = "policy_may_deny"  # key, statement, principals
    TARGET_KEY_AWS_MANAGED = "target_key_aws_managed"  # target
    IMAGE_PUBLIC = "image_public"  # image
    IMAGE_DEPRECATED = "image_deprecated"  # image, since, copies ("deprecated" as well, or "fresh")
    STILL_SHARED = "still_shared"  # image, groups (a revocation: organizations, OUs or all have access besides)
    STILL_NEEDED = "still_needed"  # what, grantees, shares (a revocation: others need the same)
    STILL_GIVEN = "still_given"  # what, grantees (a revocation: somebody else gave the same)
    VOLUMES_NEED_KEY = "volumes_need_key"  # keys (a revocation in mode share: volumes made from the original need them)
    NOT_LOOKED_AT = "not_looked_at"  # what, why (an audit)
    CANNOT_BE_PUT_RIGHT = "cannot_be_put_right"  # what, why (an audit)
    SOURCE_GONE = "source_gone"  # what (an audit: an image, snapshot or key that a share rests on)
    COPY_LOST = "copy_lost"  # copy, place, share (an audit)
    SHARED_BEYOND = "shared_beyond"  # image, strangers (an audit: whom the bot knows nothing of)
    COPY_IN_USE = "copy_in_use"  # copy, place, users (copies that were to go)
    USE_UNREAD = "use_unread"  # place, why (copies that were to go)
    REENCRYPTED_FIRST = "reencrypted_first"  # image, key
    STANDS_IN = "stands_in"  # image, copy (a re-encrypted copy made before is shared in its place)
    SAME_IMAGE = "same_image"  # image, copy (the copy is its re-encrypted one, and was asked for as well)
    MEMBERS_CANT_COPY = "members_cant_copy"  # organization (its snapshots are never shared)
    LATER_MEMBERS_CANT_COPY = "later_members_cant_copy"  # organization (they are, with the members of now)
    MEMBERS_NOW = "members_now"  # organization, count
    MEMBERS_UNKNOWN = "members_unknown"  # organization, why
    MEMBERS_LEFT = "members_left"  # organization, members (an audit)
    MEMBERS_JOINED = "members_joined"  # organization, members (an audit)
    MEMBERS_NOT_COMPARED = "members_not_compared"  # organization, why (an audit)
    COVERED_BY_ORGANIZATION = "covered_by_organization"  # organization, targets
    KEY_USE_LIMITED = "key_use_limited"  # target, principals (mode share: only they can launch from an encrypted image)
    KEY_USED_BY_MANY = "key_used_by_many"  # key, accounts (how many others its policy lets in already)
    KEY_EXPIRES = "key_expires"  # key, when (the source's, or a target's)
    KEY_ADMINISTRATORS = "key_administrators"  # key, principals (they can hand the key on)
    OWN_PRINCIPALS_DELETED = "own_principals_deleted"  # key, principals (unique ids in the bot's own statements)
    AUTO_SCALING_LEFT_OUT = "auto_scaling_left_out"  # target (mode share: a choice that wasn't made)
    AUTO_SCALING_NOT_NEEDED = "auto_scaling_not_needed"  # image (nothing of it is encrypted)
    IMAGE_HIDDEN = "image_hidden"  # target, image, region, owner, by (mode share)
    IMAGE_HIDDEN_FROM_COPY = "image_hidden_from_copy"  # target, image, region, owner, by
    IMAGE_MAY_BE_HIDDEN = "image_may_be_hidden"  # target, image, region, owner, by
    IMAGE_WOULD_BE_HIDDEN = "image_would_be_hidden"  # target, image, region, owner (audit-mode)
    ALLOWED_IMAGES_UNREAD = "allowed_images_unread"  # target, region, why
    REUSED_WITHOUT_IMDS_V2 = "reused_without_imds_v2"  # target, copy
    SOURCE_DISABLED = "source_disabled"  # image (an audit: a share rests on it)


@dataclass(frozen=True)
class Caution:
    """One thing to know before approving, and why where the kind needs it."""

    kind: CautionKind
    details: Details
    why: Why = ()


def cautions(case: Case) -> tuple[Caution, ...]:
    """What to know before saying yes, each once: of the images, their keys, the organizations, then each way."""
    organizations = chain.from_iterable(_of_organization(case, one) for one in case.organizations.values())
    images = chain.from_iterable(_of_image(case, image) for image in case.needy_images)
    ways = chain.from_iterable(_of_way(case, way) for way in case.needy)
    keys = (*_of_policies(case), *_of_expiries(case), *_of_administrators(case))
    return tuple(dict.fromkeys((*_of_doubles(case), *images, *keys, *organizations, *_of_reuses(case), *ways)))


def _of_doubles(case: Case) -> Iterator[Caution]:
    for copy, image in case.doubles.items():
        yield _caution(CautionKind.SAME_IMAGE, image=image, copy=copy)


def _of_image(case: Case, image: ImageFacts) -> Iterator[Caution]:
    if "all" in image.launch_groups:
        yield _caution(CautionKind.IMAGE_PUBLIC, image=image.image_id)
    yield from _of_deprecation(case, image.origin)
    if case.reencryption_of(image) is not None:
        yield _caution(CautionKind.REENCRYPTED_FIRST, image=image.image_id, key=case.keys_of(image))
    if image.stands_for:
        yield _caution(CautionKind.STANDS_IN, image=image.asked_as, copy=image.image_id)
    if case.copying and (left_out := carried_over(image.origin.tags).left_out):
        yield _caution(CautionKind.TAGS_LEFT_OUT, tags=left_out)
    if case.request.auto_scaling and not case.keys_of(image):
        yield _caution(CautionKind.AUTO_SCALING_NOT_NEEDED, image=image.image_id)


def _of_deprecation(case: Case, image: ImageFacts) -> Iterator[Caution]:
    since, now = image.deprecation_time, case.facts.read_at
    if since is not None and now is not None and since <= now:
        carried = case.copying and Carried.DEPRECATION in case.request.rules.carry
        copies = "deprecated" if carried else "fresh"
        yield _caution(CautionKind.IMAGE_DEPRECATED, image=image.image_id, since=f"{since:%Y-%m-%d}", copies=copies)


def _of_policies(case: Case) -> Iterator[Caution]:
    for arn, key in case.keys.items():
        if isinstance(key, KeyFacts) and isinstance(key.policy, KeyPolicy):
            for statement, principals in denied(case, arn, key.policy, certain=False).items():
                yield _caution(CautionKind.POLICY_MAY_DENY, key=arn, statement=statement, principals=principals)
            written = lacking(key.policy, case.users_by_policy(arn)) or _new_administrators(case, arn)
            if written and (gone := deleted_own_principals(key.policy)):
                yield _caution(CautionKind.OWN_PRINCIPALS_DELETED, key=arn, principals=gone)
            others = foreign_accounts(key.policy, account_of(arn)) - set(case.targets)
            if len(others) >= case.request.many_accounts:
                yield _caution(CautionKind.KEY_USED_BY_MANY, key=arn, accounts=str(len(others)))


def _of_expiries(case: Case) -> Iterator[Caution]:
    """Imported key material expires, and takes with it whatever is under the key, until it is imported again."""
    now, targets_own = case.facts.read_at, (case.key_for(way) for way in case.needy)
    for key in (*case.keys.values(), *targets_own):
        if isinstance(key, KeyFacts) and key.valid_to and now and key.valid_to - now <= _SOON:
            yield _caution(CautionKind.KEY_EXPIRES, key=key.arn, when=f"{key.valid_to:%Y-%m-%d}")


_SOON = timedelta(days=30)


def _of_administrators(case: Case) -> Iterator[Caution]:
    for arn in case.keys:
        if administrators := sorted(case.administrators_of(arn)):
            yield _caution(CautionKind.KEY_ADMINISTRATORS, key=arn, principals=administrators)


def _new_administrators(case: Case, arn: KeyArn) -> frozenset[PrincipalArn]:
    key = case.keys[arn]
    there = own_administrators(key.policy) if isinstance(key, KeyFacts) and isinstance(key.policy, KeyPolicy) else set()
    return case.administrators_of(arn) - there


def _of_organization(case: Case, organization: TargetOrganization) -> Iterator[Caution]:
    name, members = organization.name, case.members_of(organization)
    if isinstance(members, Unreadable):
        yield _caution(CautionKind.MEMBERS_UNKNOWN, members.why, organization=name)
    elif members is not None:
        yield _caution(CautionKind.MEMBERS_NOW, organization=name, count=str(len(members)))
        if covered := [target.name for account_id, target in case.targets.items() if account_id in members]:
            yield _caution(CautionKind.COVERED_BY_ORGANIZATION, organization=name, targets=covered)
    if organization.snapshots is SnapshotSharing.MEMBERS:
        yield _caution(CautionKind.LATER_MEMBERS_CANT_COPY, organization=name)
    else:
        yield _caution(CautionKind.MEMBERS_CANT_COPY, organization=name)


def _of_reuses(case: Case) -> Iterator[Caution]:
    for way in case.lenient:
        target, copy = case.targets[way.account_id].name, case.reuses[way].image_id
        yield _caution(CautionKind.REUSED_WITHOUT_IMDS_V2, target=target, copy=copy)


def _of_way(case: Case, way: Way) -> Iterator[Caution]:
    target = case.targets[way.account_id]
    if case.copying:
        yield from _of_copies(case, way, target)
    elif case.keys_of(case.images[way.image_id]):
        yield from _of_launches(case, target)
    yield from _of_allowed_images(case, case.images[way.image_id], target)


def _of_launches(case: Case, target: TargetAccount) -> Iterator[Caution]:
    """Who will be able to launch from an encrypted original: those who may use its keys, and nobody else."""
    users = sorted(case.key_users(target))
    if root_of(target) not in users:
        yield _caution(CautionKind.KEY_USE_LIMITED, target=target.name, principals=users)
    if not case.request.auto_scaling and auto_scaling_role(root_of(target)) not in users:
        yield _caution(CautionKind.AUTO_SCALING_LEFT_OUT, target=target.name)


def _of_allowed_images(case: Case, image: ImageFacts, target: TargetAccount) -> Iterator[Caution]:
    setting = case.facts.allowed_images.get((target.role.account_id, image.region))
    where = {"target": target.name, "image": image.image_id, "region": image.region, "owner": image.owner}
    match setting:
        case Unreadable(why=why):
            yield _caution(CautionKind.ALLOWED_IMAGES_UNREAD, why, target=target.name, region=image.region)
        case AllowedImages(state="enabled"):
            shown = meets(image, setting.criteria, case.facts.read_at)
            if shown is Shown.NO:
                hidden = CautionKind.IMAGE_HIDDEN_FROM_COPY if case.copying else CautionKind.IMAGE_HIDDEN
                yield _caution(hidden, **where, by=setting.managed_by)
            elif shown is Shown.PERHAPS:
                yield _caution(CautionKind.IMAGE_MAY_BE_HIDDEN, **where, by=setting.managed_by)
        case AllowedImages(state="audit-mode"):
            if meets(image, setting.criteria, case.facts.read_at) is Shown.NO:
                yield _caution(CautionKind.IMAGE_WOULD_BE_HIDDEN, **where)


def _of_copies(case: Case, way: Way, target: TargetAccount) -> Iterator[Caution]:
    key, wanted, name = case.key_for(way), case.wanted_name(way), case.names[way]
    for copy in case.copies_at(way):
        if copy.state == "pending":
            yield _caution(CautionKind.COPY_UNDER_WAY, target=target.name, copy=copy.image_id)
        elif copy.state == "available":
            yield _caution(CautionKind.COPY_UNDER_OTHER_KEY, target=target.name, copy=copy.image_id)
    if wanted in case.about(way).names_taken:
        yield _caution(CautionKind.NAME_TAKEN, target=target.name, name=wanted, instead=name)
    if key and key.manager == "AWS":
        yield _caution(CautionKind.TARGET_KEY_AWS_MANAGED, target=target.name)


def _caution(kind: CautionKind, why: Why = (), /, **parts: str | Iterable[str]) -> Caution:
    return Caution(kind, details(**parts), why)
