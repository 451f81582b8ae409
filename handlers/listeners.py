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
from handlers.answers import not_heard, tell_privately
from handlers.command import Ask, Audit, Help, NotUnderstood, OpenForm, Retire, Revoke, parse
from handlers.people import groups_of, person_of
from handlers.speech import Language, speech
from handlers.trouble import SLACK_TROUBLE
from sharing.auditing import audit_of
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.requests import NewRequest, Person, Request, RequestId, RequestKind, revocation_of
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
        if (no := not_heard(client, person, self.team_id)) is not None:
            ack(no)
            return
        groups = self._groups_of(client, person)
        if groups is None:
            ack(speech(Language.ENGLISH)("requester-unknown"))
            return
        origin = f"command:{body['trigger_id']}"
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
                request = self._store(_wanted(origin, person, ask), groups)
                ack(self._received(request))
            case Revoke() as revoke:
                ack(self._revoke(origin, person, revoke, groups))
            case Retire():
                ack(self._retire(origin, person, groups))
            case Audit() as audit:
                ack(self._audit(origin, person, audit, groups))

    def share_from_form(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the form: store what is asked for, or show what is wrong at the fields."""
        person = person_of(body)
        if (no := not_heard(client, person, self.team_id)) is not None:
            ack(response_action="errors", errors={views.IMAGE: no})
            return
        read = views.read_share_form(view["state"]["values"], self.estate, self.clock())
        if isinstance(read, dict):
            ack(response_action="errors", errors=read)
            return
        groups = self._groups_of(client, person)
        if groups is None:
            ack(response_action="errors", errors={views.IMAGE: speech(Language.ENGLISH)("requester-unknown")})
            return
        request = self._store(_wanted(f"view:{view['id']}", person, read), groups)
        ack()
        tell_privately(client, person, view["private_metadata"], self._received(request))

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
            self._tell(client, person_of(body), text)
        return BoltResponse(status=200, body="")

    def _revoke(self, origin: str, person: Person, revoke: Revoke, groups: frozenset[str]) -> str:
        try:
            share = self.store.get(revoke.request_id)
        except NoSuchRequest:
            return _no_such(revoke.request_id)
        if not share.revocable:
            return wording.not_revocable(share)
        asked = revocation_of(share, person, origin)
        revocation = self._store(replace(asked, deregister=revoke.deregister, reason=revoke.reason), groups)
        return (
            f":mag: Checking what can be taken back of {mrkdwn.code(share.id)} (request {mrkdwn.code(revocation.id)}). "
            f"Then I ask for approval in {mrkdwn.channel(self.approvals_channel)}; "
            "either way you hear from me in a direct message."
        )

    def _audit(self, origin: str, person: Person, audit: Audit, groups: frozenset[str]) -> str:
        if audit.share is not None:
            try:
                share = self.store.get(audit.share)
            except NoSuchRequest:
                return _no_such(audit.share)
            if share.kind is not RequestKind.SHARE or share.state is not RequestState.COMPLETED:
                return wording.not_in_force(share)
        request = self._store(audit_of(person, origin, audit.image_ids, audit.share), groups)
        return (
            f":mag: Comparing AWS with what was approved (request {mrkdwn.code(request.id)}). "
            f"What differs I show in {mrkdwn.channel(self.approvals_channel)}, with what would put it right; "
            "either way you hear from me in a direct message."
        )

    def _retire(self, origin: str, person: Person, groups: frozenset[str]) -> str:
        request = self._store(retirement(person, origin), groups)
        return (
            f":mag: Looking for copies that are beyond what is kept (request {mrkdwn.code(request.id)}). "
            f"What I find I show in {mrkdwn.channel(self.approvals_channel)} before anything goes; "
            "either way you hear from me in a direct message."
        )

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


def _no_such(request_id: RequestId) -> str:
    return f"There is no request {mrkdwn.code(request_id)}."
