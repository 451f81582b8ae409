"""The audit trail: what is about to be changed at AWS is on record before it is, with the state before."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from playground.aws import Disk, StrictAws
from playground.aws.wire import HttpRequest
from sharing.tables import audit_events
from tests.effects import operation
from tests.front_door.test_taking_back import shared, taken_back
from tests.stage import PROD, REGION, STAGING, Stage

# Of each change, what its record must name: one of the list's entries, or the resource itself.
NAMED = {
    "PutKeyPolicy": ("key_policy_change", "arn:aws:kms"),
    "CreateGrant": ("key_grant_change", "arn:aws:kms"),
    "RevokeGrant": ("key_grant_change", "arn:aws:kms"),
    "ModifySnapshotAttribute": ("snapshot_permission_change", "snap-"),
    "ModifyImageAttribute": ("image_permission_change", "ami-"),
    "DeregisterImage": ("copy_deregistration", "ami-"),
}


@pytest.fixture
def unrecorded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The changes that reached AWS with no record of their own in the audit trail."""
    found: list[str] = []
    seen: set[int] = set()
    answer = StrictAws.answer

    def looked_up(aws: StrictAws, request: HttpRequest) -> Any:
        if (change := operation(request)) in NAMED:
            kind, named = NAMED[change]
            with stage.bot.store.transaction() as tx:
                rows = tx.connection.execute(select(audit_events).where(audit_events.c.kind == kind)).mappings().all()
            fresh = [row for row in rows if row["id"] not in seen and named in json.dumps(row["details"])]
            seen.update(row["id"] for row in fresh)
            found.extend([] if fresh else [change])
        return answer(aws, request)

    monkeypatch.setattr(StrictAws, "answer", looked_up)
    return found


@pytest.mark.parametrize("access", ["policy", "grant"])
def test_every_change_is_on_record_before_it_reaches_aws(stage: Stage, unrecorded: list[str], access: str) -> None:
    stage.replace_settings(
        'external_id = "ami-share-images"', f'external_id = "ami-share-images"\nkey_access = "{access}"'
    )
    disks = [Disk(gib=4, key=stage.images.key(REGION)), Disk(gib=4)]
    image = stage.images.image(REGION, name="golden", devices=disks)
    share = shared(stage, f"{image} to staging, prod")
    taken_back(stage, share, "and deregister the copies")
    made = {call.operation for call in stage.aws.journal.calls()} & NAMED.keys()
    expected = {"PutKeyPolicy"} if access == "policy" else {"CreateGrant", "RevokeGrant"}
    assert made == {*expected, "ModifySnapshotAttribute", "ModifyImageAttribute", "DeregisterImage"}
    assert unrecorded == []
    assert not any(stage.aws.account(one).images(REGION) for one in (STAGING, PROD))
    trail = stage.bot.store.audit_trail(share)
    assert [details["before"] for _, _, kind, details in trail if kind == "image_permission_change"] == [[]]
