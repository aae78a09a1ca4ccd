"""The facts of each record as of a time: what conditions, texts and reasons of the playbook are made of, all from one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.customers import key_of, purchases
from sales_consultant.scoring.next_steps.state.deals import deal_contact_facts, deal_facts
from sales_consultant.scoring.next_steps.state.people import decides, name_of
from sales_consultant.scoring.next_steps.state.touches import KINDS, logged, pairs_of, planned, touches

if TYPE_CHECKING:
    from collections.abc import Mapping

_SINGULAR = {"deals": "deal", "contacts": "contact", "companies": "company"}
# Of a record that nothing was logged of, "in touch" is what is logged at all of others.
_TOGETHER = {"response": ("inbound", "meeting"), "touch": ("inbound", "outbound", "meeting")}
_WRITTEN = ["object", "record_id", "intent", "at_intent", "at_away", "sentiment", "unsubscribed"]
# The longest time for which a shipped rule answers what somebody wrote.
_WAITS_DAYS = 30
_CUSTOMER = ("segment", "lifecycle", "tier", "churn_risk", "value_12m", "recommended_product", "products")


def facts(
    engine: Engine,
    records: pd.DataFrame,
    *,
    as_of: int,
    customers: pd.DataFrame | None = None,
    signals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row a record, in the order of `records`: its facts by the names of the playbook, and what texts are made of.

    `records` has object (deals, contacts or companies), record_id, score, grade and probability (gaps where it has none).
    `customers` has object, record_id and any of segment, lifecycle, tier, churn_risk, value_12m, recommended_product and
    products; a deal's recommended_product is its own, from a row of object deals. `signals` has object, record_id, intent,
    at_intent and sentiment, and at_away where automatic replies are known. Beside the facts there are times in milliseconds
    (at_inbound, at_outbound ...), ids (owner_id, contact_id, company_id), names, `kind` (the object as the playbook calls it: a
    Salesforce lead is of leads), `closed`, next_at and next_kind. What is not known is a gap.
    """
    people = _people(engine)
    parts = []
    for obj in ("deals", "contacts", "companies"):
        chosen = records[records["object"] == obj].reset_index(drop=True)
        if chosen.empty:
            continue
        if obj == "deals":
            rows = deal_facts(engine, chosen, as_of=as_of)
            rows = deal_contact_facts(engine, rows, people, as_of=as_of).assign(kind="deals")
        elif obj == "contacts":
            rows = _contact_rows(chosen, people)
        else:
            rows = _company_rows(engine, chosen)
        parts.append(rows)
    if not parts:
        return pd.DataFrame(columns=[*records.columns, "kind", "closed"])
    table = pd.concat(parts, ignore_index=True)
    table = _company_names(engine, table)
    table = _in_touch(engine, table, as_of)
    table = _bought(engine, table, customers, as_of)
    if signals is not None:
        table = _or_away(_written(table, signals, people), as_of)
        table["days_since_intent"] = (as_of - table["at_intent"].astype("float64")) / DAY_MS
    table["age_days"] = (as_of - pd.to_numeric(table["created_at"], errors="coerce")) / DAY_MS
    table["has_owner"] = table["owner_id"].notna() & (table["owner_id"].astype(object) != "")
    order = records[["object", "record_id"]].reset_index(names="_order")
    table = table.merge(order, on=["object", "record_id"]).sort_values("_order")
    return pd.DataFrame(table.drop(columns="_order").reset_index(drop=True))


def _written(table: pd.DataFrame, signals: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """What they wrote: on a deal also its contact, of a company all its people; the last message that wants something counts.

    Who wrote to unsubscribe must not be written to, whatever the CRM's own field says.
    """
    told = signals.reindex(columns=_WRITTEN)
    parts = [table[["object", "record_id"]].assign(of=table["object"], key=table["record_id"])]
    if "contact_id" in table:
        deals = table[(table["object"] == "deals") & table["contact_id"].notna()]
        parts.append(deals[["object", "record_id"]].assign(of="contacts", key=deals["contact_id"]))
    staff = people[people["company_id"].notna()]
    firms = table.loc[table["object"] == "companies", ["object", "record_id"]]
    of = firms.merge(staff[["company_id", "contact_id"]], left_on="record_id", right_on="company_id")
    parts.append(of[["object", "record_id"]].assign(of="contacts", key=of["contact_id"]))
    whose = pd.concat(parts, ignore_index=True).astype(object)
    found = whose.merge(
        told.rename(columns={"object": "of", "record_id": "key"}).astype({"of": object, "key": object}),
        on=["of", "key"],
    )
    # As an array: an empty list would choose no columns instead of no rows.
    out = found[np.array([u is True or u == 1 for u in found["unsubscribed"]], dtype=bool)]
    silent = set(zip(out["object"], out["record_id"], strict=True))
    last = found.sort_values("at_intent", ascending=False, na_position="last", kind="stable")
    last = last.drop_duplicates(["object", "record_id"])
    replies = found.assign(at_away=found["at_away"].astype("float64"))
    away = replies.groupby(["object", "record_id"])["at_away"].max().reset_index()
    table = table.merge(
        last[["object", "record_id", "intent", "at_intent", "sentiment"]],
        on=["object", "record_id"],
        how="left",
    ).merge(away, on=["object", "record_id"], how="left")
    if silent and "no_email" in table:
        keys = zip(table["object"], table["record_id"], strict=True)
        table["no_email"] = [True if k in silent else v for k, v in zip(keys, table["no_email"], strict=True)]
    return table


def _or_away(table: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """The intent is that they are away where an automatic reply is the last that came, and nothing they wrote waits for us.

    What they wrote waits for _WAITS_DAYS, until an e-mail or call of ours: after that it is no step any more.
    """
    at = {k: table[f"at_{k}"].astype("float64") for k in ("away", "intent", "inbound", "outbound")}
    waits = (as_of - at["intent"] <= _WAITS_DAYS * DAY_MS) & ~(at["outbound"] > at["intent"])
    waits |= (as_of - at["inbound"] <= _WAITS_DAYS * DAY_MS) & ~(at["outbound"] > at["inbound"])
    wrote_since = (at["intent"] > at["away"]) | (at["inbound"] > at["away"])
    away = at["away"].notna() & ~waits & ~wrote_since
    return table.assign(
        intent=table["intent"].astype(object).mask(away, "out_of_office"),
        at_intent=at["intent"].mask(away, at["away"]),
    )


def _people(engine: Engine) -> pd.DataFrame:
    t = alive(neutral(engine, "contacts"))
    rows = query(
        engine,
        t.select(
            "first_name",
            "last_name",
            "title",
            "company_id",
            "owner_id",
            "lead_source",
            "lifecycle_stage",
            "status",
            "created_at",
            "source_object",
            contact_id=t.id,
            is_converted=t.is_converted.fill_null(False),
            no_email=t.email_opt_out.fill_null(False) | t.bounced.fill_null(False) | t.email.isnull(),
            no_call=t.do_not_call.fill_null(False),
        ),
    )
    rows["contact_name"] = [name_of(f, n) for f, n in zip(rows["first_name"], rows["last_name"], strict=True)]
    rows["decision_maker"] = [decides(t) for t in rows["title"]]
    return rows.drop(columns=["first_name", "last_name"])


def _contact_rows(chosen: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    rows = chosen.merge(people, left_on="record_id", right_on="contact_id")
    kind = np.where(rows["source_object"] == "Lead", "leads", "contacts")
    return rows.assign(kind=kind, closed=rows["is_converted"]).drop(columns=["is_converted", "source_object"])


def _company_rows(engine: Engine, chosen: pd.DataFrame) -> pd.DataFrame:
    t = alive(neutral(engine, "companies"))
    companies = query(engine, t.select("owner_id", "created_at", record_id=t.id))
    rows = chosen.merge(companies, on="record_id")
    return rows.assign(kind="companies", closed=False, company_id=rows["record_id"])


def _company_names(engine: Engine, table: pd.DataFrame) -> pd.DataFrame:
    t = alive(neutral(engine, "companies"))
    names = query(engine, t.select("name", company_id=t.id)).set_index("company_id")["name"]
    deals = alive(neutral(engine, "deals"))
    deals = deals.filter(deals.company_id.notnull() & ~deals.is_closed.fill_null(True))
    open_now = query(engine, deals.select("company_id")).groupby("company_id").size()
    company = table["company_id"]
    counts = company.map(open_now).astype("float64")
    return table.assign(
        company_name=company.map(names).astype(object),
        open_deals=counts.where(counts.notna() | company.isna(), 0.0),
    )


def _pairs(engine: Engine, table: pd.DataFrame) -> pd.DataFrame:
    """Whose activities count for each record."""
    own = {
        obj: rows.assign(to_object=_SINGULAR[str(obj)], key=rows["record_id"])
        for obj, rows in table.groupby("object")
    }
    if "deals" in own:
        links = neutral(engine, "associations")
        links = links.filter((links.from_object == "deal") & (links.to_object == "contact"))
        on = query(engine, links.select(record_id=links.from_id, key=links.to_id).distinct())
        on = on[on["record_id"].isin(set(own["deals"]["record_id"]))]
        own["deals"] = pd.concat([own["deals"], on.assign(to_object="contact")])
    if "companies" in own:
        mine = set(own["companies"]["record_id"])
        for name, single in (("contacts", "contact"), ("deals", "deal")):
            t = alive(neutral(engine, name))
            of = query(engine, t.filter(t.company_id.notnull()).select(record_id=t.company_id, key=t.id))
            of = of[of["record_id"].isin(mine)].assign(to_object=single)
            own["companies"] = pd.concat([own["companies"], of])
    return pairs_of({str(o): r for o, r in own.items()})


def _planned_pairs(table: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Whose plans count: of a deal's contacts only those of the primary one, who may be on other deals as well."""
    others = (pairs["object"] == "deals") & (pairs["to_object"] == "contact")
    if "contact_id" not in table:
        return pairs[~others]
    deals = table[(table["object"] == "deals") & table["contact_id"].notna()]
    first = pd.DataFrame(
        {
            "object": "deals",
            "record_id": deals["record_id"],
            "to_object": "contact",
            "key": deals["contact_id"],
        }
    )
    return pd.concat([pairs[~others], first], ignore_index=True)


def _in_touch(engine: Engine, table: pd.DataFrame, as_of: int) -> pd.DataFrame:
    pairs = _pairs(engine, table)
    table = table.merge(touches(engine, pairs, as_of), on=["object", "record_id"], how="left")
    table = table.merge(
        planned(engine, _planned_pairs(table, pairs), as_of), on=["object", "record_id"], how="left"
    )
    known = logged(engine, as_of)
    age = (as_of - pd.to_numeric(table["created_at"], errors="coerce")) / DAY_MS
    at = {k: table[f"at_{k}"].astype("float64") for k in KINDS}
    for name, kinds in _TOGETHER.items():
        logged_here = [k for k in kinds if k in known]
        last = pd.DataFrame({k: at[k] for k in logged_here}, index=table.index).max(axis=1)
        table[f"at_{name}"] = at[name] = last.astype("float64")
        if logged_here:
            known = known | {name}
    for kind in (*KINDS, *_TOGETHER):
        here = kind in known
        days = (as_of - at[kind]) / DAY_MS
        table[f"days_since_{kind}"] = days.fillna(np.inf) if here else np.nan
        if kind in ("inbound", "outbound", "meeting", *_TOGETHER):
            table[f"days_without_{kind}"] = days.fillna(age) if here else np.nan
    for name, kind in (("inbound", "inbound"), ("outbound", "outbound"), ("meetings", "meeting")):
        table[name] = table[name].astype("float64").fillna(0) if kind in known else np.nan
    both = {"inbound", "outbound"} <= known
    table["unanswered_tries"] = table["unanswered_tries"].astype("float64").fillna(0)
    if "outbound" not in known or "inbound" not in known:
        table["unanswered_tries"] = np.nan
    table["unanswered"] = _flag(_later(at["inbound"], at["outbound"]), both)
    silent = _later(at["meeting"], at["outbound"])
    table["silent_since_meeting"] = _flag(silent, {"meeting", "outbound"} <= known)
    return table


def _later(first: pd.Series[float], second: pd.Series[float]) -> pd.Series[bool]:
    """Whether the first time is there and younger than the second."""
    return first.notna() & (second.isna() | (first > second))


def _flag(values: pd.Series[bool], known: bool) -> pd.Series[Any]:
    return values.astype(object) if known else pd.Series([None] * len(values), values.index, dtype=object)


def _bought(engine: Engine, table: pd.DataFrame, customers: pd.DataFrame | None, as_of: int) -> pd.DataFrame:
    """What the record's customer bought: its company, or the person where there is none."""
    bought = purchases(engine, as_of=as_of)
    days = bought.rows.groupby("customer")["day"].agg(["min", "max", "nunique"])
    company = table["company_id"].astype(object)
    person = table.get("contact_id", company)
    key = pd.Series(
        [
            c if isinstance(c, str) and c else key_of("contacts", p) if isinstance(p, str) else ""
            for c, p in zip(company, person, strict=True)
        ],
        table.index,
    )
    first, last = (key.map(days[c]).astype("float64") * DAY_MS for c in ("min", "max"))
    table = table.assign(
        at_first_purchase=first,
        at_purchase=last,
        purchases=key.map(days["nunique"]).astype("float64").fillna(0),
        customer=last.notna().astype(object),
        days_since_purchase=((as_of - last) / DAY_MS).fillna(np.inf),
        days_since_first_purchase=((as_of - first) / DAY_MS).fillna(np.inf),
    )
    renewal: Mapping[str, float] = {}
    if bought.contracts is not None and len(bought.contracts):
        days_left = bought.contracts["renewal_day"].dropna()
        renewal = dict(zip(map(str, days_left.index), days_left, strict=True))
    at = key.map(renewal).astype("float64") * DAY_MS
    table = table.assign(at_renewal=at, days_to_renewal=(at - as_of) / DAY_MS)
    if customers is None or customers.empty:
        return table
    of_deals = customers["object"] == "deals"
    held = customers[~of_deals]
    held = held.assign(
        _key=[key_of(o, str(i)) for o, i in zip(held["object"], held["record_id"], strict=True)]
    ).drop_duplicates("_key")
    held = held.set_index("_key")
    for name in _CUSTOMER:
        if name in held:
            table[name] = key.map(held[name]).astype(object)
    if "recommended_product" in customers:
        # What is recommended to the company may be in the deal already: a deal has a product of its own.
        offered = customers[of_deals].set_index("record_id")["recommended_product"]
        own, deal = table["record_id"].map(offered), table["object"] == "deals"
        table["recommended_product"] = table["recommended_product"].where(~deal, own).astype(object)
    return table
