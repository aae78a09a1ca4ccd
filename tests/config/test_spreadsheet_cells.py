"""No cell of a table is taken for a formula by a spreadsheet, whatever stands before it."""

import pytest

from sales_consultant.config.files import guarded

FORMULA = "cmd|' /C calc'!A1"
# White space, no-break spaces, zero width, byte order mark, direction marks, controls.
BEFORE = ["", " ", "   ", "\t", "\r", "\n", "\r\n", "\v", "\x00", "\x1c", "\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\ufeff", "\u200e", "\u2028"]  # fmt: skip
# Of full width and small form too.
SIGNS = ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\ufe62", "\ufe63", "\ufe6b"]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_formula_is_guarded_behind_whatever_is_not_seen(sign: str) -> None:
    for before in BEFORE:
        text = f"{before}{sign}{FORMULA}"
        assert guarded(text) == f"'{text}", repr(text)


@pytest.mark.parametrize(
    "text", ["", " ", "Berg AG", " Berg", "A=B", "5 - 3", "张三", "'=x", "#1", "\u3000张三"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize("text", ["\tBerg", "\rBerg", "\nBerg"])
def test_what_may_end_a_cell_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
