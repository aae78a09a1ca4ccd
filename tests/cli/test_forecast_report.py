"""The forecast from the command line: kept once, told again as it was given, and clear where a file is wrong."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import tiny
from support.cli import Cli
from support.office import Office, office

pytestmark = pytest.mark.slow
AFTERNOON = "2024-12-01T15:00:00Z"
LATER = "2025-01-10T08:00:00Z"


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal's store and an admin's folder after the first pull, with the forecast of 2024-12-01 kept."""
    place = tmp_path_factory.mktemp("pulled")
    data = tiny.write(place / "tables", tiny.tables(companies=12, deals=240, contacts=20))
    with office(place / "admin", data=data, store=place / "portal.db", clock=tiny.CLOCK) as made:
        made.cli.configure(made.sandbox.url)
        made.cli.json("pull")
        assert forecast(made.cli)["hidden"] is None
    return place


@pytest.fixture
def desk(tmp_path: Path, pulled: Path) -> Iterator[Office]:
    """A copy of that desk, on the afternoon of the same day."""
    with at(tmp_path, pulled, AFTERNOON) as made:
        yield made


def at(folder: Path, pulled: Path, clock: str) -> Any:
    shutil.copytree(pulled, folder, dirs_exist_ok=True)
    return office(folder / "admin", store=folder / "portal.db", clock=clock)


def forecast(cli: Cli, *more: str) -> dict[str, Any]:
    """The section of a report."""
    section: dict[str, Any] = cli.json("report", "forecast", *more)["sections"][0]
    return section


def figure(section: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return next(f["rows"] for f in section["figures"] if f["figure"] == key)


def test_a_forecast_is_kept_once_and_what_is_read_later_makes_another(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url)
    first = forecast(desk.cli)
    desk.cli.json("pull")
    assert forecast(desk.cli) == first, "nothing changed, so the same stands"
    kept = desk.query("SELECT id, content FROM forecasts")
    assert len(kept) == 1
    # A report tells of one state of the CRM: what is won later today is in its forecast, and in what is booked.
    desk.set("deals", _open_deal(desk), amount="9999999", dealstage="won")
    desk.cli.json("pull")
    both = desk.cli.json("report", "all")["sections"]
    second = next(s for s in both if s["section"] == "forecast")
    booked = figure(second, "goals")[0]["booked"]
    assert booked > 9_999_999
    pipeline = next(s for s in both if s["section"] == "pipeline")
    assert sum(r["won"] for r in figure(pipeline, "coverage")) == booked
    # What was given before stays as it was, to the letter.
    assert desk.query("SELECT id, content FROM forecasts")[:1] == kept
    assert [n for (n,) in desk.query("SELECT count(*) FROM forecasts")] == [2]


def test_a_driver_that_is_set_later_today_counts_today(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url)
    forecast(desk.cli)
    (desk.cli.config.parent / "index.csv").write_text("month,value\n2024-01,1\n2024-03,1\n", encoding="utf-8")
    desk.cli.configure(desk.sandbox.url, '[reports]\ndrivers = ["index.csv"]')
    refused = desk.cli.run("report", "forecast", "--json", code=2)
    assert "line 3" in refused.error["message"]
    months = [f"{2022 + m // 12}-{m % 12 + 1:02d},{m % 7}" for m in range(40)]
    (desk.cli.config.parent / "index.csv").write_text(
        "month,value\n" + "\n".join(months) + "\n", encoding="utf-8"
    )
    assert [r["driver"] for r in figure(forecast(desk.cli), "drivers")] == ["index"]


def test_groups_of_a_quarter_add_up(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url)
    first = forecast(desk.cli)
    total = figure(first, "groups")
    assert round(sum(r["forecast"] for r in total[:-1]), 2) == total[-1]["forecast"]
    assert [r["period"] for r in figure(first, "periods")][:2] == ["FY2024-Q4", "FY2025-Q1"]


def _open_deal(desk: Office) -> str:
    deals = desk.sandbox.store.each("hubspot", "deals")
    return next(d.id for d in deals if d.values().get("dealstage") == "offer")


def test_a_forecast_of_a_past_day_is_made_and_not_kept(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url)
    past = forecast(desk.cli, "--as-of", "2024-09-10T08:00Z")
    assert past["figures"]
    assert any("it was not given then" in line for line in past["unknown"])
    assert [n for (n,) in desk.query("SELECT count(*) FROM forecasts")] == [1]
    assert not any("it was not given then" in line for line in forecast(desk.cli)["unknown"])
    desk.cli.json("pull")
    with_kept = forecast(desk.cli, "--as-of", "2024-12-01T14:00Z")
    assert not any("it was not given then" in line for line in with_kept["unknown"])


def test_what_was_said_stays_when_deals_change_and_the_warehouse_goes(tmp_path: Path, pulled: Path) -> None:
    with at(tmp_path, pulled, tiny.CLOCK) as desk:
        desk.cli.configure(desk.sandbox.url)
        said = figure(forecast(desk.cli), "periods")[0]
    with office(tmp_path / "admin", store=tmp_path / "portal.db", clock=LATER) as desk:
        desk.cli.configure(desk.sandbox.url)
        desk.set("deals", _open_deal(desk), amount="9999999")
        (desk.cli.data / "main" / "warehouse.duckdb").unlink()
        desk.cli.json("pull")
        given = forecast(desk.cli, "--as-given")
        rows = figure(given, "as_given")
        assert [(r["period"], r["said"], r["low_80"]) for r in rows] == [
            ("FY2024-Q4", said["forecast"], said["low_80"])
        ]
        assert figure(given, "held")[0]["given"] == "2024-12-01"
        assert rows[0]["came"] is not None
        assert forecast(desk.cli, "--as-given") == given


def test_what_was_said_is_told_without_a_warehouse(tmp_path: Path, pulled: Path) -> None:
    with at(tmp_path, pulled, LATER) as desk:
        desk.cli.configure(desk.sandbox.url)
        desk.cli.json("pull")
        before = forecast(desk.cli, "--as-given")
        (desk.cli.data / "main" / "warehouse.duckdb").unlink()
        given = forecast(desk.cli, "--as-given")
        rows, was = figure(given, "as_given"), figure(before, "as_given")
        assert was[0]["came"] is not None
        assert rows == [row | {"came": None} for row in was]
        assert [r["held"] for r in figure(given, "held")] == [None]
        assert any("What came is not known" in line for line in given["unknown"])
        assert not before["unknown"]
        desk.cli.json(
            "report", "forecast", "--as-given", "--format", "html", "--out", str(tmp_path / "g.html")
        )
        assert "What came is not known" in (tmp_path / "g.html").read_text(encoding="utf-8")
        assert "Nothing was pulled" in desk.cli.json("report", "forecast", code=2)["error"]["message"]


def test_a_quarter_by_another_calendar_is_another_quarter(tmp_path: Path, pulled: Path) -> None:
    # FY2024-Q4 was given for October to December; by this calendar it is September to November.
    other = "[company]\nfiscal_year_start = 12"
    with at(tmp_path, pulled, AFTERNOON) as desk:
        desk.cli.configure(desk.sandbox.url, other)
        made = forecast(desk.cli)
        ends = {r["period"]: r["ends"] for r in figure(made, "goals")}
        assert ends["FY2025-Q1"] == "2025-02-28"
        assert "changes" not in [f["figure"] for f in made["figures"]]
        assert [n for (n,) in desk.query("SELECT count(*) FROM forecasts")] == [2]
        desk.cli.configure(desk.sandbox.url)
        assert figure(forecast(desk.cli), "goals")[0]["period"] == "FY2024-Q4"
    with office(tmp_path / "admin", store=tmp_path / "portal.db", clock=LATER) as desk:
        desk.cli.configure(desk.sandbox.url, other)
        desk.cli.json("pull")
        assert forecast(desk.cli, "--as-given")["hidden"]
        desk.cli.configure(desk.sandbox.url)
        assert [r["period"] for r in figure(forecast(desk.cli, "--as-given"), "as_given")] == ["FY2024-Q4"]


def test_targets_teams_and_drivers_of_the_settings(desk: Office) -> None:
    folder = desk.cli.config.parent
    (folder / "targets.csv").write_text(
        "owner,period,amount\nrep1@seller.example,FY2025-Q1,50000\nNorth,FY2025-Q1,70000\nnobody@x.example,FY2025-Q1,1\n",
        encoding="utf-8",
    )
    months = [f"{2022 + m // 12}-{m % 12 + 1:02d},{m % 7}" for m in range(40)]
    (folder / "index.csv").write_text("month,value\n" + "\n".join(months) + "\n", encoding="utf-8")
    desk.cli.configure(
        desk.sandbox.url,
        '[reports]\ntargets = "targets.csv"\ndrivers = ["index.csv"]\nteams = { "rep1@seller.example" = "North" }',
    )
    with_day = "2024-11-30T08:00Z"
    found = forecast(desk.cli, "--by", "team", "--as-of", with_day)
    periods = {r["period"]: r for r in figure(found, "goals")}
    # The other owners have deals and no target: these two are no total.
    assert periods["FY2025-Q1"]["target"] is None
    assert any("No total target of FY2025-Q1" in line for line in found["unknown"])
    assert periods["FY2024-Q4"]["target"] is None
    assert [r["driver"] for r in figure(found, "drivers")] == ["index"]
    assert {"North"} <= {r["group"] for r in figure(found, "groups")}
    with (folder / "targets.csv").open("a", encoding="utf-8") as file:
        file.write("total,FY2025-Q1,90000\n")
    found_all = forecast(desk.cli, "--as-of", with_day)
    mine = {r["period"]: r for r in figure(found_all, "goals")}["FY2025-Q1"]
    assert mine["target"] == 90000
    assert 0 <= mine["probability"] <= 1
    assert any("nobody@x.example" in line for line in found["unknown"])


@pytest.mark.parametrize(
    ("setting", "text", "says"),
    [
        ("targets", "owner,period,amount\nrep1@seller.example,Q1,5\n", "line 2"),
        ("targets", "owner,period,amount\nrep1@seller.example,FY2025-Q1,lots\n", "line 2"),
        ("drivers", "month,value\n2024-01,1\n2024-03,1\n", "line 3"),
        ("drivers", "month,value\n01/2024,1\n", "line 2"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_line(
    desk: Office, setting: str, text: str, says: str
) -> None:
    (desk.cli.config.parent / "given.csv").write_text(text, encoding="utf-8")
    value = '"given.csv"' if setting == "targets" else '["given.csv"]'
    desk.cli.configure(desk.sandbox.url, f"[reports]\n{setting} = {value}")
    failed = desk.cli.json("report", "forecast", "--as-of", "2024-11-30T08:00Z", code=2)
    assert f"given.csv, {says}" in failed["error"]["message"]


def test_a_reporting_currency_without_a_rate_is_refused(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url, '[company]\nreporting_currency = "CHF"')
    for kind in ("pipeline", "forecast", "week", "all"):
        refused = desk.cli.run("report", kind, "--json", code=2)
        assert "CHF" in refused.error["message"] and "reporting_currency" in refused.error["action"]


def test_what_cannot_be_is_said(desk: Office) -> None:
    desk.cli.configure(desk.sandbox.url)
    for args in (("forecast", "--as-of", "2024-12-02T08:00Z"), ("segments", "--as-given")):
        assert desk.cli.json("report", *args, code=2)["error"]["action"]
    soon = forecast(desk.cli, "--as-of", "2024-02-01")
    assert soon["hidden"]
    assert soon["figures"] == []


def test_an_empty_crm_has_no_forecast(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "tables", tiny.tables(companies=1, deals=0, contacts=1))
    with office(tmp_path / "admin", data=data, clock=tiny.CLOCK) as made:
        made.cli.configure(made.sandbox.url)
        made.cli.json("pull")
        assert forecast(made.cli)["hidden"]
        assert forecast(made.cli, "--as-given")["hidden"]
