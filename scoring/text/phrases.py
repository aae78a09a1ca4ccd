"""A small notation for phrases, compiled to expressions whose work is bounded whatever text they are given.

A phrase is a row of elements. `a|b` is one of these words, `_` joins the words of one alternative (`go_ahead`), `word*` any
word that starts so, `?a|b` may be left out, `..` up to four other words, `#` a number, `@` a name, `??` a question mark,
`<set>` the words of a set. In Chinese the elements follow each other without spaces and `..` is up to eight characters.

Text to be searched is a row of lower-case tokens, each followed by one space. An element so ends where a space does: a gap
of n words is tried at most n + 1 times, and nothing inside a token repeats over a choice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

GAP_WORDS, GAP_SIGNS = 4, 8
# At least so many letters of a stem are looked up: shorter ones would be tried on nearly every text.
SHORTEST_STEM = 2
LONGEST_STEM = 12


class LexiconError(ValueError):
    """A lexicon holds what its notation does not know; the text names the phrase or the key."""


@dataclass(frozen=True)
class Phrase:
    """A compiled phrase: the intent it speaks for, its points, and the starts of words one of which it needs."""

    intent: str
    points: float
    pattern: re.Pattern[str]
    starts: tuple[str, ...]
    stems: tuple[str, ...]
    source: str


def compile_phrase(
    source: str, intent: str, points: float, sets: Mapping[str, str], *, spaced: bool
) -> Phrase:
    """Compile one phrase of a lexicon; LexiconError where a set is unknown or nothing in it must be there."""
    pattern, needed = [], []
    for element in _merged(source.split(), sets, source):
        if element == "..":
            pattern.append(rf"(?:[^ ]+ ){{0,{GAP_WORDS}}}?" if spaced else rf".{{0,{GAP_SIGNS}}}?")
            continue
        optional = element.startswith("?") and element != "??"
        alternatives = _alternatives(element[1:] if optional else element)
        one = "|".join(_word(a, spaced) for a in alternatives)
        pattern.append(f"(?:{one})?" if optional else f"(?:{one})")
        if not optional:
            needed.append(alternatives)
    if not needed:
        raise LexiconError(f"The phrase {source!r} holds nothing that must be there.")
    best = max(needed, key=lambda a: (min(map(len, a)), -len(a)))
    starts, stems = _starts(best, spaced)
    head = "(?<= )" if spaced else ""
    return Phrase(intent, points, re.compile(head + "".join(pattern)), starts, stems, source)


def _merged(elements: Sequence[str], sets: Mapping[str, str], source: str) -> Iterator[str]:
    """Elements with their sets written out."""
    for element in elements:
        for name in re.findall(r"<(\w+)>", element):
            if name not in sets:
                raise LexiconError(f"The phrase {source!r} names a set {name!r} that the lexicon lacks.")
            element = element.replace(f"<{name}>", sets[name])
        yield element


def _alternatives(element: str) -> list[str]:
    return [element] if element == "??" else [a for a in element.split("|") if a]


def _word(word: str, spaced: bool) -> str:
    if word == "??":
        return r"\? " if spaced else r"\?"
    if word == "#":
        return "[0-9][^ ]* " if spaced else "[0-9一二三四五六七八九十两几]+"
    if word == "@":
        return "@[^ ]+ " if spaced else "@"
    if not spaced:
        return re.escape(word)
    return "".join(_token(part) for part in word.split("_"))


def _token(part: str) -> str:
    head, tail = part.startswith("*") and len(part) > 1, part.endswith("*")
    text = re.escape(part.strip("*"))
    return ("[^ ]*" if head else "") + text + ("[^ ]* " if tail else " ")


def _starts(alternatives: Sequence[str], spaced: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whole words, and starts of words, one of which any text holds that the element matches."""
    words: set[str] = set()
    stems: set[str] = set()
    for alternative in alternatives:
        if alternative in ("#", "@", "??"):
            words.add(alternative)
        elif not spaced:
            words.add(alternative[:2])
        elif alternative.startswith("*"):
            words.add("*")
        else:
            first = alternative.split("_")[0]
            (stems if first.endswith("*") else words).add(first.rstrip("*")[:LONGEST_STEM])
    return tuple(sorted(words)), tuple(sorted(stems))


class PhraseIndex:
    """Phrases by the words that they need, so that a text is compared with few of them."""

    def __init__(self, phrases: Sequence[Phrase], *, spaced: bool) -> None:
        self.spaced = spaced
        self._words: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self.phrases = tuple(phrases)
        for number, phrase in enumerate(self.phrases):
            for word in phrase.starts:
                self._words.setdefault(word, []).append(number)
            for stem in phrase.stems:
                self._stems.setdefault(stem, []).append(number)

    def found(self, sentence: str) -> Iterator[tuple[Phrase, int]]:
        """Phrases that the sentence holds, each with the place of its first match."""
        for number in sorted(self._near(sentence)):
            phrase = self.phrases[number]
            if match := phrase.pattern.search(sentence):
                yield phrase, match.start()

    def _near(self, sentence: str) -> set[int]:
        near: set[int] = set(self._words.get("*", ()))
        keys = set(sentence.split()) if self.spaced else self._signs(sentence)
        for key in keys:
            near.update(self._words.get(key[:LONGEST_STEM], ()))
            if key[0].isdigit():
                near.update(self._words.get("#", ()))
            elif key[0] == "@":
                near.update(self._words.get("@", ()))
            elif key == "?":
                near.update(self._words.get("??", ()))
            if self._stems:
                for n in range(SHORTEST_STEM, min(len(key), LONGEST_STEM) + 1):
                    near.update(self._stems.get(key[:n], ()))
        return near

    def _signs(self, sentence: str) -> set[str]:
        return {*sentence, *(sentence[n : n + 2] for n in range(len(sentence) - 1))}
