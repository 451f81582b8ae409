"""Every message in every language, as people read it: a change of words shows in review as a change of the snapshot.

`make test ARGS="tests/unit/test_snapshots.py --snapshot-update"` writes them anew.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from handlers.speech import Language, Speech, speech
from playground.slack.checks import too_much_text, wrong_with_blocks, wrong_with_view
from playground.slack.text import blocks_as_text, mrkdwn_as_text
from tests.front_door.test_languages import english_in
from tests.unit.said import CHAPTERS, SENTENCES, Said

# Slack takes 40,000 characters, and asks for no more than the other where blocks say it
# (docs.slack.dev/reference/methods/chat.postMessage).
_MOST, _TEXT = 40_000, 4000
_IN_VIEWS = ("title", "submit", "close")


def read(told: Iterable[Said]) -> str:
    """What is said, each line where it is said first; what stays from state to state isn't repeated."""
    seen: set[str] = set()
    lines = []
    for said in told:
        own = [*_lines(said)]
        lines += [f"## {said.name}", *(line for line in dict.fromkeys(own) if line not in seen)]
        seen.update(own)
    return "\n".join(lines)


def _lines(said: Said) -> Iterator[str]:
    if said.view is not None:
        yield from (f"{part}: {said.view[part]['text']}" for part in _IN_VIEWS if part in said.view)
    blocks = _blocks(said)
    yield from blocks_as_text(blocks, str).splitlines()
    yield from _beside(blocks)
    yield from mrkdwn_as_text(said.text, str).splitlines() if not blocks else said.text.splitlines()


def _blocks(said: Said) -> list[dict[str, Any]]:
    return list(said.blocks if said.view is None else said.view["blocks"])


def _beside(part: Any) -> Iterator[str]:
    """What is seen after a click, read aloud, or stands beside a field: dialogs, labels, hints and descriptions."""
    if isinstance(part, Mapping):
        if "accessibility_label" in part:
            yield f"read aloud: {part['accessibility_label']}"
        if "title" in part.get("confirm", {}):
            dialog = part["confirm"]
            asked = " ".join(dialog[name]["text"] for name in ("title", "text"))
            yield f"asks: {asked} [{dialog['confirm']['text']}] [{dialog['deny']['text']}]"
        yield from (f"{name}: {part[name]['text']}" for name in ("hint", "placeholder", "description") if name in part)
        for value in part.values():
            yield from _beside(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _beside(each)


def wrong_with(said: Said) -> list[str]:
    """What Slack would refuse of it, or cut, and what nobody filled in."""
    wrong = wrong_with_view(dict(said.view)) if said.view is not None else []
    wrong += wrong_with_blocks(list(said.blocks), "message")
    if too_much_text(said.blocks) or len(said.text) > (_TEXT if said.blocks else _MOST):
        wrong.append("more text than Slack shows")
    # A detail that is missing shows as its name in braces.
    wrong += [line for line in _lines(said) if "{$" in line]
    return [f"{said.name}: {each}" for each in wrong]


def _said_in_blocks(said: Said) -> set[str]:
    """Every line of a message's blocks that isn't a field or a button."""
    texts = [
        block["text"]["text"] for block in said.blocks if block["type"] in ("header", "section") and "text" in block
    ]
    return {line for text in texts for line in text.splitlines()}


class _Noted(Speech):
    """Speech that notes what it was asked to say."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self.said: set[str] = set()

    def __call__(self, message_id: str, /, **details: str | int) -> str:
        self.said.add(message_id)
        return super().__call__(message_id, **details)


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("language", Language)
def test_what_is_said(language: Language, chapter: str, snapshot: SnapshotAssertion) -> None:
    told = CHAPTERS[chapter](speech(language))
    assert [wrong for said in told for wrong in wrong_with(said)] == []
    assert read(told) == snapshot


@pytest.mark.parametrize("chapter", [one for one in CHAPTERS if one.endswith("in each state") or one == "warned"])
@pytest.mark.parametrize("language", Language)
def test_the_text_says_the_same_as_the_blocks(language: Language, chapter: str) -> None:
    for said in CHAPTERS[chapter](speech(language)):
        assert _said_in_blocks(said) <= set(said.text.splitlines()), said.name


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_is_said_in_japanese_holds_no_english(chapter: str) -> None:
    lines = [line for said in CHAPTERS[chapter](speech(Language.JAPANESE)) for line in _lines(said)]
    quoted = re.compile(r"「[^」]*」")
    assert [line for line in lines if english_in(quoted.sub("", line))] == []


def test_every_sentence_is_said_here() -> None:
    say = _Noted(Language.ENGLISH)
    for chapter in CHAPTERS.values():
        chapter(say)
    assert SENTENCES.keys() - say.said == set(), "each needs an example in said.py"
