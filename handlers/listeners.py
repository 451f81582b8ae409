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

from handlers import mrkdwn, phrases, views, wording
from handlers.command import Ask, Audit, Help, NotUnderstood, OpenForm, Retire, Revoke, parse
from handlers.messages import APPROVE, DENY
from handlers.people import groups_of, look_up
from handlers.problems import Problem
from handlers.speech import Language, Speech, speech
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
        say, no = self._meet(client, person)
        if no is not None:
            ack(no)
            return
        match parse(body.get("text", ""), self.estate, self.clock()):
            case Help():
                ack(views.help_text(say, self.command, self.estate))
            case OpenForm():
                form = views.share_form(say, self.estate, body["channel_id"])
                client.views_open(trigger_id=body["trigger_id"], view=form)
                ack()
            case NotUnderstood(problems):
                ack(self._not_understood(say, problems))
            case Ask() as ask:
                request = self._store(_wanted(f"command:{body['trigger_id']}", person, ask))
                ack(self._received(say, request))
            case Revoke() as revoke:
                ack(self._revoke(say, f"command:{body['trigger_id']}", person, revoke))
            case Retire():
                ack(self._retire(say, f"command:{body['trigger_id']}", person))
            case Audit() as audit:
                ack(self._audit(say, f"command:{body['trigger_id']}", person, audit))

    def share_from_form(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the form: store what is asked for, or show what is wrong at the fields."""
        person = _person(body)
        say, no = self._meet(client, person)
        if no is not None:
            ack(response_action="errors", errors={views.IMAGE: no})
            return
        read = views.read_share_form(say, view["state"]["values"], self.estate, self.clock())
        if isinstance(read, dict):
            ack(response_action="errors", errors=read)
            return
        request = self._store(_wanted(f"view:{view['id']}", person, read))
        ack()
        _tell_privately(client, person, view["private_metadata"], self._received(say, request))

    def approve(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Approve."""
        ack()
        self._decide(client, _person(body), _Vote(*_meant(action), Verdict.APPROVED, ""))

    def ask_for_denial(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Deny: ask for the reason of those who may, tell the others why not."""
        ack()
        person = _person(body)
        request_id, plan_digest = _meant(action)
        say, approver = self._approver(client, person)
        if approver is None:
            return
        try:
            request = self.store.get(request_id)
        except NoSuchRequest:
            self._tell(client, person, _no_such(say, request_id))
            return
        objection = object_to(request, approver, self.rule, plan_digest, self.clock())
        if objection is not None:
            self._tell(client, person, self._objection(say, objection, request))
            return
        client.views_open(trigger_id=body["trigger_id"], view=views.denial_form(say, request_id, plan_digest))

    def deny(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the reason for a denial."""
        ack()
        request_id, plan_digest, reason = views.read_denial_form(view)
        self._decide(client, _person(body), _Vote(request_id, plan_digest, Verdict.DENIED, reason))

    def apologise(self, error: Exception, body: Mapping[str, Any], client: WebClient) -> BoltResponse:
        """Answer for an error nobody expected: a reference for the person, the whole story for the log."""
        reference = secrets.token_hex(4)
        _log.error("unexpected error in a listener, reference %s", reference, exc_info=error)
        # Which language the person reads only Slack could say, and Slack may be what went wrong.
        text = speech(Language.ENGLISH)("unexpected", reference=mrkdwn.code(reference))
        if body.get("command"):
            return BoltResponse(status=200, body=text)
        user = body.get("user") or {}
        if user.get("id"):
            self._tell(client, _person(body), text)
        return BoltResponse(status=200, body="")

    def _revoke(self, say: Speech, origin: str, person: Person, revoke: Revoke) -> str:
        try:
            share = self.store.get(revoke.request_id)
        except NoSuchRequest:
            return _no_such(say, revoke.request_id)
        if not share.revocable:
            return wording.not_revocable(say, share)
        asked = revocation_of(share, person, origin)
        revocation = self._store(replace(asked, deregister=revoke.deregister, reason=revoke.reason))
        return say("received-revoke", share=mrkdwn.code(share.id), **self._names(revocation))

    def _audit(self, say: Speech, origin: str, person: Person, audit: Audit) -> str:
        if audit.share is not None:
            try:
                share = self.store.get(audit.share)
            except NoSuchRequest:
                return _no_such(say, audit.share)
            if share.kind is not RequestKind.SHARE or share.state is not RequestState.COMPLETED:
                return wording.not_in_force(say, share)
        request = self._store(audit_of(person, origin, audit.image_ids, audit.share))
        return say("received-audit", **self._names(request))

    def _retire(self, say: Speech, origin: str, person: Person) -> str:
        request = self._store(retirement(person, origin))
        return say("received-retire", **self._names(request))

    def _store(self, new: NewRequest) -> Request:
        request = self.store.add(new, self.clock())
        self.wake()
        return request

    def _decide(self, client: WebClient, person: Person, vote: "_Vote") -> None:
        say, approver = self._approver(client, person)
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
            self._tell(client, person, _no_such(say, vote.request_id))
            return
        if outcome.objection is not None:
            self._tell(client, person, self._objection(say, outcome.objection, outcome.request))
        self.wake()

    def _approver(self, client: WebClient, person: Person) -> tuple[Speech, Approver | None]:
        """Return how to speak to `person`, with the groups they are in now, or tell them why they aren't heard."""
        say, no = self._meet(client, person)
        if no is not None:
            self._tell(client, person, no)
            return say, None
        try:
            return say, Approver(person, groups_of(client, person, self.rule.groups))
        except SLACK_TROUBLE:
            _log.exception("can't read the approvers' groups")
            self._tell(client, person, say("slack-silent-on-approvers"))
            return say, None

    def _objection(self, say: Speech, objection: Objection, request: Request) -> str:
        decision = phrases.decided(say, replace(request.decisions[-1], reason="")) if request.decisions else ""
        return wording.objection(
            say,
            objection,
            who=mrkdwn.people(self.rule.users, self.rule.groups),
            decision=decision,
            state=wording.state(say, request.state),
        )

    def _tell(self, client: WebClient, person: Person, text: str) -> None:
        _tell_privately(client, person, self.approvals_channel, text)

    def _meet(self, client: WebClient, person: Person) -> tuple[Speech, str | None]:
        """Return how to speak to `person`, and why they aren't listened to, if they aren't."""
        try:
            caller = look_up(client, person, self.team_id)
        except SLACK_TROUBLE:
            _log.exception("can't read who %s is", person.user_id)
            say = speech(Language.ENGLISH)
            return say, say("slack-silent-on-you")
        say = speech(caller.language)
        return say, None if caller.stranger is None else wording.stranger(say, caller.stranger)

    def _received(self, say: Speech, request: Request) -> str:
        return say("received", images=wording.row(say, map(mrkdwn.code, request.image_ids)), **self._names(request))

    def _names(self, request: Request) -> dict[str, str]:
        return {"request": mrkdwn.code(request.id), "channel": mrkdwn.channel(self.approvals_channel)}

    def _not_understood(self, say: Speech, problems: tuple[Problem, ...]) -> str:
        example = f"{self.command} ami-0123456789abcdef0 to {self.estate.targets[0].name} reason release 42"
        lines = [f"• {mrkdwn.escape(wording.problem(say, problem))}" for problem in problems]
        like_this = say("like-this", example=mrkdwn.code(example), help=mrkdwn.code(f"{self.command} help"))
        return "\n".join([say("not-understood"), *lines, like_this])


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


def _no_such(say: Speech, request_id: RequestId) -> str:
    return say("no-such-request", request=mrkdwn.code(request_id))


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
