"""The tables. `migrations/` makes them; a change here needs a migration there (`make migration`)."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zone, so it is put back on the way out; a time without one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """What people write. PostgreSQL's texts can't hold NUL ("Character Types"), so it is left out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.replace("\0", "")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("origin", String(200), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("of_request", ForeignKey("requests.id"), index=True),
    Column("trigger", String(20), nullable=False),
    Column("deregister", Boolean, nullable=False),
    Column("auto_scaling", Boolean, nullable=False),
    Column("key", String(300)),
    Column("ticket", String(100), nullable=False, server_default=""),
    Column("team_id", String(40), nullable=False),
    Column("user_id", String(40), nullable=False),
    Column("image_ids", JSON, nullable=False),
    Column("mode", String(20), nullable=False),
    Column("targets", JSON, nullable=False),
    Column("regions", JSON, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("state", String(30), nullable=False, index=True),
    Column("plan", Text),
    Column("plan_digest", String(64)),
    Column("estimate", Text),
    Column("replanned_at", UtcDateTime),
    # Asking: whom the requester counts as, when and where the approvers were asked, and what they changed.
    Column("requester_groups", JSON, nullable=False, server_default="[]"),
    Column("asked_at", UtcDateTime),
    Column("asked_in", JSON, nullable=False, server_default="[]"),
    Column("remind_at", UtcDateTime, index=True),
    Column("reminded", JSON, nullable=False, server_default="{}"),
    Column("edits", JSON, nullable=False, server_default="[]"),
    Column("retries", JSON, nullable=False, server_default="[]"),
    Column("cancelled_at", UtcDateTime),
    Column("preparations", JSON, nullable=False),
    Column("refusals", JSON, nullable=False),
    Column("failure", JSON),
    Column("notes", JSON, nullable=False, server_default="[]"),
    Column("news", Boolean),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("state_since", UtcDateTime),
    Column("begun_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("ended_by", ForeignKey("requests.id")),
    Column("ended_because", String(20)),
    # Work: when it is due, until when AWS's own rules hold it up, how often it was tried, and who holds it until when.
    Column("due_at", UtcDateTime, index=True),
    Column("held_up_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    # Telling: what there is to tell, when it is due, since when it has been owed, who is at it until when, and when all
    # of it is told once more.
    Column("revision", Integer, nullable=False),
    Column("tell_at", UtcDateTime, index=True),
    Column("untold_since", UtcDateTime, index=True),
    Column("tell_lease", Integer, nullable=False),
    Column("tell_lease_until", UtcDateTime),
    Column("retell_at", UtcDateTime),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("source_image_id", String(40), primary_key=True),
    Column("target", String(100), primary_key=True),
    Column("region", String(40), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("source_region", String(40), nullable=False),
    Column("size_gib", Integer, nullable=False),
    Column("state", String(30), nullable=False, index=True),
    Column("image_id", String(40)),
    Column("reused", Boolean, nullable=False),
    Column("key_arn", String(200)),
    Column("client_token", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("percent", Integer),
    Column("expected_minutes", Integer),
    Column("minutes_left", Integer),
    Column("failure", JSON),
    Column("notes", JSON, nullable=False),
    Column("due_at", UtcDateTime),
    Column("waiting_since", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("failure_batch", Integer, nullable=False, server_default="0"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("request_id", ForeignKey("requests.id"), nullable=False, index=True),
    Column("team_id", String(40), nullable=False),
    Column("user_id", String(40), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("plan_digest", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("rule", String(100), nullable=False, server_default="default"),
    Column("targets", JSON, nullable=False, server_default="[]"),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("request_id", ForeignKey("requests.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("details", JSON, nullable=False),
)

watchers = Table(
    "watchers",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("team_id", String(40), primary_key=True),
    Column("user_id", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

homes = Table(
    "homes",
    metadata,
    Column("team_id", String(40), primary_key=True),
    Column("user_id", String(40), primary_key=True),
    Column("language", String(10), nullable=False),
    Column("visited_at", UtcDateTime, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
)

postings = Table(
    "postings",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("key", String(150), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("ts", String(40)),
    Column("content_digest", String(64)),
    Column("shown_at", UtcDateTime),
    # What stands against it, how often it was tried since, and when it may be tried again.
    Column("refusal", String(100)),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("again_at", UtcDateTime),
    # The other requests whose end it tells as well; their own postings of it have an empty ts.
    Column("others", JSON, nullable=False, server_default="[]"),
)

# How far what all replicas do together is spent; the migration that makes the table makes its rows, too.
rates = Table(
    "rates",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("spent_until", UtcDateTime, nullable=False),
)

# What each share rests on at the source, entry by entry. One key may let one principal in by its policy and by a grant.
needs = Table(
    "needs",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("resource", String(200), primary_key=True, index=True),
    Column("grantee", String(600), primary_key=True),
    Column("on", String(20), primary_key=True),
    Column("owner", String(12), nullable=False),
    Column("region", String(40), nullable=False),
)

# What the bot has given and not taken back: nothing else is ever taken back.
given = Table(
    "given",
    metadata,
    Column("resource", String(200), primary_key=True),
    Column("grantee", String(600), primary_key=True),
    Column("on", String(20), primary_key=True),
    Column("owner", String(12), nullable=False),
    Column("region", String(40), nullable=False),
    Column("request_id", ForeignKey("requests.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Since when the bot knows of a standing share: what was there before isn't shared by it.
standing = Table(
    "standing",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

key_locks = Table(
    "key_locks",
    metadata,
    Column("key_arn", String(200), primary_key=True),
    Column("request_id", ForeignKey("requests.id"), nullable=False),
    Column("lease", Integer, nullable=False, server_default="0"),
    Column("closed_until", UtcDateTime),
    Column("writes", String(64)),
)
