"""A model's card: what the state knows of its training, and what lies beside its parameters."""

from typing import Any

from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.scoring import model_file
from sales_consultant.scoring.customers import ClusterModel, SegmentModel, ValueModel
from sales_consultant.scoring.propensity import PopulationModel
from sales_consultant.sync.models import registry
from sales_consultant.sync.results import ModelCard, card_of
from sales_consultant.sync.runtime import Workspace

_LIST = "sales-consultant models list"


def _meant(ws: Workspace, named: str) -> dict[str, Any]:
    """The index's row of the model in force of a name, else of the newest whose digest starts so; else UsageError."""
    rows = registry.index(ws.state)
    names = {m["name"] for m in rows}
    of_it = [m for m in rows if m["name"] == named] or [m for m in rows if m["digest"].startswith(named)]
    if not of_it:
        raise UsageError(
            f'No model has the name "{named}", and none\'s digest starts with it.',
            action=f"{did_you_mean(named, names)} Next: {_LIST}" if names else f"Next: {_LIST}",
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


def card(ws: Workspace, named: str) -> ModelCard:
    """Everything that is known of a model: the report of its training and its own card.

    `named` is a model's name (a population, or value, segments, ...), for the one in force, or the first letters of a
    digest. The card is missing where the model's folder is lost or of an older release. UsageError for an unknown one.
    """
    m = _meant(ws, named)
    folder = ws.models_folder / m["digest"]
    model = model_file.load(folder) if model_file.of_this_format(folder) else None
    own = getattr(model, "card", None)
    # The forward test's rows are there for plots, and its figures are the report.
    kept = {k: v for k, v in (own or {}).items() if k not in ("judged", "forward_test")}
    if "cut_offs" in kept:
        kept["learnt_at"] = kept.pop("cut_offs")
    if isinstance(model, PopulationModel):
        # From the model itself, as `evaluate --compare` names it: a card of an older release may name it otherwise.
        kept["tier"] = model.form
    kept |= _of_customers(model) | m["report"]
    if m["kind"] in (registry.AMOUNT, registry.SEGMENTS):
        kept["currency"] = _currency(ws)
    in_force = m["published_at"] is not None and m["withdrawn_at"] is None
    about = card_of(m["kind"], kept)
    return ModelCard(m["name"], m["kind"], m["digest"], m["verdict"], m["as_of"], in_force, about)


def _of_customers(model: object) -> dict[str, Any]:
    """What the models of customers hold themselves: their cards have no place for it."""
    if isinstance(model, SegmentModel):
        edges = {k: list(getattr(model, k)) for k in ("days", "purchases", "money", "tiers")}
        return {"customers": model.customers, "ranked": model.ranked, "edges": edges}
    if isinstance(model, ClusterModel):
        return {"customers": model.customers}
    if isinstance(model, ValueModel):
        valued = model.purchase_params is not None
        return {"currency": model.currency, "valued": valued, "warnings": list(model.warnings)}
    return {}


def _currency(ws: Workspace) -> str:
    """The org's currency, as the value model in force had it: the warehouse may be in use by a run."""
    value = registry.load_latest(ws.state, ws.models_folder, registry.VALUE, ValueModel)
    return value.currency if value is not None else ""
