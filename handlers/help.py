"""The help: what the command can do, with examples that work in this estate. Pure."""

from handlers import mrkdwn, wording
from handlers.speech import Speech
from sharing.estate import Estate

_NAMES = 100


def help_text(say: Speech, command: str, estate: Estate) -> str:
    """Return what the command can do; each form with an example."""
    share = f"{command} ami-0123456789abcdef0 to {estate.targets[0].name}"
    usages = {
        "copy": f"{share} reason release 42",
        "by-name": f"{command} golden-2026-11 to {estate.targets[0].name} ticket OPS-42",
        "regions": f"{share} in {estate.regions[0]}",
        "key": f"{share} copy with alias/golden",
        "no-copy": f"{share} no copy",
        "auto-scaling": f"{share} no copy with auto scaling",
        "then-unshare": f"{share} then unshare",
        "end": f"{share} for 30d",
        "plan": f"{command} plan ami-0123456789abcdef0 to {estate.targets[0].name}",
        "status": f"{command} status R-7K2M9QXA",
        "list": f"{command} list",
        "cancel": f"{command} cancel R-7K2M9QXA",
        "revoke": f"{command} revoke R-7K2M9QXA [and deregister the copies]",
        "audit": f"{command} audit",
        "audit-one": f"{command} audit R-7K2M9QXA",
        "retire": f"{command} retire",
        "form": command,
    }
    syntax = (
        f"{command} IMAGE, … to ACCOUNT, … [in REGION, …] [until DATE] [no copy] [copy with alias/…] [ticket …] "
        "[reason …]"
    )
    names: dict[str, list[str]] = {
        "help-accounts": [one.name for one in estate.targets],
        "help-groups": list(estate.groups),
        "help-organizations": [one.name for one in estate.organizations],
        "help-places": [str(region) for region in estate.regions],
    }
    lines = [
        say("help-title"),
        mrkdwn.code(syntax),
        *(f"• {say(f'help-{name}', usage=mrkdwn.code(usage))}" for name, usage in usages.items()),
        *(
            say(kind, names=wording.row(say, map(mrkdwn.code, there[:_NAMES])))
            for kind, there in names.items()
            if there
        ),
    ]
    return "\n".join(lines)
