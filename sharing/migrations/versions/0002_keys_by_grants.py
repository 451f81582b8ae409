"""Keys by grants, and Auto Scaling."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

# One principal may be on several lists of one key, so the list is part of an entry's name.
_ENTRIES = {'given': ['resource', 'grantee'], 'needs': ['request_id', 'resource', 'grantee']}


def upgrade() -> None:
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('auto_scaling', sa.Boolean(), server_default=sa.false(), nullable=False))
    for table, columns in _ENTRIES.items():
        _name_entries_by(table, [*columns, 'on'])


def downgrade() -> None:
    for table, columns in _ENTRIES.items():
        _name_entries_by(table, columns)
    with op.batch_alter_table('requests', schema=None) as batch_op:
        batch_op.drop_column('auto_scaling')


def _name_entries_by(table: str, columns: list[str]) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(f'pk_{table}', type_='primary')
        batch_op.create_primary_key(f'pk_{table}', columns)
