"""Logs: each line says which request it is about, and none holds a secret, wherever it comes from."""

import io
import json
import logging
import urllib.parse
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import LogFormat, Redaction, log_handler
from sharing.context import about

CANARY = "canary-9f8e7d6c5b4a"
# As Slack, AWS, their libraries and the database's write them; the canary is what must not be read.
LOOKS_SECRET = [
    "xoxb-1234567890-canary",
    "xoxe.xoxp-1-canary",
    "xapp-1-A0123-456-canary",
    "https://hooks.slack.com/commands/T0/1/canary",
    "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT0%2F1%2Fcanary&trigger_id=1",
    r'"response_url":"https:\/\/hooks.slack.com\/actions\/T0\/1\/canary"',
    "payload=%7B%22response_url%22%3A%22https%3A%5C%2F%5C%2Fhooks.slack.com%5C%2Factions%5C%2FT0%5C%2Fcanary%22%7D",
    "wss://wss-primary.slack.com/link/?ticket=canary&app_id=A1",
    "payload=%7B%22token%22%3A%22canary-canary-canary%22%7D",
    "aws_secret_access_key=canary",
    "AWS_SESSION_TOKEN: canary",
    '"SessionToken": "canary"',
    r"{\"SecretAccessKey\": \"canary\"}",
    "X-Amz-Security-Token: canary",
    "x-amz-security-token:canary%2Fand%2Bmore",
    "{'X-Amz-Security-Token': b'canary'}",
    "https://ec2.amazonaws.com/?X-Amz-Security-Token=canary%2F&X-Amz-Signature=1",
    "<SessionToken>canary/+=</SessionToken>",
    "<SecretAccessKey>canary</SecretAccessKey>",
    "ReadOnlyCredentials(access_key='AKIA1', secret_key='canary', token='canary-canary-canary')",
    "postgresql://bot:canary@db/ami",
    "host=db password=canary user=bot",
]
INNOCENT = [
    "token: none, ticket=OPS-42, next token",
    "https://app.slack.com/client/T0/C0",
    'password authentication failed for user "bot"',
    "CopyImage with ClientToken=0123456789abcdef0123456789abcdef",
    "at 10:15:30, 3 of 4: done",
]
AWKWARD = "say \"canary\" \\ 'canary' + 100% / canary"


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
    for secret in (CANARY, *LOOKS_SECRET):
        written.seek(0)
        written.truncate()
        try:
            int(f"it was {secret}")
        except ValueError:
            logger.exception("this %s in %r", secret, {"headers": secret}, extra={"seen": [{"in": secret}]})
        text = written.getvalue()
        assert "canary" not in text, secret
        assert text.count("[redacted]") >= 3, secret


def test_a_secret_with_quotes_and_backslashes_is_known_however_it_is_written() -> None:
    for how in LogFormat:
        written = io.StringIO()
        logger = logging.getLogger(f"test.awkward.{how}")
        logger.propagate = False
        logger.addHandler(log_handler(how, [AWKWARD], written))
        ways = (AWKWARD, repr(AWKWARD), json.dumps({"it": AWKWARD}), urllib.parse.quote(AWKWARD, safe=""))
        logger.warning("%s; %s; %s; %s", *ways)
        logger.warning("%r", {"it": AWKWARD})
        assert "canary" not in written.getvalue()


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction([CANARY])(text) == text


def test_what_stands_before_a_secret_stays_to_be_known_by() -> None:
    redact = Redaction()
    assert redact("AWS_SESSION_TOKEN=canary") == "AWS_SESSION_TOKEN=[redacted]"
    assert redact("postgresql://bot:canary@db/ami") == "postgresql://[redacted]@db/ami"
    assert redact("<SessionToken>canary</SessionToken>") == "<SessionToken>[redacted]</SessionToken>"
    assert redact("https://hooks.slack.com/T0/canary.") == "https://hooks.slack.com[redacted]"


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
