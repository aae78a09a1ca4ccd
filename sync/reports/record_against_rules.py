"""One record against every rule of the playbook, on the facts of the last pull."""

from typing import Any

import pandas as pd

from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.playbook import BY_NAME, Playbook, Rule
from sales_consultant.config.playbook.expressions import parts, symbols, written
from sales_consultant.config.records import RecordRef
from sales_consultant.engine.materialised import materialised
from sales_consultant.engine.reads import records as names
from sales_consultant.scoring import scorer
from sales_consultant.scoring.core import ScoringError
from sales_consultant.scoring.next_steps import Proposal, facts, propose, zone_of
from sales_consultant.scoring.next_steps.choose import unreachable
from sales_consultant.scoring.next_steps.evaluate import Facts, Truth, evaluate
from sales_consultant.scoring.next_steps.wording import Words, texts
from sales_consultant.scoring.text import signals
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import Steps, current_values, customer_facts, owned_products, steps_of
from sales_consultant.sync.reports.playbook import load, plain_value
from sales_consultant.sync.results import Part, RecordTest, RuleTest
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled


def test(ws: Workspace, record: str) -> RecordTest:
    """Which rules hold for a record and why, and which step it gets; without the cap of its owner.

    `record` is an id, alone or as "deals/ID". Raises UsageError where no record has it or it gets no steps.
    """
    book = load(ws.settings)
    wanted_object, _, record_id = record.rpartition("/")
    open_pulled(ws)
    current = current_values.read(ws.connector, ws.warehouse, ws.state, ws.every_field)
    keys = [k for k in current.values if k.record_id == record_id and wanted_object in ("", k.object)]
    if not keys:
        raise UsageError(
            f'No record "{record}" was pulled.',
            action="Give its id as the CRM shows it in the address of its page.",
        )
    key, engine = keys[0], ws.warehouse.engine
    as_of = last_as_of(ws)
    table_name = "contacts" if key.object == "leads" else key.object
    with materialised(engine):
        row = _scored(ws, table_name, key, as_of)
        rows = pd.DataFrame([row])
        company = customer_facts(current.values.items(), owned_products(engine, as_of))
        written_ = signals(engine, as_of) if ws.settings.text.enabled else None
        table = facts(engine, rows, as_of=as_of, customers=company, signals=written_)
        made = _proposed(ws, steps_of(ws, as_of), table, as_of)
    if table.empty:
        raise UsageError(f"{record} is deleted in the CRM.", action="Give the id of a record that is there.")
    step = made.steps.iloc[0] if len(made.steps) else None
    without = made.without.iloc[0] if len(made.without) else None
    held: dict[str, Any] = {n: plain_value(table[n].iloc[0]) for n in BY_NAME if n in table}
    return RecordTest(
        key.object,
        key.record_id,
        names.names(engine, [key.record_id]).get(key, ""),
        None if step is None else str(step["step"]),
        "" if step is None else str(step["rule"]),
        str(step["reason"]) if step is not None else "" if without is None else str(without["why"]),
        tuple(_tests(ws, book, table, held)),
        held,
    )


def _scored(ws: Workspace, table: str, key: RecordRef, as_of: int) -> dict[str, Any]:
    """The record with its score by the first population that it is open in; gaps where it is in none."""
    in_force = registry.in_force(ws.state, ws.models_folder, ws.settings)
    for name, population in ws.settings.populations.items():
        model = in_force.populations.get(name)
        if model is None or population.object != table:
            continue
        frame, _ = scorer.score_with_features(
            ws.warehouse.engine, model, key.record_id, as_of=as_of, exclusions=ws.settings.exclude
        )
        mine = frame[frame["record_id"] == key.record_id]
        if len(mine):
            columns = ["object", "record_id", "score", "grade", "probability"]
            return {str(k): v for k, v in mine.iloc[0][columns].items()}
    gaps = {"score": float("nan"), "grade": None, "probability": float("nan")}
    return {"object": table, "record_id": key.record_id, **gaps}


def _proposed(ws: Workspace, steps: Steps, table: pd.DataFrame, as_of: int) -> Proposal:
    try:
        return propose(
            ws.warehouse.engine, table, steps.playbook, steps.options_without_cap(ws.warehouse.engine, as_of)
        )
    except ScoringError as e:
        raise ConfigError(str(e), action="Change what is named, then run the command again.") from e


def _tests(ws: Workspace, book: Playbook, table: pd.DataFrame, held: dict[str, Any]) -> list[RuleTest]:
    asked = Facts(table)
    kind = str(table["kind"].iloc[0])
    row = {str(k): v for k, v in table.iloc[0].items()}
    found = []
    for rule in book.rules:
        if kind in rule.objects:
            found.append(_one(ws, rule, table, asked, row, held))
    return found


def _one(
    ws: Workspace, rule: Rule, table: pd.DataFrame, asked: Facts, row: dict[str, Any], held: dict[str, Any]
) -> RuleTest:
    told = tuple(
        Part(written(p), _said(evaluate(p, asked)), {n: held.get(n) for n in symbols(p)})
        for p in parts(rule.condition)
    )
    holds = _said(evaluate(rule.condition, asked))
    if holds != "yes":
        return RuleTest(rule.id, holds, told)
    words = Words(row, ws.connection.language, zone_of(ws.warehouse.engine))
    step, reason = texts(rule, words, ws.connection.language)
    blocked = bool(unreachable(rule, table)[0])
    return RuleTest(rule.id, holds, told, f"no {rule.channel} is allowed" if blocked else "", step, reason)


def _said(truth: Truth) -> str:
    return "yes" if truth.true[0] else "no" if truth.known[0] else "unknown"
