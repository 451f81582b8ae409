"""Key policies: whatever others wrote, the bot changes its own two statements and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aws_ops.errors import DeletedPrincipals, MalformedId, MalformedPolicy, PolicyNotLatin1, PolicyTooLarge
from aws_ops.ids import KeyUser, OrganizationPath, PrincipalArn, parse_organization_path
from aws_ops.key_policy import (
    SIZE_LIMIT,
    KeyPolicy,
    allow_administration,
    allow_use,
    deleted_own_principals,
    deleted_principals,
    foreign_accounts,
    lacking,
    obstacles,
    own_administrators,
    own_users,
    parse,
    principal_names,
    with_own_statements_alone,
    withdraw_administration,
    withdraw_use,
)
from tests.aws_ops.builders import GOLDEN, PROD, STAGING, a_policy, a_principal

latin_1 = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=12)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | latin_1,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(latin_1, inner, max_size=3),
    max_leaves=6,
)
principals = st.builds(
    a_principal,
    st.sampled_from([GOLDEN, STAGING, PROD]),
    st.sampled_from(["root", "role/ami-share", "role/path/deploy", "user/ann"]),
)
ORGANIZATION, OTHER_ORGANIZATION = OrganizationPath("o-exampleorg1"), OrganizationPath("o-anotherorg2")
UNIT = OrganizationPath("o-exampleorg1/r-exam/ou-exam-12345678/*")
UNIT_BELOW = OrganizationPath("o-exampleorg1/r-exam/ou-exam-12345678/ou-exam-87654321/*")
organizations = st.sampled_from([ORGANIZATION, OTHER_ORGANIZATION, UNIT, UNIT_BELOW])
users = principals | organizations
names = st.one_of(principals, st.just("*"), st.just(str(STAGING)), latin_1)
principal_elements = st.one_of(
    names,
    st.lists(names, max_size=3),
    st.dictionaries(st.sampled_from(["AWS", "Service", "Federated"]), names | st.lists(names, max_size=3), max_size=2),
    anything,
)
own_statements = st.tuples(
    st.lists(users, min_size=1, max_size=3), st.just([]) | st.lists(principals, min_size=1, max_size=2)
).map(lambda named: list(allow_administration(allow_use(a_policy(), named[0]), named[1]).statements[1:]))
ordinary_statements = st.fixed_dictionaries(
    {},
    optional={
        # The bot's own Sids among strangers' too.
        "Sid": st.sampled_from(
            ["AmiShareBotUse", "AmiShareBotGrants", "AmiShareBotOrganizationUse", "AmiShareBotAdministration", "Ünïque"]
        )
        | latin_1,
        "Effect": st.sampled_from(["Allow", "Deny"]) | anything,
        "Principal": principal_elements,
        "NotPrincipal": principal_elements,
        "Action": st.sampled_from(["kms:*", "kms:Decrypt", ["kms:CreateGrant"]]) | anything,
        "Resource": st.just("*") | anything,
        "Condition": st.just({"Bool": {"kms:GrantIsForAWSResource": True}})
        | st.just({"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}})
        | anything,
    },
)


@st.composite
def policies(draw: st.DrawFn) -> KeyPolicy:
    statements: Any = draw(st.lists(ordinary_statements, min_size=1, max_size=4))
    for own in draw(st.just([]) | own_statements):
        statements.insert(draw(st.integers(0, len(statements))), own)
    if len(statements) == 1 and draw(st.booleans()):
        [statements] = statements
    document = draw(st.dictionaries(latin_1, anything, max_size=2)) | {"Statement": statements}
    return parse(json.dumps(document, indent=draw(st.sampled_from([None, 2]))))


def strangers(policy: KeyPolicy) -> list[str]:
    """What others wrote, letter by letter."""
    return [
        json.dumps(statement)
        for statement in policy.statements
        if not own_users(alone := policy.with_statements([statement])) and not own_administrators(alone)
    ]


some_users = st.lists(users, min_size=1, max_size=4)
some_principals = st.lists(principals, min_size=1, max_size=4)
OWN_SIDS = {f"AmiShareBot{whom}{what}" for whom in ("", "Organization", "Unit") for what in ("Use", "Grants")}


@given(policies(), some_users)
def test_those_allowed_are_allowed(policy: KeyPolicy, wanted: list[KeyUser]) -> None:
    allowed = allow_use(policy, wanted)
    assert own_users(allowed) >= set(wanted)
    assert lacking(allowed, wanted) == ()


@given(policies(), some_users)
def test_allowing_twice_is_allowing_once(policy: KeyPolicy, wanted: list[KeyUser]) -> None:
    allowed = allow_use(policy, wanted)
    assert allow_use(allowed, wanted) is allowed


@given(policies(), some_users)
def test_what_others_wrote_stays_letter_by_letter(policy: KeyPolicy, wanted: list[KeyUser]) -> None:
    allowed = allow_use(policy, wanted)
    assert strangers(allowed) == strangers(policy)
    assert strangers(withdraw_use(allowed, wanted)) == strangers(policy)
    rest, rest_before = json.loads(allowed.text), json.loads(policy.text)
    del rest["Statement"], rest_before["Statement"]
    assert rest == rest_before


@given(policies(), some_users)
def test_only_the_own_statements_are_new(policy: KeyPolicy, wanted: list[KeyUser]) -> None:
    before = [json.dumps(statement) for statement in policy.statements]
    new = [one for one in allow_use(policy, wanted).statements if json.dumps(one) not in before]
    assert len(new) == len({one["Sid"] for one in new})
    assert {one["Sid"] for one in new} <= OWN_SIDS


@given(policies(), some_users, some_users)
def test_nobody_is_let_in_but_by_name_or_from_a_named_organization(
    policy: KeyPolicy, wanted: list[KeyUser], unwanted: list[KeyUser]
) -> None:
    """Whatever the bot writes: `*` stands in it only under a condition that names organizations."""
    theirs = strangers(policy)
    for result in (allow_use(policy, wanted), withdraw_use(allow_use(policy, wanted), unwanted)):
        for statement in result.statements:
            if json.dumps(statement) not in theirs and "*" in principal_names(statement["Principal"]):
                assert named_in(statement["Condition"]) != []


def named_in(condition: dict[str, Any]) -> list[OrganizationPath]:
    """The organizations without which the condition doesn't hold; each must be one, and no pattern for many."""
    by_id = condition.get("StringEquals", {}).get("aws:PrincipalOrgID", [])
    by_path = condition.get("ForAnyValue:StringLike", {}).get("aws:PrincipalOrgPaths", [])
    assert not by_id or not by_path, "both would have to hold"
    assert all("*" not in name.removesuffix("/*") and "/ou-" in name for name in by_path)
    assert not any("*" in name or "/" in name for name in by_id)
    return [parse_organization_path(name) for name in (*by_id, *by_path)]


@given(policies(), some_users)
def test_a_share_taken_back_leaves_the_policy_as_it_was(policy: KeyPolicy, wanted: list[KeyUser]) -> None:
    assume(not own_users(policy) & set(wanted))
    assert withdraw_use(allow_use(policy, wanted), wanted) == policy


@given(policies(), some_users)
def test_nobody_else_loses_anything(policy: KeyPolicy, unwanted: list[KeyUser]) -> None:
    left = withdraw_use(policy, unwanted)
    assert own_users(left) == own_users(policy) - set(unwanted)
    assert withdraw_use(left, unwanted) is left


@given(policies(), some_principals)
def test_administrators_are_given_and_taken_back_like_the_others(policy: KeyPolicy, named: list[PrincipalArn]) -> None:
    given_ = allow_administration(policy, named)
    assert own_administrators(given_) == own_administrators(policy) | set(named)
    assert allow_administration(given_, named) is given_
    assert own_users(given_) == own_users(policy), "nobody may use the key for it"
    assert strangers(given_) == strangers(policy)
    left = withdraw_administration(given_, named)
    assert own_administrators(left) == own_administrators(policy) - set(named)
    if not own_administrators(policy) & set(named):
        assert left == policy


@given(policies(), some_users, some_principals)
def test_use_and_administration_come_and_go_apart(
    policy: KeyPolicy, wanted: list[KeyUser], administrators: list[PrincipalArn]
) -> None:
    both = allow_administration(allow_use(policy, wanted), administrators)
    assert both == allow_use(allow_administration(policy, administrators), wanted)
    assert own_administrators(withdraw_use(both, wanted)) == own_administrators(both)
    assert own_users(withdraw_administration(both, administrators)) == own_users(both)


@given(policies(), some_users, st.randoms())
def test_the_order_of_users_makes_no_difference(policy: KeyPolicy, wanted: list[KeyUser], dice: Any) -> None:
    shuffled = dice.sample(wanted, len(wanted))
    assert allow_use(policy, shuffled).text == allow_use(policy, wanted).text


@given(policies())
def test_kms_writing_it_otherwise_changes_nothing(policy: KeyPolicy) -> None:
    pretty = json.dumps(json.loads(policy.text), indent=2, sort_keys=True)
    assert parse(pretty) == policy
    assert hash(parse(pretty)) == hash(policy)


def test_the_two_statements_are_these() -> None:
    allowed = allow_use(a_policy(), [a_principal(STAGING), a_principal(PROD, "root")])
    use, grants = allowed.statements[1:]
    named = {"AWS": [a_principal(STAGING), a_principal(PROD, "root")]}
    assert use == {
        "Sid": "AmiShareBotUse",
        "Effect": "Allow",
        "Principal": named,
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
    }
    assert grants == {
        "Sid": "AmiShareBotGrants",
        "Effect": "Allow",
        "Principal": named,
        "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
        "Resource": "*",
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    }


@given(policies(), some_users, some_users, some_principals)
def test_the_bot_s_own_statements_alone_become_what_they_become_in_the_whole_policy(
    policy: KeyPolicy, wanted: list[KeyUser], unwanted: list[KeyUser], named: list[PrincipalArn]
) -> None:
    """So that a diff of them shows all that is changed."""
    assume(not deleted_principals(policy))

    def changed(one: KeyPolicy) -> KeyPolicy:
        allowed = allow_administration(allow_use(one, wanted), named)
        return withdraw_administration(withdraw_use(allowed, unwanted), named[:1])

    alone = with_own_statements_alone(policy)
    assert strangers(alone) == []
    assert own_users(alone) == own_users(policy)
    assert own_administrators(alone) == own_administrators(policy)
    assert changed(alone) == with_own_statements_alone(changed(policy))


def test_the_statements_for_organizations_are_these() -> None:
    """Two more for organizations and two for OUs: a statement with both conditions would hold for neither."""
    allowed = allow_use(a_policy(), [UNIT, ORGANIZATION, OTHER_ORGANIZATION])
    [by_id, by_id_grants, by_path, by_path_grants] = allowed.statements[1:]
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    grants = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
    from_organization = {"StringEquals": {"aws:PrincipalOrgID": [OTHER_ORGANIZATION, ORGANIZATION]}}
    from_unit = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": [UNIT]}}
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert by_id == everybody | {"Sid": "AmiShareBotOrganizationUse", "Action": use, "Condition": from_organization}
    assert by_id_grants == everybody | {
        "Sid": "AmiShareBotOrganizationGrants",
        "Action": grants,
        "Condition": from_organization | for_aws,
    }
    assert by_path == everybody | {"Sid": "AmiShareBotUnitUse", "Action": use, "Condition": from_unit}
    assert by_path_grants == everybody | {
        "Sid": "AmiShareBotUnitGrants",
        "Action": grants,
        "Condition": from_unit | for_aws,
    }


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param({"Effect": "Deny"}, id="it denies"),
        pytest.param({"Condition": {}}, id="it is for everybody"),
        pytest.param({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "*"}}}, id="it names no organization"),
        pytest.param({"Condition": {"StringLike": {"aws:PrincipalOrgID": ORGANIZATION}}}, id="it compares otherwise"),
        pytest.param({"Condition": {"StringEquals": {"aws:PrincipalOrgID": UNIT}}}, id="it names an OU"),
        pytest.param({"Principal": {"AWS": a_principal(STAGING)}}, id="it is for one"),
        pytest.param({"Action": "kms:*"}, id="it allows more"),
    ],
)
def test_a_stranger_with_an_organizations_sid_is_left_alone(stranger: dict[str, Any]) -> None:
    [_, use, _] = allow_use(a_policy(), [ORGANIZATION]).statements
    policy = a_policy(dict(use) | stranger)
    assert own_users(policy) == frozenset()
    assert allow_use(policy, [ORGANIZATION]).statements[:2] == policy.statements
    assert withdraw_use(policy, [ORGANIZATION]) is policy


def test_everybody_written_shortly_is_everybody() -> None:
    [_, *own] = allow_use(a_policy(), [ORGANIZATION]).statements
    policy = a_policy(*(dict(statement) | {"Principal": "*"} for statement in own))
    assert own_users(policy) == {ORGANIZATION}
    assert withdraw_use(policy, [ORGANIZATION]) == a_policy()


def test_the_statement_on_administration_holds_what_has_an_effect_across_accounts() -> None:
    [_, administration] = allow_administration(a_policy(), [a_principal(STAGING, "user/ann")]).statements
    assert administration == {
        "Sid": "AmiShareBotAdministration",
        "Effect": "Allow",
        "Principal": {"AWS": [a_principal(STAGING, "user/ann")]},
        "Action": [
            "kms:CreateGrant",
            "kms:DescribeKey",
            "kms:GetKeyRotationStatus",
            "kms:ListGrants",
            "kms:RevokeGrant",
        ],
        "Resource": "*",
    }
    with pytest.raises(MalformedId):
        allow_administration(a_policy(), [PrincipalArn("*")])


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param({"Effect": "Deny"}, id="it denies"),
        pytest.param({"Principal": "*"}, id="it names everybody"),
        pytest.param({"Principal": {"AWS": "*"}}, id="it names every account"),
        pytest.param({"Principal": {"Service": "ec2.amazonaws.com"}}, id="it names a service"),
        pytest.param({"Action": ["kms:Decrypt"]}, id="it allows less"),
        pytest.param({"Condition": {"StringEquals": {"kms:ViaService": "ec2"}}}, id="it has a condition"),
        pytest.param({"Sid": "AmiShareBotuse"}, id="its Sid is another"),
    ],
)
def test_a_stranger_with_the_bots_sid_is_left_alone(stranger: dict[str, Any]) -> None:
    [_, use, _] = allow_use(a_policy(), [a_principal(STAGING)]).statements
    policy = a_policy(dict(use) | stranger)
    allowed = allow_use(policy, [a_principal(PROD)])
    assert own_users(policy) == frozenset()
    assert allowed.statements[:2] == policy.statements
    assert own_users(allowed) == {a_principal(PROD)}


def test_an_account_id_is_its_root() -> None:
    [administrators, use, grants] = allow_use(a_policy(), [a_principal(STAGING, "root")]).statements
    by_id = {"Principal": {"AWS": STAGING}}
    policy = a_policy(dict(use) | by_id, dict(grants) | by_id)
    assert own_users(policy) == {a_principal(STAGING, "root")}
    assert allow_use(policy, [a_principal(STAGING, "root")]) is policy
    assert allow_use(policy, [PrincipalArn(STAGING)]) is policy
    assert policy == a_policy(use, grants)
    assert withdraw_use(policy, [PrincipalArn(STAGING)]).statements == (administrators,)


def test_half_a_share_is_made_whole() -> None:
    [_, use, _] = allow_use(a_policy(), [a_principal(STAGING)]).statements
    policy = a_policy(use)
    assert lacking(policy, [a_principal(STAGING)]) == (a_principal(STAGING),)
    assert allow_use(policy, [a_principal(STAGING)]) == allow_use(a_policy(), [a_principal(STAGING)])


def test_a_principal_whom_others_allow_already_is_named_all_the_same() -> None:
    policy = a_policy({"Effect": "Allow", "Principal": {"AWS": STAGING}, "Action": "kms:*", "Resource": "*"})
    assert own_users(allow_use(policy, [a_principal(STAGING)])) == {a_principal(STAGING)}


@pytest.mark.parametrize("path", ["o-", "o-*", "o-exampleorg1/*", "o-exampleorg1/r-exam/*", "o-exampleorg1/*/ou-x/*"])
def test_an_organization_is_named_wholly(path: str) -> None:
    with pytest.raises(MalformedId):
        allow_use(a_policy(), [OrganizationPath(path)])


@pytest.mark.parametrize("name", ["*", "", "ec2.amazonaws.com", "arn:aws:iam::222222222222:role/*"])
def test_nobody_is_let_in_whom_nobody_named(name: str) -> None:
    with pytest.raises(MalformedId):
        allow_use(a_policy(), [PrincipalArn(name)])


@pytest.mark.parametrize(
    "place",
    [
        {"Principal": "AIDAEXAMPLE"},
        {"Principal": {"AWS": "AROAEXAMPLE"}},
        {"Principal": {"AWS": [a_principal(GOLDEN), "AROAEXAMPLE"]}},
        {"NotPrincipal": {"AWS": ["AROAEXAMPLE"]}},
    ],
    ids=str,
)
def test_a_deleted_principal_is_found_wherever_it_stands(place: dict[str, Any]) -> None:
    policy = a_policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*"} | place)
    [gone] = deleted_principals(policy)
    with pytest.raises(DeletedPrincipals, match=gone):
        allow_use(policy, [a_principal(STAGING)])


def test_deleted_principals_of_the_bots_own_go_with_whoever_they_may_have_been() -> None:
    shared = allow_use(a_policy(), [a_principal(STAGING)])
    policy = parse(shared.text.replace(a_principal(STAGING), "AROAEXAMPLE"))
    assert withdraw_use(policy, []) is policy
    assert withdraw_use(policy, [a_principal(STAGING)]) == a_policy()
    both = allow_use(policy, [a_principal(PROD)])
    assert withdraw_use(both, [a_principal(STAGING)]) is both, "the write for another has swept it out already"


def test_deleted_principals_of_the_bots_own_are_swept_out() -> None:
    shared = allow_use(a_policy(), [a_principal(STAGING), a_principal(PROD)])
    policy = parse(shared.text.replace(a_principal(STAGING), "AROAEXAMPLE"))
    assert deleted_principals(policy) == deleted_own_principals(policy) == ("AROAEXAMPLE",)
    assert deleted_own_principals(a_policy({"Effect": "Deny", "Principal": {"AWS": "AROAEXAMPLE"}})) == ()
    assert withdraw_use(policy, [a_principal(PROD)]) == a_policy()
    assert allow_use(policy, [a_principal(STAGING)]) == shared


def test_a_policy_that_would_not_fit_says_by_how_much() -> None:
    policy = a_policy({"Sid": "x" * SIZE_LIMIT, "Effect": "Deny", "Principal": "*", "Action": "a", "Resource": "*"})
    with pytest.raises(PolicyTooLarge) as caught:
        allow_use(policy, [a_principal(STAGING)])
    assert caught.value.size > caught.value.limit == SIZE_LIMIT


def test_size_is_counted_in_bytes_not_letters() -> None:
    assert a_policy({"Sid": "ü"}).size == a_policy({"Sid": "u"}).size + 1


def test_characters_that_kms_does_not_store_are_named() -> None:
    with pytest.raises(PolicyNotLatin1, match="€"):
        allow_use(a_policy({"Sid": "€ only", "Effect": "Deny"}), [a_principal(STAGING)])


def test_all_obstacles_are_told_at_once() -> None:
    policy = a_policy({"Sid": "€" * SIZE_LIMIT, "Effect": "Allow", "Principal": {"AWS": "AIDAEXAMPLE"}})
    kinds = {type(obstacle) for obstacle in obstacles(policy, [a_principal(STAGING)])}
    assert kinds == {DeletedPrincipals, PolicyNotLatin1, PolicyTooLarge}
    assert obstacles(a_policy(), [a_principal(STAGING)]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"Statement": []}',
        '{"Statement": "Allow"}',
        '{"Statement": [1]}',
        '{"Statement": {"Sid": "a", "Sid": "b"}}',
        '{"Statement": {"Sid": NaN}}',
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(MalformedPolicy):
        parse(text)


def test_the_accounts_that_a_policy_lets_in_are_counted_whoever_let_them_in() -> None:
    policy = allow_use(
        a_policy(
            {"Effect": "Allow", "Principal": {"AWS": [a_principal(PROD, "root"), PROD]}, "Action": "kms:Decrypt"},
            {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "kms:*"},
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "kms:*"},
        ),
        [a_principal(STAGING)],
    )
    assert foreign_accounts(policy, GOLDEN) == {PROD, STAGING}
