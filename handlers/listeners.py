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
from handlers.answers import meet, no_such, tell_privately
from handlers.command import Ask, Audit, Help, NotUnderstood, OpenForm, Retire, Revoke, parse
from handlers.people import groups_of, person_of
from handlers.problems import Problem
from handlers.speech import Language, Speech, speech
from handlers.trouble import SLACK_TROUBLE
from sharing.auditing import audit_of
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.requests import NewRequest, Person, Request, RequestKind, revocation_of
from sharing.retiring import retirement
from sharing.rules import ApprovalRules
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
    rules: ApprovalRules
    clock: Clock
    command: str
    team_id: str
    approvals_channel: str
    wake: Callable[[], None]

    def listen(self, app: App) -> None:
        """Register every listener on `app`."""
        app.command(self.command)(self.share)
        app.view(views.SHARE)(self.share_from_form)
        app.error(self.apologise)

    def share(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """Take `/ami-share …`: store what is asked for, and say so, or say what was not understood."""
        person = person_of(body)
        say, no = meet(client, person, self.team_id)
        if no is not None:
            ack(no)
            return
        groups = self._groups_of(client, person)
        if groups is None:
            ack(say("requester-unknown"))
            return
        origin = f"command:{body['trigger_id']}"
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
                request = self._store(_wanted(origin, person, ask), groups)
                ack(self._received(say, request))
            case Revoke() as revoke:
                ack(self._revoke(say, origin, person, revoke, groups))
            case Retire():
                ack(self._retire(say, origin, person, groups))
            case Audit() as audit:
                ack(self._audit(say, origin, person, audit, groups))

    def share_from_form(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the form: store what is asked for, or show what is wrong at the fields."""
        person = person_of(body)
        say, no = meet(client, person, self.team_id)
        if no is not None:
            ack(response_action="errors", errors={views.IMAGE: no})
            return
        read = views.read_share_form(say, view["state"]["values"], self.estate, self.clock())
        if isinstance(read, dict):
            ack(response_action="errors", errors=read)
            return
        groups = self._groups_of(client, person)
        if groups is None:
            ack(response_action="errors", errors={views.IMAGE: say("requester-unknown")})
            return
        request = self._store(_wanted(f"view:{view['id']}", person, read), groups)
        ack()
        tell_privately(client, person, view["private_metadata"], self._received(say, request))

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
            self._tell(client, person_of(body), text)
        return BoltResponse(status=200, body="")

    def _revoke(self, say: Speech, origin: str, person: Person, revoke: Revoke, groups: frozenset[str]) -> str:
        try:
            share = self.store.get(revoke.request_id)
        except NoSuchRequest:
            return no_such(say, revoke.request_id)
        if not share.revocable:
            return wording.not_revocable(say, share)
        asked = revocation_of(share, person, origin)
        revocation = self._store(replace(asked, deregister=revoke.deregister, reason=revoke.reason), groups)
        return say("received-revoke", share=mrkdwn.code(share.id), **self._names(revocation))

    def _audit(self, say: Speech, origin: str, person: Person, audit: Audit, groups: frozenset[str]) -> str:
        if audit.share is not None:
            try:
                share = self.store.get(audit.share)
            except NoSuchRequest:
                return no_such(say, audit.share)
            if share.kind is not RequestKind.SHARE or share.state is not RequestState.COMPLETED:
                return wording.not_in_force(say, share)
        request = self._store(audit_of(person, origin, audit.image_ids, audit.share), groups)
        return say("received-audit", **self._names(request))

    def _retire(self, say: Speech, origin: str, person: Person, groups: frozenset[str]) -> str:
        request = self._store(retirement(person, origin), groups)
        return say("received-retire", **self._names(request))

    def _groups_of(self, client: WebClient, person: Person) -> frozenset[str] | None:
        """Return which of the groups that approval rules know requesters by `person` is in, or None if Slack can't."""
        try:
            return groups_of(client, person, self.rules.requester_groups)
        except SLACK_TROUBLE:
            _log.exception("can't read the groups of %s", person.user_id)
            return None

    def _store(self, new: NewRequest, groups: frozenset[str]) -> Request:
        request = self.store.add(replace(new, requester_groups=groups), self.clock())
        self.wake()
        return request

    def _tell(self, client: WebClient, person: Person, text: str) -> None:
        tell_privately(client, person, self.approvals_channel, text)

    def _received(self, say: Speech, request: Request) -> str:
        return say("received", images=wording.row(say, map(mrkdwn.code, request.image_ids)), **self._names(request))

    def _names(self, request: Request) -> dict[str, str]:
        return {"request": mrkdwn.code(request.id), "channel": mrkdwn.channel(self.approvals_channel)}

    def _not_understood(self, say: Speech, problems: tuple[Problem, ...]) -> str:
        example = f"{self.command} ami-0123456789abcdef0 to {self.estate.targets[0].name} reason release 42"
        lines = [f"• {mrkdwn.escape(wording.problem(say, problem))}" for problem in problems]
        like_this = say("like-this", example=mrkdwn.code(example), help=mrkdwn.code(f"{self.command} help"))
        return "\n".join([say("not-understood"), *lines, like_this])


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
