"""Pages: links lead somewhere, each is in the navigation, decisions have one form, quoted messages are the program's."""

import ast
import doctest
import re
import tomllib
from pathlib import Path

import pytest
from support import documents, glossary, links, markdown, model_tables, site_links
from support.documents import DOCS, ROOT, pages
from support.reference_pages import PAGES

from sales_consultant.sync.use_cases import proposals

DECISIONS = DOCS / "decisions"


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert links.broken(page, root=ROOT) == []


def test_the_check_of_links_sees_what_is_broken(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One\n[a](nowhere.md) [b](#two) [c](#one) `[d](x.md)` [e](https://x.example)", encoding="utf-8"
    )
    told = links.broken(page, root=tmp_path)
    assert [line.split(": ")[1] for line in told] == ["nowhere.md", "#two"]


def test_a_site_that_loads_from_elsewhere_or_leads_nowhere_is_found(tmp_path: Path) -> None:
    text = '<a href="b.html#x">b</a><a href="c.html">c</a><script src="https://cdn.example/a.js"></script>'
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    (tmp_path / "b.html").write_text('<h1 id="y">b</h1><a href="a.html">a</a>', encoding="utf-8")
    (tmp_path / "s.css").write_text(
        "@import '//fonts.example/f.css'; a { background: url(x.png) }", encoding="utf-8"
    )
    assert site_links.problems(tmp_path) == [
        "a.html: b.html#x has no such place",
        "a.html: c.html is not there",
        "a.html loads https://cdn.example/a.js from elsewhere",
        "s.css loads //fonts.example/f.css from elsewhere",
    ]


def test_every_page_is_in_the_navigation_or_in_an_index() -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"^\s+- .*: (\S+\.md)$", config, re.MULTILINE)
    found = set(named) | {f"decisions/{t}" for t in links.links(DECISIONS / "index.md")}
    assert found == {p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")}


def test_text_of_a_numbered_step_is_indented_enough_for_the_site() -> None:
    """With less than four spaces the built site ends the list and begins again with 1."""
    generated = set(PAGES) | {DOCS / "reference" / "rules.md"}
    wrong = [
        p.name
        for p in DOCS.rglob("*.md")
        if p not in generated and re.search(r"^ {3}\S", p.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert wrong == []


def test_every_decision_has_context_decision_and_consequences() -> None:
    found = [p for p in sorted(DECISIONS.glob("*.md")) if p.name != "index.md"]
    assert len(found) > 100
    headings = ["Context", "Decision", "Consequences"]
    wrong = [
        p.name
        for p in found
        if re.findall(r"^## (.*)$", p.read_text(encoding="utf-8"), re.MULTILINE) != headings
    ]
    assert wrong == []
    assert sorted(links.links(DECISIONS / "index.md")) == [p.name for p in found]


def test_messages_that_troubleshooting_quotes_are_the_program_s() -> None:
    quoted = re.findall(r'\*\*"([^"]+)"\*\*', (DOCS / "troubleshooting.md").read_text(encoding="utf-8"))
    source = "\n".join(p.read_text(encoding="utf-8") for p in glossary.code())
    assert len(quoted) > 4 and [q for q in quoted if q not in source] == []


def test_the_table_of_folders_is_what_the_architecture_test_enforces() -> None:
    tree = ast.parse((ROOT / "tests" / "test_architecture.py").read_text(encoding="utf-8"))
    (allowed,) = (
        n.value
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id == "ALLOWED"
    )
    enforced = eval(
        compile(ast.Expression(allowed), "ALLOWED", "eval")
    )  # it holds set(), which is no literal
    page = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*) \|[^|]*\| ([^|]*) \|$", page, re.MULTILINE)
    said = {
        room: set(re.findall(r"`(\w+)`", may))
        for rooms, may in rows
        for room in re.findall(r"`(\w+)(?:\.py|/)`", rooms)
        if room in enforced
    }
    assert said == enforced


def test_the_table_of_floors_is_what_the_architecture_test_enforces() -> None:
    tree = ast.parse((ROOT / "tests" / "test_architecture.py").read_text(encoding="utf-8"))
    (floors,) = (
        ast.literal_eval(n.value)
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id == "FLOORS"
    )
    page = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w/]+)/` \| ((?:`\w+`(?:, )?)+)[^|]*\|$", page, re.MULTILINE)
    said = {room: re.findall(r"`(\w+)`", floor) for room, floor in rows}
    crms = {"hubspot", "salesforce"}
    enforced = {
        r: [f for f in o.split() if f != "." and not (r == "connectors" and f in crms)]
        for r, o in floors.items()
    }
    assert said == enforced


def test_the_schedule_that_the_pages_describe_is_the_one_that_init_writes() -> None:
    written = tomllib.loads(proposals.toml("main", "hubspot", {}, proposals.Proposals()))["schedule"]
    said = {
        "every day at 04:00": "0 4 * * *",
        "every day at 01:30": "30 1 * * *",
        "Sundays at 02:00": "0 2 * * sun",
        "every 15 minutes": 15,
    }
    page = (DOCS / "how-to" / "service.md").read_text(encoding="utf-8")
    rows = re.findall(r"^ *\| `(\w+)` \| `(\w+)`.* \| (.*) \|$", page, re.MULTILINE)
    assert {name: (job, said[when]) for name, job, when in rows} == {
        name: (one["job"], one.get("cron") or one["every_minutes"]) for name, one in written.items()
    }
    assert all(one.get("time_zone", "UTC") == "UTC" for one in written.values())


@pytest.mark.parametrize("language", ["zh"])
def test_pages_for_people_are_translated_section_by_section(language: str) -> None:
    for name in ("for-reps.md", "for-managers.md"):
        original, other = (p.read_text(encoding="utf-8") for p in (DOCS / name, DOCS / language / name))
        shapes = [re.findall(r"^(#+|\||- |\d\. )", t, re.MULTILINE) for t in (original, other)]
        assert shapes[0] == shapes[1], name


@pytest.mark.parametrize(
    "module", [glossary, links, markdown, model_tables, documents], ids=lambda m: m.__name__
)
def test_examples_of_the_helpers(module: object) -> None:
    done = doctest.testmod(module)  # type: ignore[arg-type]  # typeshed asks for ModuleType, which a list of modules is not
    assert done.attempted and not done.failed
