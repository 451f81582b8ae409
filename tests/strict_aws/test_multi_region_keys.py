"""Multi-Region keys. Rules without another source are the KMS API reference's, ReplicateKey and DescribeKey."""

import json
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Account, Disk, StrictAws
from playground.clock import ManualClock
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

ELSEWHERE = "us-east-1"


@pytest.fixture
def owner(aws: StrictAws) -> Account:
    return aws.account(OWNER)


@pytest.fixture
def key(owner: Account) -> str:
    return owner.key(REGION, multi_region=True)


def kms(account: Account, region: str = REGION, policy: dict[str, Any] | None = None) -> Any:
    user = account.user(f"admin-{region}-{policy is not None}", policy)
    return session(**user.for_boto()).client("kms", region)


def id_of(arn: str) -> str:
    return arn.rpartition("/")[2]


def allowing(account_id: str, *actions: str) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{account_id}:root"}
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@rule("2.6", READ)
def test_a_primary_key_says_what_it_is(owner: Account, key: str) -> None:
    seen = kms(owner).describe_key(KeyId=key)["KeyMetadata"]
    assert id_of(key).startswith("mrk-")
    assert seen["MultiRegion"] is True
    assert seen["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": key, "Region": REGION},
        "ReplicaKeys": [],
    }
    plain = kms(owner, ELSEWHERE).describe_key(KeyId=owner.key(ELSEWHERE))["KeyMetadata"]
    assert plain["MultiRegion"] is False
    assert "MultiRegionConfiguration" not in plain


@rule("2.6", READ)
def test_a_replica_has_the_same_id_and_is_made_in_a_few_seconds(
    aws: StrictAws, clock: ManualClock, owner: Account, key: str
) -> None:
    aws.replicas_take = timedelta(seconds=5)
    made = kms(owner).replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE, Description="the other")
    there = kms(owner, ELSEWHERE)
    arn = made["ReplicaKeyMetadata"]["Arn"]
    assert arn == f"arn:aws:kms:{ELSEWHERE}:{OWNER}:key/{id_of(key)}"
    assert made["ReplicaKeyMetadata"]["KeyState"] == "Creating"
    assert made["ReplicaKeyMetadata"]["Description"] == "the other"
    with refused("KMSInvalidStateException", f"{arn} is creating."):
        there.create_grant(KeyId=arn, GranteePrincipal=owner.root, Operations=["Decrypt"])
    clock.advance(timedelta(seconds=5))
    seen = there.describe_key(KeyId=id_of(key))["KeyMetadata"]
    assert (seen["KeyState"], seen["Arn"]) == ("Enabled", arn)
    assert seen["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": key, "Region": REGION},
        "ReplicaKeys": [{"Arn": arn, "Region": ELSEWHERE}],
    }


@rule("2.6", READ)
def test_every_replica_has_a_policy_of_its_own(aws: StrictAws, owner: Account, key: str) -> None:
    """Opened in one Region it stays closed in the other."""
    opened = document(allowing(OWNER, "kms:*"), allowing(TARGET, "kms:DescribeKey"))
    target = aws.account(TARGET)
    aws.key(key).policy = opened
    here = kms(owner)
    made = here.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)
    replica = made["ReplicaKeyMetadata"]["Arn"]
    assert json.loads(made["ReplicaPolicy"])["Id"] == "key-default-1", "not the primary's"
    kms(target).describe_key(KeyId=key)
    there = kms(target, ELSEWHERE)
    with refused("AccessDeniedException"):
        there.describe_key(KeyId=replica)
    kms(owner, ELSEWHERE).put_key_policy(KeyId=replica, Policy=json.dumps(opened))
    there.describe_key(KeyId=replica)
    here.put_key_policy(KeyId=key, Policy=json.dumps(document(allowing(OWNER, "kms:*"))))
    there.describe_key(KeyId=replica)


@rule("2.6", READ)
def test_the_policy_given_along_is_checked_like_any_other(owner: Account, key: str) -> None:
    here = kms(owner)
    wrong = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OWNER}:role/nobody"},
        "Action": "*",
        "Resource": "*",
    }
    for statements in ([allowing(OWNER, "kms:Describe*")], [allowing(OWNER, "kms:*"), wrong]):
        with refused("MalformedPolicyDocumentException"):
            here.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE, Policy=json.dumps(document(*statements)))
    own = document(allowing(OWNER, "kms:*"), allowing(OWNER, "kms:DescribeKey"))
    made = here.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE, Policy=json.dumps(own))
    assert json.loads(made["ReplicaPolicy"]) == own


@rule("2.6", READ)
def test_only_a_primary_key_and_once_a_region(aws: StrictAws, owner: Account, key: str) -> None:
    here = kms(owner)
    replica = owner.replica(key, ELSEWHERE)
    for region in (ELSEWHERE, REGION):
        with refused("AlreadyExistsException"):
            here.replicate_key(KeyId=key, ReplicaRegion=region)
    with refused("UnsupportedOperationException"):
        here.replicate_key(KeyId=owner.key(REGION), ReplicaRegion=ELSEWHERE)
    with refused("UnsupportedOperationException"):
        kms(owner, ELSEWHERE).replicate_key(KeyId=replica, ReplicaRegion="us-west-2")
    aws.key(key).state = "Disabled"
    with refused("DisabledException"):
        here.replicate_key(KeyId=key, ReplicaRegion="us-west-2")


@rule("2.6", READ)
def test_a_key_of_another_account_is_not_replicated(aws: StrictAws, owner: Account, key: str) -> None:
    target = aws.account(TARGET)
    aws.key(key).policy = document(allowing(OWNER, "kms:*"), allowing(TARGET, "kms:*"))
    with refused("AccessDeniedException"):
        kms(target).replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)


@rule("2.6", READ)
def test_who_replicates_may_also_create_keys_there(owner: Account, key: str) -> None:
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "kms:ReplicateKey", "Resource": key}]
    with refused("AccessDeniedException", "kms:CreateKey"):
        kms(owner, policy=document(*statements)).replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)
    there = {"StringEquals": {"aws:RequestedRegion": ELSEWHERE}}
    statements.append({"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*", "Condition": there})
    may = session(**owner.user("replicator", document(*statements)).for_boto()).client("kms")
    may.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)


@rule("2.6", READ)
def test_a_primary_key_outlives_its_replicas(owner: Account, key: str) -> None:
    """KMS API reference, ScheduleKeyDeletion."""
    owner.replica(key, ELSEWHERE)
    here = kms(owner)
    told = here.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert told["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in told
    assert here.describe_key(KeyId=key)["KeyMetadata"]["PendingDeletionWindowInDays"] == 7
    here.cancel_key_deletion(KeyId=key)
    assert here.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    assert kms(owner, ELSEWHERE).schedule_key_deletion(KeyId=id_of(key))["KeyState"] == "PendingDeletion"


@rule("2.3", INFERRED)
def test_a_copy_asks_the_key_of_the_region_it_is_in(
    aws: StrictAws, clock: ManualClock, owner: Account, key: str
) -> None:
    """The source's snapshot is read with the primary, the copy is written with the replica."""
    target = aws.account(TARGET)
    use = ("kms:DescribeKey", "kms:Decrypt", "kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext")
    opened = document(allowing(OWNER, "kms:*"), allowing(TARGET, *use))
    aws.key(key).policy = opened
    closed, image = owner.replica(key, ELSEWHERE), owner.image(REGION, devices=[Disk(8, key=key)])
    aws.share(image, TARGET)
    ec2 = session(**target.user("copier").for_boto()).client("ec2", ELSEWHERE)
    asked = {"Name": "a copy", "SourceImageId": image, "SourceRegion": REGION, "Encrypted": True, "KmsKeyId": closed}
    first = ec2.copy_image(**asked)["ImageId"]
    clock.advance(aws.key_decision_after * 30)
    assert aws.image(first).state == "failed"
    aws.key(closed).policy = opened
    second = ec2.copy_image(**asked)["ImageId"]
    clock.advance(aws.key_decision_after * 30)
    assert aws.image(second).state == "available"
    assert [snapshot.key_arn for snapshot in aws.image(second).snapshots] == [closed]


def test_the_journal_and_the_faults_see_it(aws: StrictAws, owner: Account, key: str) -> None:
    aws.faults.fail("ReplicateKey", code="KMSInternalException")
    here = kms(owner)
    with refused("KMSInternalException"):
        here.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)
    here.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)
    assert [entry.outcome for entry in aws.journal.calls("ReplicateKey")] == ["KMSInternalException", "ok"]
