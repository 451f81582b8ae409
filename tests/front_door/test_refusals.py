"""Refusals: what can't be shared is said before anybody is asked, all at once, to the one who asked."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from playground.aws import Disk, EphemeralDisk
from tests.stage import IMAGES, REGION, STAGING, Stage

WRITES = {"PutKeyPolicy", "ModifyImageAttribute", "ModifySnapshotAttribute", "CopyImage", "CreateGrant", "CreateTags"}


def refusal(stage: Stage, image: str, to: str = "staging") -> str:
    """Ask, and return what the asker is told in the end; nobody else is told anything, and nothing is changed."""
    stage.types(stage.mika, f"{image} to {to}")
    stage.work()
    assert stage.slack.messages(stage.room) == [], "nobody is asked to approve what can't be done"
    (told,) = stage.direct(stage.mika)
    assert "I can't share" in told
    assert not {call.operation for call in stage.aws.journal.calls()} & WRITES
    return told.replace("`", "")


def golden(stage: Stage, **how: object) -> str:
    return stage.images.image(REGION, name="golden", **how)


def under(stage: Stage, **how: object) -> str:
    return golden(stage, devices=[Disk(gib=8, key=stage.images.key(REGION, **how))])


IMAGES_THAT_CANT: dict[str, tuple[Callable[[Stage], str], str]] = {
    "unknown": (
        lambda _: "ami-0123456789abcdef0",
        "isn't in any account I may share from (looked in images eu-central-1",
    ),
    "not available": (lambda stage: golden(stage, state="pending"), "is pending, and only an available image"),
    "disabled": (lambda stage: golden(stage, state="disabled"), "is disabled"),
    "instance store": (
        lambda stage: golden(stage, root_device_type="instance-store", devices=[EphemeralDisk()]),
        "is backed by instance store",
    ),
    "no snapshot": (lambda stage: golden(stage, devices=[EphemeralDisk()]), "has no EBS snapshot behind it"),
    "archived": (lambda stage: golden(stage, devices=[Disk(gib=8, tier="archive")]), "is in the archive tier"),
    "marketplace": (lambda stage: golden(stage, product_codes=["abc123"]), "AWS Marketplace codes (abc123)"),
    "windows": (
        lambda stage: golden(stage, usage_operation="RunInstances:0002", platform_details="Windows"),
        "carries a billing product (Windows)",
    ),
    "aws/ebs": (
        lambda stage: golden(stage, devices=[Disk(gib=8, key=stage.images.managed_key(REGION))]),
        "is encrypted under the AWS managed key",
    ),
    "disabled key": (lambda stage: under(stage, state="Disabled"), "is Disabled; it must be enabled"),
    "key pending deletion": (lambda stage: under(stage, state="PendingDeletion"), "is PendingDeletion"),
    "expired key": (
        lambda stage: under(stage, origin="EXTERNAL", valid_to=stage.clock() - timedelta(days=1)),
        "expired on 2026-03-01. It must be imported again",
    ),
    "wrong kind of key": (
        lambda stage: under(stage, spec="RSA_2048", usage="ENCRYPT_DECRYPT"),
        "is of the wrong kind (RSA_2048, ENCRYPT_DECRYPT)",
    ),
}


@pytest.mark.parametrize("what", IMAGES_THAT_CANT)
def test_an_image_that_cant_be_shared(stage: Stage, what: str) -> None:
    make, said = IMAGES_THAT_CANT[what]
    assert said in refusal(stage, make(stage))


def test_an_image_that_is_shared_with_as_many_as_aws_takes(stage: Stage) -> None:
    image = golden(stage)
    others = [{"UserId": f"{number:012}"} for number in range(1, 1001)]
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, LaunchPermission={"Add": others})
    stage.aws.journal.clear()
    told = refusal(stage, image)
    assert f"{image} would be shared with 1001 accounts, organizations and OUs, and AWS takes 1000" in told

    stage.aws.launch_permissions_per_image = 2_000
    stage.replace_settings('name = "images"', 'name = "images"\nsharing_quota = 2000')
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    assert STAGING in stage.aws.image(image).launch_permission


def test_a_target_in_another_partition_of_aws(stage: Stage) -> None:
    stage.replace_settings(f"arn:aws:iam::{STAGING}", f"arn:aws-cn:iam::{STAGING}")
    told = refusal(stage, golden(stage), to="staging, prod")
    assert "staging is in another partition of AWS (aws-cn) than the image" in told
    assert "CreateStoreImageTask" in told


def test_aws_ebs_comes_with_the_way_out(stage: Stage) -> None:
    image = golden(stage, devices=[Disk(gib=8, key=stage.images.managed_key(REGION))])
    assert "Copy the image within its own account under a customer managed key" in refusal(stage, image)


def test_an_image_of_a_stranger(stage: Stage) -> None:
    image = stage.aws.account("555555555555").image(REGION, name="theirs")
    stage.aws.share(image, IMAGES)
    assert "belongs to account 555555555555, which I may not share from" in refusal(stage, image)


def test_a_key_of_an_account_without_a_role(stage: Stage) -> None:
    root_of = {"AWS": [f"arn:aws:iam::{account}:root" for account in ("555555555555", IMAGES)]}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": root_of, "Action": "kms:*", "Resource": "*"}],
    }
    key = stage.aws.account("555555555555").key(REGION, policy=policy)
    told = refusal(stage, golden(stage, devices=[Disk(gib=8, key=key)]))
    assert "a key of account 555555555555 in which I have no role" in told or "I can't read the key" in told


def test_a_policy_that_names_the_deleted(stage: Stage) -> None:
    role = stage.images.role("builder", trusted=[])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{IMAGES}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Decrypt", "Resource": "*"},
        ],
    }
    image = under(stage, policy=policy)
    stage.images.delete_role("builder")
    assert "names principals that no longer exist (AROA" in refusal(stage, image)


def test_a_policy_whose_denial_would_win(stage: Stage) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{IMAGES}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "OurOrgOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "kms:*",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalAccount": IMAGES}},
            },
        ],
    }
    assert "(statement OurOrgOnly)" in refusal(stage, under(stage, policy=policy))


def test_a_policy_without_room(stage: Stage) -> None:
    filler = [
        {
            "Sid": f"Filler{number}{'x' * 330}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{IMAGES}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        for number in range(74)
    ]
    told = refusal(stage, under(stage, policy={"Version": "2012-10-17", "Statement": filler}))
    assert "more than KMS stores" in told


def test_a_target_whose_role_cant_be_taken_on(stage: Stage) -> None:
    stage.staging.delete_role("ami-share-target")
    assert "I can't take on my role in staging" in refusal(stage, golden(stage))


def test_a_target_whose_key_is_missing(stage: Stage) -> None:
    stage.aws.delete_alias(STAGING, REGION, "alias/ami-copies")
    assert "I can't find or read the key alias/ami-copies in staging" in refusal(stage, golden(stage))


def test_a_target_whose_key_is_disabled(stage: Stage) -> None:
    stage.aws.key(stage.company.keys["staging"]).state = "Disabled"
    assert "of staging is Disabled" in refusal(stage, golden(stage))


def test_everything_wrong_is_said_at_once(stage: Stage) -> None:
    stage.staging.delete_role("ami-share-target")
    stage.aws.key(stage.company.keys["prod"]).state = "Disabled"
    image = golden(stage, product_codes=["abc"], devices=[Disk(gib=8, tier="archive")])
    told = refusal(stage, image, to="staging, prod")
    for said in ("Marketplace", "archive tier", "my role in staging", "of prod is Disabled"):
        assert said in told


def test_a_good_copy_is_offered_instead_of_a_second_one(stage: Stage) -> None:
    image = golden(stage)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    stage.passes(minutes=30)
    (copy,) = stage.staging.images(REGION)

    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert "nothing to do" in stage.direct(stage.mika)[-1]
    assert copy.id in stage.direct(stage.mika)[-1]
    assert len(stage.slack.messages(stage.room)) == 1

    stage.types(stage.mika, f"{image} to staging, prod")
    stage.work()
    assert "has a good copy already" in stage.approval.as_text()
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    stage.passes(minutes=30)
    assert len(stage.staging.images(REGION)) == 1
    assert len(stage.prod.images(REGION)) == 1
    assert copy.id in stage.direct(stage.mika)[-1], "the reused copy is told with the new one"


def test_what_a_target_made_from_an_instance_of_the_image_is_no_copy_of_it(stage: Stage) -> None:
    image = golden(stage)
    instance = stage.staging.instance(REGION, image)
    key = stage.company.keys["staging"]
    app = stage.staging.image(REGION, name="app", devices=[Disk(gib=8, key=key)], from_instance=instance)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert f"CopyImage of {image} by {STAGING}" in stage.approval.as_text().replace("`", "")
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    stage.passes(minutes=30)
    (copy,) = (one.id for one in stage.staging.images(REGION) if one.id != app)
    assert copy in stage.direct(stage.mika)[-1]
