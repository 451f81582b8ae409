"""An AWS of canned answers, per account and operation: to say exactly what can't be read, and to hear what was asked.

It answers the calls that are canned and no other: a call that changes anything would fail.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import Session

from aws_ops.calls import calling
from aws_ops.facts import Role
from aws_ops.ids import AccountId, Region
from tests.aws_ops.builders import GOLDEN, IMAGE, PROD, SNAPSHOT, STAGING, a_key_arn, a_policy

# AWS's service models are parsed once, not once a test.
LOADER = Session().get_component("data_loader")

Answer = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]


class _Refusal(Exception):
    """An error of AWS, by its code."""


class CannedAws:
    """Stands where `Accounts` does."""

    def __init__(self) -> None:
        self.answers: dict[tuple[AccountId, str], Answer] = {}
        self.asked: list[tuple[AccountId, str]] = []

    def ec2(self, role: Role, region: Region) -> Any:
        return self._client("ec2", role.account_id, region)

    def kms(self, role: Role, region: Region) -> Any:
        return self._client("kms", role.account_id, region)

    def organizations(self, role: Role) -> Any:
        return self._client("organizations", role.account_id, Region("us-east-1"))

    def assume(self, role: Role) -> None:
        with calling("AssumeRole"):
            code = self.answers.get((role.account_id, "AssumeRole"))
            if code:
                raise ClientError({"Error": {"Code": str(code["Code"]), "Message": "no"}}, "AssumeRole")  # type: ignore[index]

    def refuse(self, account: AccountId, operation: str, code: str) -> None:
        def refusal(_: dict[str, Any]) -> dict[str, Any]:
            raise _Refusal(code)

        self.answers[account, operation] = {"Code": code} if operation == "AssumeRole" else refusal

    def _client(self, service: str, account: AccountId, region: Region) -> Any:
        session = Session()
        session.register_component("data_loader", LOADER)
        client = session.create_client(
            service, region_name=region, aws_access_key_id="testing", aws_secret_access_key="testing"
        )

        sent: dict[str, Any] = {}
        client.meta.events.register(
            "provide-client-params", lambda params, **_: sent.clear() or sent.update(params), unique_id="hear"
        )

        def answer(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
            self.asked.append((account, model.name))
            canned = self.answers[account, model.name]
            try:
                said = canned(dict(sent)) if callable(canned) else canned
            except _Refusal as refusal:
                error = {"Code": str(refusal), "Message": f"no {model.name} for you"}
                return SimpleNamespace(status_code=400), {"Error": error}
            return SimpleNamespace(status_code=200), said

        client.meta.events.register("before-call", answer)
        return client


def image(**changes: Any) -> dict[str, Any]:
    return {
        "ImageId": IMAGE,
        "OwnerId": GOLDEN,
        "Name": "golden",
        "Description": "Golden image",
        "State": "available",
        "CreationDate": "2026-11-23T10:00:00.000Z",
        "Architecture": "x86_64",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "RootDeviceType": "ebs",
        "Tags": [{"Key": "team", "Value": "platform"}],
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": SNAPSHOT}},
            {"DeviceName": "/dev/xvdb", "VirtualName": "ephemeral0"},
        ],
    } | changes


def key_metadata(arn: str, manager: str = "CUSTOMER") -> dict[str, Any]:
    return {
        "KeyMetadata": {
            "KeyId": arn.rsplit("/", 1)[-1],
            "Arn": arn,
            "KeyManager": manager,
            "KeyState": "Enabled",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
        }
    }


def a_healthy_aws() -> CannedAws:
    """The golden account with an encrypted image, and two targets with a key of their own and no images."""
    aws = CannedAws()
    snapshot = {
        "SnapshotId": SNAPSHOT,
        "OwnerId": GOLDEN,
        "State": "completed",
        "VolumeSize": 8,
        "StorageTier": "standard",
        "Encrypted": True,
        "KmsKeyId": a_key_arn(GOLDEN),
    }
    aws.answers = {
        (GOLDEN, "DescribeImages"): {"Images": [image()]},
        (GOLDEN, "DescribeImageAttribute"): {"LaunchPermissions": [{"UserId": PROD}, {"Group": "all"}]},
        (GOLDEN, "DescribeSnapshots"): {"Snapshots": [snapshot]},
        (GOLDEN, "DescribeSnapshotAttribute"): {"CreateVolumePermissions": [{"UserId": PROD}]},
        (GOLDEN, "DescribeKey"): key_metadata(a_key_arn(GOLDEN)),
        (GOLDEN, "GetKeyPolicy"): {"Policy": json.dumps(json.loads(a_policy().text), indent=2)},
        (GOLDEN, "ListGrants"): {"Grants": []},
    }
    for target in (STAGING, PROD):
        aws.answers[target, "DescribeKey"] = key_metadata(a_key_arn(target))
        aws.answers[target, "DescribeImages"] = {"Images": []}
        aws.answers[target, "GetAllowedImagesSettings"] = {"State": "disabled", "ManagedBy": "account"}
    return aws
