"""The playbook: its check, a rule, a record against all rules, what became of each rule."""

from typing import Any

from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import NOTHING, count, percent, plain
from sales_consultant.sync.results.playbook import (
    Converted,
    Part,
    PlaybookCheck,
    PlaybookStats,
    RecordTest,
    RuleExplained,
    RuleStats,
    RuleTest,
)

_MARKS = {"yes": good("yes"), "no": bad("no"), "unknown": warn("unknown")}


def check(page: Page, found: PlaybookCheck) -> None:
    """How many rules, and what is odd."""
    by = ", ".join(f"{n} for {o}" for o, n in found.by_object.items())
    page.line(good("The playbook can be used: "), f"{count(found.rules, 'rule')}, {by}.")
    page.line(dim(plain(found.file)))
    if not found.findings:
        page.line("No rule contradicts another, and each can be reached.")
        return
    page.heading("To look at")
    for f in found.findings:
        page.line(warn("! "), plain(f["text"]), indent=2, hang=4)


def stats(page: Page, found: PlaybookStats) -> None:
    """A line a rule that did anything; the others are counted."""
    if found.run is None:
        page.line("No run has given steps yet. Next: ", command("plan"), " shows what a sync would write.")
    active = [r for r in found.rules if r.given or any(r.last_run.values())]
    if active:
        head: tuple[Piece, ...] = tuple(
            dim(h)
            for h in ("rule", "holds", "chosen", "capped", "silent", "given", "shown", "taken", "answers")
        )
        page.table([head, *(_stat(r) for r in active)], right=(1, 2, 3, 4, 5, 6, 7))
    idle = len(found.rules) - len(active)
    if idle:
        page.line(dim(f"{count(idle, 'rule')} held for no record; --json lists them."))
    for r in found.rules:
        if r.mostly_wrong:
            wrong, of = r.answers.get("wrong", 0), r.answered
            page.line(
                warn(f"! {plain(r.rule)}: {wrong} of {of} who answered call it wrong."),
                " Next: ",
                command(f"playbook explain {plain(r.rule)}"),
                hang=2,
            )
    page.blank()
    page.line(dim("Who takes a step is no proof that it helped: only a random choice could tell."))


def _stat(r: RuleStats) -> tuple[Piece, ...]:
    run = r.last_run
    told = ", ".join(f"{n} {v.replace('_', ' ')}" for v, n in sorted(r.answers.items()))
    figures = [f"{run.get(k, 0):,}" if run else NOTHING for k in ("eligible", "chosen", "capped", "silent")]
    taken = NOTHING if r.taken is None else percent(r.taken)
    return (plain(r.rule), *figures, f"{r.given:,}", f"{r.showing:,}", taken, plain(told) or NOTHING)


def explain(page: Page, found: RuleExplained) -> None:
    """A rule: what must hold, what it says, and what became of it."""
    keys = found.keys
    page.line(bold(plain(str(keys["id"]))), "  ", dim(plain(found.place)))
    page.line("for ", plain(", ".join(keys["objects"])))
    page.heading("When")
    for part in keys["when"]:
        page.line(plain(part), indent=2, hang=4)
    page.heading("Then")
    page.line(bold(plain(str(keys["step"]))), indent=2)
    page.line(dim(f"because {plain(str(keys['reason']))}"), indent=2)
    rest = {k: v for k, v in keys.items() if k not in ("id", "objects", "when", "step", "reason", "draft")}
    page.table([(dim(k.replace("_", " ")), plain(str(v))) for k, v in rest.items()], indent=2)
    page.heading("Facts")
    page.table([(plain(n), dim(plain(m))) for n, m in found.names.items()], indent=2)
    if found.stats is not None and (found.stats.given or found.stats.last_run):
        page.heading("What became of it")
        s, run = found.stats, found.stats.last_run
        if run:
            page.line(", ".join(f"{k} {n:,}" for k, n in run.items()), " in the last run", indent=2, hang=4)
        page.line(f"given {count(s.given, 'time')}, shown now on {count(s.showing, 'record')}", indent=2)
    _share(page, found.stats)
    for text in found.findings:
        page.line(warn("! "), plain(text), hang=2)


def _share(page: Page, stats: RuleStats | None) -> None:
    """By what the rule is ordered, where that is not the playbook's share."""
    if stats is None or stats.share is None or stats.share_in_force is None:
        return
    moved, known = f"{stats.share_in_force:.3f}" != f"{stats.share:.3f}", stats.evidence
    if not moved and known is None:
        return
    page.heading("Its place among the others")
    page.line(f"share {stats.share:.3f} in the playbook, {stats.share_in_force:.3f} in force", indent=2)
    if known is not None:
        where = "was drawn" if known["kind"] == "random" else "was followed in the past"
        change = f"{100 * abs(known['change']):.1f} points {'higher' if known['change'] >= 0 else 'lower'}"
        cases = f"{count(known['taken'], 'case')}, {known['left']:,} without"
        said = f"where it {where}, the share of deals won was {change} (standard error {100 * known['error']:.1f}; {cases})"
        page.line(dim(said), indent=2, hang=4)
        if known["kind"] != "random":
            page.line(dim("That is no effect: reps choose whom they call."), indent=2)


def record(page: Page, found: RecordTest) -> None:
    """The step that a record gets; then the rules that hold, then what keeps the others from holding."""
    page.line(
        bold(plain(found.name or found.record_id)), "  ", dim(f"{found.object}/{plain(found.record_id)}")
    )
    if found.step is not None:
        page.line("Next step: ", bold(plain(found.step)), dim(f"  by {plain(found.rule)}"), hang=2)
        page.line(dim(f"because {plain(found.reason)}"), indent=2)
    else:
        page.line("No step: ", plain(found.reason or "it is closed"), hang=2)
    page.line(dim("by the last pull, without the cap of its owner"))
    holding = [t for t in found.tests if t.holds == "yes"]
    if holding:
        page.heading("Rules that hold")
        for t in holding:
            page.line(
                good(plain(t.rule)),
                f": {plain(t.step)}",
                f" ({plain(t.said)})" if t.said else "",
                indent=2,
                hang=4,
            )
    others = [t for t in found.tests if t.holds != "yes"]
    if others:
        page.heading("Rules that do not")
        page.table([(plain(t.rule), _MARKS[t.holds], dim(_why(t))) for t in others], indent=2)


def _why(t: RuleTest) -> str:
    first = next((p for p in t.parts if p.holds != "yes"), None)
    return "" if first is None else f"{plain(first.text)}{_values(first)}"


def _values(part: Part) -> str:
    told = [f"{n} is {_value(v)}" for n, v in part.facts.items()]
    return f"; {', '.join(told)}" if told else ""


def _value(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    return plain(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def converted(page: Page, found: Converted) -> None:
    """Where it was written, else the text itself."""
    if found.file:
        page.line(
            good(f"Wrote {plain(found.file)}: "), f"{count(found.changed, 'condition')} as an expression."
        )
        return
    for line in found.text.splitlines():
        page.line(plain(line))
