"""Key grants: the bot knows its own, makes each once, and touches no other."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.accounts import Accounts
from aws_ops.case import root_of
from aws_ops.errors import AccessDenied, InvalidGrantee, NotYetVisible
from aws_ops.facts import KeyAccess, Unreadable
from aws_ops.ids import PrincipalArn
from aws_ops.key_grants import (
    auto_scaling_role,
    create_grant,
    grant_name,
    grants_for,
    knows,
    operations_for,
    own_grantees,
    read_grants,
    revoke_grants,
)
from aws_ops.key_policy import allow_use
from aws_ops.plan import AllowKeyAdministration, AllowKeyUse, CreateKeyGrant, Plan, RefusalKind, Refused, plan_share
from aws_ops.request import Mode
from playground.aws import StrictAws
from playground.clock import ManualClock
from tests.aws_ops.builders import (
    GOLDEN,
    NO_ENTRY,
    PROD,
    REGION,
    STAGING,
    a_denial,
    a_grant,
    a_key,
    a_key_arn,
    a_policy,
    a_principal,
    a_request,
    a_role,
    a_source,
    a_target,
    some_facts,
    told,
)

KEY = a_key_arn(GOLDEN)
ROOT = a_principal(STAGING, "root")
AUTO_SCALING = auto_scaling_role(ROOT)
BY_GRANT = replace(a_source(), key_access=KeyAccess.GRANT)
whoever = st.from_regex(r"(root|(role|user)/[a-z+=,.@/_-]+)", fullmatch=True)
principals = st.builds(a_principal, st.sampled_from([STAGING, PROD]), whoever)


# Which are the bot's -------------------------------------------------------------------------------------------------


@given(principals, principals)
def test_a_name_says_whom_it_is_for_in_characters_that_kms_takes(one: PrincipalArn, other: PrincipalArn) -> None:
    assert set(grant_name(one)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/_-")
    assert len(grant_name(one)) <= 256
    assert (grant_name(one) == grant_name(other)) is (one == other)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "AmiShareBot"},
        {"grantee": a_principal(PROD, "root")},
        {"grantee": "AROAEXAMPLE"},
        {"grantee": "ec2.amazonaws.com"},
        {"operations": frozenset({"Decrypt"})},
        {"constrained": True},
    ],
    ids=str,
)
def test_what_is_not_as_the_bot_made_it_lets_nobody_in(changes: dict[str, Any]) -> None:
    assert own_grantees([a_grant(ROOT)]) == {ROOT}
    assert own_grantees([a_grant(ROOT, **changes)]) == frozenset()
    assert bool(grants_for([a_grant(ROOT, **changes)], ROOT)) is ("name" not in changes), "by its name it can go"


def test_no_grant_holds_more_than_aws_asks_for() -> None:
    assert "Encrypt" not in operations_for(ROOT)
    assert set(operations_for(AUTO_SCALING)) - set(operations_for(ROOT)) == {"Encrypt"}
    assert (
        f"arn:aws:iam::{STAGING}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        == AUTO_SCALING
    )
    china = replace(a_target(), role=replace(a_role(STAGING), arn=f"arn:aws-cn:iam::{STAGING}:role/ami-share"))
    assert auto_scaling_role(root_of(china)).startswith("arn:aws-cn:iam::")


# At KMS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def aws() -> StrictAws:
    return StrictAws(ManualClock())


@pytest.fixture
def kms(aws: StrictAws, monkeypatch: pytest.MonkeyPatch) -> Any:
    user = aws.account(GOLDEN).user("owner")
    aws.account(STAGING)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", user.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user.secret_access_key)
    aws.account(GOLDEN).role("ami-share", trusted=[user.arn])
    with aws.in_process():
        yield Accounts().kms(replace(a_role(GOLDEN), external_id=None), REGION)


@pytest.fixture
def key(aws: StrictAws) -> Any:
    return aws.account(GOLDEN).key(REGION)


def nothing() -> None:
    """What goes before a write, here."""


def test_a_grant_is_made_once_and_read_back(kms: Any, key: Any) -> None:
    written: list[str] = []
    change = create_grant(kms, key, ROOT, before_write=lambda: written.append("intent"))
    assert change is not None
    assert (change.before, len(change.after)) == ((), 1)
    assert own_grantees(read_grants(kms, key)) == {ROOT}
    assert create_grant(kms, key, ROOT, before_write=lambda: written.append("intent")) is None
    assert written == ["intent"]


def test_if_the_intent_cannot_be_written_down_nothing_is_granted(kms: Any, key: Any) -> None:
    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        create_grant(kms, key, ROOT, before_write=fail)
    assert read_grants(kms, key) == ()


def test_all_pages_of_grants_are_read_and_only_the_bots_are_revoked(aws: StrictAws, kms: Any, key: Any) -> None:
    for number in range(120):
        kms.create_grant(KeyId=key, GranteePrincipal=ROOT, Operations=["Decrypt"], Name=f"volume-{number}")
    create_grant(kms, key, ROOT, before_write=nothing)
    assert len(read_grants(kms, key)) == 121
    assert revoke_grants(kms, key, ROOT, before_write=lambda _: None) is not None
    assert len(read_grants(kms, key)) == 120
    assert revoke_grants(kms, key, ROOT, before_write=lambda _: None) is None


def test_a_grantee_that_is_gone_is_revoked_by_the_name_of_its_grant(aws: StrictAws, kms: Any, key: Any) -> None:
    role = PrincipalArn(aws.account(STAGING).role("deploy"))
    create_grant(kms, key, role, before_write=nothing)
    aws.account(STAGING).delete_role("deploy")
    assert own_grantees(read_grants(kms, key)) == frozenset()
    aws.account(STAGING).role("deploy")
    create_grant(kms, key, role, before_write=nothing)
    assert len(read_grants(kms, key)) == 2, "one who bears the name of another isn't the other"
    revoke_grants(kms, key, role, before_write=lambda _: None)
    assert read_grants(kms, key) == ()


@pytest.mark.parametrize(
    ("principal", "said"),
    [(AUTO_SCALING, "create-service-linked-role"), (a_principal(STAGING), "Check that it exists")],
)
def test_a_grantee_that_kms_does_not_know_is_named(kms: Any, key: Any, principal: PrincipalArn, said: str) -> None:
    assert not knows(kms, key, principal)
    assert knows(kms, key, ROOT)
    assert read_grants(kms, key) == (), "asking makes nothing"
    with pytest.raises(InvalidGrantee, match=said) as caught:
        create_grant(kms, key, principal, before_write=nothing)
    assert caught.value.principal == principal


def test_a_role_that_may_not_grant_is_told_so(aws: StrictAws, kms: Any, key: Any) -> None:
    aws.faults.fail("CreateGrant", code="AccessDeniedException", times=1)
    with pytest.raises(AccessDenied):
        create_grant(kms, key, ROOT, before_write=nothing)


class _Slow:
    """A KMS that shows no grants yet."""

    def __init__(self, kms: Any, shown: list[Any]) -> None:
        self._kms, self._shown = kms, shown

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kms, name)

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Grants": self._shown}]


def test_a_grant_that_is_not_shown_yet_is_not_taken_for_made_nor_one_that_is_for_revoked(kms: Any, key: Any) -> None:
    with pytest.raises(NotYetVisible):
        create_grant(_Slow(kms, []), key, ROOT, before_write=nothing)  # type: ignore[arg-type]
    shown = kms.list_grants(KeyId=key)["Grants"]
    with pytest.raises(NotYetVisible):
        revoke_grants(_Slow(kms, shown), key, ROOT, before_write=lambda _: None)  # type: ignore[arg-type]
    assert revoke_grants(kms, key, ROOT, before_write=lambda _: None) is None, "it is gone all the same"


# In a plan -----------------------------------------------------------------------------------------------------------


def planned(*keys: Any, **request: Any) -> Plan:
    facts = some_facts(keys=keys or None)
    plan = plan_share(replace(a_request(), **request), [BY_GRANT], facts)
    assert isinstance(plan, Plan), plan
    return plan


def test_by_grant_the_policy_is_not_in_the_plan() -> None:
    assert planned().changes[0] == CreateKeyGrant(KEY, ROOT)
    assert not any(isinstance(change, AllowKeyUse) for change in planned().grants)


def test_whom_the_bots_own_statements_let_in_needs_no_grant() -> None:
    named = planned(a_key(policy=allow_use(a_policy(), [ROOT])))
    assert named.grants[0] == AllowKeyUse(KEY, (ROOT,))
    assert not any(isinstance(change, AllowKeyUse | CreateKeyGrant) for change in named.changes)


def test_whom_others_granted_something_gets_the_bots_grant_all_the_same() -> None:
    assert planned(a_key(grants=(a_grant(ROOT, name="by hand"),))).changes[0] == CreateKeyGrant(KEY, ROOT)


def test_a_policy_that_kms_would_not_store_is_no_matter_to_a_grant_but_a_denial_is() -> None:
    dead = {"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE"}, "Action": "kms:*", "Resource": "*"}
    assert planned(a_key(policy=a_policy(dead))).changes[0] == CreateKeyGrant(KEY, ROOT)
    refused = plan_share(a_request(), [BY_GRANT], some_facts(keys=[a_key(policy=a_policy(a_denial()))]))
    assert isinstance(refused, Refused)
    assert [refusal.kind for refusal in refused.refusals] == [RefusalKind.POLICY_DENIES]


def test_a_denial_that_strikes_auto_scaling_is_seen_before() -> None:
    spared = {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{STAGING}:role/ami-share"]}}
    facts = some_facts(keys=[a_key(policy=a_policy(a_denial(Condition=spared)))])
    target = a_target(key_principals=(a_principal(STAGING),))
    request = replace(a_request(target, mode=Mode.SHARE), auto_scaling=True)
    refused = plan_share(request, [a_source()], facts)
    assert isinstance(refused, Refused)
    assert dict(refused.refusals[0].details)["principals"] == AUTO_SCALING


def test_grants_that_cannot_be_read_are_refused_only_where_one_is_needed() -> None:
    facts = some_facts(keys=[a_key(grants=Unreadable(NO_ENTRY))])
    refused = plan_share(a_request(), [BY_GRANT], facts)
    assert isinstance(refused, Refused)
    assert [(one.kind, told(one)) for one in refused.refusals] == [
        (RefusalKind.GRANTS_UNREADABLE, {"key": KEY, "why": NO_ENTRY})
    ]
    assert isinstance(plan_share(a_request(), [a_source()], facts), Plan)


def test_auto_scaling_that_kms_does_not_know_is_refused_only_if_it_is_asked_for() -> None:
    facts = some_facts(keys=[a_key(strangers=frozenset({AUTO_SCALING}))])
    request = a_request(mode=Mode.SHARE)
    assert isinstance(plan_share(request, [a_source()], facts), Plan)
    refused = plan_share(replace(request, auto_scaling=True), [a_source()], facts)
    assert isinstance(refused, Refused)
    assert [(one.kind, told(one)) for one in refused.refusals] == [
        (RefusalKind.AUTO_SCALING_ROLE_MISSING, {"principal": AUTO_SCALING, "account": STAGING})
    ]


def test_administrators_go_into_the_policy_whatever_the_others_do() -> None:
    ann = a_principal(STAGING, "user/ann")
    plan = planned(targets=(a_target(key_administrators=(ann,)),))
    assert plan.changes[:2] == (AllowKeyAdministration(KEY, (ann,)), CreateKeyGrant(KEY, ROOT))
