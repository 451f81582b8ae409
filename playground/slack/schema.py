"""The JSON Schema of the blocks that the bot may use: keys and types, nothing unknown.

From docs.slack.dev/reference/block-kit, a page a block, element and composition object. Lengths are in `checks.py`.
"""

from typing import Any

Schema = dict[str, Any]

_ID = {"type": "string", "minLength": 1, "maxLength": 255}
_STRING = {"type": "string"}
_BOOLEAN = {"type": "boolean"}


def _object(type_name: str | None, required: dict[str, Any], **optional: Any) -> Schema:
    fixed = {"type": {"const": type_name}} if type_name else {}
    return {
        "type": "object",
        "properties": fixed | required | optional,
        "required": [*fixed, *required],
        "additionalProperties": False,
    }


def _list(of: Schema, least: int = 1, most: int | None = None) -> Schema:
    return {"type": "array", "items": of, "minItems": least} | ({"maxItems": most} if most else {})


_PLAIN = _object("plain_text", {"text": _STRING}, emoji=_BOOLEAN)
_MRKDWN = _object("mrkdwn", {"text": _STRING}, verbatim=_BOOLEAN)
_TEXT = {"oneOf": [_PLAIN, _MRKDWN]}
_OPTION = _object(None, {"text": _TEXT, "value": _STRING}, description=_TEXT, url=_STRING)
_GROUP = _object(None, {"label": _PLAIN, "options": _list(_OPTION, most=100)})
_CONFIRM = _object(
    None,
    {"title": _PLAIN, "text": _TEXT, "confirm": _PLAIN, "deny": _PLAIN},
    style={"enum": ["primary", "danger"]},
)
_IMAGE = _object("image", {"alt_text": _STRING}, image_url=_STRING)

_MENU = {"placeholder": _PLAIN, "confirm": _CONFIRM, "focus_on_load": _BOOLEAN, "action_id": _ID}
_MULTI = _MENU | {"max_selected_items": {"type": "integer", "minimum": 1}}
_STATIC = {"options": _list(_OPTION, most=100), "option_groups": _list(_GROUP, most=100)}
_EXTERNAL = {"min_query_length": {"type": "integer", "minimum": 0}}

ELEMENTS: dict[str, Schema] = {
    "button": _object(
        "button",
        {"text": _PLAIN},
        action_id=_ID,
        url=_STRING,
        value=_STRING,
        style={"enum": ["primary", "danger"]},
        confirm=_CONFIRM,
        accessibility_label=_STRING,
    ),
    "static_select": _object("static_select", {}, **_MENU, **_STATIC, initial_option=_OPTION),
    "multi_static_select": _object("multi_static_select", {}, **_MULTI, **_STATIC, initial_options=_list(_OPTION)),
    "external_select": _object("external_select", {}, **_MENU, **_EXTERNAL, initial_option=_OPTION),
    "multi_external_select": _object(
        "multi_external_select", {}, **_MULTI, **_EXTERNAL, initial_options=_list(_OPTION)
    ),
    "users_select": _object("users_select", {}, **_MENU, initial_user=_STRING),
    "conversations_select": _object(
        "conversations_select",
        {},
        **_MENU,
        initial_conversation=_STRING,
        default_to_current_conversation=_BOOLEAN,
        response_url_enabled=_BOOLEAN,
        filter={"type": "object"},
    ),
    "plain_text_input": _object(
        "plain_text_input",
        {},
        action_id=_ID,
        initial_value=_STRING,
        multiline=_BOOLEAN,
        min_length={"type": "integer", "minimum": 0, "maximum": 3000},
        max_length={"type": "integer", "minimum": 1, "maximum": 3000},
        placeholder=_PLAIN,
        focus_on_load=_BOOLEAN,
        dispatch_action_config={"type": "object"},
    ),
    "radio_buttons": _object(
        "radio_buttons",
        {"options": _list(_OPTION, most=10)},
        action_id=_ID,
        initial_option=_OPTION,
        confirm=_CONFIRM,
        focus_on_load=_BOOLEAN,
    ),
    "checkboxes": _object(
        "checkboxes",
        {"options": _list(_OPTION, most=10)},
        action_id=_ID,
        initial_options=_list(_OPTION),
        confirm=_CONFIRM,
        focus_on_load=_BOOLEAN,
    ),
    "overflow": _object("overflow", {"options": _list(_OPTION, most=5)}, action_id=_ID, confirm=_CONFIRM),
    "datepicker": _object("datepicker", {}, **_MENU, initial_date=_STRING),
    "timepicker": _object("timepicker", {}, **_MENU, initial_time=_STRING, timezone=_STRING),
}

_INTERACTIVE = [schema for name, schema in ELEMENTS.items() if name != "plain_text_input"]
_INPUTS = [schema for name, schema in ELEMENTS.items() if name not in ("button", "overflow")]

BLOCK: Schema = {
    "type": "object",
    "required": ["type"],
    "oneOf": [
        _object("header", {"text": _PLAIN}, block_id=_ID),
        _object(
            "section",
            {},
            text=_TEXT,
            fields=_list(_TEXT, most=10),
            accessory={"oneOf": [*_INTERACTIVE, _IMAGE]},
            block_id=_ID,
            expand=_BOOLEAN,
        ),
        _object("context", {"elements": _list({"oneOf": [_PLAIN, _MRKDWN, _IMAGE]}, most=10)}, block_id=_ID),
        _object("actions", {"elements": _list({"oneOf": _INTERACTIVE}, most=25)}, block_id=_ID),
        _object("divider", {}, block_id=_ID),
        _object(
            "input",
            {"label": _PLAIN, "element": {"oneOf": _INPUTS}},
            hint=_PLAIN,
            optional=_BOOLEAN,
            dispatch_action=_BOOLEAN,
            block_id=_ID,
        ),
        _object("rich_text", {"elements": {"type": "array"}}, block_id=_ID),
        _object("markdown", {"text": _STRING}, block_id=_ID),
        _object("table", {"rows": _list({"type": "array"}, most=100)}, column_settings={"type": "array"}, block_id=_ID),
        _object("image", {"alt_text": _STRING}, image_url=_STRING, title=_PLAIN, block_id=_ID),
        _object(
            "alert",
            {"text": _TEXT},
            level={"enum": ["default", "info", "warning", "error", "success"]},
            block_id=_ID,
        ),
    ],
}
