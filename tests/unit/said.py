"""What the bot says, by example: every sentence of the catalogues at least once, as people come to read it.

`test_snapshots.py` writes it down, holds it against Slack's limits, and fails if a sentence isn't here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from slack_sdk.models.views import View

import handlers
from aws_ops.catalogue import Listed
from aws_ops.causes import CauseKind, Why, at, because
from aws_ops.copies import CopyState
from aws_ops.details import Details, details
from aws_ops.entries import Entry, On
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import (
    AccountId,
    ImageId,
    OrganizationArn,
    OrganizationPath,
    PrincipalArn,
    Region,
    SnapshotId,
)
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    Caution,
    CautionKind,
    Change,
    CopyImage,
    CreateKeyGrant,
    DeregisterCopy,
    Mode,
    Plan,
    PutImageParameter,
    ReencryptImage,
    Refusal,
    RefusalKind,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    ReuseCopy,
    RevokeKeyGrant,
    ShareReencrypted,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from aws_ops.tags import DELIVERY_TAG
from handlers import changes, form, home, listing, mrkdwn, recipients, wording
from handlers.ask import Ask
from handlers.command import Verb
from handlers.deciding import objection, retried
from handlers.deciding_views import denial_form, narrow_form
from handlers.following import stop_button
from handlers.help import help_text
from handlers.layout import ALL
from handlers.messages import UNREACHABLE, Audience, Message, Pace, digest, end_key, messages_of
from handlers.people import Stranger
from handlers.plan_view import whole_plan
from handlers.problems import ProblemKind, problem
from handlers.speech import Language, Speech
from sharing import retrying
from sharing.approval import Ballot, Objection, Outcome
from sharing.board import Board
from sharing.gallery import Gallery, Picture
from sharing.requests import (
    NOBODY,
    Decision,
    Delivery,
    Edit,
    FailedTry,
    Failure,
    FailureKind,
    Person,
    Preparation,
    Request,
    RequestId,
    RequestKind,
    Retry,
    Trigger,
    Verdict,
)
from sharing.rules import ApprovalRule, ApprovalRules
from sharing.states import DeliveryState, RequestState
from tests.unit.test_command import ESTATE
from tests.unit.test_messages import (
    IMAGE,
    KEY,
    MANY_RULES,
    NOW,
    OWNER,
    REGION,
    RULES,
    SHOWN,
    account,
    plan_for,
    request_in,
)
from tests.unit.test_messages import image as image_of
from tests.unit.test_speech import _catalogue

SENTENCES = _catalogue(Language.ENGLISH)
_LISTENERS = Path(handlers.__file__).parent / "catalogues" / "en" / "listeners.ftl"
ANSWERS = re.findall(r"^([a-z-]+) =", _LISTENERS.read_text("utf-8"), re.MULTILINE)
_OF_CLICKS = (
    "notify-noted",
    "notify-already",
    "notify-too-late",
    "notify-stopped",
    "requester-unknown",
    "denial-needs-reason",
    "button-fill-in",
)

KINDS = [RequestKind.SHARE, RequestKind.REVOKE, RequestKind.AUDIT, RequestKind.RETIRE, RequestKind.PREVIEW]
SHARE = RequestId("R-5H4R3555")
TARGET = PrincipalArn("arn:aws:iam::222222222222:role/ami-share-target")
AUTO_SCALING = PrincipalArn(
    "arn:aws:iam::222222222222:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
)
STAGING, PROD = AccountId("222222222222"), AccountId("333333333333")
ORGANIZATION = OrganizationArn("arn:aws:organizations::999999999999:organization/o-exampleorg1")
COPY = ImageId("ami-0c0c0c0c0c0c0c0c0")
SNAPSHOT = SnapshotId("snap-0123456789abcdef0")
MIKA, SAM, KIM = (Person("T0", f"U0{name}") for name in ("MIKA", "SAM", "KIM"))
# AWS says it in English whoever reads it.
AWS_SAYS = "You are not authorized to perform this operation."
WHY = because(CauseKind.REFUSED, operation="DescribeImages", code="UnauthorizedOperation", said=AWS_SAYS)

# What the floors below and the listeners put into sentences, by its name there.
SAMPLES: Mapping[str, str | int] = {
    "account": STAGING,
    "accounts": 7,
    "alike": "golden",
    "before": "ami-0b0b0b0b0b0b0b0b0",
    "by": "declarative-policy",
    "channel": "<#C0APPROVALS>",
    "characters": "“é”",
    "code": "UnauthorizedOperation",
    "codes": "8n5c2f4gd6",
    "copies": "fresh",
    "copy": COPY,
    "count": 3,
    "entries": 1001,
    "found": "o-exampleorg2",
    "grantees": STAGING,
    "example": "`/ami-share ami-0123456789abcdef0 to staging`",
    "group": "S0CONTRACTORS",
    "groups": "all",
    "have": "staging: ami-0c0c0c0c0c0c0c0c0 (eu-central-1)",
    "help": "`/ami-share help`",
    "home": "eu-central-1",
    "hours": "72",
    "image": IMAGE,
    "images": f"`{IMAGE}`",
    "instead": "golden-2",
    "intended": KEY.replace("1234abcd", "9876fedc"),
    "key": KEY,
    "keys": KEY,
    "limit": 50,
    "minutes": "15",
    "name": "golden",
    "names": "*staging* (`222222222222`, `eu-central-1`)",
    "newer": COPY,
    "operation": "DescribeImages",
    "organization": "o-exampleorg1",
    "over": "512",
    "owner": OWNER,
    "parameter": "/images/golden",
    "partition": "aws-cn",
    "place": "222222222222 eu-central-1",
    "platform": "bp-6ba54002",
    "principal": AUTO_SCALING,
    "principals": "AROAEXAMPLEEXAMPLE01",
    "reason": "Client.InternalError",
    "reference": "4f5e6d7c",
    "region": "eu-central-1",
    "request": "`R-7K2M9QXA`",
    "resource": SNAPSHOT,
    "role": TARGET,
    "said": AWS_SAYS,
    "searched": "images eu-central-1",
    "share": "`R-5H4R3555`",
    "shares": "R-5H4R3555, R-7K2M9QXA",
    "since": "2026-01-02",
    "size": "33280",
    "snapshot": SNAPSHOT,
    "snapshots": SNAPSHOT,
    "spec": "RSA_2048",
    "state": "pending",
    "statement": "DenyOutside",
    "members": "444444444444, 555555555555",
    "strangers": "444444444444, 555555555555",
    "tag": DELIVERY_TAG,
    "tags": "team, cost-center",
    "target": "staging",
    "targets": "staging",
    "text": "hello",
    "until": NOW.isoformat(),
    "usage": "SIGN_VERIFY",
    "users": "arn:aws:ec2:eu-central-1:222222222222:instance/i-0123456789abcdef0",
    "verb": "status",
    "wanted": "o-exampleorg1",
    "what": "snap-0123456789abcdef0",
    "when": "2026-12-31",
    "word": "stagin",
}


@dataclass(frozen=True)
class Said:
    """Something that is shown: a message, an answer in words alone, or a view."""

    name: str
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    view: Mapping[str, Any] | None = None


def a_request(kind: RequestKind, state: RequestState) -> Request:
    asked = replace(request_in(state, 7), plan=plan_for(1, 1, "golden"))
    of = SHARE if kind in (RequestKind.REVOKE, RequestKind.AUDIT) else None
    return replace(
        asked,
        kind=kind,
        of=of,
        ticket="OPS-42",
        reminded={"default": NOW},
        watchers=(KIM,),
        decisions=() if state is RequestState.AWAITING_APPROVAL else asked.decisions,
    )


def of_request(
    say: Speech,
    request: Request,
    *,
    rules: ApprovalRules = RULES,
    story: str | None = None,
    closed: Mapping[str, str | None] | None = None,
) -> list[Message]:
    return messages_of(request, rules, Audience(say, lambda _: say, "C0NEWS"), story, closed or {})


def _told(name: str, messages: list[Message]) -> list[Said]:
    return [Said(f"{name}{one.key}", one.text, one.blocks) for one in messages]


def _lines(name: str, lines: list[str]) -> list[Said]:
    return [Said(f"{name} {number}", line) for number, line in enumerate(lines, 1)]


def in_each_state(say: Speech, kind: RequestKind) -> list[Said]:
    return [one for state in SHOWN for one in _told(f"{state.value}: ", of_request(say, a_request(kind, state)))]


def copies_that_stay(say: Speech, kind: RequestKind) -> list[Said]:
    copies = [ImageId(f"ami-{number:017x}") for number in range(5)]
    orders = [DeregisterCopy(STAGING, Region("eu-central-1"), copy) for copy in copies]
    about = [{"copy": copy, "place": "222222222222 eu-central-1"} for copy in copies]
    stay = (
        Note(NoteKind.STILL_USED, details(**about[1], users=["arn:aws:ec2:::instance/i-1"])),
        Note(NoteKind.HANDED_OVER_SINCE, details(**about[2])),
        Note(NoteKind.NOT_DEREGISTERED, details(**about[3]), WHY),
    )
    wait = Note(NoteKind.PROTECTED_FOR_NOW, details(**about[4], until=NOW.isoformat()))
    told = []
    for state, notes in ((RequestState.APPLYING, (*stay, wait)), (RequestState.COMPLETED, stay)):
        request = a_request(kind, state)
        plan = replace(request.approved_plan, changes=tuple(orders))
        request = replace(request, plan=plan, notes=notes, deliveries=())
        told += [one for one in of_request(say, request) if one.key in ("waits", "end")]
    return _told("", told)


def in_parts(say: Speech) -> list[Said]:
    request = replace(request_in(RequestState.AWAITING_APPROVAL, 3), decisions=(), asked_in=("C00", "C01"))
    story = "https://playground.slack.com/archives/C00/p1"
    return _told("", of_request(say, request, rules=MANY_RULES, story=story))


def closed_channels(say: Speech) -> list[Said]:
    closed = {why: why for why in ("not_in_channel", "channel_not_found", "is_archived", "restricted_action")}
    messages = of_request(say, request_in(RequestState.AWAITING_APPROVAL), closed={**closed, "C0MENDED": None})
    return _told("", [one for one in messages if one.key.startswith(UNREACHABLE)])


def warned(say: Speech) -> list[Said]:
    """What the approvers are warned of, of each kind something."""
    request = request_in(RequestState.AWAITING_APPROVAL, 3)
    plan = plan_for(3, 1, "golden")
    (image,) = plan.images
    cautions = (
        Caution(CautionKind.IMAGE_PUBLIC, (("image", image.image_id),)),
        Caution(CautionKind.KEY_USED_BY_MANY, (("key", KEY), ("accounts", "7"))),
        *(Caution(CautionKind.AUTO_SCALING_LEFT_OUT, (("target", one),)) for one in request.targets),
    )
    old = replace(image, created=NOW - timedelta(days=120))
    asked = replace(request, plan=replace(plan, images=(old,), changes=(), cautions=cautions), decisions=())
    environments = {"account-0": "production", "account-1": "test", "account-2": "production"}
    return _told("", of_request(say, asked, rules=replace(RULES, environments=environments))[:1])


def by_trigger(say: Speech, trigger: Trigger) -> list[Said]:
    told = []
    for state in (RequestState.AWAITING_APPROVAL, RequestState.REVOKED, RequestState.FAILED):
        request = replace(a_request(RequestKind.SHARE, state), trigger=trigger, ended_because=trigger, deliveries=())
        told += _told(f"{state.value}: ", of_request(say, request))
    return told


def not_ended(say: Speech, trigger: Trigger) -> list[Said]:
    ending = replace(a_request(RequestKind.REVOKE, RequestState.FAILED), trigger=trigger, settled_at=None)
    share = replace(a_request(RequestKind.SHARE, RequestState.COMPLETED), ended_because=trigger, ending=ending)
    obstacle = Refusal(RefusalKind.POLICY_DELETED_PRINCIPALS, (("key", KEY), ("principals", "AROAEXAMPLE")))
    plan = Plan(Mode.COPY, (), (), obstacles=(obstacle,))
    partly = replace(ending, state=RequestState.COMPLETED, settled_at=NOW, failure=None, plan=plan)
    ends = {"failed": share, "partly": replace(share, ending=partly)}
    return [
        replace(one, name=name)
        for name, request in ends.items()
        for one in _told("", of_request(say, request))
        if one.name.startswith("not-ended")
    ]


def something_left(say: Speech) -> list[Said]:
    """A revocation that leaves something, and audits that put right what they can, or nothing."""
    obstacle = Refusal(RefusalKind.SOURCE_UNREADABLE, (), at(SNAPSHOT, WHY))
    left = Entry(On.IMAGE, OWNER, REGION, "ami-0", OWNER)
    plan = Plan(Mode.COPY, (), (), left=(left,), obstacles=(obstacle,))
    done = replace(a_request(RequestKind.REVOKE, RequestState.COMPLETED), plan=plan, deliveries=(), watchers=())
    audit = replace(a_request(RequestKind.AUDIT, RequestState.COMPLETED), deliveries=(), watchers=())
    stuck = _caution(CautionKind.CANNOT_BE_PUT_RIGHT)
    ends = {
        "revocation": done,
        "audit, stuck": replace(audit, asked_at=None, settled_at=None, plan=replace(_plan(()), cautions=(stuck,))),
        **{f"{kind.value} by the calendar": _by_calendar(kind) for kind in (RequestKind.AUDIT, RequestKind.RETIRE)},
        "audit, partly": replace(audit, notes=(_note(NoteKind.NOT_PUT_RIGHT),)),
    }
    return [one for name, request in ends.items() for one in _told(f"{name}: ", of_request(say, request))]


def _by_calendar(kind: RequestKind) -> Request:
    """What the calendar's run found and asks nobody about."""
    found = CautionKind.SHARED_BEYOND if kind is RequestKind.AUDIT else CautionKind.USE_UNREAD
    plan = replace(_plan(()), cautions=(_caution(found),))
    run = replace(a_request(kind, RequestState.COMPLETED), deliveries=(), watchers=(), decisions=(), edits=())
    of_nobody = replace(run, of=None, trigger=Trigger.CALENDAR, requester=NOBODY)
    return replace(of_nobody, plan=plan, asked_at=None, settled_at=None, news=True)


def tried_again(say: Speech) -> list[Said]:
    """What failed and is tried again, or isn't."""
    whole = replace(request_in(RequestState.COPYING, 12), ended_by=None, decisions=(), watchers=(), preparations={})
    failed = [each for each in whole.deliveries if each.state is DeliveryState.FAILED]
    going = [each for each in whole.deliveries if each.state is DeliveryState.COPYING]
    done = [replace(each, state=DeliveryState.COMPLETED, failure=None, notes=()) for each in whole.deliveries[:2]]
    one, other = (replace(each, attempt=1, failure_batch=1) for each in failed)
    tries = tuple(FailedTry(each.way, each.failure, 1) for each in (one, other))
    again = replace(one, state=DeliveryState.WAITING, failure=None, attempt=2)
    told_anew = replace(one, attempt=2, failure_batch=2)
    both = (Retry(MIKA, NOW, tries[:1]), Retry(MIKA, NOW, tries[1:]))
    stories = {
        "under way": (RequestState.COPYING, [*going, one], ()),
        "partly": (RequestState.COMPLETED, [*done, one, other], ()),
        "tried again": (RequestState.APPLYING, [*done, again, other], both[:1]),
        "failed again": (RequestState.FAILED, [told_anew, other], both[:1]),
        "well": (RequestState.COMPLETED, [*done, replace(again, state=DeliveryState.COMPLETED)], both[:1]),
        "closed": (RequestState.REVOKED, [*done, one], ()),
    }
    told = []
    for name, (state, deliveries, retries) in stories.items():
        request = replace(whole, state=state, deliveries=tuple(deliveries), retries=retries)
        if state is RequestState.REVOKED:
            request = replace(request, ended_by=RequestId("R-0"), ended_because=Trigger.COPIES_DONE)
        told += _told(f"{name}: ", of_request(say, request))
    return told


def _share(state: RequestState, **changed: Any) -> Request:
    return replace(a_request(RequestKind.SHARE, state), **{"edits": (), "reminded": {}, "watchers": ()} | changed)


def _delivered(state: DeliveryState, **changed: Any) -> Delivery:
    template = request_in(RequestState.COPYING).deliveries[0]
    return replace(template, **{"state": state, "failure": None, "notes": (), "attempt": 1} | changed)


def _vote(verdict: Verdict, rule: str, targets: tuple[str, ...], reason: str = "") -> Decision:
    return Decision(SAM, verdict, reason, "0" * 64, NOW + timedelta(minutes=1), rule, targets)


def decided(say: Speech) -> list[Said]:
    """What was decided, wholly and in parts, and who may still decide."""
    waiting = _share(RequestState.AWAITING_APPROVAL)
    targets = waiting.targets
    parts = (
        _vote(Verdict.APPROVED, "prod", targets[:1]),
        _vote(Verdict.DENIED, "staging", targets[1:2], "凍結期間が終わるまで待ってください"),
        _vote(Verdict.LAPSED, "default", targets[2:]),
    )
    void = tuple(_vote(verdict, "default", targets) for verdict in (Verdict.APPROVED, Verdict.VOID))
    several = replace(RULES.rules[0], approvals=2)
    nobody = ApprovalRule("default", frozenset({waiting.requester.user_id}), frozenset(), "C0APPROVALS")
    many = _share(RequestState.AWAITING_APPROVAL, targets=tuple(f"account-{number}" for number in range(10)))
    shown = {
        "approved": (_share(RequestState.APPLYING, decisions=(_vote(Verdict.APPROVED, "default", targets),)), RULES),
        "in parts": (_share(RequestState.APPLYING, decisions=parts), RULES),
        "half approved": (
            replace(waiting, decisions=(_vote(Verdict.APPROVED, "default", targets),)),
            ApprovalRules((several,)),
        ),
        "nobody may": (waiting, ApprovalRules((nobody,))),
        "many parts": (many, MANY_RULES),
        "checked anew": (_share(RequestState.CHECKING, edits=(Edit(SAM, NOW, targets[:1]),)), RULES),
        "counts no more": (_share(RequestState.AWAITING_APPROVAL, decisions=void), RULES),
        "in parts, counts no more": (
            _share(RequestState.AWAITING_APPROVAL, decisions=(*parts, replace(parts[0], verdict=Verdict.VOID))),
            RULES,
        ),
        "of everything": (_share(RequestState.APPLYING, decisions=(_vote(Verdict.LAPSED, "default", ()),)), RULES),
    }
    return [
        one
        for name, (request, rules) in shown.items()
        for one in _told(f"{name}: ", of_request(say, request, rules=rules))
    ]


def planned(say: Speech) -> list[Said]:
    """Plans of every kind of change: each in a line, and very many in few."""
    told = []
    for name, plan in {
        "nothing": replace(plan_for(1, 1, "golden"), changes=()),
        "reused": replace(plan_for(1, 1, "golden"), reuses=(ReuseCopy(STAGING, REGION, IMAGE, COPY),)),
        "plain": replace(
            plan_for(1, 1, "golden"),
            images=(
                replace(
                    plan_for(1, 1, "golden").images[0], key_arns=(), stands_for=IMAGE, created=NOW - timedelta(days=400)
                ),
            ),
        ),
        "very many": replace(plan_for(100, 3, "golden"), cautions=tuple(map(_taken, range(100)))),
    }.items():
        for kind in (RequestKind.SHARE, RequestKind.REVOKE):
            request = replace(a_request(kind, RequestState.AWAITING_APPROVAL), plan=plan)
            told += _told(f"{name}, {kind.value}: ", of_request(say, request)[:1])
    return told


def _taken(number: int) -> Caution:
    name = f"golden-{number}"
    return Caution(CautionKind.NAME_TAKEN, details(target="staging", name=name, instead=f"{name}-2"))


ON_SOURCE: tuple[Change, ...] = (
    AllowKeyUse(KEY, (TARGET,), (OrganizationPath("o-exampleorg1"),)),
    AllowKeyAdministration(KEY, (TARGET,)),
    CreateKeyGrant(KEY, TARGET),
    CreateKeyGrant(KEY, AUTO_SCALING),
    AddCreateVolumePermission(OWNER, REGION, SNAPSHOT, (STAGING, PROD)),
    AddLaunchPermission(OWNER, REGION, IMAGE, (STAGING,), (ORGANIZATION,)),
    WithdrawKeyUse(KEY, (TARGET,)),
    WithdrawKeyAdministration(KEY, (TARGET,)),
    RevokeKeyGrant(KEY, TARGET),
    RemoveCreateVolumePermission(OWNER, REGION, SNAPSHOT, (STAGING,)),
    RemoveLaunchPermission(OWNER, REGION, IMAGE, (STAGING,)),
)
COPYING = CopyImage(STAGING, REGION, IMAGE, REGION, "golden", "", KEY, (KEY,), ())
CHANGES: tuple[Change, ...] = (
    *ON_SOURCE,
    ReencryptImage(OWNER, REGION, IMAGE, "golden-reencrypted", "", KEY, ()),
    ShareReencrypted(IMAGE, (STAGING,), (STAGING,)),
    COPYING,
    replace(COPYING, deprecate_at=NOW, protection="enabled", imds_support="v2.0"),
    PutImageParameter(STAGING, REGION, IMAGE, "/images/golden"),
    DeregisterCopy(STAGING, REGION, COPY),
)


def every_change(say: Speech) -> list[Said]:
    """What each change does, in a line of its own, and as one of several of its kind."""
    members = replace(ON_SOURCE[4], accounts=tuple(map(account, range(200))))  # type: ignore[call-arg]
    lines = [changes.change(say, one) for one in (*CHANGES, members)]
    several = [two for one in CHANGES for two in (one, _another(one))]
    lines += [line(ALL) for kind in changes.of_each_kind(say, several) for line in kind]
    return _lines("change", lines)


def _another(change: Change) -> Change:
    """A change of the same kind and for the same accounts, of something else."""
    others = {
        "key_arn": KEY.replace("1234abcd", "9876fedc"),
        "snapshot_id": "snap-0fedcba9876543210",
        "image_id": "ami-0fedcba9876543210",
        "source_image_id": "ami-0fedcba9876543210",
        "account_id": PROD,
        "region": "eu-west-1",
        "parameter": "/images/silver",
    }
    return replace(change, **{name: value for name, value in others.items() if hasattr(change, name)})


def carried_out(say: Speech) -> list[Said]:
    """What was done at the source, and how far the copies are, in each of their states."""
    many = tuple(_delivered(state, target=f"account-{number}") for number, state in enumerate([*DeliveryState] * 5))
    unseen = Failure(FailureKind.AWS_REFUSED, {}, WHY)
    few = (
        *(_delivered(state, target=state.value) for state in DeliveryState),
        _delivered(DeliveryState.COMPLETED, target="reused", reused=True),
        _delivered(DeliveryState.COPYING, target="unseen", failure=unseen),
        _delivered(DeliveryState.COPYING, target="started", percent=None, minutes_left=60),
        _delivered(DeliveryState.COPYING, target="unknown", minutes_left=None),
    )
    two = (IMAGE, image_of(7))
    preparations = {image_of(0): Preparation(COPY, None, NOW), image_of(1): Preparation(COPY, 100, NOW)}
    shown = {
        "given": _share(RequestState.APPLYING, plan=_plan(ON_SOURCE[:6])),
        "taken": _share(RequestState.APPLYING, plan=_plan(ON_SOURCE[6:])),
        "nothing done": _share(RequestState.APPLYING, plan=_plan(())),
        "few": _share(RequestState.COPYING, deliveries=few),
        "many": _share(RequestState.COPYING, deliveries=many),
        "two images": _share(RequestState.COPYING, image_ids=two, deliveries=few, preparations=preparations),
    }
    return [one for name, request in shown.items() for one in _told(f"{name}: ", of_request(say, request))]


def ended(say: Speech) -> list[Said]:
    """How requests end, beyond what the states alone tell."""
    good = (_delivered(DeliveryState.COMPLETED),)
    found_nothing = {"settled_at": None, "plan": None, "deliveries": ()}
    audit = replace(a_request(RequestKind.AUDIT, RequestState.COMPLETED), of=None, image_ids=(IMAGE,))
    of_two = [replace(one, source_image_id=id_) for one, id_ in zip(good * 2, (IMAGE, image_of(7)), strict=True)]
    shown = {
        "complete": _share(RequestState.COMPLETED, deliveries=good, decisions=()),
        "cut down": _share(RequestState.COMPLETED, deliveries=good, edits=request_in(RequestState.COPYING).edits),
        "two images": _share(RequestState.COMPLETED, image_ids=(IMAGE, image_of(7)), deliveries=tuple(of_two)),
        "an organization": _share(RequestState.COMPLETED, mode=Mode.SHARE, deliveries=(), plan=_opened()),
        "halfway": _share(RequestState.FAILED, settled_at=None, deliveries=()),
        "audit of images": audit,
        "audit of nothing": replace(audit, **found_nothing),
        "retention of nothing": replace(a_request(RequestKind.RETIRE, RequestState.COMPLETED), **found_nothing),
        "in regions": _share(RequestState.EXPIRED, regions=(REGION, Region("eu-west-1"))),
        "refused": _share(RequestState.REFUSED, refusals=(_refusal(RefusalKind.NOTHING_TO_DO),), settled_at=None),
        "revocation": replace(a_request(RequestKind.REVOKE, RequestState.AWAITING_APPROVAL), targets=()),
    }
    return [one for name, request in shown.items() for one in _told(f"{name}: ", of_request(say, request))]


def told_together(say: Speech) -> list[Said]:
    """Several shares that end together, for who asked for one of them, and for a channel."""
    good = _share(RequestState.COMPLETED, deliveries=(_delivered(DeliveryState.COMPLETED),), decisions=())
    others = [
        replace(good, id=RequestId("R-0000000A"), requester=KIM, watchers=(good.requester,)),
        replace(good, id=RequestId("R-0000000B"), edits=request_in(RequestState.COPYING).edits),
        replace(good, id=RequestId("R-0000000C"), mode=Mode.SHARE, deliveries=(), plan=_opened()),
    ]
    ends = [
        one
        for one in of_request(say, good)
        if one.key in (end_key(good, good.requester), end_key(good, None)) and one.pace is Pace.TOGETHER
    ]
    return _told("together: ", [digest(say, one, good, others) for one in ends])


def _opened() -> Plan:
    return replace(_plan(()), grants=(AddLaunchPermission(OWNER, REGION, IMAGE, (), (ORGANIZATION,)),))


def _plan(planned: tuple[Change, ...]) -> Plan:
    return replace(plan_for(1, 1, "golden"), changes=planned)


def every_kind(say: Speech) -> list[Said]:
    """Refusals, cautions, failures, notes and what else the floors below know by kinds."""
    refusals = [wording.refusal(say, _refusal(kind)) for kind in RefusalKind]
    cautions = [wording.caution(say, _caution(kind)) for kind in CautionKind]
    failures = [wording.failure(say, _failure(kind)) for kind in FailureKind]
    failures.append(wording.failure(say, Failure(FailureKind.COPY_FAILED, {"said": ""})))
    notes = [wording.note(say, _note(kind)) for kind in NoteKind]
    notes.append(wording.note(say, Note(NoteKind.PARAMETER_SET, details(parameter="/images/golden", before="nothing"))))
    problems = [wording.problem(say, problem(kind, **_samples(f"problem-{kind}"))) for kind in ProblemKind]
    problems += [
        wording.problem(say, problem(kind, **(_samples(f"problem-{kind}") | {"word": "none"})))
        for kind in ProblemKind
        if "word" in _samples(f"problem-{kind}")
    ]
    problems.append(wording.problem(say, problem(ProblemKind.UNKNOWN_WORD, ("staging", "prod"), word="stagin")))
    kinds = {
        "refusals": refusals,
        "cautions": [*cautions, wording.caution(say, _deprecated_copies())],
        "failures": failures,
        "notes": notes,
        "problems": [mrkdwn.escape(one) for one in problems],
        "strangers": [wording.stranger(say, one) for one in Stranger],
        "states": [wording.state(say, one) for one in RequestState],
    }
    return [one for name, lines in kinds.items() for one in _lines(name, lines)]


def every_cause(say: Speech) -> list[Said]:
    """Whatever may stand in the way of something, or be wrong with a copy."""
    wrong = [state for state in CopyState if state is not CopyState.AVAILABLE]
    causes = [
        *(because(kind, **_texts_for(f"cause-{kind}")) for kind in CauseKind),
        *(because(CauseKind.NOT_AVAILABLE, image=COPY, state=state) for state in wrong),
        because(CauseKind.PRINCIPALS_UNKNOWN, principals="none"),
        because(CauseKind.REFUSED, operation="DescribeImages", code="UnauthorizedOperation", said=""),
        at("golden eu-central-1", WHY) + at("golden eu-west-1", because(CauseKind.ABSENT)),
    ]
    return _lines("cause", [wording.why(say, why) for why in causes])


def _refusal(kind: RefusalKind) -> Refusal:
    return Refusal(kind, _details(f"refusal-{kind}"), _why(f"refusal-{kind}"))


def _caution(kind: CautionKind) -> Caution:
    return Caution(kind, _details(f"caution-{kind}"), _why(f"caution-{kind}"))


def _failure(kind: FailureKind) -> Failure:
    faults = because(CauseKind.NO_SNAPSHOTS, image=COPY) + because(CauseKind.NOT_ENCRYPTED, snapshot=SNAPSHOT)
    why = faults if kind is FailureKind.COPY_WRONG else _why(f"failure-{kind}")
    return Failure(kind, dict(_details(f"failure-{kind}")), why)


def _note(kind: NoteKind) -> Note:
    return Note(kind, _details(f"note-{kind}"), _why(f"note-{kind}"))


def _why(name: str) -> Why:
    return WHY if "why" in SENTENCES[wording.dashed(name)] else ()


def _deprecated_copies() -> Caution:
    return Caution(CautionKind.IMAGE_DEPRECATED, details(image=IMAGE, since="2026-01-02", copies="deprecated"))


def _details(name: str) -> Details:
    # A request's state is one of the bot's own words, an image's is AWS's.
    state = {"state": RequestState.DENIED.value} if name == f"failure-{FailureKind.NOT_REVOCABLE}" else {}
    return details(**(_texts_for(name) | state))


def _texts_for(name: str) -> dict[str, str]:
    return {detail: str(value) for detail, value in _samples(name).items()}


def _samples(name: str) -> dict[str, str | int]:
    """A value for each detail that the sentence names; why something is so is none, but has a sentence of its own."""
    return {detail: SAMPLES[detail] for detail in sorted(SENTENCES[wording.dashed(name)] - {"why"})}


def told_to_one(say: Speech) -> list[Said]:
    """What one person alone is told in answer to a command or a click."""
    request = replace(a_request(RequestKind.SHARE, RequestState.AWAITING_APPROVAL), decisions=())
    (tally,) = RULES.tallies_of(request)
    vote = _vote(Verdict.APPROVED, "default", request.targets)
    votes = [vote, replace(vote, verdict=Verdict.DENIED), replace(vote, verdict=Verdict.LAPSED)]
    objections = [
        objection(say, Outcome(request, kind, tally), who="<@U0SAM>", vote=one)
        for kind in Objection
        for one in (votes if kind is Objection.ALREADY_DECIDED else votes[:1])
    ]
    shares = [
        a_request(RequestKind.REVOKE, RequestState.COMPLETED),
        *(a_request(RequestKind.SHARE, state) for state in (*SHOWN[:1], RequestState.REVOKED, RequestState.COPYING)),
    ]
    before = Retry(KIM, NOW, ())
    outcomes = [retrying.Outcome(shares[-1], obstacle, before, SHARE) for obstacle in retrying.Obstacle]
    answers = [say(name, **_samples(name)) for name in (*ANSWERS, *_OF_CLICKS)]
    return [
        *_lines("objection", objections),
        Said("not revocable", "\n".join(wording.not_revocable(say, one) for one in shares)),
        Said("not retried", "\n".join(retried(say, one, who="<@U0SAM>") for one in outcomes)),
        Said("not in force", wording.not_in_force(say, shares[-1])),
        *(Said(name, one) for name, one in zip((*ANSWERS, *_OF_CLICKS), answers, strict=True)),
        Said("no more of it", blocks=(stop_button(say, request).to_dict(),)),
    ]


def forms(say: Speech) -> list[Said]:
    waiting = a_request(RequestKind.SHARE, RequestState.AWAITING_APPROVAL)
    done = a_request(RequestKind.SHARE, RequestState.COMPLETED)
    looked = a_request(RequestKind.AUDIT, RequestState.COMPLETED)
    ballot = Ballot(waiting.id, "0" * 64, "default")
    gallery = Gallery(None, ESTATE)  # type: ignore[arg-type]
    draft = Ask(waiting.image_ids, ("staging", "prod", "whole-org"), reason="x")
    views = {
        "share": form.share_form(say, ESTATE, gallery, draft, channel="C0", now=NOW),
        "until a time": form.share_form(
            say, ESTATE, gallery, replace(draft, ends_at=NOW + timedelta(hours=2)), channel="C0", now=NOW
        ),
        "preview": form.share_form(say, ESTATE, gallery, draft, channel="C0", now=NOW, kind=RequestKind.PREVIEW),
        "denial": denial_form(say, ballot, "C0"),
        "narrowing": narrow_form(say, ballot, "C0", waiting.targets),
        "nothing found": whole_plan(say, replace(looked, plan=replace(looked.approved_plan, changes=())), RULES),
        "details": whole_plan(say, waiting, replace(RULES, environments={"account-0": "production"})),
        **_homes(say, waiting, done),
    }
    return [Said(name, view=view.to_dict()) for name, view in views.items()]


def _homes(say: Speech, waiting: Request, done: Request) -> dict[str, View]:
    running = replace(a_request(RequestKind.RETIRE, RequestState.APPLYING), id=SHARE)
    board = Board(waiting=(waiting,), running=(running,), in_force=(done,), ended=_twenty(done))
    sam, mika = (home.Reader(person, frozenset(), "/ami-share") for person in (SAM, MIKA))
    return {
        "home": home.home_view(say, board, RULES, sam),
        "home of the requester": home.home_view(say, replace(board, running=()), RULES, mika),
        "home of nobody": home.home_view(say, Board((), (), ()), RULES, sam),
        "home of a stranger": home.home_of_stranger(wording.stranger(say, Stranger.GUEST)),
    }


def _twenty(request: Request) -> tuple[Request, ...]:
    return tuple(replace(request, id=RequestId(f"R-{number:08}")) for number in range(20))


def in_words_alone(say: Speech) -> list[Said]:
    """The help, lists and how one request stands."""
    done = a_request(RequestKind.SHARE, RequestState.COMPLETED)
    waiting = a_request(RequestKind.SHARE, RequestState.AWAITING_APPROVAL)
    others = tuple(a_request(kind, RequestState.APPLYING) for kind in KINDS if kind is not RequestKind.PREVIEW)
    board = Board(waiting=(waiting,), running=others, in_force=(done,), ended=_twenty(done))
    nothing = Board((), (), ())
    pictures = [
        Picture(Listed(IMAGE, "golden", NOW - timedelta(days=3), encrypted=encrypted), "images", REGION)
        for encrypted in (True, False)
    ]
    told = {
        "help": help_text(say, "/ami-share", ESTATE),
        **{f"help {verb}": help_text(say, "/ami-share", ESTATE, verb) for verb in Verb if verb is not Verb.HELP},
        "list": listing.listed(say, board, mine=True),
        "nothing of all": listing.listed(say, nothing, mine=False),
        "nothing of mine": listing.listed(say, nothing, mine=True),
        "status": listing.status(say, done),
        "status of a running one": listing.status(say, replace(others[0], decisions=())),
        "accounts to pick": "\n".join(
            str(text) for group in recipients.offered(say, ESTATE, "") for text in _texts(group.to_dict())
        ),
        "images to pick": "\n".join(str(form._picture(say, one, NOW).description) for one in pictures),
    }
    return [Said(name, text) for name, text in told.items()]


def _texts(part: Any) -> list[str]:
    """Every text in a menu, in its order."""
    if isinstance(part, list):
        return [text for each in part for text in _texts(each)]
    if not isinstance(part, dict):
        return []
    return [part["text"]] if isinstance(part.get("text"), str) else _texts(list(part.values()))


CHAPTERS: Mapping[str, Callable[[Speech], list[Said]]] = {
    **{f"{kind.value} in each state": partial(in_each_state, kind=kind) for kind in KINDS},
    **{
        f"copies that stay: {kind.value}": partial(copies_that_stay, kind=kind)
        for kind in (RequestKind.REVOKE, RequestKind.RETIRE)
    },
    "in parts": in_parts,
    "closed channels": closed_channels,
    "warned": warned,
    **{f"made by {trigger.value}": partial(by_trigger, trigger=trigger) for trigger in Trigger},
    **{
        f"not ended by {trigger.value}": partial(not_ended, trigger=trigger)
        for trigger in (Trigger.END_DATE, Trigger.COPIES_DONE)
    },
    "tried again": tried_again,
    "something left": something_left,
    "decided": decided,
    "planned": planned,
    "every change": every_change,
    "carried out": carried_out,
    "ended": ended,
    "told together": told_together,
    "every kind": every_kind,
    "every cause": every_cause,
    "told to one": told_to_one,
    "forms": forms,
    "in words alone": in_words_alone,
}
