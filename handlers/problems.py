"""Problems: what makes no sense in what was typed or put into a form. Values; `wording.py` has the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_SHOWN = 80


class ProblemKind(StrEnum):
    """What is wrong; the comment names the details that go with it."""

    NO_REQUEST = "no_request"  # text
    NO_IMAGE = "no_image"
    NO_TARGET = "no_target"
    NO_REGION = "no_region"
    NOT_AN_IMAGE = "not_an_image"  # word
    NO_SUCH_IMAGE = "no_such_image"  # word, alike
    NOT_A_TARGET = "not_a_target"  # word, alike
    NOT_A_REGION = "not_a_region"  # word, alike
    NOT_A_DATE = "not_a_date"  # word, or “none”
    NOT_A_TIME = "not_a_time"  # word, or “none”
    NOT_A_KEY = "not_a_key"  # word, or “none”
    NOT_A_TICKET = "not_a_ticket"  # word, or “none”; limit
    NOT_A_REQUEST = "not_a_request"  # verb; word, or “none”
    NOTHING_TO_AUDIT = "nothing_to_audit"
    NOTHING_TO_LIST = "nothing_to_list"  # word, alike
    NOTHING_TO_RETIRE = "nothing_to_retire"  # word
    UNKNOWN_WORD = "unknown_word"  # word, alike
    END_TOO_LATE = "end_too_late"
    END_PASSED = "end_passed"
    TWICE = "twice"  # word
    MODES_CLASH = "modes_clash"
    ORGANIZATION_CANT_COPY = "organization_cant_copy"  # name
    AUTO_SCALING_NEEDS_NO_COPY = "auto_scaling_needs_no_copy"
    KEY_NEEDS_COPY = "key_needs_copy"
    NO_REASON = "no_reason"
    REASON_TOO_LONG = "reason_too_long"  # count, limit
    TOO_MANY_IMAGES = "too_many_images"  # count, limit
    TOO_MANY_TARGETS = "too_many_targets"  # count, limit
    TOO_MANY_COPIES = "too_many_copies"  # count, limit


@dataclass(frozen=True)
class Problem:
    """Something that makes no sense: what, and the words or numbers it is about, as they were typed."""

    kind: ProblemKind
    details: Mapping[str, str | int]
    alike: tuple[str, ...] = ()


def problem(kind: ProblemKind, alike: tuple[str, ...] = (), **details: str | int) -> Problem:
    """Return the problem; what was typed is cut to what one can read."""
    return Problem(kind, {name: _cut(value) for name, value in details.items()}, alike)


def _cut(value: str | int) -> str | int:
    return value if isinstance(value, int) or len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
