"""Estimates: what copies cost at most, how long they should take, and that nobody makes anything up."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.estimates import (
    CopyTime,
    Expectation,
    Prices,
    RegionPrices,
    about,
    cost_of,
    dump,
    estimate,
    expected_time,
    load,
    minutes_left,
)
from aws_ops.ids import AccountId, ImageId, Region
from aws_ops.plan import CopyImage, Mode, Plan, ReencryptImage, digest, plan_share
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    PROD,
    REGION,
    STAGING,
    a_key_arn,
    a_request,
    a_snapshot,
    a_source,
    an_image,
    some_facts,
)

ABROAD = Region("us-east-1")
PRICES = Prices("USD", storage_per_gib_month=Decimal("0.05"), transfer_per_gib=Decimal("0.02"))


def a_copy(account: AccountId = STAGING, region: Region = REGION, image: ImageId = IMAGE) -> CopyImage:
    return CopyImage(account, region, image, REGION, "golden", "", a_key_arn(account), (), ())


def a_plan(*copies: CopyImage, gib: int = 38) -> Plan:
    plan = plan_share(a_request(), [a_source()], some_facts(an_image(), [a_snapshot(size_gib=gib)]))
    assert isinstance(plan, Plan)
    return replace(plan, changes=copies)


def took(minutes: float, gib: int = 10, region: Region = REGION) -> CopyTime:
    return CopyTime(REGION, region, gib, minutes)


# Costs ---------------------------------------------------------------------------------------------------------------


def test_storage_is_paid_for_each_copy_and_within_a_region_nothing_else() -> None:
    cost = cost_of(a_plan(a_copy(STAGING), a_copy(PROD)), PRICES)
    assert (cost.currency, cost.storage_per_month, cost.transfer_once) == ("USD", Decimal("3.80"), 0)


def test_what_leaves_the_region_is_paid_once() -> None:
    cost = cost_of(a_plan(a_copy(), a_copy(region=ABROAD)), PRICES)
    assert (cost.storage_per_month, cost.transfer_once) == (Decimal("3.80"), Decimal("0.76"))


def test_storage_goes_by_the_region_copied_to_and_transfer_by_the_region_copied_from() -> None:
    there = {
        ABROAD: RegionPrices(storage_per_gib_month=Decimal("0.10"), transfer_per_gib=Decimal(9)),
        REGION: RegionPrices(storage_per_gib_month=Decimal(9), transfer_per_gib=Decimal(0)),
    }
    cost = cost_of(a_plan(a_copy(region=ABROAD)), replace(PRICES, regions=there))
    assert (cost.storage_per_month, cost.transfer_once) == (Decimal("3.80"), 0), "a price of nothing is a price"


def test_sharing_and_reusing_cost_nothing() -> None:
    assert cost_of(a_plan(), PRICES).storage_per_month == 0
    shared = plan_share(a_request(mode=Mode.SHARE), [a_source()], some_facts())
    assert isinstance(shared, Plan)
    assert estimate(shared, PRICES, [took(5)]) is None, "where nothing is copied there is nothing to say"


@given(st.lists(st.sampled_from([REGION, ABROAD])), st.integers(0, 20_000))
def test_one_more_copy_never_costs_less(regions: list[Region], gib: int) -> None:
    copies = [a_copy(region=region) for region in regions]
    less, more = (cost_of(a_plan(*some, gib=gib), PRICES) for some in (copies, [*copies, a_copy(PROD, ABROAD)]))
    assert less.storage_per_month <= more.storage_per_month
    assert less.transfer_once <= more.transfer_once


# Times ---------------------------------------------------------------------------------------------------------------


def test_without_history_nothing_is_said_of_time_and_without_prices_nothing_of_cost() -> None:
    plan = a_plan(a_copy())
    assert estimate(plan, None, []) is None
    priced, timed = estimate(plan, PRICES, []), estimate(plan, None, [took(5)])
    assert priced is not None
    assert (priced.time, priced.gib) == (None, 38)
    assert timed is not None
    assert (timed.time, timed.cost) == (Expectation(19, 1), None)


def test_copies_go_side_by_side_so_the_slowest_counts() -> None:
    history = [*[took(5)] * 3, *[took(20, region=ABROAD)] * 4]
    made = estimate(a_plan(a_copy(), a_copy(PROD), a_copy(region=ABROAD), gib=10), None, history)
    assert made is not None
    assert made.time == Expectation(20, 4)


def test_what_is_re_encrypted_at_home_first_is_paid_for_and_waited_for() -> None:
    home = ReencryptImage(GOLDEN, REGION, IMAGE, "golden", "", a_key_arn(GOLDEN), ())
    made = estimate(a_plan(home, a_copy(), a_copy(PROD), gib=10), PRICES, [took(5)] * 3)
    assert made is not None
    assert made.cost is not None
    assert (made.gib, made.cost.storage_per_month, made.cost.transfer_once) == (30, Decimal("1.50"), 0)
    assert made.time == Expectation(10, 3)


def test_the_same_way_counts_first_and_if_it_was_hardly_gone_every_way_does() -> None:
    near = [took(5)] * 3
    assert expected_time(REGION, REGION, 10, [*near, took(50, region=ABROAD)]) == Expectation(5, 3)
    assert expected_time(REGION, ABROAD, 10, [*near, took(50, region=ABROAD)]) == Expectation(5, 4)


def test_one_copy_that_was_found_late_and_one_of_next_to_nothing_do_no_harm() -> None:
    history = [took(5), took(6), took(7), took(3000), took(0.1)]
    assert expected_time(REGION, REGION, 10, history) == Expectation(6, 5)


def test_no_copy_is_expected_to_be_quicker_than_the_quickest() -> None:
    assert expected_time(REGION, REGION, 1, [took(5), took(6), took(7)]) == Expectation(5, 3)


histories = st.lists(
    st.builds(
        CopyTime, st.just(REGION), st.sampled_from([REGION, ABROAD]), st.integers(0, 16_000), st.floats(0, 50_000)
    )
)


@given(histories, st.integers(0, 60_000), st.integers(0, 60_000), st.sampled_from([REGION, ABROAD]))
def test_more_gib_never_take_less_time(history: list[CopyTime], one: int, other: int, region: Region) -> None:
    less, more = (expected_time(REGION, region, gib, history) for gib in sorted((one, other)))
    assert (less is None) == (more is None) == (not any(copy.gib for copy in history))
    if less and more:
        assert 0 <= less.minutes <= more.minutes
        assert about(less.minutes) <= about(more.minutes)
        assert less.earlier == more.earlier <= len(history)


# What is left --------------------------------------------------------------------------------------------------------

percents, minutes = st.integers(1, 100), st.floats(0.1, 10_000)


@pytest.mark.parametrize("percent", [None, 0])
def test_before_aws_says_anything_it_is_history_less_what_has_passed(percent: int | None) -> None:
    assert minutes_left(percent, 5, 20) == 15
    assert minutes_left(percent, 25, 20) is None, "history was wrong, and nothing else is known"
    assert minutes_left(percent, 5, None) is None


def test_without_history_the_first_percents_say_nothing() -> None:
    assert minutes_left(4, 5, None) is None
    assert minutes_left(50, 5, None) == 5


def test_history_rules_at_the_start_and_hardly_matters_at_the_end() -> None:
    at_first, in_the_end = minutes_left(1, 1, 20), minutes_left(95, 95, 20)
    assert at_first == pytest.approx(22.8, abs=0.1), "a hundred minutes by pace alone"
    assert in_the_end == pytest.approx(4.2, abs=0.1), "five by pace alone, one by history"


@given(percents, percents, minutes, st.none() | minutes)
def test_who_is_further_needs_less(one: int, other: int, elapsed: float, expected: float | None) -> None:
    behind, ahead = (minutes_left(percent, elapsed, expected) for percent in sorted((one, other)))
    if behind is not None:
        assert ahead is not None
        assert 0 <= ahead <= behind


@given(percents, minutes, minutes)
def test_what_is_left_lies_between_history_and_what_is_seen(percent: int, elapsed: float, expected: float) -> None:
    left = minutes_left(percent, elapsed, expected)
    by_history, by_pace = (100 - percent) / 100 * expected, elapsed * (100 - percent) / percent
    assert left is not None
    assert min(by_history, by_pace) * 0.999 <= left <= max(by_history, by_pace) * 1.001


@pytest.mark.parametrize(
    ("exact", "round_figure"), [(0, 1), (0.2, 1), (9.1, 10), (10.1, 15), (60, 60), (61, 75), (241, 300)]
)
def test_the_longer_the_rounder(exact: float, round_figure: int) -> None:
    assert about(exact) == round_figure


# Kept apart from the plan --------------------------------------------------------------------------------------------


def test_an_estimate_survives_the_store_to_the_cent() -> None:
    made = estimate(a_plan(a_copy(region=ABROAD)), PRICES, [took(5)])
    assert made is not None
    assert load(dump(made)) == made


def test_a_size_that_the_plan_does_not_tell_is_not_made_up() -> None:
    other = ImageId("ami-0fedcba9876543210")
    assert estimate(a_plan(a_copy(), a_copy(image=other)), PRICES, [took(5)]) is None


def test_the_size_is_no_part_of_what_is_approved() -> None:
    assert digest(a_plan(a_copy(), gib=8)) == digest(a_plan(a_copy(), gib=80))
    assert GOLDEN not in (STAGING, PROD)
