"""Phrases: what is said of a request and its deliveries, sentence by sentence.

Pure mrkdwn. `messages.py` puts them together, `wording.py` has the words for kinds of trouble.
"""

from decimal import ROUND_CEILING, Decimal

from aws_ops.estimates import Cost, about
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    CreateKeyGrant,
    DeregisterCopy,
    Mode,
    Plan,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from handlers import mrkdwn
from sharing.requests import Decision, Delivery, Preparation, Request, RequestKind, Trigger, Verdict
from sharing.states import DeliveryState, RequestState

_BAR = 20
_WORDS = 12


def title(request: Request) -> str:
    """Return what kind of request this is and how it stands, in plain text."""
    if request.kind is RequestKind.REVOKE:
        return f"Take an AMI share back: {_REVOCATION_TITLES.get(request.state, _TITLES[request.state])}"
    if request.kind is RequestKind.AUDIT:
        return f"AMI audit: {_AUDIT_TITLES.get(request.state, _TITLES[request.state])}"
    if request.kind is RequestKind.RETIRE:
        return f"AMI retention: {_RETENTION_TITLES.get(request.state, _TITLES[request.state])}"
    under_way = request.state is RequestState.COPYING and not request.mode.copies
    return f"AMI share: {_TITLES[RequestState.APPLYING if under_way else request.state]}"


_TITLES = {
    RequestState.CHECKING: "being checked",
    RequestState.AWAITING_APPROVAL: "approval needed",
    RequestState.APPROVED: "approved",
    RequestState.PREPARING: "being re-encrypted first",
    RequestState.APPLYING: "being applied",
    RequestState.COPYING: "copies under way",
    RequestState.COMPLETED: "completed",
    RequestState.DENIED: "denied",
    RequestState.EXPIRED: "expired",
    RequestState.REFUSED: "no longer possible",
    RequestState.FAILED: "failed",
    RequestState.REVOKING: "being taken back",
    RequestState.REVOKED: "taken back",
}
_REVOCATION_TITLES = {RequestState.COMPLETED: "done"}
_RETENTION_TITLES = {
    RequestState.AWAITING_APPROVAL: "copies that could go",
    RequestState.APPLYING: "copies are going",
    RequestState.COMPLETED: "done",
}
_AUDIT_TITLES = {
    RequestState.AWAITING_APPROVAL: "AWS differs from what was approved",
    RequestState.APPLYING: "being put right",
    RequestState.COMPLETED: "put right",
}


def asks(request: Request) -> str:
    """Return who asks for what."""
    who = mrkdwn.person(request.requester.user_id)
    if request.kind is RequestKind.REVOKE:
        copies = ", and to deregister the copies" if request.deregister else ""
        return f"{who} asks to {_what_a_revocation_does(request)}{copies}."
    if request.kind is RequestKind.RETIRE:
        asker = "The calendar" if request.trigger is Trigger.CALENDAR else who
        return f"{asker} asks to let the copies go that are beyond what is kept and that nothing uses."
    if request.kind is RequestKind.AUDIT:
        asker = "The audit by the calendar" if request.trigger is Trigger.CALENDAR else f"An audit for {who}"
        return f"{asker} compared AWS with what was approved{_of_what(request)}, and found that they differ."
    until = f" Until {mrkdwn.when(request.ends_at)}; then that is taken back." if request.ends_at else ""
    if request.trigger is Trigger.STANDING:
        who = f"On behalf of {who}, a standing share"
    besides = ", by Auto Scaling as well" if request.auto_scaling else ""
    return f"{who} asks to share {images(request)} with {targets(request)}, {_HOW[request.mode]}{besides}.{until}"


_HOW = {
    Mode.COPY: "as encrypted copies of their own",
    Mode.COPY_THEN_UNSHARE: "as encrypted copies of their own; once these are done, the source is closed again",
    Mode.SHARE: "to be launched from the original, with no copy",
}


def _of_what(request: Request) -> str:
    if request.of is not None:
        return f" in {mrkdwn.code(request.of)}"
    return f" for {images(request)}" if request.image_ids else ""


def _what_a_revocation_does(request: Request) -> str:
    if not request.targets:
        return f"take back what {mrkdwn.code(str(request.of))} gave"
    return f"take back what {mrkdwn.code(str(request.of))} gave: {images(request)} with {targets(request)}"


def asked(request: Request, approvals_channel: str) -> str:
    """Return what the requester is told while others decide."""
    if request.kind is RequestKind.RETIRE:
        return (
            f":mag: {mrkdwn.code(request.id)} found copies beyond what is kept; letting them go waits for approval in "
            f"{mrkdwn.channel(approvals_channel)}."
        )
    if request.kind is RequestKind.AUDIT:
        return (
            f":mag: Your audit {mrkdwn.code(request.id)} found that AWS differs from what was approved; what would put "
            f"it right waits for approval in {mrkdwn.channel(approvals_channel)}."
        )
    what = (
        _what_a_revocation_does(request)
        if request.kind is RequestKind.REVOKE
        else f"share {images(request)} with {targets(request)}"
    )
    return (
        f":hourglass_flowing_sand: Your request {mrkdwn.code(request.id)} to {what} waits for approval in "
        f"{mrkdwn.channel(approvals_channel)}."
    )


def nothing_changes(request: Request) -> str:
    """Return what a plan without changes means."""
    if request.kind is RequestKind.REVOKE:
        return "Nothing has to change at AWS: others need the same permissions, or it gave none."
    return "Nothing has to change at AWS: all of it is there already. Approved, it stays as long as this share lasts."


def confirm(request: Request) -> str:
    """Return what is about to happen, in plain text, for the one who is about to approve it."""
    names = ", ".join(request.targets) or "Those named"
    if request.kind is RequestKind.RETIRE:
        return "The copies shown will be deregistered, and their snapshots deleted."
    if request.kind is RequestKind.AUDIT:
        return "AWS will be brought to what was approved, as shown."
    if request.kind is RequestKind.REVOKE:
        return f"{names} will lose what {request.of} gave."
    verb = "copied to" if request.mode.copies else "shared with"
    return f"{', '.join(request.image_ids)} will be {verb}: {names}."


def images(request: Request) -> str:
    return _some(list(map(mrkdwn.code, request.image_ids)))


def targets(request: Request) -> str:
    names = _some([f"*{mrkdwn.escape(name)}*" for name in request.targets])
    return f"{names} in {_some(list(map(mrkdwn.code, request.regions)))}" if request.regions else names


def _some(words: list[str]) -> str:
    """The words in a sentence; of too many, the first ones and how many more there are."""
    if len(words) <= _WORDS:
        return ", ".join(words)
    return f"{', '.join(words[: _WORDS - 1])} and {len(words) - _WORDS + 1} more"


def standing(request: Request) -> str:
    """Return how the request stands now, and by whose word."""
    match request.state:
        case RequestState.AWAITING_APPROVAL if request.expires_at is not None:
            return f"Waiting for a decision; expires {mrkdwn.when(request.expires_at)}."
        case RequestState.EXPIRED:
            return ":hourglass: Nobody decided in time."
        case RequestState.REVOKING:
            return f"Being taken back by {mrkdwn.code(str(request.ended_by))}."
        case RequestState.REVOKED:
            return f":lock: Taken back by {mrkdwn.code(str(request.ended_by))}."
        case _ if request.decisions:
            return decided(request.decisions[-1])
        case state:
            return f"Now {state.value.replace('_', ' ')}."


def decided(decision: Decision) -> str:
    sign, verb = (
        (":white_check_mark:", "Approved") if decision.verdict is Verdict.APPROVED else (":no_entry:", "Denied")
    )
    line = f"{sign} {verb} by {mrkdwn.person(decision.person.user_id)}, {mrkdwn.when(decision.at)}."
    return f"{line}\n{mrkdwn.quote(decision.reason)}" if decision.reason else line


def settled(plan: Plan) -> str:
    """Return what was done at the source, once it has been read back."""
    kinds = [change.kind for change in plan.changes]
    done = [f"{_DONE[kind]} {count(kinds.count(kind), noun)}" for kind, noun in _NOUNS.items() if kind in kinds]
    how = (
        ":lock: Permissions are taken back"
        if any(kind in _TAKEN for kind in kinds)
        else ":key: Permissions are in place"
    )
    return f"{how} and read back: {'; '.join(done) or 'nothing had to change'}."


def opened(launch: AddLaunchPermission) -> str:
    """Return who may launch an image as a member of an organization."""
    where = f"{mrkdwn.code(launch.image_id)} in {mrkdwn.code(launch.region)}"
    return f"• Every account of {mrkdwn.codes(launch.organizations)} can launch {where}."


_NOUNS = {
    AllowKeyUse.kind: "key",
    AllowKeyAdministration.kind: "key",
    CreateKeyGrant.kind: "KMS grant",
    AddCreateVolumePermission.kind: "snapshot",
    AddLaunchPermission.kind: "image",
    RemoveLaunchPermission.kind: "image",
    RemoveCreateVolumePermission.kind: "snapshot",
    RevokeKeyGrant.kind: "KMS grant",
    WithdrawKeyAdministration.kind: "key",
    WithdrawKeyUse.kind: "key",
}
_TAKEN = {
    RemoveLaunchPermission.kind,
    RemoveCreateVolumePermission.kind,
    RevokeKeyGrant.kind,
    WithdrawKeyAdministration.kind,
    WithdrawKeyUse.kind,
}
_DONE = {
    AllowKeyUse.kind: "key policy opened on",
    AllowKeyAdministration.kind: "administration given on",
    CreateKeyGrant.kind: "made",
    AddCreateVolumePermission.kind: "`createVolumePermission` given on",
    AddLaunchPermission.kind: "`launchPermission` given on",
    RemoveLaunchPermission.kind: "`launchPermission` taken back on",
    RemoveCreateVolumePermission.kind: "`createVolumePermission` taken back on",
    RevokeKeyGrant.kind: "revoked",
    WithdrawKeyAdministration.kind: "administration taken back on",
    WithdrawKeyUse.kind: "key policy closed on",
}


def prepared(asked: str, made: Preparation) -> str:
    """Return how far the re-encryption of an image in its own account is."""
    copy = f"{mrkdwn.code(asked)}: re-encrypted in its own account as {mrkdwn.code(made.image_id)}"
    if made.percent == 100:  # noqa: PLR2004
        return f":white_check_mark: {copy}, to be shared in its place"
    return f":arrows_counterclockwise: {copy}" + (f", {made.percent} %" if made.percent is not None else ", started")


def progress(request: Request, delivery: Delivery) -> str:
    what = name(request, delivery)
    match delivery.state:
        case DeliveryState.COMPLETED if delivery.reused:
            return f":white_check_mark: {what}: had {_copy(delivery)} already"
        case DeliveryState.COMPLETED:
            return f":white_check_mark: {what}: {_copy(delivery)} is ready, and encrypted as intended"
        case DeliveryState.RETIRED:
            return f":wastebasket: {what}: {_copy(delivery)} was deregistered, since newer ones are kept"
        case DeliveryState.FAILED:
            return f":x: {what}: failed"
        case DeliveryState.CLEARING:
            return f":x: {what}: the copy failed and is being cleared away"
        case DeliveryState.WAITING:
            return f":hourglass_flowing_sand: {what}: waiting to start"
        case DeliveryState.COPYING if delivery.percent is None:
            return f":arrows_counterclockwise: {what}: {_copy(delivery)} started{_left(delivery)}"
        case DeliveryState.COPYING:
            percent = delivery.percent or 0
            bar = "█" * (percent * _BAR // 100) + "░" * (_BAR - percent * _BAR // 100)
            return f":arrows_counterclockwise: {what}: {_copy(delivery)} `{bar}` {percent} %{_left(delivery)}"


def _left(delivery: Delivery) -> str:
    return "" if delivery.minutes_left is None else f", about {_span(delivery.minutes_left)} left"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])])


def estimate(request: Request) -> str:
    """Return what the copies may take and cost, in a line; nothing if nobody knows.

    How long they will take is of no interest any more once they are made.
    """
    made = request.estimate
    if made is None:
        return ""
    said = []
    if made.time is not None and request.state in _AHEAD:
        said.append(
            f":hourglass: about {_span(about(made.time.minutes))}, from {count(made.time.earlier, 'earlier copy')}"
        )
    if made.cost is not None:
        transfer = (
            f", {_money(made.cost.transfer_once, made.cost)} once for transfer" if made.cost.transfer_once else ""
        )
        said.append(
            f":moneybag: at most {_money(made.cost.storage_per_month, made.cost)} a month{transfer}, "
            f"if all of the {made.gib} GiB is in use"
        )
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


def end(request: Request) -> str:
    """Return how the request ended."""
    if request.kind is RequestKind.REVOKE:
        return _end_of_revocation(request)
    if request.kind is RequestKind.AUDIT:
        return _end_of_audit(request)
    if request.kind is RequestKind.RETIRE:
        return _end_of_retention(request)
    what = f"{mrkdwn.code(request.id)}, {images(request)}"
    failed = sum(delivery.state is DeliveryState.FAILED for delivery in request.deliveries)
    match request.came_to:
        case RequestState.COMPLETED if failed:
            return (
                f":warning: Your share ({what}) is done for {len(request.deliveries) - failed} of "
                f"{count(len(request.deliveries), _kind_of_delivery(request))}; the rest failed."
            )
        case RequestState.COMPLETED:
            return f":white_check_mark: Your share ({what}) is complete. Ready to use:"
        case RequestState.FAILED:
            return f":x: Your share ({what}) failed."
        case RequestState.REFUSED:
            return f":no_entry: I can't share {images(request)} with {targets(request)} ({mrkdwn.code(request.id)}):"
        case RequestState.DENIED:
            return f":no_entry: Your share ({what}) was denied."
        case _:
            return f":hourglass: Your share ({what}) expired: nobody decided in time. Ask again if it is still needed."


def _end_of_revocation(request: Request) -> str:
    what = f"{mrkdwn.code(request.id)}, of {mrkdwn.code(str(request.of))}"
    match request.state:
        case RequestState.COMPLETED:
            kinds = [change.kind for change in (request.plan.changes if request.plan else ())]
            copies = kinds.count(DeregisterCopy.kind)
            gone = f" {count(copies, 'copy')} deregistered with the snapshots." if copies else ""
            return f":lock: What the share gave is taken back ({what}).{gone}"
        case RequestState.FAILED if request.settled_at is not None:
            return f":warning: What the share gave is taken back ({what}), but the copies aren't all deregistered."
        case RequestState.REFUSED:
            return f":no_entry: I can't take that share back ({what}):"
        case RequestState.DENIED:
            return f":no_entry: Taking the share back ({what}) was denied."
        case RequestState.EXPIRED:
            return f":hourglass: Taking the share back ({what}) expired: nobody decided in time."
        case _:
            return f":x: Taking the share back ({what}) failed; what it gave may still be there."


def _end_of_audit(request: Request) -> str:
    what = f"{mrkdwn.code(request.id)}{_of_what(request)}"
    match request.came_to:
        case RequestState.COMPLETED if request.settled_at is None:
            return f":white_check_mark: AWS is as it was approved ({what}). Nothing has to be put right."
        case RequestState.COMPLETED:
            return f":white_check_mark: AWS is as it was approved again ({what})."
        case RequestState.DENIED:
            return f":no_entry: Putting right what the audit ({what}) found was denied."
        case RequestState.EXPIRED:
            return f":hourglass: What the audit ({what}) found was put right by nobody in time."
        case _:
            return f":x: The audit ({what}) failed."


def _end_of_retention(request: Request) -> str:
    what = mrkdwn.code(request.id)
    match request.state:
        case RequestState.COMPLETED if request.settled_at is None:
            return f":white_check_mark: No copy is beyond what is kept, or none that could go ({what})."
        case RequestState.COMPLETED:
            return f":wastebasket: The copies are deregistered, and their snapshots deleted ({what})."
        case RequestState.DENIED:
            return f":no_entry: Letting the copies go ({what}) was denied; they stay."
        case RequestState.EXPIRED:
            return f":hourglass: Nobody decided in time on letting the copies go ({what}); they stay."
        case _:
            return f":x: Letting the copies go ({what}) failed; some may be gone."


def taken_back(request: Request) -> str:
    """Return that a share has ended, and why."""
    what = f"{mrkdwn.code(request.id)}, {images(request)} with {targets(request)}"
    why = _WHY_ENDED[request.ended_because or Trigger.PERSON]
    return f":lock: What the share ({what}) gave is taken back: {why} ({mrkdwn.code(str(request.ended_by))})."


_WHY_ENDED = {
    Trigger.PERSON: "somebody asked for it, and it was approved",
    Trigger.END_DATE: "its time is over, as was approved",
    Trigger.COPIES_DONE: "the copies are done, and the source is closed again, as was approved",
}


def trouble(revocation: Request) -> str:
    """Return that a share couldn't be ended as was provided for: somebody has to see to it."""
    why = "the end date" if revocation.trigger is Trigger.END_DATE else "the end of the copies"
    return (
        f":warning: {mrkdwn.person(revocation.requester.user_id)} With {why} of {mrkdwn.code(str(revocation.of))}, "
        f"what it gave ({images(revocation)} with {targets(revocation)}) was to be taken back. That failed "
        f"({mrkdwn.code(revocation.id)})."
    )


def name(request: Request, delivery: Delivery) -> str:
    place = f"{mrkdwn.code(delivery.account_id)}, {mrkdwn.code(delivery.region)}"
    which = f" {mrkdwn.code(delivery.source_image_id)}" if len(request.image_ids) > 1 else ""
    return f"*{mrkdwn.escape(delivery.target)}* ({place}){which}"


def _copy(delivery: Delivery) -> str:
    return mrkdwn.code(delivery.image_id or "")


def _kind_of_delivery(request: Request) -> str:
    """What there is one of for each delivery, as people would count them."""
    accounts = {delivery.account_id for delivery in request.deliveries}
    return "account" if len(accounts) == len(request.deliveries) else "delivery"


def count(number: int, noun: str) -> str:
    """Return the number with the noun, in the singular or the plural."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun != "key" else f"{noun}s"
    return f"{number} {noun}" if number == 1 else f"{number} {plural}"
