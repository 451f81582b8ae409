"""The estate: the accounts that images may come from, and the accounts and organizations that they may go to.

What isn't in it can't be asked for.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aws_ops.causes import CauseKind, Why, because
from aws_ops.facts import SourceAccount, TargetAccount, TargetOrganization
from aws_ops.ids import AccountId, Region


class UnknownAccount(Exception):
    """A name or id that isn't in the settings, or no longer.

    Attributes:
        wanted: what was asked for.
    """

    def __init__(self, wanted: str) -> None:
        super().__init__(f"no configured account is called {wanted}")
        self.wanted = wanted

    @property
    def why(self) -> Why:
        return because(CauseKind.NO_LONGER_CONFIGURED, account=self.wanted)


@dataclass(frozen=True)
class Estate:
    """The configured accounts and organizations, in the order of the settings file.

    Attributes:
        groups: names that stand for several targets and organizations at once.
    """

    sources: tuple[SourceAccount, ...]
    targets: tuple[TargetAccount, ...]
    organizations: tuple[TargetOrganization, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def regions(self) -> tuple[Region, ...]:
        """Every region that images may get to, sorted: where a source has images, or a target a key."""
        of_sources = (region for source in self.sources for region in source.regions)
        of_targets = (region for target in self.targets for region in target.keys)
        return tuple(sorted({*of_sources, *of_targets}))

    def target(self, wanted: str) -> TargetAccount:
        """Return the target with that name or account id.

        Raises:
            UnknownAccount: there is none.
        """
        for target in self.targets:
            if wanted in (target.name, target.role.account_id):
                return target
        raise UnknownAccount(wanted)

    def recipient(self, wanted: str) -> TargetAccount | TargetOrganization:
        """Return the target, organization or OU with that name, account id, organization id or OU id.

        Raises:
            UnknownAccount: there is none.
        """
        for organization in self.organizations:
            if wanted in (organization.name, organization.arn.split("/")[-1]):
                return organization
        return self.target(wanted)

    def recipients_called(self, wanted: str) -> tuple[str, ...]:
        """Return the names of the targets and organizations that `wanted` means: one, or those of a group.

        It is what a person typed, so capitals and small letters are the same unless they tell two names apart.

        Raises:
            UnknownAccount: it is none of these.
        """
        spelt = self._spelt(wanted)
        return self.groups.get(spelt) or (self.recipient(spelt).name,)

    def alike(self, wanted: str) -> tuple[str, ...]:
        """Return the names and ids that look like `wanted`."""
        known = {name.casefold(): name for name in self._names()}
        return tuple(known[found] for found in difflib.get_close_matches(wanted.casefold(), known, n=3))

    def source(self, account_id: AccountId) -> SourceAccount:
        """Return the source account with that id.

        Raises:
            UnknownAccount: it isn't, or is no longer, in the settings.
        """
        for source in self.sources:
            if source.role.account_id == account_id:
                return source
        raise UnknownAccount(account_id)

    def _spelt(self, wanted: str) -> str:
        names = [name for name in self._names() if name.casefold() == wanted.casefold()]
        return names[0] if len(names) == 1 else wanted

    def _names(self) -> Iterable[str]:
        for target in self.targets:
            yield target.name
            yield target.role.account_id
        for organization in self.organizations:
            yield organization.name
            yield organization.arn.split("/")[-1]
        yield from self.groups
