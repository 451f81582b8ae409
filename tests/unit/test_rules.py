"""Rules: the first that applies decides, and votes count for what they were cast on."""

from collections.abc import Set
from dataclasses import replace
from datetime import timedelta

import pytest

from aws_ops.ids import AccountId
from sharing.requests import Decision, Edit, Person, Request, RequestKind, Verdict
from sharing.rules import EVERYTHING, ApprovalRule, ApprovalRules, Barred, Scope, granted, never_reached, tally
from sharing.states import RequestState
from tests.unit.test_messages import NOW, OWNER, request_in

ANA, BEN, MIKA = (Person("T0", f"U0{name}") for name in ("ANA", "BEN", "MIKA"))


def rule(name: str, scope: Scope = EVERYTHING, approvals: int = 1, never: Set[Barred] = frozenset()) -> ApprovalRule:
    users = frozenset({ANA.user_id, BEN.user_id})
    return ApprovalRule(name, users, frozenset(), "C0", approvals, frozenset(never), scope=scope)


def rules(*some: ApprovalRule) -> ApprovalRules:
    sources = {OWNER: "images", AccountId("999999999999"): "vault"}
    return ApprovalRules((*some, rule("default")), sources, {"account-1": "production", "account-2": "prod-eu"})


def request(count: int = 3) -> Request:
    return replace(request_in(RequestState.AWAITING_APPROVAL, count), decisions=(), edits=())


def parts(those: ApprovalRules, of: Request) -> dict[str, tuple[str, ...]]:
    return {part.rule.name: part.targets for part in those.parts_of(of)}


def vote(on: Request, who: Person, verdict: Verdict, *targets: str, by: str = "default") -> Decision:
    return Decision(who, verdict, "", str(on.plan_digest), NOW, by, targets or on.targets)


def test_without_rules_everything_is_one_part() -> None:
    assert parts(rules(), request()) == {"default": ("account-0", "account-1", "account-2")}


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        (Scope(targets=frozenset({"account-1"})), ("account-1",)),
        (Scope(targets=frozenset({"*-[02]"})), ("account-0", "account-2")),
        (Scope(environments=frozenset({"prod*"})), ("account-1", "account-2")),
        (Scope(environments=frozenset({"*"})), ("account-1", "account-2")),
        (Scope(sources=frozenset({"images"})), ("account-0", "account-1", "account-2")),
        (Scope(sources=frozenset({"vault"})), ()),
        (Scope(requesters=frozenset({"U0MIKA"})), ("account-0", "account-1", "account-2")),
        (Scope(requesters=frozenset({"S0CONTRACTORS"})), ("account-0", "account-1", "account-2")),
        (Scope(requesters=frozenset({"U0SAM", "S0OTHERS"})), ()),
        (Scope(targets=frozenset({"account-1"}), environments=frozenset({"prod-eu"})), ()),
        (Scope(kinds=frozenset({RequestKind.AUDIT})), ()),
    ],
)
def test_a_rule_takes_what_fits_all_that_it_names(scope: Scope, taken: tuple[str, ...]) -> None:
    asked = replace(request(), requester_groups=frozenset({"S0CONTRACTORS"}))
    assert parts(rules(rule("special", scope)), asked).get("special", ()) == taken


def test_the_first_rule_that_fits_decides() -> None:
    first = rule("first", Scope(targets=frozenset({"account-1"})))
    second = rule("second", Scope(targets=frozenset({"account-[12]"})))
    assert parts(rules(first, second), request()) == {
        "first": ("account-1",),
        "second": ("account-2",),
        "default": ("account-0",),
    }


def test_images_of_two_sources_put_a_target_under_the_rules_of_both() -> None:
    asked = request(1)
    assert asked.plan is not None
    (image,) = asked.plan.images
    of_both = replace(asked.plan, images=(image, replace(image, owner=AccountId("999999999999"))))
    both = rules(rule("vault", Scope(sources=frozenset({"vault"}))))
    asked = replace(asked, plan=of_both)
    assert parts(both, asked) == {"vault": ("account-0",), "default": ("account-0",)}
    approved = replace(asked, decisions=(vote(asked, ANA, Verdict.APPROVED),))
    assert granted(both.tallies_of(approved), approved) is None, "one of two rules isn't enough"


def test_what_has_no_targets_is_one_part_by_default_or_by_its_kind() -> None:
    audit = replace(request(), kind=RequestKind.AUDIT, targets=())
    everything = rule("shares", Scope())
    assert parts(rules(everything), audit) == {"default": ()}
    mending = rule("mending", Scope(kinds=frozenset({RequestKind.AUDIT})))
    assert parts(rules(mending, everything), audit) == {"mending": ()}


def test_people_are_counted_once() -> None:
    asked = request()
    (part,) = rules().parts_of(asked)
    part = replace(part, rule=replace(part.rule, approvals=2))
    twice = replace(asked, decisions=(vote(asked, ANA, Verdict.APPROVED),) * 2)
    assert tally(part, twice).verdict is None
    assert tally(part, twice).missing == 1
    both = replace(asked, decisions=(vote(asked, ANA, Verdict.APPROVED), vote(asked, BEN, Verdict.APPROVED)))
    assert tally(part, both).verdict is Verdict.APPROVED


@pytest.mark.parametrize(
    "change",
    [
        {"plan_digest": "f" * 64},
        {"at": NOW - timedelta(seconds=1)},
        {"rule": "another"},
        {"targets": ("account-0", "account-1")},
    ],
)
def test_an_approval_of_something_else_doesnt_count(change: dict[str, object]) -> None:
    asked = request()
    approval = vote(asked, ANA, Verdict.APPROVED)
    (part,) = rules().parts_of(asked)
    assert tally(part, replace(asked, decisions=(approval,))).verdict is Verdict.APPROVED
    other = replace(approval, **change)  # type: ignore[arg-type]
    assert tally(part, replace(asked, decisions=(other,))).verdict is None


def test_one_denial_is_enough() -> None:
    asked = request()
    votes = (vote(asked, ANA, Verdict.APPROVED), vote(asked, BEN, Verdict.DENIED))
    (part,) = rules(rule("two", approvals=2)).parts_of(asked)
    votes = tuple(replace(each, rule="two") for each in votes)
    assert tally(part, replace(asked, decisions=votes)).verdict is Verdict.DENIED


def test_a_denied_target_stays_out_even_if_the_rules_are_renamed() -> None:
    asked = request()
    denied = vote(asked, BEN, Verdict.DENIED, "account-1", by="gone")
    approved = replace(asked, decisions=(denied, vote(asked, ANA, Verdict.APPROVED)))
    assert granted(rules().tallies_of(approved), approved) == ("account-0", "account-2")


def test_who_is_barred_is_barred_though_named() -> None:
    strict = rule("strict", never={Barred.REQUESTER, Barred.LAST_EDITOR})
    asked = replace(request(), requester=MIKA, edits=(Edit(BEN, NOW, ("x",)), Edit(ANA, NOW, ("y",))))
    assert strict.bars(MIKA, asked) is Barred.REQUESTER
    assert strict.bars(ANA, asked) is Barred.LAST_EDITOR
    assert strict.bars(BEN, asked) is None, "only the last one"
    assert rule("lenient").bars(MIKA, asked) is None


@pytest.mark.parametrize(
    ("earlier", "later", "reached"),
    [
        (Scope(), Scope(targets=frozenset({"prod"})), False),
        (Scope(targets=frozenset({"p*"})), Scope(targets=frozenset({"prod"})), False),
        (Scope(environments=frozenset({"live"})), Scope(targets=frozenset({"prod"})), False),
        (Scope(targets=frozenset({"staging"})), Scope(targets=frozenset({"prod"})), True),
        (Scope(requesters=frozenset({"U0A"})), Scope(targets=frozenset({"prod"})), True),
        (Scope(requesters=frozenset({"U0A", "U0B"})), Scope(requesters=frozenset({"U0A"})), False),
        (Scope(requesters=frozenset({"U0A"})), Scope(requesters=frozenset({"U0A", "U0B"})), True),
        (Scope(sources=frozenset({"images"})), Scope(targets=frozenset({"prod"})), True),
        (Scope(kinds=frozenset({RequestKind.SHARE})), Scope(targets=frozenset({"prod"})), True),
        (Scope(), Scope(kinds=frozenset({RequestKind.AUDIT})), True),
        (Scope(), Scope(targets=frozenset({"not-yet-*"})), True),
    ],
)
def test_a_rule_after_one_that_takes_all_it_would_is_never_reached(
    earlier: Scope, later: Scope, *, reached: bool
) -> None:
    found = never_reached(
        [rule("earlier", earlier), rule("later", later)], {"images"}, {"prod": "live", "staging": None}
    )
    assert found == ([] if reached else ["later"])
