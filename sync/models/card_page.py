"""A model's card as a page: what it answers, what it learnt from, how good it was, with its plots beside it."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from sales_consultant.config.errors import MachineError
from sales_consultant.scoring import model_file, plots
from sales_consultant.sync.models import cards, registry
from sales_consultant.sync.runtime import Workspace

PAGE = "card.html"
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d8dee6}"
    "th{width:14rem;font-weight:600}thead th{width:auto}img{max-width:100%;width:29rem}"
)
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
        "protected attributes put in",
    ),
    "What was left out": (
        "excluded",
        "false labels left out",
        "cleaning",
        "activity coverage",
        "left out as leaks",
    ),
    "How good it was": ("forward test", "grades", "parts of the forward test", "against the model before"),
    "What to know": ("notes",),
}


def write(ws: Workspace, named: str, out: Path | None) -> dict[str, Any]:
    """Write the card of a model (as `cards.card` finds it) and its plots into a folder, by default the model's own; the files.

    UsageError for an unknown model, MachineError where the folder cannot be written. Whatever the CRM spells is escaped.
    """
    told = cards.card(ws, named)
    home = ws.models_folder / told["digest"]
    kept = getattr(model_file.load(home), "card", None) if model_file.of_this_format(home) else None
    folder = out if out is not None else home
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = _plots(folder, str(told["name"]), kept or {})
        page = folder / PAGE
        page.write_text(html(told, [f.name for f in files]), encoding="utf-8")
    except OSError as e:
        raise MachineError(f"{folder} cannot be written: {e.strerror}.", action="Give another --out.") from e
    return {"page": str(page), "files": [{"file": str(f)} for f in (page, *files)]}


def _plots(folder: Path, name: str, card: Mapping[str, Any]) -> list[Path]:
    """Calibration, lift, ROC, precision and recall of the forward test's rows, and what the reasons weigh."""
    judged = card.get("judged") or {}
    if not judged.get("y"):
        return []
    y, p = (np.asarray(judged[k], dtype=float) for k in ("y", "p"))
    effects = [(str(e["reason"]), float(e["points"])) for e in card.get("effects") or ()]
    return plots.draw(folder, name, y, p, effects)


def html(told: Mapping[str, Any], images: Sequence[str] = ()) -> str:
    """The page of a card as `cards.card` tells it; images are names of files beside it."""
    lines: dict[str, Any] = dict(cards.brief(dict(told)))
    if told.get("kind") == registry.PROPENSITY:
        lines |= {
            "grades": told.get("grades"),
            "parts of the forward test": _parts(told),
            "against the model before": (told.get("gate") or {}).get("why"),
        }
    title = f"{told['name']}: the model's card"
    parts = [f"<h1>{escape(title)}</h1>"]
    placed = {k for keys in _SECTIONS.values() for k in keys}
    sections = {**_SECTIONS, "More": tuple(k for k in lines if k not in placed)}
    for heading, keys in sections.items():
        rows = [
            f"<tr><th>{escape(k.replace('_', ' '))}</th><td>{_cell(lines[k])}</td></tr>"
            for k in keys
            if lines.get(k) not in (None, "", [], {})
        ]
        if rows:
            parts.append(f"<h2>{escape(heading)}</h2>\n<table>\n" + "\n".join(rows) + "\n</table>")
        if heading == "How good it was":
            parts += [f'<img src="{escape(i, quote=True)}" alt="{escape(i, quote=True)}">' for i in images]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _parts(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The forward test's parts in rows: new companies, moments of a life, without the seller's doings, by who saw a score."""
    found = {"companies unseen in training": told.get("unseen"), **(told.get("moments") or {})}
    found["without the seller's doings"] = told.get("without_seller")
    found |= told.get("exposure") or {}
    return [{"part": name, **figures} for name, figures in found.items() if figures]


def _cell(value: Any) -> str:
    """A value as HTML: a list of rows as a table, a mapping as lines, anything else as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return escape(f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}")
    if isinstance(value, Mapping):
        return "<br>".join(f"{escape(str(k).replace('_', ' '))}: {_cell(v)}" for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        if value and all(isinstance(v, Mapping) for v in value):
            return _table(value)
        return ", ".join(_cell(v) for v in value)
    return escape(str(value))


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(k for r in rows for k in r))
    head = "".join(f"<th>{escape(str(n).replace('_', ' '))}</th>" for n in names)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{_cell(r.get(n, ''))}</td>" for n in names) + "</tr>" for r in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
