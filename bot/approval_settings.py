"""Approval settings: `[approval]` is the rule for what no other takes, `[[approval.rules]]` are those before it."""

from collections.abc import Iterator, Mapping, Set
from datetime import time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from aws_ops.ids import AccountId
from bot.fields import ChannelId, GroupId, Name, Strict, UserId, hint
from sharing.business_hours import BusinessHours
from sharing.requests import RequestKind
from sharing.rules import DEFAULT, EVERYTHING, WITH_TARGETS, ApprovalRule, ApprovalRules, Barred, Scope, never_reached

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone looks like Asia/Tokyo or Europe/Berlin") from None
    return value


Pattern = Annotated[str, Field(min_length=1, max_length=128)]
Patterns = Annotated[frozenset[Pattern], Field(min_length=1)]
ZoneName = Annotated[str, AfterValidator(_known_zone)]


class BusinessHoursSettings(Strict):
    """When people can be reminded.

    Attributes:
        days: of the week, in three letters.
        opens, closes: `from` and `to` in the file, as HH:MM in the time of `timezone`.
    """

    days: Annotated[frozenset[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(min_length=1)] = (
        frozenset({"mon", "tue", "wed", "thu", "fri"})
    )
    opens: Annotated[time, Field(alias="from")] = time(9)
    closes: Annotated[time, Field(alias="to")] = time(18)
    timezone: ZoneName = "UTC"

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("from, to: are in the time of timezone, without an offset")
        if self.opens >= self.closes:
            raise ValueError("to: must be later than from")
        return self

    @property
    def hours(self) -> BusinessHours:
        days = frozenset(_DAYS.index(day) for day in self.days)
        return BusinessHours(days, self.opens, self.closes, ZoneInfo(self.timezone))


class _DecidersSettings(Strict):
    """Who may decide, and how. Being in the channel gives no right.

    Attributes:
        users, groups: Slack user ids, and user group ids; members are read at each click.
        approvals: how many different people have to approve.
        never: who may not, although named: `requester`, and `last_editor`, who last took targets out.
        channel: where it is asked; the approvals channel, unless said otherwise.
        expires_after_hours: how long a request waits for a decision; never longer than till its own end.
        remind_after_hours: of business time, before each reminder; never if left out.
        confirm: Slack asks once more before an approval counts.
    """

    users: frozenset[UserId] = frozenset()
    groups: frozenset[GroupId] = frozenset()
    approvals: Annotated[int, Field(ge=1, le=20)] = 1
    never: frozenset[Barred] = frozenset({Barred.REQUESTER})
    channel: ChannelId | None = None
    expires_after_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 72
    remind_after_hours: Annotated[float, Field(ge=0.25, le=240)] | None = None
    confirm: bool = True

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.users and not self.groups:
            raise ValueError("name at least one user or group: with no approver, nobody could approve anything")
        if not self.groups and len(self.users) < self.approvals:
            raise ValueError(f"approvals: {self.approvals} people can't approve where {len(self.users)} may")
        return self

    def rule(self, name: str, scope: Scope, channel: str) -> ApprovalRule:
        return ApprovalRule(
            name=name,
            users=self.users,
            groups=self.groups,
            channel=self.channel or channel,
            approvals=self.approvals,
            never=self.never,
            expires_after=timedelta(hours=self.expires_after_hours),
            remind_after=timedelta(hours=self.remind_after_hours) if self.remind_after_hours else None,
            confirm=self.confirm,
            scope=scope,
        )


class RuleSettings(_DecidersSettings):
    """A rule for some of what is asked for; each target follows the first rule that takes it.

    Attributes:
        sources, targets, environments: names, or patterns with `*` and `?`; all, if left out.
        requesters: Slack user ids and user group ids; all, if left out.
        kinds: of requests; shares and revocations, if left out. The others are about all accounts at once.
    """

    name: Name
    sources: Patterns | None = None
    targets: Patterns | None = None
    environments: Patterns | None = None
    requesters: Annotated[frozenset[UserId | GroupId], Field(min_length=1)] | None = None
    kinds: Annotated[frozenset[RequestKind], Field(min_length=1)] = WITH_TARGETS

    @model_validator(mode="after")
    def _of_its_kinds(self) -> Self:
        by_place = [name for name in ("sources", "targets", "environments") if getattr(self, name) is not None]
        without = sorted(self.kinds - WITH_TARGETS)
        if by_place and without:
            raise ValueError(
                f"kinds: what is of the kind {' or '.join(without)} is about all accounts, and a rule with "
                f"{', '.join(by_place)} never takes it: give it a rule of its own"
            )
        return self

    @model_validator(mode="after")
    def _somebody_else(self) -> Self:
        rule = self.rule(self.name, self.scope, "")
        if self.requesters is not None and not any(map(rule.can_approve_for, self.requesters)):
            raise ValueError(
                "requesters: none of them could get an approval, since nobody decides on a request of their own: name "
                "others in users, or a user group"
            )
        return self

    @property
    def scope(self) -> Scope:
        return Scope(self.sources, self.targets, self.environments, self.requesters, self.kinds)


class ApprovalSettings(_DecidersSettings):
    """The rule for what no other takes, and those others, in order."""

    rules: tuple[RuleSettings, ...] = ()
    business_hours: BusinessHoursSettings = BusinessHoursSettings()

    @model_validator(mode="after")
    def _different_names(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"rules: {', '.join(twice)} is there twice")
        if DEFAULT in names:
            raise ValueError(f"rules: {DEFAULT} is what [approval] itself is called")
        return self

    def rules_for(
        self, channel: str, sources: Mapping[AccountId, str], environments: Mapping[str, str | None]
    ) -> ApprovalRules:
        """Return the rules; `environments` has every target, with its environment or None."""
        return ApprovalRules(
            (*self._ordered(channel), self.rule(DEFAULT, EVERYTHING, channel)),
            sources,
            {target: environment for target, environment in environments.items() if environment},
            self.business_hours.hours,
        )

    @property
    def user_groups(self) -> dict[str, frozenset[str]]:
        """Every user group of Slack's, by the setting that names it."""
        named = {"approval.groups": self.groups}
        for rule in self.rules:
            named[f"approval.rules.{rule.name}.groups"] = rule.groups
            named[f"approval.rules.{rule.name}.requesters"] = rule.scope.requester_groups
        return named

    def problems(self, sources: Set[str], environments: Mapping[str, str | None]) -> Iterator[str]:
        """Yield what doesn't fit the accounts of the settings, as sentences."""
        known = {
            "sources": sources,
            "targets": environments.keys(),
            "environments": {environment for environment in environments.values() if environment},
        }
        for rule in self.rules:
            for field, names in known.items():
                for each in sorted(getattr(rule, field) or ()):
                    if each not in names and not set("*?[") & set(each):
                        yield f"{rule.name}: {field}: {each} is none of them{hint(each, names)}"
        for name in never_reached(self._ordered(""), sources, environments):
            yield f"{name}: never applies, since the rules before it take all that it would; put it before them"

    def _ordered(self, channel: str) -> tuple[ApprovalRule, ...]:
        return tuple(rule.rule(rule.name, rule.scope, channel) for rule in self.rules)
