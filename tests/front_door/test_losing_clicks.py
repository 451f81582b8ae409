"""Clicks that come too late, come twice or were never right: each gets a clear private answer, one decision stands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.postgres import ON_BOTH
from tests.stage import REGION, Stage

APPROVE, DENY, NARROW, CANCEL = "ami_share_approve", "ami_share_deny", "ami_share_narrow", "ami_share_cancel"


@pytest.fixture
def image(stage: Stage) -> str:
    """An image that Kim asked to share with staging and prod, and that Sam or Mika decides on."""
    image: str = stage.images.image(REGION, name="golden")
    stage.types(stage.kim, f"{image} to staging, prod")
    stage.work()
    return image


def test_two_approvers_at_once_make_one_decision(stage: Stage, image: str) -> None:
    shown = stage.approval
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(lambda person: stage.slack.click(person, shown, APPROVE), [stage.sam, stage.mika]))
    stage.listeners.drain()
    answers = [*stage.private(stage.sam), *stage.private(stage.mika)]
    assert len(answers) == 1, "the one who was later hears of it, and nobody else"
    assert "decided already: approved by @" in answers[0]
    assert "2026-03-02 09:00 UTC" in answers[0], "and when"
    stage.work()
    stage.passes(minutes=30)
    assert sum("Approved by" in line for line in stage.thread) == 1
    assert len(stage.aws.journal.calls("CopyImage")) == 2


def test_approve_and_deny_at_once_make_one_decision(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, DENY)
    stage.clicks(stage.mika, APPROVE)
    stage.submits(stage.sam, reason="too early")
    assert "decided already: approved by @mika" in stage.private(stage.sam)[-1]
    stage.work()
    assert "Approved by @mika" in stage.approval.as_text()
    assert "Denied" not in stage.approval.as_text()


def test_a_double_click_is_taken_once(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, APPROVE, times=2)
    assert "decided already: approved by @sam" in stage.private(stage.sam)[-1]
    stage.work()
    assert sum("Approved by" in line for line in stage.thread) == 1


def test_a_double_click_where_more_are_needed_counts_once(stage: Stage) -> None:
    stage.replace_settings("[approval]", "[approval]\napprovals = 2")
    stage.types(stage.kim, f"{stage.images.image(REGION)} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE, times=2)
    assert "Your approval is already counted" in stage.private(stage.sam)[-1]
    assert "One more person has to approve." in stage.private(stage.sam)[-1]
    stage.work()
    assert "1 of 2 approved: @sam" in stage.approval.as_text()
    stage.clicks(stage.mika, APPROVE)
    stage.work()
    assert "[Approve]" not in stage.approval.as_text()


def test_one_who_approved_may_still_deny_while_more_are_needed(stage: Stage) -> None:
    stage.replace_settings("[approval]", "[approval]\napprovals = 2")
    stage.types(stage.kim, f"{stage.images.image(REGION)} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.clicks(stage.sam, DENY)
    stage.submits(stage.sam, reason="on second thoughts")
    stage.work()
    assert "AMI share: denied" in stage.approval.as_text()


def test_slacks_second_delivery_of_one_click_changes_nothing(stage: Stage, image: str) -> None:
    shown = stage.approval
    for _ in range(3):
        stage.clicks(stage.sam, APPROVE, shown)
        stage.work()
    stage.passes(minutes=30)
    assert len(stage.aws.journal.calls("CopyImage")) == 2
    assert len(stage.private(stage.sam)) == 2


@ON_BOTH
def test_an_old_messages_button_decides_nothing_on_the_new_plan(stage: Stage, image: str) -> None:
    old = stage.approval
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    stage.clicks(stage.mika, APPROVE, old)
    assert "is being checked at the moment" in stage.private(stage.mika)[-1]
    stage.work()
    stage.clicks(stage.mika, APPROVE, old)
    assert "The plan has changed" in stage.private(stage.mika)[-1]
    stage.work()
    assert "[Approve]" in stage.approval.as_text()


def test_a_click_after_expiry_hears_when_that_was(stage: Stage, image: str) -> None:
    shown = stage.approval
    stage.clock.advance(timedelta(hours=72))
    stage.clicks(stage.sam, APPROVE, shown)
    assert "This request has expired, 2026-03-05 09:00 UTC" in stage.private(stage.sam)[-1]
    stage.work()
    stage.clicks(stage.sam, DENY, shown)
    assert "This request has expired, 2026-03-05 09:00 UTC" in stage.private(stage.sam)[-1]
    assert stage.slack.open_view(stage.sam) is None
    assert stage.aws.image(image).launch_permission == set()


def test_one_who_lost_the_right_in_between_decides_nothing(stage: Stage, image: str) -> None:
    shown = stage.approval
    stage.replace_settings(f'"{stage.sam.id}"', '"U0SOMEBODY"')
    stage.clicks(stage.sam, APPROVE, shown)
    assert "You are not an approver for this request. @mika, U0SOMEBODY may decide." in stage.private(stage.sam)[-1]
    stage.slack.change_user(stage.mika, guest=True)
    stage.clicks(stage.mika, APPROVE, shown)
    assert "Guests can't" in stage.private(stage.mika)[-1]
    stage.work()
    assert "[Approve]" in stage.approval.as_text()


def test_one_who_lost_the_right_while_the_form_was_open_denies_nothing(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, DENY)
    stage.replace_settings(f'"{stage.sam.id}"', '"U0SOMEBODY"')
    stage.submits(stage.sam, reason="no")
    assert "You are not an approver" in stage.private(stage.sam)[-1]
    stage.work()
    assert "[Approve]" in stage.approval.as_text()


@pytest.mark.parametrize(
    "forged",
    ["", "::", "nonsense", "R-00000000:{digest}:default", "{id}:{digest}:no-such-rule", "{id}::default", "{id}:0:"],
)
def test_a_forged_payload_decides_nothing(stage: Stage, image: str, forged: str) -> None:
    request, digest, _ = stage.approval.buttons[APPROVE]["value"].split(":")
    for action in (APPROVE, DENY, NARROW):
        before = len(stage.private(stage.sam))
        if not (action == NARROW and "no-such-rule" in forged):
            stage.clicks(stage.sam, action, value=forged.format(id=request, digest=digest))
            assert len(stage.private(stage.sam)) == before + 1, "silence is no answer"
        assert stage.slack.open_view(stage.sam) is None
    stage.work()
    stage.passes(minutes=5)
    assert "[Approve]" in stage.approval.as_text()
    assert stage.aws.image(image).launch_permission == set()


def test_a_button_naming_a_more_lenient_rule_is_no_way_around_the_one_that_applies(stage: Stage) -> None:
    stage.add_settings(f'\n[[approval.rules]]\nname = "strict"\ntargets = ["prod"]\nusers = ["{stage.mika.id}"]\n')
    stage.types(stage.kim, f"{stage.images.image(REGION)} to prod")
    stage.work()
    value = stage.approval.buttons[APPROVE]["value"]
    stage.clicks(stage.sam, APPROVE, value=value.replace(":strict", ":default"))
    assert "The approval rules have changed" in stage.private(stage.sam)[-1]
    stage.work()
    assert "[Approve]" in stage.approval.as_text()


def test_a_button_from_before_there_were_rules_still_works(stage: Stage, image: str) -> None:
    value = stage.approval.buttons[APPROVE]["value"]
    stage.clicks(stage.sam, APPROVE, value=value.removesuffix(":default"))
    stage.work()
    assert "Approved by @sam" in stage.approval.as_text()


@ON_BOTH
def test_when_the_rules_have_changed_the_message_is_shown_by_those_of_now(stage: Stage, image: str) -> None:
    shown = stage.approval
    stage.add_settings(f'\n[[approval.rules]]\nname = "shares"\ntargets = ["*"]\nusers = ["{stage.mika.id}"]\n')
    stage.work()
    assert "To be decided by @mika." in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE, shown)
    assert "The approval rules have changed" in stage.private(stage.sam)[-1]
    stage.clicks(stage.mika, APPROVE)
    stage.work()
    assert "Approved by @mika" in stage.approval.as_text()


def test_the_requester_decides_only_where_the_rule_says_so_explicitly(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.sam, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    assert "This is your own request" in stage.private(stage.sam)[-1]
    stage.replace_settings("[approval]", "[approval]\nnever = []")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "Approved by @sam" in stage.approval.as_text()


def test_a_click_on_a_cancelled_request_hears_by_whom_and_when(stage: Stage, image: str) -> None:
    shown = stage.approval
    (asked,) = stage.slack.dms(stage.kim)
    stage.clicks(stage.kim, CANCEL, asked)
    for action in (APPROVE, DENY, NARROW):
        stage.clicks(stage.sam, action, shown)
        assert "This request was cancelled by @kim, 2026-03-02 09:00 UTC." in stage.private(stage.sam)[-1]
    stage.work()
    assert stage.aws.image(image).launch_permission == set()
