"""What stands against a message, and when it is tried again."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('postings') as batch:
        batch.add_column(sa.Column('refusal', sa.String(length=100), nullable=True))
        batch.add_column(sa.Column('tries', sa.Integer(), server_default='0', nullable=False))
        batch.add_column(sa.Column('again_at', sharing.tables.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('postings') as batch:
        batch.drop_column('again_at')
        batch.drop_column('tries')
        batch.drop_column('refusal')
