"""Fields: what several sections of the settings file are made of."""

import difflib
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


class Strict(BaseModel):
    """A section: what it doesn't know is a mistake, and what was read stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def matches(pattern: re.Pattern[str], form: str) -> AfterValidator:
    """Return what takes texts of one form alone; `form` says which."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(form)
        return value

    return AfterValidator(check)


def hint(unknown: str, known: Iterable[str]) -> str:
    """Return what `unknown` was perhaps meant to be, as the end of a sentence."""
    alike = difflib.get_close_matches(unknown, list(known), n=1)
    return f"; did you mean {alike[0]}?" if alike else ""


Name = Annotated[str, matches(_NAME, "a name is letters, digits, dots, dashes and underscores")]
UserId = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,}$")]
GroupId = Annotated[str, Field(pattern=r"^S[A-Z0-9]{2,}$")]
ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,}$")]
