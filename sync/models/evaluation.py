"""How good the models are: their forward tests, what was made of the scores as they were given, how far they drift."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS, iso
from sales_consultant.config.errors import MachineError
from sales_consultant.scoring import plots
from sales_consultant.scoring.customers import find, purchases, summary
from sales_consultant.scoring.features import build
from sales_consultant.scoring.populations import Membership, record_timelines
from sales_consultant.scoring.validation import compare, lending, readiness
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.runtime import Workspace, open_pulled
from sales_consultant.sync.stores import State, exposures, runs

LOOKBACKS = (30, 60, 90)
BANDS = ((1, 20), (21, 40), (41, 60), (61, 80), (81, 99))


def evaluate(state: State) -> list[dict[str, Any]]:
    """The newest forward test of each population's model, with the drift of the scores since its publication."""
    drift = _drift(state)
    found: dict[str, dict[str, Any]] = {}
    for m in registry.index(state):
        if m["kind"] == registry.PROPENSITY and m["name"] not in found:
            found[m["name"]] = {
                "name": m["name"],
                "digest": m["digest"][:12],
                "as_of": iso(m["as_of"]),
                "published": m["published_at"] is not None,
                "drift": drift.get(m["name"]),
                **m["report"],
            }
    return list(found.values())


def _drift(state: State) -> dict[str, float]:
    """Of the newest run that scored."""
    newest = state.rows(
        sa.select(runs.c.counts)
        .where(runs.c.job.in_(("sync", "plan", "score")), runs.c.counts.like('%"drift"%'))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    return dict(json.loads(newest[0]["counts"]).get("drift") or {}) if newest else {}


def brief(tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Forward tests in few columns, for people."""
    found = []
    for t in tests:
        few = t.get("auc") is None
        left_out = [str(x.get("column", x)) if isinstance(x, dict) else str(x) for x in t.get("leaks", ())]
        unseen = t.get("unseen")
        found.append(
            {
                "model": t["name"],
                "verdict": t.get("verdict"),
                "AUC": None if few else f"{t['auc']:.3f} ({t['auc_low']:.3f} to {t['auc_high']:.3f})",
                "new companies": f"{unseen['auc']:.3f}" if unseen else None,
                **_parts(t),
                "log-loss": None if few else f"{t['log_loss']:.4f}, base rate {t['base_log_loss']:.4f}",
                "rows": t.get("n"),
                "base rate": None if t.get("base_rate") is None else f"{t['base_rate']:.1%}",
                "seen by grade": ", ".join(f"{g['grade']} {g['rate']:.0%}" for g in t.get("grades") or ()),
                "published": t.get("published"),
                "drift": t.get("drift"),
                "left out as leaks": ", ".join(left_out),
                "doubts": "; ".join(t.get("warnings") or ()),
            }
        )
    return found


def _parts(t: dict[str, Any]) -> dict[str, str | None]:
    """AUCs of parts of a forward test: by the moment of a record's life, without the seller's doings, by who saw a score."""

    def auc(figures: dict[str, float] | None) -> str:
        return f"{figures['auc']:.3f}" if figures else "-"

    moments, alone, seen = (t.get(k) for k in ("moments", "without_seller", "exposure"))
    return {
        "at creation, 1/3, 2/3": ", ".join(auc(m) for m in moments.values()) if moments else None,
        "without the seller's": auc(alone) if alone else None,
        "shown, not shown": ", ".join(auc(m) for m in seen.values()) if seen else None,
    }


def noted(document: dict[str, Any], nothing: str) -> dict[str, Any]:
    """The document, with a sentence where all its lists are empty."""
    return document if any(document.values()) else {**document, "note": nothing}


def ready(ws: Workspace, *, as_of: int) -> list[dict[str, Any]]:
    """What each population's data allow, before anything is fitted."""
    engine, populations = ws.warehouse.engine, ws.settings.populations
    found = [
        readiness(engine, name, population, as_of=as_of, exclusions=ws.settings.exclude)
        for name, population in populations.items()
    ]
    return [f.as_dict() for f in lending(found, populations)]


def brief_readiness(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The same for people: a table, and a sentence a line for what is missing."""
    return {
        "populations": [
            {
                "population": f["population"],
                "expect": f["borrows"] or f["tier"],
                "open": f["open_now"],
                "won": f["won"],
                "lost": f["lost"],
                "to learn from": f"{f['with_event']:,} with the event, {f['without']:,} without",
                "positives": f"{f['positives']:,} of {f['rows']:,} rows",
                "history": f"{f['history_days']} days",
                "activities on": f"{f['activity_coverage']:.0%}",
                "owners logging": f["owners_covered"],
            }
            for f in found
        ],
        "missing": [
            {"population": f["population"], "what is missing": m} for f in found for m in f["missing"]
        ],
    }


def as_given(ws: Workspace, *, lookbacks: Sequence[int] = LOOKBACKS) -> list[dict[str, Any]]:
    """What has happened since to records by the score that people saw on them 30, 60 and 90 days ago.

    One row a population, lookback and band of the score: records, those with the event since, their share, and the mean
    probability that was written beside the score (None where that field is not written). A probability is for the whole
    horizon: over a shorter time less must have happened. Only scores that the CRM itself confirmed count, at the moment
    they became visible: nothing is computed anew.
    """
    open_pulled(ws)
    as_of = max(
        (int(r["as_of"]) for r in ws.state.rows(sa.select(runs.c.as_of).where(runs.c.as_of.is_not(None)))),
        default=0,
    )
    found: list[dict[str, Any]] = []
    for name, population in ws.settings.populations.items():
        life = record_timelines(ws.warehouse.engine, population, ws.settings.exclude, as_of=as_of)
        happened = dict(zip(life["record_id"], life["event_at"], strict=True))
        ended = dict(zip(life["record_id"], life["ended_at"], strict=True))
        objects = ("contacts", "leads") if population.object == "contacts" else (population.object,)
        for days in lookbacks:
            cut = as_of - days * DAY_MS
            given = _visible(ws.state, objects, cut)
            bands: dict[tuple[int, int], list[tuple[bool, float | None]]] = {}
            for (_, record_id), values in given.items():
                # Who had left the population by then was shown an old score, not a promise.
                if record_id not in happened or (ended[record_id] <= cut) or not values.get("score"):
                    continue
                score = int(values["score"])
                band = next((b for b in BANDS if b[0] <= score <= b[1]), BANDS[-1])
                probability = values.get("probability")
                hit = cut < happened[record_id] <= as_of
                bands.setdefault(band, []).append((bool(hit), float(probability) if probability else None))
            for band in sorted(bands, reverse=True):
                rows = bands[band]
                told = [p for _, p in rows if p is not None]
                hits = sum(h for h, _ in rows)
                found.append(
                    {
                        "population": name,
                        "given": f"{days} days ago",
                        "score": f"{band[0]} to {band[1]}",
                        "records": len(rows),
                        "with_event": hits,
                        "share": round(hits / len(rows), 4),
                        "promised": round(sum(told) / len(told), 4) if told else None,
                        "horizon_days": population.horizon_days,
                    }
                )
    return found


def compared(ws: Workspace) -> list[dict[str, Any]]:
    """Each model in force beside the usual ones, on the same forward test."""
    open_pulled(ws)
    found = []
    for name, model in registry.in_force(ws.state, ws.models_folder, ws.settings).populations.items():
        for row in compare(
            ws.warehouse.engine, model, as_of=model.trained_at, exclusions=ws.settings.exclude
        ):
            found.append({"population": name, **row})
    return found


def plotted(ws: Workspace, folder: Path) -> dict[str, Any]:
    """PNG files of each model in force (calibration, lift, ROC, precision and recall, reasons) and of the segments.

    Also the calibration as rows for a terminal. MachineError where the folder cannot be written.
    """
    open_pulled(ws)
    files: list[Path] = []
    rows: list[dict[str, Any]] = []
    force = registry.in_force(ws.state, ws.models_folder, ws.settings)
    try:
        for name, model in force.populations.items():
            judged = model.card.get("judged")
            if not judged or not judged["y"]:
                continue
            y, p = (np.asarray(judged[k], dtype=float) for k in ("y", "p"))
            as_of = model.trained_at
            today = Membership(ws.warehouse.engine, model.population, ws.settings.exclude, as_of=as_of).at(
                as_of
            )
            points = model.group_points(
                build(ws.warehouse.engine, model.population.object, model.features, today)
            )
            weights = np.abs(points).mean(axis=0) if len(points) else np.zeros(len(model.groups))
            effects = [
                (g.words.label or g.name, float(w)) for g, w in zip(model.groups, weights, strict=True)
            ]
            files += plots.draw(folder, name, y, p, effects)
            rows += [{"population": name, **r} for r in plots.terminal(y, p)]
        counts = _segments(ws)
        if counts:
            folder.mkdir(parents=True, exist_ok=True)
            files.append(plots.segments(folder / "segments.png", counts))
    except OSError as e:
        raise MachineError(
            f"{folder} cannot be written: {e.strerror}.", action="Give another --plots."
        ) from e
    return noted(
        {"calibration": rows, "files": [{"file": str(f)} for f in files]},
        "No model has a forward test to draw.",
    )


def _segments(ws: Workspace) -> list[tuple[str, int, float]]:
    """Companies by the segment they show, with their value in 12 months, as the CRM holds them."""
    current = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    found: dict[str, list[float]] = {}
    for (obj, _), values in current.values.items():
        if obj == "companies" and (segment := values.get("segment")):
            found.setdefault(segment, []).append(float(values.get("value_12m") or 0))
    return sorted(((s, len(v), sum(v)) for s, v in found.items()), key=lambda r: r[1])


def clustered(ws: Workspace) -> dict[str, Any]:
    """Clusters of the customers, beside the named segments: how they were chosen, and who is in them."""
    open_pulled(ws)
    as_of = ws.connector.now()
    table = summary(purchases(ws.warehouse.engine, as_of=as_of, exclusions=ws.settings.exclude), as_of=as_of)
    found = find(table[["purchases", "total", "monetary", "since_days", "T_days"]])
    if found is None:
        return {"clusters": [], "note": f"{len(table)} customers are too few to cluster."}
    return {
        "method": found.method,
        "verdict": found.verdict,
        "clusters": list(found.profiles),
        "candidates": list(found.candidates),
    }


def _visible(state: State, objects: Sequence[str], at: int) -> dict[tuple[str, str], dict[str, str]]:
    """The score and probability that each record showed at a moment."""
    rows = state.rows(
        sa.select(exposures.c.object, exposures.c.record_id, exposures.c.field, exposures.c.value).where(
            exposures.c.object.in_(objects),
            exposures.c.field.in_(("score", "probability")),
            exposures.c.visible_from <= at,
            sa.or_(exposures.c.visible_to.is_(None), exposures.c.visible_to > at),
        )
    )
    found: dict[tuple[str, str], dict[str, str]] = {}
    for r in rows:
        if r["value"] is not None:
            found.setdefault((r["object"], r["record_id"]), {})[r["field"]] = r["value"]
    return found
