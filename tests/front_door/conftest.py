"""Looks at each change that reaches AWS for its record in the audit trail."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from playground.aws import StrictAws
from playground.aws.wire import HttpRequest
from sharing.tables import audit_events
from tests.effects import operation
from tests.stage import Stage

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
