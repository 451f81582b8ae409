"""Permissions: read, added in one call, read back."""

from typing import Any

import pytest
from botocore.stub import Stubber

from aws_ops.errors import AccessDenied, NotFound, NotYetVisible
from aws_ops.ids import AccountId, ImageId, SnapshotId
from aws_ops.permissions import (
    PermissionChange,
    add_create_volume_permission,
    add_launch_permission,
    read_launch_permission,
)
from tests.aws_ops.builders import IMAGE, PROD, SNAPSHOT, STAGING, STRANGER


@pytest.fixture
def snapshot(ec2: Any) -> SnapshotId:
    volume = ec2.create_volume(Size=8, AvailabilityZone="eu-central-1a")
    return SnapshotId(ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"])


@pytest.fixture
def image(ec2: Any) -> ImageId:
    return ImageId(ec2.register_image(Name="golden")["ImageId"])


def calls_of(client: Any) -> list[str]:
    made: list[str] = []
    client.meta.events.register("before-call", lambda model, **_: made.append(model.name))
    return made


def test_an_image_gains_the_missing_accounts_in_one_call(ec2: Any, image: ImageId) -> None:
    add_launch_permission(ec2, image, [STRANGER])
    made = calls_of(ec2)
    change = add_launch_permission(ec2, image, [STAGING, PROD, STRANGER])
    assert change == PermissionChange(
        before=frozenset({STRANGER}),
        after=frozenset({STRANGER, STAGING, PROD}),
        changed=frozenset({STAGING, PROD}),
    )
    assert made == ["DescribeImageAttribute", "ModifyImageAttribute", "DescribeImageAttribute"]


def test_a_snapshot_gains_the_missing_accounts(ec2: Any, snapshot: SnapshotId) -> None:
    change = add_create_volume_permission(ec2, snapshot, [STAGING, PROD])
    assert change.changed == change.after == {STAGING, PROD}
    assert change.before == frozenset()


def test_nothing_is_written_if_nobody_lacks_it(ec2: Any, image: ImageId, snapshot: SnapshotId) -> None:
    add_launch_permission(ec2, image, [STAGING])
    add_create_volume_permission(ec2, snapshot, [STAGING])
    made = calls_of(ec2)
    assert add_launch_permission(ec2, image, [STAGING]).changed == frozenset()
    assert add_create_volume_permission(ec2, snapshot, [STAGING]).changed == frozenset()
    assert made == ["DescribeImageAttribute", "DescribeSnapshotAttribute"]


def test_a_snapshot_takes_five_hundred_accounts_a_call(ec2: Any, snapshot: SnapshotId) -> None:
    made = calls_of(ec2)
    accounts = [AccountId(f"{number:012}") for number in range(1_001)]
    assert add_create_volume_permission(ec2, snapshot, accounts).changed == set(accounts)
    assert made.count("ModifySnapshotAttribute") == 3


def test_what_does_not_show_is_not_taken_for_done(ec2: Any) -> None:
    with Stubber(ec2) as stub:
        stub.add_response("describe_image_attribute", {"LaunchPermissions": []})
        stub.add_response("modify_image_attribute", {})
        stub.add_response("describe_image_attribute", {"LaunchPermissions": [{"UserId": PROD}]})
        with pytest.raises(NotYetVisible, match=STAGING):
            add_launch_permission(ec2, IMAGE, [STAGING, PROD])


def test_organizations_and_everybody_are_groups(ec2: Any) -> None:
    everybody = [
        {"UserId": STAGING},
        {"Group": "all"},
        {"OrganizationArn": "arn:aws:organizations::111111111111:organization/o-example"},
    ]
    with Stubber(ec2) as stub:
        stub.add_response("describe_image_attribute", {"LaunchPermissions": everybody})
        permission = read_launch_permission(ec2, IMAGE)
    assert permission.accounts == {STAGING}
    assert permission.groups == {"all", "arn:aws:organizations::111111111111:organization/o-example"}


def test_what_is_not_there_or_not_ones_own_is_said(ec2: Any) -> None:
    with Stubber(ec2) as stub:
        stub.add_client_error("describe_image_attribute", "InvalidAMIID.NotFound")
        with pytest.raises(NotFound):
            add_launch_permission(ec2, IMAGE, [STAGING])
        stub.add_client_error("describe_snapshot_attribute", "AuthFailure")
        with pytest.raises(AccessDenied):
            add_create_volume_permission(ec2, SNAPSHOT, [STAGING])
