"""Revocations: what a share gave is taken back, as far as the bot gave it and nobody else needs it. Pure."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from aws_ops.cautions import Caution, CautionKind
from aws_ops.changes import DeregisterCopy
from aws_ops.details import details
from aws_ops.entries import Entry, On, in_order, withdrawals_of
from aws_ops.errors import KeyPolicyError
from aws_ops.held import Held
from aws_ops.ids import KeyArn, PrincipalArn, parse_key_user
from aws_ops.key_policy import deleted_own_principals, withdraw_administration, withdraw_use
from aws_ops.plan import Plan, Refused, policies_before
from aws_ops.refusals import Refusal, RefusalKind, refusal_of
from aws_ops.request import Mode


@dataclass(frozen=True)
class _Obstacle:
    """Why some entries can't be taken back."""

    left: frozenset[Entry]
    why: Refusal


def plan_revocation(share: Plan, due: Set[Entry], held: Held, copies: Sequence[DeregisterCopy]) -> Plan | Refused:
    """Decide what has to change so that `share` no longer gives anything that is `due` to be taken back.

    What AWS doesn't hold any more needs no change: a plan may have none, and be right. What can't be taken back holds
    nothing else back; only where nothing can be is the plan refused.

    Args:
        share: the plan that was carried out.
        due: what the bot gave for it and no other share needs (`entries.removable`).
        held: what AWS holds now, on the resources of `due`.
        copies: the target's copies that are to go as well.
    """
    there = due & (held.entries | held.partial)
    obstacles = (*_unreadable(due - there, held), *_in_policies(there, held))
    left = frozenset[Entry]().union(*(obstacle.left for obstacle in obstacles))
    leaving = there - left
    withdrawals = withdrawals_of(leaving)
    changes = (*withdrawals, *copies)
    against = tuple(obstacle.why for obstacle in obstacles)
    if against and not changes:
        return Refused(against)
    return Plan(
        mode=share.mode,
        images=share.images,
        changes=changes,
        cautions=tuple(_cautions(share, leaving, held)),
        gone=in_order(due - there - left),
        left=in_order(left),
        obstacles=against,
        policies=policies_before(withdrawals, held.policies),
    )


def _unreadable(unseen: Set[Entry], held: Held) -> Iterator[_Obstacle]:
    lists = sorted((entry for entry in unseen if entry.resource in held.unreadable), key=_resource)
    for resource, entries in groupby(lists, key=_resource):
        why = f"{resource}: {held.unreadable[resource].why}"
        yield _Obstacle(frozenset(entries), Refusal(RefusalKind.SOURCE_UNREADABLE, details(why=why)))


def _in_policies(there: Set[Entry], held: Held) -> Iterator[_Obstacle]:
    for key, policy in sorted(held.policies.items()):
        users = frozenset(one for one in there if (one.resource, one.on) == (key, On.KEY))
        administrators = frozenset(one for one in there if (one.resource, one.on) == (key, On.ADMINISTRATION))
        try:
            without = withdraw_use(policy, [parse_key_user(one.grantee) for one in users])
            withdraw_administration(without, [PrincipalArn(one.grantee) for one in administrators])
        except KeyPolicyError as obstacle:
            yield _Obstacle(users | administrators, refusal_of(key, obstacle))


def _cautions(share: Plan, leaving: Set[Entry], held: Held) -> Iterator[Caution]:
    for image_id, groups in sorted(held.groups.items()):
        if staying := groups - {entry.grantee for entry in leaving if entry.resource == image_id}:
            yield Caution(CautionKind.STILL_SHARED, details(image=image_id, groups=sorted(staying)))
    for key, policy in sorted(held.policies.items()):
        written = any(entry.resource == key and entry.on in (On.KEY, On.ADMINISTRATION) for entry in leaving)
        if written and (gone := deleted_own_principals(policy)):
            yield Caution(CautionKind.OWN_PRINCIPALS_DELETED, details(key=key, principals=gone))
    keys = sorted({KeyArn(entry.resource) for entry in leaving if entry.on in (On.KEY, On.GRANT)})
    if keys and share.mode is Mode.SHARE:
        yield Caution(CautionKind.VOLUMES_NEED_KEY, details(keys=keys))


def _resource(entry: Entry) -> str:
    return entry.resource
