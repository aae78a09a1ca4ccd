"""What is wrong with the records themselves: duplicates, gaps, outliers, impossible dates and owners who have left.

Only looked at and told, never changed: which of two records is the right one, people know.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS, iso_day
from sales_consultant.config.domains import FREE_MAIL
from sales_consultant.engine import Engine, alive, neutral, query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What a company's form adds to its name: the same company is written with and without.
_FORMS = {
    *(
        "ab",
        "ag",
        "as",
        "bv",
        "co",
        "corp",
        "corporation",
        "company",
        "gmbh",
        "group",
        "holding",
        "inc",
        "incorporated",
    ),
    *(
        "kg",
        "kgaa",
        "limited",
        "llc",
        "llp",
        "ltd",
        "nv",
        "oy",
        "plc",
        "pty",
        "sa",
        "sarl",
        "sas",
        "se",
        "spa",
        "srl",
        "the",
    ),
}
_WORDS = re.compile(r"[\W_]+")
# Tukey (1977): three times the middle half's width beyond it is "far out". Amounts are compared by their logarithm, and have
# to be 30 times away at least (a judgement: where all prices are alike, a deal of ten times as many seats is no error). Of
# fewer amounts the middle half is chance (a judgement).
_FAR_OUT = 3.0
_LEAST_FACTOR = 30.0
_LEAST_AMOUNTS = 20
# Judgements: no deal of a CRM is planned ten years ahead, and no CRM is older than 1990.
_FAR_AHEAD = 3650 * DAY_MS
_FIRST = 631_152_000_000


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record that stands for a finding: which, its name, and what was seen of it."""

    object: str
    record_id: str
    name: str
    seen: str


@dataclass(frozen=True, slots=True)
class DataFinding:
    """Something that is wrong with records of an object.

    `kind` is duplicates, gaps, outliers, dates or owners. `records` of `of` are concerned (of duplicates: all of their groups,
    of which there are `groups`). `effect` says what it does to scores. `suspects` are all of them, those of a group together.
    """

    kind: str
    object: str
    what: str
    records: int
    of: int
    effect: str
    suspects: tuple[Suspect, ...]
    groups: int | None = None


def normalised(name: object) -> str:
    """A name without case, accents, marks and the form of the company.

    >>> normalised("Müller & Söhne GmbH"), normalised("MULLER, Sohne"), normalised("The Co. Ltd.")
    ('muller sohne', 'muller sohne', 'the co ltd')
    """
    plain = unicodedata.normalize("NFKD", name if isinstance(name, str) else "").lower()
    words = _WORDS.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).split()
    # A name that is nothing but such words is that name.
    return " ".join([w for w in words if w not in _FORMS] or words)


def look(engine: Engine, *, as_of: int) -> list[DataFinding]:
    """All findings as of a time (ms), the worst of each kind first; an empty CRM has none."""
    people, companies, deals = _people(engine), _companies(engine), _deals(engine)
    found = [
        *_duplicate_people(people),
        *_duplicate_companies(companies),
        *_duplicate_deals(deals),
        *_gaps(engine, people, companies, deals),
        *_outliers(deals),
        *_dates(people, deals, as_of),
        *_owners(engine, people, companies, deals),
    ]
    kinds = ("duplicates", "gaps", "outliers", "dates", "owners")
    return sorted(found, key=lambda f: (kinds.index(f.kind), -f.records, f.object, f.what))


def _people(engine: Engine) -> pd.DataFrame:
    t = alive(neutral(engine, "contacts"))
    columns = ("id", "email", "company_id", "owner_id", "created_at", "converted_at")
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


def _suspects(rows: pd.DataFrame, object_: str, seen: Iterable[object]) -> tuple[Suspect, ...]:
    names = rows["name"].astype(object).where(rows["name"].notna(), "")
    return tuple(
        Suspect(object_, str(i), str(n), str(s)) for i, n, s in zip(rows["id"], names, seen, strict=True)
    )


def _same(
    rows: pd.DataFrame,
    key: pd.Series[str],
    object_: str,
    what: str,
    effect: str,
    seen: pd.Series[str] | None = None,
) -> list[DataFinding]:
    """Records of one key, where a key has more than one; an empty key is none. `seen` is what is told of each, or the key."""
    key = key.where(key.fillna("") != "")
    mine = rows[key.notna() & key.duplicated(keep=False)]
    if mine.empty:
        return []
    told = mine.assign(_key=key, _seen=key if seen is None else seen).sort_values(
        ["_key", "created_at", "id"]
    )
    suspects = _suspects(told, object_, told["_seen"])
    groups = int(told["_key"].nunique())
    return [DataFinding("duplicates", object_, what, len(told), len(rows), effect, suspects, groups)]


def _text(column: pd.Series[str]) -> pd.Series[str]:
    return column.fillna("").astype(str).str.strip().str.lower()


def _duplicate_people(people: pd.DataFrame) -> list[DataFinding]:
    split = "each is scored by its own part of the history, and all but the oldest are left out of training"
    found = []
    for object_, rows in (
        ("contacts", people[~people["lead"]]),
        ("leads", people[people["lead"] & ~people["over"]]),
    ):
        mail = _text(rows["email"])
        found += _same(rows, mail, object_, "the same e-mail address", split)
        # Two of one name and company with one address were told above.
        name, firm = rows["name"].map(normalised).astype(str), rows["company_id"].fillna("").astype(str)
        twice = mail.where(mail != "").notna() & mail.duplicated(keep=False)
        whole = name.astype(str).str.contains(" ") & (firm != "") & ~twice
        found += _same(
            rows, (name + " " + firm).where(whole), object_, "the same name at one company", split, name
        )
    known = set(_text(people.loc[~people["lead"], "email"])) - {""}
    still = people[people["lead"] & ~people["over"]]
    both = still[_text(still["email"]).isin(known)]
    if len(both):
        effect = "the person is scored twice, and what the contact did counts for the lead in neither"
        suspects = _suspects(both, "leads", both["email"])
        found.append(
            DataFinding(
                "duplicates",
                "leads",
                "a contact has the same e-mail address",
                len(both),
                len(still),
                effect,
                suspects,
            )
        )
    return found


def _duplicate_companies(companies: pd.DataFrame) -> list[DataFinding]:
    effect = "its deals and purchases are split: value, churn risk and tier are told of each part alone"
    domain = _text(companies["domain"]).str.removeprefix("www.")
    domain = domain.where(~domain.isin(set(FREE_MAIL)))
    found = _same(companies, domain, "companies", "the same domain", effect)
    told = domain.where(domain != "").notna() & domain.where(domain != "").duplicated(keep=False)
    # Two domains may be two companies of one name; one without a domain is likely the one that has it.
    name = companies["name"].map(normalised).astype(str).where(~told)
    several = domain.where(domain != "").groupby(name).transform("nunique")
    return found + _same(companies, name.where(~(several > 1)), "companies", "the same name", effect)


def _duplicate_deals(deals: pd.DataFrame) -> list[DataFinding]:
    name, firm = deals["name"].map(normalised).astype(str), deals["company_id"].fillna("").astype(str)
    made = deals["created_at"].fillna(0).map(_day).astype(str)
    key = (name + " " + firm + " " + made).where((name != "") & (firm != ""))
    effect = "counted once in training, but each has a score, an expected value and a step"
    return _same(deals, key, "deals", "the same name, company and day", effect, "made on " + made)


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
        "no step by e-mail, and no duplicate can be found",
        "what it buys counts for nobody's value",
    )
    rows: Sequence[tuple[str, str, pd.DataFrame, pd.Series[bool], str]] = (
        ("contacts", "no e-mail address", people[here], _text(people.loc[here, "email"]) == "", no_step),
        ("leads", "no e-mail address", leads, _text(leads["email"]) == "", no_step),
        ("companies", "no domain", companies, _text(companies["domain"]) == "", "no lead is matched to it"),
        ("deals", "neither a company nor a contact", deals, nobody, f"{alone}, and nobody's activities count for it"),
        ("deals", "open, without an amount", still, ~(still["amount"] > 0), "its expected value is an estimate, or empty"),
        ("deals", "open, without a close date", still, still["close_date"].isna(), "features of the close date are gaps"),
        ("deals", "closed, without a closing time", deals, deals["over"] & deals["closed_at"].isna(),
         "its end is taken from its stage history, or from when it was made"),
        ("deals", "no pipeline", deals, _text(deals["pipeline"]) == "", "it is in no population: no score"),
    )  # fmt: skip
    found = []
    for object_, what, of, hit, effect in rows:
        if hit.any():
            mine = of[hit]
            told = _suspects(mine, object_, ["made on " + _day(v) for v in mine["created_at"]])
            found.append(DataFinding("gaps", object_, what, len(mine), len(of), effect, told))
    return found


def _outliers(deals: pd.DataFrame) -> list[DataFinding]:
    found = []
    below = deals[deals["amount"] <= 0]
    if len(below):
        effect = "no purchase of anybody, and no expected value"
        told = _suspects(below, "deals", [_money(a) for a in below["amount"]])
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
        told = _suspects(mine, "deals", [_money(a) for a in mine["amount"]])
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
        ("contacts", "made after today", people, people["created_at"] > as_of, "created_at", "not scored until then"),
        ("contacts", "made before 1990", people, people["created_at"] < _FIRST, "created_at", "its age says nothing"),
        ("leads", "converted before it was made", people, people["converted_at"] < people["created_at"] - DAY_MS,
         "converted_at", "it was never an open lead: it is learnt from by nobody"),
    )  # fmt: skip
    for object_, what, of, hit, column, effect in rows:
        mine = of[hit.fillna(False).astype(bool)]
        if len(mine):
            told = _suspects(mine, object_, [_day(v) for v in mine[column]])
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
                told = _suspects(mine, object_, [called.get(o) or o for o in who])
                found.append(DataFinding("owners", object_, what, len(mine), len(of), why, told))
    return found


def _money(amount: float) -> str:
    return f"{amount:,.2f}".removesuffix(".00")


def _day(ms: float) -> str:
    """A time as an ISO date; one that is not there, or that no calendar holds, as what it is."""
    if pd.isna(ms):
        return "an unknown day"
    try:
        return iso_day(int(ms))
    except (ValueError, OverflowError, OSError):
        return f"{ms:.0f} ms"
