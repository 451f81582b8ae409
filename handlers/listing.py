"""Listing: requests in short, a line each, and one in full, for the person who asked to see them. Pure mrkdwn."""

from itertools import accumulate

from handlers import ballots, mrkdwn, phrases, wording
from handlers.speech import Speech
from sharing.board import Board
from sharing.requests import Request, RequestKind

# Deliveries of one request, and characters of each part of a list: of all parts, Slack shows 40,000.
_LINES, _ROOM = 15, 9000


def listed(say: Speech, board: Board, *, mine: bool) -> str:
    """Return what is open and what is in force, in the order of how much it matters."""
    parts = {"list-waiting": board.waiting, "list-running": board.running, "list-in-force": board.in_force}
    if mine:
        parts["list-ended"] = board.ended
    lines = [line for title, requests in parts.items() if requests for line in _part(say, title, requests)]
    return "\n".join(lines) or say("list-nothing", whose="mine" if mine else "all")


def _part(say: Speech, title: str, requests: tuple[Request, ...]) -> list[str]:
    lines = [f"• {line(say, request)}" for request in requests]
    shown = [
        each for each, length in zip(lines, accumulate(len(one) + 1 for one in lines), strict=True) if length <= _ROOM
    ]
    more = [say("more-lines", count=left_out)] if (left_out := len(lines) - len(shown)) else []
    return [say(title), *shown, *more]


def line(say: Speech, request: Request) -> str:
    """Return a request in a line: what it is, where to, how it stands and until when."""
    names = {"request": mrkdwn.code(request.id), "state": wording.state(say, request.state)}
    if request.kind is not RequestKind.SHARE:
        return say("list-line-other", kind=request.kind, **names)
    return say(
        "list-line",
        images=phrases.images(say, request),
        targets=phrases.targets(say, request),
        until=mrkdwn.when(request.ends_at) if request.ends_at else "never",
        **names,
    )


def status(say: Speech, request: Request) -> str:
    """Return a request in full: what was asked, by whom, how it stands and how far each delivery is."""
    title = mrkdwn.escape(phrases.title(say, request))
    standing = ballots.standing(say, request) or phrases.standing(say, request)
    deliveries = [phrases.progress(say, request, one) for one in request.deliveries[:_LINES]]
    more = [say("more-lines", count=left)] if (left := len(request.deliveries) - _LINES) > 0 else []
    refusals = [f"• {wording.refusal(say, one)}" for one in request.refusals]
    failure = [wording.failure(say, request.failure)] if request.failure else []
    head = say("status", request=mrkdwn.code(request.id), title=title)
    return "\n".join([head, phrases.asks(say, request), standing, *refusals, *failure, *deliveries, *more])
