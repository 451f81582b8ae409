"""The engine: what runs by itself. Worker threads take what is due; APScheduler's jobs look for what to do.

A job only looks for due work in the database, so one that runs in two replicas at once does no harm.
"""

import logging
import threading
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from bot.settings import ServerSettings
from bot.wiring import Bot

_log = logging.getLogger(__name__)

_IDLE_SECONDS = 1.0
_STOP_WITHIN_SECONDS = 10.0
# How often it is asked whether the next audit's time has come.
_AUDIT_SECONDS = 3600.0
_WATCH, _PUBLISH, _KEEP, _AUDIT = "watch copies", "publish", "keep claims", "audit"


class Alarm:
    """Wakes whoever waits for work."""

    def __init__(self) -> None:
        self._bell = threading.Condition()

    def ring(self) -> None:
        with self._bell:
            self._bell.notify_all()

    def wait(self, seconds: float) -> None:
        with self._bell:
            self._bell.wait(seconds)


class Engine:
    """Runs a bot's worker, watch and publisher until it is stopped."""

    def __init__(self, bot: Bot, settings: ServerSettings, alarm: Alarm) -> None:
        self._bot = bot
        self._alarm = alarm
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(settings.workers)
        ]
        self._scheduler = BackgroundScheduler(timezone="UTC")
        jobs: list[tuple[str, Callable[[], None], float]] = [
            (_WATCH, bot.watch.run_once, settings.watch_seconds),
            (_PUBLISH, self._publish, settings.publish_seconds),
            (_KEEP, bot.worker.keep_claims, settings.lease_seconds / 3),
        ]
        if bot.calendar is not None:
            jobs.append((_AUDIT, bot.calendar.run_once, _AUDIT_SECONDS))
        for name, job, seconds in jobs:
            # One at a time, and what was missed while one ran is made up for by one.
            self._scheduler.add_job(
                job, "interval", seconds=seconds, id=name, max_instances=1, coalesce=True, misfire_grace_time=None
            )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._scheduler.start()

    def stop(self) -> None:
        """Let what is under way come to its end, for ten seconds at most; what is left, the store remembers."""
        self._stopping.set()
        self._alarm.ring()
        self._scheduler.shutdown(wait=False)
        for thread in self._threads:
            thread.join(_STOP_WITHIN_SECONDS / len(self._threads))

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self._tried(self._bot.worker.run_once):
                self._alarm.wait(_IDLE_SECONDS)

    def _publish(self) -> None:
        while not self._stopping.is_set() and self._tried(self._bot.publisher.run_once):
            pass

    @staticmethod
    def _tried(step: Callable[[], bool]) -> bool:
        """Run a step; an error that none of the floors foresaw (the database is away) must not end the loop."""
        try:
            return step()
        except Exception:
            _log.exception("a step failed")
            return False
