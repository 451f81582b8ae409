"""Plans: what is wanted beside what is there, and what follows from it."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.causes import CauseKind, because
from aws_ops.facts import (
    Device,
    ExistingCopy,
    Facts,
    ImageNotFound,
    KeyAccess,
    Reencryption,
    SourceAccount,
    TargetAccount,
    TargetFacts,
    Unreadable,
)
from aws_ops.ids import AccountId, ImageId, KeyArn, Region, RoleArn, SnapshotId
from aws_ops.key_policy import allow_administration, allow_use, own_users, parse
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    Caution,
    CautionKind,
    CopyImage,
    Mode,
    Plan,
    ReencryptImage,
    RefusalKind,
    Refused,
    ReuseCopy,
    ShareRequest,
    digest,
    dump,
    exceeds,
    load,
    plan_share,
    policies_after,
)
from tests.aws_ops.builders import (
    GOLDEN,
    IMAGE,
    NO_ENTRY,
    PROD,
    REGION,
    SNAPSHOT,
    STAGING,
    STRANGER,
    a_denial,
    a_grant,
    a_key,
    a_key_arn,
    a_policy,
    a_principal,
    a_request,
    a_role,
    a_snapshot,
    a_source,
    a_target,
    a_unit,
    after,
    an_image,
    an_organization,
    some_facts,
    target_facts,
    told,
)

KEY = a_key_arn(GOLDEN)
MANAGED, REENCRYPT = a_key_arn(GOLDEN, "aws-ebs"), a_key_arn(GOLDEN, "reencrypt")
OTHER = ImageId("ami-0fedcba9876543210")
ELSEWHERE = Region("eu-west-1")
SECOND = SnapshotId("snap-11111111111111111")
COPY = ImageId("ami-22222222222222222")
OTHER_COPY = ImageId("ami-33333333333333333")


def planned(facts: Facts | None = None, request: ShareRequest | None = None) -> Plan:
    plan = plan_share(request or a_request(), [a_source()], facts or some_facts())
    assert isinstance(plan, Plan), plan
    return plan


def refused(
    facts: Facts, request: ShareRequest | None = None, sources: list[SourceAccount] | None = None
) -> dict[RefusalKind, dict[str, Any]]:
    refused = plan_share(request or a_request(), sources or [a_source()], facts)
    assert isinstance(refused, Refused), refused
    return {refusal.kind: told(refusal) for refusal in refused.refusals}


def cautions(plan: Plan) -> dict[CautionKind, dict[str, Any]]:
    return {caution.kind: told(caution) for caution in plan.cautions}


def a_copy(image_id: ImageId = COPY, state: str = "available", *keys: Any) -> ExistingCopy:
    return ExistingCopy(IMAGE, image_id, state, frozenset(keys or [a_key_arn(STAGING)]))


def elsewhere(account: AccountId, **changes: Any) -> TargetFacts:
    """What the account says in the other region."""
    key = a_key(KeyArn(f"arn:aws:kms:{ELSEWHERE}:{account}:key/there"), policy=None)
    return replace(target_facts(account, key=key, **changes), region=ELSEWHERE)


def everywhere(*targets: TargetAccount) -> ShareRequest:
    """A request for both images in both regions."""
    keyed = tuple(replace(target, keys={REGION: "alias/ami", ELSEWHERE: "alias/ami"}) for target in targets)
    return ShareRequest((IMAGE, OTHER), Mode.COPY, keyed, (REGION, ELSEWHERE))


# What is done --------------------------------------------------------------------------------------------------------


def test_a_copy_of_an_encrypted_image_takes_four_steps_in_an_order_that_shows_nothing_too_early() -> None:
    image_facts = an_image()
    plan = planned(some_facts(image_facts))
    assert plan.changes == (
        AllowKeyUse(KEY, (a_principal(STAGING, "root"),)),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (STAGING,)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (STAGING,)),
        CopyImage(
            account_id=STAGING,
            region=REGION,
            source_image_id=IMAGE,
            source_region=REGION,
            name="golden 2026-11-23",
            description="Golden image",
            key_arn=a_key_arn(STAGING),
            source_key_arns=(KEY,),
            tags=(("team", "platform"),),
            source_created=image_facts.created,
        ),
    )
    [image] = plan.images
    assert (image.image_id, image.owner, image.region, plan.mode) == (IMAGE, GOLDEN, REGION, Mode.COPY)
    assert plan.cautions == ()


def test_each_grant_is_one_change_for_all_targets() -> None:
    plan = planned(request=a_request(a_target(PROD), a_target(STAGING)))
    principals = (a_principal(STAGING, "root"), a_principal(PROD, "root"))
    assert plan.changes[:3] == (
        AllowKeyUse(KEY, principals),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (STAGING, PROD)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (STAGING, PROD)),
    )
    assert [copy.account_id for copy in plan.changes[3:]] == [STAGING, PROD]


def test_sharing_copies_nothing_and_asks_nothing_of_the_target() -> None:
    target = target_facts(role=Unreadable(NO_ENTRY), key=None)
    plan = planned(some_facts(targets=[target]), a_request(mode=Mode.SHARE))
    assert [change.kind for change in plan.changes] == [
        "allow_key_use",
        "add_create_volume_permission",
        "add_launch_permission",
    ]


def test_an_unencrypted_image_needs_no_key() -> None:
    plan = planned(some_facts(snapshots=[a_snapshot(key_arn=None)], keys=[]))
    assert [change.kind for change in plan.changes] == [
        "add_create_volume_permission",
        "add_launch_permission",
        "copy_image",
    ]
    assert plan.changes[-1].source_key_arns == ()


def test_every_snapshot_and_every_key_counts_once() -> None:
    devices = (Device("/dev/sda", SNAPSHOT), Device("/dev/sdb", SECOND), Device("/dev/sdc", SECOND), Device("/d", None))
    other = a_key_arn(GOLDEN, "other")
    plan = planned(
        some_facts(
            an_image(devices=devices),
            snapshots=[a_snapshot(), a_snapshot(SECOND, key_arn=other)],
            keys=[a_key(), a_key(other)],
        )
    )
    assert [change.key_arn for change in plan.changes if isinstance(change, AllowKeyUse)] == [KEY, other]
    shared = [change.snapshot_id for change in plan.changes if isinstance(change, AddCreateVolumePermission)]
    assert shared == [SNAPSHOT, SECOND]


def test_who_has_it_already_is_not_named() -> None:
    facts = some_facts(
        an_image(launch_permission=frozenset({STAGING})),
        snapshots=[a_snapshot(create_volume_permission=frozenset({PROD}))],
        keys=[a_key(policy=allow_use(a_policy(), [a_principal(STAGING, "root")]))],
    )
    plan = planned(facts, a_request(a_target(STAGING), a_target(PROD)))
    assert plan.changes[:3] == (
        AllowKeyUse(KEY, (a_principal(PROD, "root"),)),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (STAGING,)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (PROD,)),
    )


@pytest.mark.parametrize(
    ("mode", "configured", "named"),
    [
        (Mode.COPY, ["root"], ["root"]),
        (Mode.COPY, ["role/ami-share"], ["role/ami-share"]),
        (Mode.COPY, ["role/deploy"], ["role/ami-share", "role/deploy"]),
        (Mode.COPY, [], ["role/ami-share"]),
        (Mode.SHARE, ["role/deploy"], ["role/deploy"]),
    ],
)
def test_the_role_that_copies_may_use_the_key(mode: Mode, configured: list[str], named: list[str]) -> None:
    target = a_target(key_principals=tuple(a_principal(STAGING, name) for name in configured))
    [key_use, *_] = planned(request=a_request(target, mode=mode)).changes
    assert key_use == AllowKeyUse(KEY, tuple(a_principal(STAGING, name) for name in named))


def test_a_good_copy_is_used_again_and_its_account_gets_nothing_more() -> None:
    facts = some_facts(targets=[target_facts(STAGING, copies=(a_copy(),)), target_facts(PROD)])
    plan = planned(facts, a_request(a_target(STAGING), a_target(PROD)))
    assert plan.reuses == (ReuseCopy(STAGING, REGION, IMAGE, COPY),)
    assert all(STAGING not in str(change) for change in plan.changes)
    assert plan.cautions == ()


@pytest.mark.parametrize("there", [["", "v2.0"], ["v2.0", ""], ["", ""]])
def test_a_copy_that_requires_imds_v2_as_its_source_does_is_used_before_others(there: list[str]) -> None:
    ids = [COPY, OTHER_COPY]
    copies = tuple(replace(a_copy(one), imds_support=support) for one, support in zip(ids, there, strict=True))
    facts = some_facts(
        an_image(imds_support="v2.0"), targets=[target_facts(STAGING, copies=copies), target_facts(PROD)]
    )
    plan = planned(facts, a_request(a_target(STAGING), a_target(PROD)))
    [reused] = plan.reuses
    if "v2.0" in there:
        assert reused.image_id == ids[there.index("v2.0")]
        assert plan.cautions == ()
    else:
        assert reused.image_id == min(ids)
        assert cautions(plan) == {CautionKind.REUSED_WITHOUT_IMDS_V2: {"target": "staging", "copy": reused.image_id}}


def test_a_description_is_made_if_there_is_none() -> None:
    assert planned(some_facts(an_image(description=""))).changes[-1].description.startswith(f"Copy of {IMAGE}")


# Several images, several regions -------------------------------------------------------------------------------------


def test_each_image_goes_to_each_account_and_region_and_the_source_is_opened_once() -> None:
    images = [an_image(), an_image(image_id=OTHER, devices=(Device("/dev/xvda", SECOND),))]
    facts = some_facts(
        images,
        snapshots=[a_snapshot(), a_snapshot(SECOND)],
        targets=[elsewhere(account) for account in (STAGING, PROD)]
        + [target_facts(account) for account in (STAGING, PROD)],
    )
    request = everywhere(a_target(STAGING), a_target(PROD))
    plan = planned(facts, request)
    principals = (a_principal(STAGING, "root"), a_principal(PROD, "root"))
    assert plan.changes[:5] == (
        AllowKeyUse(KEY, principals),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (STAGING, PROD)),
        AddCreateVolumePermission(GOLDEN, REGION, SECOND, (STAGING, PROD)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (STAGING, PROD)),
        AddLaunchPermission(GOLDEN, REGION, OTHER, (STAGING, PROD)),
    )
    assert [(copy.source_image_id, copy.account_id, copy.region, copy.source_region) for copy in plan.changes[5:]] == [
        (image_id, account, region, REGION)
        for image_id in (IMAGE, OTHER)
        for account in (STAGING, PROD)
        for region in (REGION, ELSEWHERE)
    ], "each copy comes straight from the source, never from another copy"
    assert {copy.key_arn for copy in plan.changes[5:] if copy.region == ELSEWHERE} == {
        elsewhere(account).key.arn for account in (STAGING, PROD)
    }


def test_two_images_of_one_name_get_copies_of_two() -> None:
    images = [an_image(), an_image(image_id=OTHER)]
    plan = planned(some_facts(images), replace(a_request(), image_ids=(IMAGE, OTHER)))
    assert [copy.name for copy in plan.changes if isinstance(copy, CopyImage)] == [
        "golden 2026-11-23",
        f"golden 2026-11-23 {OTHER}",
    ]


def test_a_copy_in_one_region_is_none_in_another() -> None:
    facts = some_facts(targets=[target_facts(copies=(a_copy(),)), elsewhere(STAGING)])
    plan = planned(facts, replace(everywhere(a_target()), image_ids=(IMAGE,)))
    assert plan.reuses == (ReuseCopy(STAGING, REGION, IMAGE, COPY),)
    assert [copy.region for copy in plan.changes if isinstance(copy, CopyImage)] == [ELSEWHERE]


def test_what_is_wrong_is_told_of_each_image_and_once_of_each_target() -> None:
    facts = some_facts(
        [an_image(state="disabled")],
        targets=[target_facts(role=Unreadable(NO_ENTRY), key=None), elsewhere(STAGING)],
    )
    facts = replace(facts, images={**facts.images, OTHER: NOT_FOUND})
    refusals = plan_share(everywhere(a_target()), [a_source()], facts).refusals
    assert [refusal.kind for refusal in refusals] == [
        RefusalKind.IMAGE_NOT_FOUND,
        RefusalKind.IMAGE_DISABLED,
        RefusalKind.ROLE_NOT_ASSUMABLE,
    ]


# What stands against it ----------------------------------------------------------------------------------------------

LAST_YEAR, IN_A_MONTH = (an_image().created + timedelta(days=days) for days in (-365, 30))
NOT_FOUND = ImageNotFound(searched=(("golden", REGION),))
REFUSALS: dict[str, tuple[Facts, RefusalKind, dict[str, Any]]] = {
    "nobody has it": (
        some_facts(NOT_FOUND),
        RefusalKind.IMAGE_NOT_FOUND,
        {"image": IMAGE, "searched": "golden eu-central-1"},
    ),
    "somebody else has it": (
        some_facts(replace(NOT_FOUND, owner=STRANGER)),
        RefusalKind.IMAGE_NOT_OWNED,
        {"image": IMAGE, "owner": STRANGER},
    ),
    "nobody could look": (
        some_facts(ImageNotFound(searched=(), unreadable=(Unreadable(NO_ENTRY),))),
        RefusalKind.SOURCE_UNREADABLE,
        {"why": NO_ENTRY},
    ),
    "its permissions can't be read": (
        some_facts(an_image(unreadable=(Unreadable(NO_ENTRY),))),
        RefusalKind.SOURCE_UNREADABLE,
        {"why": NO_ENTRY},
    ),
    "it failed": (
        some_facts(an_image(state="failed", state_reason="too bad")),
        RefusalKind.IMAGE_STATE,
        {"image": IMAGE, "state": "failed", "reason": "too bad"},
    ),
    "it is disabled": (some_facts(an_image(state="disabled")), RefusalKind.IMAGE_DISABLED, {"image": IMAGE}),
    "it has no snapshots by nature": (
        some_facts(an_image(root_device_type="instance-store", devices=())),
        RefusalKind.INSTANCE_STORE,
        {"image": IMAGE},
    ),
    "it has no snapshots": (some_facts(an_image(devices=())), RefusalKind.NO_SNAPSHOT, {"image": IMAGE}),
    "it is sold": (
        some_facts(an_image(product_codes=("b", "a"))),
        RefusalKind.MARKETPLACE_CODE,
        {"image": IMAGE, "codes": "a, b"},
    ),
    "its license is paid by the hour": (
        some_facts(an_image(usage_operation="RunInstances:0002", platform_details="Windows")),
        RefusalKind.BILLING_PRODUCT,
        {"image": IMAGE, "platform": "Windows"},
    ),
    "a snapshot can't be read": (
        replace(some_facts(keys=[]), snapshots={SNAPSHOT: Unreadable(NO_ENTRY)}),
        RefusalKind.SNAPSHOT_UNREADABLE,
        {"snapshot": SNAPSHOT, "why": NO_ENTRY},
    ),
    "a snapshot hides its key": (
        some_facts(snapshots=[a_snapshot(key_arn=None, encrypted=True)]),
        RefusalKind.SNAPSHOT_UNREADABLE,
        {"snapshot": SNAPSHOT, "why": because(CauseKind.KEY_NOT_NAMED)},
    ),
    "a snapshot isn't done": (
        some_facts(snapshots=[a_snapshot(state="pending")]),
        RefusalKind.SNAPSHOT_STATE,
        {"snapshot": SNAPSHOT, "state": "pending"},
    ),
    "a snapshot is archived": (
        some_facts(snapshots=[a_snapshot(storage_tier="archive")]),
        RefusalKind.SNAPSHOT_ARCHIVED,
        {"snapshot": SNAPSHOT},
    ),
    "AWS manages the key": (
        some_facts(keys=[a_key(manager="AWS", policy=None)]),
        RefusalKind.AWS_MANAGED_KEY,
        {"snapshots": SNAPSHOT, "key": KEY},
    ),
    "the key can't be read": (
        replace(some_facts(), keys={KEY: Unreadable(NO_ENTRY)}),
        RefusalKind.KEY_UNREADABLE,
        {"key": KEY, "why": NO_ENTRY},
    ),
    "the key is a stranger's": (
        some_facts(snapshots=[a_snapshot(key_arn=a_key_arn(STRANGER))], keys=[a_key(a_key_arn(STRANGER), policy=None)]),
        RefusalKind.KEY_FOREIGN,
        {"key": a_key_arn(STRANGER), "account": STRANGER},
    ),
    "the key is to be deleted": (
        some_facts(keys=[a_key(state="PendingDeletion")]),
        RefusalKind.KEY_STATE,
        {"key": KEY, "state": "PendingDeletion"},
    ),
    "the key is of another kind": (
        some_facts(keys=[a_key(spec="RSA_4096", usage="SIGN_VERIFY")]),
        RefusalKind.KEY_KIND,
        {"key": KEY, "spec": "RSA_4096", "usage": "SIGN_VERIFY"},
    ),
    "the key's imported material has expired": (
        replace(some_facts(keys=[a_key(valid_to=LAST_YEAR)]), read_at=an_image().created),
        RefusalKind.KEY_EXPIRED,
        {"key": KEY, "when": "2025-11-23"},
    ),
    "the target's imported key material has expired": (
        replace(
            some_facts(targets=[target_facts(key=a_key(a_key_arn(STAGING), valid_to=LAST_YEAR))]),
            read_at=an_image().created,
        ),
        RefusalKind.KEY_EXPIRED,
        {"key": a_key_arn(STAGING), "when": "2025-11-23"},
    ),
    "the policy can't be read": (
        some_facts(keys=[a_key(policy=Unreadable(NO_ENTRY))]),
        RefusalKind.POLICY_UNREADABLE,
        {"key": KEY, "why": NO_ENTRY},
    ),
    "the policy names the dead": (
        some_facts(keys=[a_key(policy=a_policy({"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE"}}))]),
        RefusalKind.POLICY_DELETED_PRINCIPALS,
        {"key": KEY, "principals": "AROAEXAMPLE"},
    ),
    "the policy denies": (
        some_facts(keys=[a_key(policy=a_policy(a_denial()))]),
        RefusalKind.POLICY_DENIES,
        {"key": KEY, "statement": "No strangers", "principals": a_principal(STAGING)},
    ),
    "the policy is written in no Latin": (
        some_facts(keys=[a_key(policy=a_policy({"Sid": "€", "Effect": "Deny"}))]),
        RefusalKind.POLICY_NOT_LATIN_1,
        {"key": KEY, "characters": "€"},
    ),
    "the role can't be assumed": (
        some_facts(targets=[target_facts(role=Unreadable(NO_ENTRY), key=None)]),
        RefusalKind.ROLE_NOT_ASSUMABLE,
        {"target": "staging", "role": a_role(STAGING).arn, "why": NO_ENTRY},
    ),
    "the target can't be read": (
        some_facts(targets=[target_facts(unreadable=(Unreadable(NO_ENTRY),))]),
        RefusalKind.TARGET_UNREADABLE,
        {"target": "staging", "why": NO_ENTRY},
    ),
    "the target's key can't be read": (
        some_facts(targets=[target_facts(key=Unreadable(NO_ENTRY))]),
        RefusalKind.TARGET_KEY_UNREADABLE,
        {"target": "staging", "key": "alias/ami", "why": NO_ENTRY},
    ),
    "the target's key is disabled": (
        some_facts(targets=[target_facts(key=a_key(a_key_arn(STAGING), state="Disabled"))]),
        RefusalKind.TARGET_KEY_STATE,
        {"target": "staging", "key": a_key_arn(STAGING), "state": "Disabled"},
    ),
    "the target's key is of another kind": (
        some_facts(targets=[target_facts(key=a_key(a_key_arn(STAGING), spec="HMAC_256", usage="GENERATE_VERIFY_MAC"))]),
        RefusalKind.TARGET_KEY_KIND,
        {"target": "staging", "key": a_key_arn(STAGING), "spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"},
    ),
    "every target has it": (
        some_facts(targets=[target_facts(copies=(a_copy(),))]),
        RefusalKind.NOTHING_TO_DO,
        {"image": IMAGE, "have": f"staging: {COPY} ({REGION})"},
    ),
    "every target has it, but for IMDSv2": (
        some_facts(an_image(imds_support="v2.0"), targets=[target_facts(copies=(a_copy(),))]),
        RefusalKind.COPY_WITHOUT_IMDS_V2,
        {"target": "staging", "copy": COPY},
    ),
}


@pytest.mark.parametrize(("facts", "kind", "details"), REFUSALS.values(), ids=REFUSALS)
def test_refused(facts: Facts, kind: RefusalKind, details: dict[str, Any]) -> None:
    assert refused(facts)[kind] == details


def test_every_kind_of_refusal_is_tested() -> None:
    elsewhere = {
        RefusalKind.POLICY_TOO_LARGE,
        RefusalKind.GRANTS_UNREADABLE,
        RefusalKind.AUTO_SCALING_ROLE_MISSING,
        RefusalKind.TARGET_IS_SOURCE,
        RefusalKind.NO_KEY_FOR_REGION,
        RefusalKind.OTHER_PARTITION,
        RefusalKind.SHARED_ELSEWHERE,
        RefusalKind.SHARING_QUOTA,
        RefusalKind.ORGANIZATION_CANT_COPY,
        RefusalKind.MEMBERS_UNREADABLE,
    }
    assert {kind for _, kind, _ in REFUSALS.values()} | elsewhere == set(RefusalKind)


def test_a_policy_without_room_is_refused_with_the_bytes_that_are_lacking() -> None:
    policy = a_policy({"Sid": "x" * 32_500, "Effect": "Deny"})
    details = refused(some_facts(keys=[a_key(policy=policy)]))[RefusalKind.POLICY_TOO_LARGE]
    assert int(details["size"]) - int(details["over"]) == 32_768


def test_an_image_is_not_shared_with_its_owner() -> None:
    request = a_request(a_target(GOLDEN), a_target(STAGING))
    assert refused(some_facts(), request) == {RefusalKind.TARGET_IS_SOURCE: {"target": f"account {GOLDEN}"}}


def test_a_target_without_a_key_for_the_region_is_refused() -> None:
    request = a_request(a_target(keys={}))
    facts = some_facts(targets=[target_facts(key=None)])
    assert refused(facts, request) == {RefusalKind.NO_KEY_FOR_REGION: {"target": "staging", "region": REGION}}


def test_nothing_crosses_the_partitions_of_aws() -> None:
    role = replace(a_role(STAGING), arn=RoleArn(f"arn:aws-cn:iam::{STAGING}:role/ami-share"))
    details = {"target": "staging", "partition": "aws-cn"}
    assert refused(some_facts(), a_request(a_target(role=role))) == {RefusalKind.OTHER_PARTITION: details}


def test_an_image_can_be_launched_in_its_own_region_alone() -> None:
    request = replace(a_request(mode=Mode.SHARE), regions=(ELSEWHERE,))
    details = {"image": IMAGE, "home": REGION, "region": ELSEWHERE}
    assert refused(some_facts(), request) == {RefusalKind.SHARED_ELSEWHERE: details}


def test_the_quota_of_accounts_an_image_is_shared_with_is_minded_before() -> None:
    others = frozenset(AccountId(f"{number:012}") for number in range(1, 1000))
    assert planned(some_facts(an_image(launch_permission=others)))
    facts = some_facts(an_image(launch_permission=others, launch_groups=frozenset({"arn:aws:organizations::1:ou/o/x"})))
    assert refused(facts) == {RefusalKind.SHARING_QUOTA: {"image": IMAGE, "entries": "1001", "limit": "1000"}}
    raised = replace(a_source(), sharing_quota=1001)
    assert isinstance(plan_share(a_request(), [raised], facts), Plan)


def test_the_quota_counts_neither_everybody_nor_who_is_there_already() -> None:
    others = frozenset(AccountId(f"{number:012}") for number in range(1, 1000))
    assert planned(some_facts(an_image(launch_permission=others, launch_groups=frozenset({"all"}))))
    lowered = replace(a_source(), sharing_quota=10)
    shared = some_facts(an_image(launch_permission=others | {STAGING}))
    assert isinstance(plan_share(a_request(), [lowered], shared), Plan), "nothing is added"


def test_the_quota_of_a_re_encrypted_copy_begins_with_nobody() -> None:
    others = frozenset(AccountId(f"{number:012}") for number in range(1, 1001))
    facts = some_facts(an_image(launch_permission=others), keys=[a_key(manager="AWS", policy=None), a_key(REENCRYPT)])
    assert planned(replace(facts, reencryptions={IMAGE: Reencryption(a_key(REENCRYPT))}))


def test_all_that_is_wrong_is_told_at_once() -> None:
    facts = some_facts(
        an_image(state="disabled", product_codes=("code",)),
        snapshots=[a_snapshot(storage_tier="archive")],
        keys=[a_key(state="Disabled", policy=a_policy(a_denial()))],
        targets=[target_facts(STAGING, role=Unreadable(NO_ENTRY), key=None), target_facts(PROD)],
    )
    assert set(refused(facts, a_request(a_target(STAGING), a_target(PROD)))) == {
        RefusalKind.IMAGE_DISABLED,
        RefusalKind.MARKETPLACE_CODE,
        RefusalKind.SNAPSHOT_ARCHIVED,
        RefusalKind.KEY_STATE,
        RefusalKind.POLICY_DENIES,
        RefusalKind.ROLE_NOT_ASSUMABLE,
    }


@pytest.mark.parametrize("usage_operation", ["", "RunInstances", "RunInstances:0800", "RunInstances:00g0"])
def test_an_image_whose_license_is_free_or_ones_own_can_be_copied(usage_operation: str) -> None:
    assert planned(some_facts(an_image(usage_operation=usage_operation)))


def test_sold_and_licensed_images_can_be_shared_though_not_copied() -> None:
    image = an_image(usage_operation="RunInstances:0002", product_codes=("code",))
    assert planned(some_facts(image), a_request(mode=Mode.SHARE))


def test_sharing_what_is_shared_changes_nothing_and_rests_on_it_all_the_same() -> None:
    facts = some_facts(
        an_image(launch_permission=frozenset({STAGING})),
        snapshots=[a_snapshot(key_arn=None, create_volume_permission=frozenset({STAGING}))],
    )
    plan = planned(facts, a_request(mode=Mode.SHARE))
    assert plan.changes == ()
    assert [grant.kind for grant in plan.grants] == ["add_create_volume_permission", "add_launch_permission"]


def test_what_is_wrong_with_the_source_is_no_matter_if_every_target_has_its_copy() -> None:
    facts = some_facts(an_image(state="disabled"), targets=[target_facts(copies=(a_copy(),))])
    assert set(refused(facts)) == {RefusalKind.NOTHING_TO_DO}


def test_nobody_is_refused_for_the_dead_if_the_policy_need_not_change() -> None:
    shared = allow_use(a_policy(), [a_principal(STAGING, "root")])
    dead = {"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE"}}
    key = a_key(policy=shared.with_statements([*shared.statements, dead]))
    assert not any(isinstance(change, AllowKeyUse) for change in planned(some_facts(keys=[key])).changes)


# What to know --------------------------------------------------------------------------------------------------------

MANY_TAGS = {f"tag-{number:02}": "x" for number in range(50)} | {"aws:made-by": "AWS"}
CAUTIONS: dict[str, tuple[Facts, CautionKind, dict[str, str]]] = {
    "a copy under another key": (
        some_facts(targets=[target_facts(copies=(a_copy(COPY, "available", a_key_arn(STAGING, "old")),))]),
        CautionKind.COPY_UNDER_OTHER_KEY,
        {"target": "staging", "copy": COPY},
    ),
    "a copy only partly under the key": (
        some_facts(targets=[target_facts(copies=(a_copy(COPY, "available", a_key_arn(STAGING), None),))]),
        CautionKind.COPY_UNDER_OTHER_KEY,
        {"target": "staging", "copy": COPY},
    ),
    "a copy under way": (
        some_facts(targets=[target_facts(copies=(a_copy(state="pending"), a_copy(OTHER_COPY, "failed")))]),
        CautionKind.COPY_UNDER_WAY,
        {"target": "staging", "copy": COPY},
    ),
    "the name is taken": (
        some_facts(targets=[target_facts(names_taken=frozenset({"golden 2026-11-23"}))]),
        CautionKind.NAME_TAKEN,
        {"target": "staging", "name": "golden 2026-11-23", "instead": f"golden 2026-11-23 {IMAGE}"},
    ),
    "too many tags": (
        some_facts(an_image(tags=MANY_TAGS)),
        CautionKind.TAGS_LEFT_OUT,
        {"tags": "tag-47, tag-48, tag-49"},
    ),
    "the policy may deny": (
        some_facts(
            keys=[a_key(policy=a_policy(a_denial(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-example"}})))]
        ),
        CautionKind.POLICY_MAY_DENY,
        {"key": KEY, "statement": "No strangers", "principals": a_principal(STAGING)},
    ),
    "a copy that can't be shared on": (
        some_facts(targets=[target_facts(key=a_key(a_key_arn(STAGING), manager="AWS"))]),
        CautionKind.TARGET_KEY_AWS_MANAGED,
        {"target": "staging"},
    ),
    "it is deprecated": (
        replace(some_facts(an_image(deprecation_time=LAST_YEAR)), read_at=an_image().created),
        CautionKind.IMAGE_DEPRECATED,
        {"image": IMAGE, "since": "2025-11-23", "copies": "deprecated"},
    ),
    "the key's imported material expires": (
        replace(some_facts(keys=[a_key(valid_to=IN_A_MONTH)]), read_at=an_image().created),
        CautionKind.KEY_EXPIRES,
        {"key": KEY, "when": "2026-12-23"},
    ),
    "the target's imported key material expires": (
        replace(
            some_facts(targets=[target_facts(key=a_key(a_key_arn(STAGING), valid_to=IN_A_MONTH))]),
            read_at=an_image().created,
        ),
        CautionKind.KEY_EXPIRES,
        {"key": a_key_arn(STAGING), "when": "2026-12-23"},
    ),
    "everybody has it": (
        some_facts(an_image(launch_groups=frozenset({"all"}))),
        CautionKind.IMAGE_PUBLIC,
        {"image": IMAGE},
    ),
}


@pytest.mark.parametrize(("facts", "kind", "details"), CAUTIONS.values(), ids=CAUTIONS)
def test_cautioned(facts: Facts, kind: CautionKind, details: dict[str, str]) -> None:
    plan = planned(facts)
    assert cautions(plan) == {kind: details}
    assert plan.changes[-1].kind == "copy_image"


def test_a_key_that_is_being_updated_does_everything() -> None:
    updating = target_facts(key=a_key(a_key_arn(STAGING), state="Updating"))
    assert planned(some_facts(keys=[a_key(state="Updating")], targets=[updating]))


def test_a_key_whose_material_lasts_longer_is_not_spoken_of() -> None:
    facts = some_facts(keys=[a_key(valid_to=IN_A_MONTH + timedelta(minutes=1))])
    assert planned(replace(facts, read_at=an_image().created)).cautions == ()


def test_launching_from_the_original_is_for_those_who_may_use_its_key() -> None:
    target = a_target(key_principals=(a_principal(STAGING, "role/deploy"),))
    plan = planned(request=replace(a_request(target, mode=Mode.SHARE), auto_scaling=True))
    details = (("target", "staging"), ("principals", a_principal(STAGING, "role/deploy")))
    assert plan.cautions == (Caution(CautionKind.KEY_USE_LIMITED, details),)


def test_every_kind_of_caution_is_tested() -> None:
    revocations = {
        CautionKind.STILL_SHARED,
        CautionKind.STILL_NEEDED,
        CautionKind.STILL_GIVEN,
        CautionKind.VOLUMES_NEED_KEY,
    }
    audits = {
        CautionKind.NOT_LOOKED_AT,
        CautionKind.CANNOT_BE_PUT_RIGHT,
        CautionKind.SOURCE_GONE,
        CautionKind.SOURCE_DISABLED,
        CautionKind.COPY_LOST,
        CautionKind.SHARED_BEYOND,
    }
    organizations = {kind for kind in CautionKind if "members" in kind or "organization" in kind}
    reencryptions = {CautionKind.REENCRYPTED_FIRST, CautionKind.STANDS_IN, CautionKind.SAME_IMAGE}
    keys = {
        CautionKind.KEY_USE_LIMITED,
        CautionKind.KEY_USED_BY_MANY,
        CautionKind.KEY_ADMINISTRATORS,
        CautionKind.OWN_PRINCIPALS_DELETED,
        CautionKind.AUTO_SCALING_LEFT_OUT,
        CautionKind.AUTO_SCALING_NOT_NEEDED,
    }
    hiding = {
        CautionKind.IMAGE_HIDDEN,
        CautionKind.IMAGE_HIDDEN_FROM_COPY,
        CautionKind.IMAGE_MAY_BE_HIDDEN,
        CautionKind.IMAGE_WOULD_BE_HIDDEN,
        CautionKind.ALLOWED_IMAGES_UNREAD,
    }
    elsewhere = {
        CautionKind.COPY_IN_USE,
        CautionKind.REUSED_WITHOUT_IMDS_V2,
        CautionKind.USE_UNREAD,
        *keys,
        *hiding,
        *revocations,
        *audits,
        *reencryptions,
        *organizations,
    }
    assert {kind for _, kind, _ in CAUTIONS.values()} | elsewhere == set(CautionKind)


def test_the_copy_gets_the_name_that_was_announced_and_the_tags_that_there_is_room_for() -> None:
    facts = some_facts(an_image(tags=MANY_TAGS), targets=[target_facts(names_taken=frozenset({"golden 2026-11-23"}))])
    copy = planned(facts).changes[-1]
    assert copy.name == f"golden 2026-11-23 {IMAGE}"
    assert len(copy.tags) == 47
    assert not any(key.startswith("aws:") for key, _ in copy.tags)


# What always holds ---------------------------------------------------------------------------------------------------

accounts = [STAGING, PROD, AccountId("444444444444")]
some_accounts = st.frozensets(st.sampled_from(accounts))


@st.composite
def facts_in_any_state(draw: st.DrawFn) -> Facts:
    """Facts that can be planned on, of which any part may be done already.

    What is under the AWS managed key may have to be re-encrypted, or its re-encrypted copy may be there.
    """
    keys = [a_key_arn(GOLDEN, name) for name in ("one", "two")]
    snapshots = [
        a_snapshot(
            snapshot_id,
            key_arn=draw(st.sampled_from([None, *keys, MANAGED])),
            create_volume_permission=draw(some_accounts),
        )
        for snapshot_id in (SNAPSHOT, SECOND)
    ]
    users = st.lists(
        st.sampled_from([*(a_principal(one, "root") for one in accounts), an_organization().path, a_unit().path])
    )
    own = [*keys, REENCRYPT]
    policies = [allow_use(a_policy(), draw(users)) for _ in own]
    policies = [
        allow_administration(policy, [a_principal(account, "user/ann") for account in draw(some_accounts)])
        for policy in policies
    ]
    grantees = ("root", "role/deploy", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    grants = [
        tuple(a_grant(a_principal(account, name)) for name in grantees for account in draw(some_accounts)) for _ in own
    ]
    devices = st.lists(st.sampled_from((SNAPSHOT, SECOND)), min_size=1, unique=True)
    images = [
        an_image(
            image_id=image_id,
            created=an_image().created + timedelta(days=draw(st.integers(0, 2))),
            devices=tuple(Device(f"/dev/{one}", one) for one in draw(devices)),
            launch_permission=draw(some_accounts),
            launch_groups=draw(st.frozensets(st.sampled_from([an_organization().arn, a_unit().arn, "all"]))),
        )
        for image_id in (IMAGE, OTHER)
    ]
    members = {a_unit().arn: draw(some_accounts) | {GOLDEN}}
    places = [target_facts(account) for account in accounts] + [elsewhere(account) for account in accounts]
    own_keys = [
        a_key(arn, policy=policy, grants=granted) for arn, policy, granted in zip(own, policies, grants, strict=True)
    ]
    facts = some_facts(
        images,
        snapshots,
        keys=[*own_keys, a_key(MANAGED, manager="AWS", policy=None)],
        targets=[
            replace(place, copies=tuple(copy for copy in copies_of_both(place.key.arn) if draw(st.booleans())))
            for place in places
        ],
    )
    managed = {one.snapshot_id for one in snapshots if one.key_arn == MANAGED}
    due = [one.image_id for one in images if managed & {device.snapshot_id for device in one.devices}]
    facts = replace(facts, members=members, reencryptions=dict.fromkeys(due, Reencryption(facts.keys[REENCRYPT])))
    return reencrypted(facts, [image_id for image_id in due if draw(st.booleans())])


def copies_of_both(key: KeyArn) -> list[ExistingCopy]:
    return [a_copy(COPY, "available", key), replace(a_copy(OTHER_COPY, "available", key), source_image_id=OTHER)]


def reencrypted(facts: Facts, image_ids: Iterable[ImageId]) -> Facts:
    """The facts once the images have their re-encrypted copies."""
    orders = (ReencryptImage(GOLDEN, REGION, one, f"re-encrypted {one}", "", REENCRYPT, ()) for one in image_ids)
    return reduce(lambda done, order: after(order, done), orders, facts)


@st.composite
def requests(draw: st.DrawFn) -> ShareRequest:
    """Requests for one image or both, by copies anywhere or from the original, there for organizations too."""
    targets = [
        a_target(
            account,
            key_administrators=draw(st.sampled_from([(), (a_principal(account, "user/ann"),)])),
            parameter=draw(st.sampled_from([None, "/golden/latest", "/golden/{name}", "/{created}"])),
        )
        for account in draw(st.lists(st.sampled_from(accounts), min_size=1, unique=True))
    ]
    images = draw(st.lists(st.sampled_from((IMAGE, OTHER)), min_size=1, unique=True))
    regions = st.lists(st.sampled_from((REGION, ELSEWHERE)), unique=True)
    mode = draw(st.sampled_from(Mode))
    chosen = draw(regions) if mode.copies else []
    organizations = st.lists(st.sampled_from((an_organization(), a_unit())), unique=True)
    return replace(
        everywhere(*targets),
        image_ids=tuple(images),
        mode=mode,
        regions=tuple(chosen),
        organizations=tuple(draw(organizations)) if mode is Mode.SHARE else (),
        auto_scaling=mode is Mode.SHARE and draw(st.booleans()),
    )


a_source_by_either_access = st.builds(
    lambda access, of_one: replace(a_source(), key_access=access, key_access_of={a_key_arn(GOLDEN, "one"): of_one}),
    st.sampled_from(KeyAccess),
    st.sampled_from(KeyAccess),
)


def shuffled(facts: Facts, order: Callable[[dict[Any, Any]], dict[Any, Any]]) -> Facts:
    return replace(
        facts,
        images=order(facts.images),
        snapshots=order(facts.snapshots),
        keys=order(facts.keys),
        targets=order(facts.targets),  # type: ignore[arg-type]
    )


@given(facts_in_any_state(), requests(), a_source_by_either_access, st.randoms())
def test_no_order_makes_a_difference(facts: Facts, request_: ShareRequest, source: SourceAccount, dice: Any) -> None:
    def reordered(mapping: dict[Any, Any]) -> dict[Any, Any]:
        return {key: mapping[key] for key in dice.sample(list(mapping), len(mapping))}

    again = replace(
        request_,
        image_ids=tuple(dice.sample(request_.image_ids, len(request_.image_ids))),
        targets=tuple(dice.sample(request_.targets, len(request_.targets))),
        organizations=tuple(dice.sample(request_.organizations, len(request_.organizations))),
        regions=tuple(dice.sample(request_.regions, len(request_.regions))),
    )
    plan = plan_share(request_, [source], facts)
    assert plan_share(again, [source], shuffled(facts, reordered)) == plan


@given(facts_in_any_state(), requests(), a_source_by_either_access, st.data())
def test_after_a_plan_there_is_nothing_left_to_plan_wherever_it_is_planned_again(
    facts: Facts, request_: ShareRequest, source: SourceAccount, data: st.DataObject
) -> None:
    plan = plan_share(request_, [source], facts)
    if isinstance(plan, Plan):
        halfway = data.draw(st.integers(0, len(plan.changes)))
        facts = reduce(lambda done, change: after(change, done), plan.changes[:halfway], facts)
        plan_anew = plan_share(request_, [source], facts)
        if isinstance(plan_anew, Plan):
            assert exceeds(plan_anew, plan) == (), "what is left to do was approved"
            facts = reduce(lambda done, change: after(change, done), plan_anew.changes, facts)
    again = plan_share(request_, [source], facts)
    if isinstance(again, Refused):
        assert [refusal.kind for refusal in again.refusals] == [RefusalKind.NOTHING_TO_DO]
    else:
        assert again.changes == ()
        assert not request_.mode.copies, "who has a copy of its own needs nothing of the source"


@given(facts_in_any_state(), requests(), a_source_by_either_access)
def test_a_plan_does_not_exceed_itself_and_survives_its_storage(
    facts: Facts, request_: ShareRequest, source: SourceAccount
) -> None:
    plan = plan_share(request_, [source], facts)
    if isinstance(plan, Plan):
        assert exceeds(plan, plan) == ()
        assert load(dump(plan)) == plan
        assert digest(load(dump(plan))) == digest(plan)


def ways(request: ShareRequest) -> Iterator[tuple[ImageId, TargetAccount, Region]]:
    return (
        product(request.image_ids, request.targets, request.regions or (REGION,)) if request.mode.copies else iter(())
    )


@given(facts_in_any_state(), requests(), requests())
def test_what_exceeds_an_approval_is_exactly_what_was_not_asked_then(
    facts: Facts, earlier: ShareRequest, later: ShareRequest
) -> None:
    approved, plan = (plan_share(one, [a_source()], facts) for one in (earlier, later))
    if isinstance(approved, Plan) and isinstance(plan, Plan):
        asked = {(image, target.role.account_id, region) for image, target, region in ways(earlier)}
        copies = [change for change in exceeds(plan, approved) if isinstance(change, CopyImage)]
        assert not any((one.source_image_id, one.account_id, one.region) in asked for one in copies)
        same_images = set(later.image_ids) <= set(earlier.image_ids) and earlier.regions == later.regions
        if same_images and plan.mode is approved.mode and earlier.auto_scaling == later.auto_scaling:
            beyond = str(exceeds(plan, approved))
            unchanged = [target.role.account_id for target in earlier.targets if target in later.targets]
            assert not any(account in beyond for account in unchanged)


# What an approval covers ---------------------------------------------------------------------------------------------


def test_a_digest_is_of_what_is_done_and_nothing_else() -> None:
    plan = planned()
    assert digest(plan) == digest(replace(plan, cautions=(Caution(CautionKind.IMAGE_PUBLIC, ()),)))
    assert digest(plan) != digest(planned(request=a_request(a_target(PROD))))
    assert len(digest(plan)) == 64
    (noted,) = plan.policies
    assert noted.key_arn == KEY
    assert digest(plan) == digest(replace(plan, policies=()))
    assert exceeds(plan, replace(plan, policies=())) == ()


def test_a_plan_that_was_stored_before_policies_were_noted_is_still_read() -> None:
    stored = json.loads(dump(planned()))
    del stored["policies"]
    plan = load(json.dumps(stored))
    assert digest(plan) == digest(planned())
    before, after = policies_after(plan)[KEY]
    assert before.statements == ()
    assert own_users(after) == {a_principal(STAGING, "root")}


def test_what_becomes_of_the_bot_s_own_statements_can_be_shown() -> None:
    there = allow_use(a_policy(), [a_principal(PROD, "root")])
    before, after = policies_after(planned(some_facts(keys=[a_key(policy=there)])))[KEY]
    assert own_users(before) == {a_principal(PROD, "root")}
    assert own_users(after) == {a_principal(PROD, "root"), a_principal(STAGING, "root")}
    assert len(before.statements) == len(after.statements) == 2, "what others wrote isn't shown"


def test_what_exceeds_an_approval_names_only_what_was_not_approved() -> None:
    approved = planned()
    wider = planned(request=a_request(a_target(STAGING), a_target(PROD)))
    assert exceeds(wider, approved) == (
        AllowKeyUse(KEY, (a_principal(PROD, "root"),)),
        AddCreateVolumePermission(GOLDEN, REGION, SNAPSHOT, (PROD,)),
        AddLaunchPermission(GOLDEN, REGION, IMAGE, (PROD,)),
        wider.changes[-1],
    )
    assert exceeds(approved, wider) == ()


def test_a_copy_under_another_name_is_covered_but_not_under_another_key() -> None:
    plan = planned()
    [*grants, copy] = plan.changes
    renamed = replace(plan, changes=(*grants, replace(copy, name="other", tags=())))
    rekeyed = replace(plan, changes=(*grants, replace(copy, key_arn=a_key_arn(STAGING, "other"))))
    assert exceeds(renamed, plan) == ()
    assert exceeds(rekeyed, plan) == (rekeyed.changes[-1],)


def test_what_is_no_plan_is_not_loaded() -> None:
    with pytest.raises(ValueError, match="validation error"):
        load(json.dumps({"image_id": IMAGE}))


def test_a_policy_that_kms_prints_otherwise_changes_no_plan() -> None:
    pretty = parse(json.dumps(json.loads(a_policy().text), indent=2))
    assert digest(planned(some_facts(keys=[a_key(policy=pretty)]))) == digest(planned())
