"""Words: what was typed after the command, cut into words. Pure.

Quoted words stand for themselves, and what follows `reason` is taken as it is.
"""

import re
import unicodedata
from dataclasses import dataclass

_QUOTES = '"“”„«»「」『』'
_WORD = re.compile(rf"[{_QUOTES}](?P<quoted>[^{_QUOTES}]+)[{_QUOTES}]|(?P<bare>[^\s,;\u3001\uff0c\uff1b{_QUOTES}]+)")
_REASON = re.compile(r"(?:reason|because)(?:[:\uff1a]|$)|理由[:\uff1a]?", re.IGNORECASE)
_COLON = re.compile(r"(?P<word>to|in|until|for|with|ticket):", re.IGNORECASE)
_BEFORE_A_REASON = " \t\r\n:\uff1a,\u3001"


@dataclass(frozen=True)
class Word:
    """A word as it was typed; a quoted one means nothing but itself.

    Attributes:
        end: where what was typed goes on after it.
    """

    text: str
    quoted: bool
    end: int

    @property
    def key(self) -> str:
        """What it is known by as a word of the grammar; empty if it can't be one."""
        return "" if self.quoted else self.text.lower()


def words_of(text: str) -> tuple[list[Word], str]:
    """Return the words, in plain Latin letters where the keyboard made wide ones, and the text of the reason."""
    words = []
    for found in _WORD.finditer(text):
        bare, end = found["bare"], found.end()
        if bare is None:
            words.append(Word(found["quoted"].strip(), quoted=True, end=end))
            continue
        if reason := _REASON.match(bare):
            return _not_empty(words), rest_of(text, found.start() + reason.end())
        plain = _COLON.sub(r"\g<word> ", unicodedata.normalize("NFKC", bare).strip("`"), count=1)
        words += [Word(part, quoted=False, end=end) for part in re.split(r"[\s,;]+", plain)]
    return _not_empty(words), ""


def rest_of(text: str, start: int) -> str:
    """Return what was typed from `start` on, as a reason."""
    return text[start:].lstrip(_BEFORE_A_REASON)


def _not_empty(words: list[Word]) -> list[Word]:
    return [word for word in words if word.text]
