"""The audit trail: what is about to be changed at AWS is on record before it is, with the state before."""

import pytest

from playground.aws import Disk
from tests.front_door.conftest import NAMED
from tests.front_door.test_taking_back import shared, taken_back
from tests.stage import PROD, REGION, STAGING, Stage


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
