"""The key that copies are asked to be under, the ticket, and who else is told of the end."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('key', sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column('ticket', sa.String(length=100), server_default='', nullable=False))
    op.create_table(
        'watchers',
        sa.Column('request_id', sa.String(length=20), nullable=False),
        sa.Column('team_id', sa.String(length=40), nullable=False),
        sa.Column('user_id', sa.String(length=40), nullable=False),
        sa.Column('at', sharing.tables.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_watchers_request_id')),
        sa.PrimaryKeyConstraint('request_id', 'team_id', 'user_id', name=op.f('pk_watchers')),
    )


def downgrade() -> None:
    op.drop_table('watchers')
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.drop_column('ticket')
        batch_op.drop_column('key')
