"""Members: the accounts of an organization or of an organizational unit, as AWS Organizations lists them.

Only the management account may ask, or one that it has delegated that to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_ops.calls import calling
from aws_ops.errors import OtherOrganization
from aws_ops.ids import AccountId, OrganizationArn, is_unit_arn, organization_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def read_members(organizations: Any, arn: OrganizationArn) -> frozenset[AccountId]:
    """The active accounts of the organization, or of the OU and all OUs below it.

    Args:
        organizations: a client of AWS Organizations in the management or a delegated account.
        arn: the organization or OU.

    Raises:
        OtherOrganization: the client's account belongs to another organization.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    if is_unit_arn(arn):
        accounts = list(_in_unit(organizations, arn.split("/")[-1]))
    else:
        accounts = _pages(organizations, "list_accounts", "Accounts")
    return frozenset(_checked(account, organization_of(arn)) for account in accounts if _is_active(account))


def _in_unit(organizations: Any, unit_id: str) -> Iterator[Mapping[str, Any]]:
    """Those of the unit itself, then those of each unit in it: Organizations lists one level at a time."""
    yield from _pages(organizations, "list_accounts_for_parent", "Accounts", ParentId=unit_id)
    for unit in _pages(organizations, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=unit_id):
        yield from _in_unit(organizations, unit["Id"])


def _pages(organizations: Any, operation: str, what: str, **parameters: str) -> list[Mapping[str, Any]]:
    with calling(organizations.meta.method_to_api_mapping[operation]):
        return [one for page in organizations.get_paginator(operation).paginate(**parameters) for one in page[what]]


def _is_active(account: Mapping[str, Any]) -> bool:
    """`Status` was to be retired on 2026-09-09 in favour of `State` (Organizations API, "Account")."""
    state: str = account.get("State") or account.get("Status", "")
    return state == "ACTIVE"


def _checked(account: Mapping[str, Any], organization_id: str) -> AccountId:
    """The account's id; its ARN tells whose it is, `arn:aws:organizations::…:account/o-…/…`."""
    found = account["Arn"].split("/")[1]
    if found != organization_id:
        raise OtherOrganization(organization_id, found)
    return AccountId(account["Id"])
