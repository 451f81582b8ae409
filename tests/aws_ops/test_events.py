"""Events: what makes sense is understood, and nothing anybody puts on a queue can break the reading."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.events import ImageChange, parse_event
from tests.aws_ops.builders import IMAGE, REGION, STAGING

EVENT: dict[str, Any] = {
    "source": "aws.ec2",
    "detail-type": "EC2 AMI State Change",
    "account": STAGING,
    "region": REGION,
    "detail": {"ImageId": IMAGE, "State": "available", "RequestId": "x", "ErrorMessage": ""},
}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_a_change_is_understood() -> None:
    assert parse_event(json.dumps(EVENT)) == ImageChange(STAGING, REGION, IMAGE, "available")


@pytest.mark.parametrize(
    "change", [{"source": "aws.s3"}, {"detail-type": "x"}, {"account": "12"}, {"detail": {"ImageId": "i-1"}}]
)
def test_what_is_something_else_is_left_alone(change: dict[str, Any]) -> None:
    assert parse_event(json.dumps(EVENT | change)) is None


@given(st.text() | values.map(json.dumps))
def test_anything_on_a_queue_can_be_read(body: str) -> None:
    assert parse_event(body) is None


@given(st.sampled_from([*EVENT, "detail.ImageId", "detail.State"]), values)
def test_any_part_of_an_event_may_be_anything(path: str, value: Any) -> None:
    name, _, inner = path.partition(".")
    event = EVENT | {name: EVENT[name] | {inner: value} if inner else value}
    assert isinstance(parse_event(json.dumps(event)), ImageChange | None)


def test_brackets_without_end_are_no_event() -> None:
    assert parse_event("[" * 100_000) is None
