"""What a record's page of the sandbox shows, read from its HTML as a browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

_VOID = {"meta", "br", "img", "link", "input", "hr"}


@dataclass
class Node:
    """An element with its classes, its own text and the elements in it."""

    tag: str
    classes: frozenset[str] = frozenset()
    parts: "list[str | Node]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, with single spaces."""
        found = " ".join(p if isinstance(p, str) else p.text for p in self.parts)
        return " ".join(found.split())

    def all(self, tag: str, name: str = "") -> "list[Node]":
        """Elements below it with that tag, and class if one is given, in order."""
        found = []
        for part in self.parts:
            if isinstance(part, Node):
                if part.tag == tag and (not name or name in part.classes):
                    found.append(part)
                found += part.all(tag, name)
        return found

    def one(self, tag: str, name: str = "") -> str:
        """The text of the first such element; empty where there is none."""
        found = self.all(tag, name)
        return found[0].text if found else ""


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, frozenset((dict(attrs).get("class") or "").split()))
        self.open[-1].parts.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1 and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RecordPage:
    """The parts of the page that a picture of it shows; pairs are labels with their values."""

    notice: str
    kind: str
    title: str
    keys: Pairs
    about: Pairs
    score: str
    grade: str
    trend: str
    reasons: tuple[str, ...]
    due: str
    step: str
    why: str
    offer: tuple[str, ...]
    rest: Pairs
    related: Pairs

    @classmethod
    def read(cls, html: str) -> Self:
        """From the page's HTML."""
        tree = _Tree()
        tree.feed(html)
        page = tree.open[0]
        head, about, ours = (page.all("header")[0], page.all("section")[0], page.all("section", "ours")[0])
        step = ours.all("div", "step")[0]
        related = page.all("div", "related")
        return cls(
            notice=page.one("div", "notice"),
            kind=head.one("div", "soft"),
            title=head.one("h1"),
            keys=_pairs(head),
            about=_pairs(about),
            score=ours.one("span", "score"),
            grade=ours.one("span", "badge"),
            trend=ours.one("span", "chip"),
            reasons=tuple(li.text for li in ours.all("li")),
            due=step.one("span", "soft"),
            step=step.one("strong"),
            why=step.all("span", "soft")[-1].text,
            offer=tuple(p.text for o in ours.all("div", "offer") for p in o.parts if isinstance(p, Node)),
            rest=_pairs(ours.all("dl", "grid")[0]),
            related=tuple((r.one("a"), r.one("div", "soft")) for r in related),
        )


def _pairs(node: Node) -> Pairs:
    return tuple(zip((t.text for t in node.all("dt")), (d.text for d in node.all("dd")), strict=True))
