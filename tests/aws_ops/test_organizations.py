"""Organizations as targets: what a share with them takes, what stands against it, and what to know before."""

from dataclasses import replace
from typing import Any

import pytest

from aws_ops.denials import Denial, denials
from aws_ops.entries import Entry, On, entries_of
from aws_ops.errors import MalformedId, OtherOrganization
from aws_ops.facts import SnapshotSharing, TargetOrganization, Unreadable
from aws_ops.ids import (
    AccountId,
    OrganizationArn,
    OrganizationPath,
    Region,
    parse_organization_arn,
    parse_organization_path,
)
from aws_ops.key_policy import allow_use
from aws_ops.members import read_members
from aws_ops.permissions import add_launch_permission, remove_launch_permission
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    CautionKind,
    Mode,
    Plan,
    RefusalKind,
    Refused,
    ShareRequest,
    exceeds,
    plan_share,
)
from aws_ops.reading import read_facts
from aws_ops.revocation import plan_revocation
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    MANAGEMENT,
    NO_ENTRY,
    PROD,
    REGION,
    SNAPSHOT,
    STAGING,
    a_denial,
    a_key,
    a_key_arn,
    a_policy,
    a_principal,
    a_role,
    a_source,
    a_target,
    a_unit,
    an_image,
    an_organization,
    held_in,
    some_facts,
    told,
)
from tests.aws_ops.canned import CannedAws, a_healthy_aws

KEY = a_key_arn(GOLDEN)
MEMBER = AccountId("444444444444")


def a_request(*organizations: TargetOrganization, **changes: Any) -> ShareRequest:
    return replace(ShareRequest((IMAGE,), Mode.SHARE, (), (), organizations), **changes)


def facts_with(members: Any = frozenset({GOLDEN, STAGING, MEMBER}), **changes: Any) -> Any:
    return replace(some_facts(**changes), members={a_unit().arn: members, an_organization().arn: members})


def planned(request: ShareRequest, facts: Any = None) -> Plan:
    plan = plan_share(request, [a_source()], facts or facts_with())
    assert isinstance(plan, Plan), plan
    return plan


def refused(request: ShareRequest, facts: Any = None) -> dict[RefusalKind, dict[str, Any]]:
    refused = plan_share(request, [a_source()], facts or facts_with())
    assert isinstance(refused, Refused), refused
    return {refusal.kind: told(refusal) for refusal in refused.refusals}


def cautions(plan: Plan) -> dict[CautionKind, dict[str, Any]]:
    return {caution.kind: told(caution) for caution in plan.cautions}


# What is done --------------------------------------------------------------------------------------------------------


def test_members_who_only_launch_get_the_key_and_the_image() -> None:
    organization = an_organization()
    assert planned(a_request(organization)).changes == (
        AllowKeyUse(KEY, (), (organization.path,)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (), (organization.arn,)),
    )


def test_members_who_may_copy_get_the_snapshots_account_by_account() -> None:
    assert planned(a_request(a_unit())).changes == (
        AllowKeyUse(KEY, (), (a_unit().path,)),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (STAGING, MEMBER)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (), (a_unit().arn,)),
    ), "the owner isn't named, though a member: it would never be listed"


def test_accounts_and_organizations_go_together_in_one_change_each() -> None:
    plan = planned(a_request(an_organization(), a_unit(), targets=(a_target(PROD),)))
    assert plan.changes == (
        AllowKeyUse(KEY, (a_principal(PROD, "root"),), (an_organization().path, a_unit().path)),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (STAGING, PROD, MEMBER)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (PROD,), (an_organization().arn, a_unit().arn)),
    )


def test_a_member_that_joined_after_the_approval_is_beyond_it() -> None:
    approved = planned(a_request(a_unit()))
    joined = planned(a_request(a_unit()), facts_with(members=frozenset({STAGING, MEMBER, PROD})))
    assert exceeds(joined, approved) == (AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (PROD,)),)


def test_what_the_organization_has_already_is_not_named() -> None:
    organization = an_organization()
    facts = facts_with(
        image=an_image(launch_groups=frozenset({organization.arn})),
        keys=[a_key(policy=allow_use(a_policy(), [organization.path]))],
    )
    plan = planned(a_request(organization), facts)
    assert plan.changes == ()
    assert {entry.on for entry in entries_of(plan.grants)} == {On.KEY, On.IMAGE}


def test_taken_back_nothing_is_left_and_what_stays_shared_is_said() -> None:
    share = planned(a_request(a_unit()))
    given = entries_of(share.grants)
    facts = facts_with(
        image=an_image(launch_groups=frozenset({a_unit().arn, an_organization().arn})),
        keys=[a_key(policy=allow_use(a_policy(), [a_unit().path]))],
    )
    back = plan_revocation(share, given, held_in(facts), ())
    assert isinstance(back, Plan)
    assert entries_of(back.changes) == {  # type: ignore[arg-type]
        Entry(On.IMAGE, GOLDEN, REGION, IMAGE, a_unit().arn),
        Entry(On.KEY, GOLDEN, REGION, KEY, a_unit().path),
    }
    assert cautions(back)[CautionKind.STILL_SHARED] == {"image": IMAGE, "groups": an_organization().arn}


# What stands against it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.COPY_THEN_UNSHARE])
def test_no_copies_can_be_made_in_an_organization(mode: Mode) -> None:
    said = refused(a_request(an_organization(), targets=(a_target(),), mode=mode))
    assert said == {RefusalKind.ORGANIZATION_CANT_COPY: {"organization": "whole-org"}}


def test_members_that_cannot_be_asked_for_are_in_the_way_only_if_they_are_needed() -> None:
    blind = facts_with(members=Unreadable(NO_ENTRY))
    details = {"organization": "workloads", "why": NO_ENTRY}
    assert refused(a_request(a_unit()), blind) == {RefusalKind.MEMBERS_UNREADABLE: details}
    never = a_unit(snapshots=SnapshotSharing.NEVER)
    assert cautions(planned(a_request(never), blind))[CautionKind.MEMBERS_UNKNOWN] == details


def test_the_quota_counts_an_organization_as_one() -> None:
    others = frozenset(AccountId(f"{number:012}") for number in range(999))
    facts = facts_with(image=an_image(launch_permission=others))
    assert planned(a_request(an_organization()), facts)
    said = refused(a_request(an_organization(), a_unit()), facts)[RefusalKind.SHARING_QUOTA]
    assert said == {"image": IMAGE, "entries": "1001", "limit": "1000"}


def test_another_region_and_another_partition_need_a_copy_or_more() -> None:
    abroad = a_request(an_organization(), regions=(Region("eu-west-1"),))
    assert set(refused(abroad)) == {RefusalKind.SHARED_ELSEWHERE}
    chinese = an_organization(arn=OrganizationArn(an_organization().arn.replace("arn:aws:", "arn:aws-cn:")))
    assert refused(a_request(chinese)) == {
        RefusalKind.OTHER_PARTITION: {"target": "whole-org", "partition": "aws-cn"},
    }


@pytest.mark.parametrize(
    ("denial", "answer"),
    [
        ({}, True),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-anotherorg2"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}}, None),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": GOLDEN}}}, False),
        ({"Principal": {"AWS": a_principal(STAGING)}}, False),
        ({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "s3:*"}, None),
    ],
)
@pytest.mark.parametrize("path", [an_organization().path, a_unit().path])
def test_what_denies_all_members_is_certain_and_what_denies_some_is_not(
    denial: dict[str, Any], answer: bool | None, path: OrganizationPath
) -> None:
    expected = () if answer is None else (Denial("No strangers", certain=answer),)
    assert denials(a_policy(a_denial(**denial)), path) == expected


def test_a_denial_of_everybody_but_the_own_organization_is_in_the_way_of_another() -> None:
    ours = a_denial(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-anotherorg2"}})
    said = refused(a_request(an_organization()), facts_with(keys=[a_key(policy=a_policy(ours))]))
    assert said[RefusalKind.POLICY_DENIES]["principals"] == "o-exampleorg1"


# What to know --------------------------------------------------------------------------------------------------------


def test_an_approver_is_told_what_members_can_do_and_how_many_they_are() -> None:
    assert cautions(planned(a_request(an_organization()))) == {
        CautionKind.MEMBERS_CANT_COPY: {"organization": "whole-org"}
    }
    assert cautions(planned(a_request(an_organization(role=a_role(MANAGEMENT))))) == {
        CautionKind.MEMBERS_NOW: {"organization": "whole-org", "count": "3"},
        CautionKind.MEMBERS_CANT_COPY: {"organization": "whole-org"},
    }
    assert cautions(planned(a_request(a_unit(), targets=(a_target(STAGING), a_target(PROD))))) == {
        CautionKind.MEMBERS_NOW: {"organization": "workloads", "count": "3"},
        CautionKind.COVERED_BY_ORGANIZATION: {"organization": "workloads", "targets": "staging"},
        CautionKind.LATER_MEMBERS_CANT_COPY: {"organization": "workloads"},
        CautionKind.AUTO_SCALING_LEFT_OUT: {"target": "prod"},
    }


# Asking and writing --------------------------------------------------------------------------------------------------


def an_account(number: str, state: str = "ACTIVE", organization: str = "o-exampleorg1") -> dict[str, Any]:
    arn = f"arn:aws:organizations::{MANAGEMENT}:account/{organization}/{number}"
    return {"Id": number, "Arn": arn, "State": state}


def test_members_are_read_of_the_whole_tree_and_only_if_active() -> None:
    aws = CannedAws()
    below = {"ou-exam-12345678": ["ou-exam-87654321"], "ou-exam-87654321": []}
    inside = {"ou-exam-12345678": [an_account(STAGING), an_account(PROD, "SUSPENDED")]}
    inside["ou-exam-87654321"] = [{**an_account(MEMBER), "State": None, "Status": "ACTIVE"}]
    aws.answers = {
        (MANAGEMENT, "ListAccountsForParent"): lambda asked: {"Accounts": inside[asked["ParentId"]]},
        (MANAGEMENT, "ListOrganizationalUnitsForParent"): lambda asked: {
            "OrganizationalUnits": [{"Id": unit} for unit in below[asked["ParentId"]]]
        },
        (MANAGEMENT, "ListAccounts"): lambda asked: (
            {"Accounts": [an_account(PROD)]}
            if asked.get("NextToken")
            else {"Accounts": [an_account(STAGING)], "NextToken": "more"}
        ),
    }
    client = aws.organizations(a_role(MANAGEMENT))
    assert read_members(client, a_unit().arn) == {STAGING, MEMBER}
    assert read_members(client, an_organization().arn) == {STAGING, PROD}


def test_the_members_of_another_organization_are_not_taken_for_those_wanted() -> None:
    aws = CannedAws()
    aws.answers[MANAGEMENT, "ListAccounts"] = {"Accounts": [an_account(STAGING, organization="o-anotherorg2")]}
    with pytest.raises(OtherOrganization, match="o-anotherorg2"):
        read_members(aws.organizations(a_role(MANAGEMENT)), an_organization().arn)


def test_only_those_are_asked_whom_somebody_may_ask() -> None:
    aws = a_healthy_aws()
    aws.refuse(MANAGEMENT, "ListAccountsForParent", "AccessDeniedException")
    facts = read_facts(aws, [a_source()], a_request(an_organization(), a_unit()))  # type: ignore[arg-type]
    assert set(facts.members) == {a_unit().arn}
    assert "AccessDeniedException" in str(*facts.members[a_unit().arn].why)  # type: ignore[union-attr]


def test_accounts_organizations_and_units_are_written_in_one_call() -> None:
    aws, held, sent = a_healthy_aws(), [{"Group": "all"}, {"UserId": PROD}], []

    def write(asked: dict[str, Any]) -> dict[str, Any]:
        sent.append(asked["LaunchPermission"])
        held.extend(asked["LaunchPermission"].get("Add", []))
        for entry in asked["LaunchPermission"].get("Remove", []):
            held.remove(entry)
        return {}

    aws.answers[GOLDEN, "DescribeImageAttribute"] = lambda _: {"LaunchPermissions": list(held)}
    aws.answers[GOLDEN, "ModifyImageAttribute"] = write
    ec2 = aws.ec2(a_role(GOLDEN), REGION)
    entries = [{"UserId": STAGING}, {"OrganizationArn": an_organization().arn}, {"OrganizationalUnitArn": a_unit().arn}]
    launchers = (PROD, STAGING, an_organization().arn, a_unit().arn)
    change = add_launch_permission(ec2, IMAGE, launchers)
    assert sent == [{"Add": entries}]
    assert change.changed == {STAGING, an_organization().arn, a_unit().arn}
    remove_launch_permission(ec2, IMAGE, [an_organization().arn])
    assert sent[1:] == [{"Remove": [{"OrganizationArn": an_organization().arn}]}]
    assert {"Group": "all"} in held


@pytest.mark.parametrize(
    "text",
    [
        "o-exampleorg1",
        "ou-exam-12345678",
        "arn:aws:organizations::777777777777:root/o-exampleorg1/r-exam",
        "arn:aws:organizations::777777777777:account/o-exampleorg1/444444444444",
        "arn:aws:organizations::777777777777:organization/*",
    ],
)
def test_only_organizations_and_units_are_taken(text: str) -> None:
    with pytest.raises(MalformedId):
        parse_organization_arn(text)


def test_a_path_leads_from_the_organization_to_the_unit() -> None:
    assert parse_organization_path(a_unit().path) == a_unit().path
