"""`runs list`: a line a run; `runs show`: one run with what it changed, and what was refused."""

from sales_consultant.commands.output.run import body, calls, did, next_step
from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import NOTHING, count, listed, plain, words
from sales_consultant.commands.output.writing.times import brief_span
from sales_consultant.commands.output.writing.values import is_shown, label
from sales_consultant.sync.results.runs import RunDetails, RunList, RunRow


def runs(page: Page, found: RunList) -> None:
    """What to do first; then a line a run, cut where the terminal ends."""
    if not found.runs and found.total:
        page.line(
            f"{count(found.total, 'run')}, none of them shown. Next: ",
            command("runs list"),
            " lists the newest.",
        )
        return
    if not found.runs:
        page.line("No run yet. Next: ", command("plan"), " shows what a first sync would write.")
        return
    page.table(
        [
            (
                r.name,
                words(r.job),
                page.times.ago(r.started_at),
                dim(NOTHING if r.seconds is None else brief_span(r.seconds)),
                _what(r),
            )
            for r in found.runs
        ],
        one_line=True,
    )
    page.blank()
    _next(page, found.runs)


def _next(page: Page, found: tuple[RunRow, ...]) -> None:
    newest = found[0]
    if newest.outcome is None:
        page.line("Next: ", command(f"runs tail {newest.name}"), " follows it.")
    elif newest.outcome.startswith("failed"):
        page.line(bad("The newest run failed."), " Next: ", command(f"runs show {newest.name}"), " says why.")
    elif newest.counted.dead:
        refused = count(newest.counted.dead, "record")
        page.line(
            warn(f"The newest run had {refused} refused."), " Next: ", command(f"runs show {newest.name}"), " says why."
        )  # fmt: skip
    else:
        wrote = next((r for r in found if r.counted.written), newest)
        page.line("Next: ", command(f"runs show {wrote.name}"), " shows what a run changed.")


def _outcome(run: RunRow) -> Piece:
    if run.outcome is None:
        return warn("going on")
    text = plain(run.outcome)
    if text.startswith("failed"):
        return bad("failed")
    return good(text) if text == "done" else warn(text)


def _what(run: RunRow) -> Piece:
    """How a run ended, and what it came to, with what matters first: the line may be cut."""
    if run.outcome is None:
        return warn("going on, or killed")
    if run.outcome.startswith("failed"):
        return bad(f"failed: {plain(run.error or run.outcome.removeprefix('failed: '))}")
    c = run.counted
    deeds = did(c)
    deeds = deeds[:1].lower() + deeds[1:]
    if c.dead:
        return warn(f"{count(c.dead, 'record')} refused; {deeds}")
    return deeds if run.outcome == "done" else warn(f"{plain(run.outcome)}: {deeds}")


def run(page: Page, found: RunDetails) -> None:
    """One run: how it ended, what to do, what it changed by field, what was refused by reason."""
    r, c = found.run, found.run.counted
    took = "" if r.seconds is None else f", took {brief_span(r.seconds)}"
    page.line(
        bold(f"{words(r.job).capitalize()} {r.id}"),
        " ",
        _outcome(r),
        f", {page.times.both(r.started_at)}{took}",
    )
    if r.error:
        page.line(bad(plain(r.error)))
    failed = r.outcome is not None and r.outcome.startswith("failed")
    # A run that failed before it read anything did not find that nothing has changed.
    if r.counts and not (failed and not c.did_something):
        page.line(f"{did(c)}.{calls(c)}")
    if r.outcome is None:
        page.line(
            "Next: ",
            command(f"runs tail {r.name}"),
            " shows how far it is; a killed one is settled by the next sync.",
        )
    elif failed:
        again: list[Piece] = [command("sync"), " goes on where it ended."]
        page.line("Next: ", *([plain(c.action.removeprefix("Next: "))] if c.action else again), hang=6)
    else:
        next_step(page, r.name, c, looked=True)
    _refusals(page, found)
    _changes(page, found)
    _rules(page, found)
    body(page, c, planned=False)


def _refusals(page: Page, found: RunDetails) -> None:
    if not found.refused:
        return
    page.heading("Refused by the CRM")
    for f in found.refused:
        code = f" ({plain(f.code)})" if f.code else ""
        page.line(
            bad(count(f.records, "record")), f"  {plain(f.message or 'without a reason')}{code}, for example "
            f"{plain(f.for_example)}", indent=2, hang=4,
        )  # fmt: skip


def _rules(page: Page, found: RunDetails) -> None:
    """What became of the rules of the playbook that did anything but hold."""
    rows = [r for r in found.rules if r.chosen or r.written or r.refused or r.withdrawn or r.capped]
    if not rows:
        return
    page.heading("Next steps by rule")
    keys = ("eligible", "chosen", "capped", "written", "refused", "withdrawn", "done")
    head: tuple[Piece, ...] = (dim("rule"), *(dim("holds" if k == "eligible" else k) for k in keys))
    page.table(
        [head, *((plain(r.rule), *(f"{getattr(r, k) or NOTHING}" for k in keys)) for r in rows)],
        indent=2,
        right=tuple(range(1, len(keys) + 1)),
    )
    for r in rows:
        if r.why:
            page.line(bad(f"{plain(r.rule)} refused: "), plain(r.why), indent=2, hang=4)


def _changes(page: Page, found: RunDetails) -> None:
    if not found.changes:
        return
    page.heading("Values")
    by: dict[tuple[str, str], list[str]] = {}
    for c in found.changes:
        if is_shown(c.field):
            by.setdefault((c.object, c.state), []).append(f"{label(c.field)} {c.n:,}")
    page.table([(words(o), _state(s), listed(told)) for (o, s), told in sorted(by.items())], indent=2)


def _state(state: str) -> Piece:
    known = {
        "done": good("written"), "dead": bad("refused"), "conflict": warn("changed by somebody else"),
        "waiting": warn("waiting for a lock"), "planned": dim("not sent"), "inflight": warn("outcome not known"),
    }  # fmt: skip
    return known.get(state, plain(state))
