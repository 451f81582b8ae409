"""The names AWS gives things, as types of their own, so that an account can't be passed for an image."""

import re
from typing import NewType, TypeGuard

from aws_ops.errors import MalformedId

AccountId = NewType("AccountId", str)
Region = NewType("Region", str)
ImageId = NewType("ImageId", str)
SnapshotId = NewType("SnapshotId", str)
KeyArn = NewType("KeyArn", str)
PrincipalArn = NewType("PrincipalArn", str)
RoleArn = NewType("RoleArn", str)
OrganizationArn = NewType("OrganizationArn", str)
"""An organization's, or an organizational unit's."""
OrganizationPath = NewType("OrganizationPath", str)
"""What a policy's condition knows the members by: an organization's id, or an OU's path and all that is below it."""

Launcher = AccountId | OrganizationArn
"""Whom launch permission can be given to, besides everybody."""
KeyUser = PrincipalArn | OrganizationPath
"""Whom a key's policy can let use the key."""

_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_IMAGE_ID = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:root|(?:role|user)/[\w+=,.@/-]+)", re.ASCII)

_ORGANIZATION = r"o-[a-z0-9]{10,32}"
_UNIT = r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}"
_ORGANIZATION_ARN = re.compile(
    rf"arn:aws[a-z-]*:organizations::[0-9]{{12}}:(?:organization/{_ORGANIZATION}|ou/{_ORGANIZATION}/{_UNIT})"
)
_ORGANIZATION_PATH = re.compile(rf"{_ORGANIZATION}(?:/r-[a-z0-9]{{4,32}}/(?:{_UNIT}/)+\*)?")


def parse_account_id(text: str) -> AccountId:
    """Return `text` as an account id.

    Raises:
        MalformedId: it isn't twelve digits.
    """
    if not _ACCOUNT_ID.fullmatch(text):
        raise MalformedId(text, "an account id is twelve digits, like 123456789012")
    return AccountId(text)


def parse_image_id(text: str) -> ImageId:
    """Return `text` as an AMI id, in its short or its long form.

    Raises:
        MalformedId: it isn't `ami-` and 8 or 17 hexadecimal digits (EC2 User Guide, "Resource IDs").
    """
    if not _IMAGE_ID.fullmatch(text):
        raise MalformedId(text, "an AMI id is ami- and 17 (or 8) hexadecimal digits, like ami-0123456789abcdef0")
    return ImageId(text)


def parse_key_arn(text: str) -> KeyArn:
    """Return `text` as the ARN of a KMS key (not of an alias).

    Raises:
        MalformedId: it isn't one.
    """
    if not _KEY_ARN.fullmatch(text):
        raise MalformedId(text, "a key ARN looks like arn:aws:kms:eu-central-1:123456789012:key/…")
    return KeyArn(text)


def parse_role_arn(text: str) -> RoleArn:
    """Return `text` as the ARN of an IAM role.

    Raises:
        MalformedId: it isn't one.
    """
    if not _ROLE_ARN.fullmatch(text):
        raise MalformedId(text, "a role ARN looks like arn:aws:iam::123456789012:role/ami-share")
    return RoleArn(text)


def parse_principal_arn(text: str) -> PrincipalArn:
    """Return `text` as the ARN of an account's root, a role or a user; a bare account id stands for its root.

    Raises:
        MalformedId: it is none of these. `*` isn't either: nobody is let in whom nobody named.
    """
    arn = f"arn:aws:iam::{text}:root" if _ACCOUNT_ID.fullmatch(text) else text
    if not _PRINCIPAL_ARN.fullmatch(arn):
        raise MalformedId(text, "a principal is an account id, or the ARN of an account's root, a role or a user")
    return PrincipalArn(arn)


def parse_organization_arn(text: str) -> OrganizationArn:
    """Return `text` as the ARN of an organization or of an organizational unit; an id alone is none.

    Raises:
        MalformedId: it is neither (Organizations API, "Organization" and "OrganizationalUnit").
    """
    if not _ORGANIZATION_ARN.fullmatch(text):
        form = "arn:aws:organizations::123456789012:organization/o-… or arn:aws:organizations::123456789012:ou/o-…/ou-…"
        raise MalformedId(text, f"the ARN of an organization or of an OU looks like {form}")
    return OrganizationArn(text)


def parse_organization_path(text: str) -> OrganizationPath:
    """Return `text` as an organization's id, or as the path of an OU with everything below it.

    Raises:
        MalformedId: it is neither. A path with a wildcard anywhere but at its end isn't one, nor is a root's.
    """
    if not _ORGANIZATION_PATH.fullmatch(text):
        raise MalformedId(text, "the path of an OU looks like o-…/r-…/ou-…/*, with every OU above it in its place")
    return OrganizationPath(text)


def parse_key_user(text: str) -> KeyUser:
    """Return `text` as somebody whom a key's policy can let use the key.

    Raises:
        MalformedId: see `parse_principal_arn` and `parse_organization_path`.
    """
    return parse_organization_path(text) if is_organization_path(text) else parse_principal_arn(text)


def is_organization_arn(text: str) -> TypeGuard[OrganizationArn]:
    return ":organizations:" in text


def is_unit_arn(arn: OrganizationArn) -> bool:
    """Whether it is an organizational unit's, and not a whole organization's."""
    return ":ou/" in arn


def is_organization_path(text: str) -> TypeGuard[OrganizationPath]:
    return text.startswith("o-")


def organization_of(arn: OrganizationArn) -> str:
    """The id of the organization, or of the organization that the OU is in."""
    return arn.split("/")[1]


def account_of(arn: KeyArn | PrincipalArn | RoleArn) -> AccountId:
    return AccountId(arn.split(":")[4])


def root_of(arn: RoleArn | PrincipalArn) -> PrincipalArn:
    """The root of the principal's account: it stands for everybody whom that account's IAM policies let in."""
    return PrincipalArn(f"{arn.rsplit(':', 1)[0]}:root")


def region_of(arn: KeyArn) -> Region:
    return Region(arn.split(":")[3])
