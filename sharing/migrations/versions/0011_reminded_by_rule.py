"""When the approvers of each rule were reminded, in place of how often anybody was."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.add_column(sa.Column('reminded', sa.JSON(), server_default='{}', nullable=False))
        batch.drop_column('reminders')


def downgrade() -> None:
    with op.batch_alter_table('requests') as batch:
        batch.add_column(sa.Column('reminders', sa.Integer(), server_default='0', nullable=False))
        batch.drop_column('reminded')
