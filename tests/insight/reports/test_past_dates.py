"""What is known of today alone is not told of a past date."""

from datetime import UTC

from sales_consultant.insight.reports import Words, model, segments

WORDS = Words("en", "EUR", UTC)
TEST = model.Tested("deals", "better than base rate", 0.7, 0.6, 0.8, 0.3, 2.0, 100)
GIVEN = model.Given("deals", "30 days ago", "81 to 99", 10, 5, 0.5, 0.4)


def test_models_of_a_past_date_are_those_that_had_been_tested() -> None:
    nothing = model.section([], [], WORDS, past=True)
    assert "by this date" in nothing.hidden
    some = model.section([TEST], [], WORDS, past=True)
    assert [f.key for f in some.figures] == ["forward_tests"]
    assert "as of today alone" in some.unknown[0]
    today = model.section([TEST], [GIVEN], WORDS)
    assert [f.key for f in today.figures] == ["forward_tests", "as_given"]
    assert today.unknown == ()


def test_segments_of_a_past_date_are_not_told() -> None:
    found = segments.of_the_past(WORDS)
    assert found.figures == () and "--as-of" in found.hidden
