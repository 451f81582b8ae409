"""KMS keys: what they are, how they are named, and what state they are in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from playground.aws import key_access
from playground.aws.calls import Call, serves
from playground.aws.delayed import Delayed
from playground.aws.errors import AwsError
from playground.aws.identities import Identities, shown_policy, stored_policy
from playground.aws.policies import Ask, Policy

if TYPE_CHECKING:
    from playground.aws.grants import Grant
    from playground.aws.strict import StrictAws

EBS_ALIAS = "alias/aws/ebs"
_PENDING_DELETION = ("PendingDeletion", "PendingReplicaDeletion")

KeyState = Literal[
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
]


@dataclass(eq=False, kw_only=True)
class Key:
    """A KMS key. Its policy is kept with principals in their stored form, and so are its grants.

    `primary_region` is set on replicas. A key that is `Creating` is `ready` some time later, if it says when.
    """

    id: str
    account_id: str
    region: str
    created: datetime
    identities: Identities
    in_force: Delayed[Policy]
    manager: Literal["AWS", "CUSTOMER"] = "CUSTOMER"
    state: KeyState = "Enabled"
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    origin: str = "AWS_KMS"
    description: str = ""
    valid_to: datetime | None = None
    deletion_date: datetime | None = None
    pending_window: int | None = None
    primary_region: str | None = None
    ready: datetime | None = None
    grants: list["Grant"] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account_id}:key/{self.id}"

    @property
    def is_multi_region(self) -> bool:
        return self.id.startswith("mrk-")

    @property
    def policy(self) -> Policy:
        """The key policy as last written, as GetKeyPolicy would show it. Assigning replaces it, with no check."""
        return shown_policy(self.in_force.latest, self.identities)

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self.in_force = Delayed(stored_policy(policy, self.identities))

    @property
    def works_for_ebs(self) -> bool:
        return self.state in ("Enabled", "Updating") and self.spec == "SYMMETRIC_DEFAULT"


def default_policy(account_id: str) -> Policy:
    """Return what a key gets that is made without a policy: the account's IAM policies decide."""
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def ebs_policy(account_id: str, region: str) -> Policy:
    """Return the policy of `alias/aws/ebs`, which nobody can change and which no other account passes."""
    return {
        "Version": "2012-10-17",
        "Id": "auto-ebs-2",
        "Statement": [
            {
                "Sid": "Allow access through EBS for all principals in the account that are authorized to use EBS",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "kms:Encrypt",
                    "kms:Decrypt",
                    "kms:ReEncrypt*",
                    "kms:GenerateDataKey*",
                    "kms:CreateGrant",
                    "kms:DescribeKey",
                ],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:CallerAccount": account_id,
                        "kms:ViaService": f"ec2.{region}.amazonaws.com",
                    }
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }


def resolve(aws: "StrictAws", key_id: str, account_id: str, region: str) -> Key | None:
    """Find a key by id, ARN, alias or alias ARN. A bare id or alias is looked for in `account_id` only.

    `alias/aws/ebs` makes the key if the account has none yet, as its first use does.
    """
    arn = key_id if key_id.startswith("arn:") else f"arn:aws:kms:{region}:{account_id}:{_resource(key_id)}"
    if arn.endswith(f":{EBS_ALIAS}") and arn.split(":")[4] == account_id:
        return aws.ebs_key(account_id, region)
    arn = aws.key_aliases.get(arn, arn)
    found = aws.keys.get(arn)
    return found if found is not None and found.region == region else None


def _resource(key_id: str) -> str:
    return key_id if key_id.startswith("alias/") else f"key/{key_id}"


def find(call: Call, key_id: str, action: str, context: dict[str, list[str]] | None = None) -> Key:
    """Find a key that the caller may do `action` to.

    Raises:
        AwsError: `NotFoundException` in the caller's own account; of another account's key, `AccessDeniedException`
            whether it exists or not: KMS does not tell strangers.
    """
    key = resolve(call.aws, key_id, call.account_id, call.region)
    if key is None:
        foreign = key_id.startswith("arn:") and key_id.split(":")[4] != call.account_id
        if foreign:
            raise key_access.denied(call.caller, action, key_id)
        if "alias/" in key_id:
            arn = f"arn:aws:kms:{call.region}:{call.account_id}:alias/{key_id.partition('alias/')[2]}"
            raise AwsError("NotFoundException", f"Alias {arn} is not found.")
        arn = f"arn:aws:kms:{call.region}:{call.account_id}:key/{key_id.rpartition('/')[2]}"
        raise AwsError("NotFoundException", f"Key '{arn}' does not exist")
    key_access.require(call, key, action, context or {})
    return key


def refuse_dead(key: Key) -> None:
    """Raise what a cryptographic operation or a grant meets on a key that can't be used (KMS guide, "Key states")."""
    if key.state == "Disabled":
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    told = {
        "PendingDeletion": "pending deletion",
        "PendingReplicaDeletion": "pending replica deletion",
        "PendingImport": "pending import",
        "Creating": "creating",
    }.get(key.state)
    if told is not None:
        raise AwsError("KMSInvalidStateException", f"{key.arn} is {told}.")


@serves("kms", "DescribeKey")
def describe_key(call: Call) -> dict[str, Any]:
    """Works across accounts by key ARN, on keys in every state."""
    return {"KeyMetadata": metadata(call.aws, find(call, call.parameters["KeyId"], "DescribeKey"))}


def metadata(aws: "StrictAws", key: Key) -> dict[str, Any]:
    return {
        "AWSAccountId": key.account_id,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        "DeletionDate": key.deletion_date,
        "ValidTo": key.valid_to,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "KeySpec": key.spec,
        "CustomerMasterKeySpec": key.spec,
        "EncryptionAlgorithms": [key.spec] if key.usage == "ENCRYPT_DECRYPT" else None,
        "MultiRegion": key.is_multi_region,
        "MultiRegionConfiguration": _multi_region_configuration(aws, key) if key.is_multi_region else None,
        "PendingDeletionWindowInDays": key.pending_window if key.state == "PendingReplicaDeletion" else None,
    }


def related(aws: "StrictAws", key: Key) -> list[Key]:
    """List a multi-Region key and its relatives, which share its id (KMS guide, "Multi-Region keys")."""
    return [each for each in aws.keys.values() if (each.id, each.account_id) == (key.id, key.account_id)]


def _multi_region_configuration(aws: "StrictAws", key: Key) -> dict[str, Any]:
    told = [({"Arn": each.arn, "Region": each.region}, each.primary_region is None) for each in related(aws, key)]
    return {
        "MultiRegionKeyType": "PRIMARY" if key.primary_region is None else "REPLICA",
        "PrimaryKey": next(each for each, is_primary in told if is_primary),
        "ReplicaKeys": [each for each, is_primary in told if not is_primary],
    }


@serves("kms", "EnableKey")
def enable_key(call: Call) -> dict[str, Any]:
    key = find(call, call.parameters["KeyId"], "EnableKey")
    _refuse_pending_deletion(key)
    key.state = "Enabled"
    return {}


@serves("kms", "DisableKey")
def disable_key(call: Call) -> dict[str, Any]:
    key = find(call, call.parameters["KeyId"], "DisableKey")
    _refuse_pending_deletion(key)
    key.state = "Disabled"
    return {}


@serves("kms", "ScheduleKeyDeletion")
def schedule_key_deletion(call: Call) -> dict[str, Any]:
    """A primary key with replicas waits for their end first: its own window has not begun."""
    key = find(call, call.parameters["KeyId"], "ScheduleKeyDeletion")
    _refuse_pending_deletion(key)
    days = call.parameters.get("PendingWindowInDays", 30)
    if key.is_multi_region and key.primary_region is None and len(related(call.aws, key)) > 1:
        key.state, key.pending_window = "PendingReplicaDeletion", days
    else:
        key.state, key.deletion_date = "PendingDeletion", call.now + timedelta(days=days)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion_date,
        "KeyState": key.state,
        "PendingWindowInDays": days,
    }


@serves("kms", "CancelKeyDeletion")
def cancel_key_deletion(call: Call) -> dict[str, Any]:
    """Leave the key disabled, as KMS does."""
    key = find(call, call.parameters["KeyId"], "CancelKeyDeletion")
    if key.state not in _PENDING_DELETION:
        raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    key.state, key.deletion_date = "Disabled", None
    return {"KeyId": key.arn}


def _refuse_pending_deletion(key: Key) -> None:
    if key.state in _PENDING_DELETION:
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


@serves("kms", "ListKeys")
def list_keys(call: Call) -> dict[str, Any]:
    call.authorize(Ask("kms:ListKeys"))
    mine = [k for k in call.aws.keys.values() if (k.account_id, k.region) == (call.account_id, call.region)]
    chosen, marker = cut(mine, call)
    return {
        "Keys": [{"KeyId": key.id, "KeyArn": key.arn} for key in chosen],
        "NextMarker": marker,
        "Truncated": marker is not None,
    }


@serves("kms", "ListAliases")
def list_aliases(call: Call) -> dict[str, Any]:
    call.authorize(Ask("kms:ListAliases"))
    wanted = find(call, call.parameters["KeyId"], "DescribeKey").arn if "KeyId" in call.parameters else None
    prefix = f"arn:aws:kms:{call.region}:{call.account_id}:"
    mine = [
        {"AliasName": alias.removeprefix(prefix), "AliasArn": alias, "TargetKeyId": call.aws.keys[arn].id}
        for alias, arn in call.aws.key_aliases.items()
        if alias.startswith(prefix) and wanted in (None, arn)
    ]
    chosen, marker = cut(mine, call)
    return {"Aliases": chosen, "NextMarker": marker, "Truncated": marker is not None}


@serves("kms", "CreateAlias")
def create_alias(call: Call) -> dict[str, Any]:
    name = call.parameters["AliasName"]
    key = find(call, call.parameters["TargetKeyId"], "CreateAlias")
    if not name.startswith("alias/") or name.startswith("alias/aws/"):
        raise AwsError("InvalidAliasNameException", f"{name} is not a valid alias name.")
    arn = f"arn:aws:kms:{call.region}:{call.account_id}:{name}"
    if arn in call.aws.key_aliases:
        raise AwsError("AlreadyExistsException", f"An alias with the name {arn} already exists")
    call.aws.key_aliases[arn] = key.arn
    return {}


def cut(items: list[Any], call: Call, default: int = 100) -> tuple[list[Any], str | None]:
    """Cut one page out of a KMS list, whose marker is a position."""
    start = int(call.parameters.get("Marker", 0))
    end = start + call.parameters.get("Limit", default)
    return items[start:end], str(end) if end < len(items) else None
