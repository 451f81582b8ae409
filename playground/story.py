"""The story: people share three images without a person at the keyboard, and AWS is looked at in the end.

Each scene is what a platform team does every week; `play` says whether it came out right.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from playground.aws import Disk, Image
from playground.company import IMAGES, REGION, TARGETS
from playground.neighbourhood import Neighbourhood
from playground.slack import Message
from playground.slack.transcript import Transcript

_PATIENCE_SECONDS = 30


class NotAsItShouldBe(Exception):
    """The story came out wrong; says where."""


@dataclass(frozen=True)
class Scene:
    """One share: what is typed, and what must be true at AWS afterwards."""

    title: str
    image: str
    typed: str
    targets: tuple[str, ...]
    copied: bool


def play(here: Neighbourhood) -> None:
    """Play every scene and print the conversation as the people in it see it.

    Raises:
        NotAsItShouldBe: AWS or Slack isn't as it should be at the end.
    """
    transcript = Transcript(here.slack)
    for number, scene in enumerate(_scenes(here), 1):
        print(f"\n━━━ {number}. {scene.title} ━━━")
        _act(here, scene, transcript)
        _check(here, scene)
    if here.slack.violations:
        raise NotAsItShouldBe("Slack would have rejected: " + "; ".join(here.slack.violations))


def _scenes(here: Neighbourhood) -> list[Scene]:
    images = here.aws.account(IMAGES)
    plain = images.image(REGION, name="tools-2026-11", devices=[Disk(gib=8)])
    golden = images.image(REGION, name="golden-2026-11", devices=[Disk(gib=8), Disk(gib=20)], tags={"team": "base"})
    key = images.key(REGION, alias="alias/golden")
    secret = images.image(REGION, name="vault-2026-11", devices=[Disk(gib=8, key=key), Disk(gib=30, key=key)])
    return [
        Scene("A plain share", plain, f"{plain} to staging no copy reason a look at the tools", ("staging",), False),
        Scene(
            "An unencrypted image becomes an encrypted copy",
            golden,
            f"{golden} to staging reason release 42",
            ("staging",),
            True,
        ),
        Scene(
            "An encrypted image is re-encrypted in two accounts",
            secret,
            f"{secret} to staging, prod reason vault rollout",
            ("staging", "prod"),
            True,
        ),
    ]


def _act(here: Neighbourhood, scene: Scene, transcript: Transcript) -> None:
    slack, company = here.slack, here.company
    before = len(slack.messages(company.room))
    print(f"\n» mika types: /ami-share {scene.typed}")
    slack.command(company.mika, company.room, "/ami-share", scene.typed)
    _until("approval is asked for", lambda: len(slack.messages(company.room)) > before, transcript)
    approval: Message = slack.messages(company.room)[-1]
    print("\n» sam clicks: Approve")
    slack.click(company.sam, approval, "ami_share_approve")
    _until("mika is told", lambda: any(_is_end(text, scene) for text in _told(here)), transcript)


def _told(here: Neighbourhood) -> list[str]:
    return [message.as_text() for message in here.slack.dms(here.company.mika)]


def _is_end(text: str, scene: Scene) -> bool:
    return scene.image in text and "is complete" in text


def _check(here: Neighbourhood, scene: Scene) -> None:
    source = here.aws.image(scene.image)
    accounts = {TARGETS[name] for name in scene.targets}
    _must(set(source.launch_permission) == accounts, f"launchPermission of {scene.image} is {source.launch_permission}")
    for snapshot in source.snapshots:
        held = set(snapshot.create_volume_permission)
        _must(held == accounts, f"createVolumePermission of {snapshot.id} is {held}")
    for name in scene.targets:
        copies = [
            image for image in here.aws.account(TARGETS[name]).images(REGION) if image.source_image_id == source.id
        ]
        _must(len(copies) == scene.copied, f"{name} has {len(copies)} copies of {scene.image}")
        for copy in copies:
            _check_copy(copy, here.company.keys[name])
            print(f"\n» AWS: {copy.id} of {name} is available, every snapshot under {name}'s own key")
    print(f"\n» AWS: {scene.image}: launchPermission and createVolumePermission are right")


def _check_copy(copy: Image, key: str) -> None:
    _must(copy.state == "available", f"{copy.id} is {copy.state}")
    _must({snapshot.key_arn for snapshot in copy.snapshots} == {key}, f"{copy.id} is not under {key}")


def _must(right: bool, wrong: str) -> None:
    if not right:
        raise NotAsItShouldBe(wrong)


def _until(what: str, happened: Callable[[], bool], transcript: Transcript) -> None:
    """Tell what people see until it has happened."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    done = False
    while not done:
        done = happened()
        for line in transcript.news():
            print(line)
        if time.monotonic() > deadline:
            raise NotAsItShouldBe(f"waited {_PATIENCE_SECONDS} s in vain until {what}")
        time.sleep(0.05)
