"""Models and their tests: a short paragraph a model, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.text import GLUE, count, listed, money, percent, plain, short, words
from sales_consultant.sync.results.training import (
    BETTER,
    TOO_LITTLE,
    AsGiven,
    Clusters,
    Comparison,
    ForwardTest,
    ForwardTests,
    Plots,
    PopulationReady,
    Readiness,
    Retrained,
    TrainingDone,
)

_LEFT_OUT = 6
_EXAMPLES = 5
# More than this, and the scores of today lie elsewhere than those of the test (population stability index).
_DRIFT = 0.2


def done(page: Page, training: TrainingDone) -> None:
    """What a training did: first what to do next, then a paragraph a model."""
    if training.dry_run:
        _dry(page, training.models)
    else:
        published = [m for m in training.models if m.published]
        page.line(
            bold(f"Trained {count(len(training.models), 'model')}, {len(published)} in force now."),
            f" {count(int(training.run.counts.get('api_calls', 0)), 'API call')}.",
        )
        page.line("Next: ", command("plan"), " shows what they would write.")
    tests = {t.name: t for t in training.tests}
    for m in training.models:
        page.blank()
        _model(page, m, tests.get(m.name), dry_run=training.dry_run)


def _dry(page: Page, models: tuple[Retrained, ...]) -> None:
    chosen = [m for m in models if m.would_publish]
    digests = [m.digest for m in models]
    page.line(bold("Nothing was published."), "" if chosen else " Nothing would be.")
    for m in chosen:
        page.line(
            "To publish: ",
            command(f"models publish {short(m.digest, digests)}"),
            f" ({plain(m.name)})",
            indent=2,
        )


def _model(page: Page, m: Retrained, test: ForwardTest | None, *, dry_run: bool) -> None:
    page.line(bold(plain(m.name)), "  ", *_standing(m, dry_run=dry_run), hang=2)
    if m.why and (test is None or test.verdict == BETTER):
        page.line(f"{_sentence(m.why)}", indent=2)
    if test is not None:
        figures(page, test)
    if m.changed:
        moves = listed(f"{v.old} → {v.new}: {v.records:,}" for v in m.moves)
        page.line(
            f"{percent(m.changed)} of {count(m.graded, 'open record')} get another grade: {moves}.", indent=2
        )
        for e in m.examples[:_EXAMPLES]:
            page.line(f"for example {_example(e)}", indent=4, hang=6)


def _standing(m: Retrained, *, dry_run: bool) -> list[Piece]:
    verdict = f"{plain(m.new.verdict)} · " if m.new.verdict else ""
    if m.in_force_already:
        return [verdict, good("it is in force already")]
    if dry_run:
        return [verdict, good("would be published") if m.would_publish else warn("would not be published")]
    return [verdict, good("in force now") if m.published else warn("not published")]


def _sentence(text: str) -> str:
    """A text as a sentence: a capital at its beginning, a full stop at its end.

    >>> _sentence("it stays")
    'It stays.'
    """
    told = plain(text)
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '!', '?')) else '.'}"


def _example(e: Mapping[str, Any]) -> str:
    name = plain(e.get("name") or e.get("id") or "")
    rest = {k: v for k, v in e.items() if k not in ("name", "id", "object")}
    return f"{name}: " + ", ".join(f"{words(k)} {plain(v)}" for k, v in rest.items())


def tests(page: Page, found: ForwardTests) -> None:
    """The newest test of each population."""
    if not found.tests:
        page.line("No model was tested yet. Next: ", command("train"), " trains and tests them.")
        return
    useful = [t for t in found.tests if t.verdict == BETTER]
    rest = len(found.tests) - len(useful)
    page.line(
        bold(f"{len(useful)} of {count(len(found.tests), 'model')} better than the base rate."),
        "" if not rest else " What is no better writes no score, or grades by rules.",
    )
    for t in found.tests:
        page.blank()
        standing = good("in force") if t.published else warn("not published")
        look = "" if t.dry_run is False else " (from a dry run)"
        page.line(
            bold(plain(t.name)), "  ", _verdict(t), " · ", standing, look, dim(f"  {t.digest[:7]}"), hang=2
        )
        if t.why and not t.published:
            page.line(_sentence(t.why), indent=2)
        figures(page, t)
        if t.drift is not None and t.drift > _DRIFT:
            page.line(
                warn(f"Scores have drifted ({t.drift:.2f}): today's records are unlike the test's."),
                " Next: ", command("train"), ".", indent=2,
            )  # fmt: skip


def _verdict(t: ForwardTest) -> Piece:
    return good(plain(t.verdict)) if t.verdict == BETTER else warn(plain(t.verdict or "not tested"))


def figures(page: Page, t: ForwardTest) -> None:
    """A test in sentences: ranking, probabilities, parts, grades, what was left out, doubts."""
    auc, low, high = (t.figure(k) for k in ("auc", "auc_low", "auc_high"))
    if auc is None or low is None or high is None:
        few = (
            "rules give a grade, and no probability is written"
            if t.verdict == TOO_LITTLE
            else "it was not measured"
        )
        page.line(f"Too little data for a test of its own: {few}.", indent=2)
    else:
        rate = t.figure("base_rate")
        events = f", {t.positives:,} of them with the event ({percent(rate)})" if rate is not None else ""
        loss, base = t.figure("log_loss"), t.figure("base_log_loss")
        better = (
            ""
            if loss is None or base is None
            else f"; log-loss {loss:.3f} against {base:.3f} of the base rate"
        )
        page.line(
            f"On {count(t.rows, 'later row')} it had not seen{events}: AUC {auc:.3f} "
            f"({low:.3f} to {high:.3f}){better}.", indent=2,
        )  # fmt: skip
    if t.parts:
        told = listed(f"{plain(name)} {p.auc:.3f}" for name, p in t.parts)
        page.line(f"AUC of parts: {told}.", indent=2)
    _grades(page, t)
    _left_out(page, t)
    for doubt in t.warnings:
        page.line(warn("Doubt: "), _sentence(doubt), indent=2)


def _grades(page: Page, t: ForwardTest) -> None:
    total = sum(g.rows for g in t.grades)
    if not total:
        return
    first, *others = [(g.grade, percent(g.rows / total), percent(g.rate)) for g in t.grades]
    told = [f"{first[0]} {first[1]} of the rows, {first[2]} of them with the event"]
    told += [f"{grade}{GLUE}{rows}, {rate}" for grade, rows, rate in others]
    page.line(f"Grades: {'; '.join(told)}.", indent=2)


def _left_out(page: Page, t: ForwardTest) -> None:
    if not t.left_out:
        return
    page.line("Left out, for they seem to know the outcome:", indent=2)
    for x in t.left_out[:_LEFT_OUT]:
        page.line(f"{plain(x.column)}" + (f": {plain(x.evidence)}" if x.evidence else ""), indent=4, hang=6)
    if len(t.left_out) > _LEFT_OUT:
        page.line(
            dim(f"and {len(t.left_out) - _LEFT_OUT} more: "),
            command(f"models show {plain(t.digest[:12])}"),
            indent=4,
        )
    page.line(
        "Each training judges them anew. One that never changes after a record is made comes back by its name under "
        "fixed in [features] of the settings.", indent=2,
    )  # fmt: skip


# -- before and beside a training --------------------------------------------------------------------------------


def readiness(page: Page, found: Readiness) -> None:
    """What the data allow, a paragraph a population."""
    if not found.populations:
        page.line("The settings name no population. Next: ", command("init"), " proposes some.")
        return
    page.line(bold("What the data allow, before anything is fitted."), " Next: ", command("train"), ".")
    for p in found.populations:
        page.blank()
        _ready(page, p)


def _ready(page: Page, p: PopulationReady) -> None:
    page.line(bold(plain(p.population)), f"  expect: {plain(p.borrows or p.tier)}", hang=2)
    page.line(
        f"{p.open_now:,} open now, {p.won:,} with the event, {p.lost:,} ended without. To learn from: "
        f"{p.with_event:,} with the event and {p.without:,} without, over {count(p.history_days, 'day')}; "
        f"{p.positives:,} of {count(p.rows, 'row')} positive.", indent=2,
    )  # fmt: skip
    page.line(
        f"Activities are on {percent(p.activity_coverage)} of the records, recorded by {plain(p.owners_covered)} owners.",
        indent=2,
    )
    for m in p.missing:
        page.line(warn("Missing: "), _sentence(m), indent=2)


def as_given(page: Page, found: AsGiven) -> None:
    """Scores as they were seen, and what came of them: a line a band."""
    if not found.bands:
        page.line(found.NOTHING)
        return
    page.line(bold("What became of records by the score that people saw on them."))
    page.line(dim("Promised is for the whole horizon: over a shorter time less must have happened."))
    seen = ""
    for b in found.bands:
        title = f"{plain(b.population)}, {plain(b.given)}"
        if title != seen:
            page.heading(title)
            seen = title
        promised = "" if b.promised is None else f", promised {percent(b.promised)}"
        page.line(
            f"score {plain(b.score)}: {count(b.records, 'record')}, {b.with_event:,} with the event "
            f"({percent(b.share)}{promised})", indent=2, hang=4,
        )  # fmt: skip


def comparison(page: Page, found: Comparison) -> None:
    """Ours beside the usual models, a line a model."""
    if not found.rows:
        page.line(found.NOTHING)
        return
    page.line(bold("Each model in force beside the usual ones, on the same later rows."))
    for name in dict.fromkeys(str(r["population"]) for r in found.rows):
        page.heading(plain(name))
        mine = [r for r in found.rows if r["population"] == name]
        page.table(
            [(dim("model"), dim("AUC"), dim("log-loss"), dim("fitted in"))]
            + [
                (
                    good(plain(r["model"])) if r.get("in_force") else plain(r["model"]),
                    _number(r.get("auc"), 3),
                    _number(r.get("log_loss"), 3),
                    f"{float(r.get('seconds') or 0):.1f}{GLUE}s",
                )
                for r in mine
            ],
            indent=2,
            right=(1, 2),
        )


def _number(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "–"


def clusters(page: Page, found: Clusters) -> None:
    """Clusters beside the named segments."""
    if found.customers is not None:
        page.line(f"{count(found.customers, 'customer is', 'customers are')} too few to cluster.")
        return
    page.line(bold(f"{count(len(found.profiles), 'cluster')} of customers"), f" by {plain(found.method)}.")
    page.line(_sentence(found.verdict))
    for p in found.profiles:
        page.blank()
        page.items([[f"{words(k)} ", bold(_figure(k, v))] for k, v in p.items()], indent=2, hang=4)
    if found.candidates:
        page.heading("Others that were tried")
        for c in found.candidates:
            page.items([[f"{words(k)} {_figure(k, v)}"] for k, v in c.items()], indent=2, hang=4)


def _figure(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return listed(f"{words(str(k))} {_figure(str(k), v)}" for k, v in value.items())
    if isinstance(value, float) and key.endswith("share"):
        return percent(value)
    if isinstance(value, float) and abs(value) >= 1000:
        return money(value)
    return plain(value)


def plots(page: Page, found: Plots) -> None:
    """Which files were drawn, and the calibration they show."""
    if not found.files:
        page.line(found.NOTHING)
        return
    page.line(bold(f"Wrote {count(len(found.files), 'plot')}."))
    for f in found.files:
        page.line(plain(f), indent=2)
    for name in dict.fromkeys(b.population for b in found.calibration):
        page.heading(f"{plain(name)}: promised against what happened, best records first")
        for b in found.calibration:
            if b.population == name:
                promised, happened = plain(b.figures["promised"]), plain(b.figures["happened"])
                page.line(
                    f"{plain(b.figures['records'])} records: promised {promised}, happened {happened}",
                    indent=2,
                )
