"""What reps read exists in every language: no message is missing, and none names another word than the English one."""

from string import Formatter

import pytest

from sales_consultant.config import playbook
from sales_consultant.config.language.translation import LANGUAGES, Language, catalogue, translate
from sales_consultant.scoring.next_steps import why_none, wording
from sales_consultant.scoring.propensity import length

OTHERS: list[Language] = [language for language in LANGUAGES if language != "en"]


def messages() -> set[str]:
    """All English messages that reps read in a next step."""
    book = playbook.load()
    rules = {text for r in book.rules for text in (r.step, r.reason)}
    spans = {length(days) for days in (1, 8, 20, 60, 100, 200, 400)}
    return (
        rules
        | {book.planned.step, book.planned.reason, "meeting", "call"}
        | spans
        | {*wording.OTHERS, *why_none.MESSAGES}
    )


def words(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: Language) -> None:
    assert set(catalogue(language)) == messages()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_says_the_same_words(language: Language) -> None:
    for text in messages():
        said = translate(text, language)
        assert words(said) == words(text), text
        assert any("\u4e00" <= c <= "\u9fff" for c in said) or not words(text) or said == "{date}", text


def test_an_unknown_message_stays_english() -> None:
    assert translate("a rule of your own", "zh") == "a rule of your own"
