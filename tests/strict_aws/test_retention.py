"""The end of images, and what stays."""

from datetime import UTC, datetime, timedelta

from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import Target


def snapshots_of(where: Target, image: str) -> list[str]:
    (seen,) = where.owner.ec2.describe_images(ImageIds=[image])["Images"]
    return [mapping["Ebs"]["SnapshotId"] for mapping in seen["BlockDeviceMappings"]]


@rule("2.5", READ)
def test_deregistering_leaves_the_snapshots_unless_asked(where: Target) -> None:
    plain, thorough = where.image(), where.image()
    (stays,), (goes,) = snapshots_of(where, plain), snapshots_of(where, thorough)
    where.owner.ec2.deregister_image(ImageId=plain)
    assert where.owner.ec2.describe_snapshots(SnapshotIds=[stays])["Snapshots"]
    where.owner.ec2.delete_snapshot(SnapshotId=stays)

    told = where.owner.ec2.deregister_image(ImageId=thorough, DeleteAssociatedSnapshots=True)
    assert told["DeleteSnapshotResults"] == [{"SnapshotId": goes, "ReturnCode": "success"}]
    with refused("InvalidSnapshot.NotFound"):
        where.owner.ec2.describe_snapshots(SnapshotIds=[goes])


@rule("2.5", INFERRED)
def test_a_protected_image_is_not_deregistered(where: Target) -> None:
    """That it fails was read; the code was not found anywhere."""
    image = where.image()
    where.owner.ec2.enable_image_deregistration_protection(ImageId=image)
    with refused("OperationNotPermitted"):
        where.owner.ec2.deregister_image(ImageId=image)
    where.owner.ec2.disable_image_deregistration_protection(ImageId=image)
    where.owner.ec2.deregister_image(ImageId=image)


@rule("2.5", READ)
def test_a_disabled_image_is_listed_only_if_asked(where: Target) -> None:
    image = where.image()
    where.owner.ec2.disable_image(ImageId=image)
    mine = [{"Name": "image-id", "Values": [image]}]
    assert where.owner.ec2.describe_images(Owners=["self"], Filters=mine)["Images"] == []
    (seen,) = where.owner.ec2.describe_images(Owners=["self"], Filters=mine, IncludeDisabled=True)["Images"]
    assert seen["State"] == "disabled"
    where.owner.ec2.enable_image(ImageId=image)


@rule("2.5", READ)
def test_deprecation_lies_in_the_future(where: Target) -> None:
    image = where.image()
    with refused("InvalidParameterValue"):
        where.owner.ec2.enable_image_deprecation(ImageId=image, DeprecateAt=datetime(2020, 1, 1, tzinfo=UTC))
    soon = datetime.now(UTC) + timedelta(days=30)
    where.owner.ec2.enable_image_deprecation(ImageId=image, DeprecateAt=soon)
    (seen,) = where.owner.ec2.describe_images(ImageIds=[image])["Images"]
    assert seen["DeprecationTime"].startswith(soon.strftime("%Y-%m-%dT%H:%M"))
    where.owner.ec2.disable_image_deprecation(ImageId=image)
    assert "DeprecationTime" not in where.owner.ec2.describe_images(ImageIds=[image])["Images"][0]
