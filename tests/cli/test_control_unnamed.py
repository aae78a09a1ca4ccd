"""A company of the control group, its people and its deals: named in nothing that anybody but an admin sees."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import tiny
from support.office import Office, office

from sales_consultant.insight.reports import BY
from sales_consultant.sync.insights.making import KINDS

# Long enough that no count or amount looks like one.
LEAST_DIGITS = 6
MORE = "[tasks]\ncreate = true\n[reports]\nby_owner = true\n[next_steps]\nmax_new_per_owner = 200"


def _named(tables: tiny.Tables) -> tiny.Tables:
    """The same company, each company, person and deal called as nobody else is."""
    called: dict[str, Any] = dict(tables)
    called["companies"] = [{**r, "name": f"Zqcompany{r['id']}z"} for r in tables["companies"]]
    called["contacts"] = [
        {**r, "first_name": "Pat", "last_name": f"Zqperson{r['id']}z", "email": f"zq{r['id']}z@{n}.example"}
        for n, r in enumerate(tables["contacts"])
    ]
    called["deals"] = [{**r, "name": f"Zqdeal{r['id']}z"} for r in tables["deals"]]
    return called


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    data = tiny.write(tmp_path / "tables", _named(tiny.tables(companies=24, deals=60, contacts=60)))
    store = tmp_path / "portal.db"
    with office(tmp_path / "admin", data=data, store=store, clock=tiny.CLOCK) as made:
        made.cli.configure(made.sandbox.url, MORE, scored=True)
        made.cli.json("provision")
        made.cli.json("sync", "--yes")
        made.cli.json("experiment", "start", "--yes", "--share", "0.5", "--days", "60")
        made.cli.json("sync", "--yes")
        yield made


def marks(desk: Office) -> tuple[set[str], set[str]]:
    """Names and ids of what belongs to control; and those of the others, of which some must be found."""
    arms = dict(desk.query("SELECT unit, arm FROM experiment_units"))
    control: set[str] = set()
    others: set[str] = set()
    for object in ("companies", "contacts", "deals"):
        for record in desk.sandbox.store.each("hubspot", object):
            unit = f"{object}:{record.id}"
            if object != "companies":
                path = f"/crm/v4/objects/{object}/{record.id}/associations/companies"
                linked = desk.portal.get(path).json()["results"]
                unit = f"companies:{linked[0]['toObjectId']}" if linked else unit
            values = record.values()
            name = str(values.get("name") or values.get("dealname") or values.get("lastname"))
            assert name.startswith("Zq"), values
            (control if arms.get(unit) == "control" else others).update({name, record.id})
            if object == "contacts":
                (control if arms.get(unit) == "control" else others).add(str(values["email"]))
    assert all(len(i) >= LEAST_DIGITS for i in control | others if i.isdigit())
    return control, others


def found(text: str, wanted: set[str]) -> set[str]:
    """Which names and ids stand in a text as words of their own."""
    words = set(re.findall(r"[A-Za-z0-9@.]+", text)) | set(re.findall(r"[A-Za-z0-9]+", text))
    return words & wanted


def outputs(desk: Office) -> Iterator[tuple[str, str]]:
    """What every command says that a rep or a manager gets to see: its name, and the text."""
    cli = desk.cli
    for kind in KINDS:
        yield f"report {kind} --json", cli.run("report", kind, "--format", "json").out
    # Other formats show the same sections: of kinds that are a part of "all" its page has all.
    for kind in ("all", *(k for k, sections in KINDS.items() if not set(sections) <= set(KINDS["all"]))):
        yield f"report {kind}", cli.run("report", kind).out
        page, tables = (cli.folder / f"{kind}.{form}" for form in ("html", "csv"))
        cli.run("report", kind, "--format", "html", "--out", str(page))
        yield f"report {kind} html", page.read_text(encoding="utf-8")
        cli.run("report", kind, "--format", "csv", "--out", str(tables))
        for file in sorted(tables.iterdir()):
            yield f"report {kind} csv {file.name}", file.read_text(encoding="utf-8")
    # Teams are of the settings, and this desk has none: that is refused.
    for by in (b for b in BY if b != "team"):
        yield f"report all --by {by}", cli.run("report", "all", "--by", by, "--format", "json").out
    yield "steps", cli.run("steps").out
    yield "steps --json", cli.run("steps", "--json").out
    yield "steps --left-out", cli.run("steps", "--left-out").out
    yield "steps --left-out --json", cli.run("steps", "--left-out", "--json").out
    listed = cli.folder / "steps.csv"
    cli.run("steps", "--csv", str(listed))
    yield "steps --csv", listed.read_text(encoding="utf-8")
    yield "plan", cli.run("plan").out
    yield "plan --json", cli.run("plan", "--json").out
    yield "experiment status", cli.run("experiment", "status").out
    yield "experiment status --json", cli.run("experiment", "status", "--json").out
    yield "experiment design", cli.run("experiment", "design", "--days", "60", "--json").out


@pytest.mark.slow
def test_a_control_company_is_named_nowhere(desk: Office) -> None:
    control, others = marks(desk)
    assert control and others
    named, anybody = {}, False
    for what, text in outputs(desk):
        assert text.strip(), what
        if hits := found(text, control):
            named[what] = sorted(hits)[:5]
        anybody |= bool(found(text, others))
    assert named == {}
    assert anybody, "a walk that finds nobody at all proves nothing"
    for unit in (u for u, arm in desk.query("SELECT unit, arm FROM experiment_units") if arm == "control"):
        object, _, record_id = unit.partition(":")
        if object == "companies":
            refused = desk.cli.run("propose", record_id, "--json", code=2)
            assert "control group" in refused.error["message"]
            assert not found(refused.out, control - {record_id})
