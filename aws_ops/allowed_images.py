"""Allowed AMIs: whether an account's own setting hides an image that is shared with it. Pure.

An account says, per region, which foreign images exist for it; own ones always do, so a copy is never hidden. An image
meets the setting if it meets any one criterion, a criterion if it meets all its parts, a part if it meets any one of
its values (EC2 User Guide, "Control the discovery and use of AMIs in Amazon EC2 with Allowed AMIs"). A part that AWS
added since, or that can't be told from the source, is answered with “perhaps”, never with a guess.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum

from aws_ops.facts import Criterion, ImageFacts
from aws_ops.ids import AccountId


class Shown(IntEnum):
    """Whether an image meets the criteria. Ordered, so that `min` is “and” and `max` is “or”."""

    NO = 0
    PERHAPS = 1
    YES = 2


def meets(image: ImageFacts, criteria: Iterable[Criterion], now: datetime | None) -> Shown:
    """Whether the image would exist for an account with these criteria; without `now`, ages can't be told."""
    return max((_meets(image, criterion, now) for criterion in criteria), default=Shown.NO)


def _meets(image: ImageFacts, criterion: Criterion, now: datetime | None) -> Shown:
    return min((_holds(image, part, wanted, now) for part, wanted in criterion.items()), default=Shown.YES)


def _holds(image: ImageFacts, part: str, wanted: object, now: datetime | None) -> Shown:
    match part, wanted:
        case "ImageProviders", list():
            return _is_provided(image.owner, wanted)
        case "ImageNames", list():
            return _yes(any(_like(str(pattern), image.name) for pattern in wanted))
        case "MarketplaceProductCodes", list():
            return _yes(bool(set(wanted) & set(image.product_codes)))
        case "CreationDateCondition", {"MaximumDaysSinceCreated": int(days)}:
            return _within(image.created, days, now)
        case "DeprecationTimeCondition", {"MaximumDaysSinceDeprecated": int(days)}:
            return Shown.YES if image.deprecation_time is None else _within(image.deprecation_time, days, now)
        case _:
            return Shown.PERHAPS


def _is_provided(owner: AccountId, providers: Iterable[object]) -> Shown:
    """By account id, or by a word for many accounts; who exactly is behind the words AWS doesn't say."""
    named = set(providers)
    if owner in named:
        return Shown.YES
    return Shown.PERHAPS if named & {"aws-backup-vault"} else Shown.NO


def _within(moment: datetime, days: int, now: datetime | None) -> Shown:
    return Shown.PERHAPS if now is None else _yes(now - moment <= timedelta(days=days))


def _like(pattern: str, name: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, name, re.DOTALL) is not None


def _yes(truth: bool) -> Shown:
    return Shown.YES if truth else Shown.NO
