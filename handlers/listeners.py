"""Listeners: what comes in from Slack, turned into calls on `sharing`.

Each checks who it is from against Slack and the store at that moment; nothing in a payload but the ids of people,
requests and plans is believed, and those are looked up. No listener calls AWS.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App, BoltResponse
from slack_sdk import WebClient

from handlers import mrkdwn, views, wording
from handlers.command import Ask, Audit, Help, NotUnderstood, OpenForm, Retire, Revoke, parse
from handlers.messages import APPROVE, DENY
from handlers.people import groups_of, stand
from handlers.trouble import SLACK_TROUBLE
from sharing.approval import ApprovalRule, Approver, Objection, decide, object_to
from sharing.auditing import audit_of
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.requests import NewRequest, Person, Request, RequestId, RequestKind, Verdict, revocation_of
from sharing.retiring import retirement
from sharing.states import RequestState
from sharing.store import Store
from sharing.transaction import NoSuchRequest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Desk:
    """What the listeners work with.

    Attributes:
        command: the slash command, as the manifest has it.
        team_id: the one workspace that is listened to.
        wake: tells the worker and the publisher that there is something to do.
    """

    store: Store
    estate: Estate
    rule: ApprovalRule
    clock: Clock
    command: str
    team_id: str
    approvals_channel: str
    wake: Callable[[], None]

    def listen(self, app: App) -> None:
        """Register every listener on `app`."""
        app.command(self.command)(self.share)
        app.view(views.SHARE)(self.share_from_form)
        app.action(APPROVE)(self.approve)
        app.action(DENY)(self.ask_for_denial)
        app.view(views.DENIAL)(self.deny)
        app.error(self.apologise)

    def share(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """Take `/ami-share …`: store what is asked for, and say so, or say what was not understood."""
        person = _person(body)
        if (no := self._not_heard(client, person)) is not None:
            ack(no)
            return
        match parse(body.get("text", ""), self.estate, self.clock()):
            case Help():
                ack(views.help_text(self.command, self.estate))
            case OpenForm():
                form = views.share_form(self.estate, body["channel_id"])
                client.views_open(trigger_id=body["trigger_id"], view=form)
                ack()
            case NotUnderstood(problems):
                ack(self._not_understood(problems))
            case Ask() as ask:
                request = self._store(_wanted(f"command:{body['trigger_id']}", person, ask))
                ack(self._received(request))
            case Revoke() as revoke:
                ack(self._revoke(f"command:{body['trigger_id']}", person, revoke))
            case Retire():
                ack(self._retire(f"command:{body['trigger_id']}", person))
            case Audit() as audit:
                ack(self._audit(f"command:{body['trigger_id']}", person, audit))

    def share_from_form(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the form: store what is asked for, or show what is wrong at the fields."""
        person = _person(body)
        if (no := self._not_heard(client, person)) is not None:
            ack(response_action="errors", errors={views.IMAGE: no})
            return
        read = views.read_share_form(view["state"]["values"], self.estate, self.clock())
        if isinstance(read, dict):
            ack(response_action="errors", errors=read)
            return
        request = self._store(_wanted(f"view:{view['id']}", person, read))
        ack()
        _tell_privately(client, person, view["private_metadata"], self._received(request))

    def approve(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Approve."""
        ack()
        self._decide(client, _person(body), _Vote(*_meant(action), Verdict.APPROVED, ""))

    def ask_for_denial(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Deny: ask for the reason of those who may, tell the others why not."""
        ack()
        person = _person(body)
        request_id, plan_digest = _meant(action)
        approver = self._approver(client, person)
        if approver is None:
            return
        try:
            request = self.store.get(request_id)
        except NoSuchRequest:
            self._tell(client, person, _no_such(request_id))
            return
        objection = object_to(request, approver, self.rule, plan_digest, self.clock())
        if objection is not None:
            self._tell(client, person, self._objection(objection, request))
            return
        client.views_open(trigger_id=body["trigger_id"], view=views.denial_form(request_id, plan_digest))

    def deny(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the reason for a denial."""
        ack()
        request_id, plan_digest, reason = views.read_denial_form(view)
        self._decide(client, _person(body), _Vote(request_id, plan_digest, Verdict.DENIED, reason))

    def apologise(self, error: Exception, body: Mapping[str, Any], client: WebClient) -> BoltResponse:
        """Answer for an error nobody expected: a reference for the person, the whole story for the log."""
        reference = secrets.token_hex(4)
        _log.error("unexpected error in a listener, reference %s", reference, exc_info=error)
        text = (
            ":x: Something went wrong that I did not expect. Nothing was changed at AWS. "
            f"Whoever runs me finds the whole story in my log under reference {mrkdwn.code(reference)}."
        )
        if body.get("command"):
            return BoltResponse(status=200, body=text)
        user = body.get("user") or {}
        if user.get("id"):
            self._tell(client, _person(body), text)
        return BoltResponse(status=200, body="")

    def _revoke(self, origin: str, person: Person, revoke: Revoke) -> str:
        try:
            share = self.store.get(revoke.request_id)
        except NoSuchRequest:
            return _no_such(revoke.request_id)
        if not share.revocable:
            return wording.not_revocable(share)
        asked = revocation_of(share, person, origin)
        revocation = self._store(replace(asked, deregister=revoke.deregister, reason=revoke.reason))
        return (
            f":mag: Checking what can be taken back of {mrkdwn.code(share.id)} (request {mrkdwn.code(revocation.id)}). "
            f"Then I ask for approval in {mrkdwn.channel(self.approvals_channel)}; "
            "either way you hear from me in a direct message."
        )

    def _audit(self, origin: str, person: Person, audit: Audit) -> str:
        if audit.share is not None:
            try:
                share = self.store.get(audit.share)
            except NoSuchRequest:
                return _no_such(audit.share)
            if share.kind is not RequestKind.SHARE or share.state is not RequestState.COMPLETED:
                return wording.not_in_force(share)
        request = self._store(audit_of(person, origin, audit.image_ids, audit.share))
        return (
            f":mag: Comparing AWS with what was approved (request {mrkdwn.code(request.id)}). "
            f"What differs I show in {mrkdwn.channel(self.approvals_channel)}, with what would put it right; "
            "either way you hear from me in a direct message."
        )

    def _retire(self, origin: str, person: Person) -> str:
        request = self._store(retirement(person, origin))
        return (
            f":mag: Looking for copies that are beyond what is kept (request {mrkdwn.code(request.id)}). "
            f"What I find I show in {mrkdwn.channel(self.approvals_channel)} before anything goes; "
            "either way you hear from me in a direct message."
        )

    def _store(self, new: NewRequest) -> Request:
        request = self.store.add(new, self.clock())
        self.wake()
        return request

    def _decide(self, client: WebClient, person: Person, vote: "_Vote") -> None:
        approver = self._approver(client, person)
        if approver is None:
            return
        try:
            outcome = decide(
                self.store,
                self.rule,
                vote.request_id,
                approver=approver,
                verdict=vote.verdict,
                reason=vote.reason,
                plan_digest=vote.plan_digest,
                now=self.clock(),
            )
        except NoSuchRequest:
            self._tell(client, person, _no_such(vote.request_id))
            return
        if outcome.objection is not None:
            self._tell(client, person, self._objection(outcome.objection, outcome.request))
        self.wake()

    def _approver(self, client: WebClient, person: Person) -> Approver | None:
        """Return `person` with the groups they are in now, or tell them why they aren't listened to."""
        if (no := self._not_heard(client, person)) is not None:
            self._tell(client, person, no)
            return None
        try:
            return Approver(person, groups_of(client, person, self.rule.groups))
        except SLACK_TROUBLE:
            _log.exception("can't read the approvers' groups")
            self._tell(client, person, "Slack doesn't tell me just now who may approve. Try again in a minute.")
            return None

    def _objection(self, objection: Objection, request: Request) -> str:
        who = mrkdwn.people(self.rule.users, self.rule.groups)
        decision = ""
        if request.decisions:
            last = request.decisions[-1]
            decision = f"{last.verdict.value} by {mrkdwn.person(last.person.user_id)}, {mrkdwn.when(last.at)}"
        return wording.objection(objection, who=who, decision=decision, state=request.state.value.replace("_", " "))

    def _tell(self, client: WebClient, person: Person, text: str) -> None:
        _tell_privately(client, person, self.approvals_channel, text)

    def _not_heard(self, client: WebClient, person: Person) -> str | None:
        try:
            found = stand(client, person, self.team_id)
        except SLACK_TROUBLE:
            _log.exception("can't read who %s is", person.user_id)
            return "Slack doesn't tell me just now who you are. Try again in a minute."
        return None if found is None else wording.stranger(found)

    def _received(self, request: Request) -> str:
        return (
            f":mag: Checking {mrkdwn.codes(request.image_ids)} (request {mrkdwn.code(request.id)}). "
            f"If all is well I ask for approval in {mrkdwn.channel(self.approvals_channel)}; "
            "either way you hear from me in a direct message."
        )

    def _not_understood(self, problems: tuple[str, ...]) -> str:
        example = f"{self.command} ami-0123456789abcdef0 to {self.estate.targets[0].name} reason release 42"
        lines = ["I did not understand that:"]
        lines += [f"• {mrkdwn.escape(problem)}" for problem in problems]
        lines.append(f"Like this: {mrkdwn.code(example)}. {mrkdwn.code(self.command + ' help')} says more.")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Vote:
    """What somebody's click says, before it is known whether it counts."""

    request_id: RequestId
    plan_digest: str
    verdict: Verdict
    reason: str


def _wanted(origin: str, person: Person, ask: Ask) -> NewRequest:
    return NewRequest(
        origin=origin,
        requester=person,
        image_ids=ask.image_ids,
        mode=ask.mode,
        targets=ask.targets,
        regions=ask.regions,
        reason=ask.reason,
        ends_at=ask.ends_at,
        auto_scaling=ask.auto_scaling,
    )


def _person(body: Mapping[str, Any]) -> Person:
    """Return who the signed payload is from: commands have flat ids, interactions have objects."""
    if "user_id" in body:
        return Person(body["team_id"], body["user_id"])
    user = body["user"]
    return Person(user.get("team_id") or body["team"]["id"], user["id"])


def _meant(action: Mapping[str, Any]) -> tuple[RequestId, str]:
    request_id, _, plan_digest = action.get("value", "").partition(":")
    return RequestId(request_id), plan_digest


def _no_such(request_id: RequestId) -> str:
    return f"There is no request {mrkdwn.code(request_id)}."


def _tell_privately(client: WebClient, person: Person, channel: str, text: str) -> None:
    """Say it in `channel` to that person alone; where that can't be, in a direct message.

    An ephemeral message reaches only members, and not in channels the bot isn't in
    (docs.slack.dev/reference/methods/chat.postEphemeral).
    """
    try:
        client.chat_postEphemeral(channel=channel, user=person.user_id, text=text)
    except SLACK_TROUBLE:
        opened = client.conversations_open(users=[person.user_id])
        client.chat_postMessage(channel=opened["channel"]["id"], text=text, unfurl_links=False, unfurl_media=False)
