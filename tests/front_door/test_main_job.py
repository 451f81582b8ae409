"""The main job, through the front door: a signed command goes in, an approver clicks, the accounts end up right."""

from datetime import timedelta

from playground.aws import Disk
from tests.postgres import ON_BOTH
from tests.stage import PROD, REGION, STAGING, Stage


def the_copy(account: object, key: str) -> object:
    """The one image of the account, which must be good: available, and every snapshot under the key."""
    (copy,) = account.images(REGION)
    assert copy.state == "available"
    assert {snapshot.key_arn for snapshot in copy.snapshots} == {key}
    return copy


def test_an_unencrypted_image_becomes_an_encrypted_copy(stage: Stage) -> None:
    image = stage.images.image(
        REGION, name="golden-2026-03", devices=[Disk(gib=8), Disk(gib=20)], tags={"team": "base"}
    )

    stage.aws.snapshots_appear_after = timedelta(seconds=40)
    answer = stage.types(stage.mika, f"{image} to staging reason release 42")
    assert f"Checking `{image}`" in answer.ephemeral[0].as_text()
    stage.work()
    asked = stage.approval.as_text()
    assert "@mika asks to share" in asked
    assert "release 42" in asked
    assert "createVolumePermission" in asked
    assert "[Approve]" in asked
    assert stage.aws.image(image).launch_permission == set(), "nothing is done before the approval"

    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    assert stage.aws.image(image).launch_permission == {STAGING}
    for snapshot in stage.aws.image(image).snapshots:
        assert snapshot.create_volume_permission == {STAGING}
    stage.passes(seconds=15)
    assert any("started" in line for line in stage.thread), "a fresh copy shows no snapshots, so no percentage"
    stage.passes(minutes=1)
    assert any("%" in line for line in stage.thread)
    stage.passes(minutes=30)

    copy = the_copy(stage.staging, stage.company.keys["staging"])
    assert copy.name == "golden-2026-03"
    assert copy.tags["team"] == "base"
    assert copy.id in stage.thread[-1]
    assert "@mika" in stage.thread[-1]
    assert copy.id in stage.direct(stage.mika)[-1]
    assert f"staging  {STAGING}  {REGION}  {copy.id}" in stage.direct(stage.mika)[-1]
    assert "Approved by @sam" in stage.approval.as_text()
    assert "[Approve]" not in stage.approval.as_text()


@ON_BOTH
def test_an_encrypted_image_is_re_encrypted_in_two_accounts(stage: Stage) -> None:
    key = stage.images.key(REGION, alias="alias/golden")
    before = stage.aws.key(key).policy
    image = stage.images.image(REGION, name="golden", devices=[Disk(gib=8, key=key), Disk(gib=30, key=key)])

    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    asked = stage.approval.as_text()
    assert f"Key policy of {key} gains" in asked.replace("`", "")
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    stage.passes(minutes=40)

    the_copy(stage.staging, stage.company.keys["staging"])
    the_copy(stage.prod, stage.company.keys["prod"])
    statements = stage.aws.key(key).policy["Statement"]
    assert statements[:-2] == before["Statement"], "other people's statements stand as they were"
    use, grants = statements[-2:]
    roles = [f"arn:aws:iam::{account}:role/ami-share-target" for account in (STAGING, PROD)]
    assert use["Principal"] == {"AWS": roles}
    assert "Condition" not in use, "kms:GrantIsForAWSResource would void the use statement"
    assert grants["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert len(stage.aws.journal.calls("PutKeyPolicy")) == 1, "one write for all targets"
    assert len(stage.aws.journal.calls("ModifyImageAttribute")) == 1
    order = [
        call.operation
        for call in stage.aws.journal.calls()
        if call.operation in ("PutKeyPolicy", "ModifySnapshotAttribute", "ModifyImageAttribute", "CopyImage")
    ]
    assert order == [
        "PutKeyPolicy",
        "ModifySnapshotAttribute",
        "ModifySnapshotAttribute",
        "ModifyImageAttribute",
        "CopyImage",
        "CopyImage",
    ], "nothing is visible before it can be used"


@ON_BOTH
def test_a_plain_share_copies_nothing(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.types(stage.mika, f"{image} to staging no copy")
    stage.work()
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    assert stage.aws.image(image).launch_permission == {STAGING}
    assert [snapshot.create_volume_permission for snapshot in stage.aws.image(image).snapshots] == [{STAGING}]
    assert stage.staging.images(REGION) == []
    assert stage.aws.journal.calls("CopyImage") == []
    assert image in stage.direct(stage.mika)[-1]
    assert "complete" in stage.direct(stage.mika)[-1]
