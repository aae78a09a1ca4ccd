"""With text off nothing that people wrote is asked for; with text on it is kept nowhere."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from support import tiny, written
from support.fake_crm import Killed
from support.in_process import LocalSandbox

from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.base import Stream
from sales_consultant.sync.pull import pull
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.setup.provisioning import provision
from sales_consultant.sync.stores import Warehouse
from sales_consultant.sync.use_cases.forget import forget
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

CRMS = ("hubspot", "salesforce")
pytestmark = pytest.mark.parametrize("crm", CRMS)


@pytest.fixture
def sandbox(crm: str, tmp_path: Path) -> Iterator[LocalSandbox]:
    data = tiny.write(tmp_path / "data", written.tables())
    with LocalSandbox(crm, clock=tiny.CLOCK, data=data) as made:
        yield made


def holding(folder: Path, text: str) -> list[str]:
    """Files of a folder that hold a text in any of its bytes."""
    needles = [text.encode(e) for e in ("utf-8", "utf-16-le")]
    return [str(p) for p in folder.rglob("*") if p.is_file() and any(n in p.read_bytes() for n in needles)]


def values(folder: Path) -> set[str]:
    """Every text in every table of the warehouse."""
    found: set[str] = set()
    with duckdb.connect(str(folder / "main" / "warehouse.duckdb")) as con:
        columns = con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) "
            "WHERE data_type = 'VARCHAR' AND NOT duckdb_tables.internal"
        ).fetchall()
        for table, column in columns:
            rows = con.execute(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
            found |= {str(r[0]) for r in rows.fetchall()}
    return found


def selected(asked: written.Asked) -> set[str]:
    """Names of fields with text that some request names."""
    words = {w for text in asked.texts if "describe" not in text for w in re.findall(r"[A-Za-z_]+", text)}
    return words & set(written.TEXT_NAMES)


def test_with_text_off_no_text_is_requested_nor_kept(sandbox: LocalSandbox, tmp_path: Path) -> None:
    asked = written.Asked(sandbox.adapter)
    with written.workspace(sandbox, tmp_path / "state", text=False, adapter=asked) as ws:
        for full in (False, True):
            pull(ws.connector, ws.warehouse, until=ws.connector.now(), full=full)
        for stream in ws.connector.streams():
            if stream.object == "activities" and stream.mode == "delta":
                ids = ws.warehouse.ids(stream.name)
                assert all(p.rows.num_rows for p in ws.connector.reread(stream.name, list(ids)))
        assert ws.warehouse.number("SELECT count(*) FROM activities WHERE NOT deleted") >= len(written.SAID)
        assert ws.warehouse.count("signals") == 0
    assert len(asked.texts) > 10
    assert selected(asked) == set()
    assert holding(tmp_path / "state", written.CANARY) == []
    assert not any(written.CANARY in v for v in values(tmp_path / "state"))


def test_with_text_on_signals_are_kept_and_no_text(sandbox: LocalSandbox, tmp_path: Path) -> None:
    asked = written.Asked(sandbox.adapter)
    with written.workspace(sandbox, tmp_path / "state", text=True, adapter=asked) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        intents = {r[0] for r in ws.warehouse.con.execute("SELECT intent FROM signals").fetchall()}
        assert {"unsubscribe", "churn_threat", "objection_price"} <= intents
    assert selected(asked), "the probe sees what is selected"
    assert holding(tmp_path / "state", written.CANARY) == []
    assert not any(written.CANARY in v for v in values(tmp_path / "state"))
    for name in ("text-signals.db", "text-signals.key"):
        assert (tmp_path / "state" / "main" / name).stat().st_mode & 0o777 == 0o600


def test_a_pull_that_ends_between_page_and_commit_leaves_no_text(
    sandbox: LocalSandbox, tmp_path: Path
) -> None:
    spooled = 0
    with written.workspace(sandbox, tmp_path / "state", text=True) as ws:
        # Killed in the second page: the first waits in the spool. One row a page.
        puller = ws.connector._puller  # type: ignore[attr-defined]  # of both connectors, none of the protocol
        small = {k: 1 for k in vars(puller.sizes) if k in ("rest", "list", "page", "search")}
        puller.sizes = replace(puller.sizes, **small)
        seen = 0

        def second(stream: str, done: int, total: int | None) -> None:
            nonlocal seen
            seen += stream in ("emails", "Task")
            if seen > 1:
                raise Killed

        with pytest.raises(Killed):
            pull(ws.connector, ws.warehouse, until=ws.connector.now(), progress=second)
        spool = ws.warehouse.spool.path
        assert spool is not None and spool.exists()
        spooled = spool.stat().st_size
        assert holding(tmp_path / "state", written.CANARY) == []
    assert spooled > 0


def test_turning_text_off_takes_the_signals_away(sandbox: LocalSandbox, tmp_path: Path) -> None:
    with written.workspace(sandbox, tmp_path / "state", text=True) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        assert ws.warehouse.count("signals") > 0
    with written.workspace(sandbox, tmp_path / "state", text=False) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        assert ws.warehouse.count("signals") == 0


def test_an_earlier_warehouse_loses_its_texts_bytes_and_all(
    sandbox: LocalSandbox, tmp_path: Path, crm: str
) -> None:
    state = tmp_path / "state"
    path = state / "main" / "warehouse.duckdb"
    table, column = ("raw_emails", "hs_email_text") if crm == "hubspot" else ("raw_Task", "Description")
    with written.workspace(sandbox, state, text=False) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        rows = ws.warehouse.count(table)
        ws.warehouse.con.execute(f'ALTER TABLE "{table}" ADD COLUMN "{field_column(column)}" VARCHAR')
        ws.warehouse.con.execute(
            f'UPDATE "{table}" SET "{field_column(column)}" = id || \' {written.CANARY}\''
        )
        ws.warehouse.con.execute("DELETE FROM _layout")
        ws.warehouse.con.execute("INSERT INTO _layout VALUES (2)")
    beside = path.with_name(path.name + ".damaged-1")
    beside.write_bytes(path.read_bytes())
    path.with_name(path.name + ".spool").write_text(written.CANARY, encoding="utf-8")
    assert len(holding(state, written.CANARY)) == 3, "the probe finds it before"
    house = Warehouse(path, threads=1)
    assert house.count(table) == rows and field_column(column) not in house.columns(table)
    house.close()
    assert holding(state, written.CANARY) == []
    assert path.stat().st_mode & 0o777 == 0o600
    again = Warehouse(path, threads=1)
    assert again.count(table) == rows
    again.close()


def test_who_unsubscribes_in_writing_gets_no_mail(sandbox: LocalSandbox, tmp_path: Path) -> None:
    with written.workspace(sandbox, tmp_path / "state", text=True) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        blocked = ws.warehouse.con.execute("SELECT email FROM contacts WHERE email_opt_out").fetchall()
        assert blocked == [("person1@company1.example",)]


def test_forgetting_somebody_takes_the_cache_along(sandbox: LocalSandbox, tmp_path: Path) -> None:
    with written.workspace(sandbox, tmp_path / "state", text=True) as ws:
        pull(ws.connector, ws.warehouse, until=ws.connector.now())
        provision(ws, dry=False)
        cache = ws.folder / "text-signals.db"
        assert cache.exists()
        (one,) = ws.warehouse.con.execute("SELECT min(id) FROM contacts").fetchall()
        forget(ws, "contacts", str(one[0]))
        assert not cache.exists()


def test_streams_say_which_fields_hold_text(sandbox: LocalSandbox, tmp_path: Path) -> None:
    def texts(streams: "list[Stream]") -> set[str]:
        return {t for s in streams for t in s.texts}

    with written.workspace(sandbox, tmp_path / "off", text=False) as ws:
        assert texts(list(ws.connector.streams())) == set()
    with written.workspace(sandbox, tmp_path / "on", text=True) as ws:
        assert texts(list(ws.connector.streams())) <= set(written.TEXT_NAMES)
        assert texts(list(ws.connector.streams()))


@pytest.mark.slow
def test_a_whole_sync_with_text_on_leaves_no_text_in_any_file(sandbox: LocalSandbox, tmp_path: Path) -> None:
    """State, journal, logs, models and all: every byte below the data directory."""
    with written.workspace(sandbox, tmp_path / "state", text=True) as ws:
        provision(ws, dry=False)
        run, _ = sync(ws, Silent(), SyncOptions(yes=True))
        assert run.code == 0
        assert ws.warehouse.count("signals") > 0
    assert (tmp_path / "state" / "main" / "state.db").exists()
    assert holding(tmp_path / "state", written.CANARY) == []
    assert holding(tmp_path / "state", "cancel our contract") == []
