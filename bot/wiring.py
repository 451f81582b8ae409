"""Wiring: the one place where the parts are put together."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from aws_ops.accounts import Accounts
from bot.probes import Meters, Probes, Pulse
from bot.settings import Door, Environment, Settings
from bot.tracing import CarryingExecutor, trace_on
from handlers.apology import apologise_on
from handlers.asking import Desk
from handlers.channels import Channels
from handlers.deciding import Bench
from handlers.following import Followers
from handlers.home import Homes
from handlers.people import groups_of
from handlers.publisher import Publisher
from handlers.rate_limits import RateLimits
from handlers.rosters import Rosters
from handlers.trouble import SLACK_TROUBLE
from handlers.user_groups import NoUserGroup, UserGroups
from sharing import database
from sharing.auditing import AuditCalendar, Audits
from sharing.clock import Clock
from sharing.gallery import Gallery
from sharing.listening import Listener
from sharing.postings import Postings
from sharing.reminding import Reminders
from sharing.requests import Person, RequestKind
from sharing.retiring import Retention
from sharing.revoking import Revocations
from sharing.shares import Previews, Shares
from sharing.standing import GroupsUnknown, StandingShares
from sharing.store import Store
from sharing.watching import CopyWatch
from sharing.worker import Worker

_SLACK_SECONDS = 10
# At a time; Bolt's own five are soon all waiting for a Slack that is slow.
_LISTENERS = 20
_WEEK = 7


@dataclass(frozen=True)
class Bot:
    """The parts, put together and not yet running.

    Attributes:
        listeners: of queues of events.
        clicks: where what people do in Slack is worked on, which is acknowledged by then.
        reconsider: has what waits for approval looked at by the rules of these settings.
    """

    app: App
    store: Store
    worker: Worker
    watch: CopyWatch
    reminders: Reminders
    publisher: Publisher
    calendar: AuditCalendar
    standing: StandingShares
    gallery: Gallery
    homes: Homes
    channels: Channels
    user_groups: UserGroups
    probes: Probes
    listeners: tuple[Listener, ...]
    clicks: CarryingExecutor
    reconsider: Callable[[], None]


def slack_client(environment: Environment) -> WebClient:
    """Return the client of Slack's Web API that everything goes through."""
    return WebClient(
        token=environment.slack_bot_token.get_secret_value(),
        base_url=environment.slack_api_url,
        timeout=_SLACK_SECONDS,
        # By default a broken connection is tried again at once, and what was posted before it broke is posted twice.
        retry_handlers=[],
    )


def build(
    settings: Settings,
    environment: Environment,
    clock: Clock,
    wake: Callable[[], None],
    listener_executor: CarryingExecutor | None = None,
    *,
    clocks_apart: timedelta | None = None,
) -> Bot:
    """Put the bot together, with the database brought up to date.

    `settings` say what may be done, `environment` holds the secrets. `wake` is called when there is new work.
    `listener_executor` runs Bolt's listeners; one of its own, if None. For `clocks_apart`, see `Store`.
    """
    engine = database.connect(environment.database_url.get_secret_value())
    database.upgrade(engine)
    meters = Meters()
    store = Store(engine, meters, clocks_apart)

    def reconsider() -> None:
        store.reconsider(clock())

    reconsider()
    pulse = Pulse()
    meters.feel(pulse, clock)
    accounts = Accounts(observe=meters.aws_call, on_throttle=meters.aws_throttled)
    estate, rules = settings.estate, settings.rules
    lease = timedelta(seconds=settings.server.lease_seconds)
    client = slack_client(environment)
    client.retry_handlers.append(RateLimits(meters.rate_limited))
    clicks = listener_executor or CarryingExecutor(_LISTENERS, thread_name_prefix="listener")
    secret = environment.slack_signing_secret
    # Bolt logs the whole body of a request with a wrong signature at INFO.
    logging.getLogger("slack_bolt").setLevel(logging.WARNING)
    app = App(
        name="ami-share",  # or Bolt reads the source of all that is on the stack, to find its caller's
        # Bolt would ask Slack whose the token is, and keep whatever comes first waiting for the answer.
        client=WebClient(base_url=client.base_url, timeout=client.timeout, retry_handlers=client.retry_handlers),
        authorize=lambda: AuthorizeResult(
            enterprise_id=None,
            team_id=settings.slack.team_id,
            bot_token=environment.slack_bot_token.get_secret_value(),
        ),
        signing_secret=secret.get_secret_value() if secret else None,
        # In Socket Mode nothing is signed: there the token is the boundary.
        request_verification_enabled=settings.slack.door is Door.HTTP,
        listener_executor=clicks,
    )
    trace_on(app)
    gallery = Gallery(accounts, estate)
    apologise_on(app, settings.slack.approvals_channel)
    homes = Homes(store, rules, clock, client, settings.slack.team_id, Rosters(client, clock), settings.slack.command)
    homes.listen(app)
    Desk(
        store=store,
        estate=estate,
        gallery=gallery,
        rules=rules,
        clock=clock,
        command=settings.slack.command,
        team_id=settings.slack.team_id,
        wake=wake,
        show_home=homes.refresh,
    ).listen(app)
    Bench(store, rules, clock, settings.slack.team_id, wake, homes.refresh).listen(app)
    channels = Channels(client, settings.channels)
    user_groups = UserGroups(client, settings.user_groups)
    probes = Probes(store, clock, client, meters, channels, user_groups, pulse)
    meters.check(probes.checks)
    Followers(store, rules, clock, settings.slack.team_id).listen(app)
    shares = Shares(
        accounts=accounts,
        estate=estate,
        rules=settings.copies.rules,
        clock=clock,
        many_accounts=settings.warnings.key_used_by_accounts,
    )
    watch = CopyWatch(store, accounts, estate, clock)

    def requester_groups(person: Person) -> frozenset[str]:
        try:
            return groups_of(client, person, rules.requester_groups)
        except (NoUserGroup, *SLACK_TROUBLE) as trouble:
            raise GroupsUnknown(str(trouble)) from trouble

    standing = StandingShares(settings.standing_shares, store, accounts, estate, clock, requester_groups)
    return Bot(
        app=app,
        store=store,
        worker=Worker(
            store=store,
            accounts=accounts,
            estate=estate,
            clock=clock,
            lease=lease,
            rules=rules,
            errands={
                RequestKind.SHARE: shares,
                RequestKind.PREVIEW: Previews(shares),
                RequestKind.REVOKE: Revocations(accounts, estate),
                RequestKind.AUDIT: Audits(accounts, estate),
                RequestKind.RETIRE: Retention(settings.retention_rules, accounts, estate),
            },
            prices=settings.prices.prices if settings.prices else None,
            on_lease_lost=meters.lease_lost,
        ),
        watch=watch,
        reminders=Reminders(store, rules, clock),
        standing=standing,
        gallery=gallery,
        homes=homes,
        channels=channels,
        user_groups=user_groups,
        probes=probes,
        listeners=tuple(Listener(queue, accounts, estate, standing, watch) for queue in settings.queues),
        clicks=clicks,
        reconsider=reconsider,
        publisher=Publisher(
            client=client,
            postings=Postings(store, lease),
            clock=clock,
            rules=rules,
            language=settings.slack.language,
            notifications_channel=settings.slack.notifications_channel,
            digest_within=timedelta(seconds=settings.slack.digest_seconds),
            on_lease_lost=meters.lease_lost,
        ),
        calendar=AuditCalendar(
            store,
            clock,
            timedelta(days=settings.audit.every_days or _WEEK),
            audits=settings.audit.every_days > 0,
            retires=bool(settings.retention),
        ),
    )
