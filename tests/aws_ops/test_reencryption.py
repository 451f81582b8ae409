"""Plans with a re-encryption: what is approved before the copy exists covers exactly what is done once it does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.cautions import Caution, CautionKind
from aws_ops.facts import Device, Facts, Reencryption, Unreadable
from aws_ops.ids import AccountId, ImageId, SnapshotId
from aws_ops.plan import (
    AddLaunchPermission,
    AllowKeyUse,
    CopyImage,
    Plan,
    ReencryptImage,
    RefusalKind,
    Refused,
    ShareReencrypted,
    dump,
    exceeds,
    load,
    plan_share,
)
from aws_ops.request import Mode
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    NO_ENTRY,
    PROD,
    REGION,
    SNAPSHOT,
    STAGING,
    a_key,
    a_key_arn,
    a_principal,
    a_request,
    a_snapshot,
    a_source,
    a_target,
    an_image,
    some_facts,
    told,
)

MANAGED, KEY = a_key_arn(GOLDEN, "aws-ebs"), a_key_arn(GOLDEN)
PRODUCT, ITS_SNAPSHOT = ImageId("ami-44444444444444444"), SnapshotId("snap-44444444444444444")


def under_managed_key(key: object = None) -> Facts:
    """An image under the AWS managed key, and the key to re-encrypt it under."""
    facts = some_facts(snapshots=[a_snapshot(key_arn=MANAGED)], keys=[a_key(MANAGED, manager="AWS", policy=None)])
    key = a_key() if key is None else key
    keys = facts.keys if isinstance(key, Unreadable) else {**facts.keys, KEY: key}
    return replace(facts, keys=keys, reencryptions={IMAGE: Reencryption(key)})


def once_it_exists() -> Facts:
    """The same, with the re-encrypted copy in the image's place."""
    product = an_image(image_id=PRODUCT, devices=(Device("/dev/xvda", ITS_SNAPSHOT),), stands_for=an_image())
    facts = some_facts(snapshots=[a_snapshot(ITS_SNAPSHOT)], keys=[a_key()])
    return replace(facts, images={IMAGE: product})


def planned(facts: Facts, *accounts: AccountId, mode: Mode = Mode.COPY) -> Plan:
    plan = plan_share(a_request(*map(a_target, accounts or (STAGING,)), mode=mode), [a_source()], facts)
    assert isinstance(plan, Plan), plan
    return plan


def test_the_re_encryption_comes_first_and_what_is_not_there_yet_is_shared_by_promise() -> None:
    plan = planned(under_managed_key())
    assert [type(change) for change in plan.changes] == [ReencryptImage, AllowKeyUse, ShareReencrypted, CopyImage]
    reencryption, key_use, promise, copy = plan.changes
    assert (reencryption.source_image_id, reencryption.key_arn) == (IMAGE, KEY)
    assert reencryption.name != "golden 2026-11-23", "the original has that name already"
    assert key_use.principals == (a_principal(STAGING, "root"),)
    assert (promise.launchers, promise.readers) == ((STAGING,), (STAGING,))
    assert copy.source_key_arns == (KEY,)
    assert [caution.kind for caution in plan.cautions] == [CautionKind.REENCRYPTED_FIRST]
    assert load(dump(plan)) == plan


def test_the_copy_that_stands_in_is_shared_like_any_image() -> None:
    plan = planned(once_it_exists())
    assert AddLaunchPermission(GOLDEN, REGION, PRODUCT, (STAGING,)) in plan.changes
    assert plan.changes[-1].source_image_id == PRODUCT
    [image] = plan.images
    assert (image.image_id, image.asked_as, image.snapshot_ids) == (PRODUCT, IMAGE, (ITS_SNAPSHOT,))
    assert [caution.kind for caution in plan.cautions] == [CautionKind.STANDS_IN]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("state", ["pending", "available"])
def test_asked_for_beside_its_original_it_is_the_same_image(state: str, mode: Mode) -> None:
    facts = under_managed_key() if state == "pending" else once_it_exists()
    product = an_image(image_id=PRODUCT, devices=(Device("/dev/xvda", ITS_SNAPSHOT),), state=state, reencrypts=IMAGE)
    alone = a_request(a_target(), mode=mode)
    both = replace(alone, image_ids=(PRODUCT, IMAGE))
    plan = plan_share(both, [a_source()], replace(facts, images={**facts.images, PRODUCT: product}))
    expected = plan_share(alone, [a_source()], facts)
    assert isinstance(plan, Plan)
    assert isinstance(expected, Plan)
    same = Caution(CautionKind.SAME_IMAGE, (("image", IMAGE), ("copy", PRODUCT)))
    assert plan == replace(expected, cautions=(same, *expected.cautions))


some_accounts = st.lists(st.sampled_from([STAGING, PROD]), min_size=1, unique=True)


@given(some_accounts, some_accounts, st.sampled_from(Mode), st.sampled_from(Mode))
def test_what_was_approved_before_covers_what_is_done_after(
    before: list[AccountId], after: list[AccountId], mode: Mode, later: Mode
) -> None:
    approved = planned(under_managed_key(), *before, mode=mode)
    plan = planned(once_it_exists(), *after, mode=later)
    beyond = exceeds(plan, approved)
    if set(after) <= set(before) and (mode.copies or not later.copies):
        assert beyond == ()
    if not set(after) <= set(before):
        assert beyond, "whoever wasn't approved then isn't covered now"
    assert exceeds(planned(under_managed_key(), *before, mode=mode), approved) == ()


def test_nothing_covers_another_image_s_copy() -> None:
    approved = planned(under_managed_key())
    other = once_it_exists()
    images = {IMAGE: replace(other.images[IMAGE], stands_for=an_image(image_id=ImageId("ami-55555555555555555")))}
    assert any(isinstance(change, CopyImage) for change in exceeds(planned(replace(other, images=images)), approved))


def test_a_key_that_is_no_good_is_refused() -> None:
    refused = plan_share(a_request(), [a_source()], under_managed_key(a_key(state="Disabled")))
    assert isinstance(refused, Refused)
    assert [one.kind for one in refused.refusals] == [RefusalKind.KEY_STATE]
    source = replace(a_source(), reencrypt_keys={REGION: "alias/golden"})
    refused = plan_share(a_request(), [source], under_managed_key(Unreadable(NO_ENTRY)))
    assert isinstance(refused, Refused)
    assert [(one.kind, told(one)) for one in refused.refusals] == [
        (RefusalKind.KEY_UNREADABLE, {"key": "alias/golden", "why": NO_ENTRY})
    ]


def test_without_a_key_it_is_refused() -> None:
    facts = replace(under_managed_key(), reencryptions={})
    refused = plan_share(a_request(), [a_source()], facts)
    assert isinstance(refused, Refused)
    assert [one.kind for one in refused.refusals] == [RefusalKind.AWS_MANAGED_KEY]
    assert dict(refused.refusals[0].details)["snapshots"] == SNAPSHOT
