"""Audits: what the books say beside what is there; put right, nothing differs any more and nobody lost anything."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aws_ops.audit import Books, LostCopy, SharedImage, SharedImages, plan_audit
from aws_ops.causes import CauseKind, because
from aws_ops.cautions import CautionKind
from aws_ops.changes import Grant, Withdrawal
from aws_ops.entries import Entry, On, entries_of
from aws_ops.facts import Unreadable
from aws_ops.held import Held
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.membership import Membership
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    NO_ENTRY,
    PROD,
    REGION,
    SNAPSHOT,
    STAGING,
    STRANGER,
    a_key_arn,
    a_policy,
    a_principal,
    a_unit,
    an_organization,
    told,
)

KEY = a_key_arn(GOLDEN)
KNOWN = frozenset({STAGING, PROD})
ENTRIES = [
    *(Entry(on, GOLDEN, REGION, KEY, a_principal(a)) for on in (On.KEY, On.GRANT) for a in sorted(KNOWN)),
    *(Entry(On.SNAPSHOT, GOLDEN, REGION, SNAPSHOT, account) for account in (*sorted(KNOWN), STRANGER)),
    *(Entry(On.IMAGE, GOLDEN, REGION, IMAGE, account) for account in (*sorted(KNOWN), STRANGER)),
]
OWNERS = Entry(On.IMAGE, GOLDEN, REGION, IMAGE, GOLDEN)
some = st.frozensets(st.sampled_from(ENTRIES))
readers = st.frozensets(st.sampled_from([entry for entry in ENTRIES if entry.on is On.SNAPSHOT]))
HOME = (GOLDEN, REGION)


def images_in(world: frozenset[Entry], blind: frozenset[tuple[AccountId, Region]] = frozenset()) -> SharedImages:
    """The image as it is shared in that world, if it can be looked at."""
    accounts = {on: frozenset(e.grantee for e in world if e.on is on) for on in On}
    image = SharedImage(IMAGE, GOLDEN, REGION, accounts[On.IMAGE], frozenset(), {SNAPSHOT: accounts[On.SNAPSHOT]})
    return SharedImages(() if blind else (image,), behind=None, blind=blind)


@given(
    st.builds(Books, some, some, some, st.just(KNOWN | {GOLDEN}), readers),
    st.frozensets(st.sampled_from([*ENTRIES, OWNERS])),
    st.sampled_from([frozenset[tuple[AccountId, Region]](), frozenset({HOME})]),
)
def test_put_right_nothing_differs_and_nobody_lost_what_is_theirs(
    books: Books, world: frozenset[Entry], blind: frozenset[tuple[AccountId, Region]]
) -> None:
    needed, under_way, gave = books.needed, books.under_way, books.given
    plan = plan_audit(books, Held(world), images_in(world, blind), [])
    added = entries_of(one for one in plan.changes if isinstance(one, Grant))
    taken = entries_of(one for one in plan.changes if isinstance(one, Withdrawal))
    assert not added & world, "nothing is given twice"
    assert GOLDEN not in {entry.grantee for entry in added}, "the owner needs nothing, and would never be listed"
    assert taken <= gave & world, "nothing is taken but what the bot gave"
    assert not taken & (needed | under_way), "and nothing that anybody needs"
    after = (world | added) - taken
    kept = entries_of(plan.grants)
    assert needed | kept <= after
    settled = Books(needed, under_way, (gave | added) - taken, books.known, books.mended | kept)
    again = plan_audit(settled, Held(after), images_in(after, blind), [])
    assert again.changes == ()
    launching = {entry.grantee for entry in after if entry.on is On.IMAGE}
    for entry in (books.mended | kept) & gave & world - needed - under_way:
        named = entry.grantee in launching & KNOWN
        assert (entry in after) == (named or bool(blind)), "what was mended stays as long as the image is shared"


def test_what_is_gone_or_cannot_be_read_is_told_and_left_alone() -> None:
    books = Books(frozenset(ENTRIES), frozenset(), frozenset(ENTRIES), KNOWN)
    held = Held(gone=frozenset({IMAGE}), unreadable={KEY: Unreadable(NO_ENTRY)})
    plan = plan_audit(
        books, held, SharedImages(), [LostCopy("R-7K2M9QXA", STAGING, REGION, ImageId("ami-22222222222222222"))]
    )
    assert {entry.resource for entry in entries_of(plan.changes)} == {SNAPSHOT}
    assert [(caution.kind, told(caution)) for caution in plan.cautions] == [
        (CautionKind.NOT_LOOKED_AT, {"what": KEY, "why": NO_ENTRY}),
        (CautionKind.SOURCE_GONE, {"what": IMAGE}),
        (
            CautionKind.COPY_LOST,
            {"copy": "ami-22222222222222222", "place": f"{STAGING} {REGION}", "share": "R-7K2M9QXA"},
        ),
    ]


def test_strangers_are_told_and_left_alone() -> None:
    everybody = SharedImage(IMAGE, GOLDEN, REGION, frozenset({STRANGER}), frozenset({"all"}), {SNAPSHOT: frozenset()})
    plan = plan_audit(Books(frozenset(), frozenset(), frozenset(), KNOWN), Held(), SharedImages((everybody,)), [])
    assert plan.changes == ()
    [caution] = plan.cautions
    assert dict(caution.details) == {"image": IMAGE, "strangers": f"{STRANGER}, all"}


def test_an_organization_that_a_share_needs_is_no_stranger_and_another_is() -> None:
    ours, theirs = an_organization().arn, a_unit().arn
    image = SharedImage(IMAGE, GOLDEN, REGION, frozenset(), frozenset({ours, theirs}), {SNAPSHOT: frozenset()})
    needed = frozenset({Entry(On.IMAGE, GOLDEN, REGION, IMAGE, ours)})
    plan = plan_audit(Books(needed, frozenset(), needed, KNOWN), Held(needed), SharedImages((image,)), [])
    assert plan.changes == ()
    assert [dict(caution.details) for caution in plan.cautions] == [{"image": IMAGE, "strangers": theirs}]


def test_a_principal_that_is_only_half_there_is_left_over_all_the_same() -> None:
    half = Entry(On.KEY, GOLDEN, REGION, KEY, a_principal(STAGING))
    books = Books(frozenset(), frozenset(), frozenset({half}), KNOWN)
    assert entries_of(plan_audit(books, Held(partial=frozenset({half})), SharedImages(), []).changes) == {half}


def test_of_some_images_it_is_said_what_is_behind_them_alone() -> None:
    image = SharedImage(IMAGE, GOLDEN, REGION, frozenset(), frozenset(), {SNAPSHOT: frozenset({STAGING})})
    [behind] = (entry for entry in ENTRIES if entry.on is On.SNAPSHOT and entry.grantee == STAGING)
    other = replace(behind, resource="snap-11111111111111111")
    books = Books(frozenset(), frozenset(), frozenset({behind, other}), KNOWN, frozenset({behind, other}))
    held, seen = Held(frozenset({behind, other})), SharedImages((image,), behind=frozenset({SNAPSHOT}))
    assert entries_of(plan_audit(books, held, seen, []).changes) == {behind}
    assert plan_audit(books, held, SharedImages(), []).changes == ()


def test_a_policy_that_kms_would_not_store_is_told_of_and_the_rest_is_put_right() -> None:
    left_by_somebody = {"Effect": "Allow", "Principal": {"AWS": "AIDAEXAMPLE"}, "Action": "kms:*", "Resource": "*"}
    books = Books(frozenset(ENTRIES[:6]), frozenset(), frozenset(), KNOWN)
    held = Held(frozenset(), policies={KEY: a_policy(left_by_somebody)})
    plan = plan_audit(books, held, SharedImages(), [])
    assert {entry.on for entry in entries_of(one for one in plan.changes if isinstance(one, Grant))} == {
        On.GRANT,
        On.SNAPSHOT,
    }
    [stuck] = [caution for caution in plan.cautions if caution.kind is CautionKind.CANNOT_BE_PUT_RIGHT]
    assert dict(stuck.details)["what"] == KEY
    assert stuck.why == because(CauseKind.DELETED_PRINCIPALS, principals="AIDAEXAMPLE")


ORGANIZATION = an_organization(role=a_unit().role)
ACCOUNTS = sorted([*KNOWN, STRANGER])
some_accounts = st.frozensets(st.sampled_from(ACCOUNTS))
READABLE = [entry for entry in ENTRIES if entry.on is On.SNAPSHOT]
memberships = st.builds(
    Membership,
    share=st.just("R-7K2M9QXA"),
    organizations=st.sampled_from([(a_unit(),), (a_unit(), ORGANIZATION)]),
    named=some_accounts,
    snapshots=st.just(frozenset({(GOLDEN, REGION, SNAPSHOT)})),
    readers=readers,
)


@given(
    memberships,
    st.builds(Books, readers, st.just(frozenset()), readers, st.just(KNOWN)),
    readers,
    some_accounts,
    st.one_of(st.just(Unreadable(because(CauseKind.NOT_READ))), some_accounts),
)
def test_members_that_left_lose_and_those_that_joined_get_what_nobody_else_gives_them(
    share: Membership,
    others: Books,
    world: frozenset[Entry],
    of_unit: frozenset[AccountId],
    of_organization: frozenset[AccountId] | Unreadable,
) -> None:
    books = replace(others, memberships=(share,))
    needed, gave = books.needed, books.given
    members = {a_unit().arn: of_unit, ORGANIZATION.arn: of_organization}
    plan = plan_audit(books, Held(world), SharedImages(), [], members)
    added = entries_of(one for one in plan.changes if isinstance(one, Grant))
    taken = entries_of(one for one in plan.changes if isinstance(one, Withdrawal))
    stay = {entry for entry in share.readers if entry.grantee in share.named | of_unit}
    if ORGANIZATION in share.organizations and isinstance(of_organization, Unreadable):
        assert plan.readers == ()
        due = share.readers
        assert CautionKind.MEMBERS_NOT_COMPARED in {caution.kind for caution in plan.cautions}
    else:
        if ORGANIZATION in share.organizations:
            assert isinstance(of_organization, frozenset)
            stay |= {entry for entry in share.readers if entry.grantee in of_organization}
        due = stay | {entry for entry in READABLE if entry.grantee in of_unit}
    assert added == (due | needed) - world, "whoever is in the unit copies; the whole organization launches alone"
    assert taken == (gave & world) - due - needed
    now = frozenset(plan.readers[0].entries) if plan.readers else share.readers
    assert now == due
    settled = replace(books, given=(gave | added) - taken, memberships=(replace(share, readers=now),))
    again = plan_audit(settled, Held((world | added) - taken), SharedImages(), [], members)
    assert (again.changes, again.readers) == ((), ())
