"""How a connection stands: what to do next first."""

import re

from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    NOTHING,
    count,
    counted,
    listed,
    percent,
    plain,
    words,
)
from sales_consultant.commands.output.writing.values import is_shown, label
from sales_consultant.sync.results.status import Reading, Status

# A nightly schedule that has failed twice.
_LATE_SECONDS = 36 * 3600
# A comparison in which both sides have as many rows.
_EQUAL = re.compile(r"CRM ([\d,]+), warehouse \1$")


def show(page: Page, s: Status) -> None:
    """The last success and what to do next; then the models, calls, and what waits."""
    org = f" · {plain(s.org)}" if s.org else ""
    page.line(bold(plain(s.connection)), dim(org))
    page.line(*_last(page, s))
    if s.running is not None:
        page.line(
            f"Running: {words(s.running.job)}, begun {page.times.ago(s.running.since)}; ",
            command(f"runs tail {s.running.short or s.running.run_id}"),
            " follows it.",
        )
    for step in _next(s):
        page.line("Next: ", *step, hang=6)
    _models(page, s)
    rows: list[tuple[Piece, Piece]] = []
    if s.next_job is not None:
        job = s.next_job
        rows.append(
            (
                "Next job",
                f"{plain(job.name)} ({words(job.job)}), {page.times.both(job.at)}, if serve runs then",
            )
        )
    rows.append(("Calls", _calls(s)))
    rows += _waiting(s)
    if s.on_hold:
        since = page.times.ago(min(h.since for h in s.on_hold))
        told = listed([label(h.field) for h in s.on_hold if is_shown(h.field)], 8)
        rows.append(("On hold", warn(f"{told}, since a rollback {since}")))
    for r in s.not_restored:
        rows.append(
            ("Not restored", bad(f"{r.object}/{plain(r.record_id)}: {listed(label(f) for f in r.fields)}"))
        )
    rows += _reading(page, "Computed fields", s.computed_fields_read) + _reading(page, "Compared", s.compared)
    if s.groups:
        rows.append(("Groups", counted(s.groups)))
    if s.feedback:
        rows.append(("Feedback", counted(s.feedback)))
    page.blank()
    page.table(rows)


def _last(page: Page, s: Status) -> list[Piece]:
    if s.last_success is None:
        return [warn("No sync has succeeded yet.")]
    late = (s.age_seconds or 0) > _LATE_SECONDS
    return [(warn if late else good)(f"Last sync that succeeded: {page.times.both(s.last_success)}.")]


def _next(s: Status) -> list[list[Piece]]:
    """What to do, the most urgent first; "nothing" where all is well."""
    steps: list[list[Piece]] = []
    if s.org is None:
        return [[command("check"), " says what works and what is missing."]]
    if s.last_success is None:
        steps.append([command("plan"), " shows what a first sync would write; then ", command("sync"), "."])
    elif (s.age_seconds or 0) > _LATE_SECONDS:
        steps.append(
            [command("runs list"), " says what failed since; ", command("sync --yes"), " tries again."]
        )
    if s.not_restored:
        steps.append([command("retry"), " restores what a rollback could not."])
    elif s.dead_letters:
        refused = count(s.dead_letters, "record")
        steps.append(
            [
                f"{refused} refused by the CRM: ",
                command("runs list"),
                " says by which run; ",
                command("retry"),
                ".",
            ]
        )
    if s.on_hold:
        steps.append([command("resume"), " lets the fields on hold be written again."])
    if s.schedule_error:
        steps.append(
            [f"no job runs: {plain(s.schedule_error)} ", command("schedule list"), " says what to write."]
        )
    if not s.models:
        steps.append([command("train"), ": no model is in force."])
    return steps or [["nothing to do."]]


def _models(page: Page, s: Status) -> None:
    if not s.models:
        return
    page.heading("Models in force")
    page.table(
        [
            (
                plain(m.name),
                dim(m.digest[:7]),
                (plain(m.verdict) + ", " if m.verdict else "")
                + ("" if m.as_of is None else f"trained as of {page.times.day(m.as_of)}"),
            )
            for m in s.models
        ],
        indent=2,
    )


def _calls(s: Status) -> str:
    c = s.calls
    told = f"{count(c.last_24_hours, 'API call')} in the last 24 hours"
    if not c.allowed:
        return told
    return f"{told}, {percent(c.last_24_hours / c.allowed)} of the {c.allowed:,} that we may make a day"


def _waiting(s: Status) -> list[tuple[Piece, Piece]]:
    rows: list[tuple[Piece, Piece]] = []
    if s.dead_letters:
        rows.append(("Refused", warn(count(s.dead_letters, "record"))))
    if s.waiting_for_a_lock:
        rows.append(
            ("Locked", warn(f"{count(s.waiting_for_a_lock, 'record')} waiting for an approval or a lock"))
        )
    if s.in_flight:
        rows.append(
            ("In flight", warn(f"{count(s.in_flight, 'value')} whose outcome the next sync asks for"))
        )
    return rows


def _reading(page: Page, title: str, reading: Reading | None) -> list[tuple[Piece, Piece]]:
    if reading is None:
        return []
    at = NOTHING if reading.at is None else page.times.both(reading.at)
    if not reading.tables:
        return [(title, f"{at}: {listed((words(n) for n in reading.names), 12)}")]
    odd = [f"{words(t.stream)} {plain(t.result)}" for t in reading.tables if not _EQUAL.match(t.result)]
    said = listed(odd, 12) if odd else f"{count(len(reading.tables), 'table')}, all as in the CRM"
    return [(title, f"{at}: {said}")]
