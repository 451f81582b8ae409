"""Accounts as tests and the playground build them: what stands in them before the first call.

Everything has a default, so that a test names only what matters to it:

    aws = StrictAws(clock)
    source = aws.account("111111111111", "source")
    key = source.key("eu-central-1", alias="alias/ami")
    image_id = source.image("eu-central-1", devices=[Disk(8, key=key), Disk(100)])
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from playground.aws.allowed_images import AllowedImages
from playground.aws.delayed import Delayed
from playground.aws.identities import Credentials, Role, User, stored_policy
from playground.aws.images import Image, ImageState, Mapping
from playground.aws.instances import Instance, InstanceState
from playground.aws.keys import EBS_ALIAS, Key, KeyState, default_policy, resolve
from playground.aws.multi_region_keys import replica_of
from playground.aws.policies import FULL_ACCESS, Policy
from playground.aws.snapshots import Snapshot

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws


@dataclass
class RegionSettings:
    """What an account sets for itself in one region."""

    allowed_images: AllowedImages = field(default_factory=AllowedImages)
    ebs_default_key: str | None = None
    encryption_by_default: bool = False


@dataclass(frozen=True)
class Disk:
    """An EBS disk of an image to build: its size in GiB, the ARN or alias of its key if encrypted, its storage tier."""

    gib: int = 8
    key: str | None = None
    tier: str = "standard"


@dataclass(frozen=True)
class EphemeralDisk:
    """An instance store disk of an image to build: a mapping without `Ebs`, and no snapshot."""

    name: str = "ephemeral0"


class Account:
    """One AWS account."""

    def __init__(self, aws: "StrictAws", account_id: str, name: str) -> None:
        self._aws = aws
        self.id = account_id
        self.name = name

    @property
    def root(self) -> str:
        """The ARN by which policies name the whole account."""
        return f"arn:aws:iam::{self.id}:root"

    def user(self, name: str, policy: Policy | None = None) -> Credentials:
        """Make a user with an access key that does not expire. Without a policy it may do everything."""
        ids, identities = self._aws.ids, self._aws.identities
        user = User(
            name=name,
            arn=f"arn:aws:iam::{self.id}:user/{name}",
            unique_id=ids.iam("AIDA"),
            account_id=self.id,
            policies=[policy or FULL_ACCESS],
        )
        identities.add(user)
        return identities.long_lived_key(user)

    def role(
        self,
        name: str,
        trusted: Sequence[str] = (),
        *,
        external_id: str | None = None,
        policy: Policy | None = None,
        max_session: timedelta = timedelta(hours=1),
        path: str = "/",
    ) -> str:
        """Make a role that the `trusted` principals may assume, and return its ARN.

        They must exist; a service is named as `events.amazonaws.com`. With `external_id` they must give it. Without a
        policy the role may do everything.
        """
        services = [each for each in trusted if each.endswith(".amazonaws.com")]
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"AWS": [each for each in trusted if each not in services], "Service": services},
            "Action": "sts:AssumeRole",
        }
        if external_id is not None:
            statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
        trust = stored_policy({"Version": "2012-10-17", "Statement": [statement]}, self._aws.identities)
        role = Role(
            name=name,
            arn=f"arn:aws:iam::{self.id}:role{path}{name}",
            unique_id=self._aws.ids.iam("AROA"),
            account_id=self.id,
            policies=[policy or FULL_ACCESS],
            trust=trust,
            max_session=max_session,
        )
        self._aws.identities.add(role)
        return role.arn

    def set_role_policy(self, name: str, policy: Policy) -> None:
        """Replace what a role may do."""
        with self._aws.settled():
            self._aws.identities.named(f"arn:aws:iam::{self.id}:role/{name}").policies = [policy]

    def set_user_policy(self, name: str, policy: Policy) -> None:
        """Replace what a user may do."""
        with self._aws.settled():
            self._aws.identities.named(f"arn:aws:iam::{self.id}:user/{name}").policies = [policy]

    def session(self, role_arn: str, name: str = "test") -> Credentials:
        """Give credentials of a role without asking STS, for a test that stands in someone's shoes."""
        role = self._aws.identities.role(role_arn)
        if role is None or role.account_id != self.id:
            raise ValueError(f"{role_arn} is no role of {self.id}")
        return self._aws.identities.session(role, name, self._aws.session_clock() + role.max_session)

    def delete_role(self, name: str) -> None:
        """Delete a role. Policies that name it keep its bare id (`AROA…`)."""
        self._delete(f"arn:aws:iam::{self.id}:role/{name}")

    def delete_user(self, name: str) -> None:
        """Delete a user. Policies that name it keep its bare id (`AIDA…`)."""
        self._delete(f"arn:aws:iam::{self.id}:user/{name}")

    def _delete(self, arn: str) -> None:
        with self._aws.settled():
            self._aws.identities.delete(arn)

    def key(
        self,
        region: str,
        *,
        alias: str | None = None,
        policy: Policy | None = None,
        manager: Literal["AWS", "CUSTOMER"] = "CUSTOMER",
        state: KeyState = "Enabled",
        spec: str = "SYMMETRIC_DEFAULT",
        usage: str = "ENCRYPT_DECRYPT",
        origin: str = "AWS_KMS",
        valid_to: datetime | None = None,
        multi_region: bool = False,
    ) -> str:
        """Make a key and return its ARN. Without a policy, the account's IAM policies decide who uses it.

        A `multi_region` one is a primary key: see `replica`.
        """
        aws = self._aws
        key_id = aws.ids.uuid("key")
        key = Key(
            id=f"mrk-{key_id.replace('-', '')}" if multi_region else key_id,
            account_id=self.id,
            region=region,
            created=aws.clock(),
            identities=aws.identities,
            in_force=Delayed(stored_policy(policy or default_policy(self.id), aws.identities)),
            manager=manager,
            state=state,
            spec=spec,
            usage=usage,
            origin=origin,
            valid_to=valid_to,
        )
        with aws.settled():
            aws.keys[key.arn] = key
            if alias is not None:
                aws.key_aliases[f"arn:aws:kms:{region}:{self.id}:{alias}"] = key.arn
        return key.arn

    def replica(self, key: str, region: str, *, policy: Policy | None = None, state: KeyState = "Enabled") -> str:
        """Make a replica of a multi-Region primary key in another region and return its ARN, which has the same id."""
        aws = self._aws
        with aws.settled():
            primary = aws.keys[key]
            if not primary.is_multi_region or primary.primary_region is not None:
                raise ValueError(f"{key} is no multi-Region primary key")
            made = replica_of(aws, primary, region)
            made.state = state
            if policy is not None:
                made.policy = policy
            aws.keys[made.arn] = made
        return made.arn

    def managed_key(self, region: str) -> str:
        """Return the ARN of the account's `alias/aws/ebs`, making it if this is its first use."""
        return self._aws.ebs_key(self.id, region).arn

    def snapshot(
        self,
        region: str,
        *,
        gib: int = 8,
        key: str | None = None,
        tier: str = "standard",
        tags: dict[str, str] | None = None,
        description: str = "",
        shared_with: Sequence[str] = (),
    ) -> str:
        """Make a completed snapshot and return its id."""
        aws = self._aws
        snapshot = Snapshot(
            id=aws.ids.ec2("snap"),
            owner=self.id,
            region=region,
            size=gib,
            started=aws.clock(),
            key_arn=self._key_arn(key, region),
            storage_tier=tier,
            tags=dict(tags or {}),
            description=description,
            volume_id=aws.ids.ec2("vol"),
            permissions=Delayed(frozenset(shared_with)),
        )
        with aws.settled():
            aws.snapshots[snapshot.id] = snapshot
        return snapshot.id

    def image(
        self,
        region: str,
        *,
        name: str | None = None,
        devices: Sequence[Disk | EphemeralDisk] = (Disk(),),
        tags: dict[str, str] | None = None,
        state: ImageState = "available",
        description: str | None = None,
        product_codes: Sequence[str] = (),
        usage_operation: str = "RunInstances",
        platform_details: str = "Linux/UNIX",
        root_device_type: str = "ebs",
        architecture: str = "x86_64",
        deprecation_time: datetime | None = None,
        owner_alias: str | None = None,
        from_instance: str | None = None,
    ) -> str:
        """Make an image with a snapshot for each of its EBS devices, and return its id.

        One that is made `from_instance` is as CreateImage leaves it.
        """
        aws = self._aws
        instance = aws.instances[from_instance] if from_instance else None
        image_id = aws.ids.ec2("ami")
        image = Image(
            id=image_id,
            owner=self.id,
            region=region,
            name=name or f"image-{image_id[-6:]}",
            created=aws.clock(),
            mappings=[self._mapping(region, device, position) for position, device in enumerate(devices)],
            description=description,
            state=state,
            tags=dict(tags or {}),
            architecture=architecture,
            root_device_type=root_device_type,
            platform_details=platform_details,
            usage_operation=usage_operation,
            product_codes=list(product_codes),
            deprecation_time=deprecation_time,
            owner_alias=owner_alias,
            source_image_id=instance.image_id if instance else None,
            source_image_region=instance.region if instance else None,
            source_instance_id=from_instance,
        )
        with aws.settled():
            aws.images[image_id] = image
            if image.state in ("available", "failed"):
                aws.image_events.tell(image, image.state)
        return image_id

    def instance(
        self, region: str, image_id: str, *, state: InstanceState = "running", instance_type: str = "t3.micro"
    ) -> str:
        """Make an instance, as a launch did some time ago, and return its id. Its image need not exist any more."""
        aws = self._aws
        instance = Instance(
            id=aws.ids.ec2("i"),
            owner=self.id,
            region=region,
            image_id=image_id,
            reservation_id=aws.ids.ec2("r"),
            launched=aws.clock(),
            since=aws.clock(),
            instance_type=instance_type,
            state=state,
        )
        with aws.settled():
            aws.instances[instance.id] = instance
        return instance.id

    def images(self, region: str) -> list[Image]:
        """List the account's own images, oldest first, as they are now."""
        with self._aws.settled():
            return [image for image in self._aws.images.values() if (image.owner, image.region) == (self.id, region)]

    def _mapping(self, region: str, device: Disk | EphemeralDisk, position: int) -> Mapping:
        device_name = f"/dev/xvd{chr(ord('a') + position)}"
        if isinstance(device, EphemeralDisk):
            return Mapping(device_name, virtual_name=device.name)
        snapshot_id = self.snapshot(region, gib=device.gib, key=device.key, tier=device.tier)
        return Mapping(device_name, self._aws.snapshots[snapshot_id])

    def _key_arn(self, key: str | None, region: str) -> str | None:
        if key is None:
            return None
        found = resolve(self._aws, key, self.id, region)
        if found is None:
            raise ValueError(f"there is no key {key} in {region} of {self.id} (or use {EBS_ALIAS})")
        return found.arn
