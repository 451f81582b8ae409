"""Which targets a case runs on, and what every case may use."""

import os
from collections.abc import Iterator

import pytest

from playground.aws import StrictAws
from playground.clock import ManualClock
from tests.strict_aws import targets
from tests.strict_aws.targets import Target

_OPEN = {"strict": targets.strict, "http": targets.strict_over_http, "moto": targets.moto}
_PROFILES = "AWS_CONTRACT_PROFILES"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rule(section, standing): the rule of AWS that a case comes from")
    config.addinivalue_line("markers", "moto_is_right: the case also runs on moto, to check it by other people's code")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "where" in metafunc.fixturenames:
        names = ["strict", "http", "real"]
        if metafunc.definition.get_closest_marker("moto_is_right"):
            names.insert(2, "moto")
        metafunc.parametrize("where", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def where(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The target that is asked; one for all cases of a module, as the real AWS is, so each makes what it needs."""
    if request.param == "real":
        if _PROFILES not in os.environ:
            pytest.skip(f"the real AWS is asked only if {_PROFILES} names two sandbox profiles: owner,target")
        with targets.real(os.environ[_PROFILES].split(",")) as opened:
            yield opened
    else:
        with _OPEN[request.param]() as opened:
            yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def aws(clock: ManualClock) -> Iterator[StrictAws]:
    """The strict AWS by itself, in process, for what only it can be asked: its faults, its clock, its journal."""
    aws = StrictAws(clock, session_clock=clock)
    with aws.in_process():
        yield aws
