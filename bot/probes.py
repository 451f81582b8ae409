"""Probes: what the bot says of itself to those who run it. `/healthz`, `/readyz` and `/metrics`, and nothing secret.

Answers never wait: what has to be asked of others is asked by a job, and only remembered here.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from slack_sdk import WebClient

from handlers.channels import Channels
from handlers.trouble import SLACK_TROUBLE
from handlers.user_groups import UserGroups
from sharing.census import Census, take_census
from sharing.clock import Clock
from sharing.requests import Delivery, Request
from sharing.states import DeliveryState
from sharing.store import Store
from sharing.transaction import Observer

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
# A job that hasn't run for so long, or work that nobody has taken for so long, means that something is stuck.
_STALE = timedelta(minutes=2)
# In seconds: from a click that is answered at once to an approval that takes days.
_SPANS = (1, 5, 15, 60, 300, 900, 1800, 3600, 3 * 3600, 12 * 3600, 24 * 3600, 72 * 3600)
# By so much replicas' clocks may differ before one takes another's claims for lapsed.
_CLOCK_OFF_SECONDS = 10


@dataclass(frozen=True)
class Count:
    """What the database said when it was last asked; `trouble` is the kind of error if it couldn't."""

    at: datetime
    census: Census | None
    trouble: str = ""


@dataclass
class Pulse:
    """What the bot's own jobs remember for the probes.

    Attributes:
        ticked_at: when the scheduler last ran a job.
        count: what the database said; None before the first time.
        slack: why Slack couldn't be reached when it was last tried; empty if it could, None before the first time.
        connected: says whether the connection of Socket Mode is up; None where Slack comes in by HTTP.
    """

    ticked_at: datetime | None = None
    count: Count | None = None
    slack: str | None = None
    connected: Callable[[], bool] | None = None


class Meters(Observer):
    """The counters of this process, and what the database last said; each bot has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._throttles = Counter(
            "ami_share_aws_throttles",
            "Tries that AWS turned down as too many, those that went well afterwards as well.",
            ["service", "operation"],
            registry=self.registry,
        )
        self._states = Histogram(
            "ami_share_state_seconds",
            "How long requests were in a state that they have left.",
            ["kind", "state"],
            buckets=_SPANS,
            registry=self.registry,
        )
        self._copies = Histogram(
            "ami_share_copy_seconds",
            "How long copies took that came to a good end.",
            ["source_region", "region"],
            buckets=_SPANS,
            registry=self.registry,
        )
        self._aws_calls = Counter(
            "ami_share_aws_calls",
            "Calls of AWS by service, operation and AWS's error code (ok if none).",
            ["service", "operation", "result"],
            registry=self.registry,
        )
        self._lease_losses = Counter(
            "ami_share_lease_losses", "Claims that another replica took over.", ["what"], registry=self.registry
        )
        self._rate_limits = Counter(
            "ami_share_slack_rate_limits", "Times that Slack asked to wait.", registry=self.registry
        )
        self._refused_requests = Counter(
            "ami_share_refused_requests",
            "Requests that were turned away since Slack didn't sign them, or longer than five minutes ago.",
            registry=self.registry,
        )

    def feel(self, pulse: Pulse, clock: Clock) -> None:
        """Have what the database said told as well."""
        self.registry.register(_OfDatabase(pulse, clock))

    def check(self, checks: Callable[[], Mapping[str, str]]) -> None:
        """Have the checks of `/readyz` told as well."""
        self.registry.register(_OfChecks(checks))

    def left(self, request: Request, now: datetime) -> None:
        spent = (now - request.state_since).total_seconds()
        self._states.labels(request.kind.value, request.state.value).observe(max(spent, 0.0))

    def delivered(self, delivery: Delivery) -> None:
        if delivery.state is DeliveryState.COMPLETED and delivery.started_at and delivery.finished_at:
            took = (delivery.finished_at - delivery.started_at).total_seconds()
            self._copies.labels(delivery.source_region, delivery.region).observe(max(took, 0.0))

    def aws_throttled(self, service: str, operation: str) -> None:
        self._throttles.labels(service, operation).inc()

    def aws_call(self, service: str, operation: str, result: str) -> None:
        self._aws_calls.labels(service, operation, result).inc()

    def lease_lost(self, what: str) -> None:
        self._lease_losses.labels(what).inc()

    def rate_limited(self) -> None:
        self._rate_limits.inc()

    def refused(self) -> None:
        self._refused_requests.inc()

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


@dataclass(frozen=True, eq=False)
class _OfDatabase(Collector):
    """Gauges of what the database last said, which is the same for all replicas; none once that is too long ago."""

    pulse: Pulse
    clock: Clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        last = self.pulse.count
        if last is None:
            return
        since = self.clock() - last.at
        yield _gauge("ami_share_census_age_seconds", "How long ago the database was asked.", since.total_seconds())
        census = last.census if since <= _STALE else None
        yield _gauge("ami_share_database_up", "Whether the database answers.", int(census is not None))
        if census is None:
            return
        yield _gauge("ami_share_work_age_seconds", "Age of the oldest work that nobody has taken.", census.work_age)
        yield _gauge("ami_share_outbox_age_seconds", "Age of the oldest change not yet told.", census.outbox_age)
        yield _by_state("ami_share_requests", "Requests by kind and state.", census.requests)
        yield _by_state(
            "ami_share_state_age_seconds",
            "For how long the open request that is longest in a state has been there.",
            census.oldest,
        )
        yield _by_state(
            "ami_share_stuck_age_seconds",
            "For how long at most an open request has been in a state with no cooldown or quota of AWS's to wait for.",
            census.stuck,
        )
        copies = GaugeMetricFamily("ami_share_deliveries", "Deliveries by state.", labels=["state"])
        for state, count in census.deliveries.items():
            copies.add_metric([state], count)
        yield copies
        yield _gauge("ami_share_clock_off_seconds", "How much this process is ahead of the database.", census.clock_off)


@dataclass(frozen=True, eq=False)
class _OfChecks(Collector):
    """A gauge of what `/readyz` would say of this process."""

    checks: Callable[[], Mapping[str, str]]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = GaugeMetricFamily("ami_share_check_ok", "Whether a check of /readyz is ok.", labels=["check"])
        for check, why in self.checks().items():
            found.add_metric([check], int(why == "ok"))
        yield found


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _by_state(name: str, words: str, values: Mapping[tuple[str, str], float]) -> GaugeMetricFamily:
    """A gauge of requests, by kind and state."""
    made = GaugeMetricFamily(name, words, labels=["kind", "state"])
    for labels, value in values.items():
        made.add_metric(labels, value)
    return made


@dataclass(frozen=True)
class Probes:
    """Answers the three paths, and keeps the pulse."""

    store: Store
    clock: Clock
    client: WebClient
    meters: Meters
    channels: Channels
    user_groups: UserGroups
    pulse: Pulse

    def feel(self) -> None:
        """Note that the scheduler runs, what the database says, and whether Slack can be reached; a job's work."""
        self.pulse.ticked_at = self.clock()
        self.pulse.count = self._count()
        try:
            self.client.auth_test()
        except SLACK_TROUBLE as trouble:
            self.pulse.slack = type(trouble).__name__
        else:
            self.pulse.slack = ""

    def _count(self) -> Count:
        try:
            census = take_census(self.store, self.clock())
        except Exception as trouble:
            return Count(self.clock(), None, type(trouble).__name__)
        return Count(self.clock(), census)

    def answer(self, path: str) -> tuple[str, str, bytes] | None:
        """Return the status, the content type and the body for `path`; None if it is none of the probes'."""
        match path:
            case "/healthz":
                return "200 OK", _TEXT, b"alive\n"
            case "/readyz":
                checks = self.checks()
                ready = all(why == "ok" for why in checks.values())
                body = json.dumps({"ready": ready, "checks": checks}).encode()
                return ("200 OK" if ready else "503 Service Unavailable"), _JSON, body + b"\n"
            case "/metrics":
                return "200 OK", CONTENT_TYPE_LATEST, self.meters.exposition()
            case _:
                return None

    def checks(self) -> Mapping[str, str]:
        """Return what is wrong with each thing that is checked, or `ok`; nobody is asked."""
        now = self.clock()
        ticked = self.pulse.ticked_at
        checks = {
            "scheduler": "ok" if ticked and now - ticked <= _STALE else "no job has run lately",
            "slack": {"": "ok", None: "not tried yet"}.get(self.pulse.slack, f"can't be reached: {self.pulse.slack}"),
        }
        closed = self.channels.closed or {}
        checks["channels"] = "; ".join(f"{setting} = {why}" for setting, why in closed.items()) or "ok"
        gone = self.user_groups.gone or {}
        checks["user groups"] = "; ".join(f"{group} of {why}" for group, why in gone.items()) or "ok"
        if self.pulse.connected is not None:
            checks["socket"] = "ok" if self.pulse.connected() else "not connected"
        return checks | _checks_of(self.pulse.count, now)


def _checks_of(last: Count | None, now: datetime) -> dict[str, str]:
    if last is None:
        return {"database": "not asked yet"}
    if last.census is None:
        return {"database": last.trouble}
    if now - last.at > _STALE:
        return {"database": f"was last asked {(now - last.at).total_seconds():.0f} s ago"}
    census = last.census
    stuck = census.work_age > _STALE.total_seconds()
    work = f"something has waited for {census.work_age:.0f} s" if stuck else "ok"
    off = abs(census.clock_off) > _CLOCK_OFF_SECONDS
    clock = f"{census.clock_off:+.0f} s from the database's: set it right (NTP)" if off else "ok"
    return {"database": "ok", "work": work, "clock": clock}


WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def probing(probes: Probes, behind: WsgiApp | None = None) -> WsgiApp:
    """Return a WSGI app that answers the probes itself and hands everything else to `behind`, if there is anything."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = probes.answer(environ.get("PATH_INFO", "")) if environ.get("REQUEST_METHOD") == "GET" else None
        if found is not None:
            status, content_type, body = found
        elif behind is not None:
            return behind(environ, start_response)
        else:
            status, content_type, body = "404 Not Found", _TEXT, b"nothing here\n"
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    return answer
