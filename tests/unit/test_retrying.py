"""Retrying: what may be tried again and by whom, whatever the request and the button say; and what fails together."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import ImageId
from handlers import following, wording
from handlers.deciding import retried
from handlers.following import wish_of
from handlers.speech import Language, speech
from playground.slack.checks import wrong_with_blocks
from sharing.approval import Approver
from sharing.requests import TOGETHER, FailedTry, Person, Request, RequestId, Retry, Trigger, Way
from sharing.retrying import Obstacle, Outcome, Wish, offered, wished
from sharing.rules import ApprovalRule, ApprovalRules, Scope
from sharing.states import DeliveryState, RequestState
from tests.unit.test_messages import NOW, REGION, image, request_in, texts_in

MIKA, SAM, KIM, EVE = (Person("T0", f"U0{name}") for name in ("MIKA", "SAM", "KIM", "EVE"))
FEW = Scope(targets=frozenset({"account-4", "account-10"}))
RULES = ApprovalRules(
    (
        ApprovalRule("few", frozenset({KIM.user_id}), frozenset(), "C0", scope=FEW),
        ApprovalRule("default", frozenset({SAM.user_id}), frozenset({"S0PLATFORM"}), "C0"),
    )
)
LATER = NOW + timedelta(days=1)


def partly(count: int = 12) -> Request:
    """A share that came to an end with some deliveries failed; request_in has one of each state in turn."""
    request = request_in(RequestState.COMPLETED, count)
    deliveries = tuple(
        replace(
            each,
            state=each.state if each.state is DeliveryState.FAILED else DeliveryState.COMPLETED,
            finished_at=NOW,
            attempt=1,
        )
        for each in request.deliveries
    )
    return replace(request, deliveries=deliveries, ended_by=None, ended_because=None, ends_at=None, retries=())


def retry_of(request: Request, *numbers: int) -> Retry:
    tries = (FailedTry(request.deliveries[one].way, None, 1) for one in numbers)
    return Retry(SAM, NOW, tuple(tries))


def asks(request: Request, person: Person, wish: Wish | None = None, **more: RequestId) -> object:
    wish = wish or Wish(request.id, 0, None)
    caller = Approver(person, frozenset())
    found = wished(request, RULES, wish, caller=caller, revocation=more.get("revocation"), now=NOW)
    return found if isinstance(found, Obstacle) else [each.target for each in found]


@pytest.mark.parametrize(
    ("person", "theirs"),
    [
        (MIKA, ["account-4", "account-10"]),
        (KIM, ["account-4", "account-10"]),
        (SAM, Obstacle.NOT_ENTITLED),
        (EVE, Obstacle.NOT_ENTITLED),
    ],
)
def test_the_requester_may_and_whoever_may_approve_that_target(person: Person, theirs: object) -> None:
    assert asks(partly(), person) == theirs


def test_of_all_that_failed_an_approver_gets_their_part() -> None:
    assert asks(partly(18), SAM) == ["account-16"]
    assert asks(partly(18), MIKA) == ["account-4", "account-10", "account-16"]


def test_a_member_of_a_group_that_may_approve_may() -> None:
    request = partly(18)
    caller = Approver(EVE, frozenset({"S0PLATFORM"}))
    found = wished(request, RULES, Wish(request.id, 0, None), caller=caller, revocation=None, now=NOW)
    assert [each.target for each in found if not isinstance(each, str)] == ["account-16"]


def test_one_is_meant_alone() -> None:
    request = partly()
    assert asks(request, MIKA, Wish(request.id, 0, request.deliveries[10].way)) == ["account-10"]
    assert asks(request, MIKA, Wish(request.id, 0, request.deliveries[0].way)) is Obstacle.NOTHING_FAILED
    assert asks(request, MIKA, Wish(request.id, 0, Way(image(9), "x", REGION))) is Obstacle.NOTHING_FAILED


def test_a_button_means_what_had_failed_when_it_was_shown() -> None:
    request = partly()
    since = replace(request, retries=(retry_of(request, 4),))
    one, other = (Wish(request.id, 0, request.deliveries[number].way) for number in (4, 10))
    assert asks(since, MIKA, one) is Obstacle.RETRIED_ALREADY
    assert asks(since, MIKA, Wish(request.id, 0, None)) is Obstacle.RETRIED_ALREADY
    assert asks(since, MIKA, other) == ["account-10"], "that one wasn't tried again"
    assert asks(since, MIKA, replace(one, known=1)) == ["account-4"], "it failed again since"


@pytest.mark.parametrize(
    ("request_", "obstacle"),
    [
        (replace(partly(), settled_at=None), Obstacle.NOT_IN_PLACE),
        (replace(partly(), failure=request_in(RequestState.FAILED).failure), Obstacle.NOT_IN_PLACE),
        (replace(partly(), ended_by=RequestId("R-0"), ended_because=Trigger.PERSON), Obstacle.TAKEN_BACK),
        (replace(partly(), ended_by=RequestId("R-0"), ended_because=Trigger.COPIES_DONE), Obstacle.SOURCE_CLOSED),
        (replace(partly(), ends_at=NOW), Obstacle.TIME_OVER),
        (partly(2), Obstacle.NOTHING_FAILED),
    ],
)
def test_what_stands_in_the_way(request_: Request, obstacle: Obstacle) -> None:
    assert asks(request_, MIKA) is obstacle


def test_what_is_to_be_taken_back_is_not_tried_again() -> None:
    assert asks(partly(), MIKA, revocation=RequestId("R-0")) is Obstacle.TO_BE_TAKEN_BACK
    assert asks(replace(partly(), ends_at=LATER), MIKA) == ["account-4", "account-10"]


@given(st.sampled_from(RequestState), st.sampled_from([None, NOW]), st.sampled_from([None, RequestId("R-0")]))
def test_only_failed_deliveries_are_ever_offered_and_only_under_permissions_that_were_approved(
    state: RequestState, settled_at: object, ended_by: RequestId | None
) -> None:
    request = replace(request_in(state, 12), settled_at=settled_at, ended_by=ended_by)
    for delivery in offered(request):
        assert delivery.state is DeliveryState.FAILED
        assert settled_at is not None
        assert ended_by is None


@pytest.mark.parametrize("obstacle", [None, *Obstacle])
@pytest.mark.parametrize("language", Language)
def test_there_are_words_for_every_obstacle(
    language: Language, obstacle: Obstacle | None, caplog: pytest.LogCaptureFixture
) -> None:
    request = partly()
    request = replace(request, retries=(retry_of(request, 4),))
    outcome = Outcome(request, obstacle, retry_of(request, 4), RequestId("R-0"))
    said = retried(speech(language), outcome, who="<@U0SAM>")
    assert said.endswith((".", "。"))
    assert caplog.text == ""


@given(st.text(), st.text())
def test_any_value_is_some_wish(anything: str, known: str) -> None:
    assert wish_of(anything).known >= 0
    way = Way(ImageId("ami-0"), "a:b", REGION)
    assert wish_of(f"R-0:{known.replace(':', '')}:ami-0:{REGION}:a:b").way == way


@pytest.mark.parametrize(("count", "buttons"), [(5, 1), (11, 3), (17, 4), (23, 1), (200, 1)])
@pytest.mark.parametrize("language", Language)
def test_few_have_a_button_each_and_many_one_for_all(language: Language, count: int, buttons: int) -> None:
    request = partly(count)
    made = following.retry_buttons(speech(language), request, request.failed)
    assert len(made) == buttons
    assert wrong_with_blocks([{"type": "actions", "elements": [each.to_dict() for each in made]}], "message") == []
    ways = [wish_of(str(each.value)).way for each in made]
    assert [way for way in ways if way] == [each.way for each in request.failed][: max(buttons - 1, count == 5)]


def test_a_button_names_what_tells_deliveries_apart() -> None:
    request = request_in(RequestState.COMPLETED, 12, images=2)
    all_failed = tuple(replace(each, state=DeliveryState.FAILED) for each in request.deliveries)
    failed = replace(partly(), deliveries=all_failed)
    made = following.retry_buttons(speech(Language.ENGLISH), failed, failed.deliveries[:2])
    assert texts_in(made[0].to_dict())[0] == f"Retry account-0, {image(0)}"


def test_the_notes_that_call_somebody_are_those_with_the_sign() -> None:
    say = speech(Language.ENGLISH)
    for kind in NoteKind:
        named = ("why", "parameter", "before", "newer", "copy", "place", "users", "what")
        note = Note(kind, (*((name, "x") for name in named), ("until", NOW.isoformat())))
        assert wording.calls(note) == (":warning:" in wording.note(say, note)), kind


def test_copies_that_fail_within_two_looks_fail_together() -> None:
    request = partly()
    told = replace(
        request,
        deliveries=tuple(
            replace(each, failure_batch=2 if each.state is DeliveryState.FAILED else 0) for each in request.deliveries
        ),
    )
    assert request.batch_of_failure(NOW) == 1, "none was told before"
    assert told.batch_of_failure(NOW + TOGETHER / 2) == 2
    assert told.batch_of_failure(NOW + TOGETHER) == 3
    waiting = tuple(replace(each, state=DeliveryState.WAITING) for each in told.deliveries)
    assert replace(told, deliveries=waiting).batch_of_failure(NOW) == 3, "what is tried again is told anew"


def test_the_bots_own_second_try_is_told_from_those_that_people_asked_for() -> None:
    request = partly()
    first, second = (replace(request.deliveries[4], attempt=attempt) for attempt in (1, 2))
    asked = replace(request, retries=(retry_of(request, 4),))
    assert not request.is_second_try(first)
    assert request.is_second_try(second)
    assert not asked.is_second_try(second)
    assert asked.is_second_try(replace(second, attempt=3))
