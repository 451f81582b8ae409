"""What the holder of a key's lock writes: until what it sent can't arrive any more, nothing else."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('key_locks') as batch:
        batch.add_column(sa.Column('writes', sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('key_locks') as batch:
        batch.drop_column('writes')
