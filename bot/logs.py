"""Logs: lines for people or objects for machines, each with the request it is about, and never with a secret in it."""

import logging
import re
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter

from sharing.context import request_at_hand

_LINE = "%(asctime)s %(levelname)s %(threadName)s %(request_id)s %(name)s: %(message)s"
_FIELDS = "%(asctime)s %(levelname)s %(threadName)s %(request_id)s %(name)s %(message)s"
_NAMES = {"asctime": "time", "levelname": "level", "threadName": "thread", "name": "logger"}
_REDACTED = "[redacted]"
# What looks like a secret wherever it comes from: Slack's tokens and response URLs, AWS's session tokens and secret
# keys where they are named, and the password in a database's URL.
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|https://hooks\.slack\.com/\S+"
    r"|(?<=://)[^\s:/@]+:[^\s@/]+(?=@)"
    r"|(?i:(?:secret_?access_?key|session_?token|security_?token|password|signing_?secret)[\\\"']*\s*[=:]\s*[\\\"']*)[^\s\"',&\\]+"
)
# A secret shorter than this could be any word.
_SHORTEST = 8


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


class Redaction:
    """Takes secrets out of a text: those that are known, and what looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(_REDACTED, text)
        return _SECRETS.sub(_REDACTED, text)


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

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _with_request(record: logging.LogRecord) -> bool:
    record.request_id = request_at_hand.get()
    return True


def log_handler(how: LogFormat, secrets: Iterable[str], to: TextIO = sys.stderr) -> logging.Handler:
    """Return a handler that writes to `to`; `secrets` never appear in what it writes, tracebacks included."""
    redact = Redaction(secrets)
    handler = logging.StreamHandler(to)
    handler.addFilter(_with_request)
    handler.setFormatter(_Json(redact) if how is LogFormat.JSON else _Text(redact))
    return handler
