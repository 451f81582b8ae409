"""The JSON Schema of the blocks that the bot may use: keys, types and lengths, and nothing unknown.

From docs.slack.dev/reference/block-kit, a page a block, element and composition object.
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


def _string(most: int, least: int = 0) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most}


def _plain(most: int) -> Schema:
    return _object("plain_text", {"text": _string(most, least=1)}, emoji=_BOOLEAN)


def _text(most: int) -> Schema:
    mrkdwn = _object("mrkdwn", {"text": _string(most, least=1)}, verbatim=_BOOLEAN)
    return {"oneOf": [_plain(most), mrkdwn]}


_OPTION = _object(None, {"text": _text(75), "value": _string(150, least=1)}, description=_text(75), url=_string(3000))
_GROUP = _object(None, {"label": _plain(75), "options": _list(_OPTION, most=100)})
_CONFIRM = _object(
    None,
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)},
    style={"enum": ["primary", "danger"]},
)
_IMAGE = _object("image", {"alt_text": _string(2000)}, image_url=_string(3000))

_MENU = {"placeholder": _plain(150), "confirm": _CONFIRM, "focus_on_load": _BOOLEAN, "action_id": _ID}
_MULTI = _MENU | {"max_selected_items": {"type": "integer", "minimum": 1}}
_STATIC = {"options": _list(_OPTION, most=100), "option_groups": _list(_GROUP, most=100)}
_EXTERNAL = {"min_query_length": {"type": "integer", "minimum": 0}}

ELEMENTS: dict[str, Schema] = {
    "button": _object(
        "button",
        {"text": _plain(75)},
        action_id=_ID,
        url=_string(3000),
        value=_string(2000),
        style={"enum": ["primary", "danger"]},
        confirm=_CONFIRM,
        accessibility_label=_string(75),
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
        placeholder=_plain(150),
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
        _object("header", {"text": _plain(150)}, block_id=_ID),
        _object(
            "section",
            {},
            text=_text(3000),
            fields=_list(_text(2000), most=10),
            accessory={"oneOf": [*_INTERACTIVE, _IMAGE]},
            block_id=_ID,
            expand=_BOOLEAN,
        ),
        _object("context", {"elements": _list({"oneOf": [*_text(3000)["oneOf"], _IMAGE]}, most=10)}, block_id=_ID),
        _object("actions", {"elements": _list({"oneOf": _INTERACTIVE}, most=25)}, block_id=_ID),
        _object("divider", {}, block_id=_ID),
        _object(
            "input",
            {"label": _plain(2000), "element": {"oneOf": _INPUTS}},
            hint=_plain(2000),
            optional=_BOOLEAN,
            dispatch_action=_BOOLEAN,
            block_id=_ID,
        ),
        _object("rich_text", {"elements": {"type": "array"}}, block_id=_ID),
        _object("markdown", {"text": _string(12_000)}, block_id=_ID),
        _object("table", {"rows": _list({"type": "array"}, most=100)}, column_settings={"type": "array"}, block_id=_ID),
        _object("image", {"alt_text": _string(2000)}, image_url=_string(3000), title=_plain(2000), block_id=_ID),
        _object(
            "alert",
            {"text": _text(200)},
            level={"enum": ["default", "info", "warning", "error", "success"]},
            block_id=_ID,
        ),
    ],
}
