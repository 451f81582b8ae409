"""Keys: describe them, and read and write their policies.

What a policy is to say is decided in `key_policy.py`. One writer at a time per key is the caller's to see to: KMS has
no concurrency token, its last writer wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.errors import (
    AccessDenied,
    AwsRefused,
    InvalidPrincipals,
    KeyPolicyContested,
    NotFound,
    PolicyLocksOut,
    RoleNotBelieved,
)
from aws_ops.facts import KeyFacts
from aws_ops.ids import KeyArn, KeyUser
from aws_ops.key_policy import KeyPolicy, own_administrators, own_users, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_kms import KMSClient

_POLICY_NAME = "default"  # the only one KMS knows
_ATTEMPTS = 4


@dataclass(frozen=True)
class KeyPolicyChange:
    """A key policy that was changed: its whole text before and after, so that it can be put back."""

    key_arn: KeyArn
    before: str
    after: str


def describe_key(kms: KMSClient, key: str) -> KeyFacts:
    """What KMS says of `key`, without its policy.

    Args:
        kms: a client in the key's region; an id or alias is looked for in the client's own account.
        key: a key id, key ARN, alias (`alias/…`) or alias ARN.

    Raises:
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    with calling("DescribeKey"):
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    return KeyFacts(
        arn=KeyArn(metadata["Arn"]),
        manager=metadata.get("KeyManager", ""),
        state=metadata.get("KeyState", ""),
        spec=metadata.get("KeySpec", ""),
        usage=metadata.get("KeyUsage", ""),
        valid_to=metadata.get("ValidTo"),
    )


def can_use(kms_of_target: KMSClient, key_arn: KeyArn) -> bool:
    """Whether the target's own role may describe the key: the sign that a policy change has arrived there.

    Raises:
        AccessDenied: the target's role itself can't be assumed.
        RoleNotBelieved: the target hasn't enabled the key's region.
        AwsRefused, AwsBusy: see `calls.calling`.
    """
    try:
        describe_key(kms_of_target, key_arn)
    except RoleNotBelieved:
        raise
    except AccessDenied as denied:
        if denied.operation == "AssumeRole":
            raise
        return False
    except NotFound:
        return False
    return True


def read_policy(kms: KMSClient, key_arn: KeyArn) -> KeyPolicy:
    """The key's policy. Only the key's own account may read it (KMS developer guide, "KMS permissions").

    Raises:
        MalformedPolicy: KMS holds something that isn't understood.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    with calling("GetKeyPolicy"):
        return parse(kms.get_key_policy(KeyId=key_arn, PolicyName=_POLICY_NAME)["Policy"])


def change_key_policy(
    kms: KMSClient,
    key_arn: KeyArn,
    edit: Callable[[KeyPolicy], KeyPolicy],
    *,
    before_write: Callable[[str, str], None],
) -> KeyPolicyChange | None:
    """Bring the key's policy to what `edit` makes of it, and make sure that it is so.

    The policy is read, edited, read again, written and read back. If it has changed until the second reading, or the
    edit isn't in what is read back, somebody else wrote in between, and it is applied anew to what they wrote, a few
    times. What somebody writes between the second reading and the write is lost all the same: KMS has no version to
    write against. That is as long as one call takes, with what the client does before it sends a write.

    Args:
        kms: a client in the key's own account and region. If it tries a refused write again by itself, what somebody
            wrote meanwhile is lost as well; one of `Accounts.kms_once` doesn't.
        key_arn: the key.
        edit: must be idempotent, and return its argument if there is nothing to do.
        before_write: is given the whole text before and after, ahead of each write; if it raises, nothing is written.
            It may take its time: if the policy is changed meanwhile nothing is written, and it is called anew.

    Returns:
        The change, or None if nothing had to be written.

    Raises:
        KeyPolicyContested: others changed the policy every time.
        InvalidPrincipals: KMS doesn't know a principal, or not yet.
        PolicyLocksOut: KMS fears that the role couldn't change the policy again; this check is never bypassed.
        KeyPolicyError: what `edit` raises.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    change: KeyPolicyChange | None = None
    policy = read_policy(kms, key_arn)
    for _ in range(_ATTEMPTS):
        wanted = edit(policy)
        if wanted == policy:
            return change
        before_write(policy.text, wanted.text)
        if (fresh := read_policy(kms, key_arn)) != policy:
            policy = fresh
            continue
        _write(kms, key_arn, policy, wanted)
        change = KeyPolicyChange(key_arn, before=policy.text, after=wanted.text)
        policy = read_policy(kms, key_arn)
    if edit(policy) == policy:
        return change
    raise KeyPolicyContested(key_arn)


def _write(kms: KMSClient, key_arn: KeyArn, policy: KeyPolicy, wanted: KeyPolicy) -> None:
    try:
        with calling("PutKeyPolicy"):
            kms.put_key_policy(KeyId=key_arn, PolicyName=_POLICY_NAME, Policy=wanted.text)
    except AwsRefused as refused:
        # Both texts are known from reports of real answers; KMS has one code for all malformed policies.
        if "invalid principals" in refused.said:
            raise InvalidPrincipals(tuple(sorted(_named(wanted) - _named(policy)))) from refused
        if "not allow you to update the key policy" in refused.said:
            raise PolicyLocksOut(refused.said) from refused
        raise


def _named(policy: KeyPolicy) -> frozenset[KeyUser]:
    return own_users(policy) | own_administrators(policy)
