"""Models that were trained and are not in force: what would change with them, and how one comes into force by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.errors import UsageError
from sales_consultant.scoring import model_file
from sales_consultant.sync.models import registry
from sales_consultant.sync.models.training import TrainedModel
from sales_consultant.sync.plan import release
from sales_consultant.sync.results import (
    Figures,
    ModelList,
    ModelRow,
    ModelSwitch,
    MovedRecord,
    Retrained,
    Standing,
)
from sales_consultant.sync.stores import State
from sales_consultant.sync.stores import models as table

LIST = "Next: sales-consultant models list"


def listed(state: State) -> ModelList:
    """All models, newest first, each with where it stands: in force, a candidate, kept out, or in force before."""
    rows = registry.index(state)
    held = {m["name"]: m["digest"] for m in rows if _in_force(m)}
    listed_models = []
    for m in rows:
        said, why = _standing(m, held.get(m["name"]))
        listed_models.append(ModelRow(m["name"], m["digest"][:12], m["verdict"], m["as_of"], said, why))
    return ModelList(tuple(listed_models))


def _in_force(m: dict[str, Any]) -> bool:
    return m["published_at"] is not None and m["withdrawn_at"] is None


def _standing(m: dict[str, Any], held: str | None) -> tuple[Standing, str]:
    """Where a model stands, and for one that never was in force why it is not, or how it comes into force."""
    report = m["report"]
    if _in_force(m):
        return "in force", ""
    if m["published_at"] is not None:
        return "was in force", ""
    if not report.get("would_publish"):
        return "kept out", str(report.get("why", ""))
    if report.get("against") != held:
        return "outdated", "another model has come into force since it was compared"
    return "candidate", f"comes into force by: models publish {m['digest'][:12]}"


def publish(state: State, folder: Path, digest: str, *, now: int) -> ModelSwitch:
    """Put a candidate into force, in the place of the model it was compared with when it was trained; both digests.

    UsageError where the gate kept it out, where the comparison is out of date, or where its file is lost. As after a
    training that publishes, the hold that a rollback left is lifted, and the next run writes with it.
    """
    matching = [m for m in registry.index(state) if digest and m["digest"].startswith(digest)]
    if len(matching) != 1:
        what = "No model's digest starts" if not matching else f"{len(matching)} models' digests start"
        raise UsageError(f'{what} with "{digest}".', action=LIST)
    (m,) = matching
    row = registry.in_force_row(state, m["name"])
    in_force = row["digest"] if row is not None else None
    said, why = _standing(m, in_force)
    short = m["digest"][:12]
    if said == "in force":
        raise UsageError(f"The model {short} is in force already.", action=LIST)
    if said == "was in force":
        raise UsageError(
            f"The model {short} was in force before.",
            action=f"Go back to the one before with: sales-consultant models revert {m['name']}",
        )
    if said == "kept out":
        raise UsageError(
            f"The model {short} did not earn its place: {why or 'it was not compared'}.", action=LIST
        )
    if said == "outdated":
        raise UsageError(
            f"The model {short} cannot be published: {why}.",
            action="Train and compare anew with: sales-consultant train --dry-run",
        )
    if not model_file.of_this_format(folder / m["digest"]):
        raise UsageError(
            f"The file of the model {short} is lost or of another release.", action="Train it again."
        )
    with state.begin() as c:
        if in_force is not None:
            c.execute(sa.update(table).where(table.c.digest == in_force).values(withdrawn_at=now))
        c.execute(sa.update(table).where(table.c.digest == m["digest"]).values(published_at=now))
    if m["kind"] == registry.PROPENSITY:
        # By hand, so that what comes back with it is agreed to as after `resume`.
        release(state, now=now)
    return ModelSwitch(m["name"], m["digest"], in_force or "")


def retrained(done: Sequence[TrainedModel], *, dry_run: bool) -> tuple[Retrained, ...]:
    """Each trained model beside the one that was in force."""
    models_retrained = []
    for t in done:
        # Learnt once more, the very model that is in force: nothing changes, whatever the gate says of it.
        same = t.before is not None and t.before["digest"] == t.digest
        models_retrained.append(
            Retrained(
                name=t.name,
                kind=t.kind,
                digest=t.digest,
                published=t.published and not dry_run,
                would_publish=t.published and not (dry_run and same),
                in_force_already=same,
                why=t.why,
                new=Figures.of(t.report, t.digest),
                old=Figures.of(t.before, str(t.before["digest"])) if t.before is not None else None,
                gate=t.gate.as_dict() if t.gate is not None else None,
                examples=tuple(MovedRecord(**e) for e in t.gate.examples) if t.gate is not None else (),
            )
        )
    return tuple(models_retrained)
