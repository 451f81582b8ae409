"""Every message in every language, as people read it: a change of words shows in review as a change of the snapshot.

`make test ARGS="tests/unit/test_snapshots.py --snapshot-update"` writes them anew.
"""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from aws_ops.details import details
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.plan import DeregisterCopy
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
from sharing.requests import Person, Request, RequestId, RequestKind, Trigger
from sharing.states import RequestState
from tests.unit.test_command import ESTATE
from tests.unit.test_messages import MANY_RULES, NOW, RULES, SHOWN, plan_for, request_in, shown

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
    ending = replace(a_request(RequestKind.REVOKE, RequestState.FAILED), trigger=trigger, decisions=(), deliveries=())
    share = replace(a_request(RequestKind.SHARE, RequestState.COMPLETED), ended_because=trigger, ending=ending)
    [told] = (one for one in shown(share, language) if one.key.startswith("not-ended"))
    assert read([("not-ended", told)]) == snapshot


@pytest.mark.parametrize("language", Language)
def test_forms_details_and_the_home(language: Language, snapshot: SnapshotAssertion) -> None:
    say = speech(language)
    waiting = a_request(RequestKind.SHARE, RequestState.AWAITING_APPROVAL)
    done = a_request(RequestKind.SHARE, RequestState.COMPLETED)
    ballot = Ballot(waiting.id, "0" * 64, "default")
    board = Board(waiting=(waiting,), running=(), in_force=(done,))
    gallery = Gallery(None, ESTATE)  # type: ignore[arg-type]
    views = {
        "share": form.share_form(say, ESTATE, gallery, Ask(waiting.image_ids, reason="x"), channel="C0", now=NOW),
        "denial": denial_form(say, ballot, "C0"),
        "narrowing": narrow_form(say, ballot, "C0", waiting.targets),
        "details": whole_plan(say, waiting, {"account-0": "production"}),
        "home": home.home_view(say, board, RULES, Person("T0", "U0SAM"), frozenset()),
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
