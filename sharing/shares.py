"""Shares: images become usable in other accounts.

The permissions come first (`applying.py`), then the copies (`copying.py`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.entries import entries_of
from aws_ops.facts import TargetAccount, TargetOrganization
from aws_ops.plan import Plan, ReencryptImage, Refused, ShareRequest, plan_share
from aws_ops.reading import read_facts
from aws_ops.request import CopyRules
from sharing.applying import apply_grants, deliveries_for
from sharing.claim import Claim
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.ledger import Ledger
from sharing.requests import Request
from sharing.states import RequestState
from sharing.transaction import Overtaken, Transaction


@dataclass(frozen=True)
class Shares:
    """The errand of sharing. The approvers are warned of a key that `many_accounts` others use already."""

    accounts: Accounts
    estate: Estate
    rules: CopyRules
    clock: Clock
    many_accounts: int = 3

    def ends_with(self, plan: Plan) -> bool:  # noqa: ARG002
        """Even a share that changes nothing is one: what is there already stays as long as it lasts."""
        return False

    def books(self, tx: Transaction, request: Request) -> None:
        """A share is planned from what AWS says alone."""

    def plan(self, request: Request, books: None) -> Plan | Refused:  # noqa: ARG002
        sources = self.estate.sources
        recipients = [self._with_key(self.estate.recipient(name), request.key) for name in request.targets]
        wanted = ShareRequest(
            image_ids=request.image_ids,
            mode=request.mode,
            targets=tuple(one for one in recipients if isinstance(one, TargetAccount)),
            regions=request.regions,
            organizations=tuple(one for one in recipients if isinstance(one, TargetOrganization)),
            rules=self.rules,
            auto_scaling=request.auto_scaling,
            many_accounts=self.many_accounts,
        )
        return plan_share(wanted, sources, read_facts(self.accounts, sources, wanted, self.clock()))

    def _with_key(
        self, recipient: TargetAccount | TargetOrganization, key: str | None
    ) -> TargetAccount | TargetOrganization:
        """The recipient, with the key that was asked for in place of the settings' ones."""
        if key is None or not isinstance(recipient, TargetAccount):
            return recipient
        return replace(recipient, keys=dict.fromkeys(self.estate.regions, key))

    def learn(self, tx: Transaction, books: None, plan: Plan) -> None:
        """What a share needs is written down once it is approved."""

    def announce(self, tx: Transaction, request: Request) -> None:
        ledger, needs = Ledger(tx), entries_of(request.approved_plan.grants)
        ledger.gate()
        tx.refuse_overlap(request, needs)
        ledger.set_needs(request.id, needs)

    def begin(self, tx: Transaction, request: Request, now: datetime) -> RequestState:
        plan = request.approved_plan
        Ledger(tx).set_needs(request.id, entries_of(plan.grants))
        if any(isinstance(change, ReencryptImage) for change in plan.changes):
            tx.set_preparations(request, {}, now)  # of those before, a copy is gone: what is there is found again
            return RequestState.PREPARING
        if leaving := tx.leaving({reuse.image_id for reuse in plan.reuses}, now):
            raise Overtaken(f"another request deregisters {', '.join(sorted(leaving))}")
        tx.add_deliveries(request, deliveries_for(request, self.estate, tx.copy_times(), now), now)
        return RequestState.APPLYING

    def carry_out(self, claim: Claim) -> None:
        if claim.request.retries:
            # Begun anew: meanwhile it may have counted on nothing, and others may be at the same at this moment.
            with claim.transaction() as (tx, request, _):
                self.announce(tx, request)
        apply_grants(claim, self.accounts, self.estate)
        with claim.transaction() as (tx, request, now):
            tx.audit(request.id, now, "bot", "permissions_in_place", {})
            tx.move(request, RequestState.COPYING, now, settled_at=now)

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """What was given stays on record, to be taken back by a revocation or an audit."""


@dataclass(frozen=True)
class Previews:
    """The errand of showing what a share would do. It only plans; nobody is asked, and nothing is changed."""

    shares: Shares

    def ends_with(self, plan: Plan) -> bool:  # noqa: ARG002
        return True

    def books(self, tx: Transaction, request: Request) -> None:
        """A preview is planned like the share."""

    def plan(self, request: Request, books: None) -> Plan | Refused:
        return self.shares.plan(request, books)

    def learn(self, tx: Transaction, books: None, plan: Plan) -> None:
        """A preview leaves nothing behind."""

    def announce(self, _tx: Transaction, request: Request) -> None:
        raise _NeverApproved(request)

    def begin(self, _tx: Transaction, request: Request, _now: datetime) -> RequestState:
        raise _NeverApproved(request)

    def carry_out(self, claim: Claim) -> None:
        raise _NeverApproved(claim.request)

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """A preview gives nothing."""


class _NeverApproved(AssertionError):
    """A preview can't be approved; whoever tries to carry one out is mistaken."""

    def __init__(self, preview: Request) -> None:
        super().__init__(f"{preview.id} is a preview, and {preview.state.value}")
