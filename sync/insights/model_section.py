"""The sections that come from what models are and what the CRM shows of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sales_consultant.config.records import RecordRef
from sales_consultant.insight.reports import Context, Section, model, segments
from sales_consultant.sync.models import evaluation
from sales_consultant.sync.plan import current_values
from sales_consultant.sync.runtime import Workspace, last_as_of

_ORDER = {"segment": "segment", "lifecycle": "lifecycle", "tier": "customer_tier"}


def of_models(ws: Workspace, context: Context) -> Section:
    """The newest forward tests, and what became of scores as they were given."""
    past = context.as_of < last_as_of(ws)
    tests = [
        model.Tested(
            t.name, t.verdict, t.figure("auc"), t.figure("auc_low"), t.figure("auc_high"), t.figure("base_rate"),
            t.figure("lift_at_10"), None if (n := t.figure("n")) is None else int(n),
        )
        for t in evaluation.evaluate(ws.state).tests
        # A model that was trained later is nobody's answer to how good the scores were.
        if not past or (t.as_of or 0) <= context.as_of
    ]  # fmt: skip
    given = [
        model.Given(b.population, b.given, b.score, b.records, b.with_event, b.share, b.promised)
        for b in (evaluation.as_given(ws).bands if tests and not past else ())
    ]
    return model.section(tests, given, context.words, past=past)


def of_segments(ws: Workspace, context: Context) -> Section:
    """Companies by what the CRM shows of segment, lifecycle and tier."""
    if context.as_of < last_as_of(ws):
        return segments.of_the_past(context.words)
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields).values
    companies = {k: v for k, v in held.items() if k.object == "companies"}
    own = {f.key: f for f in ws.fields.get("companies", ())}
    groups = []
    for field, key in _ORDER.items():
        members: dict[str, list[RecordRef]] = defaultdict(list)
        for record, values in companies.items():
            if values.get(key):
                members[str(values[key])].append(record)
        if key not in own:
            continue
        for choice in own[key].choices:
            if choice in members:
                groups.append(
                    _group(field, context.name(choice, field), [companies[r] for r in members[choice]])
                )
    return segments.section(groups, context.words)


def _group(field: str, name: str, members: Sequence[Mapping[str, str | None]]) -> segments.Group:
    amounts = [float(v["value_12m"] or 0) for v in members if v.get("value_12m")]
    risks = [float(v["churn_risk"] or 0) / 100 for v in members if v.get("churn_risk")]
    return segments.Group(
        field,
        name,
        len(members),
        round(sum(amounts) * 100) if amounts else None,
        sum(risks) / len(risks) if risks else None,
    )
