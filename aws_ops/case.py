"""Cases: a request beside the facts it meets, and the questions that refusals, cautions and plans all ask of them."""

from dataclasses import dataclass
from functools import cached_property

from aws_ops.changes import ReuseCopy
from aws_ops.facts import (
    ExistingCopy,
    Facts,
    ImageFacts,
    KeyFacts,
    SnapshotFacts,
    SourceAccount,
    TargetAccount,
    TargetFacts,
    Unreadable,
)
from aws_ops.ids import AccountId, KeyArn, PrincipalArn, SnapshotId, parse_principal_arn
from aws_ops.request import Mode, ShareRequest


@dataclass(frozen=True)
class Case:
    """A request for an image that was found, and the facts about it. Everything is sorted, by id."""

    request: ShareRequest
    sources: tuple[SourceAccount, ...]
    facts: Facts
    image: ImageFacts

    @property
    def copying(self) -> bool:
        return self.request.mode is Mode.COPY

    @cached_property
    def targets(self) -> tuple[TargetAccount, ...]:
        """Each target account once."""
        ordered = sorted(self.request.targets, key=lambda target: (target.role.account_id, target.name))
        return tuple({target.role.account_id: target for target in ordered}.values())

    @cached_property
    def snapshots(self) -> dict[SnapshotId, SnapshotFacts | Unreadable]:
        """Each snapshot behind the image once, read or not."""
        ids = sorted({device.snapshot_id for device in self.image.devices if device.snapshot_id})
        return {one: self.facts.snapshots.get(one, Unreadable("it was not read")) for one in ids}

    @cached_property
    def keys(self) -> dict[KeyArn, KeyFacts | Unreadable]:
        """Each key behind a snapshot once, read or not."""
        arns = sorted(
            {one.key_arn for one in self.snapshots.values() if isinstance(one, SnapshotFacts) and one.key_arn}
        )
        return {arn: self.facts.keys.get(arn, Unreadable("it was not read")) for arn in arns}

    @cached_property
    def reuses(self) -> dict[AccountId, ReuseCopy]:
        """The targets that have a good copy already: available, and every snapshot under exactly the intended key."""
        if not self.copying:
            return {}
        good = {target.role.account_id: self._good_copy(target) for target in self.targets}
        return {
            account: ReuseCopy(account_id=account, region=self.image.region, image_id=copy.image_id)
            for account, copy in good.items()
            if copy
        }

    @property
    def needy(self) -> tuple[TargetAccount, ...]:
        """The targets for which something may have to be done."""
        return tuple(target for target in self.targets if target.role.account_id not in self.reuses)

    def about(self, target: TargetAccount) -> TargetFacts:
        account = target.role.account_id
        return self.facts.targets.get(account) or TargetFacts(account, role=Unreadable("it was not tried"))

    def key_for(self, target: TargetAccount) -> KeyFacts | None:
        """The key that copies for `target` are to be encrypted under, if it could be read."""
        key = self.about(target).key
        return key if isinstance(key, KeyFacts) else None

    def key_users(self, target: TargetAccount) -> frozenset[PrincipalArn]:
        """Who may use the source's keys for `target`: those configured, and in copy mode the role that copies."""
        configured = frozenset(parse_principal_arn(principal) for principal in target.key_principals)
        covered = configured & {target.role.arn, root_of(target)}
        return configured if covered or not self.copying else configured | {PrincipalArn(target.role.arn)}

    def _good_copy(self, target: TargetAccount) -> ExistingCopy | None:
        key = self.key_for(target)
        copies = sorted(self.about(target).copies, key=lambda copy: copy.image_id)
        return next((copy for copy in copies if key and _is_good(copy, key.arn)), None)


def root_of(target: TargetAccount) -> PrincipalArn:
    """The ARN that stands for everybody whom the target account's own IAM policies let in."""
    return PrincipalArn(f"{target.role.arn.split(':role/')[0]}:root")


def _is_good(copy: ExistingCopy, key_arn: KeyArn) -> bool:
    return copy.state == "available" and copy.key_arns == {key_arn}
