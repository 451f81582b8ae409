"""What the roles of `deploy/iam` can't do, whoever holds their credentials."""

from typing import Any

import pytest

from playground.aws import Account, StrictAws
from playground.company import IMAGES, REGION, STAGING, source_policy, target_policy
from tests.strict_aws.rules import READ, refused, rule
from tests.strict_aws.targets import session

POLICIES = {IMAGES: source_policy(), STAGING: target_policy(STAGING)}
OURS = [{"Key": "ami-share:delivery", "Value": "1"}]


@pytest.fixture(params=POLICIES)
def account(aws: StrictAws, request: pytest.FixtureRequest) -> Account:
    return aws.account(request.param)


@pytest.fixture
def ec2(account: Account) -> Any:
    """EC2, for whoever has the role of that account."""
    role = account.role("ami-share", policy=POLICIES[account.id])
    return session(**account.session(role).for_boto()).client("ec2")


@rule("2.10", READ)
def test_tags_are_set_on_copies_as_they_are_made_and_on_nothing_else(
    aws: StrictAws, account: Account, ec2: Any
) -> None:
    """EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"."""
    image = account.image(REGION)
    (snapshot,) = aws.image(image).snapshots
    for resource in (image, snapshot.id):
        with refused("UnauthorizedOperation", "ec2:CreateTags"):
            ec2.create_tags(Resources=[resource], Tags=OURS)
    with refused("UnauthorizedOperation", "ec2:DeregisterImage"):
        ec2.deregister_image(ImageId=image)
    tagged = [{"ResourceType": kind, "Tags": OURS} for kind in ("image", "snapshot")]
    copy = ec2.copy_image(Name="a copy", SourceImageId=image, SourceRegion=REGION, TagSpecifications=tagged)["ImageId"]
    assert ec2.deregister_image(ImageId=copy)
