"""A key's lock is one claim's, and stays closed while what it sent may arrive; since when permissions are changed."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('key_locks') as batch:
        batch.add_column(sa.Column('lease', sa.Integer(), server_default='0', nullable=False))
        batch.add_column(sa.Column('closed_until', sharing.tables.UtcDateTime(timezone=True), nullable=True))
    with op.batch_alter_table('requests') as batch:
        batch.add_column(sa.Column('begun_at', sharing.tables.UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column('state_since', sharing.tables.UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE requests SET begun_at = settled_at, state_since = created_at")


def downgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.drop_column('state_since')
        batch.drop_column('begun_at')
    with op.batch_alter_table('key_locks') as batch:
        batch.drop_column('closed_until')
        batch.drop_column('lease')
