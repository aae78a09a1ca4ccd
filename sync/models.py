"""Models in force: folders by content hash, indexed in the state, published only when they earned it."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import sqlalchemy as sa

from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.nearest import did_you_mean
from sales_consultant.config.populations import FeatureSettings, Population
from sales_consultant.config.settings import Settings
from sales_consultant.sync.desired import DAY_MS, Models
from sales_consultant.sync.exposed import shown
from sales_consultant.sync.state import State, models

if TYPE_CHECKING:
    from sales_consultant.scoring.gate import Comparison
    from sales_consultant.scoring.model import PopulationModel
    from sales_consultant.scoring.training import Trained

M = TypeVar("M")

VALUE, SEGMENTS, AMOUNT, CLUSTERS = "value", "segments", "amount", "clusters"
NO_BETTER, TOO_LITTLE = "no better than base rate", "too little data"
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
    from sales_consultant.scoring import amounts, clustermodel, modelfile, segments, training, value
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
        held = _same_question(_known(state, folder, name, PopulationModel), population)
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
        digest = _keep(trained.model, folder, modelfile.save)
        verdict = str(report.get("verdict", ""))
        enter(state, digest, name, "propensity", verdict, report, as_of, now, publish=publish)
        if not trained.publishable:
            _maybe_withdraw(state, name, now)
        done.append(TrainedModel(name, "propensity", digest, verdict, publish, report, why))
    if only is not None and not {VALUE, SEGMENTS, AMOUNT, CLUSTERS} & set(only):
        return done

    def put(name: str, model: Any, card: dict[str, Any], *, thin: bool) -> None:
        """In force, unless it has learnt nothing and the one in force had."""
        digest = _keep(model, folder, modelfile.save)
        why = "too little data: the model in force stays" if thin else ""
        if why:
            say(f"{name}: {why}")
        verdict = TOO_LITTLE if thin else ""
        enter(state, digest, name, name, verdict, card, as_of, now, publish=not thin)
        done.append(TrainedModel(name, name, digest, verdict, not thin, card, why))

    say("learning deal amounts")
    sizes = amounts.fit(con, settings.features, as_of=as_of)
    guessed = _known(state, folder, AMOUNT, AmountModel)
    thin = sizes.kind == "none" and guessed is not None and guessed.kind != "none"
    put(AMOUNT, sizes, {"kind": sizes.kind, **_card(sizes)}, thin=thin)
    say("training customer value")
    customers = value.fit_customers(con, as_of=as_of, exclusions=settings.exclude)
    valued = _known(state, folder, VALUE, ValueModel)
    thin = customers.purchase_params is None and valued is not None and valued.purchase_params is not None
    put(VALUE, customers, _card(customers), thin=thin)
    customers = valued if thin and valued is not None else customers
    say("finding segments")
    worth = customers.predict(con, as_of=as_of, exclusions=settings.exclude)
    before = _known(state, folder, SEGMENTS, SegmentModel)
    edges = segments.fit(con, as_of=as_of, values=worth, before=before)
    thin = not edges.ranked and before is not None and before.ranked
    put(SEGMENTS, edges, _card(edges), thin=thin)
    if settings.write.set == "all":
        say("finding clusters")
        groups = clustermodel.fit(con, as_of=as_of, before=_known(state, folder, CLUSTERS, ClusterModel))
        digest = _keep(groups, folder, modelfile.save)
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

    held = _in_force_row(state, trained.model.name)
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


def _known(state: State, folder: Path, name: str, kind: type[M]) -> M | None:
    """The model in force of a name, whose edges or numbers stay where they can."""
    from sales_consultant.scoring import modelfile

    held = _in_force_row(state, name)
    if held is None or not modelfile.of_this_format(folder / held["digest"]):
        return None
    known = modelfile.load(folder / held["digest"])
    return known if isinstance(known, kind) else None


def _in_force_row(state: State, name: str) -> dict[str, Any] | None:
    rows = state.rows(
        sa.select(models).where(
            models.c.name == name, models.c.published_at.is_not(None), models.c.withdrawn_at.is_(None)
        )
    )
    return rows[-1] if rows else None


def revert(state: State, folder: Path, name: str, *, now: int) -> dict[str, str]:
    """Take a population's model out of force and put the one before it back; both digests.

    UsageError where there is none before it, or its file is gone. The next run plans with it, as with any other model.
    """
    from sales_consultant.scoring import modelfile

    rows = state.rows(
        sa.select(models)
        .where(models.c.name == name, models.c.published_at.is_not(None))
        .order_by(models.c.published_at.desc())
    )
    if not rows:
        known = {r["name"] for r in state.rows(sa.select(models.c.name).distinct())}
        raise UsageError(f'No model of "{name}" was ever in force.', action=did_you_mean(name, known))
    current = next((r for r in rows if r["withdrawn_at"] is None), None)
    before = [
        r for r in rows if r["withdrawn_at"] is not None and modelfile.of_this_format(folder / r["digest"])
    ]
    if not before:
        raise UsageError(
            f'There is no earlier model of "{name}" to go back to.',
            action="See: sales-consultant models list",
        )
    with state.begin() as c:
        if current is not None:
            c.execute(sa.update(models).where(models.c.digest == current["digest"]).values(withdrawn_at=now))
        c.execute(
            sa.update(models)
            .where(models.c.digest == before[0]["digest"])
            .values(published_at=now, withdrawn_at=None)
        )
    return {
        "name": name,
        "in_force": str(before[0]["digest"]),
        "withdrawn": str(current["digest"]) if current is not None else "",
    }


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


def keep(model: Any, folder: Path) -> str:
    """Keep a model below `folder`; its digest."""
    from sales_consultant.scoring import modelfile

    return _keep(model, folder, modelfile.save)


def _keep(model: Any, folder: Path, save: Callable[[Any, Path], str]) -> str:
    """Save under the model's own digest; the same model twice is one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / ".new"
    digest = save(model, temporary)
    final = folder / digest
    if final.exists():
        for file in temporary.iterdir():
            file.unlink()
        temporary.rmdir()
    else:
        temporary.rename(final)
    return digest


def enter(
    state: State,
    digest: str,
    name: str,
    kind: str,
    verdict: str,
    report: dict[str, Any],
    as_of: int,
    now: int,
    *,
    publish: bool,
) -> None:
    """Put a model into the index; with `publish` in the place of the one in force."""
    with state.begin() as c:
        c.execute(sa.delete(models).where(models.c.digest == digest))
        if publish:
            c.execute(
                sa.update(models)
                .where(
                    models.c.name == name, models.c.published_at.is_not(None), models.c.withdrawn_at.is_(None)
                )
                .values(withdrawn_at=now)
            )
        c.execute(
            sa.insert(models).values(
                digest=digest,
                name=name,
                kind=kind,
                made_at=now,
                as_of=as_of,
                verdict=verdict,
                report=json.dumps(report, default=str),
                published_at=now if publish else None,
            )
        )


def _maybe_withdraw(state: State, name: str, now: int) -> None:
    """Withdraw what is in force after two verdicts in a row of being no better than the base rate.

    A training on too little data had none, and a model that the gate kept out was better than the base rate.
    """
    rows = state.rows(
        sa.select(models)
        .where(models.c.name == name, models.c.verdict != TOO_LITTLE)
        .order_by(models.c.made_at.desc())
        .limit(2)
    )
    if len(rows) == 2 and all(r["published_at"] is None and r["verdict"] == NO_BETTER for r in rows):
        with state.begin() as c:
            c.execute(
                sa.update(models)
                .where(
                    models.c.name == name, models.c.published_at.is_not(None), models.c.withdrawn_at.is_(None)
                )
                .values(withdrawn_at=now)
            )


def index(state: State) -> list[dict[str, Any]]:
    """All models, newest first."""
    rows = state.rows(sa.select(models).order_by(models.c.made_at.desc(), models.c.name))
    return [{**r, "report": json.loads(r["report"])} for r in rows]


def in_force(state: State, folder: Path, settings: Settings) -> Models:
    """The published models that were not withdrawn, loaded."""
    from sales_consultant.scoring import modelfile

    rows = state.rows(
        sa.select(models)
        .where(models.c.published_at.is_not(None), models.c.withdrawn_at.is_(None))
        .order_by(models.c.published_at)
    )
    loaded = {
        r["name"]: modelfile.load(folder / r["digest"]) for r in rows if (folder / r["digest"]).is_dir()
    }
    populations = {n: m for n, m in loaded.items() if n in settings.populations}
    labels = {r["name"]: f"{r['name']} {r['digest'][:8]}" for r in rows}
    rest = (loaded.get(AMOUNT), loaded.get(CLUSTERS))
    return Models(populations, loaded.get(VALUE), loaded.get(SEGMENTS), labels, *rest)


def training_needed(state: State, folder: Path, settings: Settings, *, as_of: int) -> set[str]:
    """What to train before scoring: a population that never was, or only on too little data and a day ago, and a model
    in force that lost its folder or is of an older release's format.

    Without this a population that is added to the settings would go unscored until the next training, and a lost
    folder would read as a withdrawn model, whose scores are emptied.
    """
    from sales_consultant.scoring import modelfile

    rows = state.rows(sa.select(models))
    wanted = {*settings.populations, VALUE, SEGMENTS, AMOUNT}
    wanted |= {CLUSTERS} if settings.write.set == "all" else set()
    needed = wanted - {r["name"] for r in rows}
    for r in rows:
        in_force = r["published_at"] is not None and r["withdrawn_at"] is None
        if in_force and not modelfile.of_this_format(folder / r["digest"]):
            needed.add(r["name"])
    # Rules are what there is for want of data: a day later there may be enough.
    newest = {r["name"]: r for r in sorted(rows, key=lambda r: int(r["made_at"]))}
    for name, r in newest.items():
        if r["verdict"] == TOO_LITTLE and r["published_at"] is not None and as_of - int(r["as_of"]) > DAY_MS:
            needed.add(name)
    return needed & wanted
