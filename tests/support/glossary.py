"""The glossary's tables, and where words that it refuses are used all the same."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.documents import DOCS, ROOT, pages

PAGE = DOCS / "explanation" / "glossary.md"
# The product's own code. Tests play vendors and customers, who may say what they like.
CODE = (
    "cli.py",
    "commands",
    "config",
    "connectors",
    "demo",
    "engine",
    "sandbox",
    "scoring",
    "sync",
    "web",
    "insight",
)
_KINDS = (".py", ".toml", ".html", ".lark")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Term:
    """A term, the words that are not said instead, and the folders that hold what it names."""

    name: str
    refused: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Exemption:
    """Words that may stand below some paths, with the reason."""

    words: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str


def _rows(heading: str) -> Iterator[list[str]]:
    """The cells of the rows of the first table below a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[-1].split("\n## ", 1)[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    for line in table[1:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip(" `") for part in cell.split(",") if part.strip())


@cache
def terms() -> tuple[Term, ...]:
    """The first table."""
    return tuple(Term(r[0], _several(r[2]), _several(r[3])) for r in _rows("# Glossary"))


@cache
def exemptions() -> tuple[Exemption, ...]:
    """The second table."""
    return tuple(Exemption(_several(r[0]), _several(r[1]), r[2]) for r in _rows("## Exceptions"))


def refused() -> dict[str, str]:
    """Each refused word with the term to use."""
    return {word: term.name for term in terms() for word in term.refused}


def words(text: str) -> str:
    """Text with identifiers taken apart, in lower case, its words separated by single spaces.

    >>> words("CutOff_days: write-back, at\\n# hand")
    ' cut off days write back at hand '
    """
    found = re.findall(r"[^\W_]+", _HUMP.sub(" ", text))
    return f" {' '.join(found).lower()} "


def hits(word: str, text: str) -> int:
    """How often a word stands in the words of a text; `text` is what `words` made.

    >>> hits("write-back", words("a writeBack")), hits("rating", words("operating"))
    (1, 0)
    """
    return text.count(words(word))


def exempt(word: str, path: Path) -> bool:
    """Whether a word may stand in a file."""
    name = path.relative_to(ROOT).as_posix()
    places = [p for e in exemptions() if word in e.words for p in e.paths]
    return any(name == p or name.startswith(f"{p}/") for p in places)


def code() -> list[Path]:
    """The files of the product."""
    found = [ROOT / c for c in CODE if (ROOT / c).is_file()]
    for folder in CODE:
        found += [p for p in sorted((ROOT / folder).rglob("*")) if p.suffix in _KINDS and p.is_file()]
    return found


def used(files: list[Path]) -> dict[str, Counter[str]]:
    """Refused words that stand where they may not: by word, how often in which file."""
    found: dict[str, Counter[str]] = {}
    for path in files:
        text = words(path.read_text(encoding="utf-8"))
        for word in refused():
            number = hits(word, text)
            if number and not exempt(word, path):
                found.setdefault(word, Counter())[path.relative_to(ROOT).as_posix()] += number
    return found


def documents() -> list[Path]:
    """All pages but the glossary, which names what it refuses."""
    return [p for p in pages() if p != PAGE]
