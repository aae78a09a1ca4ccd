"""The first steps: try the demo, set up a connection, sign in, make the fields."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import Yes, on_its_own, one_of
from sales_consultant.commands.output import admin as screens
from sales_consultant.commands.output import demo as demo_screen
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.config import secrets
from sales_consultant.config.crms import CRMS
from sales_consultant.config.errors import UsageError
from sales_consultant.demo import run_demo
from sales_consultant.demo.result import CompanyDone
from sales_consultant.sync.models import evaluation
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
from sales_consultant.sync.service import schedule_findings
from sales_consultant.sync.setup import check as checking
from sales_consultant.sync.setup import provisioning, sign_in
from sales_consultant.sync.use_cases import initialise


@on_its_own
def demo(
    shell: Shell,
    crm: Annotated[str, typer.Option(help=f"Which CRM the sandbox plays: {' or '.join(CRMS)}.")] = next(
        iter(CRMS)
    ),
    data: Annotated[
        str, typer.Option(metavar="COMPANY", help="Which company: saas, shop, or both.")
    ] = "both",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the sandbox open to browse until Ctrl-C.")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="Read the invented texts of e-mails and notes as well.")
    ] = False,
) -> None:
    """Show the main job on a CRM that needs no account, in a directory of its own."""
    one_of(crm, tuple(CRMS), "--crm")
    one_of(data, ("saas", "shop", "both"), "--data")

    def show(made: CompanyDone) -> None:
        shell.show(made, demo_screen.show)

    run_demo(crm=crm, data=data, keep=keep, as_json=shell.json, reporter=shell.reporter, show=show, text=text)


def init(
    shell: Shell,
    crm: Annotated[str, typer.Option(help=f"{' or '.join(CRMS)}.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="How to call the connection.")] = "main",
    url: Annotated[
        str, typer.Option(help="Another address than the vendor's, as of a sandbox on loopback.")
    ] = "",
    domain: Annotated[str, typer.Option(help="Salesforce: the My Domain, as acme.my.")] = "",
    client_id: Annotated[
        str, typer.Option(metavar="ID", help="The app's client id; Salesforce: the consumer key.")
    ] = "",
    auth: Annotated[
        str, typer.Option(metavar="METHOD", help="token, oauth; Salesforce also client_credentials or jwt.")
    ] = "",
    output: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write the settings.")
    ] = Path("sales-consultant.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> Answer[Initialised]:
    """Look at a CRM, propose what to score with counts, and write a commented settings file."""
    one_of(crm, tuple(CRMS), "--crm")
    if output.exists() and not force:
        raise UsageError(f"{output} exists.", action="Give another --out, or --force to replace it.")
    connection = {"url": url, "domain": domain, "client_id": client_id, "auth": auth}
    keyring = secrets.os_keyring()
    found = initialise(crm, name, connection, output, shell.folder, shell.reporter, keyring=keyring)
    return Answer(found, screens.initialised)


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
    client_id: Annotated[
        str, typer.Option(metavar="ID", help="The same: the app's client id or consumer key.")
    ] = "",
    domain: Annotated[str, typer.Option(help="The same, Salesforce: the My Domain, as acme.my.")] = "",
    url: Annotated[str, typer.Option(help="The same: another address than the vendor's.")] = "",
    redirect_port: Annotated[
        int, typer.Option(help="The same: the port of the app's redirect address.", min=1024, max=65535)
    ] = 8765,
) -> Answer[SignedIn]:
    """Store a connection's token in the OS keyring; with auth = "oauth", sign in by browser and store what that leaves.

    Works before there are settings, with --connection NAME; to sign in by browser then, give --crm and --client-id.
    """

    def ask(what: str) -> str:
        if token_stdin:
            return sys.stdin.readline()
        return str(typer.prompt(what, default="", show_default=False, hide_input=True))

    signed_in = sign_in.login(
        shell.settings,
        shell.connection,
        keyring=secrets.os_keyring(),
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
    return Answer(signed_in, screens.signed_in)


def logout(shell: Shell) -> Answer[SignedOut]:
    """Remove a connection's token from the OS keyring."""
    name, chosen = shell.settings.connection(shell.connection)
    removed = secrets.remove(name, chosen.token, keyring=secrets.os_keyring())
    return Answer(SignedOut(name, removed), screens.signed_out)


def check(
    shell: Shell,
    live_report: Annotated[
        Path | None,
        typer.Option(
            "--live-report", metavar="FILE", help="Write which assumptions held, free of customer data."
        ),
    ] = None,
    data: Annotated[
        bool,
        typer.Option(
            "--data",
            help="Look at the records as pulled: duplicates, gaps, outliers, impossible dates, owners who have left.",
        ),
    ] = False,
) -> Answer[Checked] | Answer[DataChecked]:
    """Say line by line what works, what is refused, with the scope or permission and where to click, and what comes next."""
    if data:
        return Answer(evaluation.check_data(shell.ws), screens.data_checked)
    found = checking.check(shell.ws, live_report, schedule_findings(shell.settings.schedule))
    return Answer(found, screens.checked, found.code)


def provision(
    shell: Shell,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be made, or taken away.")
    ] = False,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            "--assign",
            metavar="USER",
            help="Salesforce: a user name or e-mail that is to see them; repeat for more.",
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
) -> Answer[Provisioned] | Answer[Removal] | Answer[Removed]:
    """Make our fields in the CRM, with their permissions. Running it again changes nothing."""
    if remove:
        looked = provisioning.removal(shell.ws)
        if dry_run:
            return Answer(looked, screens.removal)
        if not yes and shell.asks:
            shell.show(looked, screens.removal)
        shell.confirm(
            "Take all of this away, with its values?",
            yes=yes,
            why="Removing our fields deletes their values.",
            action="Look with --dry-run, then give --yes.",
        )
        gone = replace(provisioning.remove(shell.ws), used_by=looked.used_by)
        return Answer(gone, screens.removed, gone.code)
    token = sys.stdin.readline().strip() if reader_token_stdin else ""
    wishes = provisioning.ProvisionOptions(tuple(assign or ()), list_view, token)
    made = provisioning.provision(shell.ws, dry=dry_run, wishes=wishes)
    return Answer(made, screens.provisioned, made.code)
