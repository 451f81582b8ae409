"""PostgreSQL: connections that give up on a server that says nothing.

Imported only where PostgreSQL is the database: elsewhere its driver needn't be there.
"""

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

_T = TypeVar("_T")


class ImpatientConnection(psycopg.Connection[Any]):
    """Waits `answer_seconds` at most for each answer, and is closed if none comes: a late one would answer nothing.

    The server's own `statement_timeout` ends what takes long, and not the wait for a server that hangs or isn't reached
    any more; the kernel takes what is sent to a process that hangs, so TCP's own limits don't end that either.
    """

    answer_seconds: float | None = None

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        try:
            return super().wait(gen, interval, self.answer_seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status is TransactionStatus.ACTIVE:
                self.close()
            raise
