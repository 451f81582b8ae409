"""Following: the buttons under what is shown of a request, and what they do: see it whole, be told of its end.

The buttons name a request; what they may do is looked up when they are clicked. Where somebody has to act, those for
what can be done stand below: `deciding.py` takes Retry, and `asking.py` what asks for something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject, PlainTextObject

from aws_ops.ids import ImageId, Region
from handlers import mrkdwn, wording
from handlers.answers import meet, no_such, tell_privately
from handlers.people import person_of
from handlers.plan_view import whole_plan
from handlers.speech import Speech
from sharing.clock import Clock
from sharing.requests import Delivery, Request, RequestId, RequestKind, Way
from sharing.retrying import Wish, offered
from sharing.rules import ApprovalRules
from sharing.states import RequestState, is_final
from sharing.store import Store
from sharing.transaction import NoSuchRequest
from sharing.watchers import stop_watching, watch

DETAILS, NOTIFY, STOP_NOTIFYING = "ami_share_details", "ami_share_notify", "ami_share_stop_notifying"
ASK_FOR_PREVIEW, REVOKE, AGAIN = "ami_share_ask", "ami_share_revoke", "ami_share_again"
RETRY = "ami_share_retry"

# Failed copies that have a button each; of more, one tries all of them again.
_EACH = 3
_TEXT = 75


def buttons(say: Speech, request: Request) -> ActionsBlock:
    """Return what anybody may do about a request that is shown to a channel, as it stands."""
    # Not by the revision: the message would be edited with every percent of a copy, though it says nothing of those.
    return ActionsBlock(block_id=f"follow:{request.id}:{request.state.value}", elements=_buttons(say, request))


def _buttons(say: Speech, request: Request) -> list[ButtonElement]:
    shown = [_button(say, "button-details", DETAILS, request)]
    if not _has_ended(request):
        shown.append(_button(say, "button-notify", NOTIFY, request))
    return [*shown, *retry_all(say, request), *_to_ask_for(say, request)]


def _has_ended(request: Request) -> bool:
    """Whether nobody will be told of its end any more: while a share is taken back, that has a message of its own."""
    return is_final(request.state) or request.state is RequestState.REVOKING


def what_next(say: Speech, request: Request) -> list[ButtonElement]:
    """Return what can be done about a request that has ended; nothing if nobody has to do anything."""
    if request.kind is RequestKind.PREVIEW or not concerns_somebody(request):
        return []
    retries = retry_buttons(say, request, offered(request))
    return [*retries, *_to_ask_for(say, request), _button(say, "button-details", DETAILS, request)]


def after_no_end(say: Speech, share: Request) -> list[ButtonElement]:
    """Return what can be done about a share that couldn't be ended as was approved."""
    return [revoke_button(say, share.id), _button(say, "button-details", DETAILS, share)]


def after_failures(say: Speech, request: Request, failed: Sequence[Delivery]) -> list[ButtonElement]:
    """Return what can be done about some deliveries that failed, whether the others have ended or not."""
    if not failed:
        return []
    retries = retry_buttons(say, request, failed)
    again = not retries and can_be_asked_again(request)
    instead = [_button(say, "button-again", AGAIN, request)] if again else []
    return [*retries, *instead, _button(say, "button-details", DETAILS, request)]


def retry_buttons(say: Speech, request: Request, failed: Sequence[Delivery]) -> list[ButtonElement]:
    """Return the buttons that try `failed` again, as far as that can be: one each if they are few, and one for all."""
    can = [each for each in failed if each in offered(request)]
    if len(can) == 1:
        return [_retry(say, request, say("button-retry"), can[0].way)]
    if len(can) > _EACH:
        return retry_all(say, request)
    each = [
        _retry(say, request, say("button-retry-one", name=_place(request, one)), one.way, number)
        for number, one in enumerate(can)
    ]
    return [*each, *retry_all(say, request, len(each))] if each else []


def retry_all(say: Speech, request: Request, number: int = 0) -> list[ButtonElement]:
    """Return the button that tries everything again that failed, if that can be."""
    can = offered(request)
    words = say("button-retry" if len(can) == 1 else "button-retry-all")
    return [_retry(say, request, words, None, number)] if can else []


def _retry(say: Speech, request: Request, words: str, way: Way | None, number: int = 0) -> ButtonElement:
    return ButtonElement(
        text=words[:_TEXT],
        # Slack wants each action_id once in a block.
        action_id=f"{RETRY}:{number}" if number else RETRY,
        value=_value_of(Wish(request.id, len(request.retries), way)),
        accessibility_label=say("label-retry", request=request.id)[:_TEXT],
    )


def _place(request: Request, delivery: Delivery) -> str:
    """Which delivery it is, in as few words as tell it from the others."""
    others = [each for each in request.deliveries if each.target == delivery.target and each != delivery]
    region = any(each.region != delivery.region for each in others)
    image = any(each.source_image_id != delivery.source_image_id for each in others)
    return ", ".join(
        [
            delivery.target,
            *([delivery.region] if region else []),
            *([delivery.source_image_id] if image else []),
        ]
    )


def _value_of(wish: Wish) -> str:
    """Return what a button carries; the target comes last, since people name it."""
    which = [wish.way.source_image_id, wish.way.region, wish.way.target] if wish.way else []
    return ":".join([wish.request_id, str(wish.known), *which])


def wish_of(value: str) -> Wish:
    """Return what a button's value says; any text at all may come back."""
    request_id, known, image_id, region, target = [*value.split(":", 4), "", "", "", ""][:5]
    way = Way(ImageId(image_id), target, Region(region)) if image_id else None
    return Wish(RequestId(request_id), int(known[:9]) if known.isdecimal() else 0, way)


def concerns_somebody(request: Request) -> bool:
    """Whether somebody may have to do something about how it ended."""
    looked = request.kind in (RequestKind.AUDIT, RequestKind.RETIRE)
    return (
        can_be_asked_again(request)
        or request.state is RequestState.REFUSED
        or request.failure is not None
        or (looked and request.plan is not None and any(wording.calls(each) for each in request.plan.cautions))
        or any(wording.calls(note) for delivery in request.deliveries for note in delivery.notes)
    )


def _to_ask_for(say: Speech, request: Request) -> list[ButtonElement]:
    """What can be asked for, and is approved then: the same once more, and that it is taken back."""
    shown = [_button(say, "button-again", AGAIN, request)] if can_be_asked_again(request) else []
    if request.kind is RequestKind.SHARE and request.revocable:
        shown.append(revoke_button(say, request.id))
    if request.of is not None and _left_something(request):
        shown.append(revoke_button(say, request.of))
    return shown


def _left_something(request: Request) -> bool:
    """Whether it was to take a share back, and didn't."""
    ended = request.state in (RequestState.FAILED, RequestState.REFUSED)
    return request.kind is RequestKind.REVOKE and ended and request.settled_at is None


def details(say: Speech, request: Request) -> ActionsBlock:
    """Return the button that shows a request in full, alone."""
    return ActionsBlock(elements=[_button(say, "button-details", DETAILS, request)])


def can_be_asked_again(request: Request) -> bool:
    """Whether a share ended so that somebody may want to ask for the same, or for what is left of it, once more."""
    if request.kind is not RequestKind.SHARE or request.is_over:
        return False
    ended = (RequestState.FAILED, RequestState.EXPIRED, RequestState.REFUSED)
    return request.came_to in ended or (request.came_to is RequestState.COMPLETED and bool(request.failed))


def revoke_button(say: Speech, share: RequestId) -> ButtonElement:
    """Return the button that asks for a share to be taken back; that is approved like the share itself."""
    return ButtonElement(
        text=say("button-revoke"),
        action_id=REVOKE,
        value=share,
        accessibility_label=say("label-revoke", request=share),
        confirm=ConfirmObject(
            title=say("question-take-back"),
            text=PlainTextObject(text=say("confirm-take-back", request=share)),
            confirm=say("button-revoke-confirm"),
            deny=say("button-keep"),
        ),
    )


def preview_buttons(say: Speech, request: Request) -> ActionsBlock:
    """Return the buttons under a preview: to ask for just that, and to see all of it."""
    ask = ButtonElement(text=say("form-submit"), action_id=ASK_FOR_PREVIEW, value=request.id, style="primary")
    return ActionsBlock(elements=[ask, _button(say, "button-details", DETAILS, request)])


def stop_button(say: Speech, request: Request) -> ActionsBlock:
    """Return the button for who doesn't want to be told of the end any more."""
    return ActionsBlock(elements=[_button(say, "button-stop-notifying", STOP_NOTIFYING, request)])


def _button(say: Speech, words: str, action_id: str, request: Request) -> ButtonElement:
    return ButtonElement(text=say(words), action_id=action_id, value=request.id)


@dataclass(frozen=True)
class Followers:
    """What the listeners work with.

    Attributes:
        team_id: the one workspace that is listened to.
    """

    store: Store
    rules: ApprovalRules
    clock: Clock
    team_id: str

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
            view = whole_plan(say, request, self.rules)
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
        if _has_ended(request):
            words = "notify-too-late"
        elif person == request.requester:
            words = "notify-already"
        else:
            words = "notify-noted" if watch(self.store, request.id, person, self.clock()) else "notify-already"
            stop = [stop_button(say, request)]
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
        words = "notify-too-late" if _has_ended(request) else "notify-stopped"
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
