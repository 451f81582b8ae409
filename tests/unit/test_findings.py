"""What is news of what the calendar's runs find: whatever is there that wasn't before, however AWS puts it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aws_ops.causes import CauseKind, because
from aws_ops.cautions import Caution, CautionKind
from aws_ops.details import details
from aws_ops.plan import Mode, Plan
from sharing.findings import brings_news

WHAT = st.sampled_from(["ami-1", "ami-2", "ami-3"])
FINDINGS = st.builds(lambda kind, what: Caution(kind, details(what=what)), st.sampled_from(CautionKind), WHAT)
LOOKS = st.lists(FINDINGS)


def a_run(*found: Caution) -> Plan:
    return Plan(Mode.SHARE, images=(), changes=(), cautions=found)


@given(LOOKS, LOOKS)
def test_only_what_was_not_there_before_is_news(now: list[Caution], before: list[Caution]) -> None:
    quiet = CautionKind.COPY_IN_USE
    added = [one for one in now if one not in before and one.kind is not quiet]
    assert brings_news(a_run(*now), a_run(*before)) is bool(added)
    assert brings_news(a_run(*now), None) is any(one.kind is not quiet for one in now)


@given(LOOKS, st.text())
def test_another_reason_for_the_same_is_none(found: list[Caution], why: str) -> None:
    told = [replace(one, why=because(CauseKind.REFUSED, said="denied")) for one in found]
    again = [replace(one, why=because(CauseKind.REFUSED, said=why)) for one in found]
    assert not brings_news(a_run(*again), a_run(*told))
