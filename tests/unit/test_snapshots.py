"""Every message in every language, as people read it: a change of words shows in review as a change of the snapshot.

`make test ARGS="tests/unit/test_snapshots.py --snapshot-update"` writes them anew.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from aws_ops.details import details
from aws_ops.entries import Entry, On
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.plan import Caution, CautionKind, DeregisterCopy, Mode, Plan, Refusal, RefusalKind
from handlers import form, home, listing
from handlers.ask import Ask
from handlers.command import Verb
from handlers.deciding_views import denial_form, narrow_form
from handlers.help import help_text
from handlers.messages import UNREACHABLE, Message
from handlers.plan_view import whole_plan
from handlers.speech import Language, speech
from playground.slack.checks import too_much_text, wrong_with_blocks, wrong_with_view
from playground.slack.text import blocks_as_text
from sharing.approval import Ballot
from sharing.board import Board
from sharing.gallery import Gallery
from sharing.requests import FailedTry, Person, Request, RequestId, RequestKind, Retry, Trigger
from sharing.states import DeliveryState, RequestState
from tests.unit.test_command import ESTATE
from tests.unit.test_messages import KEY, MANY_RULES, NOW, OWNER, REGION, RULES, SHOWN, plan_for, request_in, shown

KINDS = [RequestKind.SHARE, RequestKind.REVOKE, RequestKind.AUDIT, RequestKind.RETIRE, RequestKind.PREVIEW]


def a_request(kind: RequestKind, state: RequestState) -> Request:
    asked = replace(request_in(state, 7), plan=plan_for(1, 1, "golden"))
    of = RequestId("R-5H4R3555") if kind in (RequestKind.REVOKE, RequestKind.AUDIT) else None
    return replace(
        asked,
        kind=kind,
        of=of,
        ticket="OPS-42",
        reminded={"default": NOW},
        watchers=(Person("T0", "U0KIM"),),
        decisions=() if state is RequestState.AWAITING_APPROVAL else asked.decisions,
    )


def read(messages: Iterable[tuple[str, Message]]) -> str:
    """What the messages say, each line where it is said first; what stays from state to state isn't repeated."""
    seen: set[str] = set()
    told = []
    for name, message in messages:
        lines = [*blocks_as_text(list(message.blocks), str).splitlines(), *message.text.splitlines()]
        told += [f"## {name}", *(line for line in dict.fromkeys(lines) if line not in seen)]
        seen.update(lines)
    return "\n".join(told)


def _said_in_blocks(message: Message) -> set[str]:
    """Every line of the blocks that isn't a field or a button."""
    texts = [
        block["text"]["text"] for block in message.blocks if block["type"] in ("header", "section") and "text" in block
    ]
    return {line for text in texts for line in text.splitlines()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", Language)
def test_what_is_said_of_a_request_in_each_state(
    language: Language, kind: RequestKind, snapshot: SnapshotAssertion
) -> None:
    told = []
    for state in SHOWN:
        for message in shown(a_request(kind, state), language):
            assert wrong_with_blocks(list(message.blocks), "message") == []
            assert not too_much_text(message.blocks)
            assert len(message.text) <= 4000
            assert _said_in_blocks(message) <= set(message.text.splitlines()), "the text says the same as the blocks"
            told.append((f"{state.value}: {message.key}", message))
    assert read(told) == snapshot


@pytest.mark.parametrize("kind", [RequestKind.REVOKE, RequestKind.RETIRE])
@pytest.mark.parametrize("language", Language)
def test_what_is_said_of_copies_that_were_to_go_and_stay(
    language: Language, kind: RequestKind, snapshot: SnapshotAssertion
) -> None:
    copies = [ImageId(f"ami-{number:017x}") for number in range(5)]
    orders = [DeregisterCopy(AccountId("222222222222"), Region("eu-central-1"), copy) for copy in copies]
    about = [{"copy": copy, "place": "222222222222 eu-central-1"} for copy in copies]
    stay = (
        Note(NoteKind.STILL_USED, details(**about[1], users=["arn:aws:ec2:::instance/i-1"])),
        Note(NoteKind.HANDED_OVER_SINCE, details(**about[2])),
        Note(NoteKind.NOT_DEREGISTERED, details(**about[3], why="AWS refused DeregisterImage: not now (Refused)")),
    )
    wait = Note(NoteKind.PROTECTED_FOR_NOW, details(**about[4], until=NOW.isoformat()))
    told = []
    for state, notes in ((RequestState.APPLYING, (*stay, wait)), (RequestState.COMPLETED, stay)):
        request = a_request(kind, state)
        plan = replace(request.approved_plan, changes=tuple(orders))
        request = replace(request, plan=plan, notes=notes, deliveries=())
        told += [(one.key, one) for one in shown(request, language) if one.key in ("waits", "end")]
    assert read(told) == snapshot


@pytest.mark.parametrize("language", Language)
def test_a_request_in_parts(language: Language, snapshot: SnapshotAssertion) -> None:
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 3), decisions=(), asked_in=("C00", "C01"))
    story = "https://playground.slack.com/archives/C00/p1"
    assert read((one.key, one) for one in shown(request, language, rules=MANY_RULES, story=story)) == snapshot


@pytest.mark.parametrize("language", Language)
def test_channels_that_approval_cant_be_asked_in(language: Language, snapshot: SnapshotAssertion) -> None:
    closed = {why: why for why in ("not_in_channel", "channel_not_found", "is_archived", "restricted_action")}
    messages = shown(request_in(RequestState.AWAITING_APPROVAL), language, closed={**closed, "C0MENDED": None})
    assert read((one.key, one) for one in messages if one.key.startswith(UNREACHABLE)) == snapshot


@pytest.mark.parametrize("language", Language)
def test_what_the_approvers_are_warned_of(language: Language, snapshot: SnapshotAssertion) -> None:
    request = request_in(RequestState.AWAITING_APPROVAL, 3)
    plan = plan_for(3, 1, "golden")
    (image,) = plan.images
    cautions = (
        Caution(CautionKind.IMAGE_PUBLIC, (("image", image.image_id),)),
        Caution(CautionKind.KEY_USED_BY_MANY, (("key", KEY), ("accounts", "7"))),
        *(Caution(CautionKind.AUTO_SCALING_LEFT_OUT, (("target", one),)) for one in request.targets),
    )
    old = replace(image, created=NOW - timedelta(days=120))
    asked = replace(request, plan=replace(plan, images=(old,), changes=(), cautions=cautions), decisions=())
    environments = {"account-0": "production", "account-1": "test", "account-2": "production"}
    approval, *_ = shown(asked, language, rules=replace(RULES, environments=environments))
    assert wrong_with_blocks(list(approval.blocks), "message") == []
    assert _said_in_blocks(approval) <= set(approval.text.splitlines())
    assert read([("approval", approval)]) == snapshot


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("language", Language)
def test_what_is_said_of_what_made_a_request(language: Language, trigger: Trigger, snapshot: SnapshotAssertion) -> None:
    told = []
    for state in (RequestState.AWAITING_APPROVAL, RequestState.REVOKED, RequestState.FAILED):
        request = replace(a_request(RequestKind.SHARE, state), trigger=trigger, ended_because=trigger, deliveries=())
        told += [(f"{state.value}: {one.key}", one) for one in shown(request, language)]
    assert read(told) == snapshot


@pytest.mark.parametrize("trigger", [Trigger.END_DATE, Trigger.COPIES_DONE])
@pytest.mark.parametrize("language", Language)
def test_what_is_said_of_an_end_that_did_not_work_out(
    language: Language, trigger: Trigger, snapshot: SnapshotAssertion
) -> None:
    ending = replace(a_request(RequestKind.REVOKE, RequestState.FAILED), trigger=trigger, settled_at=None)
    share = replace(a_request(RequestKind.SHARE, RequestState.COMPLETED), ended_because=trigger, ending=ending)
    [failed] = (one for one in shown(share, language) if one.key.startswith("not-ended"))
    obstacle = Refusal(RefusalKind.POLICY_DELETED_PRINCIPALS, (("key", KEY), ("principals", "AROAEXAMPLE")))
    plan = Plan(Mode.COPY, (), (), obstacles=(obstacle,))
    partly = replace(ending, state=RequestState.COMPLETED, settled_at=NOW, failure=None, plan=plan)
    [left] = (one for one in shown(replace(share, ending=partly), language) if one.key.startswith("not-ended"))
    assert read([("failed", failed), ("partly", left)]) == snapshot


@pytest.mark.parametrize("language", Language)
def test_what_is_said_of_a_revocation_that_leaves_something(language: Language, snapshot: SnapshotAssertion) -> None:
    obstacle = Refusal(RefusalKind.SOURCE_UNREADABLE, (("why", "ami-0: no entry"),))
    left = Entry(On.IMAGE, OWNER, REGION, "ami-0", OWNER)
    plan = Plan(Mode.COPY, (), (), left=(left,), obstacles=(obstacle,))
    done = replace(a_request(RequestKind.REVOKE, RequestState.COMPLETED), plan=plan, deliveries=(), watchers=())
    told = [(one.key, one) for one in shown(done, language) if one.key in ("approval", "end")]
    assert read(told) == snapshot


@pytest.mark.parametrize("language", Language)
def test_what_failed_and_is_tried_again(language: Language, snapshot: SnapshotAssertion) -> None:
    mika = Person("T0", "U0MIKA")
    whole = replace(request_in(RequestState.COPYING, 12), ended_by=None, decisions=(), watchers=(), preparations={})
    failed = [each for each in whole.deliveries if each.state is DeliveryState.FAILED]
    going = [each for each in whole.deliveries if each.state is DeliveryState.COPYING]
    done = [replace(each, state=DeliveryState.COMPLETED, failure=None, notes=()) for each in whole.deliveries[:2]]
    one, other = (replace(each, attempt=1, failure_batch=1) for each in failed)
    tries = tuple(FailedTry(each.way, each.failure, 1) for each in (one, other))
    again = replace(one, state=DeliveryState.WAITING, failure=None, attempt=2)
    told_anew = replace(one, attempt=2, failure_batch=2)
    both = (Retry(mika, NOW, tries[:1]), Retry(mika, NOW, tries[1:]))
    stories = {
        "under way": (RequestState.COPYING, [*going, one], ()),
        "partly": (RequestState.COMPLETED, [*done, one, other], ()),
        "tried again": (RequestState.APPLYING, [*done, again, other], both[:1]),
        "failed again": (RequestState.FAILED, [told_anew, other], both[:1]),
        "well": (RequestState.COMPLETED, [*done, replace(again, state=DeliveryState.COMPLETED)], both[:1]),
        "closed": (RequestState.REVOKED, [*done, one], ()),
    }
    told = []
    for name, (state, deliveries, retries) in stories.items():
        request = replace(whole, state=state, deliveries=tuple(deliveries), retries=retries)
        if state is RequestState.REVOKED:
            request = replace(request, ended_by=RequestId("R-0"), ended_because=Trigger.COPIES_DONE)
        for message in shown(request, language):
            assert wrong_with_blocks(list(message.blocks), "message") == []
            told.append((f"{name}: {message.key}", message))
    assert read(told) == snapshot


@pytest.mark.parametrize("language", Language)
def test_forms_details_and_the_home(language: Language, snapshot: SnapshotAssertion) -> None:
    say = speech(language)
    waiting = a_request(RequestKind.SHARE, RequestState.AWAITING_APPROVAL)
    done = a_request(RequestKind.SHARE, RequestState.COMPLETED)
    ballot = Ballot(waiting.id, "0" * 64, "default")
    board = Board(waiting=(waiting,), running=(), in_force=(done,))
    gallery = Gallery(None, ESTATE)  # type: ignore[arg-type]
    draft = Ask(waiting.image_ids, ("staging", "prod", "whole-org"), reason="x")
    views = {
        "share": form.share_form(say, ESTATE, gallery, draft, channel="C0", now=NOW),
        "denial": denial_form(say, ballot, "C0"),
        "narrowing": narrow_form(say, ballot, "C0", waiting.targets),
        "details": whole_plan(say, waiting, replace(RULES, environments={"account-0": "production"})),
        "home": home.home_view(say, board, RULES, home.Reader(Person("T0", "U0SAM"), frozenset(), "/ami-share")),
    }
    told = []
    for name, view in views.items():
        body = view.to_dict()
        assert wrong_with_view(body) == [], name
        buttons = [body[part]["text"] for part in ("title", "submit", "close") if part in body]
        told.append(f"## {name} {buttons}\n{blocks_as_text(body['blocks'], str)}")
    told.append(f"## help\n{help_text(say, '/ami-share', ESTATE)}")
    told += [f"## help {verb}\n{help_text(say, '/ami-share', ESTATE, verb)}" for verb in Verb if verb is not Verb.HELP]
    told.append(f"## list\n{listing.listed(say, board, mine=False)}")
    told.append(f"## status\n{listing.status(say, done)}")
    assert "\n\n".join(told) == snapshot
