"""Approval: who may decide on what, and the one decision that stands on each part of a request.

Each function here is one transaction that holds the request's row, and looks at the rules and at the votes within it:
of any number of clicks at once each finds what the one before it left.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sharing.requests import NOBODY, Decision, Edit, Person, Request, RequestId, RequestKind, Verdict
from sharing.rules import ApprovalRules, Barred, Part, Tally, granted
from sharing.states import RequestState
from sharing.store import Store
from sharing.transaction import Transaction, edit_columns

_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Approver:
    """Somebody who clicked, with the groups they are in at this moment."""

    person: Person
    groups: Set[str]


@dataclass(frozen=True)
class Ballot:
    """What a button stands for: a part of a request, by its rule's name, and the plan that was shown.

    An empty `rule` is of a message from before there were several, and means the only part.
    """

    request_id: RequestId
    plan_digest: str
    rule: str


class Objection(StrEnum):
    """Why a click changes nothing."""

    NOT_AN_APPROVER = "not_an_approver"
    OWN_REQUEST = "own_request"
    OWN_EDIT = "own_edit"
    ALREADY_DECIDED = "already_decided"
    ALREADY_COUNTED = "already_counted"
    NOT_WAITING = "not_waiting"
    BEING_CHECKED = "being_checked"
    PLAN_CHANGED = "plan_changed"
    RULES_CHANGED = "rules_changed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_THE_REQUESTER = "not_the_requester"
    NOBODYS = "nobodys"
    NOTHING_LEFT = "nothing_left"
    NOTHING_REMOVED = "nothing_removed"


@dataclass(frozen=True)
class Outcome:
    """What became of a click.

    Attributes:
        request: as it stands after the click.
        objection: why the click changed nothing, if it didn't.
        tally: how the part that was clicked on stands, if it is known.
    """

    request: Request
    objection: Objection | None = None
    tally: Tally | None = None


def object_to(
    request: Request, rules: ApprovalRules, approver: Approver, ballot: Ballot, now: datetime
) -> tuple[Objection | None, Tally | None]:
    """Return what stands against `approver` deciding on a part of the request now, and how that part stands.

    Nobody decides on a request of their own, unless the rule says so explicitly. A click on a message that shows an
    older plan decides nothing.
    """
    if (closed := _not_open(request)) is not None:
        return closed, None
    if ballot.plan_digest != request.plan_digest:
        return Objection.PLAN_CHANGED, None
    tallies = rules.tallies_of(request)
    named = [each for each in tallies if each.part.rule.name == ballot.rule or (not ballot.rule and len(tallies) == 1)]
    if not named:
        return Objection.RULES_CHANGED, None
    return _against(request, approver, named[0], now), named[0]


def decide(
    store: Store,
    rules: ApprovalRules,
    ballot: Ballot,
    *,
    approver: Approver,
    verdict: Verdict,
    reason: str,
    now: datetime,
    lost: Set[Person] = frozenset(),
) -> Outcome:
    """Take the decision on one part if nothing stands against it, and move the request on once no part is open.

    What those of `lost` approved of the part counts no more: they may not decide on it by now. Nor does what those did
    whom the rule doesn't name any more; whoever approves next, both are put on record.

    Raises:
        NoSuchRequest: no request has that id.
    """
    with store.transaction() as tx:
        request = tx.find(ballot.request_id)
        objection, tally = object_to(request, rules, approver, ballot, now)
        if objection is None and tally is not None and verdict is Verdict.APPROVED:
            mine = [vote for vote in tally.approvals if vote.person == approver.person]
            objection = Objection.ALREADY_COUNTED if mine else None
        if objection is not None or tally is None:
            return Outcome(request, objection, tally)
        void = [*tally.unnamed, *(vote.person for vote in tally.approvals if vote.person in lost)]
        for person in void if verdict is Verdict.APPROVED else ():
            _record(tx, request, _vote(request, tally, person, Verdict.VOID, now))
        _record(tx, request, _vote(request, tally, approver.person, verdict, now, reason=reason))
        return Outcome(move_on(tx, rules, tx.find(request.id), now), None, tally)


def move_on(tx: Transaction, rules: ApprovalRules, request: Request, now: datetime) -> Request:
    """Move the request on if none of its parts is open any more; else wait for the one that lapses next."""
    tallies = rules.tallies_of(request)
    for each in tallies if len(tallies) > 1 else ():
        if each.verdict is None and not each.open_at(request, now):
            _record(tx, request, _vote(request, each, NOBODY, Verdict.LAPSED, now))
    waiting = [each.part for each in tallies if each.open_at(request, now)]
    if waiting:
        # The rules may be others than when it was asked.
        remind_at = request.remind_at or _first_reminder(rules, waiting, now)
        expires_at = min(part.expires_at(request) for part in waiting)
        return tx.change(request, now, expires_at=expires_at, asked_in=_channels(request, waiting), remind_at=remind_at)
    targets = granted(tallies, request)
    if targets is not None:
        return tx.move(request, RequestState.APPROVED, now, targets=list(targets), remind_at=None)
    if any(each.verdict is Verdict.DENIED for each in tallies):
        return tx.move(request, RequestState.DENIED, now, remind_at=None)
    tx.audit(request.id, now, "bot", "expired", {})
    return tx.move(request, RequestState.EXPIRED, now, remind_at=None)


def asked(request: Request, rules: ApprovalRules, now: datetime) -> dict[str, object]:
    """Return the columns of a request that is asked for now, with the plan that it has."""
    parts = rules.parts_of(request)
    # Later than all that was decided before, whatever time it was where that was decided.
    now = max([now, *(each.at + _A_MOMENT for each in request.decisions)])
    return {
        "asked_at": now,
        "asked_in": _channels(request, parts),
        "expires_at": min(part.expires_at(replace(request, asked_at=now)) for part in parts),
        "remind_at": _first_reminder(rules, parts, now),
        "reminded": {},
    }


def _channels(request: Request, parts: Iterable[Part]) -> list[str]:
    """Where it was asked before, and where these parts are asked."""
    return [*dict.fromkeys([*request.asked_in, *(part.rule.channel for part in parts)])]


def _first_reminder(rules: ApprovalRules, parts: Iterable[Part], now: datetime) -> datetime | None:
    spans = [part.rule.remind_after for part in parts if part.rule.remind_after is not None]
    return rules.hours.after(now, min(spans)) if spans else None


def narrowable(
    request: Request, rules: ApprovalRules, approver: Approver, plan_digest: str, now: datetime
) -> Objection | tuple[str, ...]:
    """Return the targets that `approver` may take out of the request, or what stands against it."""
    if (closed := _not_open(request)) is not None:
        return closed
    if plan_digest != request.plan_digest:
        return Objection.PLAN_CHANGED
    tallies = rules.tallies_of(request)
    objections = [_against(request, approver, each, now) for each in tallies]
    theirs = {
        target for each, no in zip(tallies, objections, strict=True) if no is None for target in each.part.targets
    }
    if not theirs:
        return next(filter(None, objections), Objection.NOTHING_LEFT)
    return tuple(target for target in request.targets if target in theirs)


def narrow(
    store: Store,
    rules: ApprovalRules,
    request_id: RequestId,
    *,
    approver: Approver,
    keep: Iterable[str],
    plan_digest: str,
    now: datetime,
) -> Outcome:
    """Take all but `keep` of the targets that `approver` may decide on out of a share, to be planned and asked anew.

    What was decided on the wider plan doesn't count for the narrower one; what was denied is out of it, too.

    Raises:
        NoSuchRequest: no request has that id.
    """
    with store.transaction() as tx:
        request = tx.find(request_id)
        theirs = narrowable(request, rules, approver, plan_digest, now)
        if isinstance(theirs, Objection):
            return Outcome(request, theirs)
        removed = set(theirs) - set(keep)
        if request.kind is not RequestKind.SHARE or not removed:
            return Outcome(request, Objection.NOTHING_REMOVED)
        tallies = [each for each in rules.tallies_of(request) if not each.open_at(request, now)]
        closed = [each for each in tallies if each.verdict is not Verdict.APPROVED]
        left = set(request.targets) - removed - {target for each in closed for target in each.part.targets}
        if not left:
            return Outcome(request, Objection.NOTHING_LEFT)
        gone = tuple(target for target in request.targets if target not in left)
        edits = (*request.edits, Edit(approver.person, now, gone))
        tx.audit(
            request.id, now, approver.person.user_id, "narrowed", {"plan_digest": plan_digest, "removed": list(gone)}
        )
        moved = tx.move(
            request,
            RequestState.CHECKING,
            now,
            targets=[target for target in request.targets if target in left],
            edits=[edit_columns(each) for each in edits],
            expires_at=None,
            remind_at=None,
        )
        return Outcome(moved)


def cancel(store: Store, request_id: RequestId, person: Person, now: datetime) -> Outcome:
    """Withdraw a request that isn't decided on yet. Its requester alone may, and nobody an end approved with its share.

    Raises:
        NoSuchRequest: no request has that id.
    """
    with store.transaction() as tx:
        request = tx.find(request_id)
        if not request.trigger.asks_first:
            return Outcome(request, Objection.NOT_WAITING)
        if request.requester == NOBODY:
            return Outcome(request, Objection.NOBODYS)
        if person != request.requester:
            return Outcome(request, Objection.NOT_THE_REQUESTER)
        if request.state is not RequestState.CHECKING and (closed := _not_open(request)) is not None:
            return Outcome(request, closed)
        tx.audit(request.id, now, person.user_id, "cancelled", {"plan_digest": request.plan_digest})
        return Outcome(tx.move(request, RequestState.CANCELLED, now, cancelled_at=now, remind_at=None))


def _not_open(request: Request) -> Objection | None:
    """Why nobody can decide on the request as it stands, whoever they are."""
    match request.state:
        case RequestState.AWAITING_APPROVAL:
            return None
        case RequestState.CHECKING:
            return Objection.BEING_CHECKED
        case RequestState.EXPIRED:
            return Objection.EXPIRED
        case RequestState.CANCELLED:
            return Objection.CANCELLED
        case _:
            return Objection.ALREADY_DECIDED if request.decisions else Objection.NOT_WAITING


def _against(request: Request, approver: Approver, tally: Tally, now: datetime) -> Objection | None:
    rule = tally.part.rule
    if not rule.names(approver.person, approver.groups):
        return Objection.NOT_AN_APPROVER
    match rule.bars(approver.person, request):
        case Barred.REQUESTER:
            return Objection.OWN_REQUEST
        case Barred.LAST_EDITOR:
            return Objection.OWN_EDIT
    if tally.verdict in (Verdict.APPROVED, Verdict.DENIED):
        return Objection.ALREADY_DECIDED
    return None if tally.open_at(request, now) else Objection.EXPIRED


def _vote(
    request: Request, tally: Tally, person: Person, verdict: Verdict, now: datetime, *, reason: str = ""
) -> Decision:
    # Replicas' clocks differ: whoever decides does so after it was asked, whatever time it is here.
    part, at = tally.part, max(now, request.asked_at or now)
    return Decision(person, verdict, reason, str(request.plan_digest), at, part.rule.name, part.targets)


def _record(tx: Transaction, request: Request, vote: Decision) -> None:
    tx.add_decision(request, vote)
    said = {"plan_digest": vote.plan_digest, "reason": vote.reason, "rule": vote.rule, "targets": list(vote.targets)}
    if vote.verdict is Verdict.VOID:
        said["approved_by"] = vote.person.user_id
    by_bot = vote.verdict in (Verdict.LAPSED, Verdict.VOID)
    tx.audit(request.id, vote.at, "bot" if by_bot else vote.person.user_id, vote.verdict.value, said)
