"""Taking back: what was there before is there after, and what others need or gave is never touched."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.causes import at
from aws_ops.cautions import CautionKind
from aws_ops.changes import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    CreateKeyGrant,
    DeregisterCopy,
    Grant,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    Withdrawal,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from aws_ops.entries import Entry, On, entries_of, grants_of, removable, withdrawals_of
from aws_ops.facts import Facts, KeyFacts, SourceAccount, Unreadable
from aws_ops.held import Held
from aws_ops.ids import ImageId, KeyArn
from aws_ops.key_policy import KeyPolicy
from aws_ops.plan import Plan, RefusalKind, Refused, ShareRequest, exceeds, plan_share
from aws_ops.request import Mode
from aws_ops.revocation import plan_revocation
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    NO_ENTRY,
    REGION,
    SNAPSHOT,
    STAGING,
    a_key,
    a_key_arn,
    a_policy,
    a_principal,
    a_request,
    a_source,
    after,
    an_image,
    held_in,
    some_facts,
    told,
)
from tests.aws_ops.test_plan import a_source_by_either_access, facts_in_any_state, reencrypted, requests

KEY = a_key_arn(GOLDEN)
ORGANIZATION = "arn:aws:organizations::111111111111:organization/o-exampleorg1"


def carried_out(changes: Iterable[Any], facts: Facts) -> Facts:
    for change in changes:
        facts = after(change, facts) if isinstance(change, Grant | Withdrawal) else facts
    return facts


def given_by(plan: Plan) -> frozenset[Entry]:
    return entries_of(change for change in plan.changes if isinstance(change, Grant))


def state_of(facts: Facts) -> tuple[Any, ...]:
    """Everything that a share could change at the source."""
    return (
        {image.image_id: image.launch_permission | image.launch_groups for image in facts.images.values()},
        {one.snapshot_id: one.create_volume_permission for one in facts.snapshots.values()},
        {arn: key.policy for arn, key in facts.keys.items() if isinstance(key, KeyFacts)},
        {arn: frozenset(key.grants) for arn, key in facts.keys.items()},
    )


def revocation(share: Plan, due: frozenset[Entry], held: Held, copies: tuple[DeregisterCopy, ...] = ()) -> Plan:
    plan = plan_revocation(share, due, held, copies)
    assert isinstance(plan, Plan), plan
    return plan


def a_share(mode: Mode = Mode.COPY, facts: Facts | None = None) -> tuple[Plan, Facts]:
    """A share that was carried out, and the facts after it."""
    facts = facts or some_facts()
    plan = plan_share(a_request(mode=mode), [a_source()], facts)
    assert isinstance(plan, Plan)
    return plan, carried_out(plan.changes, facts)


# What always holds ---------------------------------------------------------------------------------------------------


# A share gives nothing before its re-encryptions are there, and is planned anew once they are.
facts_to_share_from = facts_in_any_state().map(lambda facts: reencrypted(facts, facts.reencryptions))


@given(facts_to_share_from, requests(), a_source_by_either_access)
def test_a_share_taken_back_leaves_everything_as_it_was_whatever_that_was(
    facts: Facts, request_: ShareRequest, source: SourceAccount
) -> None:
    share = plan_share(request_, [source], facts)
    if isinstance(share, Refused):
        return
    shared = carried_out(share.changes, facts)
    back = revocation(share, removable(given_by(share), frozenset()), held_in(shared))
    assert state_of(carried_out(back.changes, shared)) == state_of(facts)
    again = revocation(share, given_by(share), held_in(facts))
    assert again.changes == (), "what isn't there needs no taking back"
    assert exceeds(again, back) == ()


asked_of_a_source = st.tuples(requests(), a_source_by_either_access)


@given(facts_to_share_from, asked_of_a_source, asked_of_a_source, st.booleans())
def test_a_share_stays_whole_when_another_is_taken_back_even_if_the_settings_change_in_between(
    facts: Facts, one: tuple[ShareRequest, SourceAccount], two: tuple[ShareRequest, SourceAccount], first_goes: bool
) -> None:
    first = plan_share(one[0], [one[1]], facts)
    if isinstance(first, Refused):
        return
    after_first = carried_out(first.changes, facts)
    second = plan_share(two[0], [two[1]], after_first)
    if isinstance(second, Refused):
        return
    both = carried_out(second.changes, after_first)
    ledger = given_by(first) | given_by(second)
    goes, stays = (first, second) if first_goes else (second, first)
    due = removable(ledger & entries_of(goes.grants), entries_of(stays.grants))
    left = carried_out(revocation(goes, due, held_in(both)).changes, both)
    assert entries_of(stays.grants) <= held_in(left).entries, "nothing it rests on is gone"

    rest = removable((ledger - due) & entries_of(stays.grants), frozenset())
    ended = carried_out(revocation(stays, rest, held_in(left)).changes, left)
    assert state_of(ended) == state_of(facts), "in whatever order they go"


ENTRIES = [
    Entry(on, GOLDEN, REGION, resource, grantee)
    for on, resource in ((On.KEY, KEY), (On.GRANT, KEY), (On.SNAPSHOT, SNAPSHOT), (On.IMAGE, IMAGE))
    for grantee in ("a", "b", "c")
]
some_entries = st.frozensets(st.sampled_from(ENTRIES))


@given(some_entries)
def test_entries_are_grants_and_withdrawals_in_pieces(entries: frozenset[Entry]) -> None:
    assert entries_of(grants_of(entries)) == entries
    assert entries_of(withdrawals_of(entries)) == entries
    giving = [type(change) for change in grants_of(entries)]
    keys_first = [AllowKeyUse, AllowKeyAdministration, CreateKeyGrant, AddCreateVolumePermission, AddLaunchPermission]
    assert giving == sorted(giving, key=keys_first.index)
    taking = [type(change) for change in withdrawals_of(entries)]
    keys_last = [
        RemoveLaunchPermission,
        RemoveCreateVolumePermission,
        RevokeKeyGrant,
        WithdrawKeyAdministration,
        WithdrawKeyUse,
    ]
    assert taking == sorted(taking, key=keys_last.index)


# By example ----------------------------------------------------------------------------------------------------------


def test_the_copies_go_last() -> None:
    share, facts = a_share()
    copy = DeregisterCopy(STAGING, REGION, ImageId("ami-22222222222222222"))
    back = revocation(share, given_by(share), held_in(facts), (copy,))
    assert [change.kind for change in back.changes] == [
        "remove_launch_permission",
        "remove_create_volume_permission",
        "withdraw_key_use",
        "deregister_copy",
    ]


def test_a_principal_that_is_only_half_there_goes_all_the_same() -> None:
    share, facts = a_share()
    [use, _grants] = facts.keys[KEY].policy.statements[1:]
    half = replace(facts, keys={KEY: a_key(policy=a_policy(dict(use)))})
    back = revocation(share, given_by(share), held_in(half))
    assert a_principal(STAGING, "root") in back.changes[-1].principals


def test_what_is_gone_needs_no_taking_back() -> None:
    share, _ = a_share()
    assert revocation(share, given_by(share), Held(gone=frozenset({IMAGE, SNAPSHOT, KEY}))).changes == ()


def with_a_stranger_deleted(facts: Facts) -> Held:
    """What is held, with a principal in somebody else's statement that no longer exists."""
    policy: KeyPolicy = facts.keys[KEY].policy
    dead = {"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE"}, "Action": "kms:*", "Resource": "*"}
    return replace(held_in(facts), policies={KeyArn(KEY): policy.with_statements([*policy.statements, dead])})


def test_what_cannot_be_taken_back_holds_nothing_else_back_and_is_told() -> None:
    share, facts = a_share()
    given_ = given_by(share)
    [image] = (entry for entry in given_ if entry.on is On.IMAGE)
    users = {entry for entry in given_ if entry.on is On.KEY}
    blind = with_a_stranger_deleted(facts)
    blind = replace(blind, entries=blind.entries - {image}, unreadable={IMAGE: Unreadable(NO_ENTRY)})
    back = revocation(share, given_, blind)
    assert [change.kind for change in back.changes] == ["remove_create_volume_permission"]
    assert set(back.left) == {image, *users}
    assert back.gone == ()
    assert [(one.kind, told(one)) for one in back.obstacles] == [
        (RefusalKind.SOURCE_UNREADABLE, {"why": at(IMAGE, NO_ENTRY)}),
        (RefusalKind.POLICY_DELETED_PRINCIPALS, {"key": KEY, "principals": "AROAEXAMPLE"}),
    ]


def test_where_nothing_can_be_taken_back_the_plan_is_refused() -> None:
    share, facts = a_share()
    blind = Held(unreadable=dict.fromkeys((IMAGE, SNAPSHOT, KEY), Unreadable(NO_ENTRY)))
    refused = plan_revocation(share, given_by(share), blind, ())
    assert isinstance(refused, Refused)
    assert [(one.kind, told(one)) for one in refused.refusals] == [
        (RefusalKind.SOURCE_UNREADABLE, {"why": at(resource, NO_ENTRY)}) for resource in (IMAGE, KEY, SNAPSHOT)
    ]
    users = frozenset(entry for entry in given_by(share) if entry.on is On.KEY)
    refused = plan_revocation(share, users, with_a_stranger_deleted(facts), ())
    assert isinstance(refused, Refused)
    assert [one.kind for one in refused.refusals] == [RefusalKind.POLICY_DELETED_PRINCIPALS]


def test_what_cannot_be_looked_at_and_is_not_due_stands_against_nothing() -> None:
    share, facts = a_share()
    due = frozenset(entry for entry in given_by(share) if entry.on is On.SNAPSHOT)
    held = replace(held_in(facts), unreadable={IMAGE: Unreadable(NO_ENTRY)})
    assert revocation(share, due, held).left == ()


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        (Mode.COPY, [CautionKind.STILL_SHARED]),
        (Mode.SHARE, [CautionKind.STILL_SHARED, CautionKind.VOLUMES_NEED_KEY]),
    ],
)
def test_what_to_know_before_taking_back(mode: Mode, kinds: list[CautionKind]) -> None:
    share, facts = a_share(mode, some_facts(an_image(launch_groups=frozenset({ORGANIZATION}))))
    back = revocation(share, given_by(share), held_in(facts))
    assert [caution.kind for caution in back.cautions] == kinds
