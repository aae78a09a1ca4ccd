"""What every section of a report is made from: the deals as of its date, the company's calendar and money, names, words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from sales_consultant.insight.core import Calendar, DealTables, Rates
from sales_consultant.insight.reports.words import Words

BY = ("pipeline", "owner", "team", "source", "product", "type", "segment", "tier")
"""What deals can be told by."""
COLUMN = {"owner": "owner_id"} | {k: k for k in BY if k != "owner"}
"""The column of `DealTables.deals` for each."""


@dataclass(frozen=True)
class Context:
    """One report's ground.

    tables
        Deals as they were known at `as_of`.
    names
        What people call the values of a column of deals, by that column; a value without a name stands for itself.
    since, as_of
        The time told of (ms UTC).
    since_given
        Whether a person chose `since`: a section that has a better beginning of its own takes that otherwise.
    by
        One of BY: what figures are broken down by.
    teams
        The team of each owner, by the owner's id, as far as the admin named one.
    deals_later
        Whether the CRM has deals, though none of them was known at `as_of`.
    """

    tables: DealTables
    rates: Rates
    calendar: Calendar
    words: Words
    since: int
    as_of: int
    by: str = "pipeline"
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    since_given: bool = True
    teams: Mapping[str, str] = field(default_factory=dict)
    deals_later: bool = False

    @property
    def column(self) -> str:
        """The column of deals that figures are broken down by."""
        return COLUMN[self.by]

    @property
    def no_deals(self) -> str:
        """Why there is nothing to tell of, where `tables` has no deal."""
        if self.deals_later:
            day = self.words.cell(self.words.day(self.as_of), "date")
            return self.words("No deal was known by {day}. Give a later --as-of, or leave it out.", day=day)
        return self.words(
            "The CRM has no deals that could be read. Next: sales-consultant check, then sales-consultant pull"
        )

    def name(self, value: Any, column: str | None = None) -> str:
        """What people call a value of a column."""
        if value is None or pd.isna(value) or value == "":
            return self.words("not given")
        return self.names.get(column or self.column, {}).get(str(value), str(value))

    def stage(self, pipeline: Any, stage: Any) -> str:
        """What people call a stage."""
        label = self._labels.get((pipeline, stage))
        return self.words("{stage} (deleted)", stage=stage) if label is None else label

    @cached_property
    def _labels(self) -> Mapping[tuple[Any, Any], str]:
        """The label of each stage of each pipeline; of a stage that stands twice the first."""
        t = self.tables.stages.drop_duplicates(["pipeline", "stage"])
        return {(p, s): str(label) for p, s, label in zip(t["pipeline"], t["stage"], t["label"], strict=True)}

    def pipeline(self, pipeline: Any) -> str:
        """What people call a pipeline."""
        t = self.tables.stages
        found = t[t["pipeline"] == pipeline]["pipeline_label"]
        return str(found.iloc[0]) if len(found) else str(pipeline)
