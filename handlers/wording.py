"""Wording: refusals, cautions, failures and objections as sentences: what is wrong, and what to do.

The floors below name kinds and details; the words are the catalogues'. Sentences are mrkdwn; every detail in them is
escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import accumulate

from aws_ops.causes import Cause, Why
from aws_ops.cautions import CautionKind
from aws_ops.finishing import Note, NoteKind
from aws_ops.plan import Caution, Refusal, RefusalKind
from handlers import mrkdwn
from handlers.layout import ALL
from handlers.people import Stranger
from handlers.problems import Problem
from handlers.speech import Speech
from sharing.requests import Failure, FailureKind, Request, RequestKind
from sharing.states import RequestState, is_final


def refusal(say: Speech, refused: Refusal) -> str:
    details = _told(say, refused)
    if refused.kind is RefusalKind.IMAGE_STATE:
        details["reason"] = details["reason"] or "none"
    return say(f"refusal-{dashed(refused.kind)}", **details)


def left_behind(say: Speech, obstacle: Refusal) -> str:
    """Return why something can't be taken back while the rest can."""
    return say("left-behind", why=refusal(say, obstacle))


def caution(say: Speech, cautioned: Caution, in_a_list: int = ALL) -> str:
    """Return what to know before saying yes; each list in it takes about so many characters."""
    details = _told(say, cautioned)
    if "by" in details:
        details["by"] = say("manager-of-setting", by=details["by"])
    lists = {name: some(say, details[name].split(", "), in_a_list) for name in _LISTS & details.keys()}
    return say(f"caution-{dashed(cautioned.kind)}", **details | lists)


# The details of cautions that name several things, however many (aws_ops/details.py joins them).
_LISTS = frozenset(
    {
        "grantees",
        "groups",
        "key",
        "keys",
        "members",
        "principals",
        "shares",
        "strangers",
        "tags",
        "target",
        "targets",
        "users",
        "what",
    }
)


def failure(say: Speech, failed: Failure) -> str:
    details = _told(say, failed)
    if failed.kind is FailureKind.NOT_REVOCABLE:
        details["state"] = state(say, RequestState(failed.details["state"]))
    return say(f"failure-{dashed(failed.kind)}", **_quoted(say, details))


def _told(say: Speech, of: Refusal | Caution | Failure | Note) -> dict[str, str]:
    """The details with what stands in the way; a version that had no causes stored that as a detail, in English."""
    details = _escaped(dict(of.details))
    return details | {"why": why(say, of.why)} if of.why else details


def why(say: Speech, causes: Why) -> str:
    """Return what stands in the way, as what comes after a colon: without a full stop at its end."""
    return say("why-separator").join(_cause(say, one) for one in causes)


def _cause(say: Speech, one: Cause) -> str:
    said = say(f"cause-{dashed(one.kind)}", **_quoted(say, _escaped(dict(one.details))))
    return say("why-at", where=mrkdwn.escape(one.where), why=said) if one.where else said


def _quoted(say: Speech, details: Mapping[str, str]) -> dict[str, str]:
    """AWS's own message stands as a quotation, in whichever language it comes."""
    if "said" not in details:
        return dict(details)
    said = details["said"]
    return {**details, "said": say("aws-says", said=said) if said else say("aws-gives-no-reason")}


def note(say: Speech, noted: Note) -> str:
    named = _told(say, noted)
    if noted.kind is NoteKind.PROTECTED_FOR_NOW:
        named["until"] = mrkdwn.when(datetime.fromisoformat(named["until"]))
    return say(f"note-{dashed(noted.kind)}", **named)


def calls(for_somebody: Caution | Note) -> bool:
    """Whether somebody has to act on what an audit, a retention or a finished copy brought up."""
    return for_somebody.kind in _TO_ACT_ON


_TO_ACT_ON = frozenset(
    {
        CautionKind.NOT_LOOKED_AT,
        CautionKind.CANNOT_BE_PUT_RIGHT,
        CautionKind.COPY_LOST,
        CautionKind.MEMBERS_NOT_COMPARED,
        CautionKind.SHARED_BEYOND,
        CautionKind.USE_UNREAD,
        NoteKind.NOT_DEPRECATED,
        NoteKind.NOT_PROTECTED,
        NoteKind.IMDS_V2_NOT_REQUIRED,
        NoteKind.PARAMETER_NOT_SET,
        NoteKind.NOT_DEREGISTERED,
        NoteKind.NOT_PUT_RIGHT,
    }
)


def problem(say: Speech, found: Problem) -> str:
    """Return what makes no sense, and what may have been meant, in plain text."""
    said = say(f"problem-{dashed(found.kind)}", **found.details)
    return say("did-you-mean", said=said, alike=say("or-separator").join(found.alike)) if found.alike else said


def stranger(say: Speech, found: Stranger) -> str:
    return say(f"stranger-{dashed(found)}")


def state(say: Speech, of: RequestState) -> str:
    """Return where a request stands, in a word or two."""
    return say(f"state-{dashed(of)}")


def not_revocable(say: Speech, share: Request) -> str:
    """Return why a share can't be taken back as it stands, and what to do."""
    request, stands = mrkdwn.code(share.id), state(say, share.state)
    if share.kind is RequestKind.REVOKE:
        return say("not-revocable-itself-revokes", request=request, share=mrkdwn.code(str(share.of)))
    if share.state in (RequestState.REVOKING, RequestState.REVOKED):
        copies = "yes" if share.holds_copies else "no"
        by = mrkdwn.code(str(share.ended_by))
        return say("not-revocable-already", request=request, state=stands, by=by, copies=copies)
    if is_final(share.state):
        return say("not-revocable-gave-nothing", request=request, state=stands)
    return say("not-revocable-yet", request=request, state=stands)


def not_in_force(say: Speech, share: Request) -> str:
    """Return why there is nothing to compare for a request."""
    return say("not-in-force", request=mrkdwn.code(share.id), state=state(say, share.state))


def row(say: Speech, words: Iterable[str]) -> str:
    """Return words, which are mrkdwn, with what stands between them."""
    return say("list-separator").join(words)


def some(say: Speech, words: Sequence[str], room: int, most: int | None = None) -> str:
    """Return words in a row, at most so many and as many as `room` characters take; and how many more there are.

    No word is cut: the first one is there, however long it is.
    """
    between = len(say("list-separator"))
    sizes = accumulate(len(word) + between for word in words)
    shown = max(1, sum(size <= room for size in sizes))
    shown = shown if most is None else min(shown, most)
    if shown >= len(words):
        return row(say, words)
    return say("list-cut", shown=row(say, words[:shown]), more=len(words) - shown)


def dashed(kind: StrEnum | str) -> str:
    """Return a kind as the catalogues write it."""
    return str(kind).replace("_", "-")


def _escaped(details: Mapping[str, str]) -> dict[str, str]:
    # AWS's own words often bring a full stop along.
    return {name: mrkdwn.escape(value).rstrip(". ") for name, value in details.items()}
