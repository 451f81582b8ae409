"""Details: the names and numbers that go with a refusal or a caution, in the order they were given."""

from collections.abc import Iterable

Details = tuple[tuple[str, str], ...]


def details(**parts: str | Iterable[str]) -> Details:
    """Pair each name with its text; several values of one name are joined with commas."""
    return tuple((name, part if isinstance(part, str) else ", ".join(part)) for name, part in parts.items())
