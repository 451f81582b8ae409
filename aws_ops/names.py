"""Names of copies: the source's if it is free, else one that the image id makes its own."""

import re
from collections.abc import Set as AbstractSet
from itertools import count

from aws_ops.ids import ImageId

_LONGEST = 128
_SHORTEST = 3
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9()\[\] ./'@_-]")  # EC2, CopyImage, "Name"
_ROOM_FOR_A_NUMBER = 5


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
