"""The strict Slack: one workspace with one installed app, the people in it, and what they do."""

import copy
import json
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from playground.slack import checks, delivery
from playground.slack.delivery import NO_ANSWER, Door, HttpDoor, Reply, WsgiApp, WsgiDoor
from playground.slack.errors import NothingToClick
from playground.slack.events import Retries, Undelivered
from playground.slack.faults import Faults
from playground.slack.journal import Journal
from playground.slack.manifest import check_manifest
from playground.slack.server import serve
from playground.slack.socket import Sockets
from playground.slack.web_api import Api, App, as_json
from playground.slack.workspace import Channel, Json, Message, User, View, Workspace, clickable

_RESPONSE_URL_LIVES = timedelta(minutes=30)
_RESPONSE_URL_USES = 5
_OK = 200


@dataclass(frozen=True)
class Answer:
    """What comes back at once to the person who did something.

    Attributes:
        status: the HTTP status of the bot's answer; 0 if it never got one.
        ephemeral: what the person alone was shown by the answer itself.
        errors: what a form shows at its fields, by `block_id`.
        options: what a menu offers.
        timed_out: the bot took longer than Slack waits.
    """

    status: int
    ephemeral: list[Message] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    options: list[Json] = field(default_factory=list)
    timed_out: bool = False


@dataclass
class ResponseUrl:
    """An address that takes up to five messages within half an hour."""

    channel: str
    user: str
    at: datetime
    message: Message | None
    uses: int = 0


class StrictSlack:
    """A workspace. Whatever Slack would reject or frown at is in `violations`.

    Args:
        manifest: the app's manifest; its scopes are the only ones it has.
        clock: what time it is.
        signing_secret: what requests to the bot are signed with.
    """

    def __init__(self, manifest: Json, clock: Callable[[], datetime], signing_secret: str) -> None:
        check_manifest(manifest)
        self.clock = clock
        self.signing_secret = signing_secret
        self.manifest = manifest
        self.workspace = Workspace("T0PLAYGROUND")
        self.team_id = self.workspace.team_id
        bot = User(self.workspace.new_id("U"), manifest["features"]["bot_user"]["display_name"], self.team_id, bot=True)
        self.workspace.users[bot.id] = bot
        self.violations: list[str] = []
        self.app = App(
            id=self.workspace.new_id("A"),
            bot=bot,
            bot_token=f"xoxb-{secrets.token_hex(12)}",
            app_token=f"xapp-{secrets.token_hex(12)}",
            scopes=frozenset(manifest["oauth_config"]["scopes"]["bot"]),
        )
        self.api = Api(self.workspace, self.app, clock, self.violations)
        self.sockets = Sockets(self.app.id)
        self.socket_mode: bool = manifest["settings"].get("socket_mode_enabled", False)
        if self.socket_mode:
            self.api.open_connection = lambda: self.sockets.url
        self.faults = Faults()
        self.journal = Journal()
        self.rate_limits = False
        self.ack_within = 3.0
        self.base_url = ""
        self.response_urls: dict[str, ResponseUrl] = {}
        self._door: Door | None = None
        self._retries = Retries()

    @property
    def bot_token(self) -> str:
        return self.app.bot_token

    @property
    def app_token(self) -> str:
        return self.app.app_token

    @property
    def bot_user_id(self) -> str:
        return self.app.bot.id

    # Who and what there is

    def user(self, name: str, *, stranger: bool = False, **what: Any) -> User:
        """Add somebody: `guest`, `deleted`, `bot`, `locale`, `tz`; a `stranger` is of another workspace."""
        team_id = "T0ELSEWHERE" if stranger else self.team_id
        user = User(self.workspace.new_id("U"), name, team_id, stranger=stranger, **what)
        self.workspace.users[user.id] = user
        return user

    def change_user(self, user: User, **what: Any) -> User:
        """Change what somebody is, as an administrator would; returns them as they are now."""
        changed = replace(user, **what)
        self.workspace.users[user.id] = changed
        return changed

    def channel(
        self, name: str, members: Iterable[User] = (), *, bot_in: bool = True, private: bool = False, **what: Any
    ) -> Channel:
        ids = {member.id for member in members} | ({self.app.bot.id} if bot_in else set())
        channel = Channel(self.workspace.new_id("C"), name, ids, private=private, **what)
        self.workspace.channels[channel.id] = channel
        return channel

    def user_group(self, handle: str, members: Iterable[User]) -> "Group":
        group = Group(self.workspace.new_id("S"), handle)
        self.workspace.groups[group.id] = (handle, [member.id for member in members])
        return group

    def leave_group(self, group: "Group", user: User) -> None:
        self.workspace.groups[group.id][1].remove(user.id)

    # The way to the bot

    def serve(self) -> AbstractContextManager[str]:
        """Serve the Web API under `/api/`, the response URLs and Socket Mode, on an address of this machine."""
        return serve(self)

    def connect(self, bot: WsgiApp | str) -> None:
        """Say where signed requests go: to an address, or to a WSGI app in this process."""
        self._door = HttpDoor(bot) if isinstance(bot, str) else WsgiDoor(bot)

    def sign(self, body: bytes, *, timestamp: int | None = None, secret: str | None = None) -> dict[str, str]:
        # Bolt compares with the wall's clock, whatever time it is here.
        now = int(datetime.now().astimezone().timestamp()) if timestamp is None else timestamp
        return delivery.signed(body, secret or self.signing_secret, now)

    def deliver_raw(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send just this, signed or not, as somebody might who isn't Slack."""
        return Answer(self._send(body, headers).status)

    def _send(self, body: bytes, headers: dict[str, str]) -> Reply:
        if self._door is None:
            raise RuntimeError("no bot is connected")
        return delivery.send(self._door, body, headers)

    def _deliver_command(self, fields: Json) -> Reply:
        if self.socket_mode:
            return self.sockets.deliver("slash_commands", fields)
        return self._deliver_signed(fields)

    def _deliver_payload(self, payload: Json) -> Reply:
        if self.socket_mode:
            return self.sockets.deliver("interactive", payload)
        return self._deliver_signed({"payload": json.dumps(payload)})

    def _deliver_signed(self, fields: Json) -> Reply:
        body = delivery.form(fields)
        return self._send(body, self.sign(body))

    # What people do

    def command(self, user: User, channel: Channel, command: str, text: str, thread_ts: str | None = None) -> Answer:
        """Somebody types a slash command."""
        known = {each["command"] for each in self.manifest["features"]["slash_commands"]}
        if command not in known:
            return self._shown_by_slack(user, channel, f"{command} is not a valid command.")
        if thread_ts is not None:
            return self._shown_by_slack(user, channel, f"{command} is not supported in threads. Sorry!")
        url = self._response_url(channel.id, user, None)
        reply = self._deliver_command(
            {
                "token": "deprecated",
                "team_id": user.team_id,
                "team_domain": "playground",
                "channel_id": channel.id,
                "channel_name": channel.name,
                "user_id": user.id,
                "user_name": user.name,
                "command": command,
                "text": text,
                "api_app_id": self.app.id,
                "is_enterprise_install": "false",
                "response_url": url,
                "trigger_id": self.app.new_trigger(user.id, self.clock()),
            }
        )
        if reply.seconds > self.ack_within or reply.status != _OK:
            failed = "dispatch_failed" if reply.status == NO_ANSWER else f"dispatch_failed ({reply.status})"
            said = "operation_timeout" if reply.status == _OK else failed
            shown = self._shown_by_slack(user, channel, f"{command} failed with the error “{said}”")
            return replace(shown, status=reply.status, timed_out=reply.status == _OK)
        answer = reply.json()
        if not answer.get("text") and not answer.get("blocks"):
            return Answer(reply.status)
        return Answer(reply.status, ephemeral=[self._respond(url, answer)])

    def click(
        self,
        user: User,
        where: Message | View,
        action_id: str,
        *,
        of: str | None = None,
        value: str | None = None,
        times: int = 1,
    ) -> Answer:
        """Somebody clicks a button of a message or a view as they see it, which may be an old state.

        `of` is the value of the one that is meant, where several have the same `action_id`; `value` is a forged one.
        """
        buttons = [each for each in clickable(where.blocks) if each["action_id"] == action_id]
        button = next((each for each in buttons if of is None or each.get("value") == of), None)
        if button is None:
            raise NothingToClick(f"{action_id} isn't among {[each['action_id'] for each in clickable(where.blocks)]}")
        action = {
            "type": button["type"],
            "action_id": action_id,
            "block_id": button["block_id"],
            "text": button.get("text"),
            "action_ts": f"{self.clock().timestamp():.6f}",
            "value": button.get("value") if value is None else value,
        }
        payload = self._payload("block_actions", user) | self._place_of(user, where) | {"actions": [action]}
        for _ in range(times):
            trigger_id = self.app.new_trigger(user.id, self.clock())
            reply = self._deliver_payload(payload | {"trigger_id": trigger_id})
        return Answer(reply.status, timed_out=reply.seconds > self.ack_within)

    def _place_of(self, user: User, where: Message | View) -> Json:
        """What a payload says of the message or view in which something was clicked."""
        if isinstance(where, View):
            view = as_json(where, self.api, _filled(where)[0])
            return {"container": {"type": "view", "view_id": where.id}, "view": view}
        channel = self.workspace.channels[where.channel]
        return {
            "channel": {"id": channel.id, "name": channel.name},
            "container": {
                "type": "message",
                "message_ts": where.ts,
                "channel_id": channel.id,
                "is_ephemeral": where.only_for is not None,
            },
            "message": where.as_json(),
            "state": {"values": {}},
            "response_url": self._response_url(channel.id, user, where),
        }

    def use_shortcut(self, user: User, callback_id: str, message: Message | None = None) -> Answer:
        """Somebody uses a shortcut of the app: from a message's menu, or from anywhere."""
        kind = "global" if message is None else "message"
        shortcuts = self.manifest["features"].get("shortcuts", [])
        if not any((each["callback_id"], each["type"]) == (callback_id, kind) for each in shortcuts):
            raise NothingToClick(f"the manifest has no {kind} shortcut {callback_id}")
        payload = self._payload("shortcut" if message is None else "message_action", user) | {
            "callback_id": callback_id,
            "action_ts": f"{self.clock().timestamp():.6f}",
            "trigger_id": self.app.new_trigger(user.id, self.clock()),
        }
        if message is not None:
            about = self._place_of(user, message)
            payload |= {key: about[key] for key in ("channel", "message", "response_url")} | {"message_ts": message.ts}
        reply = self._deliver_payload(payload)
        return Answer(reply.status, timed_out=reply.seconds > self.ack_within)

    def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        blocks: Iterable[Json] = (),
        attachments: Iterable[Json] = (),
        *,
        metadata: Json | None = None,
    ) -> Message:
        """Somebody, or another app, posts a message of their own."""
        message = Message(
            self.workspace.new_ts(self.clock()), channel.id, user.id, text, list(blocks), self.workspace,
            at=self.clock(), attachments=list(attachments), metadata=metadata,
        )  # fmt: skip
        with self.workspace.lock:
            self.workspace.messages.append(message)
        return message

    def open_view(self, user: User) -> View | None:
        """Return the form that somebody has before them."""
        stack = self.workspace.views.get(user.id)
        return stack[-1] if stack else None

    def submit(self, user: User, values: dict[str, Any]) -> Answer:
        """Somebody fills in the form before them, by `block_id`, and submits it."""
        view = self.open_view(user)
        if view is None:
            raise NothingToClick(f"{user.name} has no form open")
        _enter(view, values)
        state, errors = _filled(view)
        if errors:
            return Answer(0, errors=errors)
        payload = self._payload("view_submission", user) | {
            "trigger_id": self.app.new_trigger(user.id, self.clock()),
            "view": as_json(view, self.api, state),
            "response_urls": [],
        }
        reply = self._deliver_payload(payload)
        if reply.seconds > self.ack_within or reply.status != _OK:
            return Answer(reply.status, timed_out=True)
        return self._act_on(user, view, reply)

    def choose(self, user: User, block_id: str, value: Any) -> Answer:
        """Somebody changes a field of the form before them; the bot is told if the field asks for it."""
        view = self.open_view(user)
        if view is None:
            raise NothingToClick(f"{user.name} has no form open")
        _enter(view, {block_id: value})
        block = view.inputs[block_id]
        if not block.get("dispatch_action"):
            return Answer(_OK)
        state, _ = _filled(view)
        action_id = block["element"]["action_id"]
        action = {
            **state[block_id][action_id],
            "action_id": action_id,
            "block_id": block_id,
            "action_ts": f"{self.clock().timestamp():.6f}",
        }
        payload = self._payload("block_actions", user) | self._place_of(user, view) | {"actions": [action]}
        reply = self._deliver_payload(payload | {"trigger_id": self.app.new_trigger(user.id, self.clock())})
        return Answer(reply.status, timed_out=reply.seconds > self.ack_within)

    def _act_on(self, user: User, view: View, reply: Reply) -> Answer:
        answer = reply.json()
        match answer.get("response_action"):
            case None:
                self.workspace.views[user.id].pop()
            case "clear":
                self.workspace.views[user.id].clear()
            case "errors":
                errors: dict[str, str] = answer.get("errors", {})
                strange = sorted(set(errors) - set(view.inputs))
                self.violations += [f"view errors: no input block {each}" for each in strange]
                view.errors = errors
                return Answer(reply.status, errors=errors)
            case "update" | "push" as action:
                body = answer.get("view", {})
                self.violations += [f"view {action}: {each}" for each in checks.wrong_with_view(body)]
                shown = replace(view, body=body, hash=secrets.token_hex(8), errors={}, offered={}, entered={})
                if action == "update":
                    shown.take_over(view)
                    self.workspace.views[user.id][-1] = shown
                else:
                    self.workspace.views[user.id].append(replace(shown, id=self.workspace.new_id("V")))
            case other:
                self.violations.append(f"view_submission: unknown response_action {other}")
        return Answer(reply.status)

    def suggest(self, user: User, block_id: str, typed: str) -> Answer:
        """Somebody types into a menu of the form before them whose options the bot provides."""
        view = self.open_view(user)
        block = next((each for each in view.body["blocks"] if each.get("block_id") == block_id), None) if view else None
        if view is None or block is None:
            raise NothingToClick(f"{user.name} has no {block_id} to type into")
        payload = self._payload("block_suggestion", user) | {
            "action_id": block["element"]["action_id"],
            "block_id": block_id,
            "value": typed,
            "container": {"type": "view", "view_id": view.id},
            "view": as_json(view, self.api, _filled(view)[0]),
        }
        reply = self._deliver_payload(payload)
        options = self._options(reply.json())
        view.offered |= {each["value"]: each for each in options if "value" in each}
        return Answer(reply.status, options=options, timed_out=reply.seconds > self.ack_within)

    def _options(self, answer: Json) -> list[Json]:
        """The options that a menu offers, those in groups one group after the other."""
        if "option_groups" not in answer:
            options: list[Json] = answer.get("options", [])
            self.violations += [f"options: {each}" for each in checks.wrong_with_options(options)]
            return options
        groups: list[Json] = answer["option_groups"]
        if "options" in answer:
            self.violations.append("options: there are groups as well")
        self.violations += [f"option_groups: {each}" for each in checks.wrong_with_option_groups(groups)]
        return [option for group in groups for option in group["options"]]

    def open_home(self, user: User) -> Answer:
        """Somebody opens the app's home; nobody is told unless the app has one and asked for the event."""
        events = self.manifest["settings"].get("event_subscriptions", {}).get("bot_events", [])
        has_home = self.manifest["features"].get("app_home", {}).get("home_tab_enabled", False)
        if not has_home or "app_home_opened" not in events:
            raise NothingToClick("the app has no home tab, or the manifest doesn't ask for app_home_opened")
        return self._deliver_event({"type": "app_home_opened", "user": user.id, "tab": "home", "channel": ""})

    def deliver_due_retries(self) -> list[Answer]:
        """Send the events again that the bot hasn't taken and whose time has come."""
        return [self._send_event(event) for event in self._retries.take_due(self.clock())]

    def _deliver_event(self, event: Json) -> Answer:
        body = {
            "type": "event_callback",
            "token": "deprecated",
            "team_id": self.team_id,
            "api_app_id": self.app.id,
            "event": event | {"event_ts": f"{self.clock().timestamp():.6f}"},
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self.clock().timestamp()),
            "authorizations": [{"team_id": self.team_id, "user_id": self.bot_user_id, "is_bot": True}],
        }
        return self._send_event(Undelivered(body, self.clock(), ""))

    def _send_event(self, event: Undelivered) -> Answer:
        body = json.dumps(event.body).encode()
        again = event.headers() if event.retries else {}
        headers = self.sign(body) | again | {"Content-Type": "application/json"}
        reply = self.sockets.deliver("events_api", event.body) if self.socket_mode else self._send(body, headers)
        late = reply.seconds > self.ack_within
        if late or reply.status != _OK:
            event.reason = "http_timeout" if late else "http_error"
            self._retries.put_off(event, self.clock())
        return Answer(reply.status, timed_out=late)

    def close(self, user: User) -> None:
        """Somebody closes the form before them."""
        view = self.workspace.views[user.id].pop()
        if view.body.get("notify_on_close"):
            payload = self._payload("view_closed", user) | {"view": as_json(view, self.api), "is_cleared": False}
            self._deliver_payload(payload)

    def _payload(self, kind: str, user: User) -> Json:
        return {
            "type": kind,
            "team": {"id": self.team_id, "domain": "playground"},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": self.app.id,
            "token": "deprecated",
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _shown_by_slack(self, user: User, channel: Channel, text: str) -> Answer:
        message = self._ephemeral(channel.id, user.id, text, [])
        return Answer(0, ephemeral=[message])

    def _ephemeral(self, channel_id: str, user_id: str, text: str, blocks: list[Json]) -> Message:
        message = Message(
            self.workspace.new_ts(self.clock()), channel_id, self.app.bot.id, text, blocks, self.workspace,
            only_for=user_id, at=self.clock(),
        )  # fmt: skip
        with self.workspace.lock:
            self.workspace.messages.append(message)
        return message

    # Response URLs

    def _response_url(self, channel_id: str, user: User, message: Message | None) -> str:
        name = secrets.token_hex(12)
        self.response_urls[name] = ResponseUrl(channel_id, user.id, self.clock(), message)
        return f"{self.base_url}/response/{name}"

    def respond(self, name: str, answer: Json) -> str:
        """Take what is posted to a response URL; returns `ok` or Slack's name for what is wrong."""
        url = self.response_urls.get(name)
        if url is None:
            return "invalid_url"
        if self.clock() - url.at > _RESPONSE_URL_LIVES:
            return "expired_url"
        if url.uses >= _RESPONSE_URL_USES:
            return "used_url"
        self._respond(f"/response/{name}", answer)
        return "ok"

    def _respond(self, address: str, answer: Json) -> Message:
        url = self.response_urls[address.rsplit("/", 1)[-1]]
        url.uses += 1
        text, blocks = str(answer.get("text") or ""), answer.get("blocks") or []
        self.violations += [f"response: {each}" for each in checks.wrong_with_blocks(blocks, "message")]
        if blocks and not text:
            self.violations.append("response: blocks without a text for notifications and screen readers")
        if url.message is not None and answer.get("replace_original"):
            url.message.edit(text, blocks, None)
            return url.message
        if answer.get("response_type") == "in_channel":
            self.violations.append("response: posted for the whole channel to see")
        return self._ephemeral(url.channel, url.user, text, blocks)

    # What can be seen: each message as it is now; what was read before stays as it was read

    def messages(self, channel: Channel) -> list[Message]:
        """The messages of a channel, without the threads under them."""
        return self._seen(lambda each: each.channel == channel.id and not each.only_for and not each.thread_ts)

    def thread(self, channel: Channel, ts: str) -> list[Message]:
        """The replies to a message."""
        return self._seen(lambda each: each.channel == channel.id and each.thread_ts == ts)

    def ephemerals(self, user: User) -> list[Message]:
        """What somebody alone was shown in channels."""
        return self._seen(lambda each: each.only_for == user.id)

    def dms(self, user: User) -> list[Message]:
        """What the bot told somebody directly."""
        direct = self.workspace.direct_channel(user.id, self.app.bot.id)
        return self._seen(lambda each: each.channel == direct.id)

    def _seen(self, belongs: Callable[[Message], bool]) -> list[Message]:
        with self.workspace.lock:
            return [copy.copy(each) for each in self.workspace.messages if belongs(each)]

    def home(self, user: User) -> View | None:
        return self.workspace.homes.get(user.id)


@dataclass(frozen=True)
class Group:
    """A user group."""

    id: str
    handle: str


def _enter(view: View, values: dict[str, Any]) -> None:
    """Put something into fields, by `block_id`; what is in the others stays."""
    if strange := set(values) - set(view.inputs):
        raise NothingToClick(f"the form has no fields {sorted(strange)}, but {sorted(view.inputs)}")
    for block_id, value in values.items():
        view.entered[block_id, view.inputs[block_id]["element"]["action_id"]] = value


def _filled(view: View) -> tuple[Json, dict[str, str]]:
    """Return the state of a form, and what Slack's own client complains of before it sends anything."""
    state: Json = {}
    errors: dict[str, str] = {}
    for block_id, block in view.inputs.items():
        element = block["element"]
        value = view.entered.get((block_id, element["action_id"]), _initially(element))
        if value in (None, "", []) and not block.get("optional"):
            errors[block_id] = "Please complete this required field."
        elif isinstance(value, str) and len(value) > element.get("max_length", 3000):
            errors[block_id] = f"Please use {element['max_length']} characters at most."
        state[block_id] = {element["action_id"]: _state_of(element, value, view.offered)}
    return state, errors


def _initially(element: Json) -> Any:
    """What is in a field before anybody touches it."""
    if "initial_options" in element:
        return [each["value"] for each in element["initial_options"]]
    if "initial_option" in element:
        return element["initial_option"]["value"]
    return element.get("initial_value", element.get("initial_date"))


def _state_of(element: Json, value: Any, offered: Json) -> Json:
    preset = [*element.get("initial_options", []), *filter(None, [element.get("initial_option")])]
    options = offered | {each["value"]: each for each in [*element.get("options", []), *preset]}
    match element["type"]:
        case "plain_text_input":
            return {"type": element["type"], "value": value or None}
        case "datepicker":
            return {"type": element["type"], "selected_date": value or None}
        case "multi_static_select" | "multi_external_select" | "checkboxes":
            chosen = [
                options.get(each, {"text": {"type": "plain_text", "text": each}, "value": each}) for each in value or []
            ]
            return {"type": element["type"], "selected_options": chosen}
        case _:
            return {"type": element["type"], "selected_option": options.get(value) if value else None}
