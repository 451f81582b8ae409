"""The grammar of `/ami-share`: what was typed, turned into what is asked for, or into what was not understood.

Pure: needs the estate and the images that are known by name, and neither AWS nor Slack.

What is typed is a row of words. A few of them, alone or in a row, begin a clause (`to`, `in`, `no copy`); the words
after one belong to it. Quoted words stand for themselves, and what follows `reason` is taken as it is.
"""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from aws_ops.ids import ImageId
from aws_ops.plan import Mode
from handlers.ask import (
    Ask,
    Images,
    objections_to,
    read_date,
    read_images,
    read_key,
    read_reason,
    read_regions,
    read_targets,
    read_ticket,
    read_time,
)
from handlers.problems import Problem, ProblemKind, problem
from sharing.estate import Estate
from sharing.requests import RequestId, RequestKind

_QUOTES = '"“”„«»「」『』'
_WORD = re.compile(rf"[{_QUOTES}](?P<quoted>[^{_QUOTES}]+)[{_QUOTES}]|(?P<bare>[^\s,;\u3001\uff0c\uff1b{_QUOTES}]+)")
_REQUEST_ID = re.compile(r"R-[0-9A-Z]{8}")
_REASON = re.compile(r"(?:reason|because)(?:[:\uff1a]|$)|理由[:\uff1a]?", re.IGNORECASE)
_AND = frozenset({"and", "&"})
_EVERYTHING = frozenset({"all", "everything"})
_COPIES = frozenset({"the", "copies", "copy"})


class Scope(StrEnum):
    """Whose requests a list is of."""

    MINE = "mine"
    ALL = "all"


@dataclass(frozen=True)
class Preview:
    """What a share would do is to be shown, to the asker alone; nothing is asked for."""

    ask: Ask


@dataclass(frozen=True)
class Revoke:
    """A share is to be taken back, and its copies deregistered if so said."""

    request_id: RequestId
    deregister: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Cancel:
    """A request that waits for a decision is to be withdrawn."""

    request_id: RequestId


@dataclass(frozen=True)
class Status:
    """How a request stands is to be shown."""

    request_id: RequestId


@dataclass(frozen=True)
class List:
    """The requests that are open and the shares that are in force are to be shown."""

    scope: Scope = Scope.MINE


@dataclass(frozen=True)
class Audit:
    """AWS is to be compared with what was approved: for one share, some images, or with neither for everything."""

    image_ids: tuple[ImageId, ...] = ()
    share: RequestId | None = None


@dataclass(frozen=True)
class Retire:
    """Copies that aren't kept any longer are to be looked for."""


@dataclass(frozen=True)
class OpenForm:
    """What is missing is to be asked for by the form, which holds what was typed already.

    Attributes:
        kind: what the form asks for, a share or the preview of one.
    """

    draft: Ask = field(default_factory=Ask)
    kind: RequestKind = RequestKind.SHARE


@dataclass(frozen=True)
class Help:
    """Help was asked for."""


@dataclass(frozen=True)
class NotUnderstood:
    """Everything in the text that makes no sense.

    Attributes:
        draft: of a share, what did make sense.
        kind: what it was to be, a share or the preview of one.
    """

    problems: tuple[Problem, ...]
    draft: Ask | None = None
    kind: RequestKind = RequestKind.SHARE


Command = Ask | Preview | Revoke | Cancel | Status | List | Audit | Retire | OpenForm | Help | NotUnderstood


def parse(text: str, estate: Estate, images: Images, now: datetime) -> Command:
    """Return what `text`, typed after the command at `now`, asks for."""
    words, said = _words(text)
    problems: list[Problem] = []
    reason = read_reason(said, problems)
    if not words:
        return OpenForm(Ask(reason=reason))
    reader = _Reader(estate, images, now, reason, problems)
    verb, rest = words[0].key, words[1:]
    match verb:
        case "help" | "?" | "-h" | "--help" | "ヘルプ":
            return Help()
        case "status" if rest:
            return reader.of_one(verb, rest, Status)
        case "status" | "list" | "ls":
            return reader.list(rest)
        case "cancel" | "withdraw":
            return reader.of_one(verb, rest, Cancel)
        case "revoke" | "unshare":
            return reader.revoke(rest)
        case "audit" | "repair":
            return reader.audit(rest)
        case "retire" | "retention":
            return Retire()
        case "plan" | "preview" | "dry-run":
            asked = reader.share(rest)
            return Preview(asked) if isinstance(asked, Ask) else replace(asked, kind=RequestKind.PREVIEW)
        case _:
            return reader.share(rest if verb == "share" else words)


@dataclass(frozen=True)
class _Word:
    """A word as it was typed; a quoted one means nothing but itself."""

    text: str
    quoted: bool

    @property
    def key(self) -> str:
        """What it is known by as a word of the grammar; empty if it can't be one."""
        return "" if self.quoted else self.text.lower()


def _words(text: str) -> tuple[list[_Word], str]:
    """The words, in plain Latin letters where the keyboard made wide ones, and the text of the reason."""
    words = []
    for found in _WORD.finditer(text):
        bare = found["bare"]
        if bare is None:
            words.append(_Word(found["quoted"].strip(), quoted=True))
            continue
        if reason := _REASON.match(bare):
            return words, text[found.start() + reason.end() :].lstrip(" \t\r\n:\uff1a,\u3001")
        plain = unicodedata.normalize("NFKC", bare).strip("`")
        words += [_Word(part, quoted=False) for part in re.split(r"[\s,;]+", plain) if part]
    return [word for word in words if word.text], ""


@dataclass
class _Clauses:
    """What was said, clause by clause."""

    words: dict[str, list[str]] = field(default_factory=lambda: {"images": []})
    modes: list[Mode] = field(default_factory=list)
    auto_scaling: bool = False

    @classmethod
    def of(cls, words: Sequence[_Word], problems: list[Problem]) -> "_Clauses":
        clauses = cls()
        current, place = "images", 0
        while place < len(words):
            begun, length = _begins(words[place:])
            if begun is None:
                if words[place].key not in _AND:
                    clauses.words[current].append(words[place].text)
            elif isinstance(begun, Mode):
                clauses.modes.append(begun)
            elif begun == "auto scaling":
                clauses.auto_scaling = True
            elif begun:
                if begun in clauses.words or (begun in _ENDS and clauses.words.keys() & _ENDS):
                    problems.append(problem(ProblemKind.TWICE, word=words[place].text))
                current = begun
                clauses.words[current] = []
            place += length
        return clauses

    def one(self, clause: str) -> str:
        return " ".join(self.words[clause])


_ENDS = {"until", "for"}
# What words in a row begin: a clause, a way of sharing, or nothing of their own ("").
_PHRASES: dict[tuple[str, ...], str | Mode] = {
    ("and", "with", "auto", "scaling"): "auto scaling",
    ("with", "auto", "scaling"): "auto scaling",
    ("with", "auto-scaling"): "auto scaling",
    ("with", "autoscaling"): "auto scaling",
    ("copy", "then", "unshare"): Mode.COPY_THEN_UNSHARE,
    ("then", "unshare"): Mode.COPY_THEN_UNSHARE,
    ("without", "copy"): Mode.SHARE,
    ("without-copy",): Mode.SHARE,
    ("no", "copy"): Mode.SHARE,
    ("no-copy",): Mode.SHARE,
    ("copy", "with"): "key",
    ("with",): "key",
    ("copy",): "",
    ("to",): "to",
    ("in",): "in",
    ("until",): "until",
    ("for",): "for",
    ("ticket",): "ticket",
    ("ticket:",): "ticket",
}


def _begins(words: Sequence[_Word]) -> tuple[str | Mode | None, int]:
    """What the first words begin, and how many they are; None if the first is only a word."""
    for phrase, begun in _PHRASES.items():
        if tuple(word.key for word in words[: len(phrase)]) == phrase:
            return begun, len(phrase)
    return None, 1


@dataclass(frozen=True)
class _Reader:
    """Reads what comes after a verb; `problems` gathers what makes no sense."""

    estate: Estate
    images: Images
    now: datetime
    reason: str
    problems: list[Problem]

    def share(self, words: Sequence[_Word]) -> Ask | OpenForm | NotUnderstood:
        said, problems = _Clauses.of(words, self.problems), self.problems
        if "to" not in said.words:
            return self._without_target(words, said)
        if not said.words["images"]:
            problems.append(problem(ProblemKind.NO_IMAGE))
        if "in" in said.words and not said.words["in"]:
            problems.append(problem(ProblemKind.NO_REGION))
        if len(set(said.modes)) > 1:
            problems.append(problem(ProblemKind.MODES_CLASH))
        ask = Ask(
            image_ids=read_images(said.words["images"], self.images, problems),
            targets=read_targets(said.words["to"], self.estate, problems),
            regions=read_regions(said.words.get("in", ()), self.estate, problems),
            mode=said.modes[0] if said.modes else Mode.COPY,
            ends_at=self._end(said),
            reason=self.reason,
            auto_scaling=said.auto_scaling,
            key=read_key(said.one("key"), problems) if "key" in said.words else None,
            ticket=read_ticket(said.one("ticket"), problems) if "ticket" in said.words else "",
        )
        problems += objections_to(ask, self.estate)
        return NotUnderstood(tuple(problems), ask) if problems else ask

    def _without_target(self, words: Sequence[_Word], said: _Clauses) -> OpenForm | NotUnderstood:
        """An image alone opens the form with it; anything else isn't understood."""
        unknown: list[Problem] = []
        draft = Ask(image_ids=read_images(said.words["images"], self.images, unknown), reason=self.reason)
        if draft.image_ids and not unknown and not self.problems:
            return OpenForm(draft)
        typed = " ".join(word.text for word in words)
        verbs = tuple(difflib.get_close_matches(words[0].key, _VERBS, n=2)) if words else ()
        return NotUnderstood((problem(ProblemKind.NO_REQUEST, verbs, text=typed), *self.problems), draft)

    def _end(self, said: _Clauses) -> datetime | None:
        if "until" in said.words:
            return read_date(said.one("until"), self.now, self.problems)
        if "for" in said.words:
            return read_time(said.one("for"), self.now, self.problems)
        return None

    def revoke(self, words: Sequence[_Word]) -> Revoke | NotUnderstood:
        keys = [word.key for word in words]
        deregister = "deregister" in keys
        which = words[: keys.index("deregister")] if deregister else words
        if beyond := [key for key in keys[len(which) + 1 :] if key not in _COPIES]:
            self.problems.append(problem(ProblemKind.TOO_MANY_WORDS, word=" ".join(beyond)))
        request_id = self._request_id("revoke", [word for word in which if word.key not in _AND])
        return NotUnderstood(tuple(self.problems)) if self.problems else Revoke(request_id, deregister, self.reason)

    def of_one(self, verb: str, words: Sequence[_Word], kind: type[Status | Cancel]) -> Status | Cancel | NotUnderstood:
        request_id = self._request_id(verb, words)
        return NotUnderstood(tuple(self.problems)) if self.problems else kind(request_id)

    def _request_id(self, verb: str, words: Sequence[_Word]) -> RequestId:
        typed = " ".join(word.text for word in words).upper()
        if not _REQUEST_ID.fullmatch(typed):
            self.problems.append(problem(ProblemKind.NOT_A_REQUEST, verb=verb, word=typed or "none"))
        return RequestId(typed)

    def list(self, words: Sequence[_Word]) -> List | NotUnderstood:
        match [word.key for word in words]:
            case [] | ["mine"]:
                return List(Scope.MINE)
            case [one] if one in _EVERYTHING:
                return List(Scope.ALL)
            case _:
                typed = " ".join(word.text for word in words)
                return NotUnderstood((problem(ProblemKind.NOTHING_TO_LIST, word=typed),))

    def audit(self, words: Sequence[_Word]) -> Audit | NotUnderstood:
        texts = [word.text for word in words if word.key not in _AND]
        if not texts or (len(texts) == 1 and texts[0].lower() in _EVERYTHING):
            return Audit()
        if len(texts) == 1 and _REQUEST_ID.fullmatch(texts[0].upper()):
            return Audit(share=RequestId(texts[0].upper()))
        image_ids = read_images(texts, self.images, self.problems)
        if self.problems:
            return NotUnderstood((*self.problems, problem(ProblemKind.NOTHING_TO_AUDIT)))
        return Audit(image_ids)


_VERBS = ("share", "plan", "status", "list", "cancel", "revoke", "audit", "retire", "help")
