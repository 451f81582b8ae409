"""The form: whom images can be shared with is found by typing, however many there are, and the keys there are shown."""

from typing import Any

import pytest

from tests.stage import REGION, STAGING, Stage

ACCOUNT = """
[[targets]]
name = "team-{number:03}"
role_arn = "arn:aws:iam::{id}:role/ami-share-target"
keys = {{ eu-central-1 = "alias/team-{number}" }}
"""
GROUP = '\n[[groups]]\nname = "everywhere"\ntargets = ["staging", "prod"]\n'


@pytest.fixture
def image(stage: Stage) -> str:
    return str(stage.images.image(REGION, name="golden"))


def teams(count: int) -> str:
    return "".join(ACCOUNT.format(number=number, id=700000000000 + number) for number in range(count))


def offered(stage: Stage, typed: str) -> list[str]:
    return [each["value"] for each in stage.slack.suggest(stage.mika, "targets", typed).options]


def shown(stage: Stage) -> Any:
    view = stage.slack.open_view(stage.mika)
    assert view is not None
    return view


def keys(stage: Stage) -> list[str]:
    """What stands under the chosen targets."""
    blocks = shown(stage).blocks
    place = next(number for number, block in enumerate(blocks) if block.get("block_id") == "targets")
    after = blocks[place + 1]
    return after["elements"][0]["text"].splitlines()[1:] if after["type"] == "context" else []


def chooses(stage: Stage, *targets: str) -> None:
    assert stage.slack.choose(stage.mika, "targets", list(targets)).status == 200
    stage.listeners.drain()


def test_any_of_very_many_accounts_is_found_by_its_name_or_id(stage: Stage, image: str) -> None:
    stage.add_settings(teams(250))
    stage.types(stage.mika, image)
    assert len([each for each in offered(stage, "") if each.startswith("team-")]) == 98
    assert offered(stage, "TEAM 249") == ["team-249"]
    assert offered(stage, STAGING) == ["staging"]
    assert offered(stage, "whole") == ["whole-org"]
    assert offered(stage, "nobody") == []
    assert stage.submits(stage.mika, targets=["team-249"], reason="x").errors == {}


def test_a_group_of_accounts_is_picked_like_an_account(stage: Stage, image: str) -> None:
    stage.add_settings(GROUP)
    stage.types(stage.mika, image)
    (group,) = stage.slack.suggest(stage.mika, "targets", "every").options
    assert group["description"]["text"] == "2 of them: staging, prod"
    chooses(stage, "everywhere")
    assert [line.split(":")[0] for line in keys(stage)] == ["`staging`", "`prod`"]
    assert stage.submits(stage.mika, reason="x").errors == {}
    stage.work()
    assert "with staging, prod" in stage.approval.as_text().replace("*", "")


def test_the_keys_of_what_is_chosen_are_shown_and_what_was_put_in_stays(stage: Stage, image: str) -> None:
    stage.replace_settings('us-east-1 = "alias/ami-copies"', 'us-east-1 = "alias/abroad"')
    stage.types(stage.mika, image)
    assert keys(stage) == []
    stage.slack.choose(stage.mika, "reason", "release 42")
    chooses(stage, "staging", "whole-org")
    assert keys(stage) == [
        "`staging`: `alias/ami-copies` (`eu-central-1`), `alias/abroad` (`us-east-1`)",
        "`whole-org`: none, since nothing is copied there",
    ]
    chooses(stage, "prod")
    assert [line.split(":")[0] for line in keys(stage)] == ["`prod`"]
    chooses(stage)
    assert keys(stage) == []
    chooses(stage, "staging")
    assert stage.submits(stage.mika).errors == {}
    stage.work()
    assert "with staging" in stage.approval.as_text().replace("*", "")
    assert "release 42" in stage.approval.as_text()


def test_a_form_that_arrives_with_targets_shows_their_keys(stage: Stage, image: str) -> None:
    stage.reads(stage.mika, "ja-JP")
    answer = stage.types(stage.mika, f"{image} to staging, whole-org until tomorrow no copy")
    stage.clicks(stage.mika, "ami_share_fill_in", answer.ephemeral[0])
    assert keys(stage) == ["`staging`: `alias/ami-copies`", "`whole-org`: なし（コピーは作成しません）"]


def test_a_choice_that_another_overtook_changes_nothing(stage: Stage, image: str) -> None:
    stage.types(stage.mika, image)
    stage.slack.faults.fail("views.update", error="hash_conflict")
    chooses(stage, "staging")
    assert keys(stage) == []
    assert stage.private(stage.mika) == []
    assert stage.submits(stage.mika, reason="x").errors == {}


def test_somebody_who_became_a_guest_is_offered_nothing_and_shown_no_keys(stage: Stage, image: str) -> None:
    stage.types(stage.mika, image)
    stage.slack.change_user(stage.mika, guest=True)
    assert offered(stage, "staging") == []
    chooses(stage, "staging")
    assert keys(stage) == []


def test_what_is_wrong_with_the_targets_is_said_at_their_field(stage: Stage, image: str) -> None:
    stage.add_settings(teams(120))
    stage.types(stage.mika, image)
    assert set(stage.submits(stage.mika, targets=["stagin"], reason="x").errors) == {"targets"}
    many = [f"team-{number:03}" for number in range(101)]
    chooses(stage, *many)
    assert keys(stage)[-1] == "… and 81 more"
    errors = stage.submits(stage.mika, reason="x").errors
    assert errors == {"targets": "101 accounts are too many for one request; 100 is the most."}


def test_more_accounts_than_may_be_asked_for_are_not_put_in_in_part(stage: Stage, image: str) -> None:
    names = [f"team-{number:03}" for number in range(101)]
    stage.add_settings(teams(101) + f'\n[[groups]]\nname = "teams"\ntargets = {names}\n')
    answer = stage.types(stage.mika, f"{image} to teams")
    stage.clicks(stage.mika, "ami_share_fill_in", answer.ephemeral[0])
    element = shown(stage).inputs["targets"]["element"]
    assert "initial_options" not in element
    assert keys(stage) == []
