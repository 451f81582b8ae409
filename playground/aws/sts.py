"""Borrowing roles, and who one is."""

import json
from datetime import timedelta
from typing import Any

from playground.aws.calls import Call, global_context, identity_verdict, serves
from playground.aws.errors import AwsError
from playground.aws.identities import names_account, names_caller
from playground.aws.policies import Ask, Verdict, verdict

_CHAINED = timedelta(hours=1)  # "Role chaining limits your ... role session to a maximum of one hour" (STS, AssumeRole)


@serves("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """Needs no permission, and no policy can deny it."""
    return {"UserId": call.caller.user_id, "Account": call.account_id, "Arn": call.caller.arn}


@serves("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    """Lend a role to whom its trust policy names, and whose own policies let it ask."""
    parameters = call.parameters
    arn, name = parameters["RoleArn"], parameters["RoleSessionName"]
    role = call.aws.identities.role(arn)
    context = {"sts:RoleSessionName": [name]}
    if "ExternalId" in parameters:
        context["sts:ExternalId"] = [parameters["ExternalId"]]
    asked = Ask("sts:AssumeRole", arn, {**global_context(call.aws, call.caller, call.region), **context})
    iam = identity_verdict(call.aws, call.caller, asked, call.region)
    trust = [role.trust] if role is not None else []
    itself = verdict(trust, asked, lambda statement: names_caller(statement, call.caller))
    account = verdict(trust, asked, lambda statement: names_account(statement, call.account_id))
    is_own = role is not None and role.account_id == call.account_id
    trusted = itself is Verdict.ALLOW or account is Verdict.ALLOW
    enough = iam is Verdict.ALLOW or (is_own and itself is Verdict.ALLOW)
    if role is None or Verdict.DENY in (iam, itself, account) or not trusted or not enough:
        told = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise AwsError("AccessDenied", told, 403)
    lasts = timedelta(seconds=parameters.get("DurationSeconds", 3600))
    if call.caller.session_name is not None and lasts > _CHAINED:
        told = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise AwsError("ValidationError", told)
    if lasts > role.max_session:
        told = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", told)
    policy = json.loads(parameters["Policy"]) if "Policy" in parameters else None
    session = call.aws.identities.session(role, name, call.aws.session_clock() + lasts, policy)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }
