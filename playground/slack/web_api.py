"""The Web API: the methods that the bot uses, each with its scope, its errors and its answer.

From docs.slack.dev/reference/methods, a page a method. A method takes its arguments, decoded, and the workspace.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from playground.slack import checks
from playground.slack.errors import SlackRefuses
from playground.slack.workspace import Channel, Message, User, View, Workspace

Json = dict[str, Any]

_TRIGGER_LIVES = timedelta(seconds=3)
_TEXT_CUT_AT = 40_000
_VIEWS_IN_A_STACK = 3
_VIEW_BYTES = 250_000
_PAGE = 100
# `token` may come as an argument; the rest is what slack_sdk adds of itself.
_OF_EVERY_METHOD = frozenset({"token", "team_id"})


@dataclass
class Trigger:
    """What a click or command allows: one modal, within three seconds."""

    user: str
    at: datetime
    used: bool = False


@dataclass
class App:
    """The installed app: its tokens, its scopes and the triggers it was given."""

    id: str
    bot: User
    bot_token: str
    app_token: str
    scopes: frozenset[str]
    triggers: dict[str, Trigger] = field(default_factory=dict)

    def new_trigger(self, user_id: str, now: datetime) -> str:
        trigger_id = f"{len(self.triggers) + 1}.{self.id}.{secrets.token_hex(8)}"
        self.triggers[trigger_id] = Trigger(user_id, now)
        return trigger_id


@dataclass
class Api:
    """The methods, on one workspace for one app. `violations` takes what Slack would let pass but shouldn't."""

    workspace: Workspace
    app: App
    clock: Callable[[], datetime]
    violations: list[str]
    open_connection: Callable[[], str] | None = None

    def call(self, method: str, token: str | None, arguments: Json) -> Json:
        """Return what Slack answers, without `ok`.

        Raises:
            SlackRefuses: the answer is an error.
        """
        known = METHODS.get(method)
        if known is None:
            raise SlackRefuses("unknown_method", req_method=method)
        if token != (self.app.app_token if known.app_level else self.app.bot_token):
            raise SlackRefuses("invalid_auth" if token else "not_authed")
        missing = known.scopes and not (known.scopes & self.app.scopes)
        if missing:
            raise SlackRefuses(
                "missing_scope", needed=",".join(sorted(known.scopes)), provided=",".join(sorted(self.app.scopes))
            )
        strange = set(arguments) - known.arguments - _OF_EVERY_METHOD
        self.violations += [f"{method}: unknown argument {name}" for name in sorted(strange)]
        with self.workspace.lock:
            return known.run(self, arguments)

    # Channels and people

    def channel(self, arguments: Json, *, joined: bool = False) -> Channel:
        channel = self.workspace.channels.get(str(arguments.get("channel", "")))
        if channel is None or (channel.private and self.app.bot.id not in channel.members):
            raise SlackRefuses("channel_not_found")
        if joined and self.app.bot.id not in channel.members:
            raise SlackRefuses("not_in_channel")
        if joined and channel.archived:
            raise SlackRefuses("is_archived")
        return channel

    def readable(self, arguments: Json) -> Channel:
        channel = self.channel(arguments, joined=True)
        needed = "im:history" if channel.direct_with else "groups:history" if channel.private else "channels:history"
        if needed not in self.app.scopes:
            raise SlackRefuses("missing_scope", needed=needed, provided=",".join(sorted(self.app.scopes)))
        return channel

    def user(self, user_id: Any) -> User:
        user = self.workspace.users.get(str(user_id))
        if user is None:
            raise SlackRefuses("user_not_found")
        return user

    def body(self, method: str, arguments: Json) -> tuple[str, list[Json]]:
        """Return the text and blocks of a message, checked."""
        text, blocks = str(arguments.get("text") or ""), arguments.get("blocks") or []
        if not text and not blocks:
            raise SlackRefuses("no_text")
        if wrong := checks.wrong_with_blocks(blocks, "message"):
            self.violations += [f"{method}: {each}" for each in wrong]
            raise SlackRefuses("invalid_blocks", response_metadata={"messages": [f"[ERROR] {each}" for each in wrong]})
        if checks.too_much_text(blocks):
            self.violations.append(f"{method}: too much text in the blocks")
            raise SlackRefuses("msg_blocks_too_long")
        if blocks and not text:
            self.violations.append(f"{method}: blocks without a text for notifications and screen readers")
        return text[:_TEXT_CUT_AT], blocks


def _auth_test(api: Api, _: Json) -> Json:
    bot = api.app.bot
    return {"url": "https://playground.slack.com/", "team": "Playground", "user": bot.name, "team_id": bot.team_id,
            "user_id": bot.id, "bot_id": bot.bot_id, "is_enterprise_install": False}  # fmt: skip


def _post_message(api: Api, arguments: Json) -> Json:
    if str(arguments.get("channel", "")).startswith(("U", "W")):
        user = api.user(arguments["channel"])
        arguments = arguments | {"channel": api.workspace.direct_channel(user.id, api.app.bot.id).id}
    channel = api.channel(arguments, joined=True)
    text, blocks = api.body("chat.postMessage", arguments)
    metadata = arguments.get("metadata")
    if metadata is not None and (error := checks.wrong_with_metadata(metadata)):
        raise SlackRefuses(error)
    thread_ts = arguments.get("thread_ts")
    if thread_ts and api.workspace.find(channel.id, thread_ts) is None:
        raise SlackRefuses("thread_not_found")
    message = Message(
        api.workspace.new_ts(api.clock()), channel.id, api.app.bot.id, text, blocks, api.workspace,
        thread_ts=thread_ts, metadata=metadata, at=api.clock(),
    )  # fmt: skip
    api.workspace.messages.append(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json()}


def _post_ephemeral(api: Api, arguments: Json) -> Json:
    channel = api.channel(arguments, joined=True)
    text, blocks = api.body("chat.postEphemeral", arguments)
    user = api.user(arguments.get("user"))
    if user.id not in channel.members or user.deleted:
        raise SlackRefuses("user_not_in_channel")
    message = Message(
        api.workspace.new_ts(api.clock()), channel.id, api.app.bot.id, text, blocks, api.workspace,
        thread_ts=arguments.get("thread_ts"), only_for=user.id, at=api.clock(),
    )  # fmt: skip
    api.workspace.messages.append(message)
    return {"message_ts": message.ts}


def _update(api: Api, arguments: Json) -> Json:
    channel = api.channel(arguments)
    message = api.workspace.find(channel.id, str(arguments.get("ts")))
    if message is None:
        raise SlackRefuses("message_not_found")
    if message.user != api.app.bot.id:
        raise SlackRefuses("cant_update_message")
    text, blocks = api.body("chat.update", arguments)
    message.edit(text, blocks, arguments.get("metadata"))
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": message.as_json()}


def _delete(api: Api, arguments: Json) -> Json:
    channel = api.channel(arguments)
    message = api.workspace.find(channel.id, str(arguments.get("ts")))
    if message is None:
        raise SlackRefuses("message_not_found")
    if message.user != api.app.bot.id:
        raise SlackRefuses("cant_delete_message")
    api.workspace.messages.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def _permalink(api: Api, arguments: Json) -> Json:
    channel = api.channel(arguments)
    message = api.workspace.find(channel.id, str(arguments.get("message_ts")))
    if message is None:
        raise SlackRefuses("message_not_found")
    address = f"https://playground.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": address}


def _open_conversation(api: Api, arguments: Json) -> Json:
    users = [user for user in str(arguments.get("users", "")).split(",") if user]
    if len(users) != 1:
        raise SlackRefuses("users_list_not_supplied" if not users else "too_many_users")
    user = api.user(users[0])
    if user.bot:
        raise SlackRefuses("cannot_dm_bot")
    if user.deleted:
        raise SlackRefuses("user_disabled")
    return {"channel": {"id": api.workspace.direct_channel(user.id, api.app.bot.id).id}}


def _info(api: Api, arguments: Json) -> Json:
    channel = api.channel(arguments)
    return {"channel": {"id": channel.id, "name": channel.name, "is_private": channel.private,
                        "is_member": api.app.bot.id in channel.members, "is_archived": channel.archived,
                        "is_ext_shared": channel.ext_shared}}  # fmt: skip


def _history(api: Api, arguments: Json) -> Json:
    channel = api.readable(arguments)
    top = [each for each in api.workspace.in_channel(channel.id) if each.thread_ts in (None, each.ts)]
    return _page(list(reversed(top)), arguments)


def _replies(api: Api, arguments: Json) -> Json:
    channel = api.readable(arguments)
    parent = str(arguments.get("ts"))
    if api.workspace.find(channel.id, parent) is None:
        raise SlackRefuses("thread_not_found")
    thread = [each for each in api.workspace.in_channel(channel.id) if parent in (each.ts, each.thread_ts)]
    return _page(thread, arguments)


def _page(messages: list[Message], arguments: Json) -> Json:
    oldest = float(arguments.get("oldest") or 0)
    shown = [each for each in messages if float(each.ts) > oldest]
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or _PAGE)
    with_metadata = str(arguments.get("include_all_metadata")).lower() in ("1", "true")
    page = [
        each.as_json() | ({"metadata": each.metadata} if with_metadata and each.metadata else {})
        for each in shown[start : start + limit]
    ]
    more = start + limit < len(shown)
    return {
        "messages": page,
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def _user_info(api: Api, arguments: Json) -> Json:
    return {"user": api.user(arguments.get("user")).profile()}


def _group_users(api: Api, arguments: Json) -> Json:
    group = api.workspace.groups.get(str(arguments.get("usergroup")))
    if group is None:
        raise SlackRefuses("no_such_subteam")
    return {"users": list(group[1])}


def _groups(api: Api, _: Json) -> Json:
    return {"usergroups": [{"id": each, "handle": name} for each, (name, _) in api.workspace.groups.items()]}


def _open_view(api: Api, arguments: Json) -> Json:
    user = _triggered(api, arguments)
    return _show(api, user, arguments, [])


def _push_view(api: Api, arguments: Json) -> Json:
    user = _triggered(api, arguments)
    stack = api.workspace.views.get(user, [])
    if len(stack) >= _VIEWS_IN_A_STACK:
        raise SlackRefuses("push_limit_reached")
    return _show(api, user, arguments, stack)


def _triggered(api: Api, arguments: Json) -> str:
    trigger = api.app.triggers.get(str(arguments.get("trigger_id")))
    if trigger is None:
        raise SlackRefuses("invalid_trigger_id")
    if trigger.used:
        raise SlackRefuses("exchanged_trigger_id")
    if api.clock() - trigger.at > _TRIGGER_LIVES:
        raise SlackRefuses("expired_trigger_id")
    trigger.used = True
    return trigger.user


def _show(api: Api, user: str, arguments: Json, under: list[View]) -> Json:
    view = _view(api, user, arguments, under[-1] if under else None)
    api.workspace.views[user] = [*under, view]
    return {"view": as_json(view, api)}


def _update_view(api: Api, arguments: Json) -> Json:
    for stack in api.workspace.views.values():
        for place, old in enumerate(stack):
            if arguments.get("view_id") == old.id:
                if arguments.get("hash") not in (None, old.hash):
                    raise SlackRefuses("hash_conflict")
                new = _view(api, old.user, arguments, None)
                new.id, new.root_id, new.previous_id = old.id, old.root_id, old.previous_id
                new.take_over(old)
                stack[place] = new
                return {"view": as_json(new, api)}
    raise SlackRefuses("not_found")


def _publish(api: Api, arguments: Json) -> Json:
    user = api.user(arguments.get("user_id"))
    view = _view(api, user.id, arguments, None)
    api.workspace.homes[user.id] = view
    return {"view": as_json(view, api)}


def _view(api: Api, user: str, arguments: Json, under: View | None) -> View:
    body = arguments.get("view") or {}
    if len(json.dumps(body)) > _VIEW_BYTES:
        raise SlackRefuses("view_too_large")
    if wrong := checks.wrong_with_view(body):
        api.violations += [f"view: {each}" for each in wrong]
        raise SlackRefuses("invalid_arguments", response_metadata={"messages": [f"[ERROR] {each}" for each in wrong]})
    view_id = api.workspace.new_id("V")
    return View(
        view_id, user, body, secrets.token_hex(8), under.root_id if under else view_id, under.id if under else None
    )


def as_json(view: View, api: Api, values: Json | None = None) -> Json:
    """Return the view object of payloads and answers."""
    optional = {key: view.body.get(key) for key in ("title", "submit", "close", "callback_id")}
    return optional | {
        "id": view.id,
        "team_id": api.workspace.team_id,
        "type": view.body["type"],
        "blocks": view.body["blocks"],
        "private_metadata": view.body.get("private_metadata", ""),
        "callback_id": view.body.get("callback_id", ""),
        "state": {"values": values or {}},
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": api.app.id,
        "bot_id": api.app.bot.bot_id,
    }


def _open_connection(api: Api, _: Json) -> Json:
    if api.open_connection is None:
        raise SlackRefuses("socket_mode_not_enabled")
    return {"url": api.open_connection()}


@dataclass(frozen=True)
class Method:
    """A method: what runs it, the scopes of which it needs one, and the arguments that it knows."""

    run: Callable[[Api, Json], Json]
    scopes: frozenset[str]
    arguments: frozenset[str]
    tier: int = 3
    app_level: bool = False


def _method(run: Callable[[Api, Json], Json], scopes: str, arguments: str, tier: int = 3) -> Method:
    return Method(run, frozenset(scopes.split()), frozenset(arguments.split()), tier)


_MESSAGE = "channel text blocks thread_ts metadata unfurl_links unfurl_media mrkdwn parse link_names reply_broadcast"
_PAGED = "channel cursor limit oldest latest inclusive include_all_metadata"
_READS_CHANNELS = "channels:history groups:history im:history mpim:history"

METHODS: dict[str, Method] = {
    "auth.test": _method(_auth_test, "", "", tier=4),
    "apps.connections.open": Method(_open_connection, frozenset(), frozenset({"app_token"}), 1, app_level=True),
    "chat.postMessage": _method(_post_message, "chat:write", _MESSAGE, tier=4),
    "chat.postEphemeral": _method(_post_ephemeral, "chat:write", f"{_MESSAGE} user", tier=4),
    "chat.update": _method(_update, "chat:write", f"{_MESSAGE} ts"),
    "chat.delete": _method(_delete, "chat:write", "channel ts as_user"),
    "chat.getPermalink": _method(_permalink, "", "channel message_ts", tier=4),
    "conversations.open": _method(
        _open_conversation, "im:write mpim:write", "users channel return_im prevent_creation"
    ),
    "conversations.info": _method(_info, "channels:read groups:read im:read", "channel include_locale"),
    "conversations.history": _method(_history, _READS_CHANNELS, _PAGED),
    "conversations.replies": _method(_replies, _READS_CHANNELS, f"{_PAGED} ts"),
    "users.info": _method(_user_info, "users:read", "user include_locale", tier=4),
    "usergroups.list": _method(_groups, "usergroups:read", "include_users include_disabled", tier=2),
    "usergroups.users.list": _method(_group_users, "usergroups:read", "usergroup include_disabled", tier=2),
    "views.open": _method(_open_view, "", "trigger_id view interactivity_pointer", tier=4),
    "views.push": _method(_push_view, "", "trigger_id view interactivity_pointer", tier=4),
    "views.update": _method(_update_view, "", "view view_id external_id hash", tier=4),
    "views.publish": _method(_publish, "", "user_id view hash", tier=4),
}
