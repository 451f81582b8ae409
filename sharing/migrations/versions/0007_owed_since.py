"""Since when something is owed to people: what waits for Slack to come back is due later, and no younger for it."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.add_column(sa.Column('untold_since', sharing.tables.UtcDateTime(timezone=True), nullable=True))
        batch.create_index(batch.f('ix_requests_untold_since'), ['untold_since'], unique=False)
    op.execute("UPDATE requests SET untold_since = tell_at")


def downgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.drop_index(batch.f('ix_requests_untold_since'))
        batch.drop_column('untold_since')
