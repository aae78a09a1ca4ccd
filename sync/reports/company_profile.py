"""A company on one page: who they are, what they buy and when, the people, what is open and what may go wrong."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.language import dates
from sales_consultant.config.records import RecordRef
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import company, signals
from sales_consultant.sync.reports import risks
from sales_consultant.sync.results import (
    ActivityCount,
    CompanyProfile,
    OpenDeal,
    Person,
    Product,
    Purchase,
    Purchases,
    Risk,
)

# Judgements: a month without a word is long for an open deal; what is listed fits one screen.
SILENT_DAYS = 30
_MOST = 10
# A judgement: what was written half a year ago is not how things stand.
WRITTEN_DAYS = 180
SAYS = {
    "ready_to_buy": "ready to buy",
    "asks_price": "asks for a price",
    "objection_price": "finds the price too high",
    "postponed": "puts it off",
    "competitor": "speaks of a competitor",
    "churn_threat": "may leave",
    "complaint": "complains",
    "wants_meeting": "wants to meet",
    "unsubscribe": "wants no more mail",
    "out_of_office": "is away",
    "changed_job": "the contact has changed",
}
_LAST = 5


def profile(
    engine: DuckEngine,
    company_id: str,
    *,
    as_of: int,
    holds: Mapping[str, str | None],
    shown: Mapping[RecordRef, Mapping[str, str | None]] | None = None,
) -> CompanyProfile:
    """Everything that the neutral tables know of a company as of a time (ms).

    `holds` are our fields on it, `shown` those on any record, by object and id. Money stays in the deal's currency:
    sums are by currency.
    """
    shown = shown or {}
    won = company.won_deals(engine, company_id, as_of)
    deals = company.open_deals(engine, company_id, as_of)
    people = _people(engine, company_id, as_of, shown)
    activity = _activity(engine, company_id, as_of)
    found = tuple(_risks(deals, people, activity, holds, as_of))
    return CompanyProfile(
        owner=company.owner(engine, company_id),
        purchases=_by_year(won),
        last_purchases=tuple(
            Purchase(_day(r["closed_at"]), r["name"], _money(r), r["type"]) for r in won[:_LAST]
        ),
        habit=_purchase_rhythm([int(r["closed_at"]) for r in won], as_of),
        products=tuple(Product(**r) for r in company.products(engine, company_id)),
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
        written=tuple(_written(engine, company_id, as_of)),
        risks=tuple(risks.say(r) for r in found),
        found=found,
    )


def _written(engine: DuckEngine, company_id: str, as_of: int) -> list[str]:
    """What they wrote lately, a line a message with an intent or a name, newest first; nothing where text is off."""
    lines = []
    for row in signals.of_company(engine, company_id, as_of, as_of - WRITTEN_DAYS * DAY_MS):
        names = [n for column in ("competitors", "products") for n in str(row[column] or "").split("; ") if n]
        said = [SAYS[row["intent"]]] if row["intent"] in SAYS else []
        said += [f"names {listed}"] if (listed := ", ".join(dict.fromkeys(names))) else []
        if said:
            lines.append(f"{dates.day(_at(row['occurred_at']))}: {'; '.join(said)}")
    return lines[:_LAST]


def _at(ms: Any) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)


def _day(ms: Any) -> str | None:
    return None if ms is None else f"{_at(ms):%Y-%m-%d}"


def _money(row: Mapping[str, Any]) -> str | None:
    return None if row["amount"] is None else f"{row['amount']:,.2f} {row['currency'] or ''}".strip()


def _by_year(won: list[dict[str, Any]]) -> tuple[Purchases, ...]:
    amounts: dict[tuple[str, str], list[float]] = {}
    for r in won:
        year = str(_day(r["closed_at"]))[:4]
        amounts.setdefault((year, str(r["currency"] or "")), []).append(float(r["amount"] or 0))
    return tuple(
        Purchases(year, len(v), round(sum(v), 2), currency)
        for (year, currency), v in sorted(amounts.items(), reverse=True)
    )


def _purchase_rhythm(times: list[int], as_of: int) -> str:
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


def _score(
    shown: Mapping[RecordRef, Mapping[str, str | None]], objects: tuple[str, ...], record_id: str
) -> tuple[str | None, str | None]:
    """The score and grade that a record shows in the CRM."""
    refs = (RecordRef(o, record_id) for o in objects)
    mine = next((shown[r] for r in refs if r in shown), {})
    return mine.get("score"), mine.get("grade")


def _people(
    engine: DuckEngine,
    company_id: str,
    as_of: int,
    shown: Mapping[RecordRef, Mapping[str, str | None]],
) -> tuple[Person, ...]:
    rows = company.people(engine, company_id, as_of)
    on = company.deals_of_people(engine, company_id, as_of)
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


def _activity(engine: DuckEngine, company_id: str, as_of: int) -> tuple[ActivityCount, ...]:
    """What happened in the last 90 days, and what is planned."""
    rows = company.activity(engine, company_id, as_of, as_of - 90 * DAY_MS)
    return tuple(ActivityCount(**r) for r in rows)


def _risks(
    deals: list[dict[str, Any]],
    people: tuple[Person, ...],
    activity: tuple[ActivityCount, ...],
    holds: Mapping[str, str | None],
    as_of: int,
) -> list[Risk]:
    risks = []
    risk = holds.get("churn_risk")
    # More likely gone than not.
    if risk and float(risk) >= 50:
        risks.append(Risk("churn", number=float(risk) / 100))
    late = [d for d in deals if d["close_date"] is not None and int(d["close_date"]) < as_of - DAY_MS]
    risks += [Risk("late_deal", str(d["name"]), day=str(_day(d["close_date"]))) for d in late[:3]]
    last = max((a.last for a in activity if a.last), default=None)
    planned = any(a.planned for a in activity)
    if deals and not planned and (last is None or last < str(_day(as_of - SILENT_DAYS * DAY_MS))):
        risks.append(Risk("silent", day=last) if last else Risk("never_active"))
    if deals and len(people) == 1:
        risks.append(Risk("one_person", people[0].name))
    risks += [Risk("bounces", p.name) for p in people if p.note == "address bounces"]
    return risks
