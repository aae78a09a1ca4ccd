"""SOQL as a tree: what a query asks, before anything is known of the org's fields."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from sales_consultant.sandbox.salesforce.org import ApiError
from sales_consultant.sandbox.salesforce.soql.syntax import Query
from sales_consultant.sandbox.salesforce.soql.tree import Build

# SOQL and SOSL Reference, SOQL limits.
MAX_QUERY = 100_000


_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {
    "n": "\n",
    "N": "\n",
    "r": "\r",
    "R": "\r",
    "t": "\t",
    "T": "\t",
    "b": "\b",
    "B": "\b",
    "f": "\f",
    "F": "\f",
}
_LIKE = {"%": "\\%", "_": "\\_"}


def unquote(text: str, *, like: bool = False) -> str:
    """A string literal's text; for LIKE the escapes of % and _ stay."""

    def plain(found: re.Match[str]) -> str:
        letter = found[1]
        if letter[0] == "u" and len(letter) == 5:
            return chr(int(letter[1:], 16))
        if like and letter in _LIKE:
            return _LIKE[letter]
        if letter not in _ESCAPED and letter not in "'\"\\":
            raise ApiError(
                "MALFORMED_QUERY",
                f"\n{text}\nERROR at Row:1:Column:1\nInvalid string literal '{text[1:-1]}'. "
                f"Illegal character sequence '\\{letter}' in string literal.",
            )
        if like and letter == "\\":
            return "\\\\"
        return _ESCAPED.get(letter, letter)

    return _ESCAPE.sub(plain, text[1:-1])


@lru_cache(maxsize=1)
def _parser() -> Any:
    grammar = Path(__file__).with_name("soql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """The query of a text. Raises ApiError MALFORMED_QUERY with the place, as Salesforce points to it."""
    if not text.strip():
        raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
    if len(text) > MAX_QUERY:
        raise ApiError("QUERY_TOO_LONG", f"SOQL statements cannot be longer than {MAX_QUERY} characters.")
    try:
        tree = _parser().parse(text)
        found: Query = Build(text).transform(tree)
    except UnexpectedToken as e:
        word = str(e.token) if e.token.type != "$END" else "<EOF>"
        at = (e.line, e.column) if e.token.type != "$END" else _end(text)
        raise malformed(text, *at, f"unexpected token: '{word}'") from None
    except UnexpectedCharacters as e:
        raise malformed(
            text, e.line, e.column, f"unexpected token: '{_word(text, e.pos_in_stream)}'"
        ) from None
    except UnexpectedInput as e:
        raise malformed(text, 1, 1, f"unexpected token: {e}") from None
    except VisitError as e:
        if isinstance(e.orig_exc, ApiError):
            raise e.orig_exc from None
        raise
    return found


def _end(text: str) -> tuple[int, int]:
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1


def _word(text: str, start: int | None) -> str:
    found = re.match(r"\w+|\S", text[start or 0 :])
    return found[0] if found else ""


def malformed(text: str, line: int, column: int, why: str) -> ApiError:
    """MALFORMED_QUERY that shows the place."""
    shown = (text.split("\n")[line - 1 : line] or [text])[0]
    # Some 40 letters on both sides of the place, as Salesforce shows it.
    start = max(0, column - 41)
    part = shown[start : column + 40]
    arrow = " " * max(0, column - 1 - start) + "^"
    return ApiError("MALFORMED_QUERY", f"\n{part}\n{arrow}\nERROR at Row:{line}:Column:{column}\n{why}")
