"""Retention: the newest of each family always stay, whatever else goes; what is used stays anyway."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aws_ops.cautions import CautionKind
from aws_ops.changes import DeregisterCopy
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.retention import KeptCopy, RetentionRule, Use, plan_retention, staying, superfluous, unused
from tests.aws_ops.builders import NO_ENTRY, PROD, REGION, STAGING

ABROAD = Region("us-east-1")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def a_copy(name: str, age: int, account: AccountId = STAGING, region: Region = REGION, again: str = "") -> KeptCopy:
    """A copy of an image that was made `age` days ago."""
    return KeptCopy(
        account_id=account,
        region=region,
        image_id=ImageId(f"ami-{name}-{age}-{account}-{region}{again}"),
        source_image_id=ImageId(f"ami-{name}-{age}"),
        source_name=name,
        source_created=NOW - timedelta(days=age),
    )


copies = st.lists(
    st.builds(
        a_copy,
        st.sampled_from(["golden-web", "golden-db", "tools"]),
        st.integers(0, 9),
        st.sampled_from([STAGING, PROD]),
        st.sampled_from([REGION, ABROAD]),
        st.sampled_from(["", "-again"]),
    ),
    unique=True,
)
rules = st.lists(
    st.builds(
        RetentionRule,
        st.sampled_from(["golden-*", "golden-web", "*", "nothing"]),
        st.integers(1, 4),
        st.none() | st.just(frozenset({STAGING})),
    ),
    max_size=3,
)


@given(rules, copies)
def test_what_goes_is_covered_and_older_than_all_that_each_rule_keeps(
    some_rules: list[RetentionRule], there: list[KeptCopy]
) -> None:
    gone = superfluous(some_rules, there)
    stay = [copy for copy in there if copy not in gone]
    for copy in gone:
        covering = [rule for rule in some_rules if rule.covers(copy)]
        assert covering, "what no rule covers stays"
        for rule in covering:
            newer = {
                other.source_image_id
                for other in stay
                if rule.covers(other)
                and (other.account_id, other.region) == (copy.account_id, copy.region)
                and other.source_created >= copy.source_created
            }
            assert len(newer) >= rule.keep
    assert superfluous(some_rules, stay) == (), "done once, there is nothing more to do"


def test_two_copies_of_one_image_count_once() -> None:
    newest = [a_copy("golden", 1), a_copy("golden", 1, again="-again")]
    older = a_copy("golden", 2)
    assert superfluous([RetentionRule("golden", 1)], [*newest, older]) == (older,)


def test_a_copy_stays_if_one_of_two_rules_keeps_it() -> None:
    there = [a_copy("golden-web", 1), a_copy("golden-db", 2)]
    assert superfluous([RetentionRule("golden-*", 1), RetentionRule("golden-db", 1)], there) == ()


def test_what_is_used_stays_and_is_named() -> None:
    old, older = an_order("old"), an_order("older")
    plan = plan_retention([older, old], Use({old.image_id: ("arn:aws:ec2:::instance/i-1",)}, {}))
    assert plan.changes == (older,)
    [caution] = plan.cautions
    assert caution.kind is CautionKind.COPY_IN_USE
    assert dict(caution.details)["users"] == "arn:aws:ec2:::instance/i-1"


def an_order(image: str, account: AccountId = STAGING, region: Region = REGION) -> DeregisterCopy:
    return DeregisterCopy(account, region, ImageId(f"ami-{image}-{account}-{region}"))


orders = st.lists(
    st.builds(
        an_order,
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from([STAGING, PROD]),
        st.sampled_from([REGION, ABROAD]),
    ),
    unique=True,
)
places = st.tuples(st.sampled_from([STAGING, PROD]), st.sampled_from([REGION, ABROAD]))


@given(orders, st.data())
def test_a_copy_goes_only_if_it_is_known_that_nothing_uses_it_and_of_the_others_it_is_said_why(
    copies_due: list[DeregisterCopy], data: st.DataObject
) -> None:
    ids = [copy.image_id for copy in copies_due]
    used = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    unread = data.draw(st.dictionaries(places, st.just(NO_ENTRY)))
    use = Use(dict.fromkeys(used, ("i-1",)), unread)
    going = unused(copies_due, use)
    said = [dict(caution.details) for caution in staying(copies_due, use)]
    named = {each.get("copy", each["place"]) for each in said}
    for copy in copies_due:
        place = (copy.account_id, copy.region)
        assert (copy in going) == (copy.image_id not in used and place not in unread)
        assert copy in going or copy.image_id in named or " ".join(place) in named
