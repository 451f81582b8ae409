"""Copies of images and snapshots: asked for in one call, done or failed some time after it.

Nothing runs in the background. `Copies.settle(now)` moves every copy to where it would be by `now`; it is called at the
start of each call, so that a later change of a policy can't overtake a decision that was already due. The decision
whether the keys may be used comes late: "AWS authenticates the KMS key asynchronously ... the action can appear to
complete, but eventually fails" (EC2 API reference, CopyImage).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from playground.aws import images, key_access, keys, snapshots, tags
from playground.aws.calls import Call, request_context, resource_context, serves
from playground.aws.errors import AwsError
from playground.aws.filters import tag_dict, tag_list
from playground.aws.identities import Credentials
from playground.aws.image_events import State
from playground.aws.images import Image
from playground.aws.keys import Key
from playground.aws.policies import Ask
from playground.aws.snapshots import Snapshot

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")  # EC2 API, CopyImage.Name
_TAGGABLE = {"image", "snapshot"}
# What is launched without a license paid by the hour: nothing, or one that the account brings (EC2 User Guide, "AMI
# billing information fields": Windows BYOL, Red Hat BYOL Linux).
_BRINGS_ITS_LICENSE = {"RunInstances", "RunInstances:0800", "RunInstances:00g0"}
_LONGEST_TOKEN = 64  # EC2 API, "Ensuring idempotency"; the model allows 128

# Observed: aws-samples/aws-backup-automation #2, packer #6737, the Image Builder sample; EBS guide "Copy a snapshot".
_INACCESSIBLE = "Given key ID is not accessible"
_IMAGE_FAILED = "AMI snapshot copy failed with error: "
_ADVICE = ". You must have DescribeKey permissions on the default CMK"


@dataclass(kw_only=True)
class SnapshotCopy:
    """One snapshot on its way. `key_id` is what was asked for, `snapshot.key_arn` what it resolved to."""

    snapshot: Snapshot
    source: Snapshot
    caller: Credentials
    key_id: str | None
    started: datetime
    decides: datetime
    ends: datetime
    decided: bool = False

    def settle(self, aws: "StrictAws", now: datetime) -> None:
        """Move the snapshot to `now`: it gains percents, fails on its keys, or completes."""
        snapshot = self.snapshot
        if not self.decided and now >= self.decides:
            self.decided = True
            refusal = self._refusal(aws)
            if refusal is not None:
                snapshot.state, snapshot.state_message = "error", refusal
        if snapshot.state != "pending":
            return
        if now >= self.ends:
            snapshot.state, snapshot.progress = "completed", 100
        else:
            snapshot.progress = int(100 * (now - self.started) / (self.ends - self.started))

    def _refusal(self, aws: "StrictAws") -> str | None:
        """Say why the keys can't be used, by what was in force at the moment of decision, or None if they can."""
        if self.source.key_arn is not None and not self._may_read(aws, aws.keys[self.source.key_arn]):
            return _INACCESSIBLE
        if self.key_id is None:
            return None
        key = aws.keys.get(self.snapshot.key_arn or "")
        if key is None:
            return f"The specified keyId {self.key_id} is invalid"
        return None if self._may_write(aws, key) else _INACCESSIBLE

    def _may_read(self, aws: "StrictAws", key: Key) -> bool:
        return key_access.may_read_through_ec2(aws, key, self.caller, self.decides)

    def _may_write(self, aws: "StrictAws", key: Key) -> bool:
        """The target key's side of "Permissions for EBS encryption" (EBS User Guide); the least is not known."""
        needed = ("DescribeKey", "CreateGrant", "GenerateDataKeyWithoutPlaintext")
        return key.works_for_ebs and key_access.allowed_through_ec2(aws, key, self.caller, needed, self.decides)


@dataclass(kw_only=True)
class ImageCopy:
    """An image on its way, and the snapshots it waits for; they can be seen from `appears` on."""

    image: Image
    parts: list[SnapshotCopy]
    appears: datetime
    request_id: str

    def settle(self, aws: "StrictAws", now: datetime) -> None:
        """Move the image to `now`. One snapshot that fails ends it all."""
        if now < self.appears:
            return
        for part in self.parts:
            aws.snapshots.setdefault(part.snapshot.id, part.snapshot)
            part.settle(aws, now)
        failed = next((part.snapshot for part in self.parts if part.snapshot.state == "error"), None)
        if failed is not None:
            self._fail(failed.state_message or "")
        elif all(part.snapshot.state == "completed" for part in self.parts):
            self.image.state = "available"

    def _fail(self, message: str) -> None:
        self.image.state = "failed"
        self.image.failure = _IMAGE_FAILED + message + (_ADVICE if message == _INACCESSIBLE else "")
        for part in self.parts:
            part.snapshot.state, part.snapshot.state_message = "error", message


class Copies:
    """The copies under way, and the client tokens of those ever asked for."""

    def __init__(self, aws: "StrictAws") -> None:
        self._aws = aws
        self.images: list[ImageCopy] = []
        self.snapshots: list[SnapshotCopy] = []
        self.tokens: dict[tuple[str, str, str], tuple[Mapping[str, Any], str]] = {}

    def images_into(self, account_id: str, region: str) -> int:
        return sum((copy.image.owner, copy.image.region) == (account_id, region) for copy in self.images)

    def snapshots_into(self, account_id: str, region: str) -> int:
        return sum((copy.snapshot.owner, copy.snapshot.region) == (account_id, region) for copy in self.snapshots)

    def stop(self, image: Image) -> None:
        """Drop the copy whose image is deregistered, if there is one, with the snapshots made so far."""
        for copy in [copy for copy in self.images if copy.image is image]:
            self.images.remove(copy)
            for snapshot in image.snapshots:
                self._aws.snapshots.pop(snapshot.id, None)

    def settle(self, now: datetime) -> None:
        """Move every copy to `now`."""
        for image_copy in self.images:
            image_copy.settle(self._aws, now)
        for snapshot_copy in self.snapshots:
            snapshot_copy.settle(self._aws, now)
        ended = [copy for copy in self.images if copy.image.state != "pending"]
        self.images = [copy for copy in self.images if copy.image.state == "pending"]
        for image_copy in ended:
            state: State = "failed" if image_copy.image.state == "failed" else "available"
            self._aws.image_events.tell(image_copy.image, state, image_copy.request_id)
        self.snapshots = [copy for copy in self.snapshots if copy.snapshot.state == "pending"]


@serves("ec2", "CopyImage")
def copy_image(call: Call) -> dict[str, Any]:
    """Start a copy into the caller's account and region, and answer with the id that it will have."""
    aws, parameters = call.aws, call.parameters
    image_tags, snapshot_tags = _tag_specifications(call)
    _authorize_copy_image(call, image_tags, snapshot_tags)
    token = (call.account_id, call.region, parameters["ClientToken"]) if "ClientToken" in parameters else None
    if token is not None:
        if len(token[2]) > _LONGEST_TOKEN:
            raise AwsError("InvalidParameterValue", "The client token must be at most 64 characters long.")
        if token in aws.copies.tokens:
            return {"ImageId": _repeated(call, *aws.copies.tokens[token])}
    sight = images.is_visible if aws.allowed_images_bind_copies else images.may_launch
    source = images.find(call, parameters["SourceImageId"], parameters["SourceRegion"], sight)
    _refuse_image(call, source)
    if parameters.get("CopyImageTags"):
        own = {key: value for key, value in source.tags_seen_by(call.account_id).items() if not key.startswith("aws:")}
        image_tags = own | image_tags
    tags.refuse_reserved({**image_tags, **snapshot_tags})
    keys_asked = _keys_asked(call, source.snapshots)
    if aws.copies.images_into(call.account_id, call.region) >= aws.image_copies_at_once:
        raise _too_many("image")  # the limit is documented, the code is CopySnapshot's
    image = _pending_image(call, source, image_tags)
    parts = []
    for mapping in image.mappings:
        if mapping.snapshot is not None:
            part = _snapshot_copy(call, mapping.snapshot, keys_asked[mapping.snapshot.id])
            part.snapshot.tags = dict(snapshot_tags)
            part.snapshot.description = _description(image, part)
            mapping.snapshot = part.snapshot
            parts.append(part)
    first_look = min((part.decides for part in parts), default=call.now)
    appears = min(call.now + aws.snapshots_appear_after, first_look)
    aws.images[image.id] = image
    aws.copies.images.append(ImageCopy(image=image, parts=parts, appears=appears, request_id=call.request_id))
    if token is not None:
        aws.copies.tokens[token] = (parameters.given, image.id)
    return {"ImageId": image.id}


def _repeated(call: Call, before: Mapping[str, Any], image_id: str) -> str:
    """Return the first call's image, whatever became of it: the token is remembered, not the image [inferred]."""
    if dict(call.parameters) != before:
        told = "The client token you have provided is associated with a resource with different parameters."
        raise AwsError("IdempotentParameterMismatch", told)
    return image_id


def _tag_specifications(call: Call) -> tuple[dict[str, str], dict[str, str]]:
    by_type: dict[str, dict[str, str]] = {"image": {}, "snapshot": {}}
    for specification in call.parameters.get("TagSpecifications", ()):
        kind = specification.get("ResourceType")
        if kind not in _TAGGABLE:
            told = f"'{kind}' is not a valid taggable resource type for this operation."
            raise AwsError("InvalidParameterValue", told)
        by_type[kind] |= tag_dict(specification.get("Tags", ()))
    return by_type["image"], by_type["snapshot"]


def _authorize_copy_image(call: Call, image_tags: dict[str, str], snapshot_tags: dict[str, str]) -> None:
    """Ask for the new image, the source image and its snapshots (EC2 User Guide, "Permissions for copying AMIs")."""
    new_image, new_snapshots = f"arn:aws:ec2:{call.region}::image/*", f"arn:aws:ec2:{call.region}::snapshot/*"
    asks = [Ask("ec2:CopyImage", new_image, request_context(image_tags))]
    source = call.aws.images.get(call.parameters["SourceImageId"])
    if source is not None:
        context = resource_context(source.owner, source.tags_seen_by(call.account_id))
        asks.append(Ask("ec2:CopyImage", source.arn, context))
        asks += [Ask("ec2:CopyImage", each.arn, resource_context(each.owner, {})) for each in source.snapshots]
    for resource, given in ((new_image, image_tags), (new_snapshots, snapshot_tags)):
        if given:
            context = {"ec2:CreateAction": ["CopyImage"], **request_context(given)}
            asks.append(Ask("ec2:CreateTags", resource, context))
    call.authorize(*asks)


def _refuse_image(call: Call, source: Image) -> None:
    """Raise why the source, which the caller can see, can't be copied by it. Texts as real AWS gave them."""
    name = call.parameters["Name"]
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidAMIName.Malformed", f"The AMI name '{name}' is not valid.")
    mine = [
        image for image in call.aws.images.values() if (image.owner, image.region) == (call.account_id, call.region)
    ]
    if call.aws.copy_refuses_used_names and any(image.name == name for image in mine):
        raise AwsError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {source.id}")
    if source.state != "available":  # how AWS refuses a pending, failed or disabled source is not known
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{source.id}' is not available")
    if source.owner != call.account_id:
        told = "{} cannot be copied to another AWS account."
        if source.product_codes:
            raise AwsError("InvalidRequest", told.format("Images from AWS Marketplace"))
        if source.usage_operation not in _BRINGS_ITS_LICENSE:
            raise AwsError("InvalidRequest", told.format("Images with EC2 BillingProduct codes"))
    if not all(snapshot.may_be_read_by(call.account_id, call.now) for snapshot in source.snapshots):
        raise AwsError("InvalidRequest", "You do not have permission to access the storage of this ami")
    for snapshot in source.snapshots:
        _refuse_archived(snapshot)


def _refuse_archived(snapshot: Snapshot) -> None:
    """An archived snapshot "must be restored before use" (EBS User Guide); the code of the refusal is not known."""
    if snapshot.storage_tier == "archive":
        raise AwsError("IncorrectState", f"The snapshot '{snapshot.id}' is archived.")


def _keys_asked(call: Call, sources: list[Snapshot]) -> dict[str, str | None]:
    """Return for each source snapshot the key that its copy is asked to be under, or None for a plain one.

    Omitted `Encrypted` keeps each snapshot's state. A foreign encrypted snapshot comes under the caller's default key
    (EC2 User Guide, "Use encryption with EBS-backed AMIs"); one's own, within its region, keeps its key [inferred].
    """
    encrypted, key_id = call.parameters.get("Encrypted"), call.parameters.get("KmsKeyId")
    if key_id and not encrypted:  # that it is an error is documented, the code is not
        raise AwsError(
            "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )
    settings = call.aws.settings(call.account_id, call.region)
    default = settings.ebs_default_key or keys.EBS_ALIAS
    chosen: dict[str, str | None] = {}
    for source in sources:
        if source.encrypted and encrypted is False:
            told = f"Snapshot {source.id} is encrypted. Creating an unencrypted copy from an encrypted snapshot is not "
            raise AwsError("InvalidRequest", f"{told}supported.")
        if encrypted:
            chosen[source.id] = key_id or default
        elif source.encrypted:
            stays = (source.owner, source.region) == (call.account_id, call.region)
            chosen[source.id] = source.key_arn if stays else default
        else:
            chosen[source.id] = default if settings.encryption_by_default else None
    return chosen


def _pending_image(call: Call, source: Image, image_tags: dict[str, str]) -> Image:
    """Return the copy as it starts: without launch permission and deprecation, which are not copied."""
    return Image(
        id=call.aws.ids.ec2("ami"),
        owner=call.account_id,
        region=call.region,
        name=call.parameters["Name"],
        description=call.parameters.get("Description"),
        created=call.now,
        mappings=[images.Mapping(**vars(mapping)) for mapping in source.mappings],
        state="pending",
        tags=dict(image_tags),
        architecture=source.architecture,
        root_device_type=source.root_device_type,
        platform_details=source.platform_details,
        usage_operation=source.usage_operation,
        product_codes=list(source.product_codes),
        imds_support=source.imds_support if call.aws.copies_carry_imds_support else None,
        source_image_id=source.id,
        source_image_region=source.region,
    )


def _snapshot_copy(call: Call, source: Snapshot, key_id: str | None) -> SnapshotCopy:
    aws = call.aws
    key = keys.resolve(aws, key_id, call.account_id, call.region) if key_id is not None else None
    snapshot = Snapshot(
        id=aws.ids.ec2("snap"),
        owner=call.account_id,
        region=call.region,
        size=source.size,
        started=call.now,
        key_arn=key.arn if key is not None else key_id,
        state="pending",
        progress=0,
    )
    lasts = timedelta(seconds=source.size / aws.copy_gib_per_second)
    return SnapshotCopy(
        snapshot=snapshot,
        source=source,
        caller=call.caller,
        key_id=key_id,
        started=call.now,
        decides=call.now + min(aws.key_decision_after, lasts / 2),
        ends=call.now + lasts,
    )


def _description(image: Image, part: SnapshotCopy) -> str:
    """Return the only link from a pending image to its snapshots. Observed by several public tools, not documented."""
    milliseconds = f"{int(part.started.timestamp() * 1000):,}"
    return (
        f"Copied for DestinationAmi {image.id} from SourceAmi {image.source_image_id} "
        f"for SourceSnapshot {part.source.id}. Task created on {milliseconds}."
    )


@serves("ec2", "CopySnapshot")
def copy_snapshot(call: Call) -> dict[str, Any]:
    """Start a copy of one snapshot. botocore adds a presigned URL and the destination region, both deprecated."""
    aws, parameters = call.aws, call.parameters
    _, given = _tag_specifications(call)
    source_arn = f"arn:aws:ec2:{parameters['SourceRegion']}::snapshot/{parameters['SourceSnapshotId']}"
    new = f"arn:aws:ec2:{call.region}::snapshot/*"
    asks = [Ask("ec2:CopySnapshot", new), Ask("ec2:CopySnapshot", source_arn)]
    if given:
        context = {"ec2:CreateAction": ["CopySnapshot"], **request_context(given)}
        asks.append(Ask("ec2:CreateTags", new, context))
    _ = parameters.get("PresignedUrl"), parameters.get("DestinationRegion")
    call.authorize(*asks)
    tags.refuse_reserved(given)
    source = snapshots.find(call, parameters["SourceSnapshotId"], parameters["SourceRegion"])
    _refuse_archived(source)
    key_id = _keys_asked(call, [source])[source.id]
    if aws.copies.snapshots_into(call.account_id, call.region) >= aws.snapshot_copies_at_once:
        raise _too_many("snapshot")
    copy = _snapshot_copy(call, source, key_id)
    copy.snapshot.tags = given
    copy.snapshot.description = parameters.get("Description", "")
    aws.snapshots[copy.snapshot.id] = copy.snapshot
    aws.copies.snapshots.append(copy)
    return {"SnapshotId": copy.snapshot.id, "Tags": tag_list(given)}


def _too_many(what: str) -> AwsError:
    return AwsError("ResourceLimitExceeded", f"Too many {what} copies in progress in this Region.")
