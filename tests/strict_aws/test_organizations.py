"""Organizations: sharing with many at once, and Allowed AMIs, an account's own say."""

from typing import Any

import pytest

from playground.aws import Account, Disk, StrictAws
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

MANAGEMENT = "999999999999"


@pytest.fixture
def owner(aws: StrictAws) -> Account:
    return aws.account(OWNER)


@pytest.fixture
def target(aws: StrictAws) -> Account:
    return aws.account(TARGET, "staging")


def client(account: Account, service: str = "ec2") -> Any:
    return session(**account.user(f"user-{service}").for_boto()).client(service)


@rule("2.1", READ)
def test_an_organization_and_its_units_can_be_shared_with(aws: StrictAws, owner: Account, target: Account) -> None:
    organization = aws.organization(aws.account(MANAGEMENT), owner)
    outer = organization.unit("Workloads")
    inner = organization.unit("Staging", TARGET, parent=outer)
    sharing, copying = client(owner), client(target)
    for entry in (
        {"OrganizationArn": organization.arn},
        {"OrganizationalUnitArn": outer.arn},
        {"OrganizationalUnitArn": inner.arn},
    ):
        image = owner.image(REGION)
        sharing.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [entry]})
        (seen,) = copying.describe_images(ExecutableUsers=["self"])["Images"]
        assert seen["ImageId"] == image
        assert sharing.describe_images(ExecutableUsers=[TARGET])["Images"] == [], "only explicit shares count here"
        with refused("OperationNotPermitted"):
            copying.cancel_image_launch_permission(ImageId=image)
        sharing.deregister_image(ImageId=image)


@rule("2.2", INFERRED)
def test_an_image_of_the_organization_can_be_launched_but_not_copied(
    aws: StrictAws, owner: Account, target: Account
) -> None:
    """Snapshots know no organizations."""
    organization = aws.organization(aws.account(MANAGEMENT), owner, target)
    image = owner.image(REGION)
    add = [{"OrganizationArn": organization.arn}]
    client(owner).modify_image_attribute(ImageId=image, LaunchPermission={"Add": add})
    copying = client(target)
    assert copying.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    with refused("InvalidRequest", "You do not have permission to access the storage of this ami"):
        copying.copy_image(Name="a copy", SourceImageId=image, SourceRegion=REGION)


@rule("2.1", READ)
def test_removing_an_account_leaves_what_it_has_through_the_organization(
    aws: StrictAws, owner: Account, target: Account
) -> None:
    organization = aws.organization(aws.account(MANAGEMENT), target)
    image, sharing = owner.image(REGION), client(owner)
    both = [{"OrganizationArn": organization.arn}, {"UserId": TARGET}]
    sharing.modify_image_attribute(ImageId=image, LaunchPermission={"Add": both})
    sharing.modify_image_attribute(ImageId=image, LaunchPermission={"Remove": [{"UserId": TARGET}]})
    assert client(target).describe_images(ImageIds=[image])["Images"]


@rule("2.1", READ)
def test_the_quota_counts_entries(aws: StrictAws, owner: Account) -> None:
    """That there is one was read, its error code was not found anywhere."""
    aws.launch_permissions_per_image = 2
    image, sharing = owner.image(REGION), client(owner)
    add = [{"UserId": f"{number:012d}"} for number in range(3)]
    with refused("ResourceLimitExceeded"):
        sharing.modify_image_attribute(ImageId=image, LaunchPermission={"Add": add})
    sharing.modify_image_attribute(ImageId=image, LaunchPermission={"Add": add[:2]})


@rule("2.1", READ)
def test_without_permission_nothing_is_launched(owner: Account, target: Account) -> None:
    image = owner.image(REGION)
    with refused("AuthFailure", f"Not authorized for images: [{image}]"):
        client(target).run_instances(ImageId=image, MinCount=1, MaxCount=1)


@rule("KMS guide, key policies", READ)
def test_a_key_can_be_opened_to_an_organization(aws: StrictAws, owner: Account, target: Account) -> None:
    organization = aws.organization(aws.account(MANAGEMENT), target)
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization.id}}
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "kms:DescribeKey", "Resource": "*"}
    key = owner.key(REGION, policy={"Version": "2012-10-17", "Statement": [everybody | {"Condition": condition}]})
    assert client(target, "kms").describe_key(KeyId=key)
    with refused("AccessDeniedException"):
        client(aws.account("333333333333"), "kms").describe_key(KeyId=key)


@rule("IAM guide, aws:PrincipalOrgPaths", READ)
def test_a_key_can_be_opened_to_a_unit_and_all_below_it(aws: StrictAws, owner: Account, target: Account) -> None:
    organization = aws.organization(aws.account(MANAGEMENT), aws.account("333333333333"))
    outer = organization.unit("Workloads")
    organization.unit("Staging", TARGET, parent=outer)
    path = f"{organization.id}/{organization.root.id}/{outer.id}/*"
    condition = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": [path]}}
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:DescribeKey", "Resource": "*"}
    key = owner.key(REGION, policy={"Version": "2012-10-17", "Statement": [everybody | {"Condition": condition}]})
    kms = client(target, "kms")
    assert kms.describe_key(KeyId=key)
    organization.place(TARGET, outer)
    assert kms.describe_key(KeyId=key), "in the unit itself as well"
    for outside in ("333333333333", "444444444444"):
        with refused("AccessDeniedException"):
            client(aws.account(outside), "kms").describe_key(KeyId=key)


@rule("EC2 guide, instance terminates immediately", READ)
def test_an_instance_ends_at_once_if_the_key_of_a_volume_may_not_be_used(
    aws: StrictAws, owner: Account, target: Account
) -> None:
    image = owner.image(REGION, devices=[Disk(gib=8, key=owner.key(REGION))])
    aws.share(image, TARGET)
    ec2 = client(target)
    (instance,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    assert instance["State"]["Name"] == "pending", "the call itself succeeds"
    (seen,) = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"]
    assert seen["Instances"][0]["State"]["Name"] == "terminated"
    assert seen["Instances"][0]["StateReason"]["Code"] == "Client.InternalError"


@rule("2.5", READ)
def test_an_account_decides_which_foreign_images_exist_for_it(aws: StrictAws, owner: Account, target: Account) -> None:
    golden, other = owner.image(REGION, name="golden-1"), owner.image(REGION, name="other")
    own = target.image(REGION, name="own")
    for image in (golden, other):
        aws.share(image, TARGET)
    ec2 = client(target)
    criteria = [{"ImageProviders": [OWNER], "ImageNames": ["golden-*"]}, {"ImageProviders": ["amazon"]}]
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=criteria)

    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    told = {each["ImageId"]: each["ImageAllowed"] for each in ec2.describe_images()["Images"]}
    assert told == {golden: True, other: False, own: True}

    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    assert {each["ImageId"] for each in ec2.describe_images()["Images"]} == {golden, own}
    with refused("InvalidAMIID.NotFound"):
        ec2.describe_images(ImageIds=[other])
    settings = ec2.get_allowed_images_settings()
    assert (settings["State"], settings["ImageCriteria"]) == ("enabled", criteria)
    ec2.disable_allowed_images_settings()
    assert ec2.describe_images(ImageIds=[other])["Images"]


@rule("2.5", INFERRED)
def test_allowed_images_bind_copies_behind_their_switch(aws: StrictAws, owner: Account, target: Account) -> None:
    image, ec2 = owner.image(REGION), client(target)
    aws.share(image, TARGET)
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    asked = {"Name": "a copy", "SourceImageId": image, "SourceRegion": REGION}
    with refused("InvalidAMIID.NotFound"):
        ec2.copy_image(**asked)
    aws.allowed_images_bind_copies = False
    assert ec2.copy_image(**asked)


@rule("Organizations API", READ)
def test_the_management_account_reads_the_tree(aws: StrictAws, owner: Account, target: Account) -> None:
    organization = aws.organization(aws.account(MANAGEMENT, "management"), owner)
    unit = organization.unit("Workloads", TARGET)
    reads = client(aws.account(MANAGEMENT), "organizations")
    (root,) = reads.list_roots()["Roots"]
    (found,) = reads.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]
    assert (found["Arn"], found["Name"]) == (unit.arn, "Workloads")
    (member,) = reads.list_accounts_for_parent(ParentId=found["Id"])["Accounts"]
    assert (member["Id"], member["Name"]) == (TARGET, "staging")
    assert {each["Id"] for each in reads.list_accounts()["Accounts"]} == {MANAGEMENT, OWNER, TARGET}
    organization.suspended.add(OWNER)
    states = {each["Id"]: each["State"] for each in reads.list_accounts()["Accounts"]}
    assert states == {MANAGEMENT: "ACTIVE", OWNER: "SUSPENDED", TARGET: "ACTIVE"}
    assert client(target, "organizations").describe_organization()["Organization"]["Id"] == organization.id
    with refused("AccessDeniedException"):
        client(owner, "organizations").list_accounts()
