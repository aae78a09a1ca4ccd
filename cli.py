"""The command line: parse, call, render. What a command does is a use case in `sync`; nothing is decided here."""

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import click
import typer

from sales_consultant.config.errors import ConfigError, SalesConsultantError, UsageError

if TYPE_CHECKING:
    from sales_consultant.config.settings import Schedule, Settings
    from sales_consultant.sync.plan import Plan
    from sales_consultant.sync.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Scores, reasons and next steps for the records in your CRM: a plan before every write, an undo after it.",
)
runs_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What ran, and what it did.")
models_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The models, their verdicts, which are in force."
)
schedule_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What is scheduled.")
sandbox_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="A local CRM to try everything on."
)
for name, sub in (
    ("runs", runs_app),
    ("models", models_app),
    ("schedule", schedule_app),
    ("sandbox", sandbox_app),
):
    app.add_typer(sub, name=name)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Config = Annotated[
    str | None, typer.Option("--config", help="Settings file; default ./sales-consultant.toml.")
]
ConnectionName = Annotated[
    str | None, typer.Option("--connection", help="Which connection; default the only one.")
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where state, warehouse and models are kept.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Go on where a guard or a question would stop.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Score as of this moment (ISO 8601), not the CRM's now.")
]


# -- shared ------------------------------------------------------------------------------------------------------


def out(document: Any, as_json: bool) -> None:
    """Print a result: JSON, or readable lines."""
    if as_json:
        print(json.dumps(document, ensure_ascii=False, indent=1, default=str))
    else:
        from sales_consultant.sync.render import show

        show(document)


def folder(given: Path | None) -> Path:
    """The data directory."""
    import platformdirs

    return given or Path(
        os.environ.get("SALES_CONSULTANT_DATA_DIR") or platformdirs.user_data_path("sales-consultant")
    )


def settings_of(config: str | None) -> "Settings":
    """The validated settings."""
    from sales_consultant.config.settings import find_file, load

    return load(find_file(config))


@contextlib.contextmanager
def workspace(config: str | None, connection: str | None, data_dir: Path | None) -> Iterator["Workspace"]:
    """The workspace of the chosen connection."""
    from sales_consultant.config.secrets import os_keyring
    from sales_consultant.sync.workspace import Workspace

    settings = settings_of(config)
    name, chosen = settings.connection(connection)
    with Workspace(settings, name, chosen, folder(data_dir), keyring=os_keyring()) as ws:
        yield ws


def moment(text: str | None, option: str) -> int | None:
    """A moment given by hand, as milliseconds UTC; a date alone is its midnight UTC."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError as e:
        raise UsageError(
            f'{option} "{text}" is not a date or time.', action="Write it as 2026-01-31 or 2026-01-31T08:00Z."
        ) from e
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() * 1000)


def reporter(as_json: bool) -> Any:
    """Progress on standard error."""
    from sales_consultant.sync.render import Terminal

    return Terminal(quiet=as_json)


def confirmed(yes: bool, as_json: bool) -> Any:
    """A question before a guarded write; None where nobody can be asked."""
    if yes or as_json or not sys.stdin.isatty():
        return None

    def ask(plan: "Plan") -> bool:
        out(plan.summary(), False)
        return typer.confirm("Write this to the CRM?")

    return ask


# -- the first steps ---------------------------------------------------------------------------------------------


@app.command()
def demo(
    crm: Annotated[str, typer.Option(help="Which CRM the sandbox plays: hubspot or salesforce.")] = "hubspot",
    data: Annotated[str, typer.Option(help="Which company: saas, shop, or both.")] = "both",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the sandbox open to browse until Ctrl-C.")
    ] = False,
    json_: Json = False,
) -> None:
    """Show the main job on a CRM that needs no account, in a directory of its own."""
    from sales_consultant.demo import run_demo

    for value, known, option in (
        (crm, ("hubspot", "salesforce"), "--crm"),
        (data, ("saas", "shop", "both"), "--data"),
    ):
        if value not in known:
            raise UsageError(
                f'{option} "{value}" is not known.', action=f"Choose one of: {', '.join(known)}."
            )
    run_demo(crm=crm, data=data, keep=keep, as_json=json_)


@app.command()
def init(
    crm: Annotated[str, typer.Option(help="hubspot or salesforce.")],
    name: Annotated[str, typer.Option(help="How to call the connection.")] = "main",
    url: Annotated[
        str, typer.Option(help="Another address than the vendor's, as of a sandbox on loopback.")
    ] = "",
    domain: Annotated[str, typer.Option(help="Salesforce: the My Domain, as acme.my.")] = "",
    client_id: Annotated[str, typer.Option(help="Salesforce: the consumer key.")] = "",
    output: Annotated[Path, typer.Option("--out", help="Where to write the settings.")] = Path(
        "sales-consultant.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Look at a CRM, propose what to score with counts, and write a commented settings file."""
    from sales_consultant.config.secrets import os_keyring
    from sales_consultant.sync.setup import initialise

    if crm not in ("hubspot", "salesforce"):
        raise UsageError(f'--crm "{crm}" is not known.', action="Choose hubspot or salesforce.")
    if output.exists() and not force:
        raise UsageError(f"{output} exists.", action="Give another --out, or --force to replace it.")
    connection = {"url": url, "domain": domain, "client_id": client_id}
    document = initialise(
        crm, name, connection, output, folder(data_dir), reporter(json_), keyring=os_keyring()
    )
    out(document, json_)


@app.command()
def login(
    connection: ConnectionName = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the token from standard input.")
    ] = False,
    crm: Annotated[str, typer.Option(help="Before there are settings: hubspot or salesforce.")] = "",
    config: Config = None,
    json_: Json = False,
) -> None:
    """Store a connection's token in the OS keyring."""
    from sales_consultant.config import secrets

    settings = settings_of(config)
    if not settings.connections and crm:
        name, reference = connection or "main", ""
    else:
        name, chosen = settings.connection(connection)
        reference = chosen.token
    keyring = secrets.os_keyring()
    if keyring is None:
        secrets.store(name, reference, "", keyring=None)
    token = (
        sys.stdin.readline().strip()
        if token_stdin
        else typer.prompt(f"Token of {name}", hide_input=True).strip()
    )
    if not token:
        raise UsageError("No token was given.", action="Paste it, or pipe it in with --token-stdin.")
    where = secrets.store(name, reference, token, keyring=keyring)
    out({"connection": name, "stored_in": where}, json_)


@app.command()
def logout(connection: ConnectionName = None, config: Config = None, json_: Json = False) -> None:
    """Remove a connection's token from the OS keyring."""
    from sales_consultant.config import secrets

    name, chosen = settings_of(config).connection(connection)
    removed = secrets.remove(name, chosen.token, keyring=secrets.os_keyring())
    out({"connection": name, "removed": removed}, json_)


@app.command()
def check(
    live_report: Annotated[
        Path | None,
        typer.Option("--live-report", help="Write which assumptions held, free of customer data."),
    ] = None,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Say line by line what works and what is missing, with the scope or permission and where to click."""
    from sales_consultant.sync.setup import check as checking

    with workspace(config, connection, data_dir) as ws:
        document = checking(ws, live_report)
    out(document, json_)
    if document["missing"]:
        raise typer.Exit(3)


@app.command()
def provision(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be made.")] = False,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Make our fields in the CRM, with their permissions. Running it again changes nothing."""
    from sales_consultant.sync.setup import provision as provisioning

    with workspace(config, connection, data_dir) as ws:
        document = provisioning(ws, dry=dry_run)
    out(document, json_)
    if document["refused"]:
        raise typer.Exit(2)


# -- the run -----------------------------------------------------------------------------------------------------


@app.command()
def pull(
    object: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object; repeat for more.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Bring the warehouse up to date; only what changed is read."""
    from sales_consultant.sync.run import pulling, running

    with workspace(config, connection, data_dir) as ws, reporter(json_) as r, running(ws, "pull") as run:
        pulling(ws, run, r, objects=tuple(object or ()), full=full)
    out({"run": run.id, **run.counts}, json_)


@app.command()
def train(
    connection: ConnectionName = None, config: Config = None, data_dir: DataDir = None, json_: Json = False
) -> None:
    """Train the models and publish those that are better than the base rate in a forward test."""
    from sales_consultant.sync import report
    from sales_consultant.sync.run import pulling, running, training

    with workspace(config, connection, data_dir) as ws:
        with reporter(json_) as r, running(ws, "train") as run:
            pulling(ws, run, r)
            training(ws, run, r)
        document = {"run": run.id, **run.counts, "forward_tests": report.evaluate(ws.state)}
    out(document, json_)


@app.command()
def score(
    as_of: AsOf = None,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Score what was pulled, without planning or writing."""
    from sales_consultant.sync.run import running, scoring

    with workspace(config, connection, data_dir) as ws:
        with reporter(json_) as r, running(ws, "score") as run:
            run.as_of = moment(as_of, "--as-of") or ws.connector.now()
            ws.warehouse.make_views(ws.connector)
            wanted, _ = scoring(ws, run, r)
        records = [
            {"object": k[0], "id": k[1], "name": wanted.names.get(k, k[1]), **rec.values}
            for k, rec in sorted(wanted.records.items(), key=lambda kr: -int(kr[1].values.get("score") or 0))
            if rec.values.get("score")
        ]
    out({"run": run.id, **run.counts, "records": records if json_ else records[:20]}, json_)


@app.command()
def plan(
    output: Annotated[Path | None, typer.Option("--out", help="Save the plan to apply it later.")] = None,
    as_of: AsOf = None,
    no_pull: Annotated[bool, typer.Option("--no-pull", help="Plan from what was pulled before.")] = False,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Show what a sync would write, old and new value by record and field. Writes nothing."""
    from sales_consultant.sync import planfile
    from sales_consultant.sync.run import dry

    with workspace(config, connection, data_dir) as ws:
        with reporter(json_) as r:
            run, made = dry(ws, r, as_of=moment(as_of, "--as-of"), fresh=not no_pull)
        if output:
            planfile.save(made, output, ws.state, run.id, now=ws.clock())
    document: dict[str, Any] = {"run": run.id, "file": str(output) if output else None, **made.summary()}
    shown = made.entries if json_ else made.entries[:10]
    document["sample" if not json_ else "entries"] = [
        {"object": e.object, "id": e.record_id, "name": e.name, "why": e.why}
        | {"fields": {k: {"old": old, "new": new} for k, old, new in e.fields}}
        for e in shown
    ]
    out(document, json_)


@app.command()
def push(
    file: Annotated[Path, typer.Argument(help="A plan saved with: plan --out FILE")],
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Apply a saved plan exactly, or refuse where the CRM has moved since."""
    from sales_consultant.sync import planfile
    from sales_consultant.sync.run import pushing, recovering, running

    with workspace(config, connection, data_dir) as ws:
        _ = ws.identity
        made = planfile.load(file, ws.state, ws.fields, now=ws.clock())
        with reporter(json_) as r, running(ws, "push") as run:
            run.as_of = made.as_of
            ws.connector.now()
            recovering(ws, run)
            planfile.refuse_if_moved(ws, made)
            pushing(ws, run, r, made)
    out({"run": run.id, **run.counts}, json_)
    raise typer.Exit(run.code)


@app.command()
def sync(
    as_of: AsOf = None,
    yes: Yes = False,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Pull, score, plan and write what changed. The first write asks, or needs --yes."""
    from sales_consultant.sync.run import sync as syncing

    with workspace(config, connection, data_dir) as ws, reporter(json_) as r:
        run, _ = syncing(ws, r, as_of=moment(as_of, "--as-of"), yes=yes, confirm=confirmed(yes, json_))
    out({"run": run.id, **run.counts}, json_)
    raise typer.Exit(run.code)


@app.command()
def backfill(
    since: Annotated[str | None, typer.Option(help="Rows modified from then on (ISO 8601).")] = None,
    until: Annotated[
        str | None, typer.Option(help="Rows modified up to then; default the CRM's now.")
    ] = None,
    object: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object; repeat for more.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Start over, also what was finished.")] = False,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Read a stretch of the past once. Killed, it goes on where it was when it is run again."""
    from sales_consultant.sync.backfill import backfill as filling

    window = (moment(since, "--since"), moment(until, "--until"))
    with workspace(config, connection, data_dir) as ws, reporter(json_) as r:
        done = filling(ws, r, since=window[0], until=window[1], objects=tuple(object or ()), again=again)
    out({"rows": done.rows, "finished_before": done.finished_before}, json_)


# -- undo --------------------------------------------------------------------------------------------------------


@app.command()
def rollback(
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The run to undo; see: runs list")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Instead: all runs started since then.")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", help="Only this field; repeat for more.")
    ] = None,
    record: Annotated[
        list[str] | None, typer.Option("--record", help="Only this record's id; repeat for more.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be restored.")] = False,
    yes: Yes = False,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Restore what the CRM held before, where it still holds what we wrote. Puts the fields on hold."""
    from sales_consultant.sync import rollback as undoing

    with workspace(config, connection, data_dir) as ws, reporter(json_) as r:
        _ = ws.identity
        chosen = undoing.chosen_runs(ws.state, run_id, moment(since, "--since"))
        limits: dict[str, Any] = {"fields": tuple(field or ()), "records": tuple(record or ())}
        if dry_run:
            undo = undoing.prepare(ws, chosen, **limits)
            document = {**undo.plan.summary(), "conflicts": undo.conflicts}
            code = 0
        else:
            if not yes:
                if json_ or not sys.stdin.isatty():
                    raise UsageError(
                        "A rollback writes to the CRM.", action="Look with --dry-run, then give --yes."
                    )
                typer.confirm(f"Undo {', '.join(chosen)}?", abort=True)
            run, undo = undoing.rollback(ws, r, chosen, **limits)
            document, code = {"run": run.id, **run.counts, "conflicts": undo.conflicts}, run.code
    out(document, json_)
    raise typer.Exit(code)


@app.command()
def resume(
    connection: ConnectionName = None, config: Config = None, data_dir: DataDir = None, json_: Json = False
) -> None:
    """Lift the hold that a rollback put on fields."""
    from sales_consultant.sync.rollback import lift

    with workspace(config, connection, data_dir) as ws:
        lifted = lift(ws)
    out({"lifted": lifted}, json_)


@app.command()
def retry(
    connection: ConnectionName = None, config: Config = None, data_dir: DataDir = None, json_: Json = False
) -> None:
    """Let the next sync try all dead letters again."""
    from sales_consultant.sync.setup import retry as retrying

    with workspace(config, connection, data_dir) as ws:
        letters = retrying(ws)
    out({"dead_letters": letters}, json_)


# -- looking -----------------------------------------------------------------------------------------------------


@app.command()
def status(
    connection: ConnectionName = None, config: Config = None, data_dir: DataDir = None, json_: Json = False
) -> None:
    """How the connection stands: last success, models, holds, dead letters."""
    from sales_consultant.sync import report

    with workspace(config, connection, data_dir) as ws:
        document = report.status(ws)
    out(document, json_)


@app.command()
def explain(
    record: Annotated[str, typer.Argument(help="A record's id, alone or as deals/ID.")],
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """Why a record has its score: reasons in points, what the CRM holds, what was shown when."""
    from sales_consultant.sync import report

    with workspace(config, connection, data_dir) as ws:
        document = report.explain(ws, record)
    out(document, json_)


@app.command()
def evaluate(
    connection: ConnectionName = None, config: Config = None, data_dir: DataDir = None, json_: Json = False
) -> None:
    """The newest forward test of each model, against the base rate."""
    from sales_consultant.sync import report

    with workspace(config, connection, data_dir) as ws:
        document = report.evaluate(ws.state)
    out({"forward_tests": document}, json_)


@runs_app.command("list")
def runs_list(
    limit: Annotated[int, typer.Option(help="How many.")] = 20,
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """The newest runs."""
    from sales_consultant.sync import report

    with workspace(config, connection, data_dir) as ws:
        document = report.list_runs(ws.state, limit)
    out({"runs": document}, json_)


@runs_app.command("show")
def runs_show(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """One run: its changes by field, and what the CRM refused, by reason."""
    from sales_consultant.sync import report

    with workspace(config, connection, data_dir) as ws:
        document = report.show_run(ws.state, run_id)
    out(document, json_)


@models_app.command("list")
def models_list(
    connection: ConnectionName = None, config: Config = None, data_dir: DataDir = None, json_: Json = False
) -> None:
    """All models, newest first, and which are in force."""
    from sales_consultant.sync import report

    with workspace(config, connection, data_dir) as ws:
        document = report.status(ws)["models"]
    out({"models": document}, json_)


@models_app.command("show")
def models_show(
    digest: Annotated[str, typer.Argument(help="The first letters of a model's digest.")],
    connection: ConnectionName = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> None:
    """A model's card: event, data, features, leaks, forward test."""
    from sales_consultant.sync import models

    with workspace(config, connection, data_dir) as ws:
        found = [m for m in models.index(ws.state) if m["digest"].startswith(digest)]
    if not found:
        raise UsageError(
            f'No model\'s digest starts with "{digest}".', action="See: sales-consultant models list"
        )
    out(found[0], json_)


# -- service -----------------------------------------------------------------------------------------------------


@schedule_app.command("list")
def schedule_list(config: Config = None, json_: Json = False) -> None:
    """The jobs and their next moments."""
    from sales_consultant.sync.service import jobs

    found = jobs(settings_of(config), now=datetime.now(UTC))
    out({"jobs": [vars(j) for j in found]}, json_)


@app.command()
def serve(config: Config = None, data_dir: DataDir = None, json_: Json = False) -> None:
    """Run the schedule until SIGTERM; prints one JSON object a line."""
    from sales_consultant.sync.run import Silent, pulling, running, training
    from sales_consultant.sync.run import sync as syncing
    from sales_consultant.sync.service import Service

    settings = settings_of(config)

    def run(name: str, schedule: "Schedule", scheduled_at: int, stop: Any) -> dict[str, Any]:
        connection = settings.connection(schedule.connection or None)[0]
        with workspace(config, connection, data_dir) as ws:
            if schedule.job == "train":
                with running(ws, "train", scheduled_at=scheduled_at) as done:
                    pulling(ws, done, Silent())
                    training(ws, done, Silent())
            else:
                done, _ = syncing(ws, Silent(), scheduled_at=scheduled_at, stop=stop)
        return {"run": done.id, "counts": done.counts}

    def emit(event: dict[str, Any]) -> None:
        print(json.dumps({"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **event}, default=str), flush=True)

    for connection in {settings.connection(s.connection or None)[0] for s in settings.schedule.values()}:
        with workspace(config, connection, data_dir) as ws:
            _ = ws.identity
    Service(settings, run, emit).serve()


@sandbox_app.command("serve")
def sandbox_serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8800,
    data: Annotated[
        Path | None, typer.Option(help="A folder of tables; without it the demo company.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="File to keep the records in; default temporary.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(help="The sandbox's clock starts at this moment (ISO 8601).")
    ] = None,
    limits: Annotated[
        str, typer.Option(help="Vendor limits: off, free, professional or enterprise.")
    ] = "off",
    lag: Annotated[float, typer.Option(help="Seconds that the search index lags.")] = 0.0,
    lenient: Annotated[bool, typer.Option("--lenient", help="Leave out references to missing rows.")] = False,
    json_: Json = False,
) -> None:
    """Start the sandbox CRM on loopback; prints "ready URL"."""
    from sales_consultant.demo import serve_sandbox

    serve_sandbox(
        port=port, data=data, store=store, clock=clock, limits=limits, lag=lag, lenient=lenient, as_json=json_
    )


# -- ends --------------------------------------------------------------------------------------------------------


def fail(error: SalesConsultantError, as_json: bool) -> int:
    """Tell the person who must act, and give the exit code."""
    if as_json:
        print(json.dumps(error.as_dict(), ensure_ascii=False, default=str))
    else:
        print(error.message, file=sys.stderr)
        if error.action:
            print(error.action, file=sys.stderr)
    return error.code


def defect(error: BaseException, as_json: bool) -> int:
    """A fault of ours: the traceback goes to a log that people can send us, the message says where it is."""
    import platformdirs

    log = platformdirs.user_log_path("sales-consultant", ensure_exists=True) / "errors.log"
    logging.basicConfig(filename=log, level=logging.ERROR, format="%(asctime)s %(message)s")
    logging.getLogger("sales_consultant").error("defect", exc_info=error)
    wrapped = SalesConsultantError(
        f"This is a defect of Sales Consultant ({type(error).__name__}). The details are in {log}.",
        action="Please report it with that file; nothing that was written is lost.",
    )
    return fail(wrapped, as_json)


def main() -> NoReturn:
    """Run the command line and exit with the code of DESIGN section 12."""
    as_json = "--json" in sys.argv
    try:
        result = app(standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except click.exceptions.Exit as e:
        code = e.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        code = 130
    except click.ClickException as e:
        code = fail(UsageError(e.format_message(), action="See --help."), as_json) if as_json else _usage(e)
    except SalesConsultantError as e:
        code = fail(e, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as e:  # noqa: BLE001 - the last net: told and logged, never swallowed
        code = defect(e, as_json)
    sys.exit(code)


def _usage(error: click.ClickException) -> int:
    error.show()
    return 2


__all__ = ["ConfigError", "app", "main"]
