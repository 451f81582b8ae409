"""The help: what the command can do, with examples that work in this estate. Pure."""

from collections.abc import Mapping

from handlers import mrkdwn, wording
from handlers.command import Verb
from handlers.speech import Speech
from sharing.estate import Estate

_NAMES = 100


def help_text(say: Speech, command: str, estate: Estate, verb: Verb | None = None) -> str:
    """Return what the command can do, or one verb of it; each form with an example."""
    usages = _usages(command, estate)
    if verb is None:
        every = {name: usage for of_verb in usages.values() for name, usage in of_verb.items()}
        return "\n".join([say("help-title"), _syntax(command), *_examples(say, every), *_names(say, estate)])
    about = [say(f"help-about-{verb.value}"), *([_syntax(command)] if verb is Verb.SHARE else [])]
    return "\n".join([*about, *_examples(say, usages[verb]), *(_names(say, estate) if verb is Verb.SHARE else [])])


def _usages(command: str, estate: Estate) -> Mapping[Verb, Mapping[str, str]]:
    """What can be typed, verb by verb, each with the name of its sentence."""
    share = f"{command} ami-0123456789abcdef0 to {estate.targets[0].name}"
    return {
        Verb.SHARE: {
            "copy": f"{share} reason release 42",
            "by-name": f"{command} golden-2026-11 to {estate.targets[0].name} ticket OPS-42",
            "regions": f"{share} in {estate.regions[0]}",
            "key": f"{share} copy with alias/golden",
            "no-copy": f"{share} no copy",
            "auto-scaling": f"{share} no copy with auto scaling",
            "then-unshare": f"{share} then unshare",
            "end": f"{share} for 30d",
            "form": command,
        },
        Verb.PLAN: {"plan": f"{command} plan ami-0123456789abcdef0 to {estate.targets[0].name}"},
        Verb.STATUS: {"status": f"{command} status R-7K2M9QXA"},
        Verb.LIST: {"list": f"{command} list"},
        Verb.CANCEL: {"cancel": f"{command} cancel R-7K2M9QXA"},
        Verb.REVOKE: {
            "revoke": f"{command} revoke R-7K2M9QXA reason no longer needed",
            "revoke-copies": f"{command} revoke R-7K2M9QXA and deregister the copies",
        },
        Verb.AUDIT: {"audit": f"{command} audit", "audit-one": f"{command} audit R-7K2M9QXA"},
        Verb.RETIRE: {"retire": f"{command} retire"},
        Verb.HELP: {"verb": f"{command} help {Verb.REVOKE.value}"},
    }


def _syntax(command: str) -> str:
    return mrkdwn.code(
        f"{command} IMAGE, … to ACCOUNT, … [in REGION, …] [until DATE] [no copy] [copy with alias/…] [ticket …] "
        "[reason …]"
    )


def _examples(say: Speech, usages: Mapping[str, str]) -> list[str]:
    return [f"• {say(f'help-{name}', usage=mrkdwn.code(usage))}" for name, usage in usages.items()]


def _names(say: Speech, estate: Estate) -> list[str]:
    names: dict[str, list[str]] = {
        "help-accounts": [one.name for one in estate.targets],
        "help-groups": list(estate.groups),
        "help-organizations": [one.name for one in estate.organizations],
        "help-places": [str(region) for region in estate.regions],
    }
    return [
        say(kind, names=wording.row(say, map(mrkdwn.code, there[:_NAMES]))) for kind, there in names.items() if there
    ]
