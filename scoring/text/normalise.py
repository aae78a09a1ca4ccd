"""Text as the lexicon wants it: sentences of lower-case tokens for languages with spaces, of signs for Chinese."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

_CONTRACTIONS = (
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bshan't\b"), "shall not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"\b(he|she|it|that|who|what|where|when|how|there|here)'s\b"), r"\1 is"),
    (re.compile(r"'s\b"), ""),
)
# Short forms that people write as one word.
_SHORT = {
    **{f"{v}nt": f"{v} not" for v in ("do", "does", "did", "is", "are", "was", "have", "has", "would", "could", "should")},
    "cant": "can not", "cannot": "can not", "wont": "will not", "gonna": "going to", "wanna": "want to", "pls": "please",
    "plz": "please", "u": "you", "r": "are", "ur": "your", "fwd": "forward",
}  # fmt: skip
_SIGNS = {"€": " euro ", "$": " dollar ", "£": " pound ", "¥": " yuan ", "%": " percent ", "&": " and "}
_IN_NUMBER = re.compile(r"(?<=[0-9])[.,:](?=[0-9])")
_ENDS = re.compile(r"[.!;…\n]+|\?+")
_ENDS_ZH = re.compile(r"[。！!；;…\n]+|[?？]+|(?<![0-9])\.(?![0-9])")
_SPACE_ZH = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_TOKEN = re.compile(r"[^\W_]+")
_EMAIL_WORD = re.compile(r"\b([eE])-([mM]ail)")
# Before a word with a capital: a place or a person follows. And words that are written so and name no firm.
_PLAIN = (
    "in at to near around de en a dear hi hello mr mrs ms dr herr frau hola monsieur madame visit via "
    "nach from monday tuesday wednesday thursday friday saturday sunday saturdays january february march "
    "april june july august september october november december easter christmas enterprise business "
    "premium team teams english german french spanish chinese europe european thanks please note call "
    "zoom excel outlook google internet docusign legal finance purchasing procurement board sales support "
    "customer service "
)
_NO_NAME = frozenset(_PLAIN.split())


class Sentence(NamedTuple):
    """One sentence as the lexicon reads it, and whether it asks."""

    text: str
    asks: bool


def fold(text: str) -> str:
    """Lower case without accents: people leave them out.

    >>> fold("Größe, señor")
    'grosse, senor'
    """
    lower = text.casefold()
    if lower.isascii():
        return lower
    parts = unicodedata.normalize("NFKD", lower)
    return "".join(c for c in parts if not unicodedata.combining(c))


def words(text: str, language: str, names: Collection[str] = ()) -> Iterator[Sentence]:
    """Sentences of a language with spaces; what is a name is marked by @.

    `names` are folded words that stand for a name wherever they are. In languages that write common nouns small a word
    with a capital inside a sentence counts as a name too.
    """
    text = _EMAIL_WORD.sub(r"\1\2", text.replace("\u2019", "'").replace("`", "'"))
    for sign, word in _SIGNS.items():
        if sign in text:
            text = text.replace(sign, word)
    text = _IN_NUMBER.sub("", text)
    start = 0
    for end in [*_ENDS.finditer(text), None]:
        part = text[start : end.start() if end else len(text)]
        asks = bool(end and end.group().startswith("?"))
        start = end.end() if end else start
        if part.strip():
            tokens = _tokens(part, language, names)
            if tokens:
                yield Sentence(" " + " ".join(tokens) + (" ? " if asks else " "), asks)


def _tokens(part: str, language: str, names: Collection[str]) -> list[str]:
    capitals = set()
    if language != "de":
        found = _TOKEN.findall(part)
        capitals = {
            fold(w)
            for before, w in pairwise(found)
            if w[0].isupper() and len(w) > 3 and w[1:].islower() and not {fold(before), fold(w)} & _NO_NAME
        }
    lower = fold(part)
    if language == "en" and "'" in lower:
        for pattern, plain in _CONTRACTIONS:
            lower = pattern.sub(plain, lower)
    marked = capitals | set(names)
    tokens = [f"@{t}" if t in marked else t for t in _TOKEN.findall(lower)]
    if language == "en" and not _SHORT.keys().isdisjoint(tokens):
        return " ".join(_SHORT.get(t, t) for t in tokens).split()
    return tokens


def signs(text: str, names: Collection[str] = ()) -> Iterator[Sentence]:
    """Sentences of Chinese: no spaces but between Latin words, half-width signs, names as @."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for name in names:
        text = text.replace(name, "@")
    start = 0
    for end in [*_ENDS_ZH.finditer(text), None]:
        part = text[start : end.start() if end else len(text)]
        asks = bool(end and end.group()[0] in "?？")
        start = end.end() if end else start
        # Between two words in Han script a space stands for a comma.
        part = re.sub(r"\s+", "", _SPACE_ZH.sub(",", part.strip()))
        if part:
            yield Sentence(part + ("?" if asks else ""), asks)
