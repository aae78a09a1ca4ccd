"""What a run did, as the last lines of a command."""

import math
from collections.abc import Mapping

from sales_consultant.commands.output.writing import tasks
from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, warn
from sales_consultant.commands.output.writing.text import count, counted, listed, plain, sentence, words
from sales_consultant.commands.output.writing.values import is_shown, label, value
from sales_consultant.sync.pull.estimate import Estimated
from sales_consultant.sync.results.run_counts import Absent, RunCounts
from sales_consultant.sync.results.runs import Conflict, RunDone

# How many are shown: judgements of what one screen holds. --json has all of them.
_CONFLICTS = 10
_NAMES = 6


def done(page: Page, run: RunDone) -> None:
    """The end of a run: what it wrote, what to do next, then what it read and scored."""
    c = run.counted
    page.line(bold(f"{did(c)}."), calls(c))
    next_step(page, run.name, c)
    body(page, c)
    if run.conflicts:
        conflicts(page, run.conflicts)


def did(c: RunCounts) -> str:
    """What a run came to, in a few words.

    >>> did(RunCounts.of({"written": 2, "plan": {"records": 2, "changes": 5}, "dead": 0})).replace("\\u00a0", " ")
    'Wrote 5 values on 2 records'
    >>> did(RunCounts.of({"pulled": {"deals": 3, "calls": 0}})).replace("\\u00a0", " ")
    'Read 3 rows'
    """
    if c.written is not None:
        if not c.written and not c.dead:
            return f"Wrote {count(sum(c.tasks.values()), 'task')}" if c.tasks else "Nothing to write"
        whole = c.plan.changes if c.plan is not None and c.written == c.plan.records else 0
        records = count(c.written, "record")
        return ("Restored " if c.undone is not None else "Wrote ") + (
            f"{count(whole, 'value')} on {records}" if whole else records
        )
    if c.plan is not None:
        return f"Planned {count(c.plan.records, 'changed record')}"
    if c.trained:
        return f"Trained {count(len(c.trained), 'model')}"
    if c.scored:
        return f"Scored {counted(c.scored)}"
    if c.backup:
        return "Backed up the state"
    rows = sum(c.pulled.values())
    return f"Read {count(rows, 'row')}" if rows else "Read: nothing has changed"


def calls(c: RunCounts) -> str:
    """How many API calls it took, as the end of a sentence."""
    return "" if c.api_calls is None else f" {count(c.api_calls, 'API call')}."


def next_step(page: Page, run: str, c: RunCounts, *, looked: bool = False) -> None:
    """What to do next; `run` is what people type for it, `looked`: they are looking at it."""
    if c.refused:
        why: list[Piece] = [] if looked else [command(f"runs show {run}"), " says why, "]
        page.line(
            warn(f"{count(c.refused, 'record')} refused by the CRM."), " Next: ", *why, command("retry"), " tries again."
        )  # fmt: skip
    elif c.not_sent:
        page.line(warn(f"{count(c.not_sent, 'record')} not sent."), " Next: ", command("sync"), " goes on.")
    elif c.undone is not None:
        if fields := [label(f) for f in c.on_hold if is_shown(f)]:
            page.line(
                "Next: ", command("resume"), f" lets the next sync write {listed(fields, _NAMES)} again."
            )
    elif c.written or c.tasks:
        look: list[Piece] = [] if looked else ["look at it with ", command(f"runs show {run}"), "; "]
        page.line("Next: ", *look, "undo it with ", command(f"rollback {run}"), ".", hang=6)
    elif not looked and c.written is None and not c.trained and c.compared is None:
        page.line("Next: ", command("plan"), " shows what would be written.")


def body(page: Page, c: RunCounts, *, planned: bool = True) -> None:
    """What a run did, in lines; without `planned` what it wrote is told elsewhere."""
    rows = _usual(c)
    if planned and c.plan is not None:
        if c.plan.by_field:
            fields = [f"{label(k)} {n:,}" for k, n in c.plan.by_field.items() if is_shown(k)]
            rows.append(("Values", listed(fields)))
        if c.plan.left_alone:
            rows.append(("Left alone", listed(f"{plain(k)}: {n:,}" for k, n in c.plan.left_alone.items())))
    rows += _unusual_reading(c) + _unusual_writing(c)
    if rows:
        page.blank()
        page.table(rows, indent=2)


def _usual(c: RunCounts) -> list[tuple[Piece, Piece]]:
    """What was read, scored, left out and trained."""
    rows: list[tuple[Piece, Piece]] = []
    if read := counted(_joined(c.pulled)):
        rows.append(("Read", read))
    if scored := counted(c.scored):
        rows.append(("Scored", scored))
    if c.excluded:
        excluded = [f"{words(name)}: {counted(why)}" for name, why in c.excluded.items() if any(why.values())]
        rows.append(("Excluded", "; ".join(excluded)))
    if c.trained:
        models = [f"{words(k)} ({plain(v)})" if v else words(k) for k, v in c.trained.items()]
        rows.append(("Trained", listed(models)))
    if c.estimated_amounts:
        estimated = count(c.estimated_amounts, "deal without an amount", "deals without an amount")
        rows.append(("Estimated", f"the amount of {estimated}"))
    return rows


def _joined(pulled: Mapping[str, int]) -> dict[str, int]:
    """Rows by stream, all links between records as one."""
    rows = {k: n for k, n in pulled.items() if not k.startswith("link_")}
    return {**rows, "links": sum(n for k, n in pulled.items() if k.startswith("link_"))}


def _unusual_reading(c: RunCounts) -> list[tuple[Piece, Piece]]:
    """What only some runs find while they read."""
    rows: list[tuple[Piece, Piece]] = []
    if c.computed:
        rows.append(("Read anew", f"what the CRM computes of {listed(words(o) for o in c.computed)}"))
    if c.vanished:
        rows.append(("Gone", f"{count(c.vanished, 'row')} that the CRM has no more"))
    rows += [(f"Not shown, {words(stream)}", plain(why)) for stream, why in c.unseen.items()]
    rows += [(f"Not permitted, {words(stream)}", plain(why)) for stream, why in c.not_permitted.items()]
    if c.unreadable:
        fields = [f"{plain(k)} ({n:,})" for k, n in sorted(c.unreadable.items(), key=lambda f: -f[1])]
        values = count(sum(c.unreadable.values()), "value")
        rows.append(("Not readable", f"{values}, left empty or mended: {listed(fields, _NAMES)}"))
    rows += [("Not in the CRM", _absent(a)) for a in c.not_found]
    rows += [(f"Compared, {words(t.stream)}", plain(t.result)) for t in c.compared or ()]
    if c.repaired:
        rows.append(("Repaired", count(c.repaired, "row")))
    if c.forgotten:
        there = listed((plain(f) for f in c.forgotten), _NAMES)
        rows.append(("Erased before", f"{there}: still in the CRM, and read again"))
    if c.taken_as_written:
        records = count(c.taken_as_written, "record")
        rows.append(("Taken over", f"{records} as the CRM holds them, for the state came from a backup"))
    return rows


def _absent(a: Absent) -> str:
    """What records name and the CRM does not have any more."""
    taken = f", {plain(a.taken_for)}" if a.taken_for else ""
    return f"{words(a.kind)} {plain(a.name)} ({count(a.records, 'record')}{taken})"


def _unusual_writing(c: RunCounts) -> list[tuple[Piece, Piece]]:
    """What only some runs find while they plan and write."""
    rows: list[tuple[Piece, Piece]] = []
    if c.settled:
        rows.append(("Settled", f"{count(c.settled, 'value')} of a run that was interrupted"))
    rows += [
        (f"Fields missing, {words(o)}", listed(plain(f) for f in names))
        for o, names in c.missing_fields.items()
    ]
    if c.outside_pilot:
        what = "are emptied" if c.outside_emptied else "keep our values"
        rows.append(("Outside the pilot", f"{count(c.outside_pilot, 'record')} {what}"))
    if c.returned:
        records = count(c.returned, "record gets", "records get")
        rows.append(("After a rollback", f"{records} back what it had taken away"))
    if c.conflicts:
        rows.append(("Changed meanwhile", f"{count(c.conflicts, 'value')} by somebody else, and left so"))
    rows += tasks.rows(c)
    if c.waiting:
        rows.append(("Waiting", f"{count(c.waiting, 'record')} for an approval or a lock"))
    if c.left:
        rows.append(("Left as they are", f"{count(c.left, 'record')}, as leads that were converted"))
    if c.undone:
        rows.append(("Undone", listed(plain(r) for r in c.undone)))
    if c.backup:
        rows.append(("Backup", plain(c.backup)))
    if c.undescribed:
        rows.append(
            ("Not noted", f"the fields' descriptions could not be changed: {sentence(c.undescribed)}")
        )
    return rows


def conflicts(page: Page, left: tuple[Conflict, ...]) -> None:
    """What a rollback leaves because somebody changed it since."""
    page.heading(f"Left as it is, because somebody changed it since: {len(left):,}")
    for c in left[:_CONFLICTS]:
        page.line(
            f"{plain(c.object)}/{plain(c.record)}  {label(c.field)}: we wrote {value(c.field, c.we_wrote)}, it holds "
            f"{value(c.field, c.holds)}", indent=2, hang=4,
        )  # fmt: skip
    if len(left) > _CONFLICTS:
        page.line(dim(f"and {len(left) - _CONFLICTS:,} more"), indent=2)


def estimated(page: Page, found: Estimated, then: str = "pull") -> None:
    """What a pull would cost, by stream, and the command that makes it."""
    calls, minutes = sum(found.calls.values()), math.ceil(found.minutes)
    page.line(
        bold(f"{count(calls, 'API call')}, at least {count(minutes, 'minute')}"), " at the vendor's limits."
    )
    page.line("Next: ", command(then), " reads it.")
    page.blank()
    page.table(
        [
            (
                words(e.stream),
                "–" if e.rows is None else count(int(e.rows), "row"),
                count(sum(e.calls.values()), "call"),
                "whole" if e.stream in found.whole else "what changed",
            )
            for e in found.streams
            if sum(e.calls.values())
        ],
        indent=2,
        right=(1, 2),
    )
