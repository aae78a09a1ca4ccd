"""One canonical form: idempotent, stable against what vendors do to values."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.fields.canon import CanonError, canon
from sales_consultant.config.fields.catalogue import FIELDS, Field, by_key, fields

VALUES = st.one_of(
    st.none(),
    st.text(max_size=200),
    st.floats(allow_nan=True),
    st.integers(-(10**12), 10**12),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.booleans(),
)


@given(st.sampled_from(FIELDS), VALUES)
def test_a_canonical_value_is_its_own_canonical_value(field: Field, value: object) -> None:
    try:
        once = canon(field, value)
    except CanonError:
        return
    assert canon(field, once) == once


@pytest.mark.parametrize(
    ("key", "given_value", "expected"),
    [
        ("score", 71.6, "72"),
        ("score", "7.2E1", "72"),
        ("probability", 0.1 + 0.2, "0.3000"),
        ("expected_value", Decimal("1234.5"), "1234.50"),
        ("expected_value", -0.001, "0.00"),
        ("grade", "a", "A"),
        ("next_step_due", 1717200000000, "2024-06-01"),
        ("scored_at", "2024-06-01T10:00:00.987Z", "2024-06-01T10:00:00Z"),
        ("scored_at", "2024-06-01T12:00:00+02:00", "2024-06-01T10:00:00Z"),
        ("top_reason", "  a\x00b\nc  ", "a b c"),
        ("reasons", "one\r\n\r\n two ", "one\ntwo"),
        ("reasons", "", None),
        ("probability", float("nan"), None),
    ],
)
def test_spellings_that_mean_the_same(key: str, given_value: object, expected: str | None) -> None:
    assert canon(by_key(key), given_value) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("score", "high"),
        ("score", float("inf")),
        ("score", 100000),
        ("grade", "E"),
        ("scored_at", "2024-06-01T10:00:00"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(key: str, value: object) -> None:
    with pytest.raises(CanonError, match=key):
        canon(by_key(key), value)


def test_sets_grow_and_name_no_field_twice() -> None:
    small, standard, everything = (fields(s, ["deals"])["deals"] for s in ("minimal", "standard", "all"))
    assert set(small) < set(standard) < set(everything)
    assert len({f.key for f in FIELDS}) == len(FIELDS)
