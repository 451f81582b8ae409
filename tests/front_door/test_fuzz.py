"""Fuzzing: whatever comes in at the door, signed or not, is answered, and nothing happens that nobody approved.

The payloads are real ones, recorded from people who may approve nothing, then bent. `make test` tries some thousands,
others every day; `make test-all` tries tens of thousands.
"""

import copy
import json
import os
import random
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.entrance import WsgiApp
from handlers.ballots import APPROVE, DENY
from handlers.command import NotUnderstood
from tests.conftest import Tried
from tests.stage import REGION, Stage
from tests.unit.test_command import AMI, WORDS, understood, worded

MANY = bool(os.environ.get("TORTURE"))
SIGNED = 15_000 if MANY else 1_500
UNSIGNED = 20_000 if MANY else 2_000
CLICKS = 3_000 if MANY else 300
TYPED = 20_000 if MANY else 2_000
SEED = datetime.now(UTC).toordinal()

pytestmark = pytest.mark.timeout(1200 if MANY else 120)

STRANGE: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", " ", "x" * 5_000, "\0", "💥", "\ud800", "<!channel>", "' OR 1=1 --", "../..",
    "R-00000000", "ami-0", [], [None], [[[]]], {}, {"id": None}, {"value": []},
]  # fmt: skip


class Recorder:
    """A door that keeps what comes in."""

    def __init__(self, door: WsgiApp) -> None:
        self.door = door
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.bodies.append(body)
        return self.door(environ | {"wsgi.input": _Body(body)}, start_response)


class _Body:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, _length: int = -1) -> bytes:
        return self.body


def recorded(stage: Stage) -> list[bytes]:
    """What Slack sends when people who may not approve do all that they can."""
    image = stage.images.image(REGION, name="golden")
    stage.room.members.add(stage.kim.id)
    recorder = Recorder(stage.door)
    stage.slack.connect(recorder)
    for text in (
        f"{image} to staging, prod reason x",
        "help",
        "list",
        "plan",
        "status R-00000000",
        "revoke R-00000000",
    ):
        stage.types(stage.mika, text)
    stage.work()
    for action in (APPROVE, DENY, "ami_share_narrow", "ami_share_details", "ami_share_notify"):
        stage.clicks(stage.kim, action)
    stage.types(stage.mika, "")
    stage.slack.suggest(stage.mika, "image", "gold")
    stage.slack.suggest(stage.mika, "targets", "stag")
    stage.slack.choose(stage.mika, "targets", ["prod"])
    stage.submits(stage.mika, image=[image], targets=["staging"], reason="y")
    stage.opens_home(stage.kim)
    stage.slack.connect(stage.door)
    return recorder.bodies


def bent(body: bytes, at_random: random.Random) -> bytes:
    """The body with one to three things in it changed, still of the same form."""
    if body.startswith(b"{"):
        return _bent_json(json.loads(body), at_random)
    fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    if "payload" in fields:
        fields["payload"] = _bent_json(json.loads(fields["payload"]), at_random).decode()
    else:
        for _ in range(at_random.randint(1, 3)):
            name = at_random.choice([*fields, "payload", "text", "team_id"])
            fields[name] = str(at_random.choice(STRANGE)).encode(errors="replace").decode()
            if at_random.random() < 0.3:
                fields.pop(name)
    return urllib.parse.urlencode(fields).encode()


def _bent_json(payload: Any, at_random: random.Random) -> bytes:
    payload = copy.deepcopy(payload)
    for _ in range(at_random.randint(1, 3)):
        places = [*_places(payload)]
        if places:
            holder, key = at_random.choice(places)
            if at_random.random() < 0.3:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(at_random.choice(STRANGE))
    return json.dumps(payload).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in [*children]:
        yield value, key
        yield from _places(child)


def nothing_was_given(stage: Stage) -> bool:
    return not [
        call for call in stage.aws.journal.calls() if call.operation.startswith(("Put", "Modify", "Copy", "Create"))
    ]


def test_bent_payloads_are_answered_and_give_nothing(stage: Stage, tried: Tried) -> None:
    bodies = recorded(stage)
    assert len(bodies) > 12
    # A listener that acknowledges and then fails leaves Bolt waiting for nothing; here that happens all the time.
    for listener in stage.bot.app._listeners:
        listener.ack_timeout = 0.1  # type: ignore[assignment]
    at_random = random.Random(SEED)
    for number in range(SIGNED):
        body = bent(at_random.choice(bodies), at_random)
        headers = stage.slack.sign(body)
        if body.startswith(b"{"):
            headers["Content-Type"] = "application/json"
        status = stage.slack.deliver_raw(body, headers).status
        assert status < 500, (SEED, number, body)
        if number % 100 == 0:
            stage.listeners.drain()
    stage.listeners.drain()
    stage.work()
    assert nothing_was_given(stage)
    assert "approval needed" in stage.slack.messages(stage.room)[0].as_text()
    tried("bent payloads with a good signature", SIGNED)


def test_an_approver_s_click_with_any_other_value_gives_nothing(stage: Stage, tried: Tried) -> None:
    """All that is bent is what the button carries: who clicks may approve, and everything is signed."""
    at_random = random.Random(SEED)
    stage.add_settings(f'\n[[approval.rules]]\nname = "production"\ntargets = ["prod"]\nusers = ["{stage.kim.id}"]\n')
    values = []
    for name in ("one", "two"):
        image = stage.images.image(REGION, name=name)
        stage.types(stage.mika, f"{image} to staging, prod")
        stage.work()
        buttons = [one for block in stage.approval.blocks for one in block.get("elements", []) if "action_id" in one]
        values += [one["value"] for one in buttons if one["action_id"].startswith(APPROVE)]
    assert len(set(values)) == 4, "two requests in two parts each"
    stage.room.members.add(stage.kim.id)
    message = stage.approval
    requests, digests, rules = (
        sorted(set(parts)) for parts in zip(*(one.split(":", 2) for one in values), strict=True)
    )
    strange = ["", "default", "*", "x" * 64, "0" * 64, "R-00000000", " ", "\0", ":", "💥", requests[0].lower()]
    good = {one for one in values if not one.endswith(":production")}
    for number in range(CLICKS):
        pieces = [at_random.choice([*parts, *strange]) for parts in (requests, digests, rules)]
        value = at_random.choice([":", ":", ":", "", "::"]).join(pieces)
        if value not in good:
            stage.slack.click(stage.sam, message, APPROVE, value=value)
        if number % 100 == 0:
            stage.listeners.drain()
    stage.listeners.drain()
    stage.work()
    assert nothing_was_given(stage)
    assert not any("Approved by" in one.as_text() for one in stage.slack.messages(stage.room))
    tried("clicks of an approver with a bent value", CLICKS)


def test_whatever_is_typed_is_a_request_or_gets_an_answer(tried: Tried) -> None:
    at_random = random.Random(SEED)
    letters = "".join(map(chr, [*range(32, 127), 0, 9, 10, 0x3000, 0x3001, 0xFF1A, 0x202E, 0x1F4A5, 0xD7FF, 0xFFFF]))
    for number in range(TYPED):
        words = [
            at_random.choice(WORDS)
            if at_random.random() < 0.8
            else "".join(at_random.choices(letters, k=at_random.randint(0, 30)))
            for _ in range(at_random.randint(0, 16))
        ]
        begun = at_random.choice(["", f"{AMI} to staging ", f"{AMI} to prod reason ", "plan golden-2026-11 to prod "])
        meant = understood(begun + " ".join(words))
        if isinstance(meant, NotUnderstood):
            assert meant.problems, (SEED, number, words)
            assert all(worded(each) for each in meant.problems), (SEED, number, words)
    tried("commands typed at random", TYPED)


def test_noise_is_turned_away_at_the_door(stage: Stage, tried: Tried) -> None:
    at_random = random.Random(SEED)
    bodies = recorded(stage)
    before = len(stage.slack.journal.calls())
    for number in range(UNSIGNED):
        good = at_random.choice(bodies)
        body = at_random.randbytes(at_random.randint(0, 400)) if at_random.random() < 0.5 else good
        headers = stage.slack.sign(body)
        match at_random.randrange(5):
            case 0:
                headers["X-Slack-Signature"] = "v0=" + at_random.randbytes(32).hex()
            case 1:
                headers["X-Slack-Signature"] = at_random.choice(["", "v0=", "v1=00", "💥".encode().decode("latin-1")])
            case 2:
                headers["X-Slack-Request-Timestamp"] = str(at_random.choice(["now", "-1", "1e3", "٣", "", 10**25, 1]))
            case 3:
                headers.pop(at_random.choice([*headers]))
                headers.pop("X-Slack-Signature", None)
            case _:
                headers = stage.slack.sign(body, secret="another")
        status = stage.slack.deliver_raw(body, headers).status
        assert status in (400, 401), (SEED, number, headers, body)
    stage.listeners.drain()
    assert len(stage.slack.journal.calls()) == before
    assert nothing_was_given(stage)
    tried("requests without a good signature", UNSIGNED)
