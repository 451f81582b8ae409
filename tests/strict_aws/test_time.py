"""Time: what is decided when, and by what was in force then."""

import json
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Disk, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

SECOND = timedelta(seconds=1)


@pytest.fixture
def key(aws: StrictAws) -> str:
    return aws.account(OWNER).key(REGION)


@pytest.fixture
def image(aws: StrictAws, key: str) -> str:
    image = aws.account(OWNER).image(REGION, devices=[Disk(100, key=key)])
    aws.account(TARGET)
    aws.share(image, TARGET)
    return image


def client(aws: StrictAws, service: str, account_id: str) -> Any:
    return session(**aws.account(account_id).user(f"admin-{service}").for_boto()).client(service)


def opened(aws: StrictAws, key: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": TARGET}, "Action": "kms:*", "Resource": "*"}
    policy = aws.key(key).policy
    return {**policy, "Statement": [*policy["Statement"], statement]}


def copy(aws: StrictAws, image: str) -> str:
    asked = {"Name": "a copy", "SourceImageId": image, "SourceRegion": REGION}
    return str(client(aws, "ec2", TARGET).copy_image(**asked)["ImageId"])


@rule("2.4", READ)
def test_the_key_is_decided_upon_as_it_stands_then(aws: StrictAws, clock: ManualClock, key: str, image: str) -> None:
    """Opened in time it heals a copy that was started too early; closed in time it fails one that was not."""
    closed = aws.key(key).policy
    early = copy(aws, image)
    clock.advance(aws.key_decision_after - SECOND)
    aws.key(key).policy = opened(aws, key)
    clock.advance(SECOND)
    aws.key(key).policy = closed
    assert aws.image(early).state == "pending", "what was due was decided before the change"
    clock.advance(timedelta(hours=1))
    assert aws.image(early).state == "available"


@rule("2.4", READ)
def test_a_late_change_does_not_heal(aws: StrictAws, clock: ManualClock, key: str, image: str) -> None:
    late = copy(aws, image)
    clock.advance(aws.key_decision_after)
    client(aws, "kms", OWNER).put_key_policy(KeyId=key, Policy=json.dumps(opened(aws, key)))
    clock.advance(timedelta(hours=1))
    assert aws.image(late).state == "failed"


@rule("2.6", READ)
def test_what_is_written_but_not_yet_in_force_does_not_count(
    aws: StrictAws, clock: ManualClock, key: str, image: str
) -> None:
    closed = aws.key(key).policy
    aws.key(key).policy = opened(aws, key)
    made = copy(aws, image)
    aws.policy_spreads_after = aws.key_decision_after + SECOND
    client(aws, "kms", OWNER).put_key_policy(KeyId=key, Policy=json.dumps(closed))
    clock.advance(aws.key_decision_after)
    aws.image(made)
    clock.advance(timedelta(hours=1))
    assert aws.image(made).state == "available"


@rule("2.4", READ)
def test_progress_grows_with_time(aws: StrictAws, clock: ManualClock, key: str, image: str) -> None:
    aws.key(key).policy = opened(aws, key)
    made = copy(aws, image)
    seen = []
    while aws.image(made).state == "pending":
        clock.advance(timedelta(minutes=5))
        seen.append(aws.image(made).snapshots[0].progress)
    assert seen == sorted(seen)
    assert 0 < seen[0] < 100
    assert seen[-1] == 100


@rule("2.6", READ)
def test_a_policy_takes_its_time(aws: StrictAws, clock: ManualClock, key: str, image: str) -> None:
    """Read back at once, and in force later."""
    aws.policy_spreads_after = timedelta(minutes=3)
    owner, target = client(aws, "kms", OWNER), client(aws, "kms", TARGET)
    owner.put_key_policy(KeyId=key, Policy=json.dumps(opened(aws, key)))
    assert json.loads(owner.get_key_policy(KeyId=key)["Policy"]) == aws.key(key).policy
    clock.advance(timedelta(minutes=3) - SECOND)
    with refused("AccessDeniedException"):
        target.describe_key(KeyId=key)
    clock.advance(SECOND)
    target.describe_key(KeyId=key)


@rule("2.2", READ)
def test_permissions_take_their_time(aws: StrictAws, clock: ManualClock) -> None:
    """ "It turns out this is just really slow to update" (hashicorp/terraform PR #9891)."""
    aws.volume_permission_spreads_after = aws.launch_permission_spreads_after = timedelta(minutes=1)
    image = aws.account(OWNER).image(REGION)
    (snapshot,) = aws.image(image).snapshots
    owner, target = client(aws, "ec2", OWNER), client(aws, "ec2", TARGET)
    owner.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": TARGET}]})
    owner.modify_snapshot_attribute(SnapshotId=snapshot.id, CreateVolumePermission={"Add": [{"UserId": TARGET}]})
    assert aws.image(image).launch_permission == snapshot.create_volume_permission == {TARGET}
    with refused("InvalidAMIID.NotFound"):
        target.describe_images(ImageIds=[image])
    with refused("InvalidSnapshot.NotFound"):
        target.describe_snapshots(SnapshotIds=[snapshot.id])
    clock.advance(timedelta(minutes=1))
    assert target.describe_images(ImageIds=[image])["Images"]
    assert target.describe_snapshots(SnapshotIds=[snapshot.id])["Snapshots"]


@rule("2.6", READ)
def test_two_writes_under_way_take_effect_in_turn(aws: StrictAws, clock: ManualClock, key: str) -> None:
    aws.account(TARGET)
    aws.policy_spreads_after = timedelta(minutes=2)
    closed, owner, target = aws.key(key).policy, client(aws, "kms", OWNER), client(aws, "kms", TARGET)
    owner.put_key_policy(KeyId=key, Policy=json.dumps(opened(aws, key)))
    clock.advance(timedelta(minutes=1))
    owner.put_key_policy(KeyId=key, Policy=json.dumps(closed))
    clock.advance(timedelta(minutes=1))
    target.describe_key(KeyId=key)
    clock.advance(timedelta(minutes=1))
    with refused("AccessDeniedException"):
        target.describe_key(KeyId=key)


@rule("2.4", INFERRED)
def test_a_fast_copy_hurries_all_of_it(aws: StrictAws, clock: ManualClock, key: str, image: str) -> None:
    aws.copy_gib_per_second = 100
    made = copy(aws, image)
    clock.advance(SECOND)
    assert aws.image(made).state == "failed", "decided before it would have ended"


@rule("2.5", READ)
def test_protection_with_a_cooldown_holds_for_a_day_more(aws: StrictAws, clock: ManualClock) -> None:
    image, owner = aws.account(OWNER).image(REGION), client(aws, "ec2", OWNER)
    owner.enable_image_deregistration_protection(ImageId=image, WithCooldown=True)
    owner.disable_image_deregistration_protection(ImageId=image)
    clock.advance(timedelta(hours=24) - SECOND)
    with refused("OperationNotPermitted"):
        owner.deregister_image(ImageId=image)
    clock.advance(SECOND)
    owner.deregister_image(ImageId=image)


@rule("2.5", READ)
def test_a_deprecated_image_hides_from_others_unless_named(aws: StrictAws, clock: ManualClock) -> None:
    image = aws.account(OWNER).image(REGION, deprecation_time=clock() + timedelta(days=1))
    aws.share(image, TARGET)
    owner, target = client(aws, "ec2", OWNER), client(aws, "ec2", TARGET)
    clock.advance(timedelta(days=1))
    assert target.describe_images(ExecutableUsers=["self"])["Images"] == []
    assert target.describe_images(ExecutableUsers=["self"], IncludeDeprecated=True)["Images"]
    assert target.describe_images(ImageIds=[image])["Images"]
    assert owner.describe_images(Owners=["self"])["Images"]
