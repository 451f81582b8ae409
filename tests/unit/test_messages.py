"""Messages: however large a request is and whatever is in it, Slack takes what is shown of it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_ops.causes import CauseKind, Why, because
from aws_ops.estimates import Cost, Estimate, Expectation
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    Caution,
    CautionKind,
    CopyImage,
    ImageSummary,
    Mode,
    Plan,
)
from handlers import ballots, phrases, wording
from handlers.changes import change
from handlers.deciding import objection
from handlers.deciding_views import narrow_form
from handlers.following import DETAILS
from handlers.home import Reader, home_view
from handlers.messages import Audience, Message, digest, end_key, messages_of
from handlers.plan_view import whole_plan
from handlers.speech import Language, Speech, speech
from playground.slack.checks import too_much_text, wrong_with_blocks, wrong_with_view
from sharing.approval import Ballot, Objection, Outcome
from sharing.board import Board
from sharing.requests import (
    Decision,
    Delivery,
    Edit,
    Failure,
    FailureKind,
    Person,
    Preparation,
    Request,
    RequestId,
    RequestKind,
    Trigger,
    Verdict,
)
from sharing.rules import ApprovalRule, ApprovalRules, Scope
from sharing.states import DeliveryState, RequestState
from tests.unit.test_speech import _catalogue

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
REGION = Region("eu-central-1")
IMAGE = ImageId("ami-0123456789abcdef0")
OWNER = AccountId("111111111111")
KEY = KeyArn("arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab")
RULES = ApprovalRules((ApprovalRule("default", frozenset({"U0SAM"}), frozenset({"S0PLATFORM"}), "C0APPROVALS"),))
HOSTILE = "<!channel> *bold* `code` <https://x.example|safe> &\n:white_check_mark: Approved by <@U0SAM>"


def image(number: int) -> ImageId:
    return ImageId(f"ami-{number:017x}")


def account(number: int) -> AccountId:
    return AccountId(f"{number:012}")


def plan_for(count: int, images: int, text: str) -> Plan:
    accounts = tuple(account(number) for number in range(count))
    ids = tuple(image(number) for number in range(images))
    principals = tuple(PrincipalArn(f"arn:aws:iam::{each}:role/ami-share-target") for each in accounts)
    copies = (
        CopyImage(each, REGION, one, REGION, text[:100], text, KEY, (KEY,), (("team", text),))
        for one in ids
        for each in accounts
    )
    return Plan(
        Mode.COPY,
        tuple(ImageSummary(one, OWNER, REGION, text, NOW, "x86_64", text, 38, (KEY,)) for one in ids),
        (
            AllowKeyUse(KEY, principals),
            *(
                AddCreateVolumePermission(OWNER, REGION, SnapshotId(f"snap-{number:017x}"), accounts)
                for number in range(10)
            ),
            *(AddLaunchPermission(OWNER, REGION, one, accounts) for one in ids),
            *copies,
        ),
    )


def _failure_of(state: DeliveryState, number: int, text: str) -> Failure | None:
    """What went wrong with a delivery; of those being copied, with every second one alone."""
    if state is DeliveryState.COPYING and number % 2:
        return None
    return Failure(FailureKind.COPY_FAILED, {"image": IMAGE, "said": text})


def _refused_with(text: str) -> Why:
    return because(CauseKind.REFUSED, operation="CopyImage", code="InvalidRequest", said=text)


def request_in(state: RequestState, count: int = 1, text: str = "golden", images: int = 1) -> Request:
    """A request in that state, for so many images to `count` accounts, with `text` wherever people or AWS put text."""
    states = list(DeliveryState)
    deliveries = tuple(
        Delivery(
            source_image_id=image(number_of_image),
            target=f"account-{number}",
            account_id=account(number),
            region=REGION,
            source_region=REGION,
            size_gib=38,
            state=states[number % len(states)],
            image_id=image(1000 + number),
            reused=False,
            key_arn=KEY,
            client_token="token",
            attempt=1 + number % 2,
            percent=number % 101,
            expected_minutes=20,
            minutes_left=75,
            failure=_failure_of(states[number % len(states)], number, text),
            notes=(Note(NoteKind.PARAMETER_SET, (("parameter", text), ("before", text))),),
            due_at=None,
            waiting_since=NOW,
            started_at=NOW,
            finished_at=None,
        )
        for number_of_image in range(images)
        for number in range(count)
    )
    return Request(
        id=RequestId("R-7K2M9QXA"),
        kind=RequestKind.SHARE,
        of=None,
        trigger=Trigger.PERSON,
        deregister=False,
        requester=Person("T0", "U0MIKA"),
        image_ids=tuple(image(number) for number in range(images)),
        mode=Mode.COPY,
        targets=tuple(f"account-{number}" for number in range(count)),
        regions=(REGION,) * (images - 1),
        reason=text[:500],
        state=state,
        revision=3,
        plan=plan_for(count, images, text),
        plan_digest="0" * 64,
        estimate=Estimate(38 * count, Cost("USD", Decimal("4.5") * count, Decimal("0.801")), Expectation(22.4, 14)),
        refusals=(),
        failure=Failure(FailureKind.AWS_REFUSED, {}, _refused_with(text)) if state is RequestState.FAILED else None,
        created_at=NOW,
        expires_at=NOW,
        attempts=0,
        lease=1,
        replanned_at=NOW,
        requester_groups=frozenset(),
        asked_at=NOW,
        asked_in=("C0APPROVALS",),
        remind_at=NOW,
        reminded={"default": NOW},
        edits=(Edit(Person("T0", "U0SAM"), NOW, ("sandbox",)),),
        cancelled_at=NOW,
        state_since=NOW,
        begun_at=NOW,
        settled_at=NOW,
        ends_at=NOW + timedelta(days=30),
        ended_by=RequestId("R-8M3N9QXB"),
        ended_because=Trigger.END_DATE,
        preparations={image(0): Preparation(image(999), 40, NOW)},
        deliveries=deliveries,
        decisions=(Decision(Person("T0", "U0SAM"), Verdict.DENIED, text[:500], "0" * 64, NOW, "default", ()),),
    )


def shown(
    request: Request,
    language: Language = Language.ENGLISH,
    *,
    rules: ApprovalRules = RULES,
    story: str | None = None,
    closed: Mapping[str, str | None] | None = None,
) -> list[Message]:
    say = speech(language)
    return messages_of(request, rules, Audience(say, lambda _: say, "C0NEWS"), story, closed or {})


def texts_in(blocks: Any) -> list[str]:
    if isinstance(blocks, dict):
        own = [blocks["text"]] if isinstance(blocks.get("text"), str) else []
        return own + [text for value in blocks.values() for text in texts_in(value)]
    if isinstance(blocks, list | tuple):
        return [text for value in blocks for text in texts_in(value)]
    return []


SHOWN = [state for state in RequestState if state is not RequestState.CHECKING]


@pytest.mark.parametrize(("count", "images"), [(1, 1), (50, 1), (100, 5), (1, 50)])
@pytest.mark.parametrize("state", SHOWN)
@pytest.mark.parametrize("language", Language)
def test_slacks_limits_are_kept_however_many_accounts(
    language: Language, state: RequestState, count: int, images: int
) -> None:
    for message in shown(request_in(state, count, "x" * 255, images), language):
        assert len(message.blocks) <= 50
        assert len(message.text) <= 4000
        assert sum(map(len, texts_in(message.blocks))) <= 13_000, message.key
        for block in message.blocks:
            assert len(block.get("text", {}).get("text", "")) <= 3000


@pytest.mark.parametrize(("count", "images"), [(1, 1), (10, 2), (50, 1)])
@pytest.mark.parametrize("language", Language)
def test_slacks_limits_are_kept_however_many_shares_end_together(language: Language, count: int, images: int) -> None:
    request = request_in(RequestState.COMPLETED, count, HOSTILE, images)
    others = [replace(request, id=RequestId(f"R-{number:08}")) for number in range(49)]
    for reader in (request.requester, None):
        own = next(one for one in shown(request, language) if one.key == end_key(request, reader))
        told = digest(speech(language), own, request, others)
        assert wrong_with_blocks(list(told.blocks), "message") == []
        assert not too_much_text(told.blocks)
        assert len(told.text) <= 4000
        assert "50" in told.text.splitlines()[0]
        assert re.search("and [0-9,]+ more|ほか", told.text.splitlines()[-1]), "what there is no room for is counted"
        assert told.others == {other.id: end_key(other, reader) for other in others}


def _rule(number: int) -> ApprovalRule:
    users = frozenset(f"U0PERSON{each:03}" for each in range(50))
    scope = Scope(targets=frozenset({f"account-{number}", f"account-{number}[0-9]"}))
    name = f"{'rule' * 14}{number}"
    return ApprovalRule(name, users, frozenset({"S0PLATFORM"}), f"C0{number % 2}", approvals=3, scope=scope)


MANY_RULES = ApprovalRules((*map(_rule, range(10)), *RULES.rules))


@pytest.mark.parametrize("count", [2, 6, 100])
@pytest.mark.parametrize("state", [RequestState.AWAITING_APPROVAL, RequestState.COMPLETED])
def test_slacks_limits_are_kept_however_many_parts_and_approvers(state: RequestState, count: int) -> None:
    request = request_in(state, count, "x" * 255, images=5)
    votes = tuple(
        Decision(Person("T0", f"U0{part.rule.name[-1]}{number}"), verdict, "y" * 500, "0" * 64, NOW, name, part.targets)
        for part in MANY_RULES.parts_of(request)[1:]
        for number, verdict in enumerate([Verdict.APPROVED, Verdict.DENIED])
        for name in [part.rule.name]
    )
    for decisions in ((), votes):
        asked = replace(request, decisions=decisions, asked_in=("C00", "C01"))
        for message in shown(asked, story="https://playground.slack.com/archives/C00/p1", rules=MANY_RULES):
            assert wrong_with_blocks(list(message.blocks), "message") == []
            assert not too_much_text(message.blocks), message.key
            assert len(message.text) <= 4000


def test_parts_that_are_not_shown_are_counted() -> None:
    approval, *_ = shown(replace(request_in(RequestState.AWAITING_APPROVAL, 10), decisions=()), rules=MANY_RULES)
    said = texts_in(approval.blocks)
    assert sum("By the rule" in text for text in said) == 5
    assert "5 more parts are shown once these are decided." in said


def test_an_approver_list_is_cut_between_people() -> None:
    approval, *_ = shown(replace(request_in(RequestState.AWAITING_APPROVAL, 2), decisions=()), rules=MANY_RULES)
    (line, *_) = [text for text in texts_in(approval.blocks) if "To be decided by 3 of" in text]
    assert "<@U0PERSON007> and 43 more" in line


def test_there_are_words_for_every_objection_in_every_language(caplog: pytest.LogCaptureFixture) -> None:
    request = replace(request_in(RequestState.AWAITING_APPROVAL), decisions=())
    (tally,) = RULES.tallies_of(request)
    vote = Decision(Person("T0", "U0SAM"), Verdict.APPROVED, "", "0" * 64, NOW, "default", ("account-0",))
    for language in Language:
        for each in Objection:
            said = objection(speech(language), Outcome(request, each, tally), who="<@U0ANA>", vote=vote)
            assert said.endswith(("。", ".")), said
    assert caplog.text == ""


@pytest.mark.parametrize("language", Language)
def test_the_words_of_buttons_and_forms_keep_slacks_limits_in_every_language(language: Language) -> None:
    say = speech(language)
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 100, images=5), decisions=())
    for kind in set(RequestKind) - {RequestKind.PREVIEW}:
        blocks = [block.to_dict() for block in ballots.waiting(say, replace(request, kind=kind), MANY_RULES)]
        assert wrong_with_blocks(blocks, "message") == []
        assert say(f"title-{kind.value}", state=RequestState.CANCELLED).endswith(("cancelled", "取り下げ済み"))
    assert wrong_with_blocks([ballots.cancel_button(say, request).to_dict()], "message") == []
    ballot = Ballot(request.id, "0" * 64, "r" * 61)
    assert wrong_with_view(narrow_form(say, ballot, "C0", request.targets).to_dict()) == []


@pytest.mark.parametrize("state", SHOWN)
def test_text_from_people_and_from_aws_is_shown_and_not_obeyed(state: RequestState) -> None:
    for message in shown(request_in(state, text=HOSTILE, images=5)):
        for text in [message.text, *texts_in(message.blocks)]:
            assert "<!channel>" not in text
            assert "<https://x.example" not in text
            assert "\n:white_check_mark: Approved by" not in text


@given(st.text(max_size=600), st.sampled_from(SHOWN))
def test_any_text_can_be_shown(text: str, state: RequestState) -> None:
    for message in shown(request_in(state, text=text)):
        assert message.text


def test_each_message_has_a_key_of_its_own() -> None:
    for state in SHOWN:
        keys = [message.key for message in shown(request_in(state, 5, images=3))]
        assert len(keys) == len(set(keys))


def test_blocks_and_text_say_the_same_of_cost_and_time() -> None:
    waiting = next(iter(shown(request_in(RequestState.AWAITING_APPROVAL))))
    line = (
        ":hourglass: about 25 min, from 14 earlier copies · "
        ":moneybag: at most 4.50 USD a month, 0.81 USD once for transfer, if all of the 38 GiB is in use"
    )
    assert line in waiting.text
    assert line in texts_in(waiting.blocks)
    copying = shown(request_in(RequestState.COPYING, len(DeliveryState)))
    progress = next(message for message in copying if message.key == "progress")
    for said in (progress.text, "\n".join(texts_in(progress.blocks))):
        assert said.count("about 1 h 15 min left") == 1, "only of a copy that is under way"


def test_a_request_that_is_still_checked_shows_nothing() -> None:
    new = replace(request_in(RequestState.CHECKING), plan=None, deliveries=(), edits=(), decisions=())
    assert shown(new) == []


def test_of_an_organizations_many_members_the_number_is_shown() -> None:
    members = tuple(account(number) for number in range(2_500))
    line = change(
        speech(Language.ENGLISH),
        AddCreateVolumePermission(OWNER, REGION, SnapshotId("snap-0123456789abcdef0"), members),
    )
    assert "for 2,500 accounts: `000000000000`, " in line
    assert line.endswith("and 2,400 more")
    assert len(line) < 2_900, "a line that is longer than a section wouldn't be shown at all"


@pytest.mark.parametrize("language", Language)
def test_two_hundred_deliveries_are_shown_in_numbers_and_the_failed_ones_first(language: Language) -> None:
    request = request_in(RequestState.COPYING, 50, images=4)
    progress = next(message for message in shown(request, language) if message.key == "progress")
    assert wrong_with_blocks(list(progress.blocks), "message") == []
    assert not too_much_text(progress.blocks)
    _, numbers, first, *_ = "\n".join(texts_in(progress.blocks)).splitlines()
    assert "200" in numbers
    assert ":x:" in first
    counted = [state for delivery in request.deliveries for state in [delivery.state]]
    for number in (counted.count(DeliveryState.FAILED), counted.count(DeliveryState.WAITING)):
        assert str(number) in numbers


NAMES = _catalogue(Language.ENGLISH)
CAUTIONS = st.lists(st.tuples(st.sampled_from(CautionKind), st.sampled_from([1, 2, 40])), max_size=60)


def _caution(kind: CautionKind, number: int, count: int) -> Caution:
    """A caution whose every detail names so many things."""
    value = ", ".join(f"arn:aws:iam::{account(number)}:role/deploy-{each}" for each in range(count))
    return Caution(kind, tuple((name, value) for name in sorted(NAMES[f"caution-{kind.replace('_', '-')}"])))


def _kinds_shown(message: Message, cautions: Sequence[Caution], say: Speech) -> None:
    """Each kind of caution begins a line of its own, as far as it goes."""
    lines = [line for text in texts_in(message.blocks) for line in text.splitlines() if line.startswith(":warning:")]
    for kind in {one.kind for one in cautions}:
        beginnings = [f":warning: {wording.caution(say, one)}"[:15] for one in cautions if one.kind == kind]
        assert any(line.startswith(beginning) for line in lines for beginning in beginnings), kind
    assert len(lines) >= len({one.kind for one in cautions})


@settings(max_examples=40)
@given(
    size=st.sampled_from([(1, 1), (7, 5), (50, 1), (100, 5)]),
    kinds=CAUTIONS,
    rules=st.sampled_from([RULES, MANY_RULES]),
    name=st.sampled_from(["", "n" * 40]),
    language=st.sampled_from(Language),
)
def test_however_large_a_plan_is_every_kind_of_warning_is_seen(
    size: tuple[int, int], kinds: list[tuple[CautionKind, int]], rules: ApprovalRules, name: str, language: Language
) -> None:
    count, images = size
    cautions = [_caution(kind, number, many) for number, (kind, many) in enumerate(kinds)]
    request = request_in(RequestState.AWAITING_APPROVAL, count, "golden", images)
    targets = tuple(f"account-{number}{name}" for number in range(count))
    plan = replace(plan_for(count, images, "golden"), cautions=tuple(cautions))
    asked = replace(request, targets=targets, plan=plan, decisions=(), deliveries=())
    say = speech(language)
    environments = dict.fromkeys(targets, "production")
    approval, *_ = shown(asked, language, rules=replace(rules, environments=environments))
    assert wrong_with_blocks(list(approval.blocks), "message") == []
    assert not too_much_text(approval.blocks)
    assert "more-lines" not in approval.text
    _kinds_shown(approval, cautions, say)
    said = "\n".join(texts_in(approval.blocks))
    assert "production" in said
    for words in ("<@U0MIKA>", ">golden", "production", ballots.to_be_decided(say, asked, rules)[0]):
        assert words in approval.text, "the text says the same as the blocks"
    for kind in ("createVolumePermission", "launchPermission", "CopyImage"):
        assert f"`{kind}`" in said, "something of each kind of change is shown"


def test_with_fifty_long_names_in_production_no_warning_is_dropped() -> None:
    """One list that was too long used to hide all warnings from the approvers."""
    targets = tuple(f"production-account-of-the-payments-team-{number:03}" for number in range(50))
    cautions = (
        Caution(CautionKind.IMAGE_PUBLIC, (("image", IMAGE),)),
        Caution(CautionKind.KEY_USED_BY_MANY, (("key", KEY), ("accounts", "7"))),
    )
    plan = replace(plan_for(50, 1, "golden"), cautions=cautions)
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 50), targets=targets, plan=plan, decisions=())
    approval, *_ = shown(request, rules=replace(RULES, environments=dict.fromkeys(targets, "production")))
    said = "\n".join(texts_in(approval.blocks))
    assert f":warning: In the environment production: *{targets[0]}*, *{targets[1]}*" in said
    assert "and 44 more." in said
    assert f"{IMAGE} is public: everybody can launch it already." in said
    assert f"Other accounts use the key {KEY} already, 7 in all" in said


def test_what_many_targets_share_is_warned_of_once() -> None:
    cautions = tuple(
        Caution(CautionKind.AUTO_SCALING_LEFT_OUT, (("target", f"account-{number}"),)) for number in range(3)
    )
    plan = replace(plan_for(3, 1, "golden"), cautions=cautions)
    approval, *_ = shown(replace(request_in(RequestState.AWAITING_APPROVAL, 3), plan=plan, decisions=()))
    assert "Auto Scaling in account-0, account-1, account-2 will not be able" in "\n".join(texts_in(approval.blocks))


def in_four_regions(request: Request) -> Request:
    """The same, with a copy of each image in each of four regions."""
    plan = request.approved_plan
    regions = tuple(map(Region, ("eu-central-1", "eu-west-1", "us-east-1", "ap-northeast-1")))
    copies = [one for one in plan.changes if isinstance(one, CopyImage)]
    others = [one for one in plan.changes if not isinstance(one, CopyImage)]
    each = [
        replace(one, region=region, key_arn=KeyArn(f"arn:aws:kms:{region}:{one.account_id}:key/{KEY[-36:]}"))
        for one in copies
        for region in regions
    ]
    deliveries = [replace(one, region=region) for one in request.deliveries for region in regions]
    return replace(
        request,
        regions=regions,
        plan=replace(plan, changes=(*others, *each)),
        deliveries=tuple(deliveries),
    )


@pytest.mark.parametrize("language", Language)
def test_fifty_targets_in_four_regions_are_read_kind_by_kind(language: Language) -> None:
    request = in_four_regions(replace(request_in(RequestState.AWAITING_APPROVAL, 50), decisions=()))
    assert len(request.approved_plan.changes) == 212
    approval, *_ = shown(request, language)
    lines = "\n".join(texts_in(approval.blocks)).splitlines()
    assert sum(line.startswith(("1. ", "2. ", "3. ", "4. ")) for line in lines) == 4
    (copies,) = [line for line in lines if line.startswith("4. ")]
    for what in ("`CopyImage`", "200", "50", "4", "`eu-west-1`", "`golden`", f"`{account(0)}`"):
        assert what in copies
    assert not any("… " in line for line in lines)
    assert any("212" in line for line in lines), "how many changes there are in all"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("count", "images"), [(50, 1), (100, 1), (100, 5)])
def test_the_details_hold_the_whole_plan_or_say_how_much_is_left_out(
    language: Language, count: int, images: int
) -> None:
    request = in_four_regions(request_in(RequestState.COPYING, count, images=images))
    view = whole_plan(speech(language), request, RULES).to_dict()
    assert wrong_with_view(view) == []
    assert len(json.dumps(view)) <= 250_000
    lines = "\n".join(texts_in(view["blocks"])).splitlines()
    copies = [line for line in lines if "`CopyImage`" in line]
    deliveries = [line for line in lines if line.startswith(":") and "`ap-northeast-1`" in line]
    if count == 50:
        assert len(copies) == 200
        assert len(deliveries) == 50
        assert not lines[-1].startswith("… ")
    else:
        assert lines[-1].startswith("… ")


def _confirmations(message: Message) -> list[str]:
    buttons = [element for block in message.blocks for element in block.get("elements", []) if "confirm" in element]
    return [each["confirm"]["text"]["text"] for each in buttons if each["action_id"].startswith(ballots.APPROVE)]


def test_each_approve_button_asks_once_more_for_its_own_part_alone() -> None:
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 12), decisions=())
    approval, *_ = shown(request, rules=MANY_RULES)
    parts = MANY_RULES.parts_of(request)[:5]
    assert parts[1].targets == ("account-1", "account-10", "account-11")
    expected = [
        f"{len(part.targets)} targets: {', '.join(part.targets)}." if len(part.targets) > 1 else f"{part.targets[0]}."
        for part in parts
    ]
    confirmations = _confirmations(approval)
    assert [text.split("copied to ")[1] for text in confirmations] == expected


@given(st.lists(st.text("abc-.", min_size=1, max_size=61), min_size=1, max_size=100, unique=True), st.integers(1, 50))
def test_a_confirmation_counts_and_names_targets_and_cuts_no_name(targets: list[str], images: int) -> None:
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 1, images=images), targets=tuple(targets))
    for language in Language:
        for kind in set(RequestKind) - {RequestKind.PREVIEW}:
            said = phrases.confirm(speech(language), replace(request, kind=kind), targets, 300)
            assert len(said) <= 300
        said = phrases.confirm(speech(language), request, targets, 300)
        assert targets[0] in said
        assert "…" not in said
        assert len(targets) == 1 or str(len(targets)) in said


def test_however_long_the_names_of_a_part_are_its_deciders_and_its_end_are_said() -> None:
    targets = tuple(
        f"account-0{number % 10}-of-the-payments-team-with-a-long-name-{number:03}" for number in range(100)
    )
    scope = Scope(targets=frozenset({"account-0*"}))
    several = replace(MANY_RULES.rules[0], scope=scope)
    rules = ApprovalRules((several, *RULES.rules))
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 1), targets=(*targets, "other"), decisions=())
    approval, *_ = shown(request, rules=rules)
    (part,) = [text for text in texts_in(approval.blocks) if several.name in text and "By the rule" in text]
    assert "<!date^" in part.splitlines()[0]
    assert "and 98 more" in part
    assert "To be decided by 3 of <@U0PERSON000>" in part.splitlines()[1]
    assert "…" not in part


@pytest.mark.parametrize("language", Language)
def test_of_two_hundred_copies_those_left_out_are_counted_and_behind_a_button(language: Language) -> None:
    request = in_four_regions(request_in(RequestState.COMPLETED, 50))
    done = tuple(
        replace(one, state=DeliveryState.COMPLETED, failure=None, notes=(), attempt=1) for one in request.deliveries
    )
    plain = replace(request, deliveries=done, notes=(), retries=(), edits=(), decisions=())
    messages = {message.key: message for message in shown(plain, language)}
    for key in ("progress", "end", "told:completed"):
        blocks = list(messages[key].blocks)
        lines = "\n".join(texts_in(blocks)).splitlines()
        shown_of_them = sum("ap-northeast-1" in line or "us-east-1" in line or "eu-" in line for line in lines)
        assert speech(language)("more-lines", count=200 - shown_of_them) in lines
        assert blocks[-1]["elements"][0]["action_id"] == DETAILS
        assert wrong_with_blocks(blocks, "message") == []
        assert not too_much_text(blocks)


def test_what_fits_needs_no_button() -> None:
    for message in shown(request_in(RequestState.COMPLETED, 3)):
        if message.key in ("progress", "end"):
            assert all(block["type"] == "section" for block in message.blocks)


@pytest.mark.parametrize("language", Language)
def test_a_home_shows_whole_requests_and_counts_the_others(language: Language) -> None:
    def many(state: RequestState, count: int, who: str) -> tuple[Request, ...]:
        one = replace(request_in(state, 12), decisions=(), deliveries=(), requester=Person("T0", who))
        return tuple(replace(one, id=RequestId(f"R-{who[-1]}{state.value[:3]}{number}")) for number in range(count))

    mine, others = "U0PERSON001", "U0MIKA"
    board = Board(
        waiting=(*many(RequestState.AWAITING_APPROVAL, 30, mine), *many(RequestState.AWAITING_APPROVAL, 30, others)),
        running=many(RequestState.COPYING, 30, others),
        in_force=many(RequestState.COMPLETED, 30, others),
        ended=many(RequestState.DENIED, 30, mine),
    )
    say = speech(language)
    view = home_view(say, board, MANY_RULES, Reader(Person("T0", mine), frozenset(), "/ami-share")).to_dict()
    assert wrong_with_view(view) == []
    assert len(json.dumps(view)) <= 250_000
    said = texts_in(view["blocks"])
    assert say("home-more", count=23, command="`/ami-share list all`") in said
    assert say("home-more", count=60 - 11, command="`/ami-share list`") in said
    decided = sum(block.get("block_id", "").startswith("decide:") for block in view["blocks"]) // 5
    assert decided >= 2
    assert say("home-more", count=30 - decided, command="`/ami-share list all`") in said
