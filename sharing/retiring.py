"""Retiring: copies that the retention rules don't keep are shown, and once approved deregistered with their snapshots.

Only what the bot made itself, and never what something uses: that is asked when it is planned, and again before each
copy goes (`deregistering.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aws_ops.accounts import Accounts
from aws_ops.ids import AccountId
from aws_ops.plan import DeregisterCopy, Plan
from aws_ops.request import Mode
from aws_ops.retention import KeptCopy, RetentionRule, plan_retention, superfluous
from sharing.claim import Claim
from sharing.deregistering import deregister_copies, read_gone, read_use
from sharing.errand import complete
from sharing.estate import Estate, UnknownAccount
from sharing.requests import NOBODY, NewRequest, Person, Request, RequestKind, Trigger
from sharing.states import DeliveryState, RequestState
from sharing.transaction import Transaction


def retirement(requester: Person, origin: str) -> NewRequest:
    """Return the request to look for copies that aren't kept."""
    return NewRequest(
        origin=origin,
        requester=requester,
        image_ids=(),
        mode=Mode.SHARE,
        targets=(),
        regions=(),
        reason="",
        kind=RequestKind.RETIRE,
        trigger=Trigger.CALENDAR if requester == NOBODY else Trigger.PERSON,
    )


@dataclass(frozen=True)
class Retention:
    """The errand of letting copies go that the rules don't keep."""

    rules: Sequence[RetentionRule]
    accounts: Accounts
    estate: Estate

    def ends_with(self, plan: Plan) -> bool:
        return not plan.changes

    def books(self, tx: Transaction, request: Request) -> tuple[KeptCopy, ...]:  # noqa: ARG002
        covered = (copy for copy in _made(tx) if any(rule.covers(copy) for rule in self.rules))
        return tuple(copy for copy in covered if self._is_known(copy.account_id))

    def plan(self, request: Request, books: tuple[KeptCopy, ...]) -> Plan:  # noqa: ARG002
        gone = read_gone(self.accounts, self.estate, map(_order, books))
        due = [_order(copy) for copy in superfluous(self.rules, [one for one in books if one.image_id not in gone])]
        return plan_retention(due, read_use(self.accounts, self.estate, due))

    def learn(self, tx: Transaction, books: tuple[KeptCopy, ...], plan: Plan) -> None:
        """What is gone is on record already."""

    def announce(self, tx: Transaction, request: Request) -> None:
        """It counts on nothing."""

    def begin(self, tx: Transaction, request: Request, now: datetime) -> RequestState:  # noqa: ARG002
        """There is nothing to make sure of: each copy is looked at again before it goes."""
        return RequestState.APPLYING

    def carry_out(self, claim: Claim) -> None:
        if deregister_copies(claim, self.accounts, self.estate):
            complete(claim)

    def give_up(self, tx: Transaction, request: Request, now: datetime) -> None:
        """What is gone is gone, and on record as such."""

    def _is_known(self, account_id: AccountId) -> bool:
        try:
            self.estate.target(account_id)
        except UnknownAccount:
            return False
        return True


def _order(copy: KeptCopy) -> DeregisterCopy:
    return DeregisterCopy(copy.account_id, copy.region, copy.image_id)


def _made(tx: Transaction) -> Iterator[KeptCopy]:
    """The copies that were made and not deregistered since, whatever became of the shares they were made for."""
    for share in tx.with_copies():
        yield from _copies_of(share)


def _copies_of(share: Request) -> Iterator[KeptCopy]:
    sources = {image.asked_as: image for image in share.approved_plan.images}
    for delivery in share.deliveries if share.mode.copies else ():
        source = sources.get(delivery.source_image_id)
        made = delivery.state is DeliveryState.COMPLETED and not delivery.reused
        if made and source is not None and delivery.image_id is not None:
            yield KeptCopy(
                account_id=delivery.account_id,
                region=delivery.region,
                image_id=delivery.image_id,
                source_image_id=source.image_id,
                source_name=source.name,
                source_created=source.created,
            )
