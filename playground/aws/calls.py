"""A call on its way through this AWS: who, what, where and when; and the table of the operations served.

Whether the caller's own policies allow an action is asked here, for every service alike. What the resource's side says
(a key's policy, a role's trust) belongs to the resource.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from playground.aws.errors import AwsError
from playground.aws.identities import Credentials
from playground.aws.policies import Ask, Context, Verdict, verdict

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws


class Parameters(Mapping[str, Any]):
    """What a call asks for. Remembers what was looked at, so that nothing asked for is silently ignored."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)

    def unread(self) -> set[str]:
        return set(self.given) - self._read


@dataclass(frozen=True)
class Call:
    """One call by a known caller."""

    aws: "StrictAws"
    caller: Credentials
    service: str
    operation: str
    region: str
    parameters: Parameters
    now: datetime
    request_id: str

    @property
    def account_id(self) -> str:
        return self.caller.account_id

    def authorize(self, *asks: Ask) -> None:
        """Let the caller's identity policies decide; then end here if this is a dry run.

        Raises:
            AwsError: `UnauthorizedOperation`, or `DryRunOperation` for a dry run that would have been allowed.
        """
        for ask in asks:
            self._refuse_unless_allowed(ask)
        if self.parameters.get("DryRun"):
            raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)

    def _refuse_unless_allowed(self, ask: Ask) -> None:
        said = identity_verdict(self.aws, self.caller, ask, self.region)
        if said is Verdict.ALLOW:
            return
        why = (
            "with an explicit deny in an identity-based policy"
            if said is Verdict.DENY
            else f"because no identity-based policy allows the {ask.action} action"
        )
        denied = f"User: {self.caller.arn} is not authorized to perform: {ask.action} on resource: {ask.resource} {why}"
        if self.service == "ec2":
            denied = f"You are not authorized to perform this operation. {denied}"
            raise AwsError("UnauthorizedOperation", denied, 403)
        code = "AccessDenied" if self.service in ("sts", "autoscaling") else "AccessDeniedException"
        raise AwsError(code, denied, 403)


def identity_verdict(aws: "StrictAws", caller: Credentials, ask: Ask, region: str) -> Verdict:
    """Ask the caller's own policies, and the session's if it has one: both must allow, either may deny."""
    if not aws.identities.exists(caller.principal):
        return Verdict.SILENT
    asked = Ask(ask.action, ask.resource, {**global_context(aws, caller, region), **ask.context})
    said = verdict(caller.principal.policies, asked)
    if caller.session_policy is None or said is Verdict.DENY:
        return said
    by_session = verdict([caller.session_policy], asked)
    return by_session if said is Verdict.ALLOW or by_session is Verdict.DENY else said


def global_context(aws: "StrictAws", caller: Credentials, region: str) -> Context:
    """Return the `aws:` condition keys that every request of `caller` carries (IAM user guide, "Global keys")."""
    organization = aws.organization_of(caller.account_id)
    context = {
        "aws:PrincipalArn": [caller.principal.arn],
        "aws:PrincipalAccount": [caller.account_id],
        "aws:userid": [caller.user_id],
        "aws:RequestedRegion": [region],
        "aws:SecureTransport": ["true"],
    }
    if organization is not None:
        context["aws:PrincipalOrgID"] = [organization.id]
        context["aws:PrincipalOrgPaths"] = [organization.path_of(caller.account_id)]
    return context


def resource_context(owner: str, tags: Mapping[str, str]) -> Context:
    """Return the condition keys by which policies tell one image or snapshot from another."""
    context = {"aws:ResourceAccount": [owner], "ec2:Owner": [owner]}
    for key, value in tags.items():
        context[f"ec2:ResourceTag/{key}"] = context[f"aws:ResourceTag/{key}"] = [value]
    return context


def request_context(tags: Mapping[str, str]) -> Context:
    """Return the condition keys for tags that a request brings along."""
    if not tags:
        return {}
    return {"aws:TagKeys": list(tags)} | {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}


Operation = Callable[[Call], Mapping[str, Any]]

OPERATIONS: dict[tuple[str, str], Operation] = {}


def serves(service: str, operation: str) -> Callable[[Operation], Operation]:
    """Enter a function into the table: it answers `operation` of `service`."""

    def enter(function: Operation) -> Operation:
        OPERATIONS[service, operation] = function
        return function

    return enter
