"""Keys: by policy or by grant, several at once, of other accounts and of several regions; and who else may use them."""

import tomllib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Crash, Disk
from playground.company import ABROAD, HOME, KEYS, iam_policy, key_policy
from tests.front_door.test_auditing import audited, put_right
from tests.front_door.test_taking_back import APPROVE, lists, shared, taken_back
from tests.stage import IMAGES, PROD, REGION, STAGING, Stage

DAY = timedelta(days=1)
ROLES = {account: f"arn:aws:iam::{account}:role/ami-share-target" for account in (STAGING, PROD)}
FOR_EBS = {
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
}
AUTO_SCALING = f"arn:aws:iam::{STAGING}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def settings(stage: Stage, line: str, under: str) -> None:
    """Add a line to the settings under the account of that name, and start the bot with them."""
    before, name, after = stage.company.settings.partition(f'name = "{under}"\n')
    stage.company = replace(stage.company, settings=f"{before}{name}{line}\n{after}")
    tomllib.loads(stage.company.settings)
    stage.start()


@pytest.fixture
def by_grant(stage: Stage) -> None:
    settings(stage, 'key_access = "grant"', under="images")


@pytest.fixture
def key(stage: Stage) -> str:
    return stage.images.key(REGION)


@pytest.fixture
def image(stage: Stage, key: str) -> str:
    return stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key), Disk(gib=4)])


def granted(stage: Stage, key: str) -> dict[str, set[str]]:
    """Whom grants on the key are for, and what they allow."""
    kms = stage.by_hand(key.split(":")[4], "kms", key.split(":")[3])
    grants = kms.list_grants(KeyId=key)["Grants"]
    found = {grant["GranteePrincipal"]: set(grant["Operations"]) for grant in grants}
    assert len(found) == len(grants), "nobody has two"
    return found


def own_statements(stage: Stage, key: str) -> dict[str, Any]:
    """Whom each of the bot's own statements names."""
    statements = stage.aws.key(key).policy["Statement"]
    return {one["Sid"]: one["Principal"]["AWS"] for one in statements if one.get("Sid", "").startswith("AmiShareBot")}


def good_copy(stage: Stage, account: Any, name: str) -> None:
    (copy,) = account.images(REGION)
    assert copy.state == "available"
    assert {snapshot.key_arn for snapshot in copy.snapshots} == {stage.company.keys[name]}


def asked(stage: Stage, text: str) -> str:
    """Somebody asks; return what the approvers are shown."""
    stage.types(stage.mika, text)
    stage.work()
    return str(stage.approval.as_text()).replace("`", "")


# By grant ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("by_grant")
def test_a_key_is_opened_by_grants_and_its_policy_stays_as_it_is(stage: Stage, image: str, key: str) -> None:
    policy = stage.aws.key(key).policy
    shown = asked(stage, f"{image} to staging, prod")
    for account in (STAGING, PROD):
        assert f"KMS grant on {key} for {ROLES[account]} alone: CreateGrant, Decrypt, DescribeKey" in shown
    assert "Key policy of" not in shown
    assert granted(stage, key) == {}, "nothing is done before the approval"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert granted(stage, key) == dict.fromkeys(ROLES.values(), FOR_EBS)
    assert any("made 2 KMS grants" in line for line in stage.thread)
    stage.passes(minutes=40)

    good_copy(stage, stage.staging, "staging")
    good_copy(stage, stage.prod, "prod")
    assert stage.aws.key(key).policy == policy
    assert stage.aws.journal.calls("PutKeyPolicy") == []
    writing = ("CreateGrant", "ModifySnapshotAttribute", "ModifyImageAttribute")
    order = [call.operation for call in stage.aws.journal.calls() if call.operation in writing]
    assert order == ["CreateGrant"] * 2 + ["ModifySnapshotAttribute"] * 2 + ["ModifyImageAttribute"]
    assert "AWS is as it was approved" in audited(stage)


@pytest.mark.usefixtures("by_grant")
def test_a_share_by_grants_taken_back_leaves_other_peoples_grants(stage: Stage, image: str, key: str) -> None:
    stage.by_hand(IMAGES, "kms").create_grant(KeyId=key, GranteePrincipal=ROLES[PROD], Operations=["Decrypt"])
    share = shared(stage, f"{image} to staging")
    shown = asked(stage, f"revoke {share}")
    assert f"KMS grant on {key} for {ROLES[STAGING]} revoked" in shown
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert granted(stage, key) == {ROLES[PROD]: {"Decrypt"}}
    assert lists(stage, image) == [set()] * 3
    taking = ("RevokeGrant", "ModifySnapshotAttribute", "ModifyImageAttribute")
    order = [call.operation for call in stage.aws.journal.calls() if call.operation in taking][3:]
    assert order == ["ModifyImageAttribute", *["ModifySnapshotAttribute"] * 2, "RevokeGrant"], "keys come last"
    assert any("revoked 1 KMS grant" in line for line in stage.thread)


@pytest.mark.usefixtures("by_grant")
def test_a_grant_that_two_shares_need_goes_with_the_last_of_them(stage: Stage, image: str, key: str) -> None:
    first, second = shared(stage, f"{image} to staging"), shared(stage, f"{image} to staging no copy")
    assert len(stage.aws.journal.calls("CreateGrant")) == 1
    taken_back(stage, first)
    assert set(granted(stage, key)) == {ROLES[STAGING]}
    taken_back(stage, second)
    assert granted(stage, key) == {}


@pytest.mark.usefixtures("by_grant")
def test_a_grant_that_somebody_revoked_is_made_again(stage: Stage, image: str, key: str) -> None:
    shared(stage, f"{image} to staging")
    kms = stage.by_hand(IMAGES, "kms")
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert "waits for approval" in audited(stage)
    assert f"KMS grant on {key} for {ROLES[STAGING]}" in stage.approval.as_text().replace("`", "")
    put_right(stage)
    assert granted(stage, key) == {ROLES[STAGING]: FOR_EBS}
    assert "AWS is as it was approved (" in audited(stage)


def test_whom_the_policy_lets_in_needs_no_grant_and_the_other_way_round(stage: Stage, image: str, key: str) -> None:
    first = shared(stage, f"{image} to staging")
    settings(stage, 'key_access = "grant"', under="images")
    second = shared(stage, f"{image} to staging, prod no copy")
    assert set(granted(stage, key)) == {ROLES[PROD]}, "staging is in the policy already"
    assert own_statements(stage, key)["AmiShareBotUse"] in (ROLES[STAGING], [ROLES[STAGING]])

    settings(stage, 'key_access_of = { "' + key + '" = "policy" }', under="images")
    third = shared(stage, f"{image} to prod")
    assert len(stage.aws.journal.calls("PutKeyPolicy")) == 1
    taken_back(stage, first)
    taken_back(stage, second)
    assert set(granted(stage, key)) == {ROLES[PROD]}, "the third share counts on the grant"
    assert own_statements(stage, key) == {}
    taken_back(stage, third)
    assert granted(stage, key) == {}


@pytest.mark.usefixtures("by_grant")
def test_grants_that_may_not_be_read_are_said_at_once(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("ListGrants", code="AccessDeniedException", times=9)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert "My source role needs `kms:ListGrants`" in stage.direct(stage.mika)[-1]


def test_a_role_that_may_not_read_grants_can_share_by_policy(stage: Stage, image: str) -> None:
    stage.aws.faults.fail("ListGrants", code="AccessDeniedException", times=9)
    shared(stage, f"{image} to staging")
    good_copy(stage, stage.staging, "staging")


@pytest.mark.usefixtures("by_grant")
def test_the_bots_role_can_grant_to_nobody_but_the_targets(stage: Stage, image: str) -> None:
    narrow = iam_policy("source-role-policy", SOURCE_ACCOUNT=IMAGES, TARGET_ACCOUNT=[PROD])
    stage.images.set_role_policy("ami-share-source", narrow)
    shared(stage, f"{image} to staging", minutes=1)
    assert "CreateGrant" in stage.direct(stage.mika)[-1]
    assert "AccessDenied" in stage.direct(stage.mika)[-1]


@pytest.mark.usefixtures("by_grant")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["CreateGrant", "RevokeGrant"])
def test_a_death_at_a_grant_is_made_up_for(stage: Stage, image: str, key: str, operation: str, when: str) -> None:
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash(operation, nth=1)
    with pytest.raises(Crash):
        taken_back(stage, shared(stage, f"{image} to staging"))
    stage.start()
    stage.passes(minutes=40)
    if operation == "RevokeGrant":
        assert granted(stage, key) == {}
        return
    assert granted(stage, key) == {ROLES[STAGING]: FOR_EBS}, "twice asked for, once there"
    good_copy(stage, stage.staging, "staging")
    assert "AWS is as it was approved" in audited(stage)


# Which keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("access", ["policy", "grant"])
def test_an_image_under_several_keys_needs_them_all(stage: Stage, access: str) -> None:
    settings(stage, f'key_access = "{access}"', under="images")
    keys = [stage.images.key(REGION) for _ in range(3)]
    image = stage.images.image(REGION, name="golden", devices=[*(Disk(key=key) for key in keys), Disk()])
    share = shared(stage, f"{image} to staging")
    good_copy(stage, stage.staging, "staging")
    for key in keys:
        assert bool(own_statements(stage, key)) is (access == "policy")
        assert bool(granted(stage, key)) is (access == "grant")
    taken_back(stage, share)
    for key in keys:
        assert (own_statements(stage, key), granted(stage, key)) == ({}, {})


def test_one_key_may_be_opened_otherwise_than_the_others(stage: Stage) -> None:
    tended, other = stage.images.key(REGION), stage.images.key(REGION)
    settings(stage, 'key_access_of = { "' + tended + '" = "grant" }', under="images")
    image = stage.images.image(REGION, name="golden", devices=[Disk(key=tended), Disk(key=other)])
    shared(stage, f"{image} to staging")
    good_copy(stage, stage.staging, "staging")
    assert (own_statements(stage, tended), set(granted(stage, tended))) == ({}, {ROLES[STAGING]})
    assert (set(own_statements(stage, other)), granted(stage, other)) == ({"AmiShareBotUse", "AmiShareBotGrants"}, {})


@pytest.mark.parametrize("access", ["policy", "grant"])
def test_a_key_of_a_third_account_is_opened_there(stage: Stage, access: str) -> None:
    vault = stage.aws.account(KEYS)
    opened_to_images = {
        "Effect": "Allow",
        "Principal": {"AWS": stage.images.root},
        "Action": ["kms:DescribeKey", "kms:Decrypt", "kms:CreateGrant"],
        "Resource": "*",
    }
    for_vault = {"Effect": "Allow", "Principal": {"AWS": vault.root}, "Action": "kms:*", "Resource": "*"}
    key = vault.key(REGION, policy={"Version": "2012-10-17", "Statement": [for_vault, opened_to_images]})
    image = in_another_accounts_key(stage, key)
    assert f"a key of account {KEYS} in which I have no role" in refused(stage, image)

    role = vault.role("ami-share-keys", trusted=[f"arn:aws:iam::{HOME}:user/ami-share-bot"], policy=key_policy())
    stage.add_settings(f'\n[[key_accounts]]\nname = "vault"\nrole_arn = "{role}"\nkey_access = "{access}"\n')
    before = stage.aws.key(key).policy
    share = shared(stage, f"{image} to staging")
    good_copy(stage, stage.staging, "staging")
    if access == "policy":
        assert stage.aws.key(key).policy["Statement"][:2] == before["Statement"]
    else:
        assert set(granted(stage, key)) == {ROLES[STAGING]}
    assert "AWS is as it was approved" in audited(stage)
    taken_back(stage, share)
    assert stage.aws.key(key).policy == before
    assert granted(stage, key) == {}


def in_another_accounts_key(stage: Stage, key: str) -> str:
    """An image of the source whose snapshot is under a key of another account."""
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8)])
    (snapshot,) = stage.aws.image(image).snapshots
    snapshot.key_arn = key
    return image


def refused(stage: Stage, image: str) -> str:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    return str(stage.direct(stage.mika)[-1]).replace("`", "")


@pytest.mark.parametrize("access", ["policy", "grant"])
def test_of_a_multi_region_key_only_the_one_in_the_images_region_is_opened(stage: Stage, access: str) -> None:
    settings(stage, f'key_access = "{access}"', under="images")
    key = stage.images.key(REGION, alias="alias/golden", multi_region=True)
    replica = stage.images.replica(key, ABROAD)
    before = stage.aws.key(replica).policy
    image = stage.images.image(REGION, name="golden", devices=[Disk(key="alias/golden")])
    shared(stage, f"{image} to staging in {REGION}, {ABROAD}")
    for region, its_key in ((REGION, stage.company.keys), (ABROAD, stage.company.keys_abroad)):
        (copy,) = stage.staging.images(region)
        assert copy.state == "available"
        assert {snapshot.key_arn for snapshot in copy.snapshots} == {its_key["staging"]}
    assert own_statements(stage, key) or granted(stage, key)
    assert stage.aws.key(replica).policy == before
    assert granted(stage, replica) == {}


def test_an_image_in_a_replicas_region_has_the_replica_opened(stage: Stage) -> None:
    key = stage.images.key(REGION, multi_region=True)
    replica = stage.images.replica(key, ABROAD)
    before = stage.aws.key(key).policy
    image = stage.images.image(ABROAD, name="golden", devices=[Disk(key=replica)])
    share = shared(stage, f"{image} to staging")
    assert [copy.state for copy in stage.staging.images(ABROAD)] == ["available"]
    assert own_statements(stage, replica)
    assert stage.aws.key(key).policy == before
    taken_back(stage, share)
    assert own_statements(stage, replica) == {}


# Administrators ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ann(stage: Stage) -> str:
    """A user of staging whom the settings make an administrator of the source's keys."""
    arn = str(stage.staging.user("ann").principal.arn)
    settings(stage, f'key_administrators = ["{arn}"]', under="staging")
    return arn


def test_administrators_are_made_only_where_the_settings_spell_it_out(
    stage: Stage, image: str, key: str, ann: str
) -> None:
    before = stage.aws.key(key).policy
    shown = asked(stage, f"{image} to staging, prod")
    assert f"{ann} become administrators of {key}" in shown
    assert "They can hand the key on to anybody" in shown
    assert f"Key policy of {key} gains: {ann} may make, list and revoke any grant" in shown
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    (statement,) = (one for one in stage.aws.key(key).policy["Statement"] if one["Sid"] == "AmiShareBotAdministration")
    assert statement == {
        "Sid": "AmiShareBotAdministration",
        "Effect": "Allow",
        "Principal": {"AWS": [ann]},
        "Action": [
            "kms:CreateGrant",
            "kms:DescribeKey",
            "kms:GetKeyRotationStatus",
            "kms:ListGrants",
            "kms:RevokeGrant",
        ],
        "Resource": "*",
    }, "no more than what has an effect across accounts"
    assert "AWS is as it was approved" in audited(stage)
    share = stage.slack.messages(stage.room)[0].as_text().splitlines()[-1].split("`")[1]
    taken_back(stage, share)
    assert stage.aws.key(key).policy == before


def test_without_it_nobody_is(stage: Stage, image: str, key: str) -> None:
    assert "administrators" not in asked(stage, f"{image} to staging, prod")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert set(own_statements(stage, key)) == {"AmiShareBotUse", "AmiShareBotGrants"}


# Auto Scaling --------------------------------------------------------------------------------------------------------


@pytest.fixture
def auto_scaling(stage: Stage) -> str:
    path = "/aws-service-role/autoscaling.amazonaws.com/"
    arn = stage.staging.role("AWSServiceRoleForAutoScaling", ["autoscaling.amazonaws.com"], path=path)
    assert arn == AUTO_SCALING
    return arn


@pytest.mark.parametrize("access", ["policy", "grant"])
def test_auto_scaling_gets_a_grant_of_its_own_if_it_is_asked_for(
    stage: Stage, image: str, key: str, auto_scaling: str, access: str
) -> None:
    settings(stage, f'key_access = "{access}"', under="images")
    before = stage.aws.key(key).policy
    shown = asked(stage, f"{image} to staging no copy with auto scaling")
    assert "to be launched from the original, with no copy, by Auto Scaling as well" in shown
    assert f"KMS grant on {key} for Auto Scaling of {STAGING}, {AUTO_SCALING} alone: CreateGrant" in shown
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    assert granted(stage, key)[auto_scaling] == FOR_EBS | {"Encrypt"}
    assert "AWS is as it was approved" in audited(stage)
    share = stage.approval.as_text().splitlines()[-1].split("`")[1]
    taken_back(stage, share)
    assert granted(stage, key) == {}
    assert stage.aws.key(key).policy == before


def test_the_choice_is_offered_where_it_was_not_made(stage: Stage, image: str, key: str) -> None:
    assert "If it should, ask again with auto scaling" in asked(stage, f"{image} to staging no copy")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert granted(stage, key) == {}


def test_the_form_offers_it_too(stage: Stage, image: str, key: str, auto_scaling: str) -> None:
    stage.types(stage.mika, "")
    answer = stage.submits(stage.mika, image=[image], targets=["staging"], reason="x", choices=["auto_scaling"])
    assert "goes with “no copy” alone" in str(answer.errors)
    stage.submits(stage.mika, image=[image], targets=["staging"], reason="x", mode="share", choices=["auto_scaling"])
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert set(granted(stage, key)) == {auto_scaling}


def test_a_role_that_aws_has_not_made_yet_is_asked_for_in_words(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging no copy with auto scaling")
    stage.work()
    told = stage.direct(stage.mika)[-1]
    assert f"KMS doesn't know {AUTO_SCALING}" in told
    assert "aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com" in told
    assert stage.slack.messages(stage.room) == [], "nobody is asked for what couldn't be done"


def test_a_role_that_went_after_the_approval_stops_the_share(
    stage: Stage, image: str, key: str, auto_scaling: str
) -> None:
    asked(stage, f"{image} to staging no copy with auto scaling")
    stage.staging.delete_role("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert f"KMS doesn't know {auto_scaling}" in stage.direct(stage.mika)[-1]
    assert granted(stage, key) == {}
    assert lists(stage, image) == [set()] * 3, "nothing shows that couldn't be launched"


def test_what_is_not_encrypted_needs_no_grant(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    assert f"{image} isn't encrypted, so Auto Scaling needs no grant" in asked(
        stage, f"{image} to staging no copy with auto scaling"
    )


def test_a_copy_needs_it_not(stage: Stage, image: str) -> None:
    answer = stage.types(stage.mika, f"{image} to staging with auto scaling").ephemeral[0].as_text()
    assert "“with auto scaling” goes with “no copy” alone" in answer


# Allowed AMIs --------------------------------------------------------------------------------------------------------


def allow_only(stage: Stage, *criteria: dict[str, Any], state: str = "enabled") -> None:
    ec2 = stage.by_hand(STAGING)
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=list(criteria))
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState=state)


def test_an_image_that_the_target_would_not_see_is_told_with_what_to_add(stage: Stage, image: str) -> None:
    allow_only(stage, {"ImageProviders": ["amazon", PROD]})
    shown = asked(stage, f"{image} to staging, prod no copy")
    assert f"staging won't see {image}: the setting “Allowed AMIs” there, in {REGION}, hides it" in shown
    assert f"must add a criterion with the image provider {IMAGES}" in shown
    assert "prod won't see" not in shown

    allow_only(stage, {"ImageProviders": ["amazon"]}, {"ImageProviders": [IMAGES]})
    assert "Allowed AMIs" not in asked(stage, f"{image} to staging no copy")


def test_audit_mode_is_a_milder_matter(stage: Stage, image: str) -> None:
    allow_only(stage, {"ImageProviders": ["amazon"]}, state="audit-mode")
    shown = asked(stage, f"{image} to staging no copy")
    assert "is in audit mode. Nothing is hidden now" in shown


@pytest.mark.parametrize("binds", [True, False])
def test_a_copy_of_a_hidden_image_may_fail_and_that_is_said_before(stage: Stage, image: str, binds: bool) -> None:
    stage.aws.allowed_images_bind_copies = binds
    allow_only(stage, {"ImageNames": ["released-*"]})
    assert f"hides {image}, so the copy will most likely fail" in asked(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=40)
    assert [copy.state for copy in stage.staging.images(REGION)] == ([] if binds else ["available"])


def test_an_old_image_is_told_by_its_age(stage: Stage, image: str) -> None:
    allow_only(stage, {"ImageProviders": [IMAGES], "CreationDateCondition": {"MaximumDaysSinceCreated": 30}})
    assert "Allowed AMIs" not in asked(stage, f"{image} to staging no copy")
    stage.clock.advance(31 * DAY)
    assert "staging won't see" in asked(stage, f"{image} to staging no copy")


def test_in_share_mode_the_targets_role_need_not_be_there(stage: Stage, image: str) -> None:
    stage.staging.delete_role("ami-share-target")
    stage.staging.role("deploy")
    settings(stage, f'key_principals = ["arn:aws:iam::{STAGING}:role/deploy"]', under="staging")
    shown = asked(stage, f"{image} to staging no copy")
    assert f"I can't read whether the setting “Allowed AMIs” of staging in {REGION} hides the image there" in shown
    assert "[Approve]" in shown


# The dead ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 4])
def test_a_policy_that_somebody_writes_at_the_same_time_is_merged_again(
    stage: Stage, image: str, key: str, times: int
) -> None:
    theirs = stage.aws.key(key).policy
    theirs["Statement"].append(
        {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": ROLES[PROD]}, "Action": "kms:Verify", "Resource": "*"}
    )

    def somebody_writes_what_they_had_read_before() -> None:
        stage.aws.key(key).policy = theirs

    stage.aws.faults.meanwhile("PutKeyPolicy", somebody_writes_what_they_had_read_before, times=times)
    share = shared(stage, f"{image} to staging")
    sids = [statement["Sid"] for statement in stage.aws.key(key).policy["Statement"]]
    assert sids[: len(theirs["Statement"])] == [statement["Sid"] for statement in theirs["Statement"]]
    assert len(sids) == len(theirs["Statement"]) + 2, "the bot's two statements came on top"
    assert "is complete" in stage.direct(stage.mika)[-1]
    taken_back(stage, share)
    assert stage.aws.key(key).policy["Statement"] == theirs["Statement"]


def test_a_policy_that_got_no_answer_may_arrive_yet_and_others_wait_for_it(stage: Stage, image: str, key: str) -> None:
    other = stage.images.image(REGION, name="other", devices=[Disk(gib=8, key=key)])
    for text in (f"{image} to staging no copy", f"{other} to prod no copy"):
        asked(stage, text)
    stage.aws.faults.lose_answer("PutKeyPolicy")
    for message in stage.slack.messages(stage.room):
        stage.clicks(stage.sam, APPROVE, message)
        stage.work()
    stage.passes(minutes=5)
    of_one, of_two = stage.slack.messages(stage.room)
    assert "AMI share: completed" in of_one.as_text(), "whoever wrote it goes on at once"
    assert "AMI share: completed" not in of_two.as_text()
    assert PROD not in str(own_statements(stage, key))

    stage.passes(minutes=5)
    assert "AMI share: completed" in stage.approval.as_text()
    assert all(account in str(own_statements(stage, key)) for account in (STAGING, PROD))


def test_a_policy_that_may_arrive_yet_undoes_nothing_that_the_same_request_takes_back(
    stage: Stage, image: str, key: str, ann: str
) -> None:
    before = stage.aws.key(key).policy
    share = shared(stage, f"{image} to staging no copy")
    stage.types(stage.mika, f"revoke {share}")
    stage.work()
    stage.clicks(stage.sam, APPROVE)
    stage.aws.faults.lose_answer("PutKeyPolicy")
    written = len(stage.aws.journal.calls("PutKeyPolicy"))
    stage.work()
    stage.passes(minutes=5)
    assert len(stage.aws.journal.calls("PutKeyPolicy")) == written + 1, "the use goes after the administration"
    assert STAGING in str(own_statements(stage, key))
    assert ann not in str(own_statements(stage, key))
    stage.passes(minutes=5)
    assert stage.aws.key(key).policy == before
    assert "taken back" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("access", ["policy", "grant"])
def test_a_whole_account_may_be_let_in_by_its_root(stage: Stage, image: str, key: str, access: str) -> None:
    settings(stage, f'key_access = "{access}"', under="images")
    settings(stage, f'key_principals = ["{STAGING}"]', under="staging")
    before = stage.aws.key(key).policy
    share = shared(stage, f"{image} to staging")
    root = stage.staging.root
    if access == "grant":
        assert set(granted(stage, key)) == {root}
        assert stage.aws.key(key).policy == before
    else:
        own = stage.aws.key(key).policy["Statement"][len(before["Statement"]) :]
        assert [statement["Principal"] for statement in own] == [{"AWS": [root]}] * 2
    (copy,) = stage.staging.images(REGION)
    assert copy.state == "available", "the role that copies needn't be named besides"
    taken_back(stage, share)
    assert stage.aws.key(key).policy["Statement"] == before["Statement"]
    assert granted(stage, key) == {}


def test_key_material_that_expires_soon_is_told_of_and_a_key_that_is_updating_will_do(stage: Stage) -> None:
    key = stage.images.key(REGION, origin="EXTERNAL", valid_to=stage.clock() + 20 * DAY, state="Updating")
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key)])
    shared(stage, f"{image} to staging")
    assert f"key material of {key} expires on 2026-03-22" in stage.approval.as_text()
    assert "is complete" in stage.direct(stage.mika)[-1]


def test_principals_that_are_gone_are_told_before_they_go(stage: Stage, image: str, key: str) -> None:
    gone = stage.staging.user("gone").principal
    settings(stage, f'key_principals = ["{gone.arn}", "{ROLES[STAGING]}"]', under="staging")
    share = shared(stage, f"{image} to staging")
    stage.staging.delete_user("gone")
    assert "waits for approval" in audited(stage, share)
    assert f"name principals that no longer exist ({gone.unique_id})" in stage.approval.as_text()

    stage.company = replace(stage.company, settings=stage.company.settings.replace(f'"{gone.arn}", ', ""))
    stage.start()
    shown = asked(stage, f"{image} to prod")
    assert f"My own statements in the policy of {key} name principals that no longer exist ({gone.unique_id})" in shown
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert gone.unique_id not in str(stage.aws.key(key).policy)
