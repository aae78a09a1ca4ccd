"""What a run did, as the last lines of a command and in `runs list` and `runs show`."""

import math
from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.page import Page, Piece, bad, bold, command, dim, good, warn
from sales_consultant.commands.output.text import count, counted, listed, plain, words
from sales_consultant.commands.output.times import brief_span, span
from sales_consultant.commands.output.values import is_shown, label
from sales_consultant.sync.estimate import Estimated
from sales_consultant.sync.results.runs import RunDetails, RunDone, RunList, RunRow

# Told in lines of their own, or of use to programs only.
_TOLD = {
    "pulled", "pulled_whole", "calls", "scored", "excluded", "plan", "written", "dead", "not_sent", "api_calls",
    "described", "drift", "estimated_amounts", "trained", "compared", "repaired", "undone", "conflicts", "on_hold",
    "tried_again_by", "backup",
}  # fmt: skip
_CONFLICTS = 10


def done(page: Page, run: RunDone) -> None:
    """The end of a run: what it wrote, what to do next, then what it read and scored."""
    counts = run.counts
    page.line(bold(f"{did(counts)}."), _calls(counts))
    _next(page, run.id, counts)
    _body(page, counts)
    if run.conflicts:
        conflicts(page, run.conflicts)


def did(counts: Mapping[str, Any]) -> str:
    """What a run came to, in a few words.

    >>> did({"written": 2, "plan": {"records": 2, "changes": 5}, "dead": 0}).replace("\\u00a0", " ")
    'Wrote 5 values on 2 records'
    >>> did({"pulled": {"deals": 3, "calls": 0}}).replace("\\u00a0", " ")
    'Read 3 rows'
    """
    plan = counts.get("plan") or {}
    if "written" in counts:
        written = int(counts["written"])
        if not written and not counts.get("dead"):
            return "Nothing to write"
        whole = plan.get("changes") if written == plan.get("records") else None
        told = (
            f"{count(int(whole), 'value')} on {count(written, 'record')}"
            if whole
            else count(written, "record")
        )
        verb = "Restored" if "undone" in counts else "Wrote"
        return f"{verb} {told}"
    if plan:
        return f"Planned {count(int(plan.get('records', 0)), 'change', 'changed records')}"
    if counts.get("trained"):
        return f"Trained {count(len(counts['trained']), 'model')}"
    if counts.get("scored"):
        return f"Scored {counted(counts['scored'])}"
    if "backup" in counts:
        return "Backed up the state"
    rows = sum((counts.get("pulled") or {}).values())
    return f"Read {count(rows, 'row')}" if rows else "Read: nothing has changed"


def _calls(counts: Mapping[str, Any]) -> str:
    calls = counts.get("api_calls")
    return "" if calls is None else f" {count(int(calls), 'API call')}."


def _next(page: Page, run_id: str, counts: Mapping[str, Any], *, looked: bool = False) -> None:
    dead, waiting = int(counts.get("dead") or 0), int(counts.get("waiting_records") or 0)
    if dead or waiting:
        why: list[Piece] = [] if looked else [command(f"runs show {run_id}"), " says why, "]
        refused = warn(f"{count(dead + waiting, 'record')} refused by the CRM.")
        page.line(refused, " Next: ", *why, command("retry"), " tries again.")
    elif counts.get("not_sent"):
        page.line(
            warn(f"{count(int(counts['not_sent']), 'record')} not sent."),
            " Next: ",
            command("sync"),
            " goes on.",
        )
    elif "undone" in counts:
        if counts.get("on_hold"):
            page.line(
                "Next: ", command("resume"), " lets the next sync write ",
                listed([label(f) for f in counts["on_hold"] if is_shown(f)], 6), " again.",
            )  # fmt: skip
    elif counts.get("written"):
        look: list[Piece] = [] if looked else ["look at it with ", command(f"runs show {run_id}"), "; "]
        page.line("Next: ", *look, "undo it with ", command(f"rollback {run_id}"), ".", hang=6)
    elif "written" not in counts and "trained" not in counts and "compared" not in counts:
        page.line("Next: ", command("plan"), " shows what would be written.")


def _body(page: Page, counts: Mapping[str, Any]) -> None:
    rows: list[tuple[Piece, Piece]] = []
    for title, found in (
        ("Read", _joined(counts.get("pulled") or {})),
        ("Scored", counts.get("scored") or {}),
    ):
        if text := counted(found):
            rows.append((title, text))
    if excluded := _excluded(counts.get("excluded") or {}):
        rows.append(("Excluded", excluded))
    if counts.get("trained"):
        rows.append(("Trained", listed(f"{words(k)}: {plain(v)}" for k, v in counts["trained"].items())))
    plan = counts.get("plan") or {}
    if plan.get("by_field"):
        rows.append(
            ("Values", listed(f"{label(k)} {n:,}" for k, n in plan["by_field"].items() if is_shown(k)))
        )
    if left := {k: n for k, n in (plan.get("left_alone") or {}).items() if n}:
        rows.append(("Left alone", listed(f"{plain(k)}: {n:,}" for k, n in left.items())))
    if counts.get("estimated_amounts"):
        rows.append(
            (
                "Estimated",
                count(int(counts["estimated_amounts"]), "deal without an amount", "deals without an amount"),
            )
        )
    for found in counts.get("compared") or ():
        rows.append((f"Compared {words(found['stream'])}", plain(found["result"])))
    if counts.get("repaired"):
        rows.append(("Repaired", count(int(counts["repaired"]), "row")))
    if counts.get("backup"):
        rows.append(("Backup", plain(counts["backup"]["file"])))
    if counts.get("undone"):
        rows.append(("Undone", listed(plain(r) for r in counts["undone"])))
    rows += [(words(k).capitalize(), _any(v)) for k, v in counts.items() if k not in _TOLD and _any(v)]
    if rows:
        page.blank()
        page.table(rows, indent=2)


def _joined(pulled: Mapping[str, int]) -> dict[str, int]:
    """Rows by stream, all links between records as one."""
    found = {k: n for k, n in pulled.items() if not k.startswith("link_")}
    return {**found, "links": sum(n for k, n in pulled.items() if k.startswith("link_"))}


def _excluded(found: Mapping[str, Any]) -> str:
    parts = []
    for population, why in found.items():
        told = counted(why) if isinstance(why, Mapping) else f"{why:,}" if why else ""
        if told:
            parts.append(f"{words(population)}: {told}")
    return "; ".join(parts)


def _any(value: Any) -> str:
    """What is counted now and then: few words, and nothing where there is nothing."""
    if value in (None, "", 0, [], {}, False):
        return ""
    if isinstance(value, Mapping):
        return listed(f"{words(str(k))} {told}" for k, v in value.items() if (told := _any(v)))
    if isinstance(value, list | tuple):
        return listed([_any(v) for v in value], 10)
    return plain(value)


def conflicts(page: Page, found: tuple[Mapping[str, str | None], ...]) -> None:
    """What a rollback leaves because somebody changed it since."""
    page.heading(f"Left as it is, because somebody changed it since: {len(found):,}")
    for c in found[:_CONFLICTS]:
        where = f"{c.get('object')}/{c.get('record', c.get('id'))}"
        told = ", ".join(
            f"{words(k)} {plain(v)}" for k, v in c.items() if k not in ("object", "record", "id", "field")
        )
        page.line(f"{plain(where)}  {label(str(c.get('field')))}: {told}", indent=2, hang=4)
    if len(found) > _CONFLICTS:
        page.line(dim(f"and {len(found) - _CONFLICTS:,} more"), indent=2)


# -- runs list, runs show ----------------------------------------------------------------------------------------


def runs(page: Page, found: RunList) -> None:
    """A line a run; above them what to do, where the newest one failed or had records refused."""
    if not found.runs:
        page.line("No run yet. Next: ", command("plan"), " shows what a first sync would write.")
        return
    _attention(page, found.runs[0])
    rows = [
        (
            r.id,
            words(r.job),
            page.times.ago(r.started_at),
            dim("–" if r.seconds is None else brief_span(r.seconds)),
            _what(r),
        )
        for r in found.runs
    ]
    page.table(rows)


def _attention(page: Page, newest: RunRow) -> None:
    if newest.counts.get("dead"):
        refused = count(int(newest.counts["dead"]), "record")
        page.line(
            warn(f"The newest run had {refused} refused."), " Next: ", command(f"runs show {newest.id}"), "."
        )
        page.blank()
    elif newest.outcome and newest.outcome.startswith("failed"):
        page.line(bad("The newest run failed."), " Next: ", command(f"runs show {newest.id}"), " says why.")
        page.blank()


def _outcome(run: RunRow) -> Piece:
    if run.outcome is None:
        return warn("going on")
    text = plain(run.outcome)
    if text.startswith("failed"):
        return bad("failed")
    return good(text) if text == "done" else warn(text)


def _what(run: RunRow) -> Piece:
    """How a run ended, and what it came to."""
    if run.outcome is None:
        return warn("going on, or killed")
    if run.outcome.startswith("failed"):
        return bad(f"failed: {plain(run.error or run.outcome.removeprefix('failed: '))}")
    told = did(run.counts)
    told = told[:1].lower() + told[1:]
    if run.counts.get("dead"):
        return warn(f"{told}; {count(int(run.counts['dead']), 'record')} refused")
    return told if run.outcome == "done" else warn(f"{plain(run.outcome)}: {told}")


def run(page: Page, found: RunDetails) -> None:
    """One run: how it ended, what to do, what it changed by field, what was refused by reason."""
    r = found.run
    took = "" if r.seconds is None else f", took {span(r.seconds)}"
    page.line(
        bold(f"{words(r.job).capitalize()} {r.id}"),
        " ",
        _outcome(r),
        f", {page.times.both(r.started_at)}{took}",
    )
    if r.error:
        page.line(bad(plain(r.error)))
    if r.counts:
        page.line(f"{did(r.counts)}.{_calls(r.counts)}")
    if r.outcome is None:
        page.line(
            "Next: ",
            command(f"runs tail {r.id}"),
            " shows how far it is; a killed one is settled by the next sync.",
        )
    else:
        _next(page, r.id, {"written": 0, **r.counts}, looked=True)
    _refusals(page, found)
    _changes(page, found)
    _body(page, {k: v for k, v in r.counts.items() if k != "plan"})


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


def estimated(page: Page, found: Estimated) -> None:
    """What a pull would cost, by stream."""
    calls, minutes = sum(found.calls.values()), math.ceil(found.minutes)
    page.line(
        bold(f"{count(calls, 'API call')}, at least {count(minutes, 'minute')}"), " at the vendor's limits."
    )
    page.line("Next: ", command("pull"), " reads it.")
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
