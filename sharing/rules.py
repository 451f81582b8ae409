"""Approval rules: which of them applies to what is asked for, and how the votes on each part of a request stand.

Pure. A request's targets fall into parts, one for each rule that applies to some of them; parts are never stored, but
worked out from the rules as they are now, so that a change of the settings holds from the next click on.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import product

from aws_ops.ids import AccountId
from sharing.business_hours import BusinessHours
from sharing.requests import Decision, Person, Request, RequestKind, Verdict

DEFAULT = "default"
"""The name of the rule for what no other rule takes."""

WITH_TARGETS = frozenset({RequestKind.SHARE, RequestKind.REVOKE})


class Barred(StrEnum):
    """Somebody who may never decide, even where the rule names them."""

    REQUESTER = "requester"
    LAST_EDITOR = "last_editor"


@dataclass(frozen=True)
class Matter:
    """What a rule looks at: one target of a request, and one account its images come from.

    Attributes:
        source, target: names of the settings; None where a request has none, as an audit, or they have gone since.
        requesters: the ids that stand for the requester: their own, and those of their user groups.
    """

    kind: RequestKind
    source: str | None
    target: str | None
    environment: str | None
    requesters: Set[str]


@dataclass(frozen=True)
class Scope:
    """What a rule is for; what is None isn't looked at. Sources, targets and environments are fnmatch patterns."""

    sources: frozenset[str] | None = None
    targets: frozenset[str] | None = None
    environments: frozenset[str] | None = None
    requesters: frozenset[str] | None = None
    kinds: frozenset[RequestKind] = WITH_TARGETS

    def takes(self, matter: Matter) -> bool:
        return (
            matter.kind in self.kinds
            and _fits(self.sources, matter.source)
            and _fits(self.targets, matter.target)
            and _fits(self.environments, matter.environment)
            and (self.requesters is None or bool(self.requesters & matter.requesters))
        )

    @property
    def requester_groups(self) -> frozenset[str]:
        """The user groups among the requesters."""
        return frozenset(each for each in self.requesters or () if each.startswith("S"))


EVERYTHING = Scope(kinds=frozenset(RequestKind))


@dataclass(frozen=True)
class ApprovalRule:
    """Who may decide, and how. Nobody named means nobody may; being in the channel gives no right.

    Attributes:
        users, groups: Slack ids of people, and of user groups whose members may.
        channel: the id of the channel that it is asked in.
        approvals: how many different people have to approve.
        never: who may not, although named.
        expires_after: how long a decision is waited for.
        remind_after: how much business time passes before each reminder; None for no reminders.
        confirm: Slack asks once more before an approval counts.
    """

    name: str
    users: frozenset[str]
    groups: frozenset[str]
    channel: str
    approvals: int = 1
    never: frozenset[Barred] = frozenset({Barred.REQUESTER})
    expires_after: timedelta = timedelta(hours=72)
    remind_after: timedelta | None = None
    confirm: bool = True
    scope: Scope = EVERYTHING

    def names(self, person: Person, groups: Set[str]) -> bool:
        """Whether the rule names somebody who is in `groups`."""
        return person.user_id in self.users or bool(groups & self.groups)

    def could_name(self, person: Person) -> bool:
        """Whether the rule names somebody, or might by a user group."""
        return person.user_id in self.users or bool(self.groups)

    def can_approve_for(self, requester: str) -> bool:
        """Whether enough are named for what `requester`, a Slack id, asks for; a user group is taken to be enough."""
        barred = {requester} if Barred.REQUESTER in self.never else set()
        return bool(self.groups) or len(self.users - barred) >= self.approvals

    def bars(self, person: Person, request: Request) -> Barred | None:
        """Return as what `person` may not decide on `request`, though named; None if nothing bars them."""
        if Barred.REQUESTER in self.never and person == request.requester:
            return Barred.REQUESTER
        if Barred.LAST_EDITOR in self.never and request.edits and person == request.edits[-1].person:
            return Barred.LAST_EDITOR
        return None


@dataclass(frozen=True)
class Part:
    """The targets of a request that one rule decides on; none where the request has none."""

    rule: ApprovalRule
    targets: tuple[str, ...]

    def expires_at(self, request: Request) -> datetime:
        """When a decision comes too late: no later than what it would give ends."""
        waited_for = (request.asked_at or request.created_at) + self.rule.expires_after
        return waited_for if request.ends_at is None else min(waited_for, request.ends_at)


@dataclass(frozen=True)
class Tally:
    """How the votes on a part stand.

    Attributes:
        approvals: the approvals that count, one of each person.
        verdict: None as long as it is open.
        unnamed: who approved, and is named by the rule no more.
    """

    part: Part
    approvals: tuple[Decision, ...]
    verdict: Verdict | None
    unnamed: tuple[Person, ...] = ()

    @property
    def missing(self) -> int:
        """How many more people have to approve."""
        return max(0, self.part.rule.approvals - len(self.approvals))

    def open_at(self, request: Request, now: datetime) -> bool:
        """Whether somebody can still decide."""
        return self.verdict is None and now < self.part.expires_at(request)


@dataclass(frozen=True)
class WarningRules:
    """What stands out before a decision.

    Attributes:
        image_age: from what age on an image counts as old.
        environments: patterns of those that are warned of, in capitals or not; the others are only named.
    """

    image_age: timedelta = timedelta(days=90)
    environments: frozenset[str] = frozenset({"prod*"})

    def warn_of(self, environment: str) -> bool:
        return any(fnmatchcase(environment.lower(), pattern.lower()) for pattern in self.environments)


@dataclass(frozen=True)
class ApprovalRules:
    """All rules, in the order of the settings; the first that takes a matter decides, and the last takes everything.

    Attributes:
        sources: the names of the source accounts.
        environments: which environment each target is of, by the target's name.
        hours: when people can be reminded.
        warnings: what the approvers are warned of.
    """

    rules: tuple[ApprovalRule, ...]
    sources: Mapping[AccountId, str] = field(default_factory=dict)
    environments: Mapping[str, str] = field(default_factory=dict)
    hours: BusinessHours = field(default_factory=BusinessHours)
    warnings: WarningRules = field(default_factory=WarningRules)

    def parts_of(self, request: Request, sources: Set[str] = frozenset()) -> tuple[Part, ...]:
        """Return the parts of a request, in the order of the rules; there is always one.

        With images of several sources, several rules may apply to one target, and it is in the part of each. Which they
        are its plan says; `sources` are what they seem to be as long as it has none.
        """
        targets: dict[str, dict[str, None]] = {rule.name: {} for rule in self.rules}
        applies: set[str] = set()
        for matter in self._matters(request, sources):
            name = self.rule_for(matter).name
            applies.add(name)
            if matter.target is not None:
                targets[name][matter.target] = None
        return tuple(Part(rule, tuple(targets[rule.name])) for rule in self.rules if rule.name in applies)

    def tallies_of(self, request: Request) -> tuple[Tally, ...]:
        """Return how the votes on each part of a request stand."""
        return tuple(tally(part, request) for part in self.parts_of(request))

    def rule_for(self, matter: Matter) -> ApprovalRule:
        return next(rule for rule in self.rules if rule.scope.takes(matter))

    def named(self, name: str) -> ApprovalRule | None:
        return next((rule for rule in self.rules if rule.name == name), None)

    @property
    def channel(self) -> str:
        """The channel of what no rule takes."""
        return self.rules[-1].channel

    @property
    def requester_groups(self) -> frozenset[str]:
        """The user groups that rules know requesters by."""
        return frozenset[str]().union(*(rule.scope.requester_groups for rule in self.rules))

    def _matters(self, request: Request, sources: Set[str]) -> Iterator[Matter]:
        if request.plan:
            sources = set(filter(None, (self.sources.get(image.owner) for image in request.plan.images)))
        requesters = {request.requester.user_id, *request.requester_groups}
        of: Iterable[str | None] = sorted(sources) or [None]
        for target, source in product(request.targets or [None], of):
            yield Matter(request.kind, source, target, self.environments.get(target or ""), requesters)


def tally(part: Part, request: Request) -> Tally:
    """Count the votes on a part: those on the plan as it is now, cast since it was last asked for.

    An approval that was given for fewer targets than the part has now doesn't count, nor one of somebody whom the rule
    can't name by now, or bars.
    """
    votes = [vote for vote in request.votes if vote.rule == part.rule.name]
    given: dict[Person, Decision] = {}
    for vote in votes:
        if vote.verdict is Verdict.VOID:
            given.pop(vote.person, None)
        elif vote.verdict is Verdict.APPROVED and _counts(vote, part, request):
            given.setdefault(vote.person, vote)
    approvals = {person: vote for person, vote in given.items() if part.rule.could_name(person)}
    ends = [vote.verdict for vote in votes if vote.verdict.keeps_out]
    verdict = ends[0] if ends else Verdict.APPROVED if len(approvals) >= part.rule.approvals else None
    unnamed = tuple(person for person in given if person not in approvals)
    return Tally(part, tuple(approvals.values()), verdict, unnamed)


def _counts(approval: Decision, part: Part, request: Request) -> bool:
    return set(part.targets) <= set(approval.targets) and not part.rule.bars(approval.person, request)


def granted(tallies: Iterable[Tally], request: Request) -> tuple[str, ...] | None:
    """Return the targets that a request may go on with once nothing is open; None if it may not go on at all.

    Shares alone can be cut down to what was approved: what takes back or mends is approved as a whole, or not.
    """
    given = tuple(tallies)
    whole = all(each.verdict is Verdict.APPROVED for each in given)
    if request.kind is not RequestKind.SHARE:
        return request.targets if whole else None
    lost = {target for each in given if each.verdict is not Verdict.APPROVED for target in each.part.targets}
    lost |= {target for vote in request.votes if vote.verdict is Verdict.DENIED for target in vote.targets}
    return tuple(target for target in request.targets if target not in lost) or None


def never_reached(
    rules: Iterable[ApprovalRule], sources: Set[str], environments: Mapping[str, str | None]
) -> list[str]:
    """Return the names of rules that can never apply, since earlier ones take all that they would.

    `environments` has every target, with its environment or None.
    """
    found: list[str] = []
    earlier: list[Scope] = []
    places = [*environments.items(), (None, None)]
    for rule in rules:
        cases = [
            (kind, source, target, environment)
            for kind, source, (target, environment) in product(RequestKind, [*sorted(sources), None], places)
            if rule.scope.takes(_case(kind, source, target, environment, rule.scope.requesters))
        ]
        if cases and all(any(_covers(one, case, rule.scope) for one in earlier) for case in cases):
            found.append(rule.name)
        earlier.append(rule.scope)
    return found


_Case = tuple[RequestKind, str | None, str | None, str | None]


def _case(
    kind: RequestKind, source: str | None, target: str | None, environment: str | None, requesters: Set[str] | None
) -> Matter:
    return Matter(kind, source, target, environment, requesters or frozenset())


def _covers(earlier: Scope, case: _Case, later: Scope) -> bool:
    """Whether the earlier rule takes the case from everybody that the later one would take it from."""
    if earlier.requesters is None:
        return earlier.takes(_case(*case, None))
    return (
        later.requesters is not None
        and later.requesters <= earlier.requesters
        and earlier.takes(_case(*case, later.requesters))
    )


def _fits(patterns: frozenset[str] | None, name: str | None) -> bool:
    if patterns is None:
        return True
    return name is not None and any(fnmatchcase(name, pattern) for pattern in patterns)
