"""Training where it is needed, and the scores of a run."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import sqlalchemy as sa

from sales_consultant.config.errors import (
    ConfigError,
)
from sales_consultant.config.playbook import PlaybookError
from sales_consultant.engine.materialised import materialised
from sales_consultant.scoring.core import ScoringError
from sales_consultant.sync.models import registry, step_evidence
from sales_consultant.sync.models import training as trainings
from sales_consultant.sync.plan import (
    CurrentValues,
    Desired,
    current_values,
    keep_feedback,
    steps_of,
)
from sales_consultant.sync.plan import desired_values as desiring
from sales_consultant.sync.runtime import Reporter, Run, Workspace, parts, shown_until_over, steps
from sales_consultant.sync.stores import holds, texts_language


@contextlib.contextmanager
def _settings_named() -> Iterator[None]:
    """What scoring and the playbook cannot work with is the admin's to mend."""
    try:
        yield
    except PlaybookError as e:
        raise ConfigError(str(e), action=e.action) from e
    except ScoringError as e:
        raise ConfigError(str(e), action="Change what is named, then run the command again.") from e


def training(
    ws: Workspace,
    run: Run,
    reporter: Reporter,
    *,
    only: Collection[str] | None = None,
    dry_run: bool = False,
) -> list[trainings.TrainedModel]:
    """Train and publish what earned it: all that is asked for, or `only` what a run cannot do without.

    With `dry_run` nothing is published: what would be is kept as a candidate.
    """
    with shown_until_over(reporter), _settings_named(), materialised(ws.warehouse.engine):
        trained = trainings.train(
            ws.warehouse.engine,
            ws.state,
            ws.models_folder,
            ws.settings,
            as_of=run.context.as_of,
            now=ws.clock(),
            say=reporter.say,
            only=only,
            dry_run=dry_run,
            progress=parts(reporter, "train"),
        )
    if only is None and not dry_run:
        with _settings_named(), materialised(ws.warehouse.engine):
            step_evidence.learn(ws, as_of=run.context.as_of)
    run.counts["trained"] = {t.name: t.verdict or t.kind for t in trained}
    if only is None and not dry_run and any(t.published and t.kind == "propensity" for t in trained):
        # A newly published model lifts the hold that a rollback left; what a nightly run had to make up for does not.
        with ws.state.begin() as c:
            c.execute(sa.delete(holds))
    return trained


def scoring(ws: Workspace, run: Run, reporter: Reporter) -> tuple[Desired, CurrentValues]:
    """What our fields should hold, and what they hold."""
    reporter.say("scoring")
    with shown_until_over(reporter):
        return _scored(ws, run, steps(reporter, "score"))


def _scored(
    ws: Workspace, run: Run, progress: Callable[[str, int, int], None]
) -> tuple[Desired, CurrentValues]:
    current = current_values.read(ws.connector, ws.warehouse, ws.state, ws.every_field)
    keep_feedback(ws.state, current, now=ws.connector.latest())
    with _settings_named(), materialised(ws.warehouse.engine):
        wanted = desiring.build(
            ws.warehouse.engine,
            ws.settings,
            registry.in_force(ws.state, ws.models_folder, ws.settings),
            steps_of(ws, run.context.as_of),
            as_of=run.context.as_of,
            shown={f: current_values.shown(current, f) for f in desiring.KEPT},
            keys=current.values,
            language=ws.connection.language,
            progress=progress,
        )
    current = replace(
        current,
        renew=texts_language.to_renew(ws.state, ws.connection.language, current.values, wanted.records),
    )
    run.counts["scored"] = wanted.scored
    run.counts["drift"] = wanted.drift
    run.counts["estimated_amounts"] = len(wanted.estimated)
    run.counts["excluded"] = wanted.excluded
    run.counts["rules"] = {r: c for r, c in wanted.rules.items() if any(c.values())}
    run.counts["left_out_by_cap"] = sum(c["capped"] for c in wanted.rules.values())
    return wanted, current
