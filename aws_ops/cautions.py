"""Cautions: what an approver should know of a plan that can go ahead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from aws_ops.case import Case, Way, root_of
from aws_ops.details import Details, details
from aws_ops.facts import ImageFacts, KeyFacts, SnapshotSharing, TargetAccount, TargetOrganization, Unreadable
from aws_ops.key_policy import KeyPolicy
from aws_ops.refusals import denied
from aws_ops.tags import carried_over


class CautionKind(StrEnum):
    """What an approver should know before saying yes; the comment names the details that go with it."""

    COPY_UNDER_OTHER_KEY = "copy_under_other_key"  # target, copy
    COPY_UNDER_WAY = "copy_under_way"  # target, copy
    NAME_TAKEN = "name_taken"  # target, name, instead
    TAGS_LEFT_OUT = "tags_left_out"  # tags
    POLICY_MAY_DENY = "policy_may_deny"  # key, statement, principals
    TARGET_KEY_AWS_MANAGED = "target_key_aws_managed"  # target
    IMAGE_PUBLIC = "image_public"  # image
    STILL_SHARED = "still_shared"  # image, groups (a revocation: organizations, OUs or all have access besides)
    VOLUMES_NEED_KEY = "volumes_need_key"  # keys (a revocation in mode share: volumes made from the original need them)
    NOT_LOOKED_AT = "not_looked_at"  # what, why (an audit)
    SOURCE_GONE = "source_gone"  # what (an audit: an image, snapshot or key that a share rests on)
    COPY_LOST = "copy_lost"  # copy, place, share (an audit)
    SHARED_BEYOND = "shared_beyond"  # image, strangers (an audit: whom the bot knows nothing of)
    COPY_IN_USE = "copy_in_use"  # copy, place, users (retention)
    REENCRYPTED_FIRST = "reencrypted_first"  # image, key
    STANDS_IN = "stands_in"  # image, copy (a re-encrypted copy made before is shared in its place)
    MEMBERS_CANT_COPY = "members_cant_copy"  # organization (its snapshots are never shared)
    LATER_MEMBERS_CANT_COPY = "later_members_cant_copy"  # organization (they are, with the members of now)
    MEMBERS_NOW = "members_now"  # organization, count
    MEMBERS_UNKNOWN = "members_unknown"  # organization, why
    COVERED_BY_ORGANIZATION = "covered_by_organization"  # organization, targets
    KEY_USE_LIMITED = "key_use_limited"  # target, principals (mode share: only they can launch from an encrypted image)


@dataclass(frozen=True)
class Caution:
    """One thing to know before approving."""

    kind: CautionKind
    details: Details


def cautions(case: Case) -> tuple[Caution, ...]:
    """What to know before saying yes, each once: of the images, their keys, the organizations, then each way."""
    organizations = chain.from_iterable(_of_organization(case, one) for one in case.organizations.values())
    images = chain.from_iterable(_of_image(case, image) for image in case.needy_images)
    ways = chain.from_iterable(_of_way(case, way) for way in case.needy)
    return tuple(dict.fromkeys((*images, *_of_policies(case), *organizations, *ways)))


def _of_image(case: Case, image: ImageFacts) -> Iterator[Caution]:
    if "all" in image.launch_groups:
        yield _caution(CautionKind.IMAGE_PUBLIC, image=image.image_id)
    if case.reencryption_of(image) is not None:
        yield _caution(CautionKind.REENCRYPTED_FIRST, image=image.image_id, key=case.keys_of(image))
    if image.stands_for:
        yield _caution(CautionKind.STANDS_IN, image=image.stands_for, copy=image.image_id)
    if case.copying and (left_out := carried_over(image.tags).left_out):
        yield _caution(CautionKind.TAGS_LEFT_OUT, tags=left_out)


def _of_policies(case: Case) -> Iterator[Caution]:
    for arn, key in case.keys.items():
        if isinstance(key, KeyFacts) and isinstance(key.policy, KeyPolicy):
            for statement, principals in denied(case, arn, key.policy, certain=False).items():
                yield _caution(CautionKind.POLICY_MAY_DENY, key=arn, statement=statement, principals=principals)


def _of_organization(case: Case, organization: TargetOrganization) -> Iterator[Caution]:
    name, members = organization.name, case.members_of(organization)
    if isinstance(members, Unreadable):
        yield _caution(CautionKind.MEMBERS_UNKNOWN, organization=name, why=members.why)
    elif members is not None:
        yield _caution(CautionKind.MEMBERS_NOW, organization=name, count=str(len(members)))
        if covered := [target.name for account_id, target in case.targets.items() if account_id in members]:
            yield _caution(CautionKind.COVERED_BY_ORGANIZATION, organization=name, targets=covered)
    if organization.snapshots is SnapshotSharing.MEMBERS:
        yield _caution(CautionKind.LATER_MEMBERS_CANT_COPY, organization=name)
    else:
        yield _caution(CautionKind.MEMBERS_CANT_COPY, organization=name)


def _of_way(case: Case, way: Way) -> Iterator[Caution]:
    target = case.targets[way.account_id]
    if case.copying:
        yield from _of_copies(case, way, target)
    elif case.keys_of(case.images[way.image_id]) and root_of(target) not in case.key_users(target):
        users = sorted(case.key_users(target))
        yield _caution(CautionKind.KEY_USE_LIMITED, target=target.name, principals=users)


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


def _caution(kind: CautionKind, **parts: str | Iterable[str]) -> Caution:
    return Caution(kind, details(**parts))
