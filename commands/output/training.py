"""Models and their tests: a short paragraph a model, and what to do about it."""

from collections.abc import Sequence

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good, warn
from sales_consultant.commands.output.writing.text import (
    GLUE,
    count,
    listed,
    percent,
    plain,
    sentence,
    short,
)
from sales_consultant.sync.results.training import (
    BETTER,
    TOO_LITTLE,
    ForwardTest,
    ForwardTests,
    Retrained,
    SuspectColumn,
    TrainingDone,
    beyond_the_verdict,
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
            "Next: ",
            command(f"models publish {short(m.digest, digests)}"),
            f" puts {plain(m.name)} into force.",
            indent=2,
        )


# What the models are for that have no forward test.
_USES = {
    "amount": "Estimates the amount of open deals that have none, so that they can be ranked.",
    "value": "Says what each customer will buy in 12 months, and the risk that one leaves.",
    "segments": "Puts companies and contacts into segments by their purchases, and customers into tiers.",
    "clusters": "Groups customers that buy alike, beside the segments.",
    "products": "Recommends a product to each customer by what others bought with it.",
}


def _model(page: Page, m: Retrained, test: ForwardTest | None, *, dry_run: bool) -> None:
    page.line(bold(plain(m.name)), "  ", *_standing(m, dry_run=dry_run), hang=2)
    if why := beyond_the_verdict(m.why):
        page.line(sentence(why), indent=2)
    if test is not None:
        figures(page, test)
    elif m.kind in _USES:
        page.line(
            _USES[m.kind],
            " ",
            command(f"models show {plain(m.name)}"),
            " says what it learnt from.",
            indent=2,
        )
    if m.changed:
        moves = listed(f"{v.old} → {v.new}: {v.records:,}" for v in m.moves)
        page.line(
            f"{percent(m.changed)} of {count(m.graded, 'open record')} get another grade: {moves}.", indent=2
        )
        rows: list[tuple[Piece, ...]] = [
            (plain(e.record), bold(plain(e.name)), f"grade {_moved(e.grade)}, score {_moved(e.score)}")
            for e in m.examples[:_EXAMPLES]
        ]
        page.table(rows, indent=4)


def _standing(m: Retrained, *, dry_run: bool) -> list[Piece]:
    verdict = f"{plain(m.new.verdict)} · " if m.new.verdict else ""
    if m.in_force_already:
        return [verdict, good("it is in force already")]
    if dry_run:
        return [verdict, good("would be published") if m.would_publish else warn("would not be published")]
    return [verdict, good("in force now") if m.published else warn("not published")]


def _moved(text: str) -> str:
    return plain(text).replace(" to ", " → ")


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
        why = beyond_the_verdict(t.why)
        if why and not t.published:
            page.line(sentence(why), indent=2)
        figures(page, t)
        if t.drift is not None and t.drift > _DRIFT:
            page.line(
                warn(f"Scores have drifted ({t.drift:.2f}): today's records are unlike the test's."),
                " Next: ", command("train"), ".", indent=2,
            )  # fmt: skip


def _verdict(t: ForwardTest) -> Piece:
    return good(plain(t.verdict)) if t.verdict == BETTER else warn(plain(t.verdict or "not tested"))


# How a column comes back that was left out without need.
COMES_BACK = (
    "Each training judges them anew. One that never changes after a record is made comes back by its name under fixed in "
    "[features] of the settings."
)


def figures(page: Page, t: ForwardTest, *, left_out: bool = True) -> None:
    """A test in sentences: ranking, probabilities, parts, grades, what was left out, doubts.

    Without `left_out` what the model does without is told elsewhere.
    """
    auc, low, high = (t.figure(k) for k in ("auc", "auc_low", "auc_high"))
    if auc is None or low is None or high is None:
        page.line(
            "Rules give a grade; no probability is written."
            if t.verdict == TOO_LITTLE
            else "Its forward test was not measured.",
            indent=2,
        )
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
    _parts(page, t)
    _grades(page, t)
    if left_out:
        _left_out(page, t)
        suspects(page, t.suspects, indent=2)
    for doubt in t.warnings:
        page.line(warn("Doubt: "), sentence(doubt), indent=2)


# What is measured on each part of a test, by the part's name in the report.
_PARTS = {
    "companies unseen in training": "rows of companies that training had not seen",
    "at creation": "records that were just created",
    "one third": "records at a third of the usual time to the event",
    "two thirds": "records at two thirds of the usual time to the event",
    "without the seller's doings": "the same rows, by a model without what the seller did",
    "shown": "records whose score people saw",
    "not shown": "records whose score nobody saw",
}


def _parts(page: Page, t: ForwardTest) -> None:
    """The AUC of parts of the test, a line a part."""
    if not t.parts:
        return
    page.line("The same test in parts, by AUC:", indent=2)
    page.table(
        [(f"{p.auc:.3f}", f"{_PARTS.get(name, plain(name))} ({count(p.n, 'row')})") for name, p in t.parts],
        indent=4,
    )


def _grades(page: Page, t: ForwardTest) -> None:
    total = sum(g.rows for g in t.grades)
    if not total:
        return
    first, *others = [(g.grade, percent(g.rows / total), percent(g.rate)) for g in t.grades]
    told = [f"{first[0]} {first[1]} of the rows, {first[2]} of them with the event"]
    told += [f"{grade}{GLUE}{rows}, {rate}" for grade, rows, rate in others]
    page.line(f"Grades: {'; '.join(told)}.", indent=2)


def suspects(page: Page, found: Sequence[SuspectColumn], *, indent: int) -> None:
    """Columns that look known only at the end, what speaks against each, and what the admin can do about it."""
    for heading, used in (("Suspect, but used", True), ("Suspect, and left out", False)):
        some = [s for s in found if s.used == used]
        if not some:
            continue
        auc_with, auc_without = some[0].auc_with, some[0].auc_without
        measured = auc_with is not None and auc_without is not None
        figures = f" (AUC {auc_with:.3f} with them, {auc_without:.3f} without)" if measured else ""
        page.line(f"{heading}{figures}:", indent=indent)
        for s in some[:_LEFT_OUT]:
            page.line(f"{plain(s.column)}: {plain(s.evidence)}", indent=indent + 2, hang=indent + 4)
        if len(some) > _LEFT_OUT:
            page.line(dim(f"and {len(some) - _LEFT_OUT} more"), indent=indent + 2)
    if found:
        page.line(ASKED, indent=indent)


# What an admin answers about a suspect, and where.
ASKED = (
    "Are they known before a record ends? If not, name them under omit in [features] of the settings, or leave out all "
    'such fields with suspects = "drop".'
)


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
    page.line(COMES_BACK, indent=2)
