"""Asking: the command, the form and the shortcuts, turned into requests that are stored, or into private answers.

Each checks who it is from against Slack at that moment. No listener calls AWS: what it knows of images is what the
gallery has seen.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, SectionBlock

from aws_ops.ids import ImageId
from handlers import form, listing, mrkdwn, phrases, recipients, wording
from handlers.answers import meet, no_such, tell_privately
from handlers.ask import Ask
from handlers.command import (
    Audit,
    Cancel,
    Help,
    List,
    NotUnderstood,
    OpenForm,
    Preview,
    Retire,
    Revoke,
    Scope,
    Status,
    form_of,
    mended,
    parse,
)
from handlers.deciding import objection
from handlers.following import AGAIN, ASK_FOR_PREVIEW, REVOKE
from handlers.help import help_text
from handlers.home import OPEN_FORM
from handlers.patience import hurried
from handlers.people import groups_of, person_of
from handlers.speech import Speech
from handlers.trouble import SLACK_TROUBLE
from handlers.user_groups import NoUserGroup
from sharing.approval import cancel
from sharing.auditing import audit_of
from sharing.board import read_board
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.gallery import Gallery
from sharing.requests import NewRequest, Person, Request, RequestId, RequestKind, revocation_of
from sharing.retiring import retirement
from sharing.rules import ApprovalRules
from sharing.states import DeliveryState, RequestState, is_final
from sharing.store import Store
from sharing.transaction import NoSuchRequest

_log = logging.getLogger(__name__)

FORM_SHORTCUT, MESSAGE_SHORTCUT = "ami_share", "ami_share_message"
FILL_IN = "ami_share_fill_in"

_IMAGE_ID = re.compile(r"(?<![\w-])ami-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![\w-])")
# A button carries 2,000 characters (docs.slack.dev/reference/block-kit/block-elements/button-element).
_VALUE = 2000


@dataclass(frozen=True)
class _Caller:
    """Who asks, how they are spoken to, and by which client Slack is asked about them."""

    person: Person
    say: Speech
    client: WebClient


class _NotHeard(Exception):
    """The caller isn't listened to; says why, in their language."""


@dataclass(frozen=True)
class Desk:
    """What the listeners work with.

    Attributes:
        command: the slash command, as the manifest has it.
        team_id: the one workspace that is listened to.
        wake: tells the worker and the publisher that there is something to do.
        show_home: brings somebody's home tab up to date.
    """

    store: Store
    estate: Estate
    gallery: Gallery
    rules: ApprovalRules
    clock: Clock
    command: str
    team_id: str
    wake: Callable[[], None]
    show_home: Callable[[Person], None]

    def listen(self, app: App) -> None:
        """Register every listener on `app`."""
        app.command(self.command)(self.take_command)
        app.view(form.SHARE)(self.take_form)
        app.options(form.IMAGES)(self.suggest_images)
        app.options(form.TARGETS)(self.suggest_targets)
        app.action(form.TARGETS)(self.show_keys)
        app.action(FILL_IN)(self.open_form_with_text)
        app.action(OPEN_FORM)(self.open_form_from_anywhere)
        app.action(ASK_FOR_PREVIEW)(self.ask_for_preview)
        app.action(REVOKE)(self.revoke_by_button)
        app.action(AGAIN)(self.ask_again)
        app.global_shortcut(FORM_SHORTCUT)(self.open_form_from_anywhere)
        app.message_shortcut(MESSAGE_SHORTCUT)(self.open_form_from_message)

    def take_command(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """Take `/ami-share …`: store what is asked for and say so, show what is asked about, or say what's wrong."""
        try:
            self._obey(self._meet(hurried(client), body), ack, body, client)
        except _NotHeard as no:
            ack(str(no))

    def _obey(self, caller: _Caller, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        origin, text, say = f"command:{body['trigger_id']}", body.get("text", ""), caller.say
        match parse(text, self.estate, self.gallery, self.clock()):
            case Help(verb):
                ack(help_text(say, self.command, self.estate, verb))
            case OpenForm() as wanted:
                ack()
                self._open_form(client, body, say, wanted)
            case NotUnderstood() as mistaken:
                said = self._not_understood(say, mistaken)
                ack(text=said, blocks=_with_form(say, said, text if mistaken.form is not None else ""))
            case Ask() as ask:
                ack(self._received(say, self._store(caller, _wanted(origin, caller.person, ask))))
            case Preview(ask):
                new = _wanted(origin, caller.person, ask, RequestKind.PREVIEW)
                ack(self._received(say, self._store(caller, new)))
            case Status(request_id):
                ack(self._status(say, request_id))
            case List(scope):
                board = read_board(self.store, caller.person if scope is Scope.MINE else None)
                ack(listing.listed(say, board, mine=scope is Scope.MINE))
            case Cancel(request_id):
                ack(self._cancel(caller, request_id))
            case Revoke() as revoke:
                ack(self._revoke(caller, origin, revoke))
            case Retire():
                request = self._store(caller, retirement(caller.person, origin))
                ack(say("received-retire", **self._names(say, request)))
            case Audit() as audit:
                ack(self._audit(caller, origin, audit))

    def take_form(self, ack: Ack, body: dict[str, Any], client: WebClient, view: dict[str, Any]) -> None:
        """Take the form: store what is asked for, or show what is wrong at the fields."""
        try:
            caller = self._meet(hurried(client), body)
            read = form.read_share_form(caller.say, view, self.estate, self.gallery, self.clock())
            if isinstance(read, dict):
                ack(response_action="errors", errors=read)
                return
            request = self._store(caller, _wanted(f"view:{view['id']}", caller.person, read, form.read_kind(view)))
        except _NotHeard as no:
            ack(response_action="errors", errors={form.IMAGE: str(no)})
            return
        ack()
        tell_privately(client, caller.person, form.read_channel(view), self._received(caller.say, request))

    def suggest_images(self, ack: Ack, body: dict[str, Any], client: WebClient, payload: dict[str, Any]) -> None:
        """Offer the images that may be meant by what is typed into the form."""
        say, no = meet(hurried(client), person_of(body), self.team_id)
        found = form.suggestions(say, self.gallery, payload.get("value") or "", self.clock()) if no is None else []
        ack(options=found)

    def suggest_targets(self, ack: Ack, body: dict[str, Any], client: WebClient, payload: dict[str, Any]) -> None:
        """Offer the accounts, groups and organizations that may be meant by what is typed into the form."""
        say, no = meet(hurried(client), person_of(body), self.team_id)
        found = recipients.offered(say, self.estate, payload.get("value") or "") if no is None else []
        if found:
            ack(option_groups=found)
        else:
            ack(options=[])

    def show_keys(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """Take a choice of targets in the form: show under it the keys that copies there will be under."""
        ack()
        say, no = meet(client, person_of(body), self.team_id)
        view = body["view"]
        if no is not None or (shown := form.with_keys(say, view, self.estate)) is None:
            return
        try:
            client.views_update(view_id=view["id"], hash=view["hash"], view=shown)
        except SLACK_TROUBLE as trouble:
            # With a hash that is old, another choice has been shown meanwhile; and the form is good without the keys.
            _log.info("the keys of what was chosen aren't shown: %s", trouble)

    def open_form_with_text(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Fill in the form: it arrives with what made sense of what was typed."""
        ack()
        meant = parse(action.get("value", ""), self.estate, self.gallery, self.clock())
        self._form_for(client, body, form_of(meant) or OpenForm())

    def open_form_from_anywhere(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """Take the shortcut: the form, empty."""
        ack()
        self._form_for(client, body, OpenForm())

    def open_form_from_message(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """Take the shortcut on a message: the form with the images that the message names."""
        ack()
        found = _images_in(body.get("message") or {})
        if found:
            self._form_for(client, body, OpenForm(Ask(image_ids=found)))
            return
        try:
            caller = self._meet(client, body)
            self._answer(client, body, caller.say("no-image-in-message"))
        except _NotHeard as no:
            self._answer(client, body, str(no))

    def ask_again(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Ask again: the form, with those targets to which nothing got."""
        ack()
        try:
            caller = self._meet(client, body)
            old = self.store.get(RequestId(action.get("value", "")))
        except _NotHeard as no:
            self._answer(client, body, str(no))
        except NoSuchRequest as gone:
            self._answer(client, body, no_such(caller.say, RequestId(str(gone))))
        else:
            self._form_for(client, body, OpenForm(_what_failed(old)))

    def ask_for_preview(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Ask for approval under a preview: ask for just that."""
        ack()
        try:
            caller = self._meet(client, body)
            seen = self.store.get(RequestId(action.get("value", "")))
        except _NotHeard as no:
            self._answer(client, body, str(no))
            return
        except NoSuchRequest as gone:
            self._answer(client, body, no_such(caller.say, RequestId(str(gone))))
            return
        if seen.kind is not RequestKind.PREVIEW or seen.requester != caller.person:
            self._answer(client, body, no_such(caller.say, seen.id))
            return
        if seen.ends_at is not None and seen.ends_at <= self.clock():
            self._form_for(client, body, OpenForm(_ask_of(seen)))
            return
        wanted = _wanted(f"preview:{seen.id}", caller.person, _ask_of(seen))
        try:
            request = self._store(caller, wanted)
        except _NotHeard as no:
            self._answer(client, body, str(no))
            return
        if request.state is RequestState.CHECKING:
            self._answer(client, body, self._received(caller.say, request))
        elif is_final(request.came_to):
            # It was asked for before, and that is over.
            self._form_for(client, body, OpenForm(_ask_of(seen)))
        else:
            self._answer(client, body, listing.status(caller.say, request))

    def revoke_by_button(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Take back."""
        ack()
        try:
            caller = self._meet(client, body)
            revoke = Revoke(RequestId(action.get("value", "")))
            self._answer(client, body, self._revoke(caller, f"click:{body['trigger_id']}", revoke))
            self.show_home(caller.person)
        except _NotHeard as no:
            self._answer(client, body, str(no))

    def _meet(self, client: WebClient, body: Mapping[str, Any]) -> _Caller:
        person = person_of(body)
        say, no = meet(client, person, self.team_id)
        if no is not None:
            raise _NotHeard(no)
        return _Caller(person, say, client)

    def _form_for(self, client: WebClient, body: Mapping[str, Any], wanted: OpenForm) -> None:
        try:
            caller = self._meet(hurried(client), body)
        except _NotHeard as no:
            self._answer(client, body, str(no))
        else:
            self._open_form(client, body, caller.say, wanted)

    def _open_form(self, client: WebClient, body: Mapping[str, Any], say: Speech, wanted: OpenForm) -> None:
        view = form.share_form(
            say, self.estate, self.gallery, wanted.draft, channel=_channel_of(body), now=self.clock(), kind=wanted.kind
        )
        try:
            client.views_open(trigger_id=body["trigger_id"], view=view)
        except SLACK_TROUBLE:
            # Most likely Slack is slow: the trigger has run out, or no answer came.
            _log.exception("the form can't be opened")
            self._answer(client, body, say("form-not-opened"))

    def _answer(self, client: WebClient, body: Mapping[str, Any], text: str) -> None:
        tell_privately(client, person_of(body), _channel_of(body), text)

    def _store(self, caller: _Caller, new: NewRequest) -> Request:
        """Store what is asked for.

        Raises:
            _NotHeard: it isn't known which rules it falls under.
        """
        request = self.store.add(replace(new, requester_groups=self._groups_of(caller)), self.clock())
        self.wake()
        return request

    def _groups_of(self, caller: _Caller) -> frozenset[str]:
        """The groups they are in that approval rules know requesters by."""
        try:
            return groups_of(caller.client, caller.person, self.rules.requester_groups)
        except NoUserGroup as gone:
            # Whoever was in it may fall under a stricter rule than they would without it.
            _log.warning("nothing new is taken from %s: %s", caller.person.user_id, gone)
            raise _NotHeard(caller.say("user-group-gone", group=gone.group)) from gone
        except SLACK_TROUBLE as trouble:
            _log.exception("can't read the groups of %s", caller.person.user_id)
            raise _NotHeard(caller.say("requester-unknown")) from trouble

    def _status(self, say: Speech, request_id: RequestId) -> str:
        try:
            return listing.status(say, self.store.get(request_id))
        except NoSuchRequest:
            return no_such(say, request_id)

    def _cancel(self, caller: _Caller, request_id: RequestId) -> str:
        try:
            outcome = cancel(self.store, request_id, caller.person, self.clock())
        except NoSuchRequest:
            return no_such(caller.say, request_id)
        self.wake()
        if outcome.objection is not None:
            return objection(caller.say, outcome, vote=next(reversed(outcome.request.decisions), None))
        return caller.say("cancelled", request=mrkdwn.code(request_id))

    def _revoke(self, caller: _Caller, origin: str, revoke: Revoke) -> str:
        say = caller.say
        try:
            share = self.store.get(revoke.request_id)
        except NoSuchRequest:
            return no_such(say, revoke.request_id)
        if not share.revocable and not (revoke.deregister and share.holds_copies):
            return wording.not_revocable(say, share)
        asked = revocation_of(share, caller.person, origin)
        revocation = self._store(caller, replace(asked, deregister=revoke.deregister, reason=revoke.reason))
        return say("received-revoke", share=mrkdwn.code(share.id), **self._names(say, revocation))

    def _audit(self, caller: _Caller, origin: str, audit: Audit) -> str:
        say = caller.say
        if audit.share is not None:
            try:
                share = self.store.get(audit.share)
            except NoSuchRequest:
                return no_such(say, audit.share)
            if share.kind is not RequestKind.SHARE or share.state is not RequestState.COMPLETED:
                return wording.not_in_force(say, share)
        request = self._store(caller, audit_of(caller.person, origin, audit.image_ids, audit.share))
        return say("received-audit", **self._names(say, request))

    def _received(self, say: Speech, request: Request) -> str:
        if request.kind is RequestKind.PREVIEW:
            return say("received-preview", request=mrkdwn.code(request.id))
        return say(
            "received", images=wording.row(say, map(mrkdwn.code, request.image_ids)), **self._names(say, request)
        )

    def _names(self, say: Speech, request: Request) -> dict[str, str]:
        pictures = filter(None, map(self.gallery.get, request.image_ids))
        parts = self.rules.parts_of(request, {picture.source for picture in pictures})
        channels = dict.fromkeys(part.rule.channel for part in parts)
        return {"request": mrkdwn.code(request.id), "channel": phrases.channels(say, channels)}

    def _not_understood(self, say: Speech, mistaken: NotUnderstood) -> str:
        example = f"ami-0123456789abcdef0 to {self.estate.targets[0].name} reason release 42"
        typed = f"{self.command} {mended(mistaken, self.estate, self.clock()) or example}"
        like_this = say("like-this", example=mrkdwn.code(typed), help=mrkdwn.code(f"{self.command} help"))
        problems = (mrkdwn.escape(wording.problem(say, each)) for each in mistaken.problems)
        return "\n".join([say("not-understood"), *(f"• {each}" for each in problems), like_this])


def _with_form(say: Speech, said: str, typed: str) -> list[dict[str, Any]] | None:
    """The answer with a button that opens the form with what made sense, if anything of it was a share."""
    if not typed or len(typed) > _VALUE:
        return None
    button = ButtonElement(text=say("button-fill-in"), action_id=FILL_IN, value=typed)
    section = SectionBlock(text=mrkdwn.cut(said, 2900))
    return [section.to_dict(), ActionsBlock(elements=[button]).to_dict()]


def _wanted(origin: str, person: Person, ask: Ask, kind: RequestKind = RequestKind.SHARE) -> NewRequest:
    return NewRequest(
        origin=origin,
        kind=kind,
        requester=person,
        image_ids=ask.image_ids,
        mode=ask.mode,
        targets=ask.targets,
        regions=ask.regions,
        reason=ask.reason,
        ends_at=ask.ends_at,
        auto_scaling=ask.auto_scaling,
        key=ask.key,
        ticket=ask.ticket,
    )


def _ask_of(request: Request) -> Ask:
    return Ask(
        image_ids=request.image_ids,
        targets=request.targets,
        regions=request.regions,
        mode=request.mode,
        ends_at=request.ends_at,
        reason=request.reason,
        auto_scaling=request.auto_scaling,
        key=request.key,
        ticket=request.ticket,
    )


def _what_failed(request: Request) -> Ask:
    """What was asked for, less what has come to a good end."""
    failed = [one for one in request.deliveries if one.state is DeliveryState.FAILED]
    whole = _ask_of(request)
    if not failed:
        return whole
    images, targets = {one.source_image_id for one in failed}, {one.target for one in failed}
    return replace(
        whole,
        image_ids=tuple(one for one in request.image_ids if one in images),
        targets=tuple(one for one in request.targets if one in targets),
    )


def _images_in(message: Mapping[str, Any]) -> tuple[ImageId, ...]:
    """The images that a message names anywhere: in its text, or in the blocks and attachments of another app."""
    texts = _texts_in([message.get(part) for part in ("text", "blocks", "attachments")])
    return tuple(dict.fromkeys(ImageId(found) for text in texts for found in _IMAGE_ID.findall(text)))


def _texts_in(part: Any) -> Iterator[str]:
    """Every text that a part of a message holds, however deep; each by itself, since a line may begin with an id."""
    match part:
        case str():
            yield part
        case list():
            for each in part:
                yield from _texts_in(each)
        case dict():
            yield from _texts_in(list(part.values()))


def _channel_of(body: Mapping[str, Any]) -> str:
    """Where something was typed or clicked; empty if that was in no channel."""
    return str(body.get("channel_id") or (body.get("channel") or {}).get("id") or "")
