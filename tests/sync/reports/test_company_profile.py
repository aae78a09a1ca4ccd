"""A company on one page says what the tables hold as of the time asked for, and nothing of later."""

from collections.abc import Iterator

import pytest
from support.worlds import DAY, NOW, company

from sales_consultant.config.records import RecordRef
from sales_consultant.engine import DuckEngine
from sales_consultant.sync.reports.company_profile import profile


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with company(deals=300, signal=1.0).connection() as engine:
        yield engine


def busiest(engine: DuckEngine) -> str:
    row = engine.con.execute(
        "SELECT company_id FROM deals WHERE is_won GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    ).fetchone()
    assert row
    return str(row[0])


def test_purchases_and_open_deals_are_all_there(engine: DuckEngine) -> None:
    mine = busiest(engine)
    found = profile(engine, mine, as_of=NOW, holds={}).to_json()
    won, total = engine.con.execute(
        "SELECT count(*), sum(amount) FROM deals WHERE company_id = ? AND is_won AND closed_at <= ?",
        [mine, NOW],
    ).fetchone() or (0, 0)
    assert sum(p["deals"] for p in found["purchases"]) == won > 1
    assert sum(p["amount"] for p in found["purchases"]) == pytest.approx(float(total))
    assert found["habit"].startswith("bought on") or found["habit"].startswith("bought once")
    still = engine.con.execute(
        "SELECT count(*) FROM deals WHERE company_id = ? AND NOT is_closed", [mine]
    ).fetchone()
    assert still and len(found["open_deals"]) == min(still[0], 10)


def test_people_and_deals_come_with_what_the_crm_shows_on_them(engine: DuckEngine) -> None:
    mine = str(
        (
            engine.con.execute("SELECT company_id FROM deals WHERE NOT is_closed ORDER BY id").fetchone()
            or ("",)
        )[0]
    )
    plain = profile(engine, mine, as_of=NOW, holds={}).to_json()
    deal, person = plain["open_deals"][0]["id"], plain["people"][0]["id"]
    shown = {
        RecordRef("deals", deal): {"score": "61", "grade": "B"},
        RecordRef("contacts", person): {"score": "40", "grade": "D"},
    }
    found = profile(engine, mine, as_of=NOW, holds={}, shown=shown).to_json()
    assert (found["open_deals"][0]["score"], found["open_deals"][0]["grade"]) == ("61", "B")
    assert found["people"][0]["grade"] == "D" and plain["people"][0]["grade"] is None
    linked = engine.con.execute(
        "SELECT count(DISTINCT d.id) FROM associations s JOIN deals d ON d.id = s.from_id WHERE s.from_object = 'deal' "
        "AND s.to_id IN (SELECT unnest(?)) AND NOT d.is_closed AND d.company_id = ?",
        [[p["id"] for p in found["people"]], mine],
    ).fetchone()
    assert linked and sum(p["open_deals"] for p in found["people"]) >= linked[0]
    assert len(found["last_purchases"]) <= 5
    days = [p["day"] for p in found["last_purchases"]]
    assert days == sorted(days, reverse=True)


def test_nothing_of_later_is_told(engine: DuckEngine) -> None:
    mine = busiest(engine)
    first = engine.con.execute(
        "SELECT min(closed_at) FROM deals WHERE company_id = ? AND is_won", [mine]
    ).fetchone()
    assert first
    early = profile(engine, mine, as_of=int(first[0]) - 1, holds={}).to_json()
    assert early["purchases"] == []
    assert early["habit"] == "has not bought yet"
    assert all(a["last"] is None or a["last"] <= "2100" for a in early["activity"])


def test_an_unknown_company_has_an_empty_page(engine: DuckEngine) -> None:
    found = profile(engine, "nobody", as_of=NOW, holds={}).to_json()
    assert not any(found[k] for k in ("purchases", "products", "people", "open_deals", "activity", "risks"))


def test_risks_are_sentences(engine: DuckEngine) -> None:
    row = engine.con.execute(
        "SELECT company_id, id, name FROM deals WHERE NOT is_closed AND company_id IS NOT NULL ORDER BY id LIMIT 1"
    ).fetchone()
    assert row
    engine.con.execute("UPDATE deals SET close_date = ? WHERE id = ?", [NOW - 40 * DAY, row[1]])
    found = profile(engine, str(row[0]), as_of=NOW, holds={"churn_risk": "71"}).to_json()
    assert "churn risk 71 %" in found["risks"]
    assert any("should have closed" in r for r in found["risks"])
