"""`make playground`: a local Slack workspace and AWS accounts, with the bot between them.

Without arguments it stays up, and a browser is the way in. With `--script` a story is played in the terminal.
"""

import argparse
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

from playground import story
from playground.aws import Disk
from playground.company import IMAGES, REGION
from playground.neighbourhood import Neighbourhood, put_up

_ROOM_FOR_PEOPLE = """
The bot is running. Open the workspace in a browser:

    {url}

There, as mika, type for example:

    /ami-share {image} to staging, prod reason release 42

then become sam, and approve it in #ami-approvals. mika may approve too, but never a request of her own; kim may not.
Other images to try: {others}

AWS answers at {aws} (AWS_ENDPOINT_URL); the bot writes to {log}. Ctrl-C ends everything.
"""


def main() -> int:
    """Run the playground; return the exit status: 0 unless the story came out wrong."""
    parser = argparse.ArgumentParser(prog="make playground ARGS=", description=__doc__)
    parser.add_argument("--script", action="store_true", help="play a story in the terminal, and end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _exit)  # as with Ctrl-C, the bot's process is ended first
    with tempfile.TemporaryDirectory(prefix="ami-share-") as folder, put_up(Path(folder)) as here:
        here.start_bot()
        if not options.script:
            _stay(here)
            return 0
        try:
            story.play(here)
        except story.NotAsItShouldBe as wrong:
            print(f"✘ {wrong}\n\n{here.log.read_text(encoding='utf-8')}", file=sys.stderr)
            return 1
        return 0


def _stay(here: Neighbourhood) -> None:
    images = here.aws.account(IMAGES)
    golden = images.image(REGION, name="golden-2026-11", devices=[Disk(gib=8), Disk(gib=40)], tags={"team": "base"})
    key = images.key(REGION, alias="alias/golden")
    others = {
        "encrypted": images.image(REGION, name="vault-2026-11", devices=[Disk(gib=30, key=key)]),
        "under aws/ebs, which can't be shared": images.image(
            REGION, name="legacy-2019", devices=[Disk(gib=8, key=images.managed_key(REGION))]
        ),
    }
    text = "; ".join(f"{image} ({what})" for what, image in others.items())
    print(_ROOM_FOR_PEOPLE.format(url=here.slack_url, image=golden, others=text, aws=here.aws_url, log=here.log))
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
