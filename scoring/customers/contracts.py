"""Contracts that the CRM's own fields tell of: when the running term ends, and how long a term is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.customers.lifetime import MONTH_DAYS
from sales_consultant.scoring.features import crm_fields

OWNERS = ("companies", "deals")
_KINDS_OF_CONTRACT = r"(contract|subscription|licen[cs]e|agreement|service|support|maintenance|policy|term)"
_END = r"(end|ends|expiry|expir\w*|renewal|renews)"
_DAY = r"(_?(date|on|at|day))"
_DATES = re.compile(
    rf"(next_|current_|upcoming_)?((account_|customer_|client_|{_KINDS_OF_CONTRACT}_?)?(renewal|renews)(_due)?"
    rf"|(account_|customer_|client_)?{_KINDS_OF_CONTRACT}_?{_END}"
    r"|(end|expiry|expiration)_?of_?(the_)?(contract|subscription|licen[cs]e|agreement|term)"
    # Without a word for the day these are sums of money.
    rf"|(arr|mrr|acv|tcv)_?renewal(?=_?(date|on|at|day))){_DAY}?"
)
# Of a company these may be the contract's; a deal's may as well be its quote's.
_BARE = re.compile(rf"(expiry|expires|expiration){_DAY}?")
_TERMS = re.compile(
    r"((contract|subscription|licen[cs]e|agreement)_?(term|length|duration|period)|term|contract_?(months|years))"
    r"(_?(in_)?(months?|years?))?"
)
_YEARS = re.compile(r".*years?")
# A term of a week or of twenty years is a typing error, or counts something else.
_MONTHS = (1, 120)
YEAR_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class ContractFields:
    """Fields that the settings name, as "companies.c_renewal_date"; empty: those that are named as CRMs name them."""

    renewal_date: str = ""
    term_months: str = ""


def read_from(engine: Engine, given: ContractFields) -> dict[str, list[str]]:
    """The fields that dates and terms are read from, as owner.column; those of companies first.

    A company's date that is named for no contract ("expiry_date") counts where there is one such, and no clearer one.
    """
    fields = {}
    for key, named, pattern in (
        ("renewal_date", given.renewal_date, _DATES),
        ("term_months", given.term_months, _TERMS),
    ):
        every = [f"{o}.{c}" for o in OWNERS for c in sorted(engine.columns(o))]
        # "term" alone is too common a word to go by, unless the settings say so.
        fields[key] = [
            f
            for f in every
            if f == named or (not named and _plain(f) != "term" and pattern.fullmatch(_plain(f)))
        ]
    bare = [f"companies.{c}" for c in sorted(engine.columns("companies")) if _BARE.fullmatch(_plain(f".{c}"))]
    if not given.renewal_date and not fields["renewal_date"] and len(bare) == 1:
        fields["renewal_date"] = bare
    return fields


def _plain(field: str) -> str:
    """A field's name in words joined by underscores, without its owner and the marks of custom fields."""
    name = re.sub(r"__p?c$", "", field.partition(".")[2].removeprefix("c_"), flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")


def contracts(engine: Engine, *, as_of: int, given: ContractFields | None = None) -> pd.DataFrame:
    """By company: renewal_day (days since 1970 on which the running term ends) and term_days; gaps where not known.

    Values are as of the given time where the CRM keeps their history, else today's. A company's own field comes before
    its won deals'; of several dates the latest counts, of several terms that of the deal won last.
    """
    wanted = read_from(engine, given or ContractFields())
    dates = [_by_company(engine, f, as_of, "datetime") for f in wanted["renewal_date"]]
    months = [
        _by_company(engine, f, as_of, "number") * (12 if _YEARS.fullmatch(_plain(f)) else 1)
        for f in wanted["term_months"]
    ]
    of_companies = [pd.Series(dtype="float64")]
    day = pd.concat([*dates, *of_companies]).groupby(level=0).max()
    months = [m.where(m.between(*_MONTHS)).dropna() for m in months]
    term = pd.concat([*months, *of_companies])
    term = term[~term.index.duplicated()] * MONTH_DAYS
    return pd.DataFrame({"renewal_day": day, "term_days": term}, dtype="float64")


def _by_company(engine: Engine, field: str, as_of: int, kind: str) -> pd.Series[float]:
    """A field's numbers by company, dates as days since 1970; of won deals by that time, the last one's last."""
    owner, _, column = field.partition(".")
    values = _as_of(engine, owner, column, as_of)
    cuts = pd.Series(as_of, index=values.index)
    numbers = crm_fields.typed(values, kind, cuts)
    if kind == "datetime":
        numbers = as_of // DAY_MS - numbers
    if owner == "companies":
        return numbers.dropna()
    t = alive(neutral(engine, "deals"))
    t = t.filter(t.is_won.fill_null(False) & (t.closed_at <= as_of) & t.company_id.notnull())
    won = query(engine, t.select("id", "company_id", "closed_at")).sort_values(
        ["closed_at", "id"], ascending=False
    )
    told = won.assign(value=won["id"].map(numbers)).dropna(subset="value")
    return pd.Series(told.set_index("company_id")["value"])


def _as_of(engine: Engine, owner: str, column: str, as_of: int) -> pd.Series[Any]:
    """A field's values by record: as known then where there is a history of them, else today's."""
    t = neutral(engine, "fields")
    t = t.filter((t.object == owner) & (t.column_name == column) & (t.known == "history"))
    if query(engine, t.select("column_name")).empty:
        return crm_fields.fixed(engine, owner, [column])[column]
    h = neutral(engine, "field_history")
    h = h.filter((h.object == owner) & (h.field == column) & (h.changed_at <= as_of))
    rows = query(engine, h.select("record_id", "value", "changed_at")).sort_values(["changed_at", "value"])
    return rows.drop_duplicates("record_id", keep="last").set_index("record_id")["value"]


def under_contract(table: pd.DataFrame, held: pd.DataFrame) -> pd.Series[bool]:
    """Whether customers (rows with `last`, the day of their last purchase) are under contract by these fields.

    A term says so, and a date that has not been over for a term when they bought last: since then they buy freely.
    """
    held = held.reindex(table.index)
    term = held["term_days"].fillna(YEAR_DAYS)
    running = held["renewal_day"] + term >= table["last"]
    return held["term_days"].notna() | running


def describe(engine: Engine, given: ContractFields | None, held: pd.DataFrame) -> dict[str, Any]:
    """What a card says of them."""
    found = read_from(engine, given or ContractFields())
    return {**found, "companies_with_a_date": int(held["renewal_day"].notna().sum())}
