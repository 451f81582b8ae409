"""The grammar of `/ami-share`: what was typed, turned into what is asked for, or into what was not understood.

Pure: needs the estate, and neither AWS nor Slack.
"""

import difflib
import re
from dataclasses import dataclass

from aws_ops.errors import MalformedId
from aws_ops.ids import ImageId, Region, parse_image_id
from aws_ops.plan import Mode
from sharing.estate import Estate, UnknownAccount

REASON_LIMIT = 500
_IMAGES_LIMIT = 50
_TARGETS_LIMIT = 100
_DELIVERIES_LIMIT = 500

_SHARE = re.compile(r"(?P<images>\S.*?)\s+to\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_REASON = re.compile(r"(?:^|[\s,]+)(?:reason|because)\b[:\s]*", re.IGNORECASE)
_NO_COPY = re.compile(r"(?:^|[\s,]+)(?:no|without)[\s-]+copy[\s,]*$", re.IGNORECASE)
_IN_REGIONS = re.compile(r"(?:^|[\s,]+)in\b", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:\s*[,;]\s*|\s+and\s+|\s+)", re.IGNORECASE)
_HELP = frozenset({"help", "?", "-h", "--help"})


@dataclass(frozen=True)
class Ask:
    """A share that was asked for, in words that make sense; whether AWS agrees is another matter.

    No `regions` means each image's own.
    """

    image_ids: tuple[ImageId, ...]
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
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
    wanted, *said = _REASON.split(form["rest"], maxsplit=1)
    reason = " ".join(" ".join(said).split())
    parts = _IN_REGIONS.split(wanted, maxsplit=1)
    where = [_NO_COPY.subn("", part) for part in parts]
    words = [_BETWEEN.split(part.strip()) for part, _ in where]
    ask = Ask(
        image_ids=read_images(form["images"], problems),
        targets=read_targets(words[0], estate, problems),
        regions=read_regions(words[1], estate, problems) if len(words) > 1 else (),
        mode=Mode.SHARE if any(cut_off for _, cut_off in where) else Mode.COPY,
        reason=reason,
    )
    if len(words) > 1 and not ask.regions and not problems:
        problems.append("After “in” comes at least one region, like eu-central-1.")
    if len(reason) > REASON_LIMIT:
        problems.append(f"The reason has {len(reason)} characters; {REASON_LIMIT} is the most.")
    problems += too_many(ask)
    return NotUnderstood(tuple(problems)) if problems else ask


def too_many(ask: Ask) -> list[str]:
    """Say of what there is too much for one request."""
    ways = len(ask.image_ids) * len(ask.targets) * max(1, len(ask.regions))
    counts = [
        (len(ask.image_ids), "images", _IMAGES_LIMIT),
        (len(ask.targets), "accounts", _TARGETS_LIMIT),
        (ways, "copies (images by accounts by regions)", _DELIVERIES_LIMIT),
    ]
    return [
        f"{count} {what} are too many for one request; {limit} is the most."
        for count, what, limit in counts
        if count > limit
    ]


def read_images(text: str, problems: list[str]) -> tuple[ImageId, ...]:
    """Return the images named in `text`, each once; what isn't an image id goes to `problems`."""
    found: list[ImageId] = []
    for word in filter(None, _BETWEEN.split(text.strip())):
        try:
            found.append(parse_image_id(word.strip("`")))
        except MalformedId as malformed:
            problems.append(f"{malformed}.")
    return tuple(dict.fromkeys(found))


def read_targets(words: list[str], estate: Estate, problems: list[str]) -> tuple[str, ...]:
    """Return the names of the accounts in `words`, each once; what isn't an account goes to `problems`."""
    names: list[str] = []
    strange = False
    for word in filter(None, words):
        try:
            names.append(estate.target(word).name)
        except UnknownAccount as unknown:
            strange = True
            problems.append(f"“{_shorten(word)}” is no account I may share with.{_hint(unknown.alike)}")
    if not names and not strange:
        problems.append("After “to” comes at least one account, by name or id.")
    return tuple(dict.fromkeys(names))


def read_regions(words: list[str], estate: Estate, problems: list[str]) -> tuple[Region, ...]:
    """Return the regions in `words`, each once; what isn't a region of the settings goes to `problems`."""
    known = {str(region): region for region in estate.regions}
    wanted = dict.fromkeys(word.strip("`").lower() for word in words if word)
    for word in wanted:
        if word not in known:
            alike = tuple(difflib.get_close_matches(word, known, n=3))
            problems.append(f"“{_shorten(word)}” is no region I work in.{_hint(alike)}")
    return tuple(known[word] for word in wanted if word in known)


def _hint(alike: tuple[str, ...]) -> str:
    return f" Did you mean {' or '.join(alike)}?" if alike else ""


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004
