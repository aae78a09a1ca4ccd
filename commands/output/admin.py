"""An admin's first steps: a first look, a check, our fields in the CRM, a sign-in."""

import math
from collections.abc import Iterable

from sales_consultant.commands.output.writing.page import Page, Piece, bad, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import NOTHING, count, counted, listed, plain, words
from sales_consultant.commands.output.writing.times import brief_span
from sales_consultant.connectors.base import Finding, ProvisionStep, Use
from sales_consultant.sync.results.admin import (
    Checked,
    DataChecked,
    Initialised,
    Provisioned,
    Removal,
    Removed,
    SignedIn,
    SignedOut,
)

_DATA = {
    "duplicates": "Duplicates",
    "gaps": "Gaps",
    "outliers": "Outliers",
    "dates": "Impossible dates",
    "owners": "Owners",
}
_SUSPECTS = 3
# How many are shown: a judgement of what one screen holds. --json has all of them.
_USES = 20
_STEPS = 12


def initialised(page: Page, found: Initialised) -> None:
    """Where the settings are and what to do next; then what was found, and what could be scored."""
    page.line(bold(f"Wrote {plain(found.file)}."), " Read it, and change what you know better.")
    page.line(
        "Next: ", command("check"), ", then ", command("provision"), " (makes the fields), then ", command("plan"), "."
    )  # fmt: skip
    page.blank()
    calls = count(sum(found.api_calls.values()), "API call")
    rows: list[tuple[Piece, Piece]] = [
        ("Org", plain(found.org)),
        ("Found", counted(found.found) or "no record"),
        (
            "Calls",
            f"{calls}; at the vendor's limits at least {brief_span(math.ceil(found.seconds_at_vendor_limits))}",
        ),
    ]
    if found.excluded_domains:
        rows.append(("Left out", f"colleagues at {listed([plain(d) for d in found.excluded_domains], 6)}"))
    if found.free_mail_contacts:
        rows.append(
            ("Free mail", f"{count(found.free_mail_contacts, 'contact')}: scored, never matched to a company")
        )
    if found.fixed:
        rows.append(
            (
                "Learnt from",
                f"today's value of {listed([plain(n) for n in found.fixed], 6)}: no sign that an outcome sets it",
            )
        )
    page.table(rows)
    if not found.populations:
        page.blank()
        page.line(warn("Nothing is open for a while and then won or lost here"), ", so no record gets a score; customers "
                  "get a value, a segment and a risk of leaving.", hang=2)  # fmt: skip
        return
    page.heading("Proposed to be scored")
    for p in found.populations:
        name = plain(p.name) + (f" ({plain(p.label)})" if p.label and p.label != p.name else "")
        page.line(
            bold(name), f"  predicts {words(p.event)}: {p.open:,} open now; to learn from "
            f"{p.with_event:,} with the event, {p.without:,} without", indent=2, hang=4,
        )  # fmt: skip
        if p.note:
            page.line(dim(plain(p.note)), indent=4, hang=4)
    for text in found.not_proposed:
        page.line("not proposed: ", dim(plain(text)), indent=2, hang=4)


def checked(page: Page, found: Checked) -> None:
    """What is missing and what comes next, then what works."""
    missing, warnings = found.of_state("missing"), found.of_state("warning")
    fine = found.of_state("ok")
    if missing:
        page.line(
            bad(f"{count(len(missing), 'thing is', 'things are')} missing"), f" for {plain(found.org)}."
        )
    else:
        page.line(good("Everything that is needed works"), f" for {plain(found.org)}.")
    unmade = found.of_state("next")
    if unmade:
        page.line("Next: ", command("provision"), f" makes the {_joined(f.subject for f in unmade)}.", hang=6)
    if missing and missing[0].action:
        page.line("Then: " if unmade else "Next: ", plain(missing[0].action), hang=6)
    if not missing and not unmade:
        page.line("Next: ", command("plan"), " shows what would be written.")
    _findings(page, "Missing", missing, bad("✗ "))
    _findings(page, "Not made yet", unmade, "· ")
    _findings(page, "Look at", warnings, warn("! "))
    read = [f.subject.removeprefix("read ") for f in fine if f.subject.startswith("read ")]
    said = [f for f in fine if not f.subject.startswith("read ")]
    if fine:
        page.heading("Works")
        rows: list[tuple[Piece, Piece]] = [(plain(f.subject), plain(f.text)) for f in said]
        if read:
            rows.append(("read", listed(words(r) for r in read)))
        page.table(rows, indent=2)
    if found.live_report:
        page.blank()
        page.line(f"The report, free of customer data: {plain(found.live_report)}")


def _joined(subjects: Iterable[str]) -> str:
    """What is not made yet, by object, as "fields on deals and contacts" where all are alike."""
    names = [plain(s) for s in subjects]
    if all(n.startswith("fields on ") for n in names):
        names = [names[0], *(n.removeprefix("fields on ") for n in names[1:])]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _findings(page: Page, title: str, found: Iterable[Finding], mark: Piece) -> None:
    rows = list(found)
    if not rows:
        return
    page.heading(f"{title}: {len(rows)}")
    for f in rows:
        page.line(mark, bold(plain(f.subject)), f": {plain(f.text)}", indent=2, hang=4)
        if f.action and f.state != "next":
            page.line(f"→ {plain(f.action)}", indent=4, hang=6)


def data_checked(page: Page, found: DataChecked) -> None:
    """What is wrong with the records, by kind: how many, what it does to scores, and a few of them."""
    looked = f"{counted(found.looked_at)}, as last pulled"
    if not found.findings:
        page.line(good("Nothing is wrong with the records"), f" ({looked}).")
        return
    page.line(
        bold(count(len(found.findings), "finding")), f" in {looked}. Nothing is changed or merged by us."
    )
    page.line("Next: correct them in the CRM, the largest first; ", command("check --data --json"), " lists more records of "
              "each.", hang=6)  # fmt: skip
    for kind, title in _DATA.items():
        rows = [f for f in found.findings if f.kind == kind]
        if rows:
            page.heading(title)
        for f in rows:
            groups = f" in {count(f.groups, 'group')}" if f.groups is not None else ""
            page.line(
                warn("! "), bold(f"{words(f.object)}: {plain(f.what)}"), f"  {f.records:,} of {f.of:,}{groups}", indent=2, hang=4,
            )  # fmt: skip
            page.line(plain(f.effect), indent=4, hang=4)
            for s in f.suspects[:_SUSPECTS]:
                page.line(
                    dim(f"{plain(s.record_id)}  {plain(s.name) or NOTHING}  {plain(s.seen)}"),
                    indent=4,
                    hang=6,
                )


def provisioned(page: Page, found: Provisioned) -> None:
    """What was made and what is to be done by hand."""
    made, changed = found.number("created", "would create"), found.number("changed", "would change")
    refused = found.number("refused")
    would = "would be " if found.dry_run else ""
    there = found.number("exists")
    if made or changed:
        parts = [f"{count(made, 'thing')} {would}made"] if made else []
        parts += [f"{changed:,} {would}changed"] if changed else []
        page.line(
            bold(", ".join(parts)),
            f" in {plain(found.org)}" + (f"; {there:,} there already." if there else "."),
        )
    elif not refused:
        page.line(
            good("Everything is there already"), f" in {plain(found.org)}: {found.number('exists'):,} things."
        )
    if refused:
        page.line(bad(f"{count(refused, 'thing')} refused by the CRM."))
    if found.dry_run and (made or changed):
        page.line("Next: ", command("provision"), " makes it.")
    elif not refused:
        page.line("Next: ", command("plan"), " shows what would be written.")
    _steps(page, found.steps, quiet=("exists",))
    if found.by_hand:
        page.heading("By hand, for the CRM has no API for it")
        for text in found.by_hand:
            page.line("- ", plain(text), indent=2, hang=4)


def _steps(page: Page, steps: tuple[ProvisionStep, ...], quiet: tuple[str, ...]) -> None:
    """Steps by what became of them: the refused ones each with its reason, the others by name."""
    for s in steps:
        if s.state == "refused":
            page.line(bad("✗ "), bold(f"{words(s.kind)} {plain(s.name)}"), f" on {words(s.object)}: {plain(s.text)}"
                      if s.object else f": {plain(s.text)}", indent=2, hang=4)  # fmt: skip
    groups: dict[tuple[str, str, str], list[str]] = {}
    for s in steps:
        if s.state not in ("refused", *quiet):
            groups.setdefault((s.state, s.kind, s.object), []).append(plain(s.name))
    if groups:
        page.blank()
        page.table(
            [
                (good(state) if state in ("created", "changed", "removed") else state,
                 f"{words(kind)} on {words(object_)}" if object_ else words(kind), listed(names, _STEPS))
                for (state, kind, object_), names in groups.items()
            ],
            indent=2,
        )  # fmt: skip


def removal(page: Page, found: Removal) -> None:
    """What would be taken away, after what would miss it."""
    number = sum(s.state == "would remove" for s in found.steps)
    page.line(
        bold(f"{count(number, 'thing')} would be taken away"), f" from {plain(found.org)}, with their values."
    )
    page.line("Next: ", command("provision --remove --yes"), " does it; no rollback brings the values back.")
    _uses(page, found.used_by)
    if found.not_told:
        page.line(dim(plain(found.not_told)))
    _steps(page, found.steps, quiet=())


def _uses(page: Page, uses: tuple[Use, ...]) -> None:
    if not uses:
        return
    page.heading(f"Would miss our fields: {len(uses)}")
    for u in uses[:_USES]:
        page.line(f"{words(u.kind)} {plain(u.name)}: {words(u.object)} {plain(u.field)}", indent=2, hang=4)
    if len(uses) > _USES:
        page.line(dim(f"and {len(uses) - _USES} more"), indent=2)


def removed(page: Page, found: Removed) -> None:
    """What was taken away."""
    page.line(bold(f"{count(found.number('removed'), 'thing')} taken away"), f" from {plain(found.org)}.")
    if found.number("refused"):
        page.line(bad(f"{count(found.number('refused'), 'thing')} refused by the CRM."), " Next: ",
                  command("provision --remove --yes"), " tries again.")  # fmt: skip
    _uses(page, found.used_by or ())
    _steps(page, found.steps, quiet=())


def signed_in(page: Page, found: SignedIn) -> None:
    """Where the token is, and what to do next."""
    page.line(good(f"Stored the token of {plain(found.connection)} in {plain(found.stored_in)}."))
    page.line(
        "Next: ", command("check"), " says what works; before there are settings, ", command("init"), "."
    )


def signed_out(page: Page, found: SignedOut) -> None:
    """Whether there was a token to remove."""
    told = "Removed the token of" if found.removed else "There was no token of"
    page.line(f"{told} {plain(found.connection)}.")
