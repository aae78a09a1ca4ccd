"""Models: the list, a card, and what a command did with one."""

from collections.abc import Mapping

from sales_consultant.commands.output.training import COMES_BACK, figures, suspects
from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    NOTHING,
    count,
    listed,
    money,
    plain,
    sentence,
    short,
    words,
)
from sales_consultant.sync.results.cards import (
    AmountCard,
    ClusterCard,
    FeatureWeight,
    ProductCard,
    PropensityCard,
    SegmentCard,
    ValueCard,
)
from sales_consultant.sync.results.models import (
    CardPage,
    ModelCard,
    ModelExport,
    ModelImport,
    ModelList,
    ModelRow,
    ModelSwitch,
)
from sales_consultant.sync.results.training import beyond_the_verdict

# How many features a card shows: a judgement of what one screen holds. --json has all of them.
_STRONGEST = 10
# Ways to estimate an amount, as people know them.
_REGRESSIONS = {"median": "always the median", "boosted": "boosted trees"}


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
    if not newest:
        look = next((m for m in found.models if m.verdict), found.models[0])
        page.line(
            "Next: ",
            command(f"models show {plain(look.name)}"),
            " says how good it is, and what it learnt from.",
        )
    page.blank()
    force = [m for m in found.models if m.standing == "in force"]
    rest = [m for m in found.models if m.standing != "in force"]
    if force:
        page.line(bold("In force"))
        page.table([_row(page, m, digests) for m in force], indent=2)
    if rest:
        page.heading("Not in force, newest first")
        page.table([_row(page, m, digests) for m in rest], indent=2, one_line=True)
        page.line(command("models show NAME"), " says it in full", indent=2)


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
    """A model's card: what to do next, what it is used for, how it did in its test, what it learnt from."""
    state = good("in force") if c.in_force else warn("not in force")
    verdict = f" · {plain(c.verdict)}" if c.verdict else ""
    page.line(bold(plain(c.name)), dim(f"  {short(c.digest)}"), "  ", state, verdict)
    if c.as_of is not None:
        page.line(dim(f"trained as of {page.times.both(c.as_of)}"))
    if not c.in_force and (why := beyond_the_verdict(c.about.why)):
        page.line(sentence(why), hang=2)
    _next(page, c)
    match c.about:
        case PropensityCard():
            _propensity(page, c, c.about)
        case ValueCard():
            _value(page, c.about)
        case AmountCard():
            _amount(page, c.about)
        case SegmentCard():
            _segments(page, c.about)
        case ClusterCard():
            _clusters(page, c.about)
        case ProductCard():
            _products(page, c.about)


def _next(page: Page, c: ModelCard) -> None:
    if c.in_force:
        page.line("Next: ", command("plan"), " shows what it would write.")
    elif c.earned:
        page.line("Next: ", command(f"models publish {short(c.digest)}"), " puts it into force.")
    else:
        page.line("Next: ", command("train"), " trains and tests it anew.")


# -- a population's model ----------------------------------------------------------------------------------------


def _propensity(page: Page, c: ModelCard, d: PropensityCard) -> None:
    page.heading("What it answers")
    horizon = f" within {count(d.horizon_days, 'day')}" if d.horizon_days else ""
    page.line(f"{plain(d.event or NOTHING)}{horizon}{f', {plain(d.tier)} model' if d.tier else ''}", indent=2)
    if d.loan is not None:
        page.line(
            f"Borrowed from {plain(d.loan.lender)}, with an offset of {d.loan.offset:+.3f} ± {d.loan.offset_error:.3f} "
            f"log-odds by {count(d.loan.own_records, 'record')} of its own.", indent=2,
        )  # fmt: skip
    page.heading("How good it is")
    figures(page, c.test, left_out=False)
    _strongest(page, d)
    _learnt(page, d)
    _dropped(page, d)
    if d.notes:
        page.heading("Notes")
        for n in d.notes:
            page.line("- ", sentence(n), indent=2, hang=4)


def _strongest(page: Page, d: PropensityCard) -> None:
    """The strongest features with the points that each can give, and how many more there are."""
    weights = [w for w in d.weights if w.size]
    if not weights:
        return
    ranged = weights[0].low is not None
    page.heading("Strongest features")
    page.line(
        dim("points that the open records of that day got from each, the least and the most" if ranged
            else "points that each gave on average, up or down"), indent=2,
    )  # fmt: skip
    page.table([(f"{_range(w)}", plain(w.name)) for w in weights[:_STRONGEST]], indent=2, right=(0,))
    if len(d.weights) > _STRONGEST:
        page.line(dim(f"and {len(d.weights) - _STRONGEST:,} more"), indent=2)


def _range(w: FeatureWeight) -> str:
    if w.low is None or w.high is None:
        return f"±{w.points:.1f}"
    return f"{_signed(w.low)} to {_signed(w.high)}"


def _signed(points: float) -> str:
    return f"{round(points):+d}" if round(points) else "0"


def _learnt(page: Page, d: PropensityCard) -> None:
    page.heading("What it learnt from")
    if d.learnt_at:
        first, last = page.times.day(d.learnt_at[0]), page.times.day(d.learnt_at[-1])
        page.line(
            f"{count(d.rows, 'row')} at {count(len(d.learnt_at), 'cut-off')} from {first} to {last}", indent=2
        )
    if d.with_event is not None:
        page.line(f"{count(d.with_event, 'record')} with the event, {d.without_event:,} without", indent=2)
    if d.features:
        page.line(f"{count(len(d.features), 'feature')}; ", command("explain RECORD --features"), " shows their values",
                  indent=2)  # fmt: skip
    if d.protected:
        page.line(warn(f"Protected attributes put in: {listed(plain(p) for p in d.protected)}."), indent=2)
    else:
        page.line("no protected attribute", indent=2)
    if d.as_of_today:
        page.heading("Used with today's value, no sign that the outcome changes it")
        page.table([(plain(x.column), plain(x.evidence)) for x in d.as_of_today], indent=2)


def _dropped(page: Page, d: PropensityCard) -> None:
    rows: list[tuple[Piece, Piece]] = []
    if d.excluded:
        rows.append(("Records left out", _reasons(d.excluded)))
    if d.false_labels:
        rows.append(("Labels not believed", _reasons(d.false_labels)))
    for n in d.cleaned:
        cleaned = f"{count(n.values, 'value')} in {count(n.columns, 'column')}"
        rows.append((f"Cleaned, {words(n.why)}", cleaned))
    if d.unlogged_rows:
        rows.append(
            ("Activities unknown", f"{count(d.unlogged_rows, 'row')} of owners who log none, or began late")
        )
    rows += [(plain(x.column), plain(x.evidence or x.kind).replace("`", "")) for x in d.dropped]
    if rows:
        page.heading("What was left out, and cleaned")
        page.table(rows, indent=2)
    if d.dropped:
        page.line(COMES_BACK, indent=2)
    if d.suspects:
        page.heading("What may be known only at the end")
        suspects(page, d.suspects, indent=2)


def _reasons(counts: Mapping[str, int]) -> str:
    return listed(f"{n:,} {words(why)}" for why, n in counts.items())


# -- models of customers -----------------------------------------------------------------------------------------


def _value(page: Page, d: ValueCard) -> None:
    page.heading("What it is used for")
    unit = f" in {plain(d.currency)}" if d.currency else ""
    if d.valued:
        page.line(f"The revenue to expect of each customer in the next 12 months{unit}, the risk that one leaves, and "
                  "customer tiers, which go by that revenue.", indent=2)  # fmt: skip
    else:
        page.line(warn("No customer gets a value by it."), indent=2)
    for w in d.warnings:
        page.line(warn("Doubt: "), sentence(w), indent=2)
    page.heading("What it was fitted on")
    page.line(f"{count(d.purchases, 'purchase')} of {count(d.customers, 'customer')}, {d.repeat_buyers:,} of whom bought "
              "more than once.", indent=2)  # fmt: skip
    if d.contractual:
        known = (
            f"by {count(d.decided_terms, 'term')} that were renewed or not"
            if d.renewals_known
            else f"not known: only {count(d.decided_terms, 'term')} were renewed or not"
        )
        page.line(
            f"{count(d.contractual, 'customer is', 'customers are')} under contract; the risk of not renewing is {known}.",
            indent=2,
        )
    if d.excluded:
        page.line(f"Customers left out: {_reasons(d.excluded)}.", indent=2)
    if d.counted_out:
        page.line(f"Won deals left out: {_reasons(d.counted_out)}.", indent=2)
    page.heading("How good it is")
    page.line("It has no forward test: what customers buy in 12 months is known after them. A training puts a new one "
              "into force only where customers have bought since, or the data have changed.", indent=2)  # fmt: skip


def _amount(page: Page, d: AmountCard) -> None:
    page.heading("What it is used for")
    page.line("An estimate for open deals without an amount, so that they have an expected value and can be ranked. No amount "
              "is written.", indent=2)  # fmt: skip
    page.heading("What it was fitted on")
    page.line(f"{count(d.deals, 'deal')} with an amount.", indent=2)
    if d.placeholders:
        page.line(f"{count(d.placeholders, 'amount')} looked like a placeholder and did not count.", indent=2)
    page.heading("How it did in its test")
    best = next((c for c in d.candidates if c.kind == d.chosen), None)
    if best is None:
        page.line("Too few deals have an amount: nothing is estimated.", indent=2)
        return
    page.line(
        f"On the newest {count(d.tested_on, 'deal')}, which it had not seen, its estimates were off by "
        f"{money(best.error, d.currency)} on average. What was tried:", indent=2,
    )  # fmt: skip
    rows: list[tuple[Piece, ...]] = []
    for c in sorted(d.candidates, key=lambda c: c.error):
        name = _REGRESSIONS.get(c.kind, plain(c.kind))
        rows.append((good(f"{name}, chosen") if c is best else name, f"off by {money(c.error, d.currency)}"))
    page.table(rows, indent=4)


def _segments(page: Page, d: SegmentCard) -> None:
    page.heading("What it is used for")
    page.line("The segment of every company and contact by when, how often and for how much it bought and, where it is known, by "
              "the churn risk; and the tier of each customer.", indent=2)  # fmt: skip
    if d.customers is not None:
        page.heading("What it was fitted on")
        how = (
            "the edges are fifths of them"
            if d.ranked
            else "too few for fifths, so the edges are round numbers"
        )
        page.line(f"{count(d.customers, 'customer')}; {how}.", indent=2)
    rows: list[tuple[Piece, Piece]] = []
    for title, edges in (
        ("Last purchase", [f"{e:,.0f}" for e in d.days]),
        ("Purchases", [f"{e:,.0f}" for e in d.purchases]),
        ("Revenue", [money(e) for e in d.revenue]),
        ("Tiers", [money(e) for e in d.tiers]),
    ):
        if edges:
            rows.append(
                (title, f"{', '.join(edges[:-1])} and {edges[-1]} {_unit(title, d.currency)}".rstrip())
            )
    if rows:
        page.heading("Where one class ends and the next begins")
        page.table(rows, indent=2)
    page.heading("How good it is")
    page.line("It promises nothing, so it has no forward test. An edge moves only where the customers have moved by more than "
              "chance; a customer keeps a segment until it is a tenth, or five points of churn risk, beyond an edge.",
              indent=2)  # fmt: skip


def _unit(title: str, currency: str) -> str:
    units = {"Last purchase": "days ago", "Purchases": "in all", "Tiers": f"{plain(currency)} a year".strip()}
    return units.get(title, plain(currency))


def _clusters(page: Page, d: ClusterCard) -> None:
    page.heading("What it is used for")
    page.line("The cluster of every customer, beside the named segment.", indent=2)
    page.heading("What it was fitted on")
    of = f" {count(d.customers, 'customer')}" if d.customers is not None else " customers"
    page.line(
        f"Clusters of{of} by {plain(d.method or NOTHING)}: {plain(d.verdict or 'too few to cluster')}.",
        indent=2,
    )
    for name in d.names:
        page.line(plain(name), indent=4, hang=6)
    page.line(command("evaluate --clusters"), " says how they were chosen.", indent=2)


def _products(page: Page, d: ProductCard) -> None:
    page.heading("What it is used for")
    page.line("The product that is recommended to each customer, with its reason.", indent=2)
    page.heading("What it was fitted on")
    page.line(f"{count(d.customers, 'customer')} and {count(d.products, 'product')} of won deals.", indent=2)
    for reason, n in d.counted_out.items():
        page.line(f"Line items left out: {plain(reason)}, {n:,}.", indent=2)
    if d.without_name:
        page.line(
            f"{count(d.without_name, 'product')} without a name: learnt from, and never recommended.",
            indent=2,
        )
    page.heading("How good it is")
    page.line(sentence(d.why), indent=2)
    if d.recalls:
        rows: list[tuple[Piece, ...]] = [
            (dim("found of what was bought next"), dim("similarity"), dim("popularity"))
        ]
        rows += [(f"among {k} recommended", f"{ours:.3f}", f"{theirs:.3f}") for k, ours, theirs in d.recalls]
        page.table(rows, indent=4)


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
