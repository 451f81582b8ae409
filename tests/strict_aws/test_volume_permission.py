"""Who may read a snapshot."""

from typing import Any

import pytest

from tests.strict_aws.rules import READ, refused, rule
from tests.strict_aws.targets import Target

ATTRIBUTE = "createVolumePermission"


def snapshot_of(where: Target, image: str) -> str:
    (seen,) = where.owner.ec2.describe_images(ImageIds=[image])["Images"]
    return str(seen["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


def grant(where: Target, snapshot: str, *account_ids: str) -> None:
    users = list(account_ids) or [where.target.id]
    where.owner.ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute=ATTRIBUTE, OperationType="add", UserIds=users
    )


def entries(where: Target, snapshot: str) -> list[dict[str, str]]:
    answer = where.owner.ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute=ATTRIBUTE)
    listed: list[dict[str, str]] = answer["CreateVolumePermissions"]
    return listed


def restorable(where: Target, **how: Any) -> list[str]:
    return [each["SnapshotId"] for each in where.target.ec2.describe_snapshots(**how)["Snapshots"]]


@rule("2.2", READ)
def test_sharing_the_image_does_not_share_its_snapshots(where: Target) -> None:
    image = where.image()
    snapshot = snapshot_of(where, image)
    add = [{"UserId": where.target.id}]
    where.owner.ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": add})
    with refused("InvalidSnapshot.NotFound"):
        where.target.ec2.describe_snapshots(SnapshotIds=[snapshot])
    grant(where, snapshot)
    assert restorable(where, SnapshotIds=[snapshot]) == [snapshot]
    assert snapshot in restorable(where, RestorableByUserIds=["self"])
    assert snapshot not in restorable(where, OwnerIds=["self"])


@rule("2.2", READ)
def test_the_target_sees_that_it_is_encrypted_but_not_under_which_key(where: Target) -> None:
    key = where.key(where.owner)
    snapshot = snapshot_of(where, where.image(key))
    grant(where, snapshot)
    (seen,) = where.target.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert seen["Encrypted"] is True
    assert "KmsKeyId" not in seen
    (own,) = where.owner.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert own["KmsKeyId"] == key


@pytest.mark.moto_is_right
@rule("2.2", READ)
def test_added_and_removed_in_calls_of_their_own(where: Target) -> None:
    snapshot = snapshot_of(where, where.image())
    grant(where, snapshot, "333333333333", "444444444444")
    where.owner.ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute=ATTRIBUTE, OperationType="remove", UserIds=["333333333333"]
    )
    assert entries(where, snapshot) == [{"UserId": "444444444444"}]


@rule("2.2", READ)
def test_the_structured_form_shares_as_well(where: Target) -> None:
    """moto answers success here and shares nothing."""
    snapshot = snapshot_of(where, where.image())
    where.owner.ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": "333333333333"}]}
    )
    assert entries(where, snapshot) == [{"UserId": "333333333333"}]


@rule("2.2", READ)
def test_not_both_in_one_call(where: Target) -> None:
    change = {"Add": [{"UserId": "333333333333"}], "Remove": [{"UserId": "444444444444"}]}
    snapshot = snapshot_of(where, where.image())
    with refused("InvalidParameterCombination"):
        where.owner.ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission=change)


@rule("2.2", READ)
def test_five_hundred_changes_a_call(where: Target) -> None:
    many = [f"3{number:011d}" for number in range(501)]
    snapshot = snapshot_of(where, where.image())
    with refused("InvalidParameterValue"):
        grant(where, snapshot, *many)


@rule("2.2", READ)
def test_the_owner_is_accepted_and_never_listed(where: Target) -> None:
    snapshot = snapshot_of(where, where.image())
    grant(where, snapshot, where.owner.id)
    assert entries(where, snapshot) == []


@rule("2.2", READ)
def test_a_snapshot_under_aws_ebs_cannot_be_shared(where: Target) -> None:
    snapshot = snapshot_of(where, where.image(where.managed_key(where.owner)))
    with refused("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared"):
        grant(where, snapshot)
    assert entries(where, snapshot) == []


@rule("2.2", READ)
def test_an_encrypted_snapshot_cannot_be_public(where: Target) -> None:
    snapshot = snapshot_of(where, where.image(where.key(where.owner)))
    with refused("OperationNotPermitted"):
        where.owner.ec2.modify_snapshot_attribute(
            SnapshotId=snapshot, Attribute=ATTRIBUTE, OperationType="add", GroupNames=["all"]
        )


@rule("2.5", READ)
def test_a_snapshot_in_use_is_not_deleted(where: Target) -> None:
    with refused("InvalidSnapshot.InUse"):
        where.owner.ec2.delete_snapshot(SnapshotId=snapshot_of(where, where.image()))
