"""An organization: its accounts, its units, and the reads of AWS Organizations that the bot could ask for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError
from playground.aws.policies import Ask


@dataclass(eq=False)
class Unit:
    """An organizational unit, or the root with `parent` None."""

    id: str
    arn: str
    name: str
    parent: "Unit | None"
    account_ids: list[str] = field(default_factory=list)

    def __contains__(self, account_id: str) -> bool:
        return account_id in self.account_ids


@dataclass(eq=False)
class Organization:
    """A tree of units with accounts in it. An account stands in exactly one unit or at the root."""

    id: str
    management_account_id: str
    created: datetime

    def __post_init__(self) -> None:
        root_id = f"r-{self.id[2:6]}"
        arn = f"arn:aws:organizations::{self.management_account_id}:root/{self.id}/{root_id}"
        self.root = Unit(root_id, arn, "Root", None, [self.management_account_id])
        self.units: list[Unit] = [self.root]
        self.suspended: set[str] = set()

    @property
    def arn(self) -> str:
        return f"arn:aws:organizations::{self.management_account_id}:organization/{self.id}"

    @property
    def account_ids(self) -> list[str]:
        return [account_id for unit in self.units for account_id in unit.account_ids]

    def unit(self, name: str, *account_ids: str, parent: Unit | None = None) -> Unit:
        """Make a unit and move accounts into it; they join the organization if they are not in it."""
        unit_id = f"ou-{self.id[2:6]}-{len(self.units):08d}"
        arn = f"arn:aws:organizations::{self.management_account_id}:ou/{self.id}/{unit_id}"
        made = Unit(unit_id, arn, name, parent or self.root)
        self.units.append(made)
        for account_id in account_ids:
            self.place(account_id, made)
        return made

    def place(self, account_id: str, unit: Unit | None = None) -> None:
        for each in self.units:
            if account_id in each:
                each.account_ids.remove(account_id)
        (unit or self.root).account_ids.append(account_id)

    def arns_over(self, account_id: str) -> Iterator[tuple[str, str]]:
        """Yield what launch permission may name to reach the account: the organization, and every unit above it."""
        yield "OrganizationArn", self.arn
        for unit in self._units_over(account_id):
            yield "OrganizationalUnitArn", unit.arn

    def path_of(self, account_id: str) -> str:
        """Return `o-…/r-…/ou-…/`, the account's place as `aws:PrincipalOrgPaths` has it."""
        units = [unit.id for unit in self._units_over(account_id)]
        return "/".join([self.id, self.root.id, *reversed(units), ""])

    def _units_over(self, account_id: str) -> Iterator[Unit]:
        unit: Unit | None = next(unit for unit in self.units if account_id in unit)
        while unit is not None and unit.parent is not None:
            yield unit
            unit = unit.parent


def _organization(call: Call) -> Organization:
    """Find the organization that the caller's account manages: only that account may read it."""
    call.authorize(Ask(f"organizations:{call.operation}"))
    found = call.aws.organization_of(call.account_id)
    if found is None:
        raise AwsError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    if found.management_account_id != call.account_id and call.operation != "DescribeOrganization":
        raise AwsError("AccessDeniedException", "You don't have permissions to access this resource.")
    return found


def _unit(call: Call, organization: Organization) -> Unit:
    for unit in organization.units:
        if unit.id == call.parameters["ParentId"]:
            return unit
    raise AwsError("ParentNotFoundException", "You specified parent that doesn't exist.")


def _account(call: Call, organization: Organization, account_id: str) -> dict[str, Any]:
    name = call.aws.accounts[account_id].name
    state = "SUSPENDED" if account_id in organization.suspended else "ACTIVE"
    return {
        "Id": account_id,
        "Arn": f"arn:aws:organizations::{organization.management_account_id}:account/{organization.id}/{account_id}",
        "Name": name,
        "Email": f"{name}@example.com",
        "State": state,  # instead of `Status`, which was to be retired on 2026-09-09 (Organizations API, "Account")
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": organization.created,
    }


def _cut(call: Call, items: list[Any]) -> tuple[list[Any], str | None]:
    start = int(call.parameters.get("NextToken", 0))
    end = start + call.parameters.get("MaxResults", 20)
    return items[start:end], str(end) if end < len(items) else None


@serves("organizations", "DescribeOrganization")
def describe_organization(call: Call) -> dict[str, Any]:
    organization = _organization(call)
    management = organization.management_account_id
    return {
        "Organization": {
            "Id": organization.id,
            "Arn": organization.arn,
            "FeatureSet": "ALL",
            "MasterAccountId": management,
            "MasterAccountArn": f"arn:aws:organizations::{management}:account/{organization.id}/{management}",
        }
    }


@serves("organizations", "ListAccounts")
def list_accounts(call: Call) -> dict[str, Any]:
    organization = _organization(call)
    chosen, token = _cut(call, sorted(organization.account_ids))
    return {"Accounts": [_account(call, organization, each) for each in chosen], "NextToken": token}


@serves("organizations", "ListAccountsForParent")
def list_accounts_for_parent(call: Call) -> dict[str, Any]:
    """Of one unit only: accounts in units below it are not listed."""
    organization = _organization(call)
    chosen, token = _cut(call, _unit(call, organization).account_ids)
    return {"Accounts": [_account(call, organization, each) for each in chosen], "NextToken": token}


@serves("organizations", "ListRoots")
def list_roots(call: Call) -> dict[str, Any]:
    root = _organization(call).root
    return {"Roots": [{"Id": root.id, "Arn": root.arn, "Name": root.name, "PolicyTypes": []}]}


@serves("organizations", "ListOrganizationalUnitsForParent")
def list_organizational_units_for_parent(call: Call) -> dict[str, Any]:
    organization = _organization(call)
    parent = _unit(call, organization)
    chosen, token = _cut(call, [unit for unit in organization.units if unit.parent is parent])
    return {
        "OrganizationalUnits": [{"Id": unit.id, "Arn": unit.arn, "Name": unit.name} for unit in chosen],
        "NextToken": token,
    }
