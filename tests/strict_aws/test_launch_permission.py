"""Who may launch an image, and see it."""

from datetime import timedelta

import pytest

from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import Side, Target

UNKNOWN = "ami-0123456789abcdef0"


def share(where: Target, image: str, account_id: str | None = None) -> None:
    add = [{"UserId": account_id or where.target.id}]
    where.owner.ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": add})


def entries(side: Side, image: str) -> list[dict[str, str]]:
    answer = side.ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
    listed: list[dict[str, str]] = answer["LaunchPermissions"]
    return listed


@rule("2.1", READ)
def test_a_private_image_does_not_exist_for_others_until_it_is_shared(where: Target) -> None:
    image = where.image()
    with refused("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist"):
        where.target.ec2.describe_images(ImageIds=[image])
    share(where, image)
    (seen,) = where.target.ec2.describe_images(ImageIds=[image])["Images"]
    assert seen["OwnerId"] == where.owner.id
    assert seen["Public"] is False


@rule("2.1", READ)
def test_executable_users_self_lists_what_is_shared(where: Target) -> None:
    image = where.image()
    share(where, image)
    seen = where.target.ec2.describe_images(ExecutableUsers=["self"])["Images"]
    assert image in [each["ImageId"] for each in seen]
    assert where.target.ec2.describe_images(Owners=["self"], ImageIds=[image])["Images"] == []


@rule("2.1", READ)
def test_the_target_can_neither_read_nor_change_permission(where: Target) -> None:
    image = where.image()
    share(where, image)
    with refused("AuthFailure", f"Not authorized for image:{image}"):
        where.target.ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
    with refused("AuthFailure"):
        share(where=_turned(where), image=image, account_id=where.owner.id)
    with refused("AuthFailure"):
        where.target.ec2.deregister_image(ImageId=image)


def _turned(where: Target) -> Target:
    turned = type("Turned", (), {"owner": where.target, "target": where.owner})
    return turned()  # type: ignore[return-value]


@rule("2.1", READ)
def test_an_image_that_was_deregistered_is_known_to_its_owner_for_a_while(where: Target) -> None:
    image = where.image()
    share(where, image)
    where.owner.ec2.deregister_image(ImageId=image)
    with refused("InvalidAMIID.Unavailable", "has been deregistered"):
        entries(where.owner, image)
    with refused("InvalidAMIID.NotFound"):
        entries(where.target, image)
    where.aws.deregistered_is_told_for = timedelta(0)
    with refused("InvalidAMIID.NotFound"):
        entries(where.owner, image)


@rule("2.1", READ)
def test_tags_are_the_owners_alone_but_for_those_meant_to_be_shared(where: Target) -> None:
    image = where.image()
    tags = [{"Key": "team", "Value": "base"}, {"Key": "ec2:SharedTag/release", "Value": "42"}]
    where.owner.ec2.create_tags(Resources=[image], Tags=tags)
    share(where, image)
    (seen,) = where.target.ec2.describe_images(ImageIds=[image])["Images"]
    assert [tag["Key"] for tag in seen.get("Tags", [])] == ["ec2:SharedTag/release"]


@pytest.mark.moto_is_right
@rule("2.1", INFERRED)
def test_an_entry_twice_is_one_entry(where: Target) -> None:
    image = where.image()
    for _ in range(2):
        share(where, image, "333333333333")
    assert entries(where.owner, image) == [{"UserId": "333333333333"}]


@pytest.mark.moto_is_right
@rule("2.1", READ)
def test_both_forms_of_the_call_change_the_same_permission(where: Target) -> None:
    image = where.image()
    flat = {"ImageId": image, "Attribute": "launchPermission"}
    where.owner.ec2.modify_image_attribute(**flat, OperationType="add", UserIds=["333333333333", "444444444444"])
    where.owner.ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Remove": [{"UserId": "333333333333"}]})
    assert entries(where.owner, image) == [{"UserId": "444444444444"}]
    where.owner.ec2.modify_image_attribute(**flat, OperationType="remove", UserIds=["444444444444"])
    assert entries(where.owner, image) == []


@pytest.mark.moto_is_right
@rule("2.1", READ)
def test_an_account_id_has_twelve_digits(where: Target) -> None:
    image = where.image()
    told = 'Invalid attribute item value "not-an-account" for userId item type.'
    with refused("InvalidAMIAttributeItemValue", told):
        share(where, image, "not-an-account")


@pytest.mark.moto_is_right
@rule("2.1", READ)
def test_an_unknown_image_and_a_malformed_id(where: Target) -> None:
    with refused("InvalidAMIID.NotFound", f"The image id '[{UNKNOWN}]' does not exist"):
        where.owner.ec2.describe_images(ImageIds=[UNKNOWN])
    with refused("InvalidAMIID.Malformed"):
        where.owner.ec2.describe_images(ImageIds=["image-1"])


@rule("2.1", READ)
def test_one_attribute_at_a_time(where: Target) -> None:
    image = where.image()
    with refused("InvalidParameterCombination"):
        where.owner.ec2.modify_image_attribute(
            ImageId=image, Description={"Value": "new"}, LaunchPermission={"Add": [{"UserId": "333333333333"}]}
        )


@rule("2.1", READ)
def test_an_organization_needs_its_arn(where: Target) -> None:
    with refused("InvalidAMIAttributeItemValue"):
        where.owner.ec2.modify_image_attribute(
            ImageId=where.image(), LaunchPermission={"Add": [{"OrganizationArn": "o-exampleorg1"}]}
        )


@rule("2.1", READ)
def test_reset_takes_everything_away(where: Target) -> None:
    image = where.image()
    share(where, image)
    where.owner.ec2.reset_image_attribute(ImageId=image, Attribute="launchPermission")
    assert entries(where.owner, image) == []
    with refused("InvalidAMIID.NotFound"):
        where.target.ec2.describe_images(ImageIds=[image])


@rule("2.1", READ)
def test_the_target_can_decline(where: Target) -> None:
    image = where.image()
    share(where, image)
    assert where.target.ec2.cancel_image_launch_permission(ImageId=image)["Return"] is True
    assert entries(where.owner, image) == []


@rule("2.1", READ)
def test_disabling_takes_the_permissions_for_good(where: Target) -> None:
    image = where.image()
    share(where, image)
    where.owner.ec2.disable_image(ImageId=image)
    with refused("InvalidAMIID.NotFound"):
        where.target.ec2.describe_images(ImageIds=[image])
    with refused("InvalidAMIID.Unavailable"):
        share(where, image)
    where.owner.ec2.enable_image(ImageId=image)
    assert entries(where.owner, image) == []


@rule("2.2", READ)
def test_an_image_with_one_disk_under_aws_ebs_cannot_be_shared(where: Target) -> None:
    image = where.image(None, where.managed_key(where.owner))
    told = "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot"
    with refused("InvalidParameter", told):
        share(where, image)
    assert entries(where.owner, image) == []


@rule("2.1", READ)
def test_launching_needs_the_permission_on_the_image_alone(where: Target) -> None:
    image = where.image()
    launch = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", "DryRun": True}
    share(where, image)
    with refused("DryRunOperation"):
        where.target.ec2.run_instances(**launch)
