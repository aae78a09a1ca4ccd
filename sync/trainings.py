"""A training: every model learnt, judged against the one in force, and published where it earned it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.nearest import did_you_mean
from sales_consultant.config.populations import FeatureSettings, Population
from sales_consultant.config.settings import Settings
from sales_consultant.sync.exposed import shown
from sales_consultant.sync.models import (
    AMOUNT,
    CLUSTERS,
    SEGMENTS,
    TOO_LITTLE,
    VALUE,
    enter,
    in_force_row,
    keep,
    known,
    maybe_withdraw,
)
from sales_consultant.sync.state import State

if TYPE_CHECKING:
    from sales_consultant.scoring.gate import Comparison
    from sales_consultant.scoring.model import PopulationModel
    from sales_consultant.scoring.training import Trained

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainedModel:
    """One line of what a training did."""

    name: str
    kind: str
    digest: str
    verdict: str
    published: bool
    report: dict[str, Any]
    why: str = ""


def train(
    con: duckdb.DuckDBPyConnection,
    state: State,
    folder: Path,
    settings: Settings,
    *,
    as_of: int,
    now: int,
    say: Say,
    only: Collection[str] | None = None,
) -> list[TrainedModel]:
    """Train every population's model, the customers' value and the segments, or `only` some; publish what earned it.

    A model that is no better than the base rate is kept with its report and not published; one in force is withdrawn
    only after two such verdicts in a row. One that is worse than the model in force, on outcomes neither has learnt from,
    is kept too, and the old one stays; so it does where there was too little data to learn from, for a thin warehouse says
    nothing against what was learnt before.
    """
    from sales_consultant.scoring import amounts, clustermodel, segments, training, value
    from sales_consultant.scoring.amounts import AmountModel
    from sales_consultant.scoring.clustermodel import ClusterModel
    from sales_consultant.scoring.model import PopulationModel
    from sales_consultant.scoring.segments import SegmentModel
    from sales_consultant.scoring.value import ValueModel

    _check_features(con, settings.features)
    done = []
    for name, population in settings.populations.items():
        if only is not None and name not in only:
            continue
        say(f"training {population.label or name}")
        held = _same_question(known(state, folder, name, PopulationModel), population)
        trained = training.train(
            con,
            name,
            population,
            as_of=as_of,
            exclusions=settings.exclude,
            features=settings.features,
            shown=shown(state, population.object),
            horizon_before=held.horizon_days if held is not None else None,
        )
        report = trained.report.as_dict()
        report["leaks"] = [vars(x) if hasattr(x, "__dict__") else x for x in report.get("leaks", [])]
        publish, why = trained.publishable, trained.why
        if publish and (gate := _gate(con, state, folder, trained)) is not None:
            report["gate"] = gate.as_dict()
            publish, why = gate.publish, f"{why}; against the model in force: {gate.why}"
        if held is not None and held.propensity is not None and trained.model.propensity is None and publish:
            publish, why = (
                False,
                f"{why}; the model in force stays, for so little data say nothing against it",
            )
            say(f"{population.label or name}: {why}")
        if put_in := trained.model.card.get("protected"):
            say(
                f"{population.label or name}: features.protected puts in {', '.join(put_in)}: protected attributes"
            )
        report["why"] = why
        digest = keep(trained.model, folder)
        verdict = str(report.get("verdict", ""))
        enter(state, digest, name, "propensity", verdict, report, as_of, now, publish=publish)
        if not trained.publishable:
            maybe_withdraw(state, name, now)
        done.append(TrainedModel(name, "propensity", digest, verdict, publish, report, why))
    if only is not None and not {VALUE, SEGMENTS, AMOUNT, CLUSTERS} & set(only):
        return done

    def put(name: str, model: Any, card: dict[str, Any], *, thin: bool) -> None:
        """In force, unless it has learnt nothing and the one in force had."""
        digest = keep(model, folder)
        why = "too little data: the model in force stays" if thin else ""
        if why:
            say(f"{name}: {why}")
        verdict = TOO_LITTLE if thin else ""
        enter(state, digest, name, name, verdict, card, as_of, now, publish=not thin)
        done.append(TrainedModel(name, name, digest, verdict, not thin, card, why))

    say("learning deal amounts")
    sizes = amounts.fit(con, settings.features, as_of=as_of)
    guessed = known(state, folder, AMOUNT, AmountModel)
    thin = sizes.kind == "none" and guessed is not None and guessed.kind != "none"
    put(AMOUNT, sizes, {"kind": sizes.kind, **_card(sizes)}, thin=thin)
    say("training customer value")
    customers = value.fit_customers(con, as_of=as_of, exclusions=settings.exclude)
    valued = known(state, folder, VALUE, ValueModel)
    thin = customers.purchase_params is None and valued is not None and valued.purchase_params is not None
    put(VALUE, customers, _card(customers), thin=thin)
    customers = valued if thin and valued is not None else customers
    say("finding segments")
    worth = customers.predict(con, as_of=as_of, exclusions=settings.exclude)
    before = known(state, folder, SEGMENTS, SegmentModel)
    edges = segments.fit(con, as_of=as_of, values=worth, before=before)
    thin = not edges.ranked and before is not None and before.ranked
    put(SEGMENTS, edges, _card(edges), thin=thin)
    if settings.write.set == "all":
        say("finding clusters")
        groups = clustermodel.fit(con, as_of=as_of, before=known(state, folder, CLUSTERS, ClusterModel))
        digest = keep(groups, folder)
        card = {"method": groups.method, "verdict": groups.verdict, "clusters": list(groups.names)}
        enter(state, digest, CLUSTERS, CLUSTERS, groups.verdict, card, as_of, now, publish=True)
        done.append(TrainedModel(CLUSTERS, CLUSTERS, digest, groups.verdict, True, card))
    return done


def _gate(
    con: duckdb.DuckDBPyConnection, state: State, folder: Path, trained: "Trained"
) -> "Comparison | None":
    """The new model against the one in force; None where there is none, or its file is lost."""
    from sales_consultant.scoring import gate, modelfile
    from sales_consultant.scoring.model import PopulationModel

    held = in_force_row(state, trained.model.name)
    if (
        held is None
        or not modelfile.of_this_format(folder / held["digest"])
        or trained.today is None
        or trained.judged is None
    ):
        return None
    old = modelfile.load(folder / held["digest"])
    assert isinstance(old, PopulationModel)
    return gate.compare(con, old, trained.model, trained.judged, trained.today)


def _same_question(held: "PopulationModel | None", population: Population) -> "PopulationModel | None":
    """The model in force where it answers what the settings ask today, else None."""
    if held is None:
        return None
    was = held.population
    same = (was.object, was.event, was.where) == (population.object, population.event, population.where)
    return held if same else None


def _check_features(con: duckdb.DuckDBPyConnection, features: FeatureSettings) -> None:
    """Raise ConfigError for a column that no object has: misspelt, a field that must not be learnt from would be."""
    from sales_consultant.scoring.tables import columns

    objects = ("contacts", "companies", "deals")
    for key in ("fixed", "omit", "protected"):
        for name in getattr(features, key):
            owner, _, rest = str(name).partition(".")
            if not rest:
                # A feature or a reason of the catalogue, not a field.
                continue
            known = [f"{owner}.{c}" for c in columns(con, owner)] if owner in objects else objects
            if owner not in objects or f"{owner}.{rest.split('.')[0]}" not in known:
                raise ConfigError(
                    f'[features] {key} names "{name}", which the CRM does not have.',
                    action=did_you_mean(str(name) if owner in objects else owner, known),
                )


def _card(model: Any) -> dict[str, Any]:
    return dict(getattr(model, "card", {}) or {})
