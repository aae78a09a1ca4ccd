"""Signals from the CRM to those who use them: as of a time, features, the company's page, reading again, check."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tiny, written
from support.in_process import LocalSandbox

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import ConfigError
from sales_consultant.config.populations import FeatureSettings, Population
from sales_consultant.scoring.features import standard
from sales_consultant.scoring.text import RULES_VERSION, signals
from sales_consultant.scoring.training.training import declare
from sales_consultant.sync.pull import pull
from sales_consultant.sync.reports.company_profile import profile
from sales_consultant.sync.runtime import running
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import text_access
from sales_consultant.sync.use_cases import text_reread

NOW = int(tiny.NOW.timestamp() * 1000)
CRMS = ("hubspot", "salesforce")


@pytest.fixture(params=CRMS)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalSandbox]:
    data = tiny.write(tmp_path / "data", written.tables())
    with LocalSandbox(request.param, clock=tiny.CLOCK, data=data) as made:
        yield made


@pytest.fixture
def read(sandbox: LocalSandbox, tmp_path: Path) -> Iterator[Workspace]:
    with written.workspace(sandbox, tmp_path / "state", text=True) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        yield ws


def one(ws: Workspace, object: str, where: str) -> str:
    return str(ws.warehouse.con.execute(f"SELECT id FROM {object} WHERE {where}").fetchall()[0][0])


def test_signals_of_the_last_message_with_an_intent_as_of_a_time(read: Workspace) -> None:
    deal = one(read, "deals", "name LIKE '%Eve%'")
    person = one(read, "contacts", "email = 'person1@company1.example'")
    # Of the deal: the note of five days ago is younger than the cancellation; our own mail says nothing of them.
    found = signals(read.warehouse.engine, NOW + DAY_MS).to_dict("records")
    now = {(r["object"], r["record_id"]): r for r in found}
    assert now["deals", deal]["intent"] == "objection_price"
    assert now["deals", deal]["at_intent"] == NOW - 5 * DAY_MS
    assert not now["deals", deal]["unsubscribed"]
    assert now["contacts", person]["unsubscribed"]
    assert now["contacts", person]["sentiment"] < 0


def test_nothing_is_known_before_it_was_written(read: Workspace) -> None:
    assert signals(read.warehouse.engine, NOW - 31 * DAY_MS).empty
    early = signals(read.warehouse.engine, NOW - 25 * DAY_MS)
    assert set(early.intent.dropna()) <= {"unsubscribe"}


def test_models_learn_from_signals_only_where_there_are_any(
    read: Workspace, sandbox: LocalSandbox, tmp_path: Path
) -> None:
    deals = Population(object="deals", event="won", where={"pipeline": "sales"})

    def names(ws: Workspace) -> set[str]:
        return {f.name for f in declare(ws.warehouse.engine, deals, FeatureSettings()).features}

    mine = {f.name for f in standard("deals", seller=True, written=True)[1]} - {
        f.name for f in standard("deals", seller=True)[1]
    }
    assert mine and mine <= names(read)
    with written.workspace(sandbox, tmp_path / "off", text=False) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        assert not mine & names(ws)


def test_the_company_page_says_what_they_wrote_and_when(read: Workspace) -> None:
    company = one(read, "companies", "domain = 'company0.example'")
    found = profile(read.warehouse.engine, company, as_of=NOW + DAY_MS, holds={}).to_json()["written"]
    assert any("finds the price too high" in line for line in found)
    assert not any(written.CANARY in line for line in found)
    before = profile(read.warehouse.engine, company, as_of=NOW - 40 * DAY_MS, holds={})
    assert before.written == ()


def test_reading_again_finds_names_that_were_added(
    read: Workspace, sandbox: LocalSandbox, tmp_path: Path
) -> None:
    assert text_reread.reckon(read).calls
    read.close_warehouse()
    with written.workspace(sandbox, tmp_path / "state", text=True, competitors=["Brontosaurus"]) as ws:
        with running(ws, "pull") as run:
            text_reread.reread(ws, run, Silent())
        named = ws.warehouse.con.execute("SELECT DISTINCT competitors FROM signals").fetchall()
        assert ("Brontosaurus",) in named
        assert ws.warehouse.con.execute("SELECT DISTINCT rules FROM signals").fetchall() == [(RULES_VERSION,)]


def test_with_text_off_there_is_nothing_to_read_again(sandbox: LocalSandbox, tmp_path: Path) -> None:
    with written.workspace(sandbox, tmp_path / "off", text=False) as ws:
        with pytest.raises(ConfigError, match="Text is off"):
            text_reread.reckon(ws)
        (only,) = text_access.findings(ws)
        assert (only.state, only.text[:3]) == ("ok", "off")


def test_check_says_what_is_read_and_by_which_rules(read: Workspace) -> None:
    first, *rest = text_access.findings(read)
    assert first.state == "ok" and "fields are read" in first.text and rest == []
    read.warehouse.con.execute(
        "UPDATE raw_emails SET _text_rules = 0" if read.connection.crm == "hubspot" else "UPDATE raw_Task SET _text_rules = 0"
    )  # fmt: skip
    assert any("earlier rules" in f.text for f in text_access.findings(read))
