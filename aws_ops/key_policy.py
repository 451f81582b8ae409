"""Key policies: let principals of other accounts use a customer managed key, and take it back.

Pure: documents in, documents out. Reading and writing them is `keys.py`'s, what stands against a principal is
`denials.py`'s.

The bot speaks through statements of its own and touches no others: two for principals, two for the members of
organizations, two for those of organizational units, and one for administration where the settings spell that out.
They are known by their `Sid` *and* their shape, since anybody may use the same `Sid`. A principal that other people's
statements allow already is named in them all the same: whether those statements suffice would be a guess (conditions,
grants), and what the bot gave it can take back without asking what else there is.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
from aws_ops.ids import (
    AccountId,
    KeyUser,
    OrganizationPath,
    PrincipalArn,
    account_of,
    is_organization_path,
    parse_key_user,
    parse_organization_path,
    parse_principal_arn,
)

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
        raise MalformedPolicy(error) from error
    statement = document.get("Statement") if isinstance(document, dict) else None
    statements = statement if isinstance(statement, list) else [statement]
    if not statements or not all(isinstance(each, dict) for each in statements):
        raise MalformedPolicy("it has no statements")
    return KeyPolicy(_minified(document))


def own_users(policy: KeyPolicy) -> frozenset[KeyUser]:
    """The principals and organizations that the bot's own statements on use name, in one of them at least."""
    return frozenset(user for own in _USES for user in _named(own, policy.statements))


def own_administrators(policy: KeyPolicy) -> frozenset[PrincipalArn]:
    """The principals that the bot's own statement on administration names."""
    return frozenset(map(parse_principal_arn, _named(_ADMINISTRATION, policy.statements)))


def lacking(policy: KeyPolicy, users: Iterable[KeyUser]) -> tuple[KeyUser, ...]:
    """Those of `users` that the bot's statements on use don't both name, sorted."""
    served = frozenset(
        user
        for use, grants in zip(_USE, _GRANTS, strict=True)
        for user in _named(use, policy.statements) & _named(grants, policy.statements)
    )
    return tuple(sorted(_checked(users) - served))


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


def foreign_accounts(policy: KeyPolicy, owner: AccountId) -> frozenset[AccountId]:
    """The accounts besides `owner` of whom a statement allows somebody something, whoever wrote it."""
    named = {
        parse_principal_arn(name)
        for statement in policy.statements
        if statement.get("Effect") == "Allow"
        for name in principal_names(statement.get("Principal"))
        if _is_principal(name)
    }
    return frozenset(map(account_of, named)) - {owner}


def deleted_own_principals(policy: KeyPolicy) -> tuple[str, ...]:
    """The unique ids in the bot's own statements, sorted: whoever they were, they go with the next write."""
    named = {
        name
        for statement in policy.statements
        for own in _OWN
        if own.matches(statement)
        for name in own.whom.named(statement)
    }
    return tuple(sorted(filter(_UNIQUE_ID.fullmatch, named)))


def obstacles(
    policy: KeyPolicy, users: Iterable[KeyUser], administrators: Iterable[PrincipalArn] = ()
) -> tuple[KeyPolicyError, ...]:
    """Why KMS wouldn't store `policy` once `users` may use the key and `administrators` see to its grants.

    All reasons, not only the first. Nothing stands against a policy that need not change.
    """
    used = _allowing(policy, users, _USES)
    return _reasons_against(_allowing(used, administrators, (_ADMINISTRATION,)), policy)


def allow_use(policy: KeyPolicy, users: Iterable[KeyUser]) -> KeyPolicy:
    """Return `policy` with `users` able to use the key for EBS volumes, and nothing else changed.

    Adds to the bot's two statements, or makes them; returns `policy` itself if nobody lacks anything. Only the grant
    statement is bound to AWS resources: on the use statement the condition would void it, since
    `kms:GrantIsForAWSResource` is absent from `kms:Decrypt` (KMS developer guide, "Condition keys"). Principals that
    were deleted since are dropped from the bot's own statements.

    The members of organizations can't be named one by one: their statements are everybody's, under the condition that
    they come from the organization. AWS's own example for organizations has no statement for grants, without which
    EBS can't attach a volume (EC2 User Guide, "Allow organizations and OUs to use a KMS key").

    Raises:
        MalformedId: somebody is neither an account, the ARN of a root, role or user, nor the path of an organization;
            `*` never is.
        DeletedPrincipals: another statement names a principal that no longer exists; KMS would refuse the document.
        PolicyNotLatin1: the document holds characters that KMS doesn't store.
        PolicyTooLarge: the result would pass KMS's 32,768 bytes; says by how much.
    """
    return _storable(_allowing(policy, users, _USES), policy)


def with_own_statements_alone(policy: KeyPolicy) -> KeyPolicy:
    """Return `policy` with the bot's own statements and no others, each as the bot writes it."""
    return policy.with_statements(
        [
            own.naming(own.whom.named(statement))
            for statement in policy.statements
            for own in _OWN
            if own.matches(statement)
        ]
    )


def allow_administration(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> KeyPolicy:
    """Return `policy` with `principals` able to make, list and revoke grants on the key, and nothing else changed.

    They can hand the key on to anybody, and take other people's grants away. The statement holds no more than what has
    an effect for another account: KMS takes no other administrative action across accounts (KMS developer guide,
    "Allowing users in other accounts to use a KMS key").

    The errors are those of `allow_use`.
    """
    return _storable(_allowing(policy, principals, (_ADMINISTRATION,)), policy)


def withdraw_use(policy: KeyPolicy, users: Iterable[KeyUser]) -> KeyPolicy:
    """Return `policy` with `users` gone from the bot's own statements on use, and nothing else changed.

    What other people's statements give them stays. Returns `policy` itself if the bot's statements name none of them;
    but if they name principals that were deleted since, any of them may be one of those, and these go.

    Raises:
        MalformedId: see `allow_use`.
        DeletedPrincipals: another statement names a principal that no longer exists; KMS would refuse the document.
        PolicyNotLatin1: the document holds characters that KMS doesn't store.
    """
    return _without(policy, users, _USES)


def withdraw_administration(policy: KeyPolicy, principals: Iterable[PrincipalArn]) -> KeyPolicy:
    """Return `policy` with `principals` gone from the bot's own statement on administration; else as `withdraw_use`."""
    return _without(policy, principals, (_ADMINISTRATION,))


@dataclass(frozen=True)
class _Principals:
    """Users of a key that a statement names as its principals."""

    def statement(self, names: Iterable[str]) -> Statement:
        return {"Principal": {"AWS": sorted(names)}}

    def named(self, statement: Statement) -> tuple[str, ...]:
        element = statement.get("Principal")
        return _strings(element.get("AWS")) if isinstance(element, dict) else ()

    def suits(self, user: KeyUser) -> bool:
        return not is_organization_path(user)

    def knows(self, name: str) -> bool:
        return self.lives(name) or _UNIQUE_ID.fullmatch(name) is not None

    def lives(self, name: str) -> bool:
        return _is_principal(name)


@dataclass(frozen=True)
class _Members:
    """Users of a key that a statement knows by the organization they come from: everybody, under that condition."""

    operator: str
    key: str
    of_units: bool

    def statement(self, names: Iterable[str]) -> Statement:
        return {"Principal": {"AWS": "*"}, "Condition": {self.operator: {self.key: sorted(names)}}}

    def named(self, statement: Statement) -> tuple[str, ...]:
        condition = statement.get("Condition")
        keys = condition.get(self.operator) if isinstance(condition, dict) else None
        return _strings(keys.get(self.key)) if isinstance(keys, dict) else ()

    def suits(self, user: KeyUser) -> bool:
        return is_organization_path(user) and ("/" in user) == self.of_units

    def knows(self, name: str) -> bool:
        return _is_path(name) and ("/" in name) == self.of_units

    def lives(self, name: str) -> bool:
        return self.knows(name)


@dataclass(frozen=True)
class _OwnStatement:
    """One of the statements that the bot writes."""

    sid: str
    actions: tuple[str, ...]
    whom: _Principals | _Members
    condition: Mapping[str, Any] = field(default_factory=dict)

    def naming(self, names: Iterable[str]) -> Statement:
        spoken_to = self.whom.statement(names)
        condition = {**spoken_to.get("Condition", {}), **self.condition}
        statement = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": spoken_to["Principal"],
            "Action": list(self.actions),
            "Resource": "*",
        }
        return statement | ({"Condition": condition} if condition else {})

    def matches(self, statement: Statement) -> bool:
        """Whether `statement` is this one: by its Sid and its shape, whomever it names."""
        names = self.whom.named(statement)
        return (
            bool(names)
            and all(map(self.whom.knows, names))
            and _meaning(dict(statement)) == _meaning(dict(self.naming(names)))
        )

    def users(self, statement: Statement) -> frozenset[KeyUser]:
        """The living users that `statement` names, if it is this one."""
        if not self.matches(statement):
            return frozenset()
        return frozenset(parse_key_user(name) for name in self.whom.named(statement) if self.whom.lives(name))


_PRINCIPALS = _Principals()
_ORGANIZATIONS = _Members("StringEquals", "aws:PrincipalOrgID", of_units=False)
_UNITS = _Members("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", of_units=True)

_USE_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
_GRANT_ACTIONS = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")
_FOR_AWS_RESOURCES = {"Bool": {"kms:GrantIsForAWSResource": "true"}}

_USE = (
    _OwnStatement("AmiShareBotUse", _USE_ACTIONS, _PRINCIPALS),
    _OwnStatement("AmiShareBotOrganizationUse", _USE_ACTIONS, _ORGANIZATIONS),
    _OwnStatement("AmiShareBotUnitUse", _USE_ACTIONS, _UNITS),
)
_GRANTS = (
    _OwnStatement("AmiShareBotGrants", _GRANT_ACTIONS, _PRINCIPALS, _FOR_AWS_RESOURCES),
    _OwnStatement("AmiShareBotOrganizationGrants", _GRANT_ACTIONS, _ORGANIZATIONS, _FOR_AWS_RESOURCES),
    _OwnStatement("AmiShareBotUnitGrants", _GRANT_ACTIONS, _UNITS, _FOR_AWS_RESOURCES),
)
_USES = tuple(own for pair in zip(_USE, _GRANTS, strict=True) for own in pair)
_ADMINISTRATION = _OwnStatement(
    "AmiShareBotAdministration",
    ("kms:CreateGrant", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:RevokeGrant"),
    _PRINCIPALS,
)
_OWN = (*_USES, _ADMINISTRATION)


def _allowing(policy: KeyPolicy, users: Iterable[KeyUser], by: tuple[_OwnStatement, ...]) -> KeyPolicy:
    wanted = _checked(users)
    missing = [frozenset(filter(own.whom.suits, wanted)) - _named(own, policy.statements) for own in by]
    if not any(missing):
        return policy
    statements = _narrowed(policy.statements, frozenset(), by)
    for own, lacked in zip(by, missing, strict=True):
        _add(statements, own, lacked)
    return policy.with_statements(statements)


def _without(policy: KeyPolicy, users: Iterable[KeyUser], by: tuple[_OwnStatement, ...]) -> KeyPolicy:
    unwanted = _checked(users)
    named = any(_named(own, policy.statements) & unwanted for own in by)
    if not named and not (unwanted and deleted_own_principals(policy)):
        return policy
    return _storable(policy.with_statements(_narrowed(policy.statements, unwanted, by)), policy)


def _add(statements: list[Statement], own: _OwnStatement, missing: frozenset[KeyUser]) -> None:
    for place, statement in enumerate(statements):
        if own.matches(statement):
            statements[place] = own.naming(own.users(statement) | missing)
            return
    if missing:
        statements.append(own.naming(missing))


def _narrowed(
    statements: Iterable[Statement], unwanted: frozenset[KeyUser], by: tuple[_OwnStatement, ...]
) -> list[Statement]:
    """The statements, with deleted principals gone from the bot's own, and `unwanted` from those in `by`."""
    kept: list[Statement] = []
    for statement in statements:
        own = next((own for own in _OWN if own.matches(statement)), None)
        if own is None:
            kept.append(statement)
        elif left := own.users(statement) - (unwanted if own in by else frozenset()):
            kept.append(own.naming(left))
    return kept


def _named(own: _OwnStatement, statements: Iterable[Statement]) -> frozenset[KeyUser]:
    return frozenset(user for statement in statements for user in own.users(statement))


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


def _checked(users: Iterable[KeyUser]) -> frozenset[KeyUser]:
    return frozenset(map(parse_key_user, users))


def _is_principal(name: str) -> bool:
    return _is_good(parse_principal_arn, name)


def _is_path(name: str) -> bool:
    return _is_good(parse_organization_path, name)


def _is_good(parse_name: Callable[[str], PrincipalArn | OrganizationPath], name: str) -> bool:
    try:
        parse_name(name)
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
            (key, _meaning(_spelt_out(key, each), names=names or key in {"Principal", "NotPrincipal"}))
            for key, each in value.items()
        )
    if isinstance(value, list):
        return ("list", _meaning(value, names=names))
    if isinstance(value, str):
        return parse_principal_arn(value) if names and _is_principal(value) else value
    return None if value is None else json.dumps(value)


def _spelt_out(element: str, value: object) -> object:
    """A bare `*` for a principal means every account's (IAM, "Principal")."""
    return {"AWS": "*"} if element == "Principal" and value == "*" else value


def _minified(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("it names an element twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
