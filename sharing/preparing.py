"""Preparing: images under an AWS managed key are re-encrypted in their own account, before they can be shared.

The copy is remembered by AWS itself, which says what it was made from: the plan that follows finds it there, and so
does every later request for the same image. Two requests at once make one copy.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from aws_ops.accounts import Accounts
from aws_ops.copies import CopyState, CopyStatus, discard, faults_of, find_copy, start_copy, watch
from aws_ops.errors import AwsBusy
from aws_ops.finishing import keep_imds_support
from aws_ops.ids import ImageId, KeyArn
from aws_ops.plan import CopyImage, ReencryptImage
from aws_ops.tags import REENCRYPTION
from sharing.claim import Claim
from sharing.estate import Estate
from sharing.locks import locked
from sharing.requests import Failure, FailureKind, Preparation
from sharing.states import RequestState
from sharing.watching import MISSING_FOR, STALLED_AFTER

_TOKENS = uuid.UUID("0b1c2f0e-0c55-4f0a-9a55-1f2d8f6f7b52")
_LOOK_EVERY = timedelta(seconds=15)


class NotPrepared(Exception):
    """An image couldn't be re-encrypted."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind.value)
        self.failure = failure


def prepare(claim: Claim, accounts: Accounts, estate: Estate) -> None:
    """Start what isn't started, look how far the rest is, and go on once all of it is good.

    Over the quota of copies at once it waits for its turn, however long the others take.

    Raises:
        NotPrepared: a copy failed, is gone, doesn't come to an end, or isn't as it must be.
        KeyInOtherHands, AwsBusy: not now; the same again later is right.
        AwsOpsError: any other, AWS won't have it.
    """
    orders = [change for change in claim.request.approved_plan.changes if isinstance(change, ReencryptImage)]
    made = dict(claim.request.preparations)
    for order in orders:
        if order.source_image_id not in made and (started := _started(claim, accounts, estate, order)):
            made[order.source_image_id] = Preparation(started, None, claim.clock())
            _write_down(claim, made)
    begun = [order for order in orders if order.source_image_id in made]
    looked = {
        order.source_image_id: _look(claim, accounts, estate, order, made[order.source_image_id]) for order in begun
    }
    with claim.transaction() as (tx, request, now):
        changed = tx.set_preparations(request, looked, now) if looked != request.preparations else request
        if begun == orders and all(one.percent == _DONE for one in looked.values()):
            copies = {str(asked): one.image_id for asked, one in looked.items()}
            tx.audit(request.id, now, "bot", "reencrypted", copies)
            tx.move(changed, RequestState.APPROVED, now)
        else:
            tx.rest(request, now + _LOOK_EVERY)
            tx.begin_anew(request)
            if begun != orders:  # the rest wait for their turn
                tx.hold_up(request, now + _LOOK_EVERY)


_DONE = 100


def _started(claim: Claim, accounts: Accounts, estate: Estate, order: ReencryptImage) -> ImageId | None:
    """The copy; None while the account has as many copies under way as it may have: it waits for its turn."""
    try:
        return _copy_of(claim, accounts, estate, order)
    except AwsBusy as busy:
        if busy.code != "ResourceLimitExceeded":
            raise
        return None


def _copy_of(claim: Claim, accounts: Accounts, estate: Estate, order: ReencryptImage) -> ImageId:
    """The copy that another request, or this one before a crash, has started; else a new one.

    One that has been under way for too long is left alone.
    """
    role = estate.source(order.owner).role
    ec2 = accounts.ec2(role, order.region)
    name = f"{REENCRYPTION}{order.source_image_id}/{order.key_arn}"
    # The lock that writers of key policies use: whoever re-encrypts the same image has to wait and will find the copy.
    with locked(claim, KeyArn(name), f"re-encrypting {order.source_image_id}"):
        # Back here once its first copy is gone, the request has to make another: AWS would answer with the first.
        token = str(uuid.uuid5(_TOKENS, f"{claim.request.id}/{claim.request.state_since.isoformat()}/{name}"))
        found = find_copy(ec2, name, stalled_before=claim.clock() - STALLED_AFTER)
        return found or start_copy(ec2, _as_copy(order), client_token=token, delivery=name)


def _as_copy(order: ReencryptImage) -> CopyImage:
    return CopyImage(
        account_id=order.owner,
        region=order.region,
        source_image_id=order.source_image_id,
        source_region=order.region,
        name=order.name,
        description=order.description,
        key_arn=order.key_arn,
        source_key_arns=(),
        tags=order.tags,
    )


def _look(claim: Claim, accounts: Accounts, estate: Estate, order: ReencryptImage, made: Preparation) -> Preparation:
    """How far the copy is; 100 only once it is verified."""
    ec2 = accounts.ec2(estate.source(order.owner).role, order.region)
    age, image = claim.clock() - made.since, {"image": str(made.image_id)}
    match watch(ec2, [made.image_id]).get(made.image_id):
        case None if age < MISSING_FOR:
            return replace(made, percent=None)
        case None:
            raise NotPrepared(Failure(FailureKind.COPY_GONE, image))
        case CopyStatus(state=CopyState.PENDING) as status if age < STALLED_AFTER:
            return replace(made, percent=min(status.percent, _DONE - 1) if status.percent else None)
        case CopyStatus(state=CopyState.PENDING):
            hours = str(int(STALLED_AFTER.total_seconds() // 3600))
            raise NotPrepared(Failure(FailureKind.COPY_STALLED, {**image, "hours": hours}))
        case CopyStatus(state=CopyState.AVAILABLE) as status:
            if faults := faults_of(status, order.key_arn):
                raise NotPrepared(Failure(FailureKind.COPY_WRONG, image, faults))
            keep_imds_support(ec2, made.image_id, order.imds_support)
            return replace(made, percent=_DONE)
        case status:
            with claim.transaction() as (tx, request, now):
                copy = {"account": order.owner, "region": order.region} | image
                tx.audit(request.id, now, "bot", "copy_deregistration", copy)
            discard(ec2, made.image_id)
            raise NotPrepared(_failure(status))


def _failure(status: CopyStatus) -> Failure:
    if status.state is CopyState.GONE:
        return Failure(FailureKind.COPY_GONE, {"image": status.image_id})
    return Failure(FailureKind.REENCRYPTION_FAILED, {"image": status.image_id, "said": "; ".join(status.reasons)})


def _write_down(claim: Claim, made: Mapping[ImageId, Preparation]) -> None:
    with claim.transaction() as (tx, request, now):
        tx.audit(request.id, now, "bot", "reencrypting", {str(asked): one.image_id for asked, one in made.items()})
        tx.set_preparations(request, made, now)
