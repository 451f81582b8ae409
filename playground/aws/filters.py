"""EC2's filters and pages, the same for every Describe call."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from playground.aws.errors import AwsError
from playground.aws.policies import like


class Tagged(Protocol):
    """What can be described: it has an id, and tags."""

    @property
    def id(self) -> str: ...

    @property
    def tags(self) -> dict[str, str]: ...


T = TypeVar("T", bound=Tagged)


def filtered(
    items: Iterable[T],
    filters: Sequence[Mapping[str, Any]],
    fields: Mapping[str, Callable[[T], object]],
    tags: Callable[[T], Mapping[str, str]] = lambda item: item.tags,
) -> list[T]:
    """Keep what passes every filter; a filter passes on any of its values, with `*` and `?`.

    A field reads as a value or a list of values. `tags` says which tags the caller can see.
    Source: EC2 API reference, "Filter" and "List and filter using the CLI and API".
    """

    def values_of(item: T, name: str) -> list[str]:
        if name.startswith("tag:"):
            value = tags(item).get(name.removeprefix("tag:"))
            return [] if value is None else [value]
        if name == "tag-key":
            return list(tags(item))
        if name not in fields:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        read = fields[name](item)
        return [_text(each) for each in (read if isinstance(read, list) else [read])]

    def passes(item: T) -> bool:
        return all(
            any(like(wanted, value) for wanted in each.get("Values", []) for value in values_of(item, each["Name"]))
            for each in filters
        )

    return [item for item in items if passes(item)]


def page(items: Iterable[T], parameters: Mapping[str, Any]) -> tuple[list[T], str | None]:
    """Cut one page out of `items`, as `MaxResults` and `NextToken` ask; return it and the token of the next."""
    limit, token = parameters.get("MaxResults"), parameters.get("NextToken")
    ordered = sorted(items, key=lambda item: item.id)
    if token is not None:
        last = _last_id(token)
        ordered = [item for item in ordered if item.id > last]
    if limit is None or len(ordered) <= limit:
        return ordered, None
    return ordered[:limit], base64.urlsafe_b64encode(ordered[limit - 1].id.encode()).decode()


def _last_id(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise AwsError("InvalidNextToken", f"The token '{token}' is invalid") from None


def _text(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_dict(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
