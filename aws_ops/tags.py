"""Tags: which of an image's tags go with its copies, and those by which the bot knows its own."""

from collections.abc import Mapping
from dataclasses import dataclass

DELIVERY_TAG = "ami-share:delivery"
"""Names the delivery that a copy was made for."""

REENCRYPTION = "reencrypt/"
"""How the name of a delivery begins that re-encrypts an image in its own account."""

SOURCE_TAG = "ami-share:source-image"
"""Names the image that a copy was made from."""

SOURCE_CREATED_TAG = "ami-share:source-created"
"""When the image that a copy was made from was made, in ISO 8601: how new what is in the copy is."""

_OWN = frozenset({DELIVERY_TAG, SOURCE_TAG, SOURCE_CREATED_TAG})
_LIMIT = 50  # user tags on a resource (EC2 User Guide, "Tag restrictions")


@dataclass(frozen=True)
class CarriedTags:
    """The tags a copy gets, sorted by key, and the keys of those there is no room for."""

    kept: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]


def carried_over(tags: Mapping[str, str]) -> CarriedTags:
    """Choose from a source image's tags those its copies get, leaving room for the bot's own three.

    `aws:` is reserved, nobody may set it; the bot's own tags speak of the source's own delivery, not of the copy's.
    """
    ours = sorted((key, value) for key, value in tags.items() if not key.startswith("aws:") and key not in _OWN)
    room = _LIMIT - len(_OWN)
    return CarriedTags(kept=tuple(ours[:room]), left_out=tuple(key for key, _ in ours[room:]))
