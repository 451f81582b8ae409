"""Homes: who has opened the app's home tab lately, and what it showed them, so that it can be kept current."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from sharing.requests import Person
from sharing.store import Store
from sharing.tables import homes

# A home that nobody has opened for so long is brought up to date when it is opened again.
_LATELY = timedelta(days=3)


@dataclass(frozen=True)
class Home:
    """Somebody's home: the language they read, and the digest of what it shows; empty if nothing yet."""

    person: Person
    language: str
    digest: str


def visit(store: Store, person: Person, language: str, now: datetime) -> Home:
    """Note that `person` has opened their home; it counts as empty, since Slack may have forgotten it."""
    which = (homes.c.team_id == person.team_id, homes.c.user_id == person.user_id)
    values = {"language": language, "visited_at": now, "digest": ""}
    try:
        with store.transaction() as tx:
            tx.connection.execute(insert(homes).values(team_id=person.team_id, user_id=person.user_id, **values))
    except IntegrityError:
        with store.transaction() as tx:
            tx.connection.execute(update(homes).where(*which).values(values))
    return Home(person, language, "")


def visited_lately(store: Store, now: datetime, whose: Person | None = None) -> list[Home]:
    """Return the homes that are kept current; with `whose` that person's alone, if it is one of them."""
    theirs = [homes.c.team_id == whose.team_id, homes.c.user_id == whose.user_id] if whose is not None else []
    with store.transaction() as tx:
        rows = tx.connection.execute(select(homes).where(homes.c.visited_at > now - _LATELY, *theirs)).mappings()
        return [Home(Person(row["team_id"], row["user_id"]), row["language"], row["digest"]) for row in rows]


def shown(store: Store, person: Person, digest: str) -> None:
    """Note what a home shows."""
    with store.transaction() as tx:
        which = (homes.c.team_id == person.team_id, homes.c.user_id == person.user_id)
        tx.connection.execute(update(homes).where(*which).values(digest=digest))


def forget(store: Store, person: Person) -> None:
    """Keep a home current no longer, until it is opened again."""
    with store.transaction() as tx:
        which = (homes.c.team_id == person.team_id, homes.c.user_id == person.user_id)
        tx.connection.execute(delete(homes).where(*which))
