"""Odoo's lead probability, done again from its published rules: the baseline that open source offers.

A frequency table of won and lost leads by field, value and team, .1 added to every count; the first stage's counts are
the prior; a won lead counts for every stage, a lost one for its own and the earlier ones; a value never seen is skipped.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SMOOTHING = 0.1
Lead = Mapping[str, int]


@dataclass
class OddsTable:
    """Counts won and lost by team, field and value; `stages` in order, the first one is the prior."""

    stages: Sequence[int]
    fields: Sequence[str] = ("country", "state", "source")
    counts: dict[tuple[int | None, str, int], list[float]] = field(default_factory=dict)

    def fit(self, leads: Sequence[Lead], won: Sequence[bool]) -> "OddsTable":
        """Count closed leads. A row is stored for each team (None: without one), each smoothed by itself."""
        found: dict[tuple[int | None, str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for lead, is_won in zip(leads, won, strict=True):
            place = self.stages.index(lead["stage"])
            passed = self.stages if is_won else self.stages[: place + 1]
            values = [(f, lead[f]) for f in self.fields if lead.get(f)] + [("stage", s) for s in passed]
            for name, value in values:
                found[lead.get("team") or None, name, value][0 if is_won else 1] += 1
        self.counts = {k: [w + SMOOTHING, lo + SMOOTHING] for k, (w, lo) in found.items()}
        return self

    def _of(self, team: int | None) -> dict[tuple[str, int], list[float]]:
        """The rows of a team; None: of all teams together, with the smoothing of each."""
        found: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (owner, name, value), (w, lo) in self.counts.items():
            if team is None or owner == team:
                found[name, value][0] += w
                found[name, value][1] += lo
        return dict(found)

    def probability(self, lead: Lead) -> float:
        """Percent, two decimals; 0 where no lead of the team, nor of any, was ever closed."""
        first = ("stage", self.stages[0])
        rows = self._of(lead.get("team") or None)
        if first not in rows or min(rows[first]) <= SMOOTHING:
            rows = self._of(None)
        if first not in rows:
            return 0.0
        won, lost = rows[first]
        chance = [won / (won + lost), lost / (won + lost)]
        for name in (*self.fields, "stage"):
            seen = rows.get((name, lead.get(name) or 0))
            if seen is None:
                continue
            for k in (0, 1):
                total = (
                    rows[first][k]
                    if name == "stage"
                    else sum(v[k] for (f, _), v in rows.items() if f == name)
                )
                chance[k] *= seen[k] / total
        return round(100 * chance[0] / sum(chance), 2)


def run() -> None:
    """Print ours beside the baseline on leadforge's leads: the same text fields for both, and all fields for ours."""
    import tempfile

    import numpy as np
    import pandas as pd

    from benchmarks.propensity import leadforge
    from sales_consultant.scoring.metrics import metrics
    from sales_consultant.scoring.propensity.propensity import PropensityModel

    names = ["industry", "region", "lead_source", "employee_band", "role_function", "seniority"]
    with tempfile.TemporaryDirectory() as folder:
        for difficulty in ("intro", "intermediate", "advanced"):
            t = leadforge(difficulty, folder)
            both = pd.concat([t.train[names], t.test[names]], ignore_index=True)
            codes = both.apply(lambda c: pd.Series(pd.factorize(c)[0] + 1))
            leads = [{**r, "team": 1, "stage": 0} for r in codes.to_dict("records")]
            table = OddsTable([0], names).fit(leads[: len(t.y)], [bool(v) for v in t.y])
            theirs = np.clip([table.probability(lead) / 100 for lead in leads[len(t.y) :]], 1e-4, 1 - 1e-4)
            y = t.y_test.astype(float)
            shown = {"Odoo's naive Bayes": theirs}
            for what, columns in (("ours, same fields", names), ("ours, all fields", list(t.train.columns))):
                model = PropensityModel().fit(t.train[columns], t.y, groups=t.groups)
                shown[what] = model.predict_proba(t.test[columns])[:, 1]
            parts = [
                f"{k}: AUC {metrics.auc(y, p):.3f}, log-loss {metrics.losses(y, p).mean():.4f}"
                for k, p in shown.items()
            ]
            print(f"naive_bayes: leadforge {difficulty}: " + "; ".join(parts), flush=True)
