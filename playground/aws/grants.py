"""Grants: permissions beside the key policy, made and revoked one by one, across accounts too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from playground.aws import keys
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError, NotServed
from playground.aws.identities import Credentials, InvalidPrincipal


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Lets `grantee` (in stored form) do `operations`."""

    id: str
    token: str
    grantee: str
    operations: frozenset[str]
    issuer: str
    created: datetime
    name: str | None = None
    retiring: str | None = None
    constraints: Mapping[str, Any] | None = None

    def repeats(self, other: "Grant") -> bool:
        """Say whether both were asked for alike, under a name: then there is one grant, not two."""
        same = replace(other, id=self.id, token=self.token, issuer=self.issuer, created=self.created)
        return self.name is not None and self == same

    def covers(self, caller: Credentials, action: str, passed_on: Iterable[str] = ()) -> bool:
        """Say whether it lets `caller` do `action`. Constraints bind to an encryption context that is not played.

        `passed_on` are the operations that a new grant is to hold: one who may make grants by a grant alone can pass on
        no more than it holds itself (KMS developer guide, "Granting CreateGrant permission").
        """
        mine = {caller.principal.unique_id, caller.arn, f"arn:aws:iam::{caller.account_id}:root"}
        needed = {action, *passed_on}
        return self.constraints is None and self.grantee in mine and needed <= self.operations


@serves("kms", "CreateGrant")
def create_grant(call: Call) -> dict[str, Any]:
    """Make a grant. The same name with the same parameters gives the same grant again."""
    parameters = call.parameters
    if "GranteePrincipal" not in parameters:
        raise NotServed("grants to service principals")
    operations = frozenset(parameters["Operations"])
    context = {
        "kms:GranteePrincipal": [parameters["GranteePrincipal"]],
        "kms:GrantOperations": sorted(operations),
    }
    key = keys.find(call, parameters["KeyId"], "CreateGrant", context)
    keys.refuse_dead(key)
    retiring = parameters.get("RetiringPrincipal")
    made = Grant(
        id=call.aws.ids.token("grant"),
        token=call.aws.ids.token("grant token"),
        grantee=_stored(call, parameters["GranteePrincipal"]),
        operations=operations,
        issuer=call.caller.arn,
        created=call.now,
        name=parameters.get("Name"),
        retiring=_stored(call, retiring) if retiring else None,
        constraints=parameters.get("Constraints"),
    )
    if parameters.get("DryRun"):
        raise AwsError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
    for grant in key.grants:
        if grant.repeats(made):
            return {"GrantId": grant.id, "GrantToken": grant.token}
    key.grants.append(made)
    return {"GrantId": made.id, "GrantToken": made.token}


@serves("kms", "ListGrants")
def list_grants(call: Call) -> dict[str, Any]:
    key = keys.find(call, call.parameters["KeyId"], "ListGrants")
    chosen = key.grants
    if "GrantId" in call.parameters:
        chosen = [grant for grant in chosen if grant.id == call.parameters["GrantId"]]
    if "GranteePrincipal" in call.parameters:
        grantee = _stored(call, call.parameters["GranteePrincipal"])
        chosen = [grant for grant in chosen if grant.grantee == grantee]
    shown, marker = keys.cut(chosen, call, default=50)
    return {
        "Grants": [
            {
                "KeyId": key.arn,
                "GrantId": grant.id,
                "Name": grant.name,
                "CreationDate": grant.created,
                "GranteePrincipal": call.aws.identities.shown_form(grant.grantee),
                "RetiringPrincipal": grant.retiring and call.aws.identities.shown_form(grant.retiring),
                "IssuingAccount": f"arn:aws:iam::{key.account_id}:root",
                "Operations": sorted(grant.operations),
                "Constraints": grant.constraints,
            }
            for grant in shown
        ],
        "NextMarker": marker,
        "Truncated": marker is not None,
    }


@serves("kms", "RevokeGrant")
def revoke_grant(call: Call) -> dict[str, Any]:
    key = keys.find(call, call.parameters["KeyId"], "RevokeGrant")
    grant_id = call.parameters["GrantId"]
    kept = [grant for grant in key.grants if grant.id != grant_id]
    if len(kept) == len(key.grants):
        raise AwsError("NotFoundException", f"Grant ID {grant_id} not found")
    key.grants = kept
    return {}


def _stored(call: Call, principal: str) -> str:
    try:
        return call.aws.identities.stored_form(principal)
    except InvalidPrincipal:
        raise AwsError("InvalidArnException", f"ARN does not refer to a valid principal: {principal}") from None
