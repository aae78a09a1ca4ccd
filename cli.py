"""The command line: parse, call, render. What a command does is a use case in `sync`; nothing is decided here."""

import functools
import inspect
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from sales_consultant.config.errors import (
    AccessError,
    CrmUnavailableError,
    MachineError,
    SalesConsultantError,
    UsageError,
    disk_full,
)

if TYPE_CHECKING:
    from sales_consultant.config.schedules import Schedule
    from sales_consultant.config.settings import Settings
    from sales_consultant.sync.plan import Plan
    from sales_consultant.sync.render import Terminal
    from sales_consultant.sync.runtime import Workspace

# Newer typer carries a click of its own and gives this error no name: the class is found through a child it names.
_WrongUse: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Scores, reasons and next steps for the records in your CRM: a plan before every write, an undo after it.",
)


def _group(name: str, text: str) -> typer.Typer:
    made = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=text)
    app.add_typer(made, name=name)
    return made


runs_app = _group("runs", "What ran, and what it did.")
models_app = _group("models", "The models, their verdicts, which are in force.")
schedule_app = _group("schedule", "What is scheduled.")
state_app = _group("state", "What must not be lost: backups of the state, and what is in it.")
sandbox_app = _group("sandbox", "A local CRM to try everything on.")

Document = dict[str, Any]
# JSON itself escapes control characters below 0x20; these act on a terminal too.
_ACTS = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
Objects = Annotated[list[str] | None, typer.Option("--object", help="Only this object; repeat for more.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Score as of this moment (ISO 8601), not the CRM's now.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Go on where a guard or a question would stop.")]
MaxRecords = Annotated[int | None, typer.Option(help="Guard: records that may change.", min=0)]
MaxShare = Annotated[float | None, typer.Option(help="Guard: share of records, 0 to 1.", min=0, max=1)]
MaxGradeShare = Annotated[float | None, typer.Option(help="Guard: share of grades.", min=0, max=1)]
MaxEmptied = Annotated[float | None, typer.Option(help="Guard: share that loses a value.", min=0, max=1)]
MaxCalls = Annotated[int | None, typer.Option(help="Guard: calls that writing may take.", min=0)]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id; see: runs list")]

_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
_CONFIG = Annotated[
    str | None, typer.Option("--config", help="Settings file; default ./sales-consultant.toml.")
]
_CONNECTION = Annotated[
    str | None, typer.Option("--connection", help="Which connection; default the only one.")
]
_DATA_DIR = Annotated[
    Path | None, typer.Option("--data-dir", help="Where state, warehouse and models are kept.")
]
_TIMEZONE = Annotated[
    str | None, typer.Option("--timezone", help="Tell times in this zone; default time_zone of the settings.")
]
_COMMON: dict[str, tuple[Any, Any]] = {
    "connection": (_CONNECTION, None),
    "config": (_CONFIG, None),
    "data_dir": (_DATA_DIR, None),
    "timezone": (_TIMEZONE, None),
    "as_json": (_JSON, False),
}


def json_text(document: Document, indent: int | None = None) -> str:
    """A document as JSON that is safe to look at: what a terminal would act on is escaped, letters are not."""
    text = json.dumps(document, ensure_ascii=False, indent=indent, default=str)
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Shell:
    """What every command shares: settings, workspace, progress, and how to answer."""

    def __init__(
        self,
        *,
        connection: str | None,
        config: str | None,
        data_dir: Path | None,
        as_json: bool,
        timezone: str | None = None,
        tell: Callable[[str], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.connection = connection
        self.config = config
        self.json = as_json
        self.timezone = timezone
        self._data_dir = data_dir
        self._tell = tell
        self._stop = stop
        self.stack = ExitStack()

    @property
    def folder(self) -> Path:
        """The data directory."""
        import platformdirs

        given = self._data_dir or os.environ.get("SALES_CONSULTANT_DATA_DIR")
        return Path(given) if given else platformdirs.user_data_path("sales-consultant")

    @functools.cached_property
    def settings(self) -> "Settings":
        """The validated settings."""
        from sales_consultant.config.settings import find_file, load

        return load(find_file(self.config))

    def open(self, connection: str | None) -> "Workspace":
        """The workspace of a connection, closed when the command ends."""
        from sales_consultant.config.secrets import os_keyring
        from sales_consultant.sync.runtime import Workspace

        name, chosen = self.settings.connection(connection)
        return self.stack.enter_context(
            Workspace(
                self.settings,
                name,
                chosen,
                self.folder,
                keyring=os_keyring(),
                tell=self.tell,
                stop=self._stop,
            )
        )

    @functools.cached_property
    def ws(self) -> "Workspace":
        """The workspace of the chosen connection."""
        return self.open(self.connection)

    @functools.cached_property
    def reporter(self) -> "Terminal":
        """Progress on standard error."""
        from sales_consultant.sync.render import Terminal

        return self.stack.enter_context(Terminal(quiet=self.json))

    def tell(self, text: str) -> None:
        """One line about what is waited for: on standard error, also where standard output holds JSON."""
        if self._tell is not None:
            self._tell(text)
        elif self.json:
            from sales_consultant.sync.render import plain

            print(plain(text), file=sys.stderr)
        else:
            self.reporter.say(text)

    @property
    def asks(self) -> bool:
        """Whether there is somebody to ask."""
        return not self.json and sys.stdin.isatty()

    def told(self, document: Document) -> Document:
        """The document with its times in the admin's zone, where there is one."""
        from sales_consultant.sync.render import in_zone, known_zone

        # Some commands work before there are settings.
        chosen = self.timezone or ("settings" in vars(self) and self.settings.time_zone)
        if not chosen:
            return document
        zone = known_zone(chosen, "--timezone" if self.timezone else "time_zone")
        return dict(in_zone(document, zone))

    def show(self, document: Document) -> None:
        """Print a result: JSON, or readable tables."""
        document = self.told(document)
        if self.json:
            print(json_text(document, indent=1))
        else:
            from sales_consultant.sync.render import show

            show(document)


def command(
    group: typer.Typer, name: str | None = None
) -> Callable[[Callable[..., Document | tuple[Document, int] | None]], Callable[..., None]]:
    """Register a use case as a command: adds the shared options, prints what it returns, exits with its code."""

    def register(use_case: Callable[..., Document | tuple[Document, int] | None]) -> Callable[..., None]:
        @functools.wraps(use_case)
        def run(**given: Any) -> None:
            shell = Shell(**{k: given.pop(k) for k in _COMMON})
            with shell.stack:
                result = use_case(shell, **given)
            document, code = result if isinstance(result, tuple) else (result, 0)
            if document is not None:
                shell.show(document)
            raise typer.Exit(code)

        own = inspect.signature(use_case, eval_str=True)
        shared = [
            inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, annotation=a, default=d)
            for k, (a, d) in _COMMON.items()
        ]
        mine = [
            p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for p in own.parameters.values()
            if p.name != "shell"
        ]
        run.__signature__ = own.replace(parameters=[*mine, *shared], return_annotation=None)  # type: ignore[attr-defined]  # typer reads it; functions have no such attribute in typing
        run.__annotations__ = {p.name: p.annotation for p in (*mine, *shared)}
        # Or typer would read the use case's own signature.
        del run.__wrapped__
        group.command(name or use_case.__name__.split("_")[-1], help=use_case.__doc__)(run)
        return run

    return register


def moment(text: str | None, option: str) -> int | None:
    """A moment given by hand, as milliseconds UTC; a date alone is its midnight UTC."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError as e:
        action = "Write it as 2026-01-31 or 2026-01-31T08:00Z."
        raise UsageError(f'{option} "{text}" is not a date or time.', action=action) from e
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() * 1000)


def guard_values(
    records: int | None, share: float | None, grades: float | None, emptied: float | None, calls: int | None
) -> dict[str, Any]:
    """The guards that were given on the command line, under their names in the settings."""
    given = {"max_records": records, "max_share": share, "max_grade_share": grades, "max_emptied": emptied}
    return {k: v for k, v in {**given, "max_api_calls": calls}.items() if v is not None}


def one_of(value: str, known: tuple[str, ...], option: str) -> str:
    """The value, where it is one of the known ones."""
    if value not in known:
        raise UsageError(f'{option} "{value}" is not known.', action=f"Choose one of: {', '.join(known)}.")
    return value


# -- the first steps ---------------------------------------------------------------------------------------------


@command(app)
def demo(
    shell: Shell,
    crm: Annotated[str, typer.Option(help="Which CRM the sandbox plays: hubspot or salesforce.")] = "hubspot",
    data: Annotated[str, typer.Option(help="Which company: saas, shop, or both.")] = "both",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the sandbox open to browse until Ctrl-C.")
    ] = False,
) -> None:
    """Show the main job on a CRM that needs no account, in a directory of its own."""
    from sales_consultant.demo import run_demo

    one_of(crm, ("hubspot", "salesforce"), "--crm")
    one_of(data, ("saas", "shop", "both"), "--data")
    run_demo(crm=crm, data=data, keep=keep, as_json=shell.json)


@command(app)
def init(
    shell: Shell,
    crm: Annotated[str, typer.Option(help="hubspot or salesforce.")],
    name: Annotated[str, typer.Option(help="How to call the connection.")] = "main",
    url: Annotated[
        str, typer.Option(help="Another address than the vendor's, as of a sandbox on loopback.")
    ] = "",
    domain: Annotated[str, typer.Option(help="Salesforce: the My Domain, as acme.my.")] = "",
    client_id: Annotated[str, typer.Option(help="The app's client id; Salesforce: the consumer key.")] = "",
    auth: Annotated[str, typer.Option(help="token, oauth; Salesforce also client_credentials or jwt.")] = "",
    output: Annotated[Path, typer.Option("--out", help="Where to write the settings.")] = Path(
        "sales-consultant.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> Document:
    """Look at a CRM, propose what to score with counts, and write a commented settings file."""
    from sales_consultant.config.secrets import os_keyring
    from sales_consultant.sync.use_cases import initialise

    one_of(crm, ("hubspot", "salesforce"), "--crm")
    if output.exists() and not force:
        raise UsageError(f"{output} exists.", action="Give another --out, or --force to replace it.")
    connection = {"url": url, "domain": domain, "client_id": client_id, "auth": auth}
    return initialise(crm, name, connection, output, shell.folder, shell.reporter, keyring=os_keyring())


@command(app)
def login(
    shell: Shell,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the token, or the app's secret, from standard input.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address of the sign-in page.")
    ] = False,
    crm: Annotated[
        str, typer.Option(help="Before there are settings, to sign in by browser: which CRM.")
    ] = "",
    client_id: Annotated[str, typer.Option(help="The same: the app's client id or consumer key.")] = "",
    domain: Annotated[str, typer.Option(help="The same, Salesforce: the My Domain, as acme.my.")] = "",
    url: Annotated[str, typer.Option(help="The same: another address than the vendor's.")] = "",
    redirect_port: Annotated[
        int, typer.Option(help="The same: the port of the app's redirect address.", min=1024, max=65535)
    ] = 8765,
) -> Document:
    """Store a connection's token in the OS keyring; with auth = "oauth", sign in by browser and store what that leaves.

    Works before there are settings, with --connection NAME; to sign in by browser then, give --crm and --client-id.
    """
    from sales_consultant.config.secrets import os_keyring
    from sales_consultant.sync.setup import sign_in

    def ask(what: str) -> str:
        if token_stdin:
            return sys.stdin.readline()
        return str(typer.prompt(what, default="", show_default=False, hide_input=True))

    return sign_in.login(
        shell.settings,
        shell.connection,
        keyring=os_keyring(),
        ask=ask,
        show=lambda page: typer.echo(f"Sign in at {page}", err=True),
        browser=not no_browser,
        app={
            "crm": crm,
            "client_id": client_id,
            "domain": domain,
            "url": url,
            "redirect_port": str(redirect_port),
        },
    )


@command(app)
def logout(shell: Shell) -> Document:
    """Remove a connection's token from the OS keyring."""
    from sales_consultant.config import secrets

    name, chosen = shell.settings.connection(shell.connection)
    return {"connection": name, "removed": secrets.remove(name, chosen.token, keyring=secrets.os_keyring())}


@command(app)
def check(
    shell: Shell,
    live_report: Annotated[
        Path | None,
        typer.Option("--live-report", help="Write which assumptions held, free of customer data."),
    ] = None,
) -> tuple[Document, int]:
    """Say line by line what works, what is refused, with the scope or permission and where to click, and what comes next."""
    from sales_consultant.sync.setup import check as checking

    document = checking.check(shell.ws, live_report)
    code = 3 if document["missing"] else 0
    return document if shell.json else checking.screen(document), code


@command(app)
def provision(
    shell: Shell,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be made, or taken away.")
    ] = False,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            "--assign", help="Salesforce: a user name or e-mail that is to see them; repeat for more."
        ),
    ] = None,
    list_view: Annotated[
        bool,
        typer.Option("--list-view", help='Salesforce: also a list and a report "My 20 records to work".'),
    ] = False,
    reader_token_stdin: Annotated[
        bool,
        typer.Option(
            "--reader-token-stdin", help="Read a rep's session token, and look at the fields as that rep."
        ),
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take everything away again; says first what uses our fields.")
    ] = False,
    yes: Yes = False,
) -> tuple[Document, int]:
    """Make our fields in the CRM, with their permissions. Running it again changes nothing."""
    from sales_consultant.sync.setup import provisioning

    if remove:
        looked = provisioning.removal(shell.ws)
        if dry_run:
            return looked, 0
        if not yes:
            if not shell.asks:
                raise UsageError(
                    "Removing our fields deletes their values.",
                    action="Look with --dry-run, then give --yes.",
                )
            shell.show(looked)
            typer.confirm("Take all of this away, with its values?", abort=True)
        document = provisioning.remove(shell.ws)
        return {**document, "used_by": looked["used_by"]}, 2 if document["refused"] else 0
    token = sys.stdin.readline().strip() if reader_token_stdin else ""
    wishes = provisioning.Wishes(tuple(assign or ()), list_view, token)
    document = provisioning.provision(shell.ws, dry=dry_run, wishes=wishes)
    return document, 2 if document["refused"] else 0


# -- the run -----------------------------------------------------------------------------------------------------


@command(app)
def pull(
    shell: Shell,
    object: Objects = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Then compare every id with the CRM, and repair.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say how many calls and minutes it would take.")
    ] = False,
) -> Document:
    """Bring the warehouse up to date; only what changed is read."""
    from sales_consultant.sync.pull import estimate as reckon
    from sales_consultant.sync.runtime import running
    from sales_consultant.sync.use_cases import pulling

    objects = tuple(object or ())
    if estimate:
        _ = shell.ws.identity
        return reckon(shell.ws.connector, shell.ws.warehouse, objects=objects, full=full).as_dict()
    with running(shell.ws, "pull") as run:
        pulling(shell.ws, run, shell.reporter, objects=objects, full=full, compare=reconcile)
    return {"run": run.id, **run.counts}


@command(app)
def train(
    shell: Shell,
    readiness: Annotated[
        bool, typer.Option("--readiness", help="Only say what the data allow, before anything is fitted.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Publish nothing: show old against new, and which records would change their grade.",
        ),
    ] = False,
) -> Document:
    """Train the models and publish those that are better than the base rate in a forward test."""
    from sales_consultant.sync.models import candidates, evaluation
    from sales_consultant.sync.runtime import running
    from sales_consultant.sync.use_cases import pulling, training

    with running(shell.ws, "train") as run:
        pulling(shell.ws, run, shell.reporter)
        if readiness:
            ready = evaluation.ready(shell.ws, as_of=run.context.as_of)
            return {"populations": ready} if shell.json else evaluation.brief_readiness(ready)
        done = candidates.told(training(shell.ws, run, shell.reporter, dry_run=dry_run), dry_run=dry_run)
    tests = evaluation.evaluate(shell.ws.state)
    document = {"run": run.id, **run.counts, "dry_run": dry_run}
    if shell.json:
        return {**document, "models": done, "forward_tests": tests}
    return {**document, "forward_tests": evaluation.brief(tests), **candidates.brief(done, dry_run=dry_run)}


@command(app)
def score(shell: Shell, as_of: AsOf = None) -> Document:
    """Score what was pulled, without planning or writing."""
    from sales_consultant.sync.use_cases import score as scoring

    run, records = scoring(shell.ws, shell.reporter, as_of=moment(as_of, "--as-of"))
    return {"run": run.id, **run.counts, "records": records if shell.json else records[:20]}


@command(app)
def plan(
    shell: Shell,
    output: Annotated[Path | None, typer.Option("--out", help="Save the plan to apply it later.")] = None,
    as_of: AsOf = None,
    no_pull: Annotated[bool, typer.Option("--no-pull", help="Plan from what was pulled before.")] = False,
) -> Document:
    """Show what a sync would write, old and new value by record and field. Writes nothing."""
    from sales_consultant.sync.use_cases import dry, plan_file

    run, made = dry(shell.ws, shell.reporter, as_of=moment(as_of, "--as-of"), fresh=not no_pull)
    if output:
        plan_file.save(shell.ws, made, output, run.id)
    document: Document = {"run": run.id, "file": str(output) if output else None, **made.summary()}
    return document | (made.whole() if shell.json else made.brief())


@command(app)
def push(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A plan saved with: plan --out FILE")],
    yes: Yes = False,
    max_records: MaxRecords = None,
    max_share: MaxShare = None,
    max_grade_share: MaxGradeShare = None,
    max_emptied: MaxEmptied = None,
    max_calls: MaxCalls = None,
) -> tuple[Document, int]:
    """Apply a saved plan exactly, or refuse where the CRM has moved since."""
    from sales_consultant.sync.use_cases import plan_file

    guards = guard_values(max_records, max_share, max_grade_share, max_emptied, max_calls)
    run = plan_file.apply(shell.ws, shell.reporter, file, yes=yes, guards=guards)
    return {"run": run.id, **run.counts}, run.code


@command(app)
def sync(
    shell: Shell,
    as_of: AsOf = None,
    yes: Yes = False,
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Read changes only; small tables once a day, no computed fields."),
    ] = False,
    narrowed: Annotated[
        str, typer.Option(help="What becomes of our values outside a pilot: keep or empty.")
    ] = "",
    max_records: MaxRecords = None,
    max_share: MaxShare = None,
    max_grade_share: MaxGradeShare = None,
    max_emptied: MaxEmptied = None,
    max_calls: MaxCalls = None,
) -> tuple[Document, int]:
    """Pull, score, plan and write what changed. The first write asks, or needs --yes."""
    from sales_consultant.sync.plan import narrowing
    from sales_consultant.sync.use_cases import Questions, SyncOptions
    from sales_consultant.sync.use_cases import sync as syncing

    def ask(made: "Plan") -> bool:
        shell.show({**made.summary(), **made.brief()})
        return typer.confirm("Write this to the CRM?")

    def empty(count: int) -> bool:
        return typer.confirm(f"{count:,} records outside the pilot hold our values. Empty them?")

    options = SyncOptions(
        as_of=moment(as_of, "--as-of"),
        yes=yes,
        changed=changed,
        guards=guard_values(max_records, max_share, max_grade_share, max_emptied, max_calls),
        narrowed=narrowing(narrowed),
    )
    questions = Questions(ask if shell.asks else None, empty if shell.asks and not yes else None)
    run, _ = syncing(shell.ws, shell.reporter, options, questions)
    return {"run": run.id, **run.counts}, run.code


@command(app)
def backfill(
    shell: Shell,
    since: Annotated[str | None, typer.Option(help="Rows modified from then on (ISO 8601).")] = None,
    until: Annotated[
        str | None, typer.Option(help="Rows modified up to then; default the CRM's now.")
    ] = None,
    object: Objects = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            help='Only rows like this, by = != < <= > >= or in, as "amount>=1000"; repeat for more.',
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Start over, also what was finished.")] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Where the day's calls are used, pause and go on when they come free."),
    ] = False,
) -> Document:
    """Read a stretch of the past once. Killed, it goes on where it was when it is run again."""
    from sales_consultant.sync.use_cases import backfill as filling

    task = filling.Task(
        moment(since, "--since"),
        moment(until, "--until"),
        tuple(object or ()),
        filling.conditions(where or ()),
    )
    done = filling.backfill(shell.ws, shell.reporter, task, again=again, wait=wait)
    return {"rows": done.rows, "finished_before": done.finished_before}


# -- undo --------------------------------------------------------------------------------------------------------


@command(app)
def rollback(
    shell: Shell,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The run to undo; see: runs list")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Instead: all runs started since then.")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", help="Only this field; repeat for more.")
    ] = None,
    record: Annotated[
        list[str] | None, typer.Option("--record", help="Only this id; repeat for more.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be restored.")] = False,
    yes: Yes = False,
) -> tuple[Document, int]:
    """Restore what the CRM held before, where it still holds what we wrote. Puts the fields on hold."""
    from sales_consultant.sync.use_cases import rollback as undoing

    _ = shell.ws.identity
    chosen = undoing.chosen_runs(shell.ws.state, run_id, moment(since, "--since"))
    only = {"fields": tuple(field or ()), "records": tuple(record or ())}
    if dry_run:
        undo = undoing.prepare(shell.ws, chosen, **only)
        return {**undo.plan.summary(), "conflicts": undo.conflicts}, 0
    if not yes:
        if not shell.asks:
            raise UsageError("A rollback writes to the CRM.", action="Look with --dry-run, then give --yes.")
        typer.confirm(f"Undo {', '.join(chosen)}?", abort=True)
    run, undo = undoing.rollback(shell.ws, shell.reporter, chosen, **only)
    return {"run": run.id, **run.counts, "conflicts": undo.conflicts}, run.code


@command(app)
def resume(shell: Shell) -> Document:
    """Lift the hold that a rollback put on fields."""
    from sales_consultant.sync.use_cases import lift

    return {"lifted": lift(shell.ws)}


@command(app)
def retry(shell: Shell) -> tuple[Document, int]:
    """Let the next sync try all dead letters again; restores what the CRM refused to a rollback."""
    from sales_consultant.sync.use_cases import init as setup

    told = setup.retry(shell.ws, shell.reporter)
    return told, 5 if told.get("refused_again") else 0


@command(app)
def forget(
    shell: Shell,
    record: Annotated[str, typer.Argument(help="A record's id, alone or as contacts/ID.")],
    yes: Yes = False,
) -> Document:
    """Erase a person from warehouse, state and journal; says which backups still hold them. Cannot be undone."""
    from sales_consultant.sync.runtime import running
    from sales_consultant.sync.use_cases import forget as erasing
    from sales_consultant.sync.use_cases import recovering

    if not yes:
        if not shell.asks:
            raise UsageError("What is erased cannot be restored.", action="Give --yes.")
        typer.confirm(f"Erase {record} for good?", abort=True)
    with running(shell.ws, "forget") as run:
        recovering(shell.ws, run)
        object, record_id = erasing.find(shell.ws, record)
        return erasing.forget(shell.ws, object, record_id)


@command(state_app)
def state_backup(
    shell: Shell,
    file: Annotated[
        Path | None, typer.Argument(help="Where to; default backups/ in the data directory.")
    ] = None,
) -> Document:
    """Copy the state as it is now, also while a run writes; the copy is checked."""
    from sales_consultant.sync.stores import backups

    ws = shell.ws
    keep = ws.settings.retention.backups
    return backups.backup(ws.state, ws.folder, now=ws.clock(), to=file, keep=keep)


@command(state_app)
def state_restore(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A copy made by: state backup")],
    yes: Yes = False,
) -> Document:
    """Put a copy in place of the state; what was there is kept. The next sync asks the CRM what was written since."""
    from sales_consultant.sync.stores import backups

    if not yes:
        if not shell.asks:
            raise UsageError("This replaces the state.", action="Look with: state check, then give --yes.")
        typer.confirm(f"Replace the state by {file}?", abort=True)
    return backups.restore(shell.ws.folder, file, now=shell.ws.clock())


@command(state_app)
def state_check(shell: Shell) -> tuple[Document, int]:
    """Check the state's file and list its backups."""
    from sales_consultant.sync.stores import backups

    ws = shell.ws
    found = backups.look(ws.folder / "state.db")
    places = [] if found.problems else backups.known(ws.state)
    copies = backups.listed(ws.folder, places)
    return {**vars(found), "backups": copies}, 2 if found.problems else 0


@command(state_app)
def state_export(
    shell: Shell, file: Annotated[Path, typer.Argument(help="The Parquet file to write.")]
) -> Document:
    """Write the journal, every change with its run and outcome, as Parquet for an auditor."""
    from sales_consultant.sync.stores import journal_export

    return journal_export.export(shell.ws.state, file)


# -- looking -----------------------------------------------------------------------------------------------------


@command(app)
def status(shell: Shell) -> Document:
    """How the connection stands: last success, models, holds, dead letters."""
    from sales_consultant.sync.reports import report

    return report.status(shell.ws)


@command(app)
def explain(
    shell: Shell, record: Annotated[str, typer.Argument(help="A record's id, alone or as deals/ID.")]
) -> Document:
    """Why a record has its score: reasons in points, what the CRM holds, what was shown when."""
    from sales_consultant.sync.reports import report

    return report.explain(shell.ws, record)


@command(app)
def evaluate(
    shell: Shell,
    given: Annotated[
        bool,
        typer.Option(
            "--as-given", help="Scores as people saw them 30, 60 and 90 days ago, and what came of them."
        ),
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Beside a tree, a forest, an SVM and gradient boosting.")
    ] = False,
    clusters: Annotated[
        bool, typer.Option("--clusters", help="Clusters of the customers beside the named segments.")
    ] = False,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="FOLDER", help="Write plots as PNG files there.")
    ] = None,
) -> Document:
    """The newest forward test of each model, against the base rate; how far scores have drifted since."""
    from sales_consultant.sync.models import evaluation

    if compare:
        rows = evaluation.compared(shell.ws)
        return evaluation.noted({"comparison": rows}, "No model in force has a forward test: all are rules.")
    if clusters:
        return evaluation.clustered(shell.ws)
    if plots is not None:
        return evaluation.plotted(shell.ws, plots)
    if given:
        rows = evaluation.as_given(shell.ws)
        return evaluation.noted({"as_given": rows}, "No score has been visible for 30 days yet.")
    tests = evaluation.evaluate(shell.ws.state)
    return {"forward_tests": tests if shell.json else evaluation.brief(tests)}


@command(runs_app)
def runs_list(shell: Shell, limit: Annotated[int, typer.Option(help="How many.")] = 20) -> Document:
    """The newest runs."""
    from sales_consultant.sync.reports import report

    return {"runs": report.list_runs(shell.ws.state, limit)}


@command(runs_app)
def runs_show(shell: Shell, run_id: RunId) -> Document:
    """One run: its changes by field, and what the CRM refused, by reason."""
    from sales_consultant.sync.reports import report

    return report.show_run(shell.ws.state, run_id)


@command(runs_app)
def runs_tail(
    shell: Shell,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Only this run, until it has ended; default: all.")
    ] = None,
) -> None:
    """What runs do, as it happens, one JSON object a line; ends with the run, or with Ctrl-C."""
    from sales_consultant.sync.service import tail

    for event in tail(shell.ws.state, run_id, sleep=time.sleep):
        print(json_text(shell.told(event)), flush=True)


@command(models_app)
def models_list(shell: Shell) -> Document:
    """All models, newest first: which are in force, which are candidates, and why the others were kept out."""
    from sales_consultant.sync.models import candidates

    return {"models": candidates.listed(shell.ws.state)}


@command(models_app)
def models_show(
    shell: Shell,
    model: Annotated[
        str,
        typer.Argument(
            help="A population, value, segments, ...: the one in force; or a digest's first letters."
        ),
    ],
    page: Annotated[
        bool, typer.Option("--page", help="Write it as a page with its plots, into the model's folder.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write the page there instead.")
    ] = None,
) -> Document:
    """A model's card: event, horizon, data, features, leaks, what was left out, forward test; --json tells all of it."""
    from sales_consultant.sync.models import card_page, cards

    if page or output is not None:
        return card_page.write(shell.ws, model, output)
    told = cards.card(shell.ws, model)
    return told if shell.json else cards.brief(told)


@command(models_app)
def models_publish(
    shell: Shell, digest: Annotated[str, typer.Argument(help="The first letters of a candidate's digest.")]
) -> Document:
    """Put a model into force that train --dry-run left as a candidate; what the gate kept out stays out."""
    from sales_consultant.sync.models import candidates

    ws = shell.ws
    return candidates.publish(ws.state, ws.models_folder, digest, now=ws.clock())


@command(models_app)
def models_revert(
    shell: Shell, name: Annotated[str, typer.Argument(help="The population whose model is to go back.")]
) -> Document:
    """Put a population's model before the one in force back; the next run writes with it."""
    from sales_consultant.sync.models import registry

    ws = shell.ws
    return registry.revert(ws.state, ws.models_folder, name, now=ws.clock())


@command(models_app)
def models_export(
    shell: Shell,
    digest: Annotated[str, typer.Argument(help="The first letters of a model's digest.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
) -> Document:
    """Write a model with its card to a file, for another org: field names, values and counts, no record."""
    from sales_consultant.sync.models import export_import

    return export_import.export(shell.ws.state, shell.ws.models_folder, digest, file)


@command(models_app)
def models_import(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A file made by: models export")],
    population: Annotated[str, typer.Option(help="Put it under this population; default its own name.")] = "",
    publish: Annotated[
        bool,
        typer.Option("--publish", help="In force from the next run on, without a test on this org's data."),
    ] = False,
) -> Document:
    """Take in a model that another org trained."""
    from sales_consultant.sync.models import export_import

    ws = shell.ws
    return export_import.take(
        ws.state, ws.models_folder, file, now=ws.clock(), publish=publish, name=population
    )


# -- service -----------------------------------------------------------------------------------------------------


@command(schedule_app)
def schedule_list(shell: Shell) -> Document:
    """The jobs and their next moments."""
    from sales_consultant.sync.service import jobs

    return {"jobs": [vars(j) for j in jobs(shell.settings, now=datetime.now(UTC))]}


@command(schedule_app)
def schedule_next(
    shell: Shell, limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 10
) -> Document:
    """The next moments of all jobs, in their own time zones."""
    from sales_consultant.sync.service import upcoming

    return {"next": upcoming(shell.settings, now=datetime.now(UTC), count=limit)}


@command(schedule_app, "run-now")
def schedule_run_now(
    shell: Shell, name: Annotated[str, typer.Argument(help="A schedule's name; see: schedule list")]
) -> tuple[Document, int]:
    """Run a scheduled job now, as the service would; its own moments stay, and so do hours in which nothing is written."""
    from sales_consultant.sync.service import refuse_closed
    from sales_consultant.sync.use_cases import scheduled

    chosen = shell.settings.schedule.get(one_of(name, tuple(shell.settings.schedule), "The schedule"))
    assert chosen is not None
    ws = shell.open(chosen.connection or None)
    refuse_closed(name, chosen, ws.clock())
    done = scheduled(ws, chosen.job, at=ws.clock(), stop=lambda: False)
    return {"run": done.id, **done.counts}, done.code


@command(app)
def serve(shell: Shell) -> None:
    """Run the schedule until SIGTERM; prints one JSON object a line."""
    from sales_consultant.sync.use_cases import scheduled

    def run(schedule: "Schedule", at: int, stop: Callable[[], bool]) -> Document:
        mine = Shell(
            connection=schedule.connection or None,
            config=shell.config,
            data_dir=shell.folder,
            as_json=True,
            tell=lambda text: emit({"event": "waiting", "connection": schedule.connection, "message": text}),
            stop=stop,
        )
        with mine.stack:
            done = scheduled(mine.ws, schedule.job, at=at, stop=stop)
        return {"run": done.id, "counts": done.counts}

    def emit(event: Document) -> None:
        print(json_text({"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **event}), flush=True)

    # What is wrong with a connection is said at once, not at the first night.
    connections = {s.connection or None for s in shell.settings.schedule.values()}
    away: dict[str | None, SalesConsultantError] = {}
    for connection in connections:
        try:
            _ = shell.open(connection).identity
        except (AccessError, CrmUnavailableError) as e:
            away[connection] = e
    if away and len(away) == len(connections) and all(isinstance(e, AccessError) for e in away.values()):
        raise next(iter(away.values()))
    for connection, why in away.items():
        # It may come back, and others are served meanwhile; its runs fail until then, and alerts tell.
        emit({"event": "failed", "job": "start", "connection": connection, **why.as_dict()})
    shell.stack.close()
    attend(shell, run, emit)


def attend(shell: Shell, run: Callable[..., Document], emit: Callable[[Document], None]) -> None:
    """Serve with what watches the service: endpoints and alerts."""
    from sales_consultant.config.secrets import os_keyring
    from sales_consultant.sync.service import Endpoints, Service, Watching

    watching = Watching(shell.settings, shell.folder, emit, keyring=os_keyring())
    service = Service(shell.settings, run, emit, last=watching.last, watch=watching.look)
    port = shell.settings.service.port
    if port is None:
        service.serve()
        return
    answers = Endpoints(port, alive=service.scheduling.is_set, ready=watching.ready, metrics=watching.metrics)
    with answers:
        emit({"event": "listening", "port": answers.port})
        service.serve()


@command(sandbox_app)
def sandbox_serve(
    shell: Shell,
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
    tls: Annotated[
        Path | None, typer.Option(help="Speak https too; its certificates are kept in this folder.")
    ] = None,
    tls_port: Annotated[int, typer.Option(help="Port for https; 0 takes a free one.")] = 0,
) -> None:
    """Start the sandbox CRM on loopback; prints "ready URL"."""
    from sales_consultant.demo import serve_sandbox

    one_of(limits, ("off", "free", "professional", "enterprise"), "--limits")
    moment(clock, "--clock")
    secure = None if tls is None else (tls, tls_port)
    serve_sandbox(
        port=port, data=data, store=store, clock=clock, limits=limits, lag=lag, lenient=lenient, secure=secure
    )


# -- ends --------------------------------------------------------------------------------------------------------


def fail(error: SalesConsultantError, as_json: bool) -> int:
    """Tell the person who must act, and give the exit code."""
    if as_json:
        print(json_text(error.as_dict()))
    else:
        from sales_consultant.sync.render import plain

        lines = [*error.message.splitlines(), *error.action.splitlines()]
        print("\n".join(plain(line) for line in lines), file=sys.stderr)
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
    """Run the command line and exit with the code of docs/explanation/architecture.md, section 12."""
    as_json = "--json" in sys.argv
    # What is kept here is a company's customers: nobody else's to read.
    os.umask(0o077)
    try:
        result = app(standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except typer.Exit as e:
        code = e.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except _WrongUse as e:
        if as_json:
            fail(UsageError(e.format_message(), action="See --help."), as_json)
        else:
            e.show()
        code = 2
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
