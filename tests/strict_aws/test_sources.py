"""Images that can't be copied, whoever asks and whatever is shared."""

from typing import Any

import pytest

from playground.aws import Disk, EphemeralDisk, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session


def ec2(aws: StrictAws, account_id: str = TARGET) -> Any:
    return session(**aws.account(account_id).user("admin").for_boto()).client("ec2")


def asked(image: str, **how: Any) -> dict[str, Any]:
    return {"Name": "a copy", "SourceImageId": image, "SourceRegion": REGION} | how


def shared(aws: StrictAws, **how: Any) -> str:
    image = aws.account(OWNER).image(REGION, **how)
    aws.share(image, TARGET)
    return image


@rule("2.4", READ)
@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"product_codes": ["abc"]}, "Images from AWS Marketplace cannot be copied to another AWS account."),
        (
            {"usage_operation": "RunInstances:0002", "platform_details": "Windows"},
            "Images with EC2 BillingProduct codes cannot be copied to another AWS account.",
        ),
        (
            {"usage_operation": "RunInstances:0010", "platform_details": "Red Hat Enterprise Linux"},
            "Images with EC2 BillingProduct codes cannot be copied to another AWS account.",
        ),
    ],
)
def test_what_is_billed_is_not_copied_across_accounts(aws: StrictAws, how: dict[str, Any], told: str) -> None:
    image = shared(aws, **how)
    with refused("InvalidRequest", told):
        ec2(aws).copy_image(**asked(image))
    assert ec2(aws, OWNER).copy_image(**asked(image)), "within the account it is"


@rule("2.4", INFERRED)
@pytest.mark.parametrize(
    ("usage_operation", "platform_details"),
    [("RunInstances:0800", "Windows BYOL"), ("RunInstances:00g0", "Red Hat BYOL Linux")],
)
def test_who_brings_the_license_may_copy(aws: StrictAws, usage_operation: str, platform_details: str) -> None:
    """The codes are the EC2 User Guide's ("AMI billing information fields"); that these bill nothing is inferred."""
    image = shared(aws, usage_operation=usage_operation, platform_details=platform_details)
    made = ec2(aws).copy_image(**asked(image))["ImageId"]
    assert aws.image(made).usage_operation == usage_operation


@rule("2.4", INFERRED)
@pytest.mark.parametrize("state", ["pending", "failed", "disabled"])
def test_only_an_available_image(aws: StrictAws, state: Any) -> None:
    with refused("InvalidAMIID.Unavailable"):
        ec2(aws).copy_image(**asked(shared(aws, state=state)))


@rule("2.2", INFERRED)
def test_an_archived_snapshot_is_restored_first(aws: StrictAws) -> None:
    with refused("IncorrectState"):
        ec2(aws).copy_image(**asked(shared(aws, devices=[Disk(8, tier="archive")])))


@rule("2.4", READ)
def test_every_snapshot_must_be_shared(aws: StrictAws) -> None:
    image = aws.account(OWNER).image(REGION, devices=[Disk(8), Disk(20)])
    aws.share(image, TARGET)
    owner = ec2(aws, OWNER)
    last = aws.image(image).snapshots[-1].id
    owner.modify_snapshot_attribute(
        SnapshotId=last, Attribute="createVolumePermission", OperationType="remove", UserIds=[TARGET]
    )
    with refused("InvalidRequest", "You do not have permission to access the storage of this ami"):
        ec2(aws).copy_image(**asked(image))


@rule("2.4", READ)
@pytest.mark.parametrize("name", ["a*b", "ünlaut", "a" * 129])
def test_the_name_of_a_copy(aws: StrictAws, name: str) -> None:
    code = "InvalidAMIName.Malformed" if len(name) <= 128 else "InvalidParameterValue"
    with refused(code):
        ec2(aws).copy_image(**asked(shared(aws), Name=name))


@rule("2.4", INFERRED)
def test_a_key_needs_encryption_asked_for(aws: StrictAws) -> None:
    """That it is refused was read; the code was not found anywhere."""
    with refused("InvalidParameterDependency"):
        ec2(aws).copy_image(**asked(shared(aws), KmsKeyId="alias/mine"))


@rule("2.4", READ)
def test_a_bare_key_id_is_looked_for_at_home(aws: StrictAws, clock: ManualClock) -> None:
    foreign = aws.account(OWNER).key(REGION, alias="alias/mine")
    copier = ec2(aws)
    for key in (foreign.rpartition("/")[2], "alias/mine"):
        made = copier.copy_image(**asked(shared(aws), Encrypted=True, KmsKeyId=key))["ImageId"]
        clock.advance(aws.key_decision_after)
        assert aws.image(made).failure == (f"AMI snapshot copy failed with error: The specified keyId {key} is invalid")


@rule("2.4", READ)
@pytest.mark.parametrize("how", [{"state": "Disabled"}, {"state": "PendingDeletion"}, {"spec": "RSA_2048"}])
def test_a_dead_or_asymmetric_key_fails_the_copy_later(aws: StrictAws, clock: ManualClock, how: Any) -> None:
    key = aws.account(TARGET).key(REGION, **how)
    made = ec2(aws).copy_image(**asked(shared(aws), Encrypted=True, KmsKeyId=key))["ImageId"]
    assert aws.image(made).state == "pending"
    clock.advance(aws.key_decision_after)
    assert aws.image(made).state == "failed"


@rule("2.4", READ)
def test_encryption_by_default_encrypts_the_copy(aws: StrictAws, clock: ManualClock) -> None:
    copier, own = ec2(aws), aws.account(TARGET).key(REGION)
    copier.enable_ebs_encryption_by_default()
    copier.modify_ebs_default_kms_key_id(KmsKeyId=own)
    assert copier.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    made = copier.copy_image(**asked(shared(aws)))["ImageId"]
    clock.advance(aws.key_decision_after * 30)
    assert [snapshot.key_arn for snapshot in aws.image(made).snapshots] == [own]


@rule("2.4", READ)
def test_instance_store_disks_come_along_without_a_snapshot(aws: StrictAws, clock: ManualClock) -> None:
    image = shared(aws, devices=[Disk(8), EphemeralDisk()])
    copier = ec2(aws)
    made = copier.copy_image(**asked(image))["ImageId"]
    clock.advance(aws.key_decision_after * 30)
    (seen,) = copier.describe_images(ImageIds=[made])["Images"]
    assert [mapping.get("VirtualName") for mapping in seen["BlockDeviceMappings"]] == [None, "ephemeral0"]


@rule("2.4", INFERRED)
def test_so_many_copies_at_once(aws: StrictAws, clock: ManualClock) -> None:
    aws.image_copies_at_once, aws.snapshot_copies_at_once = 2, 1
    image, copier = shared(aws), ec2(aws)
    for _ in range(2):
        copier.copy_image(**asked(image))
    with refused("ResourceLimitExceeded"):
        copier.copy_image(**asked(image))
    clock.advance(aws.key_decision_after * 30)
    assert copier.copy_image(**asked(image))
    source = {"SourceSnapshotId": aws.image(image).snapshots[0].id, "SourceRegion": REGION}
    copier.copy_snapshot(**source)
    with refused("ResourceLimitExceeded"):
        copier.copy_snapshot(**source)


@rule("2.4", INFERRED)
def test_used_names_are_refused_only_behind_their_switch(aws: StrictAws) -> None:
    image, copier = shared(aws), ec2(aws)
    copier.copy_image(**asked(image))
    copier.copy_image(**asked(image))
    aws.copy_refuses_used_names = True
    with refused("InvalidAMIName.Duplicate"):
        copier.copy_image(**asked(image))


@rule("2.4", READ)
def test_a_long_token(aws: StrictAws) -> None:
    with refused("InvalidParameterValue"):
        ec2(aws).copy_image(**asked(shared(aws), ClientToken="x" * 65))


@rule("2.4", READ)
def test_copied_tags_are_ones_own_and_those_meant_to_be_shared(aws: StrictAws) -> None:
    tags = {"team": "base", "ec2:SharedTag/release": "42"}
    image, copier = shared(aws, tags=tags), ec2(aws)
    made = copier.copy_image(**asked(image, CopyImageTags=True))["ImageId"]
    assert aws.image(made).tags == {"ec2:SharedTag/release": "42"}
    made = ec2(aws, OWNER).copy_image(**asked(image, CopyImageTags=True))["ImageId"]
    assert aws.image(made).tags == tags


@rule("2.4", READ)
def test_tags_of_aws_are_its_own(aws: StrictAws) -> None:
    image, owner = aws.account(OWNER).image(REGION), ec2(aws, OWNER)
    tags = [{"Key": "aws:mine", "Value": "no"}]
    with refused("InvalidParameterValue", "reserved"):
        owner.create_tags(Resources=[image], Tags=tags)
    with refused("InvalidParameterValue", "reserved"):
        owner.copy_image(**asked(image, TagSpecifications=[{"ResourceType": "image", "Tags": tags}]))


@rule("2.4", READ)
def test_across_regions_the_copy_stands_where_it_was_asked_for(aws: StrictAws, clock: ManualClock) -> None:
    user = aws.account(TARGET).user("admin")
    copier = session(**user.for_boto()).client("ec2", "us-east-1")
    image = shared(aws)
    with refused("InvalidAMIID.NotFound"):
        copier.copy_image(**asked(image, SourceRegion="us-west-2"))
    made = copier.copy_image(**asked(image))["ImageId"]
    (seen,) = copier.describe_images(ImageIds=[made])["Images"]
    assert (aws.image(made).region, seen["SourceImageRegion"]) == ("us-east-1", REGION)
