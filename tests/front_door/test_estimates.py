"""Cost and time: the approvers see beforehand what a share may cost and take, and everybody what is left of it."""

import re
from dataclasses import replace

from playground.aws import Disk
from playground.company import ABROAD
from tests.front_door.test_taking_back import APPROVE, shared
from tests.stage import REGION, Stage

PRICES = """
[prices]
currency = "EUR"
storage_per_gib_month = 0.05
transfer_per_gib = 0.021

[prices.regions.us-east-1]
storage_per_gib_month = 0.04
"""


def asked(stage: Stage, text: str) -> str:
    """What the approvers see, which the notification must say as well."""
    stage.types(stage.mika, text)
    stage.work()
    line = next((line for line in stage.approval.as_text().splitlines() if "⌛" in line or "💰" in line), "")
    notified = stage.approval.text
    for part in line.replace("⌛", ":hourglass:").replace("💰", ":moneybag:").split(" · "):
        assert part in notified
    return line


def left(stage: Stage) -> list[int]:
    return [int(minutes) for minutes in re.findall(r"about (\d+) min left", "\n".join(stage.thread))]


def test_what_a_share_costs_at_most_is_said_before_it_is_approved(stage: Stage) -> None:
    stage.add_settings(PRICES)
    image = stage.images.image(REGION, devices=[Disk(gib=8), Disk(gib=30)])
    line = asked(stage, f"{image} to staging, prod in {REGION}, {ABROAD}")
    # 76 GiB at 0.05 and 76 GiB at 0.04; the latter leave the region at 0.021, 1.596, which is rounded up.
    assert line == "💰 at most 6.84 EUR a month, 1.60 EUR once for transfer, if all of the 152 GiB is in use"


def test_within_a_region_there_is_no_transfer_to_pay(stage: Stage) -> None:
    stage.add_settings(PRICES)
    image = stage.images.image(REGION, devices=[Disk(gib=8)])
    assert asked(stage, f"{image} to staging") == "💰 at most 0.40 EUR a month, if all of the 8 GiB is in use"


def test_nothing_is_said_that_nobody_knows(stage: Stage) -> None:
    image = stage.images.image(REGION)
    assert asked(stage, f"{image} to staging") == "", "no prices in the settings, and no copies made before"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert left(stage) == []


def test_what_is_only_shared_costs_nothing_and_takes_no_time(stage: Stage) -> None:
    stage.add_settings(PRICES)
    shared(stage, f"{stage.images.image(REGION)} to staging", minutes=15)
    assert asked(stage, f"{stage.images.image(REGION)} to prod no copy") == ""


def test_a_copy_that_is_there_already_costs_nothing_more(stage: Stage) -> None:
    stage.add_settings(PRICES)
    image = stage.images.image(REGION, devices=[Disk(gib=8)])
    shared(stage, f"{image} to staging", minutes=15)
    assert "at most 0.40 EUR a month" in asked(stage, f"{image} to staging, prod")


def test_how_long_the_copies_take_is_known_from_earlier_ones(stage: Stage) -> None:
    stage.aws.copy_gib_per_second = 1 / 60
    shared(stage, f"{stage.images.image(REGION, devices=[Disk(gib=10)])} to staging", minutes=15)
    image = stage.images.image(REGION, devices=[Disk(gib=20)])
    assert asked(stage, f"{image} to staging, prod") == "⌛ about 20 min, from 1 earlier copy"

    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(seconds=15)
    assert left(stage) == [20, 20], "history is all there is yet"
    seen = []
    for _ in range(9):
        stage.passes(minutes=2)
        seen.append(left(stage)[0])
    assert seen == sorted(seen, reverse=True)
    assert (seen[-1], stage.approval.as_text().count("⌛")) == (2, 1)
    stage.passes(minutes=10)
    assert left(stage) == []
    assert "⌛" not in stage.approval.as_text(), "what it was to take is of no interest once it is done"
    assert asked(stage, f"{stage.images.image(REGION, devices=[Disk(gib=40)])} to prod").endswith("3 earlier copies")


def test_the_first_copies_of_all_say_what_is_left_by_their_own_pace(stage: Stage) -> None:
    stage.aws.copy_gib_per_second = 1 / 60
    stage.types(stage.mika, f"{stage.images.image(REGION, devices=[Disk(gib=100)])} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=2)
    assert "about" not in stage.thread[-1], "two percent are no pace"
    stage.passes(minutes=38)
    assert "about 1 h left" in stage.thread[-1]
    stage.passes(minutes=40)
    assert left(stage) == [20]


def test_prices_that_change_change_no_approval(stage: Stage) -> None:
    stage.add_settings(PRICES)
    image = stage.images.image(REGION, devices=[Disk(gib=8)])
    asked(stage, f"{image} to staging")
    stage.company = replace(stage.company, settings=stage.company.settings.replace("0.05", "0.5"))
    stage.start()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=15)
    assert "AWS has changed" not in "\n".join(stage.thread)
    assert "is complete" in stage.direct(stage.mika)[-1]
    assert "at most 0.40 EUR a month" in stage.approval.as_text(), "what was said when it was approved"
