"""When and how often records were in touch with us, and what is planned with them.

A deal is in touch where its contacts are, a company where its contacts and deals are: people log a call where they happen to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import MARK, Engine, alive, compiled, neutral

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAIRS = "_sc_step_pairs"
_CANCELLED = ("canceled", "cancelled", "deleted", "no_show", "completed", "done")
_PREPARED = ("meeting", "call")
_OUT = ("call", "email")
_IN = ("email", "call", "form", "chat")
# A judgement: a team that logged no meeting for half a year does not log meetings.
_LOGGED_DAYS = 180
KINDS = ("inbound", "outbound", "meeting", "form", "visit")


def pairs_of(objects: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Whose activities count for whom: object, record_id, to_object, key.

    `objects` has by object the pairs of record_id and, for to_object, the key that belong to it.
    """
    frames = [
        pd.DataFrame({"object": obj, **{c: rows[c] for c in ("record_id", "to_object", "key")}})
        for obj, rows in objects.items()
    ]
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return found.reindex(columns=["object", "record_id", "to_object", "key"]).astype(object)


def _linked(engine: Engine) -> Any:
    """Activities of the lent pairs, each once for a record: object, record_id and the activity's columns."""
    import ibis

    pairs = ibis.table(
        {"object": "string", "record_id": "string", "to_object": "string", "key": "string"}, name=PAIRS
    )
    links = neutral(engine, "associations")
    links = links.filter(links.from_object == "activity")
    links = links.select(activity_id=links.from_id, of_object=links.to_object, of_key=links.to_id)
    joined = pairs.inner_join(links, (pairs.to_object == links.of_object) & (pairs.key == links.of_key))
    return joined.select(joined.object, joined.record_id, joined.activity_id).distinct()


def by_machine(engine: Engine, rows: Any, as_of: Any) -> Any:
    """Of each row of activities whether nobody wrote it: marketing automation, or an automatic reply, where texts are read."""
    signals = alive(neutral(engine, "signals"))
    away = signals.filter(
        (signals.intent == "out_of_office")
        & (signals.direction == "inbound")
        & (signals.known_at.fill_null(signals.occurred_at) <= as_of)
    )
    return rows.automated.fill_null(False) | rows.id.isin(away.activity_id)


def _kinds(t: Any) -> dict[str, Any]:
    person = ~t.automated.fill_null(False)
    inbound = (t.direction == "inbound") & t.type.isin(_IN) | t.type.isin(["form", "chat"])
    outbound = t.type.isin(_OUT) & ((t.direction == "outbound") | t.direction.isnull())
    return {
        "inbound": inbound.fill_null(False) & person,
        "outbound": outbound.fill_null(False) & person,
        "meeting": t.type == "meeting",
        "form": t.type.isin(["form", "chat"]),
        "visit": t.type == "visit",
    }


def at_time(engine: Engine, name: str, make: Callable[[Any], Any], as_of: int) -> pd.DataFrame:
    """The rows of a table that `make` gives for a time (an Ibis expression); it is compiled once and asked for each time."""
    import ibis

    text = compiled(engine, lambda: engine.text(make(ibis.literal(MARK, "int64"))), name=("next steps", name))
    return engine.small(text.replace(str(MARK), str(as_of)))


def logged(engine: Engine, as_of: int) -> set[str]:
    """The kinds of activity that anybody logged in the half year before: of the others nothing is known of anybody."""

    def counts(now: Any) -> Any:
        t = alive(neutral(engine, "activities"))
        t = t.filter((t.occurred_at <= now) & (t.occurred_at > now - _LOGGED_DAYS * DAY_MS))
        return t.aggregate(**{k: t.count(where=w) for k, w in _kinds(t).items()})

    found = at_time(engine, "logged", counts, as_of)
    return {k for k in KINDS if int(found[k].fillna(0).iloc[0]) > 0}


def touches(engine: Engine, pairs: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """By object and record_id: at_KIND (ms of the last one), and the counts inbound, outbound, meetings and
    unanswered_tries (outbound since their last message or meeting), out of what was known by then."""
    with engine.lend(PAIRS, pairs):
        return at_time(engine, "touches", lambda now: _touches(engine, now), as_of)


def _touches(engine: Engine, as_of: Any) -> Any:
    import ibis

    rows = alive(neutral(engine, "activities"))
    rows = rows.filter(rows.occurred_at.notnull() & (rows.occurred_at <= as_of))
    rows = rows.filter(rows.known_at.fill_null(rows.occurred_at) <= as_of)
    rows = rows.mutate(automated=by_machine(engine, rows, as_of))
    flags = {f"is_{k}": w for k, w in _kinds(rows).items()}
    rows = rows.select(id=rows.id, occurred_at=rows.occurred_at, **flags)
    linked = _linked(engine)
    joined = linked.inner_join(rows, linked.activity_id == rows.id)
    t = joined.select(
        joined.object, joined.record_id, joined.occurred_at, *(joined[f"is_{k}"] for k in KINDS)
    )
    last = t.group_by(["object", "record_id"]).aggregate(
        **{f"at_{k}": t.occurred_at.max(where=t[f"is_{k}"]) for k in KINDS},
        inbound=t.count(where=t.is_inbound),
        outbound=t.count(where=t.is_outbound),
        meetings=t.count(where=t.is_meeting),
    )
    # Both are gaps where nothing was: the one that is there counts.
    heard = ibis.greatest(last.at_inbound.fill_null(-1), last.at_meeting.fill_null(-1))
    since = last.select(of=last.object, of_id=last.record_id, heard=heard)
    both = t.left_join(since, (t.object == since.of) & (t.record_id == since.of_id))
    late = both.is_outbound & (both.occurred_at > both.heard)
    after = both.group_by(["object", "record_id"]).aggregate(
        unanswered_tries=both.count(where=late.fill_null(False))
    )
    after = after.select(of=after.object, of_id=after.record_id, unanswered_tries=after.unanswered_tries)
    whole = last.left_join(after, (last.object == after.of) & (last.record_id == after.of_id))
    return whole.drop("of", "of_id")


def planned(engine: Engine, pairs: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """The next thing planned, a meeting or call before anything else: object, record_id, next_at, next_kind.

    Every future activity counts, an e-mail too, but for mailings of the marketing and what was called off.
    """

    def ahead(now: Any) -> Any:
        t = alive(neutral(engine, "activities"))
        t = t.filter(
            (t.occurred_at > now)
            & (t.known_at.fill_null(t.occurred_at) <= now)
            & (t.type != "marketing_email")
            & ~t.status.fill_null("").lower().isin(_CANCELLED)
        )
        t = t.select(id=t.id, next_at=t.occurred_at, next_kind=t.type)
        linked = _linked(engine)
        joined = linked.inner_join(t, linked.activity_id == t.id)
        return joined.select("object", "record_id", "next_at", "next_kind")

    with engine.lend(PAIRS, pairs):
        found = at_time(engine, "planned", ahead, as_of)
    found["later"] = (~found["next_kind"].isin(_PREPARED)).astype(int)
    found = found.sort_values(["later", "next_at", "next_kind"]).drop_duplicates(["object", "record_id"])
    return pd.DataFrame(found.drop(columns="later"))
