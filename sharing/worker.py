"""The worker: claims requests that are due and advances each by one step, from the stored state.

    checking           read the facts, plan                          → awaiting_approval or refused
    awaiting_approval  only ever due when a part's time is over      → expired, or on with what was approved
    approved           read the facts again, plan again, compare     → applying, or back to the approvers
    preparing          `preparing.py`: re-encrypt at the source      → approved, to be looked at again
    applying           `shares.py`: permissions, in order            → copying
                       `revoking.py`: the same, backwards            → completed, and the share revoked
                       `auditing.py`: what differs is put right      → completed
                       `retiring.py`: copies go that aren't kept     → completed
    copying            `copying.py`: start copies that wait; the end → completed or failed
    completed, failed  only ever due when the share's time is over   → revoking, by a request of its own

What failed is tried again when somebody asks for it (`retrying.py`): the request goes back to applying.

A step that can't be done now is done later; one that can't be done at all fails the request, and says why.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aws_ops.accounts import Accounts
from aws_ops.errors import AwsOpsError
from aws_ops.estimates import Prices, estimate
from aws_ops.fence import fenced
from aws_ops.plan import Plan, Refused, digest, exceeds
from sharing.applying import NOT_NOW
from sharing.approval import asked, move_on
from sharing.claim import Claim
from sharing.clock import Clock
from sharing.context import about
from sharing.copying import fail_retried, finish, start_copies
from sharing.database import DATABASE_AWAY
from sharing.errand import Errand
from sharing.estate import Estate, UnknownAccount
from sharing.findings import brings_news
from sharing.ledger import Ledger
from sharing.locks import KeyInOtherHands
from sharing.preparing import NotPrepared, prepare
from sharing.requests import Failure, FailureKind, Request, RequestKind, Trigger
from sharing.revoking import NotRevocable, end_when_due
from sharing.rules import ApprovalRules
from sharing.states import RequestState, is_final
from sharing.store import Store
from sharing.transaction import LeaseLost, Overtaken, Transaction, failure_columns, refusal_columns

_log = logging.getLogger(__name__)

_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=5)
# With the pauses above, AWS may be away for about an hour and a half before a request gives up.
_TRIES = 25
_TRIES_AFTER_A_MISTAKE = 3


@dataclass(frozen=True)
class Worker:
    """Advances requests. Any number of workers, in any number of processes, may share one store.

    Attributes:
        lease: how long a request stays a dead worker's; a living one calls `keep_claims` well within it.
        rules: who decides, and by when.
        errands: what is to be done for each kind of request.
        on_lease_lost: told of each claim that another worker took over.
        prices: what AWS charges, so that it can be said beforehand; None for not saying it.
    """

    store: Store
    accounts: Accounts
    estate: Estate
    clock: Clock
    lease: timedelta
    rules: ApprovalRules
    errands: Mapping[RequestKind, Errand]
    prices: Prices | None = None
    on_lease_lost: Callable[[str], None] = lambda _: None
    _claims: set[Claim] = field(default_factory=set)

    def run_once(self) -> bool:
        """Advance the request that has been due longest, if there is one; say whether there was."""
        request = self.store.claim(self.clock(), self.lease)
        if request is None:
            return False
        claim = Claim(request, self.store, self.clock, self.lease)
        self._claims.add(claim)
        try:
            with about(request.id):
                self._work_on(claim)
        finally:
            self._claims.remove(claim)
        return True

    def keep_claims(self) -> None:
        """Hold on to the requests that are being worked on, however long AWS takes."""
        for claim in tuple(self._claims):
            claim.keep()

    def hand_back(self) -> None:
        """Give up every claim, since the process ends: another replica goes on at once, from the stored state."""
        for claim in tuple(self._claims):
            with self.store.transaction() as tx:
                tx.hand_back(claim.request)

    def _work_on(self, claim: Claim) -> None:
        try:
            with fenced(claim.check):
                self._run(claim)
        except LeaseLost:
            _log.warning("request %s: overtaken by another worker", claim.request.id)
            self.on_lease_lost("work")

    def _run(self, claim: Claim) -> None:
        try:
            self._advance(claim)
        except (LeaseLost, *DATABASE_AWAY):
            raise  # nothing can be written now; with the database away the claim lapses, and no try is counted
        except NotRevocable as trouble:
            details = {"share": trouble.share.id, "state": trouble.share.state.value}
            self._fail(claim, Failure(FailureKind.NOT_REVOCABLE, details))
        except NotPrepared as trouble:
            self._fail(claim, trouble.failure)
        except KeyInOtherHands as closed:
            self._try_later(claim, _if_it_lasts(closed), str(closed), closed.opens_at)
        except (*NOT_NOW, Overtaken) as trouble:
            self._try_later(claim, _if_it_lasts(trouble), str(trouble))
        except AwsOpsError as trouble:
            self._fail(claim, Failure(FailureKind.AWS_REFUSED, {}, trouble.why))
        except UnknownAccount as gone:
            self._fail(claim, Failure(FailureKind.ACCOUNT_REMOVED, {"account": gone.wanted}))
        except Exception:
            self._own_mistake(claim)
        else:
            with self.store.transaction() as tx:
                tx.let_go(claim.request)

    def _advance(self, claim: Claim) -> None:
        match claim.request.state:
            case RequestState.APPROVED | RequestState.APPLYING if claim.request.time_is_over(self.clock()):
                self._fail(claim, Failure(FailureKind.TIME_OVER, {}))
            case RequestState.CHECKING:
                self._check(claim)
            case RequestState.AWAITING_APPROVAL:
                self._expire(claim)
            case RequestState.APPROVED:
                self._confirm(claim)
            case RequestState.PREPARING:
                prepare(claim, self.accounts, self.estate)
            case RequestState.APPLYING:
                self.errands[claim.request.kind].carry_out(claim)
            case RequestState.COPYING:
                start_copies(claim, self.accounts, self.estate)
                finish(claim)
            case RequestState.COMPLETED | RequestState.FAILED:
                with claim.transaction() as (tx, request, now):
                    end_when_due(tx, request, now)
            case final:
                raise AssertionError(f"nothing to do for a request that is {final.value}")

    def _check(self, claim: Claim) -> None:
        errand = self.errands[claim.request.kind]
        with claim.transaction() as (tx, request, _):
            books = errand.books(tx, request)
        planned = errand.plan(claim.request, books)
        with claim.transaction() as (tx, request, now):
            if request.state is not RequestState.CHECKING:
                return  # cancelled in between
            if isinstance(planned, Refused):
                self._refuse(tx, request, planned, now)
                return
            errand.learn(tx, books, planned)
            if errand.ends_with(planned):
                self._set_plan(tx, request, planned)
                tx.audit(request.id, now, "bot", "planned_only", {"changes": len(planned.changes)})
                by_calendar = request.trigger is Trigger.CALENDAR
                told = {"news": brings_news(planned, tx.told_before(request))} if by_calendar else {}
                tx.move(request, RequestState.COMPLETED, now, **told)
            elif request.trigger.asks_first:
                self._ask(tx, request, planned, now)
            else:
                self._set_plan(tx, request, planned)
                tx.audit(request.id, now, "bot", "planned", {"plan_digest": digest(planned)})
                tx.move(request, RequestState.APPROVED, now)

    def _confirm(self, claim: Claim) -> None:
        errand = self.errands[claim.request.kind]
        with claim.transaction() as (tx, request, _):
            errand.announce(tx, request)
            books = errand.books(tx, request)
        planned = errand.plan(claim.request, books)
        with claim.transaction() as (tx, request, now):
            if isinstance(planned, Refused):
                self._refuse(tx, request, planned, now)
            elif request.trigger.asks_first and exceeds(planned, request.approved_plan):
                tx.audit(request.id, now, "bot", "plan_grew", {"approved_digest": request.plan_digest})
                self._ask(tx, request, planned, now)
            else:
                Ledger(tx).gate()
                if errand.books(tx, request) != books:
                    raise Overtaken("what the plan was made from has changed a moment ago")
                # The estimate stays what the approvers were shown: of a plan that is half done, it would be half.
                tx.set_plan(request, planned, request.estimate)
                to = errand.begin(tx, replace(request, plan=planned), now)
                tx.move(request, to, now, **({"begun_at": now} if to is RequestState.APPLYING else {}))

    def _set_plan(self, tx: Transaction, request: Request, plan: Plan) -> None:
        """Store the plan, with what it may cost and how long it may take."""
        tx.set_plan(request, plan, estimate(plan, self.prices, tx.copy_times()))

    def _ask(self, tx: Transaction, request: Request, plan: Plan, now: datetime) -> None:
        self._set_plan(tx, request, plan)
        tx.audit(request.id, now, "bot", "planned", {"plan_digest": digest(plan)})
        tx.move(
            request,
            RequestState.AWAITING_APPROVAL,
            now,
            replanned_at=now if request.state is RequestState.APPROVED else None,
            **asked(replace(request, plan=plan), self.rules, now),
        )

    def _refuse(self, tx: Transaction, request: Request, refused: Refused, now: datetime) -> None:
        columns = refusal_columns(refused.refusals)
        tx.audit(request.id, now, "bot", "refused", {"refusals": columns})
        tx.move(request, RequestState.REFUSED, now, refusals=columns)
        self.errands[request.kind].give_up(tx, request, now)

    def _expire(self, claim: Claim) -> None:
        with claim.transaction() as (tx, request, now):
            if request.state is RequestState.AWAITING_APPROVAL:
                move_on(tx, self.rules, request, now)

    def _try_later(self, claim: Claim, failure: Failure, said: str, due_at: datetime | None = None) -> None:
        """Try again at `due_at`, or else after a pause; the request fails with `failure` after enough tries."""
        tries = claim.request.attempts + 1
        if tries >= _TRIES:
            self._fail(claim, failure)
            return
        pause = min(_FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE)
        if due_at is not None and (left := due_at - self.clock()) > timedelta(0):
            pause = left
        _log.info("request %s: try %d again in %s: %s", claim.request.id, tries, pause, said)
        with claim.transaction() as (tx, request, now):
            if request.state is claim.request.state:
                tx.postpone(request, now + pause)
            tx.let_go(request)

    def _own_mistake(self, claim: Claim) -> None:
        reference = secrets.token_hex(4)
        _log.exception("request %s: unexpected error, reference %s", claim.request.id, reference)
        failure = Failure(FailureKind.UNEXPECTED, {"reference": reference})
        if claim.request.attempts + 1 < _TRIES_AFTER_A_MISTAKE:
            self._try_later(claim, failure, f"reference {reference}")
        else:
            self._fail(claim, failure)

    def _fail(self, claim: Claim, failure: Failure) -> None:
        with claim.transaction() as (tx, request, now):
            if request.state is RequestState.APPLYING and request.retries:
                fail_retried(tx, request, failure, now)
            elif not is_final(request.state):
                tx.audit(request.id, now, "bot", "failed", failure_columns(failure) or {})
                tx.move(request, RequestState.FAILED, now, failure=failure_columns(failure))
                self.errands[request.kind].give_up(tx, request, now)
            tx.let_go(request)


def _if_it_lasts(trouble: Exception) -> Failure:
    """What trouble that passes most of the time is, once it hasn't passed."""
    if isinstance(trouble, AwsOpsError):
        return Failure(FailureKind.AWS_BUSY, {}, trouble.why)
    return Failure(FailureKind.OTHERS_AT_IT, {})
