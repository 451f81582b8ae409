"""Errands: what the worker needs to know of a kind of request. The way is the same for all kinds, the work isn't."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from aws_ops.causes import Cause
from aws_ops.errors import AwsOpsError
from aws_ops.plan import Plan, Refused
from sharing.claim import Claim
from sharing.requests import Request
from sharing.states import RequestState
from sharing.transaction import Transaction


class PartsRefused(AwsOpsError):
    """AWS refused some of what was to be done, or all of it, each part for a reason of its own."""

    def __init__(self, why: Iterable[Cause]) -> None:
        super().__init__("AWS refused some of it", tuple(dict.fromkeys(why)))


class Errand(Protocol):
    """One kind of request."""

    def ends_with(self, plan: Plan) -> bool:
        """Whether the request has come to its end with this plan, so that there is nothing to approve."""

    def books(self, tx: Transaction, request: Request) -> Any:
        """Return what is on record that the plan is made from; what changes it makes the plan out of date.

        Raises:
            NotRevocable: there is nothing that could be done.
        """

    def plan(self, request: Request, books: Any) -> Plan | Refused:
        """Ask AWS, and decide what has to change.

        Raises:
            AwsBusy: AWS can't say now.
        """

    def learn(self, tx: Transaction, books: Any, plan: Plan) -> None:
        """Write down what asking AWS has shown of the `books`, whatever becomes of the plan."""

    def announce(self, tx: Transaction, request: Request) -> None:
        """Say what an approved request is about to count on, before AWS is asked for it.

        Raises:
            Overtaken: somebody is taking it away at this moment.
        """

    def begin(self, tx: Transaction, request: Request, now: datetime) -> RequestState:
        """Write down what goes with the beginning, and return the state to begin with.

        The request holds the plan that will be carried out.

        Raises:
            Overtaken: another request is at the same at this moment.
        """

    def carry_out(self, claim: Claim) -> None:
        """Do what the approved plan says, and move the request on. Done again after a crash, it changes nothing.

        Raises:
            AwsBusy, NotYetVisible, KeyPolicyContested, KeyInOtherHands: not now; the same again later is right.
            AwsOpsError: any other, AWS won't have it.
        """

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """Undo what `begin` wrote down about others, since the request has failed or been refused."""


def complete(claim: Claim) -> None:
    """End a request whose work is done."""
    with claim.transaction() as (tx, request, now):
        tx.audit(request.id, now, "bot", "completed", {})
        tx.move(request, RequestState.COMPLETED, now, settled_at=request.settled_at or now)
