"""Probes: what the bot says of itself to those who run it. `/healthz`, `/readyz` and `/metrics`, and nothing secret.

Answers never wait: what has to be asked of others is asked by a job, and only remembered here.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from slack_sdk import WebClient

from handlers.trouble import SLACK_TROUBLE
from sharing.census import Census, take_census
from sharing.clock import Clock
from sharing.store import Store

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
# A job that hasn't run for so long, or work that nobody has taken for so long, means that something is stuck.
_STALE = timedelta(minutes=2)


@dataclass
class Pulse:
    """What the bot's own jobs remember for the probes.

    Attributes:
        ticked_at: when the scheduler last ran a job.
        slack: why Slack couldn't be reached when it was last tried; empty if it could, None before the first time.
    """

    ticked_at: datetime | None = None
    slack: str | None = None


class Meters:
    """The counters of this process, and what the database says at the moment of asking; each bot has its own."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.registry = CollectorRegistry()
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
        self.registry.register(_OfDatabase(store, clock))

    def aws_call(self, service: str, operation: str, result: str) -> None:
        self._aws_calls.labels(service, operation, result).inc()

    def lease_lost(self, what: str) -> None:
        self._lease_losses.labels(what).inc()

    def rate_limited(self) -> None:
        self._rate_limits.inc()

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


@dataclass(frozen=True)
class _OfDatabase(Collector):
    """Gauges that are read when they are asked for, so that replicas agree."""

    store: Store
    clock: Clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            census = take_census(self.store, self.clock())
        except Exception:
            yield _gauge("ami_share_database_up", "Whether the database answers.", 0)
            return
        yield _gauge("ami_share_database_up", "Whether the database answers.", 1)
        yield _gauge("ami_share_work_age_seconds", "Age of the oldest work that nobody has taken.", census.work_age)
        yield _gauge("ami_share_outbox_age_seconds", "Age of the oldest change not yet told.", census.outbox_age)
        requests = GaugeMetricFamily("ami_share_requests", "Requests by kind and state.", labels=["kind", "state"])
        ages = GaugeMetricFamily(
            "ami_share_state_age_seconds", "Age of the oldest open request in a state.", labels=["kind", "state"]
        )
        for (kind, state), count in census.requests.items():
            requests.add_metric([kind, state], count)
        for (kind, state), age in census.oldest.items():
            ages.add_metric([kind, state], age)
        copies = GaugeMetricFamily("ami_share_deliveries", "Deliveries by state.", labels=["state"])
        for state, count in census.deliveries.items():
            copies.add_metric([state], count)
        yield from (requests, ages, copies)
        if census.copy_minutes:
            seconds = sorted(minutes * 60 for minutes in census.copy_minutes)
            yield _gauge("ami_share_copy_median_seconds", "Median of the last copies.", seconds[len(seconds) // 2])
            yield _gauge("ami_share_copy_longest_seconds", "Longest of the last copies.", seconds[-1])


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


@dataclass(frozen=True)
class Probes:
    """Answers the three paths, and keeps the pulse."""

    store: Store
    clock: Clock
    client: WebClient
    meters: Meters
    pulse: Pulse = field(default_factory=Pulse)

    def feel(self) -> None:
        """Note that the scheduler runs, and whether Slack can be reached; a job calls it every half minute."""
        self.pulse.ticked_at = self.clock()
        try:
            self.client.auth_test()
        except SLACK_TROUBLE as trouble:
            self.pulse.slack = type(trouble).__name__
        else:
            self.pulse.slack = ""

    def answer(self, path: str) -> tuple[str, str, bytes] | None:
        """Return the status, the content type and the body for `path`; None if it is none of the probes'."""
        match path:
            case "/healthz":
                return "200 OK", _TEXT, b"alive\n"
            case "/readyz":
                checks = self._checks()
                ready = all(why == "ok" for why in checks.values())
                body = json.dumps({"ready": ready, "checks": checks}).encode()
                return ("200 OK" if ready else "503 Service Unavailable"), _JSON, body + b"\n"
            case "/metrics":
                return "200 OK", CONTENT_TYPE_LATEST, self.meters.exposition()
            case _:
                return None

    def _checks(self) -> Mapping[str, str]:
        now = self.clock()
        ticked = self.pulse.ticked_at
        checks = {
            "scheduler": "ok" if ticked and now - ticked <= _STALE else "no job has run lately",
            "slack": {"": "ok", None: "not tried yet"}.get(self.pulse.slack, f"can't be reached: {self.pulse.slack}"),
        }
        try:
            census: Census = take_census(self.store, now)
        except Exception as trouble:
            return checks | {"database": type(trouble).__name__}
        stuck = census.work_age > _STALE.total_seconds()
        work = f"something has waited for {census.work_age:.0f} s" if stuck else "ok"
        return checks | {"database": "ok", "work": work}


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
