"""`createVolumePermission`: which accounts may read a snapshot. Launch permission of an image does not give it."""

from typing import Any

from playground.aws import snapshots
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError, NotServed
from playground.aws.ids import ACCOUNT

_CHANGES_A_CALL = 500  # EC2 API, ModifySnapshotAttribute


@serves("ec2", "ModifySnapshotAttribute")
def modify_snapshot_attribute(call: Call) -> dict[str, Any]:
    """Add accounts or remove them, in either of two forms; never both in one call."""
    snapshot_id = call.parameters["SnapshotId"]
    add, remove = _asked(call)
    context = {
        key: values
        for verb, entries in (("Add", add), ("Remove", remove))
        for key, values in (
            (f"ec2:{verb}/userId", [entry for entry in entries if entry != "all"]),
            (f"ec2:{verb}/group", [entry for entry in entries if entry == "all"]),
        )
        if values
    }
    call.authorize(snapshots.on_snapshot(call, "ModifySnapshotAttribute", snapshot_id, context))
    snapshot = snapshots.find_own(call, snapshot_id)
    if add and remove:
        told = "Cannot add and remove snapshot permissions in a single call."
        raise AwsError("InvalidParameterCombination", told)
    if len(add) + len(remove) > _CHANGES_A_CALL:
        raise AwsError("InvalidParameterValue", f"No more than {_CHANGES_A_CALL} modifications are allowed.")
    for account_id in {*add, *remove} - {"all"}:
        if not ACCOUNT.fullmatch(account_id):
            raise AwsError("InvalidParameterValue", f"Value ({account_id}) for parameter userId is invalid.")
    if add and snapshot.is_under_aws_managed_key(call.aws):
        # Code and text as real AWS gave them to DataDog's stratus-red-team.
        told = "Encrypted snapshots with EBS default key cannot be shared"
        raise AwsError("OperationNotPermitted", told)
    if "all" in add and snapshot.encrypted:
        raise AwsError("OperationNotPermitted", "Encrypted snapshots cannot be made public")
    own = {snapshot.owner}  # accepted, and never listed (hashicorp/terraform-provider-aws #12102)
    permissions = (snapshot.permissions.latest | set(add)) - set(remove) - own
    snapshot.permissions.write(permissions, call.now, call.aws.volume_permission_spreads_after)
    return {}


def _asked(call: Call) -> tuple[list[str], list[str]]:
    parameters = call.parameters
    _refuse_other_attributes(parameters.get("Attribute", "createVolumePermission"))
    if "CreateVolumePermission" in parameters:
        asked = parameters["CreateVolumePermission"]
        return _entries(asked.get("Add", ())), _entries(asked.get("Remove", ()))
    entries = [*parameters.get("UserIds", ()), *parameters.get("GroupNames", ())]
    operation = parameters.get("OperationType")
    if operation not in ("add", "remove"):
        raise AwsError("MissingParameter", "The request must contain the parameter operationType")
    return (entries, []) if operation == "add" else ([], entries)


def _entries(items: list[dict[str, str]]) -> list[str]:
    return [value for item in items for value in item.values()]


@serves("ec2", "DescribeSnapshotAttribute")
def describe_snapshot_attribute(call: Call) -> dict[str, Any]:
    """For the owner only, as it was last written."""
    snapshot_id = call.parameters["SnapshotId"]
    _refuse_other_attributes(call.parameters["Attribute"])
    call.authorize(snapshots.on_snapshot(call, "DescribeSnapshotAttribute", snapshot_id))
    snapshot = snapshots.find_own(call, snapshot_id)
    listed = [{"Group": e} if e == "all" else {"UserId": e} for e in sorted(snapshot.permissions.latest)]
    return {"SnapshotId": snapshot.id, "CreateVolumePermissions": listed}


def _refuse_other_attributes(attribute: str) -> None:
    if attribute != "createVolumePermission":
        raise NotServed(f"the snapshot attribute {attribute}")
