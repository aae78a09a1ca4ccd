"""Where people see the score, its description says when it was given last, by which model, and to how many."""

from datetime import UTC, datetime
from typing import Any

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.sync.models import registry
from sales_consultant.sync.runtime import Workspace

NOTED = "described_on"


def leave(ws: Workspace, counts: dict[str, Any]) -> None:
    """After a run that succeeded: once a day (UTC, by the CRM's clock) one note an object that has scores.

    Who may not change the field's definition may write scores all the same: that is said in the counts and ends nothing.
    """
    at = datetime.fromtimestamp(ws.connector.latest() / 1000, UTC)
    day = f"{at:%Y-%m-%d}"
    scored: dict[str, int] = {}
    for name, count in dict(counts.get("scored", {})).items():
        population = ws.settings.populations.get(name)
        if population is not None:
            scored[population.object] = scored.get(population.object, 0) + int(count)
    chosen = {o: n for o, n in scored.items() if n and any(f.key == "score" for f in ws.fields.get(o, ()))}
    if not ws.settings.write.describe_runs or not chosen or ws.state.get(NOTED) == day:
        return
    # Also where it fails: an error a night is not news, and a call a run is not for nothing.
    ws.state.put(NOTED, day)
    for obj, count in chosen.items():
        written = int(counts.get("written", 0))
        text = (
            f"{at:%Y-%m-%d %H:%M} UTC: {count:,} {obj} scored, {written:,} records changed{_models(ws, obj)}"
        )
        try:
            ws.connector.note(obj, by_key("score"), text)
        except SalesConsultantError as e:
            counts["description_not_changed"] = e.message
            return
        counts.setdefault("described", []).append(obj)


def _models(ws: Workspace, obj: str) -> str:
    names = {n for n, p in ws.settings.populations.items() if p.object == obj}
    found = [m["digest"][:8] for m in registry.index(ws.state) if m["name"] in names and _in_force(m)]
    return f"; model {', '.join(found)}" if found else ""


def _in_force(model: dict[str, Any]) -> bool:
    return model["published_at"] is not None and model["withdrawn_at"] is None
