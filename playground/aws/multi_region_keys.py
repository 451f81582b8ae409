"""Multi-Region keys: one key in several Regions, by the same id, each with a policy and a state of its own."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from playground.aws import key_policies, keys
from playground.aws.calls import Call, serves
from playground.aws.delayed import Delayed
from playground.aws.errors import AwsError
from playground.aws.identities import stored_policy
from playground.aws.keys import Key
from playground.aws.policies import Ask

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws


def settle(aws: "StrictAws", now: datetime) -> None:
    """Let every replica that is being made be ready, when it is due."""
    for key in aws.keys.values():
        if key.ready is not None and now >= key.ready:
            key.ready = None
            if key.state == "Creating":
                key.state = "Enabled"


def replica_of(aws: "StrictAws", primary: Key, region: str) -> Key:
    """Return a key for `region` with what a key shares with its replicas; the policy is the default one."""
    return Key(
        id=primary.id,
        account_id=primary.account_id,
        region=region,
        created=aws.clock(),
        identities=aws.identities,
        in_force=Delayed(stored_policy(keys.default_policy(primary.account_id), aws.identities)),
        spec=primary.spec,
        usage=primary.usage,
        origin=primary.origin,
        primary_region=primary.region,
    )


@serves("kms", "ReplicateKey")
def replicate_key(call: Call) -> dict[str, Any]:
    """Make a replica of the caller's primary key in another Region. Its policy is not the primary's, unless given.

    The caller may replicate the primary, by its policy, and create keys where the replica will be (KMS API reference,
    ReplicateKey).
    """
    parameters, region = call.parameters, call.parameters["ReplicaRegion"]
    context = {"kms:ReplicaRegion": [region], **key_policies.bypass_context(call)}
    primary = keys.find(call, parameters["KeyId"], "ReplicateKey", context)
    there = replace(call, region=region)
    there.authorize(Ask("kms:CreateKey"))
    if not primary.is_multi_region or primary.primary_region is not None:
        raise AwsError("UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key.")
    keys.refuse_dead(primary)
    if region in {key.region for key in keys.related(call.aws, primary)}:
        raise AwsError("AlreadyExistsException", f"{primary.id} already exists in {region}.")
    replica = replica_of(call.aws, primary, region)
    replica.description = parameters.get("Description", "")
    replica.state, replica.ready = "Creating", call.now + call.aws.replicas_take
    if "Policy" in parameters:
        replica.in_force = Delayed(key_policies.checked(there, replica, parameters["Policy"]))
    call.aws.keys[replica.arn] = replica
    return {
        "ReplicaKeyMetadata": keys.metadata(call.aws, replica),
        "ReplicaPolicy": key_policies.pretty(replica.policy),
        "ReplicaTags": [],
    }
