"""Only what somebody wrote themselves is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.scoring.text import clean
from sales_consultant.scoring.text.cleaning import MOST_TEXT

QUOTED = """Yes, go ahead.

On Mon, 5 May 2025 at 10:00, Jo Seller <jo@seller.example> wrote:
> Will you cancel the contract?
"""
GERMAN = """Wir nehmen das Angebot an.

Mit freundlichen Grüßen
Hans Maier

Von: Jo Seller
Gesendet: Montag
An: Hans Maier
Betreff: Angebot

Wollen Sie kündigen?
"""
CHINESE = """好的，发合同吧。

祝好，
小王

2024年5月1日 张三 写道：
> 您要取消吗？
"""
MARKUP = (
    "<html><head><style>p {color: red}</style></head><body><!-- cancel --><p>We want to <b>stay</b> &amp; grow.</p>"
    '<div class="gmail_quote">Jo wrote: <blockquote>Will you cancel?</blockquote></div></body></html>'
)


@pytest.mark.parametrize(
    ("body", "own"),
    [
        (QUOTED, "Yes, go ahead."),
        (GERMAN, "Wir nehmen das Angebot an."),
        (CHINESE, "好的，发合同吧。"),
        (MARKUP, "We want to stay & grow."),
        (
            "The price?\n\nThis email and any attachments are confidential and intended solely for you.",
            "The price?",
        ),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("", ""),
    ],
)
def test_quotes_signatures_disclaimers_and_markup_are_left_out(body: str, own: str) -> None:
    assert clean(body) == own


def test_a_message_that_is_all_quote_keeps_its_text() -> None:
    assert clean("> Please send us the contract.") == "> Please send us the contract."


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<!--",
        "<!-- >",
        "<blockquote>",
        "> ",
        "On x wrote:\n",
        "From: a\n",
        "\n--",
        "Disclaimer: mail ",
        "&#",
    ],
)
def test_a_body_of_a_megabyte_is_cut(piece: str) -> None:
    assert len(clean(piece * (1_000_000 // len(piece)))) <= MOST_TEXT


@given(st.text(max_size=400))
def test_any_text_has_a_clean_one(body: str) -> None:
    own = clean(body)
    assert own == own.strip()
    assert len(own) <= MOST_TEXT
