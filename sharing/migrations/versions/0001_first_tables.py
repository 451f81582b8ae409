"""First tables."""

import sqlalchemy as sa
from alembic import op

import sharing.tables

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

# The audit trail is only ever added to; the database itself sees to it.
_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_events_no_{verb} BEFORE {verb} ON audit_events "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events "
        "FOR EACH ROW EXECUTE FUNCTION audit_events_append_only()",
    ],
}


def upgrade() -> None:
    op.create_table('requests',
    sa.Column('id', sa.String(length=20), nullable=False),
    sa.Column('origin', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('of_request', sa.String(length=20), nullable=True),
    sa.Column('trigger', sa.String(length=20), nullable=False),
    sa.Column('deregister', sa.Boolean(), nullable=False),
    sa.Column('team_id', sa.String(length=40), nullable=False),
    sa.Column('user_id', sa.String(length=40), nullable=False),
    sa.Column('image_ids', sa.JSON(), nullable=False),
    sa.Column('mode', sa.String(length=20), nullable=False),
    sa.Column('targets', sa.JSON(), nullable=False),
    sa.Column('regions', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=30), nullable=False),
    sa.Column('plan', sa.Text(), nullable=True),
    sa.Column('plan_digest', sa.String(length=64), nullable=True),
    sa.Column('estimate', sa.Text(), nullable=True),
    sa.Column('replanned_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('preparations', sa.JSON(), nullable=False),
    sa.Column('refusals', sa.JSON(), nullable=False),
    sa.Column('failure', sa.JSON(), nullable=True),
    sa.Column('created_at', sharing.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.String(length=20), nullable=True),
    sa.Column('ended_because', sa.String(length=20), nullable=True),
    sa.Column('due_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('lease', sa.Integer(), nullable=False),
    sa.Column('lease_until', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('tell_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('tell_lease', sa.Integer(), nullable=False),
    sa.Column('tell_lease_until', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['ended_by'], ['requests.id'], name=op.f('fk_requests_ended_by')),
    sa.ForeignKeyConstraint(['of_request'], ['requests.id'], name=op.f('fk_requests_of_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_requests')),
    sa.UniqueConstraint('origin', name=op.f('uq_requests_origin'))
    )
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_requests_due_at'), ['due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_requests_of_request'), ['of_request'], unique=False)
        batch_op.create_index(batch_op.f('ix_requests_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_requests_tell_at'), ['tell_at'], unique=False)

    op.create_table('standing',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('since', sharing.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_standing'))
    )
    op.create_table('audit_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.Column('at', sharing.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_audit_events_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_events'))
    )
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_events_request_id'), ['request_id'], unique=False)

    op.create_table('decisions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.Column('team_id', sa.String(length=40), nullable=False),
    sa.Column('user_id', sa.String(length=40), nullable=False),
    sa.Column('verdict', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('plan_digest', sa.String(length=64), nullable=False),
    sa.Column('at', sharing.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_decisions_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions'))
    )
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decisions_request_id'), ['request_id'], unique=False)

    op.create_table('deliveries',
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.Column('source_image_id', sa.String(length=40), nullable=False),
    sa.Column('target', sa.String(length=100), nullable=False),
    sa.Column('region', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=12), nullable=False),
    sa.Column('source_region', sa.String(length=40), nullable=False),
    sa.Column('size_gib', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=30), nullable=False),
    sa.Column('image_id', sa.String(length=40), nullable=True),
    sa.Column('reused', sa.Boolean(), nullable=False),
    sa.Column('key_arn', sa.String(length=200), nullable=True),
    sa.Column('client_token', sa.String(length=64), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('expected_minutes', sa.Integer(), nullable=True),
    sa.Column('minutes_left', sa.Integer(), nullable=True),
    sa.Column('failure', sa.JSON(), nullable=True),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.Column('due_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('waiting_since', sharing.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('started_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_deliveries_request_id')),
    sa.PrimaryKeyConstraint('request_id', 'source_image_id', 'target', 'region', name=op.f('pk_deliveries'))
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deliveries_state'), ['state'], unique=False)

    op.create_table('given',
    sa.Column('resource', sa.String(length=200), nullable=False),
    sa.Column('grantee', sa.String(length=600), nullable=False),
    sa.Column('on', sa.String(length=20), nullable=False),
    sa.Column('owner', sa.String(length=12), nullable=False),
    sa.Column('region', sa.String(length=40), nullable=False),
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.Column('at', sharing.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_given_request_id')),
    sa.PrimaryKeyConstraint('resource', 'grantee', name=op.f('pk_given'))
    )
    op.create_table('key_locks',
    sa.Column('key_arn', sa.String(length=200), nullable=False),
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_key_locks_request_id')),
    sa.PrimaryKeyConstraint('key_arn', name=op.f('pk_key_locks'))
    )
    op.create_table('needs',
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.Column('resource', sa.String(length=200), nullable=False),
    sa.Column('grantee', sa.String(length=600), nullable=False),
    sa.Column('on', sa.String(length=20), nullable=False),
    sa.Column('owner', sa.String(length=12), nullable=False),
    sa.Column('region', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_needs_request_id')),
    sa.PrimaryKeyConstraint('request_id', 'resource', 'grantee', name=op.f('pk_needs'))
    )
    with op.batch_alter_table('needs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_needs_resource'), ['resource'], unique=False)

    op.create_table('postings',
    sa.Column('request_id', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=150), nullable=False),
    sa.Column('channel', sa.String(length=40), nullable=False),
    sa.Column('ts', sa.String(length=40), nullable=True),
    sa.Column('content_digest', sa.String(length=64), nullable=True),
    sa.Column('shown_at', sharing.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['requests.id'], name=op.f('fk_postings_request_id')),
    sa.PrimaryKeyConstraint('request_id', 'key', name=op.f('pk_postings'))
    )
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('postings')
    with op.batch_alter_table('needs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_needs_resource'))

    op.drop_table('needs')
    op.drop_table('key_locks')
    op.drop_table('given')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deliveries_state'))

    op.drop_table('deliveries')
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_decisions_request_id'))

    op.drop_table('decisions')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_events_request_id'))

    op.drop_table('audit_events')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_append_only()")
    op.drop_table('standing')
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_requests_tell_at'))
        batch_op.drop_index(batch_op.f('ix_requests_state'))
        batch_op.drop_index(batch_op.f('ix_requests_of_request'))
        batch_op.drop_index(batch_op.f('ix_requests_due_at'))

    op.drop_table('requests')
