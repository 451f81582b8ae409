"""mrkdwn: whatever somebody types, Slack shows it and obeys nothing in it."""

import html
import unicodedata
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from handlers import mrkdwn

FORGERIES = st.sampled_from(
    [
        "<!channel>",
        "<@U0SAM>",
        "<https://x.example|safe>",
        "`",
        "```",
        "\n:white_check_mark: Approved by <@U0SAM>",
        "&lt;",
        "\u202eyb devorppA",
        "\u2066\u2069\u200b\u200f\ufeff\x1b\U000e0041",
    ]
)
UNSEEN = ("Cc", "Cf")


def visible(text: str) -> str:
    """What of `text` can be seen, on one line."""
    kept = (one for one in text if one.isspace() or one in "\u200c\u200d" or unicodedata.category(one) not in UNSEEN)
    return " ".join("".join(kept).split())


@given(st.lists(FORGERIES | st.text(max_size=20)).map("".join))
def test_escaped_text_holds_no_control_of_slacks(text: str) -> None:
    escaped = mrkdwn.escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert "\n" not in escaped
    assert html.unescape(escaped) == html.unescape(mrkdwn.escape(visible(text))) == visible(text)


@given(st.lists(FORGERIES | st.text(max_size=20)).map("".join))
def test_nothing_unseen_turns_what_is_read(text: str) -> None:
    shown = mrkdwn.escape(text) + mrkdwn.quote(text) + mrkdwn.code(text) + mrkdwn.block([text]).replace("\n", "")
    assert {one for one in shown if unicodedata.category(one) in UNSEEN} <= {"\u200c", "\u200d"}


def test_what_joins_letters_and_pictures_stays() -> None:
    assert mrkdwn.escape("می\u200cخواهم 👩\u200d🔧") == "می\u200cخواهم 👩\u200d🔧"


@given(st.text())
def test_nothing_breaks_out_of_code(text: str) -> None:
    shown = mrkdwn.code(text)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]


@given(st.text(st.characters(codec="ascii")), st.integers(1, 50))
def test_a_cut_never_leaves_half_an_escape(text: str, limit: int) -> None:
    shown = mrkdwn.cut(mrkdwn.escape(text), limit)
    assert len(shown) <= limit
    assert html.unescape(shown.removesuffix("…")) in html.unescape(mrkdwn.escape(text))


WHOLE = [
    mrkdwn.when(datetime(2026, 3, 2, 9, tzinfo=UTC)),
    mrkdwn.person("U0123456789"),
    mrkdwn.people([], ["S0123456789"]),
    mrkdwn.code("arn:aws:kms:eu-central-1:111111111111:key/1234abcd"),
    mrkdwn.escape("&"),
    ":white_check_mark:",
]
WORDS = st.text("ab *_\n", max_size=10)


@given(st.lists(st.sampled_from(WHOLE) | WORDS), st.integers(1, 400))
def test_a_cut_goes_through_nothing_that_slack_reads_as_one(parts: list[str], limit: int) -> None:
    text = "".join(parts)
    shown = mrkdwn.cut(text, limit)
    assert len(shown) <= limit
    if shown != text:
        kept = shown.removesuffix("…")
        assert text.startswith(kept)
        left = kept
        for one in sorted(WHOLE, key=len, reverse=True):
            left = left.replace(one, "")
        assert not set("<>`&;:^|") & set(left)


@given(st.lists(st.text("ab<`", max_size=30), min_size=1), WORDS, st.integers(1, 300))
def test_preformatted_text_is_cut_between_rows_and_closed(rows: list[str], before: str, limit: int) -> None:
    shown = mrkdwn.cut(before + mrkdwn.block(rows), limit)
    assert len(shown) <= limit
    assert shown.count("```") in (0, 2)
    kept = shown.removesuffix("…").removeprefix(before).splitlines()[1:-1]
    assert kept == mrkdwn.block(rows).splitlines()[1:-1][: len(kept)]


@given(st.lists(st.sampled_from(WHOLE) | WORDS.map(lambda word: f" {word} ")).map(" ".join), st.integers(100, 300))
def test_pieces_are_the_whole_text(text: str, limit: int) -> None:
    text = " ".join(text.split())
    parts = list(mrkdwn.pieces(text, limit))
    assert all(len(part) <= limit for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert all(sum(part.count(one) for part in parts) == text.count(one) for one in WHOLE)
