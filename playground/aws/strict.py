"""The strict AWS: several accounts, one clock, and a way in for requests.

aws = StrictAws(ManualClock())
source, target = aws.account("111111111111"), aws.account("222222222222")
image_id = source.image("eu-central-1", devices=[Disk(8, key=source.key("eu-central-1"))])
with aws.in_process():
ec2 = boto3.client("ec2", "eu-central-1", **source.user("bot").for_boto())
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import botocore.session
from botocore.model import OperationModel

from playground.aws import (  # noqa: F401 - the modules enter their operations into the table
    ebs_defaults,
    grants,
    image_retention,
    key_policies,
    launch_permissions,
    launches,
    sts,
    volume_permissions,
)
from playground.aws.accounts import Account, RegionSettings
from playground.aws.calls import OPERATIONS, Call, Parameters
from playground.aws.copies import Copies
from playground.aws.delayed import Delayed
from playground.aws.errors import AwsError, Crash, LostAnswer, NotServed
from playground.aws.faults import Faults
from playground.aws.identities import Credentials, Identities, stored_policy
from playground.aws.ids import ACCOUNT, Ids
from playground.aws.images import Image, LaunchPermission
from playground.aws.inprocess import in_process
from playground.aws.journal import Entry, Journal
from playground.aws.keys import EBS_ALIAS, Key, ebs_policy
from playground.aws.organizations import Organization
from playground.aws.rules import Rules
from playground.aws.server import serve
from playground.aws.snapshots import Snapshot
from playground.aws.wire import HttpRequest, HttpResponse, Wire, wire_for

if TYPE_CHECKING:
    from playground.aws.moto_behind import Moto

Clock = Callable[[], datetime]

_PLAYED = {"ec2", "kms", "sts", "organizations"}
# Of EC2, moto may answer what has nothing to do with the images and snapshots that it does not know.
_OURS_IN_EC2 = re.compile(r"Image|Snapshot|EbsDefault|EbsEncryption|Tags|CreateVolume|SpotInstances|CreateFleet")
_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass(frozen=True)
class _Signed:
    """What a request's signature says of it (SigV4's credential scope)."""

    access_key_id: str
    session_token: str | None
    region: str
    service: str


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
        self.snapshots: dict[str, Snapshot] = {}
        self.keys: dict[str, Key] = {}
        self.key_aliases: dict[str, str] = {}
        self.copies = Copies(self)
        self.journal = Journal()
        self.faults = Faults()
        self._settings: dict[tuple[str, str], RegionSettings] = {}
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
            self.copies.stop(self.images.pop(image_id))

    def delete_alias(self, account_id: str, region: str, alias: str) -> None:
        with self.settled():
            del self.key_aliases[f"arn:aws:kms:{region}:{account_id}:{alias}"]

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Hold this AWS still for a change from outside, after everything that was due has happened."""
        with self._lock:
            self.copies.settle(self.clock())
            yield

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
            signed = _signed(request)
            if signed is None:
                told = AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
                return _refusal(_wire("sts"), told, self.ids.uuid("request"))
            if signed.service in _PLAYED:
                return self._answer_played(request, signed)
            return self._answer_by_moto(request, signed, _name_of(request))

    def _answer_played(self, request: HttpRequest, signed: _Signed) -> HttpResponse:
        wire = _wire(signed.service)
        request_id = self.ids.uuid("request")
        caller = self.identities.speaking_with(signed.access_key_id, signed.session_token)
        entry = self._entry(signed, _name_of(request), caller)
        try:
            operation = wire.operation(request)
            if signed.service == "ec2" and not (
                ("ec2", operation.name) in OPERATIONS or _OURS_IN_EC2.search(operation.name)
            ):
                return self._answer_by_moto(request, signed, operation.name)
            parameters = wire.decode(operation, request)
            entry = replace(entry, parameters=parameters)
            call = self._call(signed, operation, parameters, caller)
            latency = self.faults.strike(signed.service, operation.name, call.account_id, "before")
            entry = replace(entry, latency=latency)
            body = self._perform(wire, operation, call, request_id)
        except AwsError as error:
            self.journal.entries.append(replace(entry, outcome=error.code, message=error.message))
            return _refusal(wire, error, request_id)
        except Crash:
            self.journal.entries.append(replace(entry, outcome="crashed before", answered=False))
            raise
        try:
            self.faults.strike(signed.service, operation.name, call.account_id, "after")
        except (LostAnswer, Crash):
            self.journal.entries.append(replace(entry, answered=False))
            raise
        self.journal.entries.append(entry)
        headers = {"content-type": wire.content_type, "x-amzn-requestid": request_id}
        return HttpResponse(200, headers, body, latency)

    def _perform(self, wire: Wire, operation: OperationModel, call: Call, request_id: str) -> bytes:
        serve_it = OPERATIONS.get((call.service, operation.name))
        if serve_it is None:
            raise NotServed(f"{call.service} {operation.name}")
        answer = serve_it(call)
        for unread in call.parameters.unread():
            raise NotServed(f"{unread} of {operation.name}")
        return wire.encode(operation, answer, request_id)

    def _call(
        self, signed: _Signed, operation: OperationModel, parameters: dict[str, object], caller: Credentials | None
    ) -> Call:
        known = self._checked_caller(signed.service, caller)
        return Call(self, known, signed.service, operation.name, signed.region, Parameters(parameters), self.clock())

    def _checked_caller(self, service: str, caller: Credentials | None) -> Credentials:
        """Refuse keys that are unknown or expired, in each service's own words."""
        if caller is None:
            match service:
                case "ec2":
                    told = "AWS was not able to validate the provided access credentials"
                    raise AwsError("AuthFailure", told, 401)
                case "sts":
                    told = "The security token included in the request is invalid."
                    raise AwsError("InvalidClientTokenId", told, 403)
                case _:
                    told = "The security token included in the request is invalid."
                    raise AwsError("UnrecognizedClientException", told)
        if caller.expires is not None and caller.expires <= self.session_clock():
            match service:
                case "ec2":
                    raise AwsError("RequestExpired", "Request has expired.")
                case "sts":
                    raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)
                case _:
                    told = "The security token included in the request is expired"
                    raise AwsError("ExpiredTokenException", told)
        return caller

    def _answer_by_moto(self, request: HttpRequest, signed: _Signed, name: str) -> HttpResponse:
        """Let moto answer; it knows the account, and no identity policy."""
        caller = self.identities.speaking_with(signed.access_key_id, signed.session_token)
        entry = self._entry(signed, name, caller)
        try:
            known = self._checked_caller(signed.service, caller)
            if self._moto is None:
                from playground.aws.moto_behind import Moto  # noqa: PLC0415 - half a second, and few tests need it

                self._moto = Moto()
            answered = self._moto.answer(request, signed.service, signed.region, known.account_id)
        except AwsError as error:
            self.journal.entries.append(replace(entry, outcome=error.code, message=error.message))
            wire = _wire(signed.service if signed.service in _PLAYED else "sts")
            return _refusal(wire, error, self.ids.uuid("request"))
        outcome = "ok" if answered.status < 400 else str(answered.status)  # noqa: PLR2004 - HTTP's errors begin there
        self.journal.entries.append(replace(entry, outcome=outcome))
        return answered

    def _entry(self, signed: _Signed, operation: str, caller: Credentials | None) -> Entry:
        return Entry(
            time=self.clock(),
            account_id=caller.account_id if caller else None,
            caller=caller.arn if caller else None,
            service=signed.service,
            operation=operation,
            region=signed.region,
            parameters={},
            outcome="ok",
        )


def _wall_clock() -> datetime:
    return datetime.now(UTC)


def _signed(request: HttpRequest) -> _Signed | None:
    found = _SCOPE.search(request.headers.get("authorization", ""))
    if found is None:
        return None
    token = request.headers.get("x-amz-security-token")
    return _Signed(found["key"], token, found["region"], found["service"])


def _name_of(request: HttpRequest) -> str:
    """Name the operation of any request: a JSON target, a form's action, or the path of a REST service."""
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if target:
        return target
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.body.decode())).get("Action", "")
    return f"{request.method} {urlsplit(request.url).path}"


@cache
def _wire(service: str) -> Wire:
    return wire_for(botocore.session.Session().get_service_model(service))


def _refusal(wire: Wire, error: AwsError, request_id: str) -> HttpResponse:
    headers = {"content-type": wire.content_type, "x-amzn-requestid": request_id}
    return HttpResponse(error.status, headers, wire.encode_error(error, request_id))
