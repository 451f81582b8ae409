"""The grammar of `/ami-share`: what was typed, turned into what is asked for, or into what was not understood.

Pure: needs the estate, and neither AWS nor Slack.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from aws_ops.errors import MalformedId
from aws_ops.ids import ImageId, Region, parse_image_id
from aws_ops.plan import Mode
from sharing.estate import Estate, UnknownAccount
from sharing.requests import RequestId

REASON_LIMIT = 500
_IMAGES_LIMIT = 50
_TARGETS_LIMIT = 100
_DELIVERIES_LIMIT = 500

_LONGEST_SHARE = timedelta(days=3660)

_SHARE = re.compile(r"(?P<images>\S.*?)\s+to\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_REVOKE = re.compile(r"(?:revoke|unshare)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_AUDIT = re.compile(r"(?:audit|repair)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_DEREGISTER = re.compile(r"(?:^|[\s,]+)(?:and\s+)?deregister(?:\s+(?:the\s+)?copies)?[\s,]*$", re.IGNORECASE)
_REASON = re.compile(r"(?:^|[\s,]+)(?:reason|because)\b[:\s]*", re.IGNORECASE)
_CLAUSE = re.compile(r"(?:^|[\s,]+)(in|until|for)\b", re.IGNORECASE)
_NO_COPY = re.compile(r"(?:^|[\s,]+)(?:no|without)[\s-]+copy[\s,]*$", re.IGNORECASE)
_THEN_UNSHARE = re.compile(r"(?:^|[\s,]+)(?:copy[\s,]+)?then\s+unshare[\s,]*$", re.IGNORECASE)
_WITH_AUTO_SCALING = re.compile(r"(?:^|[\s,]+)(?:and\s+)?with[\s-]+auto[\s-]?scaling[\s,]*$", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:\s*[,;]\s*|\s+and\s+|\s+)", re.IGNORECASE)
_TIME = re.compile(r"(?P<number>\d{1,5})\s*(?P<unit>h|d|w)(?:ours?|ays?|eeks?)?", re.IGNORECASE)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_REQUEST_ID = re.compile(r"R-[0-9A-Z]{8}")
_RETIRE = frozenset({"retire", "retire copies", "retention"})
_HELP = frozenset({"help", "?", "-h", "--help"})


@dataclass(frozen=True)
class Ask:
    """A share that was asked for, in words that make sense; whether AWS agrees is another matter.

    Attributes:
        regions: none means each image's own.
        ends_at: when what it gives is to be taken back, if ever.
        auto_scaling: with mode share, Auto Scaling is to launch from encrypted images as well.
    """

    image_ids: tuple[ImageId, ...]
    targets: tuple[str, ...]
    regions: tuple[Region, ...]
    mode: Mode
    ends_at: datetime | None
    reason: str
    auto_scaling: bool = False


@dataclass(frozen=True)
class Revoke:
    """A share is to be taken back, and its copies deregistered if so said."""

    request_id: RequestId
    deregister: bool
    reason: str


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
    """Nothing was typed: the form asks for it."""


@dataclass(frozen=True)
class Help:
    """Help was asked for."""


@dataclass(frozen=True)
class NotUnderstood:
    """Everything in the text that makes no sense, as sentences in mrkdwn's plain characters (escape before showing)."""

    problems: tuple[str, ...]


def parse(text: str, estate: Estate, now: datetime) -> Ask | Revoke | Audit | Retire | OpenForm | Help | NotUnderstood:
    """Return what `text`, typed after the command at `now`, asks for."""
    text = text.strip()
    if not text:
        return OpenForm()
    if text.lower() in _HELP:
        return Help()
    if text.lower() in _RETIRE:
        return Retire()
    if audit := _AUDIT.fullmatch(text):
        return _audit(audit["rest"].strip())
    if revoke := _REVOKE.fullmatch(text):
        return _revoke(revoke["rest"])
    form = _SHARE.fullmatch(text)
    if form is None:
        return NotUnderstood((f"“{_shorten(text)}” has no image and “to” with accounts.",))
    problems: list[str] = []
    wanted, reason = _and_reason(form["rest"], problems)
    targets, *clauses = _CLAUSE.split(wanted)
    modes: list[Mode] = []
    choices: list[str] = []
    said = {"to": _without_mode(targets, modes, choices)}
    for word, rest in zip(map(str.lower, clauses[::2]), clauses[1::2], strict=True):
        if word in said or (word in _ENDS and said.keys() & _ENDS):
            problems.append(f"“{word}” comes once too often.")
        said[word] = _without_mode(rest, modes, choices)
    ask = Ask(
        image_ids=read_images(form["images"], problems),
        targets=read_targets(_BETWEEN.split(said["to"]), estate, problems),
        regions=read_regions(_BETWEEN.split(said["in"]), estate, problems) if "in" in said else (),
        mode=_mode(modes, problems),
        ends_at=_read_end(said, now, problems),
        reason=reason,
        auto_scaling=bool(choices),
    )
    if "in" in said and not said["in"]:
        problems.append("After “in” comes at least one region, like eu-central-1.")
    problems += [*too_many(ask), *not_copied(ask, estate), *at_odds(ask)]
    return NotUnderstood(tuple(problems)) if problems else ask


_ENDS = {"until", "for"}


def _revoke(text: str) -> Revoke | NotUnderstood:
    problems: list[str] = []
    which, reason = _and_reason(text, problems)
    which, deregister = _DEREGISTER.subn("", which)
    request_id = which.strip(" `\t\n").upper()
    if not _REQUEST_ID.fullmatch(request_id):
        problems.append(f"After “revoke” comes the id of a request, like R-7K2M9QXA, not “{_shorten(request_id)}”.")
    return NotUnderstood(tuple(problems)) if problems else Revoke(RequestId(request_id), bool(deregister), reason)


def _audit(text: str) -> Audit | NotUnderstood:
    if _REQUEST_ID.fullmatch(text.strip("`").upper()):
        return Audit(share=RequestId(text.strip("`").upper()))
    problems: list[str] = []
    image_ids = () if text.lower() in _EVERYTHING else read_images(text, problems)
    if problems:
        problems.append("After “audit” comes nothing, images, or the id of a request, like R-7K2M9QXA.")
    return NotUnderstood(tuple(problems)) if problems else Audit(image_ids)


_EVERYTHING = {"", "all", "everything"}


def _and_reason(text: str, problems: list[str]) -> tuple[str, str]:
    """Part what is wanted from the reason for it."""
    wanted, *said = _REASON.split(text, maxsplit=1)
    reason = " ".join(" ".join(said).split())
    if len(reason) > REASON_LIMIT:
        problems.append(f"The reason has {len(reason)} characters; {REASON_LIMIT} is the most.")
    return wanted, reason


def _without_mode(text: str, modes: list[Mode], choices: list[str]) -> str:
    text, chosen = _WITH_AUTO_SCALING.subn("", text)
    for pattern, mode in ((_NO_COPY, Mode.SHARE), (_THEN_UNSHARE, Mode.COPY_THEN_UNSHARE)):
        text, found = pattern.subn("", text)
        modes += [mode] * found
    text, chosen_before = _WITH_AUTO_SCALING.subn("", text)
    choices += ["auto scaling"] * (chosen + chosen_before)
    return text.strip(" ,\t\n")


def _mode(modes: list[Mode], problems: list[str]) -> Mode:
    if len(set(modes)) > 1:
        problems.append("“no copy” and “then unshare” exclude each other: with nothing copied, nothing would be left.")
    return modes[0] if modes else Mode.COPY


def _read_end(said: Mapping[str, str], now: datetime, problems: list[str]) -> datetime | None:
    if "until" in said:
        return read_date(said["until"], now, problems)
    if "for" in said:
        return _read_time(said["for"], now, problems)
    return None


def read_date(text: str, now: datetime, problems: list[str]) -> datetime | None:
    """Return the end of the day `text` names, in UTC; what is no day to come goes to `problems`."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        problems.append(f"“{_shorten(text)}” is no date; one looks like 2026-12-31.")
        return None
    ends_at = datetime.combine(day, time(0), tzinfo=UTC) + timedelta(days=1) if day < date.max else None
    return _checked_end(ends_at, now, problems)


def _read_time(text: str, now: datetime, problems: list[str]) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None:
        problems.append(f"“{_shorten(text)}” is no time; one looks like 30d, 12h or 2w.")
        return None
    return _checked_end(now + int(found["number"]) * _UNITS[found["unit"].lower()], now, problems)


def _checked_end(ends_at: datetime | None, now: datetime, problems: list[str]) -> datetime | None:
    if ends_at is None or ends_at > now + _LONGEST_SHARE:
        problems.append("A share ends within ten years, or not at all: leave the end out.")
    elif ends_at <= now:
        problems.append("That end has passed already.")
    return ends_at


def not_copied(ask: Ask, estate: Estate) -> list[str]:
    """Say of whom no copies can be asked: of an organization, in whose accounts the bot has no role."""
    names = [one.name for one in estate.organizations if one.name in ask.targets and ask.mode.copies]
    return [
        f"“{name}” is an organization: I have no role in all its accounts to make copies with. "
        "Share only (“no copy”), or name the accounts."
        for name in names
    ]


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


def at_odds(ask: Ask) -> list[str]:
    """Say what was chosen that doesn't go with the rest."""
    if ask.auto_scaling and ask.mode.copies:
        why = "a copy is under the target's own key, which the target opens for its Auto Scaling itself"
        return [f"“with auto scaling” goes with “no copy” alone: {why}."]
    return []


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
    """Return the names of the accounts and organizations in `words`, each once; what is neither goes to `problems`."""
    names: list[str] = []
    strange = False
    for word in filter(None, words):
        try:
            names.append(estate.recipient(word).name)
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
