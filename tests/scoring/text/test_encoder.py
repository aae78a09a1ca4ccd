"""A classifier beside the rules: what it changes, what it needs, and the numbers that are delivered."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.sections import Text
from sales_consultant.scoring.text import (
    INTENTS,
    UNKNOWN,
    encoder_installed,
    open_encoder,
    read,
    rules_version,
)
from sales_consultant.scoring.text.word_groups import WIDTH, groups, hashed
from sales_consultant.sync.runtime.text_signals import TextSignals
from sales_consultant.sync.stores import TextCache

ROOT = Path(__file__).parents[3]
DEVELOPMENT = Path(__file__).parent / "data" / "dev"
HELD_OUT = Path(__file__).parent / "data" / "test_two"
installed = pytest.mark.skipif(not encoder_installed(), reason="the extra text is not installed")


class Says:
    """A classifier that always says the same, and keeps what it was asked."""

    def __init__(self, intent: str) -> None:
        self.said = intent
        self.asked: list[tuple[str, Mapping[str, float]]] = []

    def intent(self, text: str, points: Mapping[str, float]) -> str:
        self.asked.append((text, points))
        return self.said


def test_the_classifier_has_the_last_word_and_hears_the_rules() -> None:
    judge = Says("complaint")
    found = read("Please cancel our contract.\n\nOn Mon, 5 May 2025, Jo wrote:\n> Hello", encoder=judge)
    assert (found.intent, found.rules) == ("complaint", rules_version(encoder=True))
    ((text, points),) = judge.asked
    assert text == "Please cancel our contract." and points["churn_threat"] > 0
    assert found.sentiment < 0


def test_who_unsubscribes_by_the_rules_is_heard_whatever_the_classifier_says() -> None:
    assert read("Remove me from your mailing list.", encoder=Says("none")).unsubscribed


def test_a_text_in_no_known_language_is_not_asked_about() -> None:
    judge = Says("complaint")
    assert read("Привет", encoder=judge).language == UNKNOWN and judge.asked == []


def test_the_delivered_numbers_are_of_the_intents() -> None:
    path = ROOT / "scoring" / "text" / "few_shot.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["format"] == 2 and tuple(kept["intents"]) == INTENTS
    assert [len(row) for row in kept["weights"]] == [512 + WIDTH] * len(INTENTS)
    assert len(kept["offsets"]) == len(INTENTS)
    assert path.stat().st_size < 300_000


@given(st.text(max_size=600))
def test_word_groups_of_any_text_have_length_1_or_none(text: str) -> None:
    length = float(np.linalg.norm(hashed(text)))
    assert length == pytest.approx(1.0) if any(groups(text)) else length == 0.0
    assert (hashed(text) == hashed(text.upper().lower())).all() or not text.isascii()


@pytest.mark.skipif(encoder_installed(), reason="the extra text is installed")
def test_the_encoder_switched_on_and_not_installed_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="not installed"):
        TextSignals(Text(enabled=True, encoder=True), TextCache(None))


@installed
def test_the_encoder_reads_what_it_was_fitted_to_and_any_text() -> None:
    encoder = open_encoder()
    lines = (DEVELOPMENT / "en.tsv").read_text(encoding="utf-8").splitlines()[:60]
    rows = [(label, text) for label, _, text in (line.partition("\t") for line in lines)]
    said = [read(text, encoder=encoder).intent for _, text in rows]
    assert f1_score([label for label, _ in rows], said, average="macro") > 0.75
    for odd in ("a \ud800 lone surrogate in an English sentence", "please " * 5000, "ok ok ok\x00"):
        assert read(odd, encoder=encoder).intent in INTENTS


def held_out(language: str) -> tuple[list[str], list[str]]:
    """Labels and texts of a held-out half that nobody develops on."""
    lines = (HELD_OUT / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t", 1) for line in lines]
    return [label for label, _ in pairs], [text for _, text in pairs]


# What is wanted of each; the figures are in docs/decisions/text-rules-first.md. Only the figure is shown: whoever sees a
# sentence of this half would develop on it.
@pytest.mark.parametrize(("language", "least"), [("en", 0.60), ("zh", 0.55)])
def test_rules_keep_what_is_wanted_of_them_on_held_out_sentences(language: str, least: float) -> None:
    labels, texts = held_out(language)
    score = float(f1_score(labels, [read(text).intent for text in texts], average="macro"))
    assert score > least


@pytest.mark.slow
@installed
@pytest.mark.parametrize(("language", "least"), [("en", 0.75), ("zh", 0.70)])
def test_the_encoder_keeps_what_is_wanted_of_it_on_held_out_sentences(language: str, least: float) -> None:
    labels, texts = held_out(language)
    encoder = open_encoder()
    score = float(f1_score(labels, [read(t, encoder=encoder).intent for t in texts], average="macro"))
    assert score > least
