"""Estimates: what a plan's copies may cost and how long they may take, said before anybody approves them.

Pure. Costs come from prices that somebody looked up, times from copies that were made before; without either nothing
is said. An estimate is no part of what is approved: the digest of a plan doesn't know it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from pydantic import TypeAdapter

from aws_ops.changes import CopyImage, ReencryptImage
from aws_ops.ids import Region
from aws_ops.plan import Plan

_ENOUGH = 3
# A quarter of a copy seen at its own pace weighs as much as all that is known from earlier ones.
_WEIGHT_OF_HISTORY = 0.25
# AWS shows whole percents and starts them late: before this, a pace is no pace.
_FIRST_PERCENT = 5
# Up to so many minutes, in steps of so many.
_STEPS = ((10, 1), (60, 5), (240, 15), (math.inf, 60))


@dataclass(frozen=True)
class RegionPrices:
    """What differs in one region; None where the common price holds. See `Prices`."""

    storage_per_gib_month: Decimal | None = None
    transfer_per_gib: Decimal | None = None


@dataclass(frozen=True)
class Prices:
    """What AWS charges, in one currency, as somebody looked it up.

    Attributes:
        currency: its code, as ISO 4217 has it.
        storage_per_gib_month: for snapshots in the standard tier, paid by the account that the copy is in.
        transfer_per_gib: for what leaves a region, paid by the owner of the image (EC2 User Guide, "How Amazon EC2
            AMI copy works").
        regions: other prices, by the region that stores, and by the region that is left.
    """

    currency: str
    storage_per_gib_month: Decimal
    transfer_per_gib: Decimal
    regions: Mapping[Region, RegionPrices] = field(default_factory=dict)

    def storage_in(self, region: Region) -> Decimal:
        """The price of one GiB for a month in `region`."""
        there = self.regions.get(region, RegionPrices()).storage_per_gib_month
        return self.storage_per_gib_month if there is None else there

    def transfer_from(self, source: Region, region: Region) -> Decimal:
        """The price of one GiB on its way from `source` to `region`; within a region the way is free."""
        if source == region:
            return Decimal(0)
        there = self.regions.get(source, RegionPrices()).transfer_per_gib
        return self.transfer_per_gib if there is None else there


@dataclass(frozen=True)
class Cost:
    """What copies cost at most: storage a month, and the transfer once. Exact; rounding is for who shows it."""

    currency: str
    storage_per_month: Decimal
    transfer_once: Decimal


@dataclass(frozen=True)
class CopyTime:
    """How long a copy took that was made before; `gib` is the size of all its volumes."""

    source_region: Region
    region: Region
    gib: int
    minutes: float


@dataclass(frozen=True)
class Expectation:
    """How long something should take, in minutes, judged by so many `earlier` copies."""

    minutes: float
    earlier: int


@dataclass(frozen=True)
class Estimate:
    """What is said of a plan's copies beforehand. `gib` is the size of their volumes in all."""

    gib: int
    cost: Cost | None
    time: Expectation | None


def estimate(plan: Plan, prices: Prices | None, history: Sequence[CopyTime]) -> Estimate | None:
    """What can be said of the plan's copies; None if it makes none, or nothing is known to say it by.

    The copies run side by side, so the slowest gives the time; what is re-encrypted at home first comes before them.
    Past AWS's quota of copies at once some wait for others, and it takes longer.
    """
    copies = _copies(plan)
    if not copies:
        return None
    time = _time_of(copies, history)
    cost = cost_of(plan, prices) if prices else None
    return Estimate(sum(copy.gib for copy in copies), cost, time) if cost or time else None


def _time_of(copies: Sequence["_Copy"], history: Sequence[CopyTime]) -> Expectation | None:
    slowest: dict[bool, Expectation] = {}
    for copy in copies:
        expected = expected_time(copy.source_region, copy.region, copy.gib, history)
        if expected and expected.minutes >= slowest.get(copy.at_home, expected).minutes:
            slowest[copy.at_home] = expected
    if not slowest:
        return None
    return Expectation(sum(one.minutes for one in slowest.values()), max(one.earlier for one in slowest.values()))


def cost_of(plan: Plan, prices: Prices) -> Cost:
    """What the plan's copies cost at most.

    It is an upper bound: a snapshot stores only the blocks that are in use, and a later copy under the same key perhaps
    only what has changed, but what is known is the size of the volumes (EBS User Guide, "How snapshots work"). Copies
    that are there already cost nothing more, and an image that is only shared costs nothing.
    """
    copies = _copies(plan)
    return Cost(
        currency=prices.currency,
        storage_per_month=sum((copy.gib * prices.storage_in(copy.region) for copy in copies), Decimal(0)),
        transfer_once=sum(
            (copy.gib * prices.transfer_from(copy.source_region, copy.region) for copy in copies), Decimal(0)
        ),
    )


def expected_time(source_region: Region, region: Region, gib: int, history: Sequence[CopyTime]) -> Expectation | None:
    """How long a copy of `gib` should take, by earlier ones between the same regions, or by all if those are few.

    The median of minutes per GiB, and never less than the quickest copy took. A median, since now and then a copy was
    found finished only long after, or was made of next to nothing. The time that a copy takes however small it is
    counts into the rate; so for images that are larger than those before, the estimate is rather too long than too
    short. A larger image is never expected to take less.
    """
    seen = [one for one in history if one.gib > 0 and one.minutes >= 0]
    same = [one for one in seen if (one.source_region, one.region) == (source_region, region)]
    used = same if len(same) >= _ENOUGH else seen
    if not used:
        return None
    quickest = min(one.minutes for one in used)
    rate = median(one.minutes / one.gib for one in used)
    return Expectation(max(quickest, rate * gib), len(used))


def minutes_left(percent: int | None, elapsed: float, expected: float | None) -> float | None:
    """How many minutes a copy still needs; None if nothing can be said yet.

    What is expected and what is seen are weighed as paces: the expected one counts like a quarter of a copy that was
    watched, so that it rules at the start and hardly matters at the end. The answer is always between what either alone
    would say, and of two copies of the same age the one that is further needs less.

    Args:
        percent: 0 to 100, or None if AWS says nothing; 0 is what AWS says of a copy it hasn't measured.
        elapsed: minutes since its start.
        expected: how many minutes it was to take in all, if anybody knew.
    """
    if not percent:
        return expected - elapsed if expected is not None and elapsed < expected else None
    done = percent / 100
    if expected is not None:
        return (1 - done) * (elapsed + _WEIGHT_OF_HISTORY * expected) / (done + _WEIGHT_OF_HISTORY)
    return (1 - done) * elapsed / done if percent >= _FIRST_PERCENT else None


def about(minutes: float) -> int:
    """The minutes in round figures, upwards: the longer, the rounder."""
    step = next(step for most, step in _STEPS if minutes <= most)
    return max(1, math.ceil(minutes / step) * step)


def dump(made: Estimate) -> str:
    """The estimate as JSON, for a store; `load` reads it."""
    return _ESTIMATE.dump_json(made).decode()


def load(text: str) -> Estimate:
    """The estimate that `dump` wrote.

    Raises:
        ValueError: it isn't one.
    """
    return _ESTIMATE.validate_json(text)


_ESTIMATE = TypeAdapter(Estimate)


@dataclass(frozen=True)
class _Copy:
    """A copy that a plan makes; `at_home` is one that is made in the image's own account, before the others."""

    source_region: Region
    region: Region
    gib: int
    at_home: bool


def _copies(plan: Plan) -> list[_Copy]:
    """The plan's copies; none at all if there is one whose size the plan doesn't tell."""
    sizes = {image.image_id: image.size_gib for image in plan.images}
    made = [change for change in plan.changes if isinstance(change, CopyImage | ReencryptImage)]
    if any(change.source_image_id not in sizes for change in made):
        return []
    return [_copy(change, sizes[change.source_image_id]) for change in made]


def _copy(change: CopyImage | ReencryptImage, gib: int) -> _Copy:
    if isinstance(change, ReencryptImage):
        return _Copy(change.region, change.region, gib, at_home=True)
    return _Copy(change.source_region, change.region, gib, at_home=False)
