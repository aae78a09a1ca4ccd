"""docs/images/record.svg: a record of the demo as a rep sees it, drawn without a browser.

`make picture` runs the demo and draws the page that it saves. A test of the demo compares the picture with the page.
"""

import json
import re
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path

from support import programs
from support.record_page import Pairs, RecordPage

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "record.svg"
INK, SOFT, LINE, MARK, TINT = "#1f2a37", "#64748b", "#e2e8f0", "#0f6e66", "#eef7f5"
GRADES = {"A": "#0f7b52", "B": "#2e77ae", "C": "#a8741a", "D": "#7a8594"}
WIDTH = 1180
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"


class Drawing:
    """Elements of an SVG, in the order in which they are drawn."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def box(
        self, x: float, y: float, w: float, h: float, fill: str = "#fff", line: str = LINE, r: float = 8
    ) -> None:
        """A rectangle with round corners."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" fill="{fill}" stroke="{line}"/>'
        )

    def line(self, x: float, y: float, w: float) -> None:
        """A thin horizontal line."""
        self.parts.append(f'<path d="M{x:g} {y:g}h{w:g}" stroke="{LINE}"/>')

    def text(
        self, x: float, y: float, text: str, size: float = 14, fill: str = INK, *, bold: bool = False
    ) -> None:
        """One line of text; `y` is its base line."""
        weight = ' font-weight="700"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{weight}>{escape(text)}</text>'
        )

    def svg(self, height: float, title: str) -> str:
        """The whole picture."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
            f'height="{height:g}" font-family="{FONT}" role="img">'
        )
        ground = f'<rect width="{WIDTH}" height="{height:g}" fill="#f4f6f8"/>'
        return "\n".join([head, f"<title>{escape(title)}</title>", ground, *self.parts, "</svg>"]) + "\n"


def wrapped(text: str, width: float, size: float = 14) -> list[str]:
    """Lines that fit a width, by the usual width of a letter: 0.56 of its size."""
    room = int(width / (0.56 * size))
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
        while len(lines[-1]) > room:
            lines[-1:] = [lines[-1][:room], lines[-1][room:]]
    return lines


def _column(draw: Drawing, x: float, y: float, w: float, pairs: Pairs) -> float:
    """Labels with their values below each other; where they end."""
    for label, value in pairs:
        draw.text(x, y, label, 12, SOFT)
        for line in wrapped(value, w):
            y += 19
            draw.text(x, y, line)
        y += 27
    return y


def _ours(draw: Drawing, page: RecordPage, x: float, y: float, w: float) -> float:
    """What Sales Consultant says of the record; where it ends."""
    draw.text(x, y, "Sales Consultant", 14, MARK, bold=True)
    draw.text(x, y + 62, page.score, 54, bold=True)
    draw.box(x + 96, y + 24, 28, 25, GRADES[page.grade], GRADES[page.grade], 6)
    draw.text(x + 105, y + 42, page.grade, 14, "#fff", bold=True)
    if page.trend:
        draw.box(x + 132, y + 25, 17 + 7.2 * len(page.trend), 23, "#fff", LINE, 12)
        draw.text(x + 141, y + 41, page.trend, 12, SOFT)
    draw.text(x + 96, y + 66, "out of 99; 50 is average", 14, SOFT)
    y += 82
    for reason in page.reasons:
        draw.line(x, y, w)
        draw.text(x, y + 22, reason)
        y += 33
    y += 12
    draw.box(x, y, w, 74, "#fff", "#fff", 4)
    draw.parts.append(f'<rect x="{x:g}" y="{y:g}" width="3" height="74" fill="{MARK}"/>')
    draw.text(x + 16, y + 21, page.due, 14, SOFT)
    draw.text(x + 16, y + 42, page.step, 14, bold=True)
    draw.text(x + 16, y + 63, page.why, 14, SOFT)
    y += 104
    if page.offer:
        lines = [*page.offer[:2], *(line for why in page.offer[2:] for line in wrapped(why, w - 32))]
        high = 11 + 21 * len(lines)
        draw.box(x, y - 14, w, high, "#fff", "#fff", 4)
        draw.parts.append(f'<rect x="{x:g}" y="{y - 14:g}" width="3" height="{high:g}" fill="{MARK}"/>')
        for n, text in enumerate(lines):
            draw.text(x + 16, y + 7 + 21 * n, text, 14, SOFT if n != 1 else INK, bold=n == 1)
        y += high + 16
    for n, (label, value) in enumerate(page.rest):
        draw.text(x + (n % 3) * w / 3, y + (n // 3) * 48, label, 12, SOFT)
        draw.text(x + (n % 3) * w / 3, y + 19 + (n // 3) * 48, value)
    return y + 48 * -(-len(page.rest) // 3)


def draw(page: RecordPage) -> str:
    """The page as SVG."""
    draw = Drawing()
    draw.parts.append(f'<rect width="{WIDTH}" height="40" fill="#fff7e0"/>')
    draw.text(28, 25, page.notice.split(":")[0] + ", made for the demo", 13, "#6b5312")
    draw.box(28, 58, WIDTH - 56, 132)
    draw.text(49, 86, page.kind, 14, SOFT)
    draw.text(49, 117, page.title, 24, bold=True)
    for n, (label, value) in enumerate(page.keys):
        draw.text(49 + n * 190, 149, label, 12, SOFT)
        draw.text(49 + n * 190, 169, value, 14, bold=True)
    under = Drawing()
    left = _column(under, 49, 270, 228, page.about[:8])
    middle = _ours(under, page, 337, 240, 490)
    right = 270.0
    for name, note in page.related:
        under.text(888, right, name, 14, MARK)
        for part in note.split(" · "):
            for line in wrapped(part, 245, 12):
                right += 18
                under.text(888, right, line, 12, SOFT)
        right += 30
    under.text(49, 240, f"About this {page.kind.lower()}", 13, SOFT, bold=True)
    under.text(888, 240, "Related records", 13, SOFT, bold=True)
    low = max(left, middle)
    for x, w, y in ((28, 270, low), (867, 285, right)):
        draw.box(x, 208, w, y - 208)
    draw.box(316, 208, 533, low - 208, TINT, "#b9dcd6")
    draw.parts += under.parts
    return draw.svg(low + 20, f"{page.title}: score {page.score}, grade {page.grade}")


def words(svg: str) -> list[str]:
    """The texts of a picture without their numbers: a rounded figure may differ between machines."""
    return [re.sub(r"\d", "0", t) for t in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def points(reasons: Iterable[str]) -> list[int]:
    """The points of lines of reasons."""
    return [int(m[1]) for r in reasons if (m := re.search(r": ([+-]\d+)$", r))]


def main() -> None:
    """Run the demo and draw the page that it saves."""
    command = [str(Path(sys.executable).with_name("sales-consultant")), "demo", "--data", "saas", "--json"]
    done = programs.run(command, check=True)
    html = Path(json.loads(done.stdout)["page"]).read_text(encoding="utf-8")
    PICTURE.write_text(draw(RecordPage.read(html)), encoding="utf-8")


if __name__ == "__main__":
    main()
