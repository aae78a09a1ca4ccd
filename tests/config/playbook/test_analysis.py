"""What conditions say of each other, against trying values."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.playbook.analysis import always_true, implies, never_true, overlap
from sales_consultant.config.playbook.expressions import Compare, Constant, Logic, Node, Symbol, parse


@pytest.mark.parametrize(
    ("text", "always", "never"),
    [
        ("score >= 1", True, False),
        ("score > 99", False, True),
        ("score > 5 and score < 3", False, True),
        ("score > 5 or score <= 5", True, False),
        ('grade in ["A", "B", "C", "D"]', True, False),
        ('grade == "A" and grade == "B"', False, True),
        ("unanswered or not unanswered", True, False),
        ("age_days < 0", False, True),
        ("days_to_close_date < 0", False, False),
        ("true", True, False),
        ("amount > value_12m", False, False),
        ("amount > value_12m and not (amount > value_12m)", False, True),
    ],
)
def test_always_and_never(text: str, always: bool, never: bool) -> None:
    assert (always_true(parse(text)), never_true(parse(text))) == (always, never)


def test_one_within_the_other() -> None:
    narrow, wide = parse('grade == "A" and score >= 80'), parse('grade in ["A", "B"]')
    assert implies(narrow, wide) and not implies(wide, narrow)
    assert overlap(narrow, wide)
    assert not overlap(parse("score >= 80"), parse("score < 80"))


VALUES: dict[str, list[object]] = {
    "score": [1, 19, 20, 21, 50, 79, 80, 81, 99],
    "grade": ["A", "B", "C", "D"],
    "unanswered": [True, False],
}
ATOMS = ["score >= 20", "score < 80", "score == 50", 'grade == "A"', 'grade in ["A", "C"]', "unanswered"]
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


def holds(node: Node, row: dict[str, object]) -> bool:
    if isinstance(node, Logic):
        told = [holds(p, row) for p in node.parts]
        return not told[0] if node.operator == "not" else all(told) if node.operator == "and" else any(told)
    if isinstance(node, Symbol):
        return bool(row[node.name])
    assert isinstance(node, Compare) and isinstance(node.left, Symbol) and isinstance(node.right, Constant)
    left, right = row[node.left.name], node.right.value
    if node.operator == "in":
        assert isinstance(right, tuple)
        return left in right
    compared = {"==": left == right, ">=": False, "<": False}
    if isinstance(left, (int, float)) and isinstance(right, float):
        compared |= {">=": left >= right, "<": left < right}
    return compared[node.operator]


ROWS = [dict(zip(VALUES, row, strict=True)) for row in itertools.product(*VALUES.values())]


@given(CONDITIONS, CONDITIONS)
def test_the_same_as_trying_all_values(one: str, other: str) -> None:
    first, second = parse(one), parse(other)
    told = [(holds(first, r), holds(second, r)) for r in ROWS]
    assert always_true(first) == all(a for a, _ in told)
    assert never_true(first) == (not any(a for a, _ in told))
    assert implies(first, second) == all(b for a, b in told if a)
    assert overlap(first, second) == any(a and b for a, b in told)
