"""docs/rules.md names tests that are there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "rules.md"
NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def test_every_rule_has_a_test_and_every_test_is_there() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rules = [r for r in rows if not r.startswith(("| rule |", "| client |"))]
    assert len(rules) > 60
    assert [r for r in rules if not NAMED.search(r)] == []
    missing = []
    for path, name in sorted({(p, n) for r in rules for p, n in NAMED.findall(r)}):
        file = TESTS / path
        if not file.exists() or (name and not re.search(rf"def {name}\(", file.read_text(encoding="utf-8"))):
            missing.append(f"{path}::{name}")
    assert missing == []


@pytest.mark.parametrize("room", ["connectors", "histories"])
def test_every_file_of_these_rooms_is_named(room: str) -> None:
    """A test of the vendors' rules that no rule leads to would be forgotten here."""
    page = PAGE.read_text(encoding="utf-8")
    unnamed = [f.name for f in (TESTS / room).glob("test_*.py") if f"{room}/{f.name}" not in page]
    assert set(unnamed) <= {"test_columns.py", "test_salesforce_contract.py"}
