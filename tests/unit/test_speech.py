import re
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

import handlers
from aws_ops.causes import CauseKind
from aws_ops.finishing import NoteKind
from aws_ops.plan import CautionKind, Change, RefusalKind
from handlers.people import Stranger
from handlers.problems import ProblemKind
from handlers.speech import Language, Speech, in_every_language
from sharing.approval import Objection
from sharing.requests import FailureKind
from sharing.states import RequestState

_HANDLERS = Path(handlers.__file__).parent


class _Details(Visitor):
    """Gathers the details that a sentence names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


def _catalogue(language: Language) -> dict[str, set[str]]:
    """Every sentence of the language, with the details that it names."""
    sentences: dict[str, set[str]] = {}
    for path in sorted((_HANDLERS / "catalogues" / language.value).glob("*.ftl")):
        for entry in FluentParser().parse(path.read_text("utf-8")).body:
            assert not isinstance(entry, ast.Junk), f"{path.name}: {entry.content}"
            if isinstance(entry, ast.Message):
                assert entry.id.name not in sentences, f"{entry.id.name} is there twice"
                details = _Details()
                details.visit(entry)
                sentences[entry.id.name] = details.names
    return sentences


def test_every_language_has_every_sentence_with_the_same_details() -> None:
    english = _catalogue(Language.ENGLISH)
    assert english
    for language in Language:
        assert _catalogue(language) == english


def test_the_files_of_every_language_are_the_same() -> None:
    names = [sorted(path.name for path in (_HANDLERS / "catalogues" / one.value).glob("*.ftl")) for one in Language]
    assert names[0]
    assert all(each == names[0] for each in names)


def test_no_sentence_is_left_in_a_catalogue_that_nothing_says() -> None:
    code = "\n".join(path.read_text("utf-8") for path in _HANDLERS.glob("**/*.py"))
    said = set(re.findall(r"""["']([a-z][a-z0-9-]*)["']""", code))
    # A kind's sentence is named by a prefix and the kind's own value: f"refusal-{…}".
    prefixes = tuple(set(re.findall(r"""f["']([a-z][a-z0-9-]*-)\{""", code)))
    # An option's description goes with its name.
    names = [name.removesuffix("-description") for name in _catalogue(Language.ENGLISH)]
    assert [name for name in names if name not in said and not name.startswith(prefixes)] == []


# One word for one thing: the bot isn't a person, who a share is with is its 共有先, what waits is 承認待ち.
_OTHER_WORDS = ("私", "ターゲット", "引き渡", "決定", "計画", "キャンセル済み", "既に", "：")


@pytest.mark.parametrize("word", _OTHER_WORDS)
def test_the_japanese_has_one_word_for_one_thing(word: str) -> None:
    paths = (_HANDLERS / "catalogues" / Language.JAPANESE.value).glob("*.ftl")
    lines = [line for path in paths for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if word in line] == []


@pytest.mark.parametrize(
    ("prefix", "kinds"),
    [
        ("refusal", RefusalKind),
        ("caution", CautionKind),
        ("failure", FailureKind),
        ("note", NoteKind),
        ("cause", CauseKind),
        ("objection", Objection),
        ("stranger", Stranger),
        ("problem", ProblemKind),
        ("state", RequestState),
    ],
)
def test_there_are_words_for_every_kind_and_for_no_others(prefix: str, kinds: type[StrEnum]) -> None:
    names = {name for name in _catalogue(Language.ENGLISH) if name.startswith(f"{prefix}-")}
    assert names == {f"{prefix}-{kind.value.replace('_', '-')}" for kind in kinds}


@pytest.mark.parametrize("change", get_args(Change))
def test_there_are_words_for_every_kind_of_change(change: Any) -> None:
    assert f"change-{change.kind.replace('_', '-')}" in _catalogue(Language.ENGLISH)


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("ja-JP", Language.JAPANESE),
        ("ja", Language.JAPANESE),
        ("en-GB", Language.ENGLISH),
        ("de-DE", Language.ENGLISH),
        ("", Language.ENGLISH),
        (None, Language.ENGLISH),
    ],
)
def test_a_locale_chooses_the_language_or_english(locale: str | None, language: Language) -> None:
    assert Language.of_locale(locale) is language


def test_a_detail_that_is_missing_keeps_nothing_else_from_the_reader(caplog: pytest.LogCaptureFixture) -> None:
    assert Speech(Language.ENGLISH)("no-such-request").startswith("There is no request")
    assert "no-such-request" in caplog.text
    caplog.clear()


def test_whose_language_nobody_knows_is_told_in_each() -> None:
    english, japanese = in_every_language("unexpected", reference="`4f5e6d7c`").splitlines()
    assert english.endswith("in my log under reference `4f5e6d7c`.")
    assert "参照番号 `4f5e6d7c`" in japanese


def test_an_unknown_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        Speech(Language.ENGLISH)("not-a-sentence")


def test_a_long_detail_is_said_whole() -> None:
    long = "`ami-0123456789abcdef0`, " * 200
    assert Speech(Language.ENGLISH)("no-such-request", request=long) == f"There is no request {long}."
