"""The entry point: which commands there are, how errors are told, exit codes. Commands live in `commands/`."""

import logging
import os
import sys
from typing import Annotated, Any, NoReturn

import platformdirs
import typer

from sales_consultant.commands.lazy import register, show_error, wrong_use
from sales_consultant.commands.output.writing.document import json_text
from sales_consultant.commands.output.writing.text import plain
from sales_consultant.config.errors import MachineError, SalesConsultantError, disk_full

# Newer typer carries a click of its own and gives this error no name: the class is found through a child it names.
_WrongUse: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    help="Scores, reasons and next steps for the records in your CRM: a plan before every write, an undo after it.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"sales-consultant {version('sales-consultant')}")
        raise typer.Exit(0)


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options before the command."""


# Name, place in `commands`, and the line in the list of commands.
COMMANDS = (
    ("demo", "first_steps:demo", "Show the main job on a CRM that needs no account."),
    ("init", "first_steps:init", "Look at a CRM and write a settings file for it."),
    ("login", "first_steps:login", "Store a token in the OS keyring, or sign in by browser."),
    ("logout", "first_steps:logout", "Remove a token from the OS keyring."),
    ("check", "first_steps:check", "Say what works, what is refused, and what to do next."),
    ("provision", "first_steps:provision", "Make our fields in the CRM, or take them away."),
    ("pull", "run:pull", "Read what changed in the CRM."),
    ("train", "run:train", "Train the models; publish those that pass a forward test."),
    ("score", "run:score", "Score what was pulled, without planning or writing."),
    ("plan", "run:plan", "Show what a sync would write. Writes nothing."),
    ("push", "run:push", "Apply a saved plan exactly."),
    ("sync", "run:sync", "Pull, score, plan and write what changed."),
    ("backfill", "run:backfill", "Read a stretch of the past once."),
    ("rollback", "undo:rollback", "Restore what the CRM held before a run."),
    ("resume", "undo:resume", "Lift the hold that a rollback put on fields."),
    ("retry", "undo:retry", "Try again what the CRM refused."),
    ("forget", "undo:forget", "Erase a person. Cannot be undone."),
    ("status", "looking:status", "How the connection stands, and what to do next."),
    ("explain", "looking:explain", "Why a record has its score."),
    ("steps", "steps:steps", "The next steps that the CRM shows, as a list."),
    ("evaluate", "looking:evaluate", "How good the models are, by their forward tests."),
    ("report", "insight.reports:report", "Funnel, pipeline, forecast, and whether the scores helped."),
    ("export", "insight.exports:export", "Features, training rows, scores as Parquet."),
    ("propose", "proposals:propose", "Propose what to do with a company, and keep it."),
    ("serve", "schedule:serve", "Run the schedule until SIGTERM."),
)
GROUPS = (
    (
        "runs",
        "What ran, and what it did.",
        (
            ("list", "runs:list_runs", "The newest runs."),
            ("show", "runs:show_run", "One run: what it changed, and what was refused."),
            ("tail", "runs:tail_runs", "What runs do, as it happens."),
        ),
    ),
    (
        "models",
        "The models, their verdicts, which are in force.",
        (
            ("list", "models:list_models", "All models, newest first."),
            ("show", "models:show_model", "A model's card."),
            ("publish", "models:publish_model", "Put a candidate into force."),
            ("revert", "models:revert_model", "Go back to the model before."),
            ("export", "models:export_model", "Write a model to a file, for another org."),
            ("import", "models:import_model", "Take in a model that another org trained."),
        ),
    ),
    (
        "playbook",
        "The rules that next steps come from.",
        (
            ("check", "steps:check_playbook", "Whether it can be used, and what is odd in it."),
            ("test", "steps:test_record", "Which rules hold for a record, and why."),
            ("stats", "steps:rule_stats", "What became of each rule."),
            ("explain", "steps:explain_rule", "One rule: what it asks for, says and did."),
            ("convert", "steps:convert_playbook", "Conditions of earlier releases as expressions."),
        ),
    ),
    (
        "proposals",
        "Account proposals that were made.",
        (
            ("list", "proposals:list_kept", "The proposals, newest first."),
            ("review", "proposals:review", "What was done of them, and what happened since."),
        ),
    ),
    (
        "experiment",
        "Whether the scores help, by a control group.",
        (
            ("design", "insight.experiments:design", "What could be seen here, and how long it takes."),
            ("start", "insight.experiments:start", "Draw a control group anew."),
            ("status", "insight.experiments:status", "How it stands, on any day."),
            ("stop", "insight.experiments:stop", "End it, and show everybody scores."),
        ),
    ),
    (
        "schedule",
        "What is scheduled.",
        (
            ("list", "schedule:list_jobs", "The jobs, and when each runs next."),
            ("next", "schedule:next_moments", "The next moments of all jobs."),
            ("run-now", "schedule:run_now", "Run a scheduled job now."),
        ),
    ),
    (
        "state",
        "Backups of the state, and its export.",
        (
            ("backup", "state:back_up", "Copy the state as it is now."),
            ("restore", "state:put_back", "Put a copy in place of the state."),
            ("check", "state:check_state", "Check the state's file, and list its backups."),
            ("export", "state:export_journal", "Write the journal as Parquet for an auditor."),
        ),
    ),
    (
        "text",
        "What people wrote, as signals.",
        (("reread", "text:reread", "Read it again, after a change of rules or names."),),
    ),
    (
        "sandbox",
        "A local CRM to try everything on.",
        (("serve", "sandbox:serve_crm", "Start the sandbox CRM on loopback."),),
    ),
)
for _name, _place, _text in COMMANDS:
    register(app, _name, _place, _text)
for _group, _about, _members in GROUPS:
    _made = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=_about)
    app.add_typer(_made, name=_group)
    for _name, _place, _text in _members:
        register(_made, _name, _place, _text)


def fail(error: SalesConsultantError, as_json: bool) -> int:
    """Tell the person who must act, and give the exit code."""
    if as_json:
        print(json_text(error.as_dict()))
    elif sys.stderr.isatty():
        show_error(error)
    else:
        # A line of a log is whole, so that it can be searched.
        lines = [*error.message.splitlines(), *error.action.splitlines()]
        print("\n".join(plain(line) for line in lines), file=sys.stderr)
    return error.code


def defect(error: BaseException, as_json: bool) -> int:
    """A fault of ours: the traceback goes to a log that people can send us, the message says where it is."""
    log = platformdirs.user_log_path("sales-consultant", ensure_exists=True) / "errors.log"
    logging.basicConfig(filename=log, level=logging.ERROR, format="%(asctime)s %(message)s")
    logging.getLogger("sales_consultant").error("defect", exc_info=error)
    wrapped = SalesConsultantError(
        f"This is a defect of Sales Consultant ({type(error).__name__}). The details are in {log}.",
        action="Please report it with that file; nothing that was written is lost.",
    )
    return fail(wrapped, as_json)


def main() -> NoReturn:
    """Run the command line and exit with the code of docs/reference/exit-codes.md."""
    as_json = "--json" in sys.argv
    # What is kept here is a company's customers: nobody else's to read.
    os.umask(0o077)
    try:
        result = app(standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except typer.Exit as e:
        code = e.exit_code
    except (typer.Abort, KeyboardInterrupt):
        # 128 and the number of SIGINT, as shells report a program that was interrupted.
        code = 130
    except _WrongUse as e:
        if type(e).__name__ == "NoArgsIsHelpError" and not as_json:
            e.show()
            code = 2
        else:
            code = fail(wrong_use(e), as_json)
    except SalesConsultantError as e:
        code = fail(e, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as e:  # noqa: BLE001 - the last net: told and logged, never swallowed
        if disk_full(e):
            full = MachineError(
                "The disk is full; nothing that was written is lost.", action="Make room, then run again."
            )
            code = fail(full, as_json)
        else:
            code = defect(e, as_json)
    sys.exit(code)
