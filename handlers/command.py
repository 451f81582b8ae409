"""The grammar of `/ami-share`: what was typed, turned into what is asked for, or into what was not understood.

Pure: needs the estate, and neither AWS nor Slack.
"""

import re
from dataclasses import dataclass

from aws_ops.errors import MalformedId
from aws_ops.ids import ImageId, parse_image_id
from aws_ops.plan import Mode
from sharing.estate import Estate, UnknownAccount

REASON_LIMIT = 500
_TARGETS_LIMIT = 50

_SHARE = re.compile(r"(?P<image>\S+)\s+to\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_REASON = re.compile(r"(?:^|[\s,]+)(?:reason|because)\b[:\s]*", re.IGNORECASE)
_NO_COPY = re.compile(r"(?:^|[\s,]+)(?:no|without)[\s-]+copy[\s,]*$", re.IGNORECASE)
_BETWEEN_TARGETS = re.compile(r"(?:\s*[,;]\s*|\s+and\s+|\s+)", re.IGNORECASE)
_HELP = frozenset({"help", "?", "-h", "--help"})


@dataclass(frozen=True)
class Ask:
    """A share that was asked for, in words that make sense; whether AWS agrees is another matter."""

    image_id: ImageId
    targets: tuple[str, ...]
    mode: Mode
    reason: str


@dataclass(frozen=True)
class OpenForm:
    """Nothing was typed: the form asks for it."""


@dataclass(frozen=True)
class Help:
    """Help was asked for."""


@dataclass(frozen=True)
class NotUnderstood:
    """Everything in the text that makes no sense, as sentences in mrkdwn's plain characters (escape before showing)."""

    problems: tuple[str, ...]


def parse(text: str, estate: Estate) -> Ask | OpenForm | Help | NotUnderstood:
    """Return what `text`, typed after the command, asks for."""
    text = text.strip()
    if not text:
        return OpenForm()
    if text.lower() in _HELP:
        return Help()
    form = _SHARE.fullmatch(text)
    if form is None:
        return NotUnderstood((f"“{_shorten(text)}” has no image and “to” with accounts.",))
    problems: list[str] = []
    image_id = _image(form["image"], problems)
    wanted, *said = _REASON.split(form["rest"], maxsplit=1)
    reason = " ".join(" ".join(said).split())
    where, cut_off = _NO_COPY.subn("", wanted)
    targets = read_targets(_BETWEEN_TARGETS.split(where.strip()), estate, problems)
    if len(reason) > REASON_LIMIT:
        problems.append(f"The reason has {len(reason)} characters; {REASON_LIMIT} is the most.")
    if problems or image_id is None:
        return NotUnderstood(tuple(problems))
    return Ask(image_id, targets, Mode.SHARE if cut_off else Mode.COPY, reason)


def read_targets(words: list[str], estate: Estate, problems: list[str]) -> tuple[str, ...]:
    """Return the names of the accounts in `words`, each once; what isn't an account goes to `problems`."""
    names: list[str] = []
    for word in filter(None, words):
        try:
            name = estate.target(word).name
        except UnknownAccount as unknown:
            hint = f" Did you mean {' or '.join(unknown.alike)}?" if unknown.alike else ""
            problems.append(f"“{_shorten(word)}” is no account I may share with.{hint}")
            continue
        if name not in names:
            names.append(name)
    if not names and not problems:
        problems.append("After “to” comes at least one account, by name or id.")
    if len(names) > _TARGETS_LIMIT:
        problems.append(f"{len(names)} accounts are too many for one request; {_TARGETS_LIMIT} is the most.")
    return tuple(names)


def _image(word: str, problems: list[str]) -> ImageId | None:
    try:
        return parse_image_id(word.strip("`"))
    except MalformedId as malformed:
        problems.append(f"{malformed}.")
        return None


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004
