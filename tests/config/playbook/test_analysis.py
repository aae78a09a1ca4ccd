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
        ("score >= 1", False, False),
        ("purchases >= 0", True, False),
        ("amount > 1e17", False, False),
        ("score > 99", False, True),
        ("score > 5 and score < 3", False, True),
        ("score > 5 or score <= 5", False, False),
        ('grade in ["A", "B", "C", "D"]', False, False),
        ('grade == "A" and grade == "B"', False, True),
        ("unanswered or not unanswered", False, False),
        ("has_owner or not has_owner", True, False),
        ("age_days < 0", False, True),
        ("days_to_close_date < 0", False, False),
        ("true", True, False),
        ("amount > value_12m", False, False),
        ("amount > value_12m and not (amount > value_12m)", False, True),
    ],
)
def test_always_and_never(text: str, always: bool, never: bool) -> None:
    assert (always_true(parse(text)), never_true(parse(text))) == (always, never)


def test_wherever_the_facts_are_known() -> None:
    for text in ("score >= 1", "tier >= 1", "unanswered or not unanswered", "days_since_intent >= 0"):
        assert always_true(parse(text), known=True) and not always_true(parse(text))
    assert not implies(parse("score >= 50"), parse("score >= 50 and tier >= 1"))


def test_one_within_the_other() -> None:
    narrow, wide = parse('grade == "A" and score >= 80'), parse('grade in ["A", "B"]')
    assert implies(narrow, wide) and not implies(wide, narrow)
    assert overlap(narrow, wide)
    assert not overlap(parse("score >= 80"), parse("score < 80"))


VALUES: dict[str, list[object]] = {
    "score": [1, 19, 20, 21, 50, 79, 80, 81, 99, None],
    "grade": ["A", "B", "C", "D", None],
    "unanswered": [True, False, None],
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


def truth(node: Node, row: dict[str, object]) -> bool | None:
    """Kleene's logic, a row at a time."""
    if isinstance(node, Logic):
        told = [truth(p, row) for p in node.parts]
        if node.operator == "not":
            return None if told[0] is None else not told[0]
        settles = node.operator == "or"
        return settles if settles in told else None if None in told else not settles
    if isinstance(node, Symbol):
        value = row[node.name]
        return None if value is None else bool(value)
    assert isinstance(node, Compare) and isinstance(node.left, Symbol) and isinstance(node.right, Constant)
    left, right = row[node.left.name], node.right.value
    if left is None:
        return None
    if node.operator == "in":
        assert isinstance(right, tuple)
        return left in right
    if node.operator == "==":
        return left == right
    assert isinstance(left, (int, float)) and isinstance(right, float)
    return left >= right if node.operator == ">=" else left < right


def holds(node: Node, row: dict[str, object]) -> bool:
    return truth(node, row) is True


ROWS = [dict(zip(VALUES, row, strict=True)) for row in itertools.product(*VALUES.values())]


@given(CONDITIONS, CONDITIONS)
def test_the_same_as_trying_all_values(one: str, other: str) -> None:
    first, second = parse(one), parse(other)
    told = [(holds(first, r), holds(second, r)) for r in ROWS]
    assert always_true(first) == all(a for a, _ in told)
    assert never_true(first) == (not any(a for a, _ in told))
    assert implies(first, second) == all(b for a, b in told if a)
    assert overlap(first, second) == any(a and b for a, b in told)
