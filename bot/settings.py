"""Settings: one TOML file for what the bot may do, environment variables for secrets and addresses.

TOML, since in YAML an account id with a leading zero is a number. What is wrong is said all at once, each with its
path in the file, and the bot doesn't start.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from aws_ops.errors import MalformedId
from aws_ops.estimates import Prices, RegionPrices
from aws_ops.facts import KeyAccess, Role, SnapshotSharing, SourceAccount, TargetAccount, TargetOrganization
from aws_ops.ids import (
    AccountId,
    KeyArn,
    OrganizationArn,
    OrganizationPath,
    PrincipalArn,
    Region,
    RoleArn,
    account_of,
    is_unit_arn,
    organization_of,
    parse_key_arn,
    parse_organization_arn,
    parse_organization_path,
    parse_principal_arn,
    parse_role_arn,
)
from aws_ops.names import check_template
from aws_ops.request import Carried, CopyRules, Mode
from aws_ops.retention import RetentionRule
from bot.approval_settings import ApprovalSettings, Pattern
from bot.fields import ChannelId, Name, Strict, UserId, matches
from bot.logs import LogFormat
from handlers.speech import Language
from sharing.estate import Estate
from sharing.listening import Queue
from sharing.requests import Person, RequestKind
from sharing.rules import ApprovalRules, Matter, WarningRules
from sharing.standing import StandingShare

# Words with a meaning in the command.
_RESERVED = frozenset(
    {"and", "audit", "because", "copy", "for", "help", "in", "no", "no-copy", "reason", "repair", "retire", "revoke"}
    | {"auto", "auto-scaling", "autoscaling", "scaling", "with", "cancel", "list", "ls", "plan", "preview", "share"}
    | {"status", "ticket", "withdraw", "dry-run", "all", "everything", "mine"}
    | {"then", "to", "unshare", "until", "without", "without-copy"}
)
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d")
_KEY = re.compile(
    r"alias/[A-Za-z0-9/_-]{1,250}|(?:mrk-)?[0-9a-f-]{32,36}|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)/[\w/-]+"
)


_T = TypeVar("_T")


class SettingsError(Exception):
    """The settings can't be used; `str()` has a line for each thing that is wrong, with its path."""


def _template(value: str) -> str:
    check_template(value)
    return value


def _parsed(parse: Callable[[str], Any]) -> AfterValidator:
    def check(value: str) -> str:
        try:
            parse(value)
        except MalformedId as malformed:
            raise ValueError(str(malformed)) from None
        return value

    return AfterValidator(check)


RegionName = Annotated[str, matches(_REGION, "a region looks like eu-central-1")]
RoleText = Annotated[str, _parsed(parse_role_arn)]
PrincipalText = Annotated[str, _parsed(parse_principal_arn)]
KeyArnText = Annotated[str, _parsed(parse_key_arn)]
OrganizationText = Annotated[str, _parsed(parse_organization_arn)]
PathText = Annotated[str, _parsed(parse_organization_path)]
ExternalId = Annotated[str, Field(min_length=2, max_length=1224)]
KeyText = Annotated[str, matches(_KEY, "a key is alias/…, a key id, or the ARN of either")]
TemplateText = Annotated[str, Field(min_length=3, max_length=128), AfterValidator(_template)]
ParameterText = Annotated[
    str,
    # Systems Manager User Guide, "About requirements and constraints for parameter names".
    matches(re.compile(r"/?[A-Za-z0-9_.{}-]+(/[A-Za-z0-9_.{}-]+){0,14}"), "a parameter looks like /golden/{name}"),
    AfterValidator(_template),
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Price = Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)]
EnvironmentName = Annotated[str, Field(min_length=1, max_length=60)]
TeamId = Annotated[str, Field(pattern=r"^[TE][A-Z0-9]{2,}$")]


class Door(StrEnum):
    """How Slack reaches the bot."""

    HTTP = "http"
    SOCKET = "socket"


class SlackSettings(Strict):
    """The workspace.

    Attributes:
        team_id: the one workspace that is listened to.
        approvals_channel: the id of the channel that approvals are asked in; the bot must be in it.
        command: the slash command, as in the app's manifest.
        door: `http` for signed requests to a public address, `socket` for Socket Mode.
        notifications_channel: the id of a channel that the end of every share is told in as well; none if left out.
        digest_seconds: how long the good end of a share waits for others that may end by then and that the same reader
            hears of, so that all are told in one message; 0 to tell of each by itself.
        language: what is spoken in channels; people are answered in the language they read Slack in.
    """

    team_id: TeamId
    approvals_channel: ChannelId
    command: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = "/ami-share"
    door: Door = Door.HTTP
    language: Language = Language.ENGLISH
    notifications_channel: ChannelId | None = None
    digest_seconds: Annotated[float, Field(ge=0, le=3600)] = 120


class _NamedSettings(Strict):
    name: Name

    @model_validator(mode="after")
    def _not_reserved(self) -> Self:
        if self.name.lower() in _RESERVED:
            raise ValueError(f"{self.name!r} has a meaning in the command and can't be a name")
        return self


class _AccountSettings(_NamedSettings):
    role_arn: RoleText
    external_id: ExternalId | None = None

    @property
    def role(self) -> Role:
        arn = RoleArn(self.role_arn)
        return Role(arn, account_of(arn), self.external_id)


def _refuse_foreign_keys(field: str, keys: dict[RegionName, KeyText], account_id: AccountId) -> None:
    for region, key in keys.items():
        if key.startswith("arn:") and key.split(":")[3:5] != [region, account_id]:
            raise ValueError(f"{field}.{region}: the key must be of account {account_id} and region {region}")


class KeyAccountSettings(_AccountSettings):
    """An account that holds keys which images of other accounts are under, with the role the bot takes on there.

    Attributes:
        key_access: how others are let use its keys: `policy` for the bot's own statements in the key's policy, `grant`
            for KMS grants, which leave the policy alone.
        key_access_of: the same for single keys, by ARN.
    """

    key_access: KeyAccess = KeyAccess.POLICY
    key_access_of: dict[KeyArnText, KeyAccess] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _keys_in_this_account(self) -> Self:
        for key in self.key_access_of:
            if account_of(KeyArn(key)) != self.role.account_id:
                raise ValueError(f"key_access_of: {key} is of another account than {self.role.account_id}")
        return self

    @property
    def account(self) -> SourceAccount:
        """As it is, it only holds keys."""
        return SourceAccount(
            name=self.name,
            role=self.role,
            regions=(),
            key_access=self.key_access,
            key_access_of={KeyArn(key): access for key, access in self.key_access_of.items()},
        )


class SourceSettings(KeyAccountSettings):
    """An account that images come from, with the role the bot takes on there, and the regions it looks in.

    Attributes:
        reencrypt_keys: for each region, the account's own customer managed key that images under an AWS managed key are
            re-encrypted under before they are shared; without one they are refused.
        sharing_quota: AWS's quota "AMI sharing" (L-70015FFA) of the account, if it was raised: how many accounts,
            organizations and OUs one image may be shared with. The same in all its regions; the lowest, if they differ.
    """

    regions: Annotated[tuple[RegionName, ...], Field(min_length=1)]
    reencrypt_keys: dict[RegionName, KeyText] = Field(default_factory=dict)
    sharing_quota: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000

    @model_validator(mode="after")
    def _keys_of_its_own(self) -> Self:
        _refuse_foreign_keys("reencrypt_keys", self.reencrypt_keys, self.role.account_id)
        if elsewhere := sorted(set(self.reencrypt_keys) - set(self.regions)):
            raise ValueError(f"reencrypt_keys: {', '.join(elsewhere)} is none of the account's regions")
        return self

    @property
    def account(self) -> SourceAccount:
        keys = {Region(region): key for region, key in self.reencrypt_keys.items()}
        regions = tuple(map(Region, self.regions))
        return replace(super().account, regions=regions, reencrypt_keys=keys, sharing_quota=self.sharing_quota)


class TargetSettings(_AccountSettings):
    """An account that images go to.

    Attributes:
        environment: what approval rules may know it by, as production.
        keys: for each region, the target's own key that copies there are encrypted under.
        key_principals: who there may use the source's key; the role that copies, unless said otherwise.
        ssm_parameter: the name of a parameter that is to point to the newest copy, of what `names.FIELDS` lists.
        key_administrators: who there may make, list and revoke grants on the source's key, for whomever they like:
            with that they can hand it on to anybody. Nobody, unless named here.
    """

    environment: EnvironmentName | None = None
    keys: Annotated[dict[RegionName, KeyText], Field(min_length=1)]
    key_principals: tuple[PrincipalText, ...] = ()
    ssm_parameter: ParameterText | None = None
    key_administrators: tuple[PrincipalText, ...] = ()

    @model_validator(mode="after")
    def _in_this_account(self) -> Self:
        account_id = self.role.account_id
        _refuse_foreign_keys("keys", self.keys, account_id)
        named = {"key_principals": self.key_principals, "key_administrators": self.key_administrators}
        for setting, principals in named.items():
            for principal in principals:
                if account_of(parse_principal_arn(principal)) != account_id:
                    raise ValueError(f"{setting}: {principal} is of another account than {account_id}")
        return self

    @property
    def account(self) -> TargetAccount:
        principals = self.key_principals or (self.role_arn,)
        keys = {Region(region): key for region, key in self.keys.items()}
        return TargetAccount(
            name=self.name,
            role=self.role,
            keys=keys,
            key_principals=tuple(map(PrincipalArn, principals)),
            parameter=self.ssm_parameter,
            key_administrators=tuple(map(PrincipalArn, self.key_administrators)),
        )


class OrganizationSettings(_NamedSettings):
    """An organization, or an organizational unit of one, whose members may launch images; nothing is copied there.

    Attributes:
        environment: what approval rules may know it by, as production.
        arn: the organization's or the OU's; an id alone isn't enough for EC2.
        path: of an OU, as `aws:PrincipalOrgPaths` has it, with everything below: `o-…/r-…/ou-…/*`.
        role_arn: a role in the management account, or one it delegated that to, that may ask who the members are.
        snapshots: `members` shares the snapshots with each member of now, so that it can copy; `never` doesn't.
    """

    environment: EnvironmentName | None = None
    arn: OrganizationText
    path: PathText | None = None
    role_arn: RoleText | None = None
    external_id: ExternalId | None = None
    snapshots: SnapshotSharing = SnapshotSharing.NEVER

    @model_validator(mode="after")
    def _path_fits(self) -> Self:
        arn = OrganizationArn(self.arn)
        if not is_unit_arn(arn):
            if self.path is not None:
                raise ValueError("path: is for organizational units; an organization is known by its id")
        elif self.path is None:
            raise ValueError("path: an organizational unit needs its path, like o-…/r-…/ou-…/*")
        elif not self._is_path_of(*arn.split("/")[1:]):
            raise ValueError(f"path: {self.path} isn't the path of {arn}: it must begin and end with the same ids")
        return self

    def _is_path_of(self, organization_id: str, unit_id: str) -> bool:
        path = str(self.path)
        return path.startswith(f"{organization_id}/") and path.endswith(f"/{unit_id}/*")

    @model_validator(mode="after")
    def _somebody_asks(self) -> Self:
        if self.role_arn is None and self.snapshots is SnapshotSharing.MEMBERS:
            raise ValueError("snapshots: to share with the members, a role_arn is needed that may ask who they are")
        if self.role_arn is None and self.external_id is not None:
            raise ValueError("external_id: goes with a role_arn")
        return self

    @property
    def organization(self) -> TargetOrganization:
        arn = OrganizationArn(self.arn)
        role = RoleArn(self.role_arn) if self.role_arn else None
        return TargetOrganization(
            name=self.name,
            arn=arn,
            path=OrganizationPath(self.path or organization_of(arn)),
            role=Role(role, account_of(role), self.external_id) if role else None,
            snapshots=self.snapshots,
        )


class GroupSettings(_NamedSettings):
    """A name for several targets or organizations at once, as in `to everywhere`."""

    targets: Annotated[tuple[Name, ...], Field(min_length=1)]


class AuditSettings(Strict):
    """How often AWS is compared with what was approved.

    Attributes:
        every_days: 0 for never, unless somebody asks. Copies that aren't kept are looked for as often, if there are
            rules for them; every week if this is 0.
    """

    every_days: Annotated[int, Field(ge=0, le=366)] = 7


class WarningSettings(Strict):
    """What the approvers are warned of.

    Attributes:
        image_older_than_days: an image that is older.
        key_used_by_accounts: a key of the source that as many other accounts may use already.
        environments: targets of these environments, as names or patterns with `*` and `?`, in capitals or not; of
            the others it is only said which they are.
    """

    image_older_than_days: Annotated[int, Field(ge=1, le=3660)] = 90
    key_used_by_accounts: Annotated[int, Field(ge=1, le=10_000)] = 3
    environments: frozenset[Pattern] = frozenset({"prod*"})

    @property
    def rules(self) -> WarningRules:
        return WarningRules(timedelta(days=self.image_older_than_days), self.environments)


class CopySettings(Strict):
    """How copies are made.

    Attributes:
        name: their name, of what `names.FIELDS` lists; made unique where it has to be.
        carry: what of an image goes with its copies, besides its description and tags.
    """

    name: TemplateText = "{name}"
    carry: frozenset[Carried] = frozenset(Carried)

    @property
    def rules(self) -> CopyRules:
        return CopyRules(self.name, self.carry)


class RetentionSettings(Strict):
    """How many copies of a family of images are kept; what is beyond that is shown, and goes once approved.

    Attributes:
        images: a pattern of the source images' names, with `*` and `?`.
        keep: how many each account keeps in each region.
        targets: where it holds, by name of account or group; everywhere if left out.
    """

    images: Annotated[str, Field(min_length=1, max_length=128)]
    keep: Annotated[int, Field(ge=1, le=1000)]
    targets: tuple[Name, ...] | None = None


class RegionPriceSettings(Strict):
    """What differs in one region; the attributes are those of `PriceSettings`."""

    storage_per_gib_month: Price | None = None
    transfer_per_gib: Price | None = None


class PriceSettings(Strict):
    """What AWS charges. Without it no cost is shown: AWS changes its prices, so the bot comes with none.

    Attributes:
        currency: three capitals, as USD.
        storage_per_gib_month: for snapshots, by the region that a copy is made in.
        transfer_per_gib: for what leaves a region, by the region that the image is in.
        regions: regions with other prices.
    """

    currency: Currency
    storage_per_gib_month: Price
    transfer_per_gib: Price
    regions: dict[RegionName, RegionPriceSettings] = Field(default_factory=dict)

    @property
    def prices(self) -> Prices:
        differing = {
            Region(name): RegionPrices(there.storage_per_gib_month, there.transfer_per_gib)
            for name, there in self.regions.items()
        }
        return Prices(self.currency, self.storage_per_gib_month, self.transfer_per_gib, differing)


class StandingSettings(Strict):
    """Whenever a new image of a family appears, approval is asked to share it.

    Attributes:
        source: the name of the account that the images appear in.
        images: a pattern of their names, with `*` and `?`.
        targets, regions, mode, auto_scaling: as in a request; without regions, the image's own.
        days: how long each share lasts; for as long as nobody ends it if left out.
        on_behalf_of: the Slack user who hears of the result; somebody else has to approve, and must be named for that.
    """

    name: Name
    source: Name
    images: Annotated[str, Field(min_length=1, max_length=128)]
    targets: Annotated[tuple[Name, ...], Field(min_length=1)]
    regions: tuple[RegionName, ...] = ()
    mode: Mode = Mode.COPY
    auto_scaling: bool = False
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    on_behalf_of: UserId
    reason: Annotated[str, Field(max_length=300)] = ""

    @model_validator(mode="after")
    def _auto_scaling_launches_originals(self) -> Self:
        if self.auto_scaling and self.mode.copies:
            raise ValueError("auto_scaling: goes with mode = 'share' alone; a copy is under the target's own key")
        return self


class QueueSettings(Strict):
    """An SQS queue that EventBridge puts events about images on.

    Attributes:
        account: the name of the source or target whose role may read it.
        region: the queue's.
    """

    account: Name
    region: RegionName
    url: Annotated[str, Field(pattern=r"^https?://")]


class ServerSettings(Strict):
    """Where the HTTP server listens, and how much is done at once and how often.

    Attributes:
        workers: how many requests are worked on at a time.
        lease_seconds: how long a request rests after its worker died, before another takes it up.
        watch_seconds: how often copies in flight are looked at.
        publish_seconds: how often Slack is brought up to date.
        standing_seconds: how often new images are looked for, for standing shares.
        log_format: `text` for people, `json` for one object a line.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 30
    watch_seconds: Annotated[float, Field(ge=0.1, le=600)] = 15
    publish_seconds: Annotated[float, Field(ge=0.1, le=60)] = 1
    standing_seconds: Annotated[float, Field(ge=1, le=86_400)] = 300
    log_format: LogFormat = LogFormat.TEXT


_A = TypeVar("_A", bound=_AccountSettings)


def _distinct(accounts: tuple[_A, ...]) -> tuple[_A, ...]:
    seen: set[str] = set()
    for account in accounts:
        for word in (account.name, account.role.account_id):
            if word in seen:
                raise ValueError(f"{word} is there twice")
            seen.add(word)
    return accounts


class Settings(Strict):
    """What the bot may do: the settings file."""

    slack: SlackSettings
    approval: ApprovalSettings
    sources: Annotated[tuple[SourceSettings, ...], Field(min_length=1), AfterValidator(_distinct)]
    targets: Annotated[tuple[TargetSettings, ...], Field(min_length=1), AfterValidator(_distinct)]
    organizations: tuple[OrganizationSettings, ...] = ()
    groups: tuple[GroupSettings, ...] = ()
    key_accounts: Annotated[tuple[KeyAccountSettings, ...], AfterValidator(_distinct)] = ()
    copies: CopySettings = CopySettings()
    audit: AuditSettings = AuditSettings()
    warnings: WarningSettings = WarningSettings()
    retention: tuple[RetentionSettings, ...] = ()
    standing: tuple[StandingSettings, ...] = ()
    events: tuple[QueueSettings, ...] = ()
    prices: PriceSettings | None = None
    server: ServerSettings = ServerSettings()

    @property
    def estate(self) -> Estate:
        return Estate(
            tuple(holder.account for holder in (*self.sources, *self.key_accounts)),
            tuple(target.account for target in self.targets),
            tuple(organization.organization for organization in self.organizations),
            {group.name: tuple(dict.fromkeys(group.targets)) for group in self.groups},
        )

    @model_validator(mode="after")
    def _groups_name_what_there_is(self) -> Self:
        known = {one.name for one in (*self.targets, *self.organizations)}
        taken = set(known)
        for group in self.groups:
            if group.name in taken:
                raise ValueError(f"groups: {group.name} is there twice; groups, targets and organizations share names")
            taken.add(group.name)
            if unknown := sorted(set(group.targets) - known):
                raise ValueError(f"groups: {group.name}: nothing is called {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _sources_hold_their_own_keys(self) -> Self:
        _distinct((*self.sources, *self.key_accounts))
        return self

    @model_validator(mode="after")
    def _one_namespace(self) -> Self:
        seen = {word for target in self.targets for word in (target.name, target.role.account_id)}
        for organization in self.organizations:
            for word in (organization.name, organization.arn.split("/")[-1]):
                if word in seen:
                    raise ValueError(f"organizations: {word} is there twice; targets and organizations share names")
                seen.add(word)
        return self

    @model_validator(mode="after")
    def _known_targets(self) -> Self:
        known = {target.name for target in self.targets}
        for rule in self.retention:
            if unknown := sorted(set(self._without_groups(rule.targets or ())) - known):
                raise ValueError(f"retention: {rule.images}: no target is called {', '.join(unknown)}")
        return self

    def _without_groups(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, with what is in a group in its place, each once."""
        groups = self.estate.groups
        return tuple(dict.fromkeys(one for name in names for one in groups.get(name, (name,))))

    @model_validator(mode="after")
    def _standing_in_the_estate(self) -> Self:
        targets = {target.name: target for target in self.targets}
        organizations = {organization.name for organization in self.organizations}
        names = [share.name for share in self.standing]
        problems = [f"{name} is there twice" for name in sorted({one for one in names if names.count(one) > 1})]
        for share in self.standing:
            if share.source not in {source.name for source in self.sources}:
                problems.append(f"{share.name}: no source is called {share.source}")
            named = self._without_groups(share.targets)
            known = {*targets, *organizations}
            problems += [f"{share.name}: nothing is called {one}" for one in named if one not in known]
            problems += [
                f"{share.name}: {one} is an organization, which mode = 'share' is for alone"
                for one in named
                if one in organizations and share.mode.copies
            ]
            problems += [
                f"{share.name}: {one} has no key for {region}"
                for one in named
                for region in share.regions
                if one in targets and region not in targets[one].keys and share.mode.copies
            ]
        if problems:
            raise ValueError(f"standing: {'; '.join(problems)}")
        return self

    @model_validator(mode="after")
    def _queues_of_known_accounts(self) -> Self:
        known = {account.name for account in (*self.sources, *self.targets)}
        if unknown := sorted({queue.account for queue in self.events} - known):
            raise ValueError(f"events: no source or target is called {', '.join(unknown)}")
        return self

    @property
    def standing_shares(self) -> tuple[StandingShare, ...]:
        sources = {source.name: source.role.account_id for source in self.sources}
        return tuple(
            StandingShare(
                name=share.name,
                source=sources[share.source],
                images=share.images,
                targets=self._without_groups(share.targets),
                regions=tuple(map(Region, share.regions)),
                mode=share.mode,
                auto_scaling=share.auto_scaling,
                lasts=timedelta(days=share.days) if share.days else None,
                requester=Person(self.slack.team_id, share.on_behalf_of),
                reason=share.reason,
            )
            for share in self.standing
        )

    @property
    def queues(self) -> tuple[Queue, ...]:
        roles = {account.name: account.role for account in (*self.sources, *self.targets)}
        return tuple(Queue(roles[queue.account], Region(queue.region), queue.url) for queue in self.events)

    @property
    def retention_rules(self) -> tuple[RetentionRule, ...]:
        accounts = {target.name: target.role.account_id for target in self.targets}
        return tuple(
            RetentionRule(
                rule.images,
                rule.keep,
                None
                if rule.targets is None
                else frozenset(accounts[one] for one in self._without_groups(rule.targets)),
            )
            for rule in self.retention
        )

    @model_validator(mode="after")
    def _rules_of_known_accounts(self) -> Self:
        if problems := list(self.approval.problems({source.name for source in self.sources}, self._environments)):
            raise ValueError(f"approval.rules: {'; '.join(problems)}")
        return self

    @model_validator(mode="after")
    def _standing_can_be_approved(self) -> Self:
        if problems := list(self._standing_nobody_can_approve()):
            raise ValueError(f"standing: {'; '.join(problems)}")
        return self

    def _standing_nobody_can_approve(self) -> Iterator[str]:
        rules, environments = self.rules, self._environments
        for share in self.standing:
            asks = share.on_behalf_of
            for target in self._without_groups(share.targets):
                matter = Matter(RequestKind.SHARE, share.source, target, environments[target], {asks})
                rule = rules.rule_for(matter)
                if not rule.can_approve_for(asks):
                    yield (
                        f"{share.name}: too few people could approve it for {target}: the rule {rule.name} wants "
                        f"{rule.approvals} of {', '.join(sorted(rule.users))}, other than {asks}, who asks for it; "
                        "name others in its users, or a user group, or somebody else in on_behalf_of"
                    )

    @property
    def rules(self) -> ApprovalRules:
        sources = {source.role.account_id: source.name for source in self.sources}
        rules = self.approval.rules_for(self.slack.approvals_channel, sources, self._environments)
        return replace(rules, warnings=self.warnings.rules)

    @property
    def channels(self) -> dict[str, str]:
        """Every channel that something is posted in, by the setting that names it."""
        named = {
            "slack.approvals_channel": self.slack.approvals_channel,
            "slack.notifications_channel": self.slack.notifications_channel,
            "approval.channel": self.approval.channel,
        } | {f"approval.rules.{rule.name}.channel": rule.channel for rule in self.approval.rules}
        return {setting: channel for setting, channel in named.items() if channel is not None}

    @property
    def user_groups(self) -> dict[str, str]:
        """The settings that name each user group of Slack's, by its id."""
        named: dict[str, list[str]] = {}
        for setting, groups in self.approval.user_groups.items():
            for group in sorted(groups):
                named.setdefault(group, []).append(setting)
        return {group: ", ".join(settings) for group, settings in named.items()}

    @property
    def _environments(self) -> dict[str, str | None]:
        organizations = {organization.name: organization.environment for organization in self.organizations}
        return {target.name: target.environment for target in self.targets} | organizations


_DATABASES = ("sqlite", "postgresql")


class Environment(BaseSettings):
    """Secrets and addresses: the environment variables, in capitals.

    Attributes:
        slack_signing_secret: needed with the door `http`, to know Slack's requests by.
        slack_app_token: needed with the door `socket`, to connect with.
        database_url: SQLAlchemy's form; SQLite in the working directory unless said otherwise.
        aws_secret_access_key, aws_session_token, aws_container_authorization_token, pgpassword: for boto3 and for
            PostgreSQL's driver, which read them by themselves; known here so that they are never logged.
    """

    model_config = SettingsConfigDict(frozen=True)

    slack_bot_token: Annotated[SecretStr, Field(min_length=1)]
    slack_signing_secret: Annotated[SecretStr, Field(min_length=1)] | None = None
    slack_app_token: Annotated[SecretStr, Field(min_length=1)] | None = None
    slack_api_url: str = "https://slack.com/api/"
    database_url: SecretStr = SecretStr("sqlite:///ami-share.sqlite3")
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None
    aws_container_authorization_token: SecretStr | None = None
    pgpassword: SecretStr | None = None

    @field_validator("slack_bot_token", "slack_signing_secret", "slack_app_token")
    @classmethod
    def _bare(cls, secret: SecretStr | None) -> SecretStr | None:
        # With the newline that a file or `echo` ends in, it would be another secret, and no request signed with it.
        if secret is not None and secret.get_secret_value() != secret.get_secret_value().strip():
            raise ValueError("begins or ends with white space, a newline for instance: give it without")
        return secret

    @field_validator("database_url")
    @classmethod
    def _known(cls, url: SecretStr) -> SecretStr:
        try:
            kind = make_url(url.get_secret_value()).get_backend_name()
        except ArgumentError:
            raise ValueError("isn't a URL of SQLAlchemy's, like postgresql://user:password@host/name") from None
        if kind not in _DATABASES:
            raise ValueError(f"is of {kind}, and must be one of {', '.join(_DATABASES)}")
        return url

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that may never be written to a log."""
        given = (
            self.slack_bot_token,
            self.slack_signing_secret,
            self.slack_app_token,
            self.aws_secret_access_key,
            self.aws_session_token,
            self.aws_container_authorization_token,
            self.pgpassword,
        )
        url = make_url(self.database_url.get_secret_value())
        passwords = (url.password, url.query.get("password"))
        return (*(one.get_secret_value() for one in given if one), *(str(one) for one in passwords if one))


def load(path: Path) -> tuple[Settings, Environment]:
    """Read the settings from the file at `path` and from the environment.

    Raises:
        SettingsError: something is wrong; says everything that is.
    """
    try:
        toml = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    problems: list[str] = []
    settings = _validated(lambda: Settings.model_validate(toml), problems)
    environment = _validated(Environment, problems, in_environment=True)
    if settings and environment:
        problems += _missing_for(settings.slack.door, environment)
    if settings is None or environment is None or problems:
        raise SettingsError("\n".join([f"{path} and the environment can't be used as they are:", *problems]))
    return settings, environment


def _validated(make: Callable[[], _T], problems: list[str], *, in_environment: bool = False) -> _T | None:
    try:
        return make()
    except ValidationError as error:
        for wrong in error.errors():
            where = ".".join(str(part) for part in wrong["loc"])
            what = wrong["msg"].removeprefix("Value error, ")
            problems.append(f"  {where.upper() if in_environment else where}: {what}")
        return None


def _missing_for(door: Door, environment: Environment) -> Iterator[str]:
    if door is Door.HTTP and environment.slack_signing_secret is None:
        yield "  SLACK_SIGNING_SECRET: needed with slack.door = 'http', to know Slack's requests by"
    if door is Door.SOCKET and environment.slack_app_token is None:
        yield "  SLACK_APP_TOKEN: needed with slack.door = 'socket', to connect with"
