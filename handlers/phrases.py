"""Phrases: what is said of a request and its deliveries, sentence by sentence.

Pure mrkdwn, from the catalogues. `messages.py` puts them together, `wording.py` has the words for kinds of trouble.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from aws_ops.cautions import CautionKind
from aws_ops.estimates import Cost, about
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    CreateKeyGrant,
    DeregisterCopy,
    ImageSummary,
    Plan,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from handlers import layout, mrkdwn, wording
from handlers.speech import Speech
from sharing.requests import Delivery, FailedTry, Failure, Preparation, Request, RequestKind, Retry, Trigger, Way
from sharing.states import DeliveryState, RequestState

_BAR = 20
_WORDS = 12
_KEYS = 160  # characters: a field of an image names two keys


def title(say: Speech, request: Request) -> str:
    """Return what kind of request this is and how it stands, in plain text."""
    state: str = request.state
    if request.state is RequestState.COPYING and not request.mode.copies:
        state = RequestState.APPLYING
    elif request.kind is RequestKind.AUDIT and _found_nothing(request):
        state = "compared"
    return say(f"title-{request.kind.value}", state=state)


def asks(say: Speech, request: Request) -> str:
    """Return who asks for what."""
    who, trigger = mrkdwn.person(request.requester.user_id), request.trigger
    match request.kind:
        case RequestKind.REVOKE:
            what, deregister = _what_a_revocation_does(say, request), _yes(request.deregister)
            return say("asks-revoke", who=who, what=what, deregister=deregister)
        case RequestKind.RETIRE:
            return say("asks-retire", who=who, trigger=trigger)
        case RequestKind.AUDIT:
            scope = "share" if request.of else "images" if request.image_ids else "all"
            subject = mrkdwn.code(request.of) if request.of else images(say, request)
            found = _yes(request.plan is not None and bool(request.plan.changes))
            return say("asks-audit", who=who, trigger=trigger, scope=scope, subject=subject, found=found)
        case RequestKind.PREVIEW:
            return say("asks-preview", images=images(say, request), targets=targets(say, request))
        case RequestKind.SHARE:
            return say(
                "asks-share",
                who=who,
                trigger=trigger,
                images=images(say, request),
                targets=targets(say, request),
                mode=request.mode,
                auto_scaling=_yes(request.auto_scaling),
                until=mrkdwn.when(request.ends_at) if request.ends_at else "never",
            )


def _what_a_revocation_does(say: Speech, request: Request) -> str:
    share = mrkdwn.code(str(request.of))
    if not request.targets:
        return say("take-back-all", share=share)
    return say("take-back", share=share, images=images(say, request), targets=targets(say, request))


def asked(say: Speech, request: Request, asked_in: Iterable[str]) -> str:
    """Return what the requester is told while others decide, in those channels."""
    names = {"request": mrkdwn.code(request.id), "channel": channels(say, asked_in)}
    match request.kind:
        case RequestKind.RETIRE:
            return say("asked-retire", **names)
        case RequestKind.AUDIT:
            return say("asked-audit", **names)
        case RequestKind.REVOKE:
            return say("asked-request", what=_what_a_revocation_does(say, request), **names)
        case RequestKind.SHARE | RequestKind.PREVIEW:
            what = say("do-share", images=images(say, request), targets=targets(say, request))
            return say("asked-request", what=what, **names)


def nothing_changes(say: Speech, request: Request) -> str:
    """Return what a plan without changes means."""
    match request.kind:
        case RequestKind.REVOKE:
            return say("plan-takes-nothing")
        case RequestKind.AUDIT | RequestKind.RETIRE:
            return say("plan-finds-nothing")
        case _:
            return say("plan-changes-nothing")


def confirm(say: Speech, request: Request, targets: Sequence[str], room: int) -> str:
    """Return what is about to happen to `targets`, in plain text, for the one who is about to approve it.

    It takes about `room` characters; no name is cut.
    """
    return say(
        f"confirm-{request.kind.value}",
        images=wording.some(say, request.image_ids, room // 6),
        targets=wording.some(say, targets, room // 2),
        count=len(targets),
        copied=_yes(request.mode.copies),
        share=str(request.of),
    )


def images(say: Speech, request: Request) -> str:
    return _some(say, list(map(mrkdwn.code, request.image_ids)))


def targets(say: Speech, request: Request) -> str:
    names = _some(say, [f"*{mrkdwn.escape(name)}*" for name in request.targets])
    if not request.regions:
        return names
    return say("targets-in-regions", names=names, regions=_some(say, list(map(mrkdwn.code, request.regions))))


def channels(say: Speech, ids: Iterable[str]) -> str:
    """Return links to channels."""
    return _some(say, list(map(mrkdwn.channel, ids)))


def _some(say: Speech, words: list[str]) -> str:
    return wording.some(say, words, layout.IN_A_LIST, _WORDS)


def about_image(say: Speech, image: ImageSummary, at: datetime) -> dict[str, tuple[str, ...]]:
    """Return what an approver should know of an image and how old it is `at` that time: lines, by name of the field."""
    instead = (say("image-stands-for", image=mrkdwn.code(image.stands_for)),) if image.stands_for else ()
    size = say("image-size", gib=image.size_gib)
    what = wording.row(say, [mrkdwn.escape(image.platform_details), mrkdwn.escape(image.architecture), size])
    owned = say("image-owned", account=mrkdwn.code(image.owner), region=mrkdwn.code(image.region))
    return {
        say("image-name"): (mrkdwn.escape(image.name), mrkdwn.code(image.image_id), *instead),
        say("image-made"): (mrkdwn.when(image.created), _age(say, image, at)),
        say("image-owner"): (owned,),
        say("image-kind"): (what, _encryption(say, image)),
    }


def image_in_short(say: Speech, image: ImageSummary, at: datetime) -> str:
    return say(
        "image-in-short",
        image=mrkdwn.code(image.image_id),
        name=mrkdwn.escape(image.name),
        made=mrkdwn.when(image.created),
        age=_age(say, image, at),
        gib=image.size_gib,
        encryption=_encryption(say, image),
    )


def _age(say: Speech, image: ImageSummary, at: datetime) -> str:
    return say("image-age", days=max(0, (at - image.created).days))


def _encryption(say: Speech, image: ImageSummary) -> str:
    if not image.key_arns:
        return say("image-not-encrypted")
    return say("image-encrypted", keys=wording.some(say, list(map(mrkdwn.code, image.key_arns)), _KEYS))


def standing(say: Speech, request: Request) -> str:
    """Return how the request stands now."""
    match request.state:
        case RequestState.AWAITING_APPROVAL if request.expires_at is not None:
            return say("standing-waiting", expires=mrkdwn.when(request.expires_at))
        case RequestState.EXPIRED:
            return say("standing-expired")
        case RequestState.REVOKING:
            return say("standing-revoking", by=mrkdwn.code(str(request.ended_by)))
        case RequestState.REVOKED:
            return say("standing-revoked", by=mrkdwn.code(str(request.ended_by)))
        case state:
            return say("standing-other", state=wording.state(say, state))


def settled(say: Speech, plan: Plan) -> str:
    """Return what was done at the source, once it has been read back."""
    kinds = [change.kind for change in plan.changes]
    done = [say(f"settled-{kind.replace('_', '-')}", count=kinds.count(kind)) for kind in _AT_SOURCE if kind in kinds]
    how = "settled-taken" if any(kind in _TAKEN for kind in kinds) else "settled-given"
    return say(how, done=say("settled-separator").join(done) or say("settled-nothing"))


_GIVEN = (
    AllowKeyUse.kind,
    AllowKeyAdministration.kind,
    CreateKeyGrant.kind,
    AddCreateVolumePermission.kind,
    AddLaunchPermission.kind,
)
_TAKEN = (
    RemoveLaunchPermission.kind,
    RemoveCreateVolumePermission.kind,
    RevokeKeyGrant.kind,
    WithdrawKeyAdministration.kind,
    WithdrawKeyUse.kind,
)
_AT_SOURCE = (*_GIVEN, *_TAKEN)


def opened(say: Speech, launch: AddLaunchPermission) -> str:
    """Return who may launch an image as a member of an organization."""
    organizations = wording.row(say, map(mrkdwn.code, launch.organizations))
    image, region = mrkdwn.code(launch.image_id), mrkdwn.code(launch.region)
    return say("opened", organizations=organizations, image=image, region=region)


def prepared(say: Speech, asked: str, made: Preparation) -> str:
    """Return how far the re-encryption of an image in its own account is."""
    names = {"image": mrkdwn.code(asked), "copy": mrkdwn.code(made.image_id)}
    if made.percent == 100:  # noqa: PLR2004
        return say("prepared-done", **names)
    if made.percent is None:
        return say("prepared-started", **names)
    return say("prepared-percent", percent=made.percent, **names)


def progress_of_all(say: Speech, request: Request) -> list[str]:
    """Return how far the copies are; of many, first in numbers, and then those that somebody may have to see to."""
    if len(request.deliveries) <= _FEW:
        return [say("copies"), *(progress(say, request, one) for one in request.deliveries)]
    states = [one.state for one in request.deliveries]
    counts = {
        "all": len(states),
        "done": sum(one in (DeliveryState.COMPLETED, DeliveryState.RETIRED) for one in states),
        "failed": states.count(DeliveryState.FAILED),
        "running": sum(one in (DeliveryState.COPYING, DeliveryState.CLEARING) for one in states),
        "waiting": states.count(DeliveryState.WAITING),
    }
    ordered = sorted(request.deliveries, key=lambda one: _URGENCY.index(one.state))
    return [say("copies"), say("copies-in-numbers", **counts), *(progress(say, request, one) for one in ordered)]


_FEW = 20
_URGENCY = (
    DeliveryState.FAILED,
    DeliveryState.CLEARING,
    DeliveryState.COPYING,
    DeliveryState.WAITING,
    DeliveryState.COMPLETED,
    DeliveryState.RETIRED,
)


def progress(say: Speech, request: Request, delivery: Delivery) -> str:
    """Return how far a delivery is, in a line."""
    names = {"name": name(say, request, delivery), "copy": mrkdwn.code(delivery.image_id or "")}
    match delivery.state:
        case DeliveryState.COMPLETED if delivery.reused:
            return say("delivery-reused", **names)
        case DeliveryState.COPYING if delivery.failure is not None:
            return say("delivery-unseen", why=wording.failure(say, delivery.failure), **names)
        case DeliveryState.COPYING:
            left = "unknown" if delivery.minutes_left is None else _span(say, delivery.minutes_left)
            if delivery.percent is None:
                return say("delivery-started", left=left, **names)
            full = delivery.percent * _BAR // 100
            bar = mrkdwn.code("█" * full + "░" * (_BAR - full))
            return say("delivery-copying", bar=bar, percent=delivery.percent, left=left, **names)
        case state:
            return say(f"delivery-{state.value}", **names)


def _span(say: Speech, minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say("span-minutes", minutes=rest)
    return say("span-hours-minutes", hours=hours, minutes=rest) if rest else say("span-hours", hours=hours)


def estimate(say: Speech, request: Request) -> str:
    """Return what the copies may take and cost, in a line; nothing if nobody knows.

    How long they will take is of no interest any more once they are made.
    """
    made = request.estimate
    if made is None:
        return ""
    said = []
    if made.time is not None and request.state in _AHEAD:
        said.append(say("estimate-time", span=_span(say, about(made.time.minutes)), earlier=made.time.earlier))
    if made.cost is not None:
        monthly = _money(made.cost.storage_per_month, made.cost)
        transfer = _money(made.cost.transfer_once, made.cost) if made.cost.transfer_once else "none"
        said.append(say("estimate-cost", monthly=monthly, transfer=transfer, gib=made.gib))
    return " · ".join(said)


_AHEAD = (
    RequestState.AWAITING_APPROVAL,
    RequestState.APPROVED,
    RequestState.PREPARING,
    RequestState.APPLYING,
    RequestState.COPYING,
)


def _money(amount: Decimal, cost: Cost) -> str:
    # Upwards: it is said to be the most.
    return f"{amount.quantize(Decimal('0.01'), ROUND_CEILING)} {cost.currency}"


def end(say: Speech, request: Request, *, watched: bool = False) -> str:
    """Return how the request ended, for the requester or for those who only watched it."""
    match request.kind:
        case RequestKind.REVOKE:
            return _end_of_revocation(say, request)
        case RequestKind.AUDIT:
            return say(f"end-audit-{_end_of_audit(request)}", what=_audit(say, request))
        case RequestKind.RETIRE:
            how = "nothing" if _found_nothing(request) else _ended(request, "completed", "denied", "expired")
            counts = {"gone": _copies_gone(request), "staying": len(request.notes)}
            return say(f"end-retire-{how}", request=mrkdwn.code(request.id), **counts)
        case RequestKind.PREVIEW:
            how = _ended(request, "refused")
            names = {"images": images(say, request), "targets": targets(say, request)}
            return say(f"end-preview-{how}", request=mrkdwn.code(request.id), **names)
        case RequestKind.SHARE:
            return _end_of_share(say, request, watched=watched)


def _end_of_share(say: Speech, request: Request, *, watched: bool) -> str:
    names = {"request": mrkdwn.code(request.id), "images": images(say, request)}
    subject = say("share-of-another", **names) if watched else say("share-yours", **names)
    failed = sum(delivery.state is DeliveryState.FAILED for delivery in request.deliveries)
    if request.came_to is RequestState.COMPLETED and failed:
        count = len(request.deliveries)
        unit = _kind_of_delivery(request)
        return say("end-share-partly", done=count - failed, count=count, unit=unit, subject=subject)
    if request.came_to is RequestState.REFUSED:
        return say("end-share-refused", targets=targets(say, request), **names)
    if request.came_to is RequestState.FAILED and request.begun_at is not None and request.settled_at is None:
        return say("end-share-halfway", subject=subject)
    if request.came_to is RequestState.COMPLETED and request.cut_down:
        return say("end-share-cut-down", subject=subject)
    return say(f"end-share-{_ended(request, 'completed', 'denied', 'expired')}", subject=subject)


def in_digest(say: Speech, share: Request, *, theirs: bool) -> str:
    """Return that a share is complete, in a line among others, for who asked for it or for who only hears of it."""
    return say(
        "digest-line",
        request=mrkdwn.code(share.id),
        images=images(say, share),
        targets=targets(say, share),
        left_out=_yes(share.cut_down),
        who="reader" if theirs else mrkdwn.person(share.requester.user_id),
    )


def _end_of_revocation(say: Speech, request: Request) -> str:
    names = {"request": mrkdwn.code(request.id), "share": mrkdwn.code(str(request.of))}
    if request.state is RequestState.COMPLETED:
        left = request.approved_plan.left
        return say("end-revoke-left" if left else "end-revoke-completed", copies=_copies_gone(request), **names)
    if request.state is RequestState.FAILED and request.settled_at is not None:
        return say("end-revoke-partly", **names)
    return say(f"end-revoke-{_ended(request, 'refused', 'denied', 'expired')}", **names)


def _end_of_audit(request: Request) -> str:
    if _found_nothing(request):
        cautions = request.plan.cautions if request.plan else ()
        stuck = any(caution.kind is CautionKind.CANNOT_BE_PUT_RIGHT for caution in cautions)
        return "stuck" if stuck else "nothing"
    how = _ended(request, "completed", "denied", "expired")
    return "partly" if how == "completed" and request.notes else how


def _copies_gone(request: Request) -> int:
    """How many copies a request deregistered that is completed: all that it was to, but for those it has a note on."""
    kinds = [change.kind for change in (request.plan.changes if request.plan else ())]
    return kinds.count(DeregisterCopy.kind) - len(request.notes)


def _found_nothing(request: Request) -> bool:
    return request.came_to is RequestState.COMPLETED and request.settled_at is None


def _ended(request: Request, *known: str) -> str:
    """How it ended, of the ways that have words of their own; any other is a failure."""
    return request.came_to.value if request.came_to.value in known else "failed"


def _audit(say: Speech, request: Request) -> str:
    """The audit, and what it was of."""
    if request.of is not None:
        return say("audit-of-share", request=mrkdwn.code(request.id), share=mrkdwn.code(request.of))
    if request.image_ids:
        return say("audit-of-images", request=mrkdwn.code(request.id), images=images(say, request))
    return mrkdwn.code(request.id)


def taken_back(say: Speech, request: Request) -> str:
    """Return that a share has ended, and why."""
    return say(
        "taken-back",
        request=mrkdwn.code(request.id),
        images=images(say, request),
        targets=targets(say, request),
        why=request.ended_because or Trigger.PERSON,
        by=mrkdwn.code(str(request.ended_by)),
    )


def not_ended(say: Speech, share: Request) -> str:
    """Return that a share couldn't be ended as was approved with it: somebody has to see to it."""
    ending = share.ending
    partly = ending is not None and ending.settled_at is not None
    return say(
        "ending-partly" if partly else "ending-failed",
        who=mrkdwn.person(share.requester.user_id),
        why=share.ended_because or Trigger.END_DATE,
        share=mrkdwn.code(share.id),
        images=images(say, share),
        targets=targets(say, share),
        request=mrkdwn.code(str(share.ended_by)),
    )


def failed(say: Speech, request: Request, delivery: Delivery) -> str:
    """Return that a delivery failed, and why; somebody has to act, as long as the share is wanted."""
    named = {"name": name(say, request, delivery), "why": _why(say, delivery.failure)}
    return say("delivery-trouble", over=_yes(request.is_over), **named)


def failed_before(say: Speech, request: Request, retry: Retry, tried: FailedTry) -> str:
    """Return that a delivery had failed, and who had it tried again."""
    named = {"name": names(say, request, [tried.way]), "why": _why(say, tried.failure)}
    return say("delivery-failed-before", **named, **_by(retry))


def retried(say: Speech, request: Request, retry: Retry) -> str:
    """Return who had what tried again."""
    return say("retried", names=names(say, request, [each.way for each in retry.tries]), **_by(retry))


def _by(retry: Retry) -> dict[str, str]:
    return {"who": mrkdwn.person(retry.person.user_id), "when": mrkdwn.when(retry.at)}


def _why(say: Speech, failure: Failure | None) -> str:
    return wording.failure(say, failure) if failure is not None else ""


def names(say: Speech, request: Request, ways: Collection[Way]) -> str:
    """Return the names of some deliveries in a row."""
    return _some(say, [name(say, request, each) for each in request.deliveries if each.way in ways])


def name(say: Speech, request: Request, delivery: Delivery) -> str:
    """Return the target and place of a delivery, and the image if there are several."""
    names = {
        "target": mrkdwn.escape(delivery.target),
        "account": mrkdwn.code(delivery.account_id),
        "region": mrkdwn.code(delivery.region),
    }
    if len(request.image_ids) == 1:
        return say("delivery-name", **names)
    return say("delivery-name-of-image", image=mrkdwn.code(delivery.source_image_id), **names)


def _kind_of_delivery(request: Request) -> str:
    """What there is one of for each delivery, as people would count them."""
    accounts = {delivery.account_id for delivery in request.deliveries}
    return "account" if len(accounts) == len(request.deliveries) else "delivery"


def _yes(what: bool) -> str:
    return "yes" if what else "no"
