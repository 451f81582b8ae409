"""The home tab: what waits, what was asked for, what runs and what is shared, with buttons, and always as it is now."""

from datetime import timedelta

import pytest

from handlers.ballots import APPROVE, CANCEL
from handlers.following import DETAILS, REVOKE
from handlers.home import OPEN_FORM
from playground.slack.strict import Group
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, REGION, Stage


@pytest.fixture
def image(stage: Stage) -> str:
    return str(stage.images.image(REGION, name="golden-2026-11"))


def now(stage: Stage, person: object) -> str:
    return str(stage.home(person).as_text(stage.slack.workspace))


def test_a_home_is_empty_at_first_and_opens_the_form(stage: Stage) -> None:
    assert "Nothing is asked for, and nothing is shared." in stage.opens_home(stage.mika)
    stage.clicks(stage.mika, OPEN_FORM, stage.home(stage.mika))
    assert stage.slack.open_view(stage.mika) is not None


def test_what_waits_is_decided_from_the_home_of_those_who_may(stage: Stage, image: str) -> None:
    for person in (stage.mika, stage.sam, stage.kim):
        stage.opens_home(person)
    stage.types(stage.mika, f"{image} to staging reason release 42")
    stage.work()
    assert "Waiting for your decision" in now(stage, stage.sam)
    assert ">release 42" in now(stage, stage.sam)
    assert "Waiting for your decision" not in now(stage, stage.mika), "nobody decides on a request of their own"
    assert "Your requests" in now(stage, stage.mika)
    assert "Nothing is asked for" in now(stage, stage.kim)
    stage.clicks(stage.sam, APPROVE, stage.home(stage.sam))
    assert "Waiting for your decision" not in now(stage, stage.sam), "whoever clicks sees at once what it did"
    stage.work()
    assert "Under way" in now(stage, stage.sam)
    stage.passes(minutes=40)
    assert "Shared now" in now(stage, stage.kim)


def test_a_click_that_loses_in_a_home_is_answered_directly(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.opens_home(stage.sam)
    old = stage.home(stage.sam)
    stage.clicks(stage.sam, APPROVE)
    stage.clicks(stage.sam, APPROVE, old)
    assert "decided already" in stage.direct(stage.sam)[-1]


def test_a_requester_withdraws_from_their_home(stage: Stage, image: str) -> None:
    stage.opens_home(stage.mika)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.mika, CANCEL, stage.home(stage.mika))
    assert "[Cancel request]" not in now(stage, stage.mika)
    stage.work()
    assert "cancelled" in stage.approval.as_text()


def test_what_ended_lately_is_among_one_s_requests_for_a_week(stage: Stage, image: str) -> None:
    stage.opens_home(stage.mika)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.mika, CANCEL, stage.home(stage.mika))
    stage.work()
    assert "Your requests" in now(stage, stage.mika)
    assert "· cancelled" in now(stage, stage.mika)
    assert "Your requests" not in stage.opens_home(stage.sam), "it was nobody else's"
    stage.clock.advance(timedelta(days=8))
    assert "Your requests" not in stage.opens_home(stage.mika)


def test_whoever_decides_at_home_sees_the_image_and_the_warnings(stage: Stage) -> None:
    stage.replace_settings('name = "prod"\n', 'name = "prod"\nenvironment = "production"\n')
    image = stage.images.image(REGION, name="golden-2026-11")
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
    stage.types(stage.mika, f"{image} to prod")
    stage.work()
    shown = stage.opens_home(stage.sam)
    assert "⚠ In the environment production: prod." in shown
    assert f"⚠ {image} is public: everybody can launch it already." in shown
    assert f"`{image}` golden-2026-11, made " in shown


def test_what_is_shared_shows_its_end_and_is_taken_back_or_looked_at(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging no copy for 30d")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "until 2026-04-01" in stage.opens_home(stage.kim)
    stage.clicks(stage.kim, DETAILS, stage.home(stage.kim))
    view = stage.slack.open_view(stage.kim)
    assert view is not None
    assert "`launchPermission`" in view.as_text(stage.slack.workspace)
    stage.clicks(stage.kim, REVOKE, stage.home(stage.kim))
    stage.work()
    assert "Take an AMI share back: approval needed" in stage.approval.as_text()


def test_a_home_speaks_its_reader_s_language_and_tells_strangers_why_not(stage: Stage) -> None:
    stage.reads(stage.kim, "ja-JP")
    assert "依頼中のものも、共有中のものもありません。" in stage.opens_home(stage.kim)
    guest = stage.slack.user("guest", guest=True)
    assert "Guests can't ask" in stage.opens_home(guest)


@ON_BOTH
def test_a_home_is_published_again_only_when_it_shows_something_else(stage: Stage, image: str) -> None:
    stage.opens_home(stage.kim)
    shown, looked_up = stage.home(stage.kim).hash, len(stage.slack.journal.calls("users.info"))
    stage.bot.homes.refresh()
    assert stage.home(stage.kim).hash == shown
    assert len(stage.slack.journal.calls("users.info")) == looked_up, "who reads it matters only then"
    stage.types(stage.mika, f"{image} to staging")
    stage.bot.homes.refresh()
    assert stage.home(stage.kim).hash != shown


@pytest.mark.parametrize("opened", [True, False])
def test_whoever_has_become_a_guest_sees_nothing_more(stage: Stage, image: str, opened: bool) -> None:
    stage.opens_home(stage.sam)
    guest = stage.slack.change_user(stage.sam, guest=True, locale="ja-JP")
    if opened:
        assert "ゲスト" in stage.opens_home(guest)
    stage.types(stage.mika, f"{image} to staging reason a secret")
    stage.work()
    assert "ゲスト" in now(stage, guest)
    assert "secret" not in now(stage, guest)
    before = len(stage.slack.journal.calls("users.info"))
    stage.types(stage.mika, f"{image} to prod reason a secret")
    stage.work()
    assert "secret" not in now(stage, guest)
    assert len(stage.slack.journal.calls("users.info")) == before + 1, "Mika's command alone"
    stage.slack.change_user(guest, guest=False)
    assert "secret" in stage.opens_home(stage.sam)


def test_a_home_waits_while_slack_doesn_t_say_whether_its_reader_is_listened_to(stage: Stage, image: str) -> None:
    stage.opens_home(stage.sam)
    stage.types(stage.mika, f"{image} to staging")
    shown = stage.home(stage.sam).hash
    stage.slack.faults.fail("users.info", error="fatal_error", times=99)
    stage.bot.homes.refresh()
    assert stage.home(stage.sam).hash == shown
    stage.slack.faults.clear()
    stage.work()
    assert "Waiting for your decision" in now(stage, stage.sam)


@ON_BOTH
def test_a_home_is_not_published_for_percents_that_it_does_not_show(stage: Stage, image: str) -> None:
    stage.opens_home(stage.kim)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    shown, progress = stage.home(stage.kim).hash, stage.thread[-1]
    stage.passes(minutes=2)
    assert stage.thread[-1] != progress
    assert stage.home(stage.kim).hash == shown
    stage.passes(minutes=40)
    assert "Shared now" in now(stage, stage.kim)


def group_calls(stage: Stage) -> int:
    return len(stage.slack.journal.calls("usergroups.users.list"))


def by_groups(stage: Stage, count: int) -> list[Group]:
    """So many rules, each with a user group of its own that Kim is in."""
    groups = [stage.slack.user_group(f"platform-{number}", [stage.kim]) for number in range(count)]
    rules = (
        f'\n[[approval.rules]]\nname = "rule-{number}"\ntargets = ["staging"]\nrequesters = ["U0{number}"]\n'
        f'groups = ["{group.id}"]\n'
        for number, group in enumerate(groups[1:])
    )
    stage.add_settings("".join(rules))
    stage.replace_settings("[approval]\n", f'[approval]\ngroups = ["{groups[0].id}"]\n')
    return groups


def test_a_group_s_members_are_read_now_and_then_for_homes_and_at_once_for_a_click(stage: Stage, image: str) -> None:
    (group,) = by_groups(stage, 1)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert "Waiting for your decision" in stage.opens_home(stage.kim)
    before = group_calls(stage)
    stage.passes(minutes=4)
    assert group_calls(stage) == before
    stage.slack.leave_group(group, stage.kim)
    stage.clicks(stage.kim, APPROVE, stage.home(stage.kim))
    assert "You are not an approver" in stage.direct(stage.kim)[-1]
    stage.passes(minutes=2)
    assert "Waiting for your decision" not in now(stage, stage.kim)


def test_homes_leave_clicks_their_share_of_slack_s_rate_however_many_groups_there_are(stage: Stage, image: str) -> None:
    stage.slack.rate_limits = True
    by_groups(stage, 30)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.opens_home(stage.kim)
    before = group_calls(stage)
    stage.passes(minutes=1)
    assert group_calls(stage) - before <= 12
    stage.passes(minutes=10)
    assert "Waiting for your decision" in now(stage, stage.kim)
    stage.clicks(stage.kim, APPROVE)
    assert all(call.answer["ok"] for call in stage.slack.journal.calls("usergroups.users.list"))


def test_homes_leave_clicks_their_share_of_slack_s_rate_however_many_visitors_there_are(
    stage: Stage, image: str
) -> None:
    visitors = [stage.slack.user(f"visitor-{number}") for number in range(20)]
    for visitor in visitors:
        stage.opens_home(visitor)

    def asked() -> int:
        return len(stage.slack.journal.calls("users.info"))

    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    before = asked()
    stage.work()
    assert asked() - before <= 10
    stage.passes(minutes=3)
    assert all("Shared now" in now(stage, visitor) for visitor in visitors)


def test_a_group_or_a_reader_that_is_gone_keeps_no_other_home_from_being_current(stage: Stage, image: str) -> None:
    gone, _ = by_groups(stage, 2)
    for person in (stage.mika, stage.sam):
        stage.opens_home(person)
    del stage.slack.workspace.groups[gone.id]
    stage.passes(minutes=6)
    stage.types(stage.mika, f"{image} to staging")
    stage.slack.faults.fail("views.publish", error="user_disabled")
    stage.work()
    current = ["Waiting for your decision" in now(stage, stage.sam), "Your requests" in now(stage, stage.mika)]
    assert sorted(current) == [False, True]
    calls = len(stage.slack.journal.calls("views.publish"))
    stage.passes(minutes=2)
    assert len(stage.slack.journal.calls("views.publish")) == calls, "it isn't tried for ever"


def test_a_home_never_passes_slack_s_limits(stage: Stage, image: str) -> None:
    for number in range(20):
        stage.types(stage.mika, f"{stage.images.image(REGION, name=f'golden-{number}')} to staging reason {'x' * 400}")
    stage.work()
    shown = stage.opens_home(stage.sam)
    assert len(stage.home(stage.sam).blocks) <= 100
    decisions = shown.count("[Approve]")
    assert 5 <= decisions < 20
    assert f"… and {20 - decisions} more: `/ami-share list all` shows them." in shown
    assert "… and 13 more: `/ami-share list` shows them." in stage.opens_home(stage.mika)
