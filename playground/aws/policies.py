"""Policies: does a document allow an action, deny it, or not speak of it?

Pure, and the same for identity policies, key policies, trust policies and session policies. Who a caller is, and what
the silence of a document means, is decided where the policy belongs. Written after the IAM user guide's "Policy
evaluation logic" and "IAM JSON policy elements: Condition operators". What is not understood raises `NotServed`:
a condition that were skipped would allow what it forbids.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from playground.aws.errors import NotServed

Policy = Mapping[str, Any]
Statement = Mapping[str, Any]
Context = Mapping[str, Sequence[str]]

FULL_ACCESS: Policy = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


class Verdict(Enum):
    """What one document says."""

    ALLOW = "allow"
    DENY = "deny"
    SILENT = "silent"


@dataclass(frozen=True)
class Ask:
    """One question: may this be done to that, under these circumstances?

    A condition key that is not in `context` is absent, which is not the same as false: that is how a
    `kms:GrantIsForAWSResource` condition voids a statement for every action but the grants'.
    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def verdict(
    policies: Sequence[Policy], ask: Ask, speaks_of_caller: Callable[[Statement], bool] = lambda _: True
) -> Verdict:
    """Weigh every statement of `policies` that `speaks_of_caller`. An explicit deny beats any allow."""
    found = Verdict.SILENT
    for policy in policies:
        for statement in statements(policy):
            if speaks_of_caller(statement) and _applies(statement, ask):
                if statement["Effect"] == "Deny":
                    return Verdict.DENY
                found = Verdict.ALLOW
    return found


def statements(policy: Policy) -> list[Statement]:
    """List the statements: a document with one may hold it bare."""
    found = policy.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def as_list(value: Any) -> list[Any]:
    """Read AWS's "one or a list of" as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def like(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Match with `*` and `?`, the only wildcards of policies and of EC2's filters."""
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _applies(statement: Statement, ask: Ask) -> bool:
    return (
        _listed(statement, "Action", lambda pattern: like(pattern, ask.action, ignore_case=True))
        and _listed(statement, "Resource", lambda pattern: like(_filled(pattern, ask.context), ask.resource))
        and all(_holds(operator, keys, ask.context) for operator, keys in statement.get("Condition", {}).items())
    )


def _listed(statement: Statement, element: str, matches: Callable[[str], bool]) -> bool:
    """Check `Action` or `Resource`, or their `Not…`. Trust policies have no `Resource`: it is the role itself."""
    if f"Not{element}" in statement:
        return not any(matches(pattern) for pattern in as_list(statement[f"Not{element}"]))
    if element == "Resource" and element not in statement:
        return "sts:AssumeRole" in as_list(statement.get("Action", []))
    return any(matches(pattern) for pattern in as_list(statement.get(element, [])))


def _holds(operator: str, keys: Mapping[str, Any], context: Context) -> bool:
    prefix, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    lowered = {key.lower(): values for key, values in context.items()}
    return all(
        _key_holds(
            prefix, name, if_exists, lowered.get(key.lower()), [_filled(str(v), context) for v in as_list(wanted)]
        )
        for key, wanted in keys.items()
    )


def _key_holds(prefix: str, name: str, if_exists: bool, present: Sequence[str] | None, wanted: list[str]) -> bool:
    if name == "Null":  # a key without values is null as well (IAM user guide, "Multivalued context keys")
        return (not present) == (wanted[0].lower() == "true")
    if name not in _TESTS:
        raise NotServed(f"the condition operator {name}")
    negated = "Not" in name

    def passes(value: str) -> bool:
        hit = any(_TESTS[name](value, each) for each in wanted)
        return not hit if negated else hit

    if prefix == "ForAllValues":  # true of an absent key, too (IAM user guide, "Multivalued context keys")
        return all(passes(value) for value in present or ())
    if present is None:
        return if_exists or (negated and not prefix)
    if not prefix and len(present) > 1:
        raise NotServed(f"{name} without ForAllValues or ForAnyValue where there are several values")
    return any(passes(value) for value in present)


def _arn_like(value: str, pattern: str) -> bool:
    """Compare the six parts of an ARN one by one: a `*` in one does not reach into the next."""
    parts, patterns = value.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(like(p, v) for p, v in zip(patterns, parts, strict=True))


def _same_boolean(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringNotEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringNotEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: like(wanted, value),
    "StringNotLike": lambda value, wanted: like(wanted, value),
    "ArnEquals": _arn_like,
    "ArnNotEquals": _arn_like,
    "ArnLike": _arn_like,
    "ArnNotLike": _arn_like,
    "Bool": _same_boolean,
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}


def _filled(text: str, context: Context) -> str:
    """Fill in policy variables such as `${aws:PrincipalAccount}`; one that is unknown matches nothing."""
    if "${" not in text:
        return text
    lowered = {key.lower(): values for key, values in context.items()}

    def value_of(found: re.Match[str]) -> str:
        values = lowered.get(found[1].lower(), ())
        return values[0] if len(values) == 1 else "\0"

    return re.sub(r"\$\{([^}]+)\}", value_of, text)


def principals(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the principals of a statement as (kind, value): `("AWS", "arn:…")`, `("Service", "ec2.amazonaws.com")`."""
    element = statement.get("Principal", {})
    if element == "*":
        yield "AWS", "*"
        return
    for kind, values in element.items():
        for value in as_list(values):
            yield kind, str(value)
