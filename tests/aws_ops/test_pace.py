"""Pace: in any stretch of time no more calls go than were promised, and none waits longer than it must."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from aws_ops.pace import Pace

BURST, PER_SECOND = 5, 2


@dataclass
class Caller:
    """Somebody who calls, now and then, at a pace; time passes by hand, and by waiting."""

    now: float = 100.0
    calls: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pace = Pace(BURST, PER_SECOND, clock=lambda: self.now, wait=self.rest)

    def rest(self, seconds: float) -> None:
        self.now += seconds

    def call(self) -> None:
        self.pace.take_turn()
        self.calls.append(self.now)


def test_some_go_at_once_and_then_one_after_the_other() -> None:
    caller = Caller()
    for _ in range(BURST + 4):
        caller.call()
    assert caller.calls == [100.0] * BURST + [100.5, 101.0, 101.5, 102.0]


@given(st.lists(st.sampled_from([0, 0, 0, 0.3, 0.5, 1, 7])))
def test_never_more_than_the_bucket_holds_and_what_flows_in(pauses: list[float]) -> None:
    caller = Caller()
    for pause in pauses:
        caller.rest(pause)
        caller.call()
    for first, start in enumerate(caller.calls):
        for last, end in enumerate(caller.calls[first:], first):
            assert last - first + 1 <= BURST + (end - start) * PER_SECOND + 1e-6
