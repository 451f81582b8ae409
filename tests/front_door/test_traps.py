"""The two traps, sprung with plain boto3: the strict AWS bites, so that a bot that passes has avoided them.

The bot's own way past them is in `test_main_job.py` and `test_refusals.py`.
"""

import pytest
from botocore.exceptions import ClientError

from playground.aws import Disk
from tests.stage import IMAGES, REGION, STAGING, Stage


def test_without_the_volume_permission_the_copy_is_refused(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    owner, target = stage.by_hand(IMAGES), stage.by_hand(STAGING)
    owner.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": STAGING}]})
    copy = {
        "Name": "golden",
        "SourceImageId": image,
        "SourceRegion": REGION,
        "Encrypted": True,
        "KmsKeyId": stage.company.keys["staging"],
    }
    with pytest.raises(ClientError, match="You do not have permission to access the storage of this ami"):
        target.copy_image(**copy)

    (snapshot,) = stage.aws.image(image).snapshots
    owner.modify_snapshot_attribute(
        SnapshotId=snapshot.id, Attribute="createVolumePermission", OperationType="add", UserIds=[STAGING]
    )
    assert target.copy_image(**copy)["ImageId"].startswith("ami-"), "the permission given later heals it"


def test_what_is_under_aws_ebs_is_not_shared(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=stage.images.managed_key(REGION))])
    (snapshot,) = stage.aws.image(image).snapshots
    owner = stage.by_hand(IMAGES)
    with pytest.raises(ClientError, match="Encrypted snapshots with EBS default key cannot be shared"):
        owner.modify_snapshot_attribute(
            SnapshotId=snapshot.id, Attribute="createVolumePermission", OperationType="add", UserIds=[STAGING]
        )
    with pytest.raises(ClientError, match="encrypted with the AWS Managed CMK can't be shared"):
        owner.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": STAGING}]})
