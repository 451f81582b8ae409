"""Key policies, read and written. Last writer wins: KMS knows no version and no condition on a write."""

import json
from typing import Any

from playground.aws import key_access, keys
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError, NotServed
from playground.aws.identities import InvalidPrincipal, stored_policy
from playground.aws.keys import Key
from playground.aws.policies import Policy, statements

_BYPASS = "BypassPolicyLockoutSafetyCheck"
LARGEST = 32_768  # bytes (KMS developer guide, "Key policy overview"); on which form of the text is unknown


@serves("kms", "GetKeyPolicy")
def get_key_policy(call: Call) -> dict[str, Any]:
    """The policy as last written, pretty-printed. A principal that was deleted since shows as its bare unique id."""
    key = keys.find(call, call.parameters["KeyId"], "GetKeyPolicy")
    name = call.parameters.get("PolicyName", "default")
    if name != "default":
        raise AwsError("NotFoundException", f"No such policy exists: {name}")
    return {"Policy": pretty(key.policy), "PolicyName": name}


@serves("kms", "ListKeyPolicies")
def list_key_policies(call: Call) -> dict[str, Any]:
    keys.find(call, call.parameters["KeyId"], "ListKeyPolicies")
    return {"PolicyNames": ["default"], "Truncated": False}


@serves("kms", "PutKeyPolicy")
def put_key_policy(call: Call) -> dict[str, Any]:
    """Replace a key's policy, whatever the key's state, unless it would lock its writer out."""
    parameters = call.parameters
    key = keys.find(call, parameters["KeyId"], "PutKeyPolicy", bypass_context(call))
    if key.manager == "AWS":
        raise key_access.denied(call.caller, "PutKeyPolicy", key.arn)
    name = parameters.get("PolicyName", "default")
    if name == "AWS_RAM":
        raise AwsError("ValidationException", "The AWS_RAM policy can only be managed by the RAM service")
    if name != "default":
        raise NotServed(f"a key policy named {name}")
    key.in_force.write(checked(call, key, parameters["Policy"]), call.now, call.aws.policy_spreads_after)
    return {}


def checked(call: Call, key: Key, text: str) -> Policy:
    """Read a document for a key, as it is or is about to be, into its stored form.

    Raises:
        AwsError: it is too large, malformed, or would lock the caller out without `BypassPolicyLockoutSafetyCheck`.
    """
    if len(text.encode()) > LARGEST:
        told = f"Key policy size must be less than or equal to {LARGEST} bytes"
        raise AwsError("LimitExceededException", told)
    policy = parsed(call, text)
    if not call.parameters.get(_BYPASS):
        _refuse_lockout(call, key, policy, bypass_context(call))
    return policy


def bypass_context(call: Call) -> dict[str, list[str]]:
    return {"kms:BypassPolicyLockoutSafetyCheck": [str(bool(call.parameters.get(_BYPASS))).lower()]}


def parsed(call: Call, text: str) -> Policy:
    """Read a document into its stored form.

    Raises:
        AwsError: `MalformedPolicyDocumentException`, with KMS's own words where they are known.
    """
    try:
        policy = json.loads(text)
    except ValueError:
        raise _malformed("Policy is not a valid JSON document.") from None
    if not isinstance(policy, dict) or "Version" not in policy or not statements(policy):
        raise _malformed("Policy needs a Version and at least one Statement.")
    for statement in statements(policy):
        _refuse_incomplete(call, statement)
    try:
        return stored_policy(policy, call.aws.identities)
    except InvalidPrincipal:
        raise _malformed("Policy contains a statement with one or more invalid principals.") from None


def _refuse_incomplete(call: Call, statement: Any) -> None:
    """Refuse a statement without its elements, and since 2025-08-18 one that names another resource than `*`."""
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("Policy contains a statement without a valid Effect.")
    if "NotPrincipal" in statement:
        raise NotServed("NotPrincipal in a key policy")
    if not statement.get("Principal"):
        raise _malformed("Policy contains a statement with one or more invalid principals.")
    if call.aws.statements_need_action_and_resource:
        if not {"Action", "NotAction"} & set(statement):
            raise _malformed("Policy contains a statement without an Action.")
        if statement.get("Resource") not in ("*", ["*"]):
            raise _malformed('Policy contains a statement whose Resource is not "*".')


def _refuse_lockout(call: Call, key: Key, policy: Policy, context: dict[str, list[str]]) -> None:
    if not key_access.allowed(call.aws, key, call.caller, "PutKeyPolicy", context, moment=call.now, policy=policy):
        raise _malformed("The new key policy will not allow you to update the key policy in the future.")


def _malformed(told: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", told)


def pretty(policy: Policy) -> str:
    """Lay a document out as KMS answers it."""
    return json.dumps(policy, indent=2, separators=(",", " : "), ensure_ascii=False)
