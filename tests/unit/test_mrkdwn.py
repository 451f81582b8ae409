"""mrkdwn: whatever somebody types, Slack shows it and obeys nothing in it."""

import html
import unicodedata

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
    return "".join(
        one for one in " ".join(text.split()) if one in "\u200c\u200d" or unicodedata.category(one) not in UNSEEN
    )


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
