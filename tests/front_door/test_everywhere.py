"""Several images to several accounts and regions: one request, one approval, each copy straight from its source."""

from playground.aws import Disk
from playground.company import ABROAD
from tests.stage import PROD, REGION, STAGING, Stage


def test_two_images_get_to_two_accounts_in_two_regions(stage: Stage) -> None:
    key = stage.images.key(REGION)
    secret = stage.images.image(REGION, name="vault", devices=[Disk(gib=8, key=key)], tags={"team": "base"})
    plain = stage.images.image(REGION, name="tools", devices=[Disk(gib=4)])

    stage.types(stage.mika, f"{secret}, {plain} to staging, prod in {REGION}, {ABROAD} reason release 42")
    stage.work()
    asked = stage.approval.as_text()
    assert f"asks to share `{secret}`, `{plain}` with staging, prod in `{REGION}`, `{ABROAD}`" in asked
    assert asked.count("CopyImage") == 8
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    assert len(stage.aws.journal.calls("PutKeyPolicy")) == 1
    assert len(stage.aws.journal.calls("ModifyImageAttribute")) == 2
    stage.passes(minutes=60)

    for name, account in (("staging", stage.staging), ("prod", stage.prod)):
        keys = {REGION: stage.company.keys[name], ABROAD: stage.company.keys_abroad[name]}
        for region, its_key in keys.items():
            copies = {copy.source_image_id: copy for copy in account.images(region)}
            assert set(copies) == {secret, plain}, "a copy of each, and none of a copy"
            assert {copy.state for copy in copies.values()} == {"available"}
            assert {one.key_arn for copy in copies.values() for one in copy.snapshots} == {its_key}
            assert copies[secret].tags["team"] == "base"
    told = stage.direct(stage.mika)[-1]
    assert len([line for line in told.splitlines() if f"from {secret}" in line]) == 4
    assert f"prod     {PROD}  {ABROAD}     " in told


def test_a_region_that_is_not_in_the_settings_is_no_region(stage: Stage) -> None:
    image = stage.images.image(REGION)
    answer = stage.types(stage.mika, f"{image} to staging in eu-north-1")
    assert "“eu-north-1” is no region I work in. Did you mean “eu-central-1" in answer.ephemeral[0].as_text()


def test_an_image_can_only_be_launched_where_it_is(stage: Stage) -> None:
    image = stage.images.image(REGION)
    stage.types(stage.mika, f"{image} to staging in {ABROAD} no copy")
    stage.work()
    assert f"is in {REGION}, and can be launched there alone" in stage.direct(stage.mika)[-1]


def test_copies_beyond_the_quota_wait_for_their_turn_and_none_fails(stage: Stage) -> None:
    stage.aws.image_copies_at_once = 1
    stage.aws.copy_gib_per_second = 0.01
    images = [stage.images.image(REGION, name=f"golden-{number}", devices=[Disk(gib=10)]) for number in range(3)]
    stage.types(stage.mika, f"{', '.join(images)} to staging")
    stage.work()
    stage.clicks(stage.sam, "ami_share_approve")
    stage.work()
    stage.passes(minutes=1)
    assert len(stage.staging.images(REGION)) == 1
    assert sum("waiting to start" in line for line in "\n".join(stage.thread).splitlines()) == 2
    stage.passes(steps=60, hours=2)
    assert [copy.state for copy in stage.staging.images(REGION)] == ["available"] * 3
    assert "is complete" in stage.direct(stage.mika)[-1]
    assert not any(":x:" in line for line in stage.thread)
    assert STAGING in stage.direct(stage.mika)[-1]


def test_the_form_asks_for_the_same(stage: Stage) -> None:
    images = [stage.images.image(REGION, name=name) for name in ("golden", "tools")]
    stage.types(stage.mika, "")
    answer = stage.submits(
        stage.mika, image=[images[0], "nonsense"], targets=["staging"], until="2026-03-01", reason="x"
    )
    assert set(answer.errors) == {"image", "until"}
    assert "passed already" in answer.errors["until"]
    answer = stage.submits(
        stage.mika,
        image=images,
        reason="everywhere",
        targets=["staging", "prod"],
        regions=[ABROAD],
        mode="copy_then_unshare",
        until="2026-03-05",
    )
    assert answer.errors == {}
    stage.work()
    asked = stage.approval.as_text()
    assert asked.count("CopyImage") == 4
    assert "once these are done, the source is closed again" in asked
    assert "Until 2026-03-06 00:00 UTC" in asked
