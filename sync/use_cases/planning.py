"""The plan of a run: the difference, less what is left alone."""

from collections.abc import Callable, Iterator, Sequence

from sales_consultant.config.errors import (
    AccessError,
)
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.neutral import field_column
from sales_consultant.config.records import RecordRef
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import records
from sales_consultant.sync.journal import waiting
from sales_consultant.sync.plan import (
    Ask,
    CurrentValues,
    Desired,
    Limits,
    Narrowed,
    Plan,
    allowed,
    control_group,
    decide,
    experiment_groups,
    fields_on_hold,
    keep_drawn,
    left_behind,
    make,
)
from sales_consultant.sync.push import (
    calls_for,
)
from sales_consultant.sync.runtime import Reporter, Run, Workspace, watched
from sales_consultant.sync.setup import fields_there
from sales_consultant.sync.tasks import planned


def planning(
    ws: Workspace,
    run: Run,
    reporter: Reporter,
    wanted: Desired,
    current: CurrentValues,
    *,
    writing: bool,
    narrowed: Narrowed | None = None,
    ask: Ask | None = None,
) -> Plan:
    """The difference, less what a pilot, the control group, holds and dead letters leave alone.

    `narrowed`: what becomes of our values outside the pilot; `ask` finds out where it is not said.
    """
    reporter.say("planning")
    missing = fields_there.unwritable(ws)
    if writing:
        fields_there.refuse_without_any(ws, missing)
    for obj, fs in ws.fields.items():
        _do_not_score_is_seen(ws, obj, fs)
    # A plan shows what would be written once the fields are there; a run writes what it can and names the rest.
    out = missing if writing else {}
    fields = {o: tuple(f for f in fs if f.key not in out.get(o, {})) for o, fs in ws.every_field.items()}
    _draw(ws, wanted)
    drawn = (share := ws.settings.proof.control_share) > 0 or control_group.any_control(ws.state)
    units = {k: wanted.unit(k) for k in current.values if k in wanted.directory} if drawn else {}
    group = control_group.assign(ws.state, units.values(), share=share, now=ws.connector.latest())
    on_hold = fields_on_hold(ws.state)
    pilot = allowed(ws, wanted, current)
    outside = left_behind(pilot, current)
    if outside:
        found = decide(ws.state, ws.settings.write, len(outside), given=narrowed, ask=ask, remember=writing)
        run.counts["outside_the_pilot"] = {"records": len(outside), "values": f"{found} them"}
        outside = outside if found == "empty" else frozenset()
    limits = Limits(
        allowed=pilot,
        emptied=outside,
        control=frozenset(k for k, u in units.items() if group[u] == "control"),
        waiting=waiting(ws.state, now=ws.connector.latest()),
        fields_on_hold=on_hold,
        keep_foreign=ws.settings.write.on_foreign_edit == "keep",
    )

    plan = make(wanted, current, fields, limits, identity=str(ws.identity), watch=_watch(reporter))
    if not drawn:
        # Without a control group only who is shown something has to be remembered as that.
        shown = {wanted.unit(RecordRef(e.object, e.record_id)) for e in plan.entries}
        control_group.assign(ws.state, shown, share=share, now=ws.connector.latest())
    plan.missing_fields = missing
    if writing:
        keep_drawn(ws.state, wanted, plan.entries, now=wanted.as_of)
    _plan_tasks(ws, run, plan, wanted, current, limits)
    plan.calls = calls_for(ws.connector, [e.change() for e in (*plan.entries, *plan.tasks)])
    name_currencies(ws.warehouse.engine, plan)
    run.counts["plan"] = {k: v for k, v in plan.summary().items() if k != "missing_fields"}
    if missing:
        run.counts["missing_fields"] = {o: sorted(m) for o, m in missing.items()}
    return plan


def _draw(ws: Workspace, wanted: Desired) -> None:
    """Where an experiment goes on, draw whom it has not drawn yet."""
    if experiment := experiment_groups.going_on(ws.state):
        at = max(wanted.as_of, experiment.started_at)
        experiment_groups.draw(ws.state, experiment, wanted, _left_out(ws, wanted), now=at)


def _left_out(ws: Workspace, wanted: Desired) -> frozenset[str]:
    """Companies on which the admin's own automation depends: no experiment draws them."""
    names = {n.strip().casefold() for n in ws.settings.proof.exclude_companies}
    return frozenset(
        wanted.unit(key)
        for key, entry in wanted.directory.items()
        if key.object == "companies" and (key.record_id in names or entry.name.strip().casefold() in names)
    )


def _watch(reporter: Reporter) -> Callable[[list[RecordRef]], Iterator[RecordRef]]:
    return lambda keys: watched(keys, reporter, "planning", len(keys))


def _plan_tasks(
    ws: Workspace, run: Run, plan: Plan, wanted: Desired, current: CurrentValues, limits: Limits
) -> None:
    """The plan's lines about tasks, where an admin switched them on; without the right to make any, fields only."""
    book = ws.connector.tasks
    if not ws.settings.tasks.create or book is None:
        return
    left = frozenset(records.owners_who_left(ws.warehouse.engine))
    try:
        why = book.missing()
        lines = None if why else planned(ws.state, book, wanted, current, plan, limits, inactive=left)
    except AccessError as e:
        why, lines = e.message, None
    if lines is None:
        run.counts["tasks_not_written"] = why
        return
    plan.tasks, plan.task_ends, plan.task_records = lines.entries, lines.ends, lines.records
    if lines.left:
        run.counts["tasks_left_alone"] = dict(lines.left)


def name_currencies(engine: DuckEngine, plan: Plan) -> None:
    """Tell the plan which currency its money is in, for who looks at it."""
    deals = [e.record_id for e in plan.entries if e.object == "deals"]
    plan.currency, plan.deal_currencies = records.currencies(engine, deals)


def _do_not_score_is_seen(ws: Workspace, obj: str, fields: Sequence[Field]) -> None:
    """Raise AccessError where "do not score" was pulled before and this user cannot see it now: people's word counts."""
    for f in fields:
        if f.key == "do_not_score":
            name, table = ws.connector.field_name(obj, f), ws.connector.raw(obj)[0]
            if field_column(name) in ws.warehouse.columns(table) and name not in {
                i.name for i in ws.connector.describe(obj)
            }:
                raise AccessError(
                    f"{name} on {obj} cannot be seen any more: records that people set to be left alone would be scored.",
                    action="Give this user the field again (sales-consultant check says where).",
                )
