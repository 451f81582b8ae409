"""Applying: the permissions at the source, in the order that shows nothing before it can be used.

Key policies and grants first, then the snapshots, the image last. Each is an addition that reads before it writes, so
doing it again after a crash changes nothing. The copies come after, in `copying.py`.
"""

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aws_ops.accounts import Accounts
from aws_ops.entries import Entry, On, entries_of, on_key
from aws_ops.errors import AwsBusy, KeyPolicyContested, NotYetVisible
from aws_ops.estimates import CopyTime, expected_time
from aws_ops.facts import TargetAccount
from aws_ops.ids import KeyArn, Launcher, Region, account_of, region_of
from aws_ops.key_grants import create_grant, operations_for
from aws_ops.key_policy import KeyPolicy, allow_administration, allow_use, own_administrators, own_users
from aws_ops.keys import change_key_policy
from aws_ops.permissions import (
    BeforeWrite,
    PermissionChange,
    add_create_volume_permission,
    add_launch_permission,
)
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    CopyImage,
    CreateKeyGrant,
    Grant,
    ImageSummary,
    Mode,
    PutImageParameter,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from sharing.claim import Claim
from sharing.estate import Estate
from sharing.ledger import Ledger
from sharing.locks import KeyInOtherHands, locked
from sharing.requests import Delivery, Request, RequestId
from sharing.states import DeliveryState

_TOKENS = uuid.UUID("5f0c2a57-9d0e-4d0c-8b0a-6a3a0c1f7a11")


NOT_NOW = (AwsBusy, NotYetVisible, KeyPolicyContested, KeyInOtherHands)
"""What is raised when something can't be done at this moment; the same again later is right."""


def delivery_name(request_id: RequestId, delivery: Delivery, attempt: int) -> str:
    """Return the name of one try at a delivery; its copy carries it as a tag, so that it can be found again."""
    return f"{request_id}/{delivery.source_image_id}/{delivery.target}/{delivery.region}/{attempt}"


def client_token(name: str) -> str:
    """Return CopyImage's idempotency token for the try with that name: the same name, the same token."""
    return str(uuid.uuid5(_TOKENS, name))


def tried_anew(request_id: RequestId, delivery: Delivery, due_at: datetime, now: datetime) -> Delivery:
    """Return the delivery as it waits for its next try, which has a name and a token of its own."""
    attempt = delivery.attempt + 1
    return replace(
        delivery,
        state=DeliveryState.WAITING,
        attempt=attempt,
        client_token=client_token(delivery_name(request_id, delivery, attempt)),
        image_id=None if delivery.key_arn else delivery.image_id,
        percent=None,
        minutes_left=None,
        failure=None,
        waiting_since=now,
        due_at=due_at,
        started_at=None,
        finished_at=None,
    )


def deliveries_for(request: Request, estate: Estate, history: Sequence[CopyTime], now: datetime) -> list[Delivery]:
    """Return the deliveries that the request's plan is to bring about: each image to each target and region.

    To an organization nothing is delivered: its members may launch the image as soon as the permissions are there.
    `history` says how long copies have taken before.
    """
    recipients = [estate.recipient(name) for name in request.targets]
    return [
        _with_expectation(_delivery(request, image, target, region, now), history)
        for image in request.approved_plan.images
        for target in recipients
        if isinstance(target, TargetAccount)
        for region in request.regions or (image.region,)
    ]


def _with_expectation(delivery: Delivery, history: Sequence[CopyTime]) -> Delivery:
    if delivery.key_arn is None:
        return delivery  # nothing is copied
    expected = expected_time(delivery.source_region, delivery.region, delivery.size_gib, history)
    return replace(delivery, expected_minutes=math.ceil(expected.minutes) if expected else None)


def _delivery(request: Request, image: ImageSummary, target: TargetAccount, region: Region, now: datetime) -> Delivery:
    plan, way = request.approved_plan, (image.image_id, target.role.account_id, region)
    asked_way = (image.asked_as, *way[1:])
    keys = {(c.source_image_id, c.account_id, c.region): c.key_arn for c in plan.changes if isinstance(c, CopyImage)}
    reused = {(r.source_image_id, r.account_id, r.region): r.image_id for r in plan.reuses}
    parameters = {(p.source_image_id, p.account_id, p.region) for p in plan.changes if isinstance(p, PutImageParameter)}
    done = asked_way in reused and asked_way not in parameters
    delivery = Delivery(
        source_image_id=image.asked_as,
        target=target.name,
        account_id=target.role.account_id,
        region=region,
        source_region=image.region,
        size_gib=image.size_gib,
        state=DeliveryState.COMPLETED if done else DeliveryState.WAITING,
        image_id=reused.get(asked_way, image.image_id if request.mode is Mode.SHARE else None),
        reused=asked_way in reused,
        key_arn=keys.get(way),
        client_token="",
        attempt=1,
        percent=None,
        expected_minutes=None,
        minutes_left=None,
        failure=None,
        notes=(),
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
        if isinstance(change, Grant):
            apply_grant(claim, accounts, estate, change)


def apply_grant(claim: Claim, accounts: Accounts, estate: Estate, change: Grant) -> None:
    """Make one list's permissions.

    Raises:
        As `apply_grants`.
    """
    match change:
        case AllowKeyUse():
            edit_key_policy(claim, accounts, estate, change, allow_use)
        case AllowKeyAdministration():
            edit_key_policy(claim, accounts, estate, change, allow_administration)
        case CreateKeyGrant():
            _create_key_grant(claim, accounts, estate, change)
        case AddCreateVolumePermission():
            ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
            intent = _about_to_give(claim, change)
            added = add_create_volume_permission(ec2, change.snapshot_id, change.accounts, intent)
            record(claim, "create_volume_permission_added", change.snapshot_id, added)
        case AddLaunchPermission():
            ec2 = accounts.ec2(estate.source(change.owner).role, change.region)
            intent = _about_to_give(claim, change)
            added = add_launch_permission(ec2, change.image_id, change.launchers, intent)
            record(claim, "launch_permission_added", change.image_id, added)


def edit_key_policy(
    claim: Claim,
    accounts: Accounts,
    estate: Estate,
    change: AllowKeyUse | AllowKeyAdministration | WithdrawKeyUse | WithdrawKeyAdministration,
    edit: Callable[[KeyPolicy, Sequence[Any]], KeyPolicy],
) -> None:
    """Bring a key's policy to what `edit` makes of it for the change's users, as its only writer.

    Raises:
        KeyInOtherHands: another request is at it.
        AwsOpsError: see `keys.change_key_policy`.
    """
    key_arn = change.key_arn
    named = sorted(entry.grantee for entry in entries_of([change]))
    kms = accounts.kms_once(estate.source(account_of(key_arn)).role, region_of(key_arn))

    def before_write(before: str, after: str) -> None:
        # The policy before is on record before it is gone, so that it can be put back whatever happens next.
        gained = _own_entries(key_arn, KeyPolicy(after)) - _own_entries(key_arn, KeyPolicy(before))
        with claim.transaction() as (tx, request, now):
            tx.audit(request.id, now, "bot", "key_policy_change", {"key": key_arn, "before": before, "after": after})
            Ledger(tx).give(request.id, gained, now)

    with locked(claim, key_arn, f"changing the policy of {key_arn}", [change.kind, *named]):
        changed = change_key_policy(kms, key_arn, lambda policy: edit(policy, named), before_write=before_write)
        if changed is not None:
            with claim.transaction() as (tx, request, now):
                details = {"key": key_arn, "principals": named, "kind": change.kind}
                tx.audit(request.id, now, "bot", "key_policy_changed", details)


def _own_entries(key_arn: KeyArn, policy: KeyPolicy) -> frozenset[Entry]:
    return on_key(key_arn, own_users(policy)) | on_key(key_arn, own_administrators(policy), On.ADMINISTRATION)


def _create_key_grant(claim: Claim, accounts: Accounts, estate: Estate, change: CreateKeyGrant) -> None:
    """Make the grant. It has a name that says whom it is for, so that no lock is needed: twice makes one."""
    kms = accounts.kms(estate.source(account_of(change.key_arn)).role, region_of(change.key_arn))

    def before_write() -> None:
        with claim.transaction() as (tx, request, now):
            details = {"key": change.key_arn, "gains": [change.principal]}
            tx.audit(request.id, now, "bot", "key_grant_change", details)
            Ledger(tx).give(request.id, entries_of([change]), now)

    made = create_grant(kms, change.key_arn, change.principal, before_write=before_write)
    if made is not None:
        with claim.transaction() as (tx, request, now):
            details = {"key": change.key_arn, "principal": change.principal, "grants": list(made.after)}
            details["operations"] = list(operations_for(change.principal))
            tx.audit(request.id, now, "bot", "key_grant_created", details)


def _about_to_give(claim: Claim, change: AddCreateVolumePermission | AddLaunchPermission) -> BeforeWrite:
    """Write down what is given before it is: of a crash in between it is known what may be taken back."""

    def intent(before: frozenset[Launcher], added: frozenset[Launcher]) -> None:
        entries = [entry for entry in entries_of([change]) if entry.grantee in added]
        with claim.transaction() as (tx, request, now):
            details = {"on": entries[0].resource, "before": sorted(before), "gains": sorted(added)}
            tx.audit(request.id, now, "bot", f"{entries[0].on}_permission_change", details)
            Ledger(tx).give(request.id, entries, now)

    return intent


def about_to_take(claim: Claim, change: RemoveCreateVolumePermission | RemoveLaunchPermission) -> BeforeWrite:
    """Write down what is taken back before it is."""
    first = next(iter(entries_of([change])))

    def intent(before: frozenset[Launcher], removed: frozenset[Launcher]) -> None:
        with claim.transaction() as (tx, request, now):
            details = {"on": first.resource, "before": sorted(before), "loses": sorted(removed)}
            tx.audit(request.id, now, "bot", f"{first.on}_permission_change", details)

    return intent


def record(claim: Claim, kind: str, what: str, change: PermissionChange) -> None:
    """Write into the audit trail how a list was changed, if it was."""
    if change.changed:
        with claim.transaction() as (tx, request, now):
            details = {"on": what, "before": sorted(change.before), "after": sorted(change.after)}
            tx.audit(request.id, now, "bot", kind, details)
