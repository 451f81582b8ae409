"""A key's lock is one claim's, and stays closed while what a stopped one has sent may still arrive."""

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


def downgrade() -> None:
    with op.batch_alter_table('key_locks') as batch:
        batch.drop_column('closed_until')
        batch.drop_column('lease')
