"""Asks: a share that somebody wants, read from words and printed as the words that mean it.

Pure: what was typed is compared with the estate and the images that are known; AWS isn't asked.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from aws_ops.errors import MalformedId
from aws_ops.ids import ImageId, Region, parse_image_id
from aws_ops.plan import Mode
from handlers.problems import Problem, ProblemKind, problem
from sharing.estate import Estate, UnknownAccount

REASON_LIMIT = 500
TICKET_LIMIT = 60
_IMAGES_LIMIT = 50
_TARGETS_LIMIT = 100
_DELIVERIES_LIMIT = 500
_LONGEST_SHARE = timedelta(days=3660)
# So many unknown words are looked for among the names that there are; it takes its time, and Slack waits three seconds.
_HINTS = 5

_TIME = re.compile(r"(?P<number>\d{1,5})\s*(?P<unit>h|d|w)(?:ours?|rs?|ays?|eeks?)?", re.IGNORECASE | re.ASCII)
_NO_NAMES: Mapping[ImageId, str] = {}
_NO_GROUPS: Mapping[str, tuple[str, ...]] = {}
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_ALIAS = re.compile(r"alias/(?P<name>[A-Za-z0-9/_-]{1,250})", re.IGNORECASE | re.ASCII)
_TICKET = re.compile(rf"[^\s<>|]{{1,{TICKET_LIMIT}}}")


class Images(Protocol):
    """The images of the source accounts that are known by name."""

    def called(self, name: str) -> ImageId | None:
        """Return the newest image with exactly that name."""

    def alike(self, name: str) -> tuple[str, ...]:
        """Return the names that look like it."""


@dataclass(frozen=True)
class Ask:
    """A share that was asked for, in words that make sense; whether AWS agrees is another matter.

    Attributes:
        regions: none means each image's own.
        ends_at: when what it gives is to be taken back, if ever.
        auto_scaling: with mode share, Auto Scaling is to launch from encrypted images as well.
        key: the alias of the key in the target accounts that the copies are to be under; none means the settings' one.
        ticket: where the work is tracked.
    """

    image_ids: tuple[ImageId, ...] = ()
    targets: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    mode: Mode = Mode.COPY
    ends_at: datetime | None = None
    reason: str = ""
    auto_scaling: bool = False
    key: str | None = None
    ticket: str = ""


def printed(
    ask: Ask,
    now: datetime,
    names: Mapping[ImageId, str] = _NO_NAMES,
    groups: Mapping[str, tuple[str, ...]] = _NO_GROUPS,
) -> str:
    """Return the words that mean `ask` when they are typed at `now`; the command's name is not among them.

    Images are called by their `names` where they have one, and targets by those of the `groups` that hold just them.
    """
    images = [f'"{names[one]}"' if one in names else one for one in ask.image_ids]
    parts = [f"{', '.join(images)} to {', '.join(_grouped(ask.targets, groups))}"]
    if ask.regions:
        parts.append(f"in {', '.join(ask.regions)}")
    if ask.ends_at is not None:
        parts.append(_printed_end(ask.ends_at, now))
    parts += [words for mode, words in _MODES.items() if mode is ask.mode]
    if ask.auto_scaling:
        parts.append("with auto scaling")
    if ask.key is not None:
        parts.append(f"copy with {ask.key}")
    if ask.ticket:
        parts.append(f"ticket {ask.ticket}")
    if ask.reason:
        parts.append(f"reason {ask.reason}")
    return " ".join(parts)


def _grouped(targets: tuple[str, ...], groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    for group, members in groups.items():
        for start in range(len(targets)):
            if targets[start : start + len(members)] == members:
                targets = (*targets[:start], group, *targets[start + len(members) :])
    return targets


_MODES = {Mode.SHARE: "no copy", Mode.COPY_THEN_UNSHARE: "then unshare"}


def _printed_end(ends_at: datetime, now: datetime) -> str:
    if ends_at.astimezone(UTC).time() == time(0):
        return f"until {last_day(ends_at).isoformat()}"
    return f"for {round((ends_at - now) / timedelta(hours=1))}h"


def last_day(ends_at: datetime) -> date:
    """Return the last day, in UTC, on which a share that ends then is in force."""
    return (ends_at.astimezone(UTC) - timedelta(microseconds=1)).date()


def objections_to(ask: Ask, estate: Estate) -> list[Problem]:
    """Return what doesn't go together in an ask whose parts make sense, or is too much."""
    return [*too_many(ask), *not_copied(ask, estate), *at_odds(ask)]


def not_copied(ask: Ask, estate: Estate) -> list[Problem]:
    """Say of whom no copies can be asked: of an organization, in whose accounts the bot has no role."""
    names = [one.name for one in estate.organizations if one.name in ask.targets and ask.mode.copies]
    return [problem(ProblemKind.ORGANIZATION_CANT_COPY, name=name) for name in names]


def too_many(ask: Ask) -> list[Problem]:
    """Say of what there is too much for one request."""
    ways = len(ask.image_ids) * len(ask.targets) * max(1, len(ask.regions))
    counts = [
        (len(ask.image_ids), ProblemKind.TOO_MANY_IMAGES, _IMAGES_LIMIT),
        (len(ask.targets), ProblemKind.TOO_MANY_TARGETS, _TARGETS_LIMIT),
        (ways, ProblemKind.TOO_MANY_COPIES, _DELIVERIES_LIMIT),
    ]
    return [problem(kind, count=count, limit=limit) for count, kind, limit in counts if count > limit]


def at_odds(ask: Ask) -> list[Problem]:
    """Say what was chosen that doesn't go with the rest."""
    found = []
    if ask.auto_scaling and ask.mode.copies:
        found.append(problem(ProblemKind.AUTO_SCALING_NEEDS_NO_COPY))
    if ask.key is not None and not ask.mode.copies:
        found.append(problem(ProblemKind.KEY_NEEDS_COPY))
    return found


def read_images(words: Iterable[str], images: Images, problems: list[Problem]) -> tuple[ImageId, ...]:
    """Return the images named by id or by name, each once; what is neither goes to `problems`.

    An id is an id, whatever images are called: anybody who makes one may call it as they like.
    """
    found: list[ImageId] = []
    unknown: list[str] = []
    for word in words:
        try:
            found.append(read_image_id(word))
        except MalformedId:
            image_id = images.called(word)
            if image_id is None:
                unknown.append(word)
            else:
                found.append(image_id)
    for number, word in enumerate(unknown):
        kind = ProblemKind.NOT_AN_IMAGE if word.lower().startswith("ami-") else ProblemKind.NO_SUCH_IMAGE
        problems.append(problem(kind, images.alike(word) if number < _HINTS else (), word=word))
    return tuple(dict.fromkeys(found))


def read_image_id(word: str) -> ImageId:
    """Return the AMI id in `word`; capitals in it mean the same.

    Raises:
        MalformedId: it is none.
    """
    return parse_image_id(word.strip().lower())


def read_targets(words: Iterable[str], estate: Estate, problems: list[Problem]) -> tuple[str, ...]:
    """Return the names of the accounts and organizations in `words`, groups as what is in them, each once.

    What is none of these goes to `problems`.
    """
    names: list[str] = []
    unknown: list[str] = []
    for word in words:
        try:
            names += estate.recipients_called(word)
        except UnknownAccount:
            unknown.append(word)
    for number, word in enumerate(unknown):
        alike = estate.alike(word) if number < _HINTS else ()
        problems.append(problem(ProblemKind.NOT_A_TARGET, alike, word=word))
    if not names and not unknown:
        problems.append(problem(ProblemKind.NO_TARGET))
    return tuple(dict.fromkeys(names))


def read_regions(words: Iterable[str], estate: Estate, problems: list[Problem]) -> tuple[Region, ...]:
    """Return the regions in `words`, each once; what isn't a region of the settings goes to `problems`."""
    known = {str(region): region for region in estate.regions}
    wanted = dict.fromkeys(word.lower() for word in words)
    for word in wanted:
        if word not in known:
            alike = tuple(difflib.get_close_matches(word, known, n=3))
            problems.append(problem(ProblemKind.NOT_A_REGION, alike, word=word))
    return tuple(known[word] for word in wanted if word in known)


def read_date(text: str, now: datetime, problems: list[Problem]) -> datetime | None:
    """Return the end of the day `text` names, in UTC; what is no day to come goes to `problems`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        problems.append(problem(ProblemKind.NOT_A_DATE, word=text or "none"))
        return None
    ends_at = datetime.combine(day, time(0), tzinfo=UTC) + timedelta(days=1) if day < date.max else None
    return checked_end(ends_at, now, problems)


def read_time(text: str, now: datetime, problems: list[Problem]) -> datetime | None:
    """Return when the time that `text` names is over; what is no time goes to `problems`."""
    found = _TIME.fullmatch(text)
    if found is None:
        problems.append(problem(ProblemKind.NOT_A_TIME, word=text or "none"))
        return None
    return checked_end(now + int(found["number"]) * _UNITS[found["unit"].lower()], now, problems)


def checked_end(ends_at: datetime | None, now: datetime, problems: list[Problem]) -> datetime | None:
    """Return the end, unless it is too late or has passed, which goes to `problems`."""
    if ends_at is None or ends_at > now + _LONGEST_SHARE:
        problems.append(problem(ProblemKind.END_TOO_LATE))
        return None
    if ends_at <= now:
        problems.append(problem(ProblemKind.END_PASSED))
        return None
    return ends_at


def read_key(text: str, problems: list[Problem]) -> str | None:
    """Return the alias in `text`; what is none goes to `problems`.

    Capitals in its name mean something to KMS, and are kept.
    """
    if found := _ALIAS.fullmatch(text):
        return f"alias/{found['name']}"
    problems.append(problem(ProblemKind.NOT_A_KEY, word=text or "none"))
    return None


def read_ticket(text: str, problems: list[Problem]) -> str:
    """Return the ticket in `text`; what can't be one goes to `problems`."""
    if _TICKET.fullmatch(text):
        return text
    problems.append(problem(ProblemKind.NOT_A_TICKET, word=text or "none", limit=TICKET_LIMIT))
    return ""


def read_reason(text: str, problems: list[Problem]) -> str:
    """Return the reason in `text`, on one line; one that is too long goes to `problems`."""
    reason = " ".join(text.split())
    if len(reason) > REASON_LIMIT:
        problems.append(problem(ProblemKind.REASON_TOO_LONG, count=len(reason), limit=REASON_LIMIT))
    return reason[:REASON_LIMIT]
