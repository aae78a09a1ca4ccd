"""A plan: how much it writes, then the changes, a block a record."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sales_consultant.commands.output.writing import tasks
from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, command, dim, warn
from sales_consultant.commands.output.writing.text import GLUE, count, listed, plain, short, words
from sales_consultant.commands.output.writing.values import change, is_shown, label, reason, value
from sales_consultant.config.errors import UsageError
from sales_consultant.config.fields.catalogue import FIELDS, OBJECTS
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import Plan
from sales_consultant.sync.use_cases.plan_made import PlanMade, ScoredRecords

# How many rows of each kind are shown: judgements of what one screen holds. --limit shows more changes, --json all.
SHOWN = 10
_EDITS = 5
_BEST = 20
# Reasons that say no more than the values do.
_NOT_TOLD = ("rollback", "value or segment")
_KEYS = tuple(f.key for f in FIELDS if not f.people_write)
_OBJECTS = ("deals", "leads", "contacts", "companies")


@dataclass(frozen=True)
class View:
    """What of a plan is shown: objects and fields, none for all of them, and how many records."""

    objects: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    limit: int = SHOWN

    @classmethod
    def of(cls, objects: Iterable[str], fields: Iterable[str], limit: int) -> "View":
        """From options; UsageError for an object or a field that is none of ours."""
        for option, given, known in (("--object", objects, OBJECTS), ("--field", fields, _KEYS)):
            for name in given:
                if name not in known:
                    choice = did_you_mean(name, known) or f"Choose one of: {', '.join(known)}."
                    raise UsageError(f'{option} "{name}" is not known.', action=choice)
        return cls(frozenset(objects), frozenset(fields), limit)

    def chosen(self, plan: Plan) -> Plan:
        """The plan with the changes that are shown."""
        if not (self.objects or self.fields):
            return plan
        entries = []
        for e in plan.entries:
            fields = tuple(f for f in e.fields if self._takes(e.object, f[0]))
            if fields:
                entries.append(replace(e, fields=fields))
        edits = [e for e in plan.foreign_edits if self._takes(e.object, e.field)]
        return replace(plan, entries=entries, foreign_edits=edits)

    def _takes(self, object_: str, field: str) -> bool:
        return (not self.objects or object_ in self.objects) and (not self.fields or field in self.fields)


def show(page: Page, made: PlanMade, view: View | None = None) -> None:
    """Counts and calls first, what to do next, then the changes, and how many more there are."""
    plan, view = made.plan, view or View()
    if not plan.entries and not plan.tasks:
        page.line(bold("Nothing to write."), f" {_looked_at(plan)}, and they hold what they should.")
        _left_alone(page, plan)
        return
    _head(page, plan)
    _next(page, made)
    shown = view.chosen(plan)
    if len(shown.entries) != len(plan.entries) or view.fields:
        page.line(f"Shown: {count(len(shown.entries), 'record')} by --object and --field.")
    _body(page, shown, view.limit)


def asked(page: Page, made: PlanMade) -> None:
    """The plan as it stands above a sync's question."""
    _head(page, made.plan)
    _body(page, made.plan, SHOWN)


def _body(page: Page, plan: Plan, limit: int) -> None:
    if plan.entries:
        _figures(page, plan)
    _edits(page, plan)
    page.blank()
    entries(page, plan, limit)
    tasks.listed_lines(page, plan, limit)


def _head(page: Page, plan: Plan) -> None:
    changes = sum(len(e.fields) for e in plan.entries)
    values = f"{count(changes, 'value')}, " if plan.entries or not plan.tasks else ""
    tasks_too = f"{count(len(plan.tasks), 'task')}, " if plan.tasks else ""
    page.line(
        bold(f"{len(plan.entries):,} of {count(plan.looked_at, 'record')} would change"),
        f": {values}{tasks_too}{count(plan.calls, 'API call')}. ",
        dim(f"Plan {short(plan.digest)} for {plain(plan.identity)}."),
    )


def _looked_at(plan: Plan) -> str:
    return f"{count(plan.looked_at, 'record')} looked at"


def _next(page: Page, made: PlanMade) -> None:
    for object_, missing in sorted(made.plan.missing_fields.items()):
        page.line(warn(f"{words(object_)} lack {listed([plain(m) for m in sorted(missing)], 6)}."), hang=2)
    if made.plan.missing_fields:
        page.line("Next: ", command("provision"), " makes them.")
    elif made.file:
        page.line("Next: ", command(f"push {plain(made.file)}"), " writes exactly this.")
    else:
        page.line(
            "Next: ", command("sync"), " writes it; to keep this very plan: ", command("plan --out FILE"), "."
        )


def _figures(page: Page, plan: Plan) -> None:
    """What changes by object, how far values move, and what is left alone."""
    by_object: dict[str, Counter[str]] = {}
    for e in plan.entries:
        by_object.setdefault(e.object, Counter())[e.why] += 1
    page.heading("What changes")
    page.table(
        [
            (words(o), count(sum(by_object[o].values()), "record"), _reasons(by_object[o]))
            for o in _ordered(by_object)
        ],
        indent=2,
        right=(1,),
    )
    page.heading("Values")
    rows = [
        (label(key), f"{sum(r['records'] for r in mine):,}", _moves(mine))
        for key, mine in _by_field(plan.histograms())
        if is_shown(key)
    ]
    page.table(rows, indent=2, right=(1,))
    if plan.emptied:
        page.blank()
        page.line(warn(f"{count(plan.emptied, 'record')} would lose a value of ours: "), _emptied(plan))
    _left_alone(page, plan)


def _emptied(plan: Plan) -> str:
    return listed(f"{n:,}{GLUE}{label(k)}" for k, n in plan.emptied_by_field().items()) + "."


def _reasons(why: Counter[str]) -> str:
    return ", ".join(f"{w}: {n:,}" if len(why) > 1 else w for w, n in why.most_common())


def _by_field(rows: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(key, list(mine)) for key, mine in groupby(rows, key=lambda r: str(r["field"]))]


def _moves(rows: Sequence[dict[str, Any]]) -> str:
    """How far a field's values move, the most frequent first where there are many ways."""
    if len(rows) == 1:
        return plain(rows[0]["change"])
    if len(rows) > 8:
        rows = sorted(rows, key=lambda r: -r["records"])
    return listed([f"{plain(r['change'])}: {r['records']:,}" for r in rows], 8)


def _left_alone(page: Page, plan: Plan) -> None:
    left = {k: n for k, n in plan.left_alone.items() if n}
    if left:
        page.blank()
        page.line("Left alone: ", listed(f"{plain(k)}: {n:,}" for k, n in left.items()) + ".", hang=2)


def _edits(page: Page, plan: Plan) -> None:
    if not plan.foreign_edits:
        return
    page.heading(f"Changed by somebody else since we wrote: {len(plan.foreign_edits):,}")
    for e in plan.foreign_edits[:_EDITS]:
        currency = plan.currency_of(e.object, e.record_id)
        wrote, holds = value(e.field, e.wrote, currency), value(e.field, e.holds, currency)
        page.line(
            f"{e.object}/{plain(e.record_id)}  {label(e.field)}: we wrote {wrote}, it holds {holds}",
            indent=2,
            hang=4,
        )
    _more(page, len(plan.foreign_edits) - _EDITS, indent=2)


def entries(page: Page, plan: Plan, limit: int = SHOWN) -> None:
    """A block a record, deals first, and how many more there are."""
    shown = sorted(plan.sample(limit), key=lambda e: (_place(e.object), -_score(e)))
    for e in shown:
        entry(page, e, plan.currency_of(e.object, e.record_id))
    _more(page, len(plan.entries) - len(shown))


def _more(page: Page, number: int, indent: int = 0) -> None:
    if number > 0:
        page.line(dim(f"and {number:,} more"), indent=indent)


def entry(page: Page, e: Entry, currency: str) -> None:
    """One record: what it is, what becomes of it, and why."""
    emptied = all(new is None for _, _, new in e.fields)
    mark = bad("-") if emptied else warn("~")
    first: list[Piece] = [mark, f" {e.object}/{plain(e.record_id)}"]
    if e.name != e.record_id:
        first += ["  ", bold(plain(e.name))]
    items: list[Sequence[Piece]] = [first]
    items += [change(k, old, new, currency) for k, old, new in e.fields if is_shown(k)]
    if because := _because(e):
        items.append([dim(f"because {because}")])
    page.items(items, hang=4)


def _because(e: Entry) -> str:
    values = {k: new for k, _, new in e.fields}
    reasons = values.get("reasons") or values.get("top_reason")
    why = "" if e.why in _NOT_TOLD else plain(e.why)
    if reasons:
        why = ", ".join(reason(line) for line in reasons.splitlines())
    step = values.get("next_step_reason")
    return "; ".join(part for part in (why, f"next step because {plain(step)}" if step else "") if part)


def _place(object_: str) -> int:
    return _OBJECTS.index(object_) if object_ in _OBJECTS else len(_OBJECTS)


def _ordered(objects: Iterable[str]) -> list[str]:
    return sorted(objects, key=_place)


def _score(e: Entry) -> float:
    found = next((new for k, _, new in e.fields if k == "score"), None)
    try:
        return float(found) if found else 0.0
    except ValueError:
        return 0.0


def scored(page: Page, found: ScoredRecords) -> None:
    """The best records of a scoring, a line a record."""
    page.line(
        bold(f"{count(len(found.records), 'record')} with a score."), " Nothing was planned or written."
    )
    page.line("Next: ", command("plan --no-pull"), " shows what would be written.")
    if not found.records:
        return
    page.blank()
    page.table(
        [
            (
                bold(value("score", r.get("score"))),
                value("grade", r.get("grade")),
                f"{r['object']}/{plain(r['id'])}",
                plain(r.get("name")) + (f": {_first(r)}" if _first(r) else ""),
            )
            for r in found.records[:_BEST]
        ],
        right=(0,),
    )
    _more(page, len(found.records) - _BEST)


def _first(record: dict[str, Any]) -> str:
    first = record.get("top_reason") or str(record.get("reasons") or "").partition("\n")[0]
    return reason(first) if first else ""
