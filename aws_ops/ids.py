"""The names AWS gives things, as types of their own, so that an account can't be passed for an image."""

import re
from typing import NewType

from aws_ops.errors import MalformedId

AccountId = NewType("AccountId", str)
Region = NewType("Region", str)
ImageId = NewType("ImageId", str)
SnapshotId = NewType("SnapshotId", str)
KeyArn = NewType("KeyArn", str)
PrincipalArn = NewType("PrincipalArn", str)
RoleArn = NewType("RoleArn", str)

_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_IMAGE_ID = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:root|(?:role|user)/[\w+=,.@/-]+)", re.ASCII)


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


def account_of(arn: KeyArn | PrincipalArn | RoleArn) -> AccountId:
    return AccountId(arn.split(":")[4])


def root_of(arn: RoleArn | PrincipalArn) -> PrincipalArn:
    """The root of the principal's account: it stands for everybody whom that account's IAM policies let in."""
    return PrincipalArn(f"{arn.rsplit(':', 1)[0]}:root")


def region_of(arn: KeyArn) -> Region:
    return Region(arn.split(":")[3])
