"""The grammar of `/ami-share`: what was typed, turned into what is asked for, or into what was not understood.

Pure: needs the estate and the images that are known by name, and neither AWS nor Slack.

What is typed is a row of words (`words.py`). The first may be a verb; the rest of a share are clauses (`clauses.py`).
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aws_ops.errors import MalformedId
from aws_ops.ids import ImageId
from aws_ops.plan import Mode
from handlers.ask import (
    Ask,
    Images,
    objections_to,
    printed,
    read_date,
    read_image_id,
    read_images,
    read_key,
    read_reason,
    read_regions,
    read_targets,
    read_ticket,
    read_time,
)
from handlers.clauses import Clauses, Known
from handlers.problems import Problem, ProblemKind, problem
from handlers.words import Word, rest_of, words_of
from sharing.estate import Estate, UnknownAccount
from sharing.requests import RequestId, RequestKind

_REQUEST_ID = re.compile(r"R-[0-9A-Z]{8}")
_AND = frozenset({"and", "&"})
_EVERYTHING = frozenset({"all", "everything"})
_MINE = "mine"
_COPIES = frozenset({"the", "copies", "copy"})
_DEREGISTER = "deregister"
# Below this, a first word that isn't a verb is taken for what it is, an image or the beginning of a sentence.
_ALIKE = 0.7


class Verb(StrEnum):
    """What can be done; each has its own help."""

    SHARE = "share"
    PLAN = "plan"
    STATUS = "status"
    LIST = "list"
    CANCEL = "cancel"
    REVOKE = "revoke"
    AUDIT = "audit"
    RETIRE = "retire"
    HELP = "help"


_VERBS: Mapping[str, Verb] = {verb.value: verb for verb in Verb} | {
    "preview": Verb.PLAN,
    "dry-run": Verb.PLAN,
    "ls": Verb.LIST,
    "withdraw": Verb.CANCEL,
    "unshare": Verb.REVOKE,
    "repair": Verb.AUDIT,
    "retention": Verb.RETIRE,
    "?": Verb.HELP,
    "-h": Verb.HELP,
    "--help": Verb.HELP,
    "ヘルプ": Verb.HELP,
}
_SHARING = frozenset({Verb.SHARE, Verb.PLAN})


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
    """Help was asked for, with one verb or with everything."""

    verb: Verb | None = None


@dataclass(frozen=True)
class NotUnderstood:
    """Everything in the text that makes no sense.

    Attributes:
        form: of a share, the form with what did make sense.
    """

    problems: tuple[Problem, ...]
    form: OpenForm | None = None


Command = Ask | Preview | Revoke | Cancel | Status | List | Audit | Retire | OpenForm | Help | NotUnderstood


def parse(text: str, estate: Estate, images: Images, now: datetime) -> Command:
    """Return what `text`, typed after the command at `now`, asks for."""
    words, said = words_of(text)
    problems: list[Problem] = []
    reader = _Reader(text, estate, images, now, read_reason(said, problems), problems)
    return reader.read(words)


def form_of(meant: Command) -> OpenForm | None:
    """Return the form that holds what was meant, as far as it made sense; None if it was no share."""
    match meant:
        case OpenForm():
            return meant
        case NotUnderstood(form=form):
            return form
        case Ask():
            return OpenForm(meant)
        case Preview(ask):
            return OpenForm(ask, RequestKind.PREVIEW)
        case _:
            return None


def mended(mistaken: NotUnderstood, estate: Estate, now: datetime) -> str | None:
    """Return what was to be typed, where nothing is wrong but the spelling of a share; else None."""
    form = mistaken.form
    if form is None or any(each.kind is not ProblemKind.UNKNOWN_WORD for each in mistaken.problems):
        return None
    if not (form.draft.image_ids and form.draft.targets):
        return None
    verb = f"{Verb.PLAN.value} " if form.kind is RequestKind.PREVIEW else ""
    return verb + printed(form.draft, now, groups=estate.groups)


@dataclass(frozen=True)
class _Reader:
    """Reads words; `problems` gathers what makes no sense."""

    text: str
    estate: Estate
    images: Images
    now: datetime
    reason: str
    problems: list[Problem]

    def read(self, words: Sequence[Word]) -> Command:
        if not words:
            form = OpenForm(Ask(reason=self.reason))
            return NotUnderstood(tuple(self.problems), form) if self.problems else form
        verb = _VERBS.get(words[0].key)
        if verb is not None:
            return self._told(verb, words)
        meant = self._meant_verb(words)
        return self.share(words) if meant is None else self._misspelt(meant, words)

    def _told(self, verb: Verb, words: Sequence[Word]) -> Command:
        """Read what comes after the verb, which is the first of `words`."""
        rest = words[1:]
        if verb is not Verb.HELP and len(rest) == 1 and _VERBS.get(rest[0].key) is Verb.HELP:
            return Help(verb)
        match verb:
            case Verb.HELP:
                return self.help(rest)
            case Verb.SHARE:
                return self.share(rest)
            case Verb.PLAN:
                asked = self.share(rest, RequestKind.PREVIEW)
                return Preview(asked) if isinstance(asked, Ask) else asked
            case Verb.STATUS if rest:
                return self.of_one(verb, rest, Status)
            case Verb.STATUS | Verb.LIST:
                return self.list(rest)
            case Verb.CANCEL:
                return self.of_one(verb, rest, Cancel)
            case Verb.REVOKE:
                return self.revoke(rest)
            case Verb.AUDIT:
                return self.audit(rest)
            case Verb.RETIRE:
                return self.retire(rest)

    def _meant_verb(self, words: Sequence[Word]) -> str | None:
        """The verb that the first word was meant to be; what has `to` in it can only be a share."""
        if self._is_image(words[0].text):
            return None
        shares = any(word.key == "to" for word in words)
        verbs = [name for name, verb in _VERBS.items() if verb in _SHARING or not shares]
        return next(iter(difflib.get_close_matches(words[0].key, verbs, n=1, cutoff=_ALIKE)), None)

    def _misspelt(self, meant: str, words: Sequence[Word]) -> NotUnderstood:
        """Read the rest as if the verb had been spelt right; nothing is done on a guess."""
        unknown = problem(ProblemKind.UNKNOWN_WORD, (meant,), word=words[0].text)
        read = self._told(_VERBS[meant], words)
        others = read.problems if isinstance(read, NotUnderstood) else ()
        return NotUnderstood((unknown, *others), form_of(read))

    def share(self, words: Sequence[Word], kind: RequestKind = RequestKind.SHARE) -> Ask | OpenForm | NotUnderstood:
        said = Clauses.of(words, self._known)
        unknown: list[Problem] = []
        ask = self._ask(said, unknown)
        form = OpenForm(ask, kind)
        wrong = [*unknown, *said.mistakes, *self.problems, *objections_to(ask, self.estate)]
        if "to" in said.words:
            return NotUnderstood(tuple(wrong), form) if wrong else ask
        if unknown and not ask.image_ids:
            # A sentence, most likely: of each of its words that it is no image needn't be said.
            telling = [each for each in wrong if each.alike or each not in unknown]
            typed = " ".join(word.text for word in words)
            return NotUnderstood((problem(ProblemKind.NO_REQUEST, text=typed), *telling), form)
        return NotUnderstood((*wrong, problem(ProblemKind.NO_TARGET)), form) if wrong else form

    def _ask(self, said: Clauses, unknown: list[Problem]) -> Ask:
        """What was said, as far as it makes sense; images that make none go to `unknown`."""
        problems = self.problems
        if not said.words["images"]:
            problems.append(problem(ProblemKind.NO_IMAGE))
        if "in" in said.words and not said.words["in"]:
            problems.append(problem(ProblemKind.NO_REGION))
        if len(set(said.modes)) > 1:
            problems.append(problem(ProblemKind.MODES_CLASH))
        return Ask(
            image_ids=read_images(said.words["images"], self.images, unknown),
            targets=read_targets(said.words["to"], self.estate, problems) if "to" in said.words else (),
            regions=read_regions(said.words.get("in", ()), self.estate, problems),
            mode=said.modes[0] if said.modes else Mode.COPY,
            ends_at=self._end(said),
            reason=self._reason(said),
            auto_scaling=said.auto_scaling,
            key=read_key(said.one("key"), problems) if "key" in said.words else None,
            ticket=read_ticket(said.one("ticket"), problems) if "ticket" in said.words else "",
        )

    def _reason(self, said: Clauses) -> str:
        if said.reason_from is None:
            return self.reason
        return read_reason(rest_of(self.text, said.reason_from), self.problems)

    def _end(self, said: Clauses) -> datetime | None:
        if "until" in said.words:
            return read_date(said.one("until"), self.now, self.problems)
        if "for" in said.words:
            return read_time(said.one("for"), self.now, self.problems)
        return None

    @property
    def _known(self) -> Known:
        return {"images": self._is_image, "to": self._is_target, "in": self._is_region}

    def _is_image(self, word: str) -> bool:
        if self.images.called(word) is not None:
            return True
        try:
            read_image_id(word)
        except MalformedId:
            return False
        return True

    def _is_target(self, word: str) -> bool:
        try:
            self.estate.recipients_called(word)
        except UnknownAccount:
            return False
        return True

    def _is_region(self, word: str) -> bool:
        return word.lower() in self.estate.regions

    def revoke(self, words: Sequence[Word]) -> Revoke | NotUnderstood:
        keys = [word.key for word in words]
        for meant in (
            () if _DEREGISTER in keys else difflib.get_close_matches(_DEREGISTER, keys[1:], n=1, cutoff=_ALIKE)
        ):
            self.problems.append(problem(ProblemKind.UNKNOWN_WORD, (_DEREGISTER,), word=meant))
            keys[keys.index(meant)] = _DEREGISTER
        deregister = _DEREGISTER in keys
        which = words[: keys.index(_DEREGISTER)] if deregister else words
        if beyond := [key for key in keys[len(which) + 1 :] if key not in _COPIES]:
            self.problems.append(problem(ProblemKind.UNKNOWN_WORD, word=" ".join(beyond)))
        request_id = self._request_id(Verb.REVOKE, [word for word in which if word.key not in _AND])
        return NotUnderstood(tuple(self.problems)) if self.problems else Revoke(request_id, deregister, self.reason)

    def of_one(self, verb: Verb, words: Sequence[Word], kind: type[Status | Cancel]) -> Status | Cancel | NotUnderstood:
        request_id = self._request_id(verb, words)
        return NotUnderstood(tuple(self.problems)) if self.problems else kind(request_id)

    def _request_id(self, verb: Verb, words: Sequence[Word]) -> RequestId:
        typed = " ".join(word.text for word in words).upper()
        if not _REQUEST_ID.fullmatch(typed):
            self.problems.append(problem(ProblemKind.NOT_A_REQUEST, verb=verb, word=typed or "none"))
        return RequestId(typed)

    def list(self, words: Sequence[Word]) -> List | NotUnderstood:
        match [word.key for word in words]:
            case [] | ["mine"]:
                return List(Scope.MINE)
            case [one] if one in _EVERYTHING:
                return List(Scope.ALL)
            case _:
                typed = " ".join(word.text for word in words)
                alike = tuple(difflib.get_close_matches(typed.lower(), (*_EVERYTHING, _MINE), n=1))
                return NotUnderstood((problem(ProblemKind.NOTHING_TO_LIST, alike, word=typed),))

    def audit(self, words: Sequence[Word]) -> Audit | NotUnderstood:
        texts = [word.text for word in words if word.key not in _AND]
        if not texts or (len(texts) == 1 and texts[0].lower() in _EVERYTHING):
            return Audit()
        if len(texts) == 1 and _REQUEST_ID.fullmatch(texts[0].upper()):
            return Audit(share=RequestId(texts[0].upper()))
        image_ids = read_images(texts, self.images, self.problems)
        if self.problems:
            return NotUnderstood((*self.problems, problem(ProblemKind.NOTHING_TO_AUDIT)))
        return Audit(image_ids)

    def retire(self, words: Sequence[Word]) -> Retire | NotUnderstood:
        if not words:
            return Retire()
        typed = " ".join(word.text for word in words)
        return NotUnderstood((problem(ProblemKind.NOTHING_TO_RETIRE, word=typed),))

    def help(self, words: Sequence[Word]) -> Help:
        """The help of the verb that was named, or nearly; with anything else, the whole."""
        named = words[0].key if words else ""
        found = difflib.get_close_matches(named, _VERBS, n=1, cutoff=_ALIKE)
        verb = _VERBS[found[0]] if found else None
        return Help(None if verb is Verb.HELP else verb)
