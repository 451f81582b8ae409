"""The whole way, from facts to a verified copy, across the accounts of a strict AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.session import Session

from aws_ops.accounts import Accounts
from aws_ops.copies import CopyState, discard, faults_of, find_copy, start_copy, watch
from aws_ops.errors import AccessDenied, AwsBusy, InvalidPrincipals, NotYetVisible, PolicyLocksOut
from aws_ops.facts import ImageFacts, KeyFacts, Role, SourceAccount, TargetAccount, Unreadable
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, RoleArn, SnapshotId, account_of
from aws_ops.key_policy import allow_use, own_users, withdraw_use
from aws_ops.keys import can_use, change_key_policy, read_policy
from aws_ops.permissions import add_create_volume_permission, add_launch_permission
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    CautionKind,
    Change,
    CopyImage,
    Mode,
    Plan,
    RefusalKind,
    Refused,
    ReuseCopy,
    ShareRequest,
    plan_share,
)
from aws_ops.reading import read_facts
from playground.aws import Disk, EphemeralDisk, StrictAws
from playground.clock import ManualClock
from tests.aws_ops.builders import GOLDEN, PROD, REGION, STAGING, STRANGER
from tests.aws_ops.canned import LOADER

READING = ("Describe", "Get", "List", "AssumeRole")


@dataclass
class Company:
    """A golden account that owns the images, two targets with a key of their own, and the bot that serves them."""

    aws: StrictAws
    clock: ManualClock
    accounts: Accounts
    source: SourceAccount
    staging: TargetAccount
    prod: TargetAccount

    def key(self, **settings: Any) -> KeyArn:
        return KeyArn(self.aws.account(GOLDEN).key(REGION, **settings))

    def image(self, *disks: Disk | EphemeralDisk, **settings: Any) -> ImageId:
        return ImageId(self.aws.account(GOLDEN).image(REGION, name="golden", devices=disks or [Disk()], **settings))

    def request(self, image_id: ImageId, *targets: TargetAccount, mode: Mode = Mode.COPY) -> ShareRequest:
        return ShareRequest((image_id,), mode, targets or (self.staging, self.prod))

    def plan(self, request: ShareRequest) -> Plan | Refused:
        return plan_share(request, [self.source], read_facts(self.accounts, [self.source], request))

    def apply(self, plan: Plan) -> dict[AccountId, ImageId]:
        """Do what the plan says, as the worker does, and return the copies."""
        started = (self._do(change) for change in plan.changes)
        return {change.account_id: image_id for change, image_id in zip(plan.changes, started, strict=True) if image_id}

    def _do(self, change: Change) -> ImageId | None:
        ec2 = self.accounts.ec2(self.source.role, REGION)
        match change:
            case AllowKeyUse():
                kms = self.accounts.kms(self.source.role, REGION)
                edit = partial(allow_use, users=change.principals)
                change_key_policy(kms, change.key_arn, edit, before_write=lambda *_: None)
            case AddCreateVolumePermission():
                add_create_volume_permission(ec2, change.snapshot_id, change.accounts)
            case AddLaunchPermission():
                add_launch_permission(ec2, change.image_id, change.accounts)
            case CopyImage():
                role = self.target(change.account_id).role
                assert all(can_use(self.accounts.kms(role, REGION), key) for key in change.source_key_arns)
                delivery = delivery_of(change.account_id, change.source_image_id)
                return start_copy(self.accounts.ec2(role, REGION), change, client_token=delivery, delivery=delivery)
        return None

    def target(self, account_id: AccountId) -> TargetAccount:
        return {STAGING: self.staging, PROD: self.prod}[account_id]

    def ec2_of(self, account_id: AccountId) -> Any:
        return self.accounts.ec2(self.target(account_id).role, REGION)

    def copy_to_staging(self, image_id: ImageId) -> ImageId:
        plan = self.plan(self.request(image_id, self.staging))
        assert isinstance(plan, Plan), plan
        return self.apply(plan)[STAGING]


def delivery_of(account_id: AccountId, image_id: ImageId) -> str:
    return f"{image_id}/{account_id}"


def furnish(aws: StrictAws, account_id: AccountId, bot: str) -> Role:
    role_arn = aws.account(account_id).role("ami-share", [bot], external_id="apples")
    return Role(RoleArn(role_arn), account_id, external_id="apples")


def a_target(aws: StrictAws, name: str, account_id: AccountId, bot: str) -> TargetAccount:
    role = furnish(aws, account_id, bot)
    aws.account(account_id).key(REGION, alias="alias/ami")
    return TargetAccount(name, role, {REGION: "alias/ami"}, (PrincipalArn(role.arn),))


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    clock = ManualClock()
    aws = StrictAws(clock)
    bot = aws.account("777777777777", "tools").user("bot")
    aws.account(STRANGER)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bot.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bot.secret_access_key)
    with aws.in_process():
        own = Session()
        own.register_component("data_loader", LOADER)
        yield Company(
            aws,
            clock,
            Accounts(own),
            source=SourceAccount("golden", furnish(aws, GOLDEN, bot.arn), (REGION, Region("us-east-1"))),
            staging=a_target(aws, "staging", STAGING, bot.arn),
            prod=a_target(aws, "prod", PROD, bot.arn),
        )


# The whole way -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True], ids=["unencrypted", "encrypted"])
def test_an_image_becomes_a_verified_copy_in_each_account(company: Company, encrypted: bool) -> None:
    key = company.key() if encrypted else None
    image_id = company.image(Disk(8, key=key), Disk(100, key=key), EphemeralDisk())
    plan = company.plan(company.request(image_id))
    assert isinstance(plan, Plan)
    assert [change.kind for change in plan.changes] == [
        *(["allow_key_use"] if encrypted else []),
        *["add_create_volume_permission"] * 2,
        "add_launch_permission",
        *["copy_image"] * 2,
    ]

    copies = company.apply(plan)
    assert set(copies) == {STAGING, PROD}
    for account, copy in copies.items():
        status = watch(company.ec2_of(account), [copy])[copy]
        assert (status.state, status.percent) == (CopyState.PENDING, None)

    company.clock.advance(timedelta(minutes=10))
    for account, copy in copies.items():
        status = watch(company.ec2_of(account), [copy])[copy]
        assert status.state is CopyState.PENDING
        assert status.percent is not None
        assert 0 < status.percent < 100
        assert status.total_gib == 108

    company.clock.advance(timedelta(hours=1))
    orders = {change.account_id: change for change in plan.changes if isinstance(change, CopyImage)}
    for account, copy in copies.items():
        status = watch(company.ec2_of(account), [copy])[copy]
        assert (status.state, status.percent) == (CopyState.AVAILABLE, 100)
        assert faults_of(status, orders[account].key_arn) == ()
        assert account_of(orders[account].key_arn) == account
        assert len(status.snapshots) == 2
        assert find_copy(company.ec2_of(account), delivery_of(account, image_id)) == copy

    again = company.plan(company.request(image_id))
    assert isinstance(again, Refused)
    assert dict(again.refusals[0].details)["have"] == (
        f"staging: {copies[STAGING]} ({REGION}), prod: {copies[PROD]} ({REGION})"
    )


def test_a_second_account_gets_its_copy_and_the_first_is_left_in_peace(company: Company) -> None:
    image_id = company.image(Disk(8, key=company.key()))
    copy = company.copy_to_staging(image_id)
    company.clock.advance(timedelta(hours=1))
    plan = company.plan(company.request(image_id))
    assert isinstance(plan, Plan)
    assert plan.reuses == (ReuseCopy(STAGING, REGION, image_id, copy),)
    assert {change.account_id for change in plan.changes if isinstance(change, CopyImage)} == {PROD}
    assert STAGING not in str(plan.changes)


def test_sharing_without_a_copy_lets_the_target_see_the_image_and_its_key(company: Company) -> None:
    key = company.key()
    image_id = company.image(Disk(8, key=key))
    plan = company.plan(company.request(image_id, company.staging, mode=Mode.SHARE))
    assert isinstance(plan, Plan)
    assert [caution.kind for caution in plan.cautions] == [
        CautionKind.KEY_USE_LIMITED,
        CautionKind.AUTO_SCALING_LEFT_OUT,
    ]
    assert company.apply(plan) == {}
    assert company.ec2_of(STAGING).describe_images(ImageIds=[image_id])["Images"]
    assert can_use(company.accounts.kms(company.staging.role, REGION), key)
    assert not can_use(company.accounts.kms(company.prod.role, REGION), key)


def test_a_plan_applied_twice_writes_once(company: Company) -> None:
    plan = company.plan(company.request(company.image(Disk(8, key=company.key()))))
    assert isinstance(plan, Plan)
    copies = company.apply(plan)
    company.aws.journal.clear()
    assert company.apply(plan) == copies
    written = {name for name in company.aws.journal.operations() if not name.startswith(READING)}
    assert written == {"CopyImage"}  # with the same token it makes nothing


# Facts ---------------------------------------------------------------------------------------------------------------


def test_reading_changes_nothing_and_takes_few_calls(company: Company) -> None:
    image_id = company.image(Disk(8, key=company.key()), Disk(8))
    read_facts(company.accounts, [company.source], company.request(image_id))
    operations = company.aws.journal.operations()
    assert all(name.startswith(READING) for name in operations)
    assert operations.count("AssumeRole") == 3
    assert operations.count("DescribeSnapshots") == 1
    assert operations.count("DescribeSnapshotAttribute") == 2


def test_a_target_that_does_not_trust_the_bot_is_read_as_such(company: Company) -> None:
    image_id = company.image()
    stranger = TargetAccount(
        "stranger", Role(RoleArn(f"arn:aws:iam::{STRANGER}:role/ami-share"), STRANGER), {REGION: "alias/ami"}, ()
    )
    company.aws.account(STRANGER).role("ami-share")
    facts = read_facts(company.accounts, [company.source], company.request(image_id, stranger, company.staging))
    assert isinstance(facts.targets[STRANGER, REGION].role, Unreadable)
    assert facts.targets[STAGING, REGION].role is None


def test_a_role_needs_its_external_id(company: Company) -> None:
    role = company.staging.role
    company.accounts.assume(role)
    with pytest.raises(AccessDenied):
        company.accounts.assume(Role(role.arn, role.account_id, external_id="pears"))


def test_a_disabled_image_is_found_and_refused(company: Company) -> None:
    image_id = company.image()
    company.accounts.ec2(company.source.role, REGION).disable_image(ImageId=image_id)
    refused = company.plan(company.request(image_id))
    assert isinstance(refused, Refused)
    assert RefusalKind.IMAGE_DISABLED in {refusal.kind for refusal in refused.refusals}


def test_a_key_of_aws_refuses_the_image_and_its_policy_is_not_asked_for(company: Company) -> None:
    image_id = company.image(Disk(8, key="alias/aws/ebs"), Disk(8))
    refused = company.plan(company.request(image_id))
    assert isinstance(refused, Refused)
    assert [refusal.kind for refusal in refused.refusals] == [RefusalKind.AWS_MANAGED_KEY]
    assert company.aws.journal.calls("GetKeyPolicy") == []


def test_an_image_of_somebody_else_names_its_owner(company: Company) -> None:
    image_id = ImageId(company.aws.account(STRANGER).image(REGION))
    request = company.request(image_id)
    [refusal] = company.plan(request).refusals  # type: ignore[union-attr]
    assert refusal.kind is RefusalKind.IMAGE_NOT_FOUND
    stranger = company.aws.account(STRANGER)
    session = Session()
    ec2 = session.create_client("ec2", REGION, **stranger.user("ann").for_boto())
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": GOLDEN}]})
    [refusal] = company.plan(request).refusals  # type: ignore[union-attr]
    assert (refusal.kind, dict(refusal.details)["owner"]) == (RefusalKind.IMAGE_NOT_OWNED, STRANGER)


# Keys ----------------------------------------------------------------------------------------------------------------


def test_a_share_taken_back_leaves_the_policy_as_it_was_and_closes_the_key(company: Company) -> None:
    key = company.key()
    kms = company.accounts.kms(company.source.role, REGION)
    before = read_policy(kms, key)
    theirs = company.accounts.kms(company.staging.role, REGION)
    principals = [PrincipalArn(company.staging.role.arn)]
    change_key_policy(kms, key, partial(allow_use, users=principals), before_write=lambda *_: None)
    assert can_use(theirs, key)
    assert own_users(read_policy(kms, key)) == set(principals)
    change_key_policy(kms, key, partial(withdraw_use, users=principals), before_write=lambda *_: None)
    assert not can_use(theirs, key)
    assert read_policy(kms, key) == before


def test_a_target_sees_the_change_only_once_it_has_spread(company: Company) -> None:
    key = company.key()
    company.aws.policy_spreads_after = timedelta(seconds=30)
    edit = partial(allow_use, users=[PrincipalArn(company.staging.role.arn)])
    kms = company.accounts.kms(company.source.role, REGION)
    assert change_key_policy(kms, key, edit, before_write=lambda *_: None)
    theirs = company.accounts.kms(company.staging.role, REGION)
    assert not can_use(theirs, key)
    company.clock.advance(timedelta(minutes=1))
    assert can_use(theirs, key)


def test_a_principal_that_does_not_exist_is_named(company: Company) -> None:
    nobody = PrincipalArn(f"arn:aws:iam::{STAGING}:role/nobody")
    kms = company.accounts.kms(company.source.role, REGION)
    with pytest.raises(InvalidPrincipals, match=nobody):
        change_key_policy(kms, company.key(), partial(allow_use, users=[nobody]), before_write=lambda *_: None)


def test_a_deleted_role_is_swept_out_of_the_bots_statements_and_refused_in_others(company: Company) -> None:
    staging = company.aws.account(STAGING)
    old = PrincipalArn(staging.role("old"))
    key = company.key()
    kms = company.accounts.kms(company.source.role, REGION)
    change_key_policy(kms, key, partial(allow_use, users=[old]), before_write=lambda *_: None)
    staging.delete_role("old")
    new = PrincipalArn(company.staging.role.arn)
    change_key_policy(kms, key, partial(allow_use, users=[new]), before_write=lambda *_: None)
    assert own_users(read_policy(kms, key)) == {new}

    staging.role("old")
    theirs = {"Effect": "Allow", "Principal": {"AWS": old}, "Action": "kms:*", "Resource": "*"}
    policy = json.loads(read_policy(kms, key).text)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy | {"Statement": [*policy["Statement"], theirs]}))
    staging.delete_role("old")
    refused = company.plan(company.request(company.image(Disk(8, key=key))))
    assert isinstance(refused, Refused)
    assert [refusal.kind for refusal in refused.refusals] == [RefusalKind.POLICY_DELETED_PRINCIPALS]


def test_a_policy_that_would_lock_the_bot_out_is_not_forced(company: Company) -> None:
    key = company.key()
    kms = company.accounts.kms(company.source.role, REGION)
    administrators = {"AWS": f"arn:aws:iam::{GOLDEN}:root"}
    locked = {"Effect": "Allow", "Principal": administrators, "Action": "kms:Get*", "Resource": "*"}
    with pytest.raises(PolicyLocksOut):
        change_key_policy(kms, key, lambda policy: policy.with_statements([locked]), before_write=lambda *_: None)
    assert all(
        "BypassPolicyLockoutSafetyCheck" not in entry.parameters for entry in company.aws.journal.calls("PutKeyPolicy")
    )


def test_a_policy_that_kms_did_not_take_is_read_again_before_it_is_sent_again(company: Company) -> None:
    key = company.key()
    kms = company.accounts.kms_once(company.source.role, REGION)
    edit = partial(allow_use, users=[PrincipalArn(company.staging.role.arn)])
    company.aws.faults.throttle("PutKeyPolicy")
    with pytest.raises(AwsBusy):
        change_key_policy(kms, key, edit, before_write=lambda *_: None)
    assert len(company.aws.journal.calls("PutKeyPolicy")) == 1


def test_a_deny_that_was_seen_coming_does_make_the_copy_fail(company: Company) -> None:
    """The refusal is right: without it the copy would be made, and fail."""
    key = company.key()
    image_id = company.image(Disk(8, key=key))
    plan = company.plan(company.request(image_id, company.staging))
    assert isinstance(plan, Plan)
    kms = company.accounts.kms(company.source.role, REGION)
    denial = {
        "Sid": "No strangers",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Decrypt", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"kms:CallerAccount": GOLDEN}},
    }
    policy = json.loads(read_policy(kms, key).text)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy | {"Statement": [*policy["Statement"], denial]}))
    refused = company.plan(company.request(image_id, company.staging))
    assert isinstance(refused, Refused)
    assert [refusal.kind for refusal in refused.refusals] == [RefusalKind.POLICY_DENIES]
    copy = company.apply(plan)[STAGING]
    company.clock.advance(timedelta(hours=1))
    assert watch(company.ec2_of(STAGING), [copy])[copy].state is CopyState.FAILED


# Copies --------------------------------------------------------------------------------------------------------------


def test_a_copy_that_may_not_use_the_key_fails_with_awss_reasons_and_is_cleared_away(company: Company) -> None:
    image_id = company.image(Disk(8, key=company.key()))
    copy = company.copy_to_staging(image_id)
    kms = company.accounts.kms(company.source.role, REGION)
    facts = read_facts(company.accounts, [company.source], company.request(image_id))
    [key] = facts.keys
    withdraw = partial(withdraw_use, users=[PrincipalArn(company.staging.role.arn)])
    change_key_policy(kms, key, withdraw, before_write=lambda *_: None)
    company.clock.advance(timedelta(hours=1))

    ec2 = company.ec2_of(STAGING)
    status = watch(ec2, [copy])[copy]
    assert status.state is CopyState.FAILED
    assert any("Given key ID is not accessible" in reason for reason in status.reasons)
    assert find_copy(ec2, delivery_of(STAGING, image_id)) is None

    discard(ec2, copy)
    discard(ec2, copy)
    assert watch(ec2, [copy]) == {}
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_a_finished_copy_is_discarded_with_its_snapshots(company: Company) -> None:
    copy = company.copy_to_staging(company.image(Disk(8), Disk(8)))
    company.clock.advance(timedelta(hours=1))
    ec2 = company.ec2_of(STAGING)
    discard(ec2, copy)
    assert watch(ec2, [copy]) == {}
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_a_copy_without_the_snapshots_permission_can_only_wait_for_it(company: Company) -> None:
    plan = company.plan(company.request(company.image(), company.staging))
    assert isinstance(plan, Plan)
    halved = [change for change in plan.changes if not isinstance(change, AddCreateVolumePermission)]
    with pytest.raises(NotYetVisible, match="permission to access the storage"):
        company.apply(replace(plan, changes=tuple(halved)))


def test_a_lost_answer_makes_no_second_copy(company: Company) -> None:
    image_id = company.image()
    company.aws.faults.lose_answer("CopyImage")
    copy = company.copy_to_staging(image_id)
    assert [one.id for one in company.aws.images.values() if one.source_image_id == image_id] == [copy]


def test_too_many_copies_at_once_is_a_matter_of_time(company: Company) -> None:
    image_id = company.image()
    company.aws.image_copies_at_once = 0
    with pytest.raises(AwsBusy):
        company.copy_to_staging(image_id)
    company.aws.image_copies_at_once = 1
    assert company.copy_to_staging(image_id)


def test_a_copy_carries_the_sources_tags_and_the_bots(company: Company) -> None:
    image_id = company.image(tags={"team": "platform", "ami-share:delivery": "of the source"})
    copy = company.copy_to_staging(image_id)
    company.clock.advance(timedelta(hours=1))
    ec2 = company.ec2_of(STAGING)
    [image] = ec2.describe_images(ImageIds=[copy])["Images"]
    expected = {
        "team": "platform",
        "ami-share:delivery": delivery_of(STAGING, image_id),
        "ami-share:source-image": image_id,
        "ami-share:source-created": image["CreationDate"].replace(".000Z", "+00:00"),
    }
    for resource in (image, *ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]):
        assert {tag["Key"]: tag["Value"] for tag in resource["Tags"]} == expected


def test_a_taken_name_is_found_and_another_chosen(company: Company) -> None:
    company.aws.copy_refuses_used_names = True
    company.aws.account(STAGING).image(REGION, name="golden")
    image_id = company.image()
    plan = company.plan(company.request(image_id))
    assert isinstance(plan, Plan)
    names = {change.account_id: change.name for change in plan.changes if isinstance(change, CopyImage)}
    assert names == {STAGING: f"golden {image_id}", PROD: "golden"}
    assert [caution.kind for caution in plan.cautions] == [CautionKind.NAME_TAKEN]
    assert set(company.apply(plan)) == {STAGING, PROD}


def test_many_copies_are_watched_in_few_calls(company: Company) -> None:
    copies = [company.copy_to_staging(company.image()) for _ in range(5)]
    company.clock.advance(timedelta(minutes=1))
    company.aws.journal.clear()
    statuses = watch(company.ec2_of(STAGING), copies)
    assert set(statuses) == set(copies)
    assert all(status.percent is not None for status in statuses.values())
    assert company.aws.journal.operations() == ["DescribeImages", "DescribeSnapshots"]


# Permissions ---------------------------------------------------------------------------------------------------------


def test_permissions_reach_the_target(company: Company) -> None:
    image_id = company.image()
    ec2 = company.accounts.ec2(company.source.role, REGION)
    facts = read_facts(company.accounts, [company.source], company.request(image_id))
    assert isinstance(facts.images[image_id], ImageFacts)
    [snapshot_id] = facts.snapshots
    assert add_launch_permission(ec2, image_id, [STAGING]).changed == {STAGING}
    assert add_create_volume_permission(ec2, SnapshotId(snapshot_id), [STAGING]).changed == {STAGING}
    assert company.ec2_of(STAGING).describe_images(ImageIds=[image_id])["Images"]
    assert company.ec2_of(STAGING).describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]


def test_the_key_of_a_snapshot_is_read_with_its_policy(company: Company) -> None:
    key = company.key()
    facts = read_facts(company.accounts, [company.source], company.request(company.image(Disk(8, key=key))))
    read = facts.keys[key]
    assert isinstance(read, KeyFacts)
    assert read.policy == read_policy(company.accounts.kms(company.source.role, REGION), key)
