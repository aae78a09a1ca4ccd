"""docs/reference/rules.md names tests that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "reference" / "rules.md"
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
