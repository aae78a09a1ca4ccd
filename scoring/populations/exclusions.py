"""Records that are neither scored nor trained on, each with the first reason that holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions


def _domains(values: list[str]) -> set[str]:
    return {v.strip().lower().removeprefix("@").removeprefix("www.") for v in values}


def reasons(records: pd.DataFrame, exclusions: Exclusions) -> pd.Series[str]:
    """The reason why each record is left out, "" for those that stay.

    `records` has the columns do_not_score (bool), domain, company_domain, name, company_name (text or gap)
    and, for deals, pipeline. A company's reason holds for its contacts and deals too. Names are compared
    with whole words, whatever the case.
    """
    reason_of = pd.Series("", index=records.index, dtype=object)

    def mark(reason: str, hit: pd.Series[bool]) -> None:
        reason_of[(reason_of == "") & hit.to_numpy(dtype=bool)] = reason

    mark("do_not_score", records["do_not_score"])
    for reason, domains in (
        ("own_domain", _domains(exclusions.own_domains)),
        ("partner", _domains(exclusions.partner_domains)),
        ("competitor", _domains(exclusions.competitor_domains)),
    ):
        if domains:
            for column in ("domain", "company_domain"):
                mark(reason, records[column].fillna("").str.lower().str.removeprefix("www.").isin(domains))
    for column in ("name", "company_name"):
        mark("test_name", for_testing(records[column], exclusions))
    if "pipeline" in records:
        mark("no_pipeline", records["pipeline"].isna() | (records["pipeline"] == ""))
    return reason_of


def for_testing(names: pd.Series[str], exclusions: Exclusions) -> pd.Series[bool]:
    """Whether each name holds one of the words that mark a record made for testing."""
    words = [re.escape(w.strip()) for w in exclusions.test_names if w.strip()]
    pattern = rf"(?<!\w)(?:{'|'.join(words)})(?!\w)" if words else r"(?!)"
    return names.fillna("").astype("string").str.contains(pattern, case=False, regex=True).astype(bool)
