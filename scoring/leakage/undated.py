"""What a population's features rest on that the CRM does not date: links, owners, fields of today.

Such a thing may be learnt from only where today's open records show that the outcome did not set it (see
`leakage.hindsight`). What has a date of its own is believed, unless open records are sure to be unlike past ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sales_consultant.config.language.numbers import percent
from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.features import (
    SINGULAR,
    THEMES,
    FeatureTable,
    owners_are_dated,
    snapshots_of,
    unchanged_since,
    with_contacts,
)
from sales_consultant.scoring.features import crm_fields as own
from sales_consultant.scoring.leakage.hindsight import Comparison, Hindsight
from sales_consultant.scoring.leakage.policy import POLICY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sales_consultant.scoring.features import Entity, Feature

# Groups of features that are made of one value of the CRM, and fall together.
_MADE_OF = (frozenset(THEMES["amount"]), frozenset(THEMES["close_date"]))
Link = Literal["company", "contacts", "deals"]
KIND = "hindsight"
# A link counts up to so many: more contacts on a deal are rare, and say the same.
_MOST_LINKS = 3
# A judgement: a few links that were made before the CRM dated them do not make the others undated.
_DATED = 0.95
_CALLED = {"company": "company", "contacts": "contact"}


def link_of(feature: Feature, entity: Entity) -> Link | None:
    """The link without a date of its own through which a feature finds its rows; None where there is none."""
    place = feature.field_source
    if place is not None:
        links: dict[str, Link] = {"company_id": "company", "contact_id": "contacts"}
        return links.get(place.key)
    if feature.source in ("company_deals", "company_open"):
        return "deals" if entity == "companies" else "company"
    if feature.name in ("company_age_days", "amount_vs_company"):
        return "company"
    if feature.source == "deal_contacts" and entity == "deals":
        return "contacts"
    if feature.source in ("campaign_responses", "campaign_touches") and entity != "contacts":
        return "contacts"
    return None


@dataclass(frozen=True)
class Snapshots:
    """The features of past rows, with what became of them, and of today's open members."""

    rows: pd.DataFrame
    past: FeatureTable
    today: pd.DataFrame
    now: FeatureTable

    @cached_property
    def search(self) -> Hindsight:
        """The comparison of both by age."""
        return Hindsight(self.rows, self.today)


def silent_owners(engine: Engine, entity: Entity, seen: Snapshots) -> Finding | None:
    """A finding where who owns a record that logs nothing may have been settled by the outcome.

    The rep of today is not the rep of then: where won deals are handed to somebody else, whose activities are a gap is hindsight.
    """
    if not seen.past.silent.any() and not seen.now.silent.any():
        return None
    past, now = (
        pd.Series(t.silent, index=m.index).astype("float64").where(lambda v: v > 0)
        for t, m in ((seen.past, seen.rows), (seen.now, seen.today))
    )
    compared = seen.search.compare(past, now)
    dated = owners_are_dated(engine, entity)
    if not (compared.different if dated else not (compared.harmless or compared.alike)):
        return None
    won, lost, open_ = (percent(v) for v in compared.filled)
    return Finding(
        f"{entity}.owner_id",
        KIND,
        f"whether the owner logs activities is known by the owner of today: {won} of past {entity} with the event belong to one "
        f"who does not, {lost} of those without, {open_} of today's open ones of the same age; owners are not told apart",
    )


def find_hindsight(
    engine: Engine,
    entity: Entity,
    features: Sequence[Feature],
    seen: Snapshots,
    *,
    unjudged: Collection[str] = (),
) -> tuple[list[Finding], set[str]]:
    """Findings, and the names of the features that fall with them.

    A link by which features find their rows is looked at first: whether it is there, and how often. Then each column but those
    that are judged otherwise (`unjudged`).
    """
    search = seen.search
    findings: list[Finding] = []
    gone: set[str] = set()
    for link, past, now in _links(engine, entity, features, seen):
        compared = search.compare(past, now)
        dated = link == "contacts" and _dated_contacts(engine)
        if compared.different if dated else not (compared.harmless or compared.alike):
            findings.append(Finding(f"{entity}.{_CALLED[link]} (link)", KIND, _told(entity, link, compared)))
            gone |= {f.name for f in features if link_of(f, entity) == link}
    for feature in features:
        if feature.name in gone or feature.name in unjudged or feature.source == "members":
            continue
        finding = _column(search, entity, feature, seen)
        if finding is not None:
            findings.append(finding)
            gone.add(feature.name)
    return findings, gone | _made_of(features, gone)


def _made_of(features: Sequence[Feature], gone: set[str]) -> set[str]:
    """What is computed from a value that falls: an amount that the outcome sets is in all that compares amounts."""
    raw = [made for made in _MADE_OF if any(f.name in gone and f.group in made for f in features)]
    return {f.name for f in features for made in raw if f.group in made}


@dataclass(frozen=True, slots=True)
class AsOfToday:
    """A field without history that is used, and what speaks for it."""

    column: str
    why: str


def judge_fields(
    engine: Engine, fields: Sequence[own.Field], seen: Snapshots
) -> tuple[list[AsOfToday], list[Finding]]:
    """Which fields of today's value only may be learnt from, and a finding for each other one.

    A field may where past records are as sure to be like open ones as they are unlike each other by the outcome; where it
    tells of the outcome on records that nobody changed since; or where its name says what the record is and there is no sign
    that the outcome sets it. It is used on all rows or on none: filled on some only, the gaps would tell what happened.
    """
    used: list[AsOfToday] = []
    dropped: list[Finding] = []
    members = {"company_id": seen.rows["company_id"], "record_id": seen.rows["record_id"]}
    if any(f.key == "contact_id" for f in fields):
        members["contact_id"] = with_contacts(engine, seen.rows)["contact_id"].set_axis(seen.rows.index)
    for field in fields:
        past, now = seen.past.values[field.name], seen.now.values[field.name]
        compared = seen.search.compare(past, now)
        why = _may_be_used(engine, field, members[field.key], compared, seen)
        if why:
            used.append(AsOfToday(field.name, why))
        else:
            won, lost, open_ = (percent(v) for v in compared.filled)
            text = (
                f"only today's value is known, and nothing shows that the outcome does not set it (filled on {won} of past "
                f"records with the event, {lost} of those without, {open_} of open ones of the same age); name it in "
                "`features.fixed` if it can never change"
            )
            dropped.append(Finding(field.name, "current", text))
    return used, dropped


def _may_be_used(
    engine: Engine, field: own.Field, ids: pd.Series[Any], compared: Comparison, seen: Snapshots
) -> str:
    """Why a field may be used, "" where it may not."""
    cuts = seen.rows["cut"]
    snapshots = snapshots_of(engine, field.entity, [field.column], ids, cuts)
    watched = snapshots.certain(field.column)
    if abs(compared.emptied) > POLICY.fill_gap / 2 or compared.different:
        return ""
    if snapshots.known(field.column):
        return "our own pulls saw its value at the time of every row"
    if compared.gain_low > 0 and compared.alike:
        return (
            "open records are like past ones of the same age, far more than the outcomes are like each other"
        )
    if field.attribute and compared.no_sign:
        return "its name says what the record is, and open records differ from past ones of the same age by chance only"
    certain = watched | unchanged_since(engine, field.entity, ids, cuts)
    if not compared.harmless and seen.search.told_then(seen.past.values[field.name], certain):
        if watched.any():
            return f"it tells as much where our own pulls ({percent(watched.mean())} of the rows) or an unchanged record show it"
        return "it tells as much on records that nobody has changed since"
    return ""


def _links(
    engine: Engine, entity: Entity, features: Iterable[Feature], seen: Snapshots
) -> Iterable[tuple[Link, pd.Series[Any], pd.Series[Any]]]:
    """Each link that features go through, as numbers of past rows and of today's: a gap where there is none."""
    used = {link_of(f, entity) for f in features}
    if "company" in used:
        yield "company", _company(seen.rows), _company(seen.today)
    if "contacts" in used and entity == "deals":
        yield "contacts", _contacts(engine, seen.rows, seen.past), _contacts(engine, seen.today, seen.now)


def _company(members: pd.DataFrame) -> pd.Series[Any]:
    known = members["company_created_at"].astype("float64") <= members["cut"]
    return (members["company_id"].notna() & known).astype("float64").where(lambda v: v > 0)


def _contacts(engine: Engine, members: pd.DataFrame, table: FeatureTable) -> pd.Series[Any]:
    if "contacts" in table.values:
        count = table.values["contacts"].clip(upper=_MOST_LINKS)
        return count.where(count > 0)
    found = with_contacts(engine, members)["contact_id"].notna().astype("float64")
    return found.where(found > 0).set_axis(members.index)


def _dated_contacts(engine: Engine) -> bool:
    """Whether the CRM, or we, know when contacts were put on deals."""
    t = neutral(engine, "associations")
    t = t.filter((t.from_object == "deal") & (t.to_object == "contact"))
    known = t.known_at.notnull() | t.first_seen.notnull()
    found = query(engine, t.aggregate(n=t.count(), dated=known.sum()))
    n, dated = (int(found[c].fillna(0).iloc[0]) for c in ("n", "dated"))
    return dated >= _DATED * n


def _column(search: Hindsight, entity: Entity, feature: Feature, seen: Snapshots) -> Finding | None:
    """A finding where a column's past values are not to be believed."""
    past, now = seen.past.values[feature.name], seen.now.values[feature.name]
    if not past.notna().any() and not now.notna().any():
        return None
    compared = search.compare(past, now)
    undated = link_of(feature, entity) == "deals"
    wrong = not (compared.harmless or compared.alike) if undated else compared.different
    # Activities that nobody logged at first are gaps of our own making (see `features.coverage`).
    if feature.source != "activities" and abs(compared.emptied) > POLICY.fill_gap:
        wrong = True
    return Finding(feature.name, KIND, _unlike(entity, compared)) if wrong else None


def _told(entity: Entity, link: str, compared: Comparison) -> str:
    won, lost, now = (percent(v) for v in compared.filled)
    one = SINGULAR[entity]
    return (
        f"the CRM does not say since when a {one} has its {_CALLED[link]}: {won} of past ones with the event have one, {lost} "
        f"of those without, {now} of today's open ones of the same age; nothing shows that it was known before the outcome"
    )


def _unlike(entity: Entity, compared: Comparison) -> str:
    won, lost, now = (percent(v) for v in compared.filled)
    return (
        f"past {entity} are unlike today's open ones of the same age, as if the outcome had set it: filled on {won} of those "
        f"with the event, {lost} of those without, {now} of the open ones"
    )
