"""Records of one person, company or deal that are in the CRM more than once: told, never merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sales_consultant.config.clock import iso_day
from sales_consultant.config.domains import FREE_MAIL, domain_key, email_key
from sales_consultant.scoring.validation.record_names import (
    by_value,
    company_keys,
    is_nameless,
    person_keys,
    plain_keys,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def with_keys(people: pd.DataFrame, companies: pd.DataFrame, deals: pd.DataFrame) -> None:
    """Add what records of one thing share: `mail` and `called` of people, `web` and `called` of companies, `called` of deals.

    Each is "" where the record has none, or a placeholder.
    """
    people["mail"] = by_value(people["email"], email_key)
    people["nameless"] = is_nameless(people["first_name"], people["last_name"])
    people["called"] = person_keys(people["first_name"], people["last_name"])
    companies["web"] = by_value(companies["domain"], domain_key)
    companies["called"] = company_keys(companies["name"])
    deals["called"] = plain_keys(deals["name"])


def duplicates(people: pd.DataFrame, companies: pd.DataFrame, deals: pd.DataFrame) -> list[DataFinding]:
    """All duplicates, of records that have their keys (`with_keys`)."""
    return [*_people(people), *_companies(companies), *_deals(deals)]


def suspects_of(rows: pd.DataFrame, object_: str, seen: Iterable[object]) -> tuple[Suspect, ...]:
    """Records with what was seen of each."""
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
    *,
    seen: pd.Series[str] | None = None,
    told: pd.Series[str] | None = None,
) -> list[DataFinding]:
    """Records of one key, where a key has more than one; an empty key is none. `seen` is what is told of each, or the key.

    A group whose records share one value of `told` as well was told by that.
    """
    mine = rows[(key != "") & key.where(key != "").duplicated(keep=False)]
    if told is not None and len(mine):
        of_group = told.loc[mine.index].groupby(key.loc[mine.index])
        known = (of_group.transform("nunique") == 1) & (told.loc[mine.index] != "")
        mine = mine[~known]
    if mine.empty:
        return []
    shown = mine.assign(_key=key, _seen=key if seen is None else seen)
    shown = shown.sort_values(["_key", "created_at", "id"])
    groups = int(shown["_key"].nunique())
    suspects = suspects_of(shown, object_, shown["_seen"])
    return [DataFinding("duplicates", object_, what, len(shown), len(rows), effect, suspects, groups)]


def _filled(column: pd.Series[str]) -> pd.Series[str]:
    return column.astype(object).fillna("").astype(str)


def _people(people: pd.DataFrame) -> list[DataFinding]:
    # What training leaves out: `_twins` in scoring/populations/false_labels.py.
    split = "each is scored by its own part of the history"
    same_mail = f"{split}, and training learns from the oldest alone"
    same_name = (
        f"{split}, and training learns from each, but only from the oldest of those that share an address"
    )
    found = []
    for object_, rows, more in (
        ("contacts", people[~people["lead"]], ""),
        # Converted leads are not told, for nobody scores them, and are learnt from.
        ("leads", people[people["lead"] & ~people["over"]], ", be it a converted one"),
    ):
        found += _same(rows, rows["mail"], object_, "the same e-mail address", same_mail + more)
        name, firm = rows["called"], _filled(rows["company_id"])
        key = (name + " " + firm).where((name != "") & (firm != ""), "")
        found += _same(
            rows, key, object_, "the same name at one company", same_name + more, seen=name, told=rows["mail"]
        )
    known = set(people.loc[~people["lead"], "mail"]) - {""}
    still = people[people["lead"] & ~people["over"]]
    both = still[still["mail"].isin(known)]
    if len(both):
        effect = (
            "the person is scored twice, what the contact did counts for the lead in neither, and training learns from the "
            "contact and from the oldest lead of the address alone, be it a converted one"
        )
        what = "a contact has the same e-mail address"
        suspects = suspects_of(both, "leads", both["mail"])
        found.append(DataFinding("duplicates", "leads", what, len(both), len(still), effect, suspects))
    return found


def _companies(companies: pd.DataFrame) -> list[DataFinding]:
    effect = (
        "its deals and purchases are split: value, churn risk and tier are told of each part alone, and training learns from "
        "each, but only from the oldest of those that share a domain and, but for case, a name"
    )
    web = companies["web"].where(~companies["web"].isin(set(FREE_MAIL)), "")
    found = _same(companies, web, "companies", "the same domain", effect)
    # Two domains may be two companies of one name, and one without a domain may be of either. Beside one domain it is likely
    # the one that has it, and several without a domain are of one name and nothing that tells them apart.
    name = companies["called"]
    several = web.where(web != "").groupby(name).transform("nunique") > 1
    key = name.where(~several | (web == ""), "")
    return found + _same(companies, key, "companies", "the same name", effect, told=web)


def _deals(deals: pd.DataFrame) -> list[DataFinding]:
    name, firm = deals["called"], _filled(deals["company_id"])
    made = deals["created_at"].fillna(0).map(day_of).astype(str)
    key = (name + " " + firm + " " + made).where((name != "") & (firm != ""), "")
    effect = (
        "each has a score, an expected value and a step, and training learns from each, but only from the "
        "oldest of those that share, but for case, a name"
    )
    return _same(deals, key, "deals", "the same name, company and day", effect, seen="made on " + made)


def day_of(ms: float) -> str:
    """A time as an ISO date; one that is not there, or that no calendar holds, as what it is."""
    if pd.isna(ms):
        return "an unknown day"
    try:
        return iso_day(int(ms))
    except (ValueError, OverflowError, OSError):
        return f"{ms:.0f} ms"
