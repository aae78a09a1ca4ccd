"""A model's card: what the state knows of its training, and what lies beside its parameters."""

from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.scoring import model_file
from sales_consultant.scoring.propensity import PopulationModel
from sales_consultant.sync.models import registry
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.stores import State

_LIST = "sales-consultant models list"
_FIGURES = (
    "auc",
    "auc_low",
    "auc_high",
    "log_loss",
    "base_log_loss",
    "brier",
    "ece",
    "lift_at_10",
    "base_rate",
    "n",
)


def _meant(state: State, named: str) -> dict[str, Any]:
    """The index's row of the model in force of a name, else of the newest whose digest starts so; else UsageError."""
    rows = registry.index(state)
    names = {m["name"] for m in rows}
    of_it = [m for m in rows if m["name"] == named] or [m for m in rows if m["digest"].startswith(named)]
    if not of_it:
        raise UsageError(
            f'No model has the name "{named}", and none\'s digest starts with it.',
            action=f"{did_you_mean(named, names)} See: {_LIST}" if names else f"See: {_LIST}",
        )
    if named not in names:
        return of_it[0]
    for m in of_it:
        if m["published_at"] is not None and m["withdrawn_at"] is None:
            return m
    raise UsageError(
        f'No model of "{named}" is in force.',
        action=f"For the newest that was trained: sales-consultant models show {of_it[0]['digest'][:12]}",
    )


def card(ws: Workspace, named: str) -> dict[str, Any]:
    """Everything that is known of a model: the report of its training and its own card, as JSON tells them.

    `named` is a model's name (a population, or value, segments, ...), for the one in force, or the first letters of a
    digest. The card is missing where the model's folder is lost or of an older release. UsageError for an unknown one.
    """
    m = _meant(ws.state, named)
    told = {k: m[k] for k in ("name", "kind", "digest", "verdict")} | {
        "as_of": iso(m["as_of"]),
        "in_force": m["published_at"] is not None and m["withdrawn_at"] is None,
    }
    folder = ws.models_folder / m["digest"]
    held = model_file.load(folder) if model_file.of_this_format(folder) else None
    own = getattr(held, "card", None)
    # The forward test's rows are there for plots, and its figures are the report.
    kept = {k: v for k, v in (own or {}).items() if k not in ("judged", "forward_test", "effects")}
    if "cut_offs" in kept:
        kept["learnt_at"] = kept.pop("cut_offs")
    if isinstance(held, PopulationModel):
        # From the model itself, as `evaluate --compare` names it: a card of an older release may name it otherwise.
        kept["tier"] = held.form
    report: dict[str, Any] = m["report"]
    return told | kept | report


def brief(told: dict[str, Any]) -> dict[str, Any]:
    """The same for people: a line for what is one thing, a table for what is many."""
    if told["kind"] != registry.PROPENSITY:
        return told
    figures = {k: f"{told[k]:.4g}" for k in _FIGURES if told.get(k) is not None}
    cuts = [str(iso(c))[:10] for c in told.get("learnt_at") or ()]
    window = f"{cuts[0]} to {cuts[-1]}, {len(cuts)} cut-offs" if cuts else None
    coverage = told.get("activity_coverage") or {}
    left_out = [
        x if isinstance(x, dict) else {"column": str(x)}
        for x in told.get("dropped") or told.get("leaks") or ()
    ]
    lines = {
        **{
            k: told.get(k) for k in ("name", "digest", "as_of", "in_force", "verdict", "why", "tier", "event")
        },
        "horizon": f"{told['horizon_days']} days" if told.get("horizon_days") else None,
        "learnt from": window,
        "rows": told.get("rows"),
        "records with the event": told.get("records_with_event"),
        "records without": told.get("records_without_event"),
        "borrowed": _loan(told.get("borrowed")),
        "forward test": ", ".join(f"{k} {v}" for k, v in figures.items()) or "none",
        "features": ", ".join(told.get("features") or ()),
        "protected attributes put in": ", ".join(told.get("protected") or ()) or "none",
        "excluded": _counts(told.get("excluded")),
        "false labels left out": _counts(told.get("false_labels")),
        "cleaning": _counts(told.get("cleaning")),
        "activity coverage": _counts({k: v for k, v in coverage.items() if k != "notes"}),
        "left out as leaks": left_out,
        "notes": [
            {"note": n}
            for n in [*(told.get("notes") or ()), *(told.get("warnings") or ())]
            if n not in str(told.get("why"))
        ],
    }
    return {k: v for k, v in lines.items() if k != "borrowed" or v}


def _loan(found: dict[str, Any] | None) -> str | None:
    """From whom a model is borrowed, by which offset and on how many records' word."""
    if not found:
        return None
    return (
        f"from {found['from']}, offset {found['offset']:+.3f} +- {found['offset_error']:.3f} in log-odds by "
        f"{found['own_records']} records of its own, verdict of {found['verdict_of']}"
    )


def _counts(found: Any) -> str:
    """Names with their numbers in a line, "none" where there are none."""
    if not isinstance(found, dict):
        return str(found) if found else "none"
    told = []
    for name, value in found.items():
        if isinstance(value, dict):
            inner = _counts(value)
            told += [f"{name}: {inner}"] if inner != "none" else []
        elif value:
            told.append(f"{str(name).replace('_', ' ')} {value}")
    return ", ".join(told) or "none"
