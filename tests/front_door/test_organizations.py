"""Organizations: their members launch what was shared, nobody else does; and copy it if the snapshots go along."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from playground.aws import Crash, Disk
from playground.company import MANAGEMENT, SANDBOX, source_policy
from tests.stage import IMAGES, PROD, REGION, STAGING, Stage

APPROVE = "ami_share_approve"
STRANGER = "555555555555"


@pytest.fixture
def key(stage: Stage) -> str:
    return stage.images.key(REGION)


@pytest.fixture
def image(stage: Stage, key: str) -> str:
    return stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key), Disk(gib=4)])


def asked(stage: Stage, text: str) -> str:
    """Somebody asks; return what the approvers are shown."""
    stage.types(stage.mika, text)
    stage.work()
    return str(stage.approval.as_text().replace("`", "").replace("*", ""))


def shared(stage: Stage, text: str) -> str:
    """Somebody asks, and it is approved and done; return the request's id."""
    asked(stage, text)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    return request_id(stage)


def request_id(stage: Stage) -> str:
    return str(stage.approval.as_text().splitlines()[-1].split("`")[1])


def taken_back(stage: Stage, share: str) -> None:
    asked(stage, f"revoke {share}")
    stage.clicks(stage.sam, APPROVE)
    stage.work()


def launched(stage: Stage, account: str, image: str) -> str:
    """Somebody in the account launches an instance; return how it ends up, or AWS's error."""
    ec2 = stage.by_hand(account)
    try:
        (instance,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    (seen,) = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"]
    return str(seen["Instances"][0]["State"]["Name"])


def copied(stage: Stage, account: str, image: str) -> str:
    """Somebody in the account copies the image; return how the copy ends up, or AWS's error."""
    try:
        copy = stage.by_hand(account).copy_image(Name="mine", SourceImageId=image, SourceRegion=REGION)["ImageId"]
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    stage.clock.advance(timedelta(minutes=40))
    return str(stage.aws.image(copy).state)


def lists(stage: Stage, image: str) -> tuple[set[str], list[set[str]]]:
    """Who may launch the image, and who may copy each of its snapshots."""
    found = stage.aws.image(image)
    snapshots = [set(one.create_volume_permission) for one in found.snapshots]
    return {entry.value for entry in found.launch.latest}, snapshots


@pytest.fixture
def organization(stage: Stage) -> Any:
    (organization,) = stage.aws.organizations
    return organization


def test_members_launch_and_use_the_key_and_nobody_else_does(
    stage: Stage, image: str, key: str, organization: Any
) -> None:
    before = stage.aws.key(key).policy
    assert launched(stage, SANDBOX, image) == "AuthFailure"
    told = asked(stage, f"{image} to whole-org no copy reason everybody builds on it")
    assert "asks to share" in told
    assert "with whole-org, to be launched from the original, with no copy" in told
    assert f"whoever in {organization.id} is allowed it by IAM may Encrypt" in told
    assert f"launchPermission on {image} for {organization.arn}" in told
    assert "createVolumePermission" not in told
    assert "Active accounts of whole-org now: 5" in told
    assert "can launch the image, but not copy it" in told
    assert lists(stage, image) == (set(), [set(), set()]), "nothing is done before the approval"
    stage.clicks(stage.sam, APPROVE)
    stage.work()

    assert launched(stage, SANDBOX, image) == "running"
    assert launched(stage, STAGING, image) == "running"
    assert stage.by_hand(SANDBOX, "kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert launched(stage, STRANGER, image) == "AuthFailure"
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.by_hand(STRANGER, "kms").describe_key(KeyId=key)
    assert copied(stage, SANDBOX, image) == "You do not have permission to access the storage of this ami"

    end = stage.direct(stage.mika)[-1]
    assert "complete" in end
    assert f"Every account of `{organization.arn}` can launch `{image}` in `{REGION}`" in end
    for statement in stage.aws.key(key).policy["Statement"][len(before["Statement"]) :]:
        assert statement["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": [organization.id]}


def test_an_instance_of_a_member_needs_the_key_as_well(stage: Stage, image: str, organization: Any) -> None:
    """What the key's statements are for: launch permission alone gives instances that end at once."""
    entry = {"OrganizationArn": organization.arn}
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Add": [entry]})
    assert launched(stage, SANDBOX, image) == "terminated"
    shared(stage, f"{image} to whole-org no copy")
    assert launched(stage, SANDBOX, image) == "running"


def test_members_copy_if_the_snapshots_are_shared_with_them(
    stage: Stage, image: str, key: str, organization: Any
) -> None:
    (unit,) = (unit for unit in organization.units if unit.name == "Sandboxes")
    told = asked(stage, f"{image} to sandboxes no copy")
    assert f"launchPermission on {image} for {unit.arn}" in told
    assert f"for {SANDBOX}" in told
    assert "Active accounts of sandboxes now: 1" in told
    assert "Whoever joins sandboxes later can launch the image at once, but not copy it" in told
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert lists(stage, image) == ({unit.arn}, [{SANDBOX}, {SANDBOX}])
    assert launched(stage, SANDBOX, image) == "running"
    assert copied(stage, SANDBOX, image) == "available"

    assert launched(stage, STAGING, image) == "AuthFailure", "it belongs to the organization, but not to the OU"
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.by_hand(STAGING, "kms").describe_key(KeyId=key)
    joined = stage.aws.account("666666666666")
    below = organization.unit("Below", joined.id, parent=unit)
    assert launched(stage, joined.id, image) == "running", "whoever joins can launch at once"
    assert copied(stage, joined.id, image).startswith("You do not have permission to access the storage")
    assert below.parent is unit


def test_accounts_and_organizations_are_shared_with_in_one_call(stage: Stage, image: str, organization: Any) -> None:
    told = asked(stage, f"{image} to staging, sandboxes and {organization.id} no copy")
    assert "staging belongs to whole-org, and can launch the image through it" in told
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    launchers, snapshots = lists(stage, image)
    assert {STAGING, organization.arn} < launchers
    assert snapshots == [{STAGING, SANDBOX}] * 2
    assert len(stage.aws.journal.calls("ModifyImageAttribute")) == 1
    assert len(stage.aws.journal.calls("PutKeyPolicy")) == 1
    told = stage.direct(stage.mika)[-1]
    assert f"staging  {STAGING}  {REGION}  {image}" in told
    assert "Every account of" in told


def test_taken_back_everything_is_as_it_was(stage: Stage, image: str, key: str) -> None:
    policy = stage.aws.key(key).policy
    first = shared(stage, f"{image} to whole-org, sandboxes no copy")
    second = shared(stage, f"{image} to whole-org no copy")
    taken_back(stage, first)
    launchers, snapshots = lists(stage, image)
    assert len(launchers) == 1, "the second share needs the organization"
    assert snapshots == [set(), set()]
    assert launched(stage, SANDBOX, image) == "running", "through the organization"
    taken_back(stage, second)
    assert lists(stage, image) == (set(), [set(), set()])
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    assert launched(stage, SANDBOX, image) == "AuthFailure"


@pytest.mark.parametrize("operation", ["PutKeyPolicy", "ModifySnapshotAttribute", "ModifyImageAttribute"])
def test_what_was_given_right_before_a_death_can_be_taken_back(
    stage: Stage, image: str, key: str, operation: str
) -> None:
    policy = stage.aws.key(key).policy
    asked(stage, f"{image} to whole-org, sandboxes no copy")
    stage.clicks(stage.sam, APPROVE)
    stage.aws.faults.crash_after(operation, nth=1)
    with pytest.raises(Crash):
        stage.work()
    stage.start()
    stage.passes(minutes=2)
    assert launched(stage, SANDBOX, image) == "running"
    taken_back(stage, request_id(stage))
    assert lists(stage, image) == (set(), [set(), set()])
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]


def test_an_account_taken_back_keeps_what_it_has_through_its_organization(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to whole-org no copy")
    share = shared(stage, f"{image} to staging no copy")
    told = asked(stage, f"revoke {share}")
    assert "stays shared with arn:aws:organizations::" in told
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert launched(stage, STAGING, image) == "running"


def test_no_copies_are_made_in_an_organization(stage: Stage, image: str) -> None:
    (shown,) = stage.types(stage.mika, f"{image} to whole-org, staging").ephemeral
    assert "“whole-org” is an organization: I have no role in all its accounts" in shown.as_text()
    assert "Share only (“no copy”), or name the accounts" in shown.as_text()
    stage.types(stage.mika, "")
    answer = stage.submits(stage.mika, image=[image], targets=["whole-org"], mode="copy", reason="x")
    assert set(answer.errors) == {"targets"}
    answer = stage.submits(stage.mika, image=[image], targets=["whole-org", "prod"], mode="share", reason="x")
    assert answer.errors == {}
    stage.work()
    assert "whole-org, prod" in stage.approval.as_text().replace("*", "")
    (help_,) = stage.types(stage.mika, "help").ephemeral
    assert "Organizations (`no copy` alone): `whole-org`, `sandboxes`" in help_.text


def test_members_that_cannot_be_asked_for_are_a_refusal_with_what_to_do(stage: Stage, image: str) -> None:
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    stage.aws.account(MANAGEMENT).set_role_policy("ami-share-organization", nothing)
    stage.types(stage.mika, f"{image} to sandboxes no copy")
    stage.work()
    assert stage.slack.messages(stage.room) == []
    told = stage.direct(stage.mika)[-1]
    assert "I can't ask who belongs to sandboxes" in told
    assert "organizations:ListAccounts" in told
    assert "I can't ask how many accounts whole-org has" in asked(stage, f"{image} to whole-org no copy")


def test_a_member_that_joins_before_the_apply_is_asked_about_again(stage: Stage, image: str, organization: Any) -> None:
    joined = stage.aws.account("666666666666").id
    stage.images.set_role_policy("ami-share-source", source_policy(SANDBOX, joined))
    asked(stage, f"{image} to sandboxes no copy")
    (unit,) = (unit for unit in organization.units if unit.name == "Sandboxes")
    organization.place(joined, unit)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert lists(stage, image) == (set(), [set(), set()])
    assert "please decide again" in stage.thread[-1]
    organization.suspended.add(SANDBOX)
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert lists(stage, image)[1] == [{joined}] * 2, "who is no longer active gets nothing"


def test_a_member_that_the_source_role_may_not_add_is_said(stage: Stage, image: str) -> None:
    """The list in the source role's policy holds for members, too: the settings alone don't widen it."""
    stage.images.set_role_policy("ami-share-source", source_policy())
    shared(stage, f"{image} to sandboxes no copy")
    assert "failed" in stage.direct(stage.mika)[-1]
    assert "UnauthorizedOperation" in stage.direct(stage.mika)[-1]
    assert lists(stage, image) == (set(), [set(), set()]), "the image's own list is the last to be written"


def test_an_audit_knows_what_organizations_were_given(stage: Stage, image: str) -> None:
    shared(stage, f"{image} to whole-org no copy")
    stage.types(stage.mika, "audit")
    stage.work()
    assert "AWS is as it was approved" in stage.direct(stage.mika)[-1]
    (entry,) = stage.aws.image(image).launch.latest
    stage.by_hand(IMAGES).modify_image_attribute(
        ImageId=image, LaunchPermission={"Remove": [{"OrganizationArn": entry.value}]}
    )
    told = asked(stage, "audit")
    assert f"launchPermission on {image} for {entry.value}" in told
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert launched(stage, PROD, image) == "running"


# Members come and go ------------------------------------------------------------------------------------------------

JOINED = "666666666666"


@pytest.fixture
def sandboxes(stage: Stage, organization: Any) -> Any:
    """The OU whose members copy; the source's role may share snapshots with whoever is to join."""
    stage.aws.account(JOINED)
    stage.images.set_role_policy("ami-share-source", source_policy(SANDBOX, JOINED))
    (unit,) = (unit for unit in organization.units if unit.name == "Sandboxes")
    return unit


def readers(stage: Stage, image: str) -> list[set[str]]:
    return lists(stage, image)[1]


def members_change(organization: Any, sandboxes: Any) -> None:
    """One account leaves the OU, and another joins it."""
    organization.place(SANDBOX)
    organization.place(JOINED, sandboxes)


@pytest.mark.parametrize("what", ["", "image", "share"])
def test_an_audit_takes_from_who_has_left_and_gives_to_who_has_joined(
    stage: Stage, image: str, organization: Any, sandboxes: Any, what: str
) -> None:
    share = shared(stage, f"{image} to sandboxes no copy")
    members_change(organization, sandboxes)
    assert readers(stage, image) == [{SANDBOX}] * 2
    told = asked(stage, f"audit {({'image': image, 'share': share}).get(what, '')}".strip())
    assert f"No longer in sandboxes: {SANDBOX}" in told
    assert f"New in sandboxes: {JOINED}" in told
    assert told.count(f"taken from {SANDBOX}") == 2
    assert readers(stage, image) == [{SANDBOX}] * 2, "nothing is done before somebody says so"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert readers(stage, image) == [{JOINED}] * 2
    assert copied(stage, JOINED, image) == "available"
    stage.types(stage.mika, "audit")
    stage.work()
    assert "AWS is as it was approved (" in stage.direct(stage.mika)[-1]
    taken_back(stage, share)
    assert lists(stage, image) == (set(), [set(), set()]), "the share gave what the audit did in its place"


def test_who_has_left_keeps_what_another_share_gives(stage: Stage, image: str, organization: Any) -> None:
    shared(stage, f"{image} to sandboxes no copy")
    organization.place(PROD, next(unit for unit in organization.units if unit.name == "Sandboxes"))
    shared(stage, f"{image} to sandboxes, prod no copy")
    organization.place(SANDBOX)
    organization.place(PROD)
    told = asked(stage, "audit")
    assert f"No longer in sandboxes: {SANDBOX}." in told, "and nothing of prod, which is named itself"
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert readers(stage, image) == [{PROD}] * 2


def test_the_calendar_asks_what_to_do_about_members(
    stage: Stage, image: str, organization: Any, sandboxes: Any
) -> None:
    shared(stage, f"{image} to sandboxes no copy")
    organization.suspended.add(SANDBOX)
    stage.clock.advance(timedelta(days=7))
    stage.bot.calendar.run_once()
    stage.work()
    assert f"No longer in sandboxes: {SANDBOX}" in stage.approval.as_text().replace("`", "")


@pytest.mark.parametrize("how", ["asking", "settings"])
def test_who_cannot_be_asked_for_members_changes_nothing(
    stage: Stage, image: str, organization: Any, sandboxes: Any, how: str
) -> None:
    shared(stage, f"{image} to sandboxes no copy")
    organization.place(SANDBOX)
    if how == "asking":
        nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
        stage.aws.account(MANAGEMENT).set_role_policy("ami-share-organization", nothing)
    else:
        stage.replace_settings('name = "sandboxes"', 'name = "renamed"')
    stage.types(stage.mika, "audit")
    stage.work()
    told = stage.direct(stage.mika)[-1].replace("`", "")
    assert "AWS is as it was approved (" in told
    assert ("I can't ask who belongs to sandboxes now, so what its members were given stays" in told) == (
        how == "asking"
    )
    assert readers(stage, image) == [{SANDBOX}] * 2


def test_a_member_that_the_source_role_may_not_add_holds_nothing_else_up(
    stage: Stage, image: str, organization: Any, sandboxes: Any
) -> None:
    stage.images.set_role_policy("ami-share-source", source_policy(SANDBOX))
    shared(stage, f"{image} to sandboxes no copy")
    members_change(organization, sandboxes)
    asked(stage, "audit")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert readers(stage, image) == [set(), set()]
    assert "is put right, but for this" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_death_while_members_are_followed_is_made_up_for(
    stage: Stage, image: str, organization: Any, sandboxes: Any, nth: int
) -> None:
    share = shared(stage, f"{image} to sandboxes no copy")
    members_change(organization, sandboxes)
    asked(stage, "audit")
    stage.clicks(stage.sam, APPROVE)
    stage.aws.faults.crash_after("ModifySnapshotAttribute", nth=nth)
    with pytest.raises(Crash):
        stage.work()
    stage.start()
    stage.passes(minutes=2)
    assert readers(stage, image) == [{JOINED}] * 2
    taken_back(stage, share)
    assert lists(stage, image) == (set(), [set(), set()])


def audit_stands_still(stage: Stage, organization: Any, sandboxes: Any) -> None:
    """An account joins; the process ends right before an approved audit gives it the snapshots to read."""
    organization.place(JOINED, sandboxes)
    looks = "DescribeSnapshotAttribute"
    before = len(stage.aws.journal.calls(looks))
    asked(stage, "audit")
    to_plan = len(stage.aws.journal.calls(looks)) - before
    stage.aws.faults.crash_before(looks, nth=to_plan + 1)
    stage.clicks(stage.sam, APPROVE)
    with pytest.raises(Crash):
        stage.work()
    stage.start()


def test_a_share_is_taken_back_once_an_audit_has_given_what_it_was_about_to(
    stage: Stage, image: str, key: str, organization: Any, sandboxes: Any
) -> None:
    policy = stage.aws.key(key).policy
    share = shared(stage, f"{image} to sandboxes no copy")
    audit_stands_still(stage, organization, sandboxes)
    taken_back(stage, share)
    assert readers(stage, image) == [{SANDBOX}] * 2, "the audit is at it"
    stage.passes(minutes=5)
    assert readers(stage, image) == [{SANDBOX, JOINED}] * 2
    assert "please decide again" in "\n".join(stage.thread)
    assert f"taken from {SANDBOX}, {JOINED}" in stage.approval.as_text().replace("`", "")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert lists(stage, image) == (set(), [set(), set()])
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    assert any("What the share gave is taken back" in line for line in stage.direct(stage.mika))


def test_a_share_is_taken_back_at_once_if_another_needs_what_an_audit_is_about_to_give(
    stage: Stage, image: str, organization: Any, sandboxes: Any
) -> None:
    first, second = (shared(stage, f"{image} to {who} no copy") for who in ("sandboxes, prod", "sandboxes"))
    audit_stands_still(stage, organization, sandboxes)
    taken_back(stage, first)
    assert readers(stage, image) == [{SANDBOX}] * 2, "prod has lost its own"
    stage.passes(minutes=5)
    assert readers(stage, image) == [{SANDBOX, JOINED}] * 2
    taken_back(stage, second)
    assert lists(stage, image) == (set(), [set(), set()])
