"""Findings: what a run by the calendar brings to light that nobody is asked about, and whether it is news. Pure.

It looks again every week: what people have been told already isn't told again.
"""

from aws_ops.cautions import CautionKind
from aws_ops.details import Details
from aws_ops.plan import Plan


def brings_news(plan: Plan, before: Plan | None) -> bool:
    """Whether something is worth a look that wasn't in the plan which people were told of before, if there was one."""
    return bool(_findings(plan) - (_findings(before) if before else frozenset()))


def _findings(plan: Plan) -> frozenset[tuple[CautionKind, Details]]:
    """What is the same for as long as a finding is: EC2 says each time anew, in other letters, why it refuses."""
    return frozenset((one.kind, one.details) for one in plan.cautions if one.kind is not CautionKind.COPY_IN_USE)
