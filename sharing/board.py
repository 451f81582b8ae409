"""The board: what is open, what is in force and what has ended, for people to look at. Reads, and holds nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_

from sharing.requests import Person, Request, RequestKind, Trigger
from sharing.states import RequestState
from sharing.store import Store
from sharing.tables import requests

_MOST = 200
_LATELY = 10
_OPEN = (
    RequestState.CHECKING,
    RequestState.AWAITING_APPROVAL,
    RequestState.APPROVED,
    RequestState.PREPARING,
    RequestState.APPLYING,
    RequestState.COPYING,
)
_SETTLED = (RequestState.COMPLETED, RequestState.FAILED, RequestState.REVOKING)


@dataclass(frozen=True)
class Board:
    """Requests, the newest first.

    Attributes:
        waiting: those that wait for a decision.
        running: those that are checked or carried out at this moment.
        in_force: the shares whose permissions are there, done or failed in part.
        ended: what has come to an end otherwise, of those that were asked after.
    """

    waiting: tuple[Request, ...]
    running: tuple[Request, ...]
    in_force: tuple[Request, ...]
    ended: tuple[Request, ...] = ()


def read_board(store: Store, whose: Person | None = None, ended_since: datetime | None = None) -> Board:
    """Return the board: of everybody, or with `whose` of what that person has asked for.

    What has ended is on it for somebody, the last few of theirs; and for everybody what has since `ended_since`.
    """
    theirs = [requests.c.team_id == whose.team_id, requests.c.user_id == whose.user_id] if whose is not None else []
    asked = requests.c.trigger.in_([each.value for each in Trigger if each.asks_first])
    no_preview = requests.c.kind != RequestKind.PREVIEW.value
    with store.transaction() as tx:
        still_open = tx.look(and_(requests.c.state.in_([each.value for each in _OPEN]), no_preview, *theirs), _MOST)
        shares = tx.look(
            and_(
                requests.c.state.in_([each.value for each in _SETTLED]),
                requests.c.kind == RequestKind.SHARE.value,
                requests.c.begun_at.is_not(None),
                *theirs,
            ),
            _MOST,
        )
        closed = and_(requests.c.state.not_in([each.value for each in _OPEN]), no_preview, asked, *theirs)
        over = tx.look(closed, _LATELY) if theirs else []
        if ended_since is not None:
            over = tx.look(and_(closed, requests.c.state_since > ended_since), _MOST)
    shown = {share.id for share in shares}
    return Board(
        waiting=tuple(one for one in still_open if one.state is RequestState.AWAITING_APPROVAL),
        running=tuple(one for one in still_open if one.state is not RequestState.AWAITING_APPROVAL),
        in_force=tuple(shares),
        ended=tuple(one for one in over if one.id not in shown),
    )
