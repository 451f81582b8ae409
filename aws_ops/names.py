"""Names of copies: the source's if it is free, else one that the image id makes its own."""

import re
from collections.abc import Set as AbstractSet
from itertools import count
from typing import TYPE_CHECKING

from aws_ops.ids import ImageId

if TYPE_CHECKING:
    from aws_ops.facts import ImageFacts

_LONGEST = 128
_SHORTEST = 3
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9()\[\] ./'@_-]")  # EC2, CopyImage, "Name"
_ROOM_FOR_A_NUMBER = 5
_NOT_IN_A_PARAMETER = re.compile(r"[^A-Za-z0-9_./-]")  # Systems Manager, PutParameter, "Name"


def rendered(template: str, image: "ImageFacts") -> str:
    """Fill in a template with what is known of the source image; the same image always gives the same.

    Raises:
        ValueError: the template names something else than `FIELDS`, or isn't one.
    """
    return _filled(
        template,
        name=image.origin.name,
        image_id=image.asked_as,
        owner=image.owner,
        architecture=image.architecture,
        created=image.origin.created.date().isoformat(),
    )


def parameter_name(template: str, image: "ImageFacts") -> str:
    """Fill in a template for the name of an SSM parameter; what such a name can't hold becomes a dash.

    Raises:
        ValueError: as `rendered`.
    """
    return _NOT_IN_A_PARAMETER.sub("-", rendered(template, image))


def check_template(template: str) -> None:
    """Make sure that a template can be filled in.

    Raises:
        ValueError: it names something else than `FIELDS`, or isn't one.
    """
    _filled(template, **dict.fromkeys((field.strip("{}") for field in FIELDS), "x"))


def _filled(template: str, **values: str) -> str:
    try:
        return template.format(**values)
    except (KeyError, IndexError, AttributeError, ValueError) as error:
        raise ValueError(f"{template!r} may name {', '.join(FIELDS)}, not {error}") from None


FIELDS = ("{name}", "{image_id}", "{owner}", "{architecture}", "{created}")
"""What a template may name; `{created}` is the day in UTC on which the image was made."""


def copy_name(source_name: str, image_id: ImageId, taken: AbstractSet[str]) -> str:
    """Return a name for a copy of the image that CopyImage accepts and that is not in `taken`."""
    clean = _clean(source_name)
    if clean not in taken and len(clean) >= _SHORTEST:
        return clean
    endings = (f" {image_id}" if number == 1 else f" {image_id} {number}" for number in count(1))
    names = (clean[: _LONGEST - len(ending)] + ending for ending in endings)
    return next(name for name in names if name not in taken)


def common_start(source_name: str, image_id: ImageId) -> str:
    """How every name that `copy_name` may choose begins: to ask AWS which are taken, in one call."""
    return _clean(source_name)[: _LONGEST - len(image_id) - 1 - _ROOM_FOR_A_NUMBER]


def _clean(name: str) -> str:
    return _NOT_IN_A_NAME.sub("-", name)[:_LONGEST]
