"""Texts are counted as the CRMs count them, cut between signs, and a probability is never certain."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sales_consultant.config.fields.canon import canon, written
from sales_consultant.config.fields.catalogue import FIELDS, by_key
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.language.texts import cut, units

# What is seen as one sign: plain, two units, with an accent of its own, skin colour, a family, flags, Hangul by its parts,
# Devanagari with vowel signs, a keycap, a flag by tags.
SIGNS = (
    "a", "ß", "ア", "𠮟", "👍", "e\u0301", "a\u0300\u0301", "👍🏽", "👨\u200d👩\u200d👧\u200d👦", "❤\ufe0f", "🇩🇪", "🇫🇷",
    "\u1112\u1161\u11ab", "\u0915\u093f", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e0065\U000e007f",
)  # fmt: skip


def utf16(text: str) -> int:
    """As a program on UTF-16 counts."""
    return len(text.encode("utf-16-le")) // 2


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_cut_text_fits_and_is_the_longest_beginning_of_whole_signs(text: str, limit: int) -> None:
    assert units(text) == utf16(text)
    made = cut(text, limit)
    assert text.startswith(made) and utf16(made) <= limit
    assert cut(made, limit) == made
    if utf16(text) <= limit:
        assert made == text


@given(st.lists(st.sampled_from(SIGNS), max_size=30), st.integers(0, 60))
@example(["🇩🇪", "🇫🇷", "🇩🇪"], 10)
@example(["👨\u200d👩\u200d👧\u200d👦"] * 2, 12)
@example(["e\u0301", "e\u0301"], 3)
def test_no_sign_is_cut_in_two(signs: list[str], limit: int) -> None:
    made = cut("".join(signs), limit)
    whole, used = "", 0
    for sign in signs:
        if (used := used + utf16(sign)) > limit:
            break
        whole += sign
    assert made == whole


def test_a_sign_longer_than_any_real_one_is_cut_all_the_same() -> None:
    made = cut("e" + "\u0301" * 500, 100)
    assert len(made) == 100


TEXTS = [f.key for f in FIELDS if f.type in ("text", "long_text")]


@given(
    st.sampled_from(TEXTS),
    st.one_of(
        st.text(st.characters(codec=None), max_size=400),
        st.lists(st.sampled_from([*SIGNS, " ", "\n", "\ud83d", "\udc4d", "\ufffe"]), max_size=900).map(
            "".join
        ),
    ),
)
@example("next_step", "👍" * 255)
@example("reasons", "\n".join("👍" * 99 for _ in range(20)))
@example("top_reason", "x" * 119 + "👍")
@example("model", "\ud83d" + "ab")
def test_a_canonical_text_is_one_that_every_crm_keeps_as_it_is(key: str, text: str) -> None:
    field = by_key(key)
    made = canon(field, text)
    assert canon(field, made) == made
    if made is None:
        return
    # The ends of lines may be kept as two signs.
    assert utf16(made.replace("\n", "\r\n")) <= field.length
    # It can be sent at all: no half of a pair; and nothing that a vendor trims at its ends.
    made.encode("utf-8")
    assert made == made.strip()
    assert not any(unicodedata.category(c) in ("Cs", "Cc") for c in made if c != "\n")


def test_what_was_cut_is_not_written_again_when_it_is_read_back() -> None:
    field = by_key("top_reason")
    made = canon(field, "Angebot für 𠮟咤商事 👍🏽 " * 20)
    assert made is not None and 110 < utf16(made) <= 120
    # As Salesforce might send it: with the ends of lines and blanks of its own.
    assert canon(field, made + " ") == made
    lines = canon(by_key("reasons"), "\n".join(f"{n} meetings 👍: +{n}" for n in range(90)))
    assert lines is not None
    assert canon(by_key("reasons"), lines.replace("\n", "\r\n")) == lines


@given(
    st.one_of(
        st.floats(0, 1), st.sampled_from([0, 1, 0.0, 1.0, 5e-324, 1 - 1e-16, 0.99995, 0.00005, "1", "0"])
    )
)
@example(0.99994999)
@example(1e-5)
def test_a_probability_that_we_write_is_never_certain(p: object) -> None:
    field = by_key("probability")
    made = written(field, p)
    assert made is not None
    assert Decimal("0.0001") <= Decimal(made) <= Decimal("0.9999")
    assert written(field, made) == made and canon(field, made) == made
    assert abs(Decimal(made) - Decimal(str(p))) <= Decimal("0.0001")


def test_only_what_we_write_is_held() -> None:
    """A 1 that somebody, or an older version, wrote is read as it is: a difference, not our value."""
    field = by_key("probability")
    assert (canon(field, 1), canon(field, "0")) == ("1.0000", "0.0000")
    assert written(field, None) is None
    assert (written(by_key("score"), 99), written(by_key("churn_risk"), 100)) == ("99", "100")


@pytest.mark.parametrize("note", ["today: 3 records", "𠮟" * 900, "x" * 5000, "👍" * 250])
def test_a_description_keeps_the_words_by_which_a_field_is_known_as_ours(note: str) -> None:
    naming = Naming()
    for field in FIELDS:
        made = naming.description(field, note)
        assert utf16(made) <= 1000
        assert naming.is_ours(made)
        assert naming.without_note(made) == naming.description(field)
