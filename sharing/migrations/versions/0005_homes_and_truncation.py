"""Who has opened the home tab; and the audit trail can't be truncated either."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_NO_TRUNCATE = [
    "CREATE OR REPLACE FUNCTION audit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation'; END $$",
    "DROP TRIGGER audit_events_append_only ON audit_events",
    "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_append_only()",
]


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in _NO_TRUNCATE:
            op.execute(statement)
    op.create_table(
        'homes',
        sa.Column('team_id', sa.String(length=40), nullable=False),
        sa.Column('user_id', sa.String(length=40), nullable=False),
        sa.Column('language', sa.String(length=10), nullable=False),
        sa.Column('visited_at', sharing.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('team_id', 'user_id', name=op.f('pk_homes')),
    )
    op.create_index(op.f('ix_homes_visited_at'), 'homes', ['visited_at'])


def downgrade() -> None:
    op.drop_index(op.f('ix_homes_visited_at'), 'homes')
    op.drop_table('homes')
