"""Causes: why something couldn't be read, done or put right, or isn't as it must be.

Values: what stands in the details is a name, or what AWS itself said. Sentences are made of them where it is known what
language the reader has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from aws_ops.details import Details, details


class CauseKind(StrEnum):
    """What stands in the way; the comment names the details. `said` is AWS's own message, empty if it gave none."""

    # What AWS answered.
    REFUSED = "refused"  # operation, code, said
    COULD_NOT = "could_not"  # operation, code, said (later is another matter)
    OWN_CREDENTIALS = "own_credentials"  # operation, code, said (the bot's own)
    ROLE_NOT_BELIEVED = "role_not_believed"  # operation, code, said (a region that isn't enabled, most often)
    OTHER_ORGANIZATION = "other_organization"  # wanted, found
    # What has no answer, since nothing was asked, or nothing was there.
    NOT_READ = "not_read"
    ABSENT = "absent"  # or hidden
    KEY_NOT_NAMED = "key_not_named"  # an encrypted snapshot shows no key
    NOBODY_MAY_ASK = "nobody_may_ask"  # no role is configured for it
    NO_LONGER_SOURCE = "no_longer_source"  # account
    NO_LONGER_CONFIGURED = "no_longer_configured"  # account
    # What AWS accepted and doesn't show.
    IMAGE_NOT_SEEN = "image_not_seen"  # account, image, said
    STORAGE_NOT_SEEN = "storage_not_seen"  # account, image, said
    PERMISSION_NOT_SHOWN = "permission_not_shown"  # resource, grantees
    PERMISSION_STILL_SHOWN = "permission_still_shown"  # resource, grantees
    GRANT_NOT_SHOWN = "grant_not_shown"  # key, principal
    GRANT_STILL_SHOWN = "grant_still_shown"  # key, principal
    # What is wrong with what was to be written.
    MALFORMED_ID = "malformed_id"  # text
    GRANTEE_UNKNOWN = "grantee_unknown"  # principal
    SERVICE_LINKED_ROLE_MISSING = "service_linked_role_missing"  # principal
    MALFORMED_POLICY = "malformed_policy"
    DELETED_PRINCIPALS = "deleted_principals"  # principals (unique ids)
    PRINCIPALS_UNKNOWN = "principals_unknown"  # principals, or “none” if it can't be told which
    POLICY_NOT_LATIN_1 = "policy_not_latin_1"  # characters
    POLICY_LOCKS_OUT = "policy_locks_out"  # said
    POLICY_TOO_LARGE = "policy_too_large"  # size, over
    POLICY_CONTESTED = "policy_contested"  # key
    NOT_OWN_COPY = "not_own_copy"  # image, tag
    # What is wrong with a copy.
    NOT_AVAILABLE = "not_available"  # image, state (a `CopyState`)
    NO_SNAPSHOTS = "no_snapshots"  # image
    NOT_ENCRYPTED = "not_encrypted"  # snapshot
    UNDER_OTHER_KEY = "under_other_key"  # snapshot, key, intended


@dataclass(frozen=True)
class Cause:
    """One reason. `where` names the place or resource that it is about, if what is said around it doesn't.

    `str()` of it is for logs and programs.
    """

    kind: CauseKind
    details: Details = ()
    where: str = ""

    def __str__(self) -> str:
        named = ", ".join(f"{name} {value}" for name, value in self.details)
        said = self.kind.replace("_", " ") + (f" ({named})" if named else "")
        return f"{self.where}: {said}" if self.where else said


Why = tuple[Cause, ...]
"""All the reasons at once; none where there is nothing to say."""


def because(kind: CauseKind, **parts: str | Iterable[str]) -> Why:
    """Return the one reason."""
    return (Cause(kind, details(**parts)),)


def at(where: str, why: Why) -> Why:
    """Return the reasons, said of that place or resource."""
    return tuple(replace(cause, where=where) for cause in why)
