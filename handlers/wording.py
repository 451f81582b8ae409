"""Wording: refusals, cautions, failures and objections as sentences: what is wrong, and what to do.

The floors below name kinds and details; the words are the catalogues'. Sentences are mrkdwn; every detail in them is
escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import account_of
from aws_ops.key_grants import is_auto_scaling, operations_for
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    Caution,
    Change,
    CopyImage,
    CreateKeyGrant,
    DeregisterCopy,
    PutImageParameter,
    ReencryptImage,
    Refusal,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    ShareReencrypted,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from handlers import mrkdwn
from handlers.people import Stranger
from handlers.problems import Problem
from handlers.speech import Speech
from sharing.requests import Failure, FailureKind, Request, RequestKind
from sharing.states import RequestState, is_final


def refusal(say: Speech, refused: Refusal) -> str:
    return say(f"refusal-{_dashed(refused.kind)}", **_escaped(dict(refused.details)))


def caution(say: Speech, cautioned: Caution) -> str:
    return say(f"caution-{_dashed(cautioned.kind)}", **_escaped(dict(cautioned.details)))


def failure(say: Speech, failed: Failure) -> str:
    details = _escaped(failed.details)
    if failed.kind is FailureKind.NOT_REVOCABLE:
        details["state"] = state(say, RequestState(failed.details["state"]))
    return say(f"failure-{_dashed(failed.kind)}", **details)


def note(say: Speech, noted: Note) -> str:
    named = _escaped(dict(noted.details))
    if noted.kind is NoteKind.PROTECTED_FOR_NOW:
        named["until"] = mrkdwn.when(datetime.fromisoformat(named["until"]))
    return say(f"note-{_dashed(noted.kind)}", **named)


def problem(say: Speech, found: Problem) -> str:
    """Return what makes no sense, and what may have been meant, in plain text."""
    said = say(f"problem-{_dashed(found.kind)}", **found.details)
    return say("did-you-mean", said=said, alike=say("or-separator").join(found.alike)) if found.alike else said


def stranger(say: Speech, found: Stranger) -> str:
    return say(f"stranger-{_dashed(found)}")


def state(say: Speech, of: RequestState) -> str:
    """Return where a request stands, in a word or two."""
    return say(f"state-{_dashed(of)}")


def not_revocable(say: Speech, share: Request) -> str:
    """Return why a share can't be taken back as it stands, and what to do."""
    request, stands = mrkdwn.code(share.id), state(say, share.state)
    if share.kind is RequestKind.REVOKE:
        return say("not-revocable-itself-revokes", request=request, share=mrkdwn.code(str(share.of)))
    if share.state in (RequestState.REVOKING, RequestState.REVOKED):
        copies = "yes" if share.holds_copies else "no"
        by = mrkdwn.code(str(share.ended_by))
        return say("not-revocable-already", request=request, state=stands, by=by, copies=copies)
    if is_final(share.state):
        return say("not-revocable-gave-nothing", request=request, state=stands)
    return say("not-revocable-yet", request=request, state=stands)


def not_in_force(say: Speech, share: Request) -> str:
    """Return why there is nothing to compare for a request."""
    return say("not-in-force", request=mrkdwn.code(share.id), state=state(say, share.state))


def change(say: Speech, changed: Change) -> str:
    """Return what a change does, in a line."""
    return say(f"change-{_dashed(changed.kind)}{_whose(changed)}", **_named(say, changed))


def _whose(changed: Change) -> str:
    to_auto_scaling = isinstance(changed, CreateKeyGrant) and is_auto_scaling(changed.principal)
    return "-to-auto-scaling" if to_auto_scaling else ""


def _named(say: Speech, changed: Change) -> dict[str, str]:
    """What the sentence on a change names."""
    code = mrkdwn.code
    match changed:
        case AllowKeyUse(key_arn=key) | WithdrawKeyUse(key_arn=key):
            return {"key": code(key), "users": _users(say, changed)}
        case AllowKeyAdministration(key_arn=key) | WithdrawKeyAdministration(key_arn=key):
            return {"key": code(key), "users": row(say, map(code, changed.principals))}
        case CreateKeyGrant(key_arn=key, principal=principal):
            operations = row(say, map(code, operations_for(principal)))
            whom = {"account": code(account_of(principal))} if is_auto_scaling(principal) else {}
            return {"key": code(key), "principal": code(principal), "operations": operations, **whom}
        case RevokeKeyGrant(key_arn=key, principal=principal):
            return {"key": code(key), "principal": code(principal)}
        case AddCreateVolumePermission() | RemoveCreateVolumePermission():
            return {"snapshot": code(changed.snapshot_id), "accounts": _accounts(say, changed.accounts)}
        case AddLaunchPermission() | RemoveLaunchPermission():
            return {"image": code(changed.image_id), "launchers": row(say, map(code, changed.launchers))}
        case ReencryptImage():
            names = {"image": code(changed.source_image_id), "account": code(changed.owner)}
            return {**names, "name": code(changed.name), "key": code(changed.key_arn)}
        case ShareReencrypted():
            whom = {"accounts": _accounts(say, changed.readers), "launchers": row(say, map(code, changed.launchers))}
            return {"image": code(changed.source_image_id), **whom}
        case DeregisterCopy():
            return _at(changed, changed.image_id)
        case PutImageParameter():
            return {**_at(changed, changed.source_image_id), "parameter": code(changed.parameter)}
        case CopyImage():
            return {
                **_at(changed, changed.source_image_id),
                "name": code(changed.name),
                "key": code(changed.key_arn),
                "deprecated": mrkdwn.when(changed.deprecate_at) if changed.deprecate_at else "none",
                "protected": "no" if changed.protection in ("", "disabled") else "yes",
            }


def _at(changed: DeregisterCopy | PutImageParameter | CopyImage, image_id: str) -> dict[str, str]:
    where = {"account": mrkdwn.code(changed.account_id), "region": mrkdwn.code(changed.region)}
    return {"image": mrkdwn.code(image_id), **where}


def row(say: Speech, words: Iterable[str]) -> str:
    """Return words, which are mrkdwn, with what stands between them."""
    return say("list-separator").join(words)


def _users(say: Speech, change: AllowKeyUse | WithdrawKeyUse) -> str:
    """Whom a key's policy names, and of whom it knows only where they must come from."""
    members = (say("whoever-in-organization", organization=mrkdwn.code(path)) for path in change.organizations)
    return row(say, [*map(mrkdwn.code, change.principals), *members])


def _accounts(say: Speech, accounts: Sequence[str]) -> str:
    """The accounts; of an organization's many, how many they are and the first of them."""
    codes = list(map(mrkdwn.code, accounts))
    if len(codes) <= _ACCOUNTS:
        return row(say, codes)
    first, more = row(say, codes[:_ACCOUNTS]), len(codes) - _ACCOUNTS
    return say("many-accounts", count=len(codes), first=first, more=more)


_ACCOUNTS = 100  # as many as can be named in a request; a section of a message holds about 150


def _dashed(kind: StrEnum | str) -> str:
    return str(kind).replace("_", "-")


def _escaped(details: Mapping[str, str]) -> dict[str, str]:
    # AWS's own words often bring a full stop along.
    return {name: mrkdwn.escape(value).rstrip(". ") for name, value in details.items()}
