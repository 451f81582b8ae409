"""The page: the workspace in a browser. What one person sees, as JSON, and what they do, from JSON.

The markup is made in the browser (`web/`), where every text becomes a text node: nothing that somebody types is HTML.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.slack.workspace import Channel, Message, User, View

if TYPE_CHECKING:
    from playground.slack.strict import Answer, StrictSlack

Json = dict[str, Any]

_WEB = Path(__file__).parent / "web"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


class BadAct(Exception):
    """What the page asks for makes no sense; says why."""


def static_file(path: str) -> tuple[str, bytes] | None:
    """Return the type and the content of a file of the page, or None if the page has no such file."""
    wanted = path.lstrip("/") or "index.html"
    for known in _WEB.iterdir():
        if known.name == wanted and known.suffix in _TYPES:
            return _TYPES[known.suffix], known.read_bytes()
    return None


def seen_by(slack: StrictSlack, user_id: str) -> Json:
    """Return everything that the person with that id sees; the first person there is, if nobody has it."""
    workspace = slack.workspace
    with workspace.lock:
        people = [user for user in workspace.users.values() if not user.bot and not user.deleted]
        me = workspace.users.get(user_id) or people[0]
        slack.workspace.direct_channel(me.id, slack.bot_user_id)
        channels = [each for each in workspace.channels.values() if me.id in each.members]
        view = slack.open_view(me)
        home = slack.home(me)
        features = slack.manifest["features"]
        return {
            "me": me.id,
            "people": [{"id": user.id, "name": user.name} for user in people],
            "names": {
                identity: workspace.name_of(identity)
                for identity in (*workspace.users, *workspace.channels, *workspace.groups)
            },
            "commands": [each["command"] for each in features["slash_commands"]],
            "channels": [_channel(slack, channel, me) for channel in channels],
            "shortcuts": features.get("shortcuts", []),
            "has_home": features.get("app_home", {}).get("home_tab_enabled", False),
            "home": None if home is None else {"blocks": home.blocks},
            "view": None
            if view is None
            else {"id": view.id, "hash": view.hash, "errors": view.errors, "offered": view.offered} | view.body,
        }


def act(slack: StrictSlack, asked: Json) -> Json:
    """Do what somebody did on the page, and return what the page is to say at once.

    Raises:
        BadAct: there is no such person, channel, message or deed.
    """
    user = slack.workspace.users.get(str(asked.get("as")))
    if user is None:
        raise BadAct("there is no such person")
    match asked.get("kind"):
        case "command":
            answer = _command(slack, user, asked)
        case "click":
            of = asked.get("of")
            answer = slack.click(user, _clicked(slack, user, asked), str(asked.get("action_id")), of=of)
        case "open_home":
            answer = slack.open_home(user)
        case "suggest":
            answer = slack.suggest(user, str(asked.get("block")), str(asked.get("typed", "")))
        case "shortcut":
            message = _message(slack, user, asked) if "ts" in asked else None
            answer = slack.use_shortcut(user, str(asked.get("callback_id")), message)
        case "choose":
            answer = slack.choose(user, str(asked.get("block")), asked.get("value"))
        case "submit":
            answer = slack.submit(user, dict(asked.get("values", {})))
        case "close":
            slack.close(user)
            return {"ok": True, "errors": {}}
        case other:
            raise BadAct(f"nobody can {other}")
    return {"ok": not answer.timed_out, "errors": answer.errors, "options": answer.options}


def _command(slack: StrictSlack, user: User, asked: Json) -> Answer:
    channel = slack.workspace.channels.get(str(asked.get("channel")))
    if channel is None or user.id not in channel.members:
        raise BadAct("there is no such channel")
    command, _, text = str(asked.get("text", "")).strip().partition(" ")
    if not command.startswith("/"):
        raise BadAct("The playground takes slash commands only. Try /ami-share help")
    return slack.command(user, channel, command, text)


def _clicked(slack: StrictSlack, user: User, asked: Json) -> Message | View:
    if "view" not in asked:
        return _message(slack, user, asked)
    view = slack.home(user) if asked["view"] == "home" else slack.open_view(user)
    if view is None:
        raise BadAct("there is no such view")
    return view


def _message(slack: StrictSlack, user: User, asked: Json) -> Message:
    where = (asked.get("channel"), asked.get("ts"))
    with slack.workspace.lock:
        for message in slack.workspace.messages:
            members = slack.workspace.channels[message.channel].members
            if (message.channel, message.ts) == where and user.id in members:
                return message
    raise BadAct("there is no such message")


def _channel(slack: StrictSlack, channel: Channel, me: User) -> Json:
    messages = [
        each for each in slack.workspace.messages if each.channel == channel.id and each.only_for in (None, me.id)
    ]
    return {
        "id": channel.id,
        "name": slack.app.bot.name if channel.direct_with else channel.name,
        "direct": channel.direct_with is not None,
        "messages": [_shown(slack, each) for each in messages],
    }


def _shown(slack: StrictSlack, message: Message) -> Json:
    return {
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "author": slack.workspace.users[message.user].name,
        "text": message.text,
        "blocks": message.blocks,
        "private": message.only_for is not None,
        "edited": bool(message.history),
        "at": message.at.timestamp() if message.at else None,
    }
