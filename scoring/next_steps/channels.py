"""By which channel a person answers: from their own answers, then from those of people like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.next_steps.state import Rows, by_machine, decides
from sales_consultant.scoring.next_steps.wording import gap

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNELS = ("email", "call")
# Judgements: an answer comes within a week; of five tries one sees whether somebody answers, a group needs more.
ANSWER_DAYS = 7
FLOOR_PERSON, FLOOR_GROUP = 5, 30


_ASKED = ("contact_id", "no_email", "no_call")


def answers(engine: Engine, as_of: int) -> pd.DataFrame:
    """By contact and channel: tried (calls and e-mails from us) and answered (of those, followed by a message from them
    within a week)."""
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "activity") & (links.to_object == "contact"))
    links = links.select(activity_id=links.from_id, contact_id=links.to_id).distinct()
    t = alive(neutral(engine, "activities"))
    t = t.filter((t.occurred_at <= as_of) & (t.known_at.fill_null(t.occurred_at) <= as_of))
    t = t.filter(~by_machine(engine, t, as_of) & t.type.isin([*CHANNELS, "meeting", "form", "chat"]))
    joined = links.inner_join(t, links.activity_id == t.id)
    rows = query(
        engine,
        joined.select(
            "contact_id", "occurred_at", "type", inbound=(joined.direction == "inbound").fill_null(False)
        ),
    ).sort_values("occurred_at", kind="stable")
    theirs = rows[rows["inbound"] | rows["type"].isin(["meeting", "form", "chat"])]
    ours = rows[
        ~rows["inbound"] & rows["type"].isin(CHANNELS) & (rows["occurred_at"] <= as_of - ANSWER_DAYS * DAY_MS)
    ]
    found = pd.merge_asof(
        ours,
        theirs[["contact_id", "occurred_at"]].assign(answered=1.0),
        on="occurred_at",
        by="contact_id",
        direction="forward",
        tolerance=ANSWER_DAYS * DAY_MS,
        allow_exact_matches=False,
    )
    grouped = found.groupby(["contact_id", "type"])["answered"]
    return pd.DataFrame({"tried": grouped.size(), "answered": grouped.sum()}).reset_index()


def best_channels(engine: Engine, table: pd.DataFrame, *, as_of: int) -> dict[int, str]:
    """The channel for each row of the facts where there is evidence for one that the person may be reached by.

    People like them are those who decide as they do or not. A rate is shrunk by one try answered out of four.
    """
    told = answers(engine, as_of)
    people = query(engine, alive(neutral(engine, "contacts")).select("id", "title"))

    like = {i: decides(t) for i, t in zip(people["id"], people["title"], strict=True)}
    own = {
        (c, k): (float(n), float(a))
        for c, k, n, a in told[["contact_id", "type", "tried", "answered"]].itertuples(index=False)
    }
    pooled = (
        told.assign(like=[str(like.get(c)) for c in told["contact_id"]])
        .groupby(["like", "type"])[["tried", "answered"]]
        .sum()
    )
    group = {k: (float(r["tried"]), float(r["answered"])) for k, r in pooled.iterrows()}
    out = {}
    for index, row in enumerate(Rows(table[[c for c in _ASKED if c in table]])):
        person = row.get("contact_id")
        if gap(person):
            continue
        able = [c for c in CHANNELS if row.get(f"no_{c}") is not True]
        mine = {c: own.get((person, c), (0.0, 0.0)) for c in able}
        theirs = {c: group.get((str(like.get(person)), c), (0.0, 0.0)) for c in able}
        chosen = (
            _best(mine, FLOOR_PERSON) or _best(theirs, FLOOR_GROUP) or (able[0] if len(able) == 1 else None)
        )
        if chosen:
            out[index] = chosen
    return out


def _best(rates: Mapping[str, tuple[float, float]], floor: int) -> str | None:
    """The channel with the best rate of answers, where each was tried often enough; None otherwise."""
    if not rates or any(tried < floor for tried, _ in rates.values()):
        return None
    return max(rates, key=lambda c: ((rates[c][1] + 1) / (rates[c][0] + 4), c))
