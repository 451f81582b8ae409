"""Snapshots: what they are, who can see them, and how `DescribeSnapshots` tells of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from playground.aws.calls import Call, resource_context, serves
from playground.aws.delayed import Delayed
from playground.aws.errors import AwsError
from playground.aws.filters import filtered, page, tag_list
from playground.aws.policies import Ask

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

SnapshotState = Literal["pending", "completed", "error", "recoverable", "recovering"]
_PAGE_SIZES = range(5, 1001)  # EC2 API, DescribeSnapshots


@dataclass(eq=False, kw_only=True)
class Snapshot:
    """An EBS snapshot. `size` is in GiB, `progress` in percent."""

    id: str
    owner: str
    region: str
    size: int
    started: datetime
    key_arn: str | None = None
    state: SnapshotState = "completed"
    state_message: str | None = None
    progress: int = 100
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    storage_tier: str = "standard"
    volume_id: str = "vol-ffffffff"
    permissions: Delayed[frozenset[str]] = field(default_factory=lambda: Delayed(frozenset()))

    @property
    def arn(self) -> str:
        return f"arn:aws:ec2:{self.region}::snapshot/{self.id}"

    @property
    def encrypted(self) -> bool:
        return self.key_arn is not None

    @property
    def create_volume_permission(self) -> set[str]:
        """Account ids, and `all` for a public snapshot, as the owner sees them."""
        return set(self.permissions.latest)

    def may_be_read_by(self, account_id: str, now: datetime) -> bool:
        """Say whether the account has `createVolumePermission`: enough to copy it, or an image that stands on it."""
        return account_id == self.owner or not {account_id, "all"}.isdisjoint(self.permissions.at(now))

    def is_under_aws_managed_key(self, aws: "StrictAws") -> bool:
        return self.key_arn in aws.keys and aws.keys[self.key_arn].manager == "AWS"


def images_using(aws: "StrictAws", snapshot: Snapshot) -> list[str]:
    return [image.id for image in aws.images.values() if snapshot in image.snapshots]


def find(call: Call, snapshot_id: str, region: str | None = None) -> Snapshot:
    """Find a snapshot that the caller can read. Raises `InvalidSnapshot.NotFound` of any other."""
    snapshot = call.aws.snapshots.get(snapshot_id)
    if (
        snapshot is None
        or snapshot.region != (region or call.region)
        or not snapshot.may_be_read_by(call.account_id, call.now)
    ):
        raise AwsError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
    return snapshot


def find_own(call: Call, snapshot_id: str) -> Snapshot:
    snapshot = find(call, snapshot_id)
    if snapshot.owner != call.account_id:
        raise AwsError("AuthFailure", f"Not authorized for snapshot:{snapshot_id}")
    return snapshot


def on_snapshot(call: Call, action: str, snapshot_id: str, context: dict[str, list[str]] | None = None) -> Ask:
    """Return the question whether the caller may do `action` to the snapshot."""
    snapshot = call.aws.snapshots.get(snapshot_id)
    known = resource_context(snapshot.owner, snapshot.tags) if snapshot is not None else {}
    resource = f"arn:aws:ec2:{call.region}::snapshot/{snapshot_id}"
    return Ask(f"ec2:{action}", resource, {**known, **(context or {})})


@serves("ec2", "DescribeSnapshots")
def describe_snapshots(call: Call) -> dict[str, Any]:
    """Readable snapshots, narrowed by owners, by who may restore them, and by filters; named ones must exist."""
    call.authorize(Ask("ec2:DescribeSnapshots"))
    parameters, me, now = call.parameters, call.account_id, call.now
    limit = parameters.get("MaxResults")
    if limit is not None and limit not in _PAGE_SIZES:
        told = f"Value ( {limit} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."
        raise AwsError("InvalidParameterValue", told)
    named = parameters.get("SnapshotIds")
    if named:
        found = [find(call, snapshot_id) for snapshot_id in named]
    else:
        everything = (each for each in call.aws.snapshots.values() if each.region == call.region)
        found = [snapshot for snapshot in everything if snapshot.may_be_read_by(me, now)]
    if "OwnerIds" in parameters:
        owners = [me if owner == "self" else owner for owner in parameters["OwnerIds"]]
        found = [snapshot for snapshot in found if snapshot.owner in owners]
    if "RestorableByUserIds" in parameters:
        users = {me if user == "self" else user for user in parameters["RestorableByUserIds"]}
        found = [each for each in found if users & ({each.owner} | each.permissions.at(now))]
    chosen, token = page(
        filtered(found, parameters.get("Filters", ()), _FILTERS, lambda s: s.tags if s.owner == me else {}), parameters
    )
    return {"Snapshots": [_described(snapshot, me) for snapshot in chosen], "NextToken": token}


_FILTERS = {
    "description": lambda snapshot: snapshot.description,
    "encrypted": lambda snapshot: snapshot.encrypted,
    "owner-id": lambda snapshot: snapshot.owner,
    "progress": lambda snapshot: f"{snapshot.progress}%",
    "snapshot-id": lambda snapshot: snapshot.id,
    "start-time": lambda snapshot: snapshot.started.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "status": lambda snapshot: snapshot.state,
    "storage-tier": lambda snapshot: snapshot.storage_tier,
    "volume-id": lambda snapshot: snapshot.volume_id,
    "volume-size": lambda snapshot: snapshot.size,
}


def _described(snapshot: Snapshot, account_id: str) -> dict[str, Any]:
    """Tell of a snapshot. Whose it is not sees that it is encrypted, not under which key, and no tags."""
    mine = snapshot.owner == account_id
    return {
        "SnapshotId": snapshot.id,
        "OwnerId": snapshot.owner,
        "VolumeId": snapshot.volume_id,
        "VolumeSize": snapshot.size,
        "State": snapshot.state,
        "StateMessage": snapshot.state_message,
        "StartTime": snapshot.started,
        "Progress": f"{snapshot.progress}%",
        "Description": snapshot.description,
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.key_arn if mine else None,
        "StorageTier": snapshot.storage_tier,
        "Tags": tag_list(snapshot.tags if mine else {}),
    }


@serves("ec2", "DeleteSnapshot")
def delete_snapshot(call: Call) -> dict[str, Any]:
    snapshot_id = call.parameters["SnapshotId"]
    call.authorize(on_snapshot(call, "DeleteSnapshot", snapshot_id))
    snapshot = find_own(call, snapshot_id)
    for image_id in images_using(call.aws, snapshot):
        raise AwsError("InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {image_id}")
    del call.aws.snapshots[snapshot.id]
    return {}
