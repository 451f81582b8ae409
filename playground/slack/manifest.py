"""The app's manifest: what Slack would not take of it.

docs.slack.dev/reference/app-manifest; the limits are those of @slack/web-api's types.
"""

from typing import Any

Json = dict[str, Any]

_LIMITS = {"name": 35, "description": 140, "long_description": 4000}
_COMMAND, _USAGE, _COMMAND_DESCRIPTION, _COMMANDS, _DISPLAY_NAME = 32, 1000, 2000, 50, 80
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
    if len(manifest.get("features", {}).get("bot_user", {}).get("display_name", "")) > _DISPLAY_NAME:
        wrong.append("bot_user.display_name is too long")
    if wrong:
        raise BadManifest("; ".join(wrong))
