"""Replicas: three bots on one PostgreSQL, two with clocks that are wrong, killed, stopped and started at random.

`make test` has some requests go through that; `make matrix` five hundred, by HTTP and by Socket Mode.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from aws_ops.tags import DELIVERY_TAG
from handlers.ballots import APPROVE
from playground.aws import Disk
from playground.company import IMAGES, PROD, REGION, STAGING
from playground.neighbourhood import Neighbourhood, free_port, put_up
from playground.slack.delivery import HttpDoor
from playground.slack.errors import NothingToClick
from tests import postgres
from tests.conftest import Tried, leave_out_if_late

MANY = bool(os.environ.get("TORTURE"))
REQUESTS = 250 if MANY else 24
PEOPLE = 8
# So many want, two by two, to change the policy of the same key. Whoever dies over it closes it for minutes.
SHARE_A_KEY = 50 if MANY else 0
TARGETS, ACCOUNTS = ("staging", "prod"), (STAGING, PROD)
# The bot's lease is two seconds here.
PAST_THE_LEASE_SECONDS = 3.0
# Ten leases off, and still within what is given work.
CLOCKS_OFF_SECONDS = (0, -20, 20)
PATIENCE_SECONDS = 900.0 if MANY else 120.0
# They take minutes of the ten that are left to CI then.
BEGUN_BEFORE_SECONDS = 5 * 60

pytestmark = pytest.mark.timeout(2400 if MANY else 180)


def is_copied(number: int) -> bool:
    """Whether that request is for a copy."""
    return number % 5 == 0


@dataclass
class Replicas:
    """Bots side by side; `ports` has each one's, and of the last two one's clock is behind and one's is ahead."""

    here: Neighbourhood
    ports: tuple[int, ...]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    did: Counter[str] = field(default_factory=Counter)

    def start(self, port: int) -> None:
        seconds = CLOCKS_OFF_SECONDS[self.ports.index(port)]
        self.running[port] = self.here.launch(port, *(("-m", "tests.process.late", str(seconds)) if seconds else ()))

    def torment(self, at_random: random.Random, until: threading.Event) -> None:
        """Kill one, or let one stand still past its lease, every few seconds."""
        while not until.wait(at_random.uniform(3, 8)):
            port = at_random.choice(self.ports)
            what = at_random.choice(["killed", "killed", "standing still", "stopped"])
            self.did[what] += 1
            bot = self.running[port]
            if what == "standing still":
                bot.send_signal(signal.SIGSTOP)
                time.sleep(PAST_THE_LEASE_SECONDS)
                bot.send_signal(signal.SIGCONT)
                continue
            bot.send_signal(signal.SIGKILL if what == "killed" else signal.SIGTERM)
            bot.wait(timeout=20)
            self.start(port)

    def end(self) -> None:
        for bot in self.running.values():
            bot.send_signal(signal.SIGCONT)
            bot.kill()
            bot.wait()

    def balance(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """A load balancer: any replica that takes the connection; 502 if it dies over the answer."""
        body = environ["wsgi.input"].read()
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        for port in random.sample(self.ports, len(self.ports)):
            try:
                status, answer = HttpDoor(f"http://127.0.0.1:{port}/slack/events").send(body, headers)
            except URLError:
                continue
            except OSError:
                break
            start_response(f"{status} -", [])
            return [answer]
        start_response("502 Bad Gateway", [])
        return [b""]


@contextmanager
def three(folder: Path, database_url: str, *, socket_mode: bool) -> Iterator[Replicas]:
    with put_up(folder, socket_mode=socket_mode, copy_gib_per_second=100, database_url=database_url) as here:
        # Some ends are told together, and not so many that a message has no room for each.
        few = here.company.settings.replace("[slack]\n", "[slack]\ndigest_seconds = 5\n")
        here.company = replace(here.company, settings=few)
        replicas = Replicas(here, tuple(free_port() for _ in range(3)))
        here.slack.connect(replicas.balance)
        for port in replicas.ports:
            replicas.start(port)
        try:
            yield replicas
            assert here.slack.violations == []
        finally:
            replicas.end()


def waits_for(sign: Callable[[], bool], do: Callable[[], object], sight: Callable[[], object]) -> None:
    """Somebody does something, and again until they see that it has arrived; if they never do, `sight` is shown."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not sign():
        assert time.monotonic() < deadline, f"it never arrives: {sight()}"
        do()
        again = time.monotonic() + 8
        while not sign() and time.monotonic() < again:
            time.sleep(0.1)


def is_completed(message: Any) -> bool:
    return "AMI share: completed" in message.as_text()


def is_over(message: Any) -> bool:
    return is_completed(message) or "AMI share: no longer possible" in message.as_text()


def unfinished(messages: list[Any]) -> list[str]:
    return [message.as_text() for message in messages if not is_over(message)]


@pytest.fixture
def in_time(tried: Tried) -> None:
    if MANY:
        what = "times that replicas would have taken requests and no time was left"
        leave_out_if_late(tried, what, BEGUN_BEFORE_SECONDS)


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket-mode"])
def test_nothing_is_lost_or_done_twice(
    tmp_path: Path, cluster: postgres.Cluster, socket_mode: bool, tried: Tried
) -> None:
    seed = int(time.time())
    with cluster.database() as url, three(tmp_path, url, socket_mode=socket_mode) as replicas:
        here, enough = replicas.here, threading.Event()
        mika, sam, room = here.company.mika, here.company.sam, here.company.room
        source = here.aws.account(IMAGES)
        keys = [source.key(REGION) for _ in range(REQUESTS)]
        keys[1:SHARE_A_KEY:2] = keys[0:SHARE_A_KEY:2]

        def approve_all(messages: list[Any]) -> None:
            for message in messages:
                with suppress(NothingToClick):
                    here.slack.click(sam, message, APPROVE)

        def ask(number: int) -> None:
            disk = Disk(gib=4, key=keys[number])
            image = source.image(REGION, name=f"golden-{number}", devices=[disk])
            wanted = f"{TARGETS[number % 2]} {'' if is_copied(number) else 'no copy '}reason {number}"

            def shown() -> list[Any]:
                return [one for one in here.slack.messages(room) if image in one.text]

            def approve() -> None:
                approve_all(shown())

            waits_for(
                lambda: bool(shown()),
                lambda: here.slack.command(mika, room, "/ami-share", f"{image} to {wanted}"),
                lambda: image,
            )
            # A replica that stood still may take a command late, which was typed again by then: another request.
            waits_for(lambda: all(map(is_over, shown())), approve, lambda: unfinished(shown()))

        started = time.monotonic()
        with ThreadPoolExecutor(1) as tormentor:
            torment = tormentor.submit(replicas.torment, random.Random(seed), enough)
            try:
                with ThreadPoolExecutor(PEOPLE) as people:
                    list(people.map(ask, range(REQUESTS)))
            finally:
                enough.set()
            torment.result()
        waits_for(
            lambda: all(map(is_over, here.slack.messages(room))),
            lambda: approve_all(here.slack.messages(room)),
            lambda: unfinished(here.slack.messages(room)),
        )
        over = here.slack.messages(room)
        messages = [message for message in over if is_completed(message)]
        # Who got no answer asked again, and it was another request; never is one request asked for twice.
        ids = Counter(message.as_text().splitlines()[-1].split("`")[1] for message in messages)
        assert set(ids.values()) == {1}

        def told() -> Counter[str]:
            """How often Mika was told of the end of each, alone or among others."""
            ends = [text for message in here.slack.dms(mika) if "complete" in (text := message.as_text())]
            return Counter(one for one in ids for text in ends if one in text)

        waits_for(lambda: len(told()) == len(ids), lambda: None, lambda: ids - told())
        took = time.monotonic() - started
        # What a stopped one still had to say, it has said by now or will not.
        time.sleep(PAST_THE_LEASE_SECONDS)
        asked = {image.name for image in source.images(REGION) for one in messages if image.id in one.as_text()}
        print(f"seed {seed}, {took:.0f} s")
        tried("requests on three replicas", len(over))
        for what, times in replicas.did.items():
            tried(f"times that a replica was {what}", times)

        assert asked == {f"golden-{number}" for number in range(REQUESTS)}
        assert set(told().values()) == {1}
        each_milestone_is_there_once(here, messages)
        each_of_the_others_found_it_done(here, [message for message in over if not is_completed(message)])
        every_share_stands(here, keys)
        every_copy_is_there_once(here)


def each_of_the_others_found_it_done(here: Neighbourhood, messages: list[Any]) -> None:
    """Whoever asks for a copy, gets no answer and asks again may find the first one's copy there."""
    for message in messages:
        thread = [reply.as_text() for reply in here.slack.thread(here.company.room, message.ts)]
        assert any("can be used there already" in line for line in thread), thread


def each_milestone_is_there_once(here: Neighbourhood, messages: list[Any]) -> None:
    for message in messages:
        thread = [reply.as_text() for reply in here.slack.thread(here.company.room, message.ts)]
        for milestone in ("Approved by @sam", "Permissions are in place", "is complete"):
            assert sum(milestone in line for line in thread) == 1, (milestone, thread)


def every_share_stands(here: Neighbourhood, keys: list[Any]) -> None:
    for image in here.aws.account(IMAGES).images(REGION):
        number = int(image.name.split("-")[1])
        account = ACCOUNTS[number % 2]
        policy = str(here.aws.key(keys[number]).policy)
        assert f"arn:aws:iam::{account}:role/ami-share-target" in policy, "one writer overwrote another"
        assert set(image.launch_permission) == {account}
        assert all(set(snapshot.create_volume_permission) == {account} for snapshot in image.snapshots)


def every_copy_is_there_once(here: Neighbourhood) -> None:
    copies = [image for account in ACCOUNTS for image in here.aws.account(account).images(REGION)]
    assert set(Counter(image.tags[DELIVERY_TAG] for image in copies).values()) == {1}
    assert {image.state for image in copies} == {"available"}
    assert {image.name.split("-")[1] for image in copies} == {str(one) for one in range(REQUESTS) if is_copied(one)}
