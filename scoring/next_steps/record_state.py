"""What the playbook's rules look at: the state of each scored record as of a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.features import SINGULAR, activities, deal_contacts, deal_state

if TYPE_CHECKING:
    from sales_consultant.scoring.features import Entity

_CANCELLED = ("canceled", "cancelled", "deleted", "no_show", "completed", "done")
_PREPARED = ("meeting", "call")
_OUT = ("call", "email")
_IN = ("email", "call", "form", "chat")


def contact_times(engine: Engine, entity: Entity, as_of: int) -> pd.DataFrame:
    """By record: last_inbound, last_outbound, last_meeting."""
    rows = activities(engine, entity)
    t = rows.filter(rows.known_at <= as_of)
    past = t.occurred_at <= as_of
    person = ~t.automated
    inbound = (t.direction == "inbound") & t.type.isin(_IN) | t.type.isin(["form", "chat"])
    outbound = t.type.isin(_OUT) & ((t.direction == "outbound") | t.direction.isnull())
    times = query(
        engine,
        t.group_by(t.key).aggregate(
            last_inbound=t.occurred_at.max(where=past & inbound.fill_null(False) & person),
            last_outbound=t.occurred_at.max(where=past & outbound.fill_null(False) & person),
            last_meeting=t.occurred_at.max(where=past & (t.type == "meeting")),
        ),
    )
    return times.set_index("key")


def planned(engine: Engine, rows: pd.DataFrame, entity: Entity, as_of: int) -> pd.DataFrame:
    """The next thing planned for each of the rows, a meeting or call before anything else: next_at, next_kind.

    `rows` has record_id and, for deals, contact_id: what is planned with a deal's primary contact is planned for
    the deal. Every future activity counts, an e-mail too, but for mailings of the marketing and what was called
    off. The frame is indexed by record id.
    """
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "activity") & links.to_object.isin(["deal", "contact"]))
    links = links.select(activity_id=links.from_id, to_object=links.to_object, key=links.to_id).distinct()
    t = alive(neutral(engine, "activities"))
    t = t.filter(
        (t.occurred_at > as_of)
        & (t.known_at.fill_null(t.occurred_at) <= as_of)
        & (t.type != "marketing_email")
        & ~t.status.fill_null("").lower().isin(_CANCELLED)
    )
    joined = links.inner_join(t, links.activity_id == t.id)
    plans = query(
        engine, joined.select("to_object", "key", next_at=joined.occurred_at, next_kind=joined.type)
    )
    whose = [
        pd.DataFrame(
            {"to_object": SINGULAR[entity], "key": rows["record_id"], "record_id": rows["record_id"]}
        )
    ]
    if entity == "deals":
        with_contact = rows[rows["contact_id"].notna()]
        whose.append(
            pd.DataFrame(
                {
                    "to_object": "contact",
                    "key": with_contact["contact_id"],
                    "record_id": with_contact["record_id"],
                }
            )
        )
    found = pd.concat(whose).merge(plans, on=["to_object", "key"])
    found["later"] = (~found["next_kind"].isin(_PREPARED)).astype(int)
    found = found.sort_values(["later", "next_at", "next_kind"]).drop_duplicates("record_id")
    return pd.DataFrame(found.set_index("record_id")[["next_at", "next_kind"]])


def _people(engine: Engine) -> pd.DataFrame:
    t = neutral(engine, "contacts")
    return query(
        engine,
        t.select(
            contact_id=t.id,
            source_object=t.source_object,
            contact_owner=t.owner_id,
            contact_created=t.created_at,
            is_converted=t.is_converted.fill_null(False),
            no_email=t.email_opt_out.fill_null(False) | t.bounced.fill_null(False) | t.email.isnull(),
            no_call=t.do_not_call.fill_null(False),
        ),
    )


def _deal_rows(engine: Engine, ids: pd.Series[str], as_of: int) -> pd.DataFrame:
    t = alive(neutral(engine, "deals"))
    deals = query(
        engine,
        t.select(
            record_id=t.id,
            owner_id=t.owner_id,
            pipeline=t.pipeline,
            amount_now=t.amount.cast("float64"),
            currency=t.currency,
            created_at=t.created_at,
            closed=t.is_closed.fill_null(False) & (t.closed_at.fill_null(0) <= as_of),
        ),
    )
    rows = pd.DataFrame({"record_id": ids}).merge(deals, on="record_id")
    members = rows.assign(cut=as_of, company_id=None, company_created_at=None, contact_id=None)
    members["company_created_at"] = members["company_created_at"].astype("Int64")
    state = deal_state(engine, members).drop(columns=["cut", "amount"]) if len(rows) else None
    if state is not None:
        rows = rows.merge(state, on="record_id", how="left")
    links = deal_contacts(engine)
    pairs = query(engine, links.filter(links.since <= as_of))
    pairs = pairs.sort_values(["primary", "since", "contact_id"], ascending=[False, True, True])
    rows["contacts"] = rows["record_id"].map(pairs.groupby("deal_id").size()).fillna(0).astype(int)
    first = pairs.drop_duplicates("deal_id").set_index("deal_id")["contact_id"]
    # Of a company whose deals have no contacts all are gaps, which pandas takes for numbers.
    rows["contact_id"] = rows["record_id"].map(first).astype(object)
    people = _people(engine).drop(
        columns=["contact_owner", "contact_created", "is_converted", "source_object"]
    )
    rows = rows.merge(people, on="contact_id", how="left")
    return rows.rename(columns={"amount_now": "amount"}).assign(kind="deals")


def _contact_rows(engine: Engine, ids: pd.Series[str]) -> pd.DataFrame:
    people = _people(engine).rename(
        columns={"contact_id": "record_id", "contact_owner": "owner_id", "contact_created": "created_at"}
    )
    rows = pd.DataFrame({"record_id": ids}).merge(people, on="record_id")
    rows["kind"] = np.where(rows["source_object"] == "Lead", "leads", "contacts")
    return rows.rename(columns={"is_converted": "closed"})


def situations(engine: Engine, scores: pd.DataFrame, *, as_of: int) -> list[dict[str, Any]]:
    """One dictionary a scored deal or contact, with the score's columns, in the order of the scores.

    Times are milliseconds or None. `kind` is deals, contacts or leads; `no_email` and `no_call` tell which
    channels the person (of a deal: its primary contact) must not be reached by.
    """
    parts = []
    entities: tuple[Entity, ...] = ("deals", "contacts")
    for entity in entities:
        chosen = scores[scores["object"] == entity]
        if chosen.empty:
            continue
        ids = chosen["record_id"]
        rows = _deal_rows(engine, ids, as_of) if entity == "deals" else _contact_rows(engine, ids)
        rows = chosen.merge(rows, on="record_id")
        rows = rows.join(contact_times(engine, entity, as_of), on="record_id")
        rows = rows.join(planned(engine, rows, entity, as_of), on="record_id")
        parts.extend(rows.to_dict("records"))
    return [{str(k): (None if _missing(v, pd) else v) for k, v in row.items()} for row in parts]


def _missing(value: Any, pd: Any) -> bool:
    return value is None or (not isinstance(value, (list, tuple)) and bool(pd.isna(value)))
