"""Faults: what real AWS does on a bad day, on request and exactly as often as asked.

aws.faults.throttle("CopyImage", times=2)
aws.faults.fail("PutKeyPolicy", code="KMSInternalException", message="…", status=500)
aws.faults.lose_answer("CopyImage")
aws.faults.crash_after("ModifySnapshotAttribute", nth=2)
aws.faults.meanwhile("PutKeyPolicy", somebody_writes_too)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from playground.aws.errors import AwsError, Crash, LostAnswer

EVERY = "*"
"""Every operation, as a fault's."""

Moment = Literal["before", "after"]


@dataclass
class Fault:
    """Something that happens `times` times, after `skip` calls of the operation went well."""

    operation: str
    moment: Moment
    times: int
    skip: int = 0
    account_id: str | None = None
    error: AwsError | LostAnswer | Crash | None = None
    latency: timedelta = timedelta(0)
    deed: Callable[[], None] | None = None

    def is_due(self, operation: str, account_id: str, moment: Moment) -> bool:
        """Say whether it strikes this call, and count the call."""
        if (
            self.operation not in (operation, EVERY)
            or moment != self.moment
            or self.account_id not in (None, account_id)
        ):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Faults:
    """The faults yet to come."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def throttle(self, operation: str, *, times: int = 1, account_id: str | None = None) -> None:
        """Refuse the next calls as too many: `RequestLimitExceeded` in EC2 (503), `ThrottlingException` in KMS.

        botocore retries both (`botocore/retries/standard.py`), so `times` past its attempts reaches the caller.
        """
        self._plan(Fault(operation, "before", times, account_id=account_id, error=_Throttled()))

    def fail(
        self,
        operation: str,
        *,
        code: str,
        message: str = "",
        status: int = 400,
        times: int = 1,
        account_id: str | None = None,
    ) -> None:
        """Refuse the next calls with an error of your choice, before they have any effect."""
        error = AwsError(code, message, status)
        self._plan(Fault(operation, "before", times, account_id=account_id, error=error))

    def lose_answer(self, operation: str, *, times: int = 1, account_id: str | None = None) -> None:
        """Let the calls take effect and break the connection before the answer. botocore retries that by itself."""
        self._plan(Fault(operation, "after", times, account_id=account_id, error=LostAnswer()))

    def crash_before(self, operation: str, *, nth: int = 1, account_id: str | None = None) -> None:
        """Let the caller's process die as it makes the nth such call, which has no effect: see `Crash`."""
        self._crash("before", operation, nth, account_id)

    def crash_after(self, operation: str, *, nth: int = 1, account_id: str | None = None) -> None:
        """Let the caller's process die after the nth such call took effect, before it hears the answer."""
        self._crash("after", operation, nth, account_id)

    def delay(self, operation: str, by: timedelta, *, times: int = 1, account_id: str | None = None) -> None:
        """Make calls slow. The journal shows it; only a door that was asked to sleep really waits."""
        self._plan(Fault(operation, "before", times, account_id=account_id, latency=by))

    def meanwhile(self, operation: str, deed: Callable[[], None], *, times: int = 1) -> None:
        """Let somebody else do something right after the next calls took effect, before the caller can look."""
        self._plan(Fault(operation, "after", times, deed=deed))

    def clear(self) -> None:
        self._planned.clear()

    def strike(self, service: str, operation: str, account_id: str, moment: Moment) -> timedelta:
        """Raise what is due at this moment of this call; return how slow the call is."""
        latency = timedelta(0)
        for fault in list(self._planned):
            if not fault.is_due(operation, account_id, moment):
                continue
            if not fault.times:
                self._planned.remove(fault)
            latency += fault.latency
            if fault.deed is not None:
                fault.deed()
            if isinstance(fault.error, _Throttled):
                raise fault.error.said_by(service)
            if fault.error is not None:
                raise fault.error
        return latency

    def _crash(self, moment: Moment, operation: str, nth: int, account_id: str | None) -> None:
        crash = Crash(f"{moment} {operation}")
        self._plan(Fault(operation, moment, 1, skip=nth - 1, account_id=account_id, error=crash))

    def _plan(self, fault: Fault) -> None:
        self._planned.append(fault)


class _Throttled(AwsError):
    """Too many calls; each service says it in its own way."""

    def __init__(self) -> None:
        super().__init__("Throttling", "Rate exceeded")

    def said_by(self, service: str) -> AwsError:
        match service:
            case "ec2":
                return AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)
            case "sts":
                return AwsError("Throttling", "Rate exceeded")
            case _:
                return AwsError("ThrottlingException", "Rate exceeded")
