"""Reminding: approvers hear again of what waits for them, in business hours and as often as their own rule says."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from sharing.business_hours import BusinessHours
from sharing.clock import Clock
from sharing.requests import Request, RequestId
from sharing.rules import ApprovalRule, ApprovalRules
from sharing.states import RequestState
from sharing.store import Store
from sharing.tables import requests
from sharing.transaction import UNREADABLE

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reminders:
    """Looks for requests whose approvers are to be reminded. Two replicas doing it at once do no harm."""

    store: Store
    rules: ApprovalRules
    clock: Clock

    def run_once(self) -> None:
        """Note whom to remind of each request that has waited long enough; the publisher posts it."""
        with self.store.transaction() as tx:
            ids = tx.connection.scalars(select(requests.c.id).where(requests.c.remind_at <= self.clock())).all()
        for request_id in ids:
            try:
                self._remind(RequestId(request_id))
            except UNREADABLE:
                _log.exception("request %s can't be read, and nobody is reminded of it", request_id)

    def _remind(self, request_id: RequestId) -> None:
        now = self.clock()
        with self.store.transaction() as tx:
            request = tx.find(request_id)
            if request.remind_at is None or request.remind_at > now:
                return  # another replica was faster
            due = dict.fromkeys(due_reminders(self.rules, request, now), now)
            reminded = {rule: at.isoformat() for rule, at in {**request.reminded, **due}.items()}
            tx.change(request, now, remind_at=self._next(request, now), reminded=reminded)

    def _next(self, request: Request, now: datetime) -> datetime | None:
        hours = self.rules.hours
        if not hours.are_open(now):
            return hours.after(now, timedelta(0))
        since = request.asked_at or request.created_at
        periods = [period for _, period in _reminding(self.rules, request, now)]
        return min((next_reminder(hours, since, period, now) for period in periods), default=None)


def due_reminders(rules: ApprovalRules, request: Request, now: datetime) -> list[str]:
    """Return the names of the rules of which a period has ended since their approvers were last asked or reminded."""
    if not rules.hours.are_open(now):
        return []
    since = request.asked_at or request.created_at

    def periods_until(at: datetime, period: timedelta) -> int:
        return rules.hours.between(since, at) // period

    return [
        rule.name
        for rule, period in _reminding(rules, request, now)
        if periods_until(now, period) > periods_until(request.reminded.get(rule.name, since), period)
    ]


def next_reminder(hours: BusinessHours, since: datetime, period: timedelta, now: datetime) -> datetime:
    """Return when the next of the periods of business time that began at `since` is over, after `now`."""
    return hours.after(since, (hours.between(since, now) // period + 1) * period)


def _reminding(rules: ApprovalRules, request: Request, now: datetime) -> list[tuple[ApprovalRule, timedelta]]:
    """Return the rules by which somebody still has to decide and is to be reminded, with how often."""
    if request.state is not RequestState.AWAITING_APPROVAL:
        return []
    still_open = [each.part.rule for each in rules.tallies_of(request) if each.open_at(request, now)]
    return [(rule, rule.remind_after) for rule in still_open if rule.remind_after is not None]
