"""The leak audit: fields that know the outcome before it has happened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

AUC_LIMIT = 0.95
FILL_GAP = 0.3
_MIN_CLASS = 10

_LEAKERS = (
    (
        r"(^|_)(is_?)?(won|lost)($|_)|outcome|(win|won|loss|lost)_?(reason|date)|reason_(won|lost)",
        "names the outcome",
    ),
    (r"forecast", "the rep's own forecast"),
    (r"probability|likelihood|confidence", "somebody's own estimate of the outcome"),
    (r"(^|_)(closed?|conver(t|ted|sion))(_?(at|on|date|time|stamp))?($|_)", "is set at the outcome"),
    (r"contract|invoice|(^|_)order_?(number|id|no)|signed|purchase_order", "is filled when the deal is done"),
    (r"lead_?score|predict|einstein|(^|_)score($|_)|propensity", "another scorer's answer"),
    (r"last_?modified|modified_(at|date)|system_?modstamp|updated_at", "moves whenever the record does"),
)
_STATE = re.compile(r"^(hs_)?(lifecycle_?stage|(lead_)?status)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that is not used: which, what kind of leak, and what shows it."""

    column: str
    kind: str
    evidence: str

    def as_dict(self) -> dict[str, str]:
        """A form that JSON can hold."""
        return {"column": self.column, "kind": self.kind, "evidence": self.evidence}


def known_leaker(name: str, *, has_history: bool) -> str:
    """Why a column of this name is not to be trusted, "" where nothing is known against it.

    With its history, a lifecycle stage or a lead's status is known as of the cut-off and may be used.

    >>> known_leaker("loss_reason", has_history=True)
    'names the outcome'
    >>> known_leaker("industry", has_history=False)
    ''
    """
    plain = name.lower()
    if _STATE.match(plain):
        return "" if has_history else "winning sets it, and its history is not known"
    return next((why for pattern, why in _LEAKERS if re.search(pattern, plain)), "")


def fill_gaps(values: pd.DataFrame, ended: NDArray[np.bool_]) -> list[Finding]:
    """Columns filled far more often, or less, on closed records than on open ones.

    `values` holds today's values of fields without history, one row a record.
    """
    if min(ended.sum(), (~ended).sum()) < _MIN_CLASS:
        return []
    found = []
    for column in values:
        filled = values[column].notna().to_numpy()
        closed, still = float(filled[ended].mean()), float(filled[~ended].mean())
        if abs(closed - still) > FILL_GAP:
            text = f"filled on {closed:.0%} of closed and {still:.0%} of open records"
            found.append(Finding(str(column), "fill_gap", text))
    return found


def _cells(column: pd.Series[Any], learn: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each value's bin (quantiles of the first rows) or level; gaps are one of their own."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        seen = values[learn & ~np.isnan(values)]
        edges = np.unique(np.quantile(seen, np.linspace(0.05, 0.95, 19))) if len(seen) else np.empty(0)
        codes = np.searchsorted(edges, values, side="right")
        return np.where(np.isnan(values), len(edges) + 1, codes).astype(np.int64)
    return pd.factorize(column.astype("string"))[0].astype(np.int64)


def single_fields(
    X: pd.DataFrame, y: NDArray[np.float64], order: NDArray[Any], *, names: list[str] | None = None
) -> list[Finding]:
    """Columns that alone order later rows almost perfectly.

    Rates are learnt on the first 60 % of the rows in `order` (time, or any number of the group) and judged
    on the rest: .95 is more than honest data of a CRM give.
    """
    import numpy as np

    from sales_consultant.scoring.metrics import auc

    rank = np.argsort(np.argsort(order, kind="stable"), kind="stable")
    learn = rank < 0.6 * len(y)
    if min(y[learn].sum(), (1 - y[learn]).sum(), y[~learn].sum(), (1 - y[~learn]).sum()) < _MIN_CLASS:
        return []
    base, found = y[learn].mean(), []
    for name in names if names is not None else list(X.columns):
        cells = _cells(X[name], learn) + 1
        size = int(cells.max()) + 1
        wins = np.bincount(cells[learn], weights=y[learn], minlength=size)
        counts = np.bincount(cells[learn], minlength=size)
        rate = (wins + base) / (counts + 1.0)
        power = auc(y[~learn], rate[cells[~learn]])
        if power > AUC_LIMIT:
            found.append(
                Finding(str(name), "single_field", f"alone it orders later rows with an AUC of {power:.3f}")
            )
    return found
