"""Runs watched from beside, refusals grouped by reason, times in a zone, and a model that moves to another org."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from support.worlds import NOW, company

from sales_consultant.commands.output.writing.document import in_zone, known_zone
from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.populations import FeatureSettings
from sales_consultant.sync.models import export_import, registry
from sales_consultant.sync.models import export_import as transfer
from sales_consultant.sync.reports import report
from sales_consultant.sync.reports.run_events import tail
from sales_consultant.sync.stores.state import State, changes, runs


def began(state: State, run: str, at: int) -> None:
    with state.begin() as c:
        c.execute(sa.insert(runs).values(id=run, job="sync", started_at=at))


def change(state: State, run: str, record: str, now: str, message: str | None = None) -> None:
    with state.begin() as c:
        c.execute(
            sa.insert(changes).values(
                run_id=run,
                object="deals",
                record_id=record,
                field="score",
                state=now,
                code="BAD",
                message=message,
            )
        )


def ended(state: State, run: str, at: int) -> None:
    with state.begin() as c:
        done = {"ended_at": at, "outcome": "done", "counts": '{"written": 2}'}
        c.execute(sa.update(runs).where(runs.c.id == run).values(done))


def test_a_run_is_followed_to_its_end() -> None:
    state = State(None)
    began(state, "a", 1000)
    steps = [
        lambda: change(state, "a", "1", "planned"),
        lambda: None,
        lambda: change(state, "a", "2", "done"),
        lambda: ended(state, "a", 9000),
    ]
    events = list(tail(state, "a", sleep=lambda s: steps.pop(0)(), alive=lambda s: True))
    assert [e["event"] for e in events] == ["start", "writing", "writing", "end"]
    assert events[2]["changes"] == {"done": 1, "planned": 1}
    assert (events[3]["outcome"], events[3]["counts"]) == ("done", {"written": 2})
    # One that was killed has no end of its own.
    began(state, "b", 2000)
    assert [e.get("outcome") for e in tail(state, "b", sleep=lambda s: None)] == [None, "killed"]
    with pytest.raises(UsageError, match="no run"):
        next(tail(state, "c", sleep=lambda s: None))
    state.close()


def test_all_runs_are_followed_from_the_newest_on() -> None:
    state = State(None)
    for n, run in enumerate(("a", "b")):
        began(state, run, n)
        ended(state, run, n)
    later = [lambda: began(state, "c", 5), lambda: ended(state, "c", 6), lambda: None]
    events = tail(state, None, sleep=lambda s: later.pop(0)(), alive=lambda s: True)
    seen = [(e["run"], e["event"]) for e in (next(events) for _ in range(4))]
    assert seen == [("b", "start"), ("b", "end"), ("c", "start"), ("c", "end")]
    state.close()


def test_the_same_reason_is_one_group() -> None:
    state = State(None)
    began(state, "a", 1)
    for n in range(5):
        change(
            state, "a", f"00{n}", "dead", f'Property values were not valid: "{n * 100}" of record {4711 + n}'
        )
    change(state, "a", "9", "dead", "the record does not exist")
    shown = report.show_run(state, "a").to_json()["refused"]
    assert [(r["records"], r["for_example"]) for r in shown] == [(5, "deals/000"), (1, "deals/9")]
    assert shown[0]["message"] == 'Property values were not valid: "0" of record 4711', (
        "in the CRM's own words"
    )
    state.close()


def test_times_are_told_in_a_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rows = [{"at": "2026-07-01T05:00:00Z", "until": "2026-12-01 05:00:00+00:00", "n": 3, "name": "05:00"}]
    assert in_zone({"runs": rows}, berlin)["runs"] == [
        {"at": "2026-07-01T07:00:00+02:00", "until": "2026-12-01T06:00:00+01:00", "n": 3, "name": "05:00"}
    ]
    with pytest.raises(ConfigError, match="Berlinn"):
        known_zone("Europe/Berlinn", "time_zone")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[State, Path, str]:
    from sales_consultant.scoring import deal_amounts

    place = tmp_path_factory.mktemp("org") / "models"
    with company(deals=80).connection() as engine:
        digest = registry.keep(deal_amounts.fit(engine, FeatureSettings(), as_of=NOW), place)
    state = State(None)
    card: dict[str, Any] = {"kind": "amount", "n": 80}
    registry.enter(state, digest, "amount", "amount", "", card, NOW, 1, publish=True)
    return state, place, digest


def test_a_model_moves_to_another_org(trained: tuple[State, Path, str], tmp_path: Path) -> None:
    state, place, digest = trained
    file = tmp_path / "amount.json"
    assert transfer.export(state, place, digest[:8], file).digest == digest
    assert file.stat().st_mode & 0o777 == 0o600
    other = State(None)
    taken = transfer.take(other, tmp_path / "models", file, now=5, publish=False).to_json()
    assert taken == {"name": "amount", "digest": digest, "in_force": False}
    (row,) = registry.index(other)
    assert row["published_at"] is None and row["report"] == {
        "kind": "amount",
        "n": 80,
        "taken_from": "amount.json",
    }
    assert (tmp_path / "models" / digest).is_dir() and not (tmp_path / "models" / ".taken").exists()
    export_import.take(other, tmp_path / "models", file, now=6, publish=True)
    assert registry.index(other)[0]["published_at"] == 6
    other.close()


@pytest.mark.parametrize("harm", ["model", "digest", "format", "text"])
def test_what_was_altered_is_not_taken_in(
    trained: tuple[State, Path, str], tmp_path: Path, harm: str
) -> None:
    state, place, digest = trained
    file = tmp_path / "amount.json"
    export_import.export(state, place, digest, file)
    document = json.loads(file.read_text(encoding="utf-8"))
    if harm == "model":
        document["model"]["model"]["more"] = 1
    elif harm != "text":
        document[harm] = "0" * 64
    file.write_text("[]" if harm == "text" else json.dumps(document), encoding="utf-8")
    other = State(None)
    with pytest.raises(UsageError, match=r"amount\.json"):
        export_import.take(other, tmp_path / "models", file, now=5, publish=True)
    assert (
        registry.index(other) == []
        and list((tmp_path / "models").glob("*") if (tmp_path / "models").exists() else []) == []
    )
    with pytest.raises(UsageError, match="No model"):
        export_import.export(state, place, "zz", file)
    other.close()
