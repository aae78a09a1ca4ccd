"""The project's pages of Markdown, and the commands and settings in them that are tried as they stand there.

A block is tried where the line before it says so: `<!-- tried: CRM/SCENARIO -->`. Blocks of one page, CRM and scenario
are one story, told in order on one desk. A story "synced" begins where fields were made and a first sync was written; all
others begin with nothing. A block of `toml` changes the settings, or writes the file that its title names.
"""

import re
import shlex
import sqlite3
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.cli import Cli
from support.model_tables import toml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r"<!-- tried: (?P<crm>\w+)(?:/(?P<story>\w+))? -->\s*?\n"
    r"(?P<indent>[ ]*)```(?P<kind>console|toml)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)```",
    re.DOTALL,
)
# People of the pages, and who they are in the tiny company.
_OWNERS = {"anna@yourcompany.example": "rep1@seller.example", "bo@yourcompany.example": "rep2@seller.example"}
# A command of ours in a sentence or a block: the lower-case words after its name.
NAMED = re.compile(r"(?:^|`|\$ )sales-consultant((?: [a-z][a-z-]*)*)(?=[` \n])", re.MULTILINE)
_TOML = re.compile(r"^[ ]*```toml(?: title=\"([^\"]+)\")?\n(.*?)```", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^\s*\$ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """What stands in a block: lines of a console, settings, or a file."""

    kind: str
    text: str
    title: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines of a console, without the prompt."""
        return _CONSOLE.findall(self.text)


@dataclass
class Story:
    """Blocks that are tried one after the other."""

    page: Path
    crm: str
    name: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """All lines of its consoles."""
        return [line for block in self.blocks for line in block.lines]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.crm}/{self.name}"


def pages() -> list[Path]:
    """All pages that are written by hand or generated, in a fixed order."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def stories(page: Path) -> list[Story]:
    """The stories of a page."""
    found: dict[tuple[str, str], Story] = {}
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        crm, name = match["crm"], match["story"] or ""
        story = found.setdefault((crm, name), Story(page, crm, name))
        story.blocks.append(Block(match["kind"], textwrap.dedent(match["body"]), match["title"] or ""))
    return list(found.values())


def distinct(found: list[Story]) -> list[Story]:
    """Stories without those that only tell, in the same order, what another one tells too."""

    def within(story: Story, other: Story) -> bool:
        rest = iter(other.lines)
        return all(line in rest for line in story.lines)

    def told_elsewhere(story: Story) -> bool:
        longer = [o for o in found if o.crm == story.crm and len(o.lines) > len(story.lines)]
        return all(b.kind == "console" for b in story.blocks) and any(within(story, o) for o in longer)

    return [s for s in found if not told_elsewhere(s)]


def shown(page: Path) -> Iterator[str]:
    """Every command of ours that a page shows with a prompt, tried or not."""
    for line in _CONSOLE.findall(page.read_text(encoding="utf-8")):
        if line.startswith("sales-consultant "):
            yield line


def toml_blocks(page: Path) -> Iterator[tuple[str, str]]:
    """The title ("" for settings) and the text of every block of TOML on a page."""
    for title, text in _TOML.findall(page.read_text(encoding="utf-8")):
        yield title, textwrap.dedent(text)


def settings_text(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Settings as TOML: plain values of a table first, then the tables in it.

    >>> print(settings_text({"a": 1, "write": {"where": {"d": "x"}}, "schedule": {"n": {"job": "sync"}}}))
    a = 1
    [write]
    where = { d = "x" }
    [schedule.n]
    job = "sync"
    """
    plain = {k: v for k, v in values.items() if not isinstance(v, dict) or len(path) >= 2 or _inline(path, v)}
    lines = [f"[{'.'.join(path)}]"] if path and plain else []
    lines += [f"{k} = {toml(v)}" for k, v in plain.items()]
    lines += [settings_text(v, (*path, k)) for k, v in values.items() if k not in plain]
    return "\n".join(lines)


def _inline(path: tuple[str, ...], value: dict[str, Any]) -> bool:
    """Whether a table in a section is a value, as `where`, and no table of its own, as a connection's."""
    return bool(path) and not any(isinstance(v, dict) for v in value.values()) and path[0] not in _BY_NAME


_BY_NAME = ("connections", "populations", "schedule")


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others put over them, table by table."""
    found = dict(old)
    for key, value in new.items():
        before = found.get(key)
        found[key] = merged(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return found


class Reader:
    """Does what a story says, as a person would at the command line `cli`."""

    def __init__(self, cli: Cli, url: str) -> None:
        self.cli = cli
        self.url = url
        self.env = {"SALES_CONSULTANT_CONNECTIONS__MAIN__URL": url}

    def follow(self, story: Story) -> int:
        """How many commands were run; AssertionError where one did not end well or said nothing."""
        done = 0
        for block in story.blocks:
            if block.kind == "toml":
                self._settings(block)
                continue
            for line in block.lines:
                words = shlex.split(line)
                if words[0] == "export":
                    name, _, value = words[1].partition("=")
                    assert name == "SALES_CONSULTANT_MAIN_TOKEN" and value, line
                    continue
                assert words[0] == "sales-consultant", line
                result = self.cli.run(*map(self._filled, words[1:]), env=self.env)
                assert result.out.strip(), line
                done += 1
                if words[1] == "init":
                    self._keep_deals()
        return done

    def _keep_deals(self) -> None:
        """Of the populations that `init` proposed only those of deals: each more doubles the time of a run."""
        held = tomllib.loads(self.cli.config.read_text(encoding="utf-8"))
        held["populations"] = {k: v for k, v in held["populations"].items() if v["object"] == "deals"}
        self.cli.config.write_text(settings_text(held) + "\n", encoding="utf-8")

    def _settings(self, block: Block) -> None:
        text = block.text
        for theirs, ours in _OWNERS.items():
            text = text.replace(theirs, ours)
        if block.title:
            (self.cli.folder / block.title).write_text(text, encoding="utf-8")
            return
        held = tomllib.loads(self.cli.config.read_text(encoding="utf-8"))
        changed = merged(held, tomllib.loads(text))
        self.cli.config.write_text(settings_text(changed) + "\n", encoding="utf-8")

    def _filled(self, word: str) -> str:
        """A word of a command with what stands for a reader's own replaced."""
        if word == "RUN":
            runs = self.cli.json("runs", "list", env=self.env)["runs"]
            return str(next(r["id"] for r in runs if r["job"] == "sync"))
        if word.startswith("http://127.0.0.1:8800"):
            return self.url
        if word.endswith("/ID"):
            return word.removesuffix("ID") + self._record(word.removesuffix("/ID"))
        return word

    def _record(self, object: str) -> str:
        """The id of a record of which a value was written."""
        query = "SELECT record_id FROM written WHERE object = ? AND value IS NOT NULL ORDER BY 1 LIMIT 1"
        with closing(sqlite3.connect(self.cli.data / "main" / "state.db")) as c:
            return str(c.execute(query, (object,)).fetchone()[0])
