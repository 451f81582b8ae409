"""Scenarios: the ways a request goes, each told so that it can be gone on with wherever its bot was interrupted.

A scenario is what was there before, and what people do, one after the other. Each deed has a sign by which a person
sees that it has arrived: whoever doesn't see it does it again, as people do whose click or command got no answer.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from handlers.ballots import APPROVE, DENY, NARROW
from handlers.following import NOTIFY, RETRY
from playground.aws import Disk
from playground.company import ABROAD, target_policy
from sharing.tables import audit_events, requests
from tests.effects import Death, Effects
from tests.stage import IMAGES, REGION, STAGING, Stage

_TIMES_A_PERSON_TRIES = 6
# What a process may die before it says, because what it was about to do is on record already.
_AFTERTHOUGHTS = ("_added", "_changed", "_removed", "_created", "_revoked", "_deregistered")
_WRITES = ("Copy", "Create", "Deregister", "Modify", "Put", "Revoke")


@dataclass(frozen=True)
class Deed:
    """What a person does, and the sign that it has arrived."""

    do: Callable[[Stage], object]
    sign: Callable[[Stage], bool]


@dataclass(frozen=True)
class Scenario:
    """What was there before, what people do, and how many minutes later all is over."""

    name: str
    before: Callable[[Stage], None]
    deeds: Sequence[Deed]
    minutes: int = 45

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class End:
    """What is left when all is over: at AWS, in Slack and on record; without the ids that differ from run to run.

    Attributes:
        writes: how often AWS was asked for each change. Whoever goes on where another died asks again.
    """

    images: Counter[str]
    parameters: Counter[str]
    keys: Counter[str]
    channel: Counter[str]
    thread: Counter[str]
    told: Counter[str]
    states: Counter[str]
    recorded: frozenset[str]
    writes: Counter[str] = field(compare=False)


def play(scenario: Scenario, stage: Stage, effects: Effects) -> End:
    """Play it to its end; whoever dies on the way is followed by another."""
    scenario.before(stage)
    effects.watch()
    while True:
        try:
            for deed in scenario.deeds:
                _done(deed, stage)
            stage.passes(minutes=scenario.minutes, steps=180)
            return _end(stage)
        except Death:
            effects.revive()
            stage.start()
            # People wait a little before they try again.
            stage.passes(minutes=3, steps=60)


def _done(deed: Deed, stage: Stage) -> None:
    for _ in range(_TIMES_A_PERSON_TRIES):
        if deed.sign(stage):
            return
        deed.do(stage)
        stage.work()
        if not deed.sign(stage):
            stage.passes(minutes=2, steps=60)
    assert deed.sign(stage), "it never arrives"


def _end(stage: Stage) -> End:
    channel = [message for room in _rooms(stage) for message in stage.slack.messages(room)]
    with stage.bot.store.transaction() as tx:
        trail = select(requests.c.kind, audit_events.c.kind.label("what"), audit_events.c.actor).join(requests)
        recorded = frozenset(
            f"{kind} {what} by {'bot' if actor == 'bot' else 'a person'}"
            for kind, what, actor in tx.connection.execute(trail)
            if not what.endswith(_AFTERTHOUGHTS)
        )
        states = [
            f"{kind}: {state}" for kind, state in tx.connection.execute(select(requests.c.kind, requests.c.state))
        ]
    return End(
        images=Counter(
            blotted(
                f"{image.name} in {account.id}, {region}: {image.state} "
                f"{sorted(one.value for one in image.launch.latest)} "
                f"{[sorted(one.create_volume_permission) for one in image.snapshots]} {sorted(image.tags.items())} "
                f"{image.deprecation_time} {image.deregistration_protection}"
            )
            for account in (stage.images, stage.staging, stage.prod)
            for region in (REGION, ABROAD)
            for image in account.images(region)
        ),
        parameters=_parameters(stage),
        keys=Counter(
            blotted(f"{statement} {len(key.grants)}")
            for key in stage.aws.keys.values()
            for statement in key.policy["Statement"]
        ),
        channel=Counter(blotted(message.as_text()) for message in channel),
        thread=Counter(
            blotted(reply.as_text())
            for room in _rooms(stage)
            for message in stage.slack.messages(room)
            for reply in stage.slack.thread(room, message.ts)
        ),
        told=Counter(
            each
            for person in (stage.mika, stage.sam)
            for text in stage.direct(person)
            for each in _by_itself(blotted(text))
        ),
        states=Counter(states),
        recorded=recorded,
        writes=Counter(call.operation for call in stage.aws.journal.calls() if call.operation.startswith(_WRITES)),
    )


def _rooms(stage: Stage) -> list[Any]:
    return [channel for channel in stage.slack.workspace.channels.values() if channel.direct_with is None]


def _parameters(stage: Stage) -> Counter[str]:
    """Each parameter of the target, with the name of the image that it points to."""
    ssm, names = stage.by_hand(STAGING, "ssm"), {image.id: image.name for image in stage.staging.images(REGION)}
    found = ssm.get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    return Counter(f"{one['Name']}: {names[one['Value']]}" for one in found)


def blotted(text: str) -> str:
    """The text without what is different each time."""
    ids = r"(ami|snap)-[0-9a-f]+|R-[0-9A-Z]{8}|key/[0-9a-f-]+"
    times = r"\d{4}-\d\d-\d\d \d\d:\d\d( UTC)?|\d+ min"
    return re.sub(f"{ids}|{times}", "…", text)


def _by_itself(text: str) -> list[str]:
    """What a digest tells, share by share: which of them end together depends on where the bot is interrupted."""
    if "shares are complete" not in text:
        return [text]
    rows = [line for line in text.splitlines() if REGION in line]
    return [f"✔ Your share (`…`, `…`) is complete. Ready to use:\n```\n{row}\n```" for row in rows]


def _types(text: Callable[[Stage], str], messages: int) -> Deed:
    """Mika types a command, which is seen in the channel."""
    return Deed(lambda stage: stage.types(stage.mika, text(stage)), lambda stage: _asked(stage) >= messages)


def _asked(stage: Stage) -> int:
    return len(stage.slack.messages(stage.room))


def _approves() -> Deed:
    return Deed(lambda stage: stage.clicks(stage.sam, APPROVE), lambda stage: APPROVE not in stage.approval.buttons)


def _image(stage: Stage) -> str:
    return stage.images.images(REGION)[0].id


def _encrypted(stage: Stage) -> None:
    stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=stage.images.key(REGION))])


def _two_under_one_key(stage: Stage) -> None:
    # Which of their ends are told together depends on where the bot is interrupted; here it is about the key.
    stage.replace_settings("[slack]\n", "[slack]\ndigest_seconds = 0\n")
    key = stage.images.key(REGION)
    for name in ("first", "second"):
        stage.images.image(REGION, name=name, devices=[Disk(gib=4, key=key)])


def _two_plain(stage: Stage) -> None:
    for name in ("first", "second"):
        stage.images.image(REGION, name=name, devices=[Disk(gib=4)])


def _named(stage: Stage, name: str) -> str:
    return next(image.id for image in stage.images.images(REGION) if image.name == name)


def _approves_both(stage: Stage) -> None:
    for message in stage.slack.messages(stage.room):
        if APPROVE in message.buttons:
            stage.clicks(stage.sam, APPROVE, message)


def _plain(stage: Stage) -> None:
    stage.images.image(REGION, name="golden", devices=[Disk(gib=4)])


def _shared(stage: Stage, text: str, minutes: float = 40) -> None:
    stage.types(stage.mika, text)
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=minutes, steps=60)


def _first_request(stage: Stage) -> str:
    return str(stage.slack.messages(stage.room)[0].as_text().splitlines()[-1].split("`")[1])


def _with_a_parameter(stage: Stage) -> None:
    stage.replace_settings('name = "staging"', 'name = "staging"\nssm_parameter = "/golden/latest"')
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=stage.images.key(REGION))])
    ec2 = stage.by_hand(IMAGES)
    ec2.create_tags(Resources=[image], Tags=[{"Key": "team", "Value": "base"}])
    ec2.enable_image_deprecation(ImageId=image, DeprecateAt=stage.clock() + timedelta(days=90))


def _share(words: str) -> Sequence[Deed]:
    return [_types(lambda stage: f"{_image(stage)} {words}", 1), _approves()]


def _under_the_managed_key(stage: Stage) -> None:
    stage.images.key(REGION, alias="alias/golden")
    stage.replace_settings(
        'external_id = "ami-share-images"',
        f'external_id = "ami-share-images"\nreencrypt_keys = {{ {REGION} = "alias/golden" }}',
    )
    stage.images.image(REGION, name="secret", devices=[Disk(gib=8, key=stage.images.managed_key(REGION))])


def _two_rules(stage: Stage) -> None:
    stage.room.members.add(stage.kim.id)
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "production"\ntargets = ["prod"]\nusers = ["{stage.sam.id}", "{stage.kim.id}"]\n'
    )
    _plain(stage)


def _two_channels(stage: Stage) -> None:
    vault = stage.slack.channel("vault", members=[stage.kim])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "staging"\ntargets = ["staging"]\nusers = ["{stage.sam.id}"]\n'
        f'\n[[approval.rules]]\nname = "production"\ntargets = ["prod"]\nchannel = "{vault.id}"\n'
        f'users = ["{stage.kim.id}"]\n'
    )
    _plain(stage)


def _approves_in_the_vault() -> Deed:
    """Kim decides on the second part, in a channel of its own."""

    def approve(stage: Stage) -> None:
        (vault,) = (room for room in _rooms(stage) if room.name == "vault")
        for message in stage.slack.messages(vault):
            stage.clicks(stage.kim, f"{APPROVE}:1", message)

    return Deed(approve, lambda stage: "Approved for prod" in stage.approval.as_text())


def _denies() -> Deed:
    def deny(stage: Stage) -> None:
        stage.clicks(stage.kim, DENY)
        if stage.slack.open_view(stage.kim) is not None:
            stage.submits(stage.kim, reason="not before the release")

    return Deed(deny, lambda stage: "Denied for prod" in stage.approval.as_text())


def _with_a_copy(stage: Stage) -> None:
    _encrypted(stage)
    _shared(stage, f"{_image(stage)} to staging")


def _with_an_end(stage: Stage) -> None:
    _encrypted(stage)
    _shared(stage, f"{_image(stage)} to staging no copy for 1d", minutes=5)
    stage.clock.advance(timedelta(hours=23, minutes=50))


def _with_a_blunt_role(stage: Stage) -> None:
    whole = target_policy(STAGING)
    blunt = whole | {"Statement": [each for each in whole["Statement"] if each["Sid"] != "LetEbsUseTheKeys"]}
    stage.staging.set_role_policy("ami-share-target", blunt)
    _encrypted(stage)


def _sees_it_fail() -> Deed:
    return Deed(lambda stage: stage.passes(minutes=5, steps=60), lambda stage: _says(stage, "AWS ended the copy"))


def _retries() -> Deed:
    """Mika has what was wrong mended, and what failed tried again."""

    def retry(stage: Stage) -> None:
        stage.staging.set_role_policy("ami-share-target", target_policy(STAGING))
        stage.clicks(stage.mika, RETRY)

    return Deed(retry, lambda stage: _says(stage, "has it tried again"))


def _says(stage: Stage, words: str) -> bool:
    return any(words in line for line in stage.thread)


def _with_auto_scaling(stage: Stage) -> None:
    path = "/aws-service-role/autoscaling.amazonaws.com/"
    stage.staging.role("AWSServiceRoleForAutoScaling", ["autoscaling.amazonaws.com"], path=path)
    _encrypted(stage)


def _drifted(stage: Stage) -> None:
    _with_a_copy(stage)
    image = stage.aws.image(_image(stage))
    ec2 = stage.by_hand(IMAGES)
    ec2.modify_image_attribute(ImageId=image.id, LaunchPermission={"Remove": [{"UserId": STAGING}]})
    ec2.modify_image_attribute(ImageId=image.id, LaunchPermission={"Add": [{"UserId": "888888888888"}]})


def _with_too_many_copies(stage: Stage) -> None:
    stage.add_settings('\n[[retention]]\nimages = "golden-*"\nkeep = 1\n')
    for number in range(2):
        image = stage.images.image(REGION, name=f"golden-{number}")
        _shared(stage, f"{image} to staging", minutes=15)
        stage.clock.advance(timedelta(days=7))


def _standing(stage: Stage) -> None:
    stage.add_settings(
        '\n[[standing]]\nname = "golden"\nsource = "images"\nimages = "golden-*"\ntargets = ["staging"]\n'
        f'on_behalf_of = "{stage.mika.id}"\nreason = "the base"\n'
    )
    stage.bot.standing.run_once()
    stage.clock.advance(timedelta(minutes=1))
    stage.images.image(REGION, name="golden-7")


def _narrows() -> Deed:
    """Sam takes prod out of the request."""

    def narrow(stage: Stage) -> None:
        stage.clicks(stage.sam, NARROW)
        if stage.slack.open_view(stage.sam) is not None:
            stage.submits(stage.sam, keep=["staging"])

    return Deed(narrow, lambda stage: _says(stage, "@sam took prod out") and bool(stage.approval.buttons))


def _cancels() -> Deed:
    return Deed(
        lambda stage: stage.types(stage.mika, f"cancel {_first_request(stage)}"),
        lambda stage: "cancelled" in stage.approval.as_text(),
    )


def _wants_to_know() -> Deed:
    """Sam, who may decide and doesn't, wants to hear how it ends."""
    return Deed(lambda stage: stage.clicks(stage.sam, NOTIFY), lambda stage: bool(stage.private(stage.sam)))


def _reminding(stage: Stage) -> None:
    stage.replace_settings("[approval]", "[approval]\nremind_after_hours = 2\nexpires_after_hours = 3")
    stage.add_settings('\n[approval.business_hours]\ntimezone = "Europe/Berlin"\n')
    _plain(stage)


def _two_shares(second: str) -> Sequence[Deed]:
    return [
        _types(lambda stage: f"{_named(stage, 'first')} to staging no copy", 1),
        _types(lambda stage: f"{_named(stage, 'second')} to {second} no copy", 2),
        Deed(_approves_both, lambda stage: all(APPROVE not in one.buttons for one in stage.slack.messages(stage.room))),
    ]


COPY = Scenario("an encrypted copy", _encrypted, _share("to staging reason release 42"))
TWO_ON_ONE_KEY = Scenario("two on one key", _two_under_one_key, _two_shares("prod"), minutes=40)
SCENARIOS = (
    TWO_ON_ONE_KEY,
    Scenario("two copies and everything taken back", _with_a_parameter, _share("to staging, prod then unshare")),
    Scenario("copies in two regions", _encrypted, _share(f"to staging in {REGION}, {ABROAD}")),
    Scenario(
        "an organization, and taken back from it",
        _encrypted,
        [
            *_share("to whole-org, sandboxes no copy"),
            _types(lambda stage: f"revoke {_first_request(stage)}", 2),
            _approves(),
        ],
        minutes=5,
    ),
    Scenario("re-encrypted first", _under_the_managed_key, _share("to staging no copy"), minutes=40),
    Scenario("a grant for Auto Scaling", _with_auto_scaling, _share("to staging no copy with auto scaling"), minutes=5),
    Scenario(
        "one part approved and one denied",
        _two_rules,
        [_types(lambda stage: f"{_image(stage)} to staging, prod no copy", 1), _denies(), _approves()],
        minutes=5,
    ),
    Scenario(
        "narrowed, and then approved",
        _plain,
        [_types(lambda stage: f"{_image(stage)} to staging, prod no copy", 1), _narrows(), _approves()],
        minutes=5,
    ),
    Scenario(
        "cancelled", _plain, [_types(lambda stage: f"{_image(stage)} to staging no copy", 1), _cancels()], minutes=5
    ),
    Scenario(
        "not decided on in time, though somebody was reminded",
        _reminding,
        [_types(lambda stage: f"{_image(stage)} to staging no copy", 1), _wants_to_know()],
        minutes=240,
    ),
    Scenario(
        "asked in two channels",
        _two_channels,
        [
            _types(lambda stage: f"{_image(stage)} to staging, prod no copy", 1),
            _approves_in_the_vault(),
            _approves(),
        ],
        minutes=5,
    ),
    Scenario("a copy that fails twice", _with_a_blunt_role, _share("to staging"), minutes=15),
    Scenario("a failed copy retried", _with_a_blunt_role, [*_share("to staging"), _sees_it_fail(), _retries()]),
    Scenario(
        "taken back with its copy",
        _with_a_copy,
        [_types(lambda stage: f"revoke {_first_request(stage)} and deregister the copies", 2), _approves()],
        minutes=5,
    ),
    Scenario("ended by date", _with_an_end, [], minutes=30),
    Scenario("put right after an audit", _drifted, [_types(lambda _: "audit", 2), _approves()], minutes=5),
    Scenario("a copy beyond what is kept", _with_too_many_copies, [_types(lambda _: "retire", 3), _approves()], 5),
    Scenario(
        "a standing share",
        _standing,
        [Deed(lambda stage: stage.bot.standing.run_once(), lambda stage: _asked(stage) >= 1)],
        minutes=5,
    ),
    Scenario("two that end together", _two_plain, _two_shares("staging"), minutes=5),
)
