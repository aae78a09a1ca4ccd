"""What is wrong with the records themselves: duplicates, gaps, outliers, impossible dates and owners who have left.

Only looked at and told, never changed: which of two records is the right one, people know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.validation.duplicates import (
    DataFinding,
    day_of,
    duplicates,
    suspects_of,
    with_keys,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Tukey (1977): three times the middle half's width beyond it is "far out". Amounts are compared by their logarithm, and have
# to be 30 times away at least (a judgement: where all prices are alike, a deal of ten times as many seats is no error). Of
# fewer amounts the middle half is chance (a judgement).
_FAR_OUT = 3.0
_LEAST_FACTOR = 30.0
_LEAST_AMOUNTS = 20
# Judgements: no deal of a CRM is planned ten years ahead, and no CRM is older than 1990.
_FAR_AHEAD = 3650 * DAY_MS
_FIRST = 631_152_000_000


def look(engine: Engine, *, as_of: int) -> list[DataFinding]:
    """All findings as of a time (ms), the worst of each kind first; an empty CRM has none."""
    people, companies, deals = _people(engine), _companies(engine), _deals(engine)
    with_keys(people, companies, deals)
    found = [
        *duplicates(people, companies, deals),
        *_gaps(engine, people, companies, deals),
        *_outliers(deals),
        *_dates(people, deals, as_of),
        *_owners(engine, people, companies, deals),
    ]
    kinds = ("duplicates", "gaps", "outliers", "dates", "owners")
    return sorted(found, key=lambda f: (kinds.index(f.kind), -f.records, f.object, f.what))


def _people(engine: Engine) -> pd.DataFrame:
    t = alive(neutral(engine, "contacts"))
    columns = (
        "id",
        "email",
        "first_name",
        "last_name",
        "company_id",
        "owner_id",
        "created_at",
        "converted_at",
    )
    name = (t.first_name.fill_null("") + " " + t.last_name.fill_null("")).strip()
    lead = t.source_object.fill_null("Contact") == "Lead"
    gone = t.is_converted.fill_null(False)
    return query(engine, t.select(*columns, name=name, lead=lead, over=gone)).sort_values(
        "id", ignore_index=True
    )


def _companies(engine: Engine) -> pd.DataFrame:
    t = alive(neutral(engine, "companies"))
    rows = query(engine, t.select("id", "name", "domain", "owner_id", "created_at"))
    return rows.sort_values("id", ignore_index=True)


def _deals(engine: Engine) -> pd.DataFrame:
    t = alive(neutral(engine, "deals"))
    columns = (
        "id",
        "name",
        "company_id",
        "owner_id",
        "pipeline",
        "currency",
        "close_date",
        "created_at",
        "closed_at",
    )
    rows = query(
        engine,
        t.select(
            *columns,
            amount=t.amount.cast("float64"),
            over=t.is_closed.fill_null(False),
            won=t.is_won.fill_null(False),
        ),
    )
    return rows.sort_values("id", ignore_index=True)


def _gaps(
    engine: Engine, people: pd.DataFrame, companies: pd.DataFrame, deals: pd.DataFrame
) -> list[DataFinding]:
    t = neutral(engine, "associations")
    t = t.filter((t.from_object == "deal") & (t.to_object == "contact"))
    linked = set(query(engine, t.select("from_id").distinct())["from_id"])
    here, still = ~people["lead"], deals[~deals["over"]]
    leads = people[people["lead"] & ~people["over"]]
    none = deals["company_id"].fillna("") == ""
    nobody = none & ~deals["id"].isin(linked)
    no_step, alone = (
        "no step by e-mail, and no duplicate can be found by its address",
        "what it buys counts for nobody's value",
    )
    no_name = "no duplicate can be found by its name"
    rows: Sequence[tuple[str, str, pd.DataFrame, pd.Series[bool], str]] = (
        ("contacts", "no e-mail address", people[here], people.loc[here, "mail"] == "", no_step),
        ("leads", "no e-mail address", leads, leads["mail"] == "", no_step),
        ("contacts", "no name", people[here], people.loc[here, "nameless"], no_name),
        ("leads", "no name", leads, leads["nameless"], no_name),
        ("companies", "no domain", companies, companies["web"] == "", "no lead is matched to it"),
        ("companies", "no name", companies, companies["called"] == "", no_name),
        ("deals", "neither a company nor a contact", deals, nobody, f"{alone}, and nobody's activities count for it"),
        ("deals", "open, without an amount", still, ~(still["amount"] > 0), "its expected value is an estimate, or empty"),
        ("deals", "open, without a close date", still, still["close_date"].isna(), "features of the close date are gaps"),
        ("deals", "closed, without a closing time", deals, deals["over"] & deals["closed_at"].isna(),
         "its end is taken from its stage history, or from when it was made"),
        ("deals", "no pipeline", deals, deals["pipeline"].fillna("").str.strip() == "", "it is in no population: no score"),
    )  # fmt: skip
    found = []
    for object_, what, of, hit, effect in rows:
        if hit.any():
            mine = of[hit]
            made = ["made on " + day_of(v) for v in mine["created_at"]]
            told = suspects_of(
                mine, object_, [m + i for m, i in zip(made, _instead(mine, what), strict=True)]
            )
            found.append(DataFinding("gaps", object_, what, len(mine), len(of), effect, told))
    return found


def _instead(rows: pd.DataFrame, what: str) -> list[str]:
    """What stands where an address should: a placeholder is a gap."""
    column = {"no e-mail address": "email", "no domain": "domain"}.get(what)
    written = rows[column] if column else pd.Series("", index=rows.index)
    return [f", holds {v.strip()[:60]!r}" if isinstance(v, str) and v.strip() else "" for v in written]


def _outliers(deals: pd.DataFrame) -> list[DataFinding]:
    found = []
    below = deals[deals["amount"] <= 0]
    if len(below):
        effect = "no purchase of anybody, and no expected value"
        told = suspects_of(below, "deals", [_money(a) for a in below["amount"]])
        found.append(
            DataFinding(
                "outliers", "deals", "an amount of zero or less", len(below), len(deals), effect, told
            )
        )
    paid = deals[deals["amount"] > 0]
    far = np.zeros(len(paid), dtype=bool)
    # Amounts of two currencies are not compared with each other.
    for where in paid.groupby(paid["currency"].fillna("")).indices.values():
        logs = np.log(paid["amount"].to_numpy(dtype=float)[where])
        low, high = np.quantile(logs, [0.25, 0.75])
        if len(where) >= _LEAST_AMOUNTS:
            reach = max(_FAR_OUT * (high - low), np.log(_LEAST_FACTOR))
            far[where] = (logs < low - reach) | (logs > high + reach)
    if far.any():
        mine = paid[far].sort_values("amount", ascending=False)
        effect = "one such sale moves its customer's value, and the deal's expected value ranks it first"
        told = suspects_of(mine, "deals", [_money(a) for a in mine["amount"]])
        found.append(
            DataFinding(
                "outliers", "deals", "an amount far from all others", len(mine), len(paid), effect, told
            )
        )
    return found


def _dates(people: pd.DataFrame, deals: pd.DataFrame, as_of: int) -> list[DataFinding]:
    found = []
    still = ~deals["over"]
    rows: Sequence[tuple[str, str, pd.DataFrame, pd.Series[bool], str, str]] = (
        ("deals", "closed before it was made", deals, deals["closed_at"] < deals["created_at"], "closed_at",
         "it was never open: it is learnt from by nobody"),
        ("deals", "closed after today", deals, deals["over"] & (deals["closed_at"] > as_of), "closed_at",
         "it counts as open until then"),
        ("deals", "made after today", deals, deals["created_at"] > as_of, "created_at", "it is not scored until then"),
        ("deals", "open, and its close date has passed", deals, still & (deals["close_date"] < as_of - DAY_MS), "close_date",
         "a sign of a lost deal to the model; the step asks for a new date"),
        ("deals", "open, with a close date in more than ten years", deals, still & (deals["close_date"] > as_of + _FAR_AHEAD),
         "close_date", "features of the close date say nothing"),
        ("deals", "made before 1990", deals, deals["created_at"] < _FIRST, "created_at", "its age says nothing"),
        *(row for object_, of in (("contacts", people[~people["lead"]]), ("leads", people[people["lead"]])) for row in (
            (object_, "made after today", of, of["created_at"] > as_of, "created_at", "not scored until then"),
            (object_, "made before 1990", of, of["created_at"] < _FIRST, "created_at", "its age says nothing"),
            (object_, "converted before it was made", of, of["converted_at"] < of["created_at"] - DAY_MS,
             "converted_at", "it was never an open lead: it is learnt from by nobody"),
        )),
    )  # fmt: skip
    for object_, what, of, hit, column, effect in rows:
        mine = of[hit.fillna(False).astype(bool)]
        if len(mine):
            told = suspects_of(mine, object_, [day_of(v) for v in mine[column]])
            found.append(DataFinding("dates", object_, what, len(mine), len(of), effect, told))
    return found


def _owners(
    engine: Engine, people: pd.DataFrame, companies: pd.DataFrame, deals: pd.DataFrame
) -> list[DataFinding]:
    rows = query(engine, neutral(engine, "owners").select("id", "email", "active"))
    if rows.empty:
        # They were not read, and nobody can be missed.
        return []
    called = dict(zip(rows["id"], rows["email"].fillna(""), strict=True))
    left = set(rows.loc[~rows["active"].astype("boolean").fillna(True).astype(bool), "id"])
    effect = "nobody works the steps given to them; name another owner"
    found = []
    still, open_leads = deals[~deals["over"]], people[people["lead"] & ~people["over"]]
    for object_, of in (
        ("deals", still),
        ("leads", open_leads),
        ("contacts", people[~people["lead"]]),
        ("companies", companies),
    ):
        owner = of["owner_id"].fillna("").astype(str)
        for what, hit, why in (
            ("its owner has left", owner.isin(left), effect),
            ("its owner is not among the users", (owner != "") & ~owner.isin(called), effect),
            ("no owner", owner == "", "its step is in nobody's list; all such records share one allowance"),
        ):
            # Companies and contacts without an owner are usual where deals have one.
            if hit.any() and (what != "no owner" or object_ in ("deals", "leads")):
                mine, who = of[hit], owner[hit]
                told = suspects_of(mine, object_, [called.get(o) or o for o in who])
                found.append(DataFinding("owners", object_, what, len(mine), len(of), why, told))
    return found


def _money(amount: float) -> str:
    return f"{amount:,.2f}".removesuffix(".00")
