"""Clauses: the words of a share, each under what it is said of (`to`, `in`, `no copy`). Pure.

A few words, alone or in a row, begin a clause, and the words after one belong to it. A word that makes no sense where
it stands but looks like one of the few is a mistake; what comes after it is read as if it had been spelt right.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aws_ops.plan import Mode
from handlers.problems import Problem, ProblemKind, problem
from handlers.words import Word

Known = Mapping[str, Callable[[str], bool]]
"""Of clauses that name things: whether a word is the name of one."""

_AND = frozenset({"and", "&"})
_ENDS = frozenset({"until", "for"})
# In these, whatever comes first belongs to it.
_OF_ONE_WORD = frozenset({"until", "for", "ticket", "key"})
_AUTO_SCALING, _REASON = "auto scaling", "reason"
# What words in a row begin: a clause, a way of sharing, or nothing of their own ("").
_PHRASES: dict[tuple[str, ...], str | Mode] = {
    ("and", "with", "auto", "scaling"): _AUTO_SCALING,
    ("with", "auto", "scaling"): _AUTO_SCALING,
    ("with", "auto-scaling"): _AUTO_SCALING,
    ("with", "autoscaling"): _AUTO_SCALING,
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
}
_LONGEST = max(map(len, _PHRASES))
# What a misspelt word may have been meant as; these two are never words of a clause, since they end the words.
_MEANT = _PHRASES | {("reason",): _REASON, ("because",): _REASON}
# Two phrases in one word, as in `nocopy`, are among those of one word.
_SPELT: dict[int, dict[str, tuple[str, ...]]] = {
    length: {" ".join(phrase): phrase for phrase in _MEANT if len(phrase) == length}
    for length in range(1, _LONGEST + 1)
}
_SPELT[1] |= {"".join(phrase): phrase for phrase in (("no", "copy"), ("without", "copy"), ("then", "unshare"))}
# Below this, and in words of two letters, nearly everything looks like something else.
_ALIKE, _SHORTEST = 0.78, 3
# Of more mistakes nobody reads.
_MISTAKES = 5


@dataclass
class Clauses:
    """What was said, clause by clause.

    Attributes:
        words: those of each clause; what comes before the first is of `images`.
        reason_from: where the reason begins in what was typed, if the word for it was misspelt.
    """

    words: dict[str, list[str]] = field(default_factory=lambda: {"images": []})
    modes: list[Mode] = field(default_factory=list)
    auto_scaling: bool = False
    reason_from: int | None = None
    mistakes: list[Problem] = field(default_factory=list)
    _current: str = "images"

    @classmethod
    def of(cls, words: Sequence[Word], known: Known) -> "Clauses":
        """Return what `words` say; `known` tells names from mistakes."""
        clauses, place = cls(), 0
        to_follows = any(word.key == "to" for word in words)
        while place < len(words) and clauses.reason_from is None:
            place += clauses._take(words[place : place + _LONGEST], known, to_follows=to_follows)
        return clauses

    def one(self, clause: str) -> str:
        """Return the words of a clause in one."""
        return " ".join(self.words[clause])

    def _take(self, words: Sequence[Word], known: Known, *, to_follows: bool) -> int:
        """Take the first of `words`, and those that belong to it; returns how many these were."""
        word, phrase = words[0], _begins(words)
        if phrase == ("with",):
            self._begin(self._with(words[1:], known), word)
        elif phrase is not None:
            self._begin(_PHRASES[phrase], word)
        elif word.key in _AND:
            pass
        elif self._is_known(word, known) or len(self.mistakes) >= _MISTAKES:
            self.words[self._current].append(word.text)
        elif meant := _meant(words):
            self._mistake(" ".join(one.text for one in words[: meant.length]), " ".join(meant.phrase))
            self._begin(_MEANT[meant.phrase], words[meant.length - 1])
            return meant.length
        elif self._current == "images" and not to_follows and known["to"](word.text):
            self._mistake(word.text, f"to {word.text}")
            self._begin("to", word)
            self.words["to"].append(word.text)
        else:
            self.words[self._current].append(word.text)
        return len(phrase or (word,))

    def _is_known(self, word: Word, known: Known) -> bool:
        if self._current in _OF_ONE_WORD:
            return not self.words[self._current]
        return known[self._current](word.text)

    def _with(self, following: Sequence[Word], known: Known) -> str:
        """What `with` begins: a key's alias, unless accounts come after it, as in “share it with staging”."""
        name = following[0].text if following else ""
        if name.lower().startswith("alias/"):
            return "key"
        return "to" if "to" not in self.words or known["to"](name) else "key"

    def _begin(self, begun: str | Mode, word: Word) -> None:
        if isinstance(begun, Mode):
            self.modes.append(begun)
        elif begun == _AUTO_SCALING:
            self.auto_scaling = True
        elif begun == _REASON:
            self.reason_from = word.end
        elif begun:
            if begun in self.words or (begun in _ENDS and self.words.keys() & _ENDS):
                self.mistakes.append(problem(ProblemKind.TWICE, word=word.text))
            self._current = begun
            self.words[begun] = []

    def _mistake(self, typed: str, meant: str) -> None:
        self.mistakes.append(problem(ProblemKind.UNKNOWN_WORD, (meant,), word=typed))


def _begins(words: Sequence[Word]) -> tuple[str, ...] | None:
    """The phrase that the first words are; None if the first is only a word."""
    keys = tuple(word.key for word in words)
    return next((phrase for phrase in _PHRASES if keys[: len(phrase)] == phrase), None)


@dataclass(frozen=True)
class _Meant:
    """The phrase that the first words look like, and how many of them."""

    phrase: tuple[str, ...]
    length: int


def _meant(words: Sequence[Word]) -> _Meant | None:
    for length in range(len(words), 0, -1):
        typed = " ".join(word.key for word in words[:length])
        if all(word.key for word in words[:length]) and len(typed) >= _SHORTEST:
            for found in difflib.get_close_matches(typed, _SPELT[length], n=1, cutoff=_ALIKE):
                return _Meant(_SPELT[length][found], length)
    return None
