"""The notation of phrases, and what a lexicon may hold."""

import pytest

from sales_consultant.scoring.text.lexicon import INTENTS, LANGUAGES, NONE, lexicon, parse
from sales_consultant.scoring.text.normalise import words
from sales_consultant.scoring.text.phrases import LexiconError, PhraseIndex, compile_phrase


def holds(source: str, text: str, *, language: str = "en") -> bool:
    spaced = language != "zh"
    phrase = compile_phrase(source, "complaint", 1.0, {"day": "monday|friday"}, spaced=spaced)
    index = PhraseIndex([phrase], spaced=spaced)
    sentences = [s.text for s in words(text, language)] if spaced else [text]
    return any(True for s in sentences for _ in index.found(s))


@pytest.mark.parametrize(
    ("source", "text", "held"),
    [
        ("cancel|stop ?our plan", "Stop our plan!", True),
        ("cancel|stop ?our plan", "stop the plan", False),
        ("cancel .. contract", "cancel the old service contract", True),
        ("cancel .. contract", "cancel one two three four five contract", False),
        ("go_ahead", "please go ahead", True),
        ("cancel*", "cancellation", True),
        ("cancel", "cancellation", False),
        ("in # days", "in 3 days", True),
        ("on <day>", "see you on Friday", True),
        ("price ??", "the price?", True),
        ("price ??", "the price.", False),
        ("not", "I can't", True),
        ("with @", "we went with Norvik", True),
    ],
)
def test_notation(source: str, text: str, held: bool) -> None:
    assert holds(source, text) is held


def test_chinese_elements_follow_each_other() -> None:
    assert holds("太|很 贵", "价格太贵了", language="zh")
    assert not holds("太|很 贵", "太不贵", language="zh")
    assert holds("取消 .. 合同", "取消我们的合同", language="zh")


@pytest.mark.parametrize(
    "data",
    [
        {"no_intent": {"strong": ["a"]}},
        {"complaint": {"stronger": ["a"]}},
        {"complaint": {"strong": ["a <nowhere>"]}},
        {"complaint": {"strong": [".. ?a"]}},
    ],
)
def test_a_lexicon_with_an_unknown_word_is_refused(data: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises(LexiconError):
        parse("en", data, {})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_speaks_of_every_intent(language: str) -> None:
    assert {p.intent for p in lexicon(language).phrases.phrases} == set(INTENTS)
    assert NONE in INTENTS
    assert lexicon(language).feelings
