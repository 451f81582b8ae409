"""The engine: what runs by itself. Worker threads take what is due; APScheduler's jobs look for what to do.

A job only looks for due work in the database, so one that runs in two replicas at once does no harm.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.deadline import Deadline
from bot.settings import ServerSettings
from bot.wiring import Bot
from sharing.clock import utc_now
from sharing.listening import Listener

_log = logging.getLogger(__name__)

_IDLE_SECONDS = 1.0
# How often it is asked whether the next audit's time has come.
_AUDIT_SECONDS = 3600.0
# How old the images may be that people pick from.
_GALLERY_SECONDS = 300.0
_HOMES_SECONDS = 15.0
_FEEL_SECONDS = 15.0
_CHANNELS_SECONDS = _USER_GROUPS_SECONDS = 300.0
# A queue is waited for for half as long as a stop may take; one that can't be read rests for a while.
_LISTEN_SECONDS = 5
_DEAF_SECONDS = 30.0
_GALLERY, _HOMES, _FEEL = "gallery", "homes", "probes"
_CHANNELS, _USER_GROUPS = "channels", "user groups"
_WATCH, _PUBLISH, _KEEP, _AUDIT, _STANDING = "watch copies", "publish", "keep claims", "audit", "standing shares"
_REMIND = "remind approvers"
# How late a reminder may be.
_REMIND_SECONDS = 60.0
# By when whoever ran before the settings were changed is gone, if this is a rolling update.
_OTHERS_GONE_SECONDS = 300.0
# How much later than its period a job may be due, unless the clock was set back.
_SLACK = timedelta(seconds=5)


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
        self._publishing = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(settings.workers)
        ] + [
            threading.Thread(target=self._listen, args=[listener], name=f"events-{number}", daemon=True)
            for number, listener in enumerate(bot.listeners)
        ]
        self._scheduler = BackgroundScheduler(timezone="UTC")
        jobs: list[tuple[str, Callable[[], None], float]] = [
            (_WATCH, bot.watch.run_once, settings.watch_seconds),
            (_PUBLISH, self._publish, settings.publish_seconds),
            (_KEEP, bot.worker.keep_claims, settings.lease_seconds / 3),
            (_GALLERY, bot.gallery.refresh, _GALLERY_SECONDS),
            (_HOMES, bot.homes.refresh, _HOMES_SECONDS),
            (_FEEL, bot.probes.feel, _FEEL_SECONDS),
            (_CHANNELS, bot.channels.keep_looking, _CHANNELS_SECONDS),
            (_USER_GROUPS, bot.user_groups.keep_looking, _USER_GROUPS_SECONDS),
            (_REMIND, bot.reminders.run_once, _REMIND_SECONDS),
            (_AUDIT, bot.calendar.run_once, _AUDIT_SECONDS),
        ]
        if bot.standing.shares:
            jobs.append((_STANDING, bot.standing.run_once, settings.standing_seconds))
        # Who runs by the old rules may take up, before they go, what was to be looked at by the new ones at the start.
        again_at = utc_now() + timedelta(seconds=_OTHERS_GONE_SECONDS)
        self._scheduler.add_job(bot.reconsider, "date", run_date=again_at, misfire_grace_time=None)
        for name, job, seconds in jobs:
            # One at a time, and what was missed while one ran is made up for by one. The first time is at once.
            self._scheduler.add_job(
                job,
                "interval",
                seconds=seconds,
                id=name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=utc_now(),
            )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._scheduler.start()

    def keep_time(self) -> None:
        """Have the jobs that the clock left behind, because it was set back, run now: they wait until it says so."""
        now = utc_now()
        for job in self._scheduler.get_jobs():
            # Of what runs once there is no period: it may as well wait.
            if isinstance(job.trigger, IntervalTrigger) and job.next_run_time > now + job.trigger.interval + _SLACK:
                _log.warning("the clock was set back: %s runs now, and not at %s", job.id, job.next_run_time)
                job.modify(next_run_time=now)

    def rest(self) -> None:
        """Begin nothing new."""
        self._stopping.set()
        self._alarm.ring()
        self._scheduler.shutdown(wait=False)

    def finish(self, deadline: Deadline) -> None:
        """Wait until what is under way has come to its end.

        A request that is still being told then is left to its lease: another publisher would look for the message that
        is on its way, not find it yet and post it again, and this process couldn't take its own away any more.
        """
        for thread in self._threads:
            thread.join(deadline.left)
        if not self._publishing.acquire(timeout=deadline.left):
            _log.warning("a message is still being posted; its request is told on when the lease has lapsed")

    def hand_back(self, deadline: Deadline) -> None:
        """Let others go on at once with what is still being worked on; with the database away, its lease lapses."""
        if not deadline.meet(self._hand_back):
            _log.warning("the database doesn't answer, so nothing is handed back; the leases will lapse")

    def _hand_back(self) -> None:
        try:
            self._bot.worker.hand_back()
        except Exception:
            _log.exception("what is under way can't be handed back; its lease will lapse")

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self._tried(self._bot.worker.run_once):
                self._alarm.wait(_IDLE_SECONDS)

    def _listen(self, listener: Listener) -> None:
        while not self._stopping.is_set():
            if not self._tried(lambda: listener.listen_once(_LISTEN_SECONDS)):
                self._stopping.wait(_DEAF_SECONDS)

    def _publish(self) -> None:
        with self._publishing:
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
