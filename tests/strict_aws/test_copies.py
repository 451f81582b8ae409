"""Copies: what is refused at once, what fails later, and what a copy is in the end."""

import json
from typing import Any

import pytest

from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import Target

USE = ["kms:DescribeKey", "kms:Decrypt"]
FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def share(where: Target, image: str) -> None:
    """Give the target both permissions: on the image, and on what it stands on."""
    add = [{"UserId": where.target.id}]
    where.owner.ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": add})
    share_storage(where, image)


def share_storage(where: Target, image: str) -> None:
    (seen,) = where.owner.ec2.describe_images(ImageIds=[image])["Images"]
    for mapping in seen["BlockDeviceMappings"]:
        where.owner.ec2.modify_snapshot_attribute(
            SnapshotId=mapping["Ebs"]["SnapshotId"],
            Attribute="createVolumePermission",
            OperationType="add",
            UserIds=[where.target.id],
        )


def open_key(where: Target, key: str, *statements: dict[str, Any]) -> None:
    """Let the target use the owner's key, by `statements` or by the two that are right."""
    kms = where.owner.kms
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    principal = {"AWS": f"arn:aws:iam::{where.target.id}:root"}
    allow = {"Effect": "Allow", "Principal": principal, "Resource": "*"}
    right = ({"Action": USE}, {"Action": "kms:CreateGrant", "Condition": FOR_AWS})
    policy["Statement"] += [allow | statement for statement in statements or right]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def copy(where: Target, image: str, **how: Any) -> str:
    asked = {"Name": f"copy of {image}", "SourceImageId": image, "SourceRegion": where.region} | how
    return str(where.target.ec2.copy_image(**asked)["ImageId"])


def ended(where: Target, image: str) -> dict[str, Any]:
    def described() -> dict[str, Any]:
        (seen,) = where.target.ec2.describe_images(ImageIds=[image])["Images"]
        return dict(seen)

    where.wait(lambda: described()["State"] != "pending")
    return described()


def snapshots_of(where: Target, image: str) -> list[dict[str, Any]]:
    found = [{"Name": "description", "Values": [f"Copied for DestinationAmi {image}*"]}]
    listed: list[dict[str, Any]] = where.target.ec2.describe_snapshots(OwnerIds=["self"], Filters=found)["Snapshots"]
    return listed


@rule("2.2", READ)
def test_trap_one_the_storage_that_was_not_shared(where: Target) -> None:
    """And the permission given later heals it, with nothing shared anew."""
    image = where.image()
    add = [{"UserId": where.target.id}]
    where.owner.ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": add})
    with refused("InvalidRequest", "You do not have permission to access the storage of this ami"):
        copy(where, image)
    share_storage(where, image)
    assert ended(where, copy(where, image))["State"] == "available"


@rule("2.4", READ)
def test_an_image_that_was_not_shared_does_not_exist(where: Target) -> None:
    with refused("InvalidAMIID.NotFound"):
        copy(where, where.image())


@rule("2.4", READ)
def test_a_copy_belongs_to_the_target_and_names_its_source(where: Target) -> None:
    image = where.image()
    share(where, image)
    made = ended(where, copy(where, image))
    assert made["OwnerId"] == where.target.id
    assert (made["SourceImageId"], made["SourceImageRegion"]) == (image, where.region)
    listed = where.target.ec2.describe_images(
        Owners=["self"], Filters=[{"Name": "source-image-id", "Values": [image]}]
    )["Images"]
    assert [each["ImageId"] for each in listed] == [made["ImageId"]]
    permission = where.target.ec2.describe_image_attribute(ImageId=made["ImageId"], Attribute="launchPermission")
    assert permission["LaunchPermissions"] == [], "permissions are not copied"


@rule("2.4", READ)
def test_a_pending_copy_shows_its_snapshots_by_their_description_only(where: Target) -> None:
    image = where.image()
    share(where, image)
    made = copy(where, image)
    (pending,) = where.target.ec2.describe_images(ImageIds=[made])["Images"]
    assert pending["State"] == "pending"
    assert all("SnapshotId" not in mapping.get("Ebs", {}) for mapping in pending.get("BlockDeviceMappings", []))
    where.wait(lambda: bool(snapshots_of(where, made)))
    (snapshot,) = snapshots_of(where, made)
    assert f"from SourceAmi {image} for SourceSnapshot snap-" in snapshot["Description"]
    assert snapshot["Progress"].endswith("%")
    (mapping,) = ended(where, made)["BlockDeviceMappings"]
    assert mapping["Ebs"]["SnapshotId"] == snapshot["SnapshotId"]
    assert snapshots_of(where, made)[0]["State"] == "completed"


@rule("2.3", READ)
def test_an_encrypted_image_is_copied_under_the_targets_key(where: Target) -> None:
    key, own = where.key(where.owner), where.key(where.target)
    image = where.image(key, None)
    share(where, image)
    open_key(where, key)
    made = ended(where, copy(where, image, Encrypted=True, KmsKeyId=own))
    assert made["State"] == "available"
    assert {each["KmsKeyId"] for each in snapshots_of(where, made["ImageId"])} == {own}


@rule("2.4", READ)
def test_a_key_that_is_closed_fails_the_copy_later(where: Target) -> None:
    image = where.image(where.key(where.owner))
    share(where, image)
    made = ended(where, copy(where, image))
    assert made["State"] == "failed"
    assert "Given key ID is not accessible" in made["StateReason"]["Message"]
    for snapshot in snapshots_of(where, made["ImageId"]):
        assert (snapshot["State"], snapshot["StateMessage"]) == ("error", "Given key ID is not accessible")


@rule("2.3", READ)
def test_the_grant_condition_voids_a_use_statement(where: Target) -> None:
    """`kms:GrantIsForAWSResource` is absent from every action but the grants', and absent is not true."""
    key = where.key(where.owner)
    image = where.image(key)
    share(where, image)
    open_key(where, key, {"Action": [*USE, "kms:CreateGrant"], "Condition": FOR_AWS})
    assert ended(where, copy(where, image))["State"] == "failed"


@rule("2.3", READ)
@pytest.mark.parametrize("missing", ["kms:DescribeKey", "kms:Decrypt", "kms:CreateGrant"])
def test_each_of_three_actions_is_needed_on_the_source_key(where: Target, missing: str) -> None:
    key = where.key(where.owner)
    image = where.image(key)
    share(where, image)
    open_key(where, key, {"Action": [action for action in (*USE, "kms:CreateGrant") if action != missing]})
    assert ended(where, copy(where, image))["State"] == "failed"


@rule("2.6", READ)
def test_a_grant_opens_a_key_as_well_as_its_policy(where: Target) -> None:
    key = where.key(where.owner)
    image = where.image(key)
    share(where, image)
    root = f"arn:aws:iam::{where.target.id}:root"
    operations = ["DescribeKey", "Decrypt", "CreateGrant"]
    where.owner.kms.create_grant(KeyId=key, GranteePrincipal=root, Operations=operations)
    assert ended(where, copy(where, image))["State"] == "available"


@rule("2.4", READ)
def test_a_key_that_does_not_exist_fails_the_copy_later(where: Target) -> None:
    image = where.image()
    share(where, image)
    made = ended(where, copy(where, image, Encrypted=True, KmsKeyId="alias/nobody-has-it"))
    assert made["State"] == "failed"


@rule("2.4", READ)
def test_a_foreign_encrypted_image_comes_under_the_targets_default_key(where: Target) -> None:
    """And such a copy can never be shared on."""
    key = where.key(where.owner)
    image = where.image(key)
    share(where, image)
    open_key(where, key)
    made = ended(where, copy(where, image))
    assert made["State"] == "available"
    assert {each["KmsKeyId"] for each in snapshots_of(where, made["ImageId"])} == {where.managed_key(where.target)}


@rule("2.4", READ)
def test_an_encrypted_image_cannot_become_plain(where: Target) -> None:
    image = where.image(where.key(where.owner))
    share(where, image)
    told = "Creating an unencrypted copy from an encrypted snapshot is not supported."
    with refused("InvalidRequest", told):
        copy(where, image, Encrypted=False)


@rule("2.4", READ)
def test_the_same_token_twice_is_one_copy(where: Target) -> None:
    image = where.image()
    share(where, image)
    first = copy(where, image, ClientToken=f"token-{image}")
    assert copy(where, image, ClientToken=f"token-{image}") == first
    with refused("IdempotentParameterMismatch"):
        copy(where, image, ClientToken=f"token-{image}", Description="another")


@rule("2.4", READ)
def test_a_dry_run_copies_nothing(where: Target) -> None:
    image = where.image()
    share(where, image)
    with refused("DryRunOperation"):
        copy(where, image, DryRun=True)
    assert (
        where.target.ec2.describe_images(Owners=["self"], Filters=[{"Name": "source-image-id", "Values": [image]}])[
            "Images"
        ]
        == []
    )


@rule("2.4", READ)
def test_tags_go_to_the_image_and_to_every_snapshot(where: Target) -> None:
    image = where.image(None, None)
    where.owner.ec2.create_tags(Resources=[image], Tags=[{"Key": "team", "Value": "base"}])
    share(where, image)
    tags = [{"Key": "delivery", "Value": "D-1"}]
    specifications = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
    made = ended(where, copy(where, image, CopyImageTags=True, TagSpecifications=specifications))
    assert made["Tags"] == tags, "another account's tags are not copied"
    assert [each["Tags"] for each in snapshots_of(where, made["ImageId"])] == [tags, tags]


@rule("2.4", READ)
def test_only_images_and_snapshots_can_be_tagged_on_the_way(where: Target) -> None:
    image = where.image()
    share(where, image)
    with refused("InvalidParameterValue"):
        copy(where, image, TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}])


@rule("2.4", READ)
def test_deregistering_a_pending_copy_stops_it(where: Target) -> None:
    image = where.image()
    share(where, image)
    made = copy(where, image)
    where.target.ec2.deregister_image(ImageId=made)
    with refused("InvalidAMIID.NotFound"):
        where.target.ec2.describe_images(ImageIds=[made])


@rule("2.4", INFERRED)
def test_a_copy_that_was_stopped_leaves_no_snapshots(where: Target) -> None:
    image = where.image()
    share(where, image)
    made = copy(where, image)
    where.wait(lambda: bool(snapshots_of(where, made)))
    where.target.ec2.deregister_image(ImageId=made)
    assert snapshots_of(where, made) == []


@rule("2.4", INFERRED)
def test_a_pending_image_can_be_neither_shared_nor_copied(where: Target) -> None:
    image = where.image()
    share(where, image)
    made = copy(where, image)
    add = [{"UserId": where.owner.id}]
    with refused("InvalidAMIID.Unavailable"):
        where.target.ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": add})
    with refused("InvalidAMIID.Unavailable"):
        copy(where, made)


@rule("2.4", READ)
def test_a_single_snapshot_is_copied_by_the_same_rules(where: Target) -> None:
    image = where.image()
    (seen,) = where.owner.ec2.describe_images(ImageIds=[image])["Images"]
    source = {"SourceSnapshotId": seen["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"], "SourceRegion": where.region}
    with refused("InvalidSnapshot.NotFound"):
        where.target.ec2.copy_snapshot(**source)
    share_storage(where, image)
    made = where.target.ec2.copy_snapshot(**source)["SnapshotId"]

    def state() -> str:
        (snapshot,) = where.target.ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"]
        return str(snapshot["State"])

    where.wait(lambda: state() != "pending")
    assert state() == "completed"
    where.target.ec2.delete_snapshot(SnapshotId=made)
