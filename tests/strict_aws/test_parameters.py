"""Parameters that hold an image's id, which stand in moto.

After the Systems Manager User Guide, "Native parameter support for Amazon Machine Image IDs". That Systems Manager
looks at the image, some time after the call, is not played.
"""

from typing import Any

import pytest

from playground.aws import StrictAws
from tests.strict_aws.rules import READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session


def ssm(aws: StrictAws, account_id: str = OWNER, region: str = REGION) -> Any:
    return session(**aws.account(account_id).user(f"admin-{region}").for_boto()).client("ssm", region)


@rule("2.5", READ)
def test_a_parameter_holds_an_image_that_only_the_strict_aws_knows(aws: StrictAws) -> None:
    image, newer = (aws.account(OWNER).image(REGION) for _ in range(2))
    client = ssm(aws)
    client.put_parameter(Name="/golden", Value=image, Type="String", DataType="aws:ec2:image")
    told = client.get_parameter(Name="/golden")["Parameter"]
    assert (told["Value"], told["DataType"], told["Version"]) == (image, "aws:ec2:image", 1)
    assert told["ARN"] == f"arn:aws:ssm:{REGION}:{OWNER}:parameter/golden"
    with refused("ParameterAlreadyExists"):
        client.put_parameter(Name="/golden", Value=newer, Type="String", DataType="aws:ec2:image")
    client.put_parameter(Name="/golden", Value=newer, Type="String", DataType="aws:ec2:image", Overwrite=True)
    told = client.get_parameter(Name="/golden")["Parameter"]
    assert (told["Value"], told["DataType"], told["Version"]) == (newer, "aws:ec2:image", 2)


@rule("2.5", READ)
@pytest.mark.parametrize(("account_id", "region"), [(TARGET, REGION), (OWNER, "us-east-1")])
def test_it_stands_in_one_account_and_region(aws: StrictAws, account_id: str, region: str) -> None:
    image = aws.account(OWNER).image(REGION)
    ssm(aws).put_parameter(Name="/golden", Value=image, Type="String", DataType="aws:ec2:image")
    with refused("ParameterNotFound"):
        ssm(aws, account_id, region).get_parameter(Name="/golden")


@rule("2.5", READ)
def test_there_are_two_data_types(aws: StrictAws) -> None:
    with refused("ValidationException"):
        ssm(aws).put_parameter(Name="/golden", Value="ami-1", Type="String", DataType="aws:ec2:nonsense")
