"""Who is in a population at a cut-off, told from what was known then."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.core import require_column
from sales_consultant.scoring.populations import disqualified
from sales_consultant.scoring.populations.record_timelines import purchase_times, record_timelines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sales_consultant.config.populations import Exclusions, Population

_TAKES_STATE = ("lifecycle_stage", "status")


def _wanted(value: str | list[str]) -> set[str]:
    return {v.lower() for v in ([value] if isinstance(value, str) else value)}


def _fields_with_history(engine: Engine, entity: str) -> set[str]:
    t = neutral(engine, "fields")
    t = t.filter((t.object == entity) & (t.known == "history"))
    return set(query(engine, t.select("column_name"))["column_name"])


def _today(engine: Engine, entity: str, column: str) -> pd.Series[str]:
    t = neutral(engine, entity)
    frame = query(engine, t.select(record_id=t.id, value=t[column].cast("string")))
    return frame.set_index("record_id")["value"].fillna("").str.lower()


def _as_of_cut(engine: Engine, entity: str, column: str) -> pd.DataFrame:
    t = neutral(engine, "field_history")
    t = t.filter((t.object == entity) & (t.field == column))
    frame = query(engine, t.select("record_id", "value", "changed_at"))
    frame["value"] = frame["value"].fillna("").str.lower()
    return frame.sort_values(["changed_at", "value"], ignore_index=True)


class Membership:
    """The members of one population at any time up to the as-of time.

    `notes` says which conditions could not be told for the past. `life` is the frame of
    `record_timelines`. `disqualified` counts the contacts that were given up at any time (today, where the past is not
    known): they are no members while they are.
    """

    def __init__(
        self,
        engine: Engine,
        population: Population,
        exclusions: Exclusions,
        *,
        as_of: int,
    ) -> None:
        self.population = population
        self.as_of = as_of
        self.notes: list[str] = []
        self.disqualified = 0
        self.life = record_timelines(engine, population, exclusions, as_of=as_of)
        self._history: list[tuple[pd.DataFrame, set[str]]] = []
        self._now: list[tuple[pd.Series[str], set[str]]] = []
        self._purchases: dict[str, Any] = {}
        if population.event == "next_purchase":
            self._purchases = purchase_times(engine, as_of=as_of, exclusions=exclusions)
        self._away = _closed_spells(engine) if population.object == "deals" else None
        self._filter(engine)
        if population.object == "contacts" and not disqualified.wanted(population):
            self._disqualify(engine)

    def _filter(self, engine: Engine) -> None:
        entity = self.population.object
        known, past = engine.columns(entity), _fields_with_history(engine, entity)
        keep = np.ones(len(self.life), dtype=bool)
        for column, value in self.population.where.items():
            require_column(list(known), column, table=entity, setting="A population's `where`")
            wanted = _wanted(value)
            if column in past:
                self._history.append((_as_of_cut(engine, entity, column), wanted))
            elif column in _TAKES_STATE:
                # Winning sets these: as a filter on past cut-offs they would remove every positive.
                self._now.append((_today(engine, entity, column), wanted))
                self.notes.append(
                    f"{column} has no history: its condition holds for today's members, not for past ones"
                )
            else:
                keep &= self.life["record_id"].map(_today(engine, entity, column)).isin(wanted).to_numpy()
        self.life = self.life[keep].reset_index(drop=True)

    def _disqualify(self, engine: Engine) -> None:
        self._away = disqualified.spells(engine, as_of=self.as_of)
        if disqualified.has_history(engine):
            given_up = set(self._away["record_id"])
        else:
            given_up = disqualified.today(engine)
            ids = sorted(given_up)
            self._away = pd.DataFrame({"record_id": ids, "start": float(self.as_of), "end": float("nan")})
            if given_up:
                self.notes.append(
                    "status has no history: who is disqualified is left out today, but not at past cut-offs"
                )
        self.disqualified = len(given_up & set(self.life["record_id"]))

    def at(self, cut: int, *, with_excluded: bool = False) -> pd.DataFrame:
        """The open members at a time: the rows of `life` with `cut`, `event_at` being the next event."""
        life = self.life
        here = (life["created_at"] <= cut) & (with_excluded | (life["excluded"] == ""))
        if self.population.event != "next_purchase":
            here &= ~(life["ended_at"] <= cut)
        rows = life[here].copy()
        rows["cut"] = cut
        if self._away is not None:
            spells = self._away
            away = spells[(spells["start"] <= cut) & ~(spells["end"] <= cut)]["record_id"]
            rows = rows[~rows["record_id"].isin(away)]
        for frame, wanted in self._history:
            last = frame[frame["changed_at"] <= cut].groupby("record_id")["value"].last()
            rows = rows[rows["record_id"].map(last).isin(wanted)]
        if cut >= self.as_of:
            for today, wanted in self._now:
                rows = rows[rows["record_id"].map(today).isin(wanted)]
        if self.population.event == "next_purchase":
            rows = self._customers(rows, cut)
        elif self.population.object == "contacts" and self.population.event == "won":
            # They are members until a deal is opened, but the event stays open: another deal may follow one that is lost.
            rows["ended_at"] = rows["event_at"]
        return rows.reset_index(drop=True)

    def _customers(self, rows: pd.DataFrame, cut: int) -> pd.DataFrame:
        rows = rows.copy()
        ends = np.full(len(rows), np.nan)
        seen = np.zeros(len(rows), dtype=bool)
        for i, record in enumerate(rows["record_id"]):
            times = self._purchases.get(record)
            if times is None:
                continue
            at = int(np.searchsorted(times, cut, side="right"))
            seen[i] = at > 0
            if at < len(times):
                ends[i] = times[at]
        rows["event_at"] = ends
        rows["ended_at"] = ends
        return rows[seen]

    def endings(self) -> str:
        """A digest of which records that are not excluded have ended by the as-of time, when and how; of customers,
        when they bought.

        A number of them would not tell a loss that was corrected into a win from silence.
        """
        if self.population.event == "next_purchase":
            told = [(str(k), [int(t) for t in times]) for k, times in sorted(self._purchases.items())]
        else:
            over = self.life[self.life["ended_at"].notna() & (self.life["excluded"] == "")]
            over = over[["record_id", "ended_at", "event_at"]].astype({"ended_at": float, "event_at": float})
            told = sorted(map(tuple, over.astype(str).to_numpy().tolist()))
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def at_all(self, cuts: Sequence[int]) -> pd.DataFrame:
        """The members of several cut-offs, one row a member and cut-off; of no cut-off none."""
        if not cuts:
            return self.at(self.as_of).iloc[:0]
        return pd.concat([self.at(cut) for cut in cuts], ignore_index=True)


def _closed_spells(engine: Engine) -> pd.DataFrame:
    """Times in which a deal that was opened again stood in a closed stage: record_id, start, end."""
    import ibis

    stages = neutral(engine, "stages")
    stages = stages.filter(stages.object == "deals")
    closed = stages.group_by([stages.pipeline, stages.stage]).aggregate(
        closed=stages.closed.fill_null(False).any()
    )
    closed = closed.select(of_pipeline=closed.pipeline, of_stage=closed.stage, closed=closed.closed)
    deals = neutral(engine, "deals")
    deals = deals.select(of_deal=deals.id, of=deals.pipeline)
    rows = neutral(engine, "deal_history")
    rows = rows.filter(rows.stage.notnull() & rows.changed_at.notnull())
    order = ibis.window(group_by=rows.deal_id, order_by=[rows.changed_at, rows.stage])
    rows = rows.select(
        deal_id=rows.deal_id,
        stage=rows.stage,
        start=rows.changed_at,
        end=rows.changed_at.lead().over(order),
    )
    rows = rows.inner_join(deals, rows.deal_id == deals.of_deal)
    rows = rows.inner_join(closed, (rows.of == closed.of_pipeline) & (rows.stage == closed.of_stage))
    rows = rows.filter(rows.closed.fill_null(False) & rows["end"].notnull())
    return query(engine, rows.select("start", "end", record_id=rows.deal_id))
