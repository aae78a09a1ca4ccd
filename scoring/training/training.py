"""Training: from the neutral tables to a model of a population, judged before it may be published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from sales_consultant.config.populations import FeatureSettings
from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.core import Finding, Progress, untold
from sales_consultant.scoring.features import (
    FeatureTable,
    build,
    build_table,
    cleaning,
    coverage,
    has_written,
    meanings,
    standard,
)
from sales_consultant.scoring.features import crm_fields as own
from sales_consultant.scoring.leakage import fill_gaps, point_in_time, undated
from sales_consultant.scoring.metrics import ForwardTest
from sales_consultant.scoring.populations import (
    Membership,
    classes,
    cut_offs,
    false_labels,
    horizon_days,
    labelled,
    under_way,
)
from sales_consultant.scoring.propensity import (
    PopulationModel,
    PropensityModel,
    RuleModel,
    Suspects,
    clean,
    fit_competing_risks,
    tier_of,
)
from sales_consultant.scoring.training.model_card import TrainingEvidence, finish
from sales_consultant.scoring.validation import Outcome, fit, forward_test, slices, untested

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions, Population
    from sales_consultant.scoring.features import Feature, Group

STEPS = {
    "members": 6,
    "audit": 6,
    "features": 45,
    "forward test": 16,
    "final fit": 14,
    "horizons under way": 3,
    "grades": 10,
}
"""The steps of a population's training, in their order, with about how many per cent of its time each takes: measured on
the demo's saas company, for an estimate."""

EVENTS = {
    "won": "deal won",
    "converted": "lead converted",
    "converted_with_deal": "lead converted with a deal",
    "deal_opened": "deal opened with the contact on it, or won",
    "new_business_won": "new-business deal won",
    "next_purchase": "next purchase",
}


@dataclass(frozen=True, slots=True)
class Trained:
    """A model on all rows, the forward test of its like on the past, and whether it may be written.

    `judged` are the forward test's rows with their probability `p` (None without a test), `today` the open members, and
    `tested` the model of the forward test, which had learnt only from before it.
    """

    model: PopulationModel
    report: ForwardTest
    publishable: bool
    why: str
    judged: pd.DataFrame | None = None
    today: pd.DataFrame | None = None
    tested: PropensityModel | None = None


@dataclass(frozen=True, slots=True)
class _Declared:
    groups: list[Group]
    features: list[Feature]
    dropped: list[Finding]
    unproven: tuple[own.Field, ...] = ()
    """Fields of today's value only, which have to show that the outcome does not set them."""
    as_of_today: tuple[undated.AsOfToday, ...] = ()
    """Those of them that have."""

    @property
    def names(self) -> list[str]:
        """The columns of the training frame."""
        return [f.name for f in self.features]

    def without(self, leaks: list[Finding]) -> _Declared:
        """Less the leaking columns and all that stands with them in a group: change and age leak like the value."""
        return self.less(leaks, {f.column for f in leaks})

    def less(self, leaks: list[Finding], names: set[str]) -> _Declared:
        """The same, where other columns fall with a finding than the one that it names."""
        groups = {f.group for f in self.features if f.name in names}
        features = [f for f in self.features if f.group not in groups]
        kept = {f.group for f in features}
        return replace(
            self,
            groups=[g for g in self.groups if g.name in kept],
            features=features,
            dropped=[*self.dropped, *leaks],
            unproven=tuple(f for f in self.unproven if f.name in kept),
            as_of_today=tuple(f for f in self.as_of_today if f.column in kept),
        )


def declare(engine: Engine, population: Population, settings: FeatureSettings) -> _Declared:
    """The features a population may learn from, and the fields it may not, each with the reason."""
    groups, features = standard(
        population.object, seller=population.seller_features, written=has_written(engine)
    )
    fields, dropped = own.candidates(engine, population.object, settings)
    more_groups, more = own.declared(fields)
    groups = _named_stages(engine, [*groups, *more_groups])
    omitted = set(settings.omit)
    kept = [f for f in [*features, *more] if f.name not in omitted and f.group not in omitted]
    names = {f.group for f in kept}
    unproven = tuple(f for f in fields if f.undated and f.name in names)
    return _Declared([g for g in groups if g.name in names], kept, dropped, unproven)


def _named_stages(engine: Engine, groups: list[Group]) -> list[Group]:
    """The stage group with the labels that people know the stages by."""
    t = neutral(engine, "stages")
    rows = query(engine, t.filter(t.object == "deals").select("stage", "label"))
    names = {str(s): clean(str(n)) for s, n in zip(rows["stage"], rows["label"], strict=True) if n}
    return [replace(g, words=replace(g.words, names=names)) if g.name == "stage" else g for g in groups]


def _fixed_leaks(engine: Engine, declared: _Declared, members: Membership, object_: str) -> list[Finding]:
    """The fill-rate gap of the record's own fields that are taken to be fixed."""
    names = [
        f.column
        for f in declared.features
        if (s := f.field_source) and (s.known, s.entity) == ("fixed", object_)
    ]
    if not names:
        return []
    life = members.life[members.life["excluded"] == ""]
    values = own.fixed(engine, object_, names).reindex(life["record_id"])
    values = values.mask(values.astype("string") == "")
    values.columns = [f"{object_}.{c}" for c in values.columns]
    return fill_gaps(values, life["ended_at"].notna().to_numpy())


def train(
    engine: Engine,
    name: str,
    population: Population,
    *,
    as_of: int,
    exclusions: Exclusions,
    features: FeatureSettings,
    random_state: int = 0,
    progress: Progress = untold,
    shown: pd.DataFrame | None = None,
    horizon_before: int | None = None,
) -> Trained:
    """Train a population's model as of a time (ms) and judge it by a forward test.

    With under 40 records of either class, or no way to test in time, the model is a set of rules: grades and
    reasons without a probability. A model that is no better than the base rate is not publishable. `shown` (record_id,
    start, end in ms) are the times at which people saw a score; `horizon_before` is the horizon of the model in force.
    `progress` is told each of `STEPS` as it begins; a forward test that is made once more, without what leaked, is told once
    more.
    """
    say = _each(progress)
    say("members")
    members = Membership(engine, population, exclusions, as_of=as_of)
    horizon = horizon_days(population, members, before=horizon_before)
    declared = declare(engine, population, features)
    declared = declared.without(_fixed_leaks(engine, declared, members, population.object))
    wrong = false_labels.find(engine, members)
    rows = wrong.clean(labelled(members, cut_offs(members, horizon), horizon), horizon)
    say("audit")
    declared = declared.without(point_in_time.filled_at_outcome(engine, declared.features, members))
    declared = declared.without(point_in_time.counted_later(engine, declared.features, rows, members))
    say("features")
    table = build_table(engine, population.object, declared.features, rows)
    declared, table = _known_then(engine, population, declared, members, (rows, table))
    X = table.values
    report, propensity, declared, tested = _learn(
        X, rows, declared, horizon=horizon, random_state=random_state, say=say, suspects=features.suspects
    )
    judged, past = (tested.judged, tested.model) if tested is not None else (None, None)
    sellers = {g.name for g in declared.groups if g.side == "seller"}
    sellers = {f.name for f in declared.features if f.group in sellers}
    today_only = {f.column for f in declared.as_of_today}
    more_figures = slices.figures(
        judged, X, rows, propensity, sellers=sellers, undated=today_only, shown=shown, horizon=horizon
    )
    report = replace(report, **more_figures)
    if tested is not None and tested.hazards and propensity is not None:
        say("horizons under way")
        newer = wrong.clean(members.at_all(under_way(members, horizon)), horizon)
        more = build(engine, population.object, declared.features, newer)
        propensity = _competing(propensity, (rows, X), (newer, more), horizon, as_of, random_state)
    model = _assemble(name, population, members, horizon, declared, propensity)
    say("grades")
    learnt = TrainingEvidence(members, rows, wrong, judged)
    model, report, today = finish(engine, model, report, learnt, random_state=random_state)
    model = replace(model, card=_with_notes(model.card, table, declared))
    publishable, why = _may_publish(report, rows, model.tier)
    return Trained(model, report, publishable, why, judged, today, past)


def _with_notes(card: dict[str, Any], table: FeatureTable, declared: _Declared) -> dict[str, Any]:
    """The card with what was done to the columns, and which of them hold today's values."""
    unlogged = coverage.summary(table.unlogged)
    return card | {
        "as_of_today": [{"column": f.column, "evidence": f.why} for f in declared.as_of_today],
        "cleaning": cleaning.counted(table),
        "activity_coverage": unlogged,
        "notes": [*card["notes"], *unlogged["notes"]],
    }


def _known_then(
    engine: Engine,
    population: Population,
    declared: _Declared,
    members: Membership,
    past: tuple[pd.DataFrame, FeatureTable],
) -> tuple[_Declared, FeatureTable]:
    """What is declared less what the outcome may have set, as today's open records show, and its table of the past rows."""
    rows, table = past
    if tier_of(*classes(rows)) == "rules":
        unknown = [Finding(f.name, "current", own.UNDATED) for f in declared.unproven]
        return declared.without(unknown), table
    entity, today = population.object, members.at(members.as_of)
    now = build_table(engine, entity, declared.features, today)
    seen = undated.Snapshots(rows, table, today, now)
    owners = undated.silent_owners(engine, entity, seen)
    if owners is not None:
        alike = [replace(f, by_owner=False) if f.source == "activities" else f for f in declared.features]
        declared = replace(declared, features=alike, dropped=[*declared.dropped, owners])
        tables = (build_table(engine, entity, alike, m) for m in (rows, today))
        seen = undated.Snapshots(rows, next(tables), today, next(tables))
    unjudged = {f.name for f in declared.unproven}
    findings, gone = undated.find_hindsight(engine, entity, declared.features, seen, unjudged=unjudged)
    declared = declared.less(findings, gone)
    used, refused = undated.judge_fields(engine, declared.unproven, seen)
    return replace(declared.without(refused), as_of_today=tuple(used)), seen.past


def fields_of_today(
    engine: Engine, population: Population, *, as_of: int, exclusions: Exclusions
) -> tuple[list[undated.AsOfToday], list[Finding]]:
    """Which fields of today's value only a population may learn from, as a training would decide, and why not others."""
    members = Membership(engine, population, exclusions, as_of=as_of)
    horizon = horizon_days(population, members)
    declared = declare(engine, population, FeatureSettings())
    declared = declared.without(_fixed_leaks(engine, declared, members, population.object))
    rows = labelled(members, cut_offs(members, horizon), horizon)
    if not declared.unproven or tier_of(*classes(rows)) == "rules":
        return [], []
    names = {f.name for f in declared.unproven}
    features = [f for f in declared.features if f.name in names]
    later = point_in_time.counted_later(engine, features, rows, members)
    fields = [f for f in declared.unproven if f.name not in {x.column for x in later}]
    today = members.at(as_of)
    tables = [build_table(engine, population.object, features, m) for m in (rows, today)]
    used, refused = undated.judge_fields(engine, fields, undated.Snapshots(rows, tables[0], today, tables[1]))
    return used, [*later, *refused]


def _each(progress: Progress) -> Callable[[str], None]:
    """Tells that one of `STEPS` begins."""
    names = list(STEPS)
    return lambda step: progress(step, names.index(step), len(names))


def _learn(
    X: pd.DataFrame,
    rows: pd.DataFrame,
    declared: _Declared,
    *,
    horizon: int,
    random_state: int,
    say: Callable[[str], None],
    suspects: Suspects,
) -> tuple[ForwardTest, PropensityModel | None, _Declared, Outcome | None]:
    """The forward test, a model of all rows (None: rules), what is declared less the leaks found, and the test's outcome.

    The forward test is of a model with the columns that are kept: where all rows show a leak that the past
    alone did not, both are made once more without it.
    """
    report, tier = untested(rows), tier_of(*classes(rows))
    while tier != "rules":
        say("forward test")
        one_way = meanings(declared.features)
        outcome = forward_test(
            X[declared.names],
            rows,
            horizon=horizon,
            random_state=random_state,
            meanings=one_way,
            suspects=suspects,
        )
        report, declared = outcome.report, declared.without(outcome.leaks)
        if report.verdict == "too little data":
            break
        if doubtful := _of_today(outcome.model, declared):
            declared = declared.without(doubtful)
            continue
        say("final fit")
        # Boosted only where it won the test; else what so many records allow.
        best = outcome.tier if tier == "boosted" else tier
        model = fit(
            X[declared.names],
            rows,
            tier=best,
            random_state=random_state,
            meanings=None if outcome.bent else one_way,
            suspects=suspects,
        )
        if not (gone := model.left_out_ or _of_today(model, declared)):
            return report, model, declared, outcome
        declared = declared.without(gone)
    return report, None, declared, None


def _of_today(model: PropensityModel | None, declared: _Declared) -> list[Finding]:
    """Suspects of which only today's value is known: with a history the cut-off speaks for a column, without it nothing does."""
    only = {f.column for f in declared.as_of_today}
    suspects = model.suspects_ if model is not None else []
    return [replace(f, verdict="dropped") for f in suspects if f.column in only]


def _competing(
    linear: PropensityModel,
    over: tuple[pd.DataFrame, pd.DataFrame],
    newer: tuple[pd.DataFrame, pd.DataFrame],
    horizon: int,
    as_of: int,
    random_state: int,
) -> PropensityModel:
    """The hazards, learnt from horizons that are over and from those under way; each pair is rows and their columns."""
    rows = pd.concat([over[0], newer[0].assign(label=0.0)], ignore_index=True)
    columns = linear.feature_names_in_
    X = pd.concat([over[1][columns], newer[1][columns]], ignore_index=True)
    return (
        fit_competing_risks(linear, X, rows, horizon=horizon, until=as_of, random_state=random_state)
        or linear
    )


def _assemble(
    name: str,
    population: Population,
    members: Membership,
    horizon: int,
    declared: _Declared,
    propensity: PropensityModel | None,
) -> PopulationModel:
    return PopulationModel(
        name=name,
        population=population,
        event=EVENTS[population.event],
        horizon_days=horizon,
        trained_at=members.as_of,
        features=list(declared.features),
        groups=declared.groups,
        propensity=propensity,
        rules=None if propensity is not None else RuleModel(),
        base_odds=propensity.base_odds if propensity is not None else 1.0,
        grade_edges={},
        leaks=declared.dropped,
    )


def _may_publish(report: ForwardTest, rows: pd.DataFrame, tier: str) -> tuple[bool, str]:
    won, lost = classes(rows) if len(rows) else (0, 0)
    if tier == "rules":
        return True, (
            f"too little data ({won} records with the event and {lost} without, and 40 of each are needed on "
            "both sides of the forward test): graded by plain rules, without a probability"
        )
    if report.verdict == "better than base rate":
        return True, f"better than the base rate on {report.n} later rows"
    return False, f"no better than the base rate on {report.n} later rows: no score is written"
