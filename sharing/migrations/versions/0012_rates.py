"""How far the rate of edits is spent, for all replicas together."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    rates = op.create_table(
        'rates',
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('spent_until', sharing.tables.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_rates')),
    )
    op.bulk_insert(rates, [{'name': 'edits', 'spent_until': datetime(2000, 1, 1, tzinfo=UTC)}])


def downgrade() -> None:
    op.drop_table('rates')
