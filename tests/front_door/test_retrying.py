"""Retrying: what failed is tried again by a click, once, within what was approved, and by those who may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Disk
from playground.company import target_policy
from sharing.requests import RequestId
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, PROD, REGION, STAGING, Stage

APPROVE, RETRY, REVOKE = "ami_share_approve", "ami_share_retry", "ami_share_revoke"


@pytest.fixture
def image(stage: Stage) -> str:
    image: str = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=stage.images.key(REGION))])
    return image


def breaks(stage: Stage, *accounts: str) -> None:
    """The roles there may no longer use the keys, so that copies start and then fail."""
    for account_id in accounts:
        whole = target_policy(account_id)
        left = [each for each in whole["Statement"] if each["Sid"] != "LetEbsUseTheKeys"]
        stage.aws.account(account_id).set_role_policy("ami-share-target", whole | {"Statement": left})


def mends(stage: Stage, *accounts: str) -> None:
    for account_id in accounts:
        stage.aws.account(account_id).set_role_policy("ami-share-target", target_policy(account_id))


def fails(stage: Stage, image: str, *accounts: str, how: str = "to staging, prod") -> None:
    """Mika's share is approved by Sam, and its copies into `accounts` fail."""
    breaks(stage, *accounts)
    stage.types(stage.mika, f"{image} {how}")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=60)


def request_id(stage: Stage) -> str:
    found: str = stage.slack.messages(stage.room)[0].as_text().splitlines()[-1].split("`")[1]
    return found


def saying(stage: Stage, words: str) -> list[Any]:
    """The messages in the thread that say that, oldest first."""
    thread = stage.slack.thread(stage.room, stage.slack.messages(stage.room)[0].ts)
    return [each for each in thread if words in each.as_text()]


def retried(stage: Stage) -> list[str]:
    return [message.as_text() for message in saying(stage, "has it tried again")]


def failed(stage: Stage) -> list[Any]:
    return saying(stage, "failed. AWS ended the copy")


def answer(stage: Stage, person: Any) -> str:
    """What that person alone was told last."""
    told: str = stage.private(person)[-1]
    return told


def copies(stage: Stage) -> list[Any]:
    calls: list[Any] = stage.aws.journal.calls("CopyImage")
    return calls


def test_a_failed_copy_is_tried_again_and_completes_under_the_intended_key(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    before = copies(stage)
    mends(stage, STAGING)
    assert "[Retry]" in stage.approval.as_text()
    stage.clicks(stage.mika, RETRY)
    assert "Trying again: staging" in answer(stage, stage.mika)
    stage.work()
    assert "[Retry]" not in stage.approval.as_text()
    (line,) = retried(stage)
    assert "@mika has it tried again" in line
    assert "staging" in line
    assert "prod" not in line
    stage.passes(minutes=60)

    (copy,) = stage.staging.images(REGION)
    assert copy.state == "available"
    intended = {call.parameters["KmsKeyId"] for call in before if call.account_id == STAGING}
    assert {snapshot.key_arn for snapshot in copy.snapshots} == intended
    (again,) = copies(stage)[len(before) :]
    assert again.parameters["ClientToken"] not in {call.parameters["ClientToken"] for call in before}
    assert len(stage.prod.images(REGION)) == 1, "the one that went well isn't made again"
    assert "AMI share: completed" in stage.approval.as_text()
    assert len(saying(stage, "is complete")) == 1
    assert "is complete" in stage.direct(stage.mika)[-1]
    assert not any("I cleaned it up" in line and "prod" in line for line in stage.thread)
    trail = [(actor, kind) for _, actor, kind, _ in stage.bot.store.audit_trail(RequestId(request_id(stage)))]
    assert (stage.mika.id, "retried") in trail


def test_a_share_of_which_nothing_worked_is_tried_again_as_well(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING, how="to staging")
    assert "AMI share: failed" in stage.approval.as_text()
    mends(stage, STAGING)
    (end,) = saying(stage, "Your share")
    assert "[Retry] [Ask again…] [Take back…] [Details]" in end.as_text()
    stage.clicks(stage.sam, RETRY, end)
    stage.passes(minutes=60)
    assert "AMI share: completed" in stage.approval.as_text()


def test_permissions_that_went_meanwhile_are_given_again_before_the_copy(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    mends(stage, STAGING)
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Remove": [{"UserId": STAGING}]})
    stage.clicks(stage.mika, RETRY)
    stage.work()
    assert STAGING in stage.aws.image(image).launch_permission
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]


def test_permissions_that_cannot_be_given_again_fail_the_copy_and_leave_the_others(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    mends(stage, STAGING)
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Remove": [{"UserId": STAGING}]})
    stage.aws.faults.fail("ModifyImageAttribute", code="UnauthorizedOperation", message="not any more", times=1)
    before = len(copies(stage))
    stage.clicks(stage.mika, RETRY)
    stage.passes(minutes=30)
    assert "AMI share: completed" in stage.approval.as_text(), "prod has its copy"
    assert "done for 1 of 2 accounts" in stage.direct(stage.mika)[-1]
    assert "not any more" in stage.direct(stage.mika)[-1]
    assert len(copies(stage)) == before
    stage.clicks(stage.mika, RETRY)
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]


def test_what_fails_again_is_told_again_and_can_be_tried_again(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING, how="to staging")
    first_told = stage.slack.dms(stage.mika)[-1]
    stage.clicks(stage.mika, RETRY, first_told)
    stage.passes(minutes=30)
    (before,), (again,) = saying(stage, "had it tried again"), failed(stage)
    assert "@mika had it tried again" in before.as_text()
    assert "Retry" not in before.as_text(), "its buttons are gone"
    assert len(saying(stage, "Your share")) == 2, "the second end is a message of its own"
    assert len([text for text in stage.direct(stage.mika) if "Your share" in text]) == 2
    assert "[Retry]" in again.as_text()
    assert len(copies(stage)) == 3

    stage.clicks(stage.mika, RETRY, first_told)
    assert "@mika had that tried again already" in stage.direct(stage.mika)[-1]
    mends(stage, STAGING)
    stage.clicks(stage.mika, RETRY, stage.slack.dms(stage.mika)[-2])
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert len({call.parameters["ClientToken"] for call in copies(stage)}) == 4
    assert len(retried(stage)) == 2
    assert "is complete" in stage.direct(stage.mika)[-1]


def test_a_double_click_tries_once(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    mends(stage, STAGING)
    before = len(copies(stage))
    stage.clicks(stage.mika, RETRY, times=2)
    assert any("@mika had that tried again already" in each for each in stage.private(stage.mika))
    stage.passes(minutes=60)
    assert len(retried(stage)) == 1
    assert len(copies(stage)) == before + 1


@ON_BOTH
def test_two_at_once_try_once(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    mends(stage, STAGING)
    before, shown = len(copies(stage)), stage.approval
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(lambda person: stage.slack.click(person, shown, RETRY), [stage.sam, stage.mika]))
    stage.listeners.drain()
    answers = [*stage.private(stage.sam), *stage.private(stage.mika)]
    assert sum("Trying again" in each for each in answers) == 1
    assert sum("had that tried again already" in each for each in answers) == 1
    stage.passes(minutes=60)
    assert len(copies(stage)) == before + 1


def test_who_neither_asked_nor_may_approve_is_told_who_can(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    stage.clicks(stage.kim, RETRY)
    assert "You can't have that tried again. @mika can" in answer(stage, stage.kim)
    assert "@sam" in answer(stage, stage.kim)
    stage.work()
    assert retried(stage) == []


def test_an_approver_of_a_part_has_that_part_tried_again(stage: Stage, image: str) -> None:
    stage.room.members.add(stage.kim.id)
    stage.add_settings(f'\n[[approval.rules]]\nname = "production"\ntargets = ["prod"]\nusers = ["{stage.kim.id}"]\n')
    breaks(stage, STAGING, PROD)
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    stage.clicks(stage.sam, f"{APPROVE}:1")
    stage.clicks(stage.kim, APPROVE)
    stage.work()
    stage.passes(minutes=60)
    mends(stage, STAGING, PROD)
    stage.clicks(stage.kim, RETRY)
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.prod.images(REGION)] == ["available"]
    assert stage.staging.images(REGION) == []


def test_a_copy_is_tried_again_while_others_are_under_way(stage: Stage, image: str) -> None:
    breaks(stage, STAGING)
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    while not failed(stage):
        stage.passes(seconds=15)
    assert "AMI share: copies under way" in stage.approval.as_text()
    (message,) = failed(stage)
    assert "@mika" in message.as_text(), "an edit would have told nobody"
    mends(stage, STAGING)
    stage.clicks(stage.sam, RETRY, message)
    stage.passes(minutes=60)
    assert len(stage.staging.images(REGION)) == len(stage.prod.images(REGION)) == 1
    assert len(saying(stage, "Your share")) == 1, "it ended once"


def test_copies_that_fail_together_are_told_together_with_a_button_each(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING, PROD)
    (message,) = failed(stage)
    assert "[Retry prod] [Retry staging] [Retry all that failed] [Details]" in message.as_text()
    mends(stage, STAGING, PROD)
    stage.clicks(stage.mika, RETRY, message)
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.prod.images(REGION)] == ["available"]
    assert stage.staging.images(REGION) == []
    (message,) = failed(stage)
    assert "@mika had it tried again" in message.as_text()
    stage.clicks(stage.mika, RETRY, message)
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert len(copies(stage)) == 6


def test_of_a_share_that_was_taken_back_nothing_is_tried_again(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    shown = stage.approval
    mends(stage, STAGING)
    stage.clicks(stage.mika, REVOKE)
    stage.work()
    stage.clicks(stage.mika, RETRY, shown)
    assert "and isn't decided or done yet" in answer(stage, stage.mika)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.clicks(stage.mika, RETRY, shown)
    assert "is taken back, or was to be" in answer(stage, stage.mika)
    stage.work()
    assert retried(stage) == []
    assert stage.aws.image(image).launch_permission == set()
    (message,) = failed(stage)
    assert "warning" not in message.as_text()
    assert "Retry" not in message.as_text()


def test_a_source_that_was_closed_again_is_not_opened_by_a_retry(stage: Stage, image: str) -> None:
    breaks(stage, STAGING)
    stage.types(stage.mika, f"{image} to staging, prod then unshare")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    while not failed(stage):
        stage.passes(seconds=15)
    (shown,) = failed(stage)
    stage.passes(minutes=60)
    (message,) = failed(stage)
    assert "[Ask again…] [Details]" in message.as_text()
    assert "Retry" not in stage.approval.as_text()
    stage.clicks(stage.mika, RETRY, shown)
    assert "was closed again once its copies were done" in answer(stage, stage.mika)
    stage.work()
    assert stage.aws.image(image).launch_permission == set()


def test_after_its_end_date_nothing_is_tried_again(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING, how="to staging, prod for 1d")
    stage.clock.advance(timedelta(days=1))
    stage.clicks(stage.mika, RETRY)
    assert "is over (2026-03-03" in answer(stage, stage.mika)
    stage.work()
    assert retried(stage) == []


def test_the_home_tab_has_the_button_too(stage: Stage, image: str) -> None:
    fails(stage, image, STAGING)
    mends(stage, STAGING)
    assert "[Retry]" in stage.opens_home(stage.mika)
    stage.clicks(stage.mika, RETRY, stage.home(stage.mika))
    assert "Trying again" in stage.direct(stage.mika)[-1]
    stage.passes(minutes=60)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"]
    assert "[Retry]" not in stage.home(stage.mika).as_text(stage.slack.workspace)


def test_an_end_that_could_not_be_kept_comes_with_what_can_be_done(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging no copy for 1d")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.aws.faults.fail("ModifyImageAttribute", code="UnauthorizedOperation", times=99)
    stage.passes(hours=25, steps=1800)
    trouble = stage.approval
    assert "[Take back…] [Details]" in trouble.as_text()
    stage.aws.faults.clear()
    stage.clicks(stage.kim, REVOKE, trouble)
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert stage.aws.image(image).launch_permission == set()
