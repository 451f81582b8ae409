"""mrkdwn: whatever somebody types, Slack shows it and obeys nothing in it."""

import html

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
    ]
)


@given(st.lists(FORGERIES | st.text(max_size=20)).map("".join))
def test_escaped_text_holds_no_control_of_slacks(text: str) -> None:
    escaped = mrkdwn.escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert "\n" not in escaped
    assert html.unescape(escaped) == " ".join(text.split())


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
