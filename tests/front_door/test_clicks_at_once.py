"""Twenty approvers decide on one request at the same moment: one decision stands, and everybody else is told so."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sharing.requests import RequestId, Verdict
from sharing.states import RequestState
from tests.at_once import at_once
from tests.front_door.test_taking_back import request_id
from tests.postgres import ON_BOTH
from tests.stage import REGION, Stage

APPROVE, DENY = "ami_share_approve", "ami_share_deny"
ROUNDS = 6


@pytest.fixture
def approvers(stage: Stage) -> list[Any]:
    people = [stage.slack.user(f"approver-{number}") for number in range(20)]
    stage.room.members |= {person.id for person in people}
    ids = ", ".join(f'"{person.id}"' for person in people)
    stage.add_settings(f'\n[[approval.rules]]\nname = "shares"\ntargets = ["*"]\nusers = [{ids}]\n')
    return people


def deeds(stage: Stage, approvers: list[Any]) -> list[Callable[[], Any]]:
    """Every other approver has the form for a denial before them already; their deed is to submit it."""
    shown = stage.approval
    denying = approvers[1::2]
    for person in denying:
        stage.clicks(person, DENY, shown)
    return [
        partial(stage.slack.submit, person, {"reason": "no"})
        if person in denying
        else partial(stage.slack.click, person, shown, APPROVE)
        for person in approvers
    ]


@ON_BOTH
def test_one_decision_stands_and_nineteen_hear_that_they_were_later(stage: Stage, approvers: list[Any]) -> None:
    for _ in range(ROUNDS):
        stage.types(stage.kim, f"{stage.images.image(REGION)} to staging no copy")
        stage.work()
        request = RequestId(request_id(stage))
        before = {person.id: len(stage.private(person)) for person in approvers}
        at_once(deeds(stage, approvers))
        stage.listeners.drain()

        stored = stage.bot.store.get(request)
        (decision,) = stored.decisions
        approved = decision.verdict is Verdict.APPROVED
        assert stored.state is (RequestState.APPROVED if approved else RequestState.DENIED)
        trail = [(actor, kind) for _, actor, kind, _ in stage.bot.store.audit_trail(request)]
        assert [each for each in trail if each[1] in set(Verdict)] == [(decision.person.user_id, decision.verdict)]

        for person in approvers:
            answers = stage.private(person)[before[person.id] :]
            if person.id == decision.person.user_id:
                assert answers == []
            else:
                (answer,) = answers
                assert f"decided already: {decision.verdict} by @approver-" in answer
        stage.work()
