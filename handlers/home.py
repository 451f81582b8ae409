"""The app's home tab: what waits for somebody, what they asked for, what is under way and what is shared until when.

It is published when it is opened, and again whenever it would show something else.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
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

from handlers import ballots, following, listing, mrkdwn, phrases
from handlers.answers import meet
from handlers.layout import md, section
from handlers.speech import Language, Speech, speech
from handlers.trouble import SLACK_TROUBLE
from sharing.board import Board, read_board
from sharing.clock import Clock
from sharing.homes import Home, shown, visit, visited_lately
from sharing.requests import Person, Request, RequestKind
from sharing.rules import ApprovalRules
from sharing.states import RequestState
from sharing.store import Store

_log = logging.getLogger(__name__)

OPEN_FORM = "ami_share_open_form"
# Slack shows 100 blocks of a home (docs.slack.dev/surfaces/app-home); these keep below it.
_DECISIONS, _LINES = 5, 8
_MOST_BLOCKS = 100


def home_view(say: Speech, board: Board, rules: ApprovalRules, person: Person, groups: frozenset[str]) -> View:
    """Return the home of `person`, who is in the user groups `groups`."""
    mine = [one for one in (*board.waiting, *board.running) if one.requester == person]
    for_me = [one for one in board.waiting if _may_decide(one, rules, person, groups)]
    blocks = [
        HeaderBlock(text=PlainTextObject(text=say("home-title"))),
        ActionsBlock(elements=[ButtonElement(text=say("form-title"), action_id=OPEN_FORM, style="primary")]),
        *_decisions(say, for_me, rules),
        *_part(say, "home-mine", mine),
        *_part(say, "home-running", [one for one in board.running if one.requester != person]),
        *_part(say, "home-shared", list(board.in_force)),
    ]
    if not (for_me or mine or board.running or board.in_force):
        blocks.append(section(say("home-nothing")))
    return View(type="home", blocks=blocks[:_MOST_BLOCKS])


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


def _decisions(say: Speech, waiting: list[Request], rules: ApprovalRules) -> Iterator[Block]:
    if not waiting:
        return
    yield HeaderBlock(text=PlainTextObject(text=say("home-decide")))
    for request in waiting[:_DECISIONS]:
        reason = f"\n{mrkdwn.quote(request.reason)}" if request.reason else ""
        yield section(f"{phrases.asks(say, request)}{reason}")
        yield from ballots.waiting(say, request, rules)
        yield following.details(say, request)
        yield DividerBlock()
    yield from _more(say, len(waiting) - _DECISIONS)


def _part(say: Speech, title: str, requests: list[Request]) -> Iterator[Block]:
    if not requests:
        return
    yield HeaderBlock(text=PlainTextObject(text=say(title)))
    for request in requests[:_LINES]:
        yield section(listing.line(say, request))
        yield ActionsBlock(block_id=f"home:{title}:{request.id}:{request.revision}", elements=_buttons(say, request))
    yield from _more(say, len(requests) - _LINES)


def _buttons(say: Speech, request: Request) -> list[Any]:
    elements = list(following.details(say, request).elements)
    elements += following.retry_all(say, request)
    if request.state is RequestState.AWAITING_APPROVAL:
        elements += ballots.cancel_button(say, request).elements
    if request.revocable and request.kind is RequestKind.SHARE:
        elements.append(following.revoke_button(say, request.id))
    return elements


def _more(say: Speech, count: int) -> Iterator[Block]:
    if count > 0:
        yield ContextBlock(elements=[md(say("more-lines", count=count))])


@dataclass(frozen=True)
class Homes:
    """Publishes homes. Two replicas doing it at once show the same."""

    store: Store
    rules: ApprovalRules
    clock: Clock
    client: WebClient
    team_id: str

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
            client.views_publish(user_id=person.user_id, view=home_of_stranger(no))
            return
        home = visit(self.store, person, say.language.value, self.clock())
        self._publish(home, read_board(self.store), self._groups())

    def refresh(self) -> None:
        """Bring the homes that were opened lately up to date, as far as they would show something else."""
        homes = visited_lately(self.store, self.clock())
        if not homes:
            return
        try:
            groups = self._groups()
            board = read_board(self.store)
            for home in homes:
                self._publish(home, board, groups)
        except SLACK_TROUBLE as trouble:
            _log.warning("homes can't be brought up to date: %s", trouble)

    def _publish(self, home: Home, board: Board, groups: Mapping[str, frozenset[str]]) -> None:
        theirs = frozenset(group for group, members in groups.items() if home.person.user_id in members)
        view = home_view(speech(Language(home.language)), board, self.rules, home.person, theirs).to_dict()
        digest = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
        if digest != home.digest:
            self.client.views_publish(user_id=home.person.user_id, view=view)
            shown(self.store, home.person, digest)

    def _groups(self) -> dict[str, frozenset[str]]:
        """Who is in the groups that approval rules name."""
        named = {group for rule in self.rules.rules for group in rule.groups}
        return {one: frozenset(self.client.usergroups_users_list(usergroup=one)["users"]) for one in sorted(named)}
