"""Reminding: approvers hear again of what waits for them, in business hours and no oftener than their rule says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from sharing.business_hours import BusinessHours
from sharing.clock import Clock
from sharing.requests import Request, RequestId
from sharing.rules import ApprovalRules
from sharing.states import RequestState
from sharing.store import Store
from sharing.tables import requests


@dataclass(frozen=True)
class Reminders:
    """Looks for requests whose approvers are to be reminded. Two replicas doing it at once do no harm."""

    store: Store
    rules: ApprovalRules
    clock: Clock

    def run_once(self) -> None:
        """Note a reminder for each request that has waited long enough; the publisher posts it."""
        with self.store.transaction() as tx:
            ids = tx.connection.scalars(select(requests.c.id).where(requests.c.remind_at <= self.clock())).all()
        for request_id in ids:
            self._remind(RequestId(request_id))

    def _remind(self, request_id: RequestId) -> None:
        now = self.clock()
        with self.store.transaction() as tx:
            request = tx.find(request_id)
            if request.remind_at is None or request.remind_at > now:
                return  # another replica was faster
            due = request.reminders + int(self.rules.hours.are_open(now) and bool(self._periods(request, now)))
            tx.change(request, now, remind_at=self._next(request, now), reminders=due)

    def _next(self, request: Request, now: datetime) -> datetime | None:
        hours = self.rules.hours
        if not hours.are_open(now):
            return hours.after(now, timedelta(0))
        since = request.asked_at or request.created_at
        return min((next_reminder(hours, since, each, now) for each in self._periods(request, now)), default=None)

    def _periods(self, request: Request, now: datetime) -> list[timedelta]:
        if request.state is not RequestState.AWAITING_APPROVAL:
            return []
        still_open = (each.part.rule for each in self.rules.tallies_of(request) if each.open_at(request, now))
        return [rule.remind_after for rule in still_open if rule.remind_after is not None]


def next_reminder(hours: BusinessHours, since: datetime, period: timedelta, now: datetime) -> datetime:
    """Return when the next of the periods of business time that began at `since` is over, after `now`."""
    return hours.after(since, (hours.between(since, now) // period + 1) * period)
