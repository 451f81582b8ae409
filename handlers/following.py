"""Following: the buttons under what is shown of a request, and what they do: see it whole, be told of its end.

The buttons name a request; what they may do is looked up when they are clicked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject, PlainTextObject

from handlers import mrkdwn
from handlers.answers import meet, no_such, tell_privately
from handlers.people import person_of
from handlers.plan_view import whole_plan
from handlers.speech import Speech
from sharing.clock import Clock
from sharing.requests import Request, RequestId, RequestKind
from sharing.rules import ApprovalRules
from sharing.states import RequestState, is_final
from sharing.store import Store
from sharing.transaction import NoSuchRequest
from sharing.watchers import stop_watching, watch

DETAILS, NOTIFY, STOP_NOTIFYING = "ami_share_details", "ami_share_notify", "ami_share_stop_notifying"
ASK_FOR_PREVIEW, REVOKE, AGAIN = "ami_share_ask", "ami_share_revoke", "ami_share_again"


def buttons(say: Speech, request: Request) -> ActionsBlock:
    """Return what anybody may do about a request that is shown to a channel, as it stands."""
    # Not by the revision: the message would be edited with every percent of a copy, though it says nothing of those.
    return ActionsBlock(block_id=f"follow:{request.id}:{request.state.value}", elements=_buttons(say, request))


def _buttons(say: Speech, request: Request) -> list[ButtonElement]:
    shown = [_button(say, "button-details", DETAILS, request)]
    if not is_final(request.state):
        shown.append(_button(say, "button-notify", NOTIFY, request))
    if can_be_asked_again(request):
        shown.append(_button(say, "button-again", AGAIN, request))
    if request.revocable and request.kind is RequestKind.SHARE:
        shown.append(revoke_button(say, request))
    return shown


def details(say: Speech, request: Request) -> ActionsBlock:
    """Return the button that shows a request in full, alone."""
    return ActionsBlock(elements=[_button(say, "button-details", DETAILS, request)])


def can_be_asked_again(request: Request) -> bool:
    """Whether a share ended so that somebody may want to ask for the same, or for what is left of it, once more."""
    ended = (RequestState.FAILED, RequestState.EXPIRED, RequestState.REFUSED)
    partly = request.state is RequestState.COMPLETED and any(one.failure is not None for one in request.deliveries)
    return request.kind is RequestKind.SHARE and (request.state in ended or partly)


def again_button(say: Speech, request: Request) -> ButtonElement:
    return _button(say, "button-again", AGAIN, request)


def revoke_button(say: Speech, request: Request) -> ButtonElement:
    """Return the button that asks for a share to be taken back; that is approved like the share itself."""
    return ButtonElement(
        text=say("button-revoke"),
        action_id=REVOKE,
        value=request.id,
        accessibility_label=say("label-revoke", request=request.id),
        confirm=ConfirmObject(
            title=say("question-take-back"),
            text=PlainTextObject(text=say("confirm-take-back", request=request.id)),
            confirm=say("button-revoke-confirm"),
            deny=say("button-keep"),
        ),
    )


def preview_buttons(say: Speech, request: Request) -> ActionsBlock:
    """Return the buttons under a preview: to ask for just that, and to see all of it."""
    ask = ButtonElement(text=say("form-submit"), action_id=ASK_FOR_PREVIEW, value=request.id, style="primary")
    return ActionsBlock(elements=[ask, _button(say, "button-details", DETAILS, request)])


def _button(say: Speech, words: str, action_id: str, request: Request) -> ButtonElement:
    return ButtonElement(text=say(words), action_id=action_id, value=request.id)


@dataclass(frozen=True)
class Followers:
    """What the listeners work with.

    Attributes:
        team_id: the one workspace that is listened to.
        wake: tells the publisher that there is something to do.
    """

    store: Store
    rules: ApprovalRules
    clock: Clock
    team_id: str
    wake: Callable[[], None]

    def listen(self, app: App) -> None:
        """Register every listener on `app`."""
        app.action(DETAILS)(self.show_details)
        app.action(NOTIFY)(self.notify)
        app.action(STOP_NOTIFYING)(self.stop_notifying)

    def show_details(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Details: the whole plan, and how far everything is, in a modal."""
        ack()
        found = self._found(body, client, action)
        if found is not None:
            say, request = found
            view = whole_plan(say, request, self.rules.environments)
            opened = body.get("view") or {}
            # From within a modal another one goes on top; App Home is no modal.
            show = client.views_push if opened.get("type") == "modal" else client.views_open
            show(trigger_id=body["trigger_id"], view=view)

    def notify(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Notify me: that person is told of the end, too."""
        ack()
        found = self._found(body, client, action)
        if found is None:
            return
        say, request = found
        person = person_of(body)
        stop: list[ActionsBlock] = []
        if is_final(request.state):
            words = "notify-too-late"
        elif person == request.requester:
            words = "notify-already"
        else:
            words = "notify-noted" if watch(self.store, request.id, person, self.clock()) else "notify-already"
            stop = [ActionsBlock(elements=[_button(say, "button-stop-notifying", STOP_NOTIFYING, request)])]
        text = say(words, request=mrkdwn.code(request.id))
        tell_privately(client, person, (body.get("channel") or {}).get("id", ""), text, stop)

    def stop_notifying(self, ack: Ack, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> None:
        """Take a click on Don't notify me. A button of its own: a second click on Notify me must undo nothing."""
        ack()
        found = self._found(body, client, action)
        if found is None:
            return
        say, request = found
        person = person_of(body)
        stop_watching(self.store, request.id, person)
        words = "notify-too-late" if is_final(request.state) else "notify-stopped"
        text = say(words, request=mrkdwn.code(request.id))
        tell_privately(client, person, (body.get("channel") or {}).get("id", ""), text)

    def _found(self, body: dict[str, Any], client: WebClient, action: dict[str, Any]) -> tuple[Speech, Request] | None:
        person, request_id = person_of(body), RequestId(action.get("value", ""))
        say, no = meet(client, person, self.team_id)
        if no is None:
            try:
                return say, self.store.get(request_id)
            except NoSuchRequest:
                no = no_such(say, request_id)
        tell_privately(client, person, (body.get("channel") or {}).get("id", ""), no)
        return None
