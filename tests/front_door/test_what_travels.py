"""What travels: names by template, deprecation, protection, and the parameter that points to the newest copy."""

from datetime import timedelta
from typing import Any

import pytest

from playground.aws import Crash, Disk
from playground.company import ABROAD
from sharing import watching
from tests.effects import Effects, counted
from tests.front_door.test_taking_back import APPROVE, shared, taken_back
from tests.stage import IMAGES, REGION, STAGING, Stage

STAGING_NAME = 'name = "staging"'


def parameter(stage: Stage, name: str) -> str:
    return str(stage.by_hand(STAGING, "ssm").get_parameter(Name=name)["Parameter"]["Value"])


def the_copy(stage: Stage, of: str) -> Any:
    (copy,) = [copy for copy in stage.staging.images(REGION) if copy.source_image_id == of]
    return copy


def ask(stage: Stage, text: str) -> str:
    stage.types(stage.mika, text)
    stage.work()
    return stage.approval.as_text().replace("`", "")


def test_names_go_by_the_template_and_stay_unique(stage: Stage) -> None:
    stage.add_settings('\n[copies]\nname = "{name}/{created}"\n')
    images = [stage.images.image(REGION, name="golden") for _ in range(2)]
    assert "as golden/2026-03-02" in ask(stage, f"{', '.join(images)} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    names = {copy.name for copy in stage.staging.images(REGION)}
    assert len(names) == 2
    assert all(name.startswith("golden/2026-03-02") for name in names)


@pytest.mark.parametrize("where", ["", f" in {ABROAD}"])
def test_tags_are_read_at_the_source_and_set_on_the_copy_and_its_snapshots(stage: Stage, where: str) -> None:
    tags = {"team": "base", "ec2:SharedTag/release": "42"}
    devices = [Disk(gib=8), Disk(gib=4)]
    image = stage.images.image(REGION, name="golden", devices=devices, tags=tags | {"aws:made-by": "a pipeline"})
    shared(stage, f"{image} to staging{where}")
    (copy,) = stage.staging.images(ABROAD if where else REGION)
    assert len(copy.snapshots) == 2
    for made in (copy, *copy.snapshots):
        theirs = {key: value for key, value in made.tags.items() if not key.startswith("ami-share:")}
        assert theirs == tags


def test_deprecation_and_protection_go_with_the_copy(stage: Stage) -> None:
    day = stage.clock() + timedelta(days=90)
    image = stage.images.image(REGION, name="golden", deprecation_time=day)
    stage.by_hand(IMAGES).enable_image_deregistration_protection(ImageId=image)
    shown = ask(stage, f"{image} to staging")
    assert "deprecated from 2026-05-31 09:00 UTC, protected from deregistration" in shown
    share = shared(stage, f"{image} to prod")
    (copy,) = stage.prod.images(REGION)
    assert copy.deprecation_time == day
    assert copy.deregistration_protection == "enabled-without-cooldown"
    taken_back(stage, share, "and deregister the copies")
    assert stage.prod.images(REGION) == [], "what was approved to go goes"


def test_a_copy_of_what_is_deprecated_already_is_so_at_once(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden", deprecation_time=stage.clock() + timedelta(days=1))
    stage.clock.advance(timedelta(days=2))
    shown = ask(stage, f"{image} to staging")
    assert f"{image} has been deprecated since 2026-03-03. Its copies will be as well" in shown
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=20)
    assert the_copy(stage, image).is_deprecated(stage.clock() + timedelta(minutes=5))
    assert "isn't deprecated" not in stage.direct(stage.mika)[-1]


def requires_imds_v2(stage: Stage, image: str) -> None:
    stage.by_hand(IMAGES).modify_image_attribute(ImageId=image, ImdsSupport={"Value": "v2.0"})


@pytest.mark.parametrize("carried", [True, False])
def test_instances_of_a_copy_must_use_imds_v2_if_those_of_its_source_must(stage: Stage, carried: bool) -> None:
    stage.aws.copies_carry_imds_support = carried
    image, plain = (stage.images.image(REGION, name=name) for name in ("golden", "plain"))
    requires_imds_v2(stage, image)
    assert ask(stage, f"{image} to staging").count("with IMDSv2 required") == 1
    shared(stage, f"{image}, {plain} to prod")
    support = {copy.source_image_id: copy.imds_support for copy in stage.prod.images(REGION)}
    assert support == {image: "v2.0", plain: None}
    assert "IMDSv2" not in stage.direct(stage.mika)[-1]


def test_a_copy_that_does_not_require_imds_v2_is_told_of(stage: Stage) -> None:
    stage.aws.copies_carry_imds_support = False
    image = stage.images.image(REGION, name="golden")
    requires_imds_v2(stage, image)
    ask(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.aws.faults.fail("ModifyImageAttribute", code="UnauthorizedOperation", times=9)
    stage.passes(minutes=20)
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert "aren't required to use IMDSv2 as those of its source are" in told


def test_a_copy_used_again_that_does_not_require_imds_v2_is_told_of(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    shared(stage, f"{image} to staging")
    requires_imds_v2(stage, image)
    (copy,) = stage.staging.images(REGION)
    told = f"The copy {copy.id} that staging has already doesn't require IMDSv2 of its instances, though the image does"
    assert told in ask(stage, f"{image} to staging, prod")
    ask(stage, f"{image} to staging")
    said = stage.direct(stage.mika)[-1].replace("`", "")
    assert "There is nothing to do" in said
    assert f"The copy {copy.id} in staging doesn't require IMDSv2" in said

    stage.by_hand(STAGING).modify_image_attribute(ImageId=copy.id, ImdsSupport={"Value": "v2.0"})
    ask(stage, f"{image} to staging")
    assert "IMDSv2" not in stage.direct(stage.mika)[-1]


def test_what_the_settings_leave_out_stays_behind(stage: Stage) -> None:
    stage.add_settings("\n[copies]\ncarry = []\n")
    image = stage.images.image(REGION, name="golden", deprecation_time=stage.clock() + timedelta(days=90))
    shared(stage, f"{image} to staging")
    assert the_copy(stage, image).deprecation_time is None


def test_a_protection_with_a_cooldown_holds_a_day_and_that_is_said(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden")
    stage.by_hand(IMAGES).enable_image_deregistration_protection(ImageId=image, WithCooldown=True)
    share = shared(stage, f"{image} to staging")
    taken_back(stage, share, "and deregister the copies")
    assert "was protected from deregistration with a cooldown" in "\n".join([*stage.direct(stage.mika), *stage.thread])
    assert the_copy(stage, image).state == "available"
    stage.passes(hours=25, steps=1800)
    assert stage.staging.images(REGION) == [], "it goes once AWS lets it"


def test_a_copy_is_good_though_something_cannot_go_with_it(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden", deprecation_time=stage.clock() + timedelta(days=90))
    stage.aws.faults.fail("EnableImageDeprecation", code="UnauthorizedOperation", times=9)
    shared(stage, f"{image} to staging")
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert "It isn't deprecated when its source is" in told


def test_a_busy_aws_only_makes_it_later(stage: Stage) -> None:
    image = stage.images.image(REGION, name="golden", deprecation_time=stage.clock() + timedelta(days=90))
    stage.aws.faults.fail("EnableImageDeprecation", code="ServiceUnavailable", times=3)
    shared(stage, f"{image} to staging")
    assert the_copy(stage, image).deprecation_time is not None
    assert "isn't deprecated" not in stage.direct(stage.mika)[-1]


@pytest.fixture
def pointed(stage: Stage) -> Stage:
    """Staging wants a parameter that points to the newest copy."""
    stage.replace_settings(STAGING_NAME, f'{STAGING_NAME}\nssm_parameter = "/golden/latest"')
    return stage


def test_a_parameter_points_to_the_newest_copy(pointed: Stage) -> None:
    stage = pointed
    old = stage.images.image(REGION, name="golden-1")
    assert f"SSM parameter /golden/latest of {STAGING} in {REGION} points to the copy of {old}" in ask(
        stage, f"{old} to staging"
    )
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=20)
    first = the_copy(stage, old).id
    assert parameter(stage, "/golden/latest") == first
    assert "The parameter /golden/latest points to it now (before: nothing)" in stage.direct(stage.mika)[-1]

    stage.clock.advance(timedelta(days=1))
    new = stage.images.image(REGION, name="golden-2")
    shared(stage, f"{new} to staging")
    assert parameter(stage, "/golden/latest") == the_copy(stage, new).id
    assert f"before: {first}" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("mode", ["", " then unshare"])
def test_a_parameter_that_the_settings_name_later_is_pointed_to_the_copy_that_is_there(stage: Stage, mode: str) -> None:
    image = stage.images.image(REGION, name="golden")
    shared(stage, f"{image} to staging")
    stage.replace_settings(STAGING_NAME, f'{STAGING_NAME}\nssm_parameter = "/golden/latest"')
    shown = ask(stage, f"{image} to staging{mode}")
    assert f"1. SSM parameter /golden/latest of {STAGING} in {REGION} points to the copy of {image}" in shown
    assert "2. " not in shown, "nothing else has to be done"
    assert f"has a good copy already, {the_copy(stage, image).id}" in shown
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    stage.passes(minutes=1)
    assert parameter(stage, "/golden/latest") == the_copy(stage, image).id
    assert any("/golden/latest points to it now (before: nothing)" in told for told in stage.direct(stage.mika))

    stage.types(stage.mika, f"{image} to staging{mode}")
    stage.work()
    assert "nothing to do" in stage.direct(stage.mika)[-1]
    stage.by_hand(STAGING, "ssm").put_parameter(Name="/golden/latest", Value="ami-0123456789abcdef0", Overwrite=True)
    assert "points to the copy of" in ask(stage, f"{image} to staging{mode}"), "somebody pointed it elsewhere"


def test_a_reused_copy_of_an_older_image_changes_no_parameter(pointed: Stage) -> None:
    stage = pointed
    old = stage.images.image(REGION, name="golden-1")
    stage.clock.advance(timedelta(days=1))
    new = stage.images.image(REGION, name="golden-2")
    shared(stage, f"{old}, {new} to staging")
    for images in (old, new, f"{old}, {new}"):
        stage.types(stage.mika, f"{images} to staging")
        stage.work()
        assert "nothing to do" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_the_parameter_of_a_reused_copy_is_made_up_for(stage: Stage, when: str) -> None:
    image = stage.images.image(REGION, name="golden")
    shared(stage, f"{image} to staging")
    stage.replace_settings(STAGING_NAME, f'{STAGING_NAME}\nssm_parameter = "/golden/latest"')
    ask(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash("PutParameter", nth=1)
    with pytest.raises(Crash):
        stage.work()
    stage.start()
    stage.passes(minutes=2)
    assert parameter(stage, "/golden/latest") == the_copy(stage, image).id
    assert sum("points to it now" in line for line in stage.direct(stage.mika)) == 1


def test_it_does_not_go_back_to_an_older_image(pointed: Stage) -> None:
    stage = pointed
    old = stage.images.image(REGION, name="golden-1")
    stage.clock.advance(timedelta(days=1))
    new = stage.images.image(REGION, name="golden-2")
    shared(stage, f"{new} to staging")
    shared(stage, f"{old} to staging")
    newest = the_copy(stage, new).id
    assert parameter(stage, "/golden/latest") == newest
    assert f"stays with {newest}, the copy of a newer image" in stage.direct(stage.mika)[-1]


@pytest.mark.parametrize("said", ["2026-11-01", "yesterday"])
@pytest.mark.parametrize("copied", [False, True])
def test_a_tag_that_somebody_has_edited_stands_in_no_ones_way(pointed: Stage, said: str, copied: bool) -> None:
    stage = pointed
    first, second = (stage.images.image(REGION, name=name) for name in ("golden-1", "golden-2"))
    shared(stage, f"{first} to staging")
    if copied:
        shared(stage, f"{second} to staging")
        ssm = stage.by_hand(STAGING, "ssm")
        ssm.put_parameter(Name="/golden/latest", Value=the_copy(stage, first).id, Overwrite=True)
    tag = {"Key": "ami-share:source-created", "Value": said}
    stage.by_hand(STAGING).create_tags(Resources=[the_copy(stage, first).id], Tags=[tag])
    shared(stage, f"{second} to staging")
    assert parameter(stage, "/golden/latest") == the_copy(stage, second).id


def test_a_copy_that_cannot_be_followed_keeps_no_other_from_being_looked_at(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [stage.images.image(REGION, name=name) for name in ("golden-1", "golden-2")]
    finish_copy = watching.finish_copy
    finished: list[str] = []

    def first_is_odd(ec2: Any, order: Any, image_id: str, now: Any, **how: Any) -> Any:
        finished.append(image_id)
        if image_id == finished[0]:
            raise TypeError("an odd one")
        return finish_copy(ec2, order, image_id, now, **how)

    monkeypatch.setattr(watching, "finish_copy", first_is_odd)
    shared(stage, f"{', '.join(images)} to staging")
    (other,) = {copy.id for copy in stage.staging.images(REGION)} - {finished[0]}
    assert any(other in line and "is ready" in line for line in stage.thread)
    assert "is complete" not in "".join(stage.direct(stage.mika))
    monkeypatch.setattr(watching, "finish_copy", finish_copy)
    stage.passes(minutes=1)
    assert "is complete" in stage.direct(stage.mika)[-1]


def test_a_copy_that_cannot_be_followed_for_two_days_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_odd(*given: Any, **how: Any) -> Any:
        raise TypeError("an odd one")

    monkeypatch.setattr(watching, "finish_copy", is_odd)
    shared(stage, f"{stage.images.image(REGION, name='golden')} to staging", minutes=1)
    stage.passes(hours=47, steps=3600)
    assert "waits for approval" in stage.direct(stage.mika)[-1]
    stage.passes(hours=2, steps=3600)
    told = stage.direct(stage.mika)[-1]
    assert "failed" in told
    assert "in my log under reference" in told


@pytest.mark.parametrize("theirs", ["golden-1", "golden-3"])
def test_of_two_that_write_it_at_once_the_newer_image_stays(
    pointed: Stage, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    stage = pointed
    images = {}
    for name in ("golden-1", "golden-2", "golden-3"):
        images[name] = stage.images.image(REGION, name=name)
        stage.clock.advance(timedelta(days=1))
    for name in ("golden-1", "golden-3"):
        shared(stage, f"{images[name]} to staging")
    ssm = stage.by_hand(STAGING, "ssm")
    ssm.delete_parameter(Name="/golden/latest")

    def writes_meanwhile() -> None:
        ssm.put_parameter(Name="/golden/latest", Value=the_copy(stage, images[theirs]).id, Type="String")

    with counted(monkeypatch, effects := Effects("AWS PutParameter", deed=writes_meanwhile)):
        effects.watch()
        shared(stage, f"{images['golden-2']} to staging")
    assert effects.happened
    stays = max("golden-2", theirs)
    assert parameter(stage, "/golden/latest") == the_copy(stage, images[stays]).id


def test_a_parameter_that_cannot_be_set_is_told_and_the_copy_is_good(pointed: Stage) -> None:
    stage = pointed
    image = stage.images.image(REGION, name="golden")
    stage.aws.faults.fail("PutParameter", code="AccessDeniedException", times=9)
    shared(stage, f"{image} to staging")
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert "The parameter /golden/latest doesn't point to it" in told


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("PutParameter", "The parameter /golden/latest doesn't point to it: AWS could not do PutParameter now"),
        ("EnableImageDeprecation", "isn't deprecated when its source is: AWS could not do EnableImageDeprecation now"),
    ],
)
def test_what_aws_cannot_do_for_two_days_is_told_and_the_share_ends_all_the_same(
    pointed: Stage, operation: str, said: str
) -> None:
    stage = pointed
    image = stage.images.image(REGION, name="golden", deprecation_time=stage.clock() + timedelta(days=90))
    stage.aws.faults.fail(operation, code="ResourceLimitExceeded", times=9999)
    share = shared(stage, f"{image} to staging for 7d", minutes=1)
    stage.passes(hours=47, steps=3600)
    assert "waits for approval" in stage.direct(stage.mika)[-1], "it may pass"
    stage.passes(hours=2, steps=3600)
    told = stage.direct(stage.mika)[-1]
    assert "is complete" in told
    assert said in told.replace("`", "")
    assert ("points to it now" in told) == (operation != "PutParameter"), "the rest is done"
    stage.aws.faults.clear()
    taken_back(stage, share)
    assert "is taken back" in stage.direct(stage.mika)[-1]


def test_odd_names_give_legal_parameters(stage: Stage) -> None:
    stage.replace_settings(STAGING_NAME, f'{STAGING_NAME}\nssm_parameter = "/golden/{{name}}"')
    image = stage.images.image(REGION, name="golden (2026) [x]")
    shared(stage, f"{image} to staging")
    assert parameter(stage, "/golden/golden--2026---x-") == the_copy(stage, image).id


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["EnableImageDeprecation", "PutParameter"])
def test_a_death_in_between_is_made_up_for(pointed: Stage, operation: str, when: str) -> None:
    stage = pointed
    image = stage.images.image(REGION, name="golden", deprecation_time=stage.clock() + timedelta(days=90))
    ask(stage, f"{image} to staging")
    stage.clicks(stage.sam, APPROVE)
    stage.work()
    crash = stage.aws.faults.crash_before if when == "before" else stage.aws.faults.crash_after
    crash(operation, nth=1)
    with pytest.raises(Crash):
        stage.passes(minutes=20)
    stage.start()
    stage.passes(minutes=20)
    assert the_copy(stage, image).deprecation_time is not None
    assert parameter(stage, "/golden/latest") == the_copy(stage, image).id
    assert sum("is complete" in line for line in stage.direct(stage.mika)) == 1
