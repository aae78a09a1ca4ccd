"""A local CRM to try everything on."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import moment, on_its_own, one_of
from sales_consultant.commands.shell import Shell
from sales_consultant.demo import serve_sandbox


@on_its_own
def serve_crm(
    shell: Shell,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8800,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A folder of tables; without it the demo company.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="File to keep the records in; default temporary.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="TIME", help="The sandbox's clock starts at this moment (ISO 8601).")
    ] = None,
    limits: Annotated[
        str, typer.Option(help="Vendor limits: off, free, professional or enterprise.")
    ] = "off",
    lag: Annotated[float, typer.Option(metavar="SECONDS", help="Seconds that the search index lags.")] = 0.0,
    lenient: Annotated[bool, typer.Option("--lenient", help="Leave out references to missing rows.")] = False,
    tls: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Speak https too; its certificates are kept in this folder."),
    ] = None,
    tls_port: Annotated[int, typer.Option(help="Port for https; 0 takes a free one.")] = 0,
) -> None:
    """Start the sandbox CRM on loopback; prints "ready URL"."""
    one_of(limits, ("off", "free", "professional", "enterprise"), "--limits")
    moment(clock, "--clock")
    secure = None if tls is None else (tls, tls_port)
    serve_sandbox(
        port=port, data=data, store=store, clock=clock, limits=limits, lag=lag, lenient=lenient, secure=secure
    )
