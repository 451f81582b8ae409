"""Logs: lines for people or objects for machines, each with the request it is about, and never with a secret in it."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

from pythonjsonlogger.json import JsonFormatter

from sharing.context import request_of

_LINE = "%(asctime)s %(levelname)s %(threadName)s %(request_id)s %(name)s: %(message)s"
_FIELDS = "%(asctime)s %(levelname)s %(threadName)s %(request_id)s %(name)s %(message)s"
_NAMES = {"asctime": "time", "levelname": "level", "threadName": "thread", "name": "logger"}
_REDACTED = "[redacted]"
# Between a name and its value, as headers, forms, JSON (in a form as well), XML and Python write it.
_IS = r"""(?:["'\\]|%22|%5C)*\s*(?:[=:>]|%3A|%3D)(?:\s|\+|%20)*(?:b(?=["']))?(?:["'\\]|%22|%5C)*"""
_NAME = (
    "secret[_-]?key|secret[_-]?access[_-]?key|(?:session|security|authorization)[_-]?token|password|signing[_-]?secret"
)
_VALUE = r"""(?:(?!%22|%3C)[^\s"'<>,;&|\\)])"""
# What looks like a secret wherever it comes from; of each, what stands before it is kept, to be known by.
_SECRETS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Slack's tokens; the addresses at which anybody may answer; the ticket with which anybody may listen.
        r"()(?:xox[a-z]|xapp)-[\w-]+",
        rf"(hooks\.slack(?:-gov)?\.com)(?:{_VALUE}|\\)+",
        rf"((?:[?&]|%3F|%26)ticket(?:=|%3D)){_VALUE}+",
        # The password in a database's URL.
        r"(://)[^\s:/@]*:[^\s@/]+(?=@)",
        # AWS's keys and tokens, passwords and signing secrets, where they are named.
        rf"((?:{_NAME}){_IS}){_VALUE}+",
        # A word as common as this one is believed only before something long.
        rf"((?<![a-z_-])token{_IS}){_VALUE}{{16,}}",
    )
]
# A secret shorter than this could be any word.
_SHORTEST = 8


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


class Redaction:
    """Takes secrets out of a text: those that are known, in every way they may be written, and what looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {way for secret in secrets if len(secret) >= _SHORTEST for way in _ways(secret)}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(_REDACTED, text)
        for pattern in _SECRETS:
            text = pattern.sub(rf"\1{_REDACTED}", text)
        return text


def _ways(secret: str) -> Iterator[str]:
    """Yield the secret as it is, and as JSON, Python and a URL would write it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)


class _Text(logging.Formatter):
    def __init__(self, redact: Redaction) -> None:
        super().__init__(_LINE)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


class _Json(JsonFormatter):
    def __init__(self, redact: Redaction) -> None:
        super().__init__(_FIELDS, rename_fields=_NAMES, datefmt="%Y-%m-%dT%H:%M:%S%z", json_ensure_ascii=False)
        self._redact = redact

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        # Before JSON is made of it: what is written with backslashes isn't what it was.
        return {name: self._clean(value) for name, value in log_data.items()}

    def _clean(self, value: object) -> object:
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {str(name): self._clean(each) for name, each in value.items()}
            case list() | tuple():
                return [self._clean(each) for each in value]
            case _:
                return self._redact(str(value))


def _with_request(record: logging.LogRecord) -> bool:
    record.request_id = request_of(record.exc_info[1] if record.exc_info else None)
    return True


def log_handler(how: LogFormat, secrets: Iterable[str], to: TextIO = sys.stderr) -> logging.Handler:
    """Return a handler that writes to `to`; `secrets` never appear in what it writes, tracebacks included."""
    redact = Redaction(secrets)
    handler = logging.StreamHandler(to)
    handler.addFilter(_with_request)
    handler.setFormatter(_Json(redact) if how is LogFormat.JSON else _Text(redact))
    return handler
