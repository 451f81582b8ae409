"""Approval: who may decide on a request, and the one decision that stands."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sharing.requests import Decision, Person, Request, RequestId, Verdict
from sharing.states import RequestState
from sharing.store import Store


@dataclass(frozen=True)
class ApprovalRule:
    """Who may decide: the people named, and the members of the groups named. Nobody named means nobody may."""

    users: frozenset[str]
    groups: frozenset[str]


@dataclass(frozen=True)
class Approver:
    """Somebody who clicked, with the groups they are in at this moment."""

    person: Person
    groups: Set[str]


class Objection(StrEnum):
    """Why a decision isn't taken."""

    NOT_AN_APPROVER = "not_an_approver"
    OWN_REQUEST = "own_request"
    ALREADY_DECIDED = "already_decided"
    NOT_WAITING = "not_waiting"
    PLAN_CHANGED = "plan_changed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Outcome:
    """What became of a click: the request as it stands after it, and the objection if the click changed nothing."""

    request: Request
    objection: Objection | None


def object_to(
    request: Request, approver: Approver, rule: ApprovalRule, plan_digest: str, now: datetime
) -> Objection | None:
    """Return what stands against `approver` deciding on the plan with `plan_digest` now, or None.

    Nobody decides on a request of their own. A click on a message that shows an older plan decides nothing.
    """
    if approver.person.user_id not in rule.users and not approver.groups & rule.groups:
        return Objection.NOT_AN_APPROVER
    if approver.person == request.requester:
        return Objection.OWN_REQUEST
    if request.state is RequestState.EXPIRED:
        return Objection.EXPIRED
    if request.state is not RequestState.AWAITING_APPROVAL:
        return Objection.ALREADY_DECIDED if request.decisions else Objection.NOT_WAITING
    if request.expires_at is not None and request.expires_at <= now:
        return Objection.EXPIRED
    if plan_digest != request.plan_digest:
        return Objection.PLAN_CHANGED
    return None


def decide(
    store: Store,
    rule: ApprovalRule,
    request_id: RequestId,
    *,
    approver: Approver,
    verdict: Verdict,
    reason: str,
    plan_digest: str,
    now: datetime,
) -> Outcome:
    """Take the decision if nothing stands against it. Of any number of decisions at once, one is taken.

    Raises:
        NoSuchRequest: no request has that id.
    """
    with store.transaction() as tx:
        request = tx.find(request_id)
        objection = object_to(request, approver, rule, plan_digest, now)
        if objection is not None:
            return Outcome(request, objection)
        tx.add_decision(request, Decision(approver.person, verdict, reason, plan_digest, now))
        tx.audit(
            request_id, now, approver.person.user_id, verdict.value, {"plan_digest": plan_digest, "reason": reason}
        )
        to = RequestState.APPROVED if verdict is Verdict.APPROVED else RequestState.DENIED
        return Outcome(tx.move(request, to, now), None)
