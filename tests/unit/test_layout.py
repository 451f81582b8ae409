"""Layout: what fits is shown, what doesn't is counted, and of each kind something is there."""

from hypothesis import given
from hypothesis import strategies as st

from handlers import layout, mrkdwn
from handlers.layout import Rows
from handlers.speech import Language, speech

SAY = speech(Language.ENGLISH)
LINES = st.lists(st.text("ab `", min_size=1, max_size=4000), max_size=30)


def test_a_line_that_is_too_long_hides_none_after_it() -> None:
    fitted = layout.fit(["short", "x" * 200, "also short"], room=50)
    assert fitted.texts == ("short\nalso short",)
    assert fitted.left_out == 1


def test_rows_that_are_left_out_are_counted_one_by_one() -> None:
    rows = Rows(tuple(f"account-{number:03}  ami-0123456789abcdef0" for number in range(200)))
    fitted = layout.fit(["Ready:", rows], room=4000)
    shown = [line for text in fitted.texts for line in text.splitlines() if line.startswith("account")]
    assert tuple(shown) == rows.rows[: len(shown)]
    assert fitted.left_out == 200 - len(shown)
    assert 105 < len(shown) < 115


@given(LINES, st.integers(0, 20_000), st.integers(0, 12))
def test_sections_keep_their_limits_and_lose_nothing_that_fits(lines: list[str], room: int, most: int) -> None:
    fitted = layout.fit(lines, room, most)
    assert len(fitted.texts) <= most
    assert all(len(text) <= layout.SECTION for text in fitted.texts)
    assert sum(map(len, fitted.texts)) <= room
    whole = layout.fit(lines, 10**6, 10**3)
    assert whole.left_out == 0
    assert "".join("".join(whole.texts).split()) == "".join("".join(lines).split()), "a long line goes on, uncut"


@given(st.lists(st.text("`<&ab", max_size=300), max_size=80), st.integers(0, 9000))
def test_rows_keep_the_limits_whatever_is_in_them(rows: list[str], room: int) -> None:
    fitted = layout.fit([Rows(tuple(rows))], room)
    assert all(len(text) <= layout.SECTION for text in fitted.texts)
    shown = [line for text in fitted.texts for line in text.splitlines()[1:-1]]
    assert len(shown) + fitted.left_out == len(mrkdwn.block(rows).splitlines()) - 2


@given(st.lists(st.lists(st.text("abc", min_size=1, max_size=600), min_size=1, max_size=30), min_size=1, max_size=30))
def test_of_each_kind_there_is_a_line(kinds: list[list[str]]) -> None:
    marked = [[f"<@{number}>{line}" for line in kind] for number, kind in enumerate(kinds)]
    lines = layout.of_each_kind(SAY, [[lambda _, line=line: line for line in kind] for kind in marked], room=1500)
    assert sum(len(line) + 1 for line in lines) <= 1500
    assert [mark for mark in range(len(kinds)) if f"<@{mark}>" in "".join(lines)] == list(range(len(kinds)))


def test_lines_like_one_that_is_shown_are_counted() -> None:
    kinds = [[lambda _, number=number: f"warning {number}" for number in range(50)], [lambda _: "another"]]
    *shown, last, another = layout.of_each_kind(SAY, kinds, room=120)
    assert last == f"warning {len(shown)} (and {49 - len(shown)} more like this)"
    assert another == "another"
