"""Key policies: let principals of other accounts use a customer managed key, and take it back.

Pure: documents in, documents out. Reading and writing them is `keys.py`'s, what stands against a principal is
`denials.py`'s.

The bot speaks through statements of its own and touches no other: two for use, and a third for administration where
the settings spell that out. They are known by their `Sid` *and* their shape, since anybody may use the same `Sid`. A
principal that other people's statements allow already is named in them all the same: whether those statements suffice
would be a guess (conditions, grants), and what the bot gave it can take back without asking what else there is.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aws_ops.errors import (
    DeletedPrincipals,
    KeyPolicyError,
    MalformedId,
    MalformedPolicy,
    PolicyNotLatin1,
    PolicyTooLarge,
)
from aws_ops.ids import PrincipalArn, parse_principal_arn

SIZE_LIMIT = 32_768
"""Bytes of UTF-8 that KMS stores of a key policy (KMS developer guide, "Resource quotas")."""

Statement = Mapping[str, Any]

_NOT_STORED = re.compile(r"[^\t\n\r\u0020-\u00ff]")
_UNIQUE_ID = re.compile(r"(?:AIDA|AROA)[A-Z0-9]*")


@dataclass(frozen=True, eq=False)
class KeyPolicy:
    """A key policy document. Two are equal if they mean the same, however they are written.

    Attributes:
        text: the document as JSON without spaces: what is sent to KMS, and what counts against its size.
    """

    text: str

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        statement = json.loads(self.text)["Statement"]
        return tuple(statement) if isinstance(statement, list) else (statement,)

    @property
    def size(self) -> int:
        """Bytes, as KMS counts them."""
        return len(self.text.encode("utf-8", errors="surrogatepass"))

    def with_statements(self, statements: Sequence[Statement]) -> "KeyPolicy":
        return KeyPolicy(_minified(json.loads(self.text) | {"Statement": list(statements)}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyPolicy) and self._meaning == other._meaning

    def __hash__(self) -> int:
        return hash(self._meaning)

    @cached_property
    def _meaning(self) -> object:
        return _meaning(json.loads(self.text))


def parse(text: str) -> KeyPolicy:
    """Return the policy in `text`, in any shape that IAM's grammar allows.

    Raises:
        MalformedPolicy: it isn't JSON, names an element twice, or holds no statements.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except ValueError as error:
        raise MalformedPolicy(f"this is not a key policy: {error}") from error
    statement = document.get("Statement") if isinstance(document, dict) else None
    statements = statement if isinstance(statement, list) else [statement]
    if not statements or not all(isinstance(each, dict) for each in statements):
        raise MalformedPolicy("this is not a key policy: it has no statements")
    return KeyPolicy(_minified(document))


def own_principals(policy: KeyPolicy) -> frozenset[PrincipalArn]:
    """The principals that the bot's own statements on use name, in one of them at least."""
    return frozenset(name for own in _USE for statement in policy.statements for name in own.principals(statement))


def own_administrators(policy: KeyPolicy) -> frozenset[PrincipalArn]:
    """The principals that the bot's own statement on administration names."""
    return _named(_ADMINISTRATION, policy.statements)


def lacking(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> tuple[PrincipalArn, ...]:
    """Those of `principals` that the bot's statements on use don't both name, sorted."""
    served = (_named(own, policy.statements) for own in _USE)
    return tuple(sorted(_checked(principals) - frozenset.intersection(*served)))


def deleted_principals(policy: KeyPolicy) -> tuple[str, ...]:
    """The unique ids that stand where a principal was, wherever one may stand, sorted.

    KMS stores a principal by its unique id and shows that id once the principal is gone (IAM, "Principal").
    """
    named = {
        name
        for statement in policy.statements
        for element in ("Principal", "NotPrincipal")
        for name in principal_names(statement.get(element))
    }
    return tuple(sorted(name for name in named if _UNIQUE_ID.fullmatch(name)))


def deleted_own_principals(policy: KeyPolicy) -> tuple[str, ...]:
    """The unique ids in the bot's own statements, sorted: whoever they were, they go with the next write."""
    return tuple(
        sorted(
            name
            for name in {
                name
                for statement in policy.statements
                if any(own.matches(statement) for own in _OWN)
                for name in principal_names(statement["Principal"])
            }
            if _UNIQUE_ID.fullmatch(name)
        )
    )


def obstacles(
    policy: KeyPolicy, principals: Iterable[PrincipalArn], administrators: Iterable[PrincipalArn] = ()
) -> tuple[KeyPolicyError, ...]:
    """Why KMS wouldn't store `policy` once `principals` may use the key and `administrators` see to its grants.

    All reasons, not only the first. Nothing stands against a policy that need not change.
    """
    used = _allowing(policy, principals, _USE)
    return _reasons_against(_allowing(used, administrators, (_ADMINISTRATION,)), policy)


def allow_use(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> KeyPolicy:
    """Return `policy` with `principals` able to use the key for EBS volumes, and nothing else changed.

    Adds to the bot's two statements, or makes them; returns `policy` itself if nobody lacks anything. Only the grant
    statement is bound to AWS resources: on the use statement the condition would void it, since
    `kms:GrantIsForAWSResource` is absent from `kms:Decrypt` (KMS developer guide, "Condition keys"). Principals that
    were deleted since are dropped from the bot's own statements.

    Raises:
        MalformedId: a principal is neither an account nor the ARN of a root, role or user; `*` never is.
        DeletedPrincipals: another statement names a principal that no longer exists; KMS would refuse the document.
        PolicyNotLatin1: the document holds characters that KMS doesn't store.
        PolicyTooLarge: the result would pass KMS's 32,768 bytes; says by how much.
    """
    return _storable(_allowing(policy, principals, _USE), policy)


def allow_administration(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> KeyPolicy:
    """Return `policy` with `principals` able to make, list and revoke grants on the key, and nothing else changed.

    They can hand the key on to anybody, and take other people's grants away. The statement holds no more than what has
    an effect for another account: KMS takes no other administrative action across accounts (KMS developer guide,
    "Allowing users in other accounts to use a KMS key").

    The errors are those of `allow_use`.
    """
    return _storable(_allowing(policy, principals, (_ADMINISTRATION,)), policy)


def withdraw_use(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> KeyPolicy:
    """Return `policy` with `principals` gone from the bot's own statements on use, and nothing else changed.

    What other people's statements give them stays. Returns `policy` itself if the bot's statements name none of them.

    Raises:
        MalformedId: a principal is neither an account nor the ARN of a root, role or user.
        DeletedPrincipals: another statement names a principal that no longer exists; KMS would refuse the document.
        PolicyNotLatin1: the document holds characters that KMS doesn't store.
    """
    return _without(policy, principals, _USE)


def withdraw_administration(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> KeyPolicy:
    """Return `policy` with `principals` gone from the bot's own statement on administration; else as `withdraw_use`."""
    return _without(policy, principals, (_ADMINISTRATION,))


@dataclass(frozen=True)
class _OwnStatement:
    """One of the statements that the bot writes."""

    sid: str
    actions: tuple[str, ...]
    condition: Mapping[str, Any] | None = None

    def naming(self, principals: Iterable[PrincipalArn]) -> Statement:
        statement = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": {"AWS": sorted(principals)},
            "Action": list(self.actions),
            "Resource": "*",
        }
        return statement | ({"Condition": self.condition} if self.condition else {})

    def matches(self, statement: Statement) -> bool:
        """Whether `statement` is this one: by its Sid and its shape, whomever it names."""
        named = statement.get("Principal")
        names = _strings(named.get("AWS")) if isinstance(named, dict) and set(named) == {"AWS"} else ()
        return (
            bool(names)
            and all(_is_principal(name) or _UNIQUE_ID.fullmatch(name) for name in names)
            and _meaning(dict(statement) | {"Principal": {"AWS": []}}) == _meaning(self.naming([]))
        )

    def principals(self, statement: Statement) -> frozenset[PrincipalArn]:
        """The living principals that `statement` names, if it is this one."""
        if not self.matches(statement):
            return frozenset()
        names = _strings(statement["Principal"]["AWS"])
        return frozenset(parse_principal_arn(name) for name in names if _is_principal(name))


_USE = (
    _OwnStatement(
        sid="AmiShareBotUse",
        actions=("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
    ),
    _OwnStatement(
        sid="AmiShareBotGrants",
        actions=("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"),
        condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
    ),
)
_ADMINISTRATION = _OwnStatement(
    sid="AmiShareBotAdministration",
    actions=("kms:CreateGrant", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:RevokeGrant"),
)
_OWN = (*_USE, _ADMINISTRATION)


def _allowing(policy: KeyPolicy, principals: Iterable[PrincipalArn], by: tuple[_OwnStatement, ...]) -> KeyPolicy:
    wanted = _checked(principals)
    if all(wanted <= _named(own, policy.statements) for own in by):
        return policy
    statements = _narrowed(policy.statements, frozenset(), by)
    for own in by:
        _add(statements, own, wanted - _named(own, statements))
    return policy.with_statements(statements)


def _without(policy: KeyPolicy, principals: Iterable[PrincipalArn], by: tuple[_OwnStatement, ...]) -> KeyPolicy:
    unwanted = _checked(principals)
    if not any(_named(own, policy.statements) & unwanted for own in by):
        return policy
    return _storable(policy.with_statements(_narrowed(policy.statements, unwanted, by)), policy)


def _add(statements: list[Statement], own: _OwnStatement, missing: frozenset[PrincipalArn]) -> None:
    for place, statement in enumerate(statements):
        if own.matches(statement):
            statements[place] = own.naming(own.principals(statement) | missing)
            return
    if missing:
        statements.append(own.naming(missing))


def _narrowed(
    statements: Iterable[Statement], unwanted: frozenset[PrincipalArn], by: tuple[_OwnStatement, ...]
) -> list[Statement]:
    """The statements, with deleted principals gone from the bot's own, and `unwanted` from those in `by`."""
    kept: list[Statement] = []
    for statement in statements:
        own = next((own for own in _OWN if own.matches(statement)), None)
        if own is None:
            kept.append(statement)
        elif left := own.principals(statement) - (unwanted if own in by else frozenset()):
            kept.append(own.naming(left))
    return kept


def _named(own: _OwnStatement, statements: Iterable[Statement]) -> frozenset[PrincipalArn]:
    return frozenset(name for statement in statements for name in own.principals(statement))


def _storable(changed: KeyPolicy, policy: KeyPolicy) -> KeyPolicy:
    for reason in _reasons_against(changed, policy):
        raise reason
    return changed


def _reasons_against(changed: KeyPolicy, policy: KeyPolicy) -> tuple[KeyPolicyError, ...]:
    if changed is policy:
        return ()
    reasons: list[KeyPolicyError] = []
    if gone := deleted_principals(changed):
        reasons.append(DeletedPrincipals(gone))
    if strange := sorted(set(_NOT_STORED.findall(changed.text))):
        reasons.append(PolicyNotLatin1("".join(strange)))
    if changed.size > SIZE_LIMIT:
        reasons.append(PolicyTooLarge(changed.size, SIZE_LIMIT))
    return tuple(reasons)


def principal_names(element: object) -> tuple[str, ...]:
    """Every name in a `Principal` or `NotPrincipal`, of whatever kind, in whatever form it is written."""
    if isinstance(element, dict):
        return tuple(name for names in element.values() for name in _strings(names))
    return _strings(element)


def _checked(principals: Iterable[PrincipalArn]) -> frozenset[PrincipalArn]:
    return frozenset(parse_principal_arn(principal) for principal in principals)


def _is_principal(name: str) -> bool:
    try:
        parse_principal_arn(name)
    except MalformedId:
        return False
    return True


def _strings(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))


def _meaning(value: object, *, names: bool = False) -> object:
    """A value that is equal for two documents that mean the same.

    In IAM's grammar one value stands for a list of one, lists are sets, and `true` stands for `"true"`; among the
    `names` of principals, an account id stands for the ARN of its root.
    """
    values = value if isinstance(value, list) else [value]
    return frozenset(_meaning_of_one(each, names=names) for each in values)


def _meaning_of_one(value: object, *, names: bool) -> object:
    if isinstance(value, dict):
        return frozenset(
            (key, _meaning(each, names=names or key in {"Principal", "NotPrincipal"})) for key, each in value.items()
        )
    if isinstance(value, list):
        return ("list", _meaning(value, names=names))
    if isinstance(value, str):
        return parse_principal_arn(value) if names and _is_principal(value) else value
    return None if value is None else json.dumps(value)


def _minified(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("it names an element twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
