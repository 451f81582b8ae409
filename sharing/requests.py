"""Requests, their deliveries and the decisions on them, as values read from the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from aws_ops.ids import AccountId, ImageId, KeyArn, Region
from aws_ops.plan import AllowKeyUse, Mode, Plan, Refusal
from sharing.states import DeliveryState, RequestState

RequestId = NewType("RequestId", str)


@dataclass(frozen=True)
class Person:
    """Somebody in the workspace: Slack's user ids are unique only together with the team's."""

    team_id: str
    user_id: str


class Verdict(StrEnum):
    """What an approver said."""

    APPROVED = "approved"
    DENIED = "denied"


class FailureKind(StrEnum):
    """Why a request or a delivery failed; the comment names the details that go with it."""

    AWS_REFUSED = "aws_refused"  # said
    AWS_BUSY = "aws_busy"  # said
    ACCOUNT_REMOVED = "account_removed"  # account
    KEY_NEVER_USABLE = "key_never_usable"  # key, minutes
    COPY_FAILED = "copy_failed"  # said
    COPY_WRONG = "copy_wrong"  # image, faults
    COPY_GONE = "copy_gone"  # image
    COPY_STALLED = "copy_stalled"  # image, hours
    UNEXPECTED = "unexpected"  # reference


@dataclass(frozen=True)
class Failure:
    """Why something failed. Words are made from it at the edge, in the reader's language."""

    kind: FailureKind
    details: Mapping[str, str]


@dataclass(frozen=True)
class NewRequest:
    """What somebody asks for, before it is stored.

    `origin` names the one click or command it comes from: the same origin twice makes one request.
    """

    origin: str
    requester: Person
    image_ids: tuple[ImageId, ...]
    mode: Mode
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
    reason: str


@dataclass(frozen=True)
class Decision:
    """What somebody decided on the plan with `plan_digest`, and when."""

    person: Person
    verdict: Verdict
    reason: str
    plan_digest: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """One image's way to one target account and region of a request.

    Attributes:
        source_image_id: the image that was asked for.
        image_id: the image the target ends up using; the copy's id from the moment it is known.
        reused: the target had a good copy already, and no other was made.
        key_arn: the key the copy must be under; None where nothing is copied.
        percent: how much is copied, weighted by size; None until AWS says.
        attempt: 1, or 2 for the second try.
        due_at: when a waiting delivery is to be tried next.
        waiting_since: when it began to wait for its source keys.
        started_at: when its copy was started.
    """

    source_image_id: ImageId
    target: str
    account_id: AccountId
    region: Region
    state: DeliveryState
    image_id: ImageId | None
    reused: bool
    key_arn: KeyArn | None
    client_token: str
    attempt: int
    percent: int | None
    failure: Failure | None
    due_at: datetime | None
    waiting_since: datetime
    started_at: datetime | None
    finished_at: datetime | None


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
        replanned_at: when the approvers were last asked anew, because AWS had changed since they decided.
        lease: grows with every claim, so that a worker that was overtaken notices.
    """

    id: RequestId
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
    refusals: tuple[Refusal, ...]
    failure: Failure | None
    created_at: datetime
    expires_at: datetime | None
    attempts: int
    lease: int
    replanned_at: datetime | None
    granted_at: datetime | None
    deliveries: tuple[Delivery, ...]
    decisions: tuple[Decision, ...]

    @property
    def approved_plan(self) -> Plan:
        """The plan, where the state says that there must be one."""
        if self.plan is None:
            raise ValueError(f"request {self.id} is {self.state.value} and has no plan")
        return self.plan

    def opens_key_for(self, delivery: Delivery) -> bool:
        """Whether this request itself had to open a source key for the delivery's account."""
        return any(
            isinstance(change, AllowKeyUse) and any(f":{delivery.account_id}:" in arn for arn in change.principals)
            for change in self.approved_plan.changes
        )
