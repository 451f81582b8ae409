"""The command line: `python -m bot run` starts the bot, `check` reads the settings, `audit` shows what was done."""

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from slack_sdk.errors import SlackApiError

from bot.deadline import Deadline
from bot.doors import HttpDoor, SocketDoor
from bot.engine import Alarm, Engine
from bot.entrance import entrance
from bot.logs import Redaction, log_handler
from bot.probes import probing
from bot.settings import Door, Environment, Settings, SettingsError, load
from bot.wiring import Bot, build, slack_client
from handlers.channels import Channels
from handlers.trouble import SLACK_TROUBLE, code_of
from handlers.user_groups import UserGroups
from sharing import database
from sharing.clock import CLOCKS_APART, utc_now
from sharing.database import DATABASE_AWAY
from sharing.requests import RequestId
from sharing.store import Store

# Bolt answers an interaction from its own threads; these only wait for it.
_HTTP_THREADS = 16
_PROBE_THREADS = 2
_STOP_SECONDS = 10.0
_HAND_BACK_SECONDS = 1.0
_WAKE_SECONDS = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status.

    0 is fine, 1 that the database can't be used, 2 that the settings can't be, 3 that a channel or a user group
    of theirs can't be.
    """
    options = _parser().parse_args(arguments)
    try:
        settings, environment = load(options.settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    command: Callable[[argparse.Namespace, Settings, Environment], int] = options.command
    return command(options, settings, environment)


def _run(_options: argparse.Namespace, settings: Settings, environment: Environment) -> int:
    handler = log_handler(settings.server.log_format, environment.secrets)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("alembic", "apscheduler", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    alarm = Alarm()
    try:
        bot = build(settings, environment, utc_now, alarm.ring, clocks_apart=CLOCKS_APART)
    except (*DATABASE_AWAY, ModuleNotFoundError) as trouble:
        print(f"DATABASE_URL can't be used: {Redaction(environment.secrets)(_reason(trouble))}", file=sys.stderr)
        return 1
    engine = Engine(bot, settings.server, alarm)
    doors = _doors(bot, settings, environment)
    engine.start()
    signal.signal(signal.SIGTERM, _exit)
    status = 0
    try:
        for door in doors:
            door.open()
        while True:
            # The kernel may hand a signal to another thread, and this one then finds it when it next wakes (Python,
            # "Execution of Python signal handlers"): it must not wait for good.
            time.sleep(_WAKE_SECONDS)
            engine.keep_time()
    except SlackApiError as refusal:
        logging.error("SLACK_APP_TOKEN can't be used to connect in Socket Mode: %s", code_of(refusal))  # noqa: TRY400
        status = 2
    except (SystemExit, KeyboardInterrupt):
        pass
    _stop(bot, engine, doors)
    logging.shutdown()
    # What still waits for AWS or Slack would be waited for at the end of the interpreter; it holds nothing any more.
    os._exit(status)


def _doors(bot: Bot, settings: Settings, environment: Environment) -> Sequence[HttpDoor | SocketDoor]:
    server = settings.server
    if settings.slack.door is Door.HTTP:
        logging.info("listening on http://%s:%d/slack/events", server.host, server.port)
        slack = entrance(bot.app, environment.slack_signing_secret, utc_now, bot.probes.meters.refused)
        return [HttpDoor(probing(bot.probes, slack), server, _HTTP_THREADS)]
    token = environment.slack_app_token
    socket = SocketDoor(bot.app, token.get_secret_value() if token else None)
    bot.probes.pulse.connected = socket.is_connected
    # Nothing comes in by HTTP but those who ask how the bot is.
    return [HttpDoor(probing(bot.probes), server, _PROBE_THREADS), socket]


def _stop(bot: Bot, engine: Engine, doors: Sequence[HttpDoor | SocketDoor]) -> None:
    """Let what is under way come to its end, and hand back the rest: all of it within ten seconds of the signal."""
    for another in (signal.SIGTERM, signal.SIGINT):
        signal.signal(another, signal.SIG_IGN)
    deadline, under_way = Deadline.within(_STOP_SECONDS), Deadline.within(_STOP_SECONDS - _HAND_BACK_SECONDS)
    engine.rest()
    for door in doors:
        door.close(under_way)
    if cut_off := bot.clicks.finish(under_way.left):
        logging.warning("%d clicks or commands are acknowledged and not finished", cut_off)
    engine.finish(under_way)
    engine.hand_back(deadline)


def _reason(trouble: Exception) -> str:
    if isinstance(trouble, ModuleNotFoundError):
        return f"its driver isn't installed ({trouble.name}); for PostgreSQL, install requirements.lock"
    return str(getattr(trouble, "orig", trouble))


def _exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit


def _check(options: argparse.Namespace, settings: Settings, environment: Environment) -> int:
    print(f"{options.settings} can be used: {len(settings.sources)} sources, {len(settings.targets)} targets")
    client = slack_client(environment)
    try:
        closed = Channels(client, settings.channels).look()
        gone = UserGroups(client, settings.user_groups).look()
    except SLACK_TROUBLE as trouble:
        said = Redaction(environment.secrets)(str(trouble))
        print(f"Slack can't be asked for the bot's channels and user groups: {said}", file=sys.stderr)
        return 3
    for setting, why in closed.items():
        print(f"nothing can be posted in the channel of {setting}, {why}", file=sys.stderr)
    if not closed:
        print(f"the bot can write in its channels: {', '.join(settings.channels.values())}")
    for group, why in gone.items():
        print(f"the user group {group} can't be used, of {why}", file=sys.stderr)
    return 3 if closed or gone else 0


def _audit(options: argparse.Namespace, _settings: Settings, environment: Environment) -> int:
    store = Store(database.connect(environment.database_url.get_secret_value()))
    trail = store.audit_trail(RequestId(options.request))
    for at, actor, kind, details in trail:
        print(f"{at.isoformat()}  {actor}  {kind}  {json.dumps(details, ensure_ascii=False)}")
    return 0 if trail else 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settings", type=Path, default=Path("ami-share.toml"), help="the settings file")
    parser = argparse.ArgumentParser(prog="python -m bot", description="Share AMIs between AWS accounts from Slack.")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", parents=[common], help="run the bot until it is told to stop")
    run.set_defaults(command=_run)
    check = commands.add_parser(
        "check", parents=[common], help="say whether the settings can be used, their channels and user groups"
    )
    check.set_defaults(command=_check)
    audit = commands.add_parser("audit", parents=[common], help="print the audit trail of a request")
    audit.add_argument("request", help="its id, like R-7K2M9QXA")
    audit.set_defaults(command=_audit)
    return parser
