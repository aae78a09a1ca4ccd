"""The demo company and the main job on it; `run_demo` is what `make demo` shows."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.demo.result import CompanyDone
    from sales_consultant.sync.runtime import Reporter


def run_demo(
    *,
    crm: str,
    data: str,
    keep: bool,
    as_json: bool,
    reporter: "Reporter",
    show: "Callable[[CompanyDone], None]",
    text: bool = False,
) -> None:
    """Run the main job on a sandbox CRM filled with a demo company, in a directory of its own; `text` reads texts as well.

    `show` is given each company's result when it is done; with `as_json` one document is printed at the end instead.
    """
    from sales_consultant.demo.run import run

    run(crm=crm, data=data, keep=keep, as_json=as_json, reporter=reporter, show=show, text=text)


def serve_sandbox(
    *,
    port: int,
    data: Path | None,
    store: Path | None,
    clock: str | None,
    limits: str,
    lag: float,
    lenient: bool,
    secure: tuple[Path, int] | None = None,
) -> None:
    """Serve a sandbox CRM on loopback until it is stopped; without `data` it holds the demo company.

    `secure`: the folder for certificates and the port, to speak https too.
    """
    from sales_consultant.demo.serving import serve

    serve(
        port=port, data=data, store=store, clock=clock, limits=limits, lag=lag, lenient=lenient, secure=secure
    )
