"""Identity policies: what a caller's own account lets it do."""

from typing import Any

import pytest

from playground.aws import Account, Disk, StrictAws
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

OTHER = "333333333333"


@pytest.fixture
def owner(aws: StrictAws) -> Account:
    return aws.account(OWNER)


@pytest.fixture
def target(aws: StrictAws) -> Account:
    return aws.account(TARGET)


def allow(action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def speaking(account: Account, service: str, *statements: dict[str, Any]) -> Any:
    """Return a client of a new user that may do what `statements` say."""
    name = f"user-{id(statements)}"
    user = account.user(name, {"Version": "2012-10-17", "Statement": list(statements)})
    return session(**user.for_boto()).client(service)


@rule("EC2 API, common errors", READ)
def test_what_no_policy_allows_is_refused(owner: Account) -> None:
    ec2 = speaking(owner, "ec2", allow("ec2:DescribeSnapshots"))
    ec2.describe_snapshots(OwnerIds=["self"])
    with refused("UnauthorizedOperation", "ec2:DescribeImages"):
        ec2.describe_images(Owners=["self"])
    kms = speaking(owner, "kms", allow("kms:ListKeys"))
    with refused("AccessDeniedException"):
        kms.list_aliases()


@rule("IAM guide, policy evaluation", READ)
def test_a_denial_beats_a_permission(owner: Account) -> None:
    ec2 = speaking(owner, "ec2", allow("*"), allow("ec2:Describe*", Effect="Deny"))
    with refused("UnauthorizedOperation", "explicit deny"):
        ec2.describe_images(Owners=["self"])


@rule("2.10", READ)
def test_the_target_list_can_be_enforced_on_snapshots(owner: Account) -> None:
    snapshot = owner.snapshot(REGION)
    only = {"StringEquals": {"ec2:Add/userId": [TARGET]}}
    ec2 = speaking(owner, "ec2", allow("ec2:ModifySnapshotAttribute", "arn:aws:ec2:*::snapshot/*", Condition=only))
    change = {"SnapshotId": snapshot, "Attribute": "createVolumePermission"}
    ec2.modify_snapshot_attribute(**change, OperationType="add", UserIds=[TARGET])
    with refused("UnauthorizedOperation"):
        ec2.modify_snapshot_attribute(**change, OperationType="add", UserIds=[OTHER])
    with refused("UnauthorizedOperation"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": OTHER}]})
    with refused("UnauthorizedOperation"):  # a removal brings another key
        ec2.modify_snapshot_attribute(**change, OperationType="remove", UserIds=[TARGET])


@rule("2.10", READ)
def test_tags_can_mark_what_may_be_shared(owner: Account) -> None:
    marked, plain = owner.image(REGION, tags={"ami-share": "allowed"}), owner.image(REGION)
    condition = {"StringEquals": {"ec2:ResourceTag/ami-share": "allowed"}}
    ec2 = speaking(owner, "ec2", allow("ec2:ModifyImageAttribute", "arn:aws:ec2:*::image/*", Condition=condition))
    add = {"Add": [{"UserId": TARGET}]}
    ec2.modify_image_attribute(ImageId=marked, LaunchPermission=add)
    with refused("UnauthorizedOperation"):
        ec2.modify_image_attribute(ImageId=plain, LaunchPermission=add)


@rule("2.10", READ)
def test_copying_needs_the_new_image_the_source_and_its_snapshots(
    aws: StrictAws, owner: Account, target: Account
) -> None:
    image = owner.image(REGION)
    aws.share(image, TARGET)
    asked = {"Name": "a copy", "SourceImageId": image, "SourceRegion": REGION}
    images, snapshots = "arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"
    with refused("UnauthorizedOperation", "::snapshot/"):
        speaking(target, "ec2", allow("ec2:CopyImage", images)).copy_image(**asked)
    from_owner = {"StringEqualsIfExists": {"ec2:Owner": OTHER}}
    with refused("UnauthorizedOperation", image):
        speaking(target, "ec2", allow("ec2:CopyImage", Condition=from_owner)).copy_image(**asked)
    copier = speaking(target, "ec2", allow("ec2:CopyImage", [images, snapshots]))
    with refused("UnauthorizedOperation", "ec2:CreateTags"):
        copier.copy_image(**asked, TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}])
    assert copier.copy_image(**asked)["ImageId"]


@rule("2.3", READ)
def test_a_foreign_key_needs_both_sides(owner: Account, target: Account) -> None:
    """Neither alone is sufficient."""
    open_key, closed_key = owner.key(REGION, policy=_open_to(owner, target.root)), owner.key(REGION)
    may = speaking(target, "kms", allow("kms:DescribeKey"))
    with refused("AccessDeniedException"):
        may.describe_key(KeyId=closed_key)
    with refused("AccessDeniedException"):
        speaking(target, "kms", allow("kms:ListKeys")).describe_key(KeyId=open_key)
    assert may.describe_key(KeyId=open_key)


@rule("2.3", READ)
def test_an_exact_principal_of_another_account_needs_both_sides_too(owner: Account, target: Account) -> None:
    role = target.role("copier", policy={"Version": "2012-10-17", "Statement": [allow("ec2:*")]})
    key = owner.key(REGION, policy=_open_to(owner, role))
    kms = session(**target.session(role).for_boto()).client("kms")
    with refused("AccessDeniedException"):
        kms.describe_key(KeyId=key)
    target.set_role_policy("copier", {"Version": "2012-10-17", "Statement": [allow("kms:*")]})
    assert kms.describe_key(KeyId=key)


@rule("2.3", INFERRED)
def test_a_grant_to_a_foreign_account_leaves_its_own_policies_in_force(owner: Account, target: Account) -> None:
    key = owner.key(REGION)
    keeper = speaking(owner, "kms", allow("kms:*"))
    keeper.create_grant(KeyId=key, GranteePrincipal=target.root, Operations=["DescribeKey"])
    assert speaking(target, "kms", allow("kms:DescribeKey")).describe_key(KeyId=key)
    with refused("AccessDeniedException"):
        speaking(target, "kms", allow("kms:ListKeys")).describe_key(KeyId=key)


@rule("2.3", INFERRED)
def test_a_grant_can_be_passed_on_in_part_and_not_beyond(owner: Account, target: Account) -> None:
    """Its holders "are limited in the grants that they can create" (KMS guide); that it is by operation is inferred."""
    key = owner.key(REGION)
    keeper, taker = (speaking(account, "kms", allow("kms:*")) for account in (owner, target))
    held = ["CreateGrant", "Decrypt", "DescribeKey"]
    keeper.create_grant(KeyId=key, GranteePrincipal=target.root, Operations=held)
    taker.create_grant(KeyId=key, GranteePrincipal=target.root, Operations=["Decrypt"])
    with refused("AccessDeniedException"):
        taker.create_grant(KeyId=key, GranteePrincipal=target.root, Operations=["Decrypt", "Encrypt"])


@rule("2.3", INFERRED)
def test_a_grant_bound_to_an_encryption_context_opens_nothing_here(owner: Account, target: Account) -> None:
    """EBS brings the id of the next snapshot as its context, which no grant can know beforehand."""
    key = owner.key(REGION)
    bound = {"EncryptionContextSubset": {"aws:ebs:id": "vol-0123456789abcdef0"}}
    keeper = speaking(owner, "kms", allow("kms:*"))
    keeper.create_grant(KeyId=key, GranteePrincipal=target.root, Operations=["DescribeKey"], Constraints=bound)
    with refused("AccessDeniedException"):
        speaking(target, "kms", allow("kms:*")).describe_key(KeyId=key)


@rule("KMS guide, key policies", READ)
def test_at_home_the_keys_policy_is_enough_for_whom_it_names(owner: Account) -> None:
    role = owner.role("keeper", policy={"Version": "2012-10-17", "Statement": [allow("ec2:*")]})
    key = owner.key(REGION, policy=_open_to(owner, role))
    assert session(**owner.session(role).for_boto()).client("kms").describe_key(KeyId=key)
    with refused("AccessDeniedException"):
        speaking(owner, "kms", allow("ec2:*")).describe_key(KeyId=key)


@rule("2.9", READ)
def test_a_denial_in_the_key_policy_beats_both(aws: StrictAws, owner: Account, target: Account) -> None:
    policy = _open_to(owner, target.root)
    stranger = {"StringNotEquals": {"aws:PrincipalAccount": OWNER}}
    denial = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": stranger}
    key = owner.key(REGION, policy={**policy, "Statement": [*policy["Statement"], denial]})
    with refused("AccessDeniedException"):
        speaking(target, "kms", allow("*")).describe_key(KeyId=key)


@rule("2.3", READ)
def test_a_key_can_be_opened_to_ec2_alone(aws: StrictAws, owner: Account, target: Account, clock: Any) -> None:
    """`kms:ViaService` lets EC2 use the key for the caller, and the caller not use it by itself."""
    via = {"StringEquals": {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}}
    key = owner.key(REGION, policy=_open_to(owner, target.root, Condition=via))
    image = owner.image(REGION, devices=[Disk(8, key=key)])
    aws.share(image, TARGET)
    with refused("AccessDeniedException"):
        speaking(target, "kms", allow("*")).describe_key(KeyId=key)
    ec2 = speaking(target, "ec2", allow("*"))
    made = ec2.copy_image(Name="a copy", SourceImageId=image, SourceRegion=REGION)["ImageId"]
    clock.advance(aws.key_decision_after * 60)
    assert aws.image(made).state == "available"


@rule("2.10", READ)
def test_skipping_the_lockout_check_can_be_forbidden(owner: Account) -> None:
    key = owner.key(REGION)
    condition = {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}
    deny = {"Effect": "Deny", "Action": "kms:PutKeyPolicy", "Resource": "*", "Condition": condition}
    kms = speaking(owner, "kms", allow("kms:*"), deny)
    policy = kms.get_key_policy(KeyId=key)["Policy"]
    kms.put_key_policy(KeyId=key, Policy=policy)
    with refused("AccessDeniedException"):
        kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)


@rule("EC2 API, DryRun", READ)
def test_a_dry_run_is_refused_as_the_call_would_be(owner: Account) -> None:
    image = owner.image(REGION)
    with refused("UnauthorizedOperation"):
        speaking(owner, "ec2", allow("ec2:Describe*")).deregister_image(ImageId=image, DryRun=True)
    with refused("DryRunOperation"):
        speaking(owner, "ec2", allow("ec2:*")).deregister_image(ImageId=image, DryRun=True)
    assert [each.id for each in owner.images(REGION)] == [image]


def _open_to(owner: Account, principal: str, **more: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    keeper = owner.user(f"keeper-{id(more)}").arn
    return {
        "Version": "2012-10-17",
        "Statement": [base | {"Principal": {"AWS": keeper}}, base | {"Principal": {"AWS": principal}} | more],
    }
