"""Standing shares: whenever a new image of a family appears, approval is asked to share it.

What was there before the bot first knew of a standing share isn't shared by it, nor is what the bot has copied itself:
it would ask for its own copies. Each image makes one request, however often it is seen and by however many replicas.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aws_ops.accounts import Accounts
from aws_ops.catalogue import Listed, list_images
from aws_ops.errors import AwsBusy, AwsOpsError
from aws_ops.ids import AccountId, Region
from aws_ops.request import Mode
from sharing.clock import Clock
from sharing.estate import Estate
from sharing.requests import NewRequest, Person, Trigger
from sharing.store import Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StandingShare:
    """What is to be asked for each new image of a family.

    Attributes:
        source: the account that the images appear in.
        images: a pattern of their names, with `*` and `?`.
        targets: accounts, and with mode share organizations.
        regions: where the copies go; none means each image's own.
        auto_scaling: with mode share, Auto Scaling is to launch from encrypted images as well.
        lasts: how long each share lasts; None for as long as nobody ends it.
        requester: on whose behalf; they hear of the result, and somebody else has to approve.
    """

    name: str
    source: AccountId
    images: str
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
    mode: Mode
    auto_scaling: bool
    lasts: timedelta | None
    requester: Person
    reason: str


class GroupsUnknown(Exception):
    """Nobody can say just now which user groups somebody is in."""


@dataclass(frozen=True)
class StandingShares:
    """Looks for new images. Two replicas doing it at once do no harm.

    Attributes:
        groups_of: the user groups somebody is in that approval rules know requesters by; raises GroupsUnknown.
    """

    shares: Sequence[StandingShare]
    store: Store
    accounts: Accounts
    estate: Estate
    clock: Clock
    groups_of: Callable[[Person], frozenset[str]]

    def run_once(self) -> None:
        """Look everywhere, and ask for what is new."""
        for share in self.shares:
            for region in self.estate.source(share.source).regions:
                self._try(share, region)

    def look(self, account_id: AccountId, region: Region) -> None:
        """Look in one place, where something is said to have happened."""
        for share in self.shares:
            if share.source == account_id and region in self.estate.source(account_id).regions:
                self._try(share, region)

    def _try(self, share: StandingShare, region: Region) -> None:
        """Look for one standing share's images in one region; its trouble is no other's, and later is another try."""
        try:
            with self.store.transaction() as tx:
                since = tx.standing_since(share.name, self.clock())
                known = tx.origins_like(_origin(share, ""))
            ec2 = self.accounts.ec2(self.estate.source(share.source).role, region)
            for image in list_images(ec2, share.images):
                is_new = image.created > since and image.delivery is None
                if is_new and _origin(share, image.image_id) not in known:
                    self._ask(share, image)
        except AwsBusy as busy:
            _log.info("standing share %s: looked at later: %s", share.name, busy)
        except GroupsUnknown as unknown:
            _log.warning("standing share %s: nothing is asked for now: %s", share.name, unknown)
        except AwsOpsError as trouble:
            _log.warning("standing share %s: %s can't be looked at: %s", share.name, region, trouble)

    def _ask(self, share: StandingShare, image: Listed) -> None:
        now = self.clock()
        self.store.add(
            NewRequest(
                origin=_origin(share, image.image_id),
                requester=share.requester,
                image_ids=(image.image_id,),
                mode=share.mode,
                auto_scaling=share.auto_scaling,
                targets=share.targets,
                regions=share.regions,
                reason=f"{share.name}: {share.reason}" if share.reason else share.name,
                ends_at=now + share.lasts if share.lasts else None,
                trigger=Trigger.STANDING,
                requester_groups=self.groups_of(share.requester),
            ),
            now,
        )


def _origin(share: StandingShare, image_id: str) -> str:
    return f"standing:{share.name}:{image_id}"
