"""Narrowing and cancelling: approvers take targets out before they decide; requesters withdraw what they asked for."""

import pytest

from tests.stage import REGION, Stage

APPROVE, DENY, NARROW, CANCEL = "ami_share_approve", "ami_share_deny", "ami_share_narrow", "ami_share_cancel"


@pytest.fixture
def image(stage: Stage) -> str:
    """An image that Kim asked to share with staging and prod, and that Sam or Mika decides on."""
    image: str = stage.images.image(REGION, name="golden")
    stage.types(stage.kim, f"{image} to staging, prod")
    stage.work()
    return image


def test_an_approver_narrows_a_request_and_the_rest_is_asked_for_anew(stage: Stage, image: str) -> None:
    before = stage.approval
    stage.clicks(stage.sam, NARROW)
    form = stage.slack.open_view(stage.sam)
    assert [option["value"] for option in form.body["blocks"][1]["element"]["options"]] == ["staging", "prod"]
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    after = stage.approval
    assert after.ts == before.ts, "edited in place"
    assert "with staging, as encrypted copies" in after.as_text()
    assert stage.prod.id not in after.as_text()
    assert after.buttons[APPROVE]["value"] != before.buttons[APPROVE]["value"]
    assert "@sam took prod out" in stage.thread[-1]
    assert NARROW not in after.buttons, "of one target nothing can be taken out"

    stage.clicks(stage.mika, APPROVE)
    stage.work()
    stage.passes(minutes=30)
    assert len(stage.staging.images(REGION)) == 1
    assert stage.prod.images(REGION) == []


def test_the_requester_hears_that_it_was_narrowed_and_again_at_the_end(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    told = stage.direct(stage.kim)[-1]
    assert "was narrowed" in told
    assert "@sam took prod out" in told
    stage.clicks(stage.mika, APPROVE)
    stage.work()
    stage.passes(minutes=30)
    end = stage.direct(stage.kim)[-1]
    assert "is complete, as far as it was approved" in end
    assert "@sam took prod out, 2026-03-02 09:00 UTC." in end


def test_the_message_says_so_while_the_rest_is_checked(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    while stage.bot.publisher.run_once():
        pass
    assert "Being checked again, with fewer targets." in stage.approval.as_text()
    assert "[Approve]" not in stage.approval.as_text()


def test_the_audit_trail_has_who_narrowed_what(stage: Stage, image: str) -> None:
    request = stage.approval.buttons[APPROVE]["value"].partition(":")[0]
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    _, actor, kind, details = stage.bot.store.audit_trail(request)[-1]
    assert (actor, kind, details["removed"]) == (stage.sam.id, "narrowed", ["prod"])


def test_what_was_approved_before_narrowing_doesnt_count(stage: Stage) -> None:
    stage.replace_settings("[approval]", "[approval]\napprovals = 2")
    stage.types(stage.kim, f"{stage.images.image(REGION)} to staging, prod")
    stage.work()
    stage.clicks(stage.mika, APPROVE)
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    assert "What was decided before doesn't count any more." in stage.thread[-1]
    assert "nobody has approved yet" in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "1 of 2 approved: @sam" in stage.approval.as_text()


def test_the_last_editor_decides_only_where_the_rule_lets_them(stage: Stage) -> None:
    stage.replace_settings("[approval]", '[approval]\nnever = ["requester", "last_editor"]')
    stage.types(stage.kim, f"{stage.images.image(REGION)} to staging, prod")
    stage.work()
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    assert "To be decided by @mika." in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE)
    assert "You were the last to narrow this request" in stage.private(stage.sam)[-1]
    stage.clicks(stage.mika, APPROVE)
    stage.work()
    assert "Approved by @mika" in stage.approval.as_text()


def test_only_who_may_decide_narrows(stage: Stage, image: str) -> None:
    stage.clicks(stage.kim, NARROW)
    assert "You are not an approver" in stage.private(stage.kim)[-1]
    assert stage.slack.open_view(stage.kim) is None


def test_one_who_lost_the_right_while_the_form_was_open_narrows_nothing(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, NARROW)
    stage.replace_settings(f'"{stage.sam.id}"', '"U0SOMEBODY"')
    stage.submits(stage.sam, keep=["staging"])
    assert "You are not an approver" in stage.private(stage.sam)[-1]
    stage.work()
    assert "[Narrow…]" in stage.approval.as_text()


def test_the_form_offers_only_what_its_reader_may_decide(stage: Stage) -> None:
    stage.add_settings(f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nusers = ["{stage.mika.id}"]\n')
    image = stage.images.image(REGION)
    stage.replace_settings(f'users = ["{stage.mika.id}", "{stage.sam.id}"]', f'users = ["{stage.sam.id}"]')
    stage.types(stage.kim, f"{image} to staging, prod, whole-org no copy")
    stage.work()
    stage.clicks(stage.sam, NARROW)
    offered = stage.slack.open_view(stage.sam).body["blocks"][1]["element"]["options"]
    assert [option["value"] for option in offered] == ["staging", "whole-org"]
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    assert "with staging, prod" in stage.approval.as_text()


def test_a_form_that_changes_nothing_or_leaves_nothing_says_so_at_the_field(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, NARROW)
    assert "Leave out at least one" in stage.submits(stage.sam, keep=["staging", "prod"]).errors["keep"]
    assert "Deny the request instead" in stage.submits(stage.sam, keep=[]).errors["keep"]
    stage.submits(stage.sam, keep=["prod"])
    stage.work()
    assert "with prod, as" in stage.approval.as_text()


def test_a_form_cant_put_targets_in(stage: Stage, image: str) -> None:
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging", "whole-org"])
    stage.work()
    assert "whole-org" not in stage.approval.as_text()
    assert "with staging, as" in stage.approval.as_text()


def test_what_was_denied_doesnt_come_back_by_narrowing_the_rest(stage: Stage) -> None:
    stage.add_settings(f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nusers = ["{stage.mika.id}"]\n')
    stage.types(stage.kim, f"{stage.images.image(REGION)} to staging, prod, whole-org no copy")
    stage.work()
    stage.clicks(stage.mika, DENY)
    stage.submits(stage.mika, reason="never")
    stage.work()
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    assert "with staging, to be launched" in stage.approval.as_text()


def test_the_requester_cancels_by_the_button_in_the_direct_message(stage: Stage, image: str) -> None:
    (asked,) = stage.slack.dms(stage.kim)
    assert "[Cancel request]" in asked.as_text()
    stage.clicks(stage.kim, CANCEL, asked)
    stage.work()
    shown = stage.approval.as_text()
    assert "AMI share: cancelled" in shown
    assert "Cancelled by @kim, 2026-03-02 09:00 UTC" in shown
    assert "[Approve]" not in shown
    assert "Cancelled by @kim" in stage.thread[-1]
    (asked,) = stage.slack.dms(stage.kim)
    assert asked.buttons == {}
    assert "Cancelled by @kim" in asked.as_text()
    stage.passes(hours=80, steps=7200)
    assert "AMI share: cancelled" in stage.approval.as_text()
    assert stage.aws.image(image).launch_permission == set()


def test_nobody_else_cancels(stage: Stage, image: str) -> None:
    (asked,) = stage.slack.dms(stage.kim)
    stage.clicks(stage.sam, CANCEL, asked)
    assert "Only @kim can cancel" in stage.direct(stage.sam)[-1]
    stage.work()
    assert "[Approve]" in stage.approval.as_text()


def test_what_is_decided_cant_be_cancelled_and_the_button_is_gone(stage: Stage, image: str) -> None:
    (asked,) = stage.slack.dms(stage.kim)
    stage.clicks(stage.sam, APPROVE)
    stage.clicks(stage.kim, CANCEL, asked)
    assert "decided already: approved by @sam" in stage.private(stage.kim)[-1]
    stage.work()
    assert stage.slack.dms(stage.kim)[0].buttons == {}


def test_cancelling_what_there_isnt_is_answered(stage: Stage, image: str) -> None:
    (asked,) = stage.slack.dms(stage.kim)
    stage.clicks(stage.kim, CANCEL, asked, value="R-00000000")
    assert "There is no request `R-00000000`" in stage.private(stage.kim)[-1]


def test_a_cancelled_request_isnt_asked_for_even_if_it_was_being_checked(stage: Stage) -> None:
    stage.types(stage.kim, f"{stage.images.image(REGION)} to staging, prod")
    stage.work()
    (asked,) = stage.slack.dms(stage.kim)
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    claimed = stage.bot.store.claim(stage.clock(), stage.bot.worker.lease)
    assert claimed is not None
    stage.clicks(stage.kim, CANCEL, asked)
    stage.passes(minutes=5)
    assert "AMI share: cancelled" in stage.approval.as_text()
