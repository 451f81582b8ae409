"""Alembic's way in: migrations run on the connection that is handed over, never on one of their own."""

from alembic import context

from sharing.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't alter a table in place; Alembic's batch mode makes a new one and copies.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
