"""The stage: people, accounts and the bot, put up with sensible defaults, so that a test names only what matters to it.

The bot is the real one, wired as in production; Slack and AWS are the strict stand-ins, and the clock is by hand.
"""

import threading
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser

from bot.entrance import WsgiApp, entrance
from bot.settings import Environment, Settings
from bot.tracing import CarryingExecutor
from bot.wiring import Bot, build
from playground.aws import StrictAws
from playground.clock import ManualClock
from playground.company import IMAGES, PROD, REGION, STAGING, Company, furnish, manifest
from playground.slack import StrictSlack

__all__ = ["IMAGES", "PROD", "REGION", "STAGING", "Stage", "put_up"]


class Listeners(CarryingExecutor):
    """Bolt's pool of listeners, which a test can wait for."""

    def __init__(self) -> None:
        super().__init__(max_workers=20, thread_name_prefix="listener")
        self._running: set[Future[Any]] = set()
        self._lock = threading.Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        with self._lock:
            self._running.add(future)
        return future

    def drain(self) -> None:
        with self._lock:
            running, self._running = self._running, set()
        for done in wait(running, timeout=20).done:
            done.result()


@dataclass
class Stage:
    """The company, and the bot in it."""

    aws: StrictAws
    slack: StrictSlack
    clock: ManualClock
    company: Company
    environment: Environment
    listeners: Listeners
    hands: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    started: list[Bot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mika, self.sam, self.kim = self.company.mika, self.company.sam, self.company.kim
        self.room = self.company.room
        self.images, self.staging, self.prod = map(self.aws.account, (IMAGES, STAGING, PROD))
        self.bot = self.start()

    def start(self, ahead: timedelta = timedelta(0)) -> Bot:
        """Put up a bot, as a new process would: on the database as it is; its clock may be `ahead` of the others'."""
        settings = Settings.model_validate(tomllib.loads(self.company.settings))
        self.bot = build(settings, self.environment, lambda: self.clock() + ahead, lambda: None, self.listeners)
        self.started.append(self.bot)
        self.slack.connect(self.door)
        return self.bot

    @property
    def door(self) -> WsgiApp:
        """Where Slack's requests come in."""
        refused = self.bot.probes.meters.refused
        return entrance(self.bot.app, self.environment.slack_signing_secret, self.clock, refused)

    def close(self) -> None:
        """Let go of the database."""
        for bot in self.started:
            bot.store.close()

    def add_settings(self, text: str) -> Bot:
        """Add to the settings file, and start the bot with it."""
        self.company = replace(self.company, settings=self.company.settings + text)
        return self.start()

    def replace_settings(self, old: str, new: str) -> Bot:
        """Change the settings file, and start the bot with it."""
        assert old in self.company.settings
        self.company = replace(self.company, settings=self.company.settings.replace(old, new))
        return self.start()

    def types(self, person: Any, text: str) -> Any:
        """Somebody types `/ami-share …` in the approvals channel."""
        answer = self.slack.command(person, self.room, "/ami-share", text)
        self.listeners.drain()
        return answer

    def clicks(self, person: Any, action: str, message: Any = None, **how: Any) -> Any:
        """Somebody clicks a button of the newest approval message, or of `message`."""
        answer = self.slack.click(person, message or self.approval, action, **how)
        self.listeners.drain()
        return answer

    def submits(self, person: Any, **values: Any) -> Any:
        answer = self.slack.submit(person, values)
        self.listeners.drain()
        return answer

    def opens_home(self, person: Any) -> str:
        """Somebody opens the bot's home tab; returns what they read there."""
        self.slack.open_home(person)
        self.listeners.drain()
        return self.home(person).as_text(self.slack.workspace)

    def home(self, person: Any) -> Any:
        """The home tab as it stands before somebody."""
        view = self.slack.home(person)
        assert view is not None
        return view

    def reads(self, person: Any, locale: str) -> Any:
        """Somebody changes the language they read Slack in; returns them as they are now."""
        return self.slack.change_user(person, locale=locale)

    def by_hand(self, account_id: str, service: str = "ec2", region: str = REGION) -> Any:
        """A client of somebody who may do everything in the account, and does it without the bot."""
        if account_id not in self.hands:
            self.hands[account_id] = self.aws.account(account_id).user("admin")
        user = self.hands[account_id]
        return boto3.client(
            service,
            region_name=region,
            aws_access_key_id=user.access_key_id,
            aws_secret_access_key=user.secret_access_key,
        )

    def work(self) -> None:
        """Let the bot do everything that is due now."""
        busy = True
        while busy:
            busy = self.bot.worker.run_once()
            while self.bot.publisher.run_once():
                busy = True
        self.bot.homes.refresh()

    def passes(self, *, steps: float = 15, **time: float) -> None:
        """Let time pass, a few seconds at a step, as the bot's jobs would run."""
        left = timedelta(**time)
        while left > timedelta(0):
            step = min(left, timedelta(seconds=steps))
            self.clock.advance(step)
            left -= step
            self.bot.watch.run_once()
            self.bot.reminders.run_once()
            self.work()

    @property
    def approval(self) -> Any:
        """The newest message in the approvals channel."""
        return self.slack.messages(self.room)[-1]

    @property
    def thread(self) -> list[str]:
        """What the thread under the approval message says."""
        return [reply.as_text() for reply in self.slack.thread(self.room, self.approval.ts)]

    def direct(self, person: Any) -> list[str]:
        """What the bot told somebody in direct messages."""
        return [message.as_text() for message in self.slack.dms(person)]

    def private(self, person: Any) -> list[str]:
        """What somebody alone was shown."""
        return [message.as_text() for message in self.slack.ephemerals(person)]


_loader = cache(botocore.loaders.create_loader)


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """Have a method work out each answer once, whichever object is asked."""
    known: dict[tuple[Any, ...], Any] = {}

    def answer(asked: Any, *about: Any) -> Any:
        if about not in known:
            known[about] = method(asked, *about)
        return known[about]

    return answer


_ONCE = [
    (owner, name, _once(getattr(owner, name)))
    for owner, name in (
        (ClientCreator, "_load_service_model"),
        (ClientCreator, "_create_client_class"),
        (EventAliaser, "_alias_event_name"),
    )
]


@contextmanager
def put_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Put up the stage, on that database; at the end Slack must have found nothing to reject."""
    clock = ManualClock()
    aws = StrictAws(clock)
    slack = StrictSlack(manifest(), clock, signing_secret="a-secret-of-the-tests")
    company = furnish(aws, slack)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", company.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", company.secret_access_key)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Each bot would parse the models of AWS's services anew, and make classes of them: a tenth of a second, and another
    # for each client, hundreds of times; and each session, the names of the events that it knows.
    monkeypatch.setattr(botocore.session, "create_loader", _loader)
    for owner, name, answer in _ONCE:
        monkeypatch.setattr(owner, name, answer)
    with ExitStack() as stack:
        url = stack.enter_context(slack.serve())
        stack.enter_context(aws.in_process())
        listeners = stack.enter_context(Listeners())
        environment = Environment(
            slack_bot_token=slack.bot_token,
            slack_signing_secret=slack.signing_secret,
            slack_api_url=f"{url}/api/",
            database_url=database_url,
        )
        stage = Stage(aws, slack, clock, company, environment, listeners)
        stack.callback(stage.close)
        yield stage
        assert slack.violations == []
