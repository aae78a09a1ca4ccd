"""A page for one reader: lines wrapped to a width, colour only where the reader's terminal has it.

In a pipe there is no colour, nothing is cut off, and a line is as wide as `COLUMNS` says (100 without it).
"""

import contextlib
import itertools
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TextIO

from rich.cells import cell_len

from sales_consultant.commands.output.writing.text import GLUE
from sales_consultant.commands.output.writing.times import Times

_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold red": "1;31",
    "bold green": "1;32", "bold yellow": "1;33",
}  # fmt: skip
# Letters a line. Judgements: narrower breaks most words, wider than 140 is hard to follow from line to line.
_LEAST, _MOST, _ELSE = 40, 140, 100
# The least letters of a last column: with fewer its text becomes a tower of single words, and begins below instead.
_COLUMN = 24
# A number keeps its unit on its line, also in texts that came as they are.
_PERCENT = re.compile(r"(?<=\d) %")
# What an encoding without them gets instead.
_ASCII = {"→": "->", "–": "-", "·": "|", "…": "...", "×": "x", "±": "+-", "█": "#", "▌": "#"}


@dataclass(frozen=True)
class Styled:
    """Text in a style: a key of the colours above."""

    text: str
    style: str


Piece = str | Styled


def bold(text: str) -> Styled:
    """What the eye should find first."""
    return Styled(text, "bold")


def dim(text: str) -> Styled:
    """What may be skipped."""
    return Styled(text, "dim")


def good(text: str) -> Styled:
    """What is well."""
    return Styled(text, "green")


def warn(text: str) -> Styled:
    """What to look at."""
    return Styled(text, "yellow")


def bad(text: str) -> Styled:
    """What failed or is missing."""
    return Styled(text, "red")


def command(words: str) -> Styled:
    """A command to type; it is not broken over lines."""
    return Styled(f"sales-consultant {words}".replace(" ", GLUE), "cyan")


class Page:
    """Collects lines; `print` writes them."""

    def __init__(
        self,
        *,
        width: int = 100,
        colour: bool = False,
        now: int,
        zone: tzinfo | None = None,
        cuts: bool = True,
    ) -> None:
        self.width = max(_LEAST, min(width, _MOST))
        self.colour = colour
        # Whether a line that must be one ends where the terminal does.
        self.cuts = cuts
        self.times = Times(now, zone)
        self.lines: list[str] = []

    @classmethod
    def of_terminal(cls, *, now: int, zone: tzinfo | None = None, stream: TextIO | None = None) -> "Page":
        """A page as wide as the terminal of a stream, standard output by default; in a pipe without colour."""
        out = sys.stdout if stream is None else stream
        wanted = os.environ.get("FORCE_COLOR") or (out.isatty() and os.environ.get("TERM") != "dumb")
        colour = bool(wanted) and not os.environ.get("NO_COLOR")
        return cls(width=_columns(out), colour=colour, now=now, zone=zone, cuts=out.isatty())

    def blank(self) -> None:
        """An empty line, never two of them."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def line(self, *pieces: Piece, indent: int = 0, hang: int | None = None) -> None:
        """One paragraph. Further lines begin at `hang`, by default where the first one does."""
        hang = indent if hang is None else hang
        for number, row in enumerate(self._wrap(pieces, indent, hang)):
            self.lines.append(self._render(row, hang if number else indent))

    def heading(self, text: str) -> None:
        """A title over what follows, with an empty line before it."""
        self.blank()
        self.line(bold(text))

    def items(
        self, items: Iterable[Sequence[Piece]], *, indent: int = 0, hang: int | None = None, gap: int = 3
    ) -> None:
        """Short things beside each other, as many in a line as there is room for; further lines begin at `hang`.

        An item that fits into no line is broken over several.
        """
        hang = indent if hang is None else hang
        row: list[Styled] = []
        used = start = indent
        for item in items:
            size = sum(_length(p) for p in item)
            if row and used + gap + size > self.width:
                self.lines.append(self._render(row, start))
                row, used, start = [], hang, hang
            if used + size > self.width:
                self.line(*item, indent=start, hang=hang + 2)
                row, used, start = [], hang, hang
                continue
            if row:
                row.append(Styled(" " * gap, ""))
                used += gap
            row += [_styled(p) for p in item]
            used += size
        if row:
            self.lines.append(self._render(row, start))

    def table(
        self,
        rows: Sequence[Sequence[Piece]],
        *,
        indent: int = 0,
        gap: int = 2,
        right: Iterable[int] = (),
        one_line: bool = False,
    ) -> None:
        """Columns as wide as their widest cell; the last one takes what is left and is wrapped.

        With `one_line` it is cut where a terminal ends; in a pipe the line is longer, so that nothing is lost.
        """
        if not rows:
            return
        last = max(len(r) for r in rows) - 1
        widths = [max((_length(r[i]) for r in rows if i < len(r)), default=0) for i in range(last)]
        ends = set(right)
        start = indent + sum(widths) + gap * last
        for r in rows:
            head: list[Styled] = []
            for i, cell in enumerate(r[:last]):
                fill = Styled(" " * (widths[i] - _length(cell)), "")
                space = Styled(" " * gap, "")
                head += [fill, _styled(cell), space] if i in ends else [_styled(cell), fill, space]
            tail = [r[last]] if len(r) > last else []
            if one_line:
                cell = _styled(*tail)
                room = self.width - start if self.cuts else _length(cell)
                row = [*head, Styled(_cut(cell.text, room), cell.style)]
                self.lines.append(self._render(row, indent))
                continue
            if self.width - start < min(_COLUMN, max((_length(cell) for cell in tail), default=0)):
                # A last column of a few letters a line is worse than one that begins below.
                self.lines.append(self._render(head, indent))
                self.line(*tail, indent=indent + 4)
                continue
            for number, row in enumerate(self._wrap(tail, start, start)):
                self.lines.append(self._render(row, start) if number else self._render([*head, *row], indent))

    def print(self, stream: TextIO | None = None) -> None:
        """Write all lines to a stream, standard output by default."""
        out = sys.stdout if stream is None else stream
        text = "".join(f"{line}\n" for line in self.lines)
        encoding = getattr(out, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            for letter, other in _ASCII.items():
                text = text.replace(letter, other)
            text = text.encode(encoding, "replace").decode(encoding)
        out.write(text)
        out.flush()

    def text(self) -> str:
        """All lines."""
        return "".join(f"{line}\n" for line in self.lines)

    def _wrap(self, pieces: Sequence[Piece], indent: int, hang: int) -> list[list[Styled]]:
        """Rows of words that fit."""
        rows: list[list[Styled]] = [[]]
        used = indent
        for word, spaced in _words(pieces):
            # A path or an address stays whole, also where it is wider than a line: it may be copied.
            size = sum(_length(s) for s in word)
            space = spaced if rows[-1] else 0
            if rows[-1] and used + space + size > self.width:
                rows.append([])
                used, space = hang, 0
            if space:
                same = rows[-1][-1].style == word[0].style
                rows[-1].append(Styled(" " * space, word[0].style if same else ""))
            rows[-1] += word
            used += space + size
        return rows

    def _render(self, row: Sequence[Styled], start: int) -> str:
        parts = []
        for style, same in itertools.groupby(row, key=lambda s: s.style):
            text = "".join(s.text for s in same).replace(GLUE, " ")
            code = _CODES.get(style) if self.colour else None
            parts.append(f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text)
        return (" " * start + "".join(parts)).rstrip()


def _columns(stream: TextIO) -> int:
    """How wide a stream's terminal is; `COLUMNS` comes first, as in `shutil`, which knows standard output only."""
    if stream is not sys.stdout and not os.environ.get("COLUMNS", "").isdigit() and stream.isatty():
        with contextlib.suppress(OSError):
            return os.get_terminal_size(stream.fileno()).columns or _ELSE
    return shutil.get_terminal_size((_ELSE, 24)).columns


def _styled(piece: Piece) -> Styled:
    return Styled(piece, "") if isinstance(piece, str) else piece


def _length(piece: Piece) -> int:
    return cell_len(piece if isinstance(piece, str) else piece.text)


def _cut(text: str, room: int) -> str:
    """The beginning of a text that fits, with an ellipsis where something is left out."""
    if cell_len(text) <= room:
        return text
    kept = text[: max(room - 1, 0)]
    while kept and cell_len(kept) > room - 1:
        kept = kept[:-1]
    # Between words: half a number would be another one.
    whole, _, rest = kept.rpartition(" ")
    ends = text[len(kept) : len(kept) + 1].isspace()
    return f"{kept.rstrip() if ends or not whole or len(rest) > _COLUMN else whole.rstrip(' ,;')}…"


def _words(pieces: Sequence[Piece]) -> Iterable[tuple[list[Styled], int]]:
    """Words, each maybe of several styles, and how many spaces stood before it."""
    word: list[Styled] = []
    spaced = 0
    for piece in pieces:
        text, style = (piece, "") if isinstance(piece, str) else (piece.text, piece.style)
        text = _PERCENT.sub(f"{GLUE}%", text)
        for i, part in enumerate(text.split(" ")):
            if i:
                if word:
                    yield word, spaced
                    word, spaced = [], 0
                spaced += 1
            if part:
                word.append(Styled(part, style))
    if word:
        yield word, spaced
