"""Approval rules: which apply to what is asked for, and that each part of a request is decided on by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers.following import ASK_FOR_PREVIEW, REVOKE
from tests.stage import REGION, STAGING, Stage

APPROVE, DENY, NARROW = "ami_share_approve", "ami_share_deny", "ami_share_narrow"
SECOND = ":1"


@pytest.fixture
def guarded(stage: Stage) -> Stage:
    """Production takes two of Ana, Ben and Sam, and everything else Sam, or Mika for others."""
    ana, ben = (stage.slack.user(name) for name in ("ana", "ben"))
    stage.room.members |= {ana.id, ben.id}
    stage.people = {"ana": ana, "ben": ben}
    stage.replace_settings('name = "prod"', 'name = "prod"\nenvironment = "production"')
    stage.add_settings(
        f"""
[[approval.rules]]
name = "production"
environments = ["prod*"]
users = ["{ana.id}", "{ben.id}", "{stage.sam.id}"]
approvals = 2
expires_after_hours = 24
"""
    )
    return stage


@pytest.fixture
def image(guarded: Stage) -> str:
    """An image that Mika asked to share with staging and prod, and that waits for two decisions."""
    image: str = guarded.images.image(REGION, name="golden")
    guarded.types(guarded.mika, f"{image} to staging, prod")
    guarded.work()
    return image


def test_two_targets_under_two_rules_make_two_decisions_that_the_message_shows(guarded: Stage, image: str) -> None:
    shown = guarded.approval.as_text()
    assert "By the rule `production`: prod (expires" in shown
    assert "To be decided by 2 of @sam, @ana, @ben; nobody has approved yet." in shown
    assert "By the rule `default`: staging (expires" in shown
    assert "To be decided by @sam." in shown, "Mika doesn't decide on what she asks for"
    assert shown.count("[Approve] [Deny…]") == 2


def test_it_runs_once_every_part_is_approved_by_enough_people(guarded: Stage, image: str) -> None:
    ana, ben = guarded.people["ana"], guarded.people["ben"]
    guarded.clicks(guarded.sam, APPROVE + SECOND)
    guarded.work()
    assert "Approved for staging (rule `default`) by @sam" in guarded.approval.as_text()
    assert guarded.approval.as_text().count("[Approve]") == 1
    guarded.clicks(ana, APPROVE)
    guarded.work()
    assert "1 of 2 approved: @ana" in guarded.approval.as_text()
    guarded.passes(minutes=30)
    assert guarded.aws.image(image).launch_permission == set(), "one approval of two isn't enough"

    guarded.clicks(ben, APPROVE)
    guarded.work()
    guarded.passes(minutes=30)
    assert len(guarded.staging.images(REGION)) == len(guarded.prod.images(REGION)) == 1
    shown = guarded.approval.as_text()
    assert "[Approve]" not in shown
    assert "Approved for staging (rule `default`) by @sam" in shown
    for name in ("ana", "ben"):
        assert f"Approved for prod (rule `production`) by @{name}" in shown


def is_deleted(stage: Stage) -> None:
    stage.slack.change_user(stage.people["ana"], deleted=True)


def becomes_a_guest(stage: Stage) -> None:
    stage.slack.change_user(stage.people["ana"], guest=True)


@pytest.mark.parametrize("happens", [is_deleted, becomes_a_guest])
def test_what_somebody_approved_who_may_decide_no_more_counts_no_more(
    guarded: Stage, image: str, happens: Callable[[Stage], None]
) -> None:
    guarded.clicks(guarded.people["ana"], APPROVE)
    guarded.work()
    happens(guarded)
    guarded.clicks(guarded.sam, APPROVE + SECOND)
    guarded.clicks(guarded.sam, APPROVE)
    guarded.work()
    assert "1 of 2 approved: @sam" in guarded.approval.as_text()
    assert any("What @ana approved for prod" in line and "counts no more" in line for line in guarded.thread)
    assert guarded.aws.image(image).launch_permission == set()

    guarded.clicks(guarded.people["ben"], APPROVE)
    guarded.work()
    guarded.passes(minutes=30)
    assert len(guarded.prod.images(REGION)) == 1
    assert "in part" not in guarded.direct(guarded.mika)[-1], "nothing was taken out of it"


def test_what_somebody_approved_whom_the_settings_name_no_more_counts_no_more(guarded: Stage, image: str) -> None:
    guarded.clicks(guarded.people["ana"], APPROVE)
    guarded.work()
    guarded.replace_settings(f'users = ["{guarded.people["ana"].id}", ', "users = [")
    guarded.work()
    assert "To be decided by 2 of @sam, @ben; nobody has approved yet." in guarded.approval.as_text()
    guarded.clicks(guarded.sam, APPROVE)
    guarded.work()
    assert "1 of 2 approved: @sam" in guarded.approval.as_text()
    voids = [line for line in guarded.thread if "counts no more" in line]
    assert ["What @ana approved for prod" in line for line in voids] == [True]
    guarded.clicks(guarded.people["ben"], APPROVE)
    guarded.work()
    assert [line for line in guarded.thread if "counts no more" in line] == voids, "told once"


def test_what_somebody_approved_whose_group_is_gone_counts_no_more(stage: Stage) -> None:
    ana = stage.slack.user("ana")
    stage.room.members.add(ana.id)
    group = stage.slack.user_group("platform", [ana])
    stage.replace_settings("[approval]", f'[approval]\ngroups = ["{group.id}"]\napprovals = 2')
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging no copy")
    stage.work()
    stage.clicks(ana, APPROVE)
    del stage.slack.workspace.groups[group.id]
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "1 of 2 approved: @sam" in stage.approval.as_text()


def test_what_somebody_approved_who_left_the_group_counts_no_more_and_nobody_decides_while_slack_cant_say(
    stage: Stage,
) -> None:
    ana, ben = (stage.slack.user(name) for name in ("ana", "ben"))
    stage.room.members |= {ana.id, ben.id}
    group = stage.slack.user_group("platform", [ana, ben])
    stage.replace_settings("[approval]", f'[approval]\ngroups = ["{group.id}"]\napprovals = 2')
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    stage.clicks(ana, APPROVE)
    stage.slack.leave_group(group, ana)

    stage.slack.faults.fail("usergroups.users.list", error="fatal_error", times=1)
    stage.clicks(stage.sam, APPROVE)
    assert "Try again" in stage.private(stage.sam)[-1]
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "1 of 2 approved: @sam" in stage.approval.as_text()
    assert stage.aws.image(image).launch_permission == set()
    stage.clicks(ben, APPROVE)
    stage.work()
    assert stage.aws.image(image).launch_permission == {STAGING}


def test_what_is_denied_stays_out_of_what_runs(guarded: Stage, image: str) -> None:
    guarded.clicks(guarded.people["ana"], DENY)
    guarded.submits(guarded.people["ana"], reason="not during the freeze")
    guarded.work()
    guarded.clicks(guarded.sam, APPROVE)
    guarded.work()
    assert "asks to share `" in guarded.approval.as_text()
    guarded.passes(minutes=30)
    assert len(guarded.staging.images(REGION)) == 1
    assert guarded.prod.images(REGION) == []
    assert guarded.aws.image(image).launch_permission == {guarded.staging.id}
    assert "Denied for prod (rule `production`) by @ana" in guarded.approval.as_text()
    assert any("not during the freeze" in line for line in guarded.thread)


def test_the_requester_hears_of_a_denied_part_at_once_and_again_at_the_end(guarded: Stage, image: str) -> None:
    guarded.clicks(guarded.people["ana"], DENY)
    guarded.submits(guarded.people["ana"], reason="not during the freeze")
    guarded.work()
    told = guarded.direct(guarded.mika)[-1]
    assert "Part of your request" in told
    assert "Denied for prod (rule `production`) by @ana" in told
    assert ">not during the freeze" in told
    guarded.clicks(guarded.sam, APPROVE)
    guarded.work()
    guarded.passes(minutes=30)
    for end in (guarded.direct(guarded.mika)[-1], guarded.thread[-1]):
        assert "is complete, as far as it was approved. What is left out, and what is ready to use:" in end
        assert f"staging  {guarded.staging.id}" in end
        assert "Denied for prod (rule `production`) by @ana" in end
        assert ">not during the freeze" in end


def test_the_requester_hears_of_a_part_that_lapsed(guarded: Stage, image: str) -> None:
    guarded.passes(hours=25, steps=3600)
    assert "Part of your request" in guarded.direct(guarded.mika)[-1]
    assert "Nobody decided in time on prod (rule `production`)" in guarded.direct(guarded.mika)[-1]
    guarded.passes(hours=48, steps=3600)
    (*_, part, end) = guarded.direct(guarded.mika)
    assert "expired: nobody decided in time" in end
    assert "Part of your request" in part, "what ends it is told with the end alone"


def test_a_request_with_every_part_denied_is_denied(guarded: Stage, image: str) -> None:
    for action in (DENY + SECOND, DENY):
        guarded.clicks(guarded.sam, action, shown := guarded.approval)
        guarded.submits(guarded.sam, reason="no")
    guarded.work()
    end = guarded.direct(guarded.mika)[-1]
    assert "was denied" in end
    assert "Denied for staging" in end
    assert "Denied for prod" in end
    guarded.clicks(guarded.sam, APPROVE, shown)
    assert "decided already: denied by @sam" in guarded.private(guarded.sam)[-1]


def test_a_part_nobody_decides_on_lapses_and_the_other_runs(guarded: Stage, image: str) -> None:
    shown = guarded.approval
    guarded.clicks(guarded.sam, APPROVE + SECOND)
    guarded.passes(hours=25, steps=3600)
    assert "Nobody decided in time on prod (rule `production`)" in guarded.approval.as_text()
    guarded.passes(minutes=30)
    assert len(guarded.staging.images(REGION)) == 1
    assert guarded.prod.images(REGION) == []
    guarded.clicks(guarded.people["ana"], APPROVE, shown)
    assert "decided already: nobody decided in time" in guarded.private(guarded.people["ana"])[-1]


def test_each_part_lapses_in_its_own_time(guarded: Stage, image: str) -> None:
    guarded.passes(hours=25, steps=3600)
    assert "Nobody decided in time on prod" in guarded.approval.as_text()
    guarded.clicks(guarded.sam, APPROVE)
    guarded.work()
    guarded.passes(minutes=30)
    assert len(guarded.staging.images(REGION)) == 1
    assert guarded.prod.images(REGION) == []


def test_a_request_no_part_of_which_was_decided_expires(guarded: Stage, image: str) -> None:
    guarded.passes(hours=73, steps=3600)
    assert "AMI share: expired" in guarded.approval.as_text()
    assert "expired: nobody decided in time" in guarded.direct(guarded.mika)[-1]


def test_an_approval_without_confirmation_where_the_rule_says_so(stage: Stage) -> None:
    stage.replace_settings("[approval]", "[approval]\nconfirm = false")
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    assert "confirm" not in stage.approval.buttons[APPROVE]


def test_an_approval_asks_for_confirmation_unless_the_rule_says_otherwise(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    confirm = stage.approval.buttons[APPROVE]["confirm"]
    assert confirm["text"]["text"] == f"{image} will be copied to staging."


def test_a_group_approves_and_its_members_are_asked_for_at_each_click(stage: Stage) -> None:
    group = stage.slack.user_group("platform", [stage.kim])
    stage.add_settings(f'\n[[approval.rules]]\nname = "by-group"\ntargets = ["stag*"]\ngroups = ["{group.id}"]\n')
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert "To be decided by @platform." in stage.approval.as_text()
    stage.slack.leave_group(group, stage.kim)
    stage.clicks(stage.kim, APPROVE)
    assert "You are not an approver for this request. @platform may decide." in stage.private(stage.kim)[-1]
    stage.slack.workspace.groups[group.id][1].append(stage.kim.id)
    stage.clicks(stage.kim, APPROVE)
    stage.work()
    assert "Approved by @kim" in stage.approval.as_text()


def test_when_slack_cant_say_who_is_in_a_group_nothing_is_decided(stage: Stage) -> None:
    group = stage.slack.user_group("platform", [stage.kim])
    stage.add_settings(f'\n[[approval.rules]]\nname = "by-group"\ntargets = ["*"]\ngroups = ["{group.id}"]\n')
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    stage.slack.faults.fail("usergroups.users.list", error="fatal_error", times=1)
    stage.clicks(stage.kim, APPROVE)
    assert "Slack doesn't tell me just now who may approve" in stage.private(stage.kim)[-1]
    assert "[Approve]" in stage.approval.as_text()


def test_requesters_are_known_by_the_groups_they_were_in_when_they_asked(stage: Stage) -> None:
    contractors = stage.slack.user_group("contractors", [stage.kim])
    stage.add_settings(
        f"""
[[approval.rules]]
name = "contractors"
requesters = ["{contractors.id}"]
users = ["{stage.mika.id}"]
"""
    )
    image = stage.images.image(REGION)
    stage.types(stage.kim, f"{image} to staging")
    stage.slack.leave_group(contractors, stage.kim)
    stage.work()
    assert "To be decided by @mika." in stage.approval.as_text()
    stage.types(stage.kim, f"{image} to prod")
    stage.work()
    assert "To be decided by @mika, @sam." in stage.approval.as_text()


def test_when_slack_cant_say_which_groups_a_requester_is_in_nothing_is_asked_for(stage: Stage) -> None:
    contractors = stage.slack.user_group("contractors", [stage.kim])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "c"\nrequesters = ["{contractors.id}"]\nusers = ["{stage.mika.id}"]\n'
    )
    stage.slack.faults.fail("usergroups.users.list", error="fatal_error", times=1)
    answer = stage.types(stage.kim, f"{stage.images.image(REGION)} to staging")
    assert "which groups you are in" in answer.ephemeral[0].as_text()
    stage.work()
    assert stage.slack.messages(stage.room) == []


@pytest.fixture
def without_contractors(stage: Stage) -> Stage:
    """A rule knows requesters by a user group that Slack has no more; a request waits, and a share is complete."""
    contractors = stage.slack.user_group("contractors", [stage.kim])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "c"\nrequesters = ["{contractors.id}"]\nusers = ["{stage.sam.id}"]\n'
    )
    image = stage.images.image(REGION)
    for targets in ("staging no copy", "prod no copy"):
        stage.types(stage.mika, f"{image} to {targets}")
        stage.work()
        stage.people[targets.split()[0]] = stage.approval
    stage.clicks(stage.sam, APPROVE, stage.people["staging"])
    stage.work()
    del stage.slack.workspace.groups[contractors.id]
    stage.people |= {"gone": contractors.id, "image": image}
    return stage


def request_in(message: Any) -> str:
    return str(message.as_text().splitlines()[-1].split("`")[1])


@pytest.mark.parametrize("typed", ["{image} to prod", "plan {image} to prod", "revoke {share}", "audit", "retire"])
def test_nothing_new_is_taken_while_a_group_that_rules_know_requesters_by_is_gone(
    without_contractors: Stage, typed: str
) -> None:
    stage, people = without_contractors, without_contractors.people
    before = len(stage.slack.messages(stage.room))
    command = typed.format(image=people["image"], share=request_in(people["staging"]))
    said = stage.types(stage.mika, command).ephemeral[0].as_text()
    assert f"The settings name the user group {people['gone']}, which Slack doesn't have any more" in said
    assert "whoever runs me" in said
    stage.work()
    assert len(stage.slack.messages(stage.room)) == before


def test_forms_and_buttons_take_nothing_new_either_while_such_a_group_is_gone(without_contractors: Stage) -> None:
    stage, people = without_contractors, without_contractors.people
    stage.types(stage.mika, "")
    errors = stage.submits(stage.mika, image=[people["image"]], targets=["prod"], reason="x").errors
    assert people["gone"] in errors["image"]
    stage.clicks(stage.mika, REVOKE, stage.slack.messages(stage.room)[0])
    assert people["gone"] in stage.private(stage.mika)[-1]


def test_a_preview_isn_t_asked_for_while_such_a_group_is_gone(stage: Stage) -> None:
    group = stage.slack.user_group("contractors", [stage.kim])
    stage.add_settings(f'\n[[approval.rules]]\nname = "c"\nrequesters = ["{group.id}"]\nusers = ["{stage.sam.id}"]\n')
    stage.types(stage.mika, f"plan {stage.images.image(REGION)} to staging")
    stage.work()
    del stage.slack.workspace.groups[group.id]
    stage.clicks(stage.mika, ASK_FOR_PREVIEW, stage.slack.dms(stage.mika)[-1])
    assert group.id in stage.direct(stage.mika)[-1]
    stage.work()
    assert stage.slack.messages(stage.room) == []


def test_what_stores_nothing_needs_no_group(without_contractors: Stage) -> None:
    stage, people = without_contractors, without_contractors.people
    waiting = request_in(people["prod"])
    calls = len(stage.slack.journal.calls("usergroups.users.list"))
    for typed, expected in {
        "help": "reason",
        "list": waiting,
        f"status {waiting}": "asks to share",
        f"cancel {waiting}": "is withdrawn",
    }.items():
        assert expected in stage.types(stage.mika, typed).ephemeral[0].as_text()
    stage.types(stage.mika, "")
    assert stage.slack.open_view(stage.mika) is not None
    assert len(stage.slack.journal.calls("usergroups.users.list")) == calls


def test_members_of_another_group_decide_while_one_is_gone(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    gone, there = stage.slack.user_group("sre", [stage.sam]), stage.slack.user_group("platform", [stage.kim])
    stage.add_settings(f'\n[[approval.rules]]\nname = "p"\ngroups = ["{gone.id}", "{there.id}"]\n')
    stage.types(stage.mika, f"{stage.images.image(REGION)} to staging")
    stage.work()
    del stage.slack.workspace.groups[gone.id]
    stage.clicks(stage.sam, APPROVE)
    assert "You are not an approver" in stage.private(stage.sam)[-1]
    assert f"who is in the user group {gone.id}: no_such_subteam" in caplog.text
    stage.clicks(stage.kim, APPROVE)
    stage.work()
    assert "Approved by @kim" in stage.approval.as_text()


def test_a_part_is_asked_in_the_channel_of_its_rule_too_with_a_link_to_the_story(stage: Stage) -> None:
    vault = stage.slack.channel("prod-approvals", members=[stage.sam, stage.kim])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "staging"\ntargets = ["staging"]\nusers = ["{stage.sam.id}"]\n'
        f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nchannel = "{vault.id}"\nusers = ["{stage.kim.id}"]\n'
    )
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    (elsewhere,) = stage.slack.messages(vault)
    story = stage.approval
    assert "waits for approval in #ami-approvals, #prod-approvals" in stage.direct(stage.mika)[-1]
    assert f"/archives/{stage.room.id}/p{story.ts.replace('.', '')}|" in str(elsewhere.blocks)
    stage.clicks(stage.kim, APPROVE + SECOND, elsewhere)
    stage.clicks(stage.sam, APPROVE, story)
    stage.work()
    stage.passes(minutes=30)
    assert len(stage.prod.images(REGION)) == 1
    for channel in (stage.room, vault):
        (shown,) = stage.slack.messages(channel)
        assert "Approved for prod (rule `prod`) by @kim" in shown.as_text()
        assert "[Approve]" not in shown.as_text()
    assert stage.slack.thread(vault, elsewhere.ts) == []
    assert any("Permissions are in place" in line for line in stage.thread)


def with_a_vault(stage: Stage, targets: str) -> tuple[Any, str]:
    """Production is asked for in a channel of its own; returns that and an image that is asked for."""
    vault = stage.slack.channel("prod-approvals", members=[stage.sam, stage.kim])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "staging"\ntargets = ["staging", "whole-org"]\nusers = ["{stage.sam.id}"]\n'
        f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nchannel = "{vault.id}"\nusers = ["{stage.kim.id}"]\n'
    )
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to {targets} no copy")
    stage.work()
    return vault, image


def thread_in(stage: Stage, channel: Any) -> list[str]:
    (shown,) = stage.slack.messages(channel)
    return [reply.as_text() for reply in stage.slack.thread(channel, shown.ts)]


def test_those_in_another_channel_hear_there_that_their_decision_counts_no_more(stage: Stage) -> None:
    vault, _ = with_a_vault(stage, "staging, prod, whole-org")
    stage.clicks(stage.kim, APPROVE + SECOND, stage.slack.messages(vault)[0])
    stage.work()
    assert thread_in(stage, vault) == []
    stage.clicks(stage.sam, NARROW)
    stage.submits(stage.sam, keep=["staging"])
    stage.work()
    (told,) = thread_in(stage, vault)
    assert "@sam took whole-org out" in told
    assert "What was decided before doesn't count any more." in told
    assert "[Approve]" in stage.slack.messages(vault)[0].as_text()


def test_those_in_another_channel_hear_there_that_the_plan_grew(stage: Stage) -> None:
    vault, image = with_a_vault(stage, "staging, prod")
    stage.clicks(stage.kim, APPROVE + SECOND, stage.slack.messages(vault)[0])
    stage.clicks(stage.sam, APPROVE)
    stage.aws.image(image).snapshots[0].key_arn = stage.images.key(REGION)
    stage.work()
    (told,) = thread_in(stage, vault)
    assert told == stage.thread[-1]
    assert "[Approve]" in told


def test_a_part_that_another_rule_takes_by_now_is_asked_for_where_that_says(stage: Stage) -> None:
    vault = stage.slack.channel("prod-approvals", members=[stage.kim])
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "s"\ntargets = ["staging"]\nchannel = "{vault.id}"\nremind_after_hours = 1\n'
        f'users = ["{stage.kim.id}"]\n'
    )
    stage.work()
    (shown,) = stage.slack.messages(vault)
    assert "To be decided by @kim." in shown.as_text()
    stage.passes(hours=3, steps=600)
    assert any("@kim: this still waits for your decision" in line for line in thread_in(stage, vault))
    stage.clicks(stage.kim, APPROVE, shown)
    stage.work()
    assert stage.aws.image(image).launch_permission == {STAGING}


def test_a_request_asked_only_in_another_channel_has_its_story_there(stage: Stage) -> None:
    vault = stage.slack.channel("prod-approvals", members=[stage.sam])
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "prod"\ntargets = ["prod"]\nchannel = "{vault.id}"\nusers = ["{stage.sam.id}"]\n'
    )
    stage.types(stage.mika, f"{stage.images.image(REGION)} to prod")
    stage.work()
    (shown,) = stage.slack.messages(vault)
    assert "waits for approval in #prod-approvals" in stage.direct(stage.mika)[-1]
    stage.clicks(stage.sam, APPROVE, shown)
    stage.work()
    assert "Approved by @sam" in stage.slack.thread(vault, shown.ts)[0].as_text()
    assert stage.slack.messages(stage.room) == []


def test_a_revocation_of_two_parts_is_approved_as_a_whole_or_not_at_all(guarded: Stage, image: str) -> None:
    ana, ben = guarded.people["ana"], guarded.people["ben"]
    request = guarded.approval.buttons[APPROVE]["value"].partition(":")[0]
    guarded.clicks(guarded.sam, APPROVE + SECOND)
    for person in (ana, ben):
        guarded.clicks(person, APPROVE)
    guarded.work()
    guarded.passes(minutes=30)
    given = guarded.aws.image(image).launch_permission

    guarded.types(guarded.mika, f"revoke {request}")
    guarded.work()
    assert "[Narrow…]" not in guarded.approval.as_text()
    guarded.clicks(guarded.sam, APPROVE + SECOND)
    guarded.clicks(ana, DENY)
    guarded.submits(ana, reason="still in use")
    guarded.work()
    guarded.passes(minutes=5)
    assert guarded.aws.image(image).launch_permission == given != set()


def test_an_audit_is_for_the_default_rule_unless_another_names_its_kind(stage: Stage) -> None:
    stage.add_settings(
        f'\n[[approval.rules]]\nname = "mending"\nkinds = ["audit"]\nusers = ["{stage.kim.id}"]\n'
        f'\n[[approval.rules]]\nname = "shares"\nusers = ["{stage.sam.id}"]\n'
    )
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=30)
    stage.by_hand(stage.images.id).modify_image_attribute(
        ImageId=image, LaunchPermission={"Remove": [{"UserId": stage.staging.id}]}
    )
    stage.types(stage.mika, "audit")
    stage.work()
    assert "To be decided by @kim." in stage.approval.as_text()
    stage.clicks(stage.sam, APPROVE)
    assert "You are not an approver" in stage.private(stage.sam)[-1]
    stage.clicks(stage.kim, APPROVE)
    stage.work()
    assert stage.aws.image(image).launch_permission == {stage.staging.id}
