"""`sales-consultant sandbox serve`: the sandbox as a program of its own."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from sales_consultant.sandbox.serving.server import CRMS, Sandbox
from sales_consultant.sandbox.world import Limits


def run(
    *,
    port: int = 0,
    data: Path | None = None,
    store: Path | None = None,
    clock: str | None = None,
    limits: Limits = "off",
    lag: float = 0.0,
    lenient: bool = False,
    notice: str = "",
    crms: Sequence[str] = CRMS,
    tls: Path | None = None,
    tls_port: int = 0,
    ready: Callable[[str], None] = lambda url: print(f"ready {url}", flush=True),
) -> None:
    """Serve until SIGTERM (returns) or Ctrl-C (KeyboardInterrupt); `ready` gets the address once it is bound.

    With `tls`, a folder for certificates, it speaks https too and says first where, and which authority to trust.

    Raises DataFolderError for data that cannot be read, ValueError for a clock that is not ISO 8601 and OSError for a
    port that is taken or a store that cannot be written; their texts say what to do.
    """
    sandbox = Sandbox(
        data=data,
        clock=clock,
        limits=limits,
        lag=lag,
        crms=crms,
        store=store,
        lenient=lenient,
        notice=notice,
        port=port,
        tls=tls,
        tls_port=tls_port,
    )

    def stopped(number: int, frame: FrameType | None) -> None:
        """One that comes before the server listens to signals; it raises it again once it has stopped, which is no matter."""
        sandbox.stop()

    before = signal.signal(signal.SIGTERM, stopped)
    try:
        # The address is bound and listening: a request that comes before the loop runs waits in the queue.
        if sandbox.ca is not None:
            print(f"https {sandbox.tls_url} {sandbox.ca}", flush=True)
        ready(sandbox.url)
        sandbox.serve()
    finally:
        signal.signal(signal.SIGTERM, before)
