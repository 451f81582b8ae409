"""Fifty accounts in four regions: what the approvers see stays readable, and nothing is left out without a word."""

import re

import pytest

from handlers.ballots import APPROVE
from handlers.following import DETAILS
from playground.aws import Disk
from playground.company import HOME, IMAGES, bot_policy, iam_policy, target_policy
from tests.stage import REGION, Stage

REGIONS = (REGION, "eu-west-1", "us-east-1", "ap-northeast-1")
ACCOUNTS = {f"payments-team-{number:02}": f"5000000000{number:02}" for number in range(50)}

_TARGET = """
[[targets]]
name = "{name}"
role_arn = "arn:aws:iam::{account_id}:role/ami-share-target"
environment = "production"
keys = {{ {keys} }}
"""


@pytest.fixture
def image(stage: Stage) -> str:
    """An encrypted image, and fifty more accounts with a key in each of four regions."""
    keys = ", ".join(f'{region} = "alias/ami-copies"' for region in REGIONS)
    for name, account_id in ACCOUNTS.items():
        account = stage.aws.account(account_id, name)
        account.role("ami-share-target", trusted=[f"arn:aws:iam::{HOME}:user/ami-share-bot"])
        account.set_role_policy("ami-share-target", target_policy(account_id))
        for region in REGIONS:
            account.key(region, alias="alias/ami-copies")
    stage.aws.account(HOME).set_user_policy("ami-share-bot", bot_policy(*ACCOUNTS.values()))
    policy = iam_policy("source-role-policy", SOURCE_ACCOUNT=IMAGES, TARGET_ACCOUNT=list(ACCOUNTS.values()))
    stage.images.set_role_policy("ami-share-source", policy)
    targets = "".join(_TARGET.format(name=name, account_id=one, keys=keys) for name, one in ACCOUNTS.items())
    stage.add_settings(f'{targets}\n[[groups]]\nname = "everybody"\ntargets = {list(ACCOUNTS)}\n')
    return stage.images.image(REGION, name="vault", devices=[Disk(gib=1, key=stage.images.key(REGION))])


def test_two_hundred_copies_are_asked_for_on_a_page_and_each_is_in_the_details(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to everybody in {', '.join(REGIONS)}")
    stage.work()
    asked = stage.approval.as_text().splitlines()
    (copies,) = [line for line in asked if "CopyImage" in line]
    assert f"`CopyImage`, 200 copies: of `{image}` by 50 accounts (`500000000000`, " in copies
    assert "in 4 regions (`ap-northeast-1`, `eu-central-1`, `eu-west-1`, `us-east-1`), named `vault`" in copies
    (production,) = [line for line in asked if line.startswith("⚠")]
    assert production.startswith("⚠ In the environment production: payments-team-00, payments-team-01, ")
    assert production.endswith(" more.")
    assert any("203 changes in all" in line for line in asked)
    assert not any(line.startswith("…") for line in asked)

    stage.clicks(stage.mika, DETAILS)
    view = stage.slack.open_view(stage.mika)
    assert view is not None
    whole = view.as_text(stage.slack.workspace)
    assert whole.count("`CopyImage`") == 200, "the details have each change"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.timeout(300)
def test_two_hundred_copies_are_followed_in_one_message_and_told_of_in_one(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to everybody in {', '.join(REGIONS)}")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    told_before = len(stage.direct(stage.mika))
    stage.passes(minutes=60, steps=60)
    made = [copy for one in ACCOUNTS.values() for region in REGIONS for copy in stage.aws.account(one).images(region)]
    assert [copy.state for copy in made] == ["available"] * 200
    approved, permissions, progress, end = stage.thread
    assert "Approved by @sam" in approved
    assert "`createVolumePermission` given on 1 snapshot" in permissions
    assert "200 of 200 done, 0 under way, 0 waiting, 0 failed" in progress
    assert progress.count("is ready") + left_out(progress) == 200
    (told,) = stage.direct(stage.mika)[told_before:]
    for text in (end, told):
        assert "is complete. Ready to use" in text
        assert text.count("  ami-") + left_out(text) == 200
        assert "[Details]" in text


def left_out(text: str) -> int:
    (number,) = re.findall(r"… and (\d+) more", text)
    return int(number)
