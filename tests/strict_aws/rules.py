"""How a case says where it comes from, and how it says what AWS must refuse."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

READ, INFERRED = "read", "inferred"


def rule(section: str, standing: str) -> pytest.MarkDecorator:
    """Name the section of the rules, and whether the rule was read in a source or inferred from others."""
    return pytest.mark.rule(section, standing)


@contextmanager
def refused(code: str, message: str = "") -> Iterator[None]:
    """Expect AWS's refusal, in its code and, if given, its very words."""
    with pytest.raises(ClientError) as told:
        yield
    error = told.value.response["Error"]
    assert error["Code"] == code, error
    assert not message or re.search(re.escape(message), error["Message"]), error
