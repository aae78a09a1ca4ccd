"""Models that were trained and are not in force: what would change with them, and how one comes into force by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.clock import iso
from sales_consultant.config.errors import UsageError
from sales_consultant.scoring import model_file
from sales_consultant.sync.models import registry
from sales_consultant.sync.models.training import TrainedModel
from sales_consultant.sync.plan import release
from sales_consultant.sync.stores import State
from sales_consultant.sync.stores import models as table

LIST = "See: sales-consultant models list"


def listed(state: State) -> list[dict[str, Any]]:
    """All models, newest first, each with where it stands: in force, a candidate, kept out, or in force before."""
    rows = registry.index(state)
    held = {m["name"]: m["digest"] for m in rows if _in_force(m)}
    found = []
    for m in rows:
        said, why = _standing(m, held.get(m["name"]))
        found.append(
            {
                "name": m["name"],
                "digest": m["digest"][:12],
                "verdict": m["verdict"],
                "as_of": iso(m["as_of"]),
                "in_force": said == "in force",
                "standing": said,
                "why": why,
            }
        )
    return found


def _in_force(m: dict[str, Any]) -> bool:
    return m["published_at"] is not None and m["withdrawn_at"] is None


def _standing(m: dict[str, Any], held: str | None) -> tuple[str, str]:
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


def publish(state: State, folder: Path, digest: str, *, now: int) -> dict[str, str]:
    """Put a candidate into force, in the place of the model it was compared with when it was trained; both digests.

    UsageError where the gate kept it out, where the comparison is out of date, or where its file is lost. As after a
    training that publishes, the hold that a rollback left is lifted, and the next run writes with it.
    """
    found = [m for m in registry.index(state) if digest and m["digest"].startswith(digest)]
    if len(found) != 1:
        what = "No model's digest starts" if not found else f"{len(found)} models' digests start"
        raise UsageError(f'{what} with "{digest}".', action=LIST)
    (m,) = found
    row = registry.in_force_row(state, m["name"])
    held = row["digest"] if row is not None else None
    said, why = _standing(m, held)
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
        if held is not None:
            c.execute(sa.update(table).where(table.c.digest == held).values(withdrawn_at=now))
        c.execute(sa.update(table).where(table.c.digest == m["digest"]).values(published_at=now))
    if m["kind"] == registry.PROPENSITY:
        # By hand, so that what comes back with it is agreed to as after `resume`.
        release(state, now=now)
    return {"name": m["name"], "in_force": m["digest"], "withdrawn": held or ""}


def told(done: Sequence[TrainedModel], *, dry_run: bool) -> list[dict[str, Any]]:
    """Each trained model beside the one that was in force, as JSON tells it."""
    found = []
    for t in done:
        gate = t.gate
        # Learnt once more, the very model that is in force: nothing changes, whatever the gate says of it.
        same = t.before is not None and t.before["digest"] == t.digest
        found.append(
            {
                "name": t.name,
                "kind": t.kind,
                "digest": t.digest,
                "published": t.published and not dry_run,
                "would_publish": t.published and not (dry_run and same),
                "in_force_already": same,
                "why": t.why,
                "new": _figures(t.report, t.digest),
                "old": _figures(t.before, str(t.before["digest"])) if t.before is not None else None,
                "gate": gate.as_dict() if gate is not None else None,
                "examples": list(gate.examples) if gate is not None else [],
            }
        )
    return found


def _figures(report: dict[str, Any], digest: str) -> dict[str, Any]:
    keys = ("verdict", "auc", "auc_low", "auc_high", "log_loss", "base_log_loss", "n")
    return {"digest": digest[:12], **{k: report.get(k) for k in keys}}


def brief(found: Sequence[dict[str, Any]], *, dry_run: bool) -> dict[str, Any]:
    """The same for people: models old against new, how many open records get which other grade, and some of them."""
    moves, examples = [], []
    for m in found:
        for move, records in (m["gate"] or {}).get("grades", {}).items():
            old, new = move.split(" to ")
            if old != new:
                moves.append({"model": m["name"], "grade": old, "becomes": new, "records": records})
        examples += [{"model": m["name"], **e} for e in m["examples"]]
    lines = [_line(m, dry_run=dry_run) for m in found]
    tables: dict[str, Any] = {"models": lines, "grades_that_change": moves, "for_example": examples}
    if dry_run:
        # Of every kind: segments, value and amounts come into force by the same command as a population's model.
        how = "; ".join(
            f"models publish {m['digest'][:12]} ({m['name']})" for m in found if m["would_publish"]
        )
        tables["note"] = f"Nothing was published. {f'To publish: {how}' if how else 'Nothing would be.'}"
    return {k: v for k, v in tables.items() if v}


def _line(m: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    gate, old, new = m["gate"] or {}, m["old"] or {}, m["new"]
    share, records = gate.get("changed"), sum(gate.get("grades", {}).values())

    def pair(key: str, form: str) -> str | None:
        values = [f"{v:{form}}" if isinstance(v := side.get(key), float) else "-" for side in (old, new)]
        return " to ".join(values) if any(v != "-" for v in values) else None

    return {
        "model": m["name"],
        "verdict": new["verdict"] or None,
        "before": old.get("verdict") or None,
        "AUC": pair("auc", ".3f"),
        "log-loss": pair("log_loss", ".4f"),
        "other grade": None if share is None else f"{share:.0%} of {records}",
        "would be published" if dry_run else "published": m["would_publish"] if dry_run else m["published"],
        "why": m["why"] or ("it is in force already" if m["in_force_already"] else None),
    }
