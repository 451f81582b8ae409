"""Deny statements: which stand in a principal's way, and how sure that is."""

from typing import Any

import pytest

from aws_ops.denials import Denial, denials
from aws_ops.ids import PrincipalArn
from tests.aws_ops.builders import GOLDEN, PROD, STAGING, a_denial, a_policy, a_principal

ROLE = a_principal(STAGING)
ROOT = a_principal(STAGING, "root")


def when(operator: str, key: str, *values: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


CERTAIN = {
    "everybody": {},
    "every account": {"Principal": {"AWS": "*"}},
    "the role's account": {"Principal": {"AWS": STAGING}},
    "the role's root": {"Principal": {"AWS": [ROOT]}},
    "the role itself": {"Principal": {"AWS": ROLE}},
    "all but another": {"Principal": None, "NotPrincipal": {"AWS": [a_principal(PROD)]}},
    "what EBS needs": {"Action": ["KMS:decrypt"]},
    "by a wildcard": {"Action": "kms:Create*"},
    "all but one action": {"NotAction": "kms:PutKeyPolicy"},
    "all but listed roles, as text": when("StringNotEquals", "aws:PrincipalArn", f"arn:aws:iam::{GOLDEN}:role/*"),
    "all but listed roles, as ARN": when("ArnNotLike", "aws:PrincipalArn", f"arn:aws:iam::{GOLDEN}:role/*"),
    "all other accounts": when("StringNotEquals", "AWS:PrincipalAccount", GOLDEN),
    "other callers": when("StringNotEqualsIfExists", "kms:CallerAccount", GOLDEN, PROD),
    "whoever brings it": when("Null", "aws:PrincipalArn", "false"),
    "whatever is no grant": when("BoolIfExists", "kms:GrantIsForAWSResource", False),
}
NONE = {
    "it allows": {"Effect": "Allow"},
    "another account": {"Principal": {"AWS": PROD}},
    "another role": {"Principal": {"AWS": a_principal(STAGING, "role/other")}},
    "a service": {"Principal": {"Service": "ec2.amazonaws.com"}},
    "all but this one": {"Principal": None, "NotPrincipal": {"AWS": [ROLE, STAGING]}},
    "other actions": {"Action": ["kms:ScheduleKeyDeletion", "kms:Put*"]},
    "all but what is needed": {"NotAction": "kms:*"},
    "another caller": when("StringEquals", "aws:PrincipalArn", a_principal(PROD)),
    "all but this role": when("ArnNotLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/*"),
    "plain HTTP": when("Bool", "aws:SecureTransport", "false"),
    "services": when("Bool", "aws:PrincipalIsAWSService", "true"),
    "grants by hand": {"Action": "kms:CreateGrant"} | when("Bool", "kms:GrantIsForAWSResource", "false"),
}
PERHAPS = {
    "another organization": when("StringNotEquals", "aws:PrincipalOrgID", "o-example"),
    "another network": when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
    "a variable": when("StringNotEquals", "aws:PrincipalArn", "${aws:SourceArn}"),
    "a known and an unknown": {
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": GOLDEN},
            "StringEquals": {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"},
        }
    },
    "only what is said to be needed": {"Action": "kms:ReEncrypt*"},
    "its sessions": {"Principal": {"AWS": f"arn:aws:sts::{STAGING}:assumed-role/ami-share/bot"}},
    "all but its account": {"Principal": None, "NotPrincipal": {"AWS": STAGING}},
    "a condition of no known shape": {"Condition": ["?"]},
}


@pytest.mark.parametrize("change", CERTAIN.values(), ids=CERTAIN)
def test_certainly_denied(change: dict[str, Any]) -> None:
    assert denials(a_policy(a_denial(**change)), ROLE) == (Denial("No strangers", certain=True),)


@pytest.mark.parametrize("change", NONE.values(), ids=NONE)
def test_not_denied(change: dict[str, Any]) -> None:
    assert denials(a_policy(a_denial(**change)), ROLE) == ()


@pytest.mark.parametrize("change", PERHAPS.values(), ids=PERHAPS)
def test_perhaps_denied(change: dict[str, Any]) -> None:
    assert denials(a_policy(a_denial(**change)), ROLE) == (Denial("No strangers", certain=False),)


@pytest.mark.parametrize(
    "change",
    [{"Principal": {"AWS": ROLE}}, when("ArnNotLike", "aws:PrincipalArn", f"arn:aws:iam::{GOLDEN}:role/*")],
    ids=["one of its roles", "its unknown callers"],
)
def test_of_an_account_only_its_callers_know(change: dict[str, Any]) -> None:
    assert denials(a_policy(a_denial(**change)), ROOT) == (Denial("No strangers", certain=False),)


def test_a_statement_without_a_sid_is_known_by_its_place() -> None:
    assert denials(a_policy(a_denial(Sid="")), PrincipalArn(ROLE)) == (Denial("#2", certain=True),)
