"""Event patterns: which events a rule of EventBridge is about.

Pure. After the EventBridge User Guide's "Event patterns": every field named must match, each by any of its values. What
is not understood raises `NotServed`: a filter that were skipped would let everything pass.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from playground.aws.errors import NotServed

Event = Mapping[str, Any]


def matches(pattern: Mapping[str, Any], event: Event) -> bool:
    """Say whether the rule is about the event. A field that is absent matches `{"exists": false}` alone.

    Raises:
        NotServed: the pattern has a filter that is not played; see `refuse_unplayed`.
    """
    return all(_field_matches(wanted, event.get(name)) for name, wanted in pattern.items())


def refuse_unplayed(pattern: Mapping[str, Any]) -> None:
    """Raise `NotServed` of a filter that `matches` would not understand, whatever the event."""
    for name, wanted in pattern.items():
        if name == "$or":
            raise NotServed("$or in an event pattern")
        if isinstance(wanted, Mapping):
            refuse_unplayed(wanted)
        else:
            for each in wanted:
                _value_matches(each, None)


def _field_matches(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Mapping):
        return matches(wanted, found if isinstance(found, Mapping) else {})
    values = found if isinstance(found, Sequence) and not isinstance(found, str) else [found]
    return any(_value_matches(each, value) for each in wanted for value in values)


def _value_matches(wanted: Any, value: Any) -> bool:
    match wanted:
        case {"prefix": str(start), **rest} if not rest:
            return isinstance(value, str) and value.startswith(start)
        case {"suffix": str(end), **rest} if not rest:
            return isinstance(value, str) and value.endswith(end)
        case {"anything-but": str() | int() | float() | list() as others, **rest} if not rest:
            return value is not None and value not in (others if isinstance(others, list) else [others])
        case {"exists": bool(there), **rest} if not rest:
            return (value is not None) == there
        case {}:
            raise NotServed(f"{wanted} in an event pattern")
        case _:
            return bool(wanted == value)
