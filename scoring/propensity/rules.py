"""Points by plain rules, where there is too little data to learn from. They promise no probability."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rule:
    """Points for a feature at or above `least` and at or below `most`; a gap gives none."""

    feature: str
    group: str
    points: int
    least: float = float("-inf")
    most: float = float("inf")


# Common sense of sales, the same for every customer; the card says that nothing of it was learnt. The
# points are judgements: 10 double the odds of a score, and no rule alone should.
STANDARD = (
    Rule("meetings_30d", "meetings", 8, least=1),
    Rule("planned_meetings", "planned_meeting", 8, least=1),
    Rule("replies_14d", "replies", 6, least=1),
    Rule("inbound_calls_30d", "inbound_calls", 4, least=1),
    Rule("web_30d", "web", 4, least=1),
    Rule("campaign_responses_30d", "campaign_responses", 3, least=1),
    Rule("replies_days_since", "replies", -4, least=60),
    Rule("days_to_close_date", "close_date", -6, most=-1),
    Rule("close_date_pushed", "close_date_pushed", -4, least=2),
    Rule("stage_slowness", "time_in_stage", -5, least=2),
    Rule("company_won", "company_won", 5, least=1),
    Rule("contacts", "contacts", 3, least=2),
    Rule("purchases_90d", "purchases", 8, least=1),
)


@dataclass(frozen=True, slots=True)
class RuleModel:
    """A sum of rules; those whose feature is not there say nothing."""

    rules: tuple[Rule, ...] = STANDARD

    def points(self, X: pd.DataFrame, groups: list[str]) -> NDArray[np.float64]:
        """Points of each reason, shape (rows, groups)."""
        out = np.zeros((len(X), len(groups)))
        place = {g: i for i, g in enumerate(groups)}
        for rule in self.rules:
            if rule.feature in X and rule.group in place:
                values = X[rule.feature].to_numpy(dtype=float, na_value=np.nan)
                with np.errstate(invalid="ignore"):
                    hit = (values >= rule.least) & (values <= rule.most)
                out[:, place[rule.group]] += rule.points * hit
        return out

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold (which knows no infinity: an open end is null)."""
        rules = []
        for rule in self.rules:
            entry = asdict(rule)
            for end in ("least", "most"):
                if abs(entry[end]) == float("inf"):
                    entry[end] = None
            rules.append(entry)
        return {"rules": rules}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RuleModel:
        """The inverse of `to_dict`."""
        return cls(
            tuple(Rule(**{k: v for k, v in entry.items() if v is not None}) for entry in data["rules"])
        )
