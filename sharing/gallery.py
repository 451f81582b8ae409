"""The gallery: the available images of the source accounts, as they were a few minutes ago, to be picked by name.

What it shows is for choosing alone: whether an image can be shared is asked of AWS when a share is planned.
"""

import difflib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from aws_ops.accounts import Accounts
from aws_ops.catalogue import Listed, list_images
from aws_ops.errors import AwsOpsError
from aws_ops.ids import AccountId, ImageId, Region
from sharing.estate import Estate

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """An image that may be picked."""

    image: Listed
    source: str
    region: Region


@dataclass
class Gallery:
    """Keeps the pictures in memory; `refresh` is run every few minutes, and never by a listener."""

    accounts: Accounts
    estate: Estate
    _rooms: Mapping[tuple[AccountId, Region], tuple[Picture, ...]] = field(default_factory=dict)

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

    @property
    def pictures(self) -> list[Picture]:
        """Every picture, the newest image first."""
        everything = [picture for room in self._rooms.values() for picture in room]
        return sorted(everything, key=lambda one: (one.image.created, one.image.image_id), reverse=True)

    def find(self, typed: str, limit: int) -> list[Picture]:
        """Return the images whose name or id holds every word of `typed`, the newest first, `limit` at most."""
        words = typed.lower().split()
        found = (
            one
            for one in self.pictures
            if all(word in one.image.name.lower() or word in one.image.image_id for word in words)
        )
        return list(islice(found, limit))

    def called(self, name: str) -> ImageId | None:
        """Return the newest image with exactly that name."""
        return next((one.image.image_id for one in self.pictures if one.image.name == name), None)

    def get(self, image_id: ImageId) -> Picture | None:
        return next((one for one in self.pictures if one.image.image_id == image_id), None)

    def alike(self, name: str) -> tuple[str, ...]:
        """Return the names that look like it."""
        return tuple(difflib.get_close_matches(name, {one.image.name for one in self.pictures}, n=3))
