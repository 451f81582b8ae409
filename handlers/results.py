"""Results: what a request has come to, in detail: what is wrong, or the images, ready to paste. Pure."""

from collections.abc import Iterator, Sequence

from aws_ops.cautions import Caution
from handlers import ballots, mrkdwn, phrases, wording
from handlers.layout import Line, Rows
from handlers.speech import Speech
from sharing.requests import Delivery, Person, Request, RequestKind
from sharing.states import DeliveryState


def in_detail(say: Speech, request: Request) -> Iterator[Line]:
    """Yield what is said below the end of a request."""
    yield from why_not(say, request)
    if request.kind in (RequestKind.AUDIT, RequestKind.RETIRE) or _has_taken_back(request):
        yield from to_know(say, request)
    # Before the images, which may be more than there is room for.
    yield from ballots.left_out(say, request)
    if done := _done(request):
        yield _table(say, done, several=len(request.image_ids) > 1)
    yield from (phrases.opened(say, launch) for launch in request.opened_to)
    for delivery in request.deliveries:
        yield from of_delivery(say, request, delivery)


def of_shares(say: Speech, shares: Sequence[Request], reader: Person | None) -> Iterator[Line]:
    """Yield how several shares came to a good end, for who asked for them or only hears of them.

    A line each comes first, and what else there is to say of them last: there may not be room for all.
    """
    yield say("digest", count=len(shares))
    yield from (phrases.in_digest(say, share, theirs=share.requester == reader) for share in shares)
    if done := [delivery for share in shares for delivery in _done(share)]:
        yield say("digest-ready")
        yield _table(say, done, several=len({delivery.source_image_id for delivery in done}) > 1)
    for share in shares:
        besides = [line for line in in_detail(say, share) if isinstance(line, str)]
        yield from (f"{mrkdwn.code(share.id)} {line}" for line in besides)


def _done(request: Request) -> list[Delivery]:
    return [delivery for delivery in request.deliveries if delivery.state is DeliveryState.COMPLETED]


def _has_taken_back(request: Request) -> bool:
    return request.kind is RequestKind.REVOKE and request.settled_at is not None


def to_know(say: Speech, request: Request) -> Iterator[str]:
    """Yield what there is to know of the plan."""
    if request.plan is not None:
        yield from (f":warning: {wording.left_behind(say, obstacle)}" for obstacle in request.plan.obstacles)
        yield from (f"{_sign(caution)} {wording.caution(say, caution)}" for caution in request.plan.cautions)


def why_not(say: Speech, request: Request) -> Iterator[str]:
    """Yield why the request couldn't be carried out, if it couldn't."""
    yield from (f"• {wording.refusal(say, refusal)}" for refusal in request.refusals)
    if request.failure is not None:
        yield f"• {wording.failure(say, request.failure)}"
    yield from (f"• {wording.note(say, note)}" for note in request.notes)


def of_delivery(say: Speech, request: Request, delivery: Delivery) -> Iterator[str]:
    """Yield what else is to be said of a delivery: of a good one, or why it failed."""
    name = phrases.name(say, request, delivery)
    yield from (f"• {name}: {wording.note(say, note)}" for note in delivery.notes)
    if delivery.state is DeliveryState.FAILED and delivery.failure is not None:
        yield f"• {name}: {wording.failure(say, delivery.failure)}"


def _sign(caution: Caution) -> str:
    return ":warning:" if wording.calls(caution) else ":information_source:"


def _table(say: Speech, done: list[Delivery], *, several: bool) -> Rows:
    width, home = max(len(delivery.target) for delivery in done), max(len(delivery.region) for delivery in done)
    return Rows(
        tuple(
            f"{d.target:<{width}}  {d.account_id}  {d.region:<{home}}  {d.image_id}"
            + (f"  {say('from-image', image=d.source_image_id)}" if several and d.image_id != d.source_image_id else "")
            for d in done
        )
    )
