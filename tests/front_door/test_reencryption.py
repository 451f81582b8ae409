"""Images under the AWS managed key: re-encrypted in their own account under the same approval, then shared."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from playground.aws import Crash, Disk
from sharing.tables import requests
from tests.front_door.test_taking_back import APPROVE, lists, request_id, taken_back
from tests.postgres import ON_BOTH
from tests.stage import IMAGES, REGION, STAGING, Stage


@pytest.fixture
def key(stage: Stage) -> str:
    """The key that the settings name for re-encryption."""
    key = stage.images.key(REGION, alias="alias/golden")
    stage.replace_settings(
        'external_id = "ami-share-images"',
        f'external_id = "ami-share-images"\nreencrypt_keys = {{ {REGION} = "alias/golden" }}',
    )
    return key


@pytest.fixture
def image(stage: Stage) -> str:
    managed = stage.images.managed_key(REGION)
    return stage.images.image(
        REGION, name="secret", devices=[Disk(gib=8, key=managed), Disk(gib=4)], tags={"team": "base"}
    )


def asked(stage: Stage, text: str) -> str:
    stage.types(stage.mika, text)
    stage.work()
    return stage.approval.as_text().replace("`", "")


def approved(stage: Stage, minutes: float = 40) -> None:
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=minutes)


def products(stage: Stage, image: str) -> list[str]:
    """The re-encrypted copies of the image in its own account."""
    return [copy.id for copy in stage.images.images(REGION) if copy.source_image_id == image]


def good_copy(stage: Stage, source: str) -> None:
    (copy,) = stage.staging.images(REGION)
    assert (copy.state, copy.source_image_id) == ("available", source)
    assert {snapshot.key_arn for snapshot in copy.snapshots} == {stage.company.keys["staging"]}


@pytest.mark.parametrize("named", ["original", "product"])
def test_an_audit_of_the_image_looks_at_the_copy_that_stands_in_for_it(
    stage: Stage, key: str, image: str, named: str
) -> None:
    asked(stage, f"{image} to staging no copy")
    approved(stage)
    (product,) = products(stage, image)
    hand = stage.by_hand(IMAGES)
    hand.modify_image_attribute(ImageId=product, LaunchPermission={"Remove": [{"UserId": STAGING}]})
    hand.modify_image_attribute(ImageId=product, LaunchPermission={"Add": [{"UserId": "888888888888"}]})
    shown = asked(stage, f"audit {image if named == 'original' else product}")
    assert f"launchPermission on {product} for {STAGING}" in shown
    assert f"{product} is shared with 888888888888 as well" in shown


def test_it_is_re_encrypted_first_and_then_shared_under_one_approval(stage: Stage, key: str, image: str) -> None:
    shown = asked(stage, f"{image} to staging reason release 42")
    assert f"{image} is under the AWS managed key, and can't be shared as it is." in shown
    assert f"1. CopyImage of {image} within {IMAGES} as secret {image}, re-encrypted under {key}" in shown
    assert f"2. Key policy of {key} gains" in shown
    promise = f"3. On that copy of {image}: createVolumePermission for {STAGING}; launchPermission for {STAGING}"
    assert promise in shown
    assert f"4. CopyImage of {image} by {STAGING}" in shown
    assert products(stage, image) == [], "nothing is done before the approval"

    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert "AMI share: being re-encrypted first" in stage.approval.as_text()
    stage.passes(minutes=1)
    assert any(f"`{image}`: re-encrypted in its own account as" in line and "%" in line for line in stage.thread)
    stage.passes(minutes=40)
    (product,) = products(stage, image)
    assert lists(stage, product) == [{STAGING}] * 3
    assert lists(stage, image) == [set()] * 3, "the original is left alone"
    assert stage.aws.image(product).tags["team"] == "base"
    good_copy(stage, product)
    assert len(stage.slack.messages(stage.room)) == 1, "asked once"
    assert "is complete" in stage.direct(stage.mika)[-1]
    assert sum("to be shared in its place" in line for line in stage.thread) == 1


def test_trouble_that_passed_in_the_hours_of_a_re_encryption_is_forgotten(stage: Stage, key: str, image: str) -> None:
    asked(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    with stage.bot.store.transaction() as tx:
        tx.connection.execute(update(requests).values(attempts=23))
    stage.passes(minutes=1)
    with stage.bot.store.transaction() as tx:
        assert tx.connection.scalar(select(requests.c.attempts)) == 0
    stage.passes(minutes=60)
    assert "is complete" in stage.direct(stage.mika)[-1]


def test_it_is_remembered_and_used_again(stage: Stage, key: str, image: str) -> None:
    asked(stage, f"{image} to staging")
    approved(stage)
    (product,) = products(stage, image)
    shown = asked(stage, f"{image} to staging, prod")
    assert f"its re-encrypted copy {product} in the same account is shared in its place" in shown
    assert f"{STAGING} has a good copy already" in shown
    assert "re-encrypted under" not in shown
    approved(stage)
    assert products(stage, image) == [product]
    assert [copy.source_image_id for copy in stage.prod.images(REGION)] == [product]


def test_its_copies_go_by_the_image_that_was_asked_for(stage: Stage, key: str, image: str) -> None:
    stage.replace_settings('name = "staging"', 'name = "staging"\nssm_parameter = "/golden/{name}"')
    stage.add_settings('\n[copies]\nname = "{name}/{created}"\n')
    day = stage.clock() + timedelta(days=90)
    stage.by_hand(IMAGES).enable_image_deprecation(ImageId=image, DeprecateAt=day)
    made = stage.clock().date()
    stage.passes(hours=30, steps=7200)
    asked(stage, f"{image} to staging")
    approved(stage)
    (copy,) = stage.staging.images(REGION)
    assert copy.name == f"secret/{made}"
    assert copy.deprecation_time == day
    value = stage.by_hand(STAGING, "ssm").get_parameter(Name="/golden/secret")["Parameter"]["Value"]
    assert value == copy.id
    assert len(stage.slack.messages(stage.room)) == 1, "asked once"


@pytest.mark.parametrize("mode", ["", " no copy"])
def test_instances_of_it_must_use_imds_v2_if_those_of_the_original_must(
    stage: Stage, key: str, image: str, mode: str
) -> None:
    stage.aws.copies_carry_imds_support = False
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, ImdsSupport={"Value": "v2.0"})
    asked(stage, f"{image} to staging{mode}")
    approved(stage)
    (product,) = products(stage, image)
    made = [stage.aws.image(product), *stage.staging.images(REGION)]
    assert [one.imds_support for one in made] == ["v2.0"] * (1 if mode else 2)
    assert len(stage.slack.messages(stage.room)) == 1, "asked once"


def test_what_was_made_from_an_instance_of_it_is_not_shared_in_its_place(stage: Stage, key: str, image: str) -> None:
    instance = stage.images.instance(REGION, image)
    app = stage.images.image(REGION, name="app", devices=[Disk(gib=8, key=key)], from_instance=instance)
    assert f"CopyImage of {image} within {IMAGES}" in asked(stage, f"{image} to staging")
    approved(stage)
    (product,) = set(products(stage, image)) - {app}
    assert lists(stage, app) == [set()] * 2
    good_copy(stage, product)


def test_one_that_requires_imds_v2_of_its_own_is_as_good(stage: Stage, key: str, image: str) -> None:
    asked(stage, f"{image} to staging")
    approved(stage)
    (product,) = products(stage, image)
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=product, ImdsSupport={"Value": "v2.0"})
    shown = asked(stage, f"{image} to prod")
    assert f"its re-encrypted copy {product} in the same account is shared in its place" in shown
    approved(stage)
    assert [copy.source_image_id for copy in stage.prod.images(REGION)] == [product]
    assert products(stage, image) == [product]


def test_what_it_costs_counts_the_copy_that_stays_at_home(stage: Stage, key: str, image: str) -> None:
    stage.add_settings('\n[prices]\ncurrency = "EUR"\nstorage_per_gib_month = 0.05\ntransfer_per_gib = 0.02\n')
    line = "at most 1.20 EUR a month, if all of the 24 GiB is in use"
    assert line in asked(stage, f"{image} to staging")
    approved(stage)
    assert line in stage.approval.as_text(), "the approvers see what they were shown"


@ON_BOTH
def test_two_requests_at_once_make_one(stage: Stage, key: str, image: str) -> None:
    asked(stage, f"{image} to staging")
    first = stage.approval
    asked(stage, f"{image} to prod no copy")
    stage.clicks(stage.sam, APPROVE)
    stage.clicks(stage.sam, APPROVE, first)
    stage.work()
    stage.passes(minutes=40)
    (product,) = products(stage, image)
    assert lists(stage, product)[0] == {STAGING, "333333333333"}
    good_copy(stage, product)


def test_over_the_quota_of_copies_it_waits_for_its_turn(stage: Stage, key: str, image: str) -> None:
    second = stage.images.image(REGION, name="other", devices=[Disk(gib=8, key=stage.images.managed_key(REGION))])
    asked(stage, f"{image}, {second} to staging no copy")
    stage.aws.image_copies_at_once = 1
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    assert sum(bool(products(stage, one)) for one in (image, second)) == 1
    stage.aws.image_copies_at_once = 0
    stage.passes(hours=6, steps=300)
    assert sum(bool(products(stage, one)) for one in (image, second)) == 1
    assert "being re-encrypted first" in stage.approval.as_text(), "however long the others take"
    stage.aws.image_copies_at_once = 1
    stage.passes(minutes=40)
    assert [len(products(stage, one)) for one in (image, second)] == [1, 1]
    assert "is complete" in stage.direct(stage.mika)[-1]


def test_without_the_setting_it_is_refused_and_the_setting_is_named(stage: Stage, image: str) -> None:
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    told = stage.direct(stage.mika)[-1]
    assert "can't be shared at all" in told
    assert "reencrypt_keys" in told


def test_a_key_that_cannot_be_used_is_said_before_anybody_is_asked(stage: Stage, key: str, image: str) -> None:
    stage.by_hand(IMAGES, "kms").disable_key(KeyId=key)
    stage.types(stage.mika, f"{image} to staging")
    stage.work()
    assert f"The key {key} is Disabled" in stage.direct(stage.mika)[-1]


def test_some_images_of_a_request_need_it_and_some_do_not(stage: Stage, key: str, image: str) -> None:
    plain = stage.images.image(REGION, name="plain")
    asked(stage, f"{image}, {plain} to staging")
    approved(stage)
    (product,) = products(stage, image)
    assert {copy.source_image_id for copy in stage.staging.images(REGION)} == {product, plain}
    told = stage.direct(stage.mika)[-1]
    assert f"from {image}" in told, "people know the image by the id they asked for"
    assert f"from {plain}" in told


def test_taken_back_nothing_is_left_but_the_copy(stage: Stage, key: str, image: str) -> None:
    policy = stage.aws.key(key).policy
    asked(stage, f"{image} to staging")
    approved(stage)
    (product,) = products(stage, image)
    taken_back(stage, request_id(stage))
    assert lists(stage, product) == [set()] * 3
    assert stage.aws.key(key).policy["Statement"] == policy["Statement"]
    assert products(stage, image) == [product]


def test_if_it_fails_it_says_why_and_leaves_nothing_behind(
    stage: Stage, key: str, image: str, unrecorded: list[str]
) -> None:
    asked(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.by_hand(IMAGES, "kms").disable_key(KeyId=key)
    stage.passes(minutes=10)
    told = stage.direct(stage.mika)[-1]
    assert "AWS ended the re-encryption in the source account" in told
    assert products(stage, image) == []
    assert stage.staging.images(REGION) == []
    assert len(stage.aws.journal.calls("DeregisterImage")) == 1
    assert unrecorded == [], "what was about to be deregistered is on record"


@pytest.mark.parametrize(
    ("locale", "gone"),
    [("en-US", "is gone; somebody deregistered it while it was being made"), ("ja-JP", "がなくなりました")],
)
def test_a_copy_that_somebody_deregisters_is_not_waited_for(
    stage: Stage, key: str, image: str, locale: str, gone: str
) -> None:
    stage.reads(stage.mika, locale)
    asked(stage, f"{image} to staging no copy")
    approved(stage, minutes=1)
    (lost,) = products(stage, image)
    stage.aws.deregister(lost)
    stage.passes(minutes=3)
    assert "being re-encrypted first" in stage.approval.as_text(), "AWS may not list yet what was only just started"
    stage.passes(minutes=2)
    assert f"{lost} " in stage.direct(stage.mika)[-1]
    assert gone in stage.direct(stage.mika)[-1]
    assert "[Ask again…]" in stage.thread[-1]
    made_anew(stage, image)


@pytest.mark.parametrize(
    ("locale", "stalled"),
    [
        ("en-US", "is still not finished after 48 hours. I left it where it is"),
        ("ja-JP", "48 時間たっても完了していません"),
    ],
)
def test_a_copy_that_comes_to_no_end_is_not_waited_for(
    stage: Stage, key: str, image: str, locale: str, stalled: str
) -> None:
    stage.reads(stage.mika, locale)
    asked(stage, f"{image} to staging no copy")
    usual, stage.aws.copy_gib_per_second = stage.aws.copy_gib_per_second, 1e-6
    approved(stage, minutes=1)
    stage.aws.copy_gib_per_second = usual
    (stuck,) = products(stage, image)
    stage.passes(hours=47, steps=1800)
    assert "being re-encrypted first" in stage.approval.as_text()
    stage.passes(hours=1)
    assert f"{stuck} " in stage.direct(stage.mika)[-1]
    assert stalled in stage.direct(stage.mika)[-1]
    assert "[Ask again…]" in stage.thread[-1]
    made_anew(stage, image)
    assert stage.aws.image(stuck).state == "pending"


def made_anew(stage: Stage, image: str) -> None:
    """Asked again, it is re-encrypted once more, and shared."""
    before = products(stage, image)
    asked(stage, f"{image} to staging no copy")
    approved(stage)
    (product,) = set(products(stage, image)) - set(before)
    assert lists(stage, product) == [{STAGING}] * 3


def test_a_finished_copy_that_is_gone_before_the_apply_is_made_once_more(stage: Stage, key: str, image: str) -> None:
    asked(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    (lost,) = products(stage, image)
    stage.aws.faults.fail("GetKeyPolicy", code="KMSInternalException", status=500, times=99)
    stage.passes(minutes=10)
    assert stage.aws.image(lost).state == "available"
    stage.by_hand(IMAGES).deregister_image(ImageId=lost, DeleteAssociatedSnapshots=True)
    stage.aws.faults.clear()
    stage.passes(minutes=60)
    (product,) = products(stage, image)
    good_copy(stage, product)
    assert len(stage.slack.messages(stage.room)) == 1, "asked once"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_death_at_either_copy_is_made_up_for(stage: Stage, key: str, image: str, when: str, nth: int) -> None:
    asked(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash("CopyImage", nth=nth)
    with pytest.raises(Crash):
        stage.passes(minutes=40)
    stage.start()
    stage.passes(minutes=40)
    (product,) = products(stage, image)
    good_copy(stage, product)
    assert sum("is complete" in line for line in stage.direct(stage.mika)) == 1


def both_asked_for(stage: Stage, image: str, product: str) -> None:
    shown = asked(stage, f"{product}, {image} to staging")
    assert f"{product} is the re-encrypted copy of {image}: the two are one image, and it is shared once" in shown
    assert shown.count(f"by {STAGING}") == 1
    stage.clicks(stage.sam, APPROVE)
    stage.passes(minutes=60)
    good_copy(stage, product)
    assert products(stage, image) == [product]
    assert stage.direct(stage.mika)[-1].count(f"{STAGING}  {REGION}") == 1, "one delivery"


@pytest.mark.parametrize("made_by", ["the bot", "hand"])
def test_asked_for_beside_its_original_it_is_the_same_image(stage: Stage, key: str, image: str, made_by: str) -> None:
    if made_by == "hand":
        copy = {"Name": "mine", "SourceImageId": image, "SourceRegion": REGION, "Encrypted": True, "KmsKeyId": key}
        stage.by_hand(IMAGES).copy_image(**copy)
        stage.passes(minutes=40)
    else:
        asked(stage, f"{image} to prod no copy")
        approved(stage)
    (product,) = products(stage, image)
    both_asked_for(stage, image, product)


def test_asked_for_beside_its_original_while_it_is_being_made_it_is_the_same_image(
    stage: Stage, key: str, image: str
) -> None:
    asked(stage, f"{image} to prod no copy")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    (product,) = products(stage, image)
    assert stage.aws.image(product).state == "pending"
    both_asked_for(stage, image, product)
