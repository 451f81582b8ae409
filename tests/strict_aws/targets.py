"""Who is asked: the strict AWS by either door, moto, and the real AWS. Two accounts each, an owner and a target."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from playground.aws import Disk, StrictAws
from playground.clock import ManualClock

OWNER, TARGET, REGION = "111111111111", "222222222222", "eu-central-1"
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 1})  # the first answer is what a case is about
_LOADER = botocore.loaders.Loader(include_default_search_paths=True)


class Side(Protocol):
    """One of the two accounts, and its clients."""

    id: str
    arn: str
    ec2: Any
    kms: Any


class Target(Protocol):
    """Two accounts to ask, and what a case needs to stand in them."""

    owner: Side
    target: Side
    region: str

    def image(self, *keys: str | None) -> str:
        """Make the owner an image with a disk for each key, None for a plain one."""

    def key(self, side: Side) -> str:
        """Make one of them a key and return its ARN."""

    def managed_key(self, side: Side) -> str: ...

    def wait(self, happened: Callable[[], bool]) -> None:
        """Let time pass until something has happened."""


def session(**credentials: str | None) -> boto3.Session:
    """Return a session that shares its parsed models with the others: 18 ms instead of 255."""
    made = botocore.session.Session()
    made.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=made, region_name=REGION, **credentials)


class Account:
    """An account with clients, as whoever the session speaks for."""

    def __init__(self, speaking: boto3.Session, account_id: str, arn: str, url: str | None = None) -> None:
        self.id, self.arn = account_id, arn
        self.ec2 = speaking.client("ec2", endpoint_url=url, config=_CONFIG)
        self.kms = speaking.client("kms", endpoint_url=url, config=_CONFIG)


class Strict:
    """The strict AWS, on a clock that only `wait` moves."""

    region = REGION

    def __init__(self, aws: StrictAws, clock: ManualClock, url: str | None) -> None:
        self.aws, self._clock = aws, clock
        self.owner, self.target = (self._account(account_id, url) for account_id in (OWNER, TARGET))

    def _account(self, account_id: str, url: str | None) -> Account:
        admin = self.aws.account(account_id).user("admin")
        return Account(session(**admin.for_boto()), account_id, admin.arn, url)

    def image(self, *keys: str | None) -> str:
        return self.aws.account(OWNER).image(REGION, devices=[Disk(8, key=key) for key in keys or (None,)])

    def key(self, side: Side) -> str:
        return self.aws.account(side.id).key(REGION)

    def managed_key(self, side: Side) -> str:
        return self.aws.account(side.id).managed_key(REGION)

    def wait(self, happened: Callable[[], bool]) -> None:
        for _ in range(60):
            if happened():
                return
            self._clock.advance(timedelta(seconds=15))
        raise AssertionError("it did not happen within 15 minutes")


@contextmanager
def strict() -> Iterator[Strict]:
    clock = ManualClock()
    aws = StrictAws(clock)
    with aws.in_process():
        yield Strict(aws, clock, None)


@contextmanager
def strict_over_http() -> Iterator[Strict]:
    clock = ManualClock()
    aws = StrictAws(clock)
    with aws.serve() as url:
        yield Strict(aws, clock, url)


class Moto:
    """moto: other people's code, asked where it is right. Its two accounts can't see each other."""

    region = REGION

    def __init__(self) -> None:
        self.owner = Account(session(aws_access_key_id="a", aws_secret_access_key="b"), "123456789012", "")
        self.target = self.owner

    def image(self, *_: str | None) -> str:
        volume = self.owner.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8)["VolumeId"]
        snapshot = self.owner.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        disk = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
        made = self.owner.ec2.register_image(Name="case", RootDeviceName="/dev/xvda", BlockDeviceMappings=[disk])
        return str(made["ImageId"])

    def key(self, side: Side) -> str:
        return str(side.kms.create_key()["KeyMetadata"]["Arn"])

    def managed_key(self, side: Side) -> str:
        raise NotImplementedError("moto has no AWS managed keys")

    def wait(self, happened: Callable[[], bool]) -> None:
        assert happened(), "nothing takes time in moto"


@contextmanager
def moto() -> Iterator[Moto]:
    with mock_aws():
        yield Moto()


class Real:
    """Two sandbox accounts. What is made is taken away again; what AWS answers is written down."""

    def __init__(self, profiles: Sequence[str], record: Path, stack: ExitStack) -> None:
        record.parent.mkdir(parents=True, exist_ok=True)
        self._stack, self._log = stack, stack.enter_context(record.open("a", encoding="utf-8"))
        self.owner, self.target = map(self._account, profiles)
        self.region = self.owner.ec2.meta.region_name

    def _account(self, profile: str) -> Account:
        speaking = boto3.Session(profile_name=profile)
        speaking.events.register("after-call", self._write_down)
        me = speaking.client("sts").get_caller_identity()
        return Account(speaking, me["Account"], me["Arn"])

    def _write_down(self, http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
        line = {"operation": model.name, "status": http_response.status_code, "answer": parsed}
        self._log.write(json.dumps(line, default=str) + "\n")
        if model.name == "CopyImage" and "ImageId" in parsed:
            self._take_away(lambda: self.target.ec2.deregister_image(**_thoroughly(parsed["ImageId"])))

    def _take_away(self, undo: Callable[[], object]) -> None:
        """Plan to undo something at the end; a case may have done so itself by then."""

        def undone() -> None:
            with suppress(ClientError):
                undo()

        self._stack.callback(undone)

    def image(self, *keys: str | None) -> str:
        ec2 = self.owner.ec2
        zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
        disks = [self._disk(zone, position, key) for position, key in enumerate(keys or (None,))]
        made = ec2.register_image(
            Name=f"contract-{time.time_ns()}",
            RootDeviceName="/dev/xvda",
            BlockDeviceMappings=disks,
            Architecture="x86_64",
            VirtualizationType="hvm",
        )
        self._take_away(lambda: ec2.deregister_image(**_thoroughly(made["ImageId"])))
        return str(made["ImageId"])

    def _disk(self, zone: str, position: int, key: str | None) -> dict[str, Any]:
        ec2 = self.owner.ec2
        encryption = {"Encrypted": True, "KmsKeyId": key} if key else {}
        volume = ec2.create_volume(AvailabilityZone=zone, Size=1, VolumeType="gp3", **encryption)["VolumeId"]
        ec2.get_waiter("volume_available").wait(VolumeIds=[volume])
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot])
        ec2.delete_volume(VolumeId=volume)
        return {"DeviceName": f"/dev/xvd{'abcdef'[position]}", "Ebs": {"SnapshotId": snapshot}}

    def key(self, side: Side) -> str:
        made = side.kms.create_key(Description="contract")["KeyMetadata"]["Arn"]
        self._take_away(lambda: side.kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=7))
        return str(made)

    def managed_key(self, side: Side) -> str:
        return str(side.kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"])

    def wait(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 3600
        while not happened():
            assert time.monotonic() < deadline, "it did not happen within an hour"
            time.sleep(15)


def _thoroughly(image_id: str) -> dict[str, Any]:
    return {"ImageId": image_id, "DeleteAssociatedSnapshots": True}


@contextmanager
def real(profiles: Sequence[str]) -> Iterator[Real]:
    with ExitStack() as stack:
        yield Real(profiles, Path("build/contract-aws.jsonl"), stack)
