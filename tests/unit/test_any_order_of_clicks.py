"""Any order of clicks: a request runs only with targets that enough entitled people approved on the plan that runs."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws_ops.ids import AccountId, ImageId
from aws_ops.plan import AddLaunchPermission, Mode, Plan
from sharing import database
from sharing.approval import Approver, Ballot, asked, cancel, decide, move_on, narrow
from sharing.requests import NewRequest, Person, Request, Verdict
from sharing.rules import EVERYTHING, ApprovalRule, ApprovalRules, Barred, Scope
from sharing.states import RequestState
from sharing.store import Store
from tests.unit.test_messages import REGION, plan_for

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = [Person("T0", f"U0{name}") for name in ("MIKA", "ANA", "BEN", "EVE")]
MIKA, ANA, BEN, EVE = PEOPLE
# Ben is entitled by the group alone, and not always in it; Eve is nobody.
GROUP = "S0PLATFORM"
TARGETS = ("dev", "staging", "prod-1", "prod-2")
RULES = ApprovalRules(
    (
        ApprovalRule(
            "prod",
            frozenset({MIKA.user_id, ANA.user_id}),
            frozenset({GROUP}),
            "C0",
            approvals=2,
            never=frozenset({Barred.LAST_EDITOR}),
            expires_after=timedelta(hours=10),
            scope=Scope(targets=frozenset({"prod-*"})),
        ),
        ApprovalRule("default", frozenset({MIKA.user_id, ANA.user_id}), frozenset(), "C0", scope=EVERYTHING),
    )
)
NEEDED = {"prod": 2, "default": 1}


@dataclass(frozen=True)
class Click:
    """Somebody's click, on a message as it stood after an earlier number of plans, or the passing of hours.

    Attributes:
        lost: who has lost the right to decide by then, whatever they approved.
    """

    person: Person
    in_group: bool
    deed: str
    rule: str
    age: int
    keep: frozenset[str]
    lost: frozenset[Person]


clicks = st.builds(
    Click,
    st.sampled_from([*PEOPLE, ANA, ANA, BEN]),
    st.sampled_from([True, True, False]),
    st.sampled_from(["approve"] * 10 + ["deny", "narrow", "cancel", "hours"]),
    st.sampled_from(["prod", "prod", "default", "default", ""]),
    st.sampled_from([0, 0, 0, 0, 1]),
    st.frozensets(st.sampled_from(TARGETS), min_size=2),
    st.sampled_from([frozenset()] * 4 + [frozenset({ANA}), frozenset({BEN})]),
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
    database.upgrade(engine)
    yield Store(engine)
    engine.dispose()


numbers = count()


class World:
    """A request on two parts, and what a careful clerk would note beside it."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, START
        new = NewRequest(f"command:{next(numbers)}", MIKA, (ImageId("ami-0"),), Mode.SHARE, TARGETS, (), "")
        self.request = store.add(new, self.now)
        self.digests: list[str] = []
        self.approved: dict[tuple[str, str], set[Person]] = defaultdict(set)
        self.denied: set[tuple[str, str]] = set()
        self.editor: Person | None = None
        self.ask()

    def ask(self) -> None:
        accounts = tuple(AccountId(f"{TARGETS.index(target):012}") for target in self.request.targets)
        grant = AddLaunchPermission(AccountId("111111111111"), REGION, ImageId("ami-0"), accounts)
        plan = Plan(Mode.SHARE, plan_for(1, 1, "golden").images, (grant,), (grant,))
        with self.store.transaction() as tx:
            tx.set_plan(self.request, plan, None)
            columns = asked(replace(self.request, plan=plan), RULES, self.now)
            self.request = tx.move(self.request, RequestState.AWAITING_APPROVAL, self.now, **columns)
        self.asked_at = self.now
        self.digests.append(str(self.request.plan_digest))

    def take(self, click: Click) -> None:
        digest = self.digests[max(0, len(self.digests) - 1 - click.age)]
        approver = Approver(click.person, {GROUP} if click.in_group else set())
        match click.deed:
            case "approve" | "deny":
                self.vote(click, approver, digest)
            case "narrow":
                request_id, keep = self.request.id, click.keep
                outcome = narrow(
                    self.store, RULES, request_id, approver=approver, keep=keep, plan_digest=digest, now=self.now
                )
                if outcome.objection is None:
                    assert self.entitled(click, "prod") or self.entitled(click, "default")
                    self.editor = click.person
                    self.request = outcome.request
                    self.ask()
            case "cancel":
                outcome = cancel(self.store, self.request.id, click.person, self.now)
                assert outcome.objection is not None or click.person == MIKA
            case _:
                self.now += timedelta(hours=6)
                with self.store.transaction() as tx:
                    request = tx.find(self.request.id)
                    if request.state is RequestState.AWAITING_APPROVAL:
                        move_on(tx, RULES, request, self.now)
        self.request = self.store.get(self.request.id)

    def vote(self, click: Click, approver: Approver, digest: str) -> None:
        before = self.request
        verdict = Verdict.APPROVED if click.deed == "approve" else Verdict.DENIED
        ballot = Ballot(before.id, digest, click.rule)
        lost = click.lost - {click.person} if verdict is Verdict.APPROVED else frozenset()
        outcome = decide(
            self.store, RULES, ballot, approver=approver, verdict=verdict, reason="", now=self.now, lost=lost
        )
        if outcome.objection is not None:
            return
        assert before.state is RequestState.AWAITING_APPROVAL
        assert digest == before.plan_digest
        assert outcome.tally is not None
        rule = outcome.tally.part.rule.name
        assert self.entitled(click, rule)
        assert self.now < self.asked_at + outcome.tally.part.rule.expires_after
        for target in outcome.tally.part.targets:
            if verdict is Verdict.APPROVED:
                self.approved[digest, target] -= lost
                self.approved[digest, target].add(click.person)
            else:
                self.denied.add((digest, target))

    def entitled(self, click: Click, rule: str) -> bool:
        if rule == "default":
            return click.person == ANA  # Mika asked for it
        return (click.person in (MIKA, ANA) or click.in_group) and click.person != self.editor


def rule_of(target: str) -> str:
    return "prod" if target.startswith("prod-") else "default"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(clicks, min_size=8, max_size=30))
def test_a_request_runs_only_with_targets_that_enough_entitled_people_approved(store: Store, some: list[Click]) -> None:
    world = World(store)
    for click in some:
        world.take(click)
    request: Request = world.request
    digest = str(request.plan_digest)
    if request.state is RequestState.APPROVED:
        assert request.targets
        for target in request.targets:
            assert len(world.approved[digest, target]) >= NEEDED[rule_of(target)]
            assert (digest, target) not in world.denied
    if request.state in (RequestState.DENIED, RequestState.EXPIRED):
        granted = [
            target
            for target in request.targets
            if len(world.approved[digest, target]) >= NEEDED[rule_of(target)] and (digest, target) not in world.denied
        ]
        assert granted == [], "what was approved runs"
