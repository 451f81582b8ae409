"""An AWS in this process, by moto: right for calls within one account, which is what it is used for here."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session
from moto import mock_aws

from aws_ops.accounts import Accounts
from tests.aws_ops.builders import GOLDEN, REGION, a_role
from tests.aws_ops.canned import LOADER


@pytest.fixture
def own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def accounts(own_credentials: None) -> Iterator[Accounts]:
    with mock_aws():
        own = Session()
        own.register_component("data_loader", LOADER)
        yield Accounts(own)


@pytest.fixture
def ec2(accounts: Accounts) -> Any:
    return accounts.ec2(a_role(GOLDEN), REGION)


@pytest.fixture
def kms(accounts: Accounts) -> Any:
    return accounts.kms(a_role(GOLDEN), REGION)
