"""Users, roles, and the credentials that speak for them.

Policies name a user or role by ARN, and AWS keeps it by unique id: a role that is deleted and made again under the same
name is another role, and a policy that named the old one shows its bare `AROA…` (IAM user guide, "AWS JSON policy
elements: Principal").
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from playground.aws.ids import ACCOUNT, Ids
from playground.aws.policies import Policy, Statement, principals, statements

_ROOT = re.compile(r"arn:aws:iam::(\d{12}):root")
_SESSION = re.compile(r"arn:aws:sts::\d{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+")


@dataclass(eq=False, kw_only=True)
class Principal:
    """A user or a role."""

    name: str
    arn: str
    unique_id: str
    account_id: str
    policies: list[Policy]


@dataclass(eq=False, kw_only=True)
class User(Principal):
    """An IAM user: has keys that do not expire."""


@dataclass(eq=False, kw_only=True)
class Role(Principal):
    """An IAM role: whoever its trust policy names may borrow it for a while."""

    trust: Policy
    max_session: timedelta


@dataclass(eq=False, frozen=True, kw_only=True)
class Credentials:
    """An access key and whom it speaks for. Everything that a call may do follows from it."""

    access_key_id: str
    secret_access_key: str
    principal: Principal
    session_token: str | None = None
    session_name: str | None = None
    expires: datetime | None = None
    session_policy: Policy | None = None

    @property
    def account_id(self) -> str:
        return self.principal.account_id

    @property
    def arn(self) -> str:
        if self.session_name is None:
            return self.principal.arn
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.principal.name}/{self.session_name}"

    @property
    def user_id(self) -> str:
        unique_id = self.principal.unique_id
        return unique_id if self.session_name is None else f"{unique_id}:{self.session_name}"

    def for_boto(self) -> dict[str, str | None]:
        """Give the keyword arguments that `boto3.Session` and its clients take."""
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
        }


class InvalidPrincipal(Exception):
    """A policy names someone who does not exist, or in a form that AWS does not know."""


@dataclass
class Identities:
    """Everyone in every account, found by access key, by ARN or by unique id."""

    ids: Ids
    account_ids: set[str] = field(default_factory=set)
    _by_arn: dict[str, Principal] = field(default_factory=dict)
    _by_unique_id: dict[str, Principal] = field(default_factory=dict)
    _by_access_key: dict[str, Credentials] = field(default_factory=dict)

    def add(self, principal: Principal) -> None:
        if principal.arn in self._by_arn:
            raise ValueError(f"{principal.arn} exists already")
        self._by_arn[principal.arn] = self._by_unique_id[principal.unique_id] = principal

    def delete(self, arn: str) -> None:
        principal = self._by_arn.pop(arn)
        del self._by_unique_id[principal.unique_id]
        self._by_access_key = {k: c for k, c in self._by_access_key.items() if c.principal is not principal}

    def named(self, arn: str) -> Principal:
        return self._by_arn[arn]

    def role(self, arn: str) -> Role | None:
        found = self._by_arn.get(arn)
        return found if isinstance(found, Role) else None

    def exists(self, principal: Principal) -> bool:
        return principal.unique_id in self._by_unique_id

    def long_lived_key(self, principal: User) -> Credentials:
        return self._issued(
            Credentials(
                access_key_id=self.ids.iam("AKIA", 20),
                secret_access_key=self.ids.token("secret")[:40],
                principal=principal,
            )
        )

    def session(self, role: Role, name: str, expires: datetime, session_policy: Policy | None = None) -> Credentials:
        return self._issued(
            Credentials(
                access_key_id=self.ids.iam("ASIA", 20),
                secret_access_key=self.ids.token("secret")[:40],
                principal=role,
                session_token=self.ids.token("session"),
                session_name=name,
                expires=expires,
                session_policy=session_policy,
            )
        )

    def speaking_with(self, access_key_id: str, session_token: str | None) -> Credentials | None:
        """Find whom a request is signed for. The signature itself is not checked: there is nobody here to forge it."""
        found = self._by_access_key.get(access_key_id)
        return found if found is not None and found.session_token == session_token else None

    def stored_form(self, principal: str) -> str:
        """Return how AWS keeps a principal of a policy: by unique id, or the root of an account by its ARN.

        Raises:
            InvalidPrincipal: it does not exist. A bare `AROA…` or `AIDA…` is the trace of one that did.
        """
        if principal == "*" or _SESSION.fullmatch(principal):
            return principal
        account = principal if ACCOUNT.fullmatch(principal) else (_ROOT.fullmatch(principal) or [None, None])[1]
        if account in self.account_ids:
            return f"arn:aws:iam::{account}:root"
        if principal in self._by_arn:
            return self._by_arn[principal].unique_id
        raise InvalidPrincipal(principal)

    def shown_form(self, stored: str) -> str:
        found = self._by_unique_id.get(stored)
        return found.arn if found else stored

    def _issued(self, credentials: Credentials) -> Credentials:
        self._by_access_key[credentials.access_key_id] = credentials
        return credentials


def names_caller(statement: Statement, caller: Credentials) -> bool:
    """Say whether a stored statement names the caller itself, or anyone at all."""
    mine = {"*", caller.principal.unique_id, caller.arn}
    return any(kind == "AWS" and value in mine for kind, value in principals(statement))


def names_account(statement: Statement, account_id: str) -> bool:
    """Say whether a stored statement leaves the decision to the account's own IAM policies."""
    return ("AWS", f"arn:aws:iam::{account_id}:root") in principals(statement)


def stored_policy(policy: Policy, identities: Identities) -> Policy:
    """Return `policy` as AWS keeps it. Raises `InvalidPrincipal` as `Identities.stored_form` does."""
    return _with_principals(policy, identities.stored_form)


def shown_policy(policy: Policy, identities: Identities) -> Policy:
    return _with_principals(policy, identities.shown_form)


def _with_principals(policy: Policy, form: Callable[[str], str]) -> Policy:
    return {**policy, "Statement": [_with_principal(each, form) for each in statements(policy)]}


def _with_principal(statement: Statement, form: Callable[[str], str]) -> Statement:
    element = statement.get("Principal")
    if not isinstance(element, Mapping) or "AWS" not in element:
        return statement
    named = element["AWS"]
    formed = form(named) if isinstance(named, str) else [form(each) for each in named]
    return {**statement, "Principal": {**element, "AWS": formed}}
