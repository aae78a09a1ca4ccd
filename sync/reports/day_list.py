"""A rep's day: what the CRM shows as next steps, the most important first, also as a CSV or a calendar file."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
from icalendar import Calendar, Event

from sales_consultant.config.errors import UsageError
from sales_consultant.config.files import guarded, written_to
from sales_consultant.config.language.nearest import nearest
from sales_consultant.config.playbook import PlaybookError
from sales_consultant.config.records import RecordRef
from sales_consultant.engine import neutral, query
from sales_consultant.scoring.next_steps import of_shown, rule_of
from sales_consultant.sync.plan import DirectoryEntry, current_values, directory, steps_of
from sales_consultant.sync.results import DayList, Step, Without
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled

_ORDER = {"high": 0, "medium": 1, "low": 2}


def steps(
    ws: Workspace,
    *,
    owner: str | None = None,
    left_out: bool = False,
    csv_file: Path | None = None,
    calendar: Path | None = None,
) -> DayList:
    """The steps that records show, of one owner or of all, most worth first, by the worth that chose them.

    `owner` is a name, an e-mail address or an id. `left_out` adds the scored records without a step, and why. Raises
    UsageError where nobody is called so, or a file is there already.
    """
    for file in (csv_file, calendar):
        if file is not None and file.exists():
            raise UsageError(f"{file} is there already.", action="Name a file that is not there yet.")
    open_pulled(ws)
    owners = _owners(ws)
    chosen = _find(owners, owner) if owner else None
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    entries = {e.key: e for e, _ in directory.read(ws.warehouse.engine, held.values)}
    found, none = [], []
    for key, values in held.values.items():
        entry = entries.get(key)
        if entry is None or (chosen is not None and entry.owner not in chosen):
            continue
        if values.get("next_step"):
            found.append(_step(key, {k: v or "" for k, v in values.items()}, entry, entries, owners))
        elif left_out and values.get("next_step_reason"):
            grade, why = values.get("grade") or "", values["next_step_reason"] or ""
            none.append(
                Without(key.object, key.record_id, entry.name, owners.get(entry.owner, ""), grade, why)
            )
    worth = _worths(ws, found, held.values)
    found.sort(
        key=lambda s: (_ORDER.get(s.priority, 3), -worth[s.object, s.record_id], s.due, s.object, s.record_id)
    )
    none.sort(key=lambda w: (w.grade or "Z", w.object, w.record_id))
    files = []
    if csv_file is not None:
        with written_to(csv_file, "--csv"):
            _write_csv(csv_file, found)
        files.append(str(csv_file))
    if calendar is not None:
        with written_to(calendar, "--calendar"):
            _write_calendar(calendar, found, datetime.fromtimestamp(ws.clock() / 1000, UTC))
        files.append(str(calendar))
    told = ", ".join(sorted({owners[o] for o in chosen})) if chosen else ""
    return DayList(told, tuple(found), tuple(none) if left_out else None, tuple(files))


def _worths(
    ws: Workspace, found: Sequence[Step], shown: Mapping[RecordRef, Mapping[str, str | None]]
) -> dict[tuple[str, str], float]:
    """What each step is worth, as far as the record shows it: only an order comes of it, nobody sees the figure."""
    try:
        steps = steps_of(ws, last_as_of(ws))
        rules, shares = steps.playbook.rules, steps.memory.shares
    except PlaybookError:
        # Who looks at the day need not mend the playbook first: the usual share counts for all.
        rules, shares = (), {}
    rows = [
        {
            "object": s.object,
            "record_id": s.record_id,
            "rule": rule_of(s.step_id),
            **{
                k: shown[RecordRef(s.object, s.record_id)].get(k)
                for k in ("probability", "churn_risk", "value_12m")
            },
        }
        for s in found
    ]
    if not rows:
        return {}
    table = pd.DataFrame(rows)
    worth = of_shown(ws.warehouse.engine, table, rules, shares, as_of=last_as_of(ws))
    return {(s.object, s.record_id): float(w) for s, w in zip(found, worth, strict=True)}


def _owners(ws: Workspace) -> dict[str, str]:
    t = neutral(ws.warehouse.engine, "owners")
    rows = query(ws.warehouse.engine, t.select("id", "email", "first_name", "last_name"))
    found = {}
    for row in rows.itertuples(index=False):
        name = " ".join(str(p) for p in (row.first_name, row.last_name) if isinstance(p, str) and p)
        email = row.email if isinstance(row.email, str) else ""
        found[str(row.id)] = f"{name} <{email}>" if name and email else name or email or str(row.id)
    return found


def _find(owners: Mapping[str, str], wanted: str) -> set[str]:
    """The ids of the owners that are called so: the whole name, the address or the id, else a part of them."""
    low = wanted.casefold().strip()
    exact = {i for i, n in owners.items() if low in (i.casefold(), n.casefold(), *_names(n))}
    part = exact or {i for i, n in owners.items() if low and low in n.casefold()}
    if not part:
        near = nearest(wanted, list(owners.values()))
        hint = f' Did you mean "{near}"?' if near else ""
        raise UsageError(
            f'No owner is called "{wanted}".{hint}',
            action="Give a name, an e-mail address or an id of the CRM.",
        )
    if len(part) > 1 and not exact:
        listed = ", ".join(sorted(owners[i] for i in part)[:5])
        raise UsageError(
            f'"{wanted}" could be {listed}.', action="Give the whole name or the e-mail address."
        )
    return part


def _names(shown: str) -> tuple[str, str]:
    name, _, email = shown.casefold().partition(" <")
    return name, email.rstrip(">")


def _step(
    key: RecordRef,
    values: Mapping[str, str],
    entry: DirectoryEntry,
    entries: Mapping[RecordRef, DirectoryEntry],
    owners: Mapping[str, str],
) -> Step:
    company = entries.get(RecordRef("companies", entry.company)) if key.object != "companies" else None
    return Step(
        key.object,
        key.record_id,
        entry.name,
        company.name if company else "",
        owners.get(entry.owner, ""),
        values["next_step"],
        values.get("next_step_reason", ""),
        values.get("next_step_due", ""),
        values.get("next_step_priority", ""),
        values.get("next_step_channel", ""),
        values.get("next_step_id", ""),
        values.get("score", ""),
        values.get("grade", ""),
    )


_COLUMNS = ("due", "priority", "step", "reason", "name", "company", "owner", "channel", "grade", "score")


def _write_csv(file: Path, found: list[Step]) -> None:
    # The mark at the beginning is what spreadsheets tell UTF-8 by.
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*_COLUMNS, "object", "id"])
        for s in found:
            writer.writerow([guarded(str(getattr(s, c))) for c in _COLUMNS] + [s.object, s.record_id])


def _write_calendar(file: Path, found: list[Step], now: datetime) -> None:
    made = Calendar()
    made.add("prodid", "-//Sales Consultant//Next steps//EN")
    made.add("version", "2.0")
    for s in found:
        if not s.due:
            continue
        day = date.fromisoformat(s.due)
        event = Event()
        # The id is that of the step on its record: a file that is read again changes entries and doubles none.
        event.add("uid", f"{s.object}-{s.record_id}-{s.step_id}@sales-consultant")
        event.add("dtstamp", now)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", f"{s.step}: {s.name}")
        event.add("description", s.reason)
        made.add_component(event)
    file.write_bytes(made.to_ical())
