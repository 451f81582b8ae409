"""The bot as a process, over Socket Mode: the same share, with nothing listening on the bot's side."""

from pathlib import Path

import pytest

from playground.aws import Disk
from playground.company import IMAGES, REGION, STAGING
from playground.neighbourhood import put_up
from playground.slack.faults import EVERY
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


def test_with_slack_away_a_start_goes_on_with_the_work_and_connects_later(tmp_path: Path) -> None:
    with put_up(tmp_path, socket_mode=True) as here:
        here.start_bot()
        mika, sam, room = here.company.mika, here.company.sam, here.company.room
        image = here.aws.account(IMAGES).image(REGION, name="golden", devices=[Disk(gib=16)])
        here.slack.command(mika, room, "/ami-share", f"{image} to staging then unshare")
        until(lambda: bool(here.slack.messages(room)), here)
        here.slack.click(sam, here.slack.messages(room)[0], "ami_share_approve")
        until(lambda: bool(here.aws.account(STAGING).images(REGION)), here)
        here.kill_bot()

        here.slack.faults.server_error(EVERY, times=100_000)
        here.bot = here.launch(here.port)
        until(lambda: here.aws.image(image).launch_permission == set(), here)
        assert [copy.state for copy in here.aws.account(STAGING).images(REGION)] == ["available"]
        assert "not connected to Slack, trying again every 10 s" in here.log.read_text()
        assert not here.slack.sockets.wait_for_connection(seconds=0)

        here.slack.faults.clear()
        assert here.slack.sockets.wait_for_connection(seconds=20)
        until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)), here)
        assert here.slack.violations == []


def test_an_app_token_that_slack_turns_away_ends_the_start_with_a_line(tmp_path: Path) -> None:
    with put_up(tmp_path, socket_mode=True) as here:
        here.slack.faults.fail("apps.connections.open", error="invalid_auth")
        bot = here.launch(here.port)
        assert bot.wait(timeout=60) == 2
        said = here.log.read_text()
        assert "SLACK_APP_TOKEN can't be used to connect in Socket Mode: invalid_auth" in said
        assert "Traceback" not in said
