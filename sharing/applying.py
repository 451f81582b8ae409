"""Applying: the permissions at the source, in the order that shows nothing before it can be used.

Key policies first, then the snapshots, the image last. Each is an addition that reads before it writes, so doing it
again after a crash changes nothing. The copies come after, in `copying.py`.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.facts import TargetAccount
from aws_ops.ids import AccountId, KeyArn, Region, account_of, region_of
from aws_ops.key_policy import KeyPolicy, allow_use
from aws_ops.keys import change_key_policy
from aws_ops.permissions import add_create_volume_permission, add_launch_permission
from aws_ops.plan import AddCreateVolumePermission, AddLaunchPermission, AllowKeyUse, CopyImage, ImageSummary, Mode
from sharing.claim import Claim
from sharing.estate import Estate
from sharing.requests import Delivery, Request, RequestId
from sharing.states import DeliveryState

_TOKENS = uuid.UUID("5f0c2a57-9d0e-4d0c-8b0a-6a3a0c1f7a11")


class KeyInOtherHands(Exception):
    """Another request is changing the policy of the same key at this moment."""


def delivery_name(request_id: RequestId, delivery: Delivery, attempt: int) -> str:
    """Return the name of one try at a delivery; its copy carries it as a tag, so that it can be found again."""
    return f"{request_id}/{delivery.source_image_id}/{delivery.target}/{delivery.region}/{attempt}"


def client_token(name: str) -> str:
    """Return CopyImage's idempotency token for the try with that name: the same name, the same token."""
    return str(uuid.uuid5(_TOKENS, name))


def deliveries_for(request: Request, estate: Estate, now: datetime) -> list[Delivery]:
    """Return the deliveries that the request's plan is to bring about: each image to each target and region."""
    return [
        _delivery(request, image, estate.target(name), region, now)
        for image in request.approved_plan.images
        for name in request.targets
        for region in request.regions or (image.region,)
    ]


def _delivery(request: Request, image: ImageSummary, target: TargetAccount, region: Region, now: datetime) -> Delivery:
    plan, way = request.approved_plan, (image.image_id, target.role.account_id, region)
    keys = {(c.source_image_id, c.account_id, c.region): c.key_arn for c in plan.changes if isinstance(c, CopyImage)}
    reused = {(r.source_image_id, r.account_id, r.region): r.image_id for r in plan.reuses}
    done = way in reused
    delivery = Delivery(
        source_image_id=image.image_id,
        target=target.name,
        account_id=target.role.account_id,
        region=region,
        state=DeliveryState.COMPLETED if done else DeliveryState.WAITING,
        image_id=reused.get(way, image.image_id if request.mode is Mode.SHARE else None),
        reused=done,
        key_arn=keys.get(way),
        client_token="",
        attempt=1,
        percent=None,
        failure=None,
        due_at=None if done else now,
        waiting_since=now,
        started_at=None,
        finished_at=now if done else None,
    )
    return replace(delivery, client_token=client_token(delivery_name(request.id, delivery, 1)))


def apply_grants(claim: Claim, accounts: Accounts, estate: Estate) -> None:
    """Make the permissions of the approved plan, each read back, each in the audit trail with before and after.

    Raises:
        KeyInOtherHands, AwsBusy, NotYetVisible, KeyPolicyContested: not now; the same again later is right.
        AwsOpsError: any other, AWS won't have it.
    """
    for change in claim.request.approved_plan.changes:
        match change:
            case AllowKeyUse():
                _open_key(claim, accounts, estate, change)
            case AddCreateVolumePermission():
                ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
                added = add_create_volume_permission(ec2, change.snapshot_id, change.accounts)
                _record(claim, "create_volume_permission_added", change.snapshot_id, added.before, added.after)
            case AddLaunchPermission():
                ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
                added = add_launch_permission(ec2, change.image_id, change.accounts)
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
