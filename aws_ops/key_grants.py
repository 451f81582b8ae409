"""Key grants: let one principal use a customer managed key beside its policy, and take that back.

A grant has one grantee, is read by `ListGrants` and revoked by its id. The bot knows its own by their name, which says
whom it is for, and touches no other: EBS keeps grants of its own for every volume under the key.

`kms:GrantIsForAWSResource` can't be asked of a grant. What binds a grantee that may `CreateGrant` through one: it can
pass on no other operations than its own grant's (KMS developer guide, "Granting CreateGrant permission"). So none of
ours has `Encrypt` unless AWS asks for it, and none has `RetireGrant`. An encryption context can't bind them either: EBS
names each volume and snapshot in its own, and nobody knows them ahead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_ops.calls import calling
from aws_ops.causes import CauseKind, because
from aws_ops.errors import AwsRefused, InvalidGrantee, MalformedId, NotFound, NotYetVisible
from aws_ops.ids import KeyArn, PrincipalArn, account_of, parse_principal_arn

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient
    from types_boto3_kms.literals import GrantOperationType
    from types_boto3_kms.type_defs import GrantListEntryTypeDef

_FOR_EBS: tuple[GrantOperationType, ...] = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)
"""What AWS lists for users of a shared snapshot (EBS user guide, "Share the KMS key")."""

_FOR_AUTO_SCALING: tuple[GrantOperationType, ...] = (*_FOR_EBS, "Encrypt")
"""What AWS lists for it (Auto Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes")."""

_AUTO_SCALING = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
_NAME = "AmiShareBot/"
_PAGE = 100  # the most that KMS gives (KMS, ListGrants)


@dataclass(frozen=True)
class KeyGrant:
    """A grant on a key, as KMS shows it.

    Attributes:
        grantee: an ARN; the unique id of a role or user that is gone; or an AWS service.
        constrained: it holds only under conditions.
    """

    grant_id: str
    name: str
    grantee: str
    operations: frozenset[str]
    constrained: bool = False


@dataclass(frozen=True)
class KeyGrantChange:
    """The grants that a principal had by the bot, by id, before and after."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def auto_scaling_role(root: PrincipalArn) -> PrincipalArn:
    """The service-linked role by which Auto Scaling launches in the account whose root is given."""
    return PrincipalArn(f"{root.removesuffix('root')}{_AUTO_SCALING}")


def is_auto_scaling(principal: PrincipalArn) -> bool:
    return principal.endswith(f":{_AUTO_SCALING}")


def operations_for(principal: PrincipalArn) -> tuple[GrantOperationType, ...]:
    """What the bot grants that principal, sorted."""
    return tuple(sorted(_FOR_AUTO_SCALING if is_auto_scaling(principal) else _FOR_EBS))


def grant_name(principal: PrincipalArn) -> str:
    """The name of the bot's grant for `principal`: the same one each time, so that a retry makes no second grant.

    A name takes fewer characters than an ARN (KMS, CreateGrant: letters, digits, `:/_-`), hence the digest.
    """
    digest = hashlib.sha256(principal.encode()).hexdigest()[:16]
    return f"{_NAME}{account_of(principal)}/{digest}"


def own_grantees(grants: Iterable[KeyGrant]) -> frozenset[PrincipalArn]:
    """Whom the bot's own grants let use the key, all operations of it and without conditions."""
    return frozenset(
        principal
        for grant in grants
        if (principal := _principal(grant)) and grant.name == grant_name(principal) and _is_whole(grant, principal)
    )


def grants_for(grants: Iterable[KeyGrant], principal: PrincipalArn) -> tuple[KeyGrant, ...]:
    """The bot's own grants for `principal`, whole or not, and also if it is gone and only its unique id is left."""
    return tuple(grant for grant in grants if grant.name == grant_name(principal))


def _is_whole(grant: KeyGrant, principal: PrincipalArn) -> bool:
    return not grant.constrained and grant.operations >= set(operations_for(principal))


def _principal(grant: KeyGrant) -> PrincipalArn | None:
    try:
        return parse_principal_arn(grant.grantee)
    except MalformedId:
        return None


def read_grants(kms: KMSClient, key_arn: KeyArn) -> tuple[KeyGrant, ...]:
    """All grants on the key: the bot's, and those that EBS made for each volume.

    Raises:
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    pages = kms.get_paginator("list_grants").paginate(KeyId=key_arn, PaginationConfig={"PageSize": _PAGE})
    with calling("ListGrants"):
        return tuple(_grant(entry) for page in pages for entry in page.get("Grants", []))


def knows(kms: KMSClient, key_arn: KeyArn, principal: PrincipalArn) -> bool:
    """Whether KMS would take `principal` for a grantee, as far as it says without making the grant.

    Raises:
        AwsBusy: see `calls.calling`.
    """
    try:
        _create(kms, key_arn, principal, dry_run=True)
    except InvalidGrantee:
        return False
    except AwsRefused:  # that it would have succeeded, or what the grant itself will be refused for
        return True
    return True


def create_grant(
    kms: KMSClient, key_arn: KeyArn, principal: PrincipalArn, *, before_write: Callable[[], None]
) -> KeyGrantChange | None:
    """Let `principal` use the key by a grant of the bot's, and make sure that it is there.

    Args:
        kms: a client in the key's own account and region.
        key_arn: the key.
        principal: the one grantee.
        before_write: is called ahead of the write; if it raises, nothing is written.

    Returns:
        The change, or None if there is such a grant already.

    Raises:
        InvalidGrantee: KMS doesn't know the principal, or not yet.
        NotYetVisible: the grant was accepted, but isn't shown yet; doing it again does no harm.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    before = read_grants(kms, key_arn)
    if principal in own_grantees(before):
        return None
    before_write()
    _create(kms, key_arn, principal)
    after = read_grants(kms, key_arn)
    if principal not in own_grantees(after):
        why = because(CauseKind.GRANT_NOT_SHOWN, key=key_arn, principal=principal)
        raise NotYetVisible(f"{key_arn} was granted to {principal}, but KMS doesn't show it yet", why)
    return KeyGrantChange(_ids(before, principal), _ids(after, principal))


def _create(kms: KMSClient, key_arn: KeyArn, principal: PrincipalArn, *, dry_run: bool = False) -> None:
    try:
        with calling("CreateGrant"):
            kms.create_grant(
                KeyId=key_arn,
                GranteePrincipal=principal,
                Operations=list(operations_for(principal)),
                Name=grant_name(principal),
                DryRun=dry_run,
            )
    except AwsRefused as refused:
        if refused.code == "InvalidArnException":
            raise InvalidGrantee(principal, service_linked=is_auto_scaling(principal)) from refused
        raise


def revoke_grants(
    kms: KMSClient, key_arn: KeyArn, principal: PrincipalArn, *, before_write: Callable[[tuple[str, ...]], None]
) -> KeyGrantChange | None:
    """Revoke every grant of the bot's that `principal` has on the key; other people's and EBS's stay.

    Args:
        kms: a client in the key's own account and region.
        key_arn: the key.
        principal: the one grantee.
        before_write: is called with the grants' ids ahead of the writes; if it raises, nothing is written.

    Returns:
        The change, or None if there was no such grant.

    Raises:
        NotYetVisible: the grants were revoked, but are still shown; doing it again does no harm.
        NotFound, AccessDenied, AwsRefused, AwsBusy: see `calls.calling`.
    """
    before = _ids(read_grants(kms, key_arn), principal)
    if not before:
        return None
    before_write(before)
    for grant_id in before:
        try:
            with calling("RevokeGrant"):
                kms.revoke_grant(KeyId=key_arn, GrantId=grant_id)
        except NotFound:  # somebody was faster; that the key is there was seen a moment ago
            continue
    after = _ids(read_grants(kms, key_arn), principal)
    if after:
        why = because(CauseKind.GRANT_STILL_SHOWN, key=key_arn, principal=principal)
        raise NotYetVisible(f"the grant of {key_arn} to {principal} was revoked, but KMS still shows it", why)
    return KeyGrantChange(before, after)


def _ids(grants: Iterable[KeyGrant], principal: PrincipalArn) -> tuple[str, ...]:
    return tuple(sorted(grant.grant_id for grant in grants_for(grants, principal)))


def _grant(entry: GrantListEntryTypeDef) -> KeyGrant:
    return KeyGrant(
        grant_id=entry.get("GrantId", ""),
        name=entry.get("Name", ""),
        grantee=entry.get("GranteePrincipal", ""),
        operations=frozenset(entry.get("Operations", [])),
        constrained=bool(entry.get("Constraints")),
    )
