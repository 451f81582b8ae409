"""Applying: the permissions at the source, in the order that shows nothing before it can be used.

Key policies first, then the snapshots, the image last. Each is an addition that reads before it writes, so doing it
again after a crash changes nothing. The copies come after, in `copying.py`.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.ids import AccountId, KeyArn, Region, account_of, region_of
from aws_ops.key_policy import KeyPolicy, allow_use
from aws_ops.keys import change_key_policy
from aws_ops.permissions import add_create_volume_permission, add_launch_permission
from aws_ops.plan import AddCreateVolumePermission, AddLaunchPermission, AllowKeyUse, CopyImage, Mode
from sharing.claim import Claim
from sharing.estate import Estate
from sharing.requests import Delivery, Request, RequestId
from sharing.states import DeliveryState

_TOKENS = uuid.UUID("5f0c2a57-9d0e-4d0c-8b0a-6a3a0c1f7a11")


class KeyInOtherHands(Exception):
    """Another request is changing the policy of the same key at this moment."""


def delivery_name(request_id: RequestId, target: str, region: Region, attempt: int) -> str:
    """Return the name of one try at a delivery; its copy carries it as a tag, so that it can be found again."""
    return f"{request_id}/{target}/{region}/{attempt}"


def client_token(name: str) -> str:
    """Return CopyImage's idempotency token for the try with that name: the same name, the same token."""
    return str(uuid.uuid5(_TOKENS, name))


def deliveries_for(request: Request, estate: Estate, now: datetime) -> list[Delivery]:
    """Return the deliveries that the request's plan is to bring about, one for each target."""
    plan = request.approved_plan
    keys = {c.account_id: c.key_arn for c in plan.changes if isinstance(c, CopyImage)}
    reused = {reuse.account_id: reuse.image_id for reuse in plan.reuses}
    found = []
    for name in request.targets:
        account_id = estate.target(name).role.account_id
        done = account_id in reused
        found.append(
            Delivery(
                target=name,
                account_id=account_id,
                region=plan.region,
                state=DeliveryState.COMPLETED if done else DeliveryState.WAITING,
                image_id=reused.get(account_id, request.image_id if request.mode is Mode.SHARE else None),
                reused=done,
                key_arn=keys.get(account_id),
                client_token=client_token(delivery_name(request.id, name, plan.region, 1)),
                attempt=1,
                percent=None,
                failure=None,
                due_at=None if done else now,
                waiting_since=now,
                started_at=None,
                finished_at=now if done else None,
            )
        )
    return found


def apply_grants(claim: Claim, accounts: Accounts, estate: Estate) -> None:
    """Make the permissions of the approved plan, each read back, each in the audit trail with before and after.

    Raises:
        KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: not now; the same again later is right.
        AwsOpsError: any other, AWS won't have it.
    """
    plan = claim.request.approved_plan
    role = estate.source(plan.owner).role
    for change in plan.changes:
        match change:
            case AllowKeyUse():
                _open_key(claim, accounts, estate, change)
            case AddCreateVolumePermission():
                added = add_create_volume_permission(
                    accounts.ec2(role, plan.region), change.snapshot_id, change.accounts
                )
                _record(claim, "create_volume_permission_added", change.snapshot_id, added.before, added.after)
            case AddLaunchPermission():
                added = add_launch_permission(accounts.ec2(role, plan.region), change.image_id, change.accounts)
                _record(claim, "launch_permission_added", change.image_id, added.before, added.after)
            case CopyImage():
                pass


def _open_key(claim: Claim, accounts: Accounts, estate: Estate, change: AllowKeyUse) -> None:
    key_arn = change.key_arn
    role = estate.source(account_of(key_arn)).role

    def edit(policy: KeyPolicy) -> KeyPolicy:
        return allow_use(policy, change.principals)

    def before_write(before: str, after: str) -> None:
        # The policy before is on record before it is gone, so that it can be put back whatever happens next.
        with claim.transaction() as (tx, request, now):
            tx.audit(request.id, now, "bot", "key_policy_change", {"key": key_arn, "before": before, "after": after})

    with _only_writer(claim, key_arn):
        changed = change_key_policy(accounts.kms(role, region_of(key_arn)), key_arn, edit, before_write=before_write)
        if changed is not None:
            with claim.transaction() as (tx, request, now):
                details = {"key": key_arn, "principals": list(change.principals)}
                tx.audit(request.id, now, "bot", "key_policy_changed", details)


@contextmanager
def _only_writer(claim: Claim, key_arn: KeyArn) -> Iterator[None]:
    if not claim.store.lock_key(key_arn, claim.request.id, claim.clock()):
        raise KeyInOtherHands(f"another request is changing the policy of {key_arn}")
    try:
        yield
    finally:
        claim.store.unlock_key(key_arn, claim.request.id)


def _record(claim: Claim, kind: str, what: str, before: frozenset[AccountId], after: frozenset[AccountId]) -> None:
    if before == after:
        return
    with claim.transaction() as (tx, request, now):
        tx.audit(request.id, now, "bot", kind, {"on": what, "before": sorted(before), "after": sorted(after)})
