"""Ballots: what a message shows of the parts of a request, who is to decide on them and who has, and the buttons.

Pure. The buttons name a request, a plan and a rule; `deciding.py` looks those up and believes nothing of them.
"""

from collections.abc import Iterable, Iterator, Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    PlainTextObject,
)

from handlers import mrkdwn, phrases, wording
from handlers.layout import section, sections
from handlers.speech import Speech
from sharing.approval import Ballot
from sharing.requests import Decision, Edit, Request, RequestId, RequestKind, Verdict
from sharing.rules import ApprovalRule, ApprovalRules, Barred, Part, Tally
from sharing.states import RequestState

APPROVE = "ami_share_approve"
DENY = "ami_share_deny"
NARROW = "ami_share_narrow"
CANCEL = "ami_share_cancel"

# Open parts that are shown with their buttons; more are counted, and come up once these are decided.
_PARTS = 5
_NAMES = 8
# Characters that the names of people, and those of targets, may take.
_ROOM_FOR_PEOPLE, _ROOM_FOR_TARGETS, _ROOM_FOR_VOTES = 220, 150, 1200
# Slack's limit is 300 (docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object).
_CONFIRM, _CONFIRM_PART = 300, 160


def value_of(ballot: Ballot) -> str:
    """Return what a button carries."""
    return f"{ballot.request_id}:{ballot.plan_digest}:{ballot.rule}"


def ballot_of(value: str) -> Ballot:
    """Return what a button's value says; any text at all may come back."""
    request_id, plan_digest, rule = [*value.split(":", 2), "", ""][:3]
    return Ballot(RequestId(request_id), plan_digest, rule)


def waiting(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[Block]:
    """Yield who is to decide on what, with the buttons; Approve asks once more, for just that part."""
    tallies = rules.tallies_of(request)
    if len(tallies) == 1:
        yield section(_deciders(say, request, tallies[0]))
        yield _buttons(say, request, tallies[0].part, 0, _CONFIRM)
        return
    still_open = [each for each in tallies if each.verdict is None]
    closed = [vote for each in tallies if each.verdict for vote in _votes_on(request, each.part.rule.name)]
    yield from sections(say, [decided(say, request, vote) for vote in reversed(closed)], _ROOM_FOR_VOTES)
    for number, each in enumerate(still_open[:_PARTS]):
        yield section(_part(say, request, each))
        yield _buttons(say, request, each.part, number, _CONFIRM_PART)
    if more := len(still_open[_PARTS:]):
        yield section(say("parts-later", count=more))


def to_be_decided(say: Speech, request: Request, rules: ApprovalRules) -> list[str]:
    """Return who is to decide on what, in words alone: a line, or one for each part that is still open."""
    tallies = rules.tallies_of(request)
    if len(tallies) == 1:
        return [_deciders(say, request, tallies[0])]
    return [_part(say, request, each) for each in tallies if each.verdict is None]


def story_elsewhere(say: Speech, channel: str, link: str | None) -> str:
    """Return where the story of a request is told that is asked for in several channels."""
    where = mrkdwn.channel(channel)
    words = say("story-link")
    return say("story-elsewhere", channel=f"<{link}|{words}> ({where})" if link else where)


def results(say: Speech, request: Request) -> list[str]:
    """Return who decided what, if there is more to it than one decision on everything."""
    votes = _last_votes(request)
    if request.state in (RequestState.CHECKING, RequestState.AWAITING_APPROVAL) or len(votes) <= 1:
        return []
    return [decided(say, request, vote) for vote in votes]


def standing(say: Speech, request: Request) -> str | None:
    """Return how a request stands by somebody's word; None where no word of theirs is the last."""
    match request.state:
        case RequestState.CANCELLED:
            return cancelled(say, request)
        case RequestState.CHECKING:
            return say("being-checked-anew") if request.edits else None
        case RequestState.AWAITING_APPROVAL | RequestState.EXPIRED | RequestState.REVOKING | RequestState.REVOKED:
            return "\n".join(results(say, request)) or None
        case _:
            last = [decided(say, request, each) for each in request.decisions[-1:]]
            return "\n".join(results(say, request) or last) or None


def decided(say: Speech, request: Request, decision: Decision) -> str:
    """Return who decided what when, naming the part if it was one of several."""
    if decision.verdict is Verdict.LAPSED:
        return say("part-lapsed", targets=_names(say, decision.targets), rule=mrkdwn.code(decision.rule))
    details = {"who": mrkdwn.person(decision.person.user_id), "when": mrkdwn.when(decision.at)}
    if _is_partial(request, decision):
        part = {"targets": _names(say, decision.targets), "rule": mrkdwn.code(decision.rule)}
        line = say(f"part-{decision.verdict.value}", **details, **part)
    else:
        line = say(f"whole-{decision.verdict.value}", **details)
    return f"{line}\n{mrkdwn.quote(decision.reason)}" if decision.reason else line


def cancelled(say: Speech, request: Request) -> str:
    at = request.cancelled_at or request.created_at
    return say("cancelled-by", who=mrkdwn.person(request.requester.user_id), when=mrkdwn.when(at))


def narrowed(say: Speech, edit: Edit, *, void: bool) -> str:
    """Return who took what out of a request; `void` says that something had been decided before."""
    line = _taken_out(say, "narrowed-by", edit)
    return say("sentence-separator").join([line, say("narrowed-voids")]) if void else line


def left_out(say: Speech, request: Request) -> list[str]:
    """Return what was asked for and isn't given, oldest first: taken out, denied, or not decided on in time."""
    taken = [(edit.at, _taken_out(say, "taken-out", edit)) for edit in request.edits]
    lost = [(vote.at, decided(say, request, vote)) for vote in request.decisions if vote.verdict.keeps_out]
    return [line for _, line in sorted([*taken, *lost], key=lambda each: each[0])]


def reminder(say: Speech, request: Request, tallies: Sequence[Tally]) -> str | None:
    """Return what those are told whose decision on these parts is still waited for; None if there is nobody."""
    users: set[str] = set()
    groups: set[str] = set()
    for each in tallies:
        voted = {vote.person.user_id for vote in each.approvals}
        users |= _users(each.part.rule, request) - voted
        groups |= each.part.rule.groups
    if not users and not groups:
        return None
    at = mrkdwn.when(min(each.part.expires_at(request) for each in tallies))
    return say("reminder", who=_some(say, mrkdwn.people(users, groups).split(", ")), when=at)


def cancel_button(say: Speech, request: Request) -> ActionsBlock:
    button = ButtonElement(
        text=say("cancel-request"),
        action_id=CANCEL,
        value=request.id,
        accessibility_label=say("cancel-label", request=request.id),
        confirm=ConfirmObject(
            title=say("cancel-question"),
            text=PlainTextObject(text=say("cancel-confirm", request=request.id)),
            confirm=say("cancel-request"),
            deny=say("button-keep"),
        ),
    )
    return ActionsBlock(block_id=f"cancel:{request.id}", elements=[button])


def deciders(say: Speech, request: Request, rules: Iterable[ApprovalRule]) -> str:
    """Return mentions of everybody who may decide by one of the rules."""
    users, groups = set[str](), set[str]()
    for rule in rules:
        users |= _users(rule, request)
        groups |= rule.groups
    return _some(say, mrkdwn.people(users, groups).split(", ")) if users or groups else ""


def _deciders(say: Speech, request: Request, tally: Tally) -> str:
    rule = tally.part.rule
    who = deciders(say, request, [rule])
    if not who:
        return say("nobody-may")
    if rule.approvals == 1:
        return say("to-be-decided", who=who)
    by = _some(say, [mrkdwn.person(vote.person.user_id) for vote in tally.approvals])
    return say("to-be-decided-by-several", who=who, count=rule.approvals, approved=len(tally.approvals), by=by)


def _part(say: Speech, request: Request, tally: Tally) -> str:
    part = tally.part
    title = say(
        "part",
        rule=mrkdwn.code(part.rule.name),
        targets=_names(say, part.targets),
        when=mrkdwn.when(part.expires_at(request)),
    )
    return f"{title}\n{_deciders(say, request, tally)}"


def _buttons(say: Speech, request: Request, part: Part, number: int, room: int) -> ActionsBlock:
    value = value_of(Ballot(request.id, str(request.plan_digest), part.rule.name))
    # Slack wants each action_id once in a block; each once in the message tells the parts' buttons apart as well.
    suffix = f":{number}" if number else ""
    mends = request.kind is RequestKind.AUDIT
    confirm = ConfirmObject(
        title=say(f"question-{request.kind.value}"),
        text=PlainTextObject(text=_cut(phrases.confirm(say, request, part.targets, room), _CONFIRM)),
        confirm=say("approve"),
        deny=say("not-yet"),
    )
    about = {"request": request.id, "rule": part.rule.name}
    elements = [
        ButtonElement(
            text=say("put-it-right") if mends else say("approve"),
            action_id=APPROVE + suffix,
            value=value,
            style="primary",
            accessibility_label=_cut(say("approve-label", **about), 75),
            confirm=confirm if part.rule.confirm else None,
        ),
        ButtonElement(
            text=say("deny"),
            action_id=DENY + suffix,
            value=value,
            style="danger",
            accessibility_label=_cut(say("deny-label", **about), 75),
        ),
    ]
    if number == 0 and request.kind is RequestKind.SHARE and len(request.targets) > 1:
        label = _cut(say("narrow-label", request=request.id), 75)
        elements.append(ButtonElement(text=say("narrow"), action_id=NARROW, value=value, accessibility_label=label))
    # A new id with each plan: Slack keeps what it knows of a block under its id.
    return ActionsBlock(block_id=f"decide:{value}", elements=elements)


def _users(rule: ApprovalRule, request: Request) -> frozenset[str]:
    """The people that the rule names, without those whom it bars."""
    barred = {request.requester.user_id} if Barred.REQUESTER in rule.never else set()
    if Barred.LAST_EDITOR in rule.never and request.edits:
        barred.add(request.edits[-1].person.user_id)
    return rule.users - barred


def _last_votes(request: Request) -> list[Decision]:
    """What was decided since it was last asked for; the plan may have been made anew since, to carry it out."""
    since = request.asked_at or request.created_at
    return [each for each in request.decisions if each.at >= since]


def _votes_on(request: Request, rule: str) -> list[Decision]:
    return [each for each in request.votes if each.rule == rule]


def _is_partial(request: Request, decision: Decision) -> bool:
    everything = {*request.targets, *(target for each in request.decisions for target in each.targets)}
    several = len({each.rule for each in _last_votes(request)}) > 1
    return bool(decision.targets) and (several or set(decision.targets) != everything)


def _taken_out(say: Speech, words: str, edit: Edit) -> str:
    who, when = mrkdwn.person(edit.person.user_id), mrkdwn.when(edit.at)
    return say(words, who=who, when=when, targets=_names(say, edit.removed))


def _names(say: Speech, targets: Iterable[str]) -> str:
    names = [f"*{mrkdwn.escape(name)}*" for name in targets]
    return wording.some(say, names, _ROOM_FOR_TARGETS, _NAMES) or say("no-targets")


def _some(say: Speech, people: list[str]) -> str:
    return wording.some(say, people, _ROOM_FOR_PEOPLE, _NAMES)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
