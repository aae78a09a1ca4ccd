"""Columns made of buffers are what `pa.array` would make, without what it imports."""

import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import programs

from sales_consultant.connectors.tables.columns import flags, same, strings


@settings(deadline=None)
@given(st.lists(st.none() | st.text()))
def test_columns_of_texts(values: list[str | None]) -> None:
    made = strings(iter(values))
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))
    assert made.null_count == values.count(None)


@settings(deadline=None)
@given(st.lists(st.booleans()), st.integers(-(2**63), 2**63 - 1))
def test_columns_of_flags_and_of_one_number(values: list[bool], number: int) -> None:
    assert flags(values).equals(pa.array(values, pa.bool_()))
    assert same(number, len(values)).equals(pa.array([number] * len(values), pa.int64()))


def test_what_is_no_text_is_not_taken_for_one() -> None:
    with pytest.raises(TypeError, match="not int"):
        strings(["a", None, 5])  # type: ignore[list-item]  # what is wrong on purpose


def test_a_page_imports_no_pandas() -> None:
    program = (
        "import sys\n"
        "from sales_consultant.connectors.hubspot.reading import rows\n"
        "rows.texts([{'a': 'b'}], ('a',), seen=1)\n"
        "rows.records([{'id': '1', 'properties': {}, 'createdAt': None, 'updatedAt': None}], ('a',), seen=1, odd={})\n"
        "assert 'pandas' not in sys.modules\n"
    )
    programs.run([sys.executable, "-c", program], check=True)
