"""What a step is worth on a record: the change of the probability it may make, times the money at stake, less its cost.

It orders steps. It is no estimate of what a step causes: reps call good deals, so the past cannot tell
(docs/decisions/steps-worth-orders.md). Nothing sums worths, and no reader sees one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.core import in_org_currency

if TYPE_CHECKING:
    from sales_consultant.config.playbook import Rule

# Judgements: the worth over the usual worth of a step (a share of .03 of a usual amount at even chances).
_USUAL_SHARE = 0.03
_HIGH, _MEDIUM = 0.04, 0.015
_GRADES = {"A": 1.0, "B": 0.75, "C": 0.45, "D": 0.25}
_NO_GRADE = 0.6
# An amount of ten times the usual is no ten times more urgent.
_MOST_RATIO, _LEAST_RATIO = 2.0, 0.5


def at_stake(engine: Engine, table: pd.DataFrame, *, as_of: int) -> NDArray[np.float64]:
    """The money at stake on each record in the org's currency, shape (records,).

    A deal's amount, where it has none the usual one; a customer's value in 12 months; of people what a usual deal is. Where no
    amount is known at all every record has 1 at stake.
    """
    amounts = pd.Series(np.nan, table.index, dtype="float64")
    deals = table["object"] == "deals"
    if deals.any():
        rows = table[deals]
        at = pd.Series(float(as_of), rows.index)
        amounts[deals] = in_org_currency(engine, rows["amount"], rows["currency"], at)
    if "value_12m" in table:
        value = pd.to_numeric(table["value_12m"], errors="coerce")
        amounts = amounts.where(deals | (table["object"] != "companies"), value)
    positive = amounts[amounts > 0]
    usual = float(positive.median()) if len(positive) else 1.0
    return np.asarray(amounts.where(amounts > 0).fillna(usual), dtype="float64")


def worths(
    rules: Sequence[Rule],
    table: pd.DataFrame,
    stake: NDArray[np.float64],
    *,
    shares: Mapping[str, float] | None = None,
) -> NDArray[np.float64]:
    """What each rule's step is worth on each record; shape (records, rules), in the org's currency.

    `shares` are by rule the changes over the record's probability that evidence gives; a rule without has its own share.
    """
    chance = _chance(table)
    columns = []
    for rule in rules:
        share = (shares or {}).get(rule.id, rule.share)
        columns.append(share * chance * stake - rule.cost)
    return np.column_stack(columns) if columns else np.zeros((len(table), 0))


def _chance(table: pd.DataFrame) -> NDArray[np.float64]:
    p = pd.to_numeric(table.get("probability", pd.Series(np.nan, table.index)), errors="coerce")
    risk = pd.to_numeric(table.get("churn_risk", pd.Series(np.nan, table.index)), errors="coerce") / 100
    return np.asarray(p.fillna(risk).fillna(0.5), dtype="float64")


def of_shown(
    engine: Engine,
    table: pd.DataFrame,
    rules: Sequence[Rule],
    shares: Mapping[str, float],
    *,
    as_of: int,
) -> NDArray[np.float64]:
    """What the steps that records show are worth, to put them in an order; shape (records,), in the org's currency.

    `table` has object, record_id, rule, and as the records show them probability, churn_risk and value_12m. A step of no rule of
    the playbook, as to prepare a meeting, has the usual share.
    """
    t = neutral(engine, "deals")
    deals = query(engine, t.select(record_id=t.id, amount=t.amount.cast("float64"), currency=t.currency))
    rows = table.merge(deals.assign(object="deals"), on=["object", "record_id"], how="left")
    costs = {r.id: r.cost for r in rules}
    share = rows["rule"].map({r.id: shares.get(r.id, r.share) for r in rules}).fillna(_USUAL_SHARE)
    worth = share * _chance(rows) * at_stake(engine, rows, as_of=as_of) - rows["rule"].map(costs).fillna(0.0)
    return np.asarray(worth, dtype="float64")


def priorities(
    rules: Sequence[Rule],
    chosen: NDArray[np.int64],
    table: pd.DataFrame,
    *,
    shares: Mapping[str, float] | None = None,
) -> list[str]:
    """high, medium or low for each record with a rule (chosen >= 0), "" for the others.

    By the rule's share, the record's grade and its amount against the usual one, none of which moves from night to night.
    """
    grades = table.get("grade", pd.Series(None, table.index))
    ratios = pd.to_numeric(table.get("amount_ratio", pd.Series(np.nan, table.index)), errors="coerce")
    out = []
    for number, grade, ratio in zip(chosen, grades, ratios, strict=True):
        if number < 0:
            out.append("")
            continue
        rule = rules[number]
        share = max((shares or {}).get(rule.id, rule.share), 0.0)
        size = 1.0 if np.isnan(ratio) else min(max(float(ratio), _LEAST_RATIO), _MOST_RATIO) ** 0.5
        index = share * _GRADES.get(str(grade), _NO_GRADE) * size
        out.append("high" if index >= _HIGH else "medium" if index >= _MEDIUM else "low")
    return out
