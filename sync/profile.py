"""A company on one page: who they are, what they buy and when, the people, what is open and what may go wrong."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from sales_consultant.sync.results.explanation import (
    ActivityCount,
    CompanyProfile,
    OpenDeal,
    Person,
    Product,
    Purchase,
    Purchases,
)

DAY_MS = 86_400_000
SILENT_DAYS = 30
_MOST = 10
_LAST = 5


def profile(
    con: duckdb.DuckDBPyConnection,
    company_id: str,
    *,
    as_of: int,
    holds: Mapping[str, str | None],
    shown: Mapping[tuple[str, str], Mapping[str, str | None]] | None = None,
) -> CompanyProfile:
    """Everything that the neutral tables know of a company as of a time (ms).

    `holds` are our fields on it, `shown` those on any record, by object and id. Money stays in the deal's currency: sums are by currency.
    """
    shown = shown or {}
    won = _rows(
        con,
        "SELECT name, amount, currency, closed_at, type FROM deals WHERE company_id = ? AND is_won AND NOT deleted "
        "AND closed_at <= ? ORDER BY closed_at DESC",
        company_id,
        as_of,
    )
    deals = _rows(
        con,
        "SELECT d.id, d.name, d.amount, d.currency, d.close_date, d.created_at, coalesce(s.label, d.stage) AS stage "
        "FROM deals d LEFT JOIN (SELECT stage, max(label) AS label FROM stages WHERE object = 'deals' GROUP BY 1) s "
        "USING (stage) WHERE d.company_id = ? AND NOT d.is_closed AND NOT d.deleted AND d.created_at <= ? "
        "ORDER BY d.amount DESC NULLS LAST",
        company_id,
        as_of,
    )
    people = _people(con, company_id, as_of, shown)
    activity = _activity(con, company_id, as_of)
    return CompanyProfile(
        owner=_owner(con, company_id),
        purchases=_by_year(won),
        last_purchases=tuple(
            Purchase(_day(r["closed_at"]), r["name"], _money(r), r["type"]) for r in won[:_LAST]
        ),
        habit=_habit([int(r["closed_at"]) for r in won], as_of),
        products=_products(con, company_id),
        people=people,
        open_deals=tuple(
            OpenDeal(
                d["id"],
                d["name"],
                d["stage"],
                _money(d),
                _day(d["close_date"]),
                (as_of - int(d["created_at"])) // DAY_MS,
                *_score(shown, ("deals",), d["id"]),
            )
            for d in deals[:_MOST]
        ),
        activity=activity,
        risks=tuple(_risks(deals, people, activity, holds, as_of)),
    )


def _rows(con: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    named = len(values) == 1 and isinstance(values[0], dict)
    found = con.execute(sql, values[0] if named else values)
    names = [c[0] for c in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _day(ms: Any) -> str | None:
    return None if ms is None else f"{datetime.fromtimestamp(int(ms) / 1000, UTC):%Y-%m-%d}"


def _money(row: Mapping[str, Any]) -> str | None:
    return None if row["amount"] is None else f"{row['amount']:,.2f} {row['currency'] or ''}".strip()


def _by_year(won: list[dict[str, Any]]) -> tuple[Purchases, ...]:
    found: dict[tuple[str, str], list[float]] = {}
    for r in won:
        year = str(_day(r["closed_at"]))[:4]
        found.setdefault((year, str(r["currency"] or "")), []).append(float(r["amount"] or 0))
    return tuple(
        Purchases(year, len(v), round(sum(v), 2), currency)
        for (year, currency), v in sorted(found.items(), reverse=True)
    )


def _habit(times: list[int], as_of: int) -> str:
    """How often they buy, in words; a purchase is all that is won on one day."""
    days = sorted({t // DAY_MS for t in times})
    if not days:
        return "has not bought yet"
    since = as_of // DAY_MS - days[-1]
    if len(days) == 1:
        return f"bought once, {since} days ago"
    gaps = sorted(b - a for a, b in itertools.pairwise(days))
    middle = gaps[len(gaps) // 2]
    late = ", later than usual" if since > 2 * max(middle, 1) else ""
    return f"bought on {len(days)} days, usually {middle} days apart; the last {since} days ago{late}"


def _owner(con: duckdb.DuckDBPyConnection, company_id: str) -> str | None:
    """Who looks after them, by name and address."""
    rows = _rows(
        con,
        "SELECT trim(concat_ws(' ', o.first_name, o.last_name, '<' || o.email || '>')) AS name FROM companies c "
        "JOIN owners o ON o.id = c.owner_id WHERE c.id = ?",
        company_id,
    )
    return str(rows[0]["name"]) if rows else None


def _score(
    shown: Mapping[tuple[str, str], Mapping[str, str | None]], objects: tuple[str, ...], record_id: str
) -> tuple[str | None, str | None]:
    """The score and grade that a record shows in the CRM."""
    mine = next((shown[o, record_id] for o in objects if (o, record_id) in shown), {})
    return mine.get("score"), mine.get("grade")


def _products(con: duckdb.DuckDBPyConnection, company_id: str) -> tuple[Product, ...]:
    rows = _rows(
        con,
        "SELECT coalesce(p.name, l.name, l.product_id) AS product, count(DISTINCT l.deal_id) AS deals, "
        "sum(l.quantity) AS quantity FROM line_items l JOIN deals d ON d.id = l.deal_id "
        "LEFT JOIN products p ON p.id = l.product_id WHERE d.company_id = ? AND d.is_won AND NOT l.deleted "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
        company_id,
    )
    return tuple(Product(**r) for r in rows)


def _people(
    con: duckdb.DuckDBPyConnection,
    company_id: str,
    as_of: int,
    shown: Mapping[tuple[str, str], Mapping[str, str | None]],
) -> tuple[Person, ...]:
    rows = _rows(
        con,
        "SELECT c.id, coalesce(nullif(trim(concat_ws(' ', c.first_name, c.last_name)), ''), c.email, c.id) AS name, c.title, "
        "c.email_opt_out, c.bounced, max(a.occurred_at) AS last FROM contacts c LEFT JOIN associations s ON "
        "s.to_object = 'contact' AND s.to_id = c.id AND s.from_object = 'activity' LEFT JOIN activities a ON a.id = s.from_id "
        "AND NOT a.deleted AND a.known_at <= ? AND a.occurred_at <= ? WHERE c.company_id = ? AND NOT c.deleted "
        "GROUP BY ALL ORDER BY last DESC NULLS LAST, name LIMIT 10",
        as_of,
        as_of,
        company_id,
    )
    on = _rows(
        con,
        "SELECT s.to_id AS id, count(DISTINCT d.id) FILTER (NOT d.is_closed AND d.created_at <= ?) AS open, "
        "count(DISTINCT d.id) FILTER (d.is_won AND d.closed_at <= ?) AS won FROM associations s JOIN deals d ON d.id = s.from_id AND "
        "s.from_object = 'deal' AND s.to_object = 'contact' WHERE NOT d.deleted AND d.company_id = ? GROUP BY 1",
        as_of,
        as_of,
        company_id,
    )
    deals = {str(r["id"]): r for r in on}
    return tuple(
        Person(
            r["id"],
            r["name"],
            r["title"],
            deals.get(str(r["id"]), {}).get("open", 0),
            deals.get(str(r["id"]), {}).get("won", 0),
            *_score(shown, ("contacts", "leads"), str(r["id"])),
            _day(r["last"]),
            "address bounces" if r["bounced"] else "wants no e-mail" if r["email_opt_out"] else "",
        )
        for r in rows
    )


def _activity(con: duckdb.DuckDBPyConnection, company_id: str, as_of: int) -> tuple[ActivityCount, ...]:
    """What happened in the last 90 days, and what is planned."""
    rows = _rows(
        con,
        "WITH mine AS (SELECT DISTINCT a.id, a.type, a.direction, a.occurred_at FROM activities a JOIN associations s ON "
        "s.from_object = 'activity' AND s.from_id = a.id WHERE NOT a.deleted AND NOT coalesce(a.automated, false) AND "
        "a.known_at <= $as_of AND ((s.to_object = 'company' AND s.to_id = $id) OR (s.to_object = 'contact' AND s.to_id IN "
        "(SELECT id FROM contacts WHERE company_id = $id)) OR (s.to_object = 'deal' AND s.to_id IN "
        "(SELECT id FROM deals WHERE company_id = $id)))) SELECT type, coalesce(direction, '') AS direction, "
        "count(*) FILTER (occurred_at BETWEEN $since AND $as_of) AS last_90_days, "
        "count(*) FILTER (occurred_at > $as_of) AS planned, "
        "CASE WHEN max(occurred_at) FILTER (occurred_at <= $as_of) IS NULL THEN NULL ELSE "
        "strftime(make_timestamp(max(occurred_at) FILTER (occurred_at <= $as_of) * 1000), '%Y-%m-%d') END AS last "
        "FROM mine GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        {"id": company_id, "as_of": as_of, "since": as_of - 90 * DAY_MS},
    )
    return tuple(ActivityCount(**r) for r in rows)


def _risks(
    deals: list[dict[str, Any]],
    people: tuple[Person, ...],
    activity: tuple[ActivityCount, ...],
    holds: Mapping[str, str | None],
    as_of: int,
) -> list[str]:
    found = []
    risk = holds.get("churn_risk")
    if risk and float(risk) >= 50:
        found.append(f"churn risk {float(risk):.0f} of 100")
    late = [d for d in deals if d["close_date"] is not None and int(d["close_date"]) < as_of - DAY_MS]
    found += [f'deal "{d["name"]}" should have closed on {_day(d["close_date"])}' for d in late[:3]]
    last = max((a.last for a in activity if a.last), default=None)
    planned = any(a.planned for a in activity)
    if deals and not planned and (last is None or last < str(_day(as_of - SILENT_DAYS * DAY_MS))):
        found.append(f"open deals and no activity since {last or 'ever'}, none planned")
    if deals and len(people) == 1:
        found.append(f"only one person is known: {people[0].name}")
    found += [f"{p.name}: {p.note}" for p in people if p.note == "address bounces"]
    return found
