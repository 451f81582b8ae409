"""The example and its guide: it runs as it stands against a strict AWS, and the guide shows nothing else."""

import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

import aws_ops
from aws_ops.errors import KeyPolicyContested
from examples import share_an_image
from playground.aws import Disk, StrictAws
from playground.clock import ManualClock
from playground.company import HOME, IMAGES, REGION, STAGING, iam_policy, target_policy

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "aws-ops.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "examples" / "share_an_image.py").read_text(encoding="utf-8")


@dataclass
class Desk:
    """Somebody at a terminal with two accounts: time passes when the program waits."""

    aws: StrictAws
    clock: ManualClock
    folder: Path
    key: str
    pauses: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def runs(self, command: str, *more: str) -> int:
        source = ["--source-role", f"arn:aws:iam::{IMAGES}:role/ami-share-source", "--source-region", REGION]
        source += ["--source-external-id", "ami-share-images", "--plan", str(self.folder / "plan.json")]
        return share_an_image.main([command, *more, *source], self._pause)

    def shares(self, image: str) -> int:
        target = ["--target-role", f"arn:aws:iam::{STAGING}:role/ami-share-target", "--target-region", REGION]
        target += ["--target-external-id", "ami-share-staging", "--target-key", "alias/ami-copies"]
        return self.runs("share", image, *target)

    def takes_back(self) -> int:
        return self.runs("take-back")

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()
        self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    clock = ManualClock()
    aws = StrictAws(clock)
    bot = aws.account(HOME).user("ami-share-bot")
    aws.account(IMAGES).role(
        "ami-share-source",
        trusted=[bot.arn],
        external_id="ami-share-images",
        policy=iam_policy("source-role-policy", SOURCE_ACCOUNT=IMAGES, TARGET_ACCOUNT=[STAGING]),
    )
    staging = aws.account(STAGING)
    staging.role("ami-share-target", trusted=[bot.arn], external_id="ami-share-staging", policy=target_policy(STAGING))
    key = staging.key(REGION, alias="alias/ami-copies")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bot.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bot.secret_access_key)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with aws.in_process():
        yield Desk(aws, clock, tmp_path, key)


# It runs -------------------------------------------------------------------------------------------------------------


def test_an_encrypted_image_becomes_a_verified_copy_and_is_taken_back_again(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.aws.policy_spreads_after = timedelta(seconds=20)
    images = desk.aws.account(IMAGES)
    key = images.key(REGION)
    before = desk.aws.key(key).policy
    image = images.image(REGION, name="golden", devices=[Disk(gib=8, key=key), Disk(gib=4)])

    assert desk.shares(image) == 0
    [copy] = desk.aws.account(STAGING).images(REGION)
    assert (copy.state, {snapshot.key_arn for snapshot in copy.snapshots}) == ("available", {desk.key})
    assert desk.aws.image(image).launch_permission == {STAGING}
    said = capsys.readouterr().out
    assert re.search(rf"{copy.id}: \d+ %", said)
    assert f"{copy.id} in {STAGING}, {REGION}, is ready, and encrypted under {desk.key}" in said
    assert {5, 15} == set(desk.pauses), "first until the key may be used, then until the copy is done"

    assert desk.takes_back() == 0
    assert desk.aws.key(key).policy == before
    assert desk.aws.image(image).launch_permission == set()
    assert [snapshot.create_volume_permission for snapshot in desk.aws.image(image).snapshots] == [set(), set()]
    assert [copy.state for copy in desk.aws.account(STAGING).images(REGION)] == ["available"], "a copy stays"
    assert desk.takes_back() == 0, "what is gone is gone"


def test_what_somebody_else_gave_is_left_alone(desk: Desk) -> None:
    images = desk.aws.account(IMAGES)
    image = images.image(REGION)
    ec2 = Session().create_client("ec2", REGION, **images.user("ann").for_boto())
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": STAGING}]})
    assert desk.shares(image) == 0
    assert desk.takes_back() == 0
    assert desk.aws.image(image).launch_permission == {STAGING}
    assert [snapshot.create_volume_permission for snapshot in desk.aws.image(image).snapshots] == [set()]


def test_all_that_stands_against_it_is_said_and_nothing_is_changed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    images = desk.aws.account(IMAGES)
    image = images.image(REGION, devices=[Disk(gib=8, key=images.managed_key(REGION))])
    assert desk.shares(image) == 1
    assert "aws_managed_key: {" in capsys.readouterr().err
    assert not (desk.folder / "plan.json").exists()
    assert desk.aws.image(image).launch_permission == set()


def test_a_plan_that_says_what_was_given_is_never_written_over(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.shares(desk.aws.account(IMAGES).image(REGION)) == 0
    assert desk.shares(desk.aws.account(IMAGES).image(REGION)) == 1
    assert "take another file" in capsys.readouterr().err


def test_when_aws_is_busy_it_is_done_again(desk: Desk) -> None:
    desk.aws.image_copies_at_once = 0
    desk.meanwhile = lambda: setattr(desk.aws, "image_copies_at_once", 1)
    assert desk.shares(desk.aws.account(IMAGES).image(REGION)) == 0
    assert len(desk.aws.journal.calls("CopyImage")) == 2
    assert len(desk.aws.account(STAGING).images(REGION)) == 1


def test_a_policy_that_somebody_else_changes_at_the_same_moment_is_changed_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, contests = share_an_image.change_key_policy, iter([KeyPolicyContested("somebody else keeps changing it")])

    def contested(*arguments: Any, **how: Any) -> object:
        if (contest := next(contests, None)) is not None:
            raise contest
        return change(*arguments, **how)

    monkeypatch.setattr(share_an_image, "change_key_policy", contested)
    images = desk.aws.account(IMAGES)
    assert desk.shares(images.image(REGION, devices=[Disk(gib=8, key=images.key(REGION))])) == 0


def test_a_key_that_never_opens_is_given_up(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.aws.policy_spreads_after = timedelta(days=1)
    images = desk.aws.account(IMAGES)
    assert desk.shares(images.image(REGION, devices=[Disk(gib=8, key=images.key(REGION))])) == 1
    assert "may not use" in capsys.readouterr().err


def test_a_typing_mistake_is_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.shares("ami-golden") == 1
    assert "“ami-golden” is not understood" in capsys.readouterr().err


# The guide -----------------------------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def occurs(block: str, text: str) -> bool:
    """Whether the lines of the block follow each other in the text, indented more or not."""
    lines, length = text.splitlines(), len(block.splitlines())
    parts = ("\n".join(lines[start : start + length]) for start in range(len(lines)))
    return any(textwrap.dedent(part) == block.rstrip("\n") for part in parts)


@pytest.mark.parametrize("block", blocks("python"))
def test_the_guide_shows_what_the_example_does(block: str) -> None:
    assert occurs(block, EXAMPLE)


def test_the_commands_in_the_guide_are_taken() -> None:
    program = "python -m examples.share_an_image"
    commands = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines() if program in line]
    assert [share_an_image.parser().parse_args(shlex.split(line)[3:]).command for line in commands] == [
        "share",
        "take-back",
    ]


@pytest.mark.parametrize("text", [GUIDE, aws_ops.__doc__])
def test_every_module_that_is_named_is_there(text: str) -> None:
    named = re.findall(r"`(?:aws_ops/)?(\w+)\.py`", text) or _in_the_map(text)
    assert named
    for module in named:
        assert find_spec(f"aws_ops.{module}") or find_spec(f"examples.{module}"), module


def _in_the_map(text: str) -> list[str]:
    columns = (line[26:40] for line in text.splitlines() if line.startswith("    ") and len(line) > 40)
    return [name for column in columns for name in column.strip().split(", ")]


def test_the_library_needs_nothing_of_the_bots() -> None:
    look: Callable[[str], str] = "import sys, examples.share_an_image; print(*{{{}}} & set(sys.modules))".format
    others = "'slack_sdk', 'slack_bolt', 'sqlalchemy', 'alembic', 'apscheduler', 'sharing', 'handlers', 'bot'"
    seen = subprocess.run([sys.executable, "-c", look(others)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert seen.stdout.split() == []
