"""Who may do what with a key.

Both sides speak. The key's policy allows the caller itself, or leaves it to an account's IAM policies by naming the
account's root. In the key's own account the first is enough; from another account IAM policies must allow in any case:
"Neither ... alone is sufficient" (KMS developer guide, "Allowing users in other accounts to use a KMS key").
A grant stands beside the policy. An explicit deny, on either side, beats everything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from playground.aws.calls import Call, global_context, identity_verdict
from playground.aws.errors import AwsError
from playground.aws.identities import Credentials, names_account, names_caller
from playground.aws.policies import Ask, Policy, Verdict, verdict

if TYPE_CHECKING:
    from playground.aws.keys import Key
    from playground.aws.strict import StrictAws

# "If you give a user in a different account permission for other operations, those permissions have no effect." (ibid.)
_ACROSS_ACCOUNTS = {
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GetKeyRotationStatus",
    "GetPublicKey",
    "ListGrants",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "RevokeGrant",
}
_GRANT_OPERATIONS = {"CreateGrant", "ListGrants", "RevokeGrant"}


def require(call: Call, key: "Key", action: str, context: Mapping[str, Sequence[str]]) -> None:
    """Let a direct call to KMS pass, or raise `AccessDeniedException`.

    `kms:GrantIsForAWSResource` is false of a direct call: it says that an AWS service makes the grant for the caller.
    """
    direct = {"kms:GrantIsForAWSResource": ["false"]} if action in _GRANT_OPERATIONS else {}
    if not allowed(call.aws, key, call.caller, action, {**direct, **context}, moment=call.now):
        raise denied(call.caller, action, key.arn)


def denied(caller: Credentials, action: str, arn: str) -> AwsError:
    told = (
        f"User: {caller.arn} is not authorized to perform: kms:{action} on resource: {arn} because the resource does "
        "not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly "
        "denies access"
    )
    return AwsError("AccessDeniedException", told)


def allowed_through_ec2(
    aws: "StrictAws", key: "Key", caller: Credentials, actions: Sequence[str], moment: datetime
) -> bool:
    """Say whether EC2 may do all `actions` on the caller's behalf, with the policies in force at `moment`."""
    via = {"kms:ViaService": [f"ec2.{key.region}.amazonaws.com"]}
    for_resource = {**via, "kms:GrantIsForAWSResource": ["true"]}
    return all(
        allowed(aws, key, caller, action, for_resource if action in _GRANT_OPERATIONS else via, moment=moment)
        for action in actions
    )


def may_read_through_ec2(aws: "StrictAws", key: "Key", caller: Credentials, moment: datetime) -> bool:
    """Say whether EC2 can read for the caller what is under the key.

    The least that was seen to work on a source key (aws-samples/copy-encrypted-ami); AWS recommends more.
    """
    return key.works_for_ebs and any(
        allowed_through_ec2(aws, key, caller, ("DescribeKey", "CreateGrant", reads), moment)
        for reads in ("Decrypt", "ReEncryptFrom")
    )


def allowed(
    aws: "StrictAws",
    key: "Key",
    caller: Credentials,
    action: str,
    context: Mapping[str, Sequence[str]],
    *,
    moment: datetime,
    policy: Policy | None = None,
) -> bool:
    """Weigh both sides. `policy` stands in for the key's own, for KMS's question what a new one would allow."""
    is_foreign = caller.account_id != key.account_id
    if is_foreign and action not in _ACROSS_ACCOUNTS:
        return False
    key_context = {"kms:CallerAccount": [caller.account_id], **context}
    asked = Ask(f"kms:{action}", key.arn, {**global_context(aws, caller, key.region), **key_context})
    in_force = [policy if policy is not None else key.in_force.at(moment)]
    itself = verdict(in_force, asked, lambda statement: names_caller(statement, caller))
    account = verdict(in_force, asked, lambda statement: names_account(statement, caller.account_id))
    iam = identity_verdict(aws, caller, asked, key.region)
    if Verdict.DENY in (itself, account, iam):
        return False
    if any(grant.covers(caller, action, context.get("kms:GrantOperations", ())) for grant in key.grants):
        return iam is Verdict.ALLOW or not is_foreign
    if itself is Verdict.ALLOW and not is_foreign:
        # A session policy still narrows what the key's policy gives to the role [IAM guide, "Session policies"].
        return caller.session_policy is None or iam is Verdict.ALLOW
    return Verdict.ALLOW in (itself, account) and iam is Verdict.ALLOW
