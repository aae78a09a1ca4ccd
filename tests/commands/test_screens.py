"""What a person reads: each screen as a golden file at 80 and 120 columns.

`UPDATE_GOLDEN=1 python -m pytest tests/commands` writes the files anew; look at the difference before committing it.
"""

import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support import example_findings as findings
from support import example_proposals as kept
from support import example_runs as runs
from support import example_steps as steps
from support import example_tasks as tasks
from support.example_runs import NOW

from sales_consultant.commands.output import (
    admin,
    evaluation,
    models,
    plan,
    record,
    run,
    schedule,
    state,
    status,
    training,
    undo,
)
from sales_consultant.commands.output import runs as runs_screen
from sales_consultant.commands.output.steps import day_list, playbook, proposals
from sales_consultant.commands.output.writing.page import Page

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 120)
# A command with a result made by hand.
SCREENS: dict[str, tuple[Callable[[Page, Any], None], Any]] = {
    "plan": (plan.show, runs.PLAN),
    "plan-object-field": (
        partial(plan.show, view=plan.View.of(["deals"], ["grade", "reasons"], 1)),
        runs.PLAN,
    ),
    "plan-saved": (plan.show, runs.SAVED),
    "plan-nothing": (plan.show, runs.NO_CHANGE),
    "sync-asks": (plan.asked, runs.PLAN),
    "plan-tasks": (plan.show, tasks.PLANNED),
    "sync-tasks": (run.done, tasks.SYNCED),
    "sync-tasks-not-permitted": (run.done, tasks.FIELDS_ONLY),
    "rollback-dry-run-tasks": (undo.planned, tasks.TAKEN_BACK),
    "score": (plan.scored, runs.SCORED),
    "sync": (run.done, runs.SYNCED),
    "sync-refused": (run.done, runs.REFUSED),
    "sync-quiet": (run.done, runs.QUIET),
    "sync-unusual": (run.done, runs.SYNCED_RARELY),
    "rollback": (run.done, runs.RESTORED),
    "pull-estimate": (run.estimated, runs.ESTIMATED),
    "runs-list": (runs_screen.runs, runs.RUNS),
    "runs-show": (runs_screen.run, runs.RUN_SHOWN),
    "status": (status.show, runs.STATUS),
    "status-troubled": (status.show, runs.TROUBLED),
    "status-fresh": (status.show, runs.FRESH),
    "schedule-list": (schedule.jobs, runs.JOBS),
    "schedule-next": (schedule.moments, runs.UPCOMING),
    "rollback-dry-run": (undo.planned, runs.UNDO),
    "resume": (undo.resumed, runs.RESUMED),
    "retry": (undo.retried, runs.RETRIED),
    "forget": (undo.forgotten, runs.FORGOTTEN),
    "state-backup": (state.backed_up, runs.BACKED_UP),
    "state-restore": (state.restored, runs.STATE_RESTORED),
    "state-check": (state.checked, runs.STATE),
    "state-check-damaged": (state.checked, runs.DAMAGED),
    "state-export": (state.exported, runs.JOURNAL),
    "backfill": (state.backfilled, runs.BACKFILLED),
    "explain-deal": (record.show, findings.DEAL),
    "explain-deal-features": (partial(record.show, all_features=True), findings.DEAL),
    "explain-contact": (record.show, findings.CONTACT),
    "explain-company": (record.show, findings.COMPANY),
    "train": (training.done, findings.TRAINED),
    "train-dry-run": (training.done, findings.DRY_TRAINED),
    "train-readiness": (evaluation.readiness, findings.READY),
    "evaluate": (training.tests, findings.TESTS),
    "evaluate-nothing": (training.tests, findings.NO_TESTS),
    "evaluate-as-given": (evaluation.as_given, findings.GIVEN),
    "evaluate-compare": (evaluation.comparison, findings.COMPARED),
    "evaluate-clusters": (evaluation.clusters, findings.CLUSTERED),
    "evaluate-clusters-few": (evaluation.clusters, findings.TOO_FEW),
    "evaluate-plots": (evaluation.plots, findings.PLOTTED),
    "models-list": (models.models, findings.MODELS),
    "models-show": (models.card, findings.CARD),
    "models-show-kept-out": (models.card, findings.OLD_CARD),
    "models-show-value": (models.card, findings.VALUE),
    "models-show-amount": (models.card, findings.AMOUNT),
    "models-show-segments": (models.card, findings.SEGMENTS),
    "models-show-clusters": (models.card, findings.CLUSTERS),
    "models-show-products": (models.card, findings.PRODUCTS),
    "models-publish": (models.switched, findings.SWITCHED),
    "models-export": (models.exported, findings.EXPORTED),
    "models-import": (models.imported, findings.IMPORTED),
    "models-show-page": (models.page_written, findings.CARD_PAGE),
    "propose": (proposals.proposal, kept.FULL),
    "propose-bare": (proposals.proposal, kept.BARE),
    "proposals-list": (proposals.kept, kept.LIST),
    "proposals-list-nothing": (proposals.kept, kept.NOTHING_KEPT),
    "proposals-review": (proposals.reviewed, kept.REVIEWS),
    "proposals-review-none-due": (proposals.reviewed, kept.NONE_DUE),
    "steps": (day_list.show, steps.DAY),
    "steps-of-all": (day_list.show, steps.DAY_OF_ALL),
    "steps-nothing": (day_list.show, steps.DAY_EMPTY),
    "playbook-check": (playbook.check, steps.CHECKED),
    "playbook-check-odd": (playbook.check, steps.CHECKED_ODD),
    "playbook-stats": (playbook.stats, steps.STATS),
    "playbook-stats-none": (playbook.stats, steps.STATS_NONE),
    "playbook-explain": (playbook.explain, steps.EXPLAINED),
    "playbook-test": (playbook.record, steps.TESTED),
    "playbook-test-none": (playbook.record, steps.TESTED_NONE),
    "playbook-convert": (playbook.converted, steps.CONVERTED),
    "init": (admin.initialised, findings.INITIALISED),
    "init-nothing": (admin.initialised, findings.NOTHING_TO_PREDICT),
    "check": (admin.checked, findings.CHECKED),
    "check-data": (admin.data_checked, findings.DATA_CHECKED),
    "check-data-fine": (admin.data_checked, findings.DATA_FINE),
    "check-well": (admin.checked, findings.ALL_WELL),
    "provision": (admin.provisioned, findings.PROVISIONED),
    "provision-remove-dry-run": (admin.removal, findings.REMOVAL),
    "provision-remove": (admin.removed, findings.REMOVED),
    "login": (admin.signed_in, findings.SIGNED_IN),
    "logout": (admin.signed_out, findings.SIGNED_OUT),
}
# What a terminal acts on: control characters and direction overrides.
ACTS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def drawn(name: str, width: int, *, colour: bool = False) -> str:
    """A screen as text."""
    screen, result = SCREENS[name]
    page = Page(width=width, colour=colour, now=NOW, zone=ZoneInfo("Europe/Berlin"))
    screen(page, result)
    return page.text()


@pytest.mark.parametrize("name", SCREENS)
def test_screens_are_as_they_were_looked_at(name: str) -> None:
    for width in WIDTHS:
        file = GOLDEN / f"{name}.{width}.txt"
        text = drawn(name, width)
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), (
            f"{file.name} is another: UPDATE_GOLDEN=1 writes it anew"
        )


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_safe_and_fits(name: str) -> None:
    """Without colour no character acts on the terminal, and every line fits the width."""
    for width in (80, 100, 140):
        for line in drawn(name, width).splitlines():
            assert not ACTS.search(line), line
            assert not line.endswith(" ")
            assert len(line) <= width, (width, line)


@pytest.mark.parametrize("name", SCREENS)
def test_colour_changes_no_letter(name: str) -> None:
    coloured = drawn(name, 100, colour=True)
    assert COLOUR.sub("", coloured) == drawn(name, 100)
    assert not ACTS.search(COLOUR.sub("", coloured))


def test_every_golden_file_is_of_a_screen() -> None:
    """Those of the progress of long work are `test_progress`'s, those of errors `test_errors`'s."""
    golden = {f.name for f in GOLDEN.iterdir() if not f.name.startswith(("progress.", "error."))}
    assert golden == {f"{n}.{w}.txt" for n in SCREENS for w in WIDTHS}


@pytest.mark.parametrize("name", SCREENS)
def test_results_are_documents_too(name: str) -> None:
    """What a screen shows has a JSON document of plain values."""
    result = SCREENS[name][1]
    assert isinstance(json.loads(json.dumps(result.to_json(), default=str)), dict)
