"""What an admin asks of the playbook: whether it is right, what a rule does, which rules hold for a record."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from sales_consultant.config import playbook
from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.files import written_to
from sales_consultant.config.language.nearest import nearest
from sales_consultant.config.playbook import DELIVERED, Playbook, PlaybookError, Rule
from sales_consultant.config.playbook.conversion import converted
from sales_consultant.config.playbook.expressions import parts, symbols, written
from sales_consultant.config.playbook.findings import findings
from sales_consultant.config.playbook.positions import find
from sales_consultant.config.settings import Settings
from sales_consultant.scoring.next_steps import rule_of, shares_in_force
from sales_consultant.scoring.next_steps.wording import gap
from sales_consultant.sync.plan import evidence, playbook_path
from sales_consultant.sync.results import (
    Converted,
    PlaybookCheck,
    PlaybookStats,
    RuleExplained,
    RuleStats,
)
from sales_consultant.sync.stores import State, exposures, feedback, runs


def load(settings: Settings) -> Playbook:
    """The playbook in force. Raises ConfigError where it cannot be used."""
    try:
        return playbook.load(playbook_path(settings))
    except PlaybookError as e:
        raise ConfigError(str(e), action=e.action) from e


def check(settings: Settings, file: Path | None = None) -> PlaybookCheck:
    """Whether a playbook can be used, and what is odd in it: the one in force, or a file."""
    chosen = file or playbook_path(settings)
    try:
        book = playbook.load(chosen)
    except PlaybookError as e:
        raise ConfigError(str(e), action=e.action) from e
    counted: Counter[str] = Counter(str(o) for r in book.rules for o in r.objects)
    odd = tuple(
        {"kind": f.kind, "rule": f.rule, "other": f.other, "text": f.text} for f in findings(book.rules)
    )
    return PlaybookCheck(str(chosen or "the delivered playbook"), len(book.rules), counted, odd)


def convert(settings: Settings, file: Path | None, out: Path | None) -> Converted:
    """A playbook with its tables of conditions as expressions, written to `out` where that is given."""
    chosen = file or playbook_path(settings) or DELIVERED
    try:
        text, changed = converted(playbook.read_text(chosen), name=chosen.name)
    except PlaybookError as e:
        raise ConfigError(str(e), action=e.action) from e
    if out is not None:
        if out.exists():
            raise UsageError(f"{out} is there already.", action="Name a file that is not there yet.")
        with written_to(out, "--out"):
            out.write_text(text, encoding="utf-8")
    return Converted(text, changed, str(out or ""))


def find_rule(book: Playbook, name: str) -> Rule:
    """The rule of a name. Raises UsageError with the nearest name."""
    rule = book.rule(name)
    if rule is None:
        near = nearest(name, [r.id for r in book.rules])
        hint = f' Did you mean "{near}"?' if near else ""
        raise UsageError(
            f'The playbook has no rule "{name}".{hint}',
            action="Next: sales-consultant playbook stats lists the rules.",
        )
    return rule


def explain(settings: Settings, state: State, name: str) -> RuleExplained:
    """A rule with the facts it asks of, and what became of it."""
    book = load(settings)
    rule = find_rule(book, name)
    path = playbook_path(settings) or DELIVERED
    number = book.rules.index(rule)
    at = find(playbook.read_text(path), "rules", number)
    names = {n.name: n.meaning for n in symbols(rule.condition).values()}
    odd = tuple(f.text for f in findings(book.rules) if rule.id in (f.rule, f.other))
    counted = {s.rule: s for s in stats(settings, state).rules}
    keys: dict[str, Any] = rule.model_dump(exclude_defaults=True, mode="json")
    keys["when"] = [written(p) for p in parts(rule.condition)]
    keys.setdefault("due_working_days", rule.due_working_days)
    return RuleExplained(
        keys, names, f"{path.name}:{at.line}" if at else path.name, odd, counted.get(rule.id)
    )


def stats(settings: Settings, state: State) -> PlaybookStats:
    """What became of each rule: in the last run that scored, and in all steps that people saw."""
    book = load(settings)
    run, last = _last_counts(state)
    given, showing = _shown(state)
    answers = _answers(state)
    known = {r.id: r.step for r in book.rules}
    others = sorted((given.keys() | answers.keys()) - known.keys() - {"prepare", ""})
    found = evidence(state)
    shares = shares_in_force(book.rules, found, answers)
    own = {r.id: r.share for r in book.rules}
    rows = [
        RuleStats(
            r,
            known.get(r, ""),
            last.get(r, {}),
            given[r],
            showing[r],
            answers.get(r, {}),
            own.get(r),
            shares.get(r),
            found[r].to_dict() if r in found and r in own else None,
        )
        for r in (*known, *others)
    ]
    return PlaybookStats(tuple(rows), run)


def _last_counts(state: State) -> tuple[str | None, Mapping[str, Mapping[str, int]]]:
    """The newest run that counted rules, and its counts."""
    query = sa.select(runs.c.id, runs.c.counts).where(runs.c.ended_at.is_not(None))
    for row in state.rows(query.order_by(runs.c.started_at.desc()).limit(50)):
        held = json.loads(row["counts"]) if isinstance(row["counts"], str) else row["counts"]
        if held and held.get("rules"):
            return str(row["id"]), held["rules"]
    return None, {}


def _shown(state: State) -> tuple[Counter[str], Counter[str]]:
    query = sa.select(exposures.c.value, exposures.c.visible_to).where(
        exposures.c.field == "next_step_id", exposures.c.value.is_not(None)
    )
    given, showing = Counter[str](), Counter[str]()
    for row in state.rows(query):
        rule = rule_of(str(row["value"]))
        given[rule] += 1
        showing[rule] += row["visible_to"] is None
    return given, showing


def _answers(state: State) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in state.rows(sa.select(feedback.c.step_id, feedback.c.value)):
        found.setdefault(rule_of(str(row["step_id"])), Counter())[str(row["value"])] += 1
    return found


def plain_value(value: Any) -> Any:
    """A fact as JSON holds it."""
    if gap(value):
        return None
    if isinstance(value, (tuple, list, frozenset)):
        return list(value)
    if isinstance(value, (bool, str)):
        return value
    number = float(value)
    return None if pd.isna(number) else number if abs(number) != float("inf") else "never"
