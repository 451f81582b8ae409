"""Roles: who may borrow one, for how long, and what is left of it when it is gone."""

import json
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Account, Credentials, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import REGION, session

ASSUME = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}


@pytest.fixture
def home(aws: StrictAws) -> Account:
    return aws.account("999999999999", "home")


@pytest.fixture
def target(aws: StrictAws) -> Account:
    return aws.account("222222222222", "target")


@pytest.fixture
def bot(home: Account) -> Credentials:
    return home.user("bot")


def assume(who: Credentials, role: str, **how: Any) -> dict[str, Any]:
    sts = session(**who.for_boto()).client("sts")
    answer: dict[str, Any] = sts.assume_role(RoleArn=role, RoleSessionName="share", **how)
    return answer


def client(service: str, answer: dict[str, Any]) -> Any:
    given = answer["Credentials"]
    return session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    ).client(service)


@rule("STS API, AssumeRole", READ)
def test_a_session_speaks_for_the_role(bot: Credentials, target: Account) -> None:
    given = assume(bot, target.role("copier", [bot.arn]))
    assert client("sts", given).get_caller_identity()["Arn"] == ("arn:aws:sts::222222222222:assumed-role/copier/share")


@rule("STS API, AssumeRole", READ)
def test_only_whom_the_role_trusts(aws: StrictAws, bot: Credentials, home: Account, target: Account) -> None:
    role = target.role("copier", [home.user("another").arn])
    with refused("AccessDenied", "is not authorized to perform: sts:AssumeRole"):
        assume(bot, role)
    with refused("AccessDenied"):
        assume(bot, "arn:aws:iam::222222222222:role/nobody-has-it")


@rule("STS API, AssumeRole", READ)
def test_both_sides_must_allow(home: Account, target: Account) -> None:
    elsewhere = ASSUME | {"Resource": "arn:aws:iam::*:role/other"}
    narrow = home.user("narrow", {"Version": "2012-10-17", "Statement": [elsewhere]})
    role = target.role("copier", [home.root])
    with refused("AccessDenied"):
        assume(narrow, role)
    assert assume(home.user("wide", {"Version": "2012-10-17", "Statement": [ASSUME]}), role)


@rule("2.10", READ)
def test_the_external_id_must_be_given_and_right(bot: Credentials, target: Account) -> None:
    role = target.role("copier", [bot.arn], external_id="share-staging")
    with refused("AccessDenied"):
        assume(bot, role)
    with refused("AccessDenied"):
        assume(bot, role, ExternalId="share-prod")
    assert assume(bot, role, ExternalId="share-staging")


@rule("STS API, AssumeRole", READ)
def test_a_session_ends(bot: Credentials, target: Account, clock: ManualClock) -> None:
    given = assume(bot, target.role("copier", [bot.arn]))
    assert given["Credentials"]["Expiration"] == clock() + timedelta(hours=1)
    clients = {service: client(service, given) for service in ("ec2", "kms", "sts")}
    clock.advance(timedelta(minutes=59))
    clients["ec2"].describe_images(Owners=["self"])
    clock.advance(timedelta(minutes=1))
    with refused("RequestExpired"):
        clients["ec2"].describe_images(Owners=["self"])
    with refused("ExpiredTokenException"):
        clients["kms"].list_keys()
    with refused("ExpiredToken"):
        clients["sts"].get_caller_identity()


@rule("STS API, AssumeRole", READ)
def test_a_chained_session_lasts_an_hour_at_most(bot: Credentials, target: Account) -> None:
    first = target.role("first", [bot.arn], max_session=timedelta(hours=12))
    second = target.role("second", [first], max_session=timedelta(hours=12))
    chained = client("sts", assume(bot, first, DurationSeconds=2 * 3600))
    with refused("ValidationError", "role chaining"):
        chained.assume_role(RoleArn=second, RoleSessionName="share", DurationSeconds=3601)
    assert chained.assume_role(RoleArn=second, RoleSessionName="share", DurationSeconds=3600)


@rule("STS API, AssumeRole", READ)
def test_the_role_says_how_long_at_most(bot: Credentials, target: Account) -> None:
    with refused("ValidationError", "MaxSessionDuration"):
        assume(bot, target.role("copier", [bot.arn]), DurationSeconds=2 * 3600)


@rule("IAM guide, session policies", READ)
def test_a_session_policy_narrows(bot: Credentials, target: Account) -> None:
    only = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}}
    ec2 = client("ec2", assume(bot, target.role("copier", [bot.arn]), Policy=json.dumps(only)))
    ec2.describe_images(Owners=["self"])
    with refused("UnauthorizedOperation"):
        ec2.get_ebs_default_kms_key_id()


@pytest.mark.parametrize(
    ("service", "code"),
    [("ec2", "AuthFailure"), ("kms", "UnrecognizedClientException"), ("sts", "InvalidClientTokenId")],
)
@rule("API references, common errors", READ)
def test_keys_that_aws_does_not_know(aws: StrictAws, service: str, code: str) -> None:
    stranger = session(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x").client(service)
    call = {"ec2": "describe_images", "kms": "list_keys", "sts": "get_caller_identity"}[service]
    with refused(code):
        getattr(stranger, call)()


@rule("API references, common errors", READ)
def test_a_session_key_without_its_token_is_no_good(bot: Credentials, target: Account) -> None:
    given = target.session(target.role("copier", [bot.arn]))
    keys = given.for_boto() | {"aws_session_token": None}
    with refused("InvalidClientTokenId"):
        session(**keys).client("sts").get_caller_identity()


@rule("2.6", READ)
@pytest.mark.parametrize(("kind", "trace"), [("role", "AROA"), ("user", "AIDA")])
def test_a_deleted_principal_leaves_its_id_in_the_policy(
    aws: StrictAws, target: Account, kind: str, trace: str
) -> None:
    owner = aws.account("111111111111")
    named = target.role("copier") if kind == "role" else target.user("copier").arn
    statement = {"Effect": "Allow", "Principal": {"AWS": [named]}, "Action": "kms:DescribeKey", "Resource": "*"}
    key = owner.key(REGION)
    aws.key(key).policy = {**aws.key(key).policy, "Statement": [*aws.key(key).policy["Statement"], statement]}
    kms = session(**owner.user("admin").for_boto()).client("kms")
    assert named in kms.get_key_policy(KeyId=key)["Policy"]

    target.delete_role("copier") if kind == "role" else target.delete_user("copier")
    text = kms.get_key_policy(KeyId=key)["Policy"]
    (left,) = json.loads(text)["Statement"][-1]["Principal"]["AWS"]
    assert left.startswith(trace)
    with refused("MalformedPolicyDocumentException", "one or more invalid principals"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)


@rule("2.3", READ)
def test_a_role_made_again_under_the_same_name_is_another(aws: StrictAws, target: Account) -> None:
    role = target.role("copier")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}],
    }
    key = aws.account("111111111111").key(REGION, policy=policy)
    assert session(**target.session(role).for_boto()).client("kms").describe_key(KeyId=key)
    target.delete_role("copier")
    target.role("copier")
    with refused("AccessDeniedException"):
        session(**target.session(role).for_boto()).client("kms").describe_key(KeyId=key)


@rule("IAM guide", INFERRED)
def test_a_deleted_role_ends_its_sessions(bot: Credentials, target: Account) -> None:
    ec2 = client("ec2", assume(bot, target.role("copier", [bot.arn])))
    target.delete_role("copier")
    with refused("AuthFailure"):
        ec2.describe_images(Owners=["self"])
