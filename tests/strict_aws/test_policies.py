"""How policies are weighed: by example, and one property."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.aws.errors import NotServed
from playground.aws.policies import Ask, Verdict, like, verdict

KEY = "arn:aws:kms:eu-central-1:111111111111:key/1"


def said(*statements: dict[str, Any], action: str = "kms:Decrypt", **context: list[str]) -> Verdict:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": "*"} | each for each in statements],
    }
    return verdict([policy], Ask(action, KEY, {key.replace("__", ":"): value for key, value in context.items()}))


def allows(condition: dict[str, Any], **context: list[str]) -> bool:
    return said({"Action": "*", "Condition": condition}, **context) is Verdict.ALLOW


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Action": "kms:Decrypt"}, Verdict.ALLOW),
        ({"Action": ["kms:Encrypt", "KMS:DE*"]}, Verdict.ALLOW),
        ({"Action": "kms:D?crypt"}, Verdict.ALLOW),
        ({"Action": "kms:Encrypt"}, Verdict.SILENT),
        ({"NotAction": "kms:Put*"}, Verdict.ALLOW),
        ({"NotAction": "kms:*"}, Verdict.SILENT),
        ({"Action": "*", "Resource": "arn:aws:kms:*:111111111111:key/*"}, Verdict.ALLOW),
        ({"Action": "*", "Resource": "arn:aws:kms:*:222222222222:key/*"}, Verdict.SILENT),
        ({"Action": "*", "Effect": "Deny"}, Verdict.DENY),
    ],
)
def test_what_a_statement_says(statement: dict[str, Any], expected: Verdict) -> None:
    assert said(statement) is expected


def test_not_resource_names_what_is_left_out() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:kms:*:222222222222:*"}}
    assert verdict([policy], Ask("kms:Decrypt", KEY)) is Verdict.ALLOW
    assert verdict([policy], Ask("kms:Decrypt", KEY.replace("1" * 12, "2" * 12))) is Verdict.SILENT


def test_a_denial_beats_any_permission_wherever_it_stands() -> None:
    deny = {"Action": "kms:*", "Effect": "Deny"}
    assert said(deny, {"Action": "*"}) is Verdict.DENY
    assert said({"Action": "*"}, deny) is Verdict.DENY


def test_an_absent_key_is_not_false() -> None:
    """Why the condition of the grants must not stand on a use statement."""
    for wanted in ("true", "false", True, False):
        assert not allows({"Bool": {"kms:GrantIsForAWSResource": wanted}})
    assert allows({"Bool": {"kms:GrantIsForAWSResource": True}}, kms__GrantIsForAWSResource=["true"])
    assert allows({"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}})
    assert allows({"Null": {"kms:GrantIsForAWSResource": "true"}})


def test_a_negated_condition_holds_of_an_absent_key() -> None:
    assert allows({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})
    assert not allows({"StringNotEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, aws__PrincipalOrgID=["o-2"])


def test_a_wildcard_is_one_only_in_the_like_operators() -> None:
    arn = "arn:aws:iam::222222222222:role/ami-share-target"
    pattern = "arn:aws:iam::*:role/ami-*"
    assert allows({"StringLike": {"aws:PrincipalArn": pattern}}, aws__PrincipalArn=[arn])
    assert allows({"ArnLike": {"aws:PrincipalArn": pattern}}, aws__PrincipalArn=[arn])
    assert not allows({"StringEquals": {"aws:PrincipalArn": pattern}}, aws__PrincipalArn=[arn])
    assert not allows(
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/x"}}, aws__PrincipalArn=["arn:aws:iam::1:role/x"]
    )


def test_many_values() -> None:
    """`ForAllValues` is true of an absent key, too; `ForAnyValue` is not."""
    wanted = {"kms:GrantOperations": ["Decrypt", "CreateGrant"]}
    assert allows({"ForAllValues:StringEquals": wanted}, kms__GrantOperations=["Decrypt"])
    assert not allows({"ForAllValues:StringEquals": wanted}, kms__GrantOperations=["Decrypt", "Encrypt"])
    assert allows({"ForAllValues:StringEquals": wanted})
    assert allows({"ForAnyValue:StringEquals": wanted}, kms__GrantOperations=["Encrypt", "Decrypt"])
    assert not allows({"ForAnyValue:StringEquals": wanted})
    with pytest.raises(NotServed, match="several values"):
        allows({"StringEquals": wanted}, kms__GrantOperations=["Decrypt", "Encrypt"])


def test_for_all_values_needs_the_key_only_with_null_beside_it() -> None:
    condition = {"ForAllValues:StringEquals": {"a:b": ["1", "2"]}, "Null": {"a:b": "false"}}
    assert allows(condition, a__b=["1"])
    assert allows(condition, a__b=["1", "2"])
    assert not allows(condition, a__b=["1", "3"])
    assert not allows(condition)
    assert not allows(condition, a__b=[])


def test_all_keys_and_all_operators_must_hold() -> None:
    condition = {"StringEquals": {"a:one": "1", "a:two": "2"}, "Bool": {"a:three": "true"}}
    assert allows(condition, a__one=["1"], a__two=["2"], a__three=["true"])
    assert not allows(condition, a__one=["1"], a__two=["3"], a__three=["true"])
    assert not allows(condition, a__one=["1"], a__two=["2"], a__three=["false"])


def test_variables_are_filled_in() -> None:
    own = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    assert allows(own, aws__ResourceAccount=["1"], aws__PrincipalAccount=["1"])
    assert not allows(own, aws__ResourceAccount=["1"], aws__PrincipalAccount=["2"])
    assert not allows(own, aws__ResourceAccount=["1"])


def test_what_is_not_understood_is_not_skipped() -> None:
    with pytest.raises(NotServed, match="IpAddress"):
        allows({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, aws__SourceIp=["10.0.0.1"])


@given(st.text(alphabet="ab*?[].^$+(", max_size=12), st.text(alphabet="ab[].^$+(", max_size=12))
def test_only_the_star_and_the_question_mark_are_special(pattern: str, text: str) -> None:
    def matches(p: str, t: str) -> bool:
        if not p:
            return not t
        if p[0] == "*":
            return matches(p[1:], t) or (bool(t) and matches(p, t[1:]))
        return bool(t) and p[0] in ("?", t[0]) and matches(p[1:], t[1:])

    assert like(pattern, text) == matches(pattern, text)
