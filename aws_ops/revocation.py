"""Revocations: what a share gave is taken back, as far as the bot gave it and nobody else needs it. Pure."""

from collections.abc import Iterator, Sequence, Set

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


def plan_revocation(share: Plan, due: Set[Entry], held: Held, copies: Sequence[DeregisterCopy]) -> Plan | Refused:
    """Decide what has to change so that `share` no longer gives anything that is `due` to be taken back.

    What AWS doesn't hold any more needs no change: a plan may have none, and be right.

    Args:
        share: the plan that was carried out.
        due: what the bot gave for it and no other share needs (`entries.removable`).
        held: what AWS holds now, on the resources of `due`.
        copies: the target's copies that are to go as well.
    """
    if against := tuple(_against(due, held)):
        return Refused(against)
    there = due & (held.entries | held.partial)
    withdrawals = withdrawals_of(there)
    return Plan(
        mode=share.mode,
        images=share.images,
        changes=(*withdrawals, *copies),
        cautions=tuple(_cautions(share, there, held)),
        gone=in_order(due - there),
        policies=policies_before(withdrawals, held.policies),
    )


def _against(due: Set[Entry], held: Held) -> Iterator[Refusal]:
    for resource, why in sorted(held.unreadable.items()):
        yield Refusal(RefusalKind.SOURCE_UNREADABLE, details(why=f"{resource}: {why.why}"))
    for key, policy in sorted(held.policies.items()):
        users = [parse_key_user(one.grantee) for one in due if (one.resource, one.on) == (key, On.KEY)]
        administrators = [
            PrincipalArn(one.grantee) for one in due if (one.resource, one.on) == (key, On.ADMINISTRATION)
        ]
        try:
            withdraw_administration(withdraw_use(policy, users), administrators)
        except KeyPolicyError as obstacle:
            yield refusal_of(key, obstacle)


def _cautions(share: Plan, there: Set[Entry], held: Held) -> Iterator[Caution]:
    for image_id, groups in sorted(held.groups.items()):
        if staying := groups - {entry.grantee for entry in there if entry.resource == image_id}:
            yield Caution(CautionKind.STILL_SHARED, details(image=image_id, groups=sorted(staying)))
    for key, policy in sorted(held.policies.items()):
        written = any(entry.resource == key and entry.on in (On.KEY, On.ADMINISTRATION) for entry in there)
        if written and (gone := deleted_own_principals(policy)):
            yield Caution(CautionKind.OWN_PRINCIPALS_DELETED, details(key=key, principals=gone))
    keys = sorted({KeyArn(entry.resource) for entry in there if entry.on in (On.KEY, On.GRANT)})
    if keys and share.mode is Mode.SHARE:
        yield Caution(CautionKind.VOLUMES_NEED_KEY, details(keys=keys))
