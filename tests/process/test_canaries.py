"""Canaries: a process logs all that it and its libraries can, and no secret that it was given or has got."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from handlers.ballots import APPROVE
from playground.company import IMAGES, REGION
from playground.neighbourhood import Neighbourhood, put_up
from tests.process.patience import until

pytestmark = pytest.mark.timeout(120)

TICKET = "ticket="


def secrets_of(here: Neighbourhood) -> Iterator[str]:
    """Yield what the process knows and nobody may read: what it starts with, its roles' keys, its socket's ticket."""
    yield from (here.slack.bot_token, here.slack.app_token, here.slack.signing_secret, here.company.secret_access_key)
    for credentials in here.aws.identities._by_access_key.values():
        yield credentials.secret_access_key
        if credentials.session_token:
            yield credentials.session_token
    if here.slack.socket_mode:
        yield here.slack.sockets.url.partition(TICKET)[2].partition("&")[0]


@pytest.mark.parametrize(("how", "socket_mode"), [("text", True), ("json", False)])
def test_no_secret_reaches_the_log(tmp_path: Path, how: str, socket_mode: bool) -> None:
    with put_up(tmp_path, socket_mode=socket_mode, copy_gib_per_second=100) as here:
        here.start_bot("-m", "tests.process.talkative", how)
        mika, sam, room = here.company.mika, here.company.sam, here.company.room
        image = here.aws.account(IMAGES).image(REGION, name="golden")
        here.slack.command(mika, room, "/ami-share", f"{image} to staging")
        until(lambda: bool(here.slack.messages(room)), here)
        here.slack.click(sam, here.slack.messages(room)[0], APPROVE)
        until(lambda: any("is complete" in message.as_text() for message in here.slack.dms(mika)), here)
        here.stop_bot()
        log, secrets = here.log.read_text(encoding="utf-8"), set(secrets_of(here))

    assert "<SessionToken>[redacted]</SessionToken>" in log, "AWS's answers were logged"
    assert ("ticket=[redacted]" in log) == socket_mode
    assert len(secrets) > 6
    for secret in secrets:
        for way in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
            where = log.find(way)
            assert where < 0, log[max(0, where - 200) : where]
