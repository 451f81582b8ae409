"""When a request is told once more: what a publisher that died had sent may arrive after what its heir said."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.add_column(sa.Column('retell_at', sharing.tables.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.drop_column('retell_at')
