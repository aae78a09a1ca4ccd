"""How good the models are: their forward tests, what was made of the scores as they were given, how far they drift."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import MachineError
from sales_consultant.engine.reads import counts
from sales_consultant.scoring import plots
from sales_consultant.scoring.customers import find, purchases, summary
from sales_consultant.scoring.features import build
from sales_consultant.scoring.populations import Membership, record_timelines
from sales_consultant.scoring.validation import compare, lending, look, readiness
from sales_consultant.sync.models import registry
from sales_consultant.sync.models import registry as models
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.results import (
    AsGiven,
    CalibrationBand,
    ClusterCandidate,
    ClusterProfile,
    Clusters,
    ComparedModel,
    Comparison,
    DataChecked,
    DataFinding,
    ForwardTest,
    ForwardTests,
    GivenBand,
    Plots,
    PopulationReady,
    Readiness,
    SuspectRecord,
)
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled
from sales_consultant.sync.stores import State, exposures, runs

# Days: one to three months, the last as long as the usual horizon. Bands as other vendors report conversion by.
LOOKBACKS = (30, 60, 90)
# How many records of a finding a document lists: more than anybody corrects in a day, and it stays readable.
MOST_SUSPECTS = 1000
BANDS = ((1, 20), (21, 40), (41, 60), (61, 80), (81, 99))


def evaluate(state: State) -> ForwardTests:
    """The newest forward test of each population's model, with the drift of the scores since its publication."""
    drift = _drift(state)
    newest_tests: dict[str, ForwardTest] = {}
    for m in models.index(state):
        if m["kind"] == models.PROPENSITY and m["name"] not in newest_tests:
            newest_tests[m["name"]] = ForwardTest(
                m["name"],
                m["digest"][:12],
                m["as_of"],
                m["published_at"] is not None,
                drift.get(m["name"]),
                m["report"],
            )
    return ForwardTests(tuple(newest_tests.values()))


def _drift(state: State) -> dict[str, float]:
    """Of the newest run that scored."""
    newest = state.rows(
        sa.select(runs.c.counts)
        .where(runs.c.job.in_(("sync", "plan", "score")), runs.c.counts.like('%"drift"%'))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    return dict(json.loads(newest[0]["counts"]).get("drift") or {}) if newest else {}


def ready(ws: Workspace, *, as_of: int) -> Readiness:
    """What each population's data allow, before anything is fitted."""
    engine, populations = ws.warehouse.engine, ws.settings.populations
    found = [
        readiness(engine, name, population, as_of=as_of, exclusions=ws.settings.exclude)
        for name, population in populations.items()
    ]
    return Readiness(
        tuple(PopulationReady(**{**f.as_dict(), "missing": f.missing}) for f in lending(found, populations))
    )


def check_data(ws: Workspace) -> DataChecked:
    """Duplicates, gaps, outliers, impossible dates and owners who have left, in what was pulled last. Nothing is changed."""
    open_pulled(ws)
    engine = ws.warehouse.engine
    newest = ws.state.rows(sa.select(sa.func.max(runs.c.as_of).label("as_of")))
    as_of = int(newest[0]["as_of"] or ws.clock())
    findings = tuple(
        DataFinding(
            **{k: getattr(f, k) for k in ("kind", "object", "what", "records", "of", "groups", "effect")},
            suspects=tuple(
                SuspectRecord(s.object, s.record_id, s.name, s.seen) for s in f.suspects[:MOST_SUSPECTS]
            ),
        )
        for f in look(engine, as_of=as_of)
    )
    looked_at = counts.people(engine) | {t: counts.live(engine, t) for t in ("companies", "deals")}
    return DataChecked(as_of, looked_at, findings)


def as_given(ws: Workspace, *, lookbacks: Sequence[int] = LOOKBACKS) -> AsGiven:
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
    given_bands: list[GivenBand] = []
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
                promised = [p for _, p in rows if p is not None]
                hits = sum(h for h, _ in rows)
                given_bands.append(
                    GivenBand(
                        name,
                        f"{days} days ago",
                        f"{band[0]} to {band[1]}",
                        len(rows),
                        hits,
                        round(hits / len(rows), 4),
                        round(sum(promised) / len(promised), 4) if promised else None,
                        population.horizon_days,
                    )
                )
    return AsGiven(tuple(given_bands))


def compared(ws: Workspace) -> Comparison:
    """Each model in force beside the usual ones, on the same forward test."""
    open_pulled(ws)
    compared_rows = []
    for name, model in registry.in_force(ws.state, ws.models_folder, ws.settings).populations.items():
        for row in compare(
            ws.warehouse.engine, model, as_of=model.trained_at, exclusions=ws.settings.exclude
        ):
            compared_rows.append(ComparedModel(population=name, **row))
    return Comparison(tuple(compared_rows))


def plotted(ws: Workspace, folder: Path) -> Plots:
    """PNG files of each model in force (calibration, lift, ROC, precision and recall, reasons) and of the segments.

    Also the calibration as rows for a terminal. MachineError where the folder cannot be written.
    """
    open_pulled(ws)
    files: list[Path] = []
    rows: list[CalibrationBand] = []
    force = models.in_force(ws.state, ws.models_folder, ws.settings)
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
            rows += [CalibrationBand(name, *r.values()) for r in plots.terminal(y, p)]
        counts = _segments(ws)
        if counts:
            folder.mkdir(parents=True, exist_ok=True)
            files.append(plots.segments(folder / "segments.png", counts))
    except OSError as e:
        raise MachineError(
            f"{folder} cannot be written: {e.strerror}.", action="Give another --plots."
        ) from e
    return Plots(tuple(rows), tuple(str(f) for f in files))


def _segments(ws: Workspace) -> list[tuple[str, int, float]]:
    """Companies by the segment they show, with their value in 12 months, as the CRM holds them."""
    current = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    values_of: dict[str, list[float]] = {}
    for (obj, _), values in current.values.items():
        if obj == "companies" and (segment := values.get("segment")):
            values_of.setdefault(segment, []).append(float(values.get("value_12m") or 0))
    return sorted(((s, len(v), sum(v)) for s, v in values_of.items()), key=lambda r: r[1])


def clustered(ws: Workspace) -> Clusters:
    """Clusters of the customers, beside the named segments: how they were chosen, and who is in them."""
    open_pulled(ws)
    as_of = last_as_of(ws)
    bought = purchases(ws.warehouse.engine, as_of=as_of, by="company", exclusions=ws.settings.exclude)
    table = summary(bought, as_of=as_of)
    found = find(table[["purchases", "total", "monetary", "since_days", "T_days"]])
    if found is None:
        return Clusters(customers=len(table))
    return Clusters(
        found.method,
        found.verdict,
        tuple(ClusterProfile(**p) for p in found.profiles),
        tuple(ClusterCandidate(**c) for c in found.candidates),
        currency=bought.currency,
    )


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
    by_record: dict[tuple[str, str], dict[str, str]] = {}
    for r in rows:
        if r["value"] is not None:
            by_record.setdefault((r["object"], r["record_id"]), {})[r["field"]] = r["value"]
    return by_record
