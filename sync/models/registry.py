"""Models in force: folders by content hash, indexed in the state, published only when they earned it."""

import json
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.settings import Settings
from sales_consultant.scoring import model_file
from sales_consultant.scoring.model_file import save
from sales_consultant.sync.plan import Models
from sales_consultant.sync.results import ModelSwitch
from sales_consultant.sync.stores import State, models

M = TypeVar("M")

PROPENSITY = "propensity"
VALUE, SEGMENTS, AMOUNT, CLUSTERS, PRODUCTS = "value", "segments", "amount", "clusters", "products"
# What a dry run left behind and nobody has published: no training, as far as the next one is concerned.
LOOKED = sa.and_(models.c.report.like('%"dry_run": true%'), models.c.published_at.is_(None))
NO_BETTER, TOO_LITTLE = "no better than base rate", "too little data"


def load_latest(state: State, folder: Path, name: str, kind: type[M]) -> M | None:
    """The model in force of a name, whose edges or numbers stay where they can."""
    held = in_force_row(state, name)
    if held is None or not model_file.of_this_format(folder / held["digest"]):
        return None
    found = model_file.load(folder / held["digest"])
    return found if isinstance(found, kind) else None


def known_digest(state: State, digest: str) -> bool:
    """Whether a model of this digest is in the index."""
    return bool(state.rows(sa.select(models.c.digest).where(models.c.digest == digest)))


def in_force_row(state: State, name: str) -> dict[str, Any] | None:
    """The index's row of the model in force of a name, None where there is none."""
    rows = state.rows(
        sa.select(models).where(
            models.c.name == name, models.c.published_at.is_not(None), models.c.withdrawn_at.is_(None)
        )
    )
    return rows[-1] if rows else None


def revert(state: State, folder: Path, name: str, *, now: int) -> ModelSwitch:
    """Take a population's model out of force and put the one before it back; both digests.

    UsageError where there is none before it, or its file is gone. The next run plans with it, as with any other model.
    """
    rows = state.rows(
        sa.select(models)
        .where(models.c.name == name, models.c.published_at.is_not(None))
        .order_by(models.c.published_at.desc())
    )
    if not rows:
        names = {r["name"] for r in state.rows(sa.select(models.c.name).distinct())}
        raise UsageError(f'No model of "{name}" was ever in force.', action=did_you_mean(name, names))
    current = next((r for r in rows if r["withdrawn_at"] is None), None)
    before = [
        r for r in rows if r["withdrawn_at"] is not None and model_file.of_this_format(folder / r["digest"])
    ]
    if not before:
        raise UsageError(
            f'There is no earlier model of "{name}" to go back to.',
            action="Next: sales-consultant models list",
        )
    with state.begin() as c:
        if current is not None:
            c.execute(sa.update(models).where(models.c.digest == current["digest"]).values(withdrawn_at=now))
        c.execute(
            sa.update(models)
            .where(models.c.digest == before[0]["digest"])
            .values(published_at=now, withdrawn_at=None)
        )
    withdrawn = str(current["digest"]) if current is not None else ""
    return ModelSwitch(name, str(before[0]["digest"]), withdrawn)


def keep(model: Any, folder: Path) -> str:
    """Save a model below `folder` under its own digest, which is returned; the same model twice is one folder."""
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


def maybe_withdraw(state: State, name: str, now: int) -> None:
    """Withdraw what is in force after two verdicts in a row of being no better than the base rate.

    A training on too little data had none, a model that the gate kept out was better than the base rate, and a dry run
    is a look.
    """
    rows = state.rows(
        sa.select(models)
        .where(models.c.name == name, models.c.verdict != TOO_LITTLE, ~LOOKED)
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
    rows = state.rows(
        sa.select(models)
        .where(models.c.published_at.is_not(None), models.c.withdrawn_at.is_(None))
        .order_by(models.c.published_at)
    )
    loaded = {
        r["name"]: model_file.load(folder / r["digest"]) for r in rows if (folder / r["digest"]).is_dir()
    }
    populations = {n: m for n, m in loaded.items() if n in settings.populations}
    labels = {r["name"]: f"{r['name']} {r['digest'][:8]}" for r in rows}
    rest = (loaded.get(AMOUNT), loaded.get(CLUSTERS), loaded.get(PRODUCTS))
    return Models(populations, loaded.get(VALUE), loaded.get(SEGMENTS), labels, *rest)


def training_needed(state: State, folder: Path, settings: Settings, *, as_of: int) -> set[str]:
    """What to train before scoring: a population that never was, or only on too little data and a day ago, and a model
    in force that lost its folder or is of an older release's format.

    Without this a population that is added to the settings would go unscored until the next training, and a lost
    folder would read as a withdrawn model, whose scores are emptied.
    """
    rows = state.rows(sa.select(models).where(~LOOKED))
    wanted = {*settings.populations, VALUE, SEGMENTS, AMOUNT, PRODUCTS}
    wanted |= {CLUSTERS} if settings.write.set == "all" else set()
    needed = wanted - {r["name"] for r in rows}
    for r in rows:
        in_force = r["published_at"] is not None and r["withdrawn_at"] is None
        if in_force and not model_file.of_this_format(folder / r["digest"]):
            needed.add(r["name"])
    # Rules are what there is for want of data: a day later there may be enough.
    newest = {r["name"]: r for r in sorted(rows, key=lambda r: int(r["made_at"]))}
    for name, r in newest.items():
        if r["verdict"] == TOO_LITTLE and r["published_at"] is not None and as_of - int(r["as_of"]) > DAY_MS:
            needed.add(name)
    return needed & wanted
