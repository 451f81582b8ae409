"""Recipients: whom images can be shared with, as the form's menu offers them, and the keys that copies there are under.

Pure: what is offered is what the settings name, groups of accounts among it.
"""

from collections.abc import Iterable, Iterator, Mapping

from slack_sdk.models.blocks import ContextBlock, MarkdownTextObject, Option, OptionGroup

from aws_ops.facts import TargetAccount, TargetOrganization
from handlers import mrkdwn, wording
from handlers.speech import Speech
from sharing.estate import Estate

_Recipient = TargetAccount | TargetOrganization

# A menu shows 100 options of each group (docs.slack.dev/reference/block-kit/composition-objects/option-group-object);
# whoever types on sees the rest.
_OPTIONS = 100
# Characters of an option's text, and of its description.
_WORD = 75
_LINES = 20
_CONTEXT = 2900


def offered(say: Speech, estate: Estate, typed: str) -> list[OptionGroup]:
    """Return whom `typed` may mean, every word of it: groups of accounts, accounts, and organizations."""
    words = typed.lower().split()
    groups = [
        _group(say, name, members)
        for name, members in estate.groups.items()
        if all(word in name.lower() for word in words)
    ]
    accounts, organizations = (
        [_recipient(say, one) for one in kind if all(word in _known_by(one) for word in words)]
        for kind in (estate.targets, estate.organizations)
    )
    kinds = {"form-groups": groups, "form-accounts": accounts, "form-organizations": organizations}
    return [OptionGroup(label=say(kind), options=found[:_OPTIONS]) for kind, found in kinds.items() if found]


def picked(say: Speech, estate: Estate, names: Iterable[str]) -> list[Option]:
    """Return those that are called so, as they look once they are chosen."""
    return [_recipient(say, one) for one in _called(estate, names)]


def keys_of(say: Speech, estate: Estate, names: Iterable[str], block_id: str) -> ContextBlock | None:
    """Return what says under which key the copies of each of them will be; nothing if they are none."""
    lines = [_keys_line(say, one) for one in _called(estate, names)]
    if not lines:
        return None
    more = [say("more-lines", count=len(lines) - _LINES)] if len(lines) > _LINES else []
    text = "\n".join([say("form-keys"), *lines[:_LINES], *more])
    return ContextBlock(
        block_id=block_id, elements=[MarkdownTextObject(text=mrkdwn.cut(text, _CONTEXT), verbatim=True)]
    )


def _called(estate: Estate, names: Iterable[str]) -> list[_Recipient]:
    chosen = set(names)
    everybody: tuple[_Recipient, ...] = (*estate.targets, *estate.organizations)
    return [one for one in everybody if one.name in chosen]


def _known_by(one: _Recipient) -> str:
    return f"{one.name} {_id_of(one)}".lower()


def _id_of(one: _Recipient) -> str:
    return one.role.account_id if isinstance(one, TargetAccount) else one.arn.split("/")[-1]


def _recipient(say: Speech, one: _Recipient) -> Option:
    if isinstance(one, TargetAccount):
        about = say("form-target-account", account=_id_of(one), keys=", ".join(_regions_by_key(one)))
    else:
        about = say("form-target-organization", organization=_id_of(one))
    return _option(one.name, about)


def _group(say: Speech, name: str, members: tuple[str, ...]) -> Option:
    return _option(name, say("form-target-group", count=len(members), names=", ".join(members)))


def _option(name: str, about: str) -> Option:
    described = about if len(about) <= _WORD else f"{about[: _WORD - 1]}…"
    return Option(text=name[:_WORD], value=name, description=described)


def _keys_line(say: Speech, one: _Recipient) -> str:
    name = mrkdwn.code(one.name)
    if isinstance(one, TargetOrganization):
        return say("form-keys-organization", name=name)
    return say("form-keys-account", name=name, keys=wording.row(say, _keys(say, one)))


def _keys(say: Speech, one: TargetAccount) -> Iterator[str]:
    """Each key, with its regions where there are several."""
    keys = _regions_by_key(one)
    for key, regions in keys.items():
        alone = len(keys) == 1
        yield mrkdwn.code(key) if alone else f"{mrkdwn.code(key)} ({wording.row(say, map(mrkdwn.code, regions))})"


def _regions_by_key(one: TargetAccount) -> Mapping[str, list[str]]:
    """The keys as they are called in the account, each with the regions in which it is the one."""
    found: dict[str, list[str]] = {}
    for region, key in one.keys.items():
        found.setdefault(key.rsplit(":", 1)[-1], []).append(region)
    return found
