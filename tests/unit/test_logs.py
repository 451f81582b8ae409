"""Logs: each line says which request it is about, and none holds a secret, wherever it comes from."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import LogFormat, Redaction, log_handler
from sharing.context import about

CANARY = "canary-9f8e7d6c5b4a"
LOOKS_SECRET = [
    "xoxb-1234567890-abcDEF",
    "xapp-1-A0123-456-abc",
    "https://hooks.slack.com/commands/T0/1/abc",
    "aws_secret_access_key=wJalrXUtnFEMI",
    '"SessionToken": "FwoGZXIvYXdzEJr"',
]


@pytest.fixture(params=LogFormat)
def log(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    written = io.StringIO()
    logger = logging.getLogger(f"test.{request.param}")
    handler = log_handler(request.param, [CANARY], written)
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, written
    logger.removeHandler(handler)


def test_no_secret_is_written_in_a_message_an_argument_or_a_traceback(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    for secret in (CANARY, *LOOKS_SECRET, "postgresql://bot:hunter2hunter2@db/ami"):
        try:
            int(f"it was {secret}")
        except ValueError:
            logger.exception("token %s in %r", secret, {"headers": secret})
    text = written.getvalue()
    for part in (CANARY, "1234567890-abc", "456-abc", "commands/T0", "wJalr", "FwoG", "hunter2"):
        assert part not in text
    assert text.count("[redacted]") >= 3 * 7
    assert "db/ami" in text, "what isn't secret stays"


def test_each_line_says_which_request_it_is_about(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    with about("R-7K2M9QXA"):
        logger.warning("inside")
    logger.warning("outside")
    inside, outside = written.getvalue().splitlines()
    assert "R-7K2M9QXA" in inside
    assert "R-7K2M9QXA" not in outside


def test_json_lines_have_the_fields_that_the_document_names() -> None:
    written = io.StringIO()
    logger = logging.getLogger("test.fields")
    logger.propagate = False
    logger.addHandler(log_handler(LogFormat.JSON, [], written))
    logger.warning("eins\nzwei „drei“")
    (line,) = written.getvalue().splitlines()
    assert {"time", "level", "logger", "thread", "request_id", "message"} <= json.loads(line).keys()
    assert json.loads(line)["message"] == "eins\nzwei „drei“"


@given(st.text(max_size=200))
def test_redaction_never_fails_and_leaves_no_known_secret(text: str) -> None:
    assert CANARY not in Redaction([CANARY])(text + CANARY + text)
