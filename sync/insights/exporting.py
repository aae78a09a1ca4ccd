"""Tables for a data scientist: features, training rows, scores and stays in stages as Parquet, with a dictionary."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sales_consultant.config.clock import iso
from sales_consultant.config.errors import UsageError
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.files import written_to
from sales_consultant.engine.reads import deals
from sales_consultant.insight.core import DealTables, as_known
from sales_consultant.insight.funnel import stays
from sales_consultant.scoring.features import Feature, build
from sales_consultant.scoring.populations import Membership
from sales_consultant.scoring.propensity import PopulationModel
from sales_consultant.scoring.validation import tested_rows
from sales_consultant.sync.insights import control
from sales_consultant.sync.models import registry
from sales_consultant.sync.runtime import Workspace, known_until, last_as_of, open_pulled
from sales_consultant.sync.stores import exposures

DICTIONARY = "dictionary.json"
# Tables that only explain the others.
_BESIDE = frozenset({"fields", "stages"})
_MODELS = "sales-consultant train, then evaluate: it says which models are in force"
# By kind: that there are no rows, and what brings some.
_NONE = {
    "features": ("no record was in a population by {at}", _MODELS),
    "training": ("no record was in a population by {at}", _MODELS),
    "scores": ("no record showed anything of ours at {at}", "sales-consultant sync"),
    "funnel": ("no deal had been in a stage by {at}", "sales-consultant check, then pull"),
}  # fmt: skip
# What a row of a population is, in both tables of features.
_MEMBER = {
    "record_id": "id of the record in the CRM",
    "cut": "the moment as of which the row is (UTC): nothing that was known later is in its features",
}
_TRAINING = {
    **_MEMBER,
    "company": "number of the record's company, the same within this file: rows of one company are alike",
    "label": "1: the event happened within the horizon after the cut; 0: it did not",
    "weight": "1 over the number of rows of the record",
    "part": "learn: its label was known before the test began; judge: a row of the forward test; gap: between them",
    "p_test": "the probability that the tested model gave this row of the forward test; a gap elsewhere, and for records of "
    "the control group",
}
_SCORES = {
    "object": "object of the CRM",
    "record_id": "id of the record in the CRM",
    "field": "key of the field, as in the dictionary of fields",
    "value": "what the CRM showed",
    "visible_from": "since when (UTC)",
}
_STAYS = {
    "deal_id": "id of the deal in the CRM",
    "pipeline": "id of its pipeline",
    "stage": "id of the stage",
    "entered_at": "when it came into the stage (UTC)",
    "left_at": "when it left it (UTC); a gap: it stands there",
    "into": "id of the stage it went to",
    "outcome": "what became of the stay: advanced, won, lost, returned, there",
    "days": "days from entering to leaving or to the as-of",
}


@dataclass(frozen=True)
class Exported:
    """What was exported: the files with their numbers of rows, and what was left out with the reason."""

    kind: str
    as_of: int
    files: Mapping[str, int]
    left_out: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "export": self.kind,
            "as_of": self.as_of,
            "files": dict(self.files),
            "left_out": list(self.left_out),
        }


@dataclass
class _Files:
    """Tables that are to be written, with what their columns mean."""

    tables: dict[str, pd.DataFrame]
    meanings: dict[str, dict[str, str]]
    left_out: list[str]


Maker = Callable[[Workspace, int, _Files], None]


def export(ws: Workspace, kind: str, out: Path, *, as_of: int | None = None) -> Exported:
    """Write the tables of a kind (one of KINDS) as Parquet files into a new folder, with a dictionary of their columns.

    `as_of` (ms UTC; default: when the CRM was last read) cuts everything that was known later. Raises UsageError for a time
    in the future, a folder that is there already, and where no table has a row: then nothing is written.
    """
    open_pulled(ws)
    newest = last_as_of(ws)
    at = newest if as_of is None else as_of
    if at > newest:
        raise UsageError(
            "An export cannot be as of later than the CRM was last read.",
            action="Leave --as-of out, or read the CRM first: sales-consultant pull",
        )
    if out.exists():
        raise UsageError(f"{out} is there already.", action="Give another --out.")
    found = _Files({}, {}, [])
    KINDS[kind](ws, at, found)
    _refuse_empty(ws, kind, at, newest, found)
    with written_to(out, "--out"):
        out.mkdir(mode=0o700)
        for name, table in found.tables.items():
            file = out / f"{name}.parquet"
            table.to_parquet(file, index=False)
            file.chmod(0o600)
        told = {
            "export": kind,
            "as_of": iso(at),
            "crm": ws.connection.of.label,
            "files": {
                f"{name}.parquet": {
                    "rows": len(table),
                    "columns": [
                        {
                            "name": str(c),
                            "type": str(table[c].dtype),
                            "means": found.meanings[name].get(str(c), ""),
                        }
                        for c in table.columns
                    ],
                }
                for name, table in found.tables.items()
            },
            "left_out": found.left_out,
        }
        (out / DICTIONARY).write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    return Exported(
        kind, at, {f"{n}.parquet": len(t) for n, t in found.tables.items()}, tuple(found.left_out)
    )


def _refuse_empty(ws: Workspace, kind: str, at: int, newest: int, found: _Files) -> None:
    """Say why there is nothing, and what to do next: an empty folder that looks like success misleads."""
    if any(len(table) for name, table in found.tables.items() if name not in _BESIDE):
        return
    if kind in ("features", "training") and not ws.settings.populations:
        raise UsageError(
            "There is nothing to export: the settings have no population.",
            action="Write one under [populations]; sales-consultant init proposes some.",
        )
    why, then = _NONE[kind]
    reasons = [why.format(at=iso(at))] if found.tables or not found.left_out else []
    earlier = "Leave --as-of out, or give a later one. " if at < newest else ""
    raise UsageError(
        f"There is nothing to export: {'; '.join([*reasons, *found.left_out])}.",
        action=f"{earlier}Next: {then}",
    )


def _models(ws: Workspace, found: _Files) -> dict[str, PopulationModel]:
    """The models in force that learn from features; the others are named as left out."""
    force = registry.in_force(ws.state, ws.models_folder, ws.settings).populations
    for name in ws.settings.populations:
        if name not in force:
            found.left_out.append(f"{name}: no model is in force")
        elif not force[name].features:
            found.left_out.append(f"{name}: its model is of rules and uses no features")
    return {n: m for n, m in force.items() if m.features and n in ws.settings.populations}


def _features(ws: Workspace, at: int, found: _Files) -> None:
    for name, model in _models(ws, found).items():
        members = Membership(ws.warehouse.engine, model.population, ws.settings.exclude, as_of=at).at(at)
        objects = model.population.object
        members = _without_control(ws, objects, members, "record_id", name, found)
        values = build(ws.warehouse.engine, objects, model.features, members)
        p = model.probability(values)
        if model.trained_at > at:
            found.left_out.append(f"{name}: probability, since its model was trained later than {iso(at)}")
            p = None
        table = pd.concat([_keys(members), values.reset_index(drop=True)], axis=1)
        if p is not None:
            table["probability"] = p
        found.tables[f"features-{name}"] = table
        found.meanings[f"features-{name}"] = {
            **_MEMBER,
            **_said(model.features),
            "probability": f"P({model.event} within {model.horizon_days} days) by the model in force",
        }


def _without_control(
    ws: Workspace, objects: str, rows: pd.DataFrame, column: str, name: str, found: _Files
) -> pd.DataFrame:
    """The rows without those of the control group, which shows nothing of ours; how many is told."""
    hit = rows[column].astype(str).isin(list(control.hidden(ws.state, ws.warehouse.engine, objects)))
    if hit.any():
        found.left_out.append(f"{name}: {int(hit.sum()):,} {objects} of the control group")
    return rows[~hit]


def _keys(rows: pd.DataFrame) -> pd.DataFrame:
    times = pd.to_datetime(rows["cut"].to_numpy(dtype="int64"), unit="ms", utc=True)
    return pd.DataFrame({"record_id": rows["record_id"].astype(str).to_numpy(), "cut": times})


def _said(features: list[Feature]) -> dict[str, str]:
    """What each feature is: its own words, else how it is made."""
    out = {}
    for f in features:
        window = "" if f.window is None else f" in {f.window} days"
        made = (
            f"{f.aggregate.replace('_', ' ')} of {f.source}{window}" if f.aggregate != "state" else f.column
        )
        out[f.name] = f"{f.says or made} (reason: {f.group})"
    return out


def _training(ws: Workspace, at: int, found: _Files) -> None:
    for name, model in _models(ws, found).items():
        if model.trained_at > at:
            found.left_out.append(f"{name}: its model was trained later than {iso(at)}")
            continue
        engine = ws.warehouse.engine
        rows, parts = tested_rows(engine, model, as_of=model.trained_at, exclusions=ws.settings.exclude)
        if parts is None:
            found.left_out.append(f"{name}: too little data for a forward test")
            continue
        learnt, judged = parts
        part = pd.Series("gap", index=rows.index)
        part[learnt.index], part[judged.index] = "learn", "judge"
        p = pd.Series(np.nan, index=rows.index)
        kept = model.card.get("judged") or {"p": []}
        if len(kept["p"]) == len(judged):
            p[judged.index] = kept["p"]
        else:
            found.left_out.append(f"{name}: p_test, since the card holds only a draw of the test's rows")
        # Rows of the control group stay, so that the test can be done again but for them: what we think of them does not.
        apart = (
            rows["record_id"]
            .astype(str)
            .isin(list(control.hidden(ws.state, engine, model.population.object)))
        )
        if apart.any():
            p[apart] = np.nan
            found.left_out.append(f"{name}: p_test of {int(apart.sum()):,} rows of the control group")
        table = _keys(rows).assign(
            company=np.unique(rows["group"].astype(str), return_inverse=True)[1],
            label=rows["label"].to_numpy(),
            weight=rows["weight"].to_numpy(),
            part=part.to_numpy(),
            p_test=p.to_numpy(),
        )
        values = build(engine, model.population.object, model.features, rows).reset_index(drop=True)
        found.tables[f"training-{name}"] = pd.concat([table, values], axis=1)
        found.meanings[f"training-{name}"] = {**_TRAINING, **_said(model.features)}


def _scores(ws: Workspace, at: int, found: _Files) -> None:
    until = known_until(ws, at)
    rows = ws.state.rows(
        sa.select(
            exposures.c.object,
            exposures.c.record_id,
            exposures.c.field,
            exposures.c.value,
            exposures.c.visible_from,
        ).where(
            exposures.c.visible_from <= until,
            sa.or_(exposures.c.visible_to.is_(None), exposures.c.visible_to > until),
            exposures.c.value.is_not(None),
        )
    )
    table = pd.DataFrame(rows, columns=list(_SCORES))
    for objects in ("companies", "contacts", "deals", "leads"):
        mine = _without_control(ws, objects, table[table["object"] == objects], "record_id", "scores", found)
        table = pd.concat([table[table["object"] != objects], mine])
    table["visible_from"] = pd.to_datetime(table["visible_from"].astype("int64"), unit="ms", utc=True)
    found.tables["scores"] = table.sort_values(["object", "record_id", "field"]).reset_index(drop=True)
    found.meanings["scores"] = dict(_SCORES)
    found.tables["fields"] = pd.DataFrame(
        [{"field": f.key, "label": f.label, "means": f.help} for f in FIELDS]
    )
    found.meanings["fields"] = {
        "field": "key of the field",
        "label": "its English name",
        "means": "what it says",
    }


def _funnel(ws: Workspace, at: int, found: _Files) -> None:
    engine = ws.warehouse.engine
    tables = as_known(DealTables(deals.deals(engine), deals.history(engine), deals.stages(engine)), at)
    rows = stays(tables, at)[list(_STAYS)].copy()
    for column in ("entered_at", "left_at"):
        rows[column] = pd.to_datetime(rows[column].astype("Int64"), unit="ms", utc=True)
    found.tables["stays"] = rows
    found.meanings["stays"] = dict(_STAYS)
    found.tables["stages"] = tables.stages
    found.meanings["stages"] = {
        "pipeline": "id of the pipeline", "pipeline_label": "its name", "stage": "id of the stage", "label": "its name",
        "place": "its order", "closed": "whether deals in it are over", "won": "whether they are won",
        "gone": "whether the CRM has it no more",
    }  # fmt: skip


KINDS: Mapping[str, Maker] = {
    "features": _features,
    "training": _training,
    "scores": _scores,
    "funnel": _funnel,
}
