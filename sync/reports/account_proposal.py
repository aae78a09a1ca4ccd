"""An account proposal: what to reach with a company, with which products, in which steps, and how it will be judged."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import company as reads
from sales_consultant.engine.reads import records, signals
from sales_consultant.scoring import products as selling
from sales_consultant.scoring import scorer
from sales_consultant.scoring.core import org_currency
from sales_consultant.scoring.customers import value
from sales_consultant.scoring.next_steps import Calendar, calendar, working_day
from sales_consultant.sync.reports import risks
from sales_consultant.sync.reports.company_profile import WRITTEN_DAYS, profile
from sales_consultant.sync.results import (
    AccountProposal,
    CompanyProfile,
    ProposedDeal,
    ProposedPrice,
    ProposedProduct,
    ProposedStep,
    Risk,
    Situation,
)

Shown = Mapping[RecordRef, Mapping[str, str | None]]
FIELDS = ("lifecycle", "segment", "customer_tier", "value_12m", "churn_risk", "recommended_product")
"""Our fields on a company that say where it stands."""
# What fits two pages: judgements.
MOST_DEALS, MOST_PRODUCTS, MOST_STEPS, MOST_RISKS, MOST_OWNED, MOST_PEOPLE = 5, 3, 6, 6, 6, 4
# A rep needs some days to bring up a product in a talk that is planned anyway.
OFFER_DAYS = 14
_OVER_HALF = 50.0
# Of what people write, what may lose a deal or a customer.
_WORRYING = ("complaint", "churn_threat", "competitor", "objection_price")


@dataclass(frozen=True)
class Asked:
    """For which company (by id) a proposal is asked, as of when (ms), reviewed after how many days, in which language.

    `countries` are those of owners by their id, where they differ from the settings' country.
    """

    company_id: str
    as_of: int
    review_days: int
    language: Language
    countries: Mapping[str, str] = field(default_factory=dict)


def make(engine: DuckEngine, settings: Settings, models: Any, shown: Shown, asked: Asked) -> AccountProposal:
    """The proposal; `shown` are our fields on all records as the CRM holds them, `models` those in force."""
    mine = RecordRef("companies", asked.company_id)
    holds = shown.get(mine, {})
    row = records.one(engine, "companies", asked.company_id)
    about = profile(engine, asked.company_id, as_of=asked.as_of, holds=holds, shown=shown)
    deals = _deals(engine, asked, about)
    offered, no_product = _products(engine, settings, models, shown, asked, deals)
    owner = str(row.get("owner_id") or "")
    steps = _steps(
        engine, shown, asked, offered, calendar(asked.countries.get(owner, settings.next_steps.country))
    )
    found = [
        *_company_risks(engine, holds, asked),
        *about.found,
        *_deal_risks(engine, settings, models, deals, asked.as_of),
    ]
    spoken_of = {str(mine), *(f"deals/{d['id']}" for d in reads.deals_now(engine, asked.company_id))}
    spoken_of |= {str(person) for person in reads.people_of(engine, asked.company_id)}
    return AccountProposal(
        id=hashlib.sha256(f"{asked.company_id}|{asked.as_of}".encode()).hexdigest()[:12],
        company_id=asked.company_id,
        company=_line(row.get("name") or row.get("domain") or asked.company_id),
        owner=None if about.owner is None else _line(about.owner),
        as_of=asked.as_of,
        review_at=asked.as_of + asked.review_days * DAY_MS,
        language=asked.language,
        currency=org_currency(engine),
        goals=_goals(holds, deals, offered),
        situation=_situation(engine, asked, about, holds, deals),
        products=offered,
        no_product=no_product,
        steps=steps,
        risks=tuple(_once(found)[:MOST_RISKS]),
        records=tuple(sorted(spoken_of)),
    )


def _line(text: object, most: int = 60) -> str:
    """Text of the CRM on one line, without control characters, cut to what a line of a page holds."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _day(ms: object) -> str | None:
    try:
        return None if ms is None else f"{datetime.fromtimestamp(int(str(ms)) / 1000, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        # One odd date costs that date.
        return None


def _deals(engine: DuckEngine, asked: Asked, about: CompanyProfile) -> tuple[ProposedDeal, ...]:
    grades = {d.id: d.grade for d in about.open_deals}
    return tuple(
        ProposedDeal(
            id=str(d["id"]),
            name=_line(d["name"] or d["id"]),
            stage=_line(d["stage"] or ""),
            amount=None if d["amount"] is None else float(d["amount"]),
            currency=str(d["currency"] or ""),
            closes=_day(d["close_date"]),
            grade=grades.get(str(d["id"])),
        )
        for d in reads.open_deals(engine, asked.company_id, asked.as_of)[:MOST_DEALS]
    )


def _situation(
    engine: DuckEngine,
    asked: Asked,
    about: CompanyProfile,
    holds: Mapping[str, str | None],
    deals: tuple[ProposedDeal, ...],
) -> Situation:
    lasts = [a.last for a in about.activity if a.last]
    people = sorted(about.people, key=lambda p: p.last_activity or "", reverse=True)[:MOST_PEOPLE]
    return Situation(
        shown={k: holds.get(k) for k in FIELDS},
        revenue=tuple((p.year, p.deals, p.amount, p.currency) for p in about.purchases[:3]),
        last_purchase=about.last_purchases[0].day if about.last_purchases else None,
        products=tuple(_line(p.product, 40) for p in about.products[:MOST_OWNED] if p.product),
        people=tuple((_line(p.name, 40), _line(p.title or "", 40), p.last_activity) for p in people),
        last_activity=max(lasts, default=None),
        deals=deals,
    )


def _products(
    engine: DuckEngine,
    settings: Settings,
    models: Any,
    shown: Shown,
    asked: Asked,
    deals: Sequence[ProposedDeal],
) -> tuple[tuple[ProposedProduct, ...], str]:
    """What to offer, with prices; and where there is nothing, why: no_model, no_purchase or nothing_new."""
    if models.products is None:
        return (), "no_model"
    held = selling.bought(engine, as_of=asked.as_of, exclusions=settings.exclude)
    if not (held.rows["customer"] == asked.company_id).any():
        return (), "no_purchase"
    before = shown.get(RecordRef("companies", asked.company_id), {}).get("recommended_product")
    rows = models.products.best_for(
        held, asked.company_id, as_of=asked.as_of, top=MOST_PRODUCTS, previous=before
    )
    table = selling.price_table(engine, as_of=asked.as_of)
    segments = {k.record_id: str(v["segment"]) for k, v in shown.items() if _is_named(k, v)}
    band = table.band(_usual_amount(table, asked.company_id, deals))
    offered = []
    for r in rows:
        p = selling.price_guidance(
            table,
            r["product_id"],
            band=band,
            segment=segments.get(asked.company_id, ""),
            segments=segments,
        )
        price = ProposedPrice(p.list_price, p.currency, p.band, p.segment, p.lines, p.discounts, p.prices)
        told = (r["product_id"], _line(r["product"]), int(r["bought"]), int(r["of"]), r["within_days"])
        anchor = None if r["anchor"] is None else _line(r["anchor"])
        offered.append(ProposedProduct(*told, anchor, price))
    return tuple(offered), "" if offered else "nothing_new"


def _is_named(key: RecordRef, values: Mapping[str, str | None]) -> bool:
    return key.object == "companies" and bool(values.get("segment"))


def _usual_amount(table: selling.PriceTable, company_id: str, deals: Sequence[ProposedDeal]) -> float | None:
    """The size of a deal with them: of the open ones, else of those that were won; the one in the middle."""
    amounts = [d.amount for d in deals if d.amount is not None and d.currency in ("", table.currency)]
    if not amounts:
        won = table.rows[table.rows["company_id"] == company_id].drop_duplicates("deal_id")["deal_amount"]
        amounts = [float(a) for a in won.dropna()]
    return float(np.median(amounts)) if amounts else None


def _steps(
    engine: DuckEngine,
    shown: Shown,
    asked: Asked,
    offered: Sequence[ProposedProduct],
    working: Calendar,
) -> tuple[ProposedStep, ...]:
    """The steps that the CRM shows on the company, its open deals and people, by day; then to offer the first product."""
    mine = RecordRef("companies", asked.company_id)
    keys = [
        mine,
        *(RecordRef("deals", str(d["id"])) for d in reads.open_deals(engine, asked.company_id, asked.as_of)),
    ]
    keys += reads.people_of(engine, asked.company_id)
    called = records.names(engine, [k.record_id for k in keys if shown.get(k, {}).get("next_step")])
    steps = []
    for key in keys:
        values = shown.get(key, {})
        if text := values.get("next_step"):
            # A step without a record's name is the company's own.
            name = "" if key == mine else _line(called.get(key, key.record_id))
            due = values.get("next_step_due")
            why, step_id = _line(values.get("next_step_reason") or "", 120), values.get("next_step_id")
            steps.append(ProposedStep(*key, name, "shown", _line(text, 120), due, why, step_id))
    own = next((s.text for s in steps if not s.record), "")
    # The company's own step may be to offer it already.
    offers = [o for o in offered[:1] if o.name not in own]
    steps.sort(key=lambda s: (s.due or "9999", s.object, s.record_id))
    steps = steps[: MOST_STEPS - len(offers)]
    for first in offers:
        ahead = datetime.fromtimestamp(asked.as_of / 1000, UTC).date() + timedelta(days=OFFER_DAYS)
        day = working_day(ahead, 0, working)
        steps.append(
            ProposedStep(
                "companies", asked.company_id, "", "offer", first.name, day.isoformat(), "", first.id
            )
        )
    return tuple(steps)


def _company_risks(engine: DuckEngine, holds: Mapping[str, str | None], asked: Asked) -> list[Risk]:
    """Where the company stands by its lifecycle, and what its people wrote that may lose them; nothing where text is off."""
    lifecycle = holds.get("lifecycle")
    found = [Risk(f"lifecycle_{lifecycle}")] if lifecycle in ("at_risk", "lost") else []
    since = asked.as_of - WRITTEN_DAYS * DAY_MS
    told = dict[str, str]()
    for row in signals.of_company(engine, asked.company_id, asked.as_of, since):
        if row["intent"] in _WORRYING:
            told.setdefault(row["intent"], str(_day(row["occurred_at"])))
    return found + [Risk(f"wrote_{intent}", day=day) for intent, day in told.items()]


def _deal_risks(
    engine: DuckEngine, settings: Settings, models: Any, deals: Sequence[ProposedDeal], as_of: int
) -> list[Risk]:
    """What may go wrong with their open deals, of those that a model in force scores."""
    left = {d.id: d.name for d in deals}
    found: list[Risk] = []
    for name, model in models.populations.items():
        if settings.populations[name].object != "deals" or not left:
            continue
        scores, features = scorer.features_of(
            engine, model, set(left), as_of=as_of, exclusions=settings.exclude
        )
        mine = scores[scores["record_id"].isin(features.keys())]
        if mine.empty:
            continue
        worth = value.deal_values(engine, mine, as_of=as_of, estimates={})
        why = dict(zip(worth["record_id"], worth["reason"], strict=True))
        for record_id, told in features.items():
            found += risks.found(told, str(why.get(record_id) or ""), left.pop(record_id))
    return found


def _once(found: Sequence[Risk]) -> list[Risk]:
    """Of a deal whose close date passed one line is enough, whoever noticed it; the order stays."""
    late = {r.name for r in found if r.code == "late_deal"}
    return [r for r in dict.fromkeys(found) if not (r.code == "close_date_passed" and r.name in late)]


def _goals(
    holds: Mapping[str, str | None],
    deals: Sequence[ProposedDeal],
    offered: Sequence[ProposedProduct],
) -> tuple[tuple[str, str], ...]:
    """At most three: keep whom we may lose, win what is open, sell what goes with what they have."""
    goals: list[tuple[str, str]] = []
    risk = holds.get("churn_risk")
    if holds.get("lifecycle") == "lost":
        goals.append(("win_back", ""))
    elif holds.get("lifecycle") == "at_risk" or (risk and float(risk) >= _OVER_HALF):
        goals.append(("keep", ""))
    goals += [("win", d.name) for d in deals[:1]]
    goals += [("sell", p.name) for p in offered[:1]]
    return tuple(goals[:3]) or (("first_deal", ""),)
