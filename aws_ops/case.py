"""Cases: a request beside the facts it meets, and the questions that refusals, cautions and plans all ask of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from aws_ops import ids
from aws_ops.causes import CauseKind, because
from aws_ops.changes import ReuseCopy
from aws_ops.facts import (
    ExistingCopy,
    Facts,
    ImageFacts,
    KeyAccess,
    KeyFacts,
    Reencryption,
    SnapshotFacts,
    SnapshotSharing,
    SourceAccount,
    TargetAccount,
    TargetFacts,
    TargetOrganization,
    Unreadable,
)
from aws_ops.ids import (
    AccountId,
    ImageId,
    KeyArn,
    KeyUser,
    Launcher,
    OrganizationArn,
    PrincipalArn,
    Region,
    SnapshotId,
    account_of,
    parse_principal_arn,
)
from aws_ops.key_grants import auto_scaling_role, own_grantees
from aws_ops.key_policy import KeyPolicy, lacking
from aws_ops.names import copy_name, parameter_name, rendered
from aws_ops.request import ShareRequest

NOT_READ = Unreadable(because(CauseKind.NOT_READ))
"""Nobody asked for it."""


@dataclass(frozen=True)
class Way:
    """One image's way to one account and region."""

    image_id: ImageId
    account_id: AccountId
    region: Region


@dataclass(frozen=True)
class Case:
    """A request and the facts about it, as far as its images were found. Everything is sorted, by id."""

    request: ShareRequest
    sources: tuple[SourceAccount, ...]
    facts: Facts

    @property
    def copying(self) -> bool:
        return self.request.mode.copies

    def owner_of(self, image: ImageFacts) -> SourceAccount:
        """The account that the image is in."""
        return next(source for source in self.sources if source.role.account_id == image.owner)

    @property
    def holders(self) -> frozenset[AccountId]:
        """The accounts whose keys can be opened."""
        return frozenset(source.role.account_id for source in self.sources)

    @cached_property
    def found(self) -> dict[ImageId, ImageFacts]:
        """What was found, by the id it was asked for by."""
        found = ((one, self.facts.images.get(one)) for one in sorted(set(self.request.image_ids)))
        return {image_id: image for image_id, image in found if isinstance(image, ImageFacts)}

    @cached_property
    def doubles(self) -> dict[ImageId, ImageId]:
        """The re-encrypted copies that were asked for beside their originals, each with its own: they are one image."""
        stand_ins = {image.image_id: asked for asked, image in self.found.items() if image.stands_for}
        themselves = {asked: image for asked, image in self.found.items() if not image.stands_for}
        originals = {asked: stand_ins.get(asked, image.reencrypts) for asked, image in themselves.items()}
        return {asked: original for asked, original in originals.items() if original in self.found}

    @cached_property
    def images(self) -> dict[ImageId, ImageFacts]:
        """Each image that was found once, by the id it was asked for by; if by two, by its original's."""
        return {asked: image for asked, image in self.found.items() if asked not in self.doubles}

    @cached_property
    def targets(self) -> dict[AccountId, TargetAccount]:
        """Each target account once."""
        ordered = sorted(self.request.targets, key=lambda target: (target.role.account_id, target.name))
        return {target.role.account_id: target for target in ordered}

    @cached_property
    def organizations(self) -> dict[OrganizationArn, TargetOrganization]:
        """Each organization and OU once."""
        return {one.arn: one for one in sorted(self.request.organizations, key=lambda one: (one.arn, one.name))}

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """Every image's way to every account and region."""
        return tuple(
            Way(image_id, account_id, region)
            for image_id, image in self.images.items()
            for account_id in self.targets
            for region in self.regions_of(image)
        )

    @cached_property
    def reuses(self) -> dict[Way, ReuseCopy]:
        """The ways that have been gone: a good copy, available, every snapshot under exactly the intended key."""
        return {
            way: ReuseCopy(way.account_id, way.region, source_image_id=way.image_id, image_id=copy.image_id)
            for way, copy in self._good_copies.items()
        }

    @property
    def lenient(self) -> tuple[Way, ...]:
        """The ways whose copy is used again though it doesn't require IMDSv2 and its source does.

        Another copy might be refused the setting as well, and made anew with every request.
        """
        good = self._good_copies.items()
        return tuple(way for way, copy in good if not self.images[way.image_id].origin.demands_no_more_than(copy))

    @cached_property
    def _good_copies(self) -> dict[Way, ExistingCopy]:
        good = {way: self._good_copy(way) for way in self.ways} if self.copying else {}
        return {way: copy for way, copy in good.items() if copy}

    @cached_property
    def needy(self) -> tuple[Way, ...]:
        """The ways for which something may have to be done."""
        return tuple(way for way in self.ways if way not in self.reuses)

    @cached_property
    def needy_images(self) -> tuple[ImageFacts, ...]:
        """The images that some account or organization lacks; what is wrong with the others is no matter."""
        if self.organizations:
            return tuple(self.images.values())
        return tuple(self.images[image_id] for image_id in dict.fromkeys(way.image_id for way in self.needy))

    @cached_property
    def keys(self) -> dict[KeyArn, KeyFacts | Unreadable]:
        """Each key behind an image that somebody lacks once, read or not."""
        arns = sorted({arn for image in self.needy_images for arn in self.keys_of(image)})
        return {arn: self.facts.keys.get(arn, NOT_READ) for arn in arns}

    @cached_property
    def names(self) -> dict[Way, str]:
        """What the copies will be called: each name free in its account and region, and given once."""
        names: dict[Way, str] = {}
        taken: dict[tuple[AccountId, Region], set[str]] = {}
        for way in self.needy:
            here = taken.setdefault((way.account_id, way.region), set(self.about(way).names_taken))
            names[way] = copy_name(self.wanted_name(way), way.image_id, here)
            here.add(names[way])
        return names

    def wanted_name(self, way: Way) -> str:
        """What the copy would be called if that name is free."""
        return rendered(self.request.rules.name, self.images[way.image_id])

    def parameter_for(self, way: Way) -> str:
        """The name of the parameter that is to point to the copy; empty for none."""
        template = self.targets[way.account_id].parameter
        return parameter_name(template, self.images[way.image_id]) if template else ""

    def reencryption_of(self, image: ImageFacts) -> Reencryption | None:
        """What it takes to re-encrypt the image, if it has to be before it can be shared."""
        return None if image.stands_for else self.facts.reencryptions.get(image.image_id)

    def regions_of(self, image: ImageFacts) -> tuple[Region, ...]:
        return tuple(sorted(set(self.request.regions))) or (image.region,)

    def snapshots_of(self, image: ImageFacts) -> dict[SnapshotId, SnapshotFacts | Unreadable]:
        """Each snapshot behind the image once, read or not."""
        ids = sorted({device.snapshot_id for device in image.devices if device.snapshot_id})
        return {one: self.facts.snapshots.get(one, NOT_READ) for one in ids}

    def keys_of(self, image: ImageFacts) -> tuple[KeyArn, ...]:
        """Each key behind the image once; the one it will be under, if it is re-encrypted first."""
        if (reencryption := self.reencryption_of(image)) is not None:
            return (reencryption.key.arn,) if isinstance(reencryption.key, KeyFacts) else ()
        snapshots = (one for one in self.snapshots_of(image).values() if isinstance(one, SnapshotFacts))
        return tuple(sorted({snapshot.key_arn for snapshot in snapshots if snapshot.key_arn}))

    def accounts_for(self, image: ImageFacts) -> frozenset[AccountId]:
        """The accounts that need the image itself, to launch or to copy it."""
        return frozenset(way.account_id for way in self.needy if way.image_id == image.asked_as)

    def launchers_of(self, image: ImageFacts) -> frozenset[Launcher]:
        """Whom the image's own list must name."""
        return self.accounts_for(image) | frozenset(self.organizations)

    def readers_of(self, image: ImageFacts) -> frozenset[AccountId]:
        """The accounts that need the image's snapshots: those named, and the members that are to be able to copy."""
        members = (self.members_of(one) for one in self.organizations.values() if _shares_snapshots(one))
        known = (accounts for accounts in members if isinstance(accounts, frozenset))
        return self.accounts_for(image).union(*known) - {image.owner}

    def members_of(self, organization: TargetOrganization) -> frozenset[AccountId] | Unreadable | None:
        """The accounts that are in it now; None if nobody may ask."""
        if organization.role is None:
            return None
        return self.facts.members.get(organization.arn, NOT_READ)

    def users_of(self, key: KeyArn) -> frozenset[KeyUser]:
        """Who may use the key, once all is as requested."""
        members: Iterable[KeyUser] = (one.path for one in self.organizations.values())
        return frozenset[KeyUser](members).union(*(self.key_users(target) for target in self.served_by(key)))

    def users_by_policy(self, key: KeyArn) -> frozenset[KeyUser]:
        """Those of the key's users who are let in by its policy; organizations always are, since no grant names one."""
        return self.users_of(key) - self._users_by_grant(key)

    def grantees_of(self, key: KeyArn) -> frozenset[PrincipalArn]:
        """Who is let in by a KMS grant: the other users, and Auto Scaling where it is asked for."""
        return self._users_by_grant(key) | self.auto_scalers_of(key)

    def auto_scalers_of(self, key: KeyArn) -> frozenset[PrincipalArn]:
        """The service-linked roles that are to launch from images under the key."""
        asked = self.request.auto_scaling and not self.copying
        return frozenset(auto_scaling_role(root_of(target)) for target in self.served_by(key) if asked)

    def administrators_of(self, key: KeyArn) -> frozenset[PrincipalArn]:
        """Who is to see to the key's grants, since the settings spell it out."""
        return frozenset(
            parse_principal_arn(principal) for target in self.served_by(key) for principal in target.key_administrators
        )

    def access_of(self, key: KeyArn) -> KeyAccess:
        """How the settings want others let in."""
        holder = next((source for source in self.sources if source.role.account_id == account_of(key)), None)
        return holder.key_access_of.get(key, holder.key_access) if holder else KeyAccess.POLICY

    def _users_by_grant(self, key: KeyArn) -> frozenset[PrincipalArn]:
        principals = frozenset[PrincipalArn]().union(*(self.key_users(target) for target in self.served_by(key)))
        return frozenset(principal for principal in principals if not self._by_policy(key, principal))

    def _by_policy(self, key: KeyArn, principal: PrincipalArn) -> bool:
        """Whom the bot let in one way needs not be let in the other way too; else the settings decide."""
        facts = self.keys[key]
        named = granted = False
        if isinstance(facts, KeyFacts):
            named = isinstance(facts.policy, KeyPolicy) and not lacking(facts.policy, [principal])
            granted = isinstance(facts.grants, tuple) and principal in own_grantees(facts.grants)
        return self.access_of(key) is KeyAccess.POLICY if named == granted else named

    def served_by(self, key: KeyArn) -> tuple[TargetAccount, ...]:
        """The targets that need an image under the key."""
        under = (image for image in self.needy_images if key in self.keys_of(image))
        accounts = frozenset(account for image in under for account in self.accounts_for(image))
        return tuple(target for account_id, target in self.targets.items() if account_id in accounts)

    def about(self, way: Way) -> TargetFacts:
        place = way.account_id, way.region
        return self.facts.targets.get(place) or TargetFacts(*place, role=NOT_READ)

    def key_for(self, way: Way) -> KeyFacts | None:
        """The key that the copy is to be encrypted under, if it could be read."""
        key = self.about(way).key
        return key if isinstance(key, KeyFacts) else None

    def key_users(self, target: TargetAccount) -> frozenset[PrincipalArn]:
        """Who may use the source's keys for `target`: those configured, and in copy mode the role that copies."""
        configured = frozenset(parse_principal_arn(principal) for principal in target.key_principals)
        covered = configured & {target.role.arn, root_of(target)}
        return configured if covered or not self.copying else configured | {PrincipalArn(target.role.arn)}

    def _good_copy(self, way: Way) -> ExistingCopy | None:
        """The first of the good ones, and of those that require IMDSv2 if there are any and the source does."""
        key, origin = self.key_for(way), self.images[way.image_id].origin
        good = [copy for copy in self.copies_at(way) if key and _is_good(copy, key.arn)]
        return min(good, key=lambda copy: not origin.demands_no_more_than(copy), default=None)

    def copies_at(self, way: Way) -> Iterable[ExistingCopy]:
        """The copies of the way's image that are there already."""
        ids = {way.image_id, self.images[way.image_id].image_id}
        copies = (copy for copy in self.about(way).copies if copy.source_image_id in ids)
        return sorted(copies, key=lambda copy: copy.image_id)


def _shares_snapshots(organization: TargetOrganization) -> bool:
    return organization.snapshots is SnapshotSharing.MEMBERS


def root_of(target: TargetAccount) -> PrincipalArn:
    """The root of the target account."""
    return ids.root_of(target.role.arn)


def _is_good(copy: ExistingCopy, key_arn: KeyArn) -> bool:
    return copy.state == "available" and copy.key_arns == {key_arn}
