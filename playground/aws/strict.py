"""The strict AWS: several accounts, one clock, and a way in for requests.

aws = StrictAws(ManualClock())
source, target = aws.account("111111111111"), aws.account("222222222222")
image_id = source.image("eu-central-1", devices=[Disk(8, key=source.key("eu-central-1"))])
with aws.in_process():
ec2 = boto3.client("ec2", "eu-central-1", **source.user("bot").for_boto())
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from playground.aws import (  # noqa: F401 - the modules enter their operations into the table
    ebs_defaults,
    grants,
    image_references,
    image_retention,
    instances,
    key_policies,
    launch_permissions,
    launch_templates,
    launches,
    multi_region_keys,
    sts,
    volume_permissions,
)
from playground.aws.accounts import Account, RegionSettings
from playground.aws.copies import Copies
from playground.aws.delayed import Delayed
from playground.aws.errors import Crash
from playground.aws.faults import Faults
from playground.aws.identities import Identities, stored_policy
from playground.aws.ids import ACCOUNT, Ids
from playground.aws.image_events import ImageEvents
from playground.aws.images import Image, LaunchPermission
from playground.aws.inprocess import in_process
from playground.aws.instances import Instance
from playground.aws.journal import Journal
from playground.aws.keys import EBS_ALIAS, Key, ebs_policy
from playground.aws.organizations import Organization
from playground.aws.reception import Reception
from playground.aws.rules import Rules
from playground.aws.server import serve
from playground.aws.snapshots import Snapshot
from playground.aws.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from playground.aws.moto_behind import Moto

Clock = Callable[[], datetime]


class StrictAws(Rules):
    """Everything that is in AWS, and the answer to any request.

    Args:
        clock: what copies, deprecations and delays go by.
        session_clock: what sessions expire by: the wall's time unless told otherwise, because botocore refreshes
            credentials by the wall clock, and would find those of another time expired as soon as they are made.
            Pass `clock` to test expiry.

    Delays, quotas and inferred rules are switches of its own: see `Rules`.
    """

    def __init__(self, clock: Clock, *, session_clock: Clock | None = None) -> None:
        self.clock = clock
        self.session_clock = session_clock or _wall_clock
        self.ids = Ids()
        self.accounts: dict[str, Account] = {}
        self.identities = Identities(self.ids)
        self.organizations: list[Organization] = []
        self.images: dict[str, Image] = {}
        self.deregistered: dict[str, tuple[Image, datetime]] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.keys: dict[str, Key] = {}
        self.key_aliases: dict[str, str] = {}
        self.copies = Copies(self)
        self.instances: dict[str, Instance] = {}
        self.launch_tokens: dict[tuple[str, str, str], tuple[Mapping[str, Any], list[Instance]]] = {}
        self.image_events = ImageEvents(self)
        self.journal = Journal()
        self.faults = Faults()
        self._settings: dict[tuple[str, str], RegionSettings] = {}
        self._reception = Reception(self)
        self._moto: Moto | None = None
        self._lock = threading.RLock()

    # What stands in it ------------------------------------------------------------------------------------------------

    def account(self, account_id: str, name: str | None = None) -> Account:
        """Return the account, opening it the first time it is named."""
        if not ACCOUNT.fullmatch(account_id):
            raise ValueError(f"an account id has twelve digits: {account_id!r}")
        if account_id not in self.accounts:
            self.accounts[account_id] = Account(self, account_id, name or f"account-{account_id}")
            self.identities.account_ids.add(account_id)
        return self.accounts[account_id]

    def organization(self, management: Account, *members: Account, id: str = "o-exampleorg1") -> Organization:  # noqa: A002
        """Found an organization; units are made on what this returns."""
        founded = Organization(id, management.id, self.clock())
        for member in members:
            founded.place(member.id)
        self.organizations.append(founded)
        return founded

    def organization_of(self, account_id: str) -> Organization | None:
        return next((each for each in self.organizations if account_id in each.account_ids), None)

    def settings(self, account_id: str, region: str) -> RegionSettings:
        return self._settings.setdefault((account_id, region), RegionSettings())

    def ebs_key(self, account_id: str, region: str) -> Key:
        """Return the account's AWS managed key for EBS, made at its first use."""
        alias = f"arn:aws:kms:{region}:{account_id}:{EBS_ALIAS}"
        if alias not in self.key_aliases:
            key = Key(
                id=self.ids.uuid("key"),
                account_id=account_id,
                region=region,
                created=self.clock(),
                identities=self.identities,
                in_force=Delayed(stored_policy(ebs_policy(account_id, region), self.identities)),
                manager="AWS",
                description="Default key that protects my EBS volumes when no other key is defined",
            )
            self.keys[key.arn] = key
            self.key_aliases[alias] = key.arn
        return self.keys[self.key_aliases[alias]]

    def image(self, image_id: str) -> Image:
        """Return an image as it is now, whoever owns it."""
        with self.settled():
            return self.images[image_id]

    def snapshot(self, snapshot_id: str) -> Snapshot:
        with self.settled():
            return self.snapshots[snapshot_id]

    def instance(self, instance_id: str) -> Instance:
        with self.settled():
            return self.instances[instance_id]

    def key(self, arn: str) -> Key:
        """Return a key; its `state` and `policy` can be assigned to."""
        with self.settled():
            return self.keys[arn]

    def share(self, image_id: str, account_id: str) -> None:
        """Give an account both permissions on an image, as its owner could."""
        with self.settled():
            image = self.images[image_id]
            image.launch = Delayed(image.launch.latest | {LaunchPermission("UserId", account_id)})
            for snapshot in image.snapshots:
                snapshot.permissions = Delayed(snapshot.permissions.latest | {account_id})

    def deregister(self, image_id: str) -> None:
        """Let somebody deregister an image; its snapshots stay, unless it is a copy under way."""
        with self.settled():
            image = self.images[image_id]
            self.copies.stop(image)
            self.remove(image)
            self.image_events.tell(image, "deregistered")

    def remove(self, image: Image) -> None:
        """Let an image be gone. For a while its owner is told that it was deregistered."""
        del self.images[image.id]
        self.deregistered[image.id] = image, self.clock()

    def delete_alias(self, account_id: str, region: str, alias: str) -> None:
        with self.settled():
            del self.key_aliases[f"arn:aws:kms:{region}:{account_id}:{alias}"]

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Hold this AWS still for a change from outside, after everything that was due has happened."""
        with self._lock:
            now = self.clock()
            self.copies.settle(now)
            instances.settle(self, now)
            multi_region_keys.settle(self, now)
            yield

    @property
    def moto(self) -> "Moto":
        """What answers for the services that are not played here."""
        if self._moto is None:
            from playground.aws.moto_behind import Moto  # noqa: PLC0415 - takes half a second, and few tests need it

            self._moto = Moto()
        return self._moto

    @property
    def moto_is_in_use(self) -> bool:
        """Whether anything can stand in it yet: asked so that it need not be made to find nothing there."""
        return self._moto is not None

    # The doors --------------------------------------------------------------------------------------------------------

    def in_process(self) -> AbstractContextManager[None]:
        """Answer every botocore session made inside the `with`: see `inprocess.in_process`."""
        return in_process(self)

    def serve(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_crash: Callable[[Crash], None] | None = None,
        sleeps: bool = False,
    ) -> AbstractContextManager[str]:
        """Answer over HTTP; gives the address for `AWS_ENDPOINT_URL`: see `server.serve`."""
        return serve(self, host=host, port=port, on_crash=on_crash, sleeps=sleeps)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request, as both doors do.

        Raises:
            LostAnswer, Crash: as `faults` were asked for.
        """
        with self.settled():
            return self._reception.answer(request)


def _wall_clock() -> datetime:
    return datetime.now(UTC)
