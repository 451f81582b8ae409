"""Revocations: what a share gave is taken back, as far as the bot gave it and nobody else needs it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType

from aws_ops.causes import at
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


def plan_revocation(
    share: Plan,
    due: Set[Entry],
    held: Held,
    copies: Sequence[DeregisterCopy],
    needs: Mapping[Entry, Sequence[str]] = MappingProxyType({}),
) -> Plan | Refused:
    """Decide what has to change so that `share` no longer gives anything that is `due` to be taken back.

    What AWS doesn't hold any more needs no change: a plan may have none, and be right. What can't be taken back holds
    nothing else back; only where nothing can be is the plan refused.

    Args:
        share: the plan that was carried out.
        due: what the bot gave for it and no other share needs (`entries.removable`).
        held: what AWS holds now, on the resources of `due` and on the lists in `openings`.
        copies: the target's copies that are to go as well.
        needs: all that the share rests on, each with the other requests that need it; to say who keeps what.
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
        cautions=(*_staying(needs, held, there), *_cautions(share, leaving, held)),
        gone=in_order(due - there - left),
        left=in_order(left),
        obstacles=against,
        policies=policies_before(withdrawals, held.policies),
    )


def openings(needs: Iterable[Entry]) -> frozenset[Entry]:
    """Those of `needs` by which somebody has access to an image or a snapshot."""
    return frozenset(entry for entry in needs if entry.on in (On.IMAGE, On.SNAPSHOT))


def witnessed(plan: Plan, needs: Mapping[Entry, Sequence[str]], held: Held) -> Plan:
    """Return the plan that was carried out, with what is seen to stay now in place of what was foreseen.

    Whoever is in an organization keeps what that may do, though taking their own entry went well (EC2 User Guide,
    "Share an AMI with organizations and organizational units"); and others may have given something meanwhile.
    """
    foreseen = (*_STAYING, CautionKind.OWN_PRINCIPALS_DELETED)  # those are gone with the write
    rest = (caution for caution in plan.cautions if caution.kind not in foreseen)
    return replace(plan, cautions=(*_staying(needs, held, frozenset(plan.left)), *rest))


_STAYING = (CautionKind.STILL_SHARED, CautionKind.STILL_NEEDED, CautionKind.STILL_GIVEN)


def _staying(needs: Mapping[Entry, Sequence[str]], held: Held, besides: Set[Entry]) -> Iterator[Caution]:
    """Who keeps access to the images and their snapshots, `besides` those who are told otherwise, and why."""
    stays = openings(needs) & held.entries - besides
    by_grantee: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for entry in stays:
        by_grantee[entry.grantee, tuple(needs[entry])].add(entry.resource)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (grantee, shares), resources in sorted(by_grantee.items()):
        alike[shares, tuple(sorted(resources))].append(grantee)
    for (shares, what), grantees in alike.items():
        if shares:
            yield Caution(CautionKind.STILL_NEEDED, details(what=what, grantees=grantees, shares=shares))
        else:
            yield Caution(CautionKind.STILL_GIVEN, details(what=what, grantees=grantees))
    for image_id, groups in sorted(held.groups.items()):
        told = {entry.grantee for entry in stays | besides if entry.resource == image_id}
        if others := groups - told:
            yield Caution(CautionKind.STILL_SHARED, details(image=image_id, groups=sorted(others)))


def _unreadable(unseen: Set[Entry], held: Held) -> Iterator[_Obstacle]:
    lists = sorted((entry for entry in unseen if entry.resource in held.unreadable), key=_resource)
    for resource, entries in groupby(lists, key=_resource):
        why = at(resource, held.unreadable[resource].why)
        yield _Obstacle(frozenset(entries), Refusal(RefusalKind.SOURCE_UNREADABLE, (), why))


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
    for key, policy in sorted(held.policies.items()):
        written = any(entry.resource == key and entry.on in (On.KEY, On.ADMINISTRATION) for entry in leaving)
        if written and (gone := deleted_own_principals(policy)):
            yield Caution(CautionKind.OWN_PRINCIPALS_DELETED, details(key=key, principals=gone))
    keys = sorted({KeyArn(entry.resource) for entry in leaving if entry.on in (On.KEY, On.GRANT)})
    if keys and share.mode is Mode.SHARE:
        yield Caution(CautionKind.VOLUMES_NEED_KEY, details(keys=keys))


def _resource(entry: Entry) -> str:
    return entry.resource
