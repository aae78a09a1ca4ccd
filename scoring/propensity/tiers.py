"""The tiers of a model: what so many records allow to be learnt, and how strongly it is held back."""

from __future__ import annotations

from typing import Literal

Tier = Literal["rules", "shrunk", "full", "boosted"]

# Records of the rarer outcome. A test of a fifth of them knows an AUC to .25, .11, .04 (Hanley and McNeil 1982).
MIN_SHRUNK = 40
MIN_FULL = 200
MIN_BOOSTED = 1000  # docs/decisions/scoring-boosted-tables.md
STRENGTHS: dict[str, tuple[float, ...]] = {  # half powers of ten, of which the best out of fold is taken
    "shrunk": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "full": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
}
HINGES = {"shrunk": 0, "full": 3}  # bends of a number: few records cannot tell them from chance


def tier_of(positives: float, negatives: float) -> Tier:
    """The tier that so many records of each class allow.

    "boosted" is allowed, not given: it must win over "full" on rows that neither has seen.

    >>> tier_of(39, 500), tier_of(40, 500), tier_of(200, 200), tier_of(1000, 1000)
    ('rules', 'shrunk', 'full', 'boosted')
    """
    least = min(positives, negatives)
    if least < MIN_SHRUNK:
        return "rules"
    if least < MIN_FULL:
        return "shrunk"
    return "full" if least < MIN_BOOSTED else "boosted"
