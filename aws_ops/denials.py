"""Deny statements: whether a key policy forbids a principal what EBS needs, however it is otherwise allowed.

Pure, and modest: what can't be told from the principal alone (an organization, a network, a tag) is answered with
“perhaps”, never with a guess. An explicit Deny beats anything that the bot could add (IAM, "Policy evaluation logic").
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from aws_ops.ids import AccountId, KeyUser, PrincipalArn, account_of, is_organization_path
from aws_ops.key_policy import KeyPolicy, Statement, principal_names

ESSENTIAL_ACTIONS = ("kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt")
"""Without these no copy was ever seen to succeed."""

DOCUMENTED_ACTIONS = ("kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
"""AWS lists these too (EBS user guide, "Share the KMS key"), but copies were seen to succeed without."""


@dataclass(frozen=True)
class Denial:
    """A Deny statement in a principal's way: its Sid, or its place; `certain` if nothing can make it not apply."""

    statement: str
    certain: bool


class _Answer(IntEnum):
    """Ordered, so that `min` is “and” and `max` is “or”."""

    NO = 0
    PERHAPS = 1
    YES = 2


def denials(policy: KeyPolicy, user: KeyUser) -> tuple[Denial, ...]:
    """The statements of `policy` that deny, or may deny, `user` the use of the key for EBS volumes.

    Of an organization only what strikes all its members is certain; who they are isn't known here.
    """
    found = []
    for place, statement in enumerate(policy.statements, start=1):
        answer = _denies(statement, user)
        if answer is not _Answer.NO:
            label = str(statement.get("Sid") or f"#{place}")
            found.append(Denial(label, certain=answer is _Answer.YES))
    return tuple(found)


def _denies(statement: Statement, user: KeyUser) -> _Answer:
    if statement.get("Effect") != "Deny":
        return _Answer.NO
    essential = max(_denies_action(statement, user, action) for action in ESSENTIAL_ACTIONS)
    documented = max(_denies_action(statement, user, action) for action in DOCUMENTED_ACTIONS)
    return max(essential, min(documented, _Answer.PERHAPS))


def _denies_action(statement: Statement, user: KeyUser, action: str) -> _Answer:
    if is_organization_path(user):
        names, known = _names_members(statement), _known_of_members(user, action)
    else:
        principal = PrincipalArn(user)
        names, known = _names_principal(statement, principal), _known(principal, action)
    return min(
        names,
        _names_action(statement, action),
        _names_resource(statement),
        _holds(statement.get("Condition", {}), known),
    )


def _names_members(statement: Statement) -> _Answer:
    """Whether it is for every member: only `*` is; of one account it can't be told whether it is one."""
    if "NotPrincipal" in statement:
        return _Answer.NO if "*" in principal_names(statement["NotPrincipal"]) else _Answer.PERHAPS
    names = principal_names(statement.get("Principal"))
    return _Answer.YES if "*" in names else _Answer.PERHAPS if names else _Answer.NO


def _names_principal(statement: Statement, principal: PrincipalArn) -> _Answer:
    if "NotPrincipal" in statement:
        return _spares(principal_names(statement["NotPrincipal"]), principal)
    names = principal_names(statement.get("Principal"))
    return max((_is_named(name, principal) for name in names), default=_Answer.NO)


def _is_named(name: str, principal: PrincipalArn) -> _Answer:
    account = account_of(principal)
    if name in {"*", account, _root(principal), principal}:
        return _Answer.YES
    role_name = principal.rsplit("/", 1)[-1]
    a_session_of_it = f":{account}:assumed-role/{role_name}/" in name
    # The root stands for everybody in its account: whether the one who comes is the one named can't be told.
    one_of_many = principal == _root(principal) and f":{account}:" in name
    return _Answer.PERHAPS if a_session_of_it or one_of_many else _Answer.NO


def _spares(names: Iterable[str], principal: PrincipalArn) -> _Answer:
    """Whether a Deny with `NotPrincipal` still strikes `principal`; it spares a role only with its account."""
    spared = set(names)
    if "*" in spared or {principal, _root(principal)} <= spared | _roots(spared, principal):
        return _Answer.NO
    return _Answer.PERHAPS if any(account_of(principal) in name for name in spared) else _Answer.YES


def _roots(names: set[str], principal: PrincipalArn) -> set[str]:
    return {_root(principal)} if account_of(principal) in names else set()


def _root(principal: PrincipalArn) -> str:
    return principal.rsplit(":", 1)[0] + ":root"


def _names_action(statement: Statement, action: str) -> _Answer:
    listed = "NotAction" if "NotAction" in statement else "Action"
    named = any(_glob(pattern.lower(), action.lower()) for pattern in _texts(statement.get(listed)))
    return _Answer.YES if named == (listed == "Action") else _Answer.NO


def _names_resource(statement: Statement) -> _Answer:
    # In a key policy only “*” has a meaning of its own: this key. Anything else is left to KMS.
    return _Answer.YES if "*" in _texts(statement.get("Resource")) else _Answer.PERHAPS


_Known = Mapping[str, str | None]
"""Condition keys in lower case; None is a key that the request doesn't carry, a missing one is unknown."""


def _known_of_all(action: str) -> _Known:
    return {
        "aws:principalisawsservice": "false",
        "aws:securetransport": "true",
        # EBS asks for grants on the user's behalf; no other action carries the key.
        "kms:grantisforawsresource": "true" if action == "kms:CreateGrant" else None,
    }


def _known_of_members(path: str, action: str) -> _Known:
    return {**_known_of_all(action), "aws:principalorgid": path.split("/", maxsplit=1)[0]}


def _known(principal: PrincipalArn, action: str) -> _Known:
    account: AccountId = account_of(principal)
    known = {**_known_of_all(action), "aws:principalaccount": account, "kms:calleraccount": account}
    if principal != _root(principal):
        known["aws:principalarn"] = principal
        known["aws:principaltype"] = "AssumedRole" if ":role/" in principal else "User"
    return known


_OPERATOR = re.compile(r"(?:(?P<sets>ForAnyValue|ForAllValues):)?(?P<name>\w+?)(?P<if_exists>IfExists)?")
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnLike",
    "ArnNotLike": "ArnLike",
}


def _holds(condition: object, known: _Known) -> _Answer:
    if not isinstance(condition, dict):
        return _Answer.PERHAPS
    answers = [
        _test(operator, known, key, values)
        for operator, keys in condition.items()
        if isinstance(keys, dict)
        for key, values in keys.items()
    ]
    return min(answers, default=_Answer.YES)


def _test(operator: str, known: _Known, key: str, values: object) -> _Answer:
    parts = _OPERATOR.fullmatch(operator)
    wanted = _texts(values)
    if parts is None or key.lower() not in known or not wanted or any("${" in value for value in wanted):
        return _Answer.PERHAPS
    actual = known[key.lower()]
    name = parts["name"]
    if name == "Null":
        return _yes("true" in wanted) if actual is None else _yes("false" in wanted)
    if actual is None:
        return _yes(bool(parts["if_exists"]) or parts["sets"] == "ForAllValues" or name in _NEGATED)
    matches = _MATCHES.get(_NEGATED.get(name, name))
    if matches is None:
        return _Answer.PERHAPS
    return _yes(any(matches(value, actual) for value in wanted) != (name in _NEGATED))


def _yes(truth: bool) -> _Answer:
    return _Answer.YES if truth else _Answer.NO


def _glob(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _arn_like(pattern: str, arn: str) -> bool:
    parts, actual = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(actual) and all(map(_glob, parts, actual))


_MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, actual: value == actual,
    "StringEqualsIgnoreCase": lambda value, actual: value.lower() == actual.lower(),
    "StringLike": _glob,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda value, actual: value.lower() == actual,
}


def _texts(value: object) -> tuple[str, ...]:
    """The values of an element as texts; IAM takes `true` for `"true"` and one value for a list of one."""
    values = value if isinstance(value, list) else [value]
    texts = [str(each).lower() if isinstance(each, bool) else each for each in values]
    return tuple(each for each in texts if isinstance(each, str))
