"""Messages: however large a request is and whatever is in it, Slack takes what is shown of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.estimates import Cost, Estimate, Expectation
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    CopyImage,
    ImageSummary,
    Mode,
    Plan,
)
from handlers import ballots, wording
from handlers.deciding import objection
from handlers.deciding_views import narrow_form
from handlers.messages import Audience, Message, messages_of
from handlers.speech import Language, speech
from playground.slack.checks import too_much_text, wrong_with_blocks, wrong_with_view
from sharing.approval import Ballot, Objection, Outcome
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
        failure=Failure(FailureKind.AWS_REFUSED, {"said": text}) if state is RequestState.FAILED else None,
        created_at=NOW,
        expires_at=NOW,
        attempts=0,
        lease=1,
        replanned_at=NOW,
        requester_groups=frozenset(),
        asked_at=NOW,
        asked_in=("C0APPROVALS",),
        remind_at=NOW,
        reminders=1,
        edits=(Edit(Person("T0", "U0SAM"), NOW, ("sandbox",)),),
        cancelled_at=NOW,
        state_since=NOW,
        begun_at=NOW,
        settled_at=NOW,
        ends_at=NOW,
        ended_by=RequestId("R-8M3N9QXB"),
        ended_because=Trigger.END_DATE,
        preparations={image(0): Preparation(image(999), 40)},
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
        blocks = [block.to_dict() for block in ballots.waiting(say, replace(request, kind=kind), MANY_RULES, "x" * 400)]
        assert wrong_with_blocks(blocks, "message") == []
        assert say(f"title-{kind.value}", state=RequestState.CANCELLED).endswith(("cancelled", "キャンセル済み"))
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
    assert shown(replace(request_in(RequestState.CHECKING), plan=None, deliveries=())) == []


def test_of_an_organizations_many_members_the_number_is_shown() -> None:
    members = tuple(account(number) for number in range(2_500))
    line = wording.change(
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
