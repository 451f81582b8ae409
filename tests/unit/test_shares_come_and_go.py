"""Shares come and go among people who change the same lists by hand: nobody loses what is theirs, nothing is left.

The worker, the errands, the ledger and the plans are the real ones; AWS is `tests/lists.py`.
"""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, true

from aws_ops.entries import Entry, On
from aws_ops.facts import KeyAccess, SourceAccount
from aws_ops.ids import ImageId
from aws_ops.plan import Mode
from aws_ops.request import CopyRules
from sharing.auditing import Audits, audit_of
from sharing.estate import Estate
from sharing.ledger import Ledger
from sharing.requests import FailureKind, NewRequest, Person, Request, RequestId, RequestKind, revocation_of
from sharing.revoking import Revocations
from sharing.rules import ApprovalRule, ApprovalRules
from sharing.shares import Shares
from sharing.states import RequestState, is_final
from sharing.store import Store
from sharing.tables import metadata, requests
from sharing.worker import Worker
from tests.aws_ops.builders import GOLDEN, PROD, REGION, SNAPSHOT, STAGING, a_role, a_source, a_target
from tests.lists import BEHIND, KEY, OTHER, SECOND, Hands, Lists, Statement, deleted, stranger

# A part of them in each run, and ten times as many where all of all tests are run.
MANY = bool(os.environ.get("TORTURE"))
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIKA = Person("T0", "U0MIKA")
RULES = ApprovalRules((ApprovalRule("default", frozenset({"U0SAM"}), frozenset(), "C0"),))
TARGETS = {"staging": STAGING, "prod": PROD}
IMAGES = tuple(BEHIND)
RESOURCES = (*IMAGES, SNAPSHOT, SECOND, KEY)
# What people change by hand: few entries, so that they come back to the same ones.
BY_HAND = [
    Entry(On.IMAGE, GOLDEN, REGION, IMAGES[0], STAGING),
    Entry(On.SNAPSHOT, GOLDEN, REGION, SNAPSHOT, STAGING),
    Entry(On.IMAGE, GOLDEN, REGION, OTHER, PROD),
]
mostly = st.sampled_from([True, True, False])


def an_estate(access: KeyAccess) -> Estate:
    source = SourceAccount(a_source().name, a_role(GOLDEN), (REGION,), key_access=access)
    return Estate(sources=(source,), targets=tuple(a_target(account) for account in TARGETS.values()))


Wanted = tuple[list[ImageId], list[str], int | None]
shares: st.SearchStrategy[Wanted] = st.tuples(
    st.lists(st.sampled_from(IMAGES), min_size=1, unique=True),
    st.lists(st.sampled_from(sorted(TARGETS)), min_size=1, unique=True),
    st.sampled_from([None, None, 1, 2]),
)


class Shared(RuleBasedStateMachine):
    """One bot, and everybody else."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
        metadata.create_all(self.engine)
        self.lists, self.now, self.numbers = Lists(), START, count()
        self.statements: list[Statement] = list(self.lists.statements)
        # What active shares need and somebody took away by hand since it was last given.
        self.robbed: set[Entry] = set()
        self.requests: list[Request] = []
        self.needs: dict[RequestId, frozenset[Entry]] = {}
        self.facts = patch("sharing.shares.read_facts", lambda *_: self.lists.facts())
        self.facts.start()

    def teardown(self) -> None:
        try:
            self.everything_ends()
        finally:
            self.facts.stop()
            self.engine.dispose()

    @initialize(access=st.sampled_from(KeyAccess), first=st.lists(shares, min_size=1, max_size=3))
    def begin(self, access: KeyAccess, first: list[Wanted]) -> None:
        hands: Any = Hands(self.lists)
        estate, self.store = an_estate(access), Store(self.engine)
        self.worker = Worker(
            store=self.store,
            accounts=hands,
            estate=estate,
            clock=lambda: self.now,
            lease=timedelta(seconds=30),
            rules=RULES,
            errands={
                RequestKind.SHARE: Shares(hands, estate, CopyRules(), lambda: self.now),
                RequestKind.REVOKE: Revocations(hands, estate),
                RequestKind.AUDIT: Audits(hands, estate),
            },
        )
        for wanted in first:
            self.somebody_asks_for_a_share(wanted, at_once=True)

    # What is asked of the bot ----------------------------------------------------------------------------------------

    @rule(wanted=shares, at_once=mostly)
    def somebody_asks_for_a_share(self, wanted: Wanted, at_once: bool) -> None:
        images, targets, days = wanted
        ends_at = None if days is None else self.now + timedelta(days=days)
        origin = f"command:{next(self.numbers)}"
        self.ask(NewRequest(origin, MIKA, tuple(images), Mode.SHARE, tuple(targets), (), "", ends_at), at_once)

    @precondition(lambda self: any(one.revocable for one in self.requests))
    @rule(number=st.integers(0, 9), at_once=mostly)
    def somebody_asks_to_take_one_back(self, number: int, at_once: bool) -> None:
        there = [one for one in self.requests if one.revocable]
        self.ask(revocation_of(there[number % len(there)], MIKA, f"command:{next(self.numbers)}"), at_once)

    @rule(images=st.sampled_from([(), (), (IMAGES[0],), (OTHER,)]), at_once=mostly)
    def somebody_asks_for_an_audit(self, images: tuple[ImageId, ...], at_once: bool) -> None:
        self.ask(audit_of(MIKA, f"command:{next(self.numbers)}", images), at_once)

    @precondition(lambda self: self.waiting)
    @rule(number=st.integers(0, 9))
    def somebody_approves(self, number: int) -> None:
        self.approve(self.waiting[number % len(self.waiting)])

    def ask(self, new: NewRequest, at_once: bool) -> None:
        request = self.add(new)
        if at_once:
            self.approve(request)

    @rule(hours=st.sampled_from([1, 25]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.work()

    # What people do by hand ------------------------------------------------------------------------------------------

    @rule(entry=st.sampled_from(BY_HAND))
    def somebody_gives_or_takes(self, entry: Entry) -> None:
        if entry in self.lists.held:
            self.rob({entry})
        else:
            self.lists.give_by_hand(entry)
            self.robbed.discard(entry)

    @precondition(lambda self: self.left_over)
    @rule(number=st.integers(0, 9))
    def somebody_takes_what_is_left_over_and_gives_it_again(self, number: int) -> None:
        """With an audit in between, that sees it gone."""
        entry = self.left_over[number % len(self.left_over)]
        self.rob({entry})
        self.ask(audit_of(MIKA, f"command:{next(self.numbers)}"), at_once=False)
        self.lists.give_by_hand(entry)

    @property
    def left_over(self) -> list[Entry]:
        """What the bot gave on images and snapshots and no share needs any more."""
        there = self.lists.bots & self.lists.held - self.needed()
        return sorted((one for one in there if one.on in (On.IMAGE, On.SNAPSHOT)), key=str)

    @rule(entry=st.sampled_from(BY_HAND), calls=st.integers(0, 5))
    def somebody_takes_meanwhile(self, entry: Entry, calls: int) -> None:
        self.now_or_after(calls, lambda: self.rob({entry}))

    @rule(calls=st.sampled_from([None, 0, 1, 2, 3]))
    def somebody_adds_a_statement(self, calls: int | None) -> None:
        statement = stranger(next(self.numbers))

        def write() -> None:
            self.statements.append(statement)
            self.lists.write_by_hand(self.statements, keeping_the_bots=True)

        self.now_or_after(calls, write)

    @rule(throws_out=st.booleans())
    def somebody_takes_from_the_policy(self, throws_out: bool) -> None:
        """The bot's statements, or a principal of a statement of theirs, which is deleted."""
        if throws_out:
            self.robbed |= {entry for entry in self.lists.held if entry.on is On.KEY}
        else:
            first, *rest = self.statements
            self.statements = [first, *(one if "AIDA" in str(one) else deleted(one) for one in rest)]
        self.lists.write_by_hand(self.statements, keeping_the_bots=not throws_out)

    def now_or_after(self, calls: int | None, deed: Callable[[], None]) -> None:
        """Somebody does it at once, or in the middle of what the bot does next: after so many calls of it."""
        if calls is None:
            deed()
        else:
            self.lists.meanwhile.append((calls, deed))

    @rule(resource=st.sampled_from(RESOURCES), readable=st.booleans())
    def aws_refuses(self, resource: str, readable: bool) -> None:
        (self.lists.refused if readable else self.lists.unreadable).add(resource)

    @precondition(lambda self: self.broken)
    @rule()
    def all_is_mended(self) -> None:
        self.lists.refused.clear()
        self.lists.unreadable.clear()
        self.statements = [one for one in self.statements if "AIDA" not in str(one)]
        self.lists.write_by_hand(self.statements, keeping_the_bots=True)

    @property
    def broken(self) -> bool:
        return bool(self.lists.refused or self.lists.unreadable or "AIDA" in self.lists.policy.text)

    # What always holds -----------------------------------------------------------------------------------------------

    @invariant()
    def nobody_loses_what_is_theirs(self) -> None:
        assert self.lists.wrongs == []
        assert self.lists.theirs <= self.lists.held
        assert self.lists.statements == self.statements

    @invariant()
    def a_share_in_force_has_all_that_it_needs(self) -> None:
        assert self.needed() <= self.lists.held | self.robbed

    @invariant()
    def the_bot_makes_no_mistakes_of_its_own(self) -> None:
        failures = [one.failure for one in self.requests if one.failure is not None]
        assert [one for one in failures if one.kind is FailureKind.UNEXPECTED] == []

    def everything_ends(self) -> None:
        """Once all is mended, put right and taken back, AWS holds what it would hold by hand alone."""
        if not hasattr(self, "store"):
            return
        self.all_is_mended()
        self.lists.meanwhile.clear()
        self.time_passes(25)
        self.approve(self.add(audit_of(MIKA, "the last audit")))
        assert self.needed() <= self.lists.held, "an audit has put it right"
        kept = self.needed() | self.lists.readers_due
        assert self.lists.bots & self.lists.held <= kept, "and taken back what nobody needs"
        while going := [one for one in self.requests if one.revocable and one.ended_by is None]:
            self.approve(self.add(revocation_of(going[0], MIKA, f"last:{next(self.numbers)}")))
        self.approve(self.add(audit_of(MIKA, "what is left")))
        for one in self.requests:
            if one.revocable:
                self.approve(self.add(revocation_of(one, MIKA, f"last:{next(self.numbers)}")))
        self.nobody_loses_what_is_theirs()
        assert self.lists.held == self.lists.theirs, "nothing of the bot's is left behind"

    # How it is done --------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Read what is stored now."""
        with self.store.transaction() as tx:
            ids = tx.connection.scalars(select(requests.c.id).order_by(requests.c.created_at, requests.c.origin)).all()
            found = {one.id: one for one in tx.look(true(), len(ids))}
            self.requests = [found[RequestId(one)] for one in ids]
            self.needs = {one.id: Ledger(tx).needs_of(one.id) for one in self.requests}

    @property
    def waiting(self) -> list[Request]:
        return [one for one in self.requests if one.state is RequestState.AWAITING_APPROVAL]

    def needed(self) -> frozenset[Entry]:
        """What the shares in force rest on."""
        in_force = [one for one in self.requests if one.state is RequestState.COMPLETED and one.ended_by is None]
        return self.needs_of(one for one in in_force if one.kind is RequestKind.SHARE)

    def needs_of(self, some: Iterable[Request]) -> frozenset[Entry]:
        return frozenset[Entry]().union(*(self.needs[one.id] for one in some))

    def rob(self, entries: set[Entry]) -> None:
        for entry in entries:
            self.lists.take_by_hand(entry)
        self.robbed |= entries

    def add(self, new: NewRequest) -> Request:
        request = self.store.add(new, self.now)
        self.work()
        return next(one for one in self.requests if one.id == request.id)

    def approve(self, request: Request) -> None:
        if request.state is not RequestState.AWAITING_APPROVAL:
            return
        with self.store.transaction() as tx:
            tx.move(tx.find(request.id), RequestState.APPROVED, self.now)
        self.work()

    def work(self) -> None:
        """Let the bot do what is due, and try again what doesn't work out at once."""
        before = {one.id: one for one in self.requests}
        for _ in range(40):
            while self.worker.run_once():
                pass
            self.look()
            if all(is_final(one.state) or one.state is RequestState.AWAITING_APPROVAL for one in self.requests):
                break
            self.now += timedelta(minutes=5)
        self.robbed -= self.lists.held
        self.let_go(before)

    def let_go(self, before: dict[RequestId, Request]) -> None:
        """The bot has no claim any more to what it finds gone once nobody needs it: whoever gives it again keeps it."""
        gone = self.lists.bots - self.lists.held - self.needed()
        for one in self.requests:
            was = before.get(one.id)
            if one.kind is RequestKind.REVOKE and one.settled_at and not (was and was.settled_at):
                self.lists.bots -= gone & self.needs[RequestId(str(one.of))] - set(one.approved_plan.left)
            elif one.kind is RequestKind.AUDIT and one.plan and not (was and was.plan):
                seen = {entry for entry in gone if entry.resource not in self.lists.unreadable}
                self.lists.bots -= seen & set(one.plan.gone) if one.image_ids else seen


@pytest.mark.timeout(1500 if MANY else 300)
def test_shares_come_and_go_in_any_order_and_nobody_loses_what_is_theirs() -> None:
    histories = settings(max_examples=400 if MANY else 40, stateful_step_count=25)
    run_state_machine_as_test(Shared, settings=histories)
