"""A model's card as a page: what it answers, what it learnt from, how good it was, with its plots beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sales_consultant.config.clock import iso
from sales_consultant.config.errors import MachineError
from sales_consultant.config.pages import page
from sales_consultant.scoring import model_file, plots
from sales_consultant.sync.models import cards
from sales_consultant.sync.models import registry as models
from sales_consultant.sync.results import CardPage, PropensityCard
from sales_consultant.sync.runtime import Workspace

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
PAGE = "card.html"
# As many as the terminal shows.
_STRONGEST = 10
# Where each line of the card stands on the page; what is named nowhere comes last.
_SECTIONS: dict[str, tuple[str, ...]] = {
    "What it answers": (
        "name",
        "event",
        "horizon",
        "in_force",
        "verdict",
        "why",
        "tier",
        "borrowed",
        "digest",
    ),
    "What it learnt from": (
        "as_of",
        "learnt from",
        "rows",
        "records with the event",
        "records without",
        "features",
        "strongest features",
        "protected attributes put in",
    ),
    "What was left out": (
        "excluded",
        "false labels left out",
        "cleaning",
        "activity coverage",
        "left out as leaks",
        "suspect columns",
    ),
    "How good it was": ("forward test", "grades", "parts of the forward test", "against the model before"),
    "What to know": ("notes",),
}


def write(ws: Workspace, named: str, out: Path | None) -> CardPage:
    """Write the card of a model (as `cards.card` finds it) and its plots into a folder, by default the model's own; the files.

    UsageError for an unknown model, MachineError where the folder cannot be written. Whatever the CRM spells is escaped.
    """

    document = cards.card(ws, named).to_json()
    home = ws.models_folder / document["digest"]
    kept = getattr(model_file.load(home), "card", None) if model_file.of_this_format(home) else None
    folder = out if out is not None else home
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = _plots(folder, str(document["name"]), kept or {})
        file = folder / PAGE
        file.write_text(html(document, [f.name for f in files]), encoding="utf-8")
    except OSError as e:
        raise MachineError(f"{folder} cannot be written: {e.strerror}.", action="Give another --out.") from e
    return CardPage(str(file), tuple(str(f) for f in (file, *files)))


def _plots(folder: Path, name: str, card: Mapping[str, Any]) -> list[Path]:
    """Calibration, lift, ROC, precision and recall of the forward test's rows, and what the reasons weigh."""
    judged = card.get("judged") or {}
    if not judged.get("y"):
        return []
    y, p = (np.asarray(judged[k], dtype=float) for k in ("y", "p"))
    effects = [(str(e["reason"]), float(e["points"])) for e in card.get("effects") or ()]
    return plots.draw(folder, name, y, p, effects)


def html(told: Mapping[str, Any], images: Sequence[str] = ()) -> str:
    """The page of a card's document; images are names of files beside it."""
    lines = lines_of(told)
    if told.get("kind") == models.PROPENSITY:
        lines |= {
            "grades": told.get("grades"),
            "parts of the forward test": _parts(told),
            "against the model before": (told.get("gate") or {}).get("why"),
        }
    placed = {k for keys in _SECTIONS.values() for k in keys}
    headings = {**_SECTIONS, "More": tuple(k for k in lines if k not in placed)}
    sections = [
        {
            "heading": heading,
            "lines": [(k, lines[k]) for k in keys if lines.get(k) not in (None, "", [], {})],
            "images": list(images) if heading == "How good it was" else [],
        }
        for heading, keys in headings.items()
    ]
    shown = [s for s in sections if s["lines"] or s["images"]]
    return page("card.html", title=f"{told['name']}: the model's card", sections=shown)


def lines_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """A card's document as the lines of the page: a text for what is one thing, rows for what is many."""
    if told["kind"] != models.PROPENSITY:
        return dict(told)
    card = PropensityCard.of(told)
    figures = {k: f"{told[k]:.4g}" for k in _FIGURES if told.get(k) is not None}
    cuts = [str(iso(c))[:10] for c in told.get("learnt_at") or ()]
    window = f"{cuts[0]} to {cuts[-1]}, {len(cuts)} cut-offs" if cuts else None
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
        "strongest features": _strongest(card),
        "protected attributes put in": ", ".join(told.get("protected") or ()) or "none",
        "excluded": _numbers(card.excluded),
        "false labels left out": _numbers(card.false_labels),
        "cleaning": "; ".join(f"{c.why}: {c.values:,} values in {c.columns:,} columns" for c in card.cleaned)
        or "none",
        "activity coverage": f"{card.unlogged_rows:,} rows of owners who log none, or began late"
        if card.unlogged_rows
        else "none",
        "used with today's value, no sign that the outcome changes it": [
            {"field": x.column, "evidence": x.evidence} for x in card.as_of_today
        ]
        or "none",
        "left out as leaks": left_out,
        "suspect columns": [
            {
                "column": s.column,
                "used": "yes" if s.used else "no",
                "evidence": s.evidence,
                "AUC with all, without suspects": _two(s.auc_with, s.auc_without),
                "question": s.question,
            }
            for s in card.suspects
        ],
        "notes": [
            {"note": n}
            for n in [*(told.get("notes") or ()), *(told.get("warnings") or ())]
            if n not in str(told.get("why"))
        ],
    }
    return {k: v for k, v in lines.items() if k != "borrowed" or v}


def _two(first: float | None, second: float | None) -> str:
    return "" if first is None or second is None else f"{first:.3f}, {second:.3f}"


def _strongest(card: PropensityCard) -> list[dict[str, str]]:
    """The features that weigh most, each with the least and the most points that an open record got from it."""
    weights = card.weights[:_STRONGEST]
    return [
        {"feature": w.name, "points": f"±{w.points:.1f}"}
        if w.low is None or w.high is None
        else {"feature": w.name, "points": f"{w.low:+.0f} to {w.high:+.0f}"}
        for w in weights
        if w.size
    ]


def _loan(found: dict[str, Any] | None) -> str | None:
    """From whom a model is borrowed, by which offset and on how many records' word."""
    if not found:
        return None
    return (
        f"from {found['from']}, offset {found['offset']:+.3f} +- {found['offset_error']:.3f} in log-odds by "
        f"{found['own_records']} records of its own, verdict of {found['verdict_of']}"
    )


def _numbers(counts: Mapping[str, int]) -> str:
    """Names with their numbers in a line, "none" where there are none."""
    return ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in counts.items()) or "none"


def _parts(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The forward test's parts in rows: new companies, moments of a life, without the seller's doings, by who saw a score."""
    found = {"companies unseen in training": told.get("unseen"), **(told.get("moments") or {})}
    found["without the seller's doings"] = told.get("without_seller")
    found["without fields of today's value only"] = told.get("without_undated")
    found |= told.get("exposure") or {}
    return [{"part": name, **figures} for name, figures in found.items() if figures]
