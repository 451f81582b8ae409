"""One transaction on the store: it holds the row of a request it finds, so what it checks stays true till it ends.

What it only reads it doesn't hold: on PostgreSQL, two that held several requests each could wait for each other.

State, audit event and the revision that the publisher looks at change together or not at all.
"""

import logging
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, Table, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from aws_ops import estimates
from aws_ops import plan as plans
from aws_ops.causes import Cause, CauseKind, Why, because
from aws_ops.details import Details
from aws_ops.entries import Entry, entries_of
from aws_ops.estimates import CopyTime, Estimate
from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import AccountId, ImageId, KeyArn, Region
from aws_ops.plan import Grant, Mode, Plan, Refusal, RefusalKind, Withdrawal
from sharing.clock import CLOCKS_APART
from sharing.requests import (
    Decision,
    Delivery,
    Edit,
    FailedTry,
    Failure,
    FailureKind,
    NewRequest,
    Person,
    Preparation,
    Request,
    RequestId,
    RequestKind,
    Retry,
    Trigger,
    Verdict,
    Way,
)
from sharing.schedule import next_due
from sharing.states import DeliveryState, RequestState, check_delivery_way, check_request_way, is_final
from sharing.tables import audit_events, decisions, deliveries, requests, standing, watchers

_log = logging.getLogger(__name__)

UNREADABLE = (ValueError, LookupError, TypeError)
"""What reading a request raises that a newer version wrote, in words that this one doesn't know."""


class NoSuchRequest(Exception):
    """No request has that id."""


class LeaseLost(Exception):
    """Somebody else has claimed the request since; whoever sees this must write nothing more."""


class Overtaken(Exception):
    """Another request gives or takes the same at this moment, did a moment ago, or may: to be planned again later."""


class Observer:
    """Sees what happens to requests, to measure it; this one takes no notice."""

    def left(self, request: Request, now: datetime) -> None:
        """The request leaves the state that it is in."""

    def delivered(self, delivery: Delivery) -> None:
        """The delivery has come to another state, which is the one it is in."""


class Transaction:
    """Reads and writes that take effect together."""

    def __init__(self, connection: Connection, observer: Observer | None = None) -> None:
        self.connection = connection
        self._observer = observer or Observer()

    def add(self, new: NewRequest, now: datetime) -> Request:
        """Store a new request, due at once.

        Raises:
            IntegrityError: there is one of that `origin` already.
        """
        request_id = RequestId("R-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(8)))
        self.connection.execute(
            insert(requests).values(
                id=request_id,
                origin=new.origin,
                kind=new.kind.value,
                of_request=new.of,
                trigger=new.trigger.value,
                deregister=new.deregister,
                requester_groups=sorted(new.requester_groups),
                auto_scaling=new.auto_scaling,
                key=new.key,
                ticket=new.ticket,
                team_id=new.requester.team_id,
                user_id=new.requester.user_id,
                image_ids=list(new.image_ids),
                mode=new.mode.value,
                targets=list(new.targets),
                regions=list(new.regions),
                reason=new.reason,
                ends_at=new.ends_at,
                state=RequestState.CHECKING.value,
                state_since=now,
                preparations={},
                refusals=[],
                created_at=now,
                due_at=now,
                attempts=0,
                lease=0,
                revision=0,
                tell_lease=0,
            )
        )
        actor = new.requester.user_id if new.trigger is Trigger.PERSON else "bot"
        self.audit(request_id, now, actor, "requested", _asked(new))
        return self.find(request_id)

    def find(self, request_id: RequestId) -> Request:
        """Return the request, and hold it until the transaction ends.

        Raises:
            NoSuchRequest: there is none with that id.
        """
        # Its id never changes, so rows that refer to it may be added meanwhile.
        return self._load(request_id, select(requests).with_for_update(key_share=True))

    def read(self, request_id: RequestId) -> Request:
        """Return the request as it is at this moment; it may change before the transaction ends.

        Raises:
            NoSuchRequest: there is none with that id.
        """
        return self._load(request_id, select(requests))

    def look(self, which: ColumnElement[bool], limit: int | None) -> list[Request]:
        """Return the newest requests of those that `which` is true of, as they are at this moment; all without `limit`.

        For what is shown and looked after alone: what can't be read is left out.
        """
        newest = select(requests).where(which).order_by(requests.c.created_at.desc(), requests.c.id).limit(limit)
        return self._readable(newest)

    def _readable(self, query: Select[Any]) -> list[Request]:
        """The requests of the query but those that can't be read."""
        try:
            return self._whole(query)
        except UNREADABLE:
            ids = self._ids(query)
        return [request for one in ids if (request := self._if_readable(RequestId(one))) is not None]

    def _every(self, query: Select[Any]) -> list[Request]:
        """All the requests of the query.

        Raises:
            Overtaken: one can't be read. A replica of the version that wrote it may be the next to try.
        """
        found = {one: self._if_readable(RequestId(one)) for one in self._ids(query)}
        if unread := [one for one, request in found.items() if request is None]:
            raise Overtaken(f"{', '.join(unread)} can't be read")
        return [request for request in found.values() if request is not None]

    def _ids(self, query: Select[Any]) -> Sequence[str]:
        return self.connection.scalars(query.with_only_columns(requests.c.id)).all()

    def _if_readable(self, request_id: RequestId) -> Request | None:
        try:
            return self.read(request_id)
        except UNREADABLE:
            _log.exception("request %s can't be read", request_id)
            return None

    def _load(self, request_id: RequestId, query: Select[Any]) -> Request:
        found = self._whole(query.where(requests.c.id == request_id))
        if not found:
            raise NoSuchRequest(request_id)
        return found[0]

    def _whole(self, query: Select[Any]) -> list[Request]:
        """The requests of the query, with all that belongs to them."""
        rows = self.connection.execute(query).mappings().all()
        ids = [row["id"] for row in rows]
        its_deliveries, its_decisions, its_watchers = (
            self._belonging(ids, deliveries, deliveries.c.source_image_id, deliveries.c.target, deliveries.c.region),
            self._belonging(ids, decisions, decisions.c.id),
            self._belonging(ids, watchers, watchers.c.at, watchers.c.user_id),
        )
        endings = self._endings(rows)
        return [
            replace(
                _request(row, tuple(map(_delivery, its_deliveries[one])), tuple(map(_decision, its_decisions[one]))),
                watchers=tuple(Person(each["team_id"], each["user_id"]) for each in its_watchers[one]),
                ending=endings.get(row["ended_by"]),
            )
            for one, row in zip(ids, rows, strict=True)
        ]

    def _endings(self, shares: Sequence[RowMapping]) -> dict[str, Request]:
        ids = [row["ended_by"] for row in shares if row["ended_by"] is not None]
        return {one.id: one for one in self._whole(select(requests).where(requests.c.id.in_(ids)))} if ids else {}

    def _belonging(self, ids: list[str], table: Table, *order: Column[Any]) -> Mapping[str, list[RowMapping]]:
        query = select(table).where(table.c.request_id.in_(ids)).order_by(*order)
        found: dict[str, list[RowMapping]] = defaultdict(list)
        for row in self.connection.execute(query).mappings():
            found[row["request_id"]].append(row)
        return found

    def find_held(self, claimed: Request, lease_until: datetime) -> Request:
        """Return the request as it is now, and hold on to the claim until `lease_until`.

        Raises:
            LeaseLost: the claim lapsed, and another worker has the request.
        """
        request = self.find(claimed.id)
        if request.lease != claimed.lease:
            raise LeaseLost(claimed.id)
        self._write(request.id, lease_until=lease_until)
        return request

    def move(self, request: Request, to: RequestState, now: datetime, **values: Any) -> Request:
        """Move the request on to state `to`, with other columns set to `values`, and have it told.

        Raises:
            IllegalTransition: there is no such way.
        """
        check_request_way(request.state, to)
        self._observer.left(request, now)
        self._write(request.id, state=to.value, state_since=now, attempts=0, **values)
        return self._changed(request, now)

    def set_plan(self, request: Request, plan: Plan, estimate: Estimate | None) -> None:
        self._write(
            request.id,
            plan=plans.dump(plan),
            plan_digest=plans.digest(plan),
            estimate=None if estimate is None else estimates.dump(estimate),
        )

    def copy_times(self) -> list[CopyTime]:
        """Return how long the newest copies took, of those that came to a good end, whatever became of them since."""
        good = (DeliveryState.COMPLETED.value, DeliveryState.RETIRED.value)
        made = deliveries.c.started_at.is_not(None) & deliveries.c.finished_at.is_not(None)
        rows = self.connection.execute(
            select(deliveries)
            .where(deliveries.c.state.in_(good), made)
            .order_by(deliveries.c.finished_at.desc())
            .limit(_COPIES_REMEMBERED)
        ).mappings()
        return [
            CopyTime(
                source_region=Region(row["source_region"]),
                region=Region(row["region"]),
                gib=row["size_gib"],
                minutes=(row["finished_at"] - row["started_at"]).total_seconds() / 60,
            )
            for row in rows
        ]

    def add_deliveries(self, request: Request, added: Iterable[Delivery], now: datetime) -> Request:
        for delivery in added:
            self.connection.execute(insert(deliveries).values(request_id=request.id, **_columns(delivery)))
        return self._changed(request, now)

    def change_delivery(self, request: Request, old: Delivery, new: Delivery, now: datetime) -> Request:
        """Write `new` over `old`; one that fails joins those that failed with it.

        Raises:
            IllegalTransition: there is no way between their states.
        """
        if old.state is not new.state:
            check_delivery_way(old.state, new.state)
            if new.state is DeliveryState.FAILED:
                new = replace(new, failure_batch=request.batch_of_failure(now))
            self._observer.delivered(new)
        self.connection.execute(
            update(deliveries)
            .where(deliveries.c.request_id == request.id)
            .where(deliveries.c.source_image_id == old.source_image_id)
            .where(deliveries.c.target == old.target, deliveries.c.region == old.region)
            .values(_columns(new))
        )
        return self._changed(request, now)

    def add_decision(self, request: Request, decision: Decision) -> None:
        self.connection.execute(
            insert(decisions).values(
                request_id=request.id,
                team_id=decision.person.team_id,
                user_id=decision.person.user_id,
                verdict=decision.verdict.value,
                reason=decision.reason,
                plan_digest=decision.plan_digest,
                at=decision.at,
                rule=decision.rule,
                targets=list(decision.targets),
            )
        )

    def change(self, request: Request, now: datetime, **values: Any) -> Request:
        """Write `values` to a request that stays in its state, and have it told."""
        self._write(request.id, **values)
        return self._changed(request, now)

    def audit(self, request_id: RequestId, now: datetime, actor: str, kind: str, details: Mapping[str, Any]) -> None:
        """Add to the audit trail; nothing is ever changed or taken out of it."""
        self.connection.execute(
            insert(audit_events).values(request_id=request_id, at=now, actor=actor, kind=kind, details=dict(details))
        )

    def settle(self, request: Request, now: datetime) -> None:
        """Write down that the permissions at the source are as planned now."""
        self._write(request.id, settled_at=now)

    def handed_over_besides(self, request_id: RequestId, image_ids: Iterable[ImageId]) -> frozenset[ImageId]:
        """Those of the copies that another request has handed to somebody too, or is about to, and hasn't let go of.

        A request holds on to its copies after what it gave was taken back, unless they were to go as well.
        """
        let_go = select(requests.c.of_request).where(
            requests.c.kind == RequestKind.REVOKE.value,
            requests.c.deregister,
            requests.c.state == RequestState.COMPLETED.value,
        )
        others = deliveries.c.request_id != request_id, deliveries.c.request_id.not_in(let_go)
        return self._copies(image_ids, _THERE | _ABOUT_TO_BE_REUSED, *others)

    def reused_since(self, time: datetime, image_ids: Iterable[ImageId]) -> frozenset[ImageId]:
        """Those of the copies that a request has handed to somebody once more since then, or is about to.

        Two clocks have a part in it, either of which may be off: of whoever wrote down `time`, and who handed it over.
        """
        since = _THERE & deliveries.c.reused & (deliveries.c.finished_at >= time - 2 * CLOCKS_APART)
        return self._copies(image_ids, since | _ABOUT_TO_BE_REUSED)

    def made(self, image_ids: Iterable[ImageId]) -> frozenset[ImageId]:
        """Those of the images that are copies of the bot's own making, whichever request they were made for."""
        return self._copies(image_ids, _THERE, deliveries.c.started_at.is_not(None))

    def leaving(self, image_ids: Iterable[ImageId], now: datetime) -> frozenset[ImageId]:
        """Those of the copies that the bot is about to deregister, or has just deregistered.

        One that is there later was restored from the Recycle Bin, and one that AWS didn't let go stays.
        """
        just_now = now - _LISTED_FOR
        event, at_it = audit_events.c, requests.c.state == RequestState.APPLYING.value
        of_copies = event.kind.in_(["copy_deregistration", "copy_kept", "copy_deregistered"])
        rows = self.connection.execute(
            select(event.request_id, event.kind, event.details, event.at)
            .join(requests, requests.c.id == event.request_id)
            .where((of_copies & at_it) | ((event.kind == "copy_deregistered") & (event.at >= just_now)))
            .order_by(event.id)
        )
        newest = {(row.request_id, row.details.get("image") or row.details["copy"]): row for row in rows}
        leaving = {
            image_id
            for (_, image_id), row in newest.items()
            if row.kind == "copy_deregistration" or (row.kind == "copy_deregistered" and row.at >= just_now)
        }
        return frozenset(image_ids) & leaving

    def _copies(self, image_ids: Iterable[ImageId], *where: ColumnElement[bool]) -> frozenset[ImageId]:
        among = deliveries.c.image_id.in_(list(image_ids))
        return frozenset(map(ImageId, self.connection.scalars(select(deliveries.c.image_id).where(among, *where))))

    def refuse_overlap(self, request: Request, entries: Set[Entry]) -> None:
        """Make sure that no revocation or audit that is being carried out gives or takes any of `entries`.

        Raises:
            Overtaken: one does, or may for all that can be read of it.
        """
        at_it = select(requests).where(
            requests.c.state == RequestState.APPLYING.value,
            requests.c.settled_at.is_(None),  # a revocation whose copies are yet to go takes no more
            requests.c.kind != RequestKind.SHARE.value,
            requests.c.id != request.id,
        )
        for other in self._every(at_it):
            changes = [one for one in other.approved_plan.changes if isinstance(one, Grant | Withdrawal)]
            if entries & entries_of(changes):
                raise Overtaken(f"{other.id} is changing what {request.id} is about")

    def revocation_under_way(self, share_id: RequestId) -> RequestId | None:
        """Return the request that is to take the share back and has not come to an end, if there is one."""
        ended = [state.value for state in RequestState if is_final(state)]
        found = self.connection.scalar(
            select(requests.c.id)
            .where(requests.c.of_request == share_id, requests.c.kind == RequestKind.REVOKE.value)
            .where(requests.c.state.not_in(ended))
            .order_by(requests.c.created_at)
            .limit(1)
        )
        return None if found is None else RequestId(found)

    def retire(self, image_id: ImageId, now: datetime) -> None:
        """Write down that a copy is gone, at every delivery that handed it over."""
        ids = self.connection.scalars(
            select(deliveries.c.request_id)
            .where(deliveries.c.image_id == image_id)
            .distinct()
            .order_by(deliveries.c.request_id)
        ).all()
        for request_id in map(RequestId, ids):
            try:
                request = self.find(request_id)
            except UNREADABLE:
                _log.exception("request %s can't be read, and has its copy %s retired unread", request_id, image_id)
                self._retire_unread(request_id, image_id, now)
                continue
            for delivery in request.deliveries:
                if delivery.image_id == image_id and delivery.state is DeliveryState.COMPLETED:
                    self.change_delivery(request, delivery, replace(delivery, state=DeliveryState.RETIRED), now)

    def _retire_unread(self, request_id: RequestId, image_id: ImageId, now: datetime) -> None:
        its_own = deliveries.c.request_id == request_id, deliveries.c.image_id == image_id
        retired = update(deliveries).where(*its_own, _THERE).values(state=DeliveryState.RETIRED.value)
        self.connection.execute(retired)
        self._write(request_id, revision=requests.c.revision + 1, **to_be_told(now))

    def standing_since(self, name: str, now: datetime) -> datetime:
        """Return since when a standing share is known: from now on, if it wasn't."""
        known = select(standing.c.since).where(standing.c.name == name)
        since = self.connection.scalar(known)
        if since is None:
            try:
                with self.connection.begin_nested():
                    self.connection.execute(insert(standing).values(name=name, since=now))
            except IntegrityError:  # another replica was faster
                since = self.connection.scalar(known)
        return since or now

    def origins_like(self, start: str) -> frozenset[str]:
        """Return the origins of requests that begin with `start`."""
        found = self.connection.scalars(
            select(requests.c.origin).where(requests.c.origin.startswith(start, autoescape=True))
        )
        return frozenset(found)

    def in_force(self) -> list[Request]:
        """Return the shares that have been carried out and not taken back, oldest first.

        One that can't be read is left out: what it needs is in the ledger, and is kept.
        """
        done = requests.c.kind == RequestKind.SHARE.value, requests.c.state == RequestState.COMPLETED.value
        return self._readable(select(requests).where(*done).order_by(requests.c.created_at, requests.c.id))

    def shares_of(self, image_ids: Collection[ImageId]) -> list[Request]:
        """Return the shares of any of the images that have begun to be carried out, however they ended, oldest first.

        An image counts as the re-encrypted copy that was shared in its place, too.

        Raises:
            Overtaken: one can't be read. Without it, people would be told that all is as approved of what nobody saw.
        """
        named = or_(*(requests.c.plan.contains(image_id, autoescape=True) for image_id in image_ids))
        begun = requests.c.begun_at.is_not(None) & (requests.c.kind == RequestKind.SHARE.value)
        found = self._every(select(requests).where(begun, named).order_by(requests.c.created_at, requests.c.id))
        wanted = set(image_ids)
        return [
            share
            for share in found
            if any({image.image_id, image.asked_as} & wanted for image in share.approved_plan.images)
        ]

    def with_copies(self) -> list[Request]:
        """Return the shares, in any state, that a copy was made for which is on record as there; oldest first.

        One that can't be read is left out: its copies stay, and those of others that are kept are no fewer without it.
        """
        made = select(deliveries.c.request_id).where(
            deliveries.c.state == DeliveryState.COMPLETED.value, deliveries.c.started_at.is_not(None)
        )
        oldest = requests.c.created_at, requests.c.id
        return self._readable(select(requests).where(requests.c.id.in_(made)).order_by(*oldest))

    def told_before(self, run: Request) -> Plan | None:
        """Return the plan of the run by the calendar before this one, if there was one that people heard of or could.

        Before the bot told of what it found and didn't ask about, they couldn't. A plan that can't be read counts as
        none: what people may have heard of is better told twice than never.
        """
        row = self.connection.execute(
            select(requests.c.id, requests.c.plan)
            .where(requests.c.kind == run.kind.value, requests.c.trigger == Trigger.CALENDAR.value)
            .where(requests.c.id != run.id, requests.c.created_at <= run.created_at, requests.c.plan.is_not(None))
            .where(or_(requests.c.news.is_not(None), requests.c.asked_at.is_not(None)))
            .order_by(requests.c.created_at.desc(), requests.c.id)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        try:
            return plans.load(row.plan)
        except UNREADABLE:
            _log.exception("the plan of request %s can't be read", row.id)
            return None

    def set_preparations(self, request: Request, made: Mapping[ImageId, Preparation], now: datetime) -> Request:
        """Write down which copies stand for which images, and how far they are."""
        stored = {
            asked: {"image": one.image_id, "percent": one.percent, "since": one.since.isoformat()}
            for asked, one in made.items()
        }
        self._write(request.id, preparations=stored)
        return self._changed(request, now)

    def set_notes(self, request: Request, notes: Iterable[Note], now: datetime) -> Request:
        """Write down what is to be said of how the request is carried out, in place of what was said before."""
        return self.change(request, now, notes=_note_columns(notes))

    def rest(self, request: Request, until: datetime) -> None:
        """Let the request rest until then; nothing went wrong."""
        self._write(request.id, due_at=until)

    def begin_anew(self, request: Request) -> None:
        """Count the tries from none again: the request has got on, however long it will take yet."""
        self._write(request.id, attempts=0)

    def hold_up(self, request: Request, until: datetime) -> None:
        """Write down that AWS's own rules hold the request up until then, at least: it isn't stuck meanwhile."""
        self._write(request.id, held_up_until=until)

    def postpone(self, request: Request, until: datetime) -> None:
        """Let the request rest until then, after a try that didn't work out."""
        self._write(request.id, due_at=until, attempts=request.attempts + 1)

    def extend(self, claimed: Request, lease_until: datetime) -> None:
        """Hold on to a claim that hasn't lapsed, whatever the request's state; does nothing if it was let go."""
        self.connection.execute(
            update(requests)
            .where(requests.c.id == claimed.id, requests.c.lease == claimed.lease)
            .where(requests.c.lease_until.is_not(None))
            .values(lease_until=lease_until)
        )

    def let_go(self, request: Request) -> None:
        """End the claim, so that the next one needn't wait for it to lapse."""
        self.connection.execute(
            update(requests)
            .where(requests.c.id == request.id, requests.c.lease == request.lease)
            .values(lease_until=None)
        )

    def hand_back(self, request: Request) -> None:
        """End the claim from outside: the next worker goes on at once, and whoever held it can write no more."""
        self.connection.execute(
            update(requests)
            .where(requests.c.id == request.id, requests.c.lease == request.lease)
            .values(lease=requests.c.lease + 1, lease_until=None)
        )

    def _changed(self, request: Request, now: datetime) -> Request:
        self._write(request.id, revision=requests.c.revision + 1, **to_be_told(now))
        fresh = self.find(request.id)
        self._write(request.id, due_at=next_due(fresh, now))
        return fresh

    def _write(self, request_id: RequestId, **values: Any) -> None:
        self.connection.execute(update(requests).where(requests.c.id == request_id).values(**values))


_THERE = deliveries.c.state == DeliveryState.COMPLETED.value
# A copy that is reused waits for the permissions, and to have parameters point to it.
_ABOUT_TO_BE_REUSED = (
    (deliveries.c.state == DeliveryState.WAITING.value)
    & deliveries.c.reused
    & deliveries.c.request_id.in_(
        select(requests.c.id).where(
            requests.c.state.in_([RequestState.APPLYING.value, RequestState.COPYING.value]),
        )
    )
)
# EC2 may list an image for a while that was deregistered ("Eventual consistency"); "really slow" is minutes.
_LISTED_FOR = timedelta(minutes=15)
# What AWS took years ago says little about today.
_COPIES_REMEMBERED = 500
# Crockford's alphabet: read aloud and typed without mistakes.
_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _asked(new: NewRequest) -> dict[str, Any]:
    """What is asked for, as the audit trail has it."""
    asked = {"kind": new.kind, "images": list(new.image_ids), "mode": new.mode, "targets": list(new.targets)}
    return asked | {
        "regions": list(new.regions),
        "auto_scaling": new.auto_scaling,
        "key": new.key,
        "ticket": new.ticket,
        "ends_at": new.ends_at.isoformat() if new.ends_at else None,
        "of": new.of,
        "trigger": new.trigger,
    }


def to_be_told(now: datetime) -> dict[str, Any]:
    """Columns of a request that there is something to tell of; what was owed before is owed since then."""
    return {"tell_at": now, "untold_since": func.coalesce(requests.c.untold_since, now)}


def failure_columns(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {"kind": failure.kind.value, "details": dict(failure.details), **why_columns(failure.why)}


def refusal_columns(refusals: Iterable[Refusal]) -> list[dict[str, Any]]:
    return [{"kind": one.kind.value, "details": _pairs(one.details), **why_columns(one.why)} for one in refusals]


def why_columns(why: Why) -> dict[str, Any]:
    """The reasons as JSON, by their name in what they are a part of; nothing if there are none."""
    causes = [{"kind": one.kind.value, "details": _pairs(one.details), "where": one.where} for one in why]
    return {"why": causes} if causes else {}


def in_trail(of: Note | Failure) -> dict[str, Any]:
    """The details and the reasons, each by its name, as the audit trail has them."""
    return {**dict(of.details), **why_columns(of.why)}


def _why(stored: Mapping[str, Any]) -> Why:
    return tuple(Cause(CauseKind(one["kind"]), _details(one["details"]), one["where"]) for one in stored.get("why", ()))


def _pairs(named: Details) -> list[list[str]]:
    return [list(pair) for pair in named]


def _details(stored: Iterable[Sequence[str]]) -> Details:
    return tuple((name, value) for name, value in stored)


def _columns(delivery: Delivery) -> dict[str, Any]:
    return {
        **{name: getattr(delivery, name) for name in _DELIVERY_COLUMNS},
        "state": delivery.state.value,
        "failure": failure_columns(delivery.failure),
        "notes": _note_columns(delivery.notes),
    }


def _note_columns(notes: Iterable[Note]) -> list[dict[str, Any]]:
    return [{"kind": one.kind.value, "details": _pairs(one.details), **why_columns(one.why)} for one in notes]


def _notes(stored: Iterable[Mapping[str, Any]]) -> tuple[Note, ...]:
    return tuple(Note(NoteKind(one["kind"]), _details(one["details"]), _why(one)) for one in stored)


_DELIVERY_COLUMNS = tuple(
    column.name for column in deliveries.columns if column.name not in ("request_id", "state", "failure", "notes")
)


def _failure(stored: Mapping[str, Any] | None) -> Failure | None:
    if stored is None:
        return None
    failure = Failure(FailureKind(stored["kind"]), stored["details"], _why(stored))
    return failure if failure.why else _of_before(failure)


def _of_before(failure: Failure) -> Failure:
    """What a version of the bot stored that had no causes: AWS's answer by its parts, all else as a sentence."""
    details = failure.details
    match failure.kind:
        case FailureKind.AWS_REFUSED | FailureKind.AWS_BUSY if "operation" in details:
            kind = CauseKind.REFUSED if failure.kind is FailureKind.AWS_REFUSED else CauseKind.COULD_NOT
            return replace(failure, details={}, why=because(kind, **details))
        case FailureKind.AWS_REFUSED | FailureKind.AWS_BUSY if "said" in details:
            return replace(failure, details={"why": details["said"]})
        case FailureKind.COPY_WRONG if "faults" in details:
            return replace(failure, details={"image": details["image"], "why": details["faults"]})
        case _:
            return failure


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        source_image_id=ImageId(row["source_image_id"]),
        target=row["target"],
        account_id=AccountId(row["account_id"]),
        region=Region(row["region"]),
        source_region=Region(row["source_region"]),
        size_gib=row["size_gib"],
        state=DeliveryState(row["state"]),
        image_id=None if row["image_id"] is None else ImageId(row["image_id"]),
        reused=row["reused"],
        key_arn=None if row["key_arn"] is None else KeyArn(row["key_arn"]),
        client_token=row["client_token"],
        attempt=row["attempt"],
        percent=row["percent"],
        expected_minutes=row["expected_minutes"],
        minutes_left=row["minutes_left"],
        failure=_failure(row["failure"]),
        notes=_notes(row["notes"]),
        due_at=row["due_at"],
        waiting_since=row["waiting_since"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        failure_batch=row["failure_batch"],
    )


def _decision(row: RowMapping) -> Decision:
    return Decision(
        person=Person(row["team_id"], row["user_id"]),
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        plan_digest=row["plan_digest"],
        at=row["at"],
        rule=row["rule"],
        targets=tuple(row["targets"]),
    )


def edit_columns(edit: Edit) -> dict[str, Any]:
    person = {"team_id": edit.person.team_id, "user_id": edit.person.user_id}
    return person | {"at": edit.at.isoformat(), "removed": list(edit.removed)}


def _edit(stored: Mapping[str, Any]) -> Edit:
    person = Person(stored["team_id"], stored["user_id"])
    return Edit(person, datetime.fromisoformat(stored["at"]), tuple(stored["removed"]))


def retry_columns(retry: Retry) -> dict[str, Any]:
    tries = [
        {"way": list(one.way), "failure": failure_columns(one.failure), "failure_batch": one.failure_batch}
        for one in retry.tries
    ]
    person = {"team_id": retry.person.team_id, "user_id": retry.person.user_id}
    return person | {"at": retry.at.isoformat(), "tries": tries}


def _retry(stored: Mapping[str, Any]) -> Retry:
    person = Person(stored["team_id"], stored["user_id"])
    tries = (FailedTry(Way(*one["way"]), _failure(one["failure"]), one["failure_batch"]) for one in stored["tries"])
    return Retry(person, datetime.fromisoformat(stored["at"]), tuple(tries))


def _preparation(stored: Mapping[str, Any], row: RowMapping) -> Preparation:
    # Versions before didn't write down since when: it can't be for longer than the request is in its state.
    since = datetime.fromisoformat(stored["since"]) if "since" in stored else row["state_since"] or row["created_at"]
    return Preparation(ImageId(stored["image"]), stored["percent"], since)


def _request(row: RowMapping, its_deliveries: tuple[Delivery, ...], its_decisions: tuple[Decision, ...]) -> Request:
    return Request(
        id=RequestId(row["id"]),
        kind=RequestKind(row["kind"]),
        of=None if row["of_request"] is None else RequestId(row["of_request"]),
        trigger=Trigger(row["trigger"]),
        deregister=row["deregister"],
        auto_scaling=row["auto_scaling"],
        key=row["key"],
        ticket=row["ticket"],
        requester=Person(row["team_id"], row["user_id"]),
        image_ids=tuple(ImageId(stored) for stored in row["image_ids"]),
        mode=Mode(row["mode"]),
        targets=tuple(row["targets"]),
        regions=tuple(Region(stored) for stored in row["regions"]),
        reason=row["reason"],
        state=RequestState(row["state"]),
        revision=row["revision"],
        plan=None if row["plan"] is None else plans.load(row["plan"]),
        plan_digest=row["plan_digest"],
        estimate=None if row["estimate"] is None else estimates.load(row["estimate"]),
        refusals=tuple(
            Refusal(RefusalKind(stored["kind"]), _details(stored["details"]), _why(stored))
            for stored in row["refusals"]
        ),
        failure=_failure(row["failure"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        attempts=row["attempts"],
        lease=row["lease"],
        replanned_at=row["replanned_at"],
        requester_groups=frozenset(row["requester_groups"]),
        asked_at=row["asked_at"],
        asked_in=tuple(row["asked_in"]),
        remind_at=row["remind_at"],
        reminded={rule: datetime.fromisoformat(at) for rule, at in row["reminded"].items()},
        edits=tuple(map(_edit, row["edits"])),
        retries=tuple(map(_retry, row["retries"])),
        cancelled_at=row["cancelled_at"],
        state_since=row["state_since"] or row["created_at"],
        begun_at=row["begun_at"],
        settled_at=row["settled_at"],
        ends_at=row["ends_at"],
        ended_by=None if row["ended_by"] is None else RequestId(row["ended_by"]),
        ended_because=None if row["ended_because"] is None else Trigger(row["ended_because"]),
        preparations={ImageId(asked): _preparation(stored, row) for asked, stored in row["preparations"].items()},
        deliveries=its_deliveries,
        decisions=its_decisions,
        notes=_notes(row["notes"]),
        news=bool(row["news"]),
    )
