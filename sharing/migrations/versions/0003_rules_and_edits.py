"""Approval rules: what a decision was for, when and where it was asked, what was narrowed, reminded and cancelled."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('requester_groups', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('asked_at', sharing.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('asked_in', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('remind_at', sharing.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('reminders', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('edits', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('cancelled_at', sharing.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_requests_remind_at'), ['remind_at'], unique=False)

    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rule', sa.String(length=100), server_default='default', nullable=False))
        batch_op.add_column(sa.Column('targets', sa.JSON(), server_default='[]', nullable=False))

    # What was asked for under the one rule of before has waited since then.
    op.execute("UPDATE requests SET asked_at = COALESCE(replanned_at, created_at) WHERE state = 'awaiting_approval'")


def downgrade() -> None:
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_column('targets')
        batch_op.drop_column('rule')

    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_requests_remind_at'))
        batch_op.drop_column('cancelled_at')
        batch_op.drop_column('edits')
        batch_op.drop_column('reminders')
        batch_op.drop_column('remind_at')
        batch_op.drop_column('asked_in')
        batch_op.drop_column('asked_at')
        batch_op.drop_column('requester_groups')
