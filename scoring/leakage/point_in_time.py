"""The probe in time on the warehouse: fields filled at the outcome by their history, and fields that count later events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, compiled, neutral, of_known_state, query
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.features import activities, deal_contacts, with_contacts
from sales_consultant.scoring.features import crm_fields as own
from sales_consultant.scoring.leakage.future_events import MOST_ROWS, find_future_leakage
from sales_consultant.scoring.leakage.policy import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sales_consultant.config.populations import Population
    from sales_consultant.scoring.features import Entity, Feature
    from sales_consultant.scoring.populations import Membership

# What the vendors' automation sends follows rules; its number can be known beforehand.
_BY_RULE = ("marketing_email",)


def filled_at_outcome(engine: Engine, features: Iterable[Feature], members: Membership) -> list[Finding]:
    """Fields of the record itself whose history shows that they are filled only when it ends, or after.

    Of the records that ended, those whose field was ever filled count; the first filling lies at the end, after it, or less
    than a day before it (5 % of a shorter life) on 90 % of them. As of an earlier cut-off such a field is empty, so it tells
    nothing before the end and everything with it. A value that nine of ten records begin with (a box that is not ticked)
    is as good as empty. A field filled at creation that the outcome changes stays: its earlier values are what was known then.
    """
    entity = members.population.object
    names = sorted({f.column for f in features if f.source == f"history:{entity}:record_id"})
    life = members.life[(members.life["excluded"] == "") & members.life["ended_at"].notna()]
    # Who ends with its creation, as a contact made with its deal, has no time before the outcome.
    life = life[life["ended_at"] > life["created_at"]][["record_id", "created_at", "ended_at"]]
    if not names or len(life) < POLICY.fewest_ended:
        return []
    t = neutral(engine, "field_history")
    t = t.filter((t.object == entity) & t.field.isin(names) & t.value.notnull() & (t.value != ""))
    t = t.filter(t.changed_at <= members.as_of)
    rows = _firsts(engine, t).merge(life, on="record_id")
    for name, mine in rows.groupby("field"):
        begun = mine["first"] <= mine["created_at"] + POLICY.at_creation_ms
        usual = mine.loc[begun, "value"].value_counts()
        if len(usual) and usual.iloc[0] >= POLICY.at_outcome * len(mine):
            moved = _firsts(engine, t.filter((t.field == name) & (t.value != str(usual.index[0]))))
            moved = moved.merge(life, on="record_id")
            rows = pd.concat([rows[rows["field"] != name], moved], ignore_index=True)
    near = ((rows["ended_at"] - rows["created_at"]) * POLICY.near_share).clip(upper=POLICY.near_days * DAY_MS)
    late = (rows["first"] >= rows["ended_at"] - near) & (rows["first"] > rows["created_at"])
    findings = []
    for name, hit in late.groupby(rows["field"]):
        n = int(hit.sum())
        if len(hit) >= POLICY.fewest_ended and n >= POLICY.at_outcome * len(hit):
            text = f"first filled at the outcome or after it on {n:,} of the {len(hit):,} ended records that have it"
            findings.append(Finding(f"{entity}.{name}", "after_outcome", text))
    return findings


def _firsts(engine: Engine, history: Any) -> pd.DataFrame:
    """The first value of each record's field: record_id, field, first (ms), value."""
    by = history.group_by([history.record_id, history.field])
    value = history.value.argmin(history.changed_at)
    return query(engine, by.aggregate(first=history.changed_at.min(), value=value))


def counted_later(
    engine: Engine, features: Iterable[Feature], rows: pd.DataFrame, members: Membership
) -> list[Finding]:
    """Fields taken as fixed whose value of today knows events that came after the cut-off (see `future_events`).

    `rows` are the training rows; of each record, company or contact one of its cut-offs is looked at.
    """
    wanted: dict[tuple[str, str], dict[str, str]] = {}
    for f in features:
        place = f.field_source
        if place is not None and place.known == "fixed":
            wanted.setdefault((place.entity, place.key), {})[f.column] = f.dtype
    findings: list[Finding] = []
    if wanted and members.population.object == "deals":
        rows = with_contacts(engine, rows)
    for (entity, key), kinds in wanted.items():
        if key not in rows or rows.empty:
            continue
        some = rows[rows[key].notna()].sample(frac=1.0, random_state=0).drop_duplicates(key)
        some = some.head(MOST_ROWS).sort_values(key, ignore_index=True)
        if some.empty:
            continue
        values = own.fixed(engine, entity, sorted(kinds)).reindex(some[key]).reset_index(drop=True)
        values = values[[c for c in values if kinds[str(c)] != "datetime" or values[c].notna().any()]]
        for column in values:
            if kinds[str(column)] == "bool":
                values[column] = own.typed(values[column], "bool", some["cut"])
        values.columns = [f"{entity}.{c}" for c in values.columns]
        happened = events(engine, _ENTITIES[entity], some[key], until=members.as_of)
        happened = happened[~happened["kind"].isin(_outcomes(members.population))]
        findings += find_future_leakage(
            values, some[key], some["cut"].to_numpy(dtype=float), happened, some["group"].to_numpy()
        )
    return findings


# What the model is to foresee: an honest field may know as much of it as it can.
_OUTCOMES: dict[str, frozenset[str]] = {
    "won": frozenset({"deals/won", "deals/lost", "conversions"}),
    # A deal that is opened on a lead is not its conversion: a flag that it sets (is_sql) is a leak.
    "converted": frozenset({"conversions", "deals/won", "deals/lost"}),
    "converted_with_deal": frozenset({"conversions", "deals/opened", "deals/won", "deals/lost"}),
    "deal_opened": frozenset({"conversions", "deals/opened", "deals/won", "deals/lost"}),
    "new_business_won": frozenset({"deals/won", "deals/lost"}),
    "next_purchase": frozenset({"deals/won", "deals/lost"}),
}


def _outcomes(population: Population) -> frozenset[str]:
    """The events that are the outcome itself, or stand on the only way to it: a person's deal is opened before it is won."""
    found = _OUTCOMES[population.event]
    on_the_way = population.object == "contacts" and population.event == "won"
    return found | {"deals/opened"} if on_the_way else found


_ENTITIES: dict[str, Entity] = {"deals": "deals", "contacts": "contacts", "companies": "companies"}
_PROBED = "_sc_probed"


def events(engine: Engine, entity: Entity, ids: pd.Series[Any], *, until: int) -> pd.DataFrame:
    """What happened to some records up to a time: record_id, at (ms), kind.

    Activities that people did, by type and direction; stages entered; deals opened, won and lost; conversions.
    """
    with engine.lend(_PROBED, pd.DataFrame({"probed": ids.astype(str)})):
        parts = [
            engine.small(compiled(engine, partial(_sql, engine, make, entity), name=("events", name, entity)))
            for name, make in _SOURCES.items()
        ]
    happened = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    return happened[happened["at"] <= until].reset_index(drop=True)


def _sql(engine: Engine, make: Callable[..., Any], entity: Entity) -> str:
    """SQL for a source's events of the probed records."""
    import ibis

    rows = make(engine, entity)
    probed = ibis.table({"probed": "string"}, name=_PROBED)
    rows = rows.inner_join(probed, rows.key == probed.probed)
    rows = rows.filter(rows["at"].notnull())
    rows = rows.select(record_id=rows.key, at=rows["at"].cast("int64"), kind=rows.kind)
    return engine.text(rows)


def _done(engine: Engine, entity: Entity) -> Any:
    rows = activities(engine, entity)
    rows = rows.filter(~rows.automated & rows.type.fill_null("").notin(_BY_RULE))
    kind = _text("activities/") + rows.type.fill_null("other") + _text(" ") + rows.direction.fill_null("")
    return rows.select("key", at=rows.occurred_at, kind=kind.strip())


def _deals(engine: Engine, entity: Entity) -> Any:
    """Deals with the record they belong to: key, opened, closed, word."""
    import ibis

    t = of_known_state(alive(neutral(engine, "deals")))
    over = t.is_closed.fill_null(False) & t.closed_at.notnull()
    word = ibis.cases((t.is_won.fill_null(False), "deals/won"), else_="deals/lost")
    if entity == "contacts":
        links = deal_contacts(engine).select("contact_id", "since", of="deal_id")
        ends = t.select(deal=t.id, closed=ibis.cases((over, t.closed_at)), word=word)
        both = ends.inner_join(links, ends.deal == links.of)
        return both.select("closed", "word", key=both.contact_id, opened=both.since)
    key = t.id if entity == "deals" else t.company_id
    return t.select(key=key, opened=t.created_at, closed=ibis.cases((over, t.closed_at)), word=word)


def _opened(engine: Engine, entity: Entity) -> Any:
    rows = _deals(engine, entity)
    return rows.select("key", at=rows.opened, kind=_text("deals/opened"))


def _closed(engine: Engine, entity: Entity) -> Any:
    rows = _deals(engine, entity)
    return rows.select("key", at=rows.closed, kind=rows.word)


def _moved(engine: Engine, entity: Entity) -> Any:
    """Stages that a deal entered; conversions of a lead; nothing of a company."""
    if entity == "contacts":
        t = alive(neutral(engine, "contacts"))
        return t.select(key=t.id, at=t.converted_at, kind=_text("conversions"))
    t = neutral(engine, "deal_history")
    t = t.filter(t.stage.notnull() & _text(entity).isin(["deals"]))
    return t.select(key=t.deal_id, at=t.changed_at, kind=_text("stage changes"))


def _text(word: str) -> Any:
    import ibis

    return ibis.literal(word)


_SOURCES: dict[str, Callable[..., Any]] = {
    "done": _done,
    "opened": _opened,
    "closed": _closed,
    "moved": _moved,
}
