"""The app's home tab: what waits for somebody, what they asked for, what is under way and what is shared until when.

It is published when it is opened, and again whenever it would show something else.
"""

import hashlib
import json
import logging
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
)
from slack_sdk.models.views import View

from handlers import ballots, following, listing, mrkdwn, phrases, wording
from handlers.answers import meet
from handlers.layout import md, section, sections
from handlers.people import look_up
from handlers.rosters import Rosters
from handlers.speech import Language, Speech, speech
from handlers.trouble import SLACK_TROUBLE, code_of, concerns_all
from handlers.warnings import warnings
from sharing.board import Board, read_board
from sharing.clock import Clock
from sharing.homes import Home, forget, shown, visit, visited_lately
from sharing.requests import Person, Request, RequestKind
from sharing.rules import ApprovalRules
from sharing.states import RequestState
from sharing.store import Store

_log = logging.getLogger(__name__)

OPEN_FORM = "ami_share_open_form"
# Slack shows 100 blocks of a home (docs.slack.dev/surfaces/app-home): what a part doesn't take, decisions may.
_BLOCKS, _LINES, _ENDED = 100, 7, 4
_ROOM_FOR_IMAGES, _ROOM_FOR_WARNINGS = 600, 2000
_LATELY = timedelta(days=7)
# Every 15 seconds: three replicas at once leave clicks 40 of the 100 calls of users.info a minute (Tier 4,
# docs.slack.dev/apis/web-api/rate-limits).
_AT_A_TIME = 5


@dataclass(frozen=True)
class Reader:
    """Whose home it is: with the user groups they are in, and the slash command they would type."""

    person: Person
    groups: frozenset[str]
    command: str


def home_view(say: Speech, board: Board, rules: ApprovalRules, reader: Reader) -> View:
    """Return somebody's home. What there is no room for is counted, and where to find it is said."""
    mine = [one for one in (*board.waiting, *board.running) if one.requester == reader.person]
    ended = [one for one in board.ended if one.requester == reader.person]
    for_me = [one for one in board.waiting if _may_decide(one, rules, reader.person, reader.groups)]
    others = [one for one in board.running if one.requester != reader.person]
    head = [
        HeaderBlock(text=PlainTextObject(text=say("home-title"))),
        ActionsBlock(elements=[ButtonElement(text=say("form-title"), action_id=OPEN_FORM, style="primary")]),
    ]
    mine_of_late = [*mine[:_LINES], *sorted(ended, key=lambda one: one.state_since, reverse=True)[:_ENDED]]
    left_out = len(mine) + len(ended) - len(mine_of_late)
    lists = [
        *_part(
            say,
            "home-mine",
            [_line(say, "home-mine", one) for one in mine_of_late],
            _more(say, reader, "list", left_out),
        ),
        *_list(say, "home-running", others, reader),
        *_list(say, "home-shared", list(board.in_force), reader),
    ]
    nothing = [] if for_me or lists else [section(say("home-nothing"))]
    room = _BLOCKS - len(head) - len(lists)
    return View(type="home", blocks=[*head, *_decisions(say, for_me, rules, reader, room), *lists, *nothing])


def home_of_stranger(no: str) -> View:
    """Return the home of somebody who isn't listened to: it says why."""
    return View(type="home", blocks=[section(no)])


def _may_decide(request: Request, rules: ApprovalRules, person: Person, groups: frozenset[str]) -> bool:
    """Whether a part of the request waits for `person`; every click is checked again by itself."""
    return any(
        tally.verdict is None
        and tally.part.rule.names(person, groups)
        and tally.part.rule.bars(person, request) is None
        and all(vote.person != person for vote in tally.approvals)
        for tally in rules.tallies_of(request)
    )


def _decisions(say: Speech, waiting: list[Request], rules: ApprovalRules, reader: Reader, room: int) -> Iterator[Block]:
    """What waits for the reader, as many whole requests as `room` blocks take."""
    whole = [list(_decision(say, request, rules)) for request in waiting]
    sizes = accumulate(map(len, whole))
    # A title above them, and what is left out below.
    shown = sum(size + 2 <= room for size in sizes)
    return _part(say, "home-decide", whole[:shown], _more(say, reader, "list all", len(whole) - shown))


def _decision(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Block]:
    """All that somebody has to know who decides without looking at the message in the channel."""
    reason = f"\n{mrkdwn.quote(request.reason)}" if request.reason else ""
    yield section(f"{phrases.asks(say, request)}{reason}")
    if request.plan is not None:
        images = (phrases.image_in_short(say, image, request.created_at) for image in request.plan.images)
        yield from sections(say, images, _ROOM_FOR_IMAGES)
        warned = warnings(say, request, request.plan, rules, _ROOM_FOR_WARNINGS)
        yield from sections(say, warned, _ROOM_FOR_WARNINGS)
    yield from ballots.waiting(say, request, rules)
    yield following.details(say, request)
    yield DividerBlock()


def _list(say: Speech, title: str, requests: list[Request], reader: Reader) -> Iterator[Block]:
    lines = [_line(say, title, request) for request in requests[:_LINES]]
    return _part(say, title, lines, _more(say, reader, "list all", len(requests) - len(lines)))


def _line(say: Speech, title: str, request: Request) -> list[Block]:
    # Not by the revision: every home would be published with every percent of a copy, though none says it.
    block_id = f"home:{title}:{request.id}:{request.state.value}:{len(request.retries)}"
    return [section(listing.line(say, request)), ActionsBlock(block_id=block_id, elements=_buttons(say, request))]


def _part(say: Speech, title: str, requests: list[list[Block]], more: list[Block]) -> Iterator[Block]:
    """Requests under a title, and what is said of those that are left out."""
    if requests or more:
        yield HeaderBlock(text=PlainTextObject(text=say(title)))
    for blocks in (*requests, more):
        yield from blocks


def _more(say: Speech, reader: Reader, verb: str, count: int) -> list[Block]:
    """How many are left out, if any, and the command that shows them."""
    command = mrkdwn.code(f"{reader.command} {verb}")
    return [ContextBlock(elements=[md(say("home-more", count=count, command=command))])] if count else []


def _buttons(say: Speech, request: Request) -> list[Any]:
    elements = list(following.details(say, request).elements)
    elements += following.retry_all(say, request)
    if request.state is RequestState.AWAITING_APPROVAL:
        elements += ballots.cancel_button(say, request).elements
    if request.revocable and request.kind is RequestKind.SHARE:
        elements.append(following.revoke_button(say, request.id))
    return elements


@dataclass(frozen=True)
class Homes:
    """Publishes homes. Two replicas doing it at once show the same."""

    store: Store
    rules: ApprovalRules
    clock: Clock
    client: WebClient
    team_id: str
    rosters: Rosters
    command: str

    def listen(self, app: App) -> None:
        """Register every listener on `app`."""
        app.event("app_home_opened")(self.open)

    def open(self, event: Mapping[str, Any], body: Mapping[str, Any], client: WebClient) -> None:
        """Somebody opens the home tab: show it as it is now."""
        if event.get("tab") != "home":
            return
        person = Person(body["team_id"], event["user"])
        say, no = meet(client, person, self.team_id)
        if no is not None:
            self._turn_away(person, no)
            return
        home = visit(self.store, person, say.language.value, self.clock())
        self._publish(home, self._view(home, self._board(), self._members()))

    def refresh(self, whose: Person | None = None) -> None:
        """Bring the homes that were opened lately up to date, as far as they would show something else.

        With `whose` that person's alone: whoever has just clicked there sees at once what it did. Of very many some
        have their turn, and the others the next time: each click asks Slack what each home does.
        """
        homes = visited_lately(self.store, self.clock(), whose)
        if not homes:
            return
        board, members = self._board(), self._members()
        views = [(home, self._view(home, board, members)) for home in homes]
        due = [(home, view) for home, view in views if _digest(view) != home.digest]
        try:
            # At random, so that each has its turn, whichever change often.
            for home, view in random.sample(due, min(len(due), _AT_A_TIME)):
                self._bring_up_to_date(home, view)
        except SLACK_TROUBLE as trouble:
            _log.warning("homes can't be brought up to date: %s", trouble)

    def _bring_up_to_date(self, home: Home, view: dict[str, Any]) -> None:
        """Publish a home, if its reader is still listened to; one that Slack won't take is let go till it is opened."""
        try:
            caller = look_up(self.client, home.person, self.team_id)
            if caller.stranger is None:
                self._publish(home, view)
            else:
                self._turn_away(home.person, wording.stranger(speech(caller.language), caller.stranger))
        except SlackApiError as error:
            if concerns_all(error):
                raise
            _log.warning("the home of %s isn't kept current any more: %s", home.person.user_id, code_of(error))
            forget(self.store, home.person)

    def _board(self) -> Board:
        return read_board(self.store, ended_since=self.clock() - _LATELY)

    def _view(self, home: Home, board: Board, members: Mapping[str, frozenset[str]]) -> dict[str, Any]:
        theirs = frozenset(group for group, people in members.items() if home.person.user_id in people)
        reader = Reader(home.person, theirs, self.command)
        return home_view(speech(Language(home.language)), board, self.rules, reader).to_dict()

    def _publish(self, home: Home, view: dict[str, Any]) -> None:
        self.client.views_publish(user_id=home.person.user_id, view=view)
        shown(self.store, home.person, _digest(view))

    def _turn_away(self, person: Person, no: str) -> None:
        """Show somebody who isn't listened to why, and nothing more from now on."""
        forget(self.store, person)
        self.client.views_publish(user_id=person.user_id, view=home_of_stranger(no))

    def _members(self) -> dict[str, frozenset[str]]:
        """Who is in the groups that approval rules name."""
        return self.rosters.of({group for rule in self.rules.rules for group in rule.groups})


def _digest(view: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
