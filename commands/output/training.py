"""Models and their tests: a short paragraph a model, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    GLUE,
    count,
    listed,
    percent,
    plain,
    sentence,
    short,
    words,
)
from sales_consultant.sync.results.training import (
    BETTER,
    TOO_LITTLE,
    ForwardTest,
    ForwardTests,
    Retrained,
    TrainingDone,
)

# How many are shown: judgements of what one screen holds.
_LEFT_OUT = 6
_EXAMPLES = 5
# More than this, and the scores of today lie elsewhere than those of the test. A judgement between the usual marks of a
# population stability index: below .1 nothing has moved, above .25 much has.
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
        page.line(f"{sentence(m.why)}", indent=2)
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
            page.line(sentence(t.why), indent=2)
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
        page.line(warn("Doubt: "), sentence(doubt), indent=2)


def _grades(page: Page, t: ForwardTest) -> None:
    total = sum(g.rows for g in t.grades)
    if not total:
        return
    first, *others = [(g.grade, percent(g.rows / total), percent(g.rate)) for g in t.grades]
    told = [f"{first[0]} {first[1]} of the rows, {first[2]} of them with the event"]
    told += [f"{grade}{GLUE}{rows}, {rate}" for grade, rows, rate in others]
    page.line(f"Grades: {'; '.join(told)}.", indent=2)


# Kinds of columns that are left out and say nothing of the outcome: what the settings or the fields themselves rule out.
_NO_LEAK = ("current", "calculated", "over_ours", "omitted", "protected", "about_reps")


def _left_out(page: Page, t: ForwardTest) -> None:
    if not t.left_out:
        return
    without = [x for x in t.left_out if x.kind in _NO_LEAK]
    leaks = [x for x in t.left_out if x.kind not in _NO_LEAK]
    for heading, findings in (
        ("Left out, for they seem to know the outcome:", leaks),
        ("Left out for other reasons:", without),
    ):
        if findings:
            page.line(heading, indent=2)
        for x in findings[:_LEFT_OUT]:
            why = f": {plain(x.evidence).replace('`', '')}" if x.evidence else ""
            page.line(f"{plain(x.column)}{why}", indent=4, hang=6)
    if max(len(leaks), len(without)) > _LEFT_OUT:
        page.line(
            dim(f"and {max(0, len(leaks) - _LEFT_OUT) + max(0, len(without) - _LEFT_OUT)} more: "),
            command(f"models show {plain(t.digest[:12])}"),
            indent=4,
        )
    page.line(
        "Each training judges them anew. One that never changes after a record is made comes back by its name under "
        "fixed in [features] of the settings.", indent=2,
    )  # fmt: skip
