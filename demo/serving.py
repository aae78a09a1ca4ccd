"""The sandbox CRM as a program: with a folder of tables, or with the demo company."""

import contextlib
import multiprocessing
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import platformdirs

from sales_consultant.config.errors import MachineError, UsageError
from sales_consultant.demo.company import DemoError, Progress, World


def cache() -> Path:
    """Where demo companies are kept between runs."""
    return platformdirs.user_cache_path("sales-consultant") / "demo"


def company(data: str, folder: Path, progress: Progress | None = None) -> World:
    """Make the demo company "saas" or "shop" in an empty folder."""
    from sales_consultant.demo.saas import saas
    from sales_consultant.demo.shop import shop

    make = {"saas": saas.build, "shop": shop.build}[data]
    try:
        return make(folder, cache=cache(), progress=progress)
    except DemoError as e:
        raise MachineError(
            str(e), action='Install the demo\'s extra: pip install "sales-consultant[demo]"'
        ) from e


def serve(
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
    """Serve until stopped. Raises UsageError for data that cannot be read, MachineError for a port that is taken."""
    from sales_consultant.sandbox.data_folder import DataFolderError
    from sales_consultant.sandbox.serving import run
    from sales_consultant.sandbox.world import Limits

    with tempfile.TemporaryDirectory(prefix="sales-consultant-") as scratch:
        notice = ""
        if data is None and (store is None or not store.exists()):
            made = company("saas", Path(scratch) / "saas")
            data, clock, notice = made.folder, clock or made.clock_iso, made.notice
        elif data is not None and not data.is_dir():
            raise UsageError(
                f"--data {data} is not a folder.",
                action="Give a folder of tables (docs/reference/sandbox.md).",
            )
        try:
            run(
                port=port,
                data=data,
                store=store,
                clock=clock,
                limits=cast("Limits", limits),
                lag=lag,
                lenient=lenient,
                notice=notice,
                tls=secure[0] if secure else None,
                tls_port=secure[1] if secure else 0,
            )
        except DataFolderError as e:
            raise UsageError(str(e), action="Correct the file, or leave such rows out with --lenient.") from e
        except OSError as e:
            raise MachineError(
                e.strerror or str(e), action="Choose another --port, or another --store."
            ) from e


def _child(ready: "Connection[str, str]", data: str, clock: str, notice: str, crm: str) -> None:
    from sales_consultant.sandbox.serving import run

    with contextlib.suppress(KeyboardInterrupt):
        run(data=Path(data), clock=clock, notice=notice, crms=(crm,), ready=ready.send)


@contextlib.contextmanager
def beside(world: World, crm: str) -> Iterator[str]:
    """A sandbox in a process of its own, so that it has the other core; gives its address."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(
        target=_child, args=(there, str(world.folder), world.clock_iso, world.notice, crm), daemon=True
    )
    process.start()
    there.close()
    try:
        try:
            url = str(here.recv())
        except EOFError as e:
            raise MachineError(
                "The sandbox CRM did not start.", action="Try: sales-consultant sandbox serve"
            ) from e
        yield url
    finally:
        process.terminate()
        # A judgement: a sandbox ends in a second; longer would keep whoever pressed Ctrl-C.
        process.join(10)
