"""Requests, their deliveries and the decisions on them, as values read from the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, NewType

from aws_ops.causes import Why
from aws_ops.estimates import Estimate
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import AccountId, ImageId, KeyArn, Region, account_of
from aws_ops.plan import AddLaunchPermission, AllowKeyUse, CreateKeyGrant, Mode, Plan, Refusal
from sharing.states import DeliveryState, RequestState

RequestId = NewType("RequestId", str)

TOGETHER = timedelta(seconds=30)
"""Copies that fail within as long fail together: two looks of the copy watch."""


@dataclass(frozen=True)
class Person:
    """Somebody in the workspace: Slack's user ids are unique only together with the team's."""

    team_id: str
    user_id: str


NOBODY = Person("", "")
"""Who asks for what the calendar brings up."""


class RequestKind(StrEnum):
    """What is asked for.

    That images become usable somewhere; to see what that would do, and nothing more; that what a share gave is taken
    back; that AWS is compared with what was approved, and put right; or that copies which aren't kept any longer go.
    """

    SHARE = "share"
    PREVIEW = "preview"
    REVOKE = "revoke"
    AUDIT = "audit"
    RETIRE = "retire"


class Trigger(StrEnum):
    """What made a request."""

    PERSON = "person"
    STANDING = "standing"
    CALENDAR = "calendar"
    END_DATE = "end_date"
    COPIES_DONE = "copies_done"

    @property
    def asks_first(self) -> bool:
        """Whether approval is asked for; the rest was provided for in the approval of the share it is about."""
        return self in (Trigger.PERSON, Trigger.STANDING, Trigger.CALENDAR)


class Verdict(StrEnum):
    """What an approver said, that nobody said it in time, or that what somebody approved counts no more."""

    APPROVED = "approved"
    DENIED = "denied"
    LAPSED = "lapsed"
    VOID = "void"

    @property
    def keeps_out(self) -> bool:
        """Whether that which it is about isn't given."""
        return self in (Verdict.DENIED, Verdict.LAPSED)


class FailureKind(StrEnum):
    """Why a request or a delivery failed; the comment names the details that go with it, and `why` if it has one."""

    AWS_REFUSED = "aws_refused"  # why
    AWS_BUSY = "aws_busy"  # why
    OTHERS_AT_IT = "others_at_it"  # none: other requests were at the same, all the time
    ACCOUNT_REMOVED = "account_removed"  # account
    KEY_NEVER_USABLE = "key_never_usable"  # key, minutes
    COPY_FAILED = "copy_failed"  # said (AWS's reason, empty if it gives none)
    REENCRYPTION_FAILED = "reencryption_failed"  # image, said (as above)
    COPY_WRONG = "copy_wrong"  # image, why
    COPY_GONE = "copy_gone"  # image
    NOT_REVOCABLE = "not_revocable"  # share, state
    COPY_STALLED = "copy_stalled"  # image, hours
    TIME_OVER = "time_over"  # none: what was to be given would have ended before it began
    UNEXPECTED = "unexpected"  # reference


@dataclass(frozen=True)
class Failure:
    """Why something failed. Words are made from it at the edge, in the reader's language."""

    kind: FailureKind
    details: Mapping[str, str]
    why: Why = ()


@dataclass(frozen=True)
class NewRequest:
    """What somebody asks for, before it is stored.

    Attributes:
        origin: names the one click, command or date it comes from: the same origin twice makes one request.
        ends_at: when what the share gives is to be taken back.
        of: the share that a revocation or an audit is about.
        deregister: a revocation is to deregister the copies as well.
        requester_groups: those of the user groups that approval rules know requesters by which the requester is in.
        auto_scaling: with mode share, the targets' Auto Scaling is to launch from encrypted images as well.
        key: the alias of the targets' keys that the copies are to be under; None for those of the settings.
        ticket: where the work is tracked; empty if nobody said.
    """

    origin: str
    requester: Person
    image_ids: tuple[ImageId, ...]
    mode: Mode
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
    reason: str
    ends_at: datetime | None = None
    kind: RequestKind = RequestKind.SHARE
    of: RequestId | None = None
    deregister: bool = False
    trigger: Trigger = Trigger.PERSON
    requester_groups: frozenset[str] = frozenset()
    auto_scaling: bool = False
    key: str | None = None
    ticket: str = ""


def revocation_of(share: "Request", requester: Person, origin: str, trigger: Trigger = Trigger.PERSON) -> NewRequest:
    """Return the request that takes back what `share` gave."""
    return NewRequest(
        origin=origin,
        requester=requester,
        image_ids=share.image_ids,
        mode=share.mode,
        targets=share.targets,
        regions=share.regions,
        reason="",
        kind=RequestKind.REVOKE,
        of=share.id,
        trigger=trigger,
    )


@dataclass(frozen=True)
class Decision:
    """What somebody decided on the plan with `plan_digest`, and when; `NOBODY` where the time was over.

    Attributes:
        rule, targets: the part of the request that was decided on, by its rule's name.
    """

    person: Person
    verdict: Verdict
    reason: str
    plan_digest: str
    at: datetime
    rule: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """Somebody took targets out of a request before it was decided on."""

    person: Person
    at: datetime
    removed: tuple[str, ...]


class Way(NamedTuple):
    """What a delivery of a request is known by: which image goes where."""

    source_image_id: ImageId
    target: str
    region: Region


@dataclass(frozen=True)
class Delivery:
    """One image's way to one target account and region of a request.

    Attributes:
        source_image_id: the image that was asked for, which is in `source_region`.
        size_gib: the size of all its volumes.
        image_id: the image the target ends up using; the copy's id from the moment it is known.
        reused: the target had a good copy already, and no other was made.
        key_arn: the key the copy must be under; None where nothing is copied.
        percent: how much is copied, weighted by size; None until AWS says.
        expected_minutes: how long the copy was to take, by earlier ones; None if nobody knew.
        minutes_left: how long it still needs, in round figures, as of the last look; None if nothing can be said.
        attempt: which try it is, from 1.
        failure_batch: the number of those that failed together with it, which are told in one message; of its last
            failure, and 0 if it never failed.
        notes: what is to be said of a copy that is good all the same.
        due_at: when a waiting delivery is to be tried next.
        waiting_since: when it began to wait for its source keys.
        started_at: when its copy was started.
    """

    source_image_id: ImageId
    target: str
    account_id: AccountId
    region: Region
    source_region: Region
    size_gib: int
    state: DeliveryState
    image_id: ImageId | None
    reused: bool
    key_arn: KeyArn | None
    client_token: str
    attempt: int
    percent: int | None
    expected_minutes: int | None
    minutes_left: int | None
    failure: Failure | None
    notes: tuple[Note, ...]
    due_at: datetime | None
    waiting_since: datetime
    started_at: datetime | None
    finished_at: datetime | None
    failure_batch: int = 0

    @property
    def way(self) -> Way:
        return Way(self.source_image_id, self.target, self.region)


@dataclass(frozen=True)
class FailedTry:
    """A try at a delivery that had failed, as somebody had it tried again: why, and in which batch it was told."""

    way: Way
    failure: Failure | None
    failure_batch: int


@dataclass(frozen=True)
class Retry:
    """Somebody had deliveries that had failed tried again."""

    person: Person
    at: datetime
    tries: tuple[FailedTry, ...]

    def is_of(self, way: Way) -> bool:
        return any(each.way == way for each in self.tries)


@dataclass(frozen=True)
class Preparation:
    """The re-encryption of an image in its own account.

    Attributes:
        image_id: its copy.
        percent: how much of it is done; None until AWS says.
        since: when it was started, or found under way.
    """

    image_id: ImageId
    percent: int | None
    since: datetime


def named(delivery: Delivery) -> dict[str, str | None]:
    """Name the delivery in the audit trail."""
    return {"source_image": delivery.source_image_id, "target": delivery.target, "region": delivery.region}


@dataclass(frozen=True)
class Request:
    """A request as it is stored.

    Attributes:
        regions: where the images are to be usable; none means each in its own.
        revision: grows with every change that people should see.
        plan: what was last planned; what an approval is for once there is one.
        estimate: what the approvers were told of its cost and time, if anything.
        replanned_at: when the approvers were last asked anew, because AWS had changed since they decided.
        requester_groups: as in `NewRequest`, at the time of asking.
        asked_at: when the approvers were last asked; votes before that don't count any more.
        asked_in: the ids of the channels that it was asked in, the one with the story in its thread first.
        expires_at: when the next undecided part lapses.
        remind_at: when approvers are to be looked at next, whether to remind them.
        reminded: when the approvers of a rule were last reminded since they were asked, by the rule's name.
        edits: what approvers took out of it, oldest first.
        retries: who had which failed deliveries tried again, oldest first.
        cancelled_at: when the requester withdrew it.
        preparations: the images that had to be re-encrypted first, and their copies.
        lease: grows with every claim, so that a worker that was overtaken notices.
        watchers: who asked to be told of its end, besides the requester; in the order in which they asked.
        state_since: when it came to the state that it is in.
        begun_at: when permissions began to be changed; from then on some of what was approved may be in place.
        settled_at: when the permissions at the source were as planned: given, or taken back.
        ends_at: when what the share gives is to be taken back; `ended_by` is the request that does it, or was the last
            to try, `ended_because` why, and `ending` that request as it stands.
        notes: what is to be said of how it was carried out: what of the plan couldn't be done, or not yet.
        news: a run by the calendar that has nothing to ask has found what people weren't told of before.
    """

    id: RequestId
    kind: RequestKind
    of: RequestId | None
    trigger: Trigger
    deregister: bool
    requester: Person
    image_ids: tuple[ImageId, ...]
    mode: Mode
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
    reason: str
    state: RequestState
    revision: int
    plan: Plan | None
    plan_digest: str | None
    estimate: Estimate | None
    refusals: tuple[Refusal, ...]
    failure: Failure | None
    created_at: datetime
    expires_at: datetime | None
    attempts: int
    lease: int
    replanned_at: datetime | None
    requester_groups: frozenset[str]
    asked_at: datetime | None
    asked_in: tuple[str, ...]
    remind_at: datetime | None
    reminded: Mapping[str, datetime]
    edits: tuple[Edit, ...]
    cancelled_at: datetime | None
    state_since: datetime
    begun_at: datetime | None
    settled_at: datetime | None
    ends_at: datetime | None
    ended_by: RequestId | None
    ended_because: Trigger | None
    preparations: Mapping[ImageId, Preparation]
    deliveries: tuple[Delivery, ...]
    decisions: tuple[Decision, ...]
    auto_scaling: bool = False
    key: str | None = None
    ticket: str = ""
    watchers: tuple[Person, ...] = ()
    notes: tuple[Note, ...] = ()
    news: bool = False
    ending: "Request | None" = None
    retries: tuple[Retry, ...] = ()

    @property
    def failed(self) -> tuple[Delivery, ...]:
        """The deliveries that have failed."""
        return tuple(each for each in self.deliveries if each.state is DeliveryState.FAILED)

    def is_second_try(self, delivery: Delivery) -> bool:
        """Whether the bot itself has tried the delivery a second time, besides those tries that people asked for."""
        return delivery.attempt - 1 > sum(retry.is_of(delivery.way) for retry in self.retries)

    def batch_of_failure(self, now: datetime) -> int:
        """Return the batch of a delivery that fails now: that of those which failed a moment ago, or a new one."""
        last = max((each.failure_batch for each in self.deliveries), default=0)
        since = [each.finished_at for each in self.failed if each.failure_batch == last and each.finished_at]
        return last if last and since and now - min(since) < TOGETHER else last + 1

    @property
    def votes(self) -> tuple[Decision, ...]:
        """The decisions on the plan as it is now, since it was last asked for."""
        since = self.asked_at or self.created_at
        return tuple(each for each in self.decisions if each.plan_digest == self.plan_digest and each.at >= since)

    @property
    def cut_down(self) -> bool:
        """Whether some of what was asked for was taken out, denied, or not decided on in time."""
        return bool(self.edits) or any(vote.verdict.keeps_out for vote in self.decisions)

    @property
    def came_to(self) -> RequestState:
        """How the share or audit itself ended, whether it was taken back since or not."""
        if self.state not in (RequestState.REVOKING, RequestState.REVOKED):
            return self.state
        good = self.any_good if self.kind is RequestKind.SHARE else self.settled_at is not None
        return RequestState.COMPLETED if good else RequestState.FAILED

    @property
    def any_good(self) -> bool:
        """Whether anybody got anything: an account its delivery, or an organization, which has none, its permission."""
        good = (DeliveryState.COMPLETED, DeliveryState.RETIRED)
        return bool(self.opened_to) or any(delivery.state in good for delivery in self.deliveries)

    @property
    def opened_to(self) -> tuple[AddLaunchPermission, ...]:
        """The permissions that are for organizations, once they are in place."""
        if self.settled_at is None or self.plan is None:
            return ()
        launches = (grant for grant in self.plan.grants if isinstance(grant, AddLaunchPermission))
        return tuple(launch for launch in launches if launch.organizations)

    @property
    def is_over(self) -> bool:
        """Whether the share is taken back because it should end, and not because its copies don't need it any more."""
        ending = self.state in (RequestState.REVOKING, RequestState.REVOKED)
        return ending and self.ended_because is not Trigger.COPIES_DONE

    def time_is_over(self, now: datetime) -> bool:
        """Whether the time has come at which what it gives is to be taken back."""
        return self.ends_at is not None and self.ends_at <= now

    @property
    def revocable(self) -> bool:
        """Whether there is something that could be taken back now."""
        ended = self.state in (RequestState.COMPLETED, RequestState.FAILED)
        return self.kind in (RequestKind.SHARE, RequestKind.AUDIT) and ended and self.begun_at is not None

    @property
    def holds_copies(self) -> bool:
        """Whether it has been taken back, and copies that it handed over are there all the same."""
        handed_over = any(one.state is DeliveryState.COMPLETED for one in self.deliveries) and self.mode.copies
        return self.state is RequestState.REVOKED and handed_over

    @property
    def waits(self) -> tuple[Note, ...]:
        """What it rests for while it is being carried out, if it does."""
        return tuple(note for note in self.notes if note.kind is NoteKind.PROTECTED_FOR_NOW)

    @property
    def approved_plan(self) -> Plan:
        """The plan, where the state says that there must be one."""
        if self.plan is None:
            raise ValueError(f"request {self.id} is {self.state.value} and has no plan")
        return self.plan

    def opens_key_for(self, delivery: Delivery) -> bool:
        """Whether this request itself had to open a source key for the delivery's account."""
        opened = [
            principal
            for change in self.approved_plan.changes
            if isinstance(change, AllowKeyUse | CreateKeyGrant)
            for principal in (change.principals if isinstance(change, AllowKeyUse) else (change.principal,))
        ]
        return any(account_of(principal) == delivery.account_id for principal in opened)
