"""The bot as a process: killed between the approval and the completion, started again, and the story is whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.aws import Disk
from playground.company import IMAGES, PROD, REGION, STAGING
from playground.neighbourhood import Neighbourhood, put_up
from tests.process.patience import until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Neighbourhood]:
    with put_up(tmp_path, copy_gib_per_second=4) as here:
        here.start_bot()
        yield here
        assert here.slack.violations == []


@pytest.mark.parametrize(
    "moment",
    [
        "GetKeyPolicy",
        "PutKeyPolicy",
        "ModifySnapshotAttribute",
        "ModifyImageAttribute",
        "CopyImage",
        "DescribeSnapshots",
    ],
)
def test_killed_after_the_approval_and_started_again(here: Neighbourhood, moment: str) -> None:
    mika, sam, room = here.company.mika, here.company.sam, here.company.room
    key = here.aws.account(IMAGES).key(REGION)
    image = here.aws.account(IMAGES).image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    here.slack.command(mika, room, "/ami-share", f"{image} to staging, prod")
    until(lambda: bool(here.slack.messages(room)), here)
    before = len(here.aws.journal.calls(moment))
    (approval,) = here.slack.messages(room)
    here.slack.click(sam, approval, "ami_share_approve")
    until(lambda: len(here.aws.journal.calls(moment)) > before, here)
    here.kill_bot()

    here.start_bot()
    until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)), here)

    for account in (STAGING, PROD):
        assert [copy.state for copy in here.aws.account(account).images(REGION)] == ["available"]
    assert len({call.parameters["ClientToken"] for call in here.aws.journal.calls("CopyImage")}) == 2
    thread = [reply.as_text() for reply in here.slack.thread(room, approval.ts)]
    for milestone in ("Approved by @sam", "Permissions are in place", "Copies", "is complete"):
        assert sum(milestone in line for line in thread) == 1, milestone
    assert len(here.slack.messages(room)) == 1
