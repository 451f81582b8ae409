"""What failed can be tried again: who asked for it, and which copies failed together."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('deliveries') as batch:
        batch.add_column(sa.Column('failure_batch', sa.Integer(), server_default='0', nullable=False))
    with op.batch_alter_table('requests') as batch:
        batch.add_column(sa.Column('retries', sa.JSON(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.drop_column('retries')
    with op.batch_alter_table('deliveries') as batch:
        batch.drop_column('failure_batch')
