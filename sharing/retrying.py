"""Retrying: deliveries that failed are tried again, within what was approved, because somebody asks for it.

What approvers said yes to is the plan, and that stays as it is: its permissions are made sure of once more, and the
same copy is ordered under the same key. Whatever would need another plan is asked for anew. Of any number of clicks at
once each finds what the one before it left.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sharing.applying import tried_anew
from sharing.approval import Approver
from sharing.requests import Delivery, FailedTry, Request, RequestId, RequestKind, Retry, Trigger, Way, named
from sharing.rules import ApprovalRules
from sharing.states import RequestState, is_final
from sharing.store import Store
from sharing.transaction import retry_columns


class Obstacle(StrEnum):
    """Why nothing is tried again."""

    RETRIED_ALREADY = "retried_already"
    NOTHING_FAILED = "nothing_failed"
    NOT_IN_PLACE = "not_in_place"
    SOURCE_CLOSED = "source_closed"
    TAKEN_BACK = "taken_back"
    TO_BE_TAKEN_BACK = "to_be_taken_back"
    TIME_OVER = "time_over"
    NOT_ENTITLED = "not_entitled"


@dataclass(frozen=True)
class Wish:
    """What a button stands for.

    Attributes:
        known: how many retries there had been when the button was shown: what was tried again since isn't meant.
        way: the delivery to be tried again; None for all that failed.
    """

    request_id: RequestId
    known: int
    way: Way | None


@dataclass(frozen=True)
class Outcome:
    """What became of a click.

    Attributes:
        request: as it stands after the click.
        obstacle: why nothing is tried again, if so.
        before: the retry that came first, if one did.
        revocation: the request by which the share is taken back, or is to be, if that is in the way.
    """

    request: Request
    obstacle: Obstacle | None = None
    before: Retry | None = None
    revocation: RequestId | None = None


def offered(request: Request) -> tuple[Delivery, ...]:
    """Return the deliveries that could be tried again as the request stands, whoever asks."""
    return () if _closed(request) else request.failed


def wished(
    request: Request,
    rules: ApprovalRules,
    wish: Wish,
    *,
    caller: Approver,
    revocation: RequestId | None,
    now: datetime,
) -> tuple[Delivery, ...] | Obstacle:
    """Return the deliveries that are to be tried again, or what is in the way.

    Its requester may have all of a request's tried again; who may approve, those to the targets of their rules.
    `revocation` is the request that would take the share back and isn't decided or carried out yet, if there is one.
    """
    if _tried_since(request, wish):
        return Obstacle.RETRIED_ALREADY
    if (closed := _closed(request)) is not None:
        return closed
    if revocation is not None:
        return Obstacle.TO_BE_TAKEN_BACK
    if request.time_is_over(now):
        return Obstacle.TIME_OVER
    meant = [each for each in request.failed if wish.way in (None, each.way)]
    if not meant:
        return Obstacle.NOTHING_FAILED
    theirs = tuple(each for each in meant if _may(request, rules, caller, each))
    return theirs or Obstacle.NOT_ENTITLED


def retry(store: Store, rules: ApprovalRules, wish: Wish, *, caller: Approver, now: datetime) -> Outcome:
    """Have what failed tried again, if nothing is in the way.

    Raises:
        NoSuchRequest: no request has that id.
    """
    with store.transaction() as tx:
        request = tx.find(wish.request_id)
        revocation = tx.revocation_under_way(request.id)
        found = wished(request, rules, wish, caller=caller, revocation=revocation, now=now)
        if isinstance(found, Obstacle):
            return Outcome(request, found, _tried_since(request, wish), request.ended_by or revocation)
        for each in found:
            request = tx.change_delivery(request, each, tried_anew(request.id, each, now, now), now)
        tries = tuple(FailedTry(each.way, each.failure, each.failure_batch) for each in found)
        retries = [*request.retries, Retry(caller.person, now, tries)]
        said = {"deliveries": [named(each) | {"attempt": str(each.attempt + 1)} for each in found]}
        tx.audit(request.id, now, caller.person.user_id, "retried", said)
        columns = {"retries": list(map(retry_columns, retries))}
        if is_final(request.state):
            return Outcome(tx.move(request, RequestState.APPLYING, now, **columns))
        return Outcome(tx.change(request, now, **columns))


def _tried_since(request: Request, wish: Wish) -> Retry | None:
    """The last retry of what is meant that the button didn't know of."""
    since = request.retries[wish.known :]
    return next((each for each in reversed(since) if wish.way is None or each.is_of(wish.way)), None)


def _closed(request: Request) -> Obstacle | None:
    """Why nothing of the request can be tried again as it stands, whoever asks."""
    if request.ended_by is not None:
        closed = request.ended_because is Trigger.COPIES_DONE
        return Obstacle.SOURCE_CLOSED if closed else Obstacle.TAKEN_BACK
    in_place = request.state in _IN_PLACE and request.settled_at is not None and request.failure is None
    if request.kind is not RequestKind.SHARE or not in_place:
        return Obstacle.NOT_IN_PLACE
    return None if request.failed else Obstacle.NOTHING_FAILED


# States in which the permissions of a share were made, and have not been taken back; with `settled_at`.
_IN_PLACE = (RequestState.APPLYING, RequestState.COPYING, RequestState.COMPLETED, RequestState.FAILED)


def _may(request: Request, rules: ApprovalRules, caller: Approver, delivery: Delivery) -> bool:
    return caller.person == request.requester or any(
        delivery.target in part.targets and part.rule.names(caller.person, caller.groups)
        for part in rules.parts_of(request)
    )
