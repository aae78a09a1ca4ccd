"""Conditions of the playbook: what is read, and how a mistake is told and placed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.playbook.expressions import ExpressionError, parse, parts, symbols, written


@pytest.mark.parametrize(
    ("text", "told", "at"),
    [
        ("scor >= 3", 'the name "scor" is not known; did you mean score?', 0),
        ('grade == "A" and days_in_stag > 3', "did you mean days_in_stage?", 17),
        ('grade == "E"', 'grade is never "E"', 0),
        ('lifecycle in ["new", "activ"]', "did you mean active?", 0),
        ("grade > 3", "grade (text) cannot be compared by > with a number (3)", 0),
        ("score == true", "score (number) cannot be compared by == with a flag (true)", 0),
        ("unanswered and score", "and needs conditions, score (number) is none", 15),
        ("score + grade > 3", "+ needs numbers, grade (text) is none", 8),
        ("score", "it is no condition", 0),
        ("score >= 3 and (", "it cannot be read at its end", 16),
        ("score is 3", 'it cannot be read at "is"', 6),
        ("score in 3", "the types of its parts do not fit", 0),
        ("score in grade", "in needs a list", 0),
        ('score in ["A"]', "cannot be compared by in", 0),
        ('title =~~ "("', "invalid regular expression", 0),
        ('title =~ "a"', "=~ is not offered", 0),
        ("[s for s in products] == 1", "a comprehension is more than a playbook offers", 0),
        ('stage.length > 3', "is more than a playbook offers", 0),
        ("$now > 3", "types of its parts", 0),
        ("$pi == 3", "$pi is not known here", 0),
        ("(" * 80 + "score" + ")" * 80, "nested more than 60 deep", 0),
        ("score > 1 and " * 200 + "score > 1", "the most is 2000", 0),
        ("", "it cannot be read", 0),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(text: str, told: str, at: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert told in str(caught.value)
    assert caught.value.at == at


def test_a_name_in_quotes_is_no_name() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse('stage == "scor" and scor > 3')
    assert caught.value.at == 20


def test_the_names_and_the_parts() -> None:
    tree = parse('score >= 70 and not unanswered and (grade == "A" or amount > 5)')
    assert set(symbols(tree)) == {"score", "unanswered", "grade", "amount"}
    assert [written(p) for p in parts(tree)] == [
        "score >= 70",
        "not (unanswered)",
        'grade == "A" or amount > 5',
    ]


ATOMS = st.sampled_from(
    [
        "score >= 70",
        "score < 20.5",
        'grade in ["A", "B"]',
        'grade != "D"',
        "unanswered",
        "days_in_stage > 3 * days_since_inbound",
        '"pump" in products',
        'title =~~ "(?i)head"',
        "amount - 3 <= 4",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_what_is_written_reads_back_as_the_same(text: str) -> None:
    tree = parse(text)
    assert parse(written(tree)) == tree or written(parse(written(tree))) == written(tree)
