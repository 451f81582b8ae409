"""Shares: images become usable in other accounts.

The permissions come first (`applying.py`), then the copies (`copying.py`).
"""

from dataclasses import dataclass
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.entries import entries_of
from aws_ops.plan import Plan, Refused, ShareRequest, plan_share
from aws_ops.reading import read_facts
from sharing.applying import apply_grants, deliveries_for
from sharing.claim import Claim
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.ledger import Ledger
from sharing.requests import Request
from sharing.states import RequestState
from sharing.transaction import Transaction


@dataclass(frozen=True)
class Shares:
    """The errand of sharing."""

    accounts: Accounts
    estate: Estate
    clock: Clock
    looks: bool = False

    def books(self, tx: Transaction, request: Request) -> None:
        """A share is planned from what AWS says alone."""

    def plan(self, request: Request, books: None) -> Plan | Refused:  # noqa: ARG002
        sources = self.estate.sources
        targets = tuple(self.estate.target(name) for name in request.targets)
        wanted = ShareRequest(request.image_ids, request.mode, targets, request.regions, request.auto_scaling)
        return plan_share(wanted, sources, read_facts(self.accounts, sources, wanted, self.clock()))

    def announce(self, tx: Transaction, request: Request) -> None:
        ledger, needs = Ledger(tx), entries_of(request.approved_plan.grants)
        ledger.gate()
        tx.refuse_overlap(request, needs)
        ledger.set_needs(request.id, needs)

    def begin(self, tx: Transaction, request: Request, now: datetime) -> None:
        Ledger(tx).set_needs(request.id, entries_of(request.approved_plan.grants))
        tx.add_deliveries(request, deliveries_for(request, self.estate, now), now)

    def carry_out(self, claim: Claim) -> None:
        apply_grants(claim, self.accounts, self.estate)
        with claim.transaction() as (tx, request, now):
            tx.audit(request.id, now, "bot", "permissions_in_place", {})
            tx.move(request, RequestState.COPYING, now, settled_at=now)

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """What was given stays on record, to be taken back by a revocation or an audit."""
