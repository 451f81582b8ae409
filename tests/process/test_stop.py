"""A stop: whatever AWS is doing, the process ends within ten seconds, and another goes on at once."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from playground.company import IMAGES, REGION, STAGING
from playground.neighbourhood import put_up
from tests.process.patience import until

pytestmark = pytest.mark.timeout(120)

WITHIN_SECONDS = 11.0
"""Ten for what is under way, and one for the rest."""
LONG = timedelta(seconds=25)


@pytest.mark.parametrize("operation", ["ModifySnapshotAttribute", "CopyImage"])
def test_what_is_under_way_is_handed_back_within_ten_seconds(tmp_path: Path, operation: str) -> None:
    with put_up(tmp_path, copy_gib_per_second=100, aws_sleeps=True) as here:
        here.start_bot()
        mika, sam, room = here.company.mika, here.company.sam, here.company.room
        image = here.aws.account(IMAGES).image(REGION, name="golden")
        here.slack.command(mika, room, "/ami-share", f"{image} to staging")
        until(lambda: bool(here.slack.messages(room)), here)
        (approval,) = here.slack.messages(room)
        here.aws.faults.delay(operation, LONG, times=1)
        here.slack.click(sam, approval, "ami_share_approve")
        until(lambda: bool(here.aws.journal.calls(operation)), here)

        asked = time.monotonic()
        here.stop_bot()
        assert time.monotonic() - asked < WITHIN_SECONDS
        assert here.bot is not None
        assert here.bot.returncode == 0

        here.start_bot()
        until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)), here)
        assert [copy.state for copy in here.aws.account(STAGING).images(REGION)] == ["available"]
        assert here.slack.violations == []
