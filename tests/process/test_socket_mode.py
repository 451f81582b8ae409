"""The bot as a process, over Socket Mode: the same share, with nothing listening on the bot's side."""

from pathlib import Path

import pytest

from playground.aws import Disk
from playground.company import IMAGES, REGION, STAGING
from playground.neighbourhood import put_up
from tests.process.patience import until

pytestmark = pytest.mark.timeout(120)


def test_a_share_over_socket_mode(tmp_path: Path) -> None:
    with put_up(tmp_path, socket_mode=True) as here:
        here.start_bot()
        mika, sam, room = here.company.mika, here.company.sam, here.company.room
        image = here.aws.account(IMAGES).image(REGION, name="golden", devices=[Disk(gib=4)])

        (shown,) = here.slack.command(mika, room, "/ami-share", "help").ephemeral
        assert "/ami-share IMAGE, … to ACCOUNT" in shown.as_text()
        here.slack.command(mika, room, "/ami-share", "")
        until(lambda: here.slack.open_view(mika) is not None, here)
        answer = here.slack.submit(mika, {"image": ["no-such-image"], "targets": ["staging"], "reason": "x"})
        assert set(answer.errors) == {"image"}, "a form's errors come back through the socket"
        assert here.slack.submit(mika, {"image": [image], "targets": ["staging"], "reason": "x"}).errors == {}
        until(lambda: bool(here.slack.messages(room)), here)

        here.slack.sockets.disconnect()
        assert here.slack.sockets.wait_for_connection(seconds=20), "the bot comes back"
        (approval,) = here.slack.messages(room)
        assert here.slack.click(sam, approval, "ami_share_approve").status == 200
        until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)), here)
        assert [copy.state for copy in here.aws.account(STAGING).images(REGION)] == ["available"]
        assert here.slack.violations == []
