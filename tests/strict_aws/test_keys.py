"""Keys and their policies."""

import json
from typing import Any

import pytest

from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import Target

INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def policy_of(where: Target, key: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(where.owner.kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    return read


def write(where: Target, key: str, policy: dict[str, Any], **how: Any) -> None:
    where.owner.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy), **how)


def with_statement(where: Target, key: str, **statement: Any) -> dict[str, Any]:
    policy = policy_of(where, key)
    policy["Statement"].append({"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"} | statement)
    return policy


def root(account_id: str) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{account_id}:root"}


@pytest.mark.moto_is_right
@rule("2.6", READ)
def test_a_policy_reads_back_as_it_was_written(where: Target) -> None:
    key = where.key(where.owner)
    policy = with_statement(where, key, Principal=root(where.owner.id), Sid="Spaces are fine")
    write(where, key, policy)
    assert policy_of(where, key) == policy


@rule("2.3", READ)
def test_a_foreign_key_is_opened_by_its_policy(where: Target) -> None:
    key = where.key(where.owner)
    with refused("AccessDeniedException"):
        where.target.kms.describe_key(KeyId=key)
    write(where, key, with_statement(where, key, Principal=root(where.target.id)))
    seen = where.target.kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (seen["AWSAccountId"], seen["KeyManager"]) == (where.owner.id, "CUSTOMER")


@rule("2.3", READ)
def test_no_policy_opens_the_policy_itself_to_another_account(where: Target) -> None:
    key = where.key(where.owner)
    write(where, key, with_statement(where, key, Principal=root(where.target.id), Action="kms:*"))
    with refused("AccessDeniedException"):
        where.target.kms.get_key_policy(KeyId=key, PolicyName="default")


@rule("2.3", READ)
def test_the_grant_condition_leaves_describing_closed(where: Target) -> None:
    key = where.key(where.owner)
    condition = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    principal = root(where.target.id)
    write(where, key, with_statement(where, key, Principal=principal, Action="kms:*", Condition=condition))
    with refused("AccessDeniedException"):
        where.target.kms.describe_key(KeyId=key)
    with refused("AccessDeniedException"):
        where.target.kms.create_grant(KeyId=key, GranteePrincipal=where.target.arn, Operations=["Decrypt"])


@rule("2.6", READ)
@pytest.mark.parametrize(
    "principal",
    ["arn:aws:iam::{owner}:role/nobody-has-it", "AROAABCDEFGHIJKLMNOPQ", "AIDAABCDEFGHIJKLMNOPQ", "not-an-arn"],
)
def test_a_principal_must_exist(where: Target, principal: str) -> None:
    key = where.key(where.owner)
    named = {"AWS": principal.format(owner=where.owner.id)}
    with refused("MalformedPolicyDocumentException", INVALID_PRINCIPALS):
        write(where, key, with_statement(where, key, Principal=named))


@rule("2.3", READ)
def test_a_bare_account_id_is_the_accounts_root(where: Target) -> None:
    key = where.key(where.owner)
    write(where, key, with_statement(where, key, Principal={"AWS": where.target.id}))
    assert where.target.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


@rule("2.6", READ)
def test_nobody_locks_themselves_out(where: Target) -> None:
    key = where.key(where.owner)
    policy = policy_of(where, key)
    policy["Statement"][0]["Action"] = ["kms:Describe*", "kms:Get*"]
    with refused("MalformedPolicyDocumentException", LOCKED_OUT):
        write(where, key, policy)


@rule("2.6", READ)
def test_a_policy_has_its_size(where: Target) -> None:
    """Over 32,768 bytes; botocore retries the code as throttling, in vain."""
    key = where.key(where.owner)
    policy = with_statement(where, key, Principal=root(where.owner.id), Sid="x" * 33_000)
    with refused("LimitExceededException"):
        write(where, key, policy)


@rule("2.6", READ)
def test_a_policy_is_latin_1(where: Target) -> None:
    key = where.key(where.owner)
    text = json.dumps(with_statement(where, key, Principal=root(where.owner.id), Sid="日本"), ensure_ascii=False)
    with refused("ValidationException"):
        where.owner.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)


@rule("2.6", READ)
@pytest.mark.parametrize("missing", ["Action", "Resource"])
def test_a_statement_needs_an_action_and_a_resource(where: Target, missing: str) -> None:
    key = where.key(where.owner)
    policy = with_statement(where, key, Principal=root(where.owner.id))
    del policy["Statement"][-1][missing]
    with refused("MalformedPolicyDocumentException"):
        write(where, key, policy)


@pytest.mark.moto_is_right
@rule("2.6", READ)
def test_an_unknown_key(where: Target) -> None:
    unknown = "12345678-1234-1234-1234-123456789012"
    with refused("NotFoundException", unknown):
        where.owner.kms.describe_key(KeyId=unknown)
    with refused("NotFoundException"):
        where.owner.kms.get_key_policy(KeyId="alias/nobody-has-it", PolicyName="default")


@rule("2.6", READ)
def test_the_policy_of_a_disabled_key_can_still_be_written(where: Target) -> None:
    key = where.key(where.owner)
    where.owner.kms.disable_key(KeyId=key)
    write(where, key, with_statement(where, key, Principal=root(where.target.id)))
    assert where.target.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    with refused("DisabledException", f"{key} is disabled."):
        where.owner.kms.create_grant(KeyId=key, GranteePrincipal=where.owner.arn, Operations=["Decrypt"])


@rule("2.6", READ)
def test_the_key_of_ebs_is_aws_s_own(where: Target) -> None:
    key = where.managed_key(where.owner)
    assert where.owner.kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyManager"] == "AWS"
    with refused("AccessDeniedException"):
        write(where, key, policy_of(where, key))


@rule("2.6", READ)
def test_a_grant_by_name_is_made_once(where: Target) -> None:
    key = where.key(where.owner)
    asked = {"KeyId": key, "GranteePrincipal": root(where.target.id)["AWS"], "Operations": ["DescribeKey"]}
    first = where.owner.kms.create_grant(**asked, Name="once")["GrantId"]
    assert where.owner.kms.create_grant(**asked, Name="once")["GrantId"] == first
    assert where.owner.kms.create_grant(**asked)["GrantId"] != first, "without a name there are two"
    assert len(where.owner.kms.list_grants(KeyId=key)["Grants"]) == 2
    where.owner.kms.revoke_grant(KeyId=key, GrantId=first)
    assert len(where.owner.kms.list_grants(KeyId=key)["Grants"]) == 1


@rule("2.3", INFERRED)
def test_kms_does_not_tell_strangers_whether_a_key_exists(where: Target) -> None:
    unknown = f"arn:aws:kms:{where.region}:{where.owner.id}:key/12345678-1234-1234-1234-123456789012"
    with refused("AccessDeniedException"):
        where.target.kms.describe_key(KeyId=unknown)
