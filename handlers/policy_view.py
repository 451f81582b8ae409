"""Policies as people see them: what becomes of the bot's own statements in a key's policy, as a diff. Pure."""

import json
from collections.abc import Iterator
from difflib import unified_diff
from itertools import chain

from aws_ops.key_policy import KeyPolicy
from aws_ops.plan import Plan, policies_after
from handlers import mrkdwn
from handlers.layout import Line, Rows
from handlers.speech import Speech


def policy_diffs(say: Speech, plan: Plan) -> Iterator[Line]:
    """Yield a diff for each key whose policy the plan changes: the lines that go, and those that come."""
    for key, (before, after) in policies_after(plan).items():
        if rows := tuple(_diff(before, after)):
            yield say("policy-diff", key=mrkdwn.code(key))
            yield Rows(rows)


def _diff(before: KeyPolicy, after: KeyPolicy) -> Iterator[str]:
    """The diff, statement by statement, so that each part of it says which one it is about."""
    old, new = _rows(before), _rows(after)
    for sid in dict.fromkeys(chain(old, new)):
        yield from unified_diff(old.get(sid, []), new.get(sid, []), sid, sid, lineterm="")


def _rows(policy: KeyPolicy) -> dict[str, list[str]]:
    """The statements as indented JSON, by their Sid; without the commas, which alone would make lines differ."""
    rows: dict[str, list[str]] = {}
    for statement in policy.statements:
        written = json.dumps(statement, indent=2, ensure_ascii=False).splitlines()
        rows.setdefault(statement["Sid"], []).extend(row.removesuffix(",") for row in written)
    return rows
