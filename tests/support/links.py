"""Links of Markdown pages: what they point to, and whether it is there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FENCE = re.compile(r"^[ ]*```.*?^[ ]*```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?: \"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6} (.*)$", re.MULTILINE)


def _prose(text: str) -> str:
    return _CODE.sub("", _FENCE.sub("", text))


def anchor(heading: str) -> str:
    """A heading's anchor, as GitHub makes it.

    >>> anchor("2. Folders, and `imports`"), anchor("`[write]`")
    ('2-folders-and-imports', 'write')
    """
    kept = re.sub(r"[^\w\s-]", "", heading.lower())
    return re.sub(r"\s", "-", kept.strip())


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page that mean the same on GitHub and on the built site.

    The site puts one dash for several, and drops what is not ASCII: no link may lead to such a heading.
    """
    found = [anchor(h) for h in _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))]
    return frozenset(a for a in found if "--" not in a and a.isascii() and found.count(a) == 1)


def links(page: Path) -> Iterator[str]:
    """The targets of a page's links and images, outside code."""
    yield from _LINK.findall(_prose(page.read_text(encoding="utf-8")))


def broken(page: Path, *, root: Path) -> list[str]:
    """What is wrong with a page's links to files below `root`, a line each."""
    found = []
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        where = f"{page.relative_to(root)}: {target}"
        if not place.is_relative_to(root) or not place.exists():
            found.append(f"{where}: there is no such file")
        elif heading and heading not in anchors(place):
            found.append(
                f"{where}: there is no such heading, or its anchor differs between GitHub and the site"
            )
    return found
