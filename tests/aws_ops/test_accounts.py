"""Accounts: one client per role and region, whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.session import Session

from aws_ops.accounts import Accounts
from aws_ops.errors import AwsBusy
from aws_ops.facts import Role
from tests.aws_ops.builders import GOLDEN, PROD, REGION, STAGING, a_role


def caller(accounts: Accounts, role: Role) -> str:
    """Who moto believes to be asking."""
    ec2: Any = accounts.ec2(role, REGION)
    return ec2.describe_security_groups()["SecurityGroups"][0]["OwnerId"]


def test_each_role_acts_in_its_own_account(accounts: Accounts) -> None:
    assert [caller(accounts, a_role(account)) for account in (GOLDEN, STAGING)] == [GOLDEN, STAGING]


def test_clients_are_made_once_however_many_threads_ask(accounts: Accounts) -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda number: accounts.ec2(a_role([STAGING, PROD][number % 2]), REGION), range(40)))
    assert clients == {accounts.ec2(a_role(STAGING), REGION), accounts.ec2(a_role(PROD), REGION)}
    assert accounts.kms(a_role(STAGING), REGION) is accounts.kms(a_role(STAGING), REGION)


def test_the_external_id_goes_with_the_role_and_the_session_has_the_bots_name(own_credentials: None) -> None:
    asked: list[dict[str, Any]] = []

    def hang_up(**_: Any) -> None:
        raise ConnectionAbortedError

    own = Session()
    own.register("before-call.sts.AssumeRole", lambda params, **_: asked.append(params["body"]))
    own.register("before-send.sts.AssumeRole", hang_up)
    with pytest.raises(ConnectionAbortedError):
        Accounts(own).assume(a_role(STAGING))
    assert asked[0]["RoleArn"] == a_role(STAGING).arn
    assert asked[0]["ExternalId"] == "apples"
    assert asked[0]["RoleSessionName"] == "ami-share-bot"


def test_a_bot_without_credentials_says_so(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsBusy, match="the bot's own AWS credentials"):
        accounts.assume(a_role(STAGING))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    accounts.assume(a_role(STAGING))


def test_a_role_is_assumed_only_when_it_is_needed(own_credentials: None) -> None:
    own = Session()
    asked: list[str] = []
    own.register("before-call.sts", lambda model, **_: asked.append(model.name))
    accounts = Accounts(own)
    accounts.ec2(a_role(STAGING), REGION)
    accounts.kms(a_role(STAGING), REGION)
    assert asked == []


def test_another_endpoint_is_a_matter_of_the_environment(
    own_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    accounts = Accounts()
    assert accounts.ec2(a_role(STAGING), REGION).meta.endpoint_url == "http://localhost:4566"
    assert accounts.kms(a_role(STAGING), REGION).meta.endpoint_url == "http://localhost:4566"
