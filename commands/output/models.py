"""Models: the list, a card, and what a command did with one."""

from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.training import figures
from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import count, listed, percent, plain, short, words
from sales_consultant.sync.results.models import (
    CardPage,
    ModelCard,
    ModelExport,
    ModelImport,
    ModelList,
    ModelRow,
    ModelSwitch,
)
from sales_consultant.sync.results.training import ForwardTest, left_out


def models(page: Page, found: ModelList) -> None:
    """What to do first; then the models in force, and the others."""
    if not found.models:
        page.line("No model was trained yet. Next: ", command("train"), ".")
        return
    digests = [m.digest for m in found.models]
    newest = {m.name: m for m in reversed(found.models) if m.standing == "candidate"}
    for m in newest.values():
        page.line(
            "Next: ",
            command(f"models publish {short(m.digest, digests)}"),
            f" puts {plain(m.name)} into force.",
        )
    page.blank()
    force = [m for m in found.models if m.standing == "in force"]
    rest = [m for m in found.models if m.standing != "in force"]
    if force:
        page.line(bold("In force"))
        page.table([_row(page, m, digests) for m in force], indent=2)
    if rest:
        page.heading("Not in force, newest first")
        page.table([_row(page, m, digests) for m in rest], indent=2)


def _row(page: Page, m: ModelRow, digests: list[str]) -> tuple[Piece, ...]:
    when = "–" if m.as_of is None else page.times.day(m.as_of)
    verdict = plain(m.verdict) if m.verdict else ""
    if m.standing == "in force":
        return plain(m.name), dim(short(m.digest, digests)), when, good(verdict) if verdict else "–"
    style = good if m.standing == "candidate" else warn if m.standing == "kept out" else dim
    why = "" if m.standing == "candidate" else plain(m.why)
    told = ": ".join(t for t in (m.standing, why or verdict) if t)
    return plain(m.name), dim(short(m.digest, digests)), when, style(told)


def card(page: Page, c: ModelCard) -> None:
    """A model's card: what it answers, how good it is, what it learnt from, what was left out."""
    state = good("in force") if c.in_force else warn("not in force")
    page.line(
        bold(plain(c.name)),
        dim(f"  {c.digest[:12]}"),
        "  ",
        state,
        f" · {plain(c.verdict)}" if c.verdict else "",
    )
    if c.kind != "propensity":
        _other(page, c)
        return
    d = c.details
    if d.get("why"):
        page.line(plain(d["why"]), hang=2)
    if not c.in_force:
        page.line("To put a candidate into force: ", command(f"models publish {c.digest[:7]}"), ".")
    page.heading("What it answers")
    horizon = f" within {count(int(d['horizon_days']), 'day')}" if d.get("horizon_days") else ""
    tier = f", {plain(d['tier'])} model" if d.get("tier") else ""
    page.line(f"{plain(d.get('event') or '–')}{horizon}{tier}", indent=2)
    if loan := d.get("borrowed"):
        page.line(
            f"Borrowed from {plain(loan['from'])}, with an offset of {loan['offset']:+.3f} ± "
            f"{loan['offset_error']:.3f} log-odds by {count(int(loan['own_records']), 'record')} of its own.",
            indent=2,
        )
    page.heading("How good it is")
    figures(page, ForwardTest(c.name, c.digest, c.as_of, c.in_force, None, d))
    _learnt(page, c)
    _dropped(page, d)
    notes = [*(d.get("notes") or ()), *(d.get("warnings") or ())]
    if told := [n for n in notes if n not in str(d.get("why")) and n not in (d.get("warnings") or ())]:
        page.heading("Notes")
        for n in told:
            page.line("- ", plain(n), indent=2, hang=4)


def _learnt(page: Page, c: ModelCard) -> None:
    d = c.details
    page.heading("What it learnt from")
    cuts = d.get("learnt_at") or ()
    if cuts:
        first, last = page.times.day(int(cuts[0])), page.times.day(int(cuts[-1]))
        page.line(
            f"{count(len(cuts), 'cut-off')} from {first} to {last}, {count(int(d.get('rows') or 0), 'row')}:",
            indent=2,
        )
    if d.get("records_with_event") is not None:
        page.line(
            f"{count(int(d['records_with_event']), 'record')} with the event, "
            f"{int(d.get('records_without_event') or 0):,} without", indent=2,
        )  # fmt: skip
    if d.get("features"):
        page.line(f"Features: {listed(plain(f) for f in d['features'])}.", indent=2, hang=4)
    protected = ", ".join(plain(p) for p in d.get("protected") or ())
    page.line(f"Protected attributes put in: {protected or 'none'}.", indent=2)


def _dropped(page: Page, d: Mapping[str, Any]) -> None:
    rows: list[tuple[Piece, Piece]] = []
    for title, key in (
        ("Excluded", "excluded"), ("False labels", "false_labels"), ("Cleaned", "cleaning"),
        ("Activities", "activity_coverage"),
    ):  # fmt: skip
        if told := _counts(d.get(key), leave=("notes",)):
            rows.append((title, told))
    rows += [
        (f"{plain(x.column)}", plain(x.evidence or x.kind))
        for x in map(left_out, d.get("dropped") or d.get("leaks") or ())
    ]
    if rows:
        page.heading("What was left out, and cleaned")
        page.table(rows, indent=2)


def _counts(found: Any, leave: tuple[str, ...] = ()) -> str:
    if not isinstance(found, Mapping):
        return plain(found) if found else ""
    texts = []
    for name, value in found.items():
        if name in leave or not value:
            continue
        if isinstance(value, Mapping):
            if inner := _counts(value):
                texts.append(f"{words(str(name))}: {inner}")
        elif isinstance(value, list | tuple):
            texts.append(f"{words(str(name))} {len(value):,}")
        else:
            texts.append(f"{words(str(name))} {plain(value)}")
    return listed(texts)


def _other(page: Page, c: ModelCard) -> None:
    """The card of segments, values or amounts: their own keys, one a line."""
    if c.as_of is not None:
        page.line(dim(f"trained as of {page.times.both(c.as_of)}"))
    rows = [(words(str(k)), told) for k, v in c.details.items() if (told := _any(k, v))]
    if rows:
        page.blank()
        page.table(rows, indent=2)


def _any(key: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, Mapping):
        return listed(f"{words(str(k))} {told}" for k, v in value.items() if (told := _any(str(k), v)))
    if isinstance(value, list | tuple):
        return listed([told for v in value if (told := _any(key, v))], 12)
    if isinstance(value, float) and key.endswith("share"):
        return percent(value)
    return plain(value)


def switched(page: Page, found: ModelSwitch) -> None:
    """Which model is in force now."""
    page.line(good(f"{plain(found.name)}: {found.in_force[:7]} is in force now"),
              f" in the place of {found.withdrawn[:7]}." if found.withdrawn else ".")  # fmt: skip
    page.line("Next: ", command("plan"), " shows what it would write; the next sync writes with it.")


def exported(page: Page, found: ModelExport) -> None:
    """Where the file is."""
    page.line(good(f"Wrote {plain(found.name)} ({found.digest[:7]}) to {plain(found.file)}."))
    page.line(
        "Next: ", command("models import FILE"), " where the other org's settings are. It holds no record."
    )


def imported(page: Page, found: ModelImport) -> None:
    """Whether it is in force."""
    page.line(good(f"Took in {plain(found.name)} ({found.digest[:7]})."))
    if found.in_force:
        page.line("It is in force from the next run on, without a test on this org's data.")
    else:
        page.line("It is not in force: ", command("models import FILE --publish"), " puts it there.")


def page_written(page: Page, found: CardPage) -> None:
    """Which page to open."""
    page.line(good(f"Wrote {plain(found.page)}."), " Open it in a browser.")
    for f in found.files:
        if f != found.page:
            page.line(dim(plain(f)), indent=2)
