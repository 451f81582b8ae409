"""What the roles of `deploy/iam` can't do, whoever holds their credentials."""

import pytest

from playground.aws import Account, StrictAws, key_access
from playground.aws.identities import Credentials
from playground.company import ABROAD, IMAGES, PROD, REGION, SANDBOX, STAGING, source_policy, target_policy
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import session

POLICIES = {IMAGES: source_policy(), STAGING: target_policy(STAGING)}
OURS = [{"Key": "ami-share:delivery", "Value": "1"}]


@pytest.fixture(params=POLICIES)
def account(aws: StrictAws, request: pytest.FixtureRequest) -> Account:
    return aws.account(request.param)


@pytest.fixture
def holder(account: Account) -> Credentials:
    """Whoever has the role of that account."""
    return account.session(account.role("ami-share", policy=POLICIES[account.id]))


@rule("2.10", READ)
def test_tags_are_set_on_copies_as_they_are_made_and_on_nothing_else(
    aws: StrictAws, account: Account, holder: Credentials
) -> None:
    """EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"."""
    ec2 = session(**holder.for_boto()).client("ec2")
    image = account.image(REGION)
    (snapshot,) = aws.image(image).snapshots
    for resource in (image, snapshot.id):
        with refused("UnauthorizedOperation", "ec2:CreateTags"):
            ec2.create_tags(Resources=[resource], Tags=OURS)
    for change in (ec2.disable_image_deregistration_protection, ec2.deregister_image):
        with refused("UnauthorizedOperation"):
            change(ImageId=image)
    tagged = [{"ResourceType": kind, "Tags": OURS} for kind in ("image", "snapshot")]
    copy = ec2.copy_image(Name="a copy", SourceImageId=image, SourceRegion=REGION, TagSpecifications=tagged)["ImageId"]
    assert ec2.disable_image_deregistration_protection(ImageId=copy)
    assert ec2.deregister_image(ImageId=copy)


@rule("2.10", INFERRED)
@pytest.mark.parametrize("operation", ["add", "remove"])
def test_who_is_on_the_list_lets_nobody_else_into_the_same_call(aws: StrictAws, operation: str) -> None:
    """IAM User Guide, "Multivalued context keys"; that the key holds all ids of a call is inferred."""
    account = aws.account(IMAGES)
    holder = account.session(account.role("ami-share", policy=POLICIES[IMAGES]))
    ec2 = session(**holder.for_boto()).client("ec2")
    change = {"SnapshotId": account.snapshot(REGION), "OperationType": operation}
    ec2.modify_snapshot_attribute(**change, UserIds=[STAGING])
    ec2.modify_snapshot_attribute(**change, UserIds=[STAGING, PROD])
    for asked in (
        {"UserIds": [STAGING, SANDBOX]},
        {"UserIds": [STAGING], "GroupNames": ["all"]},
        {"GroupNames": ["all"]},
    ):
        with refused("UnauthorizedOperation", "ec2:ModifySnapshotAttribute"):
            ec2.modify_snapshot_attribute(**change, **asked)


@rule("2.3", READ)
@pytest.mark.parametrize("region", [REGION, ABROAD])
def test_a_key_is_used_by_ec2_for_the_role_and_never_by_the_role_itself(
    aws: StrictAws, account: Account, holder: Credentials, region: str
) -> None:
    """KMS developer guide, "kms:ViaService"."""
    key = aws.key(account.key(region))
    kms = session(**holder.for_boto()).client("kms", region)
    assert kms.describe_key(KeyId=key.arn)
    for action in ("Encrypt", "Decrypt", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"):
        assert key_access.allowed_through_ec2(aws, key, holder, [action], aws.clock())
        assert not key_access.allowed(aws, key, holder, action, {}, moment=aws.clock())
