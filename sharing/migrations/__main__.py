"""`make migration ARGS="what changed"`: writes the migration from what the older ones make to what the tables say."""

import sys

import sqlalchemy
from alembic import command

from sharing.database import migrations, upgrade

engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
upgrade(engine)
with engine.begin() as connection:
    command.revision(migrations(connection), message=" ".join(sys.argv[1:]), autogenerate=True)
