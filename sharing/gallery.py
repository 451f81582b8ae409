"""The gallery: the available images of the source accounts, as they were a few minutes ago, to be picked by name.

What it shows is for choosing alone: whether an image can be shared is asked of AWS when a share is planned.
"""

import difflib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from aws_ops.accounts import Accounts
from aws_ops.catalogue import Listed, list_images
from aws_ops.errors import AwsOpsError
from aws_ops.ids import AccountId, ImageId, Region
from sharing.estate import Estate

_log = logging.getLogger(__name__)

# Comparing a name with another takes microseconds, and whoever misspelt one waits; accounts have tens of thousands.
_LOOKED_AT = 500
_BEGINNING = 2


@dataclass(frozen=True)
class Picture:
    """An image that may be picked."""

    image: Listed
    source: str
    region: Region


@dataclass(frozen=True)
class _Hanging:
    """The pictures as they hang: the newest image first, and where each is found.

    Attributes:
        named: the newest image of each name, the newest name first.
    """

    pictures: tuple[Picture, ...] = ()
    named: Mapping[str, ImageId] = field(default_factory=dict)
    by_id: Mapping[ImageId, Picture] = field(default_factory=dict)

    @classmethod
    def of(cls, pictures: Iterable[Picture]) -> "_Hanging":
        newest = sorted(pictures, key=lambda one: (one.image.created, one.image.image_id), reverse=True)
        named: dict[str, ImageId] = {}
        for one in newest:
            named.setdefault(one.image.name, one.image.image_id)
        return cls(tuple(newest), named, {one.image.image_id: one for one in newest})


@dataclass
class Gallery:
    """Keeps the pictures in memory; `refresh` is run every few minutes, and never by a listener."""

    accounts: Accounts
    estate: Estate
    _rooms: Mapping[tuple[AccountId, Region], tuple[Picture, ...]] = field(default_factory=dict)
    _hanging: _Hanging = field(default_factory=_Hanging)

    def refresh(self) -> None:
        """Ask AWS for the images of every source account and region; where it can't say, the old ones stay."""
        rooms = dict(self._rooms)
        for source in self.estate.sources:
            for region in source.regions:
                try:
                    listed = list_images(self.accounts.ec2(source.role, region), "*")
                except AwsOpsError as trouble:
                    _log.warning("the images of %s in %s can't be listed: %s", source.name, region, trouble)
                    continue
                shown = (one for one in listed if not one.stands_in)
                rooms[source.role.account_id, region] = tuple(Picture(one, source.name, region) for one in shown)
        self._rooms = rooms
        self._hanging = _Hanging.of(picture for room in rooms.values() for picture in room)

    def find(self, typed: str, limit: int) -> list[Picture]:
        """Return the images whose name or id holds every word of `typed`, the newest first, `limit` at most."""
        words = typed.lower().split()
        found = (
            one
            for one in self._hanging.pictures
            if all(word in one.image.name.lower() or word in one.image.image_id for word in words)
        )
        return list(islice(found, limit))

    def called(self, name: str) -> ImageId | None:
        """Return the newest image with exactly that name."""
        return self._hanging.named.get(name)

    def get(self, image_id: ImageId) -> Picture | None:
        return self._hanging.by_id.get(image_id)

    def alike(self, name: str) -> tuple[str, ...]:
        """Return the names that look like it, of the newest and of those that begin like it."""
        typed = name.casefold()
        begins = (one for one in self._hanging.named if one[:_BEGINNING].casefold() == typed[:_BEGINNING])
        looked_at = {
            one.casefold(): one for names in (begins, self._hanging.named) for one in islice(names, _LOOKED_AT)
        }
        return tuple(looked_at[one] for one in difflib.get_close_matches(typed, looked_at, n=3))
