"""The app's manifest: what Slack would not take of it.

docs.slack.dev/reference/app-manifest; the limits are those of @slack/web-api's types.
"""

from typing import Any

Json = dict[str, Any]

_LIMITS = {"name": 35, "description": 140, "long_description": 4000}
_COMMAND, _USAGE, _COMMAND_DESCRIPTION, _COMMANDS, _DISPLAY_NAME = 32, 1000, 2000, 50, 80
_SHORTCUTS, _SHORTCUT_NAME, _CALLBACK, _SHORTCUT_DESCRIPTION = 10, 24, 255, 150
_KNOWN = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings", "functions", "workflows"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains", "workflow_steps"},
    "oauth_config": {"redirect_urls", "scopes", "pkce_enabled", "token_management_enabled"},
    "settings": {
        "allowed_ip_address_ranges", "event_subscriptions", "incoming_webhooks", "interactivity", "org_deploy_enabled",
        "socket_mode_enabled", "token_rotation_enabled", "is_mcp_enabled", "function_runtime",
    },
}  # fmt: skip


class BadManifest(Exception):
    """Slack would not take the manifest; says all that is wrong with it."""


def check_manifest(manifest: Json) -> None:
    """Raise `BadManifest` if Slack would not take `manifest`."""
    wrong = [
        f"{part or 'manifest'}: unknown key {key}"
        for part, known in _KNOWN.items()
        for key in (manifest.get(part, {}) if part else manifest)
        if key not in known
    ]
    display = manifest.get("display_information", {})
    wrong += [
        f"display_information.{key}: over {most}" for key, most in _LIMITS.items() if len(display.get(key, "")) > most
    ]
    commands = manifest.get("features", {}).get("slash_commands", [])
    for command in commands:
        if len(command["command"]) > _COMMAND or not command["command"].startswith("/"):
            wrong.append(f"{command['command']}: a command is / and at most {_COMMAND - 1} characters")
        if len(command.get("usage_hint", "")) > _USAGE or len(command["description"]) > _COMMAND_DESCRIPTION:
            wrong.append(f"{command['command']}: usage hint or description too long")
        if not manifest["settings"].get("socket_mode_enabled") and "url" not in command:
            wrong.append(f"{command['command']}: without Socket Mode a url is needed")
    if commands and "commands" not in manifest["oauth_config"]["scopes"]["bot"]:
        wrong.append("slash commands need the scope commands")
    if len(commands) > _COMMANDS:
        wrong.append(f"over {_COMMANDS} commands")
    wrong += _wrong_with_shortcuts(manifest)
    events = manifest["settings"].get("event_subscriptions", {})
    if events and not manifest["settings"].get("socket_mode_enabled") and "request_url" not in events:
        wrong.append("event_subscriptions: without Socket Mode a request_url is needed")
    if len(manifest.get("features", {}).get("bot_user", {}).get("display_name", "")) > _DISPLAY_NAME:
        wrong.append("bot_user.display_name is too long")
    if wrong:
        raise BadManifest("; ".join(wrong))


def _wrong_with_shortcuts(manifest: Json) -> list[str]:
    shortcuts = manifest.get("features", {}).get("shortcuts", [])
    wrong = [f"over {_SHORTCUTS} shortcuts"] if len(shortcuts) > _SHORTCUTS else []
    for shortcut in shortcuts:
        lengths = [("name", _SHORTCUT_NAME), ("callback_id", _CALLBACK), ("description", _SHORTCUT_DESCRIPTION)]
        wrong += [f"shortcut {key}: over {most}" for key, most in lengths if len(shortcut[key]) > most]
        if shortcut["type"] not in ("global", "message"):
            wrong.append(f"shortcut {shortcut['name']}: is neither global nor for messages")
    if shortcuts and "commands" not in manifest["oauth_config"]["scopes"]["bot"]:
        wrong.append("shortcuts need the scope commands")
    return wrong
