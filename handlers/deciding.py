"""Deciding: clicks on Approve, Deny, Narrow, Cancel and Retry, turned into calls on `sharing`.

Each click is checked against Slack and the store at that moment, and one that changes nothing gets a private answer.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from handlers import ballots, deciding_views, following, mrkdwn, phrases, wording
from handlers.answers import meet, no_such, tell_privately
from handlers.patience import hurried
from handlers.people import groups_of, look_up, person_of
from handlers.speech import Speech
from handlers.trouble import SLACK_TROUBLE
from handlers.user_groups import NoUserGroup
from sharing.approval import (
    Approver,
    Ballot,
    Objection,
    Outcome,
    cancel,
    decide,
    narrow,
    narrowable,
    object_to,
)
from sharing.clock import Clock
from sharing.requests import Decision, Person, Request, RequestId, Verdict
from sharing.retrying import Outcome as Retried
from sharing.retrying import retry
from sharing.rules import ApprovalRule, ApprovalRules
from sharing.store import Store
from sharing.transaction import NoSuchRequest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Click:
    """Somebody's click, and where they are answered; `no` says why they aren't listened to, if they aren't."""

    client: WebClient
    person: Person
    channel: str
    say: Speech
    no: str | None

    def answer(self, text: str) -> None:
        tell_privately(self.client, self.person, self.channel, text)


@dataclass(frozen=True)
class Bench:
    """What the listeners work with.

    Attributes:
        team_id: the one workspace that is listened to.
        wake: tells the worker and the publisher that there is something to do.
        show_home: brings somebody's home tab up to date.
    """

    store: Store
    rules: ApprovalRules
    clock: Clock
    team_id: str
    wake: Callable[[], None]
    show_home: Callable[[Person], None]

    def listen(self, app: App) -> None:
        """Register every listener on `app`; the buttons of a request's further parts have numbers."""
        app.action(re.compile(rf"{ballots.APPROVE}(:\d+)?"))(self.approve)
        app.action(re.compile(rf"{ballots.DENY}(:\d+)?"))(self.ask_for_denial)
        app.view(deciding_views.DENIAL)(self.deny)
        app.action(ballots.NARROW)(self.ask_for_fewer)
        app.view(deciding_views.NARROWING)(self.narrow)
        app.action(ballots.CANCEL)(self.cancel)
        app.action(re.compile(rf"{following.RETRY}(:\d+)?"))(self.retry)

    def approve(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Approve."""
        ack()
        click, ballot = self._click(client, body), ballots.ballot_of(action.get("value", ""))
        found = self._found(click, ballot.request_id, ballot.rule)
        if found is not None:
            self._decide(click, found, ballot, Verdict.APPROVED, "")

    def ask_for_denial(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Deny: ask for the reason of those who may, tell the others why not."""
        ack()
        click, ballot = self._click(client, body), ballots.ballot_of(action.get("value", ""))
        found = self._found(click, ballot.request_id, ballot.rule)
        if found is None:
            return
        request, approver = found
        objection, tally = object_to(request, self.rules, approver, ballot, self.clock())
        if objection is not None:
            self._object(click, Outcome(request, objection, tally), ballot.rule)
            return
        view = deciding_views.denial_form(click.say, ballot, click.channel)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def deny(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the reason for a denial; that it can't be taken is said at the field, where it stays as it is."""
        ballot, channel, reason = deciding_views.read_denial_form(view)
        asking = self._click(hurried(client), body, channel)
        found = self._look_up(asking, ballot.request_id, ballot.rule)
        wrong = asking.say("denial-needs-reason") if mrkdwn.is_blank(reason) else found
        if isinstance(wrong, str):
            ack(response_action="errors", errors={deciding_views.REASON: wrong})
            return
        ack()
        self._decide(replace(asking, client=client), wrong, ballot, Verdict.DENIED, reason)

    def ask_for_fewer(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Narrow: ask those who may for what is to stay, tell the others why not."""
        ack()
        click, ballot = self._click(client, body), ballots.ballot_of(action.get("value", ""))
        found = self._found(click, ballot.request_id)
        if found is None:
            return
        request, approver = found
        theirs = narrowable(request, self.rules, approver, ballot.plan_digest, self.clock())
        if isinstance(theirs, Objection):
            self._object(click, Outcome(request, theirs))
            return
        view = deciding_views.narrow_form(click.say, ballot, click.channel, theirs)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def narrow(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take what is to stay; that it can't be taken is said at the field, where it stays as it is."""
        ballot, channel, keep = deciding_views.read_narrow_form(view)
        asking = self._click(hurried(client), body, channel)
        found = self._look_up(asking, ballot.request_id)
        click = replace(asking, client=client)
        if isinstance(found, str):
            ack(response_action="errors", errors={deciding_views.KEEP: found})
            return
        outcome = narrow(
            self.store,
            self.rules,
            ballot.request_id,
            approver=found[1],
            keep=keep,
            plan_digest=ballot.plan_digest,
            now=self.clock(),
        )
        if outcome.objection in (Objection.NOTHING_REMOVED, Objection.NOTHING_LEFT):
            ack(response_action="errors", errors={deciding_views.KEEP: self._words(click, outcome)})
            return
        ack()
        if outcome.objection is not None:
            self._object(click, outcome)
        self._clicked(click)

    def cancel(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Cancel request."""
        ack()
        click, request_id = self._click(client, body), RequestId(action.get("value", ""))
        if click.no is not None:
            click.answer(click.no)
            return
        try:
            outcome = cancel(self.store, request_id, click.person, self.clock())
        except NoSuchRequest:
            click.answer(no_such(click.say, request_id))
            return
        if outcome.objection is not None:
            self._object(click, outcome)
        self._clicked(click)

    def retry(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Retry: what failed is tried again, or they are told why not."""
        ack()
        click, wish = self._click(client, body), following.wish_of(action.get("value", ""))
        found = self._found(click, wish.request_id)
        if found is None:
            return
        outcome = retry(self.store, self.rules, wish, caller=found[1], now=self.clock())
        rules = self._rules(outcome.request, "")
        click.answer(retried(click.say, outcome, who=ballots.deciders(click.say, outcome.request, rules)))
        self.wake()

    def _decide(
        self, click: _Click, found: tuple[Request, Approver], ballot: Ballot, verdict: Verdict, reason: str
    ) -> None:
        request, approver = found
        try:
            approves = verdict is Verdict.APPROVED
            lost = self._who_may_no_more(click, request, approver, ballot) if approves else frozenset[Person]()
        except SLACK_TROUBLE:
            _log.exception("can't look up who approved before")
            click.answer(click.say("slack-silent-on-approvers"))
            return
        outcome = decide(
            self.store,
            self.rules,
            ballot,
            approver=approver,
            verdict=verdict,
            reason=reason,
            now=self.clock(),
            lost=lost,
        )
        if outcome.objection is not None:
            self._object(click, outcome, ballot.rule)
        self._clicked(click)

    def _who_may_no_more(
        self, click: _Click, request: Request, approver: Approver, ballot: Ballot
    ) -> frozenset[Person]:
        """Return those who approved the part that was clicked on, and might not by now.

        Raises:
            SLACK_TROUBLE: Slack couldn't say.
        """
        no, tally = object_to(request, self.rules, approver, ballot, self.clock())
        if no is not None or tally is None:
            return frozenset()
        others = {vote.person for vote in tally.approvals} - {approver.person}
        return frozenset(one for one in others if not self._may_still(click.client, one, tally.part.rule))

    def _may_still(self, client: WebClient, person: Person, rule: ApprovalRule) -> bool:
        if look_up(client, person, self.team_id).stranger is not None:
            return False
        return rule.names(person, _approver(client, person, [rule]).groups)

    def _clicked(self, click: _Click) -> None:
        """Have what a click did carried out and told; whoever clicked at home sees it there at once."""
        self.wake()
        self.show_home(click.person)

    def _click(self, client: WebClient, body: dict[str, Any], channel: str | None = None) -> _Click:
        where = channel if channel is not None else str((body.get("channel") or {}).get("id") or "")
        person = person_of(body)
        return _Click(client, person, where, *meet(client, person, self.team_id))

    def _found(self, click: _Click, request_id: RequestId, rule: str = "") -> tuple[Request, Approver] | None:
        """Return the request, and who clicked with the groups they are in now; or tell them why there is no such."""
        found = self._look_up(click, request_id, rule)
        if isinstance(found, str):
            click.answer(found)
            return None
        return found

    def _look_up(self, click: _Click, request_id: RequestId, rule: str = "") -> tuple[Request, Approver] | str:
        """Return the same, or what they are to be told."""
        if click.no is not None:
            return click.no
        try:
            request = self.store.get(request_id)
        except NoSuchRequest:
            return no_such(click.say, request_id)
        try:
            return request, _approver(click.client, click.person, self._rules(request, rule))
        except SLACK_TROUBLE:
            _log.exception("can't read the approvers' groups")
            return click.say("slack-silent-on-approvers")

    def _rules(self, request: Request, rule: str) -> list[ApprovalRule]:
        """The rule of that name, or those of all parts of the request if it is none of them."""
        rules = [part.rule for part in self.rules.parts_of(request)]
        return [each for each in rules if each.name == rule] or rules

    def _object(self, click: _Click, outcome: Outcome, rule: str = "") -> None:
        click.answer(self._words(click, outcome, rule))

    def _words(self, click: _Click, outcome: Outcome, rule: str = "") -> str:
        request, tally = outcome.request, outcome.tally
        rules = [tally.part.rule] if tally else self._rules(request, rule)
        return objection(
            click.say,
            outcome,
            who=ballots.deciders(click.say, request, rules),
            vote=_telling(outcome, click.person, rule),
        )


def objection(say: Speech, outcome: Outcome, *, who: str = "", vote: Decision | None = None) -> str:
    """Return why a click changed nothing: `who` may decide, and the decision `vote` stands, if there is one.

    The outcome must have an objection.
    """
    request = outcome.request
    expired_at = outcome.tally.part.expires_at(request) if outcome.tally else request.expires_at
    requester = mrkdwn.person(request.requester.user_id)
    match outcome.objection:
        case Objection.ALREADY_DECIDED | Objection.ALREADY_COUNTED if vote is not None:
            by, at = mrkdwn.person(vote.person.user_id), vote.at
        case Objection.CANCELLED:
            by, at = requester, request.cancelled_at or request.created_at
        case _:
            by, at = requester, expired_at or request.created_at
    return say(
        f"objection-{str(outcome.objection).replace('_', '-')}",
        who=who,
        by=by,
        when=mrkdwn.when(at),
        verdict=vote.verdict.value if vote else "",
        missing=outcome.tally.missing if outcome.tally else 0,
    )


def retried(say: Speech, outcome: Retried, *, who: str) -> str:
    """Return what became of a click on Retry: what is tried again, or why nothing is; `who` may approve it."""
    request = outcome.request
    if outcome.obstacle is None:
        ways = [each.way for each in request.retries[-1].tries]
        return say("retrying", names=phrases.names(say, request, ways))
    by, at = (outcome.before.person, outcome.before.at) if outcome.before else (request.requester, request.ends_at)
    return say(
        f"not-retried-{wording.dashed(outcome.obstacle)}",
        request=mrkdwn.code(request.id),
        state=wording.state(say, request.state),
        by=mrkdwn.person(by.user_id),
        when=mrkdwn.when(at or request.created_at),
        revocation=mrkdwn.code(str(outcome.revocation)),
        who=who,
    )


def _approver(client: WebClient, person: Person, rules: Iterable[ApprovalRule]) -> Approver:
    """Return somebody with those groups of the rules that they are in now, where a rule doesn't name them anyway.

    Raises:
        SLACK_TROUBLE: Slack couldn't say.
    """
    groups = {group for rule in rules if person.user_id not in rule.users for group in rule.groups}
    return Approver(person, frozenset(group for group in groups if _is_in(client, person, group)))


def _is_in(client: WebClient, person: Person, group: str) -> bool:
    """Whether they are in a user group now; nobody is in one that is gone, and other groups' members may decide."""
    try:
        return bool(groups_of(client, person, [group]))
    except NoUserGroup as gone:
        _log.warning("%s", gone)
        return False


def _telling(outcome: Outcome, person: Person, rule: str) -> Decision | None:
    """The decision that stands against the click: their own if it counts, or the last one on the same part."""
    decisions = outcome.request.decisions
    if outcome.objection is Objection.ALREADY_COUNTED and outcome.tally:
        return next((vote for vote in outcome.tally.approvals if vote.person == person), None)
    of_part = [vote for vote in decisions if vote.rule == rule]
    return next(reversed(of_part or decisions), None)
