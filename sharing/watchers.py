"""Watchers: people who asked to be told of a request's end, besides the one who asked for it."""

from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from sharing.requests import Person, RequestId
from sharing.store import Store
from sharing.tables import watchers


def watch(store: Store, request_id: RequestId, person: Person, now: datetime) -> bool:
    """Have `person` told of the end, too; False if they are already."""
    row = {"request_id": request_id, "team_id": person.team_id, "user_id": person.user_id, "at": now}
    try:
        with store.transaction() as tx:
            tx.find(request_id)
            tx.connection.execute(insert(watchers).values(row))
    except IntegrityError:
        return False
    return True


def stop_watching(store: Store, request_id: RequestId, person: Person) -> None:
    """Have `person` told no more of the end, whether they were to be or not."""
    with store.transaction() as tx:
        tx.find(request_id)
        theirs = watchers.c.team_id == person.team_id, watchers.c.user_id == person.user_id
        tx.connection.execute(delete(watchers).where(watchers.c.request_id == request_id, *theirs))
