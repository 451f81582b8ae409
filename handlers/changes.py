"""Changes: what a plan does at AWS, in lines: one for each change, or of very many one for those of a kind. Pure."""

from collections.abc import Iterable, Sequence
from functools import partial

from aws_ops.ids import account_of
from aws_ops.key_grants import is_auto_scaling, operations_for
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    Change,
    CopyImage,
    CreateKeyGrant,
    DeregisterCopy,
    PutImageParameter,
    ReencryptImage,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    ShareReencrypted,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from handlers import mrkdwn
from handlers.layout import ALL, ShownIn
from handlers.speech import Speech
from handlers.wording import dashed, row, some

# As many as can be named in a request; a section of a message holds about 150.
_ACCOUNTS = 100
# What changes of a kind must have in common to be told in one line: who is let in, and what they may do.
_SAME = ("users", "accounts", "launchers", "operations")
_Words = dict[str, tuple[str, ...]]


def change(say: Speech, changed: Change, in_a_list: int = ALL) -> str:
    """Return what a change does, in a line; each list in it takes about so many characters."""
    lists = {name: _list(say, name, words, in_a_list) for name, words in _words(say, changed).items()}
    return say(f"change-{_kind(changed)}", **lists, **_marks(changed))


def of_each_kind(say: Speech, planned: Iterable[Change]) -> list[list[ShownIn]]:
    """Return lines for very many changes, by kind: one for all that differ only in what they are about."""
    together: dict[tuple[object, ...], list[_Words]] = {}
    first: dict[tuple[object, ...], Change] = {}
    for one in planned:
        words, marks = _words(say, one), _marks(one)
        same = (*(words.get(name) for name in _SAME), *(value not in ("none", "no") for value in marks.values()))
        together.setdefault((_kind(one), *same), []).append(words)
        first.setdefault((_kind(one), *same), one)
    kinds: dict[str, list[ShownIn]] = {}
    for like, one in first.items():
        kinds.setdefault(_kind(one), []).append(partial(_in_one, say, one, together[like]))
    return list(kinds.values())


def _in_one(say: Speech, first: Change, words_of_each: Sequence[_Words], in_a_list: int) -> str:
    """Changes of a kind in one line, with how many there are of each thing that they name."""
    if len(words_of_each) == 1:
        return change(say, first, in_a_list)
    merged: dict[str, dict[str, None]] = {}
    for one in words_of_each:
        for name, words in one.items():
            merged.setdefault(name, {}).update(dict.fromkeys(words))
    lists = {name: _list(say, name, tuple(words), in_a_list) for name, words in merged.items()}
    counts = {f"{name}_count": len(words) for name, words in merged.items()}
    return say(f"changes-{_kind(first)}", count=len(words_of_each), **lists, **counts, **_marks(first))


def _kind(changed: Change) -> str:
    to_auto_scaling = isinstance(changed, CreateKeyGrant) and is_auto_scaling(changed.principal)
    return dashed(changed.kind) + ("-to-auto-scaling" if to_auto_scaling else "")


def _marks(changed: Change) -> dict[str, str]:
    """What the sentence on a change depends on, besides the things that it names."""
    if not isinstance(changed, CopyImage):
        return {}
    return {
        "deprecated": mrkdwn.when(changed.deprecate_at) if changed.deprecate_at else "none",
        "protected": "no" if changed.protection in ("", "disabled") else "yes",
        "imds": "yes" if changed.imds_support else "no",
    }


def _words(say: Speech, changed: Change) -> _Words:
    """The things that the sentence on a change names, by their place in it."""
    match changed:
        case AllowKeyUse() | WithdrawKeyUse():
            return {"key": _codes(changed.key_arn), "users": _users(say, changed)}
        case AllowKeyAdministration() | WithdrawKeyAdministration():
            return {"key": _codes(changed.key_arn), "users": _codes(*changed.principals)}
        case CreateKeyGrant(key_arn=key, principal=principal):
            whom = {"account": _codes(account_of(principal))} if is_auto_scaling(principal) else {}
            operations = _codes(*operations_for(principal))
            return {"key": _codes(key), "principal": _codes(principal), "operations": operations, **whom}
        case RevokeKeyGrant(key_arn=key, principal=principal):
            return {"key": _codes(key), "principal": _codes(principal)}
        case AddCreateVolumePermission() | RemoveCreateVolumePermission():
            return {"snapshot": _codes(changed.snapshot_id), "accounts": _codes(*changed.accounts)}
        case AddLaunchPermission() | RemoveLaunchPermission():
            return {"image": _codes(changed.image_id), "launchers": _codes(*changed.launchers)}
        case ReencryptImage():
            names = {"image": _codes(changed.source_image_id), "account": _codes(changed.owner)}
            return {**names, "name": _codes(changed.name), "key": _codes(changed.key_arn)}
        case ShareReencrypted():
            whom = {"accounts": _codes(*changed.readers), "launchers": _codes(*changed.launchers)}
            return {"image": _codes(changed.source_image_id), **whom}
        case DeregisterCopy():
            return _at(changed, changed.image_id)
        case PutImageParameter():
            return {**_at(changed, changed.source_image_id), "parameter": _codes(changed.parameter)}
        case CopyImage():
            names = {"name": _codes(changed.name), "key": _codes(changed.key_arn)}
            return {**_at(changed, changed.source_image_id), **names}


def _at(changed: DeregisterCopy | PutImageParameter | CopyImage, image_id: str) -> _Words:
    return {"image": _codes(image_id), "account": _codes(changed.account_id), "region": _codes(changed.region)}


def _users(say: Speech, changed: AllowKeyUse | WithdrawKeyUse) -> tuple[str, ...]:
    """Whom a key's policy names, and of whom it knows only where they must come from."""
    members = (say("whoever-in-organization", organization=mrkdwn.code(path)) for path in changed.organizations)
    return (*_codes(*changed.principals), *members)


def _codes(*texts: str) -> tuple[str, ...]:
    return tuple(map(mrkdwn.code, texts))


def _list(say: Speech, name: str, words: Sequence[str], in_a_list: int) -> str:
    """The words in a row, as far as there is room; what somebody may do is always said in full."""
    if name == "operations":
        return row(say, words)
    if name != "accounts":
        return some(say, words, in_a_list)
    listed = some(say, words, in_a_list, _ACCOUNTS)
    return listed if listed == row(say, words) else say("many-accounts", count=len(words), listed=listed)
