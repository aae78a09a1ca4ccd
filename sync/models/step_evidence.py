"""After a training: what the past, and steps that were drawn at random, say of the rules of the playbook."""

import json

import pandas as pd
import sqlalchemy as sa

from sales_consultant.config import playbook
from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import alive, neutral, query
from sales_consultant.scoring import scorer
from sales_consultant.scoring.next_steps import from_past, from_random
from sales_consultant.scoring.next_steps.evidence import FOLLOW_DAYS
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import EVIDENCE, playbook_path
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.stores import State, choices

# Judgements: four looks two months apart see all seasons but one; older ones tell of another way of selling.
_LOOKS, _APART_DAYS = 4, 60
# Of fewer deals no rule has the 30 cases, ten on each side, that evidence takes.
_LEAST_ENDED, _YEAR_DAYS = 150, 365


def learn(ws: Workspace, *, as_of: int) -> None:
    """Keep what is known of each rule; a rule without evidence is not named."""
    rules = playbook.load(playbook_path(ws.settings)).rules
    in_force = registry.in_force(ws.state, ws.models_folder, ws.settings)
    models = [
        m for name, m in in_force.populations.items() if ws.settings.populations[name].object == "deals"
    ]

    def score_at(cut: int) -> pd.DataFrame:
        frames = [
            scorer.score(ws.warehouse.engine, m, as_of=cut, exclusions=ws.settings.exclude) for m in models
        ]
        whole = (
            pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["object", "record_id"])
        )
        return whole.drop_duplicates("record_id")

    if _ended(ws, as_of) < _LEAST_ENDED:
        models = []
    last = as_of - FOLLOW_DAYS * DAY_MS
    cuts = [last - n * _APART_DAYS * DAY_MS for n in range(_LOOKS)] if models else []
    found = from_past(ws.warehouse.engine, rules, score_at, as_of=as_of, cuts=cuts)
    found |= from_random(_log(ws, ws.state, as_of), rules)
    ws.state.put(EVIDENCE, json.dumps({r: e.to_dict() for r, e in found.items()}))


def _ended(ws: Workspace, as_of: int) -> int:
    """How many deals ended in the last year."""
    t = alive(neutral(ws.warehouse.engine, "deals"))
    t = t.filter(t.is_closed.fill_null(False) & (t.closed_at > as_of - _YEAR_DAYS * DAY_MS))
    return int(query(ws.warehouse.engine, t.aggregate(n=t.count()))["n"].iloc[0])


def _log(ws: Workspace, state: State, as_of: int) -> pd.DataFrame:
    """Drawn steps of deals whose quarter is over: rule, propensity, probability, won."""
    until = as_of - FOLLOW_DAYS * DAY_MS
    rows = state.rows(
        sa.select(choices).where(
            choices.c.object == "deals", choices.c.chosen_at <= until, choices.c.probability.is_not(None)
        )
    )
    columns = ["record_id", "rule", "propensity", "probability", "chosen_at"]
    log = pd.DataFrame([{c: r[c] for c in columns} for r in rows], columns=columns)
    if log.empty:
        return log.assign(won=pd.Series(dtype=bool))
    t = alive(neutral(ws.warehouse.engine, "deals"))
    won = query(ws.warehouse.engine, t.filter(t.is_won.fill_null(False)).select("id", "closed_at"))
    closed = log["record_id"].map(dict(zip(won["id"], won["closed_at"], strict=True))).astype("float64")
    after = closed - log["chosen_at"]
    return log.assign(won=(after > 0) & (after <= FOLLOW_DAYS * DAY_MS))
