"""Groups of words that a text holds, as numbers for a classifier.

They are hashed to WIDTH places (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"), so that no list of
words is kept.
"""

import re
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.text.normalise import fold

# A message says what it wants at its start; the time to judge grows with the length.
MOST_TEXT = 400
# 4,096 places judged as well as 8,192 and 16,384, and keep the classifier's file small.
WIDTH = 4096
LONGEST_GROUP, STEM = 3, 4
_NUMBER = re.compile("[0-9]+")
# A Han sign is a word of its own; a number counts as #.
_WORD = re.compile(r"[\u4e00-\u9fff]|[^\W_]+|[?!#]")


def groups(text: str) -> Iterator[str]:
    """Groups of one to three words of a text, and the first letters of each longer word in Latin script.

    >>> list(groups("Too expensive!"))
    ['too', 'expensive', '!', 'too expensive', 'expensive !', 'too expensive !', 'pexpe']
    """
    words = _WORD.findall(_NUMBER.sub("#", fold(text[:MOST_TEXT])))
    for size in range(1, LONGEST_GROUP + 1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])
    yield from (f"p{w[:STEM]}" for w in words if len(w) > STEM and w.isascii())


def hashed(text: str) -> NDArray[np.float64]:
    """WIDTH numbers of length 1: the places of the text's groups; all 0 for a text without words.

    >>> hashed("Too expensive!").shape, float(hashed("")[0])
    ((4096,), 0.0)
    """
    places = sorted({zlib.crc32(g.encode("utf-8", "replace")) % WIDTH for g in groups(text)})
    row = np.zeros(WIDTH)
    if places:
        row[places] = len(places) ** -0.5
    return row
