"""Names and tags of copies fit what EC2 takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.names import FIELDS, check_template, common_start, copy_name, parameter_name, rendered
from aws_ops.tags import DELIVERY_TAG, SOURCE_CREATED_TAG, SOURCE_TAG, carried_over
from tests.aws_ops.builders import IMAGE, an_image

ACCEPTED = re.compile(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}")


@given(st.text(max_size=140), st.integers(0, 3))
def test_a_name_is_accepted_free_and_begins_as_announced(source: str, collisions: int) -> None:
    taken: set[str] = set()
    for _ in range(collisions):
        taken.add(copy_name(source, IMAGE, taken))
    name = copy_name(source, IMAGE, taken)
    assert ACCEPTED.fullmatch(name)
    assert name not in taken
    assert name.startswith(common_start(source, IMAGE))


def test_a_free_name_is_kept_and_a_long_one_makes_room() -> None:
    assert copy_name("golden", IMAGE, set()) == "golden"
    assert copy_name("g" * 128, IMAGE, {"g" * 128}) == "g" * 106 + f" {IMAGE}"


templates = st.lists(st.sampled_from(FIELDS) | st.sampled_from(["golden/", "-", " v"]), min_size=1, max_size=4).map(
    "".join
)


@given(st.text(max_size=140), templates)
def test_any_template_and_any_name_give_what_ec2_and_ssm_accept(source: str, template: str) -> None:
    check_template(template)
    image = an_image(name=source)
    assert ACCEPTED.fullmatch(copy_name(rendered(template, image), IMAGE, set()))
    assert re.fullmatch(r"[A-Za-z0-9_./-]*", parameter_name(template, image))
    assert rendered(template, image) == rendered(template, image)


@pytest.mark.parametrize("template", ["{nmae}", "{name", "{}", "{name.upper()}", "{0}", "{name!x}"])
def test_a_template_that_names_something_else_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"may name \{name\}"):
        check_template(template)


@given(
    st.dictionaries(st.text(min_size=1, max_size=4) | st.sampled_from(["aws:x", DELIVERY_TAG, SOURCE_TAG]), st.text())
)
def test_tags_leave_room_and_none_is_lost_silently(tags: dict[str, str]) -> None:
    carried = carried_over(tags)
    assert len(carried.kept) <= 47
    reserved = {key for key in tags if key.startswith("aws:")} | {DELIVERY_TAG, SOURCE_TAG, SOURCE_CREATED_TAG}
    assert {key for key, _ in carried.kept} | set(carried.left_out) == set(tags) - reserved
