"""What a run did, as the last lines of a command."""

import math
from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, warn
from sales_consultant.commands.output.writing.text import count, counted, listed, plain, words
from sales_consultant.commands.output.writing.values import is_shown, label
from sales_consultant.sync.pull.estimate import Estimated
from sales_consultant.sync.results.runs import RunDone

# Told in lines of their own, or of use to programs only.
_TOLD = {
    "pulled", "pulled_whole", "calls", "scored", "excluded", "plan", "written", "dead", "not_sent", "api_calls",
    "described", "drift", "estimated_amounts", "trained", "compared", "repaired", "undone", "conflicts", "on_hold",
    "tried_again_by", "backup", "not_found",
}  # fmt: skip
# How many are shown: a judgement of what one screen holds.
_CONFLICTS = 10


def done(page: Page, run: RunDone) -> None:
    """The end of a run: what it wrote, what to do next, then what it read and scored."""
    counts = run.counts
    page.line(bold(f"{did(counts)}."), calls(counts))
    next_step(page, run.id, counts)
    body(page, counts)
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
        deeds = (
            f"{count(int(whole), 'value')} on {count(written, 'record')}"
            if whole
            else count(written, "record")
        )
        verb = "Restored" if "undone" in counts else "Wrote"
        return f"{verb} {deeds}"
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


def calls(counts: Mapping[str, Any]) -> str:
    """How many API calls it took, as the end of a sentence."""
    calls = counts.get("api_calls")
    return "" if calls is None else f" {count(int(calls), 'API call')}."


def next_step(page: Page, run_id: str, counts: Mapping[str, Any], *, looked: bool = False) -> None:
    """What to do next."""
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


def body(page: Page, counts: Mapping[str, Any]) -> None:
    """What a run did, in lines."""
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
    rows += _now_and_then(counts)
    if rows:
        page.blank()
        page.table(rows, indent=2)


def _now_and_then(counts: Mapping[str, Any]) -> list[tuple[Piece, Piece]]:
    """What some runs count: comparisons, repairs, backups, undone runs, and whatever has no line of its own."""
    rows: list[tuple[Piece, Piece]] = [
        (f"Compared {words(c['stream'])}", plain(c["result"])) for c in counts.get("compared") or ()
    ]
    if counts.get("repaired"):
        rows.append(("Repaired", count(int(counts["repaired"]), "row")))
    if counts.get("backup"):
        rows.append(("Backup", plain(counts["backup"]["file"])))
    if counts.get("undone"):
        rows.append(("Undone", listed(plain(r) for r in counts["undone"])))
    rows += [("Not found", _absent(a)) for a in counts.get("not_found") or ()]
    others = [(k, _any(v)) for k, v in counts.items() if k not in _TOLD]
    return [*rows, *((words(k).capitalize(), told) for k, told in others if told)]


def _absent(found: Mapping[str, Any]) -> str:
    """What records name and the CRM does not have any more."""
    taken = f", {plain(found['taken_for'])}" if found.get("taken_for") else ""
    records = count(int(found.get("records") or 0), "record")
    return f"{words(str(found.get('kind', '')))} {plain(found.get('name', ''))} ({records}{taken})"


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
