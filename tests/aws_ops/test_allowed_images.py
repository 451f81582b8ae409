"""Allowed AMIs: what an account's own setting hides; what can't be told is never guessed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.allowed_images import Shown, meets
from aws_ops.cautions import CautionKind
from aws_ops.facts import AllowedImages, Unreadable
from aws_ops.plan import Plan, plan_share
from aws_ops.request import Mode
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    NO_ENTRY,
    REGION,
    STAGING,
    STRANGER,
    a_request,
    a_source,
    an_image,
    some_facts,
)

NOW = datetime(2026, 12, 23, tzinfo=UTC)  # 30 days after the image was made
OLD = an_image(deprecation_time=NOW - timedelta(days=5))


@pytest.mark.parametrize(
    ("criterion", "shown"),
    [
        ({"ImageProviders": [GOLDEN]}, Shown.YES),
        ({"ImageProviders": ["amazon", "aws-marketplace", STRANGER]}, Shown.NO),
        ({"ImageProviders": ["none"]}, Shown.NO),
        ({"ImageProviders": ["aws-backup-vault"]}, Shown.PERHAPS),
        ({"ImageNames": ["golden*"]}, Shown.YES),
        ({"ImageNames": ["golden ????-11-23"]}, Shown.YES),
        ({"ImageNames": ["GOLDEN*", "golden"]}, Shown.NO),
        ({"MarketplaceProductCodes": ["code"]}, Shown.NO),
        ({"CreationDateCondition": {"MaximumDaysSinceCreated": 30}}, Shown.YES),
        ({"CreationDateCondition": {"MaximumDaysSinceCreated": 29}}, Shown.NO),
        ({"DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 5}}, Shown.YES),
        ({"DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 4}}, Shown.NO),
        ({"ImageWatermarks": [{"Name": "approved"}]}, Shown.PERHAPS),
        ({"ScanResultCondition": {"MaximumSeverityLabel": "LOW"}}, Shown.PERHAPS),
        ({"ImageProviders": [GOLDEN], "ImageNames": ["other"]}, Shown.NO),
        ({"ImageProviders": [STRANGER], "SomethingNew": 1}, Shown.NO),
        ({"ImageProviders": [GOLDEN], "SomethingNew": 1}, Shown.PERHAPS),
        ({}, Shown.YES),
    ],
    ids=str,
)
def test_a_criterion_holds_if_all_its_parts_do(criterion: dict[str, Any], shown: Shown) -> None:
    assert meets(OLD, [criterion], NOW) is shown


def test_any_criterion_is_enough_and_none_is_not() -> None:
    no, yes, perhaps = {"ImageNames": ["other"]}, {"ImageProviders": [GOLDEN]}, {"SomethingNew": 1}
    assert meets(OLD, [no, yes, perhaps], NOW) is Shown.YES
    assert meets(OLD, [no, perhaps], NOW) is Shown.PERHAPS
    assert meets(OLD, [], NOW) is Shown.NO


def test_an_image_that_is_not_deprecated_meets_any_deprecation() -> None:
    assert meets(an_image(), [{"DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0}}], NOW) is Shown.YES


def test_without_the_time_ages_cannot_be_told() -> None:
    assert meets(OLD, [{"CreationDateCondition": {"MaximumDaysSinceCreated": 1}}], None) is Shown.PERHAPS


@given(st.lists(st.dictionaries(st.text(max_size=5), st.none() | st.lists(st.text(max_size=3)) | st.integers())))
def test_whatever_aws_adds_is_weighed(criteria: list[dict[str, Any]]) -> None:
    assert meets(OLD, criteria, NOW) in Shown


@pytest.mark.parametrize(
    ("setting", "mode", "kinds"),
    [
        (AllowedImages("disabled"), Mode.SHARE, []),
        (AllowedImages("enabled", ({"ImageProviders": [GOLDEN]},)), Mode.SHARE, []),
        (AllowedImages("enabled"), Mode.SHARE, [CautionKind.IMAGE_HIDDEN]),
        (AllowedImages("enabled"), Mode.COPY, [CautionKind.IMAGE_HIDDEN_FROM_COPY]),
        (AllowedImages("enabled", ({"SomethingNew": 1},)), Mode.COPY, [CautionKind.IMAGE_MAY_BE_HIDDEN]),
        (AllowedImages("audit-mode"), Mode.SHARE, [CautionKind.IMAGE_WOULD_BE_HIDDEN]),
        (AllowedImages("audit-mode", ({"SomethingNew": 1},)), Mode.SHARE, []),
        (Unreadable(NO_ENTRY), Mode.SHARE, [CautionKind.ALLOWED_IMAGES_UNREAD]),
    ],
)
def test_what_an_approver_is_told(setting: AllowedImages | Unreadable, mode: Mode, kinds: list[CautionKind]) -> None:
    facts = some_facts(snapshots=None)
    facts = type(facts)(**{**vars(facts), "allowed_images": {(STAGING, REGION): setting}})
    plan = plan_share(a_request(mode=mode), [a_source()], facts)
    assert isinstance(plan, Plan)
    told = [caution for caution in plan.cautions if caution.kind is not CautionKind.AUTO_SCALING_LEFT_OUT]
    assert [caution.kind for caution in told] == kinds
    for caution in told:
        assert dict(caution.details).get("image", IMAGE) == IMAGE
